"""What is measured on real and simulated spectra alike: each ruler gives back what was put into the spectra."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove.lines import H_ALPHA
from spectrove.simulate.realism import N_LAGS, QUANTILES, Sample, artefacts, compare, compare_all, measure, noise_correlation

WAVE = 10.0 ** (1e-4 * np.arange(37994, 38419))
SPEED_OF_LIGHT = 299792.458


def sample(flux: np.ndarray, sigma: float = 0.01, snr: float = 100.0, kind: str = "A") -> Sample:
    n = flux.shape[0]
    level = np.abs(np.median(flux, axis=1, keepdims=True)) + 1e-30
    ivar = np.broadcast_to((sigma * level) ** -2.0, flux.shape)
    return Sample(WAVE, flux, ivar, np.full(n, snr), np.full(n, kind), np.arange(n).astype(str))


def line(depth: float, fwhm: float, rv: float = 0.0, n: int = 1) -> np.ndarray:
    center = H_ALPHA.wave * (1 + rv / SPEED_OF_LIGHT)
    profile = 1 - depth * np.exp(-4 * np.log(2) * ((WAVE - center) / fwhm) ** 2)
    return np.repeat(profile[None], n, axis=0)


def noisy(n: int, generator: np.random.Generator, sigma: float = 0.01) -> np.ndarray:
    return 1 + sigma * generator.standard_normal((n, WAVE.size))


@given(slope=st.floats(-0.3, 0.3), curvature=st.floats(-0.05, 0.05), scale=st.floats(1e-17, 1e6))
def test_the_slope_and_the_curvature_of_a_continuum_are_found_whatever_its_unit(slope, curvature, scale):
    step = (WAVE - H_ALPHA.wave) / 100
    found = measure(sample(scale * (1 + slope * step + curvature * step**2)[None]))
    assert found["curvature"][0] == pytest.approx(curvature, abs=1e-8)
    straight = measure(sample(scale * (1 + slope * step)[None]))
    assert straight["slope"][0] == pytest.approx(slope, abs=1e-8)


@given(depth=st.floats(0.1, 0.7), fwhm=st.floats(7, 20), rv=st.floats(-300, 300))
def test_a_line_gives_back_its_depth_width_place_and_equivalent_width(depth, fwhm, rv):
    found = measure(sample(line(depth, fwhm, rv)))
    assert found["ew"][0] == pytest.approx(depth * fwhm * np.sqrt(np.pi / np.log(2)) / 2, rel=0.01)
    assert found["depth"][0] == pytest.approx(depth, rel=0.1)  # three pixels are smoothed
    assert found["fwhm"][0] == pytest.approx(fwhm, rel=0.1)
    assert abs(found["velocity"][0] - rv) < 0.75 * 1e-4 * np.log(10) * SPEED_OF_LIGHT  # the middle of a pixel


def test_emission_has_no_width_in_absorption_and_a_negative_equivalent_width():
    found = measure(sample(line(-2.0, 8.0)))
    assert np.isnan(found["fwhm"][0])
    assert found["ew"][0] < -15


@pytest.mark.parametrize("sigma", [0.003, 0.02, 0.1])
def test_white_noise_is_found_by_both_rulers_and_fits_to_a_true_ivar(sigma, generator):
    found = measure(sample(noisy(400, generator, sigma), sigma, snr=1 / sigma))
    for name in ("noise", "fine-noise"):
        assert np.median(found[name]) == pytest.approx(sigma, rel=0.05)
    assert np.median(found["noise-to-error"]) == pytest.approx(1, abs=0.05)
    assert np.median(found["snr-ratio"]) == pytest.approx(1, abs=0.05)


def test_white_noise_is_uncorrelated_though_its_residuals_from_a_fit_are_not(generator):
    found = noise_correlation(sample(noisy(2000, generator)))
    assert found.shape == (N_LAGS - 1,)
    assert np.abs(found).max() < 0.02


def test_the_correlation_of_smoothed_noise_is_found(generator):
    white = generator.standard_normal((2000, WAVE.size + 1))
    weight = 0.3  # n_i = w_i + 0.3 w_(i+1) has a correlation of 0.3 / (1 + 0.3²) at lag 1
    found = noise_correlation(sample(1 + 0.01 * (white[:, :-1] + weight * white[:, 1:])))
    assert found[0] == pytest.approx(weight / (1 + weight**2), abs=0.02)
    assert np.abs(found[1:]).max() < 0.03


def test_spectra_with_a_spike_are_left_out_of_the_correlation(generator):
    flux = noisy(500, generator)
    spiky = flux.copy()
    spiky[:250, np.searchsorted(WAVE, 6640)] += 100
    assert noise_correlation(sample(spiky)) == pytest.approx(noise_correlation(sample(flux[250:])), abs=1e-12)
    assert np.isnan(noise_correlation(sample(spiky[:250]))).all()


def at(wave: float) -> int:
    return int(np.searchsorted(WAVE, wave))


SPOILED = {
    "zeroed-pixels": lambda flux, ivar: (flux.__setitem__(slice(at(6600), at(6600) + 2), 0), ivar.__setitem__(at(6600), 0)),
    "zeroed-gap": lambda flux, ivar: flux.__setitem__(slice(at(6650), at(6650) + 60), 0),
    "all-zero": lambda flux, ivar: flux.__setitem__(slice(None), 0),
    "distrusted": lambda flux, ivar: ivar.__setitem__(slice(at(6560), at(6570)), 0),
    "spike": lambda flux, ivar: flux.__setitem__(at(6700), 2.0),
    "negative": lambda flux, ivar: flux.__setitem__(at(6700), -0.1),
}


@pytest.mark.parametrize("name", SPOILED)
def test_an_artefact_is_found_where_it_is_and_nowhere_else(name, generator):
    clean = sample(noisy(20, generator))
    flux, ivar = clean.flux.copy(), clean.ivar.copy()
    SPOILED[name](flux[3], ivar[3])
    found = artefacts(Sample(WAVE, flux, ivar, clean.snr, clean.kind, clean.group))
    assert set(found) == set(SPOILED)
    for other, flags in found.items():
        assert flags.tolist() == [other == name and row == 3 for row in range(20)], other


def test_narrow_emission_is_no_spike(generator):
    flux = noisy(1, generator)
    flux[0, at(H_ALPHA.wave)] = 3
    assert not artefacts(sample(flux))["spike"][0]


def test_what_is_zeroed_is_not_measured(generator):
    flux = noisy(3, generator)
    flux[0, at(6600)] = 0
    flux[1] = 0
    found = measure(sample(flux))
    assert np.isfinite(found.pop("snr")).all()
    for name, values in found.items():
        assert np.isnan(values[:2]).all(), name
    assert np.isfinite(found["noise"][2])


@given(seed=st.integers(0, 50))
def test_two_halves_of_one_population_are_no_farther_apart_than_chance(seed):
    values = np.random.default_rng(seed).standard_normal(1200)
    found = compare("x", "A", values[:600], values[600:])
    assert found.distance < 1.6 * found.expected
    assert (found.n_real, found.n_simulated) == (600, 600)


def test_a_shift_is_seen_and_the_quantiles_say_by_how_much(generator):
    values = generator.standard_normal(2000)
    found = compare("x", "all", values, np.append(values + 1, np.nan))
    assert found.distance > 5 * found.expected
    assert np.subtract(found.simulated, found.real) == pytest.approx(np.ones(len(QUANTILES)))


def test_a_side_that_has_nothing_cannot_be_compared():
    assert compare("x", "all", np.array([np.nan]), np.arange(3.0)) is None


def test_types_are_compared_with_their_own_kind(generator):
    a, b = sample(noisy(30, generator), kind="A"), sample(noisy(20, generator), kind="B")
    real = Sample(WAVE, *(np.concatenate([getattr(a, n), getattr(b, n)]) for n in ("flux", "ivar", "snr", "kind", "group")))
    found = compare_all(real, a)
    assert {comparison.kind for comparison in found} == {"all", "A"}
    assert {comparison.n_real for comparison in found if comparison.quantity == "noise"} == {50, 30}


def test_rows_keep_together(generator):
    whole = sample(noisy(10, generator))
    chosen = whole.rows(np.array([7, 2]))
    assert chosen.n_spectra == 2
    assert chosen.group.tolist() == ["7", "2"]
    np.testing.assert_array_equal(chosen.flux, whole.flux[[7, 2]])


def test_arrays_that_do_not_fit_are_refused(generator):
    good = sample(noisy(4, generator))
    with pytest.raises(ValueError, match=r"snr.*\(3,\)"):
        Sample(WAVE, good.flux, good.ivar, good.snr[:3], good.kind, good.group)
    with pytest.raises(ValueError, match="6400 to 6750"):
        Sample(WAVE[100:], good.flux[:, 100:], good.ivar[:, 100:], good.snr, good.kind, good.group)
