"""Tables of many rows in Parquet files, read a group of rows at a time; and their ids, read where they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from spectrove.contracts import BoolArray, IdArray, IdColumn, IntArray, SpectrumId
from spectrove.errors import PoolError
from spectrove.storage import open_arrow

ROWS_AT_ONCE = 2**19
"""Rows whose ids are looked through at once: 20 MB, and few enough times that the wanted ids are made ready."""

GROUPS_KEPT = 4
"""Groups of ids, some 2 MB each, that are kept for whoever asks for the next row."""


class StoredTable:
    """
    Rows of several Parquet files, one below the other.

    Opening reads nothing. Files, footers and columns are read when they are asked for, and no file stays open.

    Parameters
    ----------
    files : sequence of Path
        The files, as of `spectrove.storage.located`.
    schema : pyarrow.Schema
        Their columns.
    """

    def __init__(self, files: Sequence[Path], schema: pa.Schema) -> None:
        self.files = tuple(files)
        self._schema = schema

    @cached_property
    def _groups(self) -> list[tuple[int, int]]:
        return [(file, group) for file, footer in enumerate(self._footers) for group in range(footer.num_row_groups)]

    @cached_property
    def _footers(self) -> list[Any]:
        footers = []
        for file in self.files:
            with _readable(file), open_arrow(file) as source:
                footers.append(pq.read_metadata(source))
        return footers

    @cached_property
    def begins(self) -> IntArray:
        """
        Return where the groups begin.

        Returns
        -------
        array of int64, shape (n_groups + 1,)
            First row of each group; the last is the number of rows.
        """
        sizes = [self._footers[file].row_group(group).num_rows for file, group in self._groups]
        begins: IntArray = np.cumsum([0, *sizes])
        return begins

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self.begins[-1])

    def group(self, number: int, columns: Sequence[str]) -> pa.Table:
        """
        Return the rows of a group.

        Parameters
        ----------
        number : int
            Number of the group, from 0.
        columns : sequence of str
            The columns wanted.

        Returns
        -------
        pyarrow.Table
            Its rows.

        Raises
        ------
        PoolError
            If the file is missing or cannot be read.
        """
        file, group = self._groups[number]
        path, footer = self.files[file], self._footers[file]
        with _readable(path), open_arrow(path) as source:
            table = pq.ParquetFile(source, metadata=footer).read_row_group(group, columns=list(columns))
            return table.select(list(columns)).cast(self._wanted(columns))

    def groups(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """
        Yield the rows of one group after another.

        Parameters
        ----------
        columns : sequence of str
            The columns wanted.

        Yields
        ------
        pyarrow.Table
            A group's rows.

        Raises
        ------
        PoolError
            If a file is missing or cannot be read.
        """
        for number in range(len(self._groups)):
            yield self.group(number, columns)

    def read(self, columns: Sequence[str]) -> pa.Table:
        """
        Return all rows.

        Parameters
        ----------
        columns : sequence of str
            The columns wanted.

        Returns
        -------
        pyarrow.Table
            The rows of all files.

        Raises
        ------
        PoolError
            If a file is missing or cannot be read.
        """
        wanted = self._wanted(columns)
        tables = [wanted.empty_table()]
        for file in self.files:
            with _readable(file), open_arrow(file) as source:
                tables.append(pq.read_table(source, columns=list(columns)).select(list(columns)).cast(wanted))
        return pa.concat_tables(tables)

    def take(self, rows: IntArray, columns: Sequence[str]) -> pa.Table:
        """
        Return some rows; the groups that hold none of them are not read.

        Parameters
        ----------
        rows : array of int, shape (n_rows,)
            Row numbers, in any order and with repetitions.
        columns : sequence of str
            The columns wanted.

        Returns
        -------
        pyarrow.Table
            The rows in the order asked for.

        Raises
        ------
        PoolError
            If a file is missing or cannot be read.
        """
        tables = [self._wanted(columns).empty_table()]
        order, pieces = by_group(rows, self.begins)
        tables.extend(self.group(number, columns).take(pa.array(within)) for number, within in pieces)
        place = np.empty(len(rows), dtype=np.int64)
        place[order] = np.arange(len(rows))
        return pa.concat_tables(tables).combine_chunks().take(pa.array(place))

    def _wanted(self, columns: Sequence[str]) -> pa.Schema:
        return pa.schema([self._schema.field(column) for column in columns])


def by_group(rows: IntArray, begins: IntArray) -> tuple[IntArray, list[tuple[int, IntArray]]]:
    """
    Return rows divided by the groups that hold them.

    Parameters
    ----------
    rows : array of int, shape (n_rows,)
        Row numbers, in any order.
    begins : array of int, shape (n_groups + 1,)
        First row of each group, and the number of rows.

    Returns
    -------
    order : array of int, shape (n_rows,)
        The rows' places, group by group.
    groups : list of tuple
        Number of each group that is needed, and the rows' numbers in it, in that order.
    """
    group_of = np.searchsorted(begins, rows, side="right") - 1
    order = np.argsort(group_of, kind="stable")
    cuts = np.flatnonzero(np.diff(group_of[order])) + 1
    pieces = np.split(order, cuts) if len(rows) else []
    return order, [(int(group_of[at[0]]), rows[at] - begins[group_of[at[0]]]) for at in pieces]


class StoredIds:
    """
    The ids of a stored table, an `spectrove.contracts.IdColumn`: read where they are asked for, and never all at once unasked.

    Parameters
    ----------
    table : StoredTable
        With the column ``spectrum_id``.
    """

    def __init__(self, table: StoredTable) -> None:
        self._table = table
        self._kept: dict[int, pa.Array] = {}

    def __len__(self) -> int:
        """Return the number of spectra."""
        return len(self._table)

    def __iter__(self) -> Iterator[SpectrumId]:
        """Yield one id after another."""
        for number in range(len(self._table.begins) - 1):
            yield from map(SpectrumId, self._group(number).to_pylist())

    def __array__(self, dtype: Any = None, *, copy: bool | None = None) -> IdArray:
        """Return all ids as an object array."""
        return self[:]

    @overload
    def __getitem__(self, rows: int, /) -> SpectrumId: ...

    @overload
    def __getitem__(self, rows: slice | IntArray | BoolArray, /) -> IdArray: ...

    def __getitem__(self, rows: int | slice | IntArray | BoolArray, /) -> SpectrumId | IdArray:
        """Return the id of a row, or those of some rows as an object array of str."""
        if isinstance(rows, int | np.integer):
            return SpectrumId(self._take(np.array([rows]))[0])
        if isinstance(rows, slice):
            return self._take(np.arange(*rows.indices(len(self))))
        if rows.dtype == np.bool_:
            if rows.shape != (len(self),):
                msg = f"ids: a mask must have the shape {(len(self),)}, got {rows.shape}"
                raise IndexError(msg)
            return self._take(np.flatnonzero(rows))
        return self._take(rows.astype(np.int64, copy=False))

    def _take(self, rows: IntArray) -> IdArray:
        n = len(self)
        if rows.size and (rows.min() < -n or rows.max() >= n):
            msg = f"ids: rows must be {-n} to {n - 1}, got {rows.min()} to {rows.max()}"
            raise IndexError(msg)
        order, pieces = by_group(np.where(rows < 0, rows + n, rows), self._table.begins)
        ids = np.empty(rows.size, dtype=object)
        place = 0
        for number, within in pieces:
            ids[order[place : place + within.size]] = self._group(number).take(pa.array(within)).to_numpy(zero_copy_only=False)
            place += within.size
        return ids

    def _group(self, number: int) -> pa.Array:
        kept = self._kept
        if number not in kept:
            column = self._table.group(number, ["spectrum_id"])["spectrum_id"].combine_chunks()
            latest = list(kept.items())[1 - GROUPS_KEPT :]
            self._kept = kept = {**dict(latest), number: column}  # a new one, as several threads may read
        return kept[number]

    def pieces(self) -> Iterator[pa.Array]:
        """
        Yield the ids in order, many at a time.

        Yields
        ------
        pyarrow.Array
            Strings.
        """
        waiting: list[pa.Array] = []
        for table in self._table.groups(["spectrum_id"]):
            waiting.extend(table["spectrum_id"].chunks)
            if sum(map(len, waiting)) >= ROWS_AT_ONCE:
                yield pa.concat_arrays(waiting)
                waiting = []
        if waiting:
            yield pa.concat_arrays(waiting)


def pieces_of(ids: IdColumn) -> Iterator[pa.Array]:
    """
    Yield ids in order, many at a time.

    Parameters
    ----------
    ids : IdColumn
        An object array, or ids that are stored.

    Yields
    ------
    pyarrow.Array
        Strings.
    """
    if isinstance(ids, StoredIds):
        yield from ids.pieces()
    else:
        for begin in range(0, len(ids), ROWS_AT_ONCE):
            yield pa.array(ids[begin : begin + ROWS_AT_ONCE], type=pa.string())


def rows_of(pieces: Iterable[pa.Array], wanted: Sequence[str] | IdArray | pa.Array) -> IntArray:
    """
    Return where ids stand in a column; of the column no more is read than it takes to find all of them.

    Parameters
    ----------
    pieces : iterable of pyarrow.Array
        The column, in order, as `pieces_of` gives it.
    wanted : sequence of str
        Ids, in any order and with repetitions.

    Returns
    -------
    array of int64, shape (n_ids,)
        Row numbers, of the first row that holds the id; -1 for an id that none holds.
    """
    ids = wanted if isinstance(wanted, pa.Array) else pa.array([str(name) for name in wanted], type=pa.string())
    distinct = ids.unique()
    row_of = np.full(len(distinct), -1, dtype=np.int64)
    n_missing, begin = len(distinct), 0
    for piece in pieces if n_missing else ():
        at = np.flatnonzero(pc.is_in(piece, value_set=distinct).to_numpy(zero_copy_only=False))
        if at.size:
            found = pc.index_in(piece.take(pa.array(at)), value_set=distinct).to_numpy()
            found, first = np.unique(found, return_index=True)
            news = row_of[found] < 0
            row_of[found[news]] = begin + at[first[news]]
            n_missing -= int(np.count_nonzero(news))
        begin += len(piece)
        if not n_missing:
            break
    rows: IntArray = row_of[pc.index_in(ids, value_set=distinct).to_numpy()]
    return rows


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, pa.ArrowInvalid) as error:
        msg = f"{path}: this table is missing or cannot be read. Restore it, or make it again."
        raise PoolError(msg) from error
