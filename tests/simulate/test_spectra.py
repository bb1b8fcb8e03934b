"""Line profiles and noise-free spectra."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import find_peaks

from spectrove.simulate import Stars, emission_profile, line_profile, relative_flux
from spectrove.simulate.populations import DOUBLE, LABELED, POOL, SINGLE, draw_stars
from spectrove.simulate.spectra import HALPHA, PARAMETERS, continuum, peak_and_dip

FINE = np.arange(6420.0, 6720.0, 0.04)
ONDREJOV_BLUR = 2.3548 * 7 * 0.2567
"""Å; FWHM of the blur by 7 pixels that the paper's recipe lays over Ondřejov spectra."""


def stars(n: int = 1, **values: float) -> Stars:
    """Return equal spectra, flat but for what is given."""
    defaults = {"fwhm": 3.0, "v_over_r": 1.0, "damping": 1.0}
    return Stars(**{name: np.full(n, float((defaults | values).get(name, 0.0))) for name in PARAMETERS})


def drawn(kinds: list[str], generator: np.random.Generator) -> Stars:
    return draw_stars(kinds, generator.random((len(kinds), len(PARAMETERS))))


def width_at_half_maximum(profile: np.ndarray) -> float:
    return float(np.ptp(FINE[profile >= profile.max() / 2]))


def n_maxima(profile: np.ndarray) -> int:
    return find_peaks(profile, prominence=1e-6 * profile.max())[0].size


@given(center=st.floats(6500, 6650), fwhm=st.floats(0, 12), resolving_power=st.floats(1000, 20_000))
def test_an_undamped_line_has_unit_area(center, fwhm, resolving_power):
    profile = line_profile(FINE, np.array([center]), np.array([fwhm]), np.zeros(1), resolving_power)[0]
    assert np.trapezoid(profile, FINE) == pytest.approx(1, abs=1e-6)


@given(fwhm=st.floats(0, 12), damping=st.floats(0.1, 6))
def test_a_damped_line_has_unit_area_but_for_its_far_wings(fwhm, damping):
    wave = np.arange(HALPHA - 2000, HALPHA + 2000, 0.1)
    profile = line_profile(wave, np.array([HALPHA]), np.array([fwhm]), np.array([damping]), 1800)[0]
    assert np.trapezoid(profile, wave) == pytest.approx(1 - 2 * damping / (np.pi * 2000), abs=1e-4)


@given(fwhm=st.floats(0, 12), damping=st.floats(0, 5), resolving_power=st.floats(500, 20_000), factor=st.floats(1.2, 5))
def test_a_line_grows_wider_as_the_resolving_power_falls(fwhm, damping, resolving_power, factor):
    center, fwhms, dampings = np.array([HALPHA]), np.array([fwhm]), np.array([damping])
    sharp = width_at_half_maximum(line_profile(FINE, center, fwhms, dampings, resolving_power * factor)[0])
    blurred = width_at_half_maximum(line_profile(FINE, center, fwhms, dampings, resolving_power)[0])
    assert blurred >= sharp - 0.08


@given(fwhm=st.floats(0, 12), resolving_power=st.floats(1000, 20_000))
def test_the_instrument_adds_to_the_width_in_quadrature(fwhm, resolving_power):
    profile = line_profile(FINE, np.array([HALPHA]), np.array([fwhm]), np.zeros(1), resolving_power)[0]
    assert width_at_half_maximum(profile) == pytest.approx(np.hypot(fwhm, HALPHA / resolving_power), abs=0.1)


@given(width=st.floats(1, 100), separation=st.floats(0, 35), v_over_r=st.floats(0.5, 2), resolving_power=st.floats(1000, 20_000))
def test_the_area_of_an_emission_line_is_its_equivalent_width(width, separation, v_over_r, resolving_power):
    emitting = stars(emission=width, separation=separation, v_over_r=v_over_r)
    flux = relative_flux(FINE, emitting, resolving_power)[0]
    assert np.trapezoid(flux - 1, FINE) == pytest.approx(width, rel=1e-6)


@given(depth=st.floats(0.1, 0.8), damping=st.floats(0.3, 3), broadening=st.floats(10, 400))
def test_the_area_of_the_balmer_absorption_is_its_equivalent_width_at_any_resolving_power(depth, damping, broadening):
    wave = np.arange(HALPHA - 600, HALPHA + 600, 0.05)
    absorbing = stars(depth=depth, damping=damping, broadening=broadening)
    wings = 1 - 2 * damping / (np.pi * 600)
    for resolving_power in (1800, 13_000):
        area = np.trapezoid(1 - relative_flux(wave, absorbing, resolving_power)[0], wave)
        assert area == pytest.approx(absorbing.absorption[0] * wings, rel=2e-3)


@given(depth=st.floats(0.1, 0.8), damping=st.floats(0.3, 3), broadening=st.floats(10, 400))
def test_a_perfect_instrument_sees_the_intrinsic_depth(depth, damping, broadening):
    flux = relative_flux(FINE, stars(depth=depth, damping=damping, broadening=broadening), 1e6)[0]
    assert 1 - flux.min() == pytest.approx(depth, rel=1e-3)


@pytest.mark.parametrize("mixture", [POOL, LABELED], ids=["pool", "labeled"])
@pytest.mark.parametrize(("label", "expected"), [(SINGLE, 1), (DOUBLE, 2)])
def test_the_label_says_how_many_maxima_the_emission_has_at_the_pools_resolving_power(mixture, label, expected, generator):
    for kind in mixture[label]:
        profiles = emission_profile(FINE, drawn([kind] * 40, generator), HALPHA, 1800)
        assert {n_maxima(profile) for profile in profiles} == {expected}, kind


def test_the_blur_of_the_papers_recipe_leaves_the_labeled_double_peaks_double(generator):
    blurred = 1 / np.hypot(1 / 13_000, ONDREJOV_BLUR / HALPHA)
    for kind in LABELED[DOUBLE]:
        profiles = emission_profile(FINE, drawn([kind] * 40, generator), HALPHA, blurred)
        assert {n_maxima(profile) for profile in profiles} == {2}, kind


def test_a_be_star_can_be_double_at_ondrejov_and_single_in_lamost():
    narrow = stars(separation=3.0, fwhm=1.5)
    assert n_maxima(emission_profile(FINE, narrow, HALPHA, 13_000)[0]) == 2
    assert n_maxima(emission_profile(FINE, narrow, HALPHA, 1800)[0]) == 1


@given(v_over_r=st.floats(0.5, 2), separation=st.floats(8, 35))
def test_v_over_r_compares_the_violet_peak_with_the_red_one(v_over_r, separation):
    profile = emission_profile(FINE, stars(v_over_r=v_over_r, separation=separation, fwhm=2.0), HALPHA, 13_000)[0]
    violet, red = profile[FINE < HALPHA].max(), profile[FINE > HALPHA].max()
    assert violet / red == pytest.approx(v_over_r, rel=0.01)


def test_the_predicted_peak_and_dip_are_those_of_the_profile(generator):
    double = drawn(["be-double", "cv-double"] * 20, generator)
    peak, dip = peak_and_dip(double, 1800)
    for row, profile in enumerate(emission_profile(FINE, double, HALPHA, 1800)):
        center = HALPHA * (1 + double.rv[row] / 299_792.458)
        violet, red = profile[center > FINE].max(), profile[center < FINE].max()
        between = profile[np.abs(FINE - center) < double.separation[row] / 2].min()
        assert peak[row] == pytest.approx(min(violet, red), rel=0.02)
        assert dip[row] <= min(violet, red) - between + 1e-4  # what an eye sees is never less than what is promised


@given(rv=st.floats(-500, 500))
def test_a_star_that_recedes_is_seen_at_longer_wavelengths(rv):
    flux = relative_flux(FINE, stars(emission=10, rv=rv), 13_000)[0]
    assert FINE[flux.argmax()] == pytest.approx(HALPHA * (1 + rv / 299_792.458), abs=0.04)


def test_a_nebula_shows_both_nitrogen_lines_one_to_three():
    flux = relative_flux(FINE, stars(nebular=10, nitrogen=0.4, sulfur=0.2), 13_000)[0] - 1
    near = [np.abs(FINE - wave) < 5 for wave in (6549.86, HALPHA, 6585.27, 6718.29)]
    bluer, halpha, redder, sulfur = (np.trapezoid(flux[pixels], FINE[pixels]) for pixels in near)
    assert [bluer / redder, redder / halpha] == pytest.approx([1 / 3, 0.4], rel=1e-3)
    assert sulfur / halpha == pytest.approx(0.2 * 0.58, rel=1e-3)


def test_only_early_b_stars_and_emission_show_helium():
    at_helium = np.argmin(np.abs(FINE - 6679.996))
    hot, emitting, cool = (
        relative_flux(FINE, one, 13_000)[0, at_helium]
        for one in (stars(helium_absorption=0.5, broadening=100), stars(emission=40, helium_emission=0.1), stars(depth=0.5))
    )
    assert hot < 0.95 < cool < 1.05 < emitting


def test_the_continuum_is_one_at_halpha_and_stays_positive():
    level = continuum(np.array([3000.0, HALPHA, 9000.0]), stars(slope=0.15))[0]
    assert level[1] == pytest.approx(1)
    assert level.min() > 0


def test_no_star_has_negative_flux(generator):
    kinds = [kind for mixture in (POOL, LABELED) for shares in mixture.values() for kind in shares] * 10
    for resolving_power in (1800, 13_000):
        assert relative_flux(np.arange(6290.0, 6950.0, 0.25), drawn(kinds, generator), resolving_power).min() >= 0


def test_rows_are_computed_independently(generator):
    some = drawn(["be", "gk", "nebula", "m"] * 5, generator)
    together = relative_flux(FINE, some, 1800)
    np.testing.assert_array_equal(relative_flux(FINE, some.rows(np.array([7, 2])), 1800), together[[7, 2]])
