"""
Tables as FITS, with what the columns mean in the header: TUNITn, TUCDn and TCOMMn.

FITS cannot say everything that a table can. A text without a value and an empty one are the same, text is ASCII (see
`spectrove.catalog.ascii_text`), and a number without a value is NaN. Flags of which some are missing are whole numbers, 0 or 1,
as many readers take a missing flag for a false one. Numbers come back bit by bit.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from astropy.table import Column, MaskedColumn, Table

from spectrove.catalog.ascii_text import ascii_text
from spectrove.catalog.columns import ANGSTROM, EPOCHS, SKY, meaning_of
from spectrove.storage import atomic_path
from spectrove.vo.votable import is_text, require_names, unused

UNITS = {ANGSTROM: "Angstrom"}
"""Units that FITS (4.0, sect. 4.3) writes in another way than VOUnit."""

WIDE = 72
"""Characters of a COMMENT card (FITS 4.0, sect. 4.4.2.4)."""

SIGNED = {pa.int8(): np.int16, pa.uint8(): np.int16, pa.uint16(): np.int32, pa.uint32(): np.int64}
"""Whole numbers that a column of FITS does not hold as they are, and what holds them all."""

LONG_STRINGS = ("LONGSTRN", "OGIP 1.0")
"""The card that announces values which go on over several cards."""

FRAMES = {SKY: ("RADESYS", "ICRS"), EPOCHS: ("MJDREF", 0.0)}
"""Cards that say what columns refer to (FITS 4.0, sect. 8.3 and 9.2.2)."""


def write_fits(table: pa.Table, path: Path, description: str, infos: Mapping[str, str] | None = None) -> None:
    """
    Write a table as FITS: one binary table behind an empty primary array.

    Parameters
    ----------
    table : pyarrow.Table
        Columns of text, integers, floats or booleans; those of `spectrove.catalog.columns` are described.
    path : Path
        Where; replaced if it exists, whole or not at all.
    description : str
        What the table is, written as comments.
    infos : mapping of str to str, or None
        Further facts by name, written as comments ``name = value``.

    Raises
    ------
    ValueError
        If a column's name is no name, stands twice but for the case of its letters, or its type has no counterpart.
    StorageError
        If the disk is full or cannot be written.

    References
    ----------
    .. [1] Definition of the Flexible Image Transport System 4.0, IAU FITS Working Group 2018, sect. 7.3.
    """
    require_names("FITS", [name.lower() for name in table.column_names])
    found = [_column(name, table[name]) for name in table.column_names]
    content = Table(found, copy=False)
    content.meta.update(_cards(table.column_names))
    content.meta["comments"] = _comments(table, description, infos or {})
    with atomic_path(path) as temporary:
        content.write(temporary, format="fits", overwrite=True)


def _column(name: str, column: pa.ChunkedArray) -> Column:
    values, null = _values(name, column)
    missing = column.is_null().to_numpy()
    meaning = meaning_of(name)
    unit = UNITS.get(meaning.unit, meaning.unit) if meaning and meaning.unit else None
    if null is None:
        return Column(values, name=name, unit=unit)
    return MaskedColumn(values, name=name, unit=unit, mask=missing, fill_value=null)


def _values(name: str, column: pa.ChunkedArray) -> tuple[np.ndarray[Any, Any], int | None]:
    """Return the values as FITS holds them, and the number that stands for none."""
    kind = column.type
    if is_text(kind):
        texts = [ascii_text(text or "").encode("ascii") for text in column.to_pylist()]
        return np.array(texts, dtype=f"S{max(map(len, texts), default=1) or 1}"), None
    if pa.types.is_boolean(kind) and not column.null_count:
        return column.to_numpy(), None
    if pa.types.is_boolean(kind):
        return pc.fill_null(column.cast(pa.int16()), -1).to_numpy(), -1
    if pa.types.is_integer(kind) and kind != pa.uint64():
        numbers = pc.fill_null(column, 0).to_numpy()
        numbers = numbers.astype(SIGNED.get(kind, numbers.dtype))
        return numbers, unused(numbers) if column.null_count else None
    if kind in {pa.float32(), pa.float64()}:
        return column.to_numpy(), None
    msg = f"FITS: column {name!r} has the type {kind}, which has no counterpart; cast it to text or numbers"
    raise ValueError(msg)


def _cards(names: list[str]) -> dict[str, Any]:
    cards: dict[str, Any] = {"EXTNAME": "CANDIDATES", LONG_STRINGS[0]: LONG_STRINGS[1]}
    for number, name in enumerate(names, 1):
        if (meaning := meaning_of(name)) is None:
            continue
        cards[f"TCOMM{number}"] = ascii_text(meaning.description)
        if meaning.ucd:
            cards[f"TUCD{number}"] = meaning.ucd
        if meaning.ref in FRAMES:
            key, value = FRAMES[meaning.ref]
            cards[key] = value
    return cards


def _comments(table: pa.Table, description: str, infos: Mapping[str, str]) -> list[str]:
    told = [description, *(f"{name} = {value}" for name, value in infos.items())]
    if any(is_text(column.type) and not _is_ascii(column) for column in table.columns):
        told.append("Letters outside ASCII are spelled here in ASCII; the VOTable has them as they are.")
    return [line for text in told for line in textwrap.wrap(ascii_text(text), WIDE)]


def _is_ascii(column: pa.ChunkedArray) -> bool:
    return bool(pc.all(pc.string_is_ascii(column.cast(pa.string())), skip_nulls=True, min_count=0).as_py())
