"""Where and in which numbers a network is trained: narrow ones end nearly where wide ones do."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch.nn import functional

from spectrove.errors import TrainingError
from spectrove.models import build
from spectrove.training import FitConfig, fit

N_WAVE = 36
NARROW = FitConfig(balance="none", max_epochs=6, batch_size=16, precision="bfloat16", device="cpu", threads=1)
WIDE = dataclasses.replace(NARROW, precision="float32")


def trained(name, examples, config):
    network = build(name, N_WAVE, 3, np.random.default_rng(5))
    return network, fit(network, *examples, config, np.random.default_rng(6))


@pytest.mark.parametrize("name", ["paper-2020", "compact"])
def test_in_bfloat16_the_loss_falls_nearly_as_in_float32(name, examples):
    narrow, wide = (trained(name, examples, config)[1].history for config in (NARROW, WIDE))
    assert narrow != wide
    assert narrow[0] == pytest.approx(wide[0], rel=0.05)
    assert narrow[-1] < narrow[0] / 3
    assert narrow[-1] == pytest.approx(wide[-1], abs=0.05)


@pytest.mark.parametrize("config", [NARROW, WIDE], ids=["bfloat16", "float32"])
def test_the_layers_are_narrow_but_loss_and_weights_are_wide(examples, config, monkeypatch):
    seen = set()

    def watched(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        seen.add((logits.dtype, torch.is_autocast_enabled("cpu")))
        return cross_entropy(logits, targets)

    cross_entropy = functional.cross_entropy
    monkeypatch.setattr(functional, "cross_entropy", watched)
    network = build("compact", N_WAVE, 3, np.random.default_rng(5))
    computed = set()
    network.connected.register_forward_hook(lambda _layer, _inputs, output: computed.add((network.training, output.dtype)))
    fit(network, *examples, config, np.random.default_rng(6))
    assert seen == {(torch.float32, False)}
    assert (True, torch.bfloat16 if config is NARROW else torch.float32) in computed
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}


def test_in_bfloat16_the_same_seed_gives_the_same_weights(examples):
    (first, a), (second, b) = (trained("compact", examples, NARROW) for _ in range(2))
    assert a == b
    assert all(torch.equal(one, other) for one, other in zip(first.parameters(), second.parameters(), strict=True))


def test_without_a_gpu_auto_is_the_cpu_and_cuda_is_refused(small_network, examples, generator, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    automatic, told = (
        fit(small_network(), *examples, dataclasses.replace(WIDE, device=device), np.random.default_rng(6))
        for device in ("auto", "cpu")
    )
    assert automatic == told
    assert automatic.device == "cpu"
    with pytest.raises(TrainingError, match=r"device is 'cuda', but PyTorch sees no GPU\. Set it to 'auto' or 'cpu'"):
        fit(small_network(), *examples, dataclasses.replace(WIDE, device="cuda"), generator)


def test_the_threads_are_as_many_as_asked_for_and_then_as_before(small_network, examples, generator):
    before, seen = torch.get_num_threads(), []
    config = dataclasses.replace(WIDE, threads=before + 1, max_epochs=1)
    fit(small_network(), *examples, config, generator, lambda *_: seen.append(torch.get_num_threads()))
    assert (seen, torch.get_num_threads()) == ([before + 1], before)


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_on_a_gpu_the_loss_falls_as_on_the_cpu_and_the_network_comes_back(examples, precision):
    here = dataclasses.replace(NARROW, precision=precision)
    results = [trained("compact", examples, dataclasses.replace(here, device=device)) for device in ("cpu", "cuda", "cuda")]
    (_, cpu), (network, gpu), (_, again) = results
    assert gpu == again
    assert gpu.device.startswith("cuda (")
    assert gpu.history[-1] == pytest.approx(cpu.history[-1], abs=0.1)
    assert {parameter.device.type for parameter in network.parameters()} == {"cpu"}


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"precision": "float16"}, r"precision must be one of \('float32', 'bfloat16'\), got 'float16'"),
        ({"device": "gpu"}, r"device must be one of \('auto', 'cpu', 'cuda'\), got 'gpu'"),
        ({"warm_epochs": 0}, "warm_epochs must be at least 1, got 0"),
    ],
)
def test_unknown_words_are_refused_with_those_that_are_known(setting, words):
    with pytest.raises(ValueError, match=words):
        FitConfig(**setting)
