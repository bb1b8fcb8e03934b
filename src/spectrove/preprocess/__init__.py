"""From a spectrum to the features that the network sees: pure functions on arrays, and recipes of ordered steps."""

from spectrove.preprocess.fit_blur import BlurFit, RefusedPair, fit_blur
from spectrove.preprocess.fit_pair import BlurFitConfig, PairFit, fit_pair
from spectrove.preprocess.gaps import fill_gaps
from spectrove.preprocess.pairs import read_pairs
from spectrove.preprocess.recipe import RECIPES, Recipe, recipe
from spectrove.preprocess.resample import resample_flux_conserving, resample_linear
from spectrove.preprocess.resolution import gaussian_blur_pixels, gaussian_blur_resolving_power, velocity_sigma
from spectrove.preprocess.scale import min_max
from spectrove.preprocess.steps import (
    AirToVacuum,
    FillGaps,
    GaussianBlurPixels,
    GaussianBlurResolvingPower,
    MinMax,
    ResampleFluxConserving,
    ResampleLinear,
    Step,
)
from spectrove.preprocess.wavelength import air_to_vacuum, log_to_linear, vacuum_to_air

__all__ = [
    "RECIPES",
    "AirToVacuum",
    "BlurFit",
    "BlurFitConfig",
    "FillGaps",
    "GaussianBlurPixels",
    "GaussianBlurResolvingPower",
    "MinMax",
    "PairFit",
    "Recipe",
    "RefusedPair",
    "ResampleFluxConserving",
    "ResampleLinear",
    "Step",
    "air_to_vacuum",
    "fill_gaps",
    "fit_blur",
    "fit_pair",
    "gaussian_blur_pixels",
    "gaussian_blur_resolving_power",
    "log_to_linear",
    "min_max",
    "read_pairs",
    "recipe",
    "resample_flux_conserving",
    "resample_linear",
    "vacuum_to_air",
    "velocity_sigma",
]
