"""A campaign: its folder, its database, its pools, and what is known so far."""

from __future__ import annotations

import hashlib
import uuid
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import filelock
import numpy as np
from pydantic import TypeAdapter

from spectrove import registry
from spectrove.campaign.answers import now
from spectrove.campaign.labels import read_answers, read_labels
from spectrove.campaign.schema import CampaignRow, IterationRow, TrainingSetRow
from spectrove.campaign.settings import CampaignSettings, StoppingConfig
from spectrove.campaign.store import DATABASE, CampaignStore
from spectrove.campaign.votes import VOTE, standing
from spectrove.contracts import Answer, Progress, Question, Scores, SpectrumId
from spectrove.errors import CampaignBusyError, CampaignError, LabelsError
from spectrove.evaluate import StoppingRule, combine
from spectrove.pool import Pool
from spectrove.scoring import load_scores
from spectrove.storage import PARTIAL, atomic_path, located, remove, storage_errors
from spectrove.training import settled

LOCK = "campaign.lock"
"""Name of the file that a running loop holds."""

MAKING_LOCK = "making.lock"
"""Name of the file that is held by whoever makes a network and scores, the loop or a preparation beside it."""

PURPOSES = ("network", "fit", "query", "audit", "order")
"""What random choices are for; each has a generator of its own."""


@dataclass(frozen=True)
class TrainingSource:
    """
    A labeled set as it is named on the command line.

    Attributes
    ----------
    pool : Path
        The pool that holds its spectra.
    labels : Path
        A CSV file with their labels.
    """

    pool: Path
    labels: Path


class Campaign:
    """
    A campaign's folder, opened.

    A campaign goes on with the pool as it was when the campaign was made; what was added to the pool since is left out.

    Parameters
    ----------
    directory : Path
        The folder that `create` made.

    Raises
    ------
    CampaignError
        If there is no campaign in it.
    PoolError
        If its pool is gone, or no version of it is the one that the campaign was made with.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.store = CampaignStore(directory / DATABASE)
        self._lock = filelock.FileLock(directory / LOCK)
        self._making = filelock.FileLock(directory / MAKING_LOCK)
        row = self.store.campaign()
        self.settings = TypeAdapter(CampaignSettings).validate_python(row.settings)
        self.pool = Pool.open(located(row.pool_path), row.pool_hash)

    def __enter__(self) -> Self:
        """Return the campaign."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the database."""
        self.store.close()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """
        Keep every other process from running this campaign's loop; may be taken again inside.

        Yields
        ------
        None
            Nothing.

        Raises
        ------
        CampaignBusyError
            If another process runs it.
        """
        with storage_errors(self.directory):
            try:
                self._lock.acquire(timeout=0)
            except filelock.Timeout as error:
                msg = (
                    f"{self.directory}: another process is running this campaign. Wait until it ends, or stop it, and try again."
                )
                raise CampaignBusyError(msg) from error
        try:
            yield
        finally:
            self._lock.release()

    @contextmanager
    def making(self, progress: Progress) -> Iterator[None]:
        """
        Wait until nobody makes a network or scores of this campaign, and keep every other process from it.

        Answers are recorded and questions closed without this lock and never wait for it. Whoever holds `lock` may take it;
        whoever holds it alone must not ask for `lock`, or the two would wait for each other.

        Parameters
        ----------
        progress : Progress
            Called once if there is somebody to wait for.

        Yields
        ------
        None
            Nothing.

        Raises
        ------
        StorageError
            If the folder cannot be written.
        """
        with storage_errors(self.directory):
            try:
                self._making.acquire(timeout=0)
            except filelock.Timeout:
                progress("waiting for a process that prepares this campaign's next iteration", 0, None)
                self._making.acquire()
        try:
            yield
        finally:
            self._making.release()

    def generator(self, iteration: int, purpose: str) -> np.random.Generator:
        """
        Return the generator of one random choice, the same whenever the step is repeated.

        Parameters
        ----------
        iteration : int
            The iteration.
        purpose : str
            One of `PURPOSES`.

        Returns
        -------
        numpy.random.Generator
            Seeded by the campaign's seed and these two.
        """
        return np.random.default_rng([self.settings.seed, iteration, PURPOSES.index(purpose)])

    def iteration(self) -> IterationRow:
        """
        Return the iteration that the loop is in.

        Returns
        -------
        IterationRow
            The last one.
        """
        return self.store.iterations()[-1]

    def is_finished(self) -> bool:
        """
        Return whether the long training is over and its candidates are known.

        Returns
        -------
        bool
            True when nothing is left to do.
        """
        last = self.iteration()
        return last.kind == "final" and last.phase == "CLOSED"

    def open_questions(self, arm: str | None = None) -> list[Question]:
        """
        Return the questions of the present iteration that nobody has answered.

        A spectrum that was answered in an earlier iteration is not asked about again.

        Parameters
        ----------
        arm : str, optional
            Only the questions of this arm.

        Returns
        -------
        list of Question
            By arm and position.
        """
        last = self.iteration()
        if last.phase not in {"ASK", "AUDIT"}:
            return []
        answered = self.store.labels()
        return [question for question in self.store.questions(last.number, arm) if question.spectrum_id not in answered]

    def training_labels(self) -> dict[SpectrumId, str]:
        """
        Return the labels that the campaign began with.

        Returns
        -------
        dict
            Over all training sets.
        """
        return {id_: label for _, labels in self.store.training_sets() for id_, label in labels.items()}

    def scores(self, iteration: int | None = None) -> tuple[Scores, IterationRow]:
        """
        Return a finished pass over the pool, and the iteration that made it.

        Parameters
        ----------
        iteration : int, optional
            The iteration; the last that scored the pool unless given.

        Returns
        -------
        tuple of (Scores, IterationRow)
            One row for each spectrum of the pool.

        Raises
        ------
        CampaignError
            If no iteration has come so far, or not this one.
        """
        for row in reversed(self.store.iterations()):
            if row.scores is not None and iteration in {None, row.number}:
                return load_scores(self.directory / row.scores, self.pool), row
        msg = f"{self.directory}: nothing is scored yet. Go on with `spectrove campaign step`."
        raise CampaignError(msg)

    def import_answers(self, path: Path, annotator: str) -> tuple[int, int]:
        """
        Record the answers of a CSV file, all of them or none.

        Parameters
        ----------
        path : Path
            Columns as of `spectrove.campaign.label_files.read_rows`; lines without a label are not answered yet.
        annotator : str
            Who answers.

        Returns
        -------
        tuple of int
            How many answers are new, and how many this annotator has given before.

        Raises
        ------
        LabelsError
            If a line cannot be used; nothing is recorded then.
        """
        resolve = _within(self.pool, {question.spectrum_id for question in self.store.questions()})
        said = {(one.spectrum_id, one.annotator): one for one in standing(self.store.answers()) if one.purpose == VOTE}
        rows = read_answers(path, self.settings.classes, resolve)
        answers: dict[SpectrumId, Answer] = {}
        for row, id_, label in rows:
            if id_ in answers:
                msg = f"{path}, line {row.line}: {row.name!r} is answered twice. Keep one of the lines; nothing was recorded."
                raise LabelsError(msg)
            answers[id_] = Answer(uuid.uuid4().hex, id_, label, annotator, now(), row.comment)
        new = [answer for answer in answers.values() if _is_news(answer, said.get((answer.spectrum_id, annotator)))]
        return self.store.record_answers(new), len(rows) - len(new)


def _is_news(answer: Answer, before: Answer | None) -> bool:
    return before is None or (answer.label, answer.comment) != (before.label, before.comment)


def _within(pool: Pool, among: set[SpectrumId]) -> Callable[[Sequence[str]], list[SpectrumId | None]]:
    def resolve(names: Sequence[str]) -> list[SpectrumId | None]:
        return [id_ if id_ in among else None for id_ in pool.resolve(names)]

    return resolve


def create(directory: Path, pool: Path, training: Sequence[TrainingSource], settings: CampaignSettings) -> Campaign:
    """
    Make a campaign.

    Parameters
    ----------
    directory : Path
        Its folder; absent or empty.
    pool : Path
        The pool to be searched.
    training : sequence of TrainingSource
        The labeled sets that the first training begins with.
    settings : CampaignSettings
        All settings.

    Returns
    -------
    Campaign
        Before its first step.

    Raises
    ------
    CampaignError
        If the folder holds something already, or the pools do not share one wavelength grid.
    ConfigError
        If the stopping rule does not take its options, or the pool is to be scored on a GPU that is not here.
    PlugInError
        If the settings name a network, strategy or rule that cannot be had.
    LabelsError
        If a labels file cannot be used, or two of them contradict each other.
    PoolError
        If a pool cannot be used.
    TrainingError
        If the network is to be trained on a GPU that is not here.
    StorageError
        If the disk is full or cannot be written.
    """
    from spectrove.scoring import require_device

    _refuse_occupied(directory)
    check_plug_ins(settings)
    require_device(settings.scoring)
    settings = replace(settings, fit=settled(settings.fit), long_fit=settled(settings.long_fit))
    searched = Pool.open(pool)
    sets = [_read_training_set(source, searched, settings) for source in training]
    if not sets:
        msg = f"{directory}: a campaign needs at least one training set. Name it with --training POOL:LABELS.csv."
        raise CampaignError(msg)
    _refuse_contradictions(sets)
    row = CampaignRow(
        id=1,
        created_at=now(),
        software=version("spectrove"),
        settings=_plain(settings),
        pool_path=str(pool.resolve()),
        pool_hash=searched.content_hash,
    )
    with storage_errors(directory):
        directory.mkdir(parents=True, exist_ok=True)
        with atomic_path(directory / DATABASE) as temporary:
            store = CampaignStore(temporary, create=True)
            store.begin(row, sets)
            store.close()
    return Campaign(directory)


def _refuse_occupied(directory: Path) -> None:
    if (directory / DATABASE).exists():
        msg = f"{directory}: there is a campaign here already. Go on with `spectrove campaign step`, or name a new folder."
        raise CampaignError(msg)
    if not directory.exists():
        return
    if not directory.is_dir() or any(PARTIAL not in path.name for path in directory.iterdir()):
        msg = f"{directory}: a campaign needs a folder of its own, and this is something else. Name a new one."
        raise CampaignError(msg)
    with storage_errors(directory):  # what is left of a campaign whose making was interrupted
        for path in directory.iterdir():
            remove(path)


def check_plug_ins(settings: CampaignSettings) -> None:
    """
    Refuse settings whose network, strategy or stopping rule cannot be had, before anybody has worked for them.

    Parameters
    ----------
    settings : CampaignSettings
        The settings.

    Raises
    ------
    ConfigError
        If the stopping rule does not take its options.
    PlugInError
        If a plug-in is unknown or cannot be loaded.
    """
    registry.load("spectrove.models", settings.network.name)
    registry.load("spectrove.strategies", settings.query.strategy)
    stopping_rule(settings.stopping)


def stopping_rule(settings: StoppingConfig) -> StoppingRule:
    """
    Return the stopping rule that the settings name, or the one that joins all those that they name.

    Parameters
    ----------
    settings : StoppingConfig
        Names and options.

    Returns
    -------
    StoppingRule
        Made with its options.

    Raises
    ------
    ConfigError
        If the names cannot be read, or a rule does not take its options.
    PlugInError
        If a rule is unknown or cannot be loaded.
    """
    return combine(settings.rule, settings.options, partial(registry.load, "spectrove.stopping"))


def _plain(settings: CampaignSettings) -> dict[str, Any]:
    plain: dict[str, Any] = TypeAdapter(CampaignSettings).dump_python(settings, mode="json")
    return plain


def _read_training_set(
    source: TrainingSource, searched: Pool, settings: CampaignSettings
) -> tuple[TrainingSetRow, dict[SpectrumId, str]]:
    pool = Pool.open(source.pool)
    if pool.grid.shape != searched.grid.shape or not np.allclose(pool.grid, searched.grid, rtol=0, atol=1e-6):
        msg = (
            f"{source.pool}: its {pool.n_wave} points from {pool.grid[0]:.1f} to {pool.grid[-1]:.1f} Å are not those of the pool "
            f"({searched.n_wave} from {searched.grid[0]:.1f} to {searched.grid[-1]:.1f} Å). Ingest both with recipes of one grid."
        )
        raise CampaignError(msg)
    labels = read_labels(source.labels, settings.classes, pool.resolve)
    if labels.unknown:
        warnings.warn(
            f"{source.labels}: {len(labels.unknown)} of its labels name no spectrum of {source.pool} (such as "
            f"{labels.unknown[0]!r}); they are not used",
            stacklevel=2,
        )
    row = TrainingSetRow(
        pool_path=str(source.pool.resolve()),
        pool_hash=pool.content_hash,
        labels_path=str(source.labels.resolve()),
        labels_hash=hashlib.blake2b(source.labels.read_bytes(), digest_size=16).hexdigest(),
        n_unknown=len(labels.unknown),
    )
    return row, {id_: label for id_, label in labels.by_id.items() if label is not None}


def _refuse_contradictions(sets: Sequence[tuple[TrainingSetRow, dict[SpectrumId, str]]]) -> None:
    said: dict[SpectrumId, tuple[str, str]] = {}
    for row, labels in sets:
        for id_, label in labels.items():
            before = said.setdefault(id_, (label, row.labels_path))
            if before[0] != label:
                msg = (
                    f"{row.labels_path}: {id_} is labeled {label!r}, but {before[0]!r} in {before[1]}. "
                    "Correct one of the two files."
                )
                raise LabelsError(msg)
