"""
A synthetic survey on disk: a noisy pool as LAMOST would observe it, a clean labeled set as Ondřejov would, and the truth.

::

    SURVEY/
    ├── survey.json          settings, seed and counts; there when all is finished
    ├── pool.pool/           the pool's features and metadata, by the recipe halpha-2020
    ├── truth.parquet        one row a spectrum of the pool, in its order
    ├── labeled.pool/        the labeled set's, by the recipe halpha-2020-ondrejov
    ├── labels.csv           one line a spectrum of the labeled set
    ├── fits/pool/…, fits/labeled/…   as many files of both as asked for
    └── unfinished/          what a run that was stopped has done: plan.json, parts of the tables

Every plate is made by one task, which follows from the seed and the plate's number alone. So the survey can be made by any number
of processes, and a run that was killed goes on where it stopped.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from spectrove.contracts import BoolArray, Progress, no_progress
from spectrove.errors import StorageError
from spectrove.execution import Executor, InlineExecutor
from spectrove.pool import Pool, RowBatch, row_batch, write_pool
from spectrove.simulate import fits
from spectrove.simulate.labeled import LabeledSource, LabeledSpectra
from spectrove.simulate.settings import SurveyConfig
from spectrove.simulate.source import FIRST_PIXEL, VERSION, WINDOW, PlateSpectra, PoolSource
from spectrove.simulate.truth import SCHEMA
from spectrove.storage import atomic_path, remove, storage_errors, write_bytes

FORMAT, FORMAT_VERSION = "spectrove-survey", 1

PLATES_WITH_FILES = 8
"""Files are of at least so many plates, if there are, so that they have every layout."""

WRITERS = {
    "lamost-dr1": (fits.lamost_dr1, ".fits"),
    "lamost-image": (fits.lamost_image, ".fits"),
    "lamost-table": (fits.lamost_table, ".fits.gz"),
}

COUNTED = ("label", "kind", "subtype", "artefact")
"""Columns of the truth whose words ``survey.json`` counts."""


@dataclass(frozen=True)
class SurveyFiles:
    """
    Where a synthetic survey lies.

    Attributes
    ----------
    directory : Path
        All of it.
    pool : Path
        The pool, of the recipe ``halpha-2020``.
    labeled : Path
        The labeled set, a pool of the recipe ``halpha-2020-ondrejov``.
    labels : Path
        CSV table of the labeled set.
    truth : Path
        Parquet table of the pool, for `spectrove.simulate.truth.SurveyTruth`.
    description : Path
        JSON: settings and counts.
    fits_pool, fits_labeled : Path
        Directories of FITS files; absent if none were asked for.
    """

    directory: Path
    pool: Path
    labeled: Path
    labels: Path
    truth: Path
    description: Path
    fits_pool: Path
    fits_labeled: Path


def survey_files(directory: Path) -> SurveyFiles:
    """
    Return where the parts of a survey lie in its directory.

    Parameters
    ----------
    directory : Path
        The survey's directory.

    Returns
    -------
    SurveyFiles
        The paths, whether they exist or not.
    """
    directory = Path(directory)
    names = ("pool.pool", "labeled.pool", "labels.csv", "truth.parquet", "survey.json", "fits/pool", "fits/labeled")
    return SurveyFiles(directory, *(directory / name for name in names))


def simulate_survey(
    directory: Path,
    config: SurveyConfig,
    seed: int,
    executor: Executor | None = None,
    progress: Progress = no_progress,
) -> SurveyFiles:
    """
    Write a synthetic survey, or finish one; the same settings and seed give the same spectra and the same truth.

    Parameters
    ----------
    directory : Path
        New or empty, or what an earlier call with the same settings and seed has left; if that had finished, nothing is done.
    config : SurveyConfig
        What the survey is like.
    seed : int
        From which all chance follows; not negative.
    executor : Executor, optional
        Runs the tasks, one a plate; in this process if not given.
    progress : Progress
        Called after every plate.

    Returns
    -------
    SurveyFiles
        What was written.

    Raises
    ------
    ConfigError
        If the labels asked for are hardly ever seen.
    PoolBusyError
        If another process writes to the survey.
    PoolError
        If a worker process ended.
    StorageError
        If the directory holds something else, the disk is full or cannot be written; what is finished is kept.
    ValueError
        If ``seed`` is negative.
    """
    if seed < 0:
        msg = f"simulate_survey: seed is {seed!r}, expected a number that is not negative"
        raise ValueError(msg)
    files, executor = survey_files(directory), executor or InlineExecutor()
    with storage_errors(files.directory):
        if not _begin(files, config, seed):
            anywhere = survey_files(files.directory.absolute())  # a worker may run in another directory
            source = _PoolBatches(anywhere, PoolSource(config, seed))
            write_pool(files.pool, source.inner.recipe, source, executor, _named(progress, "pool"))
            labeled = _LabeledBatches(anywhere, LabeledSource(config, seed))
            near = executor if labeled.n_batches > 1 else InlineExecutor()  # one task does not repay the start of processes
            write_pool(files.labeled, labeled.inner.recipe, labeled, near, _named(progress, "labeled set"))
            _finish(files, source, labeled)
        remove(_unfinished(files))
    return files


def is_finished(directory: Path) -> bool:
    """
    Return whether a directory holds a survey that is finished.

    Parameters
    ----------
    directory : Path
        Any path.

    Returns
    -------
    bool
        True if it does.
    """
    return _told(survey_files(directory).description) is not None


def read_survey(directory: Path) -> tuple[SurveyConfig, int]:
    """
    Return the settings and the seed of a survey.

    Parameters
    ----------
    directory : Path
        A survey's directory.

    Returns
    -------
    config : SurveyConfig
        What the survey is like.
    seed : int
        From which it followed.

    Raises
    ------
    StorageError
        If it is none, or not finished.
    """
    told = _told(survey_files(directory).description)
    if told is None:
        msg = f"{directory}: this is no finished survey. Name the directory that `spectrove simulate survey` filled."
        raise StorageError(msg)
    config = dict(told["config"])
    return SurveyConfig(**config | {"layout_shares": tuple(config["layout_shares"])}), int(told["seed"])


def _named(progress: Progress, what: str) -> Progress:
    return lambda does, done, total: progress(f"{what}: {does}", done, total)


def _unfinished(files: SurveyFiles) -> Path:
    return files.directory / "unfinished"


def _told(path: Path) -> dict[str, Any] | None:
    """Return what a survey's JSON file says, None if there is none."""
    try:
        content = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return cast("dict[str, Any]", content) if isinstance(content, dict) and content.get("format") == FORMAT else None


def _plan(config: SurveyConfig, seed: int) -> dict[str, Any]:
    settings = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(config).items()}
    return {"format": FORMAT, "format_version": FORMAT_VERSION, "simulation": VERSION, "seed": seed, "config": settings}


def _begin(files: SurveyFiles, config: SurveyConfig, seed: int) -> bool:
    """Return whether the survey is there already; else see to it that the directory is this survey's."""
    directory, plan = files.directory, _plan(config, seed)
    if directory.exists() and not directory.is_dir():
        msg = f"{directory}: is a file, expected a new or empty directory for the survey. Choose another name."
        raise StorageError(msg)
    finished = _told(files.description)
    found = finished or _told(_unfinished(files) / "plan.json")
    if found is None and directory.is_dir() and any(entry.name[0] != "." for entry in directory.iterdir()):
        msg = f"{directory}: is not empty, expected a new or empty directory for the survey. Choose another, or remove it first."
        raise StorageError(msg)
    if found is not None and {name: found.get(name) for name in plan} != plan:
        other = _difference(found, plan)
        msg = f"{directory}: holds another survey ({other}). Choose another directory, or remove this one first."
        raise StorageError(msg)
    if found is None:
        directory.mkdir(parents=True, exist_ok=True)
        with atomic_path(_unfinished(files)) as partial:
            for name in ("pool", "labeled"):
                (partial / name).mkdir(parents=True)
            (partial / "plan.json").write_bytes(_json(plan))
    return finished is not None


def _difference(found: Mapping[str, Any], plan: Mapping[str, Any]) -> str:
    """Return the first setting in which two surveys differ, in words."""
    theirs, ours = ({**content, **content.get("config", {})} for content in (found, plan))
    name = next(name for name in ours if name != "config" and theirs.get(name) != ours[name])
    return f"its {name} is {theirs.get(name)!r}, not {ours[name]!r}"


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=2) + "\n").encode()


Source = TypeVar("Source", PoolSource, LabeledSource)


@dataclass(frozen=True)
class _Batches(Generic[Source]):
    """A source that also keeps the truth of each batch, and writes the files asked for."""

    files: SurveyFiles
    inner: Source

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def identity(self) -> Mapping[str, Any]:
        return {**self.inner.identity, "n_fits": self.inner.config.n_fits}

    @property
    def n_batches(self) -> int:
        return self.inner.n_batches

    @property
    def n_rows(self) -> int:
        return self.inner.n_rows


class _PoolBatches(_Batches[PoolSource]):
    """The pool's."""

    def batch(self, number: int) -> RowBatch:
        n_files = files_of_plate(self.inner.config, number)
        spectra = self.inner.spectra(number, whole=n_files > 0)
        names = [_write_exposure(self.files, spectra, row) for row in range(n_files)]
        pixels = WINDOW if n_files else slice(None)
        facts = _with_files(spectra.facts, self.files.directory, names)
        batch, fine = row_batch(self.inner.recipe, facts, spectra.wave[pixels], spectra.flux[:, pixels])
        _keep(_unfinished(self.files) / "pool", number, spectra.truth, names, fine)
        return batch


class _LabeledBatches(_Batches[LabeledSource]):
    """The labeled set's."""

    def batch(self, number: int) -> RowBatch:
        spectra = self.inner.spectra(number)
        first = int(spectra.truth["object"][0].as_py())
        n_files = min(max(self.inner.config.n_fits - first, 0), spectra.truth.num_rows)
        names = [_write_ccd700(self.files, spectra, row) for row in range(n_files)]
        facts = _with_files(spectra.facts, self.files.directory, names)
        batch, fine = row_batch(self.inner.recipe, facts, spectra.wave, spectra.flux)
        _keep(_unfinished(self.files) / "labeled", number, spectra.truth, names, fine)
        return batch


def files_of_plate(config: SurveyConfig, number: int) -> int:
    """
    Return how many spectra of a plate are also written as files: its first ones.

    Parameters
    ----------
    config : SurveyConfig
        What the survey is like.
    number : int
        The plate's.

    Returns
    -------
    int
        Over all plates they add up to ``config.n_fits``.
    """
    plates = config.plates
    size = plates.spectra_per_plate
    n_used = min(max(-(-config.n_fits // size), PLATES_WITH_FILES), plates.n_plates)
    before, after, total = (min(n * size, config.n_pool) for n in (min(number, n_used), min(number + 1, n_used), n_used))
    return config.n_fits * after // total - config.n_fits * before // total


def _with_files(facts: pa.Table, directory: Path, names: list[str]) -> pa.Table:
    """Return what the headers say with the files' absolute paths; null where there is none."""
    paths = [str(directory.absolute() / name) for name in names] + [None] * (facts.num_rows - len(names))
    return facts.append_column("file", pa.array(paths, type=pa.string()))


def _keep(directory: Path, number: int, truth: pa.Table, names: list[str], fine: BoolArray) -> None:
    """Keep the truth of one batch until all are there; of the spectra that are in the pool, in its order."""
    column = pa.array([*names, *[None] * (truth.num_rows - len(names))], type=pa.string())
    told = truth.set_column(SCHEMA.get_field_index("file"), SCHEMA.field("file"), column).filter(pa.array(fine))
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with (
        atomic_path(directory / f"{number:05d}.arrow") as temporary,
        pa.OSFile(str(temporary), "wb") as sink,
        pa.ipc.new_file(sink, SCHEMA, options=options) as writer,
    ):
        writer.write_table(told)


def _kept(directory: Path, n_parts: int) -> Iterator[pa.Table]:
    for number in range(n_parts):
        with pa.OSFile(str(directory / f"{number:05d}.arrow")) as source:
            yield pa.ipc.open_file(source).read_all()


def _write_exposure(files: SurveyFiles, spectra: PlateSpectra, row: int) -> str:
    """Write one pool file; return its name within the survey."""
    facts = spectra.facts.slice(row, 1).to_pylist()[0]
    plate = spectra.plate
    exposure = fits.Exposure(
        planid=plate.planid, lmjd=plate.lmjd, spid=facts["spid"], fiberid=facts["fiberid"], obsid=int(facts["obsid"] or 0),
        ra=facts["ra"], dec=facts["dec"], snr=facts["snr"], pipeline=(facts["spectral_class"], facts["subclass"] or "Non"),
    )  # fmt: skip
    coeff0 = round(FIRST_PIXEL * fits.LOG_STEP, 4)
    pixels = fits.Pixels(coeff0, spectra.flux[row], spectra.ivar[row], spectra.normalized[row], spectra.flagged[row])
    writer, ending = WRITERS[plate.layout]
    path = files.fits_pool / plate.planid / f"spec-{exposure.key}{ending}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(writer(exposure, pixels))
    return path.relative_to(files.directory).as_posix()


def _write_ccd700(files: SurveyFiles, spectra: LabeledSpectra, row: int) -> str:
    """Write one file of the labeled set; return its name within the survey."""
    facts = spectra.facts.slice(row, 1).to_pylist()[0]
    path = files.fits_labeled / f"{facts['key']}.fits"
    path.parent.mkdir(parents=True, exist_ok=True)
    place = (facts["ra"], facts["dec"], facts["mjd"])
    path.write_bytes(fits.ccd700_table(facts["key"], facts["designation"], place, spectra.wave_in_air, spectra.flux[row]))
    return path.relative_to(files.directory).as_posix()


def _finish(files: SurveyFiles, pool: _PoolBatches, labeled: _LabeledBatches) -> None:
    """Put the tables together from their parts, and say that the survey is finished."""
    config = pool.inner.config
    parts = _unfinished(files)
    counts = _write_truth(files, _kept(parts / "pool", pool.n_batches))
    labeled_counts = _write_labels(files.labels, _kept(parts / "labeled", labeled.n_batches))
    n_spectra = {"pool": Pool.open(files.pool).n_spectra, "labeled": Pool.open(files.labeled).n_spectra}
    description = _plan(config, pool.inner.seed) | {"n_spectra": n_spectra, "pool": counts, "labeled": labeled_counts}
    write_bytes(files.description, _json(description))


def _write_truth(files: SurveyFiles, parts: Iterator[pa.Table]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {name: Counter() for name in COUNTED}
    with atomic_path(files.truth) as temporary, pq.ParquetWriter(temporary, SCHEMA, compression="zstd") as writer:
        for part in _grouped(parts):
            writer.write_table(part)
            _count(counts, part)
    return _sorted(counts)


def _grouped(parts: Iterator[pa.Table], n_rows: int = 65_536) -> Iterator[pa.Table]:
    """Yield tables of many rows from tables of a few."""
    waiting: list[pa.Table] = []
    for part in parts:
        waiting.append(part)
        if sum(table.num_rows for table in waiting) >= n_rows:
            yield pa.concat_tables(waiting).combine_chunks()
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting).combine_chunks()


def _write_labels(path: Path, parts: Iterator[pa.Table]) -> dict[str, dict[str, int]]:
    """Write the table of the labeled set, which people read: numbers to three places."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in COUNTED}
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(SCHEMA.names)
        for part in parts:
            _count(counts, part)
            for row in part.to_pylist():
                writer.writerow(f"{value:.3f}" if isinstance(value, float) else value for value in row.values())
    return _sorted(counts)


def _count(counts: Mapping[str, Counter[str]], part: pa.Table) -> None:
    for name, counter in counts.items():
        for pair in pc.value_counts(part[name]).to_pylist():
            counter[pair["values"] or "none"] += pair["counts"]


def _sorted(counts: Mapping[str, Counter[str]]) -> dict[str, dict[str, int]]:
    return {name: dict(sorted(counter.items())) for name, counter in counts.items()}
