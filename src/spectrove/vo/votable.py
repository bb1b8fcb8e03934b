"""
Tables for the Virtual Observatory: VOTable 1.4 with UCDs, units, descriptions and coordinate systems.

VOTable cannot say everything that a table can. A text without a value and an empty one are the same; text is stripped of
white space at its ends; and characters that XML forbids become U+FFFD. Infinities are left out, as astropy 8.0 writes them
in a form that STIL (TOPCAT) refuses. All other numbers come back bit by bit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from astropy.io.votable import tree

from spectrove.catalog.columns import EPOCHS, SKY, meaning_of
from spectrove.storage import atomic_path

VERSION = "1.4"
FORBIDDEN_IN_XML = re.compile("[^\t\n\\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters outside XML 1.0 sec. 2.2, and the carriage return, which XML parsers turn into a line feed."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
"""What serves as the name of a column or a fact and as its XML id."""


def write_votable(table: pa.Table, path: Path, description: str, infos: Mapping[str, str] | None = None) -> None:
    """
    Write a table as a VOTable.

    Columns of `spectrove.catalog.columns` get their UCD, unit and description; any other is written without.

    Parameters
    ----------
    table : pyarrow.Table
        Columns of text, integers, floats or booleans.
    path : Path
        Where; replaced if it exists, whole or not at all.
    description : str
        What the table is.
    infos : mapping of str to str, or None
        Further facts by name, each written as an INFO element.

    Raises
    ------
    ValueError
        If the name of a column or a fact cannot be an XML id, a column's name stands twice, or its type has no counterpart.
    StorageError
        If the disk is full or cannot be written.

    References
    ----------
    .. [1] Ochsenbein et al. 2019, VOTable Format Definition 1.4, IVOA Recommendation.
    """
    document = votable_of(table, description, infos)
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        document.to_xml(file)


def votable_of(table: pa.Table, description: str, infos: Mapping[str, str] | None = None, *, rows: bool = True) -> Any:
    """
    Return a table as the document that `write_votable` writes.

    Parameters
    ----------
    table : pyarrow.Table
        Columns of text, integers, floats or booleans.
    description : str
        What the table is.
    infos : mapping of str to str, or None
        Further facts by name.
    rows : bool
        Whether the document holds the rows, or the columns' meaning alone.

    Returns
    -------
    astropy.io.votable.tree.VOTableFile
        One resource with one table.

    Raises
    ------
    ValueError
        If the name of a column or a fact cannot be an XML id, a column's name stands twice, or its type has no counterpart.
    """
    document = tree.VOTableFile(version=VERSION)
    document.description = _clean(description)
    resource = tree.Resource(type="results")
    document.resources.append(resource)
    resource.infos.extend(_info(name, value) for name, value in (infos or {}).items())
    _add_frames(resource, table.column_names)
    element = tree.TableElement(document, name="candidates")
    element.ID = None
    resource.tables.append(element)
    _fill(document, element, table, rows=rows)
    return document


def _add_frames(resource: Any, names: list[str]) -> None:
    used = {meaning.ref for meaning in map(meaning_of, names) if meaning is not None}
    if SKY in used:
        resource.coordinate_systems.append(tree.CooSys(ID=SKY, system="ICRS"))
    if EPOCHS in used:  # the surveys differ in the time scale and seldom say which it is
        frame = {"ID": EPOCHS, "timeorigin": "MJD-origin", "timescale": "UNKNOWN", "refposition": "UNKNOWN"}
        resource.time_systems.append(tree.TimeSys(**frame, config={"version_1_4_or_later": True}))


def _info(name: str, value: str) -> Any:
    require_names("VOTable", [name])
    info = tree.Info(name=name, value=_clean(value))
    info.ID = None  # made from the name by astropy, it could be a column's
    return info


def _fill(document: Any, element: Any, table: pa.Table, *, rows: bool) -> None:
    require_names("VOTable", table.column_names)
    contents = [_Content.of(name, table[name]) for name in table.column_names]
    element.fields.extend(content.field(document) for content in contents)
    if not rows:
        return
    element.create_arrays(table.num_rows)
    for content in contents:
        element.array[content.name] = content.values
        element.array.mask[content.name] = content.missing


@dataclass(frozen=True, eq=False)
class _Content:
    name: str
    datatype: str
    values: np.ndarray[Any, Any]
    missing: np.ndarray[Any, Any]
    null: int | None = None

    @classmethod
    def of(cls, name: str, column: pa.ChunkedArray) -> _Content:
        kind = column.type
        missing = column.is_null().to_numpy()
        if pa.types.is_boolean(kind):
            return cls(name, "boolean", pc.fill_null(column, False).to_numpy(), missing)  # noqa: FBT003 - the value
        if pa.types.is_integer(kind) and kind != pa.uint64():
            values = pc.fill_null(column, 0).to_numpy().astype(np.int32 if kind == pa.int32() else np.int64)
            null = unused(values) if missing.any() else None
            return cls(name, "int" if kind == pa.int32() else "long", np.where(missing, null or 0, values), missing, null)
        if pa.types.is_floating(kind):
            values = column.to_numpy()
            return cls(name, "double" if kind == pa.float64() else "float", values, ~np.isfinite(values))
        if is_text(kind):
            texts = np.array([_clean(text or "") for text in column.to_pylist()] + [None], dtype=object)[:-1]
            datatype = "char" if all(text.isascii() for text in texts) else "unicodeChar"
            return cls(name, datatype, texts, np.zeros(len(texts), dtype=bool))
        msg = f"VOTable: column {name!r} has the type {kind}, which has no counterpart; cast it to text or numbers"
        raise ValueError(msg)

    def field(self, document: Any) -> Any:
        meaning = meaning_of(self.name)
        arraysize = "*" if self.datatype in {"char", "unicodeChar"} else None
        field = tree.Field(document, ID=self.name, name=self.name, datatype=self.datatype, arraysize=arraysize)
        if meaning is not None:
            field.description = meaning.description
            field.ucd, field.unit, field.ref = meaning.ucd, meaning.unit, meaning.ref
        if self.null is not None:
            field.values.null = self.null
        return field


def is_text(kind: pa.DataType) -> bool:
    """
    Tell whether a column is written as text.

    Parameters
    ----------
    kind : pyarrow.DataType
        Its type.

    Returns
    -------
    bool
        A column without any value is one of empty texts.
    """
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind))


def unused(values: np.ndarray[Any, Any]) -> int:
    """
    Return a number that can stand for none.

    Parameters
    ----------
    values : array of signed integers, shape (n_rows,)
        The numbers of a column.

    Returns
    -------
    int
        The least that the type holds and the column does not.
    """
    present = set(values.tolist())
    candidate = int(np.iinfo(values.dtype).min)
    while candidate in present:
        candidate += 1
    return candidate


def require_names(where: str, names: Sequence[str]) -> None:
    """
    Refuse names that columns or facts cannot have.

    Parameters
    ----------
    where : str
        What is to be written, for the message.
    names : sequence of str
        The names.

    Raises
    ------
    ValueError
        If one cannot be an XML id, or stands twice.
    """
    for name in names:
        if not NAME.fullmatch(name):
            msg = f"{where}: {name!r} cannot be an XML id; a name is an ASCII letter or _, then letters, digits and _.-"
            raise ValueError(msg)
    if len(set(names)) != len(names):
        msg = f"{where}: each column needs a name of its own, got {list(names)}"
        raise ValueError(msg)


def _clean(text: str) -> str:
    return FORBIDDEN_IN_XML.sub("\ufffd", text).strip()
