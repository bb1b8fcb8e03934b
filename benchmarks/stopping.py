"""
How often stopping rules stop too early, and how soon they stop when they may: over simulated campaigns, counts only, no networks.

    python benchmarks/stopping.py benchmarks/results/stopping.json [--quick] [--only NAME]

The tables of docs/reference/stopping.md are made from the result by ``stopping_page.py``. Each part is written as soon as it is
done; ``--only`` makes one of them again (paper, precision, labels, recall) and keeps the others.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t as student
from stopping_recall import measure_recall_rules, share

from spectrove.evaluate import (
    Look,
    Paper2020Rule,
    PrecisionEstimate,
    StopDecision,
    StoppingRule,
    betting_limits,
    estimate_precision,
)
from spectrove.evaluate.stopping import PrecisionAtLeast, spent

Facts = dict[str, Any]

GOAL, ALPHA = 0.8, 0.05
LEVEL = 0.95

N_PREDICTED = 5000
"""Predicted targets in the pool at each look."""

N_QUERIES = 100
"""Answers of a round beside those of its audit."""

LOOKS = (18, 40)
AUDITS = (15, 30, 100, 300)
"""Predicted targets in an audit: as many as our usual settings draw, the paper's, and more."""

PAPER = 30
"""Predicted targets in the paper's audits."""

CAMPAIGNS, CAMPAIGNS_QUICK = 5000, 50
FIRST, CLIMB = 0.5, 12
"""Precision at the first look, and looks until the last one is reached."""

COURSES = (("climbs", 0.75), ("climbs", 0.79), ("stays", 0.79), ("climbs", 0.9), ("climbs", 0.95))
"""How the precision goes, and where it ends; below `GOAL` every stop is a false one."""

LABELS, FROM = 540, (10, 30)
"""Labels of one network in the rule that looks after each: as many as 18 audits of 30; and the first at which it looks."""

BETS, BETS_QUICK = 2000, 5
"""Sequences for which limits are computed that hold at all looks together."""

SEED = 5


@dataclass(frozen=True)
class EachLookByItself:
    """Stops when Student's one-sided limit of the last look reaches the goal, as if it were the only look."""

    goal: float
    alpha: float

    def decide(self, history: Sequence[Look]) -> StopDecision:
        """Return whether the limit of the last look reaches the goal."""
        precision = history[-1].precision
        limit = students_limit(precision.n_correct, precision.n_answered, self.alpha)
        return StopDecision(bool(limit >= self.goal), f"{limit:.3f}")


@dataclass(frozen=True)
class EveryLookTried:
    """Stops when the lower limit of the last look reaches the goal, the risk spent on every look and not on tries alone."""

    goal: float
    alpha: float

    def decide(self, history: Sequence[Look]) -> StopDecision:
        """Return whether the limit at the risk of the last look reaches the goal."""
        limit = history[-1].precision.lower_at(spent(self.alpha, len(history)))
        return StopDecision(limit >= self.goal, f"{limit:.3f}")


RULES: Mapping[str, StoppingRule] = {
    "precision-at-least": PrecisionAtLeast(GOAL, ALPHA),
    "every look tried": EveryLookTried(GOAL, ALPHA),
    "paper-2020": Paper2020Rule(GOAL, 3),
    "each look by itself": EachLookByItself(GOAL, ALPHA),
}


def students_limit(n_correct: Any, n: Any, alpha: float) -> Any:
    """Return Student's one-sided lower limit of a mean of answers that are right or wrong."""
    mean = n_correct / n
    deviation = np.sqrt(mean * (1 - mean) * n / (n - 1))
    return mean - student.ppf(1 - alpha, n - 1) * deviation / np.sqrt(n)


def course(kind: str, last: float, n_looks: int) -> list[float]:
    """Return the true precision at each look."""
    if kind == "stays":
        return [last] * n_looks
    return [FIRST + (last - FIRST) * min(number / (CLIMB - 1), 1.0) for number in range(n_looks)]


@cache
def estimate(n_correct: int, n: int, n_predicted: int) -> PrecisionEstimate:
    """Return what an audit says."""
    answers = ["target"] * n_correct + ["other"] * (n - n_correct)
    return estimate_precision(["target"] * n, answers, n_predicted, ("target",), LEVEL)


def campaign(
    precisions: Sequence[float], n_audit: int, rules: Mapping[str, StoppingRule], generator: np.random.Generator
) -> dict[str, int]:
    """Return after how many looks each rule stops; 0 if it never does."""
    history: list[Look] = []
    stops = dict.fromkeys(rules, 0)
    right = np.rint(np.array(precisions) * N_PREDICTED).astype(int)
    for number, n_correct in enumerate(generator.hypergeometric(right, N_PREDICTED - right, n_audit).tolist()):
        history.append(Look(number, estimate(n_correct, n_audit, N_PREDICTED)))
        for name, rule in rules.items():
            if not stops[name] and rule.decide(history).stop:
                stops[name] = number + 1
        if all(stops.values()):
            break
    return stops


def summary(looks: Sequence[int], n_looks: int, answers_a_look: int) -> Facts:
    """Return how often, and after how many answers, campaigns of so many looks stop."""
    stopped = sorted(look for look in looks if 0 < look <= n_looks)
    answers = [answers_a_look * stopped[round(part * (len(stopped) - 1))] for part in (0.1, 0.5, 0.9)] if stopped else None
    return {"stops": share(len(stopped), len(looks)), "answers": answers}


def measure_precision_rules(n_campaigns: int, generator: np.random.Generator) -> list[Facts]:
    """Return how often each rule stops, by the course of the precision, the size of the audit and the number of looks."""
    rows = []
    for kind, last in COURSES:
        for n_audit in AUDITS:
            precisions = course(kind, last, max(LOOKS))
            found = [campaign(precisions, n_audit, RULES, generator) for _ in range(n_campaigns)]
            for name in RULES:
                for n_looks in LOOKS:
                    told = summary([stops[name] for stops in found], n_looks, N_QUERIES + n_audit)
                    about = {"course": kind, "last": last, "n_audit": n_audit, "n_looks": n_looks, "rule": name}
                    rows.append({**about, "is_false": last < GOAL, **told})
            print(f"precision {kind} {last:g}, audits of {n_audit}: done", flush=True)
    return rows


def measure_paper_rule(n_campaigns: int, generator: np.random.Generator) -> list[Facts]:
    """Return how often the paper's rule fires at a constant precision, by its own formula and by simulation."""
    rule, rows = RULES["paper-2020"], []
    for precision in (0.7, 0.75, 0.79):
        for n_looks in LOOKS:
            found = [campaign([precision] * n_looks, PAPER, {"": rule}, generator)[""] for _ in range(n_campaigns)]
            computed = Paper2020Rule(GOAL, 3).false_stop_probability(precision, PAPER, n_looks)
            fired = share(sum(look > 0 for look in found), n_campaigns)
            rows.append({"precision": precision, "n_looks": n_looks, "computed": computed, "simulated": fired})
    return rows


def measure_every_label(n_campaigns: int, n_bets: int, generator: np.random.Generator) -> list[Facts]:
    """Return how often a limit passes the goal when one network's audit is looked at after every label."""
    rows = []
    for precision in (0.79, 0.8, 0.9):
        values = generator.random((n_campaigns, LABELS)) < precision
        n = np.arange(1, LABELS + 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            passes = students_limit(np.cumsum(values, axis=1), n, ALPHA) >= GOAL
        about = {"precision": precision, "n_labels": LABELS, "is_false": precision <= GOAL}
        for first in FROM:
            stopped = passes[:, first - 1 :]
            at = first + np.argmax(stopped[stopped.any(axis=1)], axis=1)
            rows.append({**about, "limit": "t", "first": first, **_first_passes(at, n_campaigns)})
        bets = [betting_limits(row, LEVEL)[:, 0] >= GOAL for row in values[:n_bets]]
        at = np.array([1 + int(np.argmax(row)) for row in bets if row.any()])
        rows.append({**about, "limit": "betting", "first": 1, **_first_passes(at, len(bets))})
        print(f"every label at {precision:g}: done", flush=True)
    return rows


def _first_passes(at: np.ndarray, n_campaigns: int) -> Facts:
    quantiles = [float(value) for value in np.quantile(at, (0.1, 0.5, 0.9))] if at.size else None
    return {"stops": share(at.size, n_campaigns), "labels": quantiles}


def main(output: Path, only: str | None, *, quick: bool) -> None:
    """Measure every part, or one, and write what was found."""
    n_campaigns = CAMPAIGNS_QUICK if quick else CAMPAIGNS
    parts = {
        "paper": lambda generator: measure_paper_rule(n_campaigns, generator),
        "precision": lambda generator: measure_precision_rules(n_campaigns, generator),
        "labels": lambda generator: measure_every_label(n_campaigns, BETS_QUICK if quick else BETS, generator),
        "recall": lambda generator: measure_recall_rules(generator, quick=quick),
    }
    found: Facts = json.loads(output.read_text(encoding="utf-8")) if only and output.exists() else {}
    found |= {"goal": GOAL, "alpha": ALPHA, "n_predicted": N_PREDICTED, "n_queries": N_QUERIES, "climb": CLIMB, "first": FIRST}
    for number, (name, measure) in enumerate(parts.items()):
        if only in {None, name}:
            found[name] = measure(np.random.default_rng([SEED, number]))
            output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path, help="a JSON file")
    parser.add_argument("--quick", action="store_true", help="few campaigns, to see that it runs")
    parser.add_argument("--only", choices=("paper", "precision", "labels", "recall"), help="make one part, keep the others")
    return parser


if __name__ == "__main__":
    given = _parser().parse_args()
    main(given.output, given.only, quick=given.quick)
