"""The blur between two instruments, on made pairs whose blur is known and on the real ones."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from spectrove.errors import RecipeError
from spectrove.preprocess import (
    BlurFitConfig,
    fit_blur,
    fit_pair,
    gaussian_blur_pixels,
    read_pairs,
)
from spectrove.spectrum import HeaderFacts, Spectrum
from spectrove.surveys import read

TRUE_SIGMA = 6.0
HIGH_WAVE = np.arange(6283.8, 6734.7, 0.2567)
LOW_WAVE = 10 ** (3.8136 + 1e-4 * np.arange(200))
LIGHT = 299_792.458
QUICK = BlurFitConfig(largest_sigma=16.0, sigma_step=0.5, n_bootstrap=300)


def make(survey, key, wave, flux):
    return Spectrum(wave, flux, None, None, HeaderFacts(survey, str(key)))


def make_pair(generator, number=0, noise=(0.003, 0.01), velocity=0.0, tilt=0.0, sigma=TRUE_SIGMA):
    """Return a star with wide and narrow lines as two instruments see it, 40 km/s and a continuum apart."""
    flux = np.ones_like(HIGH_WAVE)
    for center, depth, width in ((6564.6, generator.uniform(0.2, 0.5), 5.0), (6564.6, 0.3, 0.8), (6680.0, 0.2, 1.0)):
        flux -= depth * np.exp(-0.5 * ((HIGH_WAVE - center) / width) ** 2)
    blurred = np.interp(LOW_WAVE / (1 + velocity / LIGHT), HIGH_WAVE, gaussian_blur_pixels(flux, sigma))
    high = flux + generator.normal(0, noise[0], flux.size) if noise[0] else flux
    low = 5000.0 * blurred * (1 + tilt * (LOW_WAVE - 6600) / 200) + 5000.0 * noise[1] * generator.normal(size=LOW_WAVE.size)
    return make("sharp", number, HIGH_WAVE, high), make("dull", number, LOW_WAVE, low)


def test_without_noise_the_blur_is_found_exactly(generator):
    pair = fit_pair(*make_pair(generator, noise=(0.0, 0.0)), BlurFitConfig())

    assert pair.sigma == pytest.approx(TRUE_SIGMA, abs=0.02)
    assert pair.interval[0] <= pair.sigma <= pair.interval[1]
    assert pair.velocity == pytest.approx(0.0, abs=0.5)


@pytest.mark.parametrize("velocity", [-180.0, 40.0])
def test_neither_velocity_nor_continuum_passes_for_blur(velocity, generator):
    pair = fit_pair(*make_pair(generator, velocity=velocity, tilt=0.3), BlurFitConfig())

    assert pair.velocity == pytest.approx(velocity, abs=8)
    assert pair.sigma == pytest.approx(TRUE_SIGMA, abs=0.5)


def test_noise_of_the_sharper_spectrum_does_not_pass_for_blur(generator):
    """Uncorrected, noise of 4 % draws the width up to 6.7 pixels."""
    fits = [fit_pair(*make_pair(generator, noise=(0.04, 0.005)), QUICK) for _ in range(16)]

    assert np.median([fit.sigma for fit in fits]) == pytest.approx(TRUE_SIGMA, abs=0.4)


def test_a_cosmic_ray_is_left_out(generator):
    high, low = make_pair(generator)
    flux = low.flux.copy()
    flux[np.searchsorted(LOW_WAVE, 6600.0)] *= 3

    hit, clean = (fit_pair(high, make("dull", 0, LOW_WAVE, flux), QUICK) for flux in (flux, low.flux))

    assert hit.sigma == pytest.approx(clean.sigma, abs=0.05)
    assert hit.n_pixels < np.count_nonzero((LOW_WAVE > 6519) & (LOW_WAVE < 6732))


def test_gaps_in_the_dull_spectrum_are_left_out(generator):
    high, low = make_pair(generator)
    flux = low.flux.copy()
    flux[60:70] = np.nan

    assert fit_pair(high, make("dull", 0, LOW_WAVE, flux), QUICK).sigma == pytest.approx(TRUE_SIGMA, abs=0.6)


def test_the_interval_holds_the_truth_and_a_star_that_changed_does_not_decide(generator):
    pairs = [make_pair(generator, number, velocity=generator.normal(0, 30)) for number in range(12)]
    pairs += [make_pair(generator, number, sigma=14.0) for number in (12, 13)]

    fit = fit_blur(pairs, BlurFitConfig(sigma_step=0.5, largest_sigma=16.0, n_bootstrap=300, level=0.95), generator)

    assert fit.interval[0] <= TRUE_SIGMA <= fit.interval[1]
    assert fit.interval[1] - fit.interval[0] < 1.5
    assert fit.sigma == pytest.approx(TRUE_SIGMA, abs=0.3)
    assert fit.sigmas[np.argmin(fit.misfit)] == pytest.approx(fit.sigma, abs=0.5)
    assert fit.misfit.min() == 0


def test_the_same_generator_gives_the_same_interval(generator):
    pairs = [make_pair(generator, number) for number in range(4)]

    one, two = (fit_blur(pairs, QUICK, np.random.default_rng(7)) for _ in range(2))

    assert (one.sigma, one.interval) == (two.sigma, two.interval)


def test_the_width_is_told_in_other_units(generator):
    fit = fit_blur([make_pair(generator, number) for number in range(3)], QUICK, generator)

    assert fit.pixel == pytest.approx(0.2567)
    assert fit.velocity(6.0) == pytest.approx(LIGHT * 6 * 0.2567 / 6625.5)
    assert fit.resolving_power(6.0) == pytest.approx(6625.5 / (6 * 0.2567 * 2.354820), rel=1e-6)
    assert fit.resolving_power(fit.expected_sigma(13_000, 1_800), of_high=13_000) == pytest.approx(1_800)
    assert fit.resolving_power(0.0) == math.inf


def test_the_result_goes_through_json(generator):
    fit = fit_blur([make_pair(generator, number) for number in range(3)], QUICK, generator)

    data = json.loads(json.dumps(fit.to_dict(), allow_nan=False))

    assert data["sigma"] == fit.sigma
    assert [row["high"] for row in data["pairs"]] == ["sharp:0", "sharp:1", "sharp:2"]
    assert len(data["sigmas"]) == len(data["misfit"]) == 33


def test_pairs_that_cannot_be_compared_are_left_out_with_their_reason(generator):
    high, low = make_pair(generator)
    holed = high.flux.copy()
    holed[1200:1203] = np.nan
    strange = [
        (make("short", 0, HIGH_WAVE[:1500], high.flux[:1500]), low),
        (high, make("dark", 0, LOW_WAVE, -low.flux)),
        (high, make("empty", 0, LOW_WAVE, np.where(np.arange(200) < 10, low.flux, np.nan))),
        (make("holed", 0, HIGH_WAVE, holed), low),
    ]
    told = []

    fit = fit_blur([*strange, (high, low), (high, low)], QUICK, generator, lambda *said: told.append(said))

    assert len(fit.pairs) == 2
    reasons = [pair.reason for pair in fit.refused]
    assert all(
        expected in reason
        for expected, reason in zip(
            ("short:0: window 6519 to 6732 Å: the spectrum spans", "dark:0: the median flux", "empty:0: ", "holed:0: 3 pixels"),
            reasons,
            strict=True,
        )
    )
    assert told[-1] == ("comparing pairs", 6, 6)


def test_one_pair_alone_has_no_interval(generator):
    high, low = make_pair(generator)

    with pytest.raises(RecipeError, match=r"1 of 2 pairs can be compared, expected at least 2; dark:0: the median flux"):
        fit_blur([(high, low), (high, make("dark", 0, LOW_WAVE, -low.flux))], QUICK, generator)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("start", 7000.0),
        ("sigma_step", 0.0),
        ("sigma_step", 10.0),
        ("continuum_degree", -1),
        ("max_velocity", -1.0),
        ("clip", 1.0),
        ("n_bootstrap", 0),
        ("level", 1.0),
    ],
)
def test_impossible_settings_are_refused(key, value):
    with pytest.raises(RecipeError, match=f"fit-blur: {key} is {value!r}, expected"):
        BlurFitConfig(**{key: value})


def test_the_real_pairs_agree_with_the_seven_pixels_that_the_paper_chose_by_eye(shared_data):
    """The nominal resolving powers, 13,000 and 1,800, would ask for 6.0 pixels."""
    paths = read_pairs(shared_data / "ondrejov" / "cross-matched.csv", [shared_data / "lamost"])
    pairs = [(next(iter(read(high))), next(iter(read(low)))) for high, low in paths]

    fit = fit_blur(pairs, BlurFitConfig(level=0.95), np.random.default_rng(2020))

    assert len(fit.pairs) == 18
    assert fit.interval[0] <= 7.0 <= fit.interval[1]
    assert fit.sigma == pytest.approx(6.9, abs=0.2)
    assert fit.expected_sigma(13_000, 1_800) == pytest.approx(6.03, abs=0.02)
    assert fit.interval[0] > fit.expected_sigma(13_000, 1_800)
