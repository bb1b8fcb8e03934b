"""Writers of a version's large files: they take a few rows at a time, and write many."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from spectrove.contracts import FloatArray

ROWS_A_GROUP = 65_536
"""Rows of one group of a Parquet file."""


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
        self._writer = pq.ParquetWriter(path, schema)
        self._schema = schema
        self._waiting: list[pa.Table] = []

    def append(self, table: pa.Table) -> None:
        """
        Add rows.

        Parameters
        ----------
        table : pyarrow.Table
            Rows with the file's columns.
        """
        self._waiting.append(table.cast(self._schema))
        if sum(waiting.num_rows for waiting in self._waiting) >= ROWS_A_GROUP:
            self._write()

    def _write(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting).combine_chunks())
        self._waiting = []

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Write what waits, unless something failed, and close the file."""
        if kind is None:
            self._write()
        self._writer.close()


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
    """

    def __init__(self, path: Path, shape: tuple[int, int], rows_per_chunk: int) -> None:
        import zarr

        # NaN is never a feature: a chunk that went missing is seen when it is read. Spectra do not repay compression: noise gets
        # 8 % smaller in twice the time.
        self._array = zarr.create_array(
            store=path,
            shape=shape,
            chunks=(max(1, min(rows_per_chunk, shape[0])), shape[1]),
            dtype="float32",
            compressors=None,
            fill_value=float("nan"),
            dimension_names=("spectrum", "wave"),
        )
        self._rows_per_chunk = rows_per_chunk
        self._waiting: list[FloatArray] = []
        self._n_written = 0
        self.n_rows = 0

    def append(self, features: FloatArray) -> None:
        """
        Add rows.

        Parameters
        ----------
        features : array of float32, shape (n_rows, n_wave)
            The next rows.
        """
        self._waiting.append(features)
        self.n_rows += len(features)
        n_whole = (self.n_rows - self._n_written) // self._rows_per_chunk * self._rows_per_chunk
        if n_whole:
            self._write(n_whole)

    def _write(self, n_rows: int) -> None:
        rows = np.concatenate(self._waiting)
        self._array[self._n_written : self._n_written + n_rows] = rows[:n_rows]
        self._n_written += n_rows
        self._waiting = [rows[n_rows:]]

    def finish(self) -> None:
        """Write the rows that fill no whole chunk."""
        if self.n_rows > self._n_written:
            self._write(self.n_rows - self._n_written)
