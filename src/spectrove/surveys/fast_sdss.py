"""SDSS ``spec`` files without astropy; what they are, and where it is written, see `spectrove.surveys.sdss`."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from spectrove.contracts import FloatArray
from spectrove.surveys import sdss
from spectrove.surveys.arrays import floats
from spectrove.surveys.cards import Cards, header_end
from spectrove.surveys.facts import whole
from spectrove.surveys.plain import PlainSpectrum, grid_of
from spectrove.surveys.plain_table import PlainTable, table_of


def read_plain(content: bytes, size: int, cards: Cards) -> PlainSpectrum:
    """
    Return the spectrum of a ``spec`` file.

    Parameters
    ----------
    content : bytes
        The whole file.
    size : int
        Its length, bytes.
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
    if cards.value("NAXIS") != 0 or "EXTNAME" in cards.keywords or cards.value("VACUUM") not in {True, None}:
        msg = "the primary HDU is not empty, has a name, or tells of wavelengths in air"
        raise ValueError(msg)
    tables = _tables(content, size, cards.end)
    objects = [name for name in tables if name in sdss.OBJECT_TABLES]
    if "COADD" not in tables or not objects:
        msg = f"there is no COADD or no table of the object among {list(tables)}"
        raise ValueError(msg)
    row = _row(content, *tables[objects[0]])
    if any(whole(row.get(key)) is None for key in sdss.KEYS):
        msg = "the table of the object does not name the spectrum"
        raise ValueError(msg)
    table, start = tables["COADD"]
    flux, loglam, ivar, _ = (_vector(content, table, start, name) for name in sdss.COLUMNS)
    if flux.size < 2 or np.any(ivar < 0):
        msg = "there are less than 2 pixels, or an inverse variance is negative"
        raise ValueError(msg)
    bits = loglam.tobytes()
    grid = grid_of(("sdss", bits[:8], len(bits)), bits, partial(_wave, loglam))
    return PlainSpectrum(sdss.SPEC.name, sdss.facts_of(row), grid, flux.copy())


def _tables(content: bytes, size: int, start: int) -> dict[str, tuple[PlainTable, int]]:
    """Return the tables by name, each with the place of its data; the primary HDU ends at ``start``."""
    tables: dict[str, tuple[PlainTable, int]] = {}
    while start < size:
        _, begin = header_end(content, start)
        table = table_of(content[start:begin])
        if table.name in tables:
            msg = f"two tables are named {table.name!r}"
            raise ValueError(msg)
        tables[table.name] = table, begin
        start = begin + table.data_bytes
    if start != size:
        msg = f"the file is not as long as its headers say, {size} bytes"
        raise ValueError(msg)
    return tables


def _vector(content: bytes, table: PlainTable, start: int, name: str) -> FloatArray:
    values: FloatArray = table.column(content, start, name)
    if values.shape[1] != 1 or table.columns[name].code == "A":
        msg = f"column {name} holds no number a row"
        raise ValueError(msg)
    return values[:, 0]


def _wave(loglam: FloatArray) -> FloatArray:
    wave: FloatArray = 10.0 ** floats(loglam)
    return wave


def _row(content: bytes, table: PlainTable, start: int) -> dict[str, Any]:
    """Return the facts of the object as astropy gives them."""
    if table.n_rows != 1:
        msg = f"the table of the object has {table.n_rows} rows"
        raise ValueError(msg)
    row: dict[str, Any] = {}
    for name in table.names:
        if name in sdss.FACTS:
            values = table.column(content, start, name)[0]
            value = values if values.size > 1 else values[0]
            if isinstance(value, bytes):
                value = value.decode("ascii")
                if not value.isprintable():
                    msg = f"the text {value!r} is not printable"
                    raise ValueError(msg)
            row[name] = value
    return row
