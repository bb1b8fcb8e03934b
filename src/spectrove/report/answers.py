"""What the answers say by themselves: targets by kind of question, what was confused with what, and examples of that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from spectrove.campaign.schema import IterationRow
from spectrove.contracts import Question
from spectrove.evaluate import confusion_matrix
from spectrove.query.audit import PREDICTED
from spectrove.report.record import Record, strata_of
from spectrove.report.wording import Facts

ARMS = ("queries", "audit of predicted targets", "audit of others")
"""Kinds of questions: those that teach, and those that measure."""

N_SHOWN = 3
"""Examples of each cell of the confusion matrix."""


def label_facts(record: Record) -> Facts:
    """
    Return how many labels there are, and who gave them.

    Parameters
    ----------
    record : Record
        The campaign.

    Returns
    -------
    dict
        Counts of spectra, and of the answers of each annotator, changes of mind among them.
    """
    said = list(record.labels.values())
    return {
        "n_began_with": len(record.campaign.training_labels()),
        "n_answered": len(said),
        "n_labeled": sum(label is not None for label in said),
        "n_abstained": sum(label is None for label in said),
        "n_targets": sum(label in record.targets for label in said),
        "n_given": len(record.answers),
        "annotators": dict(sorted(Counter(answer.annotator for answer in record.answers).items())),
    }


def yield_facts(record: Record) -> list[Facts]:
    """
    Return how many targets each kind of question brought, iteration by iteration.

    Parameters
    ----------
    record : Record
        The campaign.

    Returns
    -------
    list of dict
        For each iteration that asked: its number, and for each of `ARMS` how many were asked, labeled and are targets.
    """
    found = []
    for row in record.iterations:
        asked = record.asked(row.number)
        if not asked:
            continue
        arms: dict[str, list[Question]] = {name: [] for name in ARMS}
        for question in asked:
            arms[_arm(question, record.targets)].append(question)
        found.append({"iteration": row.number, "arms": {name: _yield(record, some) for name, some in arms.items()}})
    return found


def _arm(question: Question, targets: Sequence[str]) -> str:
    if question.arm == "query":
        return ARMS[0]
    return ARMS[1] if question.predicted in targets else ARMS[2]


def _yield(record: Record, asked: Sequence[Question]) -> Facts:
    labels = [record.labels.get(question.spectrum_id) for question in asked]
    n_answered = sum(question.spectrum_id in record.labels for question in asked)
    n_labeled = sum(label is not None for label in labels)
    n_targets = sum(label in record.targets for label in labels)
    return {
        "n_asked": len(asked),
        "n_labeled": n_labeled,
        "n_abstained": n_answered - n_labeled,
        "n_open": len(asked) - n_answered,
        "n_targets": n_targets,
        "share": n_targets / n_labeled if n_labeled else None,
    }


def confusion_facts(record: Record, row: IterationRow) -> Facts:
    """
    Return what the network of an audited iteration confuses.

    Parameters
    ----------
    record : Record
        The campaign.
    row : IterationRow
        The iteration.

    Returns
    -------
    dict
        ``drawn``: the simple random sample of predicted targets, as Table 1 of the paper; ``weighted``: all questions of the
        iteration, each standing for as many spectra as its stratum holds for a label, None where nothing was drawn by strata.
        Rows are predicted, columns actual classes; ``shares`` are of a row, None in an empty one.
    """
    classes = record.campaign.settings.classes.names
    asked = record.asked(row.number)
    drawn = [question for question in asked if question.arm == "audit" and question.stratum in {"", PREDICTED}]
    labels = [record.labels.get(question.spectrum_id) for question in drawn]
    counts = confusion_matrix(labels, [question.predicted for question in drawn], classes).counts.astype(np.float64)
    weighted = None
    if strata_of(row):
        weighted = np.zeros(counts.shape)
        for question, weight in labeled_weights(record, row):
            cell = classes.index(question.predicted), classes.index(str(record.labels[question.spectrum_id]))
            weighted[cell] += weight
    return {
        "iteration": row.number,
        "classes": list(classes),
        "drawn": _matrix(counts),
        "weighted": None if weighted is None else _matrix(weighted),
    }


def labeled_weights(record: Record, row: IterationRow) -> list[tuple[Question, float]]:
    """
    Return the labeled questions of an audit by strata, and how many spectra each stands for.

    Parameters
    ----------
    record : Record
        The campaign.
    row : IterationRow
        An iteration whose audit was drawn by strata.

    Returns
    -------
    list of (Question, float)
        The weight is the stratum's size over its labels: one over the inclusion probability, where no label is missing.
    """
    sizes = {stratum.name: stratum.n_spectra for stratum in strata_of(row)}
    labeled = [one for one in record.asked(row.number) if record.labels.get(one.spectrum_id) is not None]
    n_labeled = Counter(question.stratum for question in labeled)
    return [(question, sizes[question.stratum] / n_labeled[question.stratum]) for question in labeled]


def _matrix(counts: np.ndarray) -> Facts:
    rows = counts.tolist()
    return {"n": rows, "shares": [[n / sum(row) for n in row] if sum(row) else None for row in rows]}


def example_facts(record: Record, row: IterationRow) -> Facts:
    """
    Return a few spectra of each cell of the confusion matrix.

    Parameters
    ----------
    record : Record
        The campaign.
    row : IterationRow
        The iteration whose questions they are taken from: those drawn at random first, in the order of the draw.

    Returns
    -------
    dict
        ``wave`` in Å, vacuum; ``cells``, each with the predicted and the actual class, how many labeled ones there are, and up to
        `N_SHOWN` spectra with id, probability of being a target, and scaled flux.
    """
    campaign = record.campaign
    classes = campaign.settings.classes.names
    columns = [classes.index(name) for name in record.targets]
    cells: dict[tuple[str, str], dict[str, Question]] = {}
    for question in sorted(record.asked(row.number), key=lambda one: one.arm):  # audits first
        label = record.labels.get(question.spectrum_id)
        if label is not None:
            cells.setdefault((question.predicted, label), {}).setdefault(question.spectrum_id, question)
    shown = []
    for predicted, actual in sorted(cells, key=lambda cell: [classes.index(name) for name in cell]):
        members = list(cells[predicted, actual].values())
        chosen = members[:N_SHOWN]
        flux = campaign.pool.features(campaign.pool.rows_of([question.spectrum_id for question in chosen]))
        spectra = [
            {
                "spectrum_id": question.spectrum_id,
                "probability": sum(question.probabilities[column] for column in columns),
                "flux": [round(float(value), 4) for value in values],
            }
            for question, values in zip(chosen, flux, strict=True)
        ]
        shown.append({"predicted": predicted, "actual": actual, "n": len(members), "spectra": spectra})
    return {"iteration": row.number, "wave": [round(float(value), 3) for value in campaign.pool.grid], "cells": shown}
