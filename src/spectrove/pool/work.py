"""Decides which files are new to a pool, and freezes the list of them before the first is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version as package_version
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spectrove.contracts import BoolArray, IntArray, Progress
from spectrove.pool.layout import (
    FILES,
    FILES_SCHEMA,
    FORMAT_VERSION,
    FOUND_SCHEMA,
    MANIFEST,
    PARTS,
    PLAN,
    WORK,
    json_bytes,
    read_columns,
    read_json,
    sealed_versions,
    unfinished_directory,
    version_directory,
)
from spectrove.pool.walk import walk
from spectrove.storage import atomic_path
from spectrove.surveys import readers

MOST_FILES_A_TASK = 256
"""A task is then a second or two of reading: little is lost with it, and little is spent on handing it out."""

FEWEST_FILES_A_TASK = 8
"""Fewer would not repay handing them out."""

TASKS_WANTED = 64
"""Enough of them to share between workers and to see progress."""

BATCH = 65_536
"""Files that are taken down at once."""

NEVER = np.iinfo(np.int64).max
"""In place of a version, for a file that no version knows."""


@dataclass(frozen=True)
class IngestConfig:
    """
    How files are read and features stored.

    Attributes
    ----------
    format : str or None
        Name of the only reader to try; None tries all.
    rows_per_chunk : int
        Spectra in one chunk of features, which is also one task of those who read the pool.

    Raises
    ------
    ValueError
        If ``rows_per_chunk`` is less than 1.
    """

    format: str | None = None
    rows_per_chunk: int = 1024

    def __post_init__(self) -> None:
        """Refuse chunks without rows."""
        if self.rows_per_chunk < 1:
            msg = f"ingest: rows_per_chunk must be at least 1, got {self.rows_per_chunk}"
            raise ValueError(msg)


@dataclass(frozen=True)
class Work:
    """
    What a walk found.

    Attributes
    ----------
    new : pyarrow.Table
        Files to be tried.
    known_since : array of int64, shape (n_files,)
        The version that tried each file as it is now; `NEVER` if none did.
    """

    new: pa.Table
    known_since: IntArray

    @property
    def n_files(self) -> int:
        """
        Return how many files the walk found.

        Returns
        -------
        int
            Files, new and known.
        """
        return self.known_since.size


def find_work(paths: Sequence[Path], pool: Path, config: IngestConfig, progress: Progress) -> Work:
    """
    Walk the paths and tell the files that the pool knows from those that are to be tried.

    Parameters
    ----------
    paths : sequence of Path
        Files and directories.
    pool : Path
        The pool.
    config : IngestConfig
        How files are read.
    progress : callable
        Called as files are found.

    Returns
    -------
    Work
        The new files, in the walk's order.
    """
    files = walk(paths)
    tables = []
    n_found = 0
    while batch := list(islice(files, BATCH)):
        tables.append(pa.Table.from_pylist([vars(found) for found in batch], schema=FOUND_SCHEMA))
        n_found += len(batch)
        progress("files found", n_found, None)
    found = pa.concat_tables([FOUND_SCHEMA.empty_table(), *tables])
    known_since = _known_since(found, pool, _reading(config))
    return Work(found.filter(pa.array(known_since == NEVER)), known_since)


def _reading(config: IngestConfig) -> dict[str, Any]:
    # Whoever refused a file in these circumstances will refuse it again.
    return {"format": config.format, "readers": list(readers()), "spectrove": package_version("spectrove")}


def _known_since(found: pa.Table, pool: Path, reading: dict[str, Any]) -> IntArray:
    latest_first = sealed_versions(pool)[::-1]
    tried = read_columns(pool, latest_first, FILES, FILES_SCHEMA, FILES_SCHEMA.names)
    if tried.num_rows == 0:
        return np.full(found.num_rows, NEVER)
    same_circumstances = {
        version: read_json(version_directory(pool, version) / MANIFEST)["reading"] == reading for version in latest_first
    }
    at = pc.index_in(found["file"], value_set=tried["file"].combine_chunks())
    last = tried.take(at)  # a row of nulls where the file was never tried
    version = pc.fill_null(last["version"], 0).to_numpy().astype(np.int64)
    same_content = _equal(found, last, "size") & _equal(found, last, "mtime_ns")
    refused_again = np.isin(version, [number for number, same in same_circumstances.items() if same])
    used_whole = pc.fill_null(last["n_refused"], -1).to_numpy() == 0
    for row in np.flatnonzero(same_content & pc.fill_null(last["unreadable"], fill_value=False).to_numpy()):
        same_content[row] = not _can_be_read(found["file"][int(row)].as_py())
    known: IntArray = np.where(same_content & (used_whole | refused_again), version, NEVER)
    return known


def _can_be_read(file: str) -> bool:
    try:
        with Path(file).open("rb") as content:
            content.read(1)
    except OSError:
        return False
    return True


def _equal(one: pa.Table, other: pa.Table, column: str) -> BoolArray:
    equal: BoolArray = pc.fill_null(pc.equal(one[column], other[column]), fill_value=False).to_numpy()
    return equal


def freeze_work(work: Work, paths: Sequence[Path], pool: Path, config: IngestConfig) -> Path:
    """
    Begin a version: write down which files its tasks will read.

    Parameters
    ----------
    work : Work
        The new files, at least one.
    paths : sequence of Path
        Where they were looked for.
    pool : Path
        The pool.
    config : IngestConfig
        How files are read and features stored.

    Returns
    -------
    Path
        The unfinished version.

    Raises
    ------
    StorageError
        If the disk is full or cannot be written.
    """
    n_files = work.new.num_rows
    per_task = min(MOST_FILES_A_TASK, max(FEWEST_FILES_A_TASK, n_files // TASKS_WANTED))
    plan = {
        "format_version": FORMAT_VERSION,
        "sources": [str(path.absolute()) for path in paths],
        "n_files": n_files,
        "n_tasks": -(-n_files // per_task),
        "files_per_task": per_task,
        "rows_per_chunk": config.rows_per_chunk,
        "reading": _reading(config),
    }
    directory = unfinished_directory(pool)
    with atomic_path(directory) as temporary:
        (temporary / PARTS).mkdir(parents=True)
        (temporary / PLAN).write_bytes(json_bytes(plan))
        with pa.OSFile(str(temporary / WORK), "wb") as sink, pa.ipc.new_file(sink, FOUND_SCHEMA) as writer:
            writer.write_table(work.new.combine_chunks(), max_chunksize=per_task)
    return directory
