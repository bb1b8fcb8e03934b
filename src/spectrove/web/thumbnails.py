"""Small pictures of spectra: their features as whole numbers, which the page draws."""

from __future__ import annotations

import numpy as np

from spectrove.contracts import FloatArray

TOP = 255
"""The highest point of a picture."""

MISSING = -1
"""A point where there is no value."""


def thumbnails(features: FloatArray) -> list[list[int]]:
    """
    Return small pictures of spectra.

    Parameters
    ----------
    features : array of shape (n_spectra, n_wave)
        What the network sees.

    Returns
    -------
    list of list of int
        Each spectrum from 0, its lowest point, to `TOP`, its highest; `MISSING` where there is no finite value. A spectrum that
        is the same everywhere is 0 everywhere.
    """
    values: FloatArray = np.array(features, dtype=np.float64)
    is_there = np.isfinite(values)
    low = np.where(is_there, values, np.inf).min(axis=1, keepdims=True, initial=np.inf)
    high = np.where(is_there, values, -np.inf).max(axis=1, keepdims=True, initial=-np.inf)
    with np.errstate(invalid="ignore"):
        span = np.where(high > low, high - low, 1.0)
        scaled = np.rint(TOP * ((values - low) / span))
    pictures: list[list[int]] = np.where(is_there, scaled, MISSING).astype(np.int64).tolist()
    return pictures
