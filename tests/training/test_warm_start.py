"""Warm starts: a training that goes on from the weights of an earlier one, and says so."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spectrove.errors import CheckpointError
from spectrove.models import build
from spectrove.training import Checkpoint, FitConfig, continue_from, fit, make_provenance, weights_of

N_WAVE = 36
CONFIG = FitConfig(balance="none", max_epochs=8, batch_size=16, device="cpu", threads=1)


def fresh(seed: int) -> torch.nn.Module:
    return build("compact", N_WAVE, 3, np.random.default_rng(seed))


@pytest.fixture
def earlier(examples) -> dict[str, torch.Tensor]:
    network = fresh(1)
    fit(network, *examples, CONFIG, np.random.default_rng(1))
    return weights_of(network)


@settings(max_examples=20)
@given(first=st.integers(0, 2**32 - 1), second=st.integers(0, 2**32 - 1))
def test_the_network_takes_the_earlier_weights_whatever_it_had(first, second):
    network, start = fresh(first), weights_of(fresh(second))
    continue_from(network, start, CONFIG)
    assert all(torch.equal(weight, start[name]) for name, weight in weights_of(network).items())


def test_it_begins_where_the_earlier_training_ended(examples, earlier):
    cold = fit(fresh(2), *examples, CONFIG, np.random.default_rng(2))
    network = fresh(2)
    warm = fit(network, *examples, continue_from(network, earlier, CONFIG), np.random.default_rng(2))
    assert warm.history[0] < cold.history[0] / 3
    assert warm.seed == cold.seed


def test_the_earlier_weights_are_left_as_they_are(examples, earlier):
    before = {name: weight.clone() for name, weight in earlier.items()}
    network = fresh(2)
    fit(network, *examples, continue_from(network, earlier, CONFIG), np.random.default_rng(2))
    assert all(torch.equal(weight, before[name]) for name, weight in earlier.items())
    assert not all(torch.equal(weight, before[name]) for name, weight in weights_of(network).items())


def test_a_warm_start_takes_as_many_epochs_as_is_said_of_it(examples, earlier):
    network = fresh(2)
    config = continue_from(network, earlier, dataclasses.replace(CONFIG, warm_start=True, warm_epochs=2))
    assert config == dataclasses.replace(CONFIG, warm_start=True, warm_epochs=2, max_epochs=2)
    assert len(fit(network, *examples, config, np.random.default_rng(2)).history) == 2
    assert continue_from(network, earlier, CONFIG) == CONFIG


def test_the_provenance_names_the_checkpoint_whose_weights_it_started_from(examples, tmp_path):
    ids = np.array([f"csv:{number}" for number in range(60)], dtype=object)
    state = None
    for number in range(2):
        network, config = fresh(number), CONFIG
        if state is not None:
            config = continue_from(network, state, dataclasses.replace(CONFIG, warm_start=True, warm_epochs=2))
        result = fit(network, *examples, config, np.random.default_rng(number))
        provenance = make_provenance(ids, examples[1], config, result, number)
        Checkpoint("compact", N_WAVE, ("a", "b", "c"), "0" * 32, weights_of(network), provenance).save(tmp_path / str(number))
        state = Checkpoint.load(tmp_path / str(number)).state
    first, second = (json.loads((tmp_path / name / "checkpoint.json").read_bytes()) for name in "01")
    assert second["provenance"]["result"]["started_from"] == first["weights"]
    assert first["provenance"]["result"]["started_from"] not in (first["weights"], second["weights"])
    assert second["provenance"]["fit"]["warm_start"] is True
    assert (second["provenance"]["result"]["device"], len(second["provenance"]["result"]["history"])) == ("cpu", 2)


@pytest.mark.parametrize("wrong", ["other network", "other classes"])
def test_weights_of_another_network_are_refused(earlier, wrong):
    network = build("paper-2020", N_WAVE, 3, None) if wrong == "other network" else build("compact", N_WAVE, 4, None)
    with pytest.raises(CheckpointError, match=r"warm start: the earlier weights are not those of the network to be trained \("):
        continue_from(network, earlier, CONFIG)
