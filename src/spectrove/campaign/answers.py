"""
The one door by which answers come into a campaign, and what they are read back as.

They are only ever added: a change of mind is one more answer, and so is taking one back.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from spectrove.campaign.schema import AnswerRow, CheckQuestionRow, QuestionRow, RevealRow
from spectrove.campaign.votes import GOLD, PURPOSES, VERIFY, settle
from spectrove.contracts import Answer, CheckQuestion, SpectrumId
from spectrove.errors import AnswerConflictError, CampaignError


def now() -> str:
    """
    Return the time.

    Returns
    -------
    str
        UTC, ISO 8601, to the millisecond.
    """
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class AnswerStore(ABC):
    """The part of a campaign's database that people write to."""

    def __init__(self) -> None:
        # Threads of one process wait here in turn, and not by SQLite's longer and longer naps.
        self._writing = threading.Lock()
        self._classes: tuple[str, ...] | None = None
        # Answers are only ever added, so that those which were read once need never be read again.
        self._reading = threading.Lock()
        self._votes: list[Answer] = []
        self._last = 0
        self._settled: tuple[int, dict[SpectrumId, str | None]] = (0, {})

    @abstractmethod
    def session(self) -> AbstractContextManager[Session]:
        """
        Give a session whose changes are committed together at the end, or not at all.

        Returns
        -------
        context manager of Session
            Of SQLAlchemy.
        """

    @abstractmethod
    def class_names(self) -> tuple[str, ...]:
        """
        Return the campaign's classes, which never change.

        Returns
        -------
        tuple of str
            Their names.
        """

    def record_answer(self, answer: Answer) -> bool:
        """
        Add an answer: the one door by which labels come into a campaign.

        Parameters
        ----------
        answer : Answer
            Who says what of which spectrum.

        Returns
        -------
        bool
            False if this very answer is recorded already.

        Raises
        ------
        CampaignError
            If the spectrum was never asked about, the class is none of this campaign's, or the answer's id was used for another.
        StorageError
            If the disk is full or cannot be written.
        """
        return self.record_answers([answer]) == 1

    def record_answers(self, answers: Sequence[Answer]) -> int:
        """
        Add several answers through the one door, all of them or none.

        Parameters
        ----------
        answers : sequence of Answer
            Who says what of which spectrum.

        Returns
        -------
        int
            How many of them are new.

        Raises
        ------
        CampaignError
            If a spectrum was never asked about, a class is none of this campaign's, or an answer's id was used for another.
        StorageError
            If the disk is full or cannot be written.
        """
        return sum(self.record_each(answers))

    def record_each(self, answers: Sequence[Answer]) -> list[bool]:
        """
        Add several answers through the one door, all of them or none, and say which are new.

        Parameters
        ----------
        answers : sequence of Answer
            Who says what of which spectrum.

        Returns
        -------
        list of bool
            For each of them whether it is new.

        Raises
        ------
        CampaignError
            As `record_answers`.
        StorageError
            If the disk is full or cannot be written.
        """
        if self._classes is None:  # they never change
            self._classes = self.class_names()
        with self._writing, self.session() as session:
            return [self._add(session, answer, self._classes) for answer in answers]

    def _add(self, session: Session, answer: Answer, classes: Sequence[str]) -> bool:
        known = session.scalars(sa.select(AnswerRow).where(AnswerRow.answer_id == answer.answer_id)).one_or_none()
        if known is not None:
            same = ("spectrum_id", "label", "annotator", "undoes", "comment", "quality")
            if any(getattr(known, name) != getattr(answer, name) for name in same) or tuple(known.flags) != answer.flags:
                msg = f"answer {answer.answer_id!r} is recorded already, with other contents. Give it an id of its own."
                raise AnswerConflictError(msg)
            return False
        _refuse_answer(session, answer, classes)
        session.add(AnswerRow(**{**vars(answer), "flags": list(answer.flags), "shown": dict(answer.shown)}))
        session.flush()
        return True

    def answers(self, first: int | None = None) -> list[Answer]:
        """
        Return every answer ever given, or as many as there were at some time.

        Parameters
        ----------
        first : int, optional
            Only so many, those that came first.

        Returns
        -------
        list of Answer
            In the order in which they came.
        """
        with self.session() as session:
            return [_answer(row) for row in session.scalars(sa.select(AnswerRow).order_by(AnswerRow.sequence).limit(first))]

    def n_answers(self) -> int:
        """
        Return how many answers were ever given.

        Returns
        -------
        int
            Changes of mind and what was taken back included.
        """
        with self.session() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(AnswerRow)) or 0

    def answers_page(self, annotator: str | None = None, before: int | None = None, limit: int = 100) -> list[tuple[int, Answer]]:
        """
        Return some answers, the newest first.

        Parameters
        ----------
        annotator : str, optional
            Only this person's.
        before : int, optional
            Only those of a smaller number.
        limit : int
            At most so many.

        Returns
        -------
        list of (int, Answer)
            Each with its number in the order in which all came.
        """
        query = sa.select(AnswerRow).order_by(AnswerRow.sequence.desc()).limit(limit)
        if annotator is not None:
            query = query.where(AnswerRow.annotator == annotator)
        if before is not None:
            query = query.where(AnswerRow.sequence < before)
        with self.session() as session:
            return [(row.sequence, _answer(row)) for row in session.scalars(query)]

    def votes(self, first: int | None = None) -> list[Answer]:
        """
        Return all answers without what was said beside the label.

        Parameters
        ----------
        first : int, optional
            Only so many, those that came first.

        Returns
        -------
        list of Answer
            In the order in which they came; comments, flags and what was shown are left out, so that thousands are read at once.
        """
        columns = (
            AnswerRow.answer_id,
            AnswerRow.spectrum_id,
            AnswerRow.label,
            AnswerRow.annotator,
            AnswerRow.answered_at,
            AnswerRow.shown_at,
            AnswerRow.purpose,
            AnswerRow.undoes,
        )
        with self._reading:
            query = sa.select(AnswerRow.sequence, *columns).where(AnswerRow.sequence > self._last).order_by(AnswerRow.sequence)
            with self.session() as session:
                rows = session.execute(query).all()
            for sequence, id_, of, label, who, when, shown_at, purpose, undoes in rows:
                one = Answer(id_, SpectrumId(of), label, who, when, shown_at=shown_at, purpose=purpose, undoes=undoes)
                self._votes.append(one)
                self._last = sequence
            return self._votes[:first]

    def labels(self, first: int | None = None) -> dict[SpectrumId, str | None]:
        """
        Return the label of each spectrum that somebody voted on.

        Parameters
        ----------
        first : int, optional
            As it was when there were so many answers.

        Returns
        -------
        dict
            As of `spectrove.campaign.votes.settle`: of a single person what was said last; None is an abstention or a tie.
        """
        votes = self.votes(first)
        if first is not None:
            return settle(votes)
        with self._reading:
            if self._settled[0] != len(votes):
                self._settled = (len(votes), settle(votes))
            return dict(self._settled[1])

    # -- what measures people --------------------------------------------------------------------------------------------------

    def add_checks(self, checks: Sequence[CheckQuestion]) -> None:
        """
        Note what people are shown to measure them; what is noted already is passed over.

        Parameters
        ----------
        checks : sequence of CheckQuestion
            Who is shown what.
        """
        if not checks:
            return
        insert = sqlite_insert(CheckQuestionRow).on_conflict_do_nothing()
        with self._writing, self.session() as session:
            session.execute(insert, [vars(check) for check in checks])

    def checks(self, annotator: str | None = None, iteration: int | None = None) -> list[CheckQuestion]:
        """
        Return what people are shown to measure them.

        Parameters
        ----------
        annotator : str, optional
            Only this person.
        iteration : int, optional
            Only in this round.

        Returns
        -------
        list of CheckQuestion
            In the order in which they were noted.
        """
        query = sa.select(CheckQuestionRow).order_by(CheckQuestionRow.id)
        if annotator is not None:
            query = query.where(CheckQuestionRow.annotator == annotator)
        if iteration is not None:
            query = query.where(CheckQuestionRow.iteration == iteration)
        with self.session() as session:
            return [
                CheckQuestion(row.iteration, row.annotator, SpectrumId(row.spectrum_id), row.kind)
                for row in session.scalars(query)
            ]

    def record_reveal(self, annotator: str, spectrum_id: SpectrumId) -> None:
        """
        Note that somebody asked to see the prediction of a spectrum.

        Parameters
        ----------
        annotator : str
            Who.
        spectrum_id : SpectrumId
            Of what.
        """
        with self._writing, self.session() as session:
            session.add(RevealRow(annotator=annotator, spectrum_id=spectrum_id, revealed_at=now()))

    def reveals(self, annotator: str, spectrum_id: SpectrumId) -> list[str]:
        """
        Return when somebody asked to see the prediction of a spectrum.

        Parameters
        ----------
        annotator : str
            Who.
        spectrum_id : SpectrumId
            Of what.

        Returns
        -------
        list of str
            Times, UTC, ISO 8601.
        """
        query = sa.select(RevealRow.revealed_at).where(RevealRow.annotator == annotator, RevealRow.spectrum_id == spectrum_id)
        with self.session() as session:
            return list(session.scalars(query.order_by(RevealRow.sequence)))


def _refuse_answer(session: Session, answer: Answer, classes: Sequence[str]) -> None:
    where = answer.spectrum_id
    if answer.purpose not in PURPOSES:
        msg = f"{where}: an answer is for one of {', '.join(PURPOSES)}, got {answer.purpose!r}"
        raise CampaignError(msg)
    if not _may_answer(session, answer):
        msg = f"{where}: it was never asked about. `spectrove campaign status` says what is."
        raise CampaignError(msg)
    if answer.label is not None and answer.label not in classes:
        msg = f"{where}: unknown class {answer.label!r}, expected one of {', '.join(classes)}"
        raise CampaignError(msg)
    if answer.undoes:
        own = (AnswerRow.answer_id == answer.undoes, AnswerRow.annotator == answer.annotator, AnswerRow.spectrum_id == where)
        if answer.label is not None or session.scalar(sa.select(AnswerRow.sequence).where(*own)) is None:
            msg = f"{where}: {answer.annotator} gave no answer {answer.undoes!r} to it that could be taken back"
            raise AnswerConflictError(msg)


def _may_answer(session: Session, answer: Answer) -> bool:
    if answer.purpose == VERIFY or answer.undoes:
        return True  # any candidate: whoever calls knows the pool; what is taken back was allowed once
    if answer.purpose == GOLD:
        check = (CheckQuestionRow.annotator == answer.annotator, CheckQuestionRow.spectrum_id == answer.spectrum_id)
        return session.scalar(sa.select(CheckQuestionRow.id).where(*check).limit(1)) is not None
    return session.scalar(sa.select(QuestionRow.id).where(QuestionRow.spectrum_id == answer.spectrum_id).limit(1)) is not None


def _answer(row: AnswerRow) -> Answer:
    return Answer(
        row.answer_id,
        SpectrumId(row.spectrum_id),
        row.label,
        row.annotator,
        row.answered_at,
        row.comment,
        row.quality,
        tuple(row.flags),
        row.shown,
        row.shown_at,
        row.purpose,
        row.undoes,
    )
