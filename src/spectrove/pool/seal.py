"""Puts the parts of an ingest together into a version that is never written again."""

from __future__ import annotations

import hashlib
import json
import platform
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spectrove.contracts import BoolArray, IntArray
from spectrove.errors import PoolError
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
    VERSIONS,
    WORK,
    json_bytes,
    read_columns,
    read_json,
    unfinished_directory,
    version_directory,
)
from spectrove.pool.parts import WARNINGS, features_of, load_part
from spectrove.pool.walk import UNREADABLE
from spectrove.pool.writers import FeatureWriter, TableWriter
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

    @property
    def source(self) -> dict[str, Any] | None:
        """
        Return what the spectra follow from, if they are not read from files.

        Returns
        -------
        dict or None
            Identity of the source; None for files.
        """
        source: dict[str, Any] | None = self.plan.get("source")
        return source


@dataclass(frozen=True)
class _Verdict:
    """
    What becomes of each row of all parts.

    ``keep`` tells the spectra that are sealed; ``holder`` is, for a spectrum whose id is taken, the row that holds it: of the
    earlier versions' rows first, of all parts' after these; else -1. The digests are those of all parts' rows, and of the earlier
    versions' (``held``). Part i begins at row ``begins[i]``.
    """

    job: Job
    keep: BoolArray
    holder: IntArray
    digests: pa.ChunkedArray
    held: pa.ChunkedArray
    begins: IntArray
    files: dict[int, pa.Table] = field(default_factory=dict)

    @cached_property
    def _held_files(self) -> pa.Table:
        return _held(self.job, ["file", "version"])

    def part_of(self, row: int) -> int:
        """Return the number of the part that a row belongs to."""
        return int(np.searchsorted(self.begins, row, side="right")) - 1

    def holder_of(self, row: int) -> tuple[str, int, bytes]:
        """Return file, version and digest of the spectrum that holds the id of a row."""
        position = int(self.holder[row])
        if position < len(self.held):
            file, version = (column[position].as_py() for column in self._held_files.columns)
            return file, version, self.held[position].as_py()
        position -= len(self.held)
        number = self.part_of(position)
        if number not in self.files:
            self.files.clear()
            self.files[number] = load_part(self.job.directory, number, ["file"])
        file = self.files[number]["file"][position - int(self.begins[number])].as_py()
        return file, self.job.version, self.digests[position].as_py()


def unfinished_job(pool: Path, recipe: Recipe) -> Job | None:
    """
    Return what is under way in a pool, and remove what is left of the versions that are sealed.

    Parameters
    ----------
    pool : Path
        The pool, kept for the caller.
    recipe : Recipe
        Its recipe.

    Returns
    -------
    Job or None
        None if there is nothing to finish.
    """
    current = None
    for directory in (pool / VERSIONS).glob(f"*{UNFINISHED}"):
        if directory.name == unfinished_directory(pool).name:
            current = Job(pool, recipe, directory)
        else:
            remove(directory)  # its version was sealed, and the process killed before it could tidy up
    return current


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
    PoolError
        If a source that is no files gives an id twice, or no spectrum at all.
    StorageError
        If the disk is full or cannot be written.
    """
    sealed = job.directory / SEALED
    remove(sealed)
    sealed.mkdir()
    verdict = _judge(job)
    if job.source is not None:
        _refuse_broken_source(verdict)
    written = _write_version(job, sealed, verdict, progress)
    (sealed / MANIFEST).write_bytes(json_bytes(_manifest(job, verdict, written)))
    replace_atomically(sealed, version_directory(job.pool, job.version))
    remove(job.directory)


def _judge(job: Job) -> _Verdict:
    # The first spectrum of an id stays: those of earlier versions first, then the order of the work list.
    parts = [load_part(job.directory, number, ["spectrum_id", "digest", "kind"]) for number in range(job.n_parts)]
    begins = np.cumsum([0, *(part.num_rows for part in parts)])
    held = _held(job, ["spectrum_id", "digest"])
    ids = [held["spectrum_id"], *(part["spectrum_id"].filter(pc.is_null(part["kind"])) for part in parts)]
    used = np.flatnonzero(np.concatenate([pc.is_null(part["kind"]).to_numpy() for part in parts]))
    digests = pa.chunked_array([chunk for part in parts for chunk in part["digest"].chunks], type=held["digest"].type)
    del parts
    encoded = pa.chunked_array([chunk for column in ids for chunk in column.chunks], type=pa.string()).dictionary_encode()
    codes = np.concatenate([np.empty(0, dtype=np.int32), *(chunk.indices.to_numpy() for chunk in encoded.chunks)])
    del ids, encoded
    _, first_of_code = np.unique(codes, return_index=True)
    first = first_of_code[codes][held.num_rows :]
    keep = np.zeros(int(begins[-1]), dtype=bool)
    holder = np.full(keep.size, -1, dtype=np.int64)
    is_first = first == held.num_rows + np.arange(used.size)
    keep[used[is_first]] = True
    positions = np.concatenate([np.arange(held.num_rows), held.num_rows + used])
    holder[used[~is_first]] = positions[first[~is_first]]
    return _Verdict(job, keep, holder, digests.combine_chunks(), held["digest"], begins)


def _refuse_broken_source(verdict: _Verdict) -> None:
    job, repeated = verdict.job, np.flatnonzero(verdict.holder >= 0)
    name = ", ".join(job.plan["sources"])
    if repeated.size:
        row = int(repeated[0])
        first, second = (verdict.part_of(int(position)) for position in (verdict.holder[row], row))
        ids = load_part(job.directory, second, ["spectrum_id"])["spectrum_id"]
        msg = (
            f"{job.pool}: {name} gives the id {ids[row - int(verdict.begins[second])].as_py()!r} in batch {first} and again in "
            f"batch {second} ({repeated.size} such ids). Mend the source, and write another pool."
        )
        raise PoolError(msg)
    if not verdict.keep.any():
        msg = f"{job.pool}: {name} gives no spectrum that can be used, {verdict.keep.size} were refused. Mend the source."
        raise PoolError(msg)


def _held(job: Job, columns: Sequence[str]) -> pa.Table:
    return read_columns(job.pool, range(1, job.version), METADATA, METADATA_SCHEMA, columns).combine_chunks()


def _refused_duplicate(verdict: _Verdict, row: int, facts: dict[str, Any]) -> dict[str, Any] | None:
    # None where the same file gives the same spectrum again, which is no news.
    file, spectrum_id = facts["file"], facts["spectrum_id"]
    held_file, version, digest = verdict.holder_of(row)
    equal = digest == verdict.digests[row].as_py()
    if version < verdict.job.version and held_file == file:
        reason = f"{file}: {spectrum_id} changed after version {version} took it, and a sealed version stays as it is."
        changed = {**facts, "kind": SUPERSEDED, "reason": f"{reason} Ingest into a new pool to use the new content."}
        return None if equal else changed
    taken = f"{file}: {spectrum_id} is in version {version} already"
    if equal:
        return {**facts, "kind": DUPLICATE, "reason": f"{taken}, with equal features, from {held_file}"}
    advice = "An id names one spectrum: rename the file or the id if they are two."
    return {**facts, "kind": CONFLICT, "reason": f"{taken}, with other features, from {held_file}. {advice}"}


@dataclass
class _Written:
    """Counts of refusals and of warnings, and the hash of ids and features, while a version is written."""

    # Of ids and features alone: where the files lie, who read them and when makes no difference.
    content: Any = field(default_factory=lambda: hashlib.blake2b(digest_size=16))
    kinds: Counter[str] = field(default_factory=Counter)
    warned: Counter[str] = field(default_factory=Counter)

    def add(self, part: pa.Table, kept: pa.Table, refused: pa.Table) -> None:
        """Take notice of a part, of what is kept of it and of what is refused."""
        self.warned.update(json.loads(part.schema.metadata[WARNINGS]))
        self.kinds.update(refused["kind"].to_pylist())
        ids, digests = kept["spectrum_id"].cast(pa.binary()), kept["digest"].cast(pa.binary())
        self.content.update(b"".join(pc.binary_join_element_wise(ids, digests, b"\0").to_pylist()))


def _write_version(job: Job, sealed: Path, verdict: _Verdict, progress: Callable[[int, int], None]) -> _Written:
    written = _Written()
    n_spectra = int(np.count_nonzero(verdict.keep))
    features = FeatureWriter(sealed / FEATURES, (n_spectra, job.recipe.n_wave), job.plan["rows_per_chunk"])
    with (
        TableWriter(sealed / METADATA, METADATA_SCHEMA) as metadata,
        TableWriter(sealed / REFUSED, REFUSED_SCHEMA) as refused,
        TableWriter(sealed / FILES, FILES_SCHEMA) as files,
        _work_list(job) as work,
    ):
        for number, begin in enumerate(verdict.begins[:-1].tolist()):
            part = load_part(job.directory, number)
            keep = verdict.keep[begin : begin + part.num_rows]
            kept, rows = part.filter(pa.array(keep)), _refused_rows(part, verdict, begin)
            written.add(part, kept, rows)
            features.append(features_of(kept, job.recipe.n_wave))
            metadata.append(_with_version(kept, METADATA_SCHEMA, job.version))
            refused.append(_with_version(rows, REFUSED_SCHEMA, job.version))
            if work is not None:
                files.append(_with_version(_tried_files(work.get_batch(number), rows), FILES_SCHEMA, job.version))
            progress(features.n_rows, n_spectra)
        features.finish()
    return written


@contextmanager
def _work_list(job: Job) -> Iterator[Any]:
    # The batches of files that were tried; None if the spectra are not from files.
    if job.source is not None:
        yield None
    else:
        with pa.OSFile(str(job.directory / WORK)) as source:
            yield pa.ipc.open_file(source)


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


def _manifest(job: Job, verdict: _Verdict, written: _Written) -> dict[str, Any]:
    n_spectra = int(np.count_nonzero(verdict.keep))
    manifest = {
        "format_version": FORMAT_VERSION,
        "version": job.version,
        "sealed_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "recipe": job.recipe.name,
        "recipe_hash": job.recipe.hash,
        "content_hash": written.content.hexdigest(),
        "n_spectra": n_spectra,
        "n_wave": job.recipe.n_wave,
        "rows_per_chunk": job.plan["rows_per_chunk"],
        "n_files": job.plan["n_files"],
        "n_refused": written.kinds.total(),
        "refused_by_reason": dict(written.kinds.most_common()),
        "warnings": dict(written.warned.most_common()),
        "sources": job.plan["sources"],
        "reading": job.plan["reading"],
        "software": {"python": platform.python_version(), **{name: package_version(name) for name in SOFTWARE}},
    }
    return manifest if job.source is None else {**manifest, "source": job.source}
