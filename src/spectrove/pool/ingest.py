"""
Fills a pool from files: walks, reads in parts, seals.

Every step can be killed. The work list is frozen before the first file is read; each task keeps what it made under a name that
appears when it is whole; the version takes its name when all of it is on the disk. A later ingest finishes what it finds
unfinished, then looks for files that the pool does not know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from spectrove.contracts import Progress, no_progress
from spectrove.errors import PoolError
from spectrove.execution import Executor
from spectrove.pool.door import writing
from spectrove.pool.layout import MANIFEST, REFUSED, read_json, sealed_versions, version_directory
from spectrove.pool.parts import parts_done
from spectrove.pool.reading import ReadingTask, read_part
from spectrove.pool.seal import Job, seal, unfinished_job
from spectrove.pool.walk import check_paths
from spectrove.pool.work import IngestConfig, Work, find_work, freeze_work
from spectrove.preprocess import Recipe
from spectrove.registry import load
from spectrove.storage import is_remote, located, open_arrow
from spectrove.surveys import readers


@dataclass(frozen=True)
class IngestReport:
    """
    What an ingest did.

    Attributes
    ----------
    pool : Path
        The pool.
    n_files : int
        Files under the paths given.
    n_known : int
        How many of them earlier ingests have tried, and are unchanged.
    n_tried : int
        Files tried now, those of an interrupted ingest that was finished first among them.
    n_spectra : int
        Spectra added.
    n_refused : int
        Files and spectra refused.
    refused_by_reason : dict
        How many were refused for each kind of reason.
    versions : tuple of int
        Versions sealed; empty if there was nothing new.
    resumed : bool
        True if an interrupted ingest was finished first.
    n_spectra_in_pool : int
        Spectra that the pool holds now.
    content_hashes : tuple of str
        Content hash of each version sealed.
    """

    pool: Path
    n_files: int
    n_known: int
    n_tried: int
    n_spectra: int
    n_refused: int
    refused_by_reason: dict[str, int]
    versions: tuple[int, ...]
    resumed: bool
    n_spectra_in_pool: int
    content_hashes: tuple[str, ...]

    @property
    def version(self) -> int | None:
        """
        Return the version sealed last.

        Returns
        -------
        int or None
            None if there was nothing new.
        """
        return self.versions[-1] if self.versions else None

    def to_dict(self) -> dict[str, Any]:
        """
        Return the report as JSON can hold it.

        Returns
        -------
        dict
            The attributes by name.
        """
        return {
            **vars(self),
            "pool": str(self.pool),
            "versions": list(self.versions),
            "content_hashes": list(self.content_hashes),
        }


def ingest(
    paths: Sequence[Path | str],
    pool: Path | str,
    recipe: Recipe,
    config: IngestConfig,
    executor: Executor,
    progress: Progress = no_progress,
) -> IngestReport:
    """
    Add the spectra of files and directories to a pool, as a new version of it.

    A file is known again by its path, size and time. One that was refused is tried again if ``config.format``, the readers or
    this software are others than then, or if the system did not let it be read and does now. A changed file is read anew: ids
    that the pool does not hold are added, those that it holds keep the features they have, and the difference is refused with
    that reason.

    Parameters
    ----------
    paths : sequence of Path or str
        Files, and directories that are walked; on a disk, or as URLs in an object store, such as ``s3://bucket/folder``.
    pool : Path or str
        The pool, by a path or URL; a name that does not exist or an empty directory becomes one.
    recipe : Recipe
        What makes features of a spectrum; the pool's own if there is one.
    config : IngestConfig
        How files are read and features stored.
    executor : Executor
        Runs the tasks.
    progress : callable, optional
        Called as files are found, files are read and spectra are sealed.

    Returns
    -------
    IngestReport
        What was done.

    Raises
    ------
    PoolError
        If a path does not exist, there is no file, the pool is of another recipe, no file held a spectrum that can be used, or
        a worker process ended.
    PoolBusyError
        If another process writes to the pool.
    PlugInError
        If no reader has the name ``config.format``.
    StorageError
        If the disk is full or cannot be written; what is finished is kept.
    """
    places, pool = [located(path) for path in paths], located(pool)
    check_paths(places)
    readers()  # whatever is wrong with a plug-in is said once, here
    if config.format is not None:
        load("spectrove.formats", config.format)
    with writing(pool, recipe):
        begun = len(sealed_versions(pool))
        unfinished = unfinished_job(pool, recipe)
        if unfinished:
            _refuse_other_work(unfinished)
            _finish(unfinished, executor, progress)
        work = find_work(places, pool, config, progress)
        if work.n_new:
            _finish(Job(pool, recipe, freeze_work(work, places, pool, config)), executor, progress)
        report = _report(pool, work, begun, resumed=unfinished is not None)
    if report.n_spectra_in_pool == 0:
        raise PoolError(_no_spectra(places, pool))
    return report


def _refuse_other_work(job: Job) -> None:
    if job.source is not None:
        name = ", ".join(job.plan["sources"])
        msg = (
            f"{job.pool}: the spectra of {name} are not all written yet. Run what writes them to its end, or choose another pool."
        )
        raise PoolError(msg)


def _finish(job: Job, executor: Executor, progress: Progress) -> None:
    counts = dict.fromkeys(range(job.n_parts), job.plan["files_per_task"])
    counts[job.n_parts - 1] = job.plan["n_files"] - (job.n_parts - 1) * job.plan["files_per_task"]
    missing = sorted(set(counts) - parts_done(job.directory))
    n_done = job.plan["n_files"] - sum(counts[part] for part in missing)
    progress("files read", n_done, job.plan["n_files"])
    directory = job.directory if is_remote(job.directory) else job.directory.absolute()  # workers may live in other directories
    tasks = (ReadingTask(directory, part, job.recipe, job.plan["reading"]["format"]) for part in missing)
    for n_read in executor.run(read_part, tasks):
        n_done += n_read
        progress("files read", n_done, job.plan["n_files"])
    seal(job, lambda done, total: progress("spectra sealed", done, total))


def _manifests(pool: Path) -> list[dict[str, Any]]:
    return [read_json(version_directory(pool, version) / MANIFEST) for version in sealed_versions(pool)]


def _report(pool: Path, work: Work, begun: int, *, resumed: bool) -> IngestReport:
    manifests = _manifests(pool)
    made = manifests[begun:]
    reasons: Counter[str] = Counter()
    for manifest in made:
        reasons.update(manifest["refused_by_reason"])
    return IngestReport(
        pool=pool,
        n_files=work.n_files,
        n_known=work.n_known(begun),
        n_tried=sum(manifest["n_files"] for manifest in made),
        n_spectra=sum(manifest["n_spectra"] for manifest in made),
        n_refused=reasons.total(),
        refused_by_reason=dict(reasons.most_common()),
        versions=tuple(manifest["version"] for manifest in made),
        resumed=resumed,
        n_spectra_in_pool=sum(manifest["n_spectra"] for manifest in manifests),
        content_hashes=tuple(manifest["content_hash"] for manifest in made),
    )


def _no_spectra(paths: Sequence[Path], pool: Path) -> str:
    manifests = _manifests(pool)
    reasons: Counter[str] = Counter()
    for manifest in manifests:
        reasons.update(manifest["refused_by_reason"])
    counts = ", ".join(f"{count} × {kind}" for kind, count in reasons.most_common())
    where = ", ".join(str(path) for path in paths)
    table = version_directory(pool, len(manifests)) / REFUSED
    with open_arrow(table) as source:
        first = pq.read_table(source, columns=["reason"])["reason"][0].as_py()
    return f"{where}: no spectrum that can be used ({counts}). {table} gives the reason for each, such as: {first}"
