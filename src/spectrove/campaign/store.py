"""
The campaign's memory: one SQLite file.

Answers come in by one door, `CampaignStore.record_answer`, whoever gives them. They are only ever added: a change of
mind is one more answer, and so is taking one back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import alembic.command
import alembic.config
import alembic.util
import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from spectrove.campaign.answers import AnswerStore, now
from spectrove.campaign.schema import (
    CampaignRow,
    IterationRow,
    QuestionRow,
    TrainingLabelRow,
    TrainingSetRow,
)
from spectrove.contracts import Question, SpectrumId
from spectrove.errors import CampaignBusyError, CampaignError, StorageError

DATABASE = "campaign.sqlite"
"""Name of the database in a campaign's folder."""

BUSY_SECONDS = 20
"""How long to wait for another process that writes."""

PHASES = ("TRAIN", "SCORE", "ASK", "AUDIT", "CLOSED")
"""What an iteration goes through, in order; the final iteration leaves out ASK and AUDIT."""


def _migrate(engine: sa.Engine) -> None:
    config = alembic.config.Config()
    config.set_main_option("script_location", "spectrove.campaign:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, "head")


def _set_pragmas(connection: sqlite3.Connection, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


class CampaignStore(AnswerStore):
    """
    Reads and writes a campaign's database.

    Parameters
    ----------
    path : Path
        The database; its tables are brought up to date.
    create : bool
        Make the file; else it has to be there.

    Raises
    ------
    CampaignBusyError
        If another process keeps the database to itself.
    CampaignError
        If the file is not there, is no campaign's database, or was made by a newer version.
    StorageError
        If the disk is full or cannot be written.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        if not create and not path.is_file():
            msg = f"{path.parent}: there is no campaign here ({path.name} is missing). Make one with `spectrove campaign new`."
            raise CampaignError(msg)
        super().__init__()
        self.path = path
        self._engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_SECONDS})
        sa.event.listen(self._engine, "connect", _set_pragmas)
        try:
            with self._reported():
                _migrate(self._engine)
        except (alembic.util.CommandError, sa.exc.DatabaseError) as error:
            self._engine.dispose()
            reason = getattr(error, "orig", None) or error
            msg = f"{path}: this is no campaign's database of this version of spectrove ({reason}). Name another folder."
            raise CampaignError(msg) from error

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.OperationalError as error:
            cause = str(error.orig)
            if "full" in cause or "disk I/O" in cause or "readonly" in cause:
                msg = (
                    f"{self.path}: the database could not be written ({cause}); nothing that was recorded before is lost. "
                    "Make room on the disk and run the same command again."
                )
                raise StorageError(msg) from error
            if "locked" in cause:
                msg = (
                    f"{self.path}: another process has held the database for {BUSY_SECONDS} s. Wait until it ends and try again."
                )
                raise CampaignBusyError(msg) from error
            raise

    @contextmanager
    def session(self) -> Iterator[Session]:
        """
        Give a session whose changes are committed together at the end, or not at all.

        Yields
        ------
        Session
            Of SQLAlchemy.

        Raises
        ------
        StorageError
            If the disk is full or cannot be written.
        """
        with self._reported(), Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    # -- the campaign and its training sets ------------------------------------------------------------------------------------

    def begin(self, campaign: CampaignRow, training: Sequence[tuple[TrainingSetRow, dict[SpectrumId, str]]]) -> None:
        """
        Record a new campaign, its training sets and its first iteration.

        Parameters
        ----------
        campaign : CampaignRow
            What the campaign is made from.
        training : sequence of (TrainingSetRow, dict)
            Each training set with the label of each of its spectra.
        """
        with self.session() as session:
            session.add(campaign)
            for row, labels in training:
                session.add(row)
                session.flush()
                session.add_all(
                    TrainingLabelRow(training_set=row.id, spectrum_id=id_, label=name) for id_, name in labels.items()
                )
            session.add(IterationRow(number=0, kind="active", phase="TRAIN", started_at=now()))

    def campaign(self) -> CampaignRow:
        """
        Return the campaign's row.

        Returns
        -------
        CampaignRow
            What the campaign is made from.

        Raises
        ------
        CampaignError
            If the campaign was never begun.
        """
        with self.session() as session:
            row = session.get(CampaignRow, 1)
        if row is None:
            msg = f"{self.path.parent}: making this campaign was interrupted. Delete the folder and make it again."
            raise CampaignError(msg)
        return row

    def class_names(self) -> tuple[str, ...]:
        """
        Return the campaign's classes, which never change.

        Returns
        -------
        tuple of str
            Their names.
        """
        return tuple(self.campaign().settings["classes"]["names"])

    def training_sets(self) -> list[tuple[TrainingSetRow, dict[SpectrumId, str]]]:
        """
        Return the training sets with their labels.

        Returns
        -------
        list of (TrainingSetRow, dict)
            In the order in which they were given.
        """
        with self.session() as session:
            rows = list(session.scalars(sa.select(TrainingSetRow).order_by(TrainingSetRow.id)))
            found = []
            for row in rows:
                labels = session.execute(
                    sa.select(TrainingLabelRow.spectrum_id, TrainingLabelRow.label)
                    .where(TrainingLabelRow.training_set == row.id)
                    .order_by(TrainingLabelRow.spectrum_id)
                )
                found.append((row, {SpectrumId(id_): label for id_, label in labels}))
        return found

    # -- iterations ------------------------------------------------------------------------------------------------------------

    def iterations(self) -> list[IterationRow]:
        """
        Return all iterations.

        Returns
        -------
        list of IterationRow
            From the first.
        """
        with self.session() as session:
            return list(session.scalars(sa.select(IterationRow).order_by(IterationRow.number)))

    def advance(
        self,
        number: int,
        phase: str,
        facts: dict[str, Any] | None = None,
        questions: Sequence[Question] = (),
        following: IterationRow | None = None,
    ) -> None:
        """
        Move an iteration to its next phase, with all that belongs to the move, in one transaction.

        Parameters
        ----------
        number : int
            The iteration.
        phase : str
            Its new phase.
        facts : dict, optional
            New values of the iteration's columns.
        questions : sequence of Question
            Questions that are open from now on.
        following : IterationRow, optional
            The iteration that begins now.
        """
        with self.session() as session:
            row = session.get_one(IterationRow, number)
            row.phase = phase
            for name, value in (facts or {}).items():
                setattr(row, name, value)
            session.add_all(_question_row(question) for question in questions)
            if following is not None:
                session.add(following)

    # -- questions and answers -------------------------------------------------------------------------------------------------

    def questions(self, iteration: int | None = None, arm: str | None = None) -> list[Question]:
        """
        Return the questions that were asked.

        Parameters
        ----------
        iteration : int, optional
            Only this iteration's.
        arm : str, optional
            Only this arm's.

        Returns
        -------
        list of Question
            By iteration, arm and position.
        """
        query = sa.select(QuestionRow).order_by(QuestionRow.iteration, QuestionRow.arm, QuestionRow.position)
        if iteration is not None:
            query = query.where(QuestionRow.iteration == iteration)
        if arm is not None:
            query = query.where(QuestionRow.arm == arm)
        with self.session() as session:
            return [_question(row) for row in session.scalars(query)]


def _question_row(question: Question) -> QuestionRow:
    return QuestionRow(
        iteration=question.iteration,
        spectrum_id=question.spectrum_id,
        arm=question.arm,
        position=question.position,
        utility=None if np.isnan(question.utility) else question.utility,
        inclusion_probability=None if np.isnan(question.inclusion_probability) else question.inclusion_probability,
        predicted=question.predicted,
        probabilities=list(question.probabilities),
        stratum=question.stratum,
    )


def _question(row: QuestionRow) -> Question:
    return Question(
        iteration=row.iteration,
        spectrum_id=SpectrumId(row.spectrum_id),
        arm=row.arm,
        position=row.position,
        utility=np.nan if row.utility is None else row.utility,
        inclusion_probability=np.nan if row.inclusion_probability is None else row.inclusion_probability,
        predicted=row.predicted,
        probabilities=tuple(row.probabilities),
        stratum=row.stratum,
    )
