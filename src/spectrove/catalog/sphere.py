"""Positions on the sky as vectors."""

from __future__ import annotations

import numpy as np

from spectrove.contracts import FloatArray


def unit_vectors(ra: FloatArray, dec: FloatArray) -> FloatArray:
    """
    Return positions as vectors, whose distances know neither poles nor the zero of right ascension.

    Parameters
    ----------
    ra, dec : array of float, shape (n,)
        Degrees.

    Returns
    -------
    array of float64, shape (n, 3)
        Of length 1; NaN where there is no position.
    """
    alpha, delta = np.radians(ra), np.radians(dec)
    cosine = np.cos(delta)
    return np.stack([cosine * np.cos(alpha), cosine * np.sin(alpha), np.sin(delta)], axis=-1)
