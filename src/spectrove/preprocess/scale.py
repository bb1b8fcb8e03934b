"""Scaling of each spectrum on its own: the shape stays, the level goes."""

from __future__ import annotations

import numpy as np

from spectrove.contracts import FloatArray
from spectrove.errors import WindowError

ROUNDING = 64 * np.finfo(np.float64).eps
"""Relative range below which differences are rounding of a constant flux."""


def min_max(flux: FloatArray) -> FloatArray:
    r"""
    Return the flux scaled to the range from -1 to 1.

    :math:`x' = 2 (x - \min x) / (\max x - \min x) - 1`; the smallest value becomes exactly -1 and the largest exactly 1.

    Parameters
    ----------
    flux : array of shape (n_wave,)
        Flux density, any unit, finite.

    Returns
    -------
    array of shape (n_wave,)
        Dimensionless, from -1 to 1.

    Raises
    ------
    WindowError
        If there is no pixel, one is not finite, or all are the same but for rounding (then there is nothing to divide by).

    References
    ----------
    .. [1] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, eq. 3.
    """
    values: FloatArray = np.asarray(flux, dtype=np.float64)
    if values.size == 0:
        msg = "there is no pixel to scale"
        raise WindowError(msg)
    if not np.all(np.isfinite(values)):
        bad = np.count_nonzero(~np.isfinite(values))
        msg = f"{bad} of {values.size} pixels are not finite (NaN or infinite), so min-max has no range"
        raise WindowError(msg)
    scaled: FloatArray = min_max_rows(values[None])[0]
    if np.isnan(scaled[0]):
        level = float(values[0])
        found = "zero everywhere" if level == 0 else f"constant ({level!r})"
        msg = f"the flux is {found}, so min-max has nothing to divide by"
        raise WindowError(msg)
    return scaled


def min_max_rows(flux: FloatArray) -> FloatArray:
    """
    Return the flux of each of many spectra scaled to the range from -1 to 1, as `min_max` does.

    Parameters
    ----------
    flux : array of shape (n_spectra, n_wave)
        Flux density, any unit, finite; at least one wavelength.

    Returns
    -------
    array of shape (n_spectra, n_wave)
        Dimensionless, from -1 to 1; NaN where a spectrum is constant but for rounding.
    """
    values: FloatArray = np.asarray(flux, dtype=np.float64)
    # A power of two changes no digit, and keeps the largest fluxes from overflowing and the smallest from vanishing.
    values = np.ldexp(values, -np.frexp(np.abs(values).max(axis=1, keepdims=True))[1])
    low, high = values.min(axis=1, keepdims=True), values.max(axis=1, keepdims=True)
    has_range = high - low > ROUNDING * np.maximum(np.abs(low), np.abs(high))
    scaled: FloatArray = 2.0 * ((values - low) / np.where(has_range, high - low, np.nan)) - 1.0
    return scaled
