"""What an ideal expert sees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectrove.simulate.emission import halpha_profile, make_emission
from spectrove.simulate.profiles import HALPHA, shifted
from spectrove.simulate.visible import DOUBLE, LABELS, OTHER, SINGLE, VISIBLE, Seen, label_of, see

WAVE = 10 ** (1e-4 * np.arange(38_139, 38_285))
"""LAMOST's pixels from 6515 to 6737 Å."""


def looked_at(snr: float, photosphere: np.ndarray | None = None, rv: float = 0.0, power: float = 1800.0, **values: float) -> Seen:
    profile = halpha_profile(WAVE, make_emission(1, **values), np.array([rv]), power)
    behind = np.ones_like(profile) if photosphere is None else photosphere[None]
    return see(WAVE, behind, profile, np.array([1 / snr]), shifted(HALPHA, np.array([rv])))


def trough(depth: float, fwhm: float) -> np.ndarray:
    return 1 - depth / (1 + (2 * (WAVE - HALPHA) / fwhm) ** 2)


@settings(max_examples=40)
@given(snr=st.floats(1, 500), ew=st.floats(0.05, 50), fwhm=st.floats(0.5, 20))
def test_a_single_line_is_seen_where_it_stands_three_times_above_the_noise(snr, ew, fwhm):
    seen = looked_at(snr, ew=ew, fwhm=fwhm)
    height = halpha_profile(WAVE, make_emission(1, ew=ew, fwhm=fwhm), np.zeros(1), 1800).max()
    assert seen.prominence[0] == pytest.approx(height * snr, rel=0.02)
    assert label_of(seen)[0] == (SINGLE if seen.prominence[0] >= VISIBLE else OTHER)


@settings(max_examples=40)
@given(separation=st.floats(9, 30), rv=st.floats(-200, 600))
def test_a_wide_double_line_is_double_and_its_separation_is_measured(separation, rv):
    seen = looked_at(100, rv=rv, ew=40, separation=separation, inner=2.5, fwhm=2)
    assert label_of(seen)[0] == DOUBLE
    assert seen.separation[0] == pytest.approx(separation, abs=3.1)
    assert seen.ew[0] == pytest.approx(40, rel=0.05)
    assert seen.fwhm[0] > separation


def test_the_same_line_is_double_single_and_nothing_as_the_instrument_and_the_noise_get_worse():
    be = {"ew": 10.0, "separation": 4.0, "inner": 2.0, "fwhm": 1.0}
    fine = np.arange(6515.0, 6737.0, 0.2567)
    sharp = halpha_profile(fine, make_emission(1, **be), np.zeros(1), 13_000)
    seen = see(fine, np.ones_like(sharp), sharp, np.array([0.01]), np.array([HALPHA]))
    assert [LABELS[label_of(one)[0]] for one in (seen, looked_at(100, **be), looked_at(1, **be))] == [
        "double-peak",
        "single-peak",
        "not-interesting",
    ]


def test_the_stronger_peak_has_the_larger_share():
    assert looked_at(200, ew=40, separation=15, fwhm=3, v_over_r=1.6).v_over_r[0] > 1.15
    assert looked_at(200, ew=40, separation=15, fwhm=3, v_over_r=1 / 1.6).v_over_r[0] < 0.87


def test_a_reversal_within_an_absorption_is_a_peak():
    assert label_of(looked_at(100, trough(0.6, 15), ew=3, fwhm=1.5))[0] == SINGLE


def test_emission_that_only_fills_the_absorption_is_not_interesting():
    assert label_of(looked_at(100, trough(0.6, 6), ew=1.5, fwhm=5))[0] == OTHER


def test_a_shell_between_two_wings_is_double():
    shell = {"ew": 10.0, "separation": 5.0, "fwhm": 2.0, "absorber_depth": 0.95, "absorber_fwhm": 3.0}
    assert label_of(looked_at(100, trough(0.3, 10), **shell))[0] == DOUBLE


def test_two_peaks_are_double_also_where_the_core_of_the_absorption_parts_them():
    weak = {"ew": 9.0, "separation": 8.4, "inner": 2.0, "fwhm": 2.0, "thick": 0.2}
    alone, behind = (looked_at(150, dark, power=1500.0, **weak) for dark in (None, trough(0.4, 9)))
    assert (label_of(alone)[0], label_of(behind)[0]) == (DOUBLE, DOUBLE)
    assert behind.prominence[0] > 0


def test_light_that_is_only_taken_away_makes_no_peak():
    absorbed = -0.4 * np.exp(-0.5 * ((WAVE - HALPHA + 8) / 2) ** 2)
    waves = 1 + 0.02 * np.sin(WAVE / 4)
    assert label_of(see(WAVE, waves[None], absorbed[None], np.array([1e-3]), np.array([HALPHA])))[0] == OTHER


def test_peaks_of_the_photosphere_count_for_nothing():
    bumps = 1 + 0.3 * np.exp(-0.5 * ((WAVE - HALPHA) / 3) ** 2)
    assert label_of(looked_at(100, bumps))[0] == OTHER
    assert label_of(looked_at(100, bumps, ew=0.5, fwhm=3))[0] == OTHER


def test_a_second_bump_of_less_than_three_per_cent_is_not_noticed_even_without_noise():
    profile = np.exp(-0.5 * ((WAVE - HALPHA) / 3) ** 2) + 0.025 * np.exp(-0.5 * ((WAVE - HALPHA - 15) / 2) ** 2)
    seen = see(WAVE, np.ones((1, WAVE.size)), profile[None], np.array([1e-4]), np.array([HALPHA]))
    assert seen.n_peaks[0] == 1


def test_a_line_beyond_the_pixels_is_not_seen():
    assert label_of(looked_at(100, rv=-20_000, ew=50, fwhm=5))[0] == OTHER


@settings(max_examples=40)
@given(seed=st.integers(0, 1000))
def test_rows_do_not_influence_each_other(seed):
    generator = np.random.default_rng(seed)
    n = 5
    emission = make_emission(n, ew=generator.uniform(0, 30, n), separation=generator.uniform(0, 25, n), fwhm=2.0)
    rv, sigma = generator.uniform(-100, 100, n), generator.uniform(0.005, 0.5, n)
    profile = halpha_profile(WAVE, emission, rv, 1800)
    together = see(WAVE, np.ones_like(profile), profile, sigma, shifted(HALPHA, rv))
    for row in range(n):
        part = slice(row, row + 1)
        alone = see(WAVE, np.ones_like(profile[part]), profile[part], sigma[part], shifted(HALPHA, rv[part]))
        assert together.n_peaks[row] == alone.n_peaks[0]
        assert together.prominence[row] == alone.prominence[0]
