"""Recipes: what they make, what they refuse, and what they are as data."""

from __future__ import annotations

import dataclasses
import json
import pickle

import numpy as np
import pytest
from astropy.convolution import Gaussian1DKernel, convolve

from spectrove.errors import RecipeError, SpectrumError, WindowError
from spectrove.preprocess import (
    RECIPES,
    AirToVacuum,
    FillGaps,
    GaussianBlurPixels,
    GaussianBlurResolvingPower,
    MinMax,
    Recipe,
    ResampleFluxConserving,
    ResampleLinear,
    air_to_vacuum,
    recipe,
    vacuum_to_air,
)
from spectrove.preprocess.steps import Piece
from spectrove.spectrum import HeaderFacts, Spectrum

GRID = np.linspace(6519, 6732, 140)
LAMOST_WAVE = 10 ** (3.8 + 1e-4 * np.arange(500))
ONDREJOV_WAVE = np.arange(6283.8, 6734.6, 0.2567)
LINEAR = ResampleLinear(start=6519.0, stop=6732.0, n_wave=140)


def make(wave, flux, medium="vacuum"):
    return Spectrum(wave, flux, None, None, HeaderFacts("ascii", "star"), medium)


@pytest.fixture
def lamost(generator):
    return make(LAMOST_WAVE, generator.normal(1000.0, 50.0, LAMOST_WAVE.size))


@pytest.fixture
def ondrejov(generator):
    return make(ONDREJOV_WAVE, generator.normal(1.0, 0.05, ONDREJOV_WAVE.size))


def paper(wave, flux):
    flux = np.interp(GRID, wave, flux)
    return 2 * (flux - flux.min()) / (flux.max() - flux.min()) - 1


def test_halpha_2020_is_the_paper_s(lamost):
    features = recipe("halpha-2020").apply(lamost)

    np.testing.assert_allclose(features, paper(lamost.wave, lamost.flux), rtol=0, atol=1e-6)
    assert features.dtype == np.float32
    assert features.shape == (140,)
    assert (features.min(), features.max()) == (-1.0, 1.0)


def test_halpha_2020_ondrejov_blurs_first(ondrejov):
    blurred = convolve(ondrejov.flux, Gaussian1DKernel(7), boundary="extend")

    features = recipe("halpha-2020-ondrejov").apply(ondrejov)

    np.testing.assert_allclose(features, paper(ondrejov.wave, blurred), rtol=0, atol=1e-6)


def test_wavelengths_of_an_undeclared_medium_are_taken_as_air_by_the_ondrejov_recipe_only(ondrejov):
    in_air = make(vacuum_to_air(ondrejov.wave), ondrejov.flux, "undeclared")

    for name, same in (("halpha-2020-ondrejov", True), ("halpha-2020", False)):
        difference = np.abs(recipe(name).apply(in_air) - recipe(name).apply(ondrejov)).max()
        assert bool(difference < 1e-4) == same


def test_wavelengths_known_to_be_in_vacuum_are_never_shifted(ondrejov):
    with_step, without = (
        Recipe("x", (*first, GaussianBlurPixels(7.0), LINEAR, MinMax())).apply(ondrejov) for first in ((AirToVacuum(),), ())
    )

    np.testing.assert_array_equal(with_step, without)


@pytest.mark.parametrize("medium", ["vacuum", "undeclared"])
@pytest.mark.parametrize("resample", [LINEAR, ResampleFluxConserving(start=6519.0, stop=6700.0, n_wave=100)])
@pytest.mark.parametrize(
    "first",
    [
        (),
        (FillGaps(12),),
        (GaussianBlurPixels(7.0),),
        (GaussianBlurResolvingPower(13_000, 1_800),),
        (AirToVacuum(), FillGaps(12), GaussianBlurPixels(3.0), GaussianBlurResolvingPower(13_000, 4_000)),
    ],
    ids=lambda steps: " ".join(step.step for step in steps) or "none",
)
def test_only_touching_what_the_window_depends_on_changes_nothing(first, resample, medium, generator):
    steps = (*first, resample, MinMax())
    flux = generator.normal(1.0, 0.05, ONDREJOV_WAVE.size)
    if FillGaps(12) in steps:
        in_air = medium == "undeclared" and AirToVacuum() in steps
        edge = np.searchsorted(ONDREJOV_WAVE, 6519.0 - 1.8 * in_air)
        flux[edge - 10 : edge + 2] = np.nan
    piece = Piece(ONDREJOV_WAVE, flux, medium)
    for step in steps:
        piece = step.apply(piece)

    features = Recipe("x", steps).apply(make(ONDREJOV_WAVE, flux, medium))

    np.testing.assert_allclose(features, piece.flux, rtol=0, atol=1e-6)


def test_pixels_far_from_the_window_do_not_matter(lamost):
    flux = lamost.flux.copy()
    flux[(lamost.wave < 6500) | (lamost.wave > 6750)] = np.nan

    np.testing.assert_array_equal(recipe("halpha-2020").apply(make(lamost.wave, flux)), recipe("halpha-2020").apply(lamost))


def test_the_spectrum_itself_is_left_alone(lamost):
    before = lamost.wave.copy(), lamost.flux.copy()

    recipe("halpha-2020-ondrejov").apply(lamost)

    np.testing.assert_array_equal(lamost.wave, before[0])
    np.testing.assert_array_equal(lamost.flux, before[1])


def test_single_precision_and_integer_fluxes_are_welcome(lamost):
    whole = make(lamost.wave.astype(np.float32).astype(np.float64), lamost.flux.astype(np.int32))

    assert recipe("halpha-2020").apply(whole).max() == 1.0


@pytest.mark.parametrize(
    ("keep", "reason"),
    [
        (LAMOST_WAVE < 6700, r"the spectrum spans 6308.85 to 6699.62 Å only, and must cover 6519 to 6732 Å"),
        (LAMOST_WAVE > 6530, r"the spectrum spans 65\d\d.\d\d to \d{4}.\d\d Å only"),
        (LAMOST_WAVE < 6400, "the spectrum spans"),
        (LAMOST_WAVE > 6900, "the spectrum spans"),
    ],
    ids=["ends early", "begins late", "bluer", "redder"],
)
def test_a_spectrum_that_does_not_cover_the_window_is_refused(keep, reason):
    spectrum = make(LAMOST_WAVE[keep], np.sin(LAMOST_WAVE[keep]))

    with pytest.raises(WindowError, match=f"^ascii:star: window 6519 to 6732 Å: {reason}"):
        recipe("halpha-2020").apply(spectrum)


def test_what_is_spanned_is_told_in_vacuum():
    wave = np.arange(6463.0, 6663.0, 0.2567)

    with pytest.raises(WindowError, match=f"to {air_to_vacuum(np.array(wave[-1] + 0.12835)):.2f} Å only"):
        recipe("halpha-2020-ondrejov").apply(make(wave, np.sin(wave), "undeclared"))


def test_the_outermost_pixels_count_to_their_edges():
    wave = GRID + 1e-3 * np.sin(np.arange(140))
    half_too_far = np.linspace(6519 + 0.51 * 213 / 139, 6732, 140)

    assert recipe("halpha-2020").apply(make(wave, np.sin(wave))).shape == (140,)
    assert recipe("halpha-2020").apply(make(np.round(GRID, 2), np.sin(GRID))).shape == (140,)
    with pytest.raises(WindowError, match="must cover"):
        recipe("halpha-2020").apply(make(half_too_far, np.sin(half_too_far)))


def test_the_extended_recipe_continues_the_last_value_of_a_short_spectrum(ondrejov):
    short = make(ondrejov.wave[ondrejov.wave < 6664], ondrejov.flux[ondrejov.wave < 6664])

    features = recipe("halpha-2020-ondrejov-extended").apply(short)

    assert np.unique(features[GRID > 6664]).size == 1
    assert np.unique(features[GRID < 6660]).size > 50
    with pytest.raises(WindowError, match="must cover 6519 to 6660 Å"):
        recipe("halpha-2020-ondrejov-extended").apply(make(short.wave[short.wave < 6650], short.flux[short.wave < 6650]))


def test_on_a_long_spectrum_the_extended_recipe_is_the_usual_one(ondrejov):
    extended, usual = (recipe(f"halpha-2020-ondrejov{end}").apply(ondrejov) for end in ("-extended", ""))

    np.testing.assert_array_equal(extended, usual)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["halpha-2020", "halpha-2020-ondrejov"])
def test_pixels_that_are_not_finite_in_the_window_are_refused(name, bad, lamost):
    flux = lamost.flux.copy()
    flux[[200, 201, 220]] = bad

    with pytest.raises(WindowError, match=r"window 6519 to 6732 Å: 3 of 14\d pixels are not finite \(NaN or infinite\)"):
        recipe(name).apply(make(lamost.wave, flux))


def test_a_step_may_fill_short_gaps_and_long_ones_are_still_refused(lamost):
    filling = Recipe("x", (FillGaps(2), LINEAR, MinMax()))
    flux = lamost.flux.copy()
    flux[[200, 201, 220]] = np.nan
    assert filling.apply(make(lamost.wave, flux)).shape == (140,)

    flux[202] = np.nan
    with pytest.raises(WindowError, match="3 of 14"):
        filling.apply(make(lamost.wave, flux))


@pytest.mark.parametrize(("level", "reason"), [(0.0, "zero everywhere"), (7.5, r"constant \(7.5\)"), (0.1, "constant")])
@pytest.mark.parametrize("name", sorted(RECIPES))
def test_a_constant_window_is_refused(name, level, reason):
    flux = np.where((LAMOST_WAVE > 6400) & (LAMOST_WAVE < 6850), level, 99.0)

    with pytest.raises(WindowError, match=f"ascii:star: window 6519 to 6732 Å: the flux is {reason}"):
        recipe(name).apply(make(LAMOST_WAVE, flux))


def test_without_scaling_fluxes_stay_what_they_are(lamost):
    np.testing.assert_allclose(Recipe("x", (LINEAR,)).apply(lamost), np.interp(GRID, lamost.wave, lamost.flux), rtol=1e-6)
    with pytest.raises(WindowError, match="do not fit single precision"):
        Recipe("x", (LINEAR,)).apply(make(lamost.wave, lamost.flux * 1e40))


def test_the_grid_is_the_paper_s_and_cannot_be_changed():
    np.testing.assert_array_equal(recipe("halpha-2020").grid, GRID)
    assert recipe("halpha-2020").n_wave == 140
    with pytest.raises(ValueError, match="read-only"):
        recipe("halpha-2020").grid[0] = 0.0


def test_the_hashes_that_pools_are_named_by_do_not_change():
    """A change here orphans every pool made so far: give the step a new name instead."""
    assert {name: made.hash for name, made in RECIPES.items()} == {
        "halpha-2020": "37ff901fb1980aab",
        "halpha-2020-ondrejov": "91fcca0df6626e6d",
        "halpha-2020-ondrejov-extended": "27279180ffe19a56",
    }


@pytest.mark.parametrize("made", RECIPES.values(), ids=RECIPES)
def test_a_recipe_survives_json_and_the_way_to_another_process(made):
    assert Recipe.from_dict(json.loads(json.dumps(made.to_dict()))) == made
    assert pickle.loads(pickle.dumps(made)) == made


def test_whole_numbers_and_their_floats_are_the_same_recipe():
    whole = ResampleLinear(start=6519, stop=6732, n_wave=140, cover=[6519, 6600])
    floats = ResampleLinear(start=6519.0, stop=6732.0, n_wave=np.int64(140), cover=(6519.0, 6600.0))

    assert Recipe("a", [GaussianBlurPixels(7), whole]).hash == Recipe("b", (GaussianBlurPixels(7.0), floats)).hash


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"step": "gaussian-blur-pixel", "sigma": 7.0},
            "unknown step 'gaussian-blur-pixel'; did you mean 'gaussian-blur-pixels'?",
        ),
        ({"step": "zzz"}, "unknown step 'zzz'; there are 'air-to-vacuum', "),
        ({"step": "gaussian-blur-pixels", "sigmas": 7.0}, "unknown key 'sigmas'; did you mean 'sigma'?"),
        ({"step": "gaussian-blur-pixels"}, "'gaussian-blur-pixels': missing 'sigma'"),
        ({"step": "gaussian-blur-pixels", "sigma": "7"}, "sigma is '7', expected pixels"),
        ({"step": "gaussian-blur-pixels", "sigma": True}, "sigma is True"),
        ({"step": "gaussian-blur-pixels", "sigma": 0}, "sigma is 0.0, expected pixels, more than 0"),
        ({"step": "fill-gaps", "longest": 2.5}, "longest is 2.5, expected a whole number of at least 1"),
        ({"step": "fill-gaps", "longest": 0}, "longest is 0"),
        (
            {"step": "gaussian-blur-resolving-power", "from_resolving_power": 1800, "to_resolving_power": 13000},
            "A blur cannot sharpen",
        ),
        ({"sigma": 7.0}, "a step is a table with its name under 'step'"),
        ("min-max", "a step is a table with its name under 'step'"),
    ],
)
def test_a_step_that_is_unknown_or_impossible_is_refused_with_the_nearest(change, message):
    data = recipe("halpha-2020").to_dict()
    data["steps"].insert(0, change)

    with pytest.raises(RecipeError) as refusal:
        Recipe.from_dict(data)
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"start": 6732.0, "stop": 6519.0}, "the window is 6732.0 to 6519.0, expected 0 < start < stop, in Å"),
        ({"start": float("nan")}, "start is nan"),
        ({"n_wave": 1}, "n_wave is 1, expected a whole number of at least 2"),
        ({"cover": (6500.0, 6600.0)}, "cover is (6500.0, 6600.0), expected two wavelengths in Å within the window"),
        ({"cover": 6600.0}, "cover is 6600.0"),
        ({"cover": (6600.0, "x")}, "cover is 'x'"),
    ],
)
def test_an_impossible_grid_is_refused(settings, message):
    with pytest.raises(RecipeError) as refusal:
        dataclasses.replace(LINEAR, **settings)
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "steps", "message"),
    [
        ("x", (), "0 steps resample, expected exactly one"),
        ("x", (LINEAR, LINEAR), "2 steps resample"),
        ("x", (MinMax(), LINEAR), "step 1, 'min-max', stands before the resampling. Move it after."),
        ("x", (LINEAR, GaussianBlurPixels(7.0)), "step 2, 'gaussian-blur-pixels', stands after the resampling. Move it before."),
        ("x", ("min-max", LINEAR), "'min-max' is no step"),
        (" ", (LINEAR,), "the name must be a word, got ' '"),
    ],
)
def test_steps_that_make_no_features_are_refused(name, steps, message):
    with pytest.raises(RecipeError) as refusal:
        Recipe(name, steps)
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"name": "x", "step": []}, "unknown key 'step'; did you mean 'steps'?"),
        ({"name": "x"}, "expected a 'name' and a list of 'steps'"),
        ({"name": "x", "steps": "min-max"}, "expected a 'name' and a list of 'steps'"),
        (["halpha-2020"], "expected a table with 'name' and 'steps'"),
    ],
)
def test_data_that_are_no_recipe_are_refused(data, message):
    with pytest.raises(RecipeError) as refusal:
        Recipe.from_dict(data)
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "hint"), [("halpha-2021", "did you mean 'halpha-2020'?"), ("xyz", "there are 'halpha-2020', 'halpha-2020-ondrejov'")]
)
def test_an_unknown_recipe_is_refused_with_the_nearest(name, hint):
    with pytest.raises(RecipeError) as refusal:
        recipe(name)
    assert f"no recipe is named {name!r}; {hint}" in str(refusal.value)


MANY = {
    **RECIPES,
    "in pixels alone": Recipe("in pixels alone", (LINEAR,)),
    "row by row": Recipe("row by row", (FillGaps(3), ResampleFluxConserving(start=6519.0, stop=6700.0, n_wave=100), MinMax())),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
@pytest.mark.parametrize("medium", ["vacuum", "undeclared"])
@pytest.mark.parametrize("made", MANY.values(), ids=MANY)
def test_many_spectra_get_digit_by_digit_the_features_that_each_gets_alone(made, medium, dtype, generator):
    scales = 10.0 ** generator.uniform(-2, 4, (8, 1))
    flux = (scales * generator.normal(1000.0, 50.0, (8, LAMOST_WAVE.size))).astype(dtype)

    features, fine = made.apply_many(LAMOST_WAVE, flux, medium)

    alone = [made.apply(make(LAMOST_WAVE, row, medium)) for row in flux]
    assert fine.all()
    assert features.dtype == np.float32
    np.testing.assert_array_equal(features, np.stack(alone))


@pytest.mark.parametrize("made", MANY.values(), ids=MANY)
def test_of_many_spectra_those_that_cannot_be_used_are_told_and_spoil_no_other(made, generator):
    flux = generator.normal(1000.0, 50.0, (9, LAMOST_WAVE.size))
    flux[1] = 0.0
    flux[3, 180:330] = np.nan
    flux[4, [2, 480]] = np.nan
    flux[5, 200] = np.inf
    flux[7] = 12.5

    features, fine = made.apply_many(LAMOST_WAVE, flux)

    for row, is_fine, values in zip(flux, fine, features, strict=True):
        if is_fine:
            np.testing.assert_array_equal(values, made.apply(make(LAMOST_WAVE, row)))
        else:
            assert np.isnan(values).all()
            with pytest.raises(WindowError):
                made.apply(make(LAMOST_WAVE, row))
    assert not fine[3]
    assert fine[[0, 2, 4, 6, 8]].all()


def test_many_spectra_that_do_not_cover_the_window_are_all_without_features():
    features, fine = recipe("halpha-2020").apply_many(LAMOST_WAVE[:200], np.ones((3, 200)))

    assert features.shape == (3, 140)
    assert np.isnan(features).all()
    assert not fine.any()


def test_many_may_be_none():
    features, fine = recipe("halpha-2020-ondrejov").apply_many(LAMOST_WAVE, np.empty((0, LAMOST_WAVE.size)))

    assert (features.shape, fine.shape) == ((0, 140), (0,))


def test_many_spectra_of_impossible_shapes_or_wavelengths_are_refused():
    with pytest.raises(
        ValueError, match=r"wave must be \(n_pixels,\) and flux \(n_spectra, n_pixels\), got \(500,\) and \(500,\)"
    ):
        recipe("halpha-2020").apply_many(LAMOST_WAVE, np.ones(500))
    with pytest.raises(SpectrumError, match="strictly increasing"):
        recipe("halpha-2020").apply_many(LAMOST_WAVE[::-1], np.ones((2, 500)))
