"""
Fills a pool with spectra that are in no files: a source makes them batch by batch, and what it makes follows from its identity.

Each batch is made by one task and kept as a part; the parts are put together as those of an ingest are. So it can be killed at
any moment, and writing the same source again goes on where it stopped. One batch is held in memory, and of all spectra their ids.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spectrove.contracts import BoolArray, FloatArray, Progress, no_progress
from spectrove.errors import PoolError, SpectroveError
from spectrove.execution import Executor
from spectrove.pool.door import writing
from spectrove.pool.layout import (
    FORMAT_VERSION,
    MANIFEST,
    PARTS,
    PLAN,
    json_bytes,
    outcome_schema,
    read_json,
    sealed_versions,
    unfinished_directory,
    version_directory,
)
from spectrove.pool.parts import load_part, part_path, parts_done, refusal, save_part
from spectrove.pool.seal import Job, seal, unfinished_job
from spectrove.pool.store import Pool
from spectrove.preprocess import Recipe
from spectrove.spectrum import HeaderFacts, Spectrum
from spectrove.storage import atomic_path, canonical_json, is_remote, located

ROWS_PER_CHUNK = 4096
"""Spectra in one chunk, 2.3 MB at 140 wavelengths: some thousand chunks for the millions of spectra that come this way."""


@dataclass(frozen=True, eq=False)
class RowBatch:
    """
    Some spectra as a pool takes them.

    Attributes
    ----------
    metadata : pyarrow.Table
        One row a spectrum: ``spectrum_id``, the names of `spectrove.pool.layout.FACTS`, ``medium``, ``file`` and ``format``; what
        is absent is null, and so is the ``file`` of a spectrum that is in none.
    features : array of float32, shape (n_spectra, n_wave)
        The recipe's output, finite; from -1 to 1 if the recipe ends in min-max.
    refused : pyarrow.Table or None
        Spectra that the recipe refused: ``spectrum_id``, ``kind`` (a few words), ``reason`` (a sentence), ``file``, ``format``.
    """

    metadata: pa.Table
    features: FloatArray
    refused: pa.Table | None = None


class BatchSource(Protocol):
    """Makes spectra in batches of any sizes; it is sent to other processes, so it holds settings and a seed, not spectra."""

    @property
    def name(self) -> str:
        """
        Return what people call it.

        Returns
        -------
        str
            A few words.
        """

    @property
    def identity(self) -> Mapping[str, Any]:
        """
        Return what its spectra follow from.

        Returns
        -------
        mapping
            As JSON can hold it: equal identities, equal spectra.
        """

    @property
    def n_batches(self) -> int:
        """
        Return how many batches there are.

        Returns
        -------
        int
            Number of batches.
        """

    @property
    def n_rows(self) -> int:
        """
        Return how many spectra there are.

        Returns
        -------
        int
            Spectra in all batches, those that the recipe refuses among them.
        """

    def batch(self, number: int) -> RowBatch:
        """
        Return a batch, by its number alone.

        Parameters
        ----------
        number : int
            From 0.

        Returns
        -------
        RowBatch
            Its spectra.
        """


@dataclass(frozen=True)
class PoolReport:
    """
    What `write_pool` did.

    Attributes
    ----------
    pool : Path
        The pool.
    n_spectra : int
        Spectra in it.
    n_refused : int
        Spectra refused.
    refused_by_reason : dict
        How many were refused for each kind of reason.
    content_hash : str
        Name of its content.
    written : bool
        False if it was there already.
    resumed : bool
        True if some batches had been made before.
    """

    pool: Path
    n_spectra: int
    n_refused: int
    refused_by_reason: dict[str, int]
    content_hash: str
    written: bool
    resumed: bool


def row_batch(
    recipe: Recipe, metadata: pa.Table, wave: FloatArray, flux: FloatArray, medium: str = "vacuum"
) -> tuple[RowBatch, BoolArray]:
    """
    Return spectra of one wavelength grid as a batch, those that the recipe refuses with the reason that an ingest would give.

    Parameters
    ----------
    recipe : Recipe
        What makes the features.
    metadata : pyarrow.Table
        Columns as of `RowBatch`, one row a spectrum; ``survey`` and ``key`` are needed, ``spectrum_id`` is made of them and
        ``medium`` is filled in.
    wave : array of shape (n_pixels,)
        Wavelengths, Å.
    flux : array of shape (n_spectra, n_pixels)
        Flux densities, any unit.
    medium : str
        ``vacuum`` or ``undeclared``.

    Returns
    -------
    batch : RowBatch
        The spectra with features, in their order, and the refused ones.
    fine : array of bool, shape (n_spectra,)
        Which of the spectra have features.

    Raises
    ------
    ValueError
        If the shapes do not match.
    SpectrumError
        If the wavelengths or the medium are impossible.
    """
    features, fine = recipe.apply_many(wave, flux, medium)
    if metadata.num_rows != len(fine):
        msg = f"batch: the metadata have {metadata.num_rows} rows, and there are {len(fine)} spectra"
        raise ValueError(msg)
    made = {
        "spectrum_id": pc.binary_join_element_wise(metadata["survey"], metadata["key"], ":"),
        "medium": pa.array(np.full(len(fine), medium), type=pa.string()),
    }
    others = metadata.select([name for name in metadata.column_names if name not in made])
    for name, column in made.items():
        others = others.append_column(name, column)
    refused = others.filter(pa.array(~fine)).to_pylist()
    for row, at in zip(refused, np.flatnonzero(~fine), strict=True):
        spectrum = Spectrum(wave, flux[at], None, None, HeaderFacts(row["survey"], row["key"]), medium)
        row.update(_why_refused(recipe, spectrum))
    names = ("spectrum_id", "kind", "reason", "file", "format")
    table = pa.table({name: pa.array([row.get(name) for row in refused], type=pa.string()) for name in names})
    return RowBatch(others.filter(pa.array(fine)), features[fine], table), fine


def _why_refused(recipe: Recipe, spectrum: Spectrum) -> dict[str, str]:
    try:
        recipe.apply(spectrum)
    except SpectroveError as error:
        return refusal(error, Path(spectrum.spectrum_id))
    msg = f"{spectrum.spectrum_id}: the recipe {recipe.name!r} refuses it among many spectra and takes it alone. Mend the recipe."
    raise PoolError(msg)


def write_pool(
    path: str | os.PathLike[str],
    recipe: Recipe,
    source: BatchSource,
    executor: Executor,
    progress: Progress = no_progress,
    rows_per_chunk: int = ROWS_PER_CHUNK,
) -> PoolReport:
    """
    Write a pool of a source's spectra, in the order of its batches; do nothing if it is written already.

    Parameters
    ----------
    path : Path
        The pool, as of `spectrove.storage.located`; a name that does not exist, an empty directory, or what an earlier call left.
    recipe : Recipe
        What the source makes features with.
    source : BatchSource
        Makes the spectra.
    executor : Executor
        Runs the tasks, one a batch.
    progress : callable, optional
        Called as spectra are made and sealed.
    rows_per_chunk : int
        Spectra in one chunk of features.

    Returns
    -------
    PoolReport
        What the pool holds.

    Raises
    ------
    PoolError
        If the pool holds, or is to hold, spectra of another source or of files; if a batch is impossible, an id is given twice,
        or there is no spectrum at all; or if a worker process ended.
    PoolBusyError
        If another process writes to the pool.
    StorageError
        If the disk is full or cannot be written; what is finished is kept.
    ValueError
        If ``rows_per_chunk`` is less than 1.
    """
    pool = located(path)
    if rows_per_chunk < 1:
        msg = f"write_pool: rows_per_chunk must be at least 1, got {rows_per_chunk}"
        raise ValueError(msg)
    identity = json.loads(canonical_json(dict(source.identity)))
    with writing(pool, recipe):
        versions = sealed_versions(pool)
        job = unfinished_job(pool, recipe)
        if versions or job:
            _refuse_other_source(pool, identity, job)
        if versions:
            return _report(pool, written=False, resumed=False)
        resumed = job is not None
        job = job or Job(pool, recipe, _begin(pool, source, identity, rows_per_chunk))
        _make(job, source, executor, progress)
        seal(job, lambda done, total: progress("spectra sealed", done, total))
        return _report(pool, written=True, resumed=resumed)


def _refuse_other_source(path: Path, identity: dict[str, Any], job: Job | None) -> None:
    told = [read_json(version_directory(path, version) / MANIFEST) for version in sealed_versions(path)]
    told += [job.plan] if job else []
    if len(told) > 1 or told[0].get("source") != identity:
        names = ", ".join(name for content in told for name in content["sources"])
        msg = f"{path}: this pool is already that of {names}, with other settings or of files. Choose a new name for the pool."
        raise PoolError(msg)


def _begin(path: Path, source: BatchSource, identity: dict[str, Any], rows_per_chunk: int) -> Path:
    if source.n_batches < 1:
        msg = f"{path}: {source.name} has no batches. Give it spectra to make."
        raise PoolError(msg)
    plan = {
        "format_version": FORMAT_VERSION,
        "sources": [source.name],
        "source": identity,
        "n_files": 0,
        "n_tasks": source.n_batches,
        "rows_per_chunk": rows_per_chunk,
        "reading": {"format": None, "readers": [], "spectrove": package_version("spectrove")},
    }
    directory = unfinished_directory(path)
    with atomic_path(directory) as temporary:
        (temporary / PARTS).mkdir(parents=True)
        (temporary / PLAN).write_bytes(json_bytes(plan))
    return directory


@dataclass(frozen=True)
class _Batch:
    """A batch to be made by one worker."""

    directory: Path
    number: int
    source: BatchSource
    n_wave: int
    is_bounded: bool


def _make(job: Job, source: BatchSource, executor: Executor, progress: Progress) -> None:
    present = parts_done(job.directory)
    n_done = sum(load_part(job.directory, number, ["kind"]).num_rows for number in present)
    progress("spectra made", n_done, source.n_rows)
    missing = sorted(set(range(job.n_parts)).difference(present))
    directory = job.directory if is_remote(job.directory) else job.directory.absolute()  # workers may live in other directories
    tasks = (_Batch(directory, number, source, job.recipe.n_wave, job.recipe.is_bounded) for number in missing)
    for n_made in executor.run(_make_part, tasks):
        n_done += n_made
        progress("spectra made", n_done, source.n_rows)


def _make_part(task: _Batch) -> int:
    batch = task.source.batch(task.number)
    where = f"{task.source.name}, batch {task.number}"
    features = np.ascontiguousarray(batch.features, dtype="<f4")
    expected = (batch.metadata.num_rows, task.n_wave)
    fine = np.abs(features) <= (1.0 if task.is_bounded else np.finfo(np.float32).max)  # of NaN, nothing is true
    if features.shape != expected or not np.all(fine):
        n_bad = int(np.count_nonzero(~fine))
        bad = "not between -1 and 1" if task.is_bounded else "not finite"
        msg = f"{where}: features of shape {features.shape} with {n_bad} {bad}, expected {expected} and none. Mend the source."
        raise PoolError(msg)
    rows = _outcomes(batch.metadata, task.n_wave, where)
    if batch.refused is not None and batch.refused.num_rows:
        rows = pa.concat_tables([rows, _outcomes(batch.refused, task.n_wave, where, "kind", "reason")])
        features = np.concatenate([features, np.zeros((batch.refused.num_rows, task.n_wave), dtype=np.float32)])
    save_part(part_path(task.directory, task.number), rows, features, {})
    return int(rows.num_rows)


def _outcomes(table: pa.Table, n_wave: int, where: str, *told: str) -> pa.Table:
    schema = outcome_schema(n_wave)
    known = [name for name in schema.names if name not in {"kind", "reason", "digest", "features", *told}] + list(told)
    if strange := [name for name in table.column_names if name not in known]:
        msg = f"{where}: unknown column {strange[0]!r}; there are {', '.join(known)}. Mend the source."
        raise PoolError(msg)
    for name in ("spectrum_id", *told):
        if name not in table.column_names or table[name].null_count:
            msg = f"{where}: the column {name!r} is absent or has nulls. Mend the source."
            raise PoolError(msg)
    columns = {}
    for field in schema:
        if field.name in table.column_names:
            columns[field.name] = table[field.name].cast(field.type)
        elif field.name not in {"digest", "features"}:
            columns[field.name] = pa.nulls(table.num_rows, field.type)
    return pa.table(columns)


def _report(path: Path, *, written: bool, resumed: bool) -> PoolReport:
    pool = Pool.open(path)
    manifest = pool.manifests[0]
    return PoolReport(
        pool=path,
        n_spectra=pool.n_spectra,
        n_refused=manifest["n_refused"],
        refused_by_reason=manifest["refused_by_reason"],
        content_hash=pool.content_hash,
        written=written,
        resumed=resumed,
    )
