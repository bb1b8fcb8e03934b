"""Cosmic rays of one or two pixels, which are no peaks."""

from __future__ import annotations

import numpy as np

from spectrove.contracts import BoolArray, FloatArray

ALONE = 1 / 3
"""A pixel is a spike if neither neighbor reaches this share of its height; in a line of two pixels (FWHM) they reach a half."""

PAIR = 1 / 5
"""Two pixels are a spike if neither neighbor reaches this share of the lower; in a line of two pixels (FWHM) it is a quarter."""

SIGNIFICANCE = 5.0
"""A spike stands so many standard deviations above its base; as in the labeling page."""


def spikes(flux: FloatArray, base: float, sigma: float) -> BoolArray:
    """
    Return which pixels stand alone, by ones or by twos, as cosmic rays do.

    Parameters
    ----------
    flux : array of shape (n_pixels,)
        Finite flux.
    base : float
        The level that heights are counted from: the continuum.
    sigma : float
        Standard deviation of a pixel; where it is NaN nothing is a spike.

    Returns
    -------
    array of bool, shape (n_pixels,)
        True at spikes.
    """
    height = flux - base
    padded = np.pad(height, 2, constant_values=0.0)
    left, right = padded[1:-3], padded[3:-1]
    further = padded[4:]
    high = height > SIGNIFICANCE * sigma
    alone = high & (np.maximum(left, right) < ALONE * height)
    lower = np.minimum(height, right)
    pair = high & (right > SIGNIFICANCE * sigma) & (np.maximum(left, further) < PAIR * lower)
    alone[1:] |= pair[:-1]
    found: BoolArray = alone | pair
    return found
