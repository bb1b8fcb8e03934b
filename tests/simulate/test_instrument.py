"""Noise and artefacts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove.simulate.instrument import Conditions, distrusted, draw_snr, noise, observe, spikes, zeroed
from spectrove.simulate.spectra import HALPHA

WAVE = 10 ** np.arange(3.7993, 3.842, 1e-4)
LINE = np.exp(-(((WAVE - HALPHA) / 3) ** 2))


def conditions(generator: np.random.Generator, artefact: str, n: int = 1) -> Conditions:
    normals = generator.standard_normal((n, WAVE.size + 2))
    return Conditions(np.full(n, 50.0), np.full(n, 200.0), np.full(n, artefact), generator.random((n, 3)), normals)


@pytest.mark.parametrize("neighbor", [0, 0.3])
def test_the_noise_is_the_inverse_of_the_signal_to_noise_ratio(neighbor, generator):
    values = noise(generator.standard_normal((2, 100_002)), np.array([5.0, 80.0]), neighbor)
    np.testing.assert_allclose(values.std(axis=1), [1 / 5, 1 / 80], rtol=0.02)


def test_noise_is_shared_with_the_neighbors_only_if_asked(generator):
    normals = generator.standard_normal((1, 100_002))
    white, mixed = (noise(normals, np.ones(1), neighbor)[0] for neighbor in (0, 0.3))
    assert abs(np.corrcoef(white[1:], white[:-1])[0, 1]) < 0.02
    assert 0.4 < np.corrcoef(mixed[1:], mixed[:-1])[0, 1] < 0.6


def test_signal_to_noise_ratios_are_log_normal_and_clipped(generator):
    snr = draw_snr(generator.random(20_000), 45, 1.0)
    assert snr.min() == 3
    assert snr.max() == 300
    assert np.median(snr) == pytest.approx(45, rel=0.05)


@given(st.lists(st.tuples(*[st.floats(0, 0.999)] * 3), min_size=1, max_size=5), st.floats(3, 300))
def test_a_spike_is_one_or_two_pixels_wide_and_stands_far_above_the_noise(uniforms, snr):
    added = spikes(WAVE, np.full(len(uniforms), snr), np.array(uniforms))
    assert set((added > 0).sum(axis=1)) <= {1, 2}
    assert added.max(axis=1).min() >= max(8 / snr, 0.4) * (1 - 1e-9)


@given(st.lists(st.tuples(*[st.floats(0, 0.999)] * 3), min_size=1, max_size=5))
def test_zeros_cover_some_neighboring_pixels_and_never_the_whole_window(uniforms):
    for pixels in zeroed(WAVE, np.array(uniforms)):
        assert 1 <= pixels.sum() <= 115
        assert np.ptp(np.flatnonzero(pixels)) + 1 == pixels.sum()


def test_strong_emission_is_distrusted_at_its_peak_and_nothing_else_is():
    strong, weak, absorbed = 1 + 5 * LINE, 1 + LINE, 1 - 0.5 * LINE
    pixels = distrusted(WAVE, np.stack([strong, weak, absorbed]))
    assert 3 <= pixels[0].sum() <= 14
    assert pixels[0, np.argmax(LINE)]
    assert not pixels[1:].any()


def test_a_distrusted_peak_keeps_its_flux_and_loses_its_inverse_variance(generator):
    relative = 1 + 5 * LINE[None]
    seen = observe(WAVE, relative, np.ones_like(relative), conditions(generator, "distrusted"))
    assert seen.ivar[0, np.argmax(seen.flux[0])] == 0
    assert seen.flux.max() > 5 * 200
    assert not seen.flagged.any()


def test_zeroed_pixels_have_neither_flux_nor_inverse_variance(generator):
    level = np.ones((20, WAVE.size))
    seen = observe(WAVE, level, level, conditions(generator, "zeroed", n=20))
    assert (seen.flagged.sum(axis=1) >= 1).all()
    np.testing.assert_array_equal(seen.flux[seen.flagged], 0)
    np.testing.assert_array_equal(seen.ivar == 0, seen.flagged)


def test_a_spike_is_flagged_and_trusted(generator):
    level = np.ones((20, WAVE.size))
    seen = observe(WAVE, level, level, conditions(generator, "spike", n=20))
    assert (seen.flux.argmax(axis=1) == seen.flagged.argmax(axis=1)).mean() > 0.5
    assert (seen.ivar > 0).all()


def test_the_inverse_variance_tells_the_noise(generator):
    level = np.ones((200, WAVE.size))
    seen = observe(WAVE, level, level, conditions(generator, "", n=200))
    assert ((seen.flux - 200) * np.sqrt(seen.ivar)).std() == pytest.approx(1, rel=0.02)
    np.testing.assert_allclose(seen.normalized, seen.flux / 200)
