"""Binary tables whose columns are plain arrays of numbers and texts, found in the bytes of a FITS file without astropy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np

from spectrove.surveys.cards import BLOCK, Cards

WIDTHS: Final = {"L": 1, "B": 1, "I": 2, "J": 4, "K": 8, "A": 1, "E": 4, "D": 8, "C": 8, "M": 16}
"""Bytes of an element of each type of column (FITS 4.0, table 18); bits and pointers to a heap are not plain."""

TYPES: Final = {"I": ">i2", "J": ">i4", "K": ">i8", "E": ">f4", "D": ">f8", "U": ">u8"}
"""Types of columns of numbers that are read, as NumPy calls them."""

UNSIGNED: Final = 1 << 63
"""TZERO of unsigned integers of 64 bits, which are written as signed ones (section 5.2.5); here their type is U."""

FIRST: Final = ("XTENSION", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "PCOUNT", "GCOUNT", "TFIELDS")
"""Keywords with which a table's header begins, in this order (section 7.3.1)."""

_FORM = re.compile(r"([0-9]{0,6})([A-Z])")
_NAME = re.compile(r"[A-Z0-9_]+")
_MEANING = re.compile(r"T(?:SCAL|ZERO|NULL|DIM)([0-9]+)")


@dataclass(frozen=True)
class Column:
    """
    One column of a table.

    Attributes
    ----------
    code : str
        Its type, a letter of `WIDTHS`.
    repeat : int
        Elements in a row.
    offset : int
        Where it begins in a row, bytes.
    """

    code: str
    repeat: int
    offset: int


@dataclass(frozen=True)
class PlainTable:
    """
    A table as its header describes it.

    Attributes
    ----------
    name : str
        EXTNAME.
    n_rows, row_bytes : int
        Rows, and bytes of one.
    columns : dict of str to Column
        Columns by their names in capitals, but for those that are scaled, have a null value or more than one axis.
    names : tuple of str
        Names of all columns in capitals.
    """

    name: str
    n_rows: int
    row_bytes: int
    columns: dict[str, Column]
    names: tuple[str, ...]

    @property
    def data_bytes(self) -> int:
        """
        Return how much the data take in the file.

        Returns
        -------
        int
            Bytes, whole blocks.
        """
        return -(-self.n_rows * self.row_bytes // BLOCK) * BLOCK

    def column(self, content: bytes, start: int, name: str) -> Any:
        """
        Return one column.

        Parameters
        ----------
        content : bytes
            The file, or its beginning.
        start : int
            Where the table's data begin, bytes.
        name : str
            The column's name in capitals.

        Returns
        -------
        array of shape (n_rows, repeat)
            A view of the content in the file's byte order, but for unsigned integers; bytes for texts.

        Raises
        ------
        ValueError
            If the column is absent or unusual, or the content ends before the column does.
        """
        column = self.columns.get(name)
        if column is None:
            msg = f"the table has no plain column {name}"
            raise ValueError(msg)
        kind = f"S{column.repeat}" if column.code == "A" else TYPES[column.code]
        shape = (self.n_rows, 1 if column.code == "A" else column.repeat)
        strides = (self.row_bytes, np.dtype(kind).itemsize)
        values: Any = np.ndarray(shape, kind, content, start + column.offset, strides)
        return values ^ np.uint64(UNSIGNED) if column.code == "U" else values


@lru_cache(maxsize=512)
def table_of(header: bytes) -> PlainTable:
    """
    Return what the header of a binary table describes.

    Parameters
    ----------
    header : bytes
        The header, whole blocks.

    Returns
    -------
    PlainTable
        The table.

    Raises
    ------
    ValueError
        If the HDU is anything but a table of plain columns without a heap.
    """
    cards = Cards(header)
    if cards.keywords[: len(FIRST)] != FIRST or cards.text("XTENSION") != "BINTABLE":
        msg = "the HDU is no binary table that begins as the standard says"
        raise ValueError(msg)
    fixed = [cards.value(key) for key in ("BITPIX", "NAXIS", "PCOUNT", "GCOUNT")]
    sizes = [cards.value(key) for key in ("NAXIS1", "NAXIS2", "TFIELDS")]
    if fixed != [8, 2, 0, 1] or not all(type(size) is int and size > 0 for size in sizes) or "THEAP" in cards.keywords:
        msg = "the table is empty or has a heap"
        raise ValueError(msg)
    row_bytes, n_rows, n_columns = (int(size) for size in sizes if isinstance(size, int))
    meanings = [(int(found[1]), found[0]) for found in map(_MEANING.fullmatch, cards.keywords) if found]
    unusual = {number for number, key in meanings if not _is_idle(cards, number, key)}
    unsigned = {number for number in unusual if _is_unsigned(cards, number)}
    columns: dict[str, Column] = {}
    names: list[str] = []
    offset = 0
    for number in range(1, n_columns + 1):
        name, form = cards.text(f"TTYPE{number}"), cards.text(f"TFORM{number}")
        name, found = (name or "").upper(), _FORM.fullmatch(form or "")
        if not _NAME.fullmatch(name) or name in names or found is None or found[2] not in WIDTHS or found[1] == "0":
            msg = f"column {number} is unusual"
            raise ValueError(msg)
        names.append(name)
        column = Column("U" if number in unsigned else found[2], int(found[1] or 1), offset)
        if number not in unusual - unsigned and column.code in {*TYPES, "A"}:
            columns[name] = column
        offset += column.repeat * WIDTHS[found[2]]
    if offset != row_bytes or f"TFORM{n_columns + 1}" in cards.keywords:
        msg = f"the columns take {offset} bytes, the rows {row_bytes}"
        raise ValueError(msg)
    return PlainTable(cards.text("EXTNAME") or "", n_rows, row_bytes, columns, tuple(names))


def _is_idle(cards: Cards, number: int, key: str) -> bool:
    """Return whether a card says what is so without it: that a vector is a vector."""
    form = _FORM.fullmatch(cards.text(f"TFORM{number}") or "")
    return key.startswith("TDIM") and form is not None and form[2] != "A" and cards.text(key) == f"({form[1]})"


def _is_unsigned(cards: Cards, number: int) -> bool:
    form, zero, *others = (cards.value(f"{key}{number}") for key in ("TFORM", "TZERO", "TSCAL", "TNULL", "TDIM"))
    return form in {"K", "1K"} and zero == UNSIGNED and others in ([1, None, None], [None, None, None])
