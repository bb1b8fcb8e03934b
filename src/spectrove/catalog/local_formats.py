"""
Tables as CSV, VOTable, FITS and Parquet: their columns, what the file says of them, and those that are wanted, as Arrow.

The format is seen in the first bytes, not in the name. Only wanted columns are read, so that a table of 150 columns and ten
million rows fits into memory where its positions do.
"""

from __future__ import annotations

import csv
import gzip
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from spectrove.errors import CatalogError

HEAD_BYTES = 4096
"""Enough to see what a file is."""

GZIP, FITS, PARQUET = b"\x1f\x8b", b"SIMPLE  =", b"PAR1"

DELIMITERS = ",;\t|"

NULLS = ["", "-", "--", "---", "null", "NULL", "nan", "NaN", "N/A", "n/a", "None"]
"""What stands for no value in CSV."""

WHAT_IS_READ = "a table as CSV, VOTable, FITS or Parquet"


@dataclass(frozen=True)
class TableFile:
    """
    A table on the disk of which nothing but the head has been read.

    Attributes
    ----------
    path : Path
        The file.
    names : tuple of str
        Its columns.
    read : callable
        Takes names of columns, returns them as a `pyarrow.Table`.
    ucds, units : mapping of str to str
        By column, where the file gives them.
    systems : mapping of str to str
        Coordinate system by column, such as ``ICRS``, where the file gives one.
    epochs : mapping of str to str
        Epoch of the coordinate system by column, such as ``J2015.5``, where the file gives one.
    """

    path: Path
    names: tuple[str, ...]
    read: Callable[[Sequence[str]], pa.Table]
    ucds: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    systems: Mapping[str, str] = field(default_factory=dict)
    epochs: Mapping[str, str] = field(default_factory=dict)


def open_table(path: Path) -> TableFile:
    """
    Return a table's columns, and how to read them.

    Parameters
    ----------
    path : Path
        CSV (comma, semicolon, tab or bar between values), VOTable, FITS (the first table in it) or Parquet; all but Parquet may
        be packed by gzip.

    Returns
    -------
    TableFile
        With the rows still on the disk, unless the format is VOTable.

    Raises
    ------
    CatalogError
        If the file cannot be read, is empty, or holds no table.
    """
    head, is_packed = _head(path)
    if not head.strip():
        msg = f"{path}: the file is empty, expected {WHAT_IS_READ}."
        raise CatalogError(msg)
    if head.startswith(PARQUET):
        return _parquet(path)
    if head.startswith(FITS):
        return _fits(path)
    if b"<votable" in head.lower() or head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<?xml"):
        return _votable(path)
    if b"\0" in head:
        msg = f"{path}: neither text nor FITS nor Parquet, expected {WHAT_IS_READ}."
        raise CatalogError(msg)
    return _csv(path, is_packed=is_packed)


def _head(path: Path) -> tuple[bytes, bool]:
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        if not head.startswith(GZIP):
            return head, False
        with gzip.open(path) as packed:
            return packed.read(HEAD_BYTES), True
    except (OSError, EOFError) as error:
        said = getattr(error, "strerror", None) or error
        msg = f"{path}: cannot be read ({said}), expected {WHAT_IS_READ}."
        raise CatalogError(msg) from error


@contextmanager
def _damage_told(path: Path, what: str) -> Iterator[None]:
    """Turn what a format's reader raises into one sentence; of what it warns of, only an end that is missing matters here."""
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            yield
    except CatalogError:
        raise
    except (OSError, EOFError, ValueError, TypeError, IndexError, KeyError, AttributeError, pa.ArrowException) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        msg = f"{path}: cannot be read as a {what} ({reason[:200]}). If it is one, it is damaged or cut off: fetch it again."
        raise CatalogError(msg) from error
    if any("truncated" in str(warning.message) for warning in told):
        msg = f"{path}: this {what} is cut off: it is shorter than its header says. Fetch it again."
        raise CatalogError(msg)


# -- CSV -------------------------------------------------------------------------------------------------------------------------


def _csv(path: Path, *, is_packed: bool) -> TableFile:
    kind = "CSV file"
    with _damage_told(path, kind), pa.input_stream(str(path), compression="gzip" if is_packed else None) as stream:
        lines, n_comments = _first_lines(stream)
    if not lines:
        msg = f"{path}: the file holds remarks alone, expected {WHAT_IS_READ}."
        raise CatalogError(msg)
    delimiter = max(DELIMITERS, key=lines[0].count)
    names = tuple(name.strip() for name in next(csv.reader([lines[0]], delimiter=delimiter)))
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        msg = f"{path}: {len(twice)} columns have a name that another has too ({', '.join(map(repr, twice[:5]))}). Rename them."
        raise CatalogError(msg)

    def read(wanted: Sequence[str]) -> pa.Table:
        parsing = pa.csv.ParseOptions(delimiter=delimiter)
        reading = pa.csv.ReadOptions(skip_rows=n_comments + 1, column_names=list(names), use_threads=False)
        converting = pa.csv.ConvertOptions(include_columns=list(wanted), null_values=NULLS, strings_can_be_null=True)
        with _damage_told(path, kind), pa.input_stream(str(path), compression="gzip" if is_packed else None) as stream:
            return pa.csv.read_csv(stream, read_options=reading, parse_options=parsing, convert_options=converting)

    return TableFile(path, names, read)


def _first_lines(stream: Any) -> tuple[list[str], int]:
    """Return the line of the names, and how many remarks stand before it."""
    rest, n_comments = stream.read(2**20).decode("utf-8-sig", errors="replace"), 0
    for line in rest.splitlines():
        if line.strip() and not line.startswith("#"):
            return [line], n_comments
        n_comments += 1
    return [], n_comments


# -- Parquet ---------------------------------------------------------------------------------------------------------------------


def _parquet(path: Path) -> TableFile:
    kind = "Parquet file"
    with _damage_told(path, kind):
        schema = pa.parquet.read_schema(path)
    facts = {entry.name: {key.decode(): value.decode() for key, value in (entry.metadata or {}).items()} for entry in schema}

    def read(wanted: Sequence[str]) -> pa.Table:
        with _damage_told(path, kind):
            return pa.parquet.read_table(path, columns=list(wanted), use_threads=False)

    ucds = {name: told["ucd"] for name, told in facts.items() if "ucd" in told}
    units = {name: told["unit"] for name, told in facts.items() if "unit" in told}
    return TableFile(path, tuple(schema.names), read, ucds, units)


# -- FITS ------------------------------------------------------------------------------------------------------------------------


def _fits(path: Path) -> TableFile:
    from astropy.table import Table

    with _damage_told(path, "FITS table"):
        table = Table.read(path, format="fits", memmap=True, unit_parse_strict="silent")
    columns = list(table.columns)
    ucds = {name: str(table.meta[f"TUCD{n}"]) for n, name in enumerate(columns, 1) if f"TUCD{n}" in table.meta}
    return _of_astropy(path, table, "FITS table", ucds)


def _of_astropy(path: Path, table: Any, kind: str, ucds: Mapping[str, str]) -> TableFile:
    units = {name: str(table[name].unit) for name in table.columns if table[name].unit is not None}

    def read(wanted: Sequence[str]) -> pa.Table:
        with _damage_told(path, kind):
            return pa.table({name: _arrow(table[name]) for name in wanted})

    names = tuple(name for name in table.columns if table[name].ndim == 1)
    return TableFile(path, names, read, ucds, units)


def _arrow(column: Any) -> pa.Array:
    values, mask = np.ma.getdata(column), np.ma.getmask(column)
    plain = np.asarray(values)
    if plain.dtype.kind == "S":
        plain = np.char.strip(np.char.decode(plain, "utf-8", "replace"))
    elif plain.dtype.kind == "O":
        return pa.array(
            [None if hidden else str(value) for value, hidden in zip(plain, _every(mask, plain), strict=True)], pa.string()
        )
    elif not plain.dtype.isnative:
        plain = plain.astype(plain.dtype.newbyteorder("="))
    return pa.array(plain, mask=None if mask is np.ma.nomask else np.asarray(mask))


def _every(mask: Any, values: Any) -> Any:
    return np.zeros(len(values), dtype=bool) if mask is np.ma.nomask else mask


# -- VOTable ---------------------------------------------------------------------------------------------------------------------


def _votable(path: Path) -> TableFile:
    from astropy.io.votable import parse

    with _damage_told(path, "VOTable"):
        file = parse(path, verify="ignore", unit_format="generic")
        tables = [table for table in file.iter_tables() if table.fields]
        if not tables:
            msg = f"{path}: this VOTable holds no table with columns, expected one."
            raise CatalogError(msg)
        table = tables[0].to_table(use_names_over_ids=True)
        ucds, systems, epochs = {}, {}, {}
        for name, one in zip(table.columns, tables[0].fields, strict=True):
            if one.ucd:
                ucds[name] = str(one.ucd)
            system = _system(file, one.ref)
            if system is not None:
                systems[name], epochs[name] = str(system.system or ""), str(system.epoch or "")
    return replace(_of_astropy(path, table, "VOTable", ucds), systems=systems, epochs=epochs)


def _system(file: Any, ref: str | None) -> Any:
    try:
        return file.get_coosys_by_id(ref) if ref else None
    except KeyError:
        return None
