"""Arrays of files as a spectrum needs them: native float64, wavelengths increasing and in vacuum, variances inverted."""

from __future__ import annotations

from typing import Any

import numpy as np

from spectrove.contracts import BoolArray, FloatArray
from spectrove.spectrum import HeaderFacts, Spectrum
from spectrove.wavelength import air_to_vacuum

Arrays = tuple[FloatArray, FloatArray, FloatArray | None, BoolArray | None]
"""Wavelengths, flux, inverse variances and mask of one spectrum, each of shape (n_pixels,)."""


def floats(values: Any) -> FloatArray:
    """
    Return values as a native array of float64 with one axis.

    Parameters
    ----------
    values : array-like
        Numbers of any type, byte order and shape.

    Returns
    -------
    array of float64, shape (n_pixels,)
        A copy.
    """
    return np.array(values, dtype=np.float64).reshape(-1)


def flags(values: Any) -> BoolArray:
    """
    Return where a survey's bit mask is set.

    Parameters
    ----------
    values : array-like
        Bit masks as integers, or as floats (LAMOST).

    Returns
    -------
    array of bool, shape (n_pixels,)
        True where a bit is set.
    """
    result: BoolArray = np.asarray(values).reshape(-1) != 0
    return result


def inverse_variance(values: Any, power: int) -> FloatArray:
    """
    Return the inverse variances of errors, variances or inverse variances.

    Parameters
    ----------
    values : array-like
        Standard deviations (flux), variances (flux²) or inverse variances (1/flux²).
    power : int
        -2 for standard deviations, -1 for variances, 1 for inverse variances.

    Returns
    -------
    array of float64, shape (n_pixels,)
        Inverse variances, 1/flux²; 0 (not trusted) where the value is negative, or the result is not finite.
    """
    given = floats(values)
    with np.errstate(all="ignore"):
        result = np.where(given >= 0, given, np.nan) ** power
    return np.where(np.isfinite(result), result, 0.0)


def spectrum_from(arrays: Arrays, header: HeaderFacts, medium: str, frame: str = "undeclared") -> Spectrum:
    """
    Return the spectrum of a file's arrays, wavelengths increasing and in vacuum if the medium is known.

    Parameters
    ----------
    arrays : tuple
        Wavelengths (Å), flux, inverse variances or None, and mask or None, each of shape (n_pixels,).
    header : HeaderFacts
        What the file says of the spectrum.
    medium : str
        ``vacuum``, ``air`` (converted here) or ``undeclared``.
    frame : str
        One of `spectrove.spectrum.FRAMES`.

    Returns
    -------
    Spectrum
        The spectrum.

    Raises
    ------
    SpectrumError
        If no spectrum can have these arrays.
    """
    wave, flux, ivar, mask = arrays
    if wave.size > 1 and wave[0] > wave[-1]:
        wave, flux = wave[::-1], flux[::-1]
        ivar = None if ivar is None else ivar[::-1]
        mask = None if mask is None else mask[::-1]
    if medium == "air":
        wave, medium = air_to_vacuum(wave), "vacuum"
    return Spectrum(wave, flux, ivar, mask, header, medium, frame)
