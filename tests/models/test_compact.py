"""The compact network: how little it computes, what it sees all the same, and where it refuses."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from spectrove.models import Compact, Paper2020
from spectrove.testing import check_network
from spectrove.training import FitConfig, fit

N_WAVE = 140


def operations(network: torch.nn.Module) -> int:
    """Return the floating-point operations for one spectrum; a multiplication with its addition counts as two."""
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network.eval()(torch.zeros(1, N_WAVE))
    return counter.get_total_flops()


def test_it_keeps_the_contract_of_networks():
    check_network(Compact)
    check_network(Compact, 36)


def test_it_computes_a_fortieth_of_the_paper_s_network():
    ours, paper_s = operations(Compact(N_WAVE, 3)), operations(Paper2020(N_WAVE, 3))
    assert ours == pytest.approx(0.71e6, rel=0.01)
    assert paper_s / ours > 40


def test_it_has_few_parameters():
    assert sum(parameter.numel() for parameter in Compact(N_WAVE, 3).parameters()) == 87_011


def test_weights_are_uniform_between_he_s_bounds_and_biases_are_zero():
    network = Compact(N_WAVE, 3, torch.Generator().manual_seed(1))
    for name, parameter in network.named_parameters():
        if name.endswith("bias"):
            assert not parameter.any()
        else:
            bound = np.sqrt(6 / parameter[0].numel())
            assert 0.9 * bound < parameter.abs().max() <= bound


def test_without_a_generator_all_weights_wait_at_zero_for_those_of_a_checkpoint():
    drawn, empty = Compact(N_WAVE, 3, torch.Generator().manual_seed(1)).eval(), Compact(N_WAVE, 3).eval()
    assert not any(weight.any() for weight in empty.state_dict().values())
    empty.load_state_dict(drawn.state_dict())
    features = torch.linspace(-1, 1, 2 * N_WAVE).reshape(2, N_WAVE)
    assert torch.equal(empty(features), drawn(features))


def test_units_are_switched_off_in_training_alone():
    network = Compact(N_WAVE, 3, torch.Generator().manual_seed(1))
    features = torch.linspace(-1, 1, N_WAVE).expand(50, N_WAVE)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(1)
        trained, used = network.train()(features), network.eval()(features)
    assert trained.std(dim=0).min() > 0.01
    assert used.std(dim=0).max() < 1e-6


def test_it_tells_peaks_by_their_number_and_by_their_place(generator):
    """One peak at the line, two at the line, or one elsewhere: the last is what a network pooled over the window cannot see."""
    labels = generator.integers(0, 3, 900)
    center = np.where(labels == 2, generator.choice([-35.0, 30.0], labels.size), 0.0) + generator.normal(0, 2, labels.size)
    half = np.where(labels == 1, 5.0, 0.0)
    points = np.arange(N_WAVE) - 60.0
    flux = sum(np.exp(-0.5 * ((points - (center + sign * half)[:, None]) / 2.5) ** 2) for sign in (-1, 1))
    flux += generator.normal(0, 0.05, flux.shape)
    low, high = flux.min(axis=1, keepdims=True), flux.max(axis=1, keepdims=True)
    features = (2 * (flux - low) / (high - low) - 1).astype(np.float32)
    network = Compact(N_WAVE, 3, torch.Generator().manual_seed(1))

    fit(network, features[:600], labels[:600], FitConfig(balance="none", max_epochs=12, threads=1), generator)

    with torch.inference_mode():
        predicted = network.eval()(torch.from_numpy(features[600:])).argmax(dim=1).numpy()
    assert (predicted == labels[600:]).mean() > 0.97


@settings(max_examples=20)
@given(n_wave=st.integers(9, 400), n_classes=st.integers(2, 6), n=st.integers(1, 5))
def test_any_window_of_at_least_9_points_gives_one_logit_a_class(n_wave, n_classes, n):
    assert Compact(n_wave, n_classes).eval()(torch.zeros(n, n_wave)).shape == (n, n_classes)


def test_what_it_cannot_take_is_refused():
    with pytest.raises(ValueError, match=r"compact: a spectrum needs at least 9 points.*got n_wave=8"):
        Compact(8, 3)
    with pytest.raises(ValueError, match="compact: a classifier needs at least 2 classes, got n_classes=1"):
        Compact(N_WAVE, 1)
    with pytest.raises(ValueError, match=r"compact: features must have the shape \(n_spectra, 140\), got \(2, 139\)"):
        Compact(N_WAVE, 3)(torch.zeros(2, 139))
