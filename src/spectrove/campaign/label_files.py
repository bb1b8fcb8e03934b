"""Files of labels, CSV or Parquet, as columns; and labels of millions of ids without an object of Python for each."""

from __future__ import annotations

import csv
from bisect import bisect_left
from collections.abc import ItemsView, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from spectrove.contracts import IntArray, SpectrumId
from spectrove.errors import LabelsError

NAME_COLUMNS = ("spectrum_id", "id", "file", "filename", "path", "name")
"""Columns that may name the spectrum; the first that a file has is taken."""

LABEL_COLUMNS = ("label", "ha_class", "class")
"""Columns that may hold the label; the first that a file has is taken."""

PARQUET = (".parquet", ".pq")
"""Suffixes of Parquet files; every other labels file is CSV."""


@dataclass(frozen=True)
class LabelRow:
    """
    A line of a labels file.

    Attributes
    ----------
    line : int
        Number of the line, or of the row in a Parquet file, from 1.
    name : str
        What the file calls the spectrum.
    label : str
        What it says of it, as it stands there.
    comment : str
        Its column ``comment``, if there is one.
    """

    line: int
    name: str
    label: str
    comment: str = ""


class IdLabels(Mapping[SpectrumId, str | None]):
    """
    Labels by id, without an object of Python for each: a survey's truth has millions.

    Parameters
    ----------
    ids : pyarrow.Array
        Different ids.
    codes : array of int, shape (n_ids,)
        For each its place in ``names``.
    names : sequence of str or None
        The labels that there are.
    """

    def __init__(self, ids: pa.Array, codes: IntArray, names: Sequence[str | None]) -> None:
        self._ids = ids
        self._codes = codes
        self._names = tuple(names)

    @cached_property
    def _order(self) -> IntArray:
        order: IntArray = pc.sort_indices(self._ids).to_numpy()
        return order

    def __getitem__(self, id_: SpectrumId) -> str | None:
        """Return the label of an id."""
        place = bisect_left(self._order, id_, key=lambda row: self._ids[int(row)].as_py())
        if place == len(self) or self._ids[int(self._order[place])].as_py() != id_:
            raise KeyError(id_)
        label: str | None = self._names[self._codes[self._order[place]]]
        return label

    def __iter__(self) -> Iterator[SpectrumId]:
        """Yield the ids."""
        return (SpectrumId(id_.as_py()) for id_ in self._ids)

    def __len__(self) -> int:
        """Return how many ids there are."""
        return len(self._ids)

    def items(self) -> ItemsView[SpectrumId, str | None]:
        """
        Return the ids with their labels.

        Returns
        -------
        ItemsView
            In the file's order.
        """
        return _Items(self)

    def labels(self) -> Iterator[str | None]:
        """
        Return the labels in the order of the ids.

        Returns
        -------
        iterator of str or None
            One label after another.
        """
        return (self._names[code] for code in self._codes)


class _Items(ItemsView[SpectrumId, str | None]):
    """Items without a search for each key."""

    _mapping: IdLabels

    def __iter__(self) -> Iterator[tuple[SpectrumId, str | None]]:
        return zip(self._mapping, self._mapping.labels(), strict=True)


@dataclass(frozen=True, eq=False)
class LabelLines:
    """
    The lines of a labels file in columns.

    Attributes
    ----------
    path : Path
        The file.
    numbers : array of int64, shape (n_lines,)
        Numbers of the lines, or of the rows in a Parquet file, from 1.
    names, labels, comments : pyarrow.Array
        Texts without blanks around them, empty where there is none.
    """

    path: Path
    numbers: IntArray
    names: pa.Array
    labels: pa.Array
    comments: pa.Array

    def row(self, place: int) -> LabelRow:
        """
        Return a line.

        Parameters
        ----------
        place : int
            Its place in the columns.

        Returns
        -------
        LabelRow
            The line.
        """
        texts = (column[int(place)].as_py() for column in (self.names, self.labels, self.comments))
        return LabelRow(int(self.numbers[place]), *texts)

    def where(self, place: int) -> str:
        """
        Return how to find a line again.

        Parameters
        ----------
        place : int
            Its place in the columns.

        Returns
        -------
        str
            The file and the number of the line.
        """
        word = "row" if self.path.suffix.lower() in PARQUET else "line"
        return f"{self.path}, {word} {self.numbers[place]}"


def read_lines(path: Path, *, may_be_empty: bool = False) -> LabelLines:
    """
    Return the lines of a labels file in columns.

    Parameters
    ----------
    path : Path
        A CSV file, UTF-8, or a Parquet file, with a column that names the spectrum (one of `NAME_COLUMNS`) and one with the label
        (one of `LABEL_COLUMNS`).
    may_be_empty : bool
        Take a file that has a header only.

    Returns
    -------
    LabelLines
        In the file's order.

    Raises
    ------
    LabelsError
        If the file cannot be read, or has no such columns or no lines.
    """
    try:
        lines = _read_parquet(path) if path.suffix.lower() in PARQUET else _read_csv(path)
    except (OSError, UnicodeDecodeError, csv.Error, pa.ArrowException) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        msg = f"{path}: this labels file cannot be read ({reason}). Give a CSV file in UTF-8, or a Parquet file."
        raise LabelsError(msg) from error
    if not lines.numbers.size and not may_be_empty:
        msg = f"{path}: this labels file has a header but no line. Give one line a spectrum."
        raise LabelsError(msg)
    return lines


def _read_csv(path: Path) -> LabelLines:
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        header = [name.strip() for name in reader.fieldnames or ()]
        reader.fieldnames = header
        columns = (*_columns_meant(path, header), "comment")
        numbers, rows = [], []
        for row in reader:
            numbers.append(reader.line_num)
            rows.append([(row.get(column) or "").strip() for column in columns])
    texts = [pa.array([row[place] for row in rows], type=pa.string()) for place in range(len(columns))]
    return LabelLines(path, np.array(numbers, dtype=np.int64), *texts)


def _read_parquet(path: Path) -> LabelLines:
    header = pq.read_schema(path).names
    wanted = [*_columns_meant(path, header), *(["comment"] if "comment" in header else [])]
    table = pq.read_table(path, columns=wanted)
    texts = [
        pc.utf8_trim_whitespace(pc.fill_null(table[column].cast(pa.string()), "")).combine_chunks()
        if column in wanted
        else pa.nulls(table.num_rows, pa.string()).fill_null("")
        for column in (*wanted[:2], "comment")
    ]
    return LabelLines(path, np.arange(1, table.num_rows + 1), *texts)


def _columns_meant(path: Path, header: Sequence[str]) -> tuple[str, str]:
    name = next((name for name in NAME_COLUMNS if name in header), None)
    label = next((name for name in LABEL_COLUMNS if name in header), None)
    if name is None or label is None:
        msg = (
            f"{path}: a labels file needs a column that names the spectrum ({', '.join(NAME_COLUMNS)}) and one with the "
            f"label ({', '.join(LABEL_COLUMNS)}), got {list(header)}. Name its columns in the first line."
        )
        raise LabelsError(msg)
    return name, label


def read_rows(path: Path, *, may_be_empty: bool = False) -> list[LabelRow]:
    """
    Return the lines of a labels file.

    Parameters
    ----------
    path : Path
        A CSV file, UTF-8, or a Parquet file, with a column that names the spectrum (one of `NAME_COLUMNS`) and one with the label
        (one of `LABEL_COLUMNS`).
    may_be_empty : bool
        Take a file that has a header only.

    Returns
    -------
    list of LabelRow
        In the file's order.

    Raises
    ------
    LabelsError
        If the file cannot be read, or has no such columns or no lines.
    """
    lines = read_lines(path, may_be_empty=may_be_empty)
    columns = (column.to_pylist() for column in (lines.names, lines.labels, lines.comments))
    return [LabelRow(*row) for row in zip(lines.numbers.tolist(), *columns, strict=True)]
