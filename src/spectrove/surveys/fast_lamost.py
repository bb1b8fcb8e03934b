"""
LAMOST's three layouts without astropy; what they are, and where it is written, see `spectrove.surveys.lamost`.

Everything that the readers look at is looked at here: all wavelengths and inverse variances, and of the flux nothing, since a
reader keeps whatever it is. The masks are not read; that they are in the file, its length tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np

from spectrove.contracts import FloatArray
from spectrove.surveys import lamost
from spectrove.surveys.arrays import floats
from spectrove.surveys.cards import BLOCK, Cards, header_end
from spectrove.surveys.plain import Grid, PlainSpectrum, grid_of, refuse_negative
from spectrove.surveys.plain_table import table_of

IMAGE_START: Final = ("SIMPLE", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2")
"""Keywords with which the header of an image begins, in this order (FITS 4.0, section 4.4.1)."""

FLOATS: Final[dict[object, str]] = {-32: ">f4", -64: ">f8"}
"""Types of pixels by BITPIX, as NumPy calls them; some files of DR2 to DR8 were written again in double precision."""

NAMED: Final = frozenset({"EXTNAME"})
"""Keywords that would make the empty primary HDU look like the table."""

SHARED_KEYS: Final = (*IMAGE_START[1:], "VACUUM", "EXTEN0", "COEFF0", "COEFF1", *lamost.SPECTROGRAPH_KEYS)
"""Keywords of what is looked at once for all spectra of a spectrograph and observation."""

MOST_KNOWN: Final = 1024
"""Observations of a spectrograph whose shared cards are kept."""

NO_WAVELENGTH: Final = 900.0
"""Å; no header's grid begins below 1000 Å, so a row with a lesser first value is not the header's to half a pixel."""


def read_plain(content: bytes, size: int, cards: Cards) -> PlainSpectrum:
    """
    Return the spectrum of a file of LAMOST's low-resolution releases.

    Parameters
    ----------
    content : bytes
        The file, or its beginning up to the wavelengths at least.
    size : int
        Bytes of the whole file.
    cards : Cards
        The primary header.

    Returns
    -------
    PlainSpectrum
        The spectrum.

    Raises
    ------
    ValueError
        If the file is unusual in any way, or longer or shorter than its headers say.
    SpectrumError
        If no spectrum can have these wavelengths.
    """
    shared = _shared(cards)
    if cards.whole("FIBERID") is None:
        msg = "the spectrum has no name"
        raise ValueError(msg)
    return _table(content, size, cards, shared) if shared.kind is None else _image(content, size, cards, shared)


@dataclass(frozen=True)
class _Shared:
    """
    What the headers of one spectrograph and observation say.

    ``facts`` are those of `lamost.spectrograph_facts`. Of an image, ``kind`` is the type of its pixels as NumPy calls it,
    ``n_pixels`` and ``coefficients`` tell the header's grid, and ``third`` is EXTEN0's word for the third row.
    """

    facts: dict[str, Any]
    kind: str | None = None
    n_pixels: int = 0
    coefficients: tuple[float, float] = (0.0, 0.0)
    third: str | None = None


_known: dict[tuple[object, bytes], _Shared] = {}


def _shared(cards: Cards) -> _Shared:
    """Return what is said in the cards that many headers share, looked at only where they are new."""
    key = cards.same(SHARED_KEYS)
    known = _known.get(key)
    if known is None:
        named = cards.whole("LMJD"), cards.whole("SPID"), cards.text("PLANID")
        if None in named or cards.value("VACUUM") not in {True, None}:
            msg = "the spectrum has no name, or wavelengths in air"
            raise ValueError(msg)
        known = _shared_by_images(cards) if cards.value("NAXIS") == 2 else _shared_by_tables(cards)
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        _known[key] = known
    return known


def _shared_by_images(cards: Cards) -> _Shared:
    kind, n_pixels, coefficients = FLOATS.get(cards.value("BITPIX")), cards.value("NAXIS1"), lamost.coefficients(cards)
    if cards.keywords[:5] != IMAGE_START or kind is None or cards.value("NAXIS2") != 5:
        msg = "the primary HDU is no image of 5 rows of floats"
        raise ValueError(msg)
    if type(n_pixels) is not int or n_pixels < 2 or coefficients is None:
        msg = "there are no pixels, or no wavelengths"
        raise ValueError(msg)
    return _Shared(lamost.spectrograph_facts(cards), kind, n_pixels, coefficients, lamost.third_row(cards))


def _shared_by_tables(cards: Cards) -> _Shared:
    if cards.keywords[:3] != IMAGE_START[:3] or cards.value("NAXIS") != 0 or cards.has_any(NAMED):
        msg = "the primary HDU is not empty, or has a name"
        raise ValueError(msg)
    return _Shared(lamost.spectrograph_facts(cards))


def _image(content: bytes, size: int, cards: Cards, shared: _Shared) -> PlainSpectrum:
    kind, n_pixels = str(shared.kind), shared.n_pixels
    row = n_pixels * int(kind[-1])
    if size != cards.end - 5 * row // -BLOCK * BLOCK:
        msg = f"the file is not as long as its header says, {size} bytes"
        raise ValueError(msg)
    ivar, third = cards.end + lamost.IVAR * row, cards.end + lamost.THIRD * row
    refuse_negative(content, ivar, n_pixels, kind)
    flux = np.frombuffer(content, kind, n_pixels, cards.end + lamost.FLUX * row)
    name, grid = _grid_of_image(content[third : third + row], kind, shared.coefficients, shared.third)
    return PlainSpectrum(name, lamost.with_fiber(shared.facts, cards), grid, flux)


def _grid_of_image(third: bytes, kind: str, coefficients: tuple[float, float], word: str | None) -> tuple[str, Grid]:
    """Return the reader's name and the grid, of the third row of an image and EXTEN0's word for it."""
    key = (len(third) // int(kind[-1]), *coefficients)
    if word == lamost.IMAGE.third:
        return lamost.IMAGE.name, grid_of((word, kind, *key), third, partial(_third_row, third, kind, coefficients))
    if word != lamost.DR1.third or not np.frombuffer(third, kind, 1)[0] < NO_WAVELENGTH:
        msg = f"the third row is {word!r}"
        raise ValueError(msg)
    return lamost.DR1.name, grid_of((word, *key), b"", partial(lamost.header_grid, *key))


def _third_row(row: bytes, kind: str, coefficients: tuple[float, float]) -> FloatArray:
    wave = floats(np.frombuffer(row, kind))
    if not lamost.is_header_grid(wave, *coefficients):
        msg = "the third row is not the header's wavelengths"
        raise ValueError(msg)
    return wave


def _table(content: bytes, size: int, cards: Cards, shared: _Shared) -> PlainSpectrum:
    _, start = header_end(content, cards.end)
    table = table_of(content[cards.end : start])
    columns = [table.columns.get(name) for name in lamost.TABLE_COLUMNS]
    lengths = {None if column is None or column.code != "E" else column.repeat for column in columns}
    if table.name != "COADD" or table.n_rows != 1 or size != start + table.data_bytes or len(lengths) != 1:
        msg = "the table is not COADD with one row of vectors, or is not followed by the file's end"
        raise ValueError(msg)
    flux, ivar, wave = (table.column(content, start, name)[0] for name in lamost.TABLE_COLUMNS[:3])
    if flux.size < 2:
        msg = "the vectors have less than 2 pixels"
        raise ValueError(msg)
    refuse_negative(content, start + table.columns["IVAR"].offset, ivar.size, ">f4")
    row = wave.tobytes()
    grid = grid_of(("table", row[:8], row[-8:]), row, partial(floats, wave))
    return PlainSpectrum(lamost.TABLE.name, lamost.with_fiber(shared.facts, cards), grid, flux)
