"""
Tables of VOTables as plain arrays, whatever the document does.

Nothing outside the document is looked at: data that it keeps elsewhere are refused, and so are entities of its own. The size of
what is made follows from the bytes that are there, never from a number that the document tells. The encodings TABLEDATA, BINARY
and BINARY2 are those of the standard [1]_.

References
----------
.. [1] Ochsenbein et al. 2019, VOTable 1.4, IVOA Recommendation, sections 2 and 5.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError, XMLParser

import numpy as np

LONGEST: Final = 1 << 25
"""Characters; a longer document is not taken apart. A spectrum of 100,000 pixels takes 10 million."""

DEEPEST: Final = 100
"""Elements within elements; VOTables of services have a dozen."""

MOST_TABLES: Final = 1000
"""Tables of a document; more of them hold no spectra."""

MOST_FIELDS: Final = 1000
"""Fields of a table that is looked at."""

START: Final = re.compile(r"\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*|<!DOCTYPE[^<>\[]*>\s*)*<(?:[\w.-]+:)?VOTABLE\b", re.DOTALL)
"""How a VOTable begins; older ones name the definition of their type."""

NUMBERS: Final = {
    "unsignedByte": ">u1",
    "short": ">i2",
    "int": ">i4",
    "long": ">i8",
    "float": ">f4",
    "double": ">f8",
}
"""Types of numbers, as they lie in a stream."""

OTHERS: Final = {"boolean": 1, "char": 1, "unicodeChar": 2, "floatComplex": 8, "doubleComplex": 16}
"""Bytes of one value of the types that are not used, but passed over; bits are packed."""


class VOTableError(ValueError):
    """A VOTable, or something like one, that cannot be taken apart; a clause."""


@dataclass(frozen=True)
class Field:
    """
    A FIELD or PARAM.

    Attributes
    ----------
    name, utype, ucd, unit, datatype, arraysize, description : str
        As the document gives them; empty where it gives nothing.
    value : str
        Of a PARAM.
    null : str
        What stands for nothing in it.
    """

    name: str
    utype: str
    ucd: str
    unit: str
    datatype: str
    arraysize: str
    description: str
    value: str
    null: str


@dataclass(frozen=True, eq=False)
class Table:
    """
    A TABLE, its data not taken apart yet.

    Attributes
    ----------
    fields : tuple of Field
        Its columns.
    params : tuple of Field
        Its own PARAMs.
    element : Element
        The element.
    """

    fields: tuple[Field, ...]
    params: tuple[Field, ...]
    element: Element

    def rows(self) -> Iterator[list[str]]:
        """
        Yield the cells of each row as they are written.

        Yields
        ------
        list of str
            One row; none where the data are encoded in another way than TABLEDATA.
        """
        for row in self.element.iter():
            if _tag(row) == "TR":
                yield [cell.text or "" for cell in row]


@dataclass(frozen=True, eq=False)
class Document:
    """
    A VOTable.

    Attributes
    ----------
    tables : tuple of Table
        Its tables, in its order.
    params : tuple of Field
        The PARAMs that stand outside of all tables.
    """

    tables: tuple[Table, ...]
    params: tuple[Field, ...]


def take_apart(text: str) -> Document:
    """
    Return what is in a VOTable.

    Parameters
    ----------
    text : str
        The document.

    Returns
    -------
    Document
        Its tables and PARAMs.

    Raises
    ------
    VOTableError
        If it is no VOTable, or none that is taken apart.
    """
    if not START.match(text[:65536]):
        msg = "it does not begin as a VOTable does"
        raise VOTableError(msg)
    if len(text) > LONGEST:
        msg = f"the VOTable has {len(text)} characters; at most {LONGEST} are taken apart"
        raise VOTableError(msg)
    if "<!ENTITY" in text:
        msg = "the VOTable declares entities of its own, which none of them needs"
        raise VOTableError(msg)
    root = _parsed(text)
    found = [element for element in root.iter() if _tag(element) == "TABLE"]
    if len(found) > MOST_TABLES:
        msg = f"the VOTable has {len(found)} tables; at most {MOST_TABLES} are looked at"
        raise VOTableError(msg)
    inside = {id(param) for table in found for param in table.iter() if _tag(param) == "PARAM"}
    shared = tuple(_field(one) for one in root.iter() if _tag(one) == "PARAM" and id(one) not in inside)
    return Document(tuple(map(_table, found)), shared)


def _parsed(text: str) -> Element:
    parser = XMLParser(target=_Bounded(), encoding="utf-8")  # noqa: S314 - no entities (above), and a bounded depth
    try:
        parser.feed(text.encode("utf-8", "replace"))
        root: Element = parser.close()
    except ParseError as error:
        msg = f"the VOTable is cut off or no XML ({error})"
        raise VOTableError(msg) from error
    return root


class _Bounded:
    """Builds a tree of elements that is not too deep."""

    def __init__(self) -> None:
        from xml.etree.ElementTree import TreeBuilder

        self._builder = TreeBuilder()
        self._depth = 0

    def start(self, tag: str, attributes: dict[str, str]) -> Element:
        """Begin an element."""
        self._depth += 1
        if self._depth > DEEPEST:
            msg = f"the VOTable has more than {DEEPEST} elements within one another"
            raise VOTableError(msg)
        return self._builder.start(tag, attributes)

    def end(self, tag: str) -> Element:
        """End an element."""
        self._depth -= 1
        return self._builder.end(tag)

    def data(self, data: str) -> None:
        """Take text."""
        self._builder.data(data)

    def close(self) -> Element:
        """Return the tree."""
        return self._builder.close()


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _children(element: Element, tag: str) -> Iterator[Element]:
    return (child for child in element if _tag(child) == tag)


def _child(element: Element, tag: str) -> Element | None:
    return next(_children(element, tag), None)


def _field(element: Element) -> Field:
    description, values = _child(element, "DESCRIPTION"), _child(element, "VALUES")
    given = {name: " ".join(element.get(name, "").split()) for name in ("name", "utype", "ucd", "unit", "datatype", "arraysize")}
    return Field(
        **given,
        description=" ".join("".join(description.itertext()).split()) if description is not None else "",
        value=element.get("value", "").strip(),
        null=values.get("null", "") if values is not None else "",
    )


def _table(element: Element) -> Table:
    fields = tuple(_field(one) for one in islice(_children(element, "FIELD"), MOST_FIELDS + 1))
    own = tuple(_field(one) for one in element.iter() if _tag(one) == "PARAM")
    return Table(fields, own, element)


def columns(table: Table, numbers: list[int]) -> list[np.ndarray[Any, Any]]:
    """
    Return some columns of numbers.

    Parameters
    ----------
    table : Table
        The table.
    numbers : list of int
        Places of the columns, from 0; each is of numbers.

    Returns
    -------
    list of array of float64, shape (n_values,)
        NaN where there is nothing. Of a table of one row with arrays in its cells, the values of the array.

    Raises
    ------
    VOTableError
        If the table has no data, or they are not as its fields say.
    """
    if len(table.fields) > MOST_FIELDS:
        msg = f"the table has more than {MOST_FIELDS} columns"
        raise VOTableError(msg)
    for number in numbers:
        if table.fields[number].datatype not in NUMBERS:
            field = table.fields[number]
            msg = f"the column {field.name!r} is of the type {field.datatype!r}, expected one of {', '.join(NUMBERS)}"
            raise VOTableError(msg)
    data = _child(table.element, "DATA")
    for encoding in data if data is not None else ():
        if _tag(encoding) == "TABLEDATA":
            return _of_text(table, encoding, numbers)
        if _tag(encoding) in {"BINARY", "BINARY2"}:
            return _of_stream(table, encoding, numbers)
        msg = f"its data are encoded as {_tag(encoding)[:20]}, expected TABLEDATA, BINARY or BINARY2"
        raise VOTableError(msg)
    msg = "its table has no data"
    raise VOTableError(msg)


# -- TABLEDATA -------------------------------------------------------------------------------------------------------------------


def _of_text(table: Table, data: Element, numbers: list[int]) -> list[np.ndarray[Any, Any]]:
    values: list[list[float]] = [[] for _ in numbers]
    rows = list(_children(data, "TR"))
    arrays = _holds_arrays(table, numbers, len(rows))
    for count, row in enumerate(rows, start=1):
        if len(row) != len(table.fields):
            msg = f"row {count} has {len(row)} cells, expected {len(table.fields)} as there are fields"
            raise VOTableError(msg)
        for into, number in zip(values, numbers, strict=True):
            written = (row[number].text or "").strip()
            cells = written.split() if arrays else [written]
            into.extend(_number(cell, table.fields[number], count) for cell in cells)
    kinds = [NUMBERS[table.fields[number].datatype] for number in numbers]
    # What is declared as float has no more digits than one, however it is written.
    return [
        np.array(column, np.float32 if kind == ">f4" else np.float64).astype(np.float64)
        for column, kind in zip(values, kinds, strict=True)
    ]


def _holds_arrays(table: Table, numbers: list[int], n_rows: int) -> bool:
    """Return whether the cells hold arrays; then there is one row."""
    arrays = [table.fields[number].arraysize not in {"", "1"} for number in numbers]
    if any(arrays) and (not all(arrays) or n_rows != 1):
        msg = (
            f"cells hold arrays in {sum(arrays)} of {len(arrays)} columns and there are {n_rows} rows, expected one row of arrays"
        )
        raise VOTableError(msg)
    return any(arrays)


def _number(cell: str, field: Field, row: int) -> float:
    if not cell or cell == field.null:
        return math.nan
    try:
        return float(cell) if "_" not in cell else float("no number")
    except ValueError:
        pass
    if cell.lower().startswith("0x"):  # integers may be written so (section 6)
        try:
            return float(int(cell, 16))
        except (ValueError, OverflowError):
            pass
    msg = f"row {row} has {cell[:40]!r} in column {field.name!r}, expected a number"
    raise VOTableError(msg)


# -- BINARY and BINARY2 ----------------------------------------------------------------------------------------------------------


def _of_stream(table: Table, encoding: Element, numbers: list[int]) -> list[np.ndarray[Any, Any]]:
    content = _streamed(encoding)
    head = (len(table.fields) + 7) // 8 if _tag(encoding) == "BINARY2" else 0
    sizes = [_fixed(field) for field in table.fields]
    if any(size is None for size in sizes) or any(table.fields[number].arraysize not in {"", "1"} for number in numbers):
        found = _one_row(table, content, head, numbers)
    else:
        found = _rows(table, content, head, [size or 0 for size in sizes], numbers)
    return [_without_null(values, table.fields[number]) for values, number in zip(found, numbers, strict=True)]


def _streamed(encoding: Element) -> bytes:
    stream = _child(encoding, "STREAM")
    if stream is None or stream.get("href"):
        msg = "its data are kept elsewhere, which is not looked at" if stream is not None else "its data have no STREAM"
        raise VOTableError(msg)
    if stream.get("encoding", "").lower() != "base64":
        msg = f"its STREAM is encoded as {stream.get('encoding', '')[:20]!r}, expected 'base64'"
        raise VOTableError(msg)
    try:
        return base64.b64decode("".join((stream.text or "").split()), validate=True)
    except (binascii.Error, ValueError) as error:
        msg = f"its STREAM is no base64 ({error})"
        raise VOTableError(msg) from error


def _width(field: Field) -> int:
    return int(NUMBERS[field.datatype][2]) if field.datatype in NUMBERS else OTHERS.get(field.datatype, 0)


def _bytes_of(field: Field, count: int) -> int:
    if field.datatype == "bit":
        return (count + 7) // 8
    if not _width(field):
        msg = f"the column {field.name!r} is of the type {field.datatype!r}, which is unknown"
        raise VOTableError(msg)
    return count * _width(field)


def _fixed(field: Field) -> int | None:
    """Return the bytes of a column's cell; None if they differ from row to row."""
    if "*" in field.arraysize:
        return None
    parts = (field.arraysize or "1").split("x")
    if not all(re.fullmatch(r"[0-9]{1,9}", part) for part in parts):
        msg = f"the column {field.name!r} has the arraysize {field.arraysize[:40]!r}, expected whole numbers"
        raise VOTableError(msg)
    return _bytes_of(field, math.prod(int(part) for part in parts))


def _rows(table: Table, content: bytes, head: int, sizes: list[int], numbers: list[int]) -> list[np.ndarray[Any, Any]]:
    length = head + sum(sizes)
    if not length or len(content) % length:
        msg = f"its STREAM holds {len(content)} bytes, expected rows of {length}"
        raise VOTableError(msg)
    n_rows = len(content) // length
    found = []
    for number in numbers:
        at = head + sum(sizes[:number])
        kind = np.dtype(NUMBERS[table.fields[number].datatype])
        values = np.ndarray((n_rows,), kind, content, at, (length,)).astype(np.float64)
        if head:
            flags = np.ndarray((n_rows,), np.uint8, content, number // 8, (length,))
            values[(flags >> (7 - number % 8)) & 1 == 1] = np.nan
        found.append(values)
    return found


def _one_row(table: Table, content: bytes, head: int, numbers: list[int]) -> list[np.ndarray[Any, Any]]:
    """Return arrays that are the cells of the only row; or values of rows whose cells of other columns differ in length."""
    values: list[list[np.ndarray[Any, Any]]] = [[] for _ in numbers]
    wanted = {number: place for place, number in enumerate(numbers)}
    at = n_rows = 0
    while at < len(content):
        n_rows, start = n_rows + 1, at
        flags, at = content[at : at + head], at + head
        for number, field in enumerate(table.fields):
            size = _fixed(field)
            if size is None:
                size = _bytes_of(field, _counted(content, at) * _inner(field))
                at += 4
            if at + size > len(content):
                msg = f"its STREAM is cut off in row {n_rows} (it has {len(content)} bytes)"
                raise VOTableError(msg)
            if number in wanted:
                cell = np.frombuffer(content, np.dtype(NUMBERS[field.datatype]), size // _width(field), at).astype(np.float64)
                if flags and flags[number // 8] >> (7 - number % 8) & 1:
                    cell[:] = np.nan
                values[wanted[number]].append(cell)
            at += size
        if at == start:
            msg = "its rows have no bytes"
            raise VOTableError(msg)
    _holds_arrays(table, numbers, n_rows)
    return [np.concatenate([np.empty(0), *cells]) for cells in values]


def _counted(content: bytes, at: int) -> int:
    if at + 4 > len(content):
        msg = f"its STREAM is cut off (it has {len(content)} bytes)"
        raise VOTableError(msg)
    return int.from_bytes(content[at : at + 4], "big")


def _inner(field: Field) -> int:
    """Return how many values one step of the last axis has, of an array like ``2x*``."""
    parts = [part for part in field.arraysize.split("x") if "*" not in part]
    if not all(re.fullmatch(r"[0-9]{1,9}", part) for part in parts):
        msg = f"the column {field.name!r} has the arraysize {field.arraysize[:40]!r}, expected whole numbers"
        raise VOTableError(msg)
    return math.prod(int(part) for part in parts)


def _without_null(values: np.ndarray[Any, Any], field: Field) -> np.ndarray[Any, Any]:
    if field.null:
        with suppress(ValueError):
            values[values == float(field.null)] = np.nan
    return values
