"""The tables of a campaign's database; ``migrations`` makes them, and a test compares the two."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Float, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Base of all tables."""

    type_annotation_map = {dict[str, Any]: JSON, list[float]: JSON, list[str]: JSON}  # noqa: RUF012 - SQLAlchemy's own form


class CampaignRow(Base):
    """The campaign itself; one row."""

    __tablename__ = "campaign"

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[str]
    software: Mapped[str]
    settings: Mapped[dict[str, Any]]
    pool_path: Mapped[str]
    pool_hash: Mapped[str]


class TrainingSetRow(Base):
    """A labeled set that the first training begins with."""

    __tablename__ = "training_set"

    id: Mapped[int] = mapped_column(primary_key=True)
    pool_path: Mapped[str]
    pool_hash: Mapped[str]
    labels_path: Mapped[str]
    labels_hash: Mapped[str]
    n_unknown: Mapped[int]


class TrainingLabelRow(Base):
    """A label of a labeled set."""

    __tablename__ = "training_label"

    training_set: Mapped[int] = mapped_column(ForeignKey("training_set.id"), primary_key=True)
    spectrum_id: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str]


class IterationRow(Base):
    """One round of the loop: its phase, what it made, and what was found."""

    __tablename__ = "iteration"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String)
    phase: Mapped[str] = mapped_column(String)
    started_at: Mapped[str]
    closed_at: Mapped[str | None]
    checkpoint: Mapped[str | None]
    checkpoint_hash: Mapped[str | None]
    scores: Mapped[str | None]
    trained: Mapped[dict[str, Any] | None]
    population: Mapped[dict[str, Any] | None]
    estimate: Mapped[dict[str, Any] | None]
    decision: Mapped[dict[str, Any] | None]


class QuestionRow(Base):
    """A spectrum that an iteration asks about."""

    __tablename__ = "question"
    __table_args__ = (
        UniqueConstraint("iteration", "arm", "spectrum_id", name="one_question_an_arm"),
        Index("question_by_spectrum", "spectrum_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    iteration: Mapped[int] = mapped_column(ForeignKey("iteration.number"))
    spectrum_id: Mapped[str]
    arm: Mapped[str]
    position: Mapped[int]
    utility: Mapped[float | None] = mapped_column(Float)
    inclusion_probability: Mapped[float | None] = mapped_column(Float)
    predicted: Mapped[str]
    probabilities: Mapped[list[float]]
    stratum: Mapped[str] = mapped_column(String, server_default="")


class AnswerRow(Base):
    """An answer; triggers forbid to change or to delete one."""

    __tablename__ = "answer"
    __table_args__ = (Index("answer_by_spectrum", "spectrum_id"),)

    sequence: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    answer_id: Mapped[str] = mapped_column(unique=True)
    spectrum_id: Mapped[str]
    label: Mapped[str | None]
    annotator: Mapped[str]
    answered_at: Mapped[str]
    comment: Mapped[str]
    quality: Mapped[int | None]
    flags: Mapped[list[str]] = mapped_column(JSON, server_default="[]")
    shown: Mapped[dict[str, Any]] = mapped_column(JSON, server_default="{}")
    shown_at: Mapped[str] = mapped_column(String, server_default="")
    purpose: Mapped[str] = mapped_column(String, server_default="vote")
    undoes: Mapped[str] = mapped_column(String, server_default="")


class CheckQuestionRow(Base):
    """A spectrum that one person is shown to measure people."""

    __tablename__ = "check_question"
    __table_args__ = (UniqueConstraint("iteration", "annotator", "spectrum_id", name="one_check_a_person"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    iteration: Mapped[int]
    annotator: Mapped[str]
    spectrum_id: Mapped[str]
    kind: Mapped[str]


class RevealRow(Base):
    """A prediction that somebody asked to see; triggers forbid to change or to delete one."""

    __tablename__ = "reveal"
    __table_args__ = (Index("reveal_by_spectrum", "spectrum_id"),)

    sequence: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    annotator: Mapped[str]
    spectrum_id: Mapped[str]
    revealed_at: Mapped[str]
