"""
The steps that a recipe is made of, as data.

A step is a frozen dataclass, knows its name, carries itself out on a `Piece` of a spectrum, and tells which `Stretch` of its
input a stretch of its output depends on, so that a recipe may cut a spectrum first and get the same result. As data a step is
``{"step": "gaussian-blur-pixels", "sigma": 7.0}``; keys at None are left out, so that a later option renames no older recipe. A
step whose results change gets a new name.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from spectrove.contracts import FloatArray
from spectrove.errors import RecipeError, WindowError
from spectrove.preprocess.gaps import fill_gaps
from spectrove.preprocess.resample import pixel_edges, resample_flux_conserving, resample_linear
from spectrove.preprocess.resolution import (
    CUT,
    SPEED_OF_LIGHT,
    blur_radius,
    gaussian_blur_pixels,
    gaussian_blur_resolving_power,
    velocity_sigma,
)
from spectrove.preprocess.scale import min_max, min_max_rows
from spectrove.wavelength import air_to_vacuum, vacuum_to_air


@dataclass(frozen=True, eq=False)
class Piece:
    """
    A piece of a spectrum between two steps.

    Attributes
    ----------
    wave : array of shape (n_pixels,)
        Wavelengths, Å, strictly increasing.
    flux : array of shape (n_pixels,) or (n_spectra, n_pixels)
        Flux density, or what the steps made of it; of many spectra at once for steps with ``takes_rows``.
    medium : str
        ``vacuum`` or ``undeclared``.
    """

    wave: FloatArray
    flux: FloatArray
    medium: str


@dataclass(frozen=True)
class Stretch:
    """
    A stretch of wavelengths that a result depends on.

    Attributes
    ----------
    start, stop : float
        Wavelengths, Å.
    pixels : int
        Pixels beyond, on either side.
    """

    start: float
    stop: float
    pixels: int = 0


def _refuse(step: str, problem: str, expected: str) -> RecipeError:
    return RecipeError(f"recipe step {step!r}: {problem}, expected {expected}")


def _number(step: str, key: str, value: object, expected: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)) or not math.isfinite(value):
        raise _refuse(step, f"{key} is {value!r}", expected)
    return float(value)


def _count(step: str, key: str, value: object, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise _refuse(step, f"{key} is {value!r}", f"a whole number of at least {least}")
    return int(value)


@dataclass(frozen=True)
class Step:
    """What every step has; not a step itself."""

    step: ClassVar[str]
    takes_rows: ClassVar[bool] = False
    """Whether it is carried out on finite fluxes of many spectra at once as on each of them alone, digit by digit."""

    def apply(self, piece: Piece) -> Piece:
        """
        Return the piece after this step.

        Parameters
        ----------
        piece : Piece
            The piece before it.

        Returns
        -------
        Piece
            The piece after it.

        Raises
        ------
        WindowError
            If this piece does not allow it; the reason, without the name of the spectrum.
        """
        return self._applied(piece)

    def reach(self, stretch: Stretch, medium: str) -> Stretch:
        """
        Return the stretch of input that a stretch of output depends on.

        Parameters
        ----------
        stretch : Stretch
            What is wanted after this step.
        medium : str
            Medium of the spectrum as it was read.

        Returns
        -------
        Stretch
            What is needed before it.
        """
        return self._reached(stretch, medium)

    def to_dict(self) -> dict[str, Any]:
        """
        Return the step as data.

        Returns
        -------
        dict
            The step's name under ``step``, and its settings that are not None.
        """
        settings = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        plain = {key: list(value) if isinstance(value, tuple) else value for key, value in settings.items() if value is not None}
        return {"step": self.step} | plain

    def _applied(self, piece: Piece) -> Piece:
        raise NotImplementedError

    def _reached(self, stretch: Stretch, medium: str) -> Stretch:  # noqa: ARG002 - one step needs it
        return stretch


@dataclass(frozen=True)
class AirToVacuum(Step):
    """
    Take wavelengths of an undeclared medium as air, and convert them to vacuum.

    Spectra whose medium is known are in vacuum already, since readers convert; they pass unchanged.
    """

    step: ClassVar[str] = "air-to-vacuum"
    takes_rows: ClassVar[bool] = True

    def _applied(self, piece: Piece) -> Piece:
        return piece if piece.medium == "vacuum" else replace(piece, wave=air_to_vacuum(piece.wave), medium="vacuum")

    def _reached(self, stretch: Stretch, medium: str) -> Stretch:
        if medium == "vacuum":
            return stretch
        start, stop = vacuum_to_air(np.array([stretch.start, stretch.stop]))
        return replace(stretch, start=float(start), stop=float(stop))


@dataclass(frozen=True)
class FillGaps(Step):
    """
    Bridge short gaps in a straight line.

    Attributes
    ----------
    longest : int
        Pixels of the longest gap that is bridged.
    """

    step: ClassVar[str] = "fill-gaps"
    longest: int

    def __post_init__(self) -> None:
        """Refuse settings that no spectrum could follow."""
        object.__setattr__(self, "longest", _count(self.step, "longest", self.longest, 1))

    def _applied(self, piece: Piece) -> Piece:
        return replace(piece, flux=fill_gaps(piece.wave, piece.flux, self.longest))

    def _reached(self, stretch: Stretch, medium: str) -> Stretch:  # noqa: ARG002
        return replace(stretch, pixels=stretch.pixels + self.longest + 1)


@dataclass(frozen=True)
class GaussianBlurPixels(Step):
    """
    Blur by a Gaussian of a fixed width in the spectrum's own pixels.

    Attributes
    ----------
    sigma : float
        Standard deviation, pixels.
    """

    step: ClassVar[str] = "gaussian-blur-pixels"
    takes_rows: ClassVar[bool] = True
    sigma: float

    def __post_init__(self) -> None:
        """Refuse settings that no spectrum could follow."""
        sigma = _number(self.step, "sigma", self.sigma, "pixels, more than 0")
        if sigma <= 0:
            raise _refuse(self.step, f"sigma is {sigma!r}", "pixels, more than 0")
        object.__setattr__(self, "sigma", sigma)

    def _applied(self, piece: Piece) -> Piece:
        return replace(piece, flux=gaussian_blur_pixels(piece.flux, self.sigma))

    def _reached(self, stretch: Stretch, medium: str) -> Stretch:  # noqa: ARG002
        return replace(stretch, pixels=stretch.pixels + blur_radius(self.sigma))


@dataclass(frozen=True)
class GaussianBlurResolvingPower(Step):
    """
    Blur from one resolving power to a lower one, by a Gaussian of one width in velocity.

    Attributes
    ----------
    from_resolving_power : float
        Resolving power of the spectra that come in.
    to_resolving_power : float
        Resolving power of those that go out, lower.
    """

    step: ClassVar[str] = "gaussian-blur-resolving-power"
    from_resolving_power: float
    to_resolving_power: float

    def __post_init__(self) -> None:
        """Refuse settings that no spectrum could follow."""
        for key in ("from_resolving_power", "to_resolving_power"):
            object.__setattr__(self, key, _number(self.step, key, getattr(self, key), "λ/Δλ, more than 0"))
        velocity_sigma(self.from_resolving_power, self.to_resolving_power)

    def _applied(self, piece: Piece) -> Piece:
        blurred = gaussian_blur_resolving_power(piece.wave, piece.flux, self.from_resolving_power, self.to_resolving_power)
        return replace(piece, flux=blurred)

    def _reached(self, stretch: Stretch, medium: str) -> Stretch:  # noqa: ARG002
        far = math.exp(CUT * velocity_sigma(self.from_resolving_power, self.to_resolving_power) / SPEED_OF_LIGHT)
        return Stretch(stretch.start / far, stretch.stop * far, stretch.pixels + 2)


@dataclass(frozen=True)
class Resample(Step):
    """
    What both ways of resampling share; not a step itself.

    Attributes
    ----------
    start, stop : float
        First and last wavelength of the grid, Å, vacuum.
    n_wave : int
        Number of wavelengths, evenly spaced from ``start`` to ``stop`` inclusive.
    cover : tuple of two floats, or None
        Stretch that a spectrum must cover, Å, where that is less than the whole grid: on the rest of the grid its first or last
        value continues. None: the whole grid must be covered.
    """

    start: float
    stop: float
    n_wave: int
    cover: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Refuse settings that no spectrum could follow."""
        start = _number(self.step, "start", self.start, "a wavelength in Å")
        stop = _number(self.step, "stop", self.stop, "a wavelength in Å")
        if not 0 < start < stop:
            raise _refuse(self.step, f"the window is {start!r} to {stop!r}", "0 < start < stop, in Å")
        object.__setattr__(self, "start", start)
        object.__setattr__(self, "stop", stop)
        object.__setattr__(self, "n_wave", _count(self.step, "n_wave", self.n_wave, 2))
        if self.cover is not None:
            object.__setattr__(self, "cover", self._checked_cover(start, stop))

    def _checked_cover(self, start: float, stop: float) -> tuple[float, float]:
        expected = f"two wavelengths in Å within the window, {start!r} to {stop!r}"
        if not isinstance(self.cover, (tuple, list)) or len(self.cover) != 2:
            raise _refuse(self.step, f"cover is {self.cover!r}", expected)
        first, last = (_number(self.step, "cover", edge, expected) for edge in self.cover)
        if not start <= first < last <= stop:
            raise _refuse(self.step, f"cover is {self.cover!r}", expected)
        return first, last

    @cached_property
    def grid(self) -> FloatArray:
        """
        Return the wavelengths of the grid.

        Returns
        -------
        array of shape (n_wave,)
            Wavelengths, Å; read-only.
        """
        grid: FloatArray = np.linspace(self.start, self.stop, self.n_wave)
        grid.flags.writeable = False
        return grid

    @property
    def needed(self) -> tuple[float, float]:
        """
        Return the stretch that a spectrum must cover.

        Returns
        -------
        tuple of two floats
            First and last wavelength, Å.
        """
        return self.cover or (self.start, self.stop)

    def _reached(self, stretch: Stretch, medium: str) -> Stretch:  # noqa: ARG002
        half = 0.5 * (self.stop - self.start) / (self.n_wave - 1)
        return Stretch(self.start - half, self.stop + half, stretch.pixels + 2)

    def demand(self, edges: FloatArray) -> None:
        """
        Refuse a spectrum that does not cover what it must; its pixels count to their edges, half a pixel beyond their centers.

        Parameters
        ----------
        edges : array of shape (n,)
            Edges of pixels, vacuum Å; the first and the last count.

        Raises
        ------
        WindowError
            If the stretch is not covered.
        """
        first, last = self.needed
        if edges[0] > first or edges[-1] < last:
            msg = f"the spectrum spans {edges[0]:.2f} to {edges[-1]:.2f} Å only, and must cover {first:g} to {last:g} Å"
            raise WindowError(msg)

    def _applied(self, piece: Piece) -> Piece:
        self.demand(pixel_edges(piece.wave))
        within = slice(
            max(int(np.searchsorted(piece.wave, self.start, side="right")) - 1, 0),
            int(np.searchsorted(piece.wave, self.stop, side="left")) + 1,
        )
        bad = ~np.isfinite(piece.flux[..., within])
        if bad.any():
            msg = f"{np.count_nonzero(bad)} of {bad.size} pixels are not finite (NaN or infinite), and the recipe needs every one"
            raise WindowError(msg)
        return replace(piece, wave=self.grid, flux=self._resampled(piece))

    def _resampled(self, piece: Piece) -> FloatArray:
        raise NotImplementedError


@dataclass(frozen=True)
class ResampleLinear(Resample):
    """Interpolate linearly, as `numpy.interp`."""

    step: ClassVar[str] = "resample-linear"
    takes_rows: ClassVar[bool] = True

    def _resampled(self, piece: Piece) -> FloatArray:
        return resample_linear(piece.wave, piece.flux, self.grid, extend=True)


@dataclass(frozen=True)
class ResampleFluxConserving(Resample):
    """Average over bins, which keeps the integral of the flux."""

    step: ClassVar[str] = "resample-flux-conserving"

    def _resampled(self, piece: Piece) -> FloatArray:
        return resample_flux_conserving(piece.wave, piece.flux, self.grid, extend=True)


@dataclass(frozen=True)
class MinMax(Step):
    """Scale each spectrum to the range from -1 to 1."""

    step: ClassVar[str] = "min-max"
    takes_rows: ClassVar[bool] = True

    def _applied(self, piece: Piece) -> Piece:
        return replace(piece, flux=min_max(piece.flux) if piece.flux.ndim == 1 else min_max_rows(piece.flux))


STEPS: dict[str, type[Step]] = {
    kind.step: kind
    for kind in (
        AirToVacuum,
        FillGaps,
        GaussianBlurPixels,
        GaussianBlurResolvingPower,
        ResampleLinear,
        ResampleFluxConserving,
        MinMax,
    )
}
"""Every step by its name."""


def nearest(name: str, known: Mapping[str, object] | list[str]) -> str:
    """
    Return the end of a message about an unknown name: the nearest known one, or all of them.

    Parameters
    ----------
    name : str
        The unknown name.
    known : mapping or list of str
        The known names.

    Returns
    -------
    str
        ``did you mean 'sigma'?`` or ``there are 'sigma', 'step'``.
    """
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(repr(word) for word in known)}"


def step_from_dict(data: Mapping[str, Any]) -> Step:
    """
    Return the step that data describe.

    Parameters
    ----------
    data : mapping
        The step's name under ``step``, and its settings.

    Returns
    -------
    Step
        The step.

    Raises
    ------
    RecipeError
        If the step is unknown, a setting is unknown, missing or impossible.
    """
    if not isinstance(data, Mapping) or not isinstance(data.get("step"), str):
        msg = f"recipe: a step is a table with its name under 'step', got {data!r}"
        raise RecipeError(msg)
    name = data["step"]
    if name not in STEPS:
        msg = f"recipe: unknown step {name!r}; {nearest(name, STEPS)}"
        raise RecipeError(msg)
    fields = dataclasses.fields(STEPS[name])
    known = ["step", *(field.name for field in fields)]
    for key in data:
        if key not in known:
            msg = f"recipe step {name!r}: unknown key {key!r}; {nearest(str(key), known)}"
            raise RecipeError(msg)
    missing = [field.name for field in fields if field.default is dataclasses.MISSING and field.name not in data]
    if missing:
        msg = f"recipe step {name!r}: missing {', '.join(map(repr, missing))}"
        raise RecipeError(msg)
    return STEPS[name](**{key: value for key, value in data.items() if key != "step"})
