"""Short gaps: pixels without a measurement, bridged in a straight line where they are few."""

from __future__ import annotations

import numpy as np

from spectrove.contracts import FloatArray
from spectrove.errors import RecipeError


def fill_gaps(wave: FloatArray, flux: FloatArray, longest: int) -> FloatArray:
    """
    Return the flux with its short gaps bridged in a straight line between the neighbors.

    A gap is a run of pixels that are not finite. Longer ones, and those at the ends, stay as they are (as NaN).

    Parameters
    ----------
    wave : array of shape (n_pixels,)
        Wavelengths, Å, strictly increasing.
    flux : array of shape (n_pixels,)
        Flux density, any unit; NaN where there is no measurement.
    longest : int
        Pixels of the longest gap that is bridged.

    Returns
    -------
    array of shape (n_pixels,)
        Flux; NaN in the gaps that remain.

    Raises
    ------
    RecipeError
        If ``longest`` is less than 1.
    """
    if longest < 1:
        msg = f"fill gaps: longest must be at least 1 pixel, got {longest!r}"
        raise RecipeError(msg)
    values: FloatArray = np.asarray(flux, dtype=np.float64)
    finite = np.isfinite(values)
    filled = np.where(finite, values, np.nan)
    turns = np.diff(np.concatenate([[False], ~finite, [False]]).astype(np.int8))
    for start, stop in zip(np.flatnonzero(turns == 1), np.flatnonzero(turns == -1), strict=True):
        if stop - start <= longest and start > 0 and stop < values.size:
            ends = [start - 1, stop]
            filled[start:stop] = np.interp(wave[start:stop], wave[ends], values[ends])
    return filled
