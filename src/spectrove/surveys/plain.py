"""What is read of a plain file without astropy: facts, wavelengths that many files share, and the flux as it lies there."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from spectrove.contracts import FloatArray
from spectrove.spectrum import HeaderFacts, Spectrum

MOST_GRIDS: Final = 512
"""Wavelength grids that are kept; LAMOST's releases have a handful, SDSS has one for each first pixel and length."""


@dataclass(frozen=True, eq=False)
class Grid:
    """
    Wavelengths of one or many spectra; two spectra share them if they share this object.

    Attributes
    ----------
    wave : array of float64, shape (n_pixels,)
        Vacuum wavelengths, Å, such as a `Spectrum` can have.
    """

    wave: FloatArray


class PlainSpectrum(NamedTuple):
    """
    One spectrum of a plain file.

    Attributes
    ----------
    format : str
        Name of the reader that would give the same.
    facts : dict
        Attributes of `HeaderFacts`; those that are absent are None.
    grid : Grid
        Its wavelengths, in vacuum.
    flux : array of shape (n_pixels,)
        Flux density in the file's type and byte order, a view of the file's content.
    """

    format: str
    facts: dict[str, Any]
    grid: Grid
    flux: FloatArray


_grids: dict[Hashable, list[tuple[bytes, Grid]]] = {}


def grid_of(key: Hashable, row: bytes, make: Callable[[], FloatArray]) -> Grid:
    """
    Return the grid of some bytes, made and looked at only when they are new.

    Parameters
    ----------
    key : hashable
        Whatever tells most grids apart at little cost, and all that ``make`` depends on besides the bytes.
    row : bytes
        What the wavelengths follow from.
    make : callable
        Returns the wavelengths, Å, vacuum, shape (n_pixels,).

    Returns
    -------
    Grid
        The wavelengths.

    Raises
    ------
    SpectrumError
        If no spectrum can have these wavelengths.
    """
    for known, grid in _grids.get(key, ()):
        if row == known:
            return grid
    with np.errstate(all="ignore"):  # what is not finite is refused in the next line
        wave = make()
    Spectrum(wave, np.zeros(wave.shape), None, None, HeaderFacts("grid", "of many"))
    grid = Grid(wave)
    if sum(map(len, _grids.values())) >= MOST_GRIDS:
        _grids.clear()
    _grids.setdefault(key, []).append((row, grid))
    return grid


def refuse_negative(content: bytes, start: int, n_pixels: int, kind: str) -> None:
    """
    Make sure that no inverse variance is negative, as a `Spectrum` does.

    Parameters
    ----------
    content : bytes
        The file, or its beginning.
    start : int
        Where the inverse variances begin, bytes.
    n_pixels : int
        How many they are.
    kind : str
        Their type as NumPy calls it, ``>f4`` or ``>f8``.

    Raises
    ------
    ValueError
        If one has a minus sign, be it that of zero or NaN, or the content ends before they do.
    """
    # The sign is the highest bit of the first byte, and a little-endian integer has that byte lowest.
    if np.bitwise_or.reduce(np.frombuffer(content, f"<u{kind[-1]}", n_pixels, start)) & 0x80:
        msg = "an inverse variance has a minus sign"
        raise ValueError(msg)
