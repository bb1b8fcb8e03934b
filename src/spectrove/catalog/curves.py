"""What drawings of spectra share: a range that one bad pixel does not spoil, an outline that keeps narrow lines, round ticks."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from spectrove.contracts import BoolArray, FloatArray

Values = NDArray[np.float64]

SHARES = (0.5, 99.5)
"""Percentiles of the flux between which a spectrum is drawn at least."""

ALONE = 0.3
"""
A pixel both of whose neighbors rise less than this share of its own height stands alone: no line is so narrow.

A line as wide as two pixels at half its height, the least that is sampled, has 0.5 of its height one pixel from its peak.
"""

SIGNIFICANT = 5.0
"""Only a pixel so many times the scatter off can stand alone: in noise many do."""

MAD = 1.4826
"""Standard deviations in a median absolute deviation, for normal noise."""

GAP = 5.0
"""Typical steps of the axis after which two pixels are no neighbors."""

PADDING = 0.07
"""Of the height, left free above and below."""

STEPS = (1.0, 2.0, 5.0, 10.0)
"""Between ticks, times a power of ten."""


def robust_range(flux: FloatArray, shown: BoolArray | None = None) -> tuple[float, float]:
    """
    Return the range in which a spectrum is drawn, whatever cosmic rays and noisy ends hold.

    Parameters
    ----------
    flux : array of shape (n,)
        Flux; NaN where there is none.
    shown : array of shape (n,), optional
        Pixels that are to fit in whole, such as those of the line; all unless given. Of the others, the middle 99 % fit in, and
        lines as high again.

    Returns
    -------
    low : float
        The unit of the flux; 0 if no flux is finite.
    high : float
        More than ``low``; 1 if no flux is finite.
    """
    values = np.asarray(flux, dtype=np.float64)
    finite = np.isfinite(values)
    if not finite.any():
        return 0.0, 1.0
    trusted = finite & ~_alone(values, finite) & (values != 0)  # surveys write zero where there is nothing
    if not trusted.any():
        trusted = finite
    inside = trusted if shown is None else trusted & shown
    low, high = np.percentile(values[trusted], SHARES)
    height = high - low
    low, high = max(values[trusted].min(), low - height), min(values[trusted].max(), high + height)
    if inside.any():
        low, high = min(low, values[inside].min()), max(high, values[inside].max())
    if not high - low > 1e-9 * max(abs(low), abs(high)):
        low, high = low - (0.5 * abs(low) or 1.0), high + (0.5 * abs(high) or 1.0)
    return float(low - PADDING * (high - low)), float(high + PADDING * (high - low))


def _alone(values: Values, finite: BoolArray) -> BoolArray:
    """Return which pixels rise or fall by themselves."""
    middle = np.median(values[finite])
    heights = np.where(finite, np.abs(values - middle), 0.0)
    scatter = MAD * np.median(heights[finite])
    beside = np.zeros_like(heights)
    beside[1:] = heights[:-1]
    beside[:-1] = np.maximum(beside[:-1], heights[1:])
    alone: BoolArray = (heights > SIGNIFICANT * scatter) & (beside < ALONE * heights)
    return alone


def outline(wave: FloatArray, flux: FloatArray, span: tuple[float, float], n_columns: int) -> tuple[Values, Values]:
    """
    Return the points of a spectrum's curve, no more than a picture of some columns can show.

    Where many pixels fall into a column, it holds the lowest and the highest of them, so that a line of a single pixel is as high
    in the picture as in the spectrum.

    Parameters
    ----------
    wave, flux : array of shape (n,)
        Å, increasing, and flux; NaN where there is none.
    span : tuple of float
        First and last wavelength of the picture, Å.
    n_columns : int
        Columns of the picture.

    Returns
    -------
    x : array of shape (n_points,)
        Places in columns, from 0 to ``n_columns``; NaN between pieces that are not joined.
    y : array of shape (n_points,)
        Flux; NaN between pieces that are not joined.
    """
    waves, values = np.asarray(wave, dtype=np.float64), np.asarray(flux, dtype=np.float64)
    rows = np.flatnonzero(np.isfinite(waves) & np.isfinite(values) & (waves >= span[0]) & (waves <= span[1]))
    if len(rows) == 0:
        return np.empty(0), np.empty(0)
    x, y = (waves[rows] - span[0]) * (n_columns / (span[1] - span[0])), values[rows]
    steps = np.diff(waves[rows])
    apart = (np.diff(rows) > 1) | (steps > GAP * np.median(steps)) if len(rows) > 1 else np.zeros(0, dtype=bool)
    pieces = np.concatenate(([0], np.cumsum(apart)))
    if len(rows) > 2 * n_columns:
        x, y, pieces = _columns(x, y, pieces, n_columns)
    places = np.flatnonzero(np.diff(pieces)) + 1
    return np.insert(x, places, np.nan), np.insert(y, places, np.nan)


def _columns(x: Values, y: Values, pieces: Values, n_columns: int) -> tuple[Values, Values, Values]:
    """Return two points for each column of each piece, the lowest and the highest, in turns the one or the other first."""
    column = np.minimum(x.astype(np.int64), n_columns - 1)
    starts = np.concatenate(([0], np.flatnonzero(np.diff(column) | np.diff(pieces)) + 1))
    ends = np.stack([np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)], axis=1)
    ends[1::2] = ends[1::2, ::-1]
    return np.repeat(column[starts] + 0.5, 2), ends.ravel(), np.repeat(pieces[starts], 2)


def round_ticks(low: float, high: float, n_most: int) -> list[float]:
    """
    Return round numbers within a range.

    Parameters
    ----------
    low, high : float
        The range.
    n_most : int
        How many there may be, at least 2.

    Returns
    -------
    list of float
        In order, equally far apart.
    """
    rough = (high - low) / n_most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in STEPS if factor * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def tick_labels(ticks: list[float]) -> tuple[list[str], int]:
    """
    Return what stands at ticks, short.

    Parameters
    ----------
    ticks : list of float
        As of `round_ticks`.

    Returns
    -------
    labels : list of str
        Plain numbers.
    power : int
        Power of ten that they are to be multiplied by; 0 where they are of a handy size.
    """
    largest = max((abs(tick) for tick in ticks), default=0.0)
    exponent = math.floor(math.log10(largest)) if largest > 0 else 0
    power = exponent if exponent >= 4 or exponent <= -3 else 0
    step = (ticks[1] - ticks[0] if len(ticks) > 1 else largest or 1.0) / 10.0**power
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return [f"{tick / 10.0**power + 0.0:.{digits}f}".replace("-", "\u2212") for tick in ticks], power
