"""The surroundings of a line, divided by a straight continuum, with the noise of every pixel and the error of the continuum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spectrove.contracts import BoolArray, FloatArray
from spectrove.errors import SpectrumError
from spectrove.lines import H_ALPHA, H_BETA, LINES
from spectrove.measure.noise import noise_of, scatter_of
from spectrove.measure.spikes import spikes

SPEED_OF_LIGHT = 299_792.458
"""km/s."""

FEWEST = 5
"""Fewer pixels in all side bands tell no continuum; as in the labeling page."""

CLIP, N_CLIPS = 3.0, 4
"""Standard deviations beyond which a pixel leaves the continuum, and how often this is done; chosen."""

OTHER_LINE, OTHER_BALMER = 5.0, 12.0
"""Å around another line of `spectrove.lines` that are left out of the side bands, and around Hα and Hβ; chosen."""

NOISE_REACH = 120.0
"""Å from the line within which the scatter is taken, for fewer pixels would tell it badly; chosen."""

MARGIN = 8.0
"""Å beyond the window that are kept at hand for smoothing and slopes."""


@dataclass(frozen=True, eq=False)
class Surroundings:
    """
    A stretch of a spectrum around a line; arrays of shape (n_pixels,) unless said otherwise.

    Attributes
    ----------
    wave : array
        Wavelengths, Å.
    flux : array
        Flux; spikes and pixels without measurement bridged in a straight line.
    sigma : array
        Standard deviation of a pixel, in the unit of the flux.
    level : array
        Continuum, in the unit of the flux.
    basis : array of shape (n_pixels, 2)
        1, and the distance from the line in units of the bands' end.
    solver : array of shape (2, n_pixels)
        What turns flux into level and slope of the continuum, ``level = basis @ (solver @ flux)``; 0 outside the bands.
    in_line, in_bands : array of bool
        Pixels of the line's window, and those that the continuum was fitted to.
    measured : array of bool
        False where the flux is bridged for want of a measurement.
    origin : str
        Where the noise comes from: ``ivar`` or ``scatter``.
    """

    wave: FloatArray
    flux: FloatArray
    sigma: FloatArray
    level: FloatArray
    basis: FloatArray
    solver: FloatArray
    in_line: BoolArray
    in_bands: BoolArray
    measured: BoolArray
    origin: str


@dataclass(frozen=True, eq=False)
class NormalizedProfile:
    """
    A line's profile over its continuum.

    Attributes
    ----------
    velocity : array of shape (n_pixels,)
        From the rest wavelength, km/s.
    relative : array of shape (n_pixels,)
        Flux over continuum; NaN where there is no measurement.
    noise : array of shape (n_pixels,)
        Standard deviation of ``relative``.
    origin : str
        Where the noise comes from: ``ivar`` or ``scatter``.
    """

    velocity: FloatArray
    relative: FloatArray
    noise: FloatArray
    origin: str = "scatter"


def check(wave: FloatArray, flux: FloatArray, ivar: FloatArray | None) -> None:
    """
    Refuse arrays that no spectrum can have.

    Parameters
    ----------
    wave, flux : array of shape (n_pixels,)
        Wavelengths, Å, and flux.
    ivar : array of shape (n_pixels,) or None
        Inverse variance.

    Raises
    ------
    SpectrumError
        If the shapes differ, or the wavelengths do not increase strictly.
    """
    shapes = tuple(array.shape for array in (wave, flux, ivar) if array is not None)
    if len(set(shapes)) != 1 or wave.ndim != 1:
        msg = f"measure: wave, flux and ivar must share one shape (n_pixels,), got {shapes}"
        raise SpectrumError(msg)
    if wave.size > 1 and not (np.diff(wave) > 0).all():
        msg = "measure: the wavelengths must increase strictly"
        raise SpectrumError(msg)


def surroundings(
    spectrum: tuple[FloatArray, FloatArray, FloatArray | None], rest_wave: float, half_window: float, bands: tuple[float, float]
) -> Surroundings | str:
    """
    Return a line's surroundings, or why they cannot be used.

    Parameters
    ----------
    spectrum : tuple of arrays of shape (n_pixels,)
        Vacuum wavelengths, Å; flux; inverse variance or None.
    rest_wave : float
        Rest wavelength of the line, Å.
    half_window : float
        Half the width of its window, Å.
    bands : tuple of float
        Begin and end of the side bands, Å from the line.

    Returns
    -------
    Surroundings or str
        A sentence where there is no continuum to compare the line with.
    """
    wave, flux, ivar = spectrum
    reach = max(half_window + MARGIN, bands[1], NOISE_REACH)
    kept = slice(int(np.searchsorted(wave, rest_wave - reach)), int(np.searchsorted(wave, rest_wave + reach, side="right")))
    wave, flux = np.asarray(wave[kept], np.float64), np.asarray(flux[kept], np.float64)
    ivar = None if ivar is None else np.asarray(ivar[kept], np.float64)
    offset = wave - rest_wave
    measured = np.isfinite(flux) & (flux != 0)
    in_line = np.abs(offset) <= half_window
    if not (in_line & measured).any():
        return "the spectrum does not cover the line"
    in_bands = measured & (np.abs(offset) >= bands[0]) & (np.abs(offset) <= bands[1]) & ~_near_others(wave, rest_wave)
    if in_bands.sum() < FEWEST:
        return "too few pixels beside the line tell its continuum"
    flux = _bridged(wave, flux, measured)
    flux = _without_spikes(wave, flux, measured, np.median(flux[in_bands]), in_line)
    position = offset / bands[1]
    in_bands = _clipped(position, flux, in_bands)
    basis, solver = np.column_stack([np.ones(position.size), position]), _solver(position, in_bands)
    level = basis @ (solver @ flux)
    if not level[in_line].min() > 0:
        return "the continuum beside the line is not positive"
    beside = measured & ~in_line & (np.abs(offset) <= NOISE_REACH)
    sigma, origin = noise_of(np.where(measured, flux, np.nan), ivar, level, beside)
    return Surroundings(wave, flux, sigma, level, basis, solver, in_line, in_bands, measured, origin)


def profile_of(
    wave: FloatArray,
    flux: FloatArray,
    ivar: FloatArray | None,
    rest_wave: float = H_ALPHA.wave,
    half_window: float = 25.0,
    bands: tuple[float, float] = (25.0, 60.0),
) -> NormalizedProfile | None:
    """
    Return a line's profile over its continuum.

    Parameters
    ----------
    wave : array of shape (n_pixels,)
        Vacuum wavelengths, Å, strictly increasing.
    flux : array of shape (n_pixels,)
        Flux density, any unit.
    ivar : array of shape (n_pixels,) or None
        Inverse variance, 1/flux²; 0 where the survey does not trust the pixel, which is kept.
    rest_wave : float
        Rest wavelength of the line in vacuum, Å.
    half_window : float
        Half the width of what is returned, Å.
    bands : tuple of float
        Begin and end of the side bands, Å from the line.

    Returns
    -------
    NormalizedProfile or None
        None where there is no continuum to compare the line with.

    Raises
    ------
    SpectrumError
        If the shapes differ, or the wavelengths do not increase strictly.
    """
    check(wave, flux, ivar)
    around = surroundings((wave, flux, ivar), rest_wave, half_window, bands)
    if isinstance(around, str):
        return None
    line = around.in_line
    relative = np.where(around.measured[line], around.flux[line] / around.level[line], np.nan)
    velocity = SPEED_OF_LIGHT * (around.wave[line] / rest_wave - 1)
    return NormalizedProfile(velocity, relative, around.sigma[line] / around.level[line], around.origin)


def _near_others(wave: FloatArray, rest_wave: float) -> BoolArray:
    near = np.zeros(wave.shape, dtype=bool)
    for line in LINES:
        if line.wave != rest_wave:
            near |= np.abs(wave - line.wave) < (OTHER_BALMER if line in (H_ALPHA, H_BETA) else OTHER_LINE)
    return near


def _bridged(wave: FloatArray, flux: FloatArray, there: BoolArray) -> FloatArray:
    """Return the flux with a straight line across what is not there."""
    return flux if there.all() else np.where(there, flux, np.interp(wave, wave[there], flux[there]))


def _without_spikes(wave: FloatArray, flux: FloatArray, measured: BoolArray, base: float, in_line: BoolArray) -> FloatArray:
    """Return the flux with a straight line across pixels that stand alone, as cosmic rays do."""
    sigma = scatter_of(np.where(measured & ~in_line, flux, np.nan))
    alone = spikes(flux, float(base), sigma)
    return _bridged(wave, flux, ~alone)


def _clipped(position: FloatArray, flux: FloatArray, used: BoolArray) -> BoolArray:
    """Return which pixels of the side bands lie on a straight line."""
    everything = used
    for _ in range(N_CLIPS):
        level, slope = _solver(position, used) @ flux
        residual = flux - (level + slope * position)
        middle = np.median(residual[used])
        scatter = 1.4826 * np.median(np.abs(residual[everything] - middle))
        kept = everything & (np.abs(residual - middle) <= CLIP * max(float(scatter), 1e-300))
        if kept.sum() < FEWEST or np.array_equal(kept, used):
            break
        used = kept
    return used


def _solver(position: FloatArray, used: BoolArray) -> FloatArray:
    """Return what turns flux into level and slope of the straight line through the used pixels, (2, n_pixels)."""
    x = position[used]
    solver = np.zeros((2, position.size))
    solver[0, used] = 1 / x.size
    if (x < 0).sum() >= 2 and (x > 0).sum() >= 2:  # one side alone tells a level, no slope
        middle = x.mean()
        slope = (x - middle) / ((x - middle) ** 2).sum()
        solver[1, used] = slope
        solver[0, used] -= middle * slope
    return solver
