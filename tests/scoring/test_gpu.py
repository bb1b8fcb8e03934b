"""Screening on a device: the same code on the CPU, and on a GPU where there is one."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from scored_pools import MemoryPool, random_checkpoint, random_features, rescaled
from spectrove.execution import InlineExecutor
from spectrove.query import predicted_classes
from spectrove.scoring import Focus, ScoreConfig, calibrate, gpu, rescore, score, tasks
from spectrove.scoring.exact import predict

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    values = {"MIN_SCREENED": 1, "N_CALIBRATION": 200, "MAX_SHARE": 1.0}
    for name, value in values.items():
        monkeypatch.setattr(calibrate, name, value)
    for name, value in {"SLACK": 10, "N_CHECKED": 60, "FEW_TARGETS": 10, "MAX_SHARE": 1.0}.items():
        monkeypatch.setattr(rescore, name, value)


@pytest.fixture
def pool() -> MemoryPool:
    return MemoryPool(random_features("lines", 700, 64, 3))


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 2e-3), ("bfloat16", 3e-2)])
def test_every_row_comes_once_and_in_order(pool, device, precision, tolerance):
    network = random_checkpoint("compact", pool, 3).build_network()
    parts = list(gpu.pass_on_device(gpu.DeviceNetwork(network, device, precision), pool, 256))
    exact = predict(network, list(torch.from_numpy(pool.values).split(64)), 1)

    assert [len(part) for part in parts] == [256, 256, 188]
    np.testing.assert_allclose(np.concatenate(parts), exact, rtol=0, atol=tolerance)


@pytest.mark.parametrize("device", DEVICES)
def test_stored_integers_are_decoded_on_the_device(pool, device):
    network = random_checkpoint("compact", pool, 3).build_network()
    there = gpu.DeviceNetwork(network, device, "float32")
    stored = np.round(pool.values * 32767).astype(np.int16)
    decoded = stored.astype(np.float32) * np.float32(1 / 32767)
    from_integers = there.probabilities(torch.from_numpy(stored).to(device), 1 / 32767)
    torch.testing.assert_close(from_integers, there.probabilities(torch.from_numpy(decoded).to(device), None), rtol=0, atol=1e-6)


@pytest.mark.parametrize("device", DEVICES)
def test_a_resident_pool_is_the_stored_one_and_is_kept(pool, device):
    there = gpu.resident_pool(pool, torch.device(device))
    np.testing.assert_array_equal(there.cpu().numpy(), pool.values)
    again = MemoryPool(pool.values)
    assert gpu.resident_pool(again, torch.device(device)) is there
    again.content_hash = "2" * 32
    assert gpu.resident_pool(again, torch.device(device)) is not there


def test_a_pool_that_stays_does_not_count_against_itself_and_another_makes_room(pool, monkeypatch):
    card = torch.device("cuda")
    free = [4 * pool.values.nbytes]
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free[0], 0))
    monkeypatch.setattr(gpu, "_loaded", lambda pool, device: pool.values)
    assert gpu.fits(pool, card)
    gpu.resident_pool(pool, card)
    free[0] = 0
    assert gpu.fits(pool, card)
    another = MemoryPool(pool.values)
    another.content_hash = "3" * 32
    assert not gpu.fits(another, card)
    assert not gpu.fits(pool, card)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_decisions_are_those_of_float32(pool, device, precision, tmp_path, monkeypatch):
    monkeypatch.setattr(calibrate, "DEVICE", device)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(tasks, "_pool", lambda path, content: pool)
    monkeypatch.setattr(tasks, "forget", tasks.device_network.cache_clear)
    checkpoint = rescaled(random_checkpoint("compact", pool, 3), 1.5)
    checkpoint.save(tmp_path / "checkpoint")
    config = ScoreConfig(64, 1, precision=precision, device="cuda")
    scores = score(tmp_path / "checkpoint", pool, config, InlineExecutor(), directory=tmp_path / "s", focus=Focus(n_query=5))

    exact = predict(checkpoint.build_network(), list(torch.from_numpy(pool.values).split(64)), 1)
    np.testing.assert_array_equal(predicted_classes(scores.probabilities), np.argmax(exact, axis=1))
    facts = json.loads((tmp_path / "s" / "scores.json").read_text())["exactness"]
    assert (facts["runtime"], facts["precision"]) == ("device", precision)
    assert facts["n_exact"] < pool.n_spectra


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there_is_named(pool, tmp_path):
    random_checkpoint("compact", pool, 3).save(tmp_path / "checkpoint")
    with pytest.raises(ValueError, match="finds no CUDA device"):
        score(tmp_path / "checkpoint", pool, ScoreConfig(device="cuda"), InlineExecutor(), directory=tmp_path / "s")
