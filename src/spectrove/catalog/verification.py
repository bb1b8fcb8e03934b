"""What people say of the candidates one by one: verdicts with reasons, and the partial confusion matrix that they come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from spectrove.campaign.votes import VERIFY, standing
from spectrove.catalog.build import NETWORK
from spectrove.contracts import Answer, FloatArray, IntArray, SpectrumId
from spectrove.evaluate import clopper_pearson

KEEP, OTHER_CLASS, REJECT, UNSURE = "keep", "other-class", "reject", "none"
VERDICTS = (KEEP, OTHER_CLASS, REJECT)
"""
What is said of a candidate: it is what it is listed as, it is of another target class, or it is of no target class at all. Who
cannot tell says ``none`` of these: the candidate stays as it is.
"""

REASONS = ("noise", "artefact", "nebular", "cool-star bands", "galaxy", "other")
"""
Why a candidate is not what it is listed as, after what the paper removed [1]_: noise drawn like a saw, artefacts of the
reduction, molecular bands of cool stars; and light of nebulae and galaxies, which are no emission of the star.

References
----------
.. [1] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, appendix B.
"""

NO_CLASS = "no class"
"""Column of the matrix for what is rejected without a class, such as noise."""

VELOCITY = "rv"
"""Name in `Answer.shown` under which the page tells of velocities that were measured by mirroring the profile."""


@dataclass(frozen=True)
class Verdict:
    """
    What stands of a candidate.

    Attributes
    ----------
    label : str or None
        The class that it is given, None where it has none (a spectrum of noise) or nobody can tell.
    verdict : str
        One of `VERDICTS`, or ``none`` where nobody can tell.
    reasons : tuple of str
        Of `REASONS`, in that order.
    comment : str
        Free text.
    annotator : str
        Who says so.
    at : str
        When, in UTC, ISO 8601.
    velocity : mapping
        Radial velocities measured by hand in the page, line by line, with their mean; empty where none was.
    """

    label: str | None
    verdict: str
    reasons: tuple[str, ...] = ()
    comment: str = ""
    annotator: str = ""
    at: str = ""
    velocity: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Confusion:
    """
    A confusion matrix of what was looked at: the rows of the predicted targets alone, as in Table 1 of the paper.

    Attributes
    ----------
    predicted : tuple of str
        The rows: target classes.
    actual : tuple of str
        The columns: all classes, and `NO_CLASS`.
    counts : array of int64, shape (n_predicted, n_actual)
        Candidates with a verdict.
    share : array of float64, shape (n_predicted, n_actual)
        Of those with a verdict in the row; NaN where there are none.
    lower, upper : array of float64, shape (n_predicted, n_actual)
        Clopper-Pearson limits of the share. They hold for all candidates of the row as long as those with a verdict are a random
        part of them, or all; and for a network's finds on such data where all have one.
    n_candidates : array of int64, shape (n_predicted,)
        Candidates of each row, with a verdict or without.
    n_unsure : array of int64, shape (n_predicted,)
        Candidates that were looked at, and nobody can tell what they are.
    level : float
        Confidence level of the limits.
    """

    predicted: tuple[str, ...]
    actual: tuple[str, ...]
    counts: IntArray
    share: FloatArray
    lower: FloatArray
    upper: FloatArray
    n_candidates: IntArray
    n_unsure: IntArray
    level: float = 0.95


def verdict_of(label: str | None, reasons: Sequence[str], listed: str | None, targets: Sequence[str]) -> str:
    """
    Return what an answer says of a candidate.

    Parameters
    ----------
    label : str or None
        The class that the answer gives it.
    reasons : sequence of str
        Of `REASONS`.
    listed : str or None
        The class that it is listed as; None where it is no candidate any more.
    targets : sequence of str
        The target classes.

    Returns
    -------
    str
        ``keep``, ``other-class`` or ``reject``; without a class, ``reject`` where there is a reason and ``none`` where there is
        none.
    """
    if label is None:
        return REJECT if reasons else UNSURE
    if label not in targets:
        return REJECT
    return KEEP if label == listed else OTHER_CLASS


def verdicts_of(
    answers: Iterable[Answer], listed: Mapping[SpectrumId, str], targets: Sequence[str], annotator: str = ""
) -> dict[SpectrumId, Verdict]:
    """
    Return the verdicts that stand.

    Parameters
    ----------
    answers : iterable of Answer
        In the order in which they came; those of another purpose than ``verify`` say nothing here.
    listed : mapping of SpectrumId to str
        The class that each candidate is listed as.
    targets : sequence of str
        The target classes.
    annotator : str, optional
        Whose verdict counts before those of others; else the last one does.

    Returns
    -------
    dict
        For each spectrum with a verdict that was not taken back, whether it is a candidate still or not.
    """
    said = [answer for answer in standing(answers) if answer.purpose == VERIFY]
    if annotator:
        said.sort(key=lambda answer: answer.annotator == annotator)  # a stable sort: the own one comes last, and counts
    return {answer.spectrum_id: _verdict(answer, listed.get(answer.spectrum_id), targets) for answer in said}


def _verdict(answer: Answer, listed: str | None, targets: Sequence[str]) -> Verdict:
    reasons = tuple(reason for reason in REASONS if reason in answer.flags)
    velocity = answer.shown.get(VELOCITY)
    return Verdict(
        label=answer.label,
        verdict=verdict_of(answer.label, reasons, listed, targets),
        reasons=reasons,
        comment=answer.comment,
        annotator=answer.annotator,
        at=answer.answered_at,
        velocity=velocity if isinstance(velocity, Mapping) and velocity.get("lines") else {},
    )


def partial_confusion(
    candidates: pa.Table,
    verdicts: Mapping[SpectrumId, Verdict],
    classes: Sequence[str],
    targets: Sequence[str],
    level: float = 0.95,
) -> Confusion:
    """
    Return what the candidates turned out to be.

    Only candidates that the network predicted count: what the oracle labeled was never predicted, and would only flatter it.

    Parameters
    ----------
    candidates : pyarrow.Table
        With ``spectrum_id``, ``label`` (the predicted class) and ``source``, as of `spectrove.catalog.build_candidates`.
    verdicts : mapping of SpectrumId to Verdict
        What was said of them.
    classes : sequence of str
        All classes, in the order of the columns.
    targets : sequence of str
        The target classes, in the order of the rows.
    level : float
        Confidence level of the limits.

    Returns
    -------
    Confusion
        As of the verdicts so far.

    References
    ----------
    .. [1] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, Table 1.
    """
    actual = (*classes, NO_CLASS)
    rows, columns = ({name: number for number, name in enumerate(names)} for names in (targets, actual))
    counts = np.zeros((len(rows), len(columns)), dtype=np.int64)
    n_candidates, n_unsure = np.zeros(len(rows), dtype=np.int64), np.zeros(len(rows), dtype=np.int64)
    named = (candidates[name].to_pylist() for name in ("spectrum_id", "label", "source"))
    for spectrum_id, predicted, source in zip(*named, strict=True):
        if source != NETWORK or predicted not in rows:
            continue
        n_candidates[rows[predicted]] += 1
        verdict = verdicts.get(spectrum_id)
        if verdict is None:
            continue
        if verdict.verdict == UNSURE:
            n_unsure[rows[predicted]] += 1
        else:
            counts[rows[predicted], columns[verdict.label or NO_CLASS]] += 1
    share, lower, upper = _shares(counts, level)
    return Confusion(tuple(targets), actual, counts, share, lower, upper, n_candidates, n_unsure, level)


def _shares(counts: IntArray, level: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    n = counts.sum(axis=1, keepdims=True)
    share: FloatArray = np.where(n > 0, counts / np.maximum(n, 1), np.nan)
    limits = np.array([[clopper_pearson(int(k), int(row.sum()), level) for k in row] for row in counts]).reshape(*counts.shape, 2)
    return share, limits[..., 0], limits[..., 1]


def count_verdicts(candidates: Iterable[SpectrumId], verdicts: Mapping[SpectrumId, Verdict]) -> dict[str, Any]:
    """
    Return how far the verification is.

    Parameters
    ----------
    candidates : iterable of SpectrumId
        All of them.
    verdicts : mapping of SpectrumId to Verdict
        What was said of them.

    Returns
    -------
    dict
        ``n`` candidates, ``n_verified`` with a verdict (``none`` included), ``by_verdict`` and, of what is not kept,
        ``by_reason``.
    """
    ids = list(candidates)
    said = [verdicts[id_] for id_ in ids if id_ in verdicts]
    by_verdict = Counter(one.verdict for one in said)
    by_reason = Counter(reason for one in said for reason in one.reasons)
    return {
        "n": len(ids),
        "n_verified": len(said),
        "by_verdict": {name: by_verdict[name] for name in (*VERDICTS, UNSURE)},
        "by_reason": {name: by_reason[name] for name in REASONS},
    }
