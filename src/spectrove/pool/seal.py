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
    read_json,
    stored_type,
    table_of,
    unfinished_directory,
    version_directory,
)
from spectrove.pool.parts import WARNINGS, features_of, load_part
from spectrove.pool.tables import ROWS_AT_ONCE, StoredIds, StoredTable, by_group, rows_of
from spectrove.pool.walk import UNREADABLE
from spectrove.pool.writers import FeatureWriter, TableWriter
from spectrove.preprocess import Recipe
from spectrove.storage import is_remote, make_directory, open_arrow, remove, replace_atomically

DUPLICATE = "spectrum already in the pool"
"""Kind of refusal: another file holds the same spectrum, with the same features."""

CONFLICT = "id of another spectrum"
"""Kind of refusal: another file holds other features under the same id."""

SUPERSEDED = "file changed after it was used"
"""Kind of refusal: the pool holds the features that the file had before."""

HOLDER = ("file", "version", "digest")
"""What is told of a spectrum that holds an id."""

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

    @cached_property
    def stored(self) -> str:
        """
        Return the type in which features are stored.

        Returns
        -------
        str
            ``int16`` or ``float32``.
        """
        return stored_type(self.pool)

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

    ``begins`` tells where each part begins, ``keep`` which rows are sealed. The rows ``taken`` (in rising order) have an id that
    another spectrum holds: the row ``holder`` of the table ``holders`` with the columns file, version and digest. ``repeats`` is,
    for each of them, the row that holds the id, or -1 if an earlier version does.
    """

    begins: IntArray
    keep: BoolArray
    taken: IntArray
    holder: IntArray
    holders: pa.Table
    repeats: IntArray


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
    versions = pool / VERSIONS
    for directory in list(versions.iterdir()) if versions.is_dir() else ():
        if not directory.name.endswith(UNFINISHED):
            continue
        if directory.name == unfinished_directory(pool).name and (directory / PLAN).exists():
            current = Job(pool, recipe, directory)
        else:
            remove(directory)  # its version was sealed or its plan never put, and the process killed before it could tidy up
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
    final = version_directory(job.pool, job.version)
    sealed = final if is_remote(job.pool) else job.directory / SEALED
    remove(sealed)
    make_directory(sealed)
    verdict = _judge(job)
    if job.source is not None:
        _refuse_broken_source(job, verdict)
    written = _write_version(job, sealed, verdict, progress)
    (sealed / MANIFEST).write_bytes(json_bytes(_manifest(job, verdict, written)))
    if sealed != final:
        replace_atomically(sealed, final)
    remove(job.directory)


def _judge(job: Job) -> _Verdict:
    # The first spectrum of an id stays: those of earlier versions first, then the order of the work list.
    hashes, used, held, begins = _look_through(job)
    order = np.argsort(hashes, kind="stable")
    alike = hashes[order][1:] == hashes[order][:-1]
    repeated = np.unique(np.concatenate([order[1:][alike], order[:-1][alike]]))
    first = np.arange(used.size)
    parts = _parts_with(job, begins, used[repeated], ["spectrum_id"])
    first[repeated] = repeated[_first_equal([part["spectrum_id"].take(pa.array(at)) for part, at in parts])]
    is_held = held[first] >= 0
    is_first = first == np.arange(used.size)
    keep = np.zeros(int(begins[-1]), dtype=bool)
    keep[used[is_first & ~is_held]] = True
    others = np.flatnonzero(is_held | ~is_first)
    return _verdict(job, begins, keep, used[others], held[first[others]], used[first[others]])


def _look_through(job: Job) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    # Of the spectra that can be used: a hash of the id (as millions of ids would fill the memory), the row, and the row of the
    # earlier versions that holds the id (-1: none does); and where each part begins.
    earlier = StoredIds(_held(job))
    hashes, used, held, begins = [], [], [], [0]
    waiting: list[pa.Array] = []
    for number in range(job.n_parts):
        part = load_part(job.directory, number, ["spectrum_id", "kind"])
        at = np.flatnonzero(pc.is_null(part["kind"]).to_numpy())
        waiting.append(part["spectrum_id"].combine_chunks().take(pa.array(at)))
        hashes.append(np.fromiter(map(hash, waiting[-1].to_pylist()), dtype=np.int64, count=at.size))
        used.append(begins[-1] + at)
        begins.append(begins[-1] + part.num_rows)
        if number == job.n_parts - 1 or sum(map(len, waiting)) >= ROWS_AT_ONCE:
            held.append(rows_of(earlier.pieces(), pa.concat_arrays(waiting)))
            waiting = []
    return np.concatenate(hashes), np.concatenate(used), np.concatenate(held), np.array(begins)


def _verdict(job: Job, begins: IntArray, keep: BoolArray, taken: IntArray, held: IntArray, repeats: IntArray) -> _Verdict:
    # Who holds the ids that are taken, each told once.
    old = held >= 0
    rows_held, of_held = np.unique(held[old], return_inverse=True)
    rows_new, of_new = np.unique(repeats[~old], return_inverse=True)
    holder = np.empty(taken.size, dtype=np.int64)
    holder[old], holder[~old] = of_held, rows_held.size + of_new
    holders = [_held(job).take(rows_held, HOLDER)]
    for part, at in _parts_with(job, begins, rows_new, ["file", "digest"]):
        holders.append(_with_version(part.take(pa.array(at)), holders[0].schema, job.version))
    return _Verdict(begins, keep, taken, holder, pa.concat_tables(holders).combine_chunks(), np.where(old, -1, repeats))


def _parts_with(job: Job, begins: IntArray, rows: IntArray, columns: Sequence[str]) -> Iterator[tuple[pa.Table, IntArray]]:
    # The parts that hold rows, and which of their rows these are; the rows rise.
    for number, within in by_group(rows, begins)[1]:
        yield load_part(job.directory, number, columns), within


def _first_equal(ids: Sequence[pa.Array]) -> IntArray:
    # For each id the place of the first that is equal.
    encoded = pa.chunked_array(ids, type=pa.string()).combine_chunks().dictionary_encode()
    codes = encoded.indices.to_numpy()
    _, first, which = np.unique(codes, return_index=True, return_inverse=True)
    places: IntArray = first[which]
    return places


def _refuse_broken_source(job: Job, verdict: _Verdict) -> None:
    name = ", ".join(job.plan["sources"])
    if verdict.taken.size:
        rows = np.array([verdict.repeats[0], verdict.taken[0]])
        first, second = (np.searchsorted(verdict.begins, rows, side="right") - 1).tolist()
        ids = load_part(job.directory, second, ["spectrum_id"])["spectrum_id"]
        repeated = ids[int(rows[1] - verdict.begins[second])].as_py()
        msg = (
            f"{job.pool}: {name} gives the id {repeated!r} in batch {first} and again in batch {second} "
            f"({verdict.taken.size} such ids). Mend the source, and write another pool."
        )
        raise PoolError(msg)
    if not verdict.keep.any():
        msg = f"{job.pool}: {name} gives no spectrum that can be used, {verdict.keep.size} were refused. Mend the source."
        raise PoolError(msg)


def _held(job: Job) -> StoredTable:
    return table_of(job.pool, range(1, job.version), METADATA, METADATA_SCHEMA)


def _refused_duplicate(job: Job, facts: dict[str, Any], digest: bytes, holder: dict[str, Any]) -> dict[str, Any] | None:
    # None where the same file gives the same spectrum again, which is no news.
    file, spectrum_id, version = facts["file"], facts["spectrum_id"], holder["version"]
    equal = digest == holder["digest"]
    if version < job.version and holder["file"] == file:
        reason = f"{file}: {spectrum_id} changed after version {version} took it, and a sealed version stays as it is."
        changed = {**facts, "kind": SUPERSEDED, "reason": f"{reason} Ingest into a new pool to use the new content."}
        return None if equal else changed
    taken = f"{file}: {spectrum_id} is in version {version} already"
    if equal:
        return {**facts, "kind": DUPLICATE, "reason": f"{taken}, with equal features, from {holder['file']}"}
    advice = "An id names one spectrum: rename the file or the id if they are two."
    return {**facts, "kind": CONFLICT, "reason": f"{taken}, with other features, from {holder['file']}. {advice}"}


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
    features = FeatureWriter(sealed / FEATURES, (n_spectra, job.recipe.n_wave), job.plan["rows_per_chunk"], job.stored)
    with (
        TableWriter(sealed / METADATA, METADATA_SCHEMA) as metadata,
        TableWriter(sealed / REFUSED, REFUSED_SCHEMA) as refused,
        TableWriter(sealed / FILES, FILES_SCHEMA) as files,
        _work_list(job) as work,
    ):
        for number, begin in enumerate(verdict.begins[:-1].tolist()):
            part = load_part(job.directory, number)
            keep = verdict.keep[begin : begin + part.num_rows]
            kept = part if keep.all() else part.filter(pa.array(keep))
            rows = _refused_rows(job, part, verdict, begin)
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
        with open_arrow(job.directory / WORK) as source:
            yield pa.ipc.open_file(source)


def _with_version(table: pa.Table, schema: pa.Schema, version: int) -> pa.Table:
    versioned = table.append_column("version", pa.array(np.full(table.num_rows, version, dtype=np.int32)))
    return versioned.select(schema.names).replace_schema_metadata().cast(schema)


def _refused_rows(job: Job, part: pa.Table, verdict: _Verdict, begin: int) -> pa.Table:
    columns = part.select(["file", "kind", "reason", "format", "spectrum_id"]).replace_schema_metadata()
    refused = columns.filter(pc.is_valid(part["kind"]))
    among = slice(*np.searchsorted(verdict.taken, [begin, begin + part.num_rows]).tolist())
    at = pa.array(verdict.taken[among] - begin)
    facts = zip(columns.take(at).to_pylist(), part["digest"].take(at).to_pylist(), strict=True)
    holders = verdict.holders.take(pa.array(verdict.holder[among])).to_pylist()
    told = [_refused_duplicate(job, *fact, holder) for fact, holder in zip(facts, holders, strict=True)]
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
        "stored": job.stored,
        "n_files": job.plan["n_files"],
        "n_refused": written.kinds.total(),
        "refused_by_reason": dict(written.kinds.most_common()),
        "warnings": dict(written.warned.most_common()),
        "sources": job.plan["sources"],
        "reading": job.plan["reading"],
        "software": {"python": platform.python_version(), **{name: package_version(name) for name in SOFTWARE}},
    }
    return manifest if job.source is None else {**manifest, "source": job.source}
