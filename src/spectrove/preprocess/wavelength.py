"""Wavelength scales: logarithmic to linear, and air to vacuum (from `spectrove.wavelength`, where its references are)."""

from __future__ import annotations

import numpy as np

from spectrove.contracts import FloatArray
from spectrove.errors import RecipeError
from spectrove.wavelength import air_to_vacuum, vacuum_to_air

__all__ = ["air_to_vacuum", "log_to_linear", "vacuum_to_air"]

LOG_WAVE_RANGE = (2.0, 6.0)
"""log₁₀ of 100 Å and of 100 μm: what lies outside is no decadic logarithm of a wavelength in Å."""


def log_to_linear(log_wave: FloatArray) -> FloatArray:
    r"""
    Return the wavelengths of their decadic logarithms, :math:`\lambda = 10^x`.

    Parameters
    ----------
    log_wave : array
        Decadic logarithms of wavelengths in Å, as in LAMOST's and SDSS's files.

    Returns
    -------
    array of the same shape
        Wavelengths, Å, in the medium they came in.

    Raises
    ------
    RecipeError
        If a value is not finite or outside 2 to 6, as natural logarithms, nanometers and linear wavelengths are.

    References
    ----------
    .. [1] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sect. 3.2.
    """
    values: FloatArray = np.asarray(log_wave, dtype=np.float64)
    low, high = LOG_WAVE_RANGE
    if not np.all((values >= low) & (values <= high)):
        msg = (
            f"logarithmic wavelengths: values run from {float(np.min(values))!r} to {float(np.max(values))!r}, expected decadic "
            f"logarithms of Å within {low} to {high}. Convert them to log10 of Å first."
        )
        raise RecipeError(msg)
    return np.power(10.0, values)
