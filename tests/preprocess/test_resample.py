"""Resampling and short gaps."""

from __future__ import annotations

import numpy as np
import pytest

from spectrove.errors import RecipeError
from spectrove.preprocess import fill_gaps, resample_flux_conserving, resample_linear
from spectrove.preprocess.resample import pixel_edges

WAVE = np.arange(10.0, 20.0)


def test_edges_lie_halfway_and_as_far_outside_as_inside():
    np.testing.assert_allclose(pixel_edges(np.array([10.0, 12.0, 16.0])), [9.0, 11.0, 14.0, 18.0])


def test_linear_has_a_value_as_far_as_the_outermost_pixels_reach():
    flux = WAVE**2

    values = resample_linear(WAVE, flux, np.array([9.4, 9.5, 10.0, 12.5, 19.5, 19.6]))

    np.testing.assert_array_equal(values, [np.nan, 100.0, 100.0, 156.5, 361.0, np.nan])


def test_both_extend_when_asked():
    grid = np.arange(5.0, 25.0)

    np.testing.assert_array_equal(resample_linear(WAVE, WAVE, grid, extend=True), np.clip(grid, 10, 19))
    np.testing.assert_allclose(resample_flux_conserving(WAVE, WAVE, grid, extend=True), np.clip(grid, 10, 19))


def test_flux_conserving_averages_the_pixels_under_a_bin_by_their_share():
    means = resample_flux_conserving(WAVE, WAVE, np.array([11.5, 13.5, 15.5]))

    np.testing.assert_allclose(means, [11.5, 13.5, 15.5])
    np.testing.assert_allclose(resample_flux_conserving(WAVE, (WAVE == 13.0) * 4.0, np.array([12.0, 14.0])), [1.0, 1.0])


def test_flux_conserving_to_finer_bins_repeats_the_pixel():
    fine = np.arange(11.6, 14.5, 0.2)

    np.testing.assert_allclose(resample_flux_conserving(WAVE, WAVE, fine), np.round(fine))


def test_flux_conserving_is_exact_where_fluxes_differ_by_twenty_orders():
    flux = np.where(WAVE < 15, 1e20, 1.0)

    assert resample_flux_conserving(WAVE, flux, np.array([17.5, 18.5]))[1] == pytest.approx(1.0, rel=1e-12)


def test_a_bin_that_is_mostly_unmeasured_has_no_value():
    flux = np.where(WAVE == 13.0, np.nan, 1.0)

    means = resample_flux_conserving(WAVE, flux, np.array([10.8, 12.8, 14.8]))

    np.testing.assert_array_equal(means, [1.0, 1.0, 1.0])
    np.testing.assert_array_equal(resample_flux_conserving(WAVE, flux, np.array([12.0, 13.0, 14.0])), [1.0, np.nan, 1.0])
    np.testing.assert_array_equal(resample_flux_conserving(WAVE, flux, np.array([6.0, 8.0, 10.0])), [np.nan, np.nan, 1.0])


def test_short_gaps_are_bridged_in_a_straight_line_and_long_ones_are_not():
    wave = np.array([1.0, 2.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0])
    flux = np.array([1.0, np.nan, 4.0, np.nan, np.inf, np.nan, 8.0, np.nan])

    np.testing.assert_array_equal(fill_gaps(wave, flux, 1), [1, 2, 4, np.nan, np.nan, np.nan, 8, np.nan])
    np.testing.assert_array_equal(fill_gaps(wave, flux, 3), [1, 2, 4, 5, 6, 7, 8, np.nan])


def test_gaps_of_less_than_a_pixel_are_refused():
    with pytest.raises(RecipeError, match="at least 1 pixel, got 0"):
        fill_gaps(WAVE, WAVE, 0)


def test_linear_gives_numpy_s_values_for_many_spectra_and_next_to_what_is_not_finite(generator):
    for _ in range(50):
        wave, flux = np.sort(generator.normal(size=30)), generator.normal(size=(4, 30))
        flux[generator.integers(0, 4, 6), generator.integers(0, 30, 6)] = generator.choice([np.nan, np.inf, -np.inf, 1e308], 6)
        grid = np.concatenate([wave[::3], generator.normal(size=40)])

        values = resample_linear(wave, flux, grid, extend=True)

        expected = np.stack([np.interp(grid, wave, row) for row in flux])
        np.testing.assert_allclose(values, expected, rtol=1e-14, atol=1e-13)
