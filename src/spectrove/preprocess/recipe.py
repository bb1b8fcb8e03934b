"""
Recipes: ordered steps as data, from a spectrum to the features that the network sees.

A recipe's hash is that of its steps alone and names the pool made with it; its name is only a name. The steps before the
resampling work on the spectrum's own pixels, of which only the window and what the steps reach to are touched.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from spectrove.contracts import BoolArray, FloatArray
from spectrove.errors import RecipeError, WindowError
from spectrove.preprocess.steps import (
    AirToVacuum,
    GaussianBlurPixels,
    MinMax,
    Piece,
    Resample,
    ResampleLinear,
    Step,
    Stretch,
    nearest,
    step_from_dict,
)
from spectrove.spectrum import HeaderFacts, Spectrum


@dataclass(frozen=True)
class Recipe:
    """
    Ordered steps, one of which resamples.

    Attributes
    ----------
    name : str
        What people call it.
    steps : tuple of Step
        Steps on the spectrum's own pixels, then one resampling, then scaling.

    Raises
    ------
    RecipeError
        If the name is empty, there is not exactly one resampling, or a step stands on the wrong side of it.
    """

    name: str
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        """Refuse steps that make no features."""
        if not isinstance(self.name, str) or not self.name.strip():
            msg = f"recipe: the name must be a word, got {self.name!r}"
            raise RecipeError(msg)
        object.__setattr__(self, "steps", tuple(self.steps))
        if strange := [step for step in self.steps if not isinstance(step, Step)]:
            msg = f"recipe {self.name!r}: {strange[0]!r} is no step. Make steps of data with Recipe.from_dict."
            raise RecipeError(msg)
        places = [place for place, step in enumerate(self.steps) if isinstance(step, Resample)]
        if len(places) != 1:
            msg = f"recipe {self.name!r}: {len(places)} steps resample, expected exactly one"
            raise RecipeError(msg)
        for place, step in enumerate(self.steps):
            if place != places[0] and isinstance(step, MinMax) != (place > places[0]):
                side, wanted = ("before", "after") if isinstance(step, MinMax) else ("after", "before")
                msg = f"recipe {self.name!r}: step {place + 1}, {step.step!r}, stands {side} the resampling. Move it {wanted}."
                raise RecipeError(msg)

    @cached_property
    def _resample(self) -> Resample:
        return next(step for step in self.steps if isinstance(step, Resample))

    @property
    def grid(self) -> FloatArray:
        """
        Return the wavelengths of the features.

        Returns
        -------
        array of shape (n_wave,)
            Vacuum wavelengths, Å; read-only.
        """
        return self._resample.grid

    @property
    def n_wave(self) -> int:
        """
        Return the number of features.

        Returns
        -------
        int
            Number of wavelengths.
        """
        return self._resample.n_wave

    @property
    def is_bounded(self) -> bool:
        """
        Return whether all features lie between -1 and 1.

        Returns
        -------
        bool
            True if the last step is min-max.
        """
        return isinstance(self.steps[-1], MinMax)

    @cached_property
    def hash(self) -> str:
        """
        Return the hash of the steps, whatever the recipe is called.

        Returns
        -------
        str
            First 16 hexadecimal digits of the SHA-256 of the steps' canonical JSON.
        """
        steps = [step.to_dict() for step in self.steps]
        canonical = json.dumps(steps, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    def to_dict(self) -> dict[str, Any]:
        """
        Return the recipe as data that JSON and TOML can hold.

        Returns
        -------
        dict
            ``name``, and ``steps``: a list with each step's data.
        """
        return {"name": self.name, "steps": [step.to_dict() for step in self.steps]}

    @classmethod
    def from_dict(cls, data: Any) -> Recipe:
        """
        Return the recipe that data describe.

        Parameters
        ----------
        data : mapping
            As `to_dict` gives.

        Returns
        -------
        Recipe
            The recipe.

        Raises
        ------
        RecipeError
            If a key or a step is unknown (with the nearest known name), missing, or impossible.
        """
        if not isinstance(data, Mapping):
            msg = f"recipe: expected a table with 'name' and 'steps', got {data!r}"
            raise RecipeError(msg)
        known = ["name", "steps"]
        for key in data:
            if key not in known:
                msg = f"recipe: unknown key {key!r}; {nearest(str(key), known)}"
                raise RecipeError(msg)
        steps = data.get("steps")
        if "name" not in data or not isinstance(steps, Sequence) or isinstance(steps, str):
            msg = f"recipe: expected a 'name' and a list of 'steps', got {dict(data)!r}"
            raise RecipeError(msg)
        return cls(name=data["name"], steps=tuple(step_from_dict(step) for step in steps))

    def apply(self, spectrum: Spectrum) -> FloatArray:
        """
        Return the features of a spectrum.

        Parameters
        ----------
        spectrum : Spectrum
            The spectrum; pixels with ivar 0 or a mask count like any other.

        Returns
        -------
        array of float32, shape (n_wave,)
            Features; with min-max from exactly -1 to exactly 1.

        Raises
        ------
        WindowError
            If the spectrum does not cover the window, has pixels in it that are not finite, or is constant there.
        """
        try:
            self._resample.demand(self._ends(spectrum.wave, spectrum.medium))
            kept = self.window(spectrum.wave, spectrum.medium)
            return self._features(_piece(spectrum.wave[kept], spectrum.flux[kept], spectrum.medium))
        except WindowError as error:
            window = f"window {self._resample.start:g} to {self._resample.stop:g} Å"
            msg = f"{spectrum.spectrum_id}: {window}: {error}"
            raise WindowError(msg) from None

    def apply_many(self, wave: FloatArray, flux: FloatArray, medium: str = "vacuum") -> tuple[FloatArray, BoolArray]:
        """
        Return the features of many spectra of one wavelength grid, digit by digit those that `apply` gives for each.

        Parameters
        ----------
        wave : array of shape (n_pixels,)
            Wavelengths of all spectra, Å, strictly increasing.
        flux : array of shape (n_spectra, n_pixels)
            Flux densities, any unit; NaN where there is no measurement.
        medium : str
            ``vacuum`` or ``undeclared``, as of `Spectrum`.

        Returns
        -------
        features : array of float32, shape (n_spectra, n_wave)
            Features; NaN where there are none.
        fine : array of bool, shape (n_spectra,)
            Whether the spectrum has features: False for those that `apply` refuses.

        Raises
        ------
        ValueError
            If the shapes do not match.
        SpectrumError
            If the wavelengths or the medium are impossible.
        """
        flux = np.asarray(flux)
        if flux.ndim != 2 or flux.shape[1:] != wave.shape:
            shapes = f"got {wave.shape} and {flux.shape}"
            msg = f"recipe {self.name!r}: wave must be (n_pixels,) and flux (n_spectra, n_pixels), {shapes}"
            raise ValueError(msg)
        return self.apply_window(wave, flux[:, self.window(wave, medium)], medium)

    def window(self, wave: FloatArray, medium: str = "vacuum") -> slice:
        """
        Return the pixels that the features depend on.

        Parameters
        ----------
        wave : array of shape (n_pixels,)
            Wavelengths of a spectrum, Å, strictly increasing.
        medium : str
            ``vacuum`` or ``undeclared``, as of `Spectrum`.

        Returns
        -------
        slice
            The pixels; whatever the flux is in the others, the features are the same.
        """
        stretch = Stretch(self._resample.start, self._resample.stop)
        for step in reversed(self.steps):
            stretch = step.reach(stretch, medium)
        first, last = np.searchsorted(wave, [stretch.start, stretch.stop])
        return slice(max(int(first) - stretch.pixels, 0), int(last) + stretch.pixels)

    def apply_window(self, wave: FloatArray, flux: FloatArray, medium: str = "vacuum") -> tuple[FloatArray, BoolArray]:
        """
        Return the features of many spectra of one wavelength grid, of which only the `window` is at hand.

        Parameters
        ----------
        wave : array of shape (n_pixels,)
            Wavelengths of all pixels of all spectra, Å, strictly increasing.
        flux : array of shape (n_spectra, n_kept)
            Flux densities of the pixels of the window, any unit; NaN where there is no measurement.
        medium : str
            ``vacuum`` or ``undeclared``, as of `Spectrum`.

        Returns
        -------
        features : array of float32, shape (n_spectra, n_wave)
            Features as of `apply_many`.
        fine : array of bool, shape (n_spectra,)
            Whether the spectrum has features.

        Raises
        ------
        SpectrumError
            If the wavelengths or the medium are impossible.
        """
        Spectrum(wave, np.zeros(wave.shape), None, None, HeaderFacts("row", "of many"), medium)  # refuses impossible wavelengths
        features = np.full((len(flux), self.n_wave), np.nan, dtype=np.float32)
        piece = _piece(wave[self.window(wave, medium)], flux, medium)
        whole: BoolArray = np.all(np.isfinite(piece.flux), axis=1)
        together = whole if all(step.takes_rows for step in self.steps) else np.zeros_like(whole)
        with suppress(WindowError):
            self._resample.demand(self._ends(wave, medium))
            if together.any():
                features[together] = _single(self._made(replace(piece, flux=piece.flux[together])))
            for row in np.flatnonzero(~together):
                with suppress(WindowError):
                    features[row] = self._features(replace(piece, flux=piece.flux[row]))
        fine: BoolArray = np.all(np.isfinite(features), axis=1)
        features[~fine] = np.nan
        return features, fine

    def _features(self, piece: Piece) -> FloatArray:
        flux = self._made(piece)
        return _finite(_single(flux), flux)

    def _made(self, piece: Piece) -> FloatArray:
        for step in self.steps:
            piece = step.apply(piece)
        return piece.flux

    def _ends(self, wave: FloatArray, medium: str) -> FloatArray:
        """Return the outer edges of the first and the last pixel, Å, after the steps that convert wavelengths."""
        ends = np.array([1.5 * wave[0] - 0.5 * wave[1], 1.5 * wave[-1] - 0.5 * wave[-2]])
        piece = Piece(ends, np.zeros(2), medium)
        for step in self.steps:
            piece = step.apply(piece) if isinstance(step, AirToVacuum) else piece
        return piece.wave


def _piece(wave: FloatArray, flux: FloatArray, medium: str) -> Piece:
    values = flux.astype(np.float64)
    return Piece(wave, np.where(np.isfinite(values), values, np.nan), medium)


def _single(flux: FloatArray) -> FloatArray:
    with np.errstate(over="ignore"):
        features: FloatArray = flux.astype(np.float32)
    return features


def _finite(features: FloatArray, flux: FloatArray) -> FloatArray:
    if not np.all(np.isfinite(features)):
        msg = f"values up to {float(np.max(np.abs(flux)))!r} do not fit single precision. Scale the flux, as min-max does."
        raise WindowError(msg)
    return features


HALPHA_2020 = ResampleLinear(start=6519.0, stop=6732.0, n_wave=140)
"""Grid and interpolation of Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sect. 3.2."""

ONDREJOV_BLUR = GaussianBlurPixels(sigma=7.0)
"""Blur from Ondřejov CCD700 to LAMOST, same section."""

RECIPES: dict[str, Recipe] = {
    made.name: made
    for made in (
        Recipe("halpha-2020", (HALPHA_2020, MinMax())),
        Recipe("halpha-2020-ondrejov", (AirToVacuum(), ONDREJOV_BLUR, HALPHA_2020, MinMax())),
        Recipe(
            "halpha-2020-ondrejov-extended",
            (
                AirToVacuum(),
                ONDREJOV_BLUR,
                replace(HALPHA_2020, cover=(6519.0, 6660.0)),
                MinMax(),
            ),
        ),
    )
}
"""
Recipes by name.

``halpha-2020`` : the paper's, for LAMOST and whatever has its resolution.
``halpha-2020-ondrejov`` : the paper's, for spectra of Ondřejov's CCD700 spectrograph (R = 13,000).
``halpha-2020-ondrejov-extended`` : the same, also for spectra that end between 6660 and 6732 Å: the last value continues, as
`numpy.interp` does unasked.
"""


def recipe(name: str) -> Recipe:
    """
    Return a recipe by name.

    Parameters
    ----------
    name : str
        One of `RECIPES`.

    Returns
    -------
    Recipe
        The recipe.

    Raises
    ------
    RecipeError
        If there is none of that name, with the nearest that there is.
    """
    if name not in RECIPES:
        msg = f"no recipe is named {name!r}; {nearest(name, RECIPES)}"
        raise RecipeError(msg)
    return RECIPES[name]
