"""The candidates' columns as DaCHS declares them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from spectrove.catalog.columns import meaning_of
from spectrove.vo.dachs.names import plain

INNER = frozenset({"file"})
"""Columns that say something of this machine alone."""

KINDS = (
    (pa.types.is_boolean, "boolean", "lambda text: text == 'True'"),
    (pa.types.is_integer, "integer", "int"),
    (pa.types.is_float32, "real", "float"),
    (pa.types.is_floating, "double precision", "float"),
)
"""What a column's type is called in DaCHS, and what makes a value of a cell."""

FIRST = ("spectrum_id", "designation", "ra", "dec", "label")
"""What a cone search always shows."""

MAIN = {"spectrum_id": "meta.id;meta.main", "ra": "pos.eq.ra;meta.main", "dec": "pos.eq.dec;meta.main"}
"""The descriptors by which a cone search knows the columns that it needs (SCS 1.03, sect. 2)."""


@dataclass(frozen=True)
class Declared:
    """
    A column as it is declared.

    Attributes
    ----------
    name : str
        A name that needs no quotes in SQL.
    type : str
        As PostgreSQL calls it.
    parser : str
        What makes a value of a cell, in Python.
    ucd, unit : str
        Empty if there is none.
    description : str
        One sentence without its full stop.
    level : int
        From which verbosity on it is shown.
    """

    name: str
    type: str
    parser: str
    ucd: str
    unit: str
    description: str
    level: int


def declared(table: pa.Table) -> tuple[pa.Table, list[Declared]]:
    """
    Return a table with names that SQL takes, and its columns as DaCHS declares them.

    Parameters
    ----------
    table : pyarrow.Table
        The candidates.

    Returns
    -------
    tuple of (pyarrow.Table, list of Declared)
        Columns that say something of this machine alone are left out of both.
    """
    kept = table.select([name for name in table.column_names if name not in INNER])
    names = _sql_names(kept.column_names)
    columns = [_declared(name, new, kept.schema.field(name).type) for name, new in zip(kept.column_names, names, strict=True)]
    return kept.rename_columns(names), columns


def _declared(name: str, new: str, kind: pa.DataType) -> Declared:
    meaning = meaning_of(name)
    type_, parser = next(((type_, parser) for fits, type_, parser in KINDS if fits(kind)), ("unicode", "str"))
    return Declared(
        name=new,
        type=type_,
        parser=parser,
        ucd=MAIN.get(name) or (meaning.ucd if meaning and meaning.ucd else ""),
        unit=meaning.unit if meaning and meaning.unit else "",
        description=plain(meaning.description if meaning else name),
        level=1 if name in FIRST else 15,
    )


def _sql_names(names: Sequence[str]) -> list[str]:
    # PostgreSQL folds unquoted names to lower case, so that classes named Be and be would share a column.
    taken = {"accref", "datalink"}
    found = []
    for name in names:
        word = re.sub(r"[^a-z0-9_]", "_", name.lower())[:50]
        new, number = word, 2
        while new in taken:
            new, number = f"{word}_{number}", number + 1
        taken.add(new)
        found.append(new)
    return found
