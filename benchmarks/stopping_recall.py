"""
How often ``recall-at-least`` and ``undiscovered-at-most`` stop too early, and how soon they stop: a part of `stopping.py`.

A campaign here is a list of counts: how many targets are known, predicted and missed before each look, and in which strata of the
score the missed ones lie. The strata are sampled as an audit samples them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import log
from typing import Any

import numpy as np

from spectrove.evaluate import (
    Look,
    PrecisionEstimate,
    StopDecision,
    StoppingRule,
    StratumCount,
    clopper_pearson,
    estimate_precision,
    total_estimate,
    total_lower,
    total_upper,
)
from spectrove.evaluate.recall import ASSUMPTIONS, HIT_SHARE
from spectrove.evaluate.stopping import RecallAtLeast, UndiscoveredAtMost, spent
from spectrove.evaluate.strata import refused
from spectrove.query.audit import FLOOR, RATIO, allocate

Facts = dict[str, Any]

GOAL, ALPHA, LEVEL = 0.75, 0.05, 0.95
N_POOL, N_TARGETS = 20_000, 1000
N_LEFT = 220
"""Targets that may be left. A recall just below `GOAL` leaves more of them, those left out that a look has found by itself."""

N_QUERIES, N_LOOKS = 100, 24
CAMPAIGNS, CAMPAIGNS_OF_POWER, CAMPAIGNS_QUICK, CHECKED = 2000, 200, 2, 10

FIRST, CLIMB = 0.5, 8
"""Recall at the first look, and looks until the last one is reached."""

FOUND, HALF_FOUND = 0.6, 10
"""Share of the targets that answers have found at most, and the look at which it is half of that."""

PRECISION = 0.8
"""Share of targets among the predicted."""

WHERE: Mapping[str, tuple[float, ...]] = {"ranked": (0.7, 0.2, 0.1), "even": (), "hidden": (0.0, 0.0, 1.0)}
"""Parts of the missed targets in the strata below the predicted ones: mostly high up; at one rate everywhere; all in the last."""

SPREADS = (0.3, 0.1, 0.03)
"""What the network believes of the strata, by which the audit is allotted; wrong wherever the targets lie otherwise."""

ASKED = {"asked, predicted": (50, 30), "asked, others": (50, 10)}
"""Spectra that are asked about to teach, and how many of them are targets."""

SCENARIOS = (
    *((0.745, 300, where, CAMPAIGNS) for where in WHERE),
    *((last, 300, "ranked", CAMPAIGNS_OF_POWER) for last in (0.9, 0.98)),
)
"""Last recall, size of the audit, where the missed targets lie, campaigns; a recall below `GOAL` makes every stop a false one."""


@dataclass(frozen=True)
class ThreeEstimates:
    """Stops when the estimated recall has reached the goal three times: the paper's rule, of the recall."""

    goal: float

    def decide(self, history: Sequence[Look]) -> StopDecision:
        """Return whether three estimates have reached the goal."""
        reached = sum(self._is_reached(look) for look in history)
        return StopDecision(reached >= 3, f"{reached} of 3")

    def _is_reached(self, look: Look) -> bool:
        found, missed = total_estimate(look.hits), total_estimate(look.misses)
        if found is None or missed is None:
            return False
        return look.n_found + found >= self.goal * (look.n_found + found + missed)


RULES: Mapping[str, Any] = {
    "recall-at-least": RecallAtLeast(GOAL, ALPHA),
    "recall-at-least, monotone": RecallAtLeast(GOAL, ALPHA, "monotone"),
    "undiscovered-at-most": UndiscoveredAtMost(N_LEFT, ALPHA),
    "undiscovered-at-most, monotone": UndiscoveredAtMost(N_LEFT, ALPHA, "monotone"),
    "three estimates": ThreeEstimates(GOAL),
}


@dataclass(frozen=True)
class State:
    """The truth before a look: sizes of the strata and the targets in them, the predicted spectra first."""

    n_found: int
    names: tuple[str, ...]
    sizes: tuple[int, ...]
    targets: tuple[int, ...]


def state(number: int, last: float, n_audit: int, where: str) -> State:
    """Return the truth before a look."""
    recall = FIRST + (last - FIRST) * min(number / (CLIMB - 1), 1.0)
    n_found = round(FOUND * number / (number + HALF_FOUND) * N_TARGETS)
    n_hit = round(recall * N_TARGETS) - n_found
    n_predicted = round(n_hit / PRECISION)
    n_missed = N_TARGETS - n_found - n_hit
    n_others = N_POOL - number * (N_QUERIES + n_audit) - n_predicted
    (n_yes, yes), (n_no, no) = ASKED.values()
    sizes = _cut(n_others - n_no, n_predicted)
    left = n_missed - no
    shares = WHERE[where] or tuple(size / sum(sizes) for size in sizes)
    below = [round(left * share) for share in shares]
    below[-1] = left - sum(below[:-1])
    names = (*ASKED, "predicted", *(f"others {place + 1}" for place in range(len(sizes))))
    return State(n_found, names, (n_yes, n_no, n_predicted - n_yes, *sizes), (yes, no, n_hit - yes, *below))


def _cut(n: int, first: int) -> tuple[int, int, int]:
    return first, RATIO * first, n - (1 + RATIO) * first


def drawn(truth: State, number: int, n_audit: int, generator: np.random.Generator) -> Look:
    """Return what an audit says."""
    n_predicted = n_audit // 2
    below = allocate(n_audit - n_predicted, np.array(truth.sizes[3:]), np.array(SPREADS), FLOOR)
    samples = [*truth.sizes[:2], n_predicted, *below]
    counts = []
    for name, size, targets, n in zip(truth.names, truth.sizes, truth.targets, samples, strict=True):
        n_seen = int(generator.hypergeometric(targets, size - targets, n))
        counts.append(StratumCount(name, size, n, n, n_seen))
    hits, misses = (counts[0], counts[2]), (counts[1], *counts[3:])
    precision = _precision(counts[2].n_events, n_predicted, truth.sizes[2])
    return Look(number, precision, hits, misses, truth.n_found, n_unlabeled=sum(truth.sizes))


@cache
def _precision(n_correct: int, n: int, n_predicted: int) -> PrecisionEstimate:
    answers = ["target"] * n_correct + ["other"] * (n - n_correct)
    return estimate_precision(["target"] * n, answers, n_predicted, ("target",), LEVEL)


def who_may_stop(names: Sequence[str], history: Sequence[Look]) -> list[str]:
    """
    Return which rules could stop at all, at the risk of a first try: quicker to tell than what they decide.

    A limit is the smallest number that is refused, so whether it is small enough is one question and not a search.
    """
    left = list(names)
    for assumption in ASSUMPTIONS:
        some = [name for name in left if is_limited(name) and RULES[name].assumption == assumption]
        if some and not is_in_reach(some, history, monotone=assumption == "monotone"):
            left = [name for name in left if name not in some]
    return left


def is_limited(name: str) -> bool:
    """Return whether a rule asks for a limit, and so stops at tries alone."""
    return isinstance(RULES[name], RecallAtLeast | UndiscoveredAtMost)


def is_in_reach(names: Sequence[str], history: Sequence[Look], *, monotone: bool) -> bool:
    """Return whether the limits that one of some rules needs can be there."""
    look, risk = history[-1], spent(ALPHA, 1) / 2
    found = look.n_found + total_lower(look.hits, risk * HIT_SHARE)
    enough = {"recall-at-least": found / GOAL, "undiscovered-at-most": found + N_LEFT + n_missed_seen(look)}
    allowed = 1.0001 * max(enough[name.partition(",")[0]] for name in names)
    alone = risk * (1 - HIT_SHARE)
    if least_upper(look.misses, alone) <= allowed - found >= total_upper(look.misses, alone, monotone=monotone):
        return True
    looks = [(past.n_found, (*past.hits, *past.misses)) for past in history]
    return refused(looks, allowed, ALPHA / 2 * (1 - HIT_SHARE), monotone=monotone)


def least_upper(counts: Sequence[StratumCount], alpha: float) -> float:
    """Return what no limit from one look can be below: all in one stratum that saw none, or at one rate that saw none."""
    drawn = [(count.n_spectra, count.n_answered) for count in counts if not count.is_known]
    in_one = max(size * (1 - alpha ** (1 / n)) for size, n in drawn)
    return min(in_one, -log(alpha) * sum(size for size, _ in drawn) / sum(n for _, n in drawn))


def n_missed_seen(look: Look) -> int:
    """Return how many of the missed targets the look itself has found."""
    return sum(count.n_events for count in look.misses)


def is_allowed(rule: StoppingRule, truth: State, look: Look) -> bool:
    """Return whether what a rule promises is true when the look is over."""
    n_missed = sum(truth.targets[1:2] + truth.targets[3:])
    if isinstance(rule, UndiscoveredAtMost):
        return n_missed - n_missed_seen(look) <= rule.number
    return N_TARGETS - n_missed >= GOAL * N_TARGETS


def campaign(states: Sequence[State], n_audit: int, generator: np.random.Generator, *, quickly: bool) -> dict[str, int]:
    """Return after how many looks each rule stops: with a minus if it may not, and 0 if it never does."""
    history: list[Look] = []
    stops = dict.fromkeys(RULES, 0)
    for number, truth in enumerate(states):
        history.append(drawn(truth, number, n_audit, generator))
        going = [name for name in RULES if not stops[name]]
        for name in who_may_stop(going, history) if quickly else going:
            if RULES[name].decide(history).stop:
                stops[name] = number + 1 if is_allowed(RULES[name], truth, history[-1]) else -number - 1
        if all(stops.values()):
            break
    return stops


def measure_recall_rules(generator: np.random.Generator, *, quick: bool) -> list[Facts]:
    """Return how often each rule stops, by the last recall, the size of the audit and where the missed targets lie."""
    seeds = [generator.integers(2**32, size=CAMPAIGNS_QUICK if quick else scenario[-1]).tolist() for scenario in SCENARIOS]
    rows: list[Facts] = []
    for (last, n_audit, where, _), some in zip(SCENARIOS, seeds, strict=True):
        rows += measure_scenario(last, n_audit, where, some)
        print(f"recall {last:g}, audits of {n_audit}, {where}: done", flush=True)
    return rows


def measure_scenario(last: float, n_audit: int, where: str, seeds: Sequence[int]) -> list[Facts]:
    """Return how often each rule stops in campaigns of one kind; some of them are decided in full to check the quick question."""
    states = [state(number, last, n_audit, where) for number in range(N_LOOKS)]
    found = [campaign(states, n_audit, np.random.default_rng(seed), quickly=True) for seed in seeds]
    again = [campaign(states, n_audit, np.random.default_rng(seed), quickly=False) for seed in seeds[:CHECKED]]
    n_other = sum(one != other for one, other in zip(found, again, strict=False))
    about = {"last": last, "n_audit": n_audit, "where": where, "n_looks": N_LOOKS, "is_false": last < GOAL}
    return [
        {
            **about,
            "rule": name,
            **summary([stops[name] for stops in found], N_QUERIES + n_audit),
            "n_checked": len(again),
            "n_other": n_other,
        }
        for name in RULES
    ]


def summary(looks: Sequence[int], answers_a_look: int) -> Facts:
    """Return how often, how often falsely, and after how many answers campaigns stop."""
    stopped = sorted(abs(look) for look in looks if look)
    answers = [answers_a_look * stopped[round(part * (len(stopped) - 1))] for part in (0.1, 0.5, 0.9)] if stopped else None
    n_false = sum(look < 0 for look in looks)
    return {"stops": share(len(stopped), len(looks)), "false": share(n_false, len(looks)), "answers": answers}


def share(n: int, of: int) -> Facts:
    """Return a share with its limits."""
    lower, upper = clopper_pearson(n, of, LEVEL)
    return {"n": n, "of": of, "value": n / of, "lower": lower, "upper": upper}
