"""Lines of known shape are measured as they are, with errors that hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from line_spectra import profile
from spectrove.errors import ConfigError, SpectrumError
from spectrove.lines import H_ALPHA, HEI_6678, NII_6583
from spectrove.measure import CATALOG_LINES, PROFILES, MeasureConfig, config_of, measure_line, profile_of

WAVE = 10 ** (1e-4 * np.arange(38020, 38330))
"""6335 to 6804 Å: LAMOST's pixels with the side bands."""

FINE = np.arange(6400.0, 6730.0, 0.26)
"""The pixels of CCD700."""

LEVEL, SNR = 700.0, 100.0
TO_SIGMA = 1 / 2.3548
KMS = 299_792.458 / H_ALPHA.wave
BARE = MeasureConfig(continuum_floor=0.0, noise_factor=1.0, velocity_floor=0.0, separation_floor=0.0)
"""Without floors: what random errors alone are."""


def area(*components):
    return sum(height * width * TO_SIGMA * np.sqrt(2 * np.pi) for height, _, width in components)


def measured(*components, generator, config=None, wave=WAVE, snr=SNR, line=H_ALPHA, slope=0.0):
    light = (1 + profile(*components, wave=wave)) * (1 + slope * (wave - H_ALPHA.wave))
    flux = LEVEL * (light + generator.normal(0, 1 / snr, wave.size))
    return measure_line(wave, flux, np.full(wave.size, (snr / LEVEL) ** 2), line, config, generator=generator)


def test_a_single_line_is_measured_as_it_is(generator):
    found = measured((1.2, 0.8, 6.0), generator=generator)
    assert found.reason == ""
    assert found.profile == "single"
    assert found.n_peaks == 1
    assert found.continuum == pytest.approx(LEVEL, rel=0.01)
    assert found.snr == pytest.approx(SNR, rel=0.25)
    assert found.ew == pytest.approx(-area((1.2, 0.8, 6.0)), abs=4 * found.ew_err)
    assert found.fwhm == pytest.approx(6.0, abs=max(4 * found.fwhm_err, 0.15))
    assert found.peak == pytest.approx(2.2, abs=4 * found.peak_err + 0.02)
    assert found.wave_violet == pytest.approx(H_ALPHA.wave + 0.8, abs=4 * found.wave_violet_err)
    assert found.rv == pytest.approx(0.8 * KMS, abs=4 * found.rv_err)
    assert np.isnan([found.wave_red, found.separation, found.v_over_r]).all()


def test_two_peaks_are_told_apart_with_separation_and_v_over_r(generator):
    found = measured((0.9, -6.0, 5.0), (0.6, 6.0, 5.0), generator=generator)
    assert (found.profile, found.n_peaks, found.separation_from) == ("double", 2, "fit")
    assert found.separation == pytest.approx(12.0 * KMS, rel=0.02)
    assert found.v_over_r == pytest.approx(1.5, abs=4 * found.v_over_r_err)
    assert found.wave_violet < H_ALPHA.wave < found.wave_red


def test_blended_peaks_stand_too_close_and_the_fit_parts_them(generator):
    blended = ((1.0, -3.4, 6.0), (1.0, 3.4, 6.0))
    light = profile(*blended, wave=FINE)
    maxima = FINE[1:-1][(light[1:-1] > light[:-2]) & (light[1:-1] >= light[2:])]
    found = measured(*blended, generator=generator, wave=FINE, config=config_of(H_ALPHA, resolving_power=1800))
    assert np.ptp(maxima) < 6.5  # the maxima of the sum, 6.8 Å apart if nothing blended them
    assert found.separation / KMS == pytest.approx(6.8, abs=0.1)


@pytest.mark.parametrize(
    ("components", "expected"),
    [
        (((1.5, 0.0, 6.0),), "single"),
        (((0.8, -7.0, 6.0), (0.8, 7.0, 6.0)), "double"),
        (((1.5, 1.0, 5.0), (-0.6, -6.0, 4.0)), "p-cygni"),
        (((1.5, -1.0, 5.0), (-0.6, 6.0, 4.0)), "inverse-p-cygni"),
        (((0.8, -7.0, 6.0), (0.8, 7.0, 6.0), (-0.7, 0.0, 4.0)), "shell"),
        (((-0.6, 0.0, 16.0), (0.35, 0.0, 4.5)), "reversal"),
        (((-0.5, 0.0, 9.0),), "absorption"),
        ((), "none"),
    ],
)
def test_profiles_have_the_class_that_people_give_them(components, expected, generator):
    found = measured(*components, generator=generator)
    assert found.profile == expected
    assert found.profile in PROFILES
    assert bool(found.reason) == (expected == "none")


def test_the_other_lines_of_the_window_are_no_peaks_of_this_one(generator):
    nebular = ((1.0, 0.0, 3.7), (0.5, -14.75, 3.7), (1.4, 20.66, 3.7))
    found = measured(*nebular, generator=generator)
    assert (found.profile, found.n_peaks) == ("single", 1)
    assert found.wave_violet == pytest.approx(H_ALPHA.wave, abs=0.2)
    assert found.ew == pytest.approx(-area(*nebular), rel=0.05)  # but they are in the window


def test_nitrogen_beside_a_strong_line_is_measured_against_what_is_near(generator):
    shift = NII_6583.wave - H_ALPHA.wave
    alone = (0.5, shift, 3.7)
    found = measured((3.0, 0.0, 8.0), alone, generator=generator, line=NII_6583)
    assert found.ew == pytest.approx(-area(alone), rel=0.15)


@pytest.mark.parametrize("pixels", [1, 2])
def test_a_cosmic_ray_is_no_peak_and_adds_no_light(pixels, generator):
    flux = LEVEL * (1 + profile((-0.5, 0.0, 9.0), wave=WAVE) + generator.normal(0, 1 / SNR, WAVE.size))
    hit = flux.copy()
    place = int(np.searchsorted(WAVE, H_ALPHA.wave + 9))
    hit[place : place + pixels] += 5 * LEVEL
    clean, struck = (measure_line(WAVE, values, None, H_ALPHA, generator=np.random.default_rng(1)) for values in (flux, hit))
    assert (struck.profile, struck.n_peaks) == ("absorption", 0)
    assert struck.ew == pytest.approx(clean.ew, abs=0.2)


def test_the_narrowest_real_line_is_no_cosmic_ray(generator):
    for offset in (0.0, 0.4, 0.75):
        assert measured((2.0, offset, 3.6), generator=generator).n_peaks == 1


def test_pixels_that_the_survey_distrusts_are_measured_nevertheless(generator):
    line = ((5.6, 0.0, 6.0),)
    flux = LEVEL * (1 + profile(*line, wave=WAVE) + generator.normal(0, 1 / SNR, WAVE.size))
    ivar = np.full(WAVE.size, (SNR / LEVEL) ** 2)
    ivar[np.abs(WAVE - H_ALPHA.wave) < 6] = 0.0
    found = measure_line(WAVE, flux, ivar, H_ALPHA, generator=generator)
    assert found.noise_from == "ivar"
    assert found.peak == pytest.approx(6.6, abs=0.1)
    assert found.ew == pytest.approx(-area(*line), abs=4 * found.ew_err)


@pytest.mark.parametrize("ivar", [None, np.zeros(WAVE.size), np.full(WAVE.size, 1e6), np.full(WAVE.size, 1e-12)])
def test_where_ivar_says_nothing_or_lies_the_scatter_tells_the_noise(ivar, generator):
    flux = LEVEL * (1 + profile((1.0, 0.0, 6.0), wave=WAVE) + generator.normal(0, 1 / SNR, WAVE.size))
    found = measure_line(WAVE, flux, ivar, H_ALPHA, generator=generator)
    assert found.noise_from == "scatter"
    assert found.snr == pytest.approx(SNR, rel=0.25)


def test_noise_that_ivar_overstates_is_brought_to_the_scatter(generator):
    flux = LEVEL * (1 + generator.normal(0, 1 / SNR, WAVE.size))
    found = measure_line(WAVE, flux, np.full(WAVE.size, (0.6 * SNR / LEVEL) ** 2), H_ALPHA, generator=generator)
    assert found.noise_from == "ivar"
    assert found.snr == pytest.approx(SNR, rel=0.25)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda flux: np.where(np.abs(WAVE - H_ALPHA.wave) < 30, 0.0, flux), "does not cover"),
        (lambda flux: np.where(np.abs(WAVE - H_ALPHA.wave - 5) < 4, np.nan, flux), "more than 5 Å"),
        (lambda flux: np.where(np.abs(WAVE - H_ALPHA.wave) > 25, np.nan, flux), "too few pixels"),
        (lambda flux: flux - 2 * LEVEL, "not positive"),
    ],
)
def test_what_cannot_be_measured_says_why(change, reason, generator):
    flux = LEVEL * (1 + profile((1.0, 0.0, 6.0), wave=WAVE) + generator.normal(0, 1 / SNR, WAVE.size))
    found = measure_line(WAVE, change(flux), None, H_ALPHA, generator=generator)
    assert reason in found.reason
    assert np.isnan(found.ew)


def test_arrays_that_no_spectrum_can_have_are_refused(generator):
    with pytest.raises(SpectrumError, match="share one shape"):
        measure_line(WAVE, WAVE[:-1], None, H_ALPHA, generator=generator)
    with pytest.raises(SpectrumError, match="increase strictly"):
        measure_line(WAVE[::-1], WAVE, None, H_ALPHA, generator=generator)
    with pytest.raises(SpectrumError, match="increase strictly"):
        profile_of(WAVE[::-1], WAVE, None)
    with pytest.raises(ConfigError, match="no part 'flank'"):
        measure_line(WAVE, WAVE, None, H_ALPHA, generator=generator, rv_part="flank")


@pytest.mark.parametrize(
    "values",
    [
        {"half_window": 0.0}, {"bands": (60.0, 25.0)}, {"bands": (-1.0, 25.0)}, {"resolving_power": 0.0}, {"n_draws": 3},
        {"continuum_floor": -0.1}, {"noise_factor": 0.5}, {"velocity_floor": -1.0}, {"separation_floor": 1.0},
    ],
)  # fmt: skip
def test_impossible_settings_are_refused(values):
    with pytest.raises(ConfigError, match=f"measure.{next(iter(values))}: impossible value"):
        MeasureConfig(**values)


def test_every_line_of_the_catalog_can_be_measured(generator):
    wave = 10 ** (1e-4 * np.arange(36500, 39500))
    flux = 1 + generator.normal(0, 0.01, wave.size)
    for _, line in CATALOG_LINES:
        flux += 0.8 * np.exp(-0.5 * ((wave - line.wave) / (1800**-1 * line.wave * TO_SIGMA)) ** 2)
    for key, line in CATALOG_LINES:
        found = measure_line(wave, flux, np.full(wave.size, 1e4), line, generator=generator)
        assert (key, found.profile, found.reason) == (key, "single", "")
        assert found.ew == pytest.approx(-0.8 * line.wave / 1800 * TO_SIGMA * np.sqrt(2 * np.pi) - 0.0, rel=0.25) or key == "ha"


def test_a_part_of_the_profile_can_be_chosen_for_the_velocity(generator):
    flux = LEVEL * (1 + profile((1.0, 0.0, 10.0), (1.0, 2.0, 5.0), wave=WAVE) + generator.normal(0, 1 / SNR, WAVE.size))
    parts = {
        part: measure_line(WAVE, flux, None, H_ALPHA, generator=np.random.default_rng(3), rv_part=part)
        for part in ("whole", "wings", "core")
    }
    assert all(parts[part].rv_part == part for part in parts)
    assert parts["wings"].rv < parts["whole"].rv < parts["core"].rv
    # that the parts disagree is in the error of each
    assert all(one.rv_err > 0.5 * (parts["core"].rv - parts["wings"].rv) for one in parts.values())


def test_the_same_generator_gives_the_same_measurement():
    first, second = (measured((1.0, 0.0, 6.0), generator=np.random.default_rng(5)) for _ in range(2))
    assert repr(first) == repr(second)


def test_errors_are_those_of_repeated_observations(generator):
    truth = {"ew": -area((0.8, -6.0, 6.0), (0.8, 6.0, 6.0)), "rv": 0.0, "separation": 12 * KMS, "v_over_r": 1.0}
    found = [measured((0.8, -6.0, 6.0), (0.8, 6.0, 6.0), generator=generator, config=BARE, snr=40) for _ in range(250)]
    for name, true in truth.items():
        pulls = np.array([(getattr(one, name) - true) / getattr(one, f"{name}_err") for one in found])
        low, high = np.percentile(pulls, [15.865, 84.135])
        assert (high - low) / 2 == pytest.approx(1.0, abs=0.25), name
        assert abs(np.median(pulls)) < 0.35, name


@given(st.floats(0.1, 30.0), st.floats(-0.002, 0.002), st.integers(0, 2**32 - 1))
def test_neither_the_unit_of_the_flux_nor_the_slope_of_the_continuum_changes_a_line(factor, slope, seed):
    noise = np.random.default_rng(seed).normal(0, 0.005, WAVE.size)
    flux = (1 + profile((1.0, 1.0, 6.0), wave=WAVE) + noise) * 500
    tilted = factor * flux * (1 + slope * (WAVE - H_ALPHA.wave))
    first, second = (measure_line(WAVE, values, None, H_ALPHA, generator=np.random.default_rng(1)) for values in (flux, tilted))
    assert second.ew == pytest.approx(first.ew, abs=3 * first.ew_err)
    assert second.rv == pytest.approx(first.rv, abs=5.0)
    assert second.profile == first.profile == "single"


@given(st.floats(-300.0, 300.0))
def test_a_shift_of_the_line_is_its_velocity(rv):
    generator = np.random.default_rng(2)
    center = H_ALPHA.wave * rv / 299_792.458
    found = measured((1.5, center, 6.0), generator=generator, snr=200)
    assert found.rv == pytest.approx(rv, abs=5 * found.rv_err)
    assert found.ew == pytest.approx(-area((1.5, 0, 6.0)), rel=0.05)


@given(st.lists(st.integers(0, WAVE.size - 1), max_size=40), st.integers(0, 10))
def test_no_spectrum_makes_it_fail(holes, seed):
    generator = np.random.default_rng(seed)
    flux = generator.normal(0.5, 3.0, WAVE.size)
    flux[holes] = np.nan
    found = measure_line(WAVE, flux, None, HEI_6678, generator=generator)
    assert found.profile in PROFILES
    assert found.reason or np.isfinite(found.ew)


def test_a_profile_is_told_over_its_continuum(generator):
    flux = 3 * (1 + profile((1.0, 0.0, 6.0), wave=WAVE) + generator.normal(0, 0.01, WAVE.size))
    found = profile_of(WAVE, flux, None, half_window=20.0)
    assert found.velocity.min() > -20 * KMS
    assert found.relative.max() == pytest.approx(2.0, abs=0.05)
    assert np.median(found.noise) == pytest.approx(0.01, rel=0.3)
    assert profile_of(WAVE, np.zeros(WAVE.size), None) is None
