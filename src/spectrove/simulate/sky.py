"""
The night sky's lines as LAMOST's pixels see them: what they add to the noise, and what sky subtraction leaves of them.

Strengths were measured as the local peaks of the squared error in 50 LAMOST files of low signal-to-noise ratio; the sky's own
continuum, with the detector's noise in it, is 1. The lines themselves stand in `spectrove.lines`.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from spectrove.contracts import FloatArray
from spectrove.lines import H_ALPHA, SKY_OH_6_1, SKY_OH_7_2, SKY_OXYGEN, Line
from spectrove.wavelength import air_to_vacuum

RESOLVING_POWER = 1500.0
"""λ/Δλ of real files: narrow lines of stars are 4.4 Å wide at Hα, wider than the nominal 1800 makes them."""

LOG_STEP = 1e-4
"""Step of LAMOST's grid, log10 of Å."""

OXYGEN = (5.0, 1.0)
OH_6_1 = (0.25, 0.25, 0.2, 0.1, 0.5, 0.15, 0.1, 0.3, 0.15, 0.47, 0.1, 0.22, 0.1, 0.27, 0.05)
OH_7_2 = (0.7, 0.9, 0.6, 1.9, 1.1, 0.5, 0.6, 0.4, 0.8, 0.5, 0.5)
HYDROGEN = (0.35,)
"""Strengths of [O I], of two bands of OH, and of geocoronal and diffuse Galactic Hα."""

GRID = (35_500, 39_700)
"""First and last pixel of LAMOST's grid for which lines are made, 3548 to 9333 Å: all of its spectra."""

GROUPS: tuple[tuple[tuple[Line, ...], tuple[float, ...]], ...] = (
    (SKY_OXYGEN, OXYGEN),
    (SKY_OH_6_1, OH_6_1),
    (SKY_OH_7_2, OH_7_2),
    ((H_ALPHA,), HYDROGEN),
)
"""Lines that strengthen and weaken together, and their strengths."""


@lru_cache(maxsize=1)
def _all_lines() -> FloatArray:
    wave = 10 ** (LOG_STEP * np.arange(GRID[0], GRID[1] + 1))
    rows = []
    for group, strengths in GROUPS:
        centers = air_to_vacuum(np.array([line.air for line in group]))
        width = centers / RESOLVING_POWER / np.sqrt(8 * np.log(2))
        shapes = np.exp(-(((wave[:, None] - centers) / width) ** 2) / 2)
        rows.append(shapes @ np.array(strengths))
    lines: FloatArray = np.array(rows, dtype=np.float32)
    lines.setflags(write=False)
    return lines


def sky_lines(first: int, n_wave: int) -> FloatArray:
    """
    Return the lines of each group.

    Parameters
    ----------
    first : int
        Number of the first pixel on LAMOST's grid, 10**(1e-4 number) Å.
    n_wave : int
        Number of pixels.

    Returns
    -------
    array of float32, shape (n_groups, n_wave)
        Flux density of the lines; the sky's continuum is 1.
    """
    return _all_lines()[:, first - GRID[0] : first - GRID[0] + n_wave]


def weighted_sum(weights: FloatArray, terms: FloatArray) -> FloatArray:
    """
    Return the product of two matrices, whose every number depends on its own row and column alone, to the last bit.

    A library's matrix product may round differently when other columns stand beside; a spectrum would then depend on the range
    in which it is simulated.

    Parameters
    ----------
    weights : array of float32, shape (n_spectra, n_terms)
        Weights of each spectrum's terms.
    terms : array of float32, shape (n_terms, n_wave)
        What they weight.

    Returns
    -------
    array of float32, shape (n_spectra, n_wave)
        The sums.
    """
    total: FloatArray = weights[:, :1] * terms[0]
    part = np.empty_like(total)
    for column in range(1, terms.shape[0]):
        total += np.multiply(weights[:, column : column + 1], terms[column], out=part)
    return total


def sky_residuals(first: int, n_wave: int, amplitudes: FloatArray) -> FloatArray:
    """
    Return what sky subtraction leaves: lines over- or undersubtracted, or displaced.

    Parameters
    ----------
    first, n_wave : int
        Number of the first pixel on LAMOST's grid, and of pixels.
    amplitudes : array of shape (n_spectra, 2 * n_groups)
        For each group of lines the share that is left over, and then for each the displacement, pixels; both times the sky's
        brightness in units of the star's continuum.

    Returns
    -------
    array of shape (n_spectra, n_wave)
        Flux in units of the star's continuum.
    """
    # two more pixels, so that the slope at a window's edges does not depend on the window
    lines = sky_lines(first - 1, n_wave + 2)
    slopes = (lines[:, 2:] - lines[:, :-2]) / 2
    return weighted_sum(amplitudes, np.vstack([lines[:, 1:-1], slopes]))
