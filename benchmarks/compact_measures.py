"""
What two kinds of networks are worth beside each other on the same spectra, for `benchmarks/compact_accuracy.py`.

Differences are paired: both kinds are measured on the same spectra of the same seeds. Two limits of 95 % are given for each, as
they answer two questions: a bootstrap over objects (all exposures of one together), whether other spectra of these surveys would
say the same of these very networks; and Student's over the seeds, whether other surveys and other trainings would.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import binomtest, t

Facts = dict[str, Any]

N_BOOTSTRAP = 1000
LEVEL = 0.95
SMALLEST = 1e-7
"""Probabilities are clipped here in the cross-entropy, as Keras clips them."""

QUANTITIES = ("precision", "recall", "f1", "average_precision", "cross_entropy", "errors")


def f1(precision: float, recall: float) -> float:
    """Return the harmonic mean; 0 where nothing was found."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


class Ranked:
    """
    One network's probabilities for the spectra that count, sorted once, to be measured with many weights.

    Parameters
    ----------
    probabilities : array of shape (n_spectra, n_classes)
        The last class is what is not searched for.
    truth : array of int, shape (n_spectra,)
        The true classes.
    """

    def __init__(self, probabilities: np.ndarray, truth: np.ndarray) -> None:
        nothing = probabilities.shape[1] - 1
        is_target = truth != nothing
        predicted = probabilities.argmax(axis=1)
        self._targets = np.flatnonzero(is_target)
        self._found = np.flatnonzero(predicted != nothing)
        self._true = np.flatnonzero(is_target & (predicted != nothing))
        self._wrong = np.flatnonzero(predicted != truth)
        self._loss = -np.log(np.clip(probabilities[np.arange(truth.size), truth], SMALLEST, 1.0).astype(np.float64))
        order = np.argsort(probabilities[:, nothing], kind="stable")
        self._order = order[: np.flatnonzero(is_target[order])[-1] + 1]  # behind the last target nothing counts
        self._is_hit = is_target[self._order]

    def measure(self, weights: np.ndarray) -> Facts:
        """Return every quantity, each spectrum counted as often as its weight says."""
        true = float(weights[self._true].sum())
        precision = true / max(float(weights[self._found].sum()), 1.0)
        recall = true / float(weights[self._targets].sum())
        ranked = weights[self._order]
        hits = np.where(self._is_hit, ranked, 0)
        above = np.cumsum(hits) / np.maximum(np.cumsum(ranked), 1)
        return {
            "precision": precision,
            "recall": recall,
            "f1": f1(precision, recall),
            "average_precision": float((above * hits).sum() / hits.sum()),
            "cross_entropy": float(weights @ self._loss / weights.sum()),
            "errors": float(weights[self._wrong].sum()),
        }


def clusters(objects: np.ndarray) -> np.ndarray:
    """Return numbers from 0 of the objects; a spectrum of none (-1) is one by itself."""
    alone = np.where(objects < 0, -1 - np.arange(objects.size), objects)
    return np.unique(alone, return_inverse=True)[1]


def compare(pairs: list[Facts], first: str, second: str) -> Facts:
    """
    Return what two kinds of networks are worth, and the differences, first minus second.

    Parameters
    ----------
    pairs : list of dict
        ``seed``; ``truth``, ``objects`` and ``free`` by spectrum; ``pair``, probabilities and facts of each kind. Several of one
        seed are several trainings.
    first, second : str
        The kinds.
    """
    seeds = sorted({pair["seed"] for pair in pairs})
    ranked = [
        {kind: Ranked(pair["pair"][kind][0][pair["free"]], pair["truth"][pair["free"]]) for kind in (first, second)}
        for pair in pairs
    ]
    ones = [np.ones(int(pair["free"].sum())) for pair in pairs]
    values = _values(pairs, ranked, ones, seeds, (first, second))
    generator = np.random.default_rng(0)
    groups = {pair["seed"]: clusters(pair["objects"]) for pair in pairs}
    drawn = []
    for _ in range(N_BOOTSTRAP):
        by_seed = {seed: generator.poisson(1.0, group.max() + 1)[group].astype(np.float64) for seed, group in groups.items()}
        weights = [by_seed[pair["seed"]][pair["free"]] for pair in pairs]
        sample = _values(pairs, ranked, weights, seeds, (first, second))
        drawn.append({name: np.mean(sample[name][first] - sample[name][second]) for name in QUANTITIES})
    rows = []
    for name in QUANTITIES:
        by_seed = values[name][first] - values[name][second]
        half = t.ppf(0.5 + LEVEL / 2, len(seeds) - 1) * by_seed.std(ddof=1) / np.sqrt(len(seeds))
        limits = np.quantile([sample[name] for sample in drawn], [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
        rows.append(
            {
                "quantity": name,
                first: values[name][first].tolist(),
                second: values[name][second].tolist(),
                "difference": float(by_seed.mean()),
                "bootstrap": limits.tolist(),
                "over_seeds": [float(by_seed.mean() - half), float(by_seed.mean() + half)],
            }
        )
    trainings = _trainings(pairs, (first, second))
    for kind, row in trainings.items():
        each = {one[kind].measure(weight)["average_precision"] for one, weight in zip(ranked, ones, strict=True)}
        row["average_precision"] = sorted(each)
    return {"seeds": seeds, "quantities": rows, "trainings": trainings}


def _values(
    pairs: list[Facts], ranked: list[Facts], weights: list[np.ndarray], seeds: list[str], kinds: tuple[str, ...]
) -> dict[str, dict[str, np.ndarray]]:
    measured = [{kind: row[kind].measure(weight) for kind in kinds} for row, weight in zip(ranked, weights, strict=True)]
    of_seed = [[at for at, pair in enumerate(pairs) if pair["seed"] == seed] for seed in seeds]
    return {
        name: {kind: np.array([np.mean([measured[at][kind][name] for at in ats]) for ats in of_seed]) for kind in kinds}
        for name in QUANTITIES
    }


def _trainings(pairs: list[Facts], kinds: tuple[str, ...]) -> Facts:
    return {
        kind: {
            "seconds": float(np.median([pair["pair"][kind][1]["seconds"] for pair in pairs])),
            "loss": float(np.mean([pair["pair"][kind][1]["loss"] for pair in pairs])),
            "n_balanced": float(np.mean([pair["pair"][kind][1]["n_balanced"] for pair in pairs])),
            "n_epochs": sorted({pair["pair"][kind][1]["n_epochs"] for pair in pairs}),
        }
        for kind in kinds
    }


def mcnemar(pairs: list[Facts], first: str, second: str) -> list[Facts]:
    """Return how many spectra one kind alone gets wrong, in the first training, by seed and all together; exact and two-sided."""
    rows, of_first = [], {pair["seed"]: pair for pair in reversed(pairs)}
    for seed in sorted(of_first):
        pair = of_first[seed]
        free = pair["free"]
        wrong = {kind: (pair["pair"][kind][0].argmax(axis=1) != pair["truth"])[free] for kind in (first, second)}
        alone = [int((wrong[one] & ~wrong[other]).sum()) for one, other in ((first, second), (second, first))]
        rows.append({"seed": seed, "both": int((wrong[first] & wrong[second]).sum()), first: alone[0], second: alone[1]})
    rows.append({"seed": "all", **{key: sum(row[key] for row in rows) for key in ("both", first, second)}})
    for row in rows:
        n = row[first] + row[second]
        row["p"] = float(binomtest(row[first], n).pvalue) if n else 1.0
    return rows


def compare_networks(pairs: list[Facts]) -> Facts:
    """Return the compact network beside the paper's."""
    return {**compare(pairs, "compact", "paper-2020"), "mcnemar": mcnemar(pairs, "compact", "paper-2020")}


def compare_starts(pairs: list[Facts], rounds: tuple[int, ...]) -> list[Facts]:
    """Return warm starts beside cold ones, round by round."""
    return [
        {"round": number, **compare([pair for pair in pairs if pair["round"] == number], "warm", "cold")} for number in rounds
    ]
