"""The noise of a spectrum is told from its scatter, and from ivar where that is right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove.measure import noise_of, scatter_of
from spectrove.measure.peaks import prominent, smoothed, vertex
from spectrove.measure.spikes import spikes


@given(st.floats(1e-3, 1e3), st.floats(-5.0, 5.0), st.integers(0, 1000))
def test_the_scatter_is_that_of_the_pixels_whatever_the_slope(sigma, slope, seed):
    flux = np.random.default_rng(seed).normal(0, sigma, 2000) + slope * sigma * np.arange(2000)
    assert scatter_of(flux) == pytest.approx(sigma, rel=0.12)


def test_a_scatter_needs_pixels_and_noise():
    assert np.isnan(scatter_of(np.ones(100)))
    assert np.isnan(scatter_of(np.arange(4.0)))
    assert np.isnan(scatter_of(np.full(100, np.nan)))


def test_holes_and_cosmic_rays_do_not_raise_the_scatter(generator):
    flux = generator.normal(10, 1, 1000)
    flux[::97] = np.nan
    flux[50::101] += 1000
    assert scatter_of(flux) == pytest.approx(1, rel=0.15)


def test_ivar_gives_the_shape_and_the_scatter_the_level(generator):
    level = np.ones(400)
    shape = np.where(np.arange(400) < 200, 0.01, 0.03)
    flux = level + generator.normal(0, shape)
    sigma, origin = noise_of(flux, 1 / (1.3 * shape) ** 2, level)
    assert origin == "ivar"
    assert (sigma[300] / sigma[100]) == pytest.approx(3)
    assert np.median(sigma / shape) == pytest.approx(1.0, rel=0.35)


def test_a_distrusted_pixel_has_the_error_of_its_photons(generator):
    level = np.full(300, 100.0)
    flux = level + generator.normal(0, 1, 300)
    flux[150] = 900.0
    ivar = np.ones(300)
    ivar[150] = 0.0
    sigma, origin = noise_of(flux, ivar, level, beside=np.abs(np.arange(300) - 150) > 5)
    assert origin == "ivar"
    assert sigma[150] / sigma[100] == pytest.approx(3.0)


def test_where_nothing_tells_the_noise_it_is_not_made_up():
    sigma, origin = noise_of(np.ones(50), None, np.ones(50))
    assert origin == "scatter"
    assert np.isnan(sigma).all()


def test_one_or_two_pixels_alone_are_spikes_and_lines_are_not():
    flux = np.ones(60)
    flux[10] = 6.0
    flux[20:22] = 4.0, 6.0
    flux[40:45] = 1.6, 3.5, 6.0, 3.5, 1.6
    found = np.flatnonzero(spikes(flux, 1.0, 0.1))
    assert found.tolist() == [10, 20, 21]
    assert not spikes(flux, 1.0, float("nan")).any()
    assert not spikes(flux, 1.0, 2.0).any()  # five standard deviations are more than these


def test_peaks_must_be_prominent():
    values = np.array([0, 3, 0, 5, 4.5, 4.8, 0, 1, 0], dtype=float)
    assert prominent(values, np.full(9, 1.0)).tolist() == [1, 3, 7]
    assert prominent(values, np.full(9, 0.2)).tolist() == [1, 3, 5, 7]
    assert prominent(values, np.full(9, 4.0)).tolist() == [3]


def test_smoothing_keeps_a_level_and_lowers_noise_as_told(generator):
    assert smoothed(np.ones(40))[0] == pytest.approx(np.ones(40))
    smooth, lowered = smoothed(generator.normal(0, 1, (200, 200)), 1.5)
    assert smooth[:, 20:-20].std() == pytest.approx(lowered, rel=0.03)


@given(st.floats(-0.4, 0.4))
def test_a_vertex_is_that_of_the_parabola_on_any_grid(offset):
    wave = np.array([0.0, 0.9, 2.0, 3.3, 4.0])
    place, height = vertex(wave, (7 - (wave - 2 - offset) ** 2)[None, :], np.array([2]))
    assert place[0] == pytest.approx(2 + offset)
    assert height[0] == pytest.approx(7)
