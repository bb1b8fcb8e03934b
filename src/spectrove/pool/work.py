"""Decides which files are new to a pool, and freezes the list of them before the first is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version as package_version
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from spectrove.contracts import Progress
from spectrove.pool.known import NEVER, KnownFiles
from spectrove.pool.layout import FORMAT_VERSION, FOUND_SCHEMA, PARTS, PLAN, WORK, json_bytes, unfinished_directory
from spectrove.pool.walk import walk
from spectrove.storage import atomic_path, is_remote
from spectrove.surveys import readers

MOST_FILES_A_TASK = 4096
"""A task is then some tenths of a second of reading plain files, and ten of unusual ones: little is lost with it."""

FEWEST_FILES_A_TASK = 8
"""Fewer would not repay handing them out."""

TASKS_WANTED = 16
"""Enough of them to share between workers and to see progress."""

BATCH = 65_536
"""Files that are taken down at once."""


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
    new : list of bytes
        Files to be tried, packed tables of `BATCH` files at most, in the walk's order.
    n_new : int
        How many they are.
    known_since : Counter of int
        How many of the other files each version tried as they are now.
    """

    new: list[bytes]
    n_new: int
    known_since: Counter[int]

    @property
    def n_files(self) -> int:
        """
        Return how many files the walk found.

        Returns
        -------
        int
            Files, new and known.
        """
        return self.n_new + self.known_since.total()

    def n_known(self, version: int) -> int:
        """
        Return how many files were known in a version.

        Parameters
        ----------
        version : int
            The version.

        Returns
        -------
        int
            Files that it or an earlier one tried as they are now.
        """
        return sum(count for since, count in self.known_since.items() if since <= version)


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
    known = KnownFiles(pool, _reading(config))
    files = walk(paths)
    work = Work([], 0, Counter())
    while batch := list(islice(files, BATCH)):
        columns = [pa.array(column, type=kind) for column, kind in zip(zip(*batch, strict=True), FOUND_SCHEMA.types, strict=True)]
        found = pa.table(columns, schema=FOUND_SCHEMA)
        since = known.since(found)
        new = found.filter(pa.array(since == NEVER))
        work.known_since.update(since[since != NEVER].tolist())
        work = replace(work, new=[*work.new, _packed(new)], n_new=work.n_new + new.num_rows)
        progress("files found", work.n_files, None)
    return work


def _packed(table: pa.Table) -> bytes:
    # Paths of one directory are alike: four million take 60 MB where they would take 500.
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=_PACKED) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


_PACKED = pa.ipc.IpcWriteOptions(compression="zstd")


def _reading(config: IngestConfig) -> dict[str, Any]:
    # Whoever refused a file in these circumstances will refuse it again.
    return {"format": config.format, "readers": list(readers()), "spectrove": package_version("spectrove")}


def freeze_work(work: Work, paths: Sequence[Path], pool: Path, config: IngestConfig) -> Path:
    """
    Begin a version: write down which files its tasks will read.

    Parameters
    ----------
    work : Work
        The new files, at least one.
    paths : sequence of Path
        Where they were looked for, as of `spectrove.storage.located`.
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
    n_files = work.n_new
    per_task = min(MOST_FILES_A_TASK, max(FEWEST_FILES_A_TASK, n_files // TASKS_WANTED))
    plan = {
        "format_version": FORMAT_VERSION,
        "sources": [str(path if is_remote(path) else path.absolute()) for path in paths],
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
        with pa.OSFile(str(temporary / WORK), "wb") as sink, pa.ipc.new_file(sink, FOUND_SCHEMA, options=_PACKED) as writer:
            for batch in _batches(work, per_task):
                writer.write_table(batch)
    return directory


def _batches(work: Work, n_rows: int) -> Iterator[pa.Table]:
    waiting = FOUND_SCHEMA.empty_table()
    for packed in work.new:
        with pa.ipc.open_stream(packed) as reader:
            waiting = pa.concat_tables([waiting, reader.read_all()])
        n_whole = waiting.num_rows // n_rows * n_rows
        for begin in range(0, n_whole, n_rows):
            yield waiting.slice(begin, n_rows).combine_chunks()
        waiting = waiting.slice(n_whole)
    if waiting.num_rows:
        yield waiting.combine_chunks()
