"""
Narrow emission about Hα in the features of a pool: how much it stands out, and whether two spectra hold the same.

A line of the instrument's width is fitted at every wavelength together with a parabola, which takes up continuum and broad
absorption; so neither the star's type nor the scale of the flux matters, and the features need not be normalized.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import correlate1d, uniform_filter1d

from spectrove.contracts import FloatArray, IntArray
from spectrove.lines import H_ALPHA, NII_6548, NII_6583, SII_6716, SII_6731

SPEED_OF_LIGHT = 299_792.458
"""km/s, exact."""

HALF_FILTER = 11.0
"""Å on both sides over which a line is told from what is below it: half the distance from Hα to [N II] 6585."""

NEAR_HALPHA = 10.0
"""Å about Hα in which its peak is looked for: ±450 km/s, M31's stars at -300 km/s included."""

HALPHA_ZONE, SII_ZONE = 24.0, 9.0
"""Å about Hα, with [N II] on both sides, and about [S II] 6718 in which profiles are compared."""

NEBULAR_LINES = (NII_6548, H_ALPHA, NII_6583, SII_6716, SII_6731)
"""Lines near which no noise is measured."""


@dataclass(frozen=True, eq=False)
class LineLight:
    """
    What spectra hold of narrow lines.

    Attributes
    ----------
    response : array of shape (n_spectra, n_wave)
        How much a line of the instrument's width stands out at each wavelength, over its noise.
    halpha : array of shape (n_spectra,)
        The largest response about Hα where the spectrum also falls as much on both sides, which it does not beside absorption.
    velocity : array of shape (n_spectra,)
        Where it is, km/s.
    forbidden : array of shape (n_spectra,)
        The lesser of the responses of [N II] 6585 and [S II] 6718 at that velocity, times √2: their common significance if they
        are equally strong, and small if one is missing, as by chance it mostly is.
    """

    response: FloatArray
    halpha: FloatArray
    velocity: FloatArray
    forbidden: FloatArray


def line_light(features: FloatArray, grid: FloatArray, resolving_power: float = 1800.0) -> LineLight:
    """
    Return what spectra hold of narrow lines about Hα.

    The noise is the scatter of what is found in the same way beside the lines, molecular bands and remains of the sky included.

    Parameters
    ----------
    features : array of shape (n_spectra, n_wave)
        Spectra on one grid, each on any scale, positive upward.
    grid : array of shape (n_wave,)
        Wavelengths in vacuum, Å, evenly spaced, from below [N II] 6549 to beyond [S II] 6718.
    resolving_power : float
        Of the spectra.

    Returns
    -------
    LineLight
        One row a spectrum; zero where it does not vary.

    Raises
    ------
    ValueError
        If the arrays do not fit each other or the grid is not even or does not hold the lines.
    """
    features, grid = np.asarray(features, dtype=np.float64), np.asarray(grid, dtype=np.float64)
    _require_grid(features, grid)
    response = correlate1d(features, _filter(grid[1] - grid[0], resolving_power), axis=1, mode="nearest")
    lines = np.array([line.wave for line in NEBULAR_LINES])
    free = (np.abs(grid[:, None] - lines) > NEAR_HALPHA).all(axis=1)
    noise = 1.4826 * np.median(np.abs(response[:, free] - np.median(response[:, free], axis=1)[:, None]), axis=1)
    response = response / np.where(noise > 0, noise, np.inf)[:, None]
    near = np.flatnonzero(np.abs(grid - H_ALPHA.wave) <= NEAR_HALPHA)
    height = _prominence(features, near, grid[1] - grid[0]) / np.where(noise > 0, noise, np.inf)[:, None]
    stands_out = np.minimum(response[:, near], height)
    best = np.argmax(stands_out, axis=1)
    at = near[best]
    redshift = grid[at] / H_ALPHA.wave
    nii, sii = (_at(response, grid, line.wave * redshift) for line in (NII_6583, SII_6716))
    rows = np.arange(len(features))
    return LineLight(response, stands_out[rows, best], SPEED_OF_LIGHT * (redshift - 1), np.sqrt(2) * np.minimum(nii, sii))


def similarity(one: FloatArray, other: FloatArray, grid: FloatArray) -> FloatArray:
    """
    Return how alike the lines of pairs of spectra are, whatever their strengths.

    Parameters
    ----------
    one, other : array of shape (n_pairs, n_wave)
        Responses of `LineLight`.
    grid : array of shape (n_wave,)
        Wavelengths, Å.

    Returns
    -------
    array of shape (n_pairs,)
        Correlation about Hα, [N II] and [S II] 6718, 1 for lines that differ by noise alone, at most 1; NaN where one of the two
        holds nothing but noise.
    """
    zone = (np.abs(grid - H_ALPHA.wave) < HALPHA_ZONE) | (np.abs(grid - SII_6716.wave) < SII_ZONE)
    one, other = one[:, zone], other[:, zone]
    lengths = [(part**2).sum(axis=1) - zone.sum() for part in (one, other)]  # the noise of a response is 1
    both = np.sqrt(np.maximum(lengths[0], 0) * np.maximum(lengths[1], 0))
    alike: FloatArray = np.where(both > 0, (one * other).sum(axis=1) / np.where(both > 0, both, 1), np.nan)
    return np.minimum(alike, 1.0)


def _require_grid(features: FloatArray, grid: FloatArray) -> None:
    if features.ndim != 2 or grid.ndim != 1 or features.shape[1] != grid.size:
        msg = f"line_light: features must be (n_spectra, n_wave) on a grid (n_wave,), got {features.shape} and {grid.shape}"
        raise ValueError(msg)
    first, last = NII_6548.wave - HALF_FILTER, SII_6716.wave + HALF_FILTER
    even = grid.size > 2 and grid[1] > grid[0] and np.allclose(np.diff(grid), grid[1] - grid[0], rtol=1e-3)
    if not even or grid[0] > first or grid[-1] < last:
        msg = f"line_light: the grid must be even and hold {first:.0f} to {last:.0f} Å"
        raise ValueError(msg)


def _filter(step: float, resolving_power: float) -> FloatArray:
    """Return weights whose sum over a stretch is the height of a line of the instrument's width, less a parabola's."""
    half = max(round(HALF_FILTER / step), 3)
    offset = np.arange(-half, half + 1) * step
    sigma = H_ALPHA.wave / resolving_power / np.sqrt(8 * np.log(2))
    line = np.exp(-(offset**2) / (2 * sigma**2))
    design = np.stack([line, np.ones(offset.size), offset, offset**2], axis=1)
    weights: FloatArray = np.linalg.pinv(design)[0]
    return weights


def _prominence(features: FloatArray, pixels: IntArray, step: float) -> FloatArray:
    """Return how far a spectrum falls on both sides of pixels, the lesser of the two."""
    # Beside an absorption line a spectrum curves as an emission line does, but rises on one side.
    reach = max(round(HALF_FILTER / step), 3)
    smooth = uniform_filter1d(features, 3, axis=1, mode="nearest")
    return np.stack(
        [
            smooth[:, pixel]
            - np.maximum(
                smooth[:, max(pixel - reach, 0) : pixel + 1].min(axis=1), smooth[:, pixel : pixel + reach + 1].min(axis=1)
            )
            for pixel in pixels.tolist()
        ],
        axis=1,
    )


def _at(response: FloatArray, grid: FloatArray, wave: FloatArray) -> FloatArray:
    """Return each spectrum's response at its own wavelength, between pixels in a straight line."""
    place = np.clip((wave - grid[0]) / (grid[1] - grid[0]), 0, grid.size - 1.000001)
    left = place.astype(np.int64)
    rows, share = np.arange(len(response)), place - left
    between: FloatArray = (1 - share) * response[rows, left] + share * response[rows, left + 1]
    return between
