"""Which files a pool's versions have tried, so that those that are as they were are not read again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from spectrove.contracts import BoolArray, IntArray
from spectrove.pool.layout import FILES, FILES_SCHEMA, MANIFEST, read_json, sealed_versions, table_of, version_directory
from spectrove.storage import located

NEVER = np.iinfo(np.int64).max
"""In place of a version, for a file that no version knows."""

COLUMNS = ("file", "size", "mtime_ns", "n_refused", "unreadable")
"""What is looked at of the tables of files."""

TRIED = np.dtype([("file", "i8"), ("size", "i8"), ("mtime_ns", "i8"), ("version", "i4"), ("done", "?"), ("unreadable", "?")])
"""
What is kept of a file.

``done`` tells that trying it again would change nothing: all of it was used, or whoever refused it would refuse it again.
"""


class KnownFiles:
    """
    The files that a pool's versions tried, 30 bytes each.

    A path is kept as its hash of 64 bits. That another has the same hash, and its file the same size and the same time to the
    nanosecond, so that it would be passed over, is not to be expected in any archive.

    Parameters
    ----------
    pool : Path
        The pool.
    reading : dict
        How files will be read now, as the manifests say how they were.

    Raises
    ------
    PoolError
        If the pool is broken.
    """

    def __init__(self, pool: Path, reading: dict[str, Any]) -> None:
        tried = np.concatenate([np.empty(0, dtype=TRIED), *_tried(pool, reading)])
        self._tried = tried[np.argsort(tried["file"], kind="stable")]  # of one file, the latest version comes first

    def since(self, found: pa.Table) -> IntArray:
        """
        Return since when each of some files is known.

        Parameters
        ----------
        found : pyarrow.Table
            Files with the columns ``file``, ``size`` and ``mtime_ns``.

        Returns
        -------
        array of int64, shape (n_files,)
            The version that tried the file as it is now; `NEVER` if none did, or it is worth trying again.
        """
        if not self._tried.size:
            return np.full(found.num_rows, NEVER)
        hashes = _hashes(found["file"])
        at = np.minimum(np.searchsorted(self._tried["file"], hashes), self._tried.size - 1)
        last = self._tried[at]
        same: BoolArray = last["done"] & (last["file"] == hashes)
        for name in ("size", "mtime_ns"):
            same &= last[name] == found[name].to_numpy()
        for row in np.flatnonzero(same & last["unreadable"]):
            same[row] = not _can_be_read(found["file"][int(row)].as_py())
        return np.where(same, last["version"].astype(np.int64), NEVER)


def _tried(pool: Path, reading: dict[str, Any]) -> Iterator[Any]:
    for version in sealed_versions(pool)[::-1]:
        same_circumstances = read_json(version_directory(pool, version) / MANIFEST)["reading"] == reading
        for table in table_of(pool, [version], FILES, FILES_SCHEMA).groups(COLUMNS):
            tried = np.empty(table.num_rows, dtype=TRIED)
            tried["file"], tried["version"] = _hashes(table["file"]), version
            for name in ("size", "mtime_ns", "unreadable"):
                tried[name] = table[name].to_numpy()
            tried["done"] = same_circumstances | (table["n_refused"].to_numpy() == 0)
            yield tried


def _hashes(files: pa.ChunkedArray) -> IntArray:
    return np.fromiter(map(hash, files.to_pylist()), dtype=np.int64, count=len(files))


def _can_be_read(file: str) -> bool:
    try:
        with located(file).open("rb") as content:
            content.read(1)
    except OSError:
        return False
    return True
