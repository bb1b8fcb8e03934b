"""Ten rounds of a search, one after another, and whether the limit of all targets holds at every look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from coverage_pools import N_ASKED, N_SPECTRA, MadePool, strata_of

from spectrove.contracts import BoolArray, IntArray
from spectrove.evaluate import StratumCount, clopper_pearson, total_upper, total_upper_of_looks
from spectrove.evaluate.strata import refused

ROUNDS = 10
ALPHA = 0.05
UNREST = 0.5
"""Standard deviation of what each training adds to a spectrum's logarithm of the odds, so that no two rounds rank alike."""

UNSURE = N_ASKED * (ROUNDS + 20)
"""Spectra near the boundary, of which each round asks about the first that have no label yet."""

LOOK = tuple[int, tuple[StratumCount, ...]]
"""Targets known before, and what was seen of all strata."""


@dataclass(frozen=True, eq=False)
class Round:
    """
    What does not depend on the labels: a network's ranking of the pool, and where it is cut.

    Attributes
    ----------
    by_score : array of int, shape (n_spectra,)
        Rows by falling score.
    rank : array of int, shape (n_spectra,)
        Place of each row in it.
    edges : array of int, shape (n_strata + 1,)
        Ranks at which it is cut.
    n_drawn : tuple of int
        How many are drawn from each stratum.
    unsure : array of int
        Rows near the boundary, the least sure first.
    """

    by_score: IntArray
    rank: IntArray
    edges: IntArray
    n_drawn: tuple[int, ...]
    unsure: IntArray


def rounds_of(pool: MadePool, n_labels: int, generator: np.random.Generator) -> list[Round]:
    """Return the rounds of a search in a pool."""
    rounds = []
    for _ in range(ROUNDS):
        log_odds = pool.log_odds + generator.normal(0, UNREST, N_SPECTRA)
        strata, n_drawn = strata_of(MadePool(log_odds, pool.is_target), np.empty(0, np.intp), n_labels, generator)
        by_score = np.argsort(-log_odds).astype(np.int32)
        rank = np.empty(N_SPECTRA, dtype=np.int32)
        rank[by_score] = np.arange(N_SPECTRA, dtype=np.int32)
        edges = np.cumsum([0, *(stratum.n_spectra for stratum in strata)])
        near = np.argpartition(np.abs(log_odds), UNSURE)[:UNSURE]
        rounds.append(Round(by_score, rank, edges, n_drawn, near[np.argsort(np.abs(log_odds[near]))]))
    return rounds


class Search:
    """One search: who has a label by now, and what the audits saw."""

    def __init__(self, is_target: BoolArray, generator: np.random.Generator) -> None:
        """Begin without a label."""
        self._is_target, self._generator = is_target, generator
        self._is_labeled = np.zeros(is_target.size, dtype=np.bool_)
        self._labeled = np.empty(0, dtype=np.intp)
        self.looks: list[LOOK] = []

    def do(self, one: Round) -> None:
        """Ask about the unsure ones and an audit of the others."""
        n_before = int(self._is_target[self._labeled].sum())
        asked = self._label(one.unsure[~self._is_labeled[one.unsure]][:N_ASKED])
        places = np.searchsorted(one.edges, one.rank[self._labeled], side="right") - 1
        sizes = np.diff(one.edges) - np.bincount(places, minlength=len(one.n_drawn))
        counts = [self._count("asked", asked.size, asked)]
        for number, n in enumerate(one.n_drawn):
            size = int(sizes[number])
            drawn = self._draw(one.by_score[one.edges[number] : one.edges[number + 1]], min(n, size))
            counts.append(self._count(str(number), size, drawn))
        self.looks.append((n_before, tuple(counts)))

    def _count(self, name: str, size: int, rows: IntArray) -> StratumCount:
        return StratumCount(name, size, rows.size, rows.size, int(self._is_target[rows].sum()))

    def _draw(self, members: IntArray, n: int) -> IntArray:
        # Places at random, those with a label and those drawn before passed over: a simple random sample of the others.
        rows = members[:0]
        while rows.size < n:
            more = members[self._generator.integers(0, members.size, 2 * n)]
            rows = np.concatenate([rows, more[~self._is_labeled[more]]])
            rows = rows[np.sort(np.unique(rows, return_index=True)[1])]
        return self._label(rows[:n])

    def _label(self, rows: IntArray) -> IntArray:
        self._is_labeled[rows] = True
        self._labeled = np.concatenate([self._labeled, rows])
        return rows


def searched(pool: MadePool, n_labels: int, n_searches: int, n_limits: int, generator: np.random.Generator) -> dict[str, Any]:
    """Return how often the limits of all targets hold at each look, and at all of them together."""
    rounds = rounds_of(pool, n_labels, generator)
    holds: dict[str, list[list[bool]]] = {name: [] for name in ("together", "together, monotone", "each alone")}
    limits: dict[str, list[list[float]]] = {"together": [], "together, monotone": []}
    for number in range(n_searches):
        search = Search(pool.is_target, generator)
        for one in rounds:
            search.do(one)
        looks = search.looks
        for name, monotone in (("together", False), ("together, monotone", True)):
            first = (looks[: n + 1] for n in range(ROUNDS))
            holds[name].append([not refused(some, pool.n_targets, ALPHA, monotone=monotone) for some in first])
            if number < n_limits:
                limits[name].append([total_upper_of_looks(looks[:n], ALPHA, monotone=monotone) for n in (1, ROUNDS)])
        alone = (n_before + total_upper(counts, ALPHA) for n_before, counts in looks)
        holds["each alone"].append([limit >= pool.n_targets for limit in alone])
    facts: dict[str, Any] = {"n_targets": pool.n_targets, "labels": n_labels, "rounds": ROUNDS, "alpha": ALPHA}
    for name, told in holds.items():
        n_always = int(np.all(told, axis=1).sum())
        facts[name] = {"n": n_searches, "n_always": n_always, "limits": clopper_pearson(n_always, n_searches)}
        if name in limits:
            facts[name]["median_upper"] = np.median(limits[name], axis=0).tolist()
    return facts
