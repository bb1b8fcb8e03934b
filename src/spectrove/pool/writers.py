"""Writers of a version's large files: they take a few rows at a time, and write many."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from spectrove.pool.chunks import DESCRIPTION, chunk_path, describe
from spectrove.pool.coding import MISSING, StoredArray, bytes_of
from spectrove.pool.layout import json_bytes
from spectrove.storage import is_remote, make_directory

ROWS_A_GROUP = 65_536
"""Rows of one group of a Parquet file."""

UNLIKE = frozenset({"spectrum_id", "key", "obsid", "designation", "file", "digest"})
"""Columns whose values are all different: a dictionary of them costs time and saves nothing."""


class TableWriter:
    """
    Writes a Parquet file in groups of many rows from tables of a few.

    Parameters
    ----------
    path : Path
        The file.
    schema : pyarrow.Schema
        Its columns.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._sink: Any = path.open("wb") if is_remote(path) else None
        alike = [name for name in schema.names if name not in UNLIKE]
        self._writer = pq.ParquetWriter(self._sink or path, schema, compression="zstd", use_dictionary=alike)
        self._schema = schema
        self._waiting: list[pa.Table] = []
        self._n_waiting = 0

    def append(self, table: pa.Table) -> None:
        """
        Add rows.

        Parameters
        ----------
        table : pyarrow.Table
            Rows with the file's columns.
        """
        self._waiting.append(table.cast(self._schema))
        self._n_waiting += table.num_rows
        if self._n_waiting >= ROWS_A_GROUP:
            self._write()

    def _write(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting).combine_chunks())
        self._waiting = []
        self._n_waiting = 0

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Write what waits, unless something failed, and close the file."""
        if kind is None:
            self._write()
        self._writer.close()
        if self._sink is not None:
            self._sink.close()


class FeatureWriter:
    """
    Writes a Zarr array in whole chunks from arrays of a few rows.

    Parameters
    ----------
    path : Path
        The array's directory.
    shape : tuple of int
        Its numbers of spectra and of wavelengths.
    rows_per_chunk : int
        Spectra in a chunk.
    stored : str
        ``int16`` or ``float32``.
    """

    def __init__(self, path: Path, shape: tuple[int, int], rows_per_chunk: int, stored: str) -> None:
        self._path = path
        self._rows_per_chunk = max(1, min(rows_per_chunk, shape[0]))
        self._description = describe(shape, self._rows_per_chunk, stored)
        # Spectra do not repay compression: noise gets 8 % smaller in twice the time.
        fill = MISSING if stored == "int16" else np.nan
        self._chunk: StoredArray = np.full((self._rows_per_chunk, shape[1]), fill, dtype=np.dtype(stored).newbyteorder("<"))
        self._fill = fill
        self._n_chunks = 0
        self._n_waiting = 0
        self.n_rows = 0

    def append(self, rows: StoredArray) -> None:
        """
        Add rows.

        Parameters
        ----------
        rows : array of int16 or float32, shape (n_rows, n_wave)
            The next rows, as they are stored.
        """
        self.n_rows += len(rows)
        while len(rows):
            taken = rows[: self._rows_per_chunk - self._n_waiting]
            self._chunk[self._n_waiting : self._n_waiting + len(taken)] = taken
            self._n_waiting += len(taken)
            rows = rows[len(taken) :]
            if self._n_waiting == self._rows_per_chunk:
                self._write()

    def _write(self) -> None:
        path = chunk_path(self._path, self._n_chunks)
        make_directory(path.parent)
        path.write_bytes(bytes_of(self._chunk))
        self._n_chunks += 1
        self._n_waiting = 0

    def finish(self) -> None:
        """Write the rows that fill no whole chunk, and what the array is."""
        if self._n_waiting:
            self._chunk[self._n_waiting :] = self._fill
            self._write()
        make_directory(self._path)
        (self._path / DESCRIPTION).write_bytes(json_bytes(self._description))
