"""
Tables as Parquet, with what the columns mean.

It is said twice, as no reader knows both ways: as metadata of the Arrow fields (``unit``, ``ucd``, ``description``), and as a
VOTable without rows in the file's metadata, from where TOPCAT and astropy (``format="parquet.votable"``) take it. A text without
a value becomes an empty one, as in the other forms: astropy 8.0 reads no others. Flags without a value stay so; where there are
some, astropy 8.0 reads the file with ``format="parquet"`` alone.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from spectrove.catalog.columns import meaning_of
from spectrove.storage import atomic_path
from spectrove.vo.votable import is_text, require_names, votable_of

CONVENTION = "1.0"
"""Version of the convention by which a VOTable stands in a Parquet file."""

LENGTH = "table::len::"
"""What astropy calls the number of characters of a column's longest text, which it else looks for with a warning."""


def write_parquet(table: pa.Table, path: Path, description: str, infos: Mapping[str, str] | None = None) -> None:
    """
    Write a table as Parquet; values and types come back as they are.

    Parameters
    ----------
    table : pyarrow.Table
        Columns of text, integers, floats or booleans; those of `spectrove.catalog.columns` are described.
    path : Path
        Where; replaced if it exists, whole or not at all.
    description : str
        What the table is.
    infos : mapping of str to str, or None
        Further facts by name.

    Raises
    ------
    ValueError
        If the name of a column or a fact cannot be an XML id, a column's name stands twice, or its type has no counterpart.
    StorageError
        If the disk is full or cannot be written.

    References
    ----------
    .. [1] Taylor, Pineau, Dubois-Felsmann & Sipőcz 2025, Parquet in the VO 1.0, IVOA Note, sect. 2.
    """
    require_names("Parquet", table.column_names)
    columns = [pc.fill_null(column.cast(pa.string()), "") if is_text(column.type) else column for column in table.columns]
    schema = pa.schema([_described(name, column) for name, column in zip(table.column_names, columns, strict=True)])
    lengths = {name: _longest(column) for name, column in zip(table.column_names, columns, strict=True) if is_text(column.type)}
    told = {
        "IVOA.VOTable-Parquet.version": CONVENTION,
        "IVOA.VOTable-Parquet.content": _columns_as_votable(table, description, infos, lengths),
        "description": description,
        **(infos or {}),
        **{f"{LENGTH}{name}": str(length) for name, length in lengths.items()},
    }
    with atomic_path(path) as temporary:
        pq.write_table(pa.table(columns, schema=schema.with_metadata(told)), temporary, compression="zstd")


def _longest(column: pa.ChunkedArray) -> int:
    return max(pc.max(pc.utf8_length(column)).as_py() or 0, 1)


def _described(name: str, column: pa.ChunkedArray) -> pa.Field:
    field = pa.field(name, column.type)
    if (meaning := meaning_of(name)) is None:
        return field
    told = {"description": meaning.description, "ucd": meaning.ucd, "unit": meaning.unit}
    return field.with_metadata({name: value for name, value in told.items() if value})


def _columns_as_votable(table: pa.Table, description: str, infos: Mapping[str, str] | None, lengths: Mapping[str, int]) -> str:
    document = votable_of(table, description, infos, rows=False)
    for field in document.get_first_table().fields:
        if field.name in lengths:  # astropy joins texts of a known length alone to what it reads from the columns
            field.arraysize = str(lengths[field.name])
    written = io.BytesIO()
    document.to_xml(written)
    return written.getvalue().decode("utf-8")
