"""What the audit of an iteration says, from the questions asked and the labels there are: frozen when the iteration closes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from spectrove.campaign.campaign import Campaign
from spectrove.campaign.schema import IterationRow
from spectrove.contracts import Question, SpectrumId, Stratum
from spectrove.evaluate import (
    AuditSample,
    Look,
    PrecisionEstimate,
    RecallEstimate,
    add_asked,
    count_hits_and_misses,
    estimate_class_precision,
    estimate_precision,
    estimate_recall,
)
from spectrove.query.audit import ASKED_PREDICTED, PREDICTED

BESIDE_PRECISION = ("by_class", "look", "recall")
"""Keys of a stored estimate that are no attributes of its precision."""


@dataclass(frozen=True)
class AuditResult:
    """
    What an audit says.

    Attributes
    ----------
    look : Look
        What stopping rules see.
    by_class : dict of str to PrecisionEstimate
        Precision of each target class.
    recall : dict of str to RecallEstimate
        Of the targets together (``""``) and of each target class; empty where only predicted targets were drawn.
    """

    look: Look
    by_class: dict[str, PrecisionEstimate]
    recall: dict[str, RecallEstimate]

    def to_dict(self) -> dict[str, Any]:
        """
        Return the result as plain data, as an iteration keeps it.

        Returns
        -------
        dict
            The precision's attributes, and ``by_class``, ``recall`` and ``look``.
        """
        return {
            **asdict(self.look.precision),
            "by_class": {name: asdict(value) for name, value in self.by_class.items()},
            "recall": {name: asdict(value) for name, value in self.recall.items()},
            "look": self.look.to_dict(),
        }


def audit_result(campaign: Campaign, row: IterationRow) -> AuditResult:
    """
    Return what the audit of an iteration says by the labels of this moment.

    Only labels of spectra that this very iteration asks about are used. None of these was in the training set of the network that
    is judged: whatever trains has left the pool before the pool is asked about.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    row : IterationRow
        An iteration whose questions are asked.

    Returns
    -------
    AuditResult
        Its estimates.
    """
    questions = campaign.store.questions(row.number)
    said = campaign.store.labels()
    population = row.population or {}
    targets, level = campaign.settings.classes.targets, campaign.settings.audit.level
    precision, by_class = _precision(questions, said, population["n_predicted"], targets, level)
    strata = tuple(Stratum(**stratum) for stratum in population.get("strata", ()))
    recall: dict[str, RecallEstimate] = {}
    counts: dict[str, Any] = {}
    if strata:
        sample, predicted, answers = _sample(strata, questions, said)
        wanted: dict[str, Collection[str]] = {"": targets, **{name: (name,) for name in targets}}
        found = {"": population["n_found"], **population["found"]}
        for name, classes in wanted.items():
            hits, misses = count_hits_and_misses(sample, predicted, answers, targets, classes)
            recall[name] = estimate_recall(hits, misses, found[name], level, population["n_untold"], falls=not name)
            if not name:
                counts = {"hits": hits, "misses": misses, "n_found": found[name]}
    look = Look(
        iteration=row.number,
        precision=precision,
        n_answers=len(said),
        n_unlabeled=population["n_unlabeled"],
        n_changed=population.get("n_changed"),
        n_open=sum(question.spectrum_id not in said for question in questions),
        **counts,
    )
    return AuditResult(look, by_class, recall)


def _precision(
    questions: Sequence[Question],
    said: Mapping[SpectrumId, str | None],
    n_predicted: Mapping[str, int],
    targets: Sequence[str],
    level: float,
) -> tuple[PrecisionEstimate, dict[str, PrecisionEstimate]]:
    drawn = [question for question in questions if question.arm == "audit" and question.stratum in {"", PREDICTED}]
    predicted = [question.predicted for question in drawn]
    answers = [said.get(question.spectrum_id) for question in drawn]
    asked = [question for question in questions if question.stratum == ASKED_PREDICTED]
    rest = {name: n_predicted[name] - sum(question.predicted == name for question in asked) for name in targets}

    def together(estimate: PrecisionEstimate, of: Sequence[Question], right: Collection[str]) -> PrecisionEstimate:
        labels = [said.get(question.spectrum_id) for question in of]
        n_answered = sum(label is not None for label in labels)
        return add_asked(estimate, len(of), n_answered, sum(label in right for label in labels))

    precision = together(estimate_precision(predicted, answers, sum(rest.values()), targets, level), asked, targets)
    by_class = {
        name: together(estimate, [question for question in asked if question.predicted == name], (name,))
        for name, estimate in estimate_class_precision(predicted, answers, rest, level).items()
    }
    return precision, by_class


def _sample(
    strata: Sequence[Stratum], questions: Sequence[Question], said: Mapping[SpectrumId, str | None]
) -> tuple[AuditSample, list[str], list[str | None]]:
    place = {stratum.name: number for number, stratum in enumerate(strata)}
    answers = [said.get(question.spectrum_id) for question in questions]
    sample = AuditSample(
        tuple(strata),
        np.array([place[question.stratum] for question in questions], dtype=np.intp),
        np.array([label is not None for label in answers], dtype=np.bool_),
    )
    return sample, [question.predicted for question in questions], answers


def looks(campaign: Campaign) -> list[Look]:
    """
    Return the frozen looks of the closed iterations.

    Parameters
    ----------
    campaign : Campaign
        The campaign.

    Returns
    -------
    list of Look
        The oldest first.
    """
    return [_look(row) for row in campaign.store.iterations() if row.estimate is not None]


def _look(row: IterationRow) -> Look:
    stored = dict(row.estimate or {})
    if "look" in stored:
        return Look.from_dict(stored["look"])
    # Frozen by a version that knew of the precision alone.
    precision = PrecisionEstimate(**{name: value for name, value in stored.items() if name not in BESIDE_PRECISION})
    return Look(row.number, precision, n_unlabeled=(row.population or {})["n_unlabeled"])
