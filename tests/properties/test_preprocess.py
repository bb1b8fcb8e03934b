"""What holds of preprocessing whatever the spectrum."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spectrove.errors import WindowError
from spectrove.preprocess import (
    AirToVacuum,
    FillGaps,
    GaussianBlurPixels,
    GaussianBlurResolvingPower,
    MinMax,
    Recipe,
    ResampleFluxConserving,
    ResampleLinear,
    fill_gaps,
    gaussian_blur_pixels,
    gaussian_blur_resolving_power,
    min_max,
    resample_flux_conserving,
    resample_linear,
)
from spectrove.preprocess.resample import pixel_edges
from spectrove.preprocess.steps import Piece
from spectrove.spectrum import HeaderFacts, Spectrum

FLUXES = st.floats(-1e6, 1e6)
ANY_FLUXES = st.floats(allow_nan=True, allow_infinity=True)
SIGMAS = st.floats(0.2, 12.0)


def waves(least=3, most=60):
    """Rising wavelengths with pixels of different widths."""
    steps = arrays(np.float64, st.integers(least - 1, most - 1), elements=st.floats(0.05, 3.0))
    return steps.map(lambda widths: 6500.0 + np.concatenate([[0.0], np.cumsum(widths)]))


@st.composite
def spectra(draw, elements=FLUXES, least=3, most=60):
    wave = draw(waves(least, most))
    return wave, draw(arrays(np.float64, wave.size, elements=elements))


COVERS = st.tuples(st.floats(6519, 6600), st.floats(6610, 6732))
RESAMPLES = st.builds(
    lambda kind, n_wave, cover: kind(start=6519.0, stop=6732.0, n_wave=n_wave, cover=cover),
    st.sampled_from([ResampleLinear, ResampleFluxConserving]),
    st.integers(2, 300),
    st.none() | COVERS,
)
FIRST_STEPS = st.lists(
    st.one_of(
        st.just(AirToVacuum()),
        st.builds(FillGaps, st.integers(1, 9)),
        st.builds(GaussianBlurPixels, SIGMAS),
        st.builds(GaussianBlurResolvingPower, st.floats(5_000, 50_000), st.floats(1_000, 4_000)),
    ),
    max_size=3,
)
RECIPES = st.builds(
    lambda first, middle, last: Recipe("any", (*first, middle, *last)), FIRST_STEPS, RESAMPLES, st.sampled_from([(), (MinMax(),)])
)


@given(spectra(), arrays(np.float64, 20, elements=st.floats(6500, 6700)))
def test_linear_resampling_is_numpy_interp_wherever_there_are_pixels(spectrum, grid):
    wave, flux = spectrum
    inside = np.sort(grid[(grid >= wave[0]) & (grid <= wave[-1])])

    np.testing.assert_array_equal(resample_linear(wave, flux, inside), np.interp(inside, wave, flux))


@given(spectra(), waves())
def test_flux_conserving_resampling_keeps_the_integral(spectrum, grid):
    wave, flux = spectrum
    edges, bins = pixel_edges(wave), pixel_edges(grid)
    grid = edges[0] + (grid - bins[0]) * (edges[-1] - edges[0]) / (bins[-1] - bins[0])

    kept = resample_flux_conserving(wave, flux, grid) @ np.diff(pixel_edges(grid))

    np.testing.assert_allclose(kept, flux @ np.diff(edges), rtol=1e-9, atol=1e-9 * np.abs(flux).max() * np.ptp(edges))


@given(spectra())
def test_flux_conserving_resampling_onto_the_same_pixels_changes_nothing(spectrum):
    wave, flux = spectrum

    np.testing.assert_allclose(resample_flux_conserving(wave, flux, wave), flux, rtol=1e-9, atol=1e-9)


@given(spectra(), waves())
def test_resampling_invents_no_extremes(spectrum, grid):
    wave, flux = spectrum
    for resample in (resample_linear, resample_flux_conserving):
        values = resample(wave, flux, grid, extend=True)
        assert values.min() >= flux.min() - 1e-9 * np.abs(flux).max()
        assert values.max() <= flux.max() + 1e-9 * np.abs(flux).max()


@given(arrays(np.float64, 30, elements=st.floats(0, 1e6)), SIGMAS)
def test_blur_keeps_the_sum_and_never_narrows(flux, sigma):
    assume(flux.sum() > 1.0)
    reach = 60
    before = np.pad(flux, reach)
    place = np.arange(before.size)

    after = gaussian_blur_pixels(before, sigma)

    def spread(values):
        center = values @ place / values.sum()
        return values @ (place - center) ** 2 / values.sum()

    np.testing.assert_allclose(after.sum(), before.sum(), rtol=1e-12)
    assert spread(after) >= spread(before) * (1 - 1e-9)
    if sigma >= 1:
        np.testing.assert_allclose(spread(after) - spread(before), sigma**2, rtol=0.01, atol=1e-6 * spread(before))


@given(arrays(np.float64, 60, elements=FLUXES), SIGMAS, SIGMAS)
def test_a_wider_blur_of_noise_is_smoother(flux, sigma, more):
    rough = np.pad(flux, 60)
    narrow, wide = (np.square(np.diff(gaussian_blur_pixels(rough, width))).sum() for width in (sigma, sigma + more))

    assert wide <= narrow * (1 + 1e-6) + 1e-9


@given(spectra(most=30), st.floats(5_000, 40_000), st.floats(0.3, 1.0))
def test_blur_in_velocity_stays_within_the_fluxes_and_keeps_a_constant(spectrum, power, part):
    wave, flux = spectrum
    blurred = gaussian_blur_resolving_power(wave, flux, power, part * power)

    assert np.all(blurred >= flux.min() - 1e-9 * np.abs(flux).max())
    assert np.all(blurred <= flux.max() + 1e-9 * np.abs(flux).max())
    np.testing.assert_allclose(
        gaussian_blur_resolving_power(wave, np.full(wave.shape, 2.0), power, part * power), 2.0, rtol=1e-12
    )


@given(spectra(st.floats(-1e6, 1e6) | st.just(np.nan) | st.just(np.inf)), SIGMAS, st.integers(1, 5))
def test_blurs_keep_gaps_as_they_are_and_filling_only_makes_them_fewer(spectrum, sigma, longest):
    wave, flux = spectrum
    gaps = ~np.isfinite(flux)

    np.testing.assert_array_equal(np.isnan(gaussian_blur_pixels(flux, sigma)), gaps)
    np.testing.assert_array_equal(np.isnan(gaussian_blur_resolving_power(wave, flux, 13_000, 1_800)), gaps)
    filled = fill_gaps(wave, flux, longest)
    assert not np.any(np.isnan(filled) & ~gaps)
    np.testing.assert_array_equal(filled[~gaps], flux[~gaps])


@given(arrays(np.float64, st.integers(1, 50), elements=ANY_FLUXES))
def test_min_max_reaches_both_ends_exactly_or_refuses(flux):
    try:
        scaled = min_max(flux)
    except WindowError:
        finite = np.isfinite(flux)
        assert not finite.all() or np.ptp(flux / 2) <= 1e-13 * np.abs(flux / 2).max()
        return
    assert scaled.min() == -1.0
    assert scaled.max() == 1.0
    assert np.all(np.diff(scaled[np.argsort(flux)]) >= 0)


@given(arrays(np.float64, 30, elements=FLUXES), st.floats(0.01, 100), FLUXES)
def test_min_max_does_not_see_level_and_scale(flux, scale, level):
    assume(np.ptp(flux) > 1e-3 * (np.abs(flux).max() + abs(level) / scale))

    np.testing.assert_allclose(min_max(flux * scale + level), min_max(flux), atol=1e-9)


@given(RECIPES)
def test_recipes_survive_the_way_through_json_with_their_hash(recipe):
    back = Recipe.from_dict(json.loads(json.dumps(recipe.to_dict())))

    assert back == recipe
    assert back.hash == recipe.hash


@given(RECIPES, RECIPES, st.text(min_size=1).filter(str.strip))
def test_the_hash_is_that_of_the_steps_and_not_of_the_name(one, other, name):
    assert dataclasses.replace(one, name=name).hash == one.hash
    assert (one.hash == other.hash) == (one.steps == other.steps)


@given(
    RECIPES,
    arrays(np.float64, 260, elements=st.floats(-100, 100)),
    st.lists(st.integers(0, 259), max_size=2),
    st.sampled_from(["vacuum", "undeclared"]),
)
def test_a_recipe_gives_its_features_or_says_of_which_spectrum_why_not(recipe, flux, holes, medium):
    flux[holes] = np.nan
    spectrum = Spectrum(6500.0 + np.arange(260.0), flux, None, None, HeaderFacts("ascii", "any"), medium)
    features, reason = None, ""
    try:
        features = recipe.apply(spectrum)
    except WindowError as refusal:
        reason = str(refusal)
    if features is None:
        assert reason.startswith("ascii:any: window 6519 to 6732 Å: ")
    else:
        assert features.shape == recipe.grid.shape
        assert features.dtype == np.float32
        assert np.all(np.isfinite(features))


@given(
    FIRST_STEPS,
    RESAMPLES,
    arrays(np.float64, 400, elements=st.floats(-100, 100)),
    st.integers(90, 150),
    st.integers(0, 9),
    st.sampled_from(["vacuum", "undeclared"]),
)
def test_cutting_a_spectrum_to_what_its_features_depend_on_changes_nothing(first, resample, flux, gap, n_missing, medium):
    flux[gap : gap + n_missing] = np.nan
    spectrum = Spectrum(6400.0 + np.arange(400.0), flux, None, None, HeaderFacts("ascii", "any"), medium)
    outcomes = []
    for apply in (Recipe("any", (*first, resample)).apply, lambda whole: apply_all((*first, resample), whole)):
        try:
            outcomes.append(apply(spectrum))
        except WindowError:
            outcomes.append(np.empty(0))
    np.testing.assert_allclose(*outcomes, rtol=1e-6, atol=1e-5)


def apply_all(steps, spectrum):
    piece = Piece(spectrum.wave, spectrum.flux, spectrum.medium)
    for step in steps:
        piece = step.apply(piece)
    return piece.flux
