"""Gaussian blur in pixels and in velocity."""

from __future__ import annotations

import math

import numpy as np
import pytest
from astropy.convolution import Gaussian1DKernel, convolve

from spectrove.errors import RecipeError
from spectrove.preprocess import gaussian_blur_pixels, gaussian_blur_resolving_power, velocity_sigma

LINEAR = np.arange(6400.0, 6750.0, 0.257)
LOGARITHMIC = 10 ** (3.806 + 1e-5 * np.arange(2300))
UNEVEN = 6400.0 + np.cumsum(0.2 * (1 + 0.5 * np.sin(np.arange(1750) / 50)))


def gaussian_line(wave, resolving_power, center=6564.6):
    sigma = center / resolving_power / (2 * math.sqrt(2 * math.log(2)))
    return np.exp(-0.5 * ((wave - center) / sigma) ** 2) / sigma


def width_at_half_maximum(wave, flux):
    above = np.flatnonzero(flux >= 0.5 * flux.max())
    left, right = above[0], above[-1]
    return np.interp(0.5 * flux.max(), flux[right + 1 : right - 1 : -1], wave[right + 1 : right - 1 : -1]) - np.interp(
        0.5 * flux.max(), flux[left - 1 : left + 1], wave[left - 1 : left + 1]
    )


@pytest.mark.parametrize("sigma", [1.0, 3.0, 7.0])
def test_blur_in_pixels_is_that_of_the_paper(sigma, generator):
    flux = generator.normal(1.0, 0.1, 300)

    peer = convolve(flux, Gaussian1DKernel(sigma), boundary="extend")

    np.testing.assert_allclose(gaussian_blur_pixels(flux, sigma), peer, rtol=1e-12)


def test_a_flat_continuum_stays_flat_to_its_very_ends():
    np.testing.assert_allclose(gaussian_blur_pixels(np.full(50, 3.0), 7.0), 3.0, rtol=1e-14)
    np.testing.assert_allclose(gaussian_blur_resolving_power(LINEAR, np.full(LINEAR.shape, 3.0), 13_000, 1_800), 3.0, rtol=1e-13)


def test_a_gap_neither_grows_nor_is_filled_nor_darkens_its_neighbors():
    flux = np.full(100, 2.0)
    flux[[30, 31, 32, 60]] = np.nan, np.inf, np.nan, -np.inf

    blurred = gaussian_blur_pixels(flux, 5.0)

    np.testing.assert_array_equal(np.isnan(blurred), ~np.isfinite(flux))
    np.testing.assert_allclose(blurred[np.isfinite(flux)], 2.0, rtol=1e-14)
    np.testing.assert_allclose(gaussian_blur_resolving_power(LINEAR[:100], flux, 13_000, 1_800), blurred, rtol=1e-13)


def test_a_spectrum_without_a_finite_pixel_comes_back_empty():
    nothing = np.full(50, np.nan)

    assert np.isnan(gaussian_blur_pixels(nothing, 5.0)).all()
    assert np.isnan(gaussian_blur_resolving_power(LINEAR[:50], nothing, 13_000, 1_800)).all()


@pytest.mark.parametrize("wave", [LINEAR, LOGARITHMIC, UNEVEN], ids=["linear", "logarithmic", "uneven"])
def test_blur_in_velocity_takes_a_line_from_one_resolving_power_to_another(wave):
    blurred = gaussian_blur_resolving_power(wave, gaussian_line(wave, 13_000), 13_000, 1_800)

    np.testing.assert_allclose(blurred, gaussian_line(wave, 1_800), atol=4e-3 * blurred.max())


def test_blur_in_velocity_is_wider_in_angstrom_toward_the_red():
    wave = np.arange(5000.0, 8000.0, 0.2)
    flux = gaussian_line(wave, 20_000, 5200.0) + gaussian_line(wave, 20_000, 7800.0)

    blurred = gaussian_blur_resolving_power(wave, flux, 20_000, 2_000)

    halves = [width_at_half_maximum(wave[part], blurred[part]) for part in (wave < 6500, wave > 6500)]
    np.testing.assert_allclose(halves, [5200 / 2000, 7800 / 2000], rtol=5e-3)


def test_on_a_logarithmic_grid_both_blurs_are_the_same(generator):
    flux = generator.normal(1.0, 0.1, LOGARITHMIC.size)
    sigma = velocity_sigma(13_000, 1_800) / 299_792.458 / (1e-5 * math.log(10))

    blurred = gaussian_blur_resolving_power(LOGARITHMIC, flux, 13_000, 1_800)

    np.testing.assert_allclose(blurred, gaussian_blur_pixels(flux, sigma), rtol=1e-9)


def test_from_ondrejov_to_lamost_takes_about_six_pixels():
    """R = 13,000 to 1,800 at Hα, in CCD700's pixels of 0.257 Å."""
    assert velocity_sigma(13_000, 1_800) / 299_792.458 * 6564.6 / 0.257 == pytest.approx(5.97, abs=0.01)


@pytest.mark.parametrize("no_blur", [0.0, 0.1])
def test_no_blur_changes_nothing(no_blur, generator):
    flux = generator.normal(1.0, 0.1, LINEAR.size)

    np.testing.assert_array_equal(gaussian_blur_pixels(flux, no_blur), flux)
    np.testing.assert_array_equal(gaussian_blur_resolving_power(LINEAR, flux, 1_800, 1_800), flux)


@pytest.mark.parametrize("sigma", [-1.0, math.nan, math.inf])
def test_an_impossible_width_is_refused(sigma):
    with pytest.raises(RecipeError, match="sigma must be finite and not negative"):
        gaussian_blur_pixels(np.ones(10), sigma)


@pytest.mark.parametrize("powers", [(1_800, 13_000), (0, 1_800), (13_000, -1), (math.inf, 1_800)])
def test_a_blur_that_would_sharpen_is_refused(powers):
    with pytest.raises(RecipeError, match="A blur cannot sharpen"):
        gaussian_blur_resolving_power(LINEAR, np.ones(LINEAR.shape), *powers)
