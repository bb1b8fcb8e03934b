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
    # A power of two changes no digit, and keeps the largest fluxes from overflowing and the smallest from vanishing.
    values = np.ldexp(values, -int(np.frexp(np.abs(values).max())[1]))
    low, high = float(values.min()), float(values.max())
    if high - low <= ROUNDING * max(abs(low), abs(high)):
        level = float(np.asarray(flux).ravel()[0])
        found = "zero everywhere" if level == 0 else f"constant ({level!r})"
        msg = f"the flux is {found}, so min-max has nothing to divide by"
        raise WindowError(msg)
    scaled: FloatArray = 2.0 * ((values - low) / (high - low)) - 1.0
    return scaled
