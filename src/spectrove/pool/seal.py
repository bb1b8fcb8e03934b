"""Puts the parts of an ingest together into a version that is never written again."""

from __future__ import annotations

import hashlib
import json
import platform
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from spectrove.contracts import BoolArray, FloatArray, IntArray
from spectrove.pool.layout import (
    FEATURES,
    FILES,
    FILES_SCHEMA,
    FORMAT_VERSION,
    MANIFEST,
    METADATA,
    METADATA_SCHEMA,
    PLAN,
    REFUSED,
    REFUSED_SCHEMA,
    SEALED,
    UNFINISHED,
    WORK,
    json_bytes,
    read_columns,
    read_json,
    version_directory,
)
from spectrove.pool.reading import WARNINGS, part_path
from spectrove.pool.walk import UNREADABLE
from spectrove.preprocess import Recipe
from spectrove.storage import remove, replace_atomically

DUPLICATE = "spectrum already in the pool"
"""Kind of refusal: another file holds the same spectrum, with the same features."""

CONFLICT = "id of another spectrum"
"""Kind of refusal: another file holds other features under the same id."""

SUPERSEDED = "file changed after it was used"
"""Kind of refusal: the pool holds the features that the file had before."""

SOFTWARE = ("spectrove", "numpy", "scipy", "astropy", "pyarrow", "zarr")
"""Packages whose versions the manifest records."""

ROWS_A_GROUP = 65_536
"""Rows of one group of a Parquet file."""


@dataclass(frozen=True)
class Job:
    """
    An ingest: what is read into which version of which pool.

    Attributes
    ----------
    pool : Path
        The pool.
    recipe : Recipe
        What makes the features.
    directory : Path
        The unfinished version.
    """

    pool: Path
    recipe: Recipe
    directory: Path

    @cached_property
    def plan(self) -> dict[str, Any]:
        """
        Return how the work is divided.

        Returns
        -------
        dict
            Content of ``plan.json``.
        """
        return read_json(self.directory / PLAN)

    @property
    def version(self) -> int:
        """
        Return the version that this will be.

        Returns
        -------
        int
            From 1.
        """
        return int(self.directory.name.removesuffix(UNFINISHED))

    @property
    def n_parts(self) -> int:
        """
        Return how many parts there are.

        Returns
        -------
        int
            Number of tasks of the plan.
        """
        return int(self.plan["n_tasks"])


@dataclass(frozen=True)
class _Verdict:
    """
    What becomes of each row of all parts.

    ``keep`` tells the spectra that are sealed; ``holder`` is, for a spectrum whose id is taken, the row that holds it: of the
    earlier versions' rows (``held``) first, of all parts' (``rows``) after these; else -1. Part i begins at row ``begins[i]``.
    """

    job: Job
    keep: BoolArray
    holder: IntArray
    rows: pa.Table
    held: pa.Table
    begins: IntArray
    files: dict[int, pa.Table] = field(default_factory=dict)

    @cached_property
    def _held_files(self) -> pa.Table:
        return _held(self.job, ["file", "version"])

    def holder_of(self, row: int) -> tuple[str, int, bytes]:
        """Return file, version and digest of the spectrum that holds the id of a row."""
        position = int(self.holder[row])
        if position < self.held.num_rows:
            file, version = (column[position].as_py() for column in self._held_files.columns)
            return file, version, self.held["digest"][position].as_py()
        position -= self.held.num_rows
        number = int(np.searchsorted(self.begins, position, side="right")) - 1
        if number not in self.files:
            self.files.clear()
            self.files[number] = _read_part(self.job, number, ["file"])
        file = self.files[number]["file"][position - int(self.begins[number])].as_py()
        return file, self.job.version, self.rows["digest"][position].as_py()


def seal(job: Job, progress: Callable[[int, int], None]) -> None:
    """
    Write a version from its parts and give it its name; the unfinished version vanishes.

    Parameters
    ----------
    job : Job
        The parts, and where they go.
    progress : callable
        Called with the numbers of spectra sealed and to be sealed.

    Raises
    ------
    StorageError
        If the disk is full or cannot be written.
    """
    sealed = job.directory / SEALED
    remove(sealed)
    sealed.mkdir()
    verdict = _judge(job)
    refused, warned = _write_version(job, sealed, verdict, progress)
    manifest = _manifest(job, verdict, refused, warned)
    (sealed / MANIFEST).write_bytes(json_bytes(manifest))
    replace_atomically(sealed, version_directory(job.pool, job.version))
    remove(job.directory)


def _read_part(job: Job, number: int, columns: Sequence[str] | None = None) -> pa.Table:
    with pa.OSFile(str(part_path(job.directory, number))) as source:
        part = pa.ipc.open_file(source).read_all()
    if columns is None:
        return part
    return part.select(list(columns)).take(pa.array(np.arange(part.num_rows)))  # a copy, lest the features stay in memory with it


def _judge(job: Job) -> _Verdict:
    # The first spectrum of an id stays: those of earlier versions first, then the order of the work list.
    columns = ["spectrum_id", "digest", "kind"]
    parts = [_read_part(job, number, columns).replace_schema_metadata() for number in range(job.n_parts)]
    begins = np.cumsum([0, *(part.num_rows for part in parts)])
    rows = pa.concat_tables(parts).combine_chunks()
    held = _held(job, ["spectrum_id", "digest"])
    used = np.flatnonzero(pc.is_null(rows["kind"]).to_numpy())
    ids = pa.chunked_array(held["spectrum_id"].chunks + rows["spectrum_id"].take(pa.array(used)).chunks, type=pa.string())
    codes = ids.combine_chunks().dictionary_encode().indices.to_numpy()
    _, first_of_code = np.unique(codes, return_index=True)
    first = first_of_code[codes][held.num_rows :]
    keep = np.zeros(rows.num_rows, dtype=bool)
    holder = np.full(rows.num_rows, -1, dtype=np.int64)
    is_first = first == held.num_rows + np.arange(used.size)
    keep[used[is_first]] = True
    positions = np.concatenate([np.arange(held.num_rows), held.num_rows + used])
    holder[used[~is_first]] = positions[first[~is_first]]
    return _Verdict(job, keep, holder, rows, held, begins)


def _held(job: Job, columns: Sequence[str]) -> pa.Table:
    return read_columns(job.pool, range(1, job.version), METADATA, METADATA_SCHEMA, columns).combine_chunks()


def _refused_duplicate(verdict: _Verdict, row: int, facts: dict[str, Any]) -> dict[str, Any] | None:
    # None where the same file gives the same spectrum again, which is no news.
    file, spectrum_id = facts["file"], facts["spectrum_id"]
    held_file, version, digest = verdict.holder_of(row)
    equal = digest == verdict.rows["digest"][row].as_py()
    if version < verdict.job.version and held_file == file:
        reason = f"{file}: {spectrum_id} changed after version {version} took it, and a sealed version stays as it is."
        changed = {**facts, "kind": SUPERSEDED, "reason": f"{reason} Ingest into a new pool to use the new content."}
        return None if equal else changed
    taken = f"{file}: {spectrum_id} is in version {version} already"
    if equal:
        return {**facts, "kind": DUPLICATE, "reason": f"{taken}, with equal features, from {held_file}"}
    advice = "An id names one spectrum: rename the file or the id if they are two."
    return {**facts, "kind": CONFLICT, "reason": f"{taken}, with other features, from {held_file}. {advice}"}


def _write_version(
    job: Job, sealed: Path, verdict: _Verdict, progress: Callable[[int, int], None]
) -> tuple[Counter[str], Counter[str]]:
    kinds: Counter[str] = Counter()
    warned: Counter[str] = Counter()
    n_spectra = int(np.count_nonzero(verdict.keep))
    features = _FeatureWriter(sealed / FEATURES, (n_spectra, job.recipe.n_wave), job.plan["rows_per_chunk"])
    with (
        _TableWriter(sealed / METADATA, METADATA_SCHEMA) as metadata,
        _TableWriter(sealed / REFUSED, REFUSED_SCHEMA) as refused,
        _TableWriter(sealed / FILES, FILES_SCHEMA) as files,
        pa.OSFile(str(job.directory / WORK)) as source,
    ):
        work = pa.ipc.open_file(source)
        for number, begin in enumerate(verdict.begins[:-1].tolist()):
            part = _read_part(job, number)
            warned.update(json.loads(part.schema.metadata[WARNINGS]))
            keep = verdict.keep[begin : begin + part.num_rows]
            features.append(_features_of(part, job.recipe.n_wave)[keep])
            metadata.append(_with_version(part.filter(pa.array(keep)), METADATA_SCHEMA, job.version))
            rows = _refused_rows(part, verdict, begin)
            refused.append(_with_version(rows, REFUSED_SCHEMA, job.version))
            kinds.update(rows["kind"].to_pylist())
            files.append(_with_version(_tried_files(work.get_batch(number), rows), FILES_SCHEMA, job.version))
            progress(features.n_rows, n_spectra)
        features.finish()
    return kinds, warned


def _features_of(part: pa.Table, n_wave: int) -> FloatArray:
    values = part["features"].combine_chunks().flatten().to_numpy()
    features: FloatArray = values.reshape(part.num_rows, n_wave)
    return features


def _with_version(table: pa.Table, schema: pa.Schema, version: int) -> pa.Table:
    versioned = table.append_column("version", pa.array(np.full(table.num_rows, version, dtype=np.int32)))
    return versioned.select(schema.names).replace_schema_metadata().cast(schema)


def _refused_rows(part: pa.Table, verdict: _Verdict, begin: int) -> pa.Table:
    columns = part.select(["file", "kind", "reason", "format", "spectrum_id"]).replace_schema_metadata()
    refused = columns.filter(pc.is_valid(part["kind"]))
    taken = np.flatnonzero(verdict.holder[begin : begin + part.num_rows] >= 0)
    facts = columns.take(pa.array(taken)).to_pylist()
    told = [_refused_duplicate(verdict, begin + int(row), fact) for row, fact in zip(taken, facts, strict=True)]
    duplicates = pa.Table.from_pylist([row for row in told if row is not None], schema=columns.schema)
    return pa.concat_tables([refused, duplicates])


def _tried_files(batch: pa.RecordBatch, refused: pa.Table) -> pa.Table:
    files = batch["file"].to_pylist()
    counts = Counter(refused["file"].to_pylist())
    unreadable = set(refused.filter(pc.equal(refused["kind"], UNREADABLE))["file"].to_pylist())
    tried = pa.Table.from_batches([batch]).append_column("n_refused", pa.array([counts[file] for file in files], type=pa.int32()))
    return tried.append_column("unreadable", pa.array([file in unreadable for file in files], type=pa.bool_()))


def _manifest(job: Job, verdict: _Verdict, refused: Counter[str], warned: Counter[str]) -> dict[str, Any]:
    n_spectra = int(np.count_nonzero(verdict.keep))
    return {
        "format_version": FORMAT_VERSION,
        "version": job.version,
        "sealed_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "recipe": job.recipe.name,
        "recipe_hash": job.recipe.hash,
        "content_hash": _hash_of_content(verdict),
        "n_spectra": n_spectra,
        "n_wave": job.recipe.n_wave,
        "rows_per_chunk": job.plan["rows_per_chunk"],
        "n_files": job.plan["n_files"],
        "n_refused": refused.total(),
        "refused_by_reason": dict(refused.most_common()),
        "warnings": dict(warned.most_common()),
        "sources": job.plan["sources"],
        "reading": job.plan["reading"],
        "software": {"python": platform.python_version(), **{name: package_version(name) for name in SOFTWARE}},
    }


def _hash_of_content(verdict: _Verdict) -> str:
    # Of ids and features alone: where the files lie, who read them and when makes no difference.
    digest = hashlib.blake2b(digest_size=16)
    kept = verdict.rows.select(["spectrum_id", "digest"]).filter(pa.array(verdict.keep))
    for batch in kept.to_batches():
        for spectrum_id, features in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            digest.update(spectrum_id.encode() + b"\0" + features)
    return digest.hexdigest()


class _TableWriter:
    """Writes a Parquet file in groups of many rows from tables of a few."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(path, schema)
        self._schema = schema
        self._waiting: list[pa.Table] = []

    def append(self, table: pa.Table) -> None:
        self._waiting.append(table.cast(self._schema))
        if sum(waiting.num_rows for waiting in self._waiting) >= ROWS_A_GROUP:
            self._write()

    def _write(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting).combine_chunks())
        self._waiting = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._write()
        self._writer.close()


class _FeatureWriter:
    """Writes a Zarr array in whole chunks from arrays of a few rows."""

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
        if self.n_rows > self._n_written:
            self._write(self.n_rows - self._n_written)
