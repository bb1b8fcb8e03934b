"""Precision, recall and undiscovered targets as the closed audits told them, each limit with what it takes for granted."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from spectrove.campaign.schema import IterationRow
from spectrove.evaluate import Look, recall_lower, total_upper
from spectrove.evaluate.stopping import spent
from spectrove.report.record import Record, strata_of
from spectrove.report.wording import Facts

PRECISION_KEYS = (
    "n_predicted", "n_sampled", "n_answered", "n_abstained", "n_correct", "n_same_class", "n_asked", "n_asked_answered",
    "n_asked_correct", "estimate", "lower", "upper", "worst_lower", "worst_upper", "level", "method",
)  # fmt: skip
"""What a report tells of a precision."""

RECALL_KEYS = (
    "n_found", "n_untold", "hits", "missed", "estimate", "confirmed", "lower", "upper", "worst_lower", "worst_upper",
    "monotone_lower", "level",
)  # fmt: skip
"""What a report tells of a recall."""

ASSUMPTIONS = {
    "precision": "the labels are right, and drawn spectra without a label are as the others of the sample",
    "design": "the labels are right, and drawn spectra without a label are as the others of their stratum; of the scores nothing",
    "monotone": "as above, and the share of targets does not rise from a stratum to the next as the score falls",
    "injection": "real targets are like the injected ones in shape, strength, noise and surroundings",
}
"""What each number takes for granted."""

NO_RECALL = (
    "Only predicted targets were drawn, as in the paper, so nothing is known of the spectra that the "
    "network does not take for targets: neither the recall nor the number of undiscovered targets can be told."
)
"""Why a campaign as in the paper knows nothing of its recall."""


def iteration_facts(record: Record) -> list[Facts]:
    """
    Return what is known of each iteration.

    Parameters
    ----------
    record : Record
        The campaign.

    Returns
    -------
    list of dict
        From the first; ``precision`` and ``recall`` are None until the audit is closed.
    """
    numbers = {look.iteration: number for number, look in enumerate(record.looks, 1)}
    return [
        {
            "number": row.number,
            "kind": row.kind,
            "phase": row.phase,
            "n_examples": (row.trained or {}).get("n_examples"),
            **{name: (row.population or {}).get(name) for name in ("n_unlabeled", "n_predicted_targets", "n_changed")},
            "decision": row.decision,
            **_estimates(record, row, numbers.get(row.number)),
        }
        for row in record.iterations
    ]


def _estimates(record: Record, row: IterationRow, number: int | None) -> dict[str, Facts | None]:
    if row.estimate is None or number is None:
        return {"precision": None, "recall": None, "undiscovered": None}
    look = record.looks[number - 1]
    precision = {name: value for name, value in asdict(look.precision).items() if name in PRECISION_KEYS}
    alpha = 1 - look.precision.level
    precision["lower_over_all_looks"] = look.precision.lower_at(spent(alpha, number)) if look.precision.n_predicted else 0.0
    stored = (row.estimate.get("recall") or {}).get("")
    if stored is None:
        return {"precision": precision, "recall": None, "undiscovered": None}
    recall = {name: stored[name] for name in RECALL_KEYS}
    for name, monotone in (("lower_over_all_looks", False), ("monotone_lower_over_all_looks", True)):
        recall[name] = recall_lower(look.hits, look.misses, look.n_found, spent(alpha, number), monotone=monotone)
    return {"precision": precision, "recall": recall, "undiscovered": undiscovered_facts(row, look, alpha / 2, number)}


def undiscovered_facts(row: IterationRow, look: Look, alpha: float, number: int) -> Facts:
    """
    Return how many targets are undiscovered at most after an iteration, in all and in each stratum.

    What the network missed and the questions of this very iteration found is labeled now, and not counted.

    Parameters
    ----------
    row : IterationRow
        The iteration.
    look : Look
        What its audit said.
    alpha : float
        Probability with which each limit may lie below the truth.
    number : int
        Number of the look, from 1.

    Returns
    -------
    dict
        One-sided upper limits, and ``strata``, each with a limit that holds for it by itself.
    """
    n_seen = sum(count.n_events for count in look.misses)
    scores = {stratum.name: stratum for stratum in strata_of(row)}
    return {
        "n_spectra": sum(count.n_spectra for count in look.misses),
        "n_labels": sum(count.n_answered for count in look.misses),
        "n_seen": n_seen,
        "level": 1 - alpha,
        "upper": total_upper(look.misses, alpha) - n_seen,
        "monotone_upper": total_upper(look.misses, alpha, monotone=True) - n_seen,
        "upper_over_all_looks": total_upper(look.misses, spent(alpha, number)) - n_seen,
        "monotone_upper_over_all_looks": total_upper(look.misses, spent(alpha, number), monotone=True) - n_seen,
        "strata": [
            {
                **asdict(count),
                "highest": scores[count.name].highest if count.name in scores else None,
                "lowest": scores[count.name].lowest if count.name in scores else None,
                "upper": total_upper([count], alpha) - count.n_events,
            }
            for count in look.misses
        ],
    }


def by_class_facts(row: IterationRow | None) -> dict[str, dict[str, Any]]:
    """
    Return precision and recall of each target class by itself.

    Parameters
    ----------
    row : IterationRow or None
        An iteration whose audit is closed.

    Returns
    -------
    dict of str to dict
        ``precision`` and ``recall`` (None where nothing is known of it) of each class.
    """
    estimate = (row.estimate if row is not None else None) or {}
    recall = estimate.get("recall") or {}
    return {
        name: {
            "precision": {key: value for key, value in precision.items() if key in PRECISION_KEYS},
            "recall": {key: recall[name][key] for key in RECALL_KEYS} if name in recall else None,
        }
        for name, precision in (estimate.get("by_class") or {}).items()
    }
