"""Every classical finder: what raises its statistic, what must not, and what it does with ruined spectra."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import nnls
from scipy.signal import find_peaks

from line_spectra import DEEP_ABSORPTION, REVERSAL, WAVE, observe, profile
from spectrove.baselines import FINDERS, best_f1, line_window
from spectrove.baselines.finder import CHUNK, running_mean
from spectrove.baselines.template_chi2 import _explained
from spectrove.errors import SpectrumError
from spectrove.lines import H_ALPHA

WIDE = 10 ** (1e-4 * np.arange(37994, 38420))
SEES_REVERSALS = ("kernel-differences", "line-window-peak", "derivatives", "template-chi2")
ONLY_ABOVE_THE_CONTINUUM = ("equivalent-width", "three-pixel-peak")

every_finder = pytest.mark.parametrize("finder", FINDERS.values(), ids=FINDERS)


def test_the_finders_are_those_of_the_table():
    assert tuple(FINDERS) == ("equivalent-width", "three-pixel-peak", *SEES_REVERSALS)
    assert all(finder.name == name for name, finder in FINDERS.items())


@every_finder
def test_stronger_emission_has_a_larger_statistic(finder):
    heights = (0.05, 0.1, 0.3, 1.0, 3.0, 10.0)
    statistic = finder(WAVE, np.stack([1 + profile((height, 0.0, 6.0)) for height in heights]))
    assert statistic.dtype == np.float32
    assert (np.diff(statistic) > 0).all()


@every_finder
@pytest.mark.parametrize("gap", [0.0, 12.0], ids=["single", "double"])
def test_emission_ranks_above_absorption_and_above_a_bare_continuum(finder, gap, generator):
    emission, _ = observe(profile((0.5, -gap / 2, 6.0), (0.5, gap / 2, 6.0)), 100, 30, generator)
    absorption, _ = observe(profile(*DEEP_ABSORPTION), 100, 30, generator)
    narrow, _ = observe(profile((-0.3, 0.0, 5.5)), 100, 30, generator)
    nothing, _ = observe(profile(), 100, 30, generator)
    statistic = finder(WAVE, np.concatenate([emission, absorption, narrow, nothing]))
    auc = best_f1(statistic, np.arange(400) < 100).auc
    if gap and finder.name == "line-window-peak":  # both peaks lie outside of 6561 to 6568 Å
        assert auc < 0.5
    else:
        assert auc > 0.99


@pytest.mark.parametrize("name", SEES_REVERSALS)
def test_emission_hidden_in_deep_absorption_is_seen_by_the_finders_made_for_it(name, generator):
    hidden, _ = observe(profile(*REVERSAL), 100, 60, generator)
    plain, _ = observe(profile(*DEEP_ABSORPTION), 100, 60, generator)
    assert best_f1(FINDERS[name](WAVE, np.concatenate([hidden, plain])), np.arange(200) < 100).auc > 0.95


@pytest.mark.parametrize("name", ONLY_ABOVE_THE_CONTINUUM)
def test_emission_hidden_in_deep_absorption_stays_below_a_bare_continuum_for_the_others(name, generator):
    hidden, _ = observe(profile(*REVERSAL), 100, 60, generator)
    nothing, _ = observe(profile(), 100, 60, generator)
    assert FINDERS[name](WAVE, hidden).max() < FINDERS[name](WAVE, nothing).min()


@every_finder
def test_neither_the_unit_of_flux_nor_the_slope_of_the_continuum_matters(finder, generator):
    flux, ivar = observe(profile((0.4, 0.0, 7.0)), 50, 40, generator)
    statistic = finder(WAVE, flux, ivar)
    np.testing.assert_allclose(finder(WAVE, flux * 1e-17, ivar * 1e34), statistic, rtol=1e-3, atol=1e-3)
    tilted = flux * (1 + 3e-3 * (WAVE - H_ALPHA.wave))
    np.testing.assert_allclose(finder(WAVE, tilted), finder(WAVE, flux), rtol=0.25)


@every_finder
def test_distrust_of_the_pixels_at_the_peak_changes_nothing(finder, generator):
    flux, ivar = observe(profile((3.0, 0.0, 6.0)), 20, 40, generator)
    distrusted = ivar.copy()
    distrusted[:, np.abs(WAVE - H_ALPHA.wave) < 8] = 0
    np.testing.assert_array_equal(finder(WAVE, flux, distrusted), finder(WAVE, flux, ivar))


@every_finder
def test_a_larger_error_in_ivar_lowers_the_statistic(finder, generator):
    flux, ivar = observe(profile((0.5, 0.0, 6.0)), 20, 40, generator)
    assert (finder(WAVE, flux, ivar / 100) < finder(WAVE, flux, ivar)).all()


@every_finder
def test_the_number_does_not_depend_on_how_much_of_the_spectrum_is_at_hand(finder, generator):
    flux, ivar = observe(profile((0.5, 0.0, 6.0), wave=WIDE), 20, 40, generator)
    inside = (WAVE[0] - 0.5 < WIDE) & (WAVE[-1] + 0.5 > WIDE)
    np.testing.assert_array_equal(finder(WIDE, flux, ivar), finder(WIDE[inside], flux[:, inside], ivar[:, inside]))


@every_finder
def test_a_spectrum_is_judged_by_itself_whatever_stands_around_it(finder, generator):
    flux, _ = observe(profile((0.2, 0.0, 6.0)), CHUNK + 70, 20, generator)
    order = generator.permutation(len(flux))
    np.testing.assert_allclose(finder(WAVE, flux[order]), finder(WAVE, flux)[order], rtol=1e-4, atol=1e-4)


@every_finder
def test_spectra_without_anything_to_judge_are_never_candidates(finder):
    ruined = np.stack([np.zeros(WAVE.size), np.full(WAVE.size, np.nan), np.full(WAVE.size, -3.0), np.full(WAVE.size, np.inf)])
    half = 1 + profile((3.0, 0.0, 6.0))
    half[: WAVE.size // 2] = 0
    assert np.isneginf(finder(WAVE, np.vstack([ruined, half]))).all()


@every_finder
def test_a_spectrum_without_noise_and_without_a_line_has_a_number(finder):
    assert np.isfinite(finder(WAVE, np.full((1, WAVE.size), 5.0))).all()


@every_finder
def test_no_spectra_have_no_statistics(finder):
    assert finder(WAVE, np.zeros((0, WAVE.size))).shape == (0,)


@every_finder
def test_zeroed_pixels_in_the_core_of_a_deep_line_do_not_look_like_emission(finder, generator):
    flux, _ = observe(profile(*DEEP_ABSORPTION), 100, 60, generator)
    zeroed = flux.copy()
    zeroed[:, np.searchsorted(WAVE, H_ALPHA.wave) + np.array([-2, -1, 2])] = 0
    emission, _ = observe(profile((0.5, 0.0, 6.0)), 100, 60, generator)
    assert np.median(finder(WAVE, zeroed)) < finder(WAVE, emission).min()
    np.testing.assert_allclose(line_window(WAVE, zeroed).excess, line_window(WAVE, flux).excess, atol=0.15)


@every_finder
@given(
    flux=arrays(
        np.float64,
        (4, WAVE.size),
        elements=st.floats(allow_nan=True, allow_infinity=True),
        fill=st.sampled_from([0.0, 1.0, np.nan]),
    )
)
def test_no_spectrum_whatever_it_holds_has_a_statistic_of_nan(finder, flux):
    statistic = finder(WAVE, flux, np.ones_like(flux))
    assert not (np.isnan(statistic) | np.isposinf(statistic)).any()


@every_finder
def test_noise_around_zero_is_judged_harmless_or_not_at_all(finder, generator):
    noise = generator.normal(0, 1, (300, WAVE.size))
    emission, _ = observe(profile((2.0, 0.0, 6.0)), 20, 30, generator)
    assert np.quantile(finder(WAVE, noise), 0.99) < finder(WAVE, emission).min()


@pytest.mark.parametrize(
    ("wave", "flux", "ivar", "said"),
    [
        (WAVE, np.ones(WAVE.size), None, "n_spectra, n_wave"),
        (WAVE, np.ones((2, WAVE.size - 1)), None, "n_spectra, n_wave"),
        (WAVE, np.ones((2, WAVE.size)), np.ones((1, WAVE.size)), "n_spectra, n_wave"),
        (WAVE[::-1], np.ones((2, WAVE.size)), None, "increase"),
        (WAVE[20:], np.ones((2, WAVE.size - 20)), None, "cover 6517"),
        (WAVE[:-80], np.ones((2, WAVE.size - 80)), None, "cover 6517"),
        (WAVE[:0], np.ones((2, 0)), None, "nothing"),
    ],
    ids=["one spectrum", "n_wave", "ivar", "order", "blue", "red", "empty"],
)
def test_arrays_that_do_not_belong_together_are_refused(wave, flux, ivar, said):
    with pytest.raises(SpectrumError, match=said):
        FINDERS["equivalent-width"](wave, flux, ivar)


def test_the_window_gives_back_the_noise_and_the_line_that_were_put_in(generator):
    line = profile((0.8, 0.0, 6.0))
    flux, _ = observe(line, 2000, 25, generator)
    window = line_window(WAVE, flux)
    assert np.median(window.noise) == pytest.approx(1 / 25, rel=0.05)
    columns = window.near(10)
    expected = np.interp(window.wave[columns], WAVE, line)
    np.testing.assert_allclose(window.excess[:, columns].mean(axis=0), expected, atol=0.01)


def test_a_line_in_a_sideband_does_not_tilt_the_continuum(generator):
    flux, _ = observe(profile((1.5, 50.0, 6.0)), 200, 60, generator)
    window = line_window(WAVE, flux)
    assert np.abs(window.excess[:, window.near(20)].mean(axis=0)).max() < 0.01
    assert np.median(window.noise) == pytest.approx(1 / 60, rel=0.4)


def test_the_prominence_of_a_peak_is_that_of_scipy(generator):
    flux, _ = observe(profile((0.1, 0.0, 8.0)), 100, 20, generator)
    window = line_window(WAVE, flux)
    expected = []
    for excess in window.excess:
        peaks, found = find_peaks(excess, prominence=0, wlen=41)
        inside = (window.wave[peaks] >= 6561) & (window.wave[peaks] <= 6568)
        expected.append(found["prominences"][inside].max(initial=0))
    np.testing.assert_allclose(FINDERS["line-window-peak"](WAVE, flux) * window.noise, expected, atol=1e-6)


def test_the_derivatives_see_no_peak_in_the_shoulders_of_an_absorption_line():
    narrow, deep, emission = FINDERS["derivatives"](
        WAVE, np.stack([1 + profile((-0.5, 0.0, 6.0)), 1 + profile(*DEEP_ABSORPTION), 1 + profile((0.5, 0.0, 6.0))])
    )
    assert max(narrow, deep) < 0.02 * emission


def test_two_templates_explain_what_least_squares_with_the_right_signs_says(generator):
    for _ in range(50):
        pair = generator.normal(size=(30, 2))
        pair /= np.linalg.norm(pair, axis=0)
        spectrum = pair @ generator.normal(0, 3, 2) + generator.normal(0, 0.3, 30)
        amplitudes, residual = nnls(pair, spectrum)
        explained = _explained(*(pair.T @ spectrum)[:, None], np.array([pair[:, 0] @ pair[:, 1]]))[0]
        expected = spectrum @ spectrum - residual**2 if (amplitudes > 0).all() else 0
        assert explained == pytest.approx(expected)


def test_the_equivalent_width_is_that_of_the_line_less_three_standard_deviations():
    height, width = 0.5, 6.0
    area = height * width * np.sqrt(np.pi / (4 * np.log(2)))
    statistic = FINDERS["equivalent-width"](WAVE, 1 + profile((height, 0.0, width))[None])
    columns = np.abs(WAVE - H_ALPHA.wave) <= 12
    error = 0.005 * np.sqrt(np.sum(np.gradient(WAVE)[columns] ** 2))
    assert statistic[0] == pytest.approx(area - 3 * error, rel=0.01)


@pytest.mark.parametrize("width", [1, 3, 31])
def test_a_running_mean_is_the_mean_of_the_pixels_around(width, generator):
    values = generator.normal(size=(3, 60))
    middle = slice(width // 2, 60 - width // 2)
    expected = np.stack([np.convolve(row, np.full(width, 1 / width), mode="valid") for row in values])
    np.testing.assert_allclose(running_mean(values, width)[:, middle], expected, atol=1e-6)
