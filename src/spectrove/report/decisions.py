"""Why a campaign stopped or what it waits for: its stopping rule at every look, and how well that rule keeps its word."""

from __future__ import annotations

from statistics import median_low

from spectrove.campaign import stopping_rule
from spectrove.evaluate import Paper2020Rule, StopDecision, StoppingRule
from spectrove.evaluate.combining import Joined
from spectrove.evaluate.stopping import PrecisionAtLeast, RecallAtLeast
from spectrove.report.record import Record
from spectrove.report.wording import Facts

TRUE_PRECISIONS = (0.70, 0.75)
"""For which the paper's rule has to say how often it stops although the precision is no better."""


def stopping_facts(record: Record) -> Facts:
    """
    Return what the stopping rule said at every look.

    Parameters
    ----------
    record : Record
        The campaign.

    Returns
    -------
    dict
        The rule with its options; ``stopped`` and ``reason``; ``goals`` that can be drawn; ``looks``: the decision as it was
        frozen, the ``limit`` that ended the questions if the rule did not, and what each rule says; ``paper_2020``: probabilities
        of stopping by mistake.
    """
    settings = record.campaign.settings.stopping
    rule = stopping_rule(settings)
    leaves = _leaves(rule)
    words = settings.rule.replace("(", " ").replace(")", " ").split()
    names = [word for word in words if word not in {"and", "or"}]
    decided = [row for row in record.iterations if row.decision is not None]
    looks = [
        {
            "iteration": row.number,
            **(row.decision or {}),
            "limit": _limit((row.decision or {}), rule.decide(record.looks[: number + 1])),
            "rules": [
                {"rule": name, **vars(leaf.decide(record.looks[: number + 1]))} for name, leaf in zip(names, leaves, strict=True)
            ],
        }
        for number, row in enumerate(decided)
    ]
    return {
        "rule": settings.rule,
        "options": dict(settings.options),
        "max_iterations": settings.max_iterations,
        "max_answers": settings.max_answers,
        "stopped": bool(looks and looks[-1]["stop"]),
        "reason": looks[-1]["reason"] if looks else "no audit is closed yet",
        "goals": {
            "precision": [leaf.goal for leaf in leaves if isinstance(leaf, PrecisionAtLeast)]
            + [leaf.threshold for leaf in leaves if isinstance(leaf, Paper2020Rule)],
            "recall": [leaf.goal for leaf in leaves if isinstance(leaf, RecallAtLeast)],
        },
        "looks": looks,
        "paper_2020": [_false_stops(leaf, record) for leaf in leaves if isinstance(leaf, Paper2020Rule)],
    }


def _limit(decision: Facts, of_rule: StopDecision) -> str | None:
    # What is said before the rule's own reason, if it was not the rule that stopped.
    if not decision.get("stop") or of_rule.stop:
        return None
    return str(decision["reason"]).removesuffix(of_rule.reason).rstrip("; ")


def _leaves(rule: StoppingRule) -> list[StoppingRule]:
    return [leaf for one in rule.rules for leaf in _leaves(one)] if isinstance(rule, Joined) else [rule]


def _false_stops(rule: Paper2020Rule, record: Record) -> Facts:
    n_labels = median_low([look.precision.n_answered for look in record.looks]) if record.looks else 0
    return {
        "threshold": rule.threshold,
        "times": rule.times,
        "n_labels": n_labels,
        "n_looks": len(record.looks),
        "false_stops": [
            {"precision": precision, "probability": rule.false_stop_probability(precision, n_labels, len(record.looks))}
            for precision in TRUE_PRECISIONS
            if precision <= rule.threshold
        ]
        if n_labels
        else [],
    }
