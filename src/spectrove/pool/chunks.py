"""
The features of one version on the disk: a Zarr array of chunks of whole rows, not compressed.

Such a chunk is a file of rows one behind the other, so that rows are read by their place in it, straight to where they are
wanted: six times as fast as by the Zarr library, which cares for arrays of all kinds. Any Zarr reader reads them, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spectrove.errors import PoolError
from spectrove.pool.coding import MISSING, StoredArray, bytes_of
from spectrove.storage import is_remote

DESCRIPTION = "zarr.json"
"""What the Zarr array says of itself."""

ADVICE = "Restore them, or ingest into a new pool."


def describe(shape: tuple[int, int], rows_per_chunk: int, stored: str) -> dict[str, Any]:
    """
    Return what a Zarr array of features says of itself.

    Parameters
    ----------
    shape : tuple of int
        Its numbers of spectra and of wavelengths.
    rows_per_chunk : int
        Spectra in a chunk.
    stored : str
        ``int16`` or ``float32``.

    Returns
    -------
    dict
        Content of ``zarr.json``, version 3. What marks a chunk that went missing is no feature.

    References
    ----------
    .. [1] Zarr core specification, version 3.1, "Array metadata".
    """
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(shape),
        "data_type": stored,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [rows_per_chunk, shape[1]]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": MISSING if stored == "int16" else "NaN",
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
        "attributes": {},
        "dimension_names": ["spectrum", "wave"],
    }


def chunk_path(directory: Path, number: int) -> Path:
    """
    Return where a chunk lies.

    Parameters
    ----------
    directory : Path
        The Zarr array.
    number : int
        Number of the chunk, from 0.

    Returns
    -------
    Path
        ``c/17/0``.
    """
    return directory / "c" / str(number) / "0"


class ChunkedRows:
    """
    Reads rows of a version's features.

    Parameters
    ----------
    directory : Path
        The Zarr array.
    shape : tuple of int
        The numbers of spectra and of wavelengths that it must have.
    stored : str
        The type that it must have.

    Raises
    ------
    PoolError
        If the array is absent, or another than it must be.
    """

    def __init__(self, directory: Path, shape: tuple[int, int], stored: str) -> None:
        try:
            found = json.loads((directory / DESCRIPTION).read_bytes())
        except FileNotFoundError as error:
            msg = f"{directory}: the pool is broken, these features are missing. {ADVICE}"
            raise PoolError(msg) from error
        if found["shape"] != list(shape):
            has = tuple(found["shape"])
            msg = f"{directory}: the pool is broken, the features have the shape {has}, expected {shape}. {ADVICE}"
            raise PoolError(msg)
        rows_per_chunk, n_wave = found["chunk_grid"]["configuration"]["chunk_shape"]
        expected = describe(shape, rows_per_chunk, stored)
        for name in ("data_type", "codecs", "chunk_key_encoding"):
            if found[name] != expected[name]:
                msg = f"{directory}: the pool is broken, its {name} is {found[name]!r}, expected {expected[name]!r}. {ADVICE}"
                raise PoolError(msg)
        if n_wave != shape[1]:
            msg = f"{directory}: the pool is broken, a chunk has {n_wave} wavelengths, expected {shape[1]}. {ADVICE}"
            raise PoolError(msg)
        self.directory = directory
        self.rows_per_chunk = rows_per_chunk
        self.n_rows = shape[0]

    def read(self, begin: int, rows: StoredArray) -> None:
        """
        Fill an array with consecutive rows.

        Parameters
        ----------
        begin : int
            The first row.
        rows : array of int16 or float32, shape (n_rows, n_wave)
            Contiguous; filled.

        Raises
        ------
        PoolError
            If a chunk is missing or cut off.
        """
        pieces = list(self._pieces(begin, len(rows)))
        targets = [bytes_of(rows[first : first + n]) for _, _, first, n in pieces]
        offsets = [at * rows[:1].nbytes for _, at, _, _ in pieces]
        try:
            if is_remote(self.directory):
                self._fetch([number for number, *_ in pieces], offsets, targets)
            else:
                for (number, *_), offset, target in zip(pieces, offsets, targets, strict=True):
                    with chunk_path(self.directory, number).open("rb", buffering=0) as file:
                        file.seek(offset)
                        self._demand(number, file.readinto(target), target)
        except FileNotFoundError as error:
            msg = f"{self.directory}: the pool is broken, features of some rows are missing. {ADVICE}"
            raise PoolError(msg) from error

    def _fetch(self, numbers: list[int], offsets: list[int], targets: list[memoryview]) -> None:
        # All at once: an object store takes its time for each answer, and gives many at a time.
        paths = [chunk_path(self.directory, number).path for number in numbers]  # type: ignore[attr-defined]
        ends = [offset + target.nbytes for offset, target in zip(offsets, targets, strict=True)]
        contents = self.directory.fs.cat_ranges(paths, offsets, ends, on_error="raise")  # type: ignore[attr-defined]
        for number, content, target in zip(numbers, contents, targets, strict=True):
            self._demand(number, len(content), target)
            target[:] = content

    def _demand(self, number: int, n_bytes: int, target: memoryview) -> None:
        if n_bytes != target.nbytes:
            path = chunk_path(self.directory, number)
            msg = f"{path}: the pool is broken, features of some rows are missing ({n_bytes} of {target.nbytes} bytes). {ADVICE}"
            raise PoolError(msg)

    def _pieces(self, begin: int, n_rows: int) -> Iterator[tuple[int, int, int, int]]:
        # Chunk, first row in it, first row in the result, number of rows.
        row = begin
        while row < begin + n_rows:
            number, at = divmod(row, self.rows_per_chunk)
            n = min(self.rows_per_chunk - at, begin + n_rows - row)
            yield number, at, row - begin, n
            row += n
