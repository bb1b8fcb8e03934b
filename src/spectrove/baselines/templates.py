"""Profiles of Hα made from formulas: what the template finders compare spectra with."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from spectrove.contracts import FloatArray
from spectrove.lines import H_ALPHA

FWHM_TO_SIGMA = 2.354820045
"""Full width at half maximum of a Gaussian over its standard deviation: 2 sqrt(2 ln 2)."""

SHIFTS = (-4.5, -3.0, -1.5, 0.0, 1.5, 3.0, 4.5)
"""Å by which every template is shifted, one LAMOST pixel each; chosen: 205 km/s to either side."""

PROFILE_TYPES = (
    "I: single peak",
    "II: single peak in absorption",
    "III: double peak",
    "IV: double peak in absorption",
    "V: P Cygni",
    "VI: none of these",
)
"""The types of profile; a code is an index. I to V in the order of Hou et al. 2016, RAA 16, 138, abstract; VI as we read it."""

SINGLE, SINGLE_IN_ABSORPTION, DOUBLE, DOUBLE_IN_ABSORPTION, P_CYGNI, OTHER = range(6)

WINGED_FROM = 8.0
"""Å; full width of a core from which on a line has wings; chosen: of F stars, whose lines Stark broadening begins to rule."""

Gaussians = tuple[tuple[float, float, float], ...]
"""Height, center (Å from Hα) and full width at half maximum (Å) of each component."""


def _absorption(width: float) -> Gaussians:
    """Return a line with a core of this full width at half maximum and, if it is wide, wings 2.5 times as wide."""
    core = (-1.0, 0.0, width)
    return (core,) if width < WINGED_FROM else (core, (-0.6, 0.0, 2.5 * width))


def _double(gap: float, ratio: float, width: float, height: float = 1.0) -> Gaussians:
    """Return two peaks, the red one ``ratio`` times as high as the blue one."""
    return (height, -gap / 2, width), (height * ratio, gap / 2, width)


def _p_cygni(width: float, depth: float, side: float = 1.0) -> Gaussians:
    """Return a peak with absorption on its blue side, or on the red one (``side=-1``)."""
    return (1.0, 0.0, width), (-depth, -1.3 * side * width, width)


TYPE_PROFILES: tuple[tuple[int, Gaussians], ...] = (
    *((SINGLE, ((1.0, 0.0, width),)) for width in (4.5, 6.0, 8.0, 11.0, 16.0, 24.0, 36.0)),
    *(
        (SINGLE_IN_ABSORPTION, (*_absorption(wide), (height, 0.0, narrow)))
        for wide, narrow in ((10.0, 4.5), (16.0, 4.5), (16.0, 8.0), (24.0, 6.0))
        for height in (0.4, 1.2)
    ),
    *(
        (DOUBLE, _double(gap, ratio, 0.55 * gap))
        for gap, ratio in ((10.0, 1.0), (16.0, 1.0), (24.0, 1.0), (13.0, 0.7), (13.0, 1.4))
    ),
    *(
        (DOUBLE_IN_ABSORPTION, (*_absorption(wide), *_double(gap, 1.0, 5.0, height)))
        for wide, gap, height in ((16.0, 9.0, 0.8), (24.0, 10.0, 0.6), (24.0, 14.0, 0.9))
    ),
    *((P_CYGNI, _p_cygni(width, depth)) for width, depth in ((5.0, 0.5), (6.0, 1.0), (9.0, 0.6), (12.0, 0.4))),
)
"""Our 27 templates, as many as Hou et al. (2016) used by the paper's description, which says nothing of their shapes."""

ABSORPTION_PROFILES: tuple[Gaussians, ...] = tuple(_absorption(width) for width in (4.5, 6.0, 8.0, 11.0, 15.0, 20.0, 28.0))
"""Plain absorption; chosen: from the core of a K star's line to wider than an A star's."""

EMISSION_PROFILES: tuple[Gaussians, ...] = (
    *(((1.0, 0.0, width),) for width in (4.5, 7.0, 12.0, 22.0, 36.0)),
    *(_double(gap, 1.0, 0.55 * gap) for gap in (9.0, 14.0, 22.0)),
    *(_p_cygni(6.0, 0.7, side) for side in (1.0, -1.0)),
)
"""Emission that may stand on plain absorption: single, double, P Cygni and inverse P Cygni; chosen."""


def draw_templates(wave: FloatArray, profiles: tuple[Gaussians, ...]) -> FloatArray:
    """
    Return every profile at every shift, without its straight part and of length 1.

    Parameters
    ----------
    wave : array of shape (n_wave,)
        Wavelengths in vacuum, Å.
    profiles : tuple of Gaussians
        The profiles.

    Returns
    -------
    array of float32, shape (n_shifts, n_profiles, n_wave)
        Templates, dimensionless.
    """
    return _draw(tuple(wave.tolist()), profiles)


@lru_cache(maxsize=16)
def _draw(wave: tuple[float, ...], profiles: tuple[Gaussians, ...]) -> FloatArray:
    """Return the templates; one grid is asked for again and again."""
    offset = np.array(wave) - H_ALPHA.wave
    drawn = np.zeros((len(SHIFTS), len(profiles), offset.size))
    for row, shift in enumerate(SHIFTS):
        for column, components in enumerate(profiles):
            for height, center, width in components:
                drawn[row, column] += height * np.exp(-0.5 * ((offset - shift - center) * FWHM_TO_SIGMA / width) ** 2)
    straightened = without_line(drawn)
    templates: FloatArray = (straightened / np.linalg.norm(straightened, axis=-1, keepdims=True)).astype(np.float32)
    templates.flags.writeable = False
    return templates


def without_line(values: FloatArray) -> FloatArray:
    """
    Return values without the straight line that fits them best.

    Parameters
    ----------
    values : array of shape (..., n_wave)
        Any quantity on equal steps.

    Returns
    -------
    array of the same shape
        What is left.
    """
    n = values.shape[-1]
    ramp = np.arange(n) - (n - 1) / 2
    basis = np.stack([np.full(n, n**-0.5), ramp / np.linalg.norm(ramp)]).astype(values.dtype)
    left: FloatArray = values - (values @ basis.T) @ basis
    return left
