"""
How often the limits of precision and recall hold what they say: simulated audits of pools of 4,136,482 spectra.

    python benchmarks/coverage_audits.py benchmarks/results/coverage.json [N_AUDITS [SCORES ...]]

The pools are scores and truth alone (``coverage_pools.py``). Strata and numbers of labels are those of `draw_audit`. What is
found in a stratum is drawn from its true content, which is the same as drawing rows; some audits do draw rows, as a check.

Kinds of scores that are not named keep the figures that the file has. Peers that cannot be imported are left out, and the result
says why: ``ppi-python`` comes with the extra ``bench``; ``confseq`` 0.0.11 is built from source, with Boost and a pybind11 that
knows the Python in use. ``coverage_page.py`` fills the tables of docs/reference/estimation.md.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import machine
import numpy as np
from coverage_peers import (
    confseq_limits,
    confseq_upper,
    found_peers,
    ppi_limits,
    wald_recall,
    wald_share,
    wald_upper,
)
from coverage_pools import (
    N_ASKED,
    N_SPECTRA,
    PREDICTED_SHARE,
    SCENARIOS,
    Design,
    MadePool,
    Names,
    clump,
    design_of,
    members_of,
    sizes_of,
)
from coverage_rounds import searched

from spectrove.contracts import BoolArray, IntArray
from spectrove.evaluate import (
    PrecisionEstimate,
    RecallEstimate,
    StratumCount,
    add_asked,
    betting_limits,
    clopper_pearson,
    estimate_precision,
    estimate_recall,
    upper_limit,
)
from spectrove.query import audit
from spectrove.query.audit import ASKED_PREDICTED, PREDICTED, draw_audit

SEED = 5
LEVEL = 0.95
MISSED_ALPHA = (1 - LEVEL) / 2
"""Risk of the one-sided limits of the missed targets."""

LABELS = (100, 300, 1000)
N_AUDITS = 2000
N_SLOW = 500
"""Audits of which limits of the precision by betting are worked out, which take long."""

N_PREDICTIONS = 100_000
"""Predictions of unlabeled spectra, drawn anew for each audit, that prediction-powered inference is given: more help little."""

N_DRAWN, DRAWN_OF = 40, ("calibrated", "shifted prior")
"""Audits for which rows are drawn, and of which pools."""

ROUND_LABELS, ROUNDS_OF = 100, ("calibrated", "many, everywhere", "many, in a clump")
"""Labels of each of ten rounds, and which pools are searched: one as it may be, and those where a limit can be wrong."""

STARVED, STARVED_RANKS = 0.2, (0.5, 0.9)
"""Part of the pool that is unknown targets, and between which ranks, where audits without a defensive part are tried."""

N_LIMITS = 20
"""Searches of ten rounds whose limits are worked out, and not only compared with the truth."""

TOLERANCE = 1e-9
"""Of a comparison with the truth: where all was looked at, limits and truth are one number."""

Pair = tuple[float, float]


def summary(limits: Iterable[Pair], truth: float) -> dict[str, Any]:
    """Return how often limits hold the truth, with the uncertainty of that share, and how wide they are."""
    found = np.array(list(limits), dtype=np.float64)
    above, below = found[:, 0] > truth + TOLERANCE, found[:, 1] < truth - TOLERANCE
    n, n_covered = len(found), int(np.count_nonzero(~above & ~below))
    return {
        "n": n,
        "n_covered": n_covered,
        "limits": clopper_pearson(n_covered, n),
        "n_above": int(above.sum()),
        "n_below": int(below.sum()),
        "width": float(np.median(found[:, 1] - found[:, 0])),
        "median": np.median(found, axis=0).tolist(),
    }


@dataclass(frozen=True, eq=False)
class Audits:
    """
    Many audits of one pool by one design.

    Attributes
    ----------
    pool : MadePool
        The pool.
    design : Design
        The strata.
    drawn : array of int, shape (n_audits, n_predicted_drawn)
        Rows of the predicted targets that are drawn, in random order.
    n_events : array of int, shape (n_audits, n_strata)
        Targets that were found in each stratum.
    uniform : array of int, shape (n_audits, n_labels)
        Rows of a simple random sample of the whole pool, of as many labels.
    """

    pool: MadePool
    design: Design
    drawn: IntArray
    n_events: IntArray
    uniform: IntArray

    @cached_property
    def n_asked(self) -> Pair:
        """Return how many predicted targets are asked about anyway, and how many of them are right."""
        pairs = zip(self.design.strata, self.design.n_targets, strict=True)
        return next(((one.n_spectra, n) for one, n in pairs if one.name == ASKED_PREDICTED), (0, 0))

    @cached_property
    def n_rest(self) -> int:
        """Return how many predicted targets are not asked about anyway."""
        return next(one.n_spectra for one in self.design.strata if one.name == PREDICTED)

    def of_all(self, share: float) -> float:
        """Return the precision of all, from that of those not asked about anyway."""
        n, n_right = self.n_asked
        return (n_right + self.n_rest * share) / (n + self.n_rest)

    def counts(self, events: Sequence[int]) -> tuple[tuple[StratumCount, ...], tuple[StratumCount, ...]]:
        """Return what an audit saw of predicted targets and of others."""
        strata = self.design.strata
        both: tuple[list[StratumCount], list[StratumCount]] = [], []
        for one, n, k in zip(strata, self.design.n_drawn, events, strict=True):
            both[0 if one.is_predicted else 1].append(StratumCount(one.name, one.n_spectra, n, n, int(k)))
        return tuple(both[0]), tuple(both[1])


def audits_of(pool: MadePool, asked: IntArray, n_labels: int, n_audits: int, generator: np.random.Generator) -> Audits:
    """Return simulated audits of a pool, and a uniform sample beside each."""
    design = design_of(pool, asked, n_labels, generator)
    place = [one.name for one in design.strata].index(PREDICTED)
    members = members_of(pool, asked, design.strata)[place]
    drawn = np.array([generator.choice(members, design.n_drawn[place], replace=False) for _ in range(n_audits)])
    n_events = np.empty((n_audits, len(design.strata)), dtype=np.int64)
    for number, (one, n, k) in enumerate(zip(design.strata, design.n_drawn, design.n_targets, strict=True)):
        n_events[:, number] = generator.hypergeometric(k, one.n_spectra - k, n, n_audits)
    n_events[:, place] = pool.is_target[drawn].sum(axis=1)
    uniform = np.array([generator.choice(N_SPECTRA, n_labels, replace=False) for _ in range(n_audits)])
    return Audits(pool, design, drawn, n_events, uniform)


# -- The three numbers -----------------------------------------------------------------------------------------------------------


def precision_estimates(audits: Audits) -> list[PrecisionEstimate]:
    """Return what the package says of the precision."""

    @cache
    def told(n_right: int) -> PrecisionEstimate:
        n = audits.drawn.shape[1]
        answers = ["target"] * n_right + ["other"] * (n - n_right)
        n_asked, n_asked_right = (int(number) for number in audits.n_asked)
        rest = estimate_precision(["target"] * n, answers, audits.n_rest, ("target",), LEVEL)
        return add_asked(rest, n_asked, n_asked, n_asked_right)

    return [told(int(n)) for n in audits.pool.is_target[audits.drawn].sum(axis=1)]


def recall_estimates(audits: Audits) -> list[RecallEstimate]:
    """Return what the package says of the recall."""

    @cache
    def told(events: tuple[int, ...]) -> RecallEstimate:
        return estimate_recall(*audits.counts(events), level=LEVEL)

    return [told(tuple(int(k) for k in row)) for row in audits.n_events]


def precision_limits(audits: Audits, peers: dict[str, dict[str, str]]) -> dict[str, dict[str, Any]]:
    """Return how all limits of the precision do."""
    pool, truth = audits.pool, audits.pool.precision
    values = pool.is_target[audits.drawn]
    scores, all_scores = pool.score[audits.drawn], pool.score[pool.is_predicted]
    n = values.shape[1]

    def told(pairs: Iterable[Pair]) -> dict[str, Any]:
        return summary(((audits.of_all(low), audits.of_all(high)) for low, high in pairs), truth)

    found = {
        "spectrove": summary(((one.lower, one.upper) for one in precision_estimates(audits)), truth),
        "uniform": summary((clopper_pearson(*of, LEVEL) for of in uniform_counts(audits, "is_predicted")), truth),
        "wald": told(wald_share(int(k), n, LEVEL) for k in values.sum(axis=1)),
        "betting": told(tuple(betting_limits(one, LEVEL, audits.n_rest)[-1]) for one in values[:N_SLOW]),
    }
    if "version" in peers["ppi-python"]:
        pairs = zip(values, scores, strict=True)
        found["ppi-python"] = told(ppi_limits(value, score, all_scores, 1 - LEVEL) for value, score in pairs)
    if "version" in peers["confseq"]:
        found["confseq"] = told(confseq_limits(one, audits.n_rest, 1 - LEVEL) for one in values[:N_SLOW])
    return found


def uniform_counts(audits: Audits, among: str) -> list[tuple[int, int]]:
    """Return how many of a uniform sample's predicted ones, or targets, are both, and how many there are."""
    is_target, is_predicted = audits.pool.is_target[audits.uniform], audits.pool.is_predicted[audits.uniform]
    n_both = (is_target & is_predicted).sum(axis=1)
    n = (is_predicted if among == "is_predicted" else is_target).sum(axis=1)
    return [(int(k), int(of)) for k, of in zip(n_both, n, strict=True)]


def recall_limits(audits: Audits, estimates: list[RecallEstimate]) -> dict[str, dict[str, Any]]:
    """Return how all limits of the recall do."""
    truth = audits.pool.recall
    counts = [audits.counts(row) for row in audits.n_events]
    return {
        "design": summary(((one.lower, one.upper) for one in estimates), truth),
        "monotone": summary(((one.monotone_lower, one.upper) for one in estimates), truth),
        "uniform": summary((clopper_pearson(*of, LEVEL) for of in uniform_counts(audits, "is_target")), truth),
        "wald": summary((wald_recall(*both, LEVEL) for both in counts), truth),
    }


def missed_limits(audits: Audits, estimates: list[RecallEstimate], peers: dict[str, dict[str, str]]) -> dict[str, dict[str, Any]]:
    """Return how all upper limits of the number of targets that the predictions miss do."""
    pool, alpha = audits.pool, MISSED_ALPHA
    is_missed = (pool.is_target & ~pool.is_predicted)[audits.uniform]
    n = is_missed.shape[1]

    def told(limits: Iterable[float]) -> dict[str, Any]:
        return summary(((0.0, limit) for limit in limits), pool.n_missed)

    found = {
        "design": told(one.missed_upper for one in estimates),
        "monotone": told(one.missed_monotone_upper for one in estimates),
        "uniform": told(N_SPECTRA * upper_limit(int(k), n, alpha) for k in is_missed.sum(axis=1)),
        "wald": told(wald_upper(audits.counts(row)[1], alpha) for row in audits.n_events),
    }
    if "version" in peers["ppi-python"]:
        guess = np.where(pool.is_predicted, 0.0, pool.score)
        begins = np.random.default_rng(SEED).integers(0, N_SPECTRA - N_PREDICTIONS, len(is_missed))  # rows are in random order
        trios = zip(is_missed, guess[audits.uniform], (guess[begin : begin + N_PREDICTIONS] for begin in begins), strict=True)
        found["ppi-python"] = told(N_SPECTRA * ppi_limits(*trio, 2 * alpha)[1] for trio in trios)
    if "version" in peers["confseq"]:
        found["confseq"] = told(N_SPECTRA * confseq_upper(one, N_SPECTRA, alpha) for one in is_missed)
    return found


# -- Checks ----------------------------------------------------------------------------------------------------------------------


def drawn_rows(
    pool: MadePool, asked: IntArray, design: Design, n_labels: int, generator: np.random.Generator
) -> list[dict[str, Any]]:
    """Return what audits find that draw rows, beside what is expected of their strata."""
    nobody: BoolArray = np.zeros(N_SPECTRA, dtype=np.bool_)
    n_events = np.zeros(len(design.strata))
    for _ in range(N_DRAWN):
        draw = draw_audit(pool.score, pool.is_predicted, nobody, asked, Names(), sizes_of(n_labels), generator)
        n_events += np.bincount(draw.stratum, pool.is_target[draw.rows], len(design.strata))
    rows = []
    for one, n, k, seen in zip(design.strata, design.n_drawn, design.n_targets, n_events, strict=True):
        if not one.is_census:
            share = k / one.n_spectra
            spread = np.sqrt(N_DRAWN * n * share * (1 - share) * (one.n_spectra - n) / (one.n_spectra - 1))
            rows.append(
                {
                    "name": one.name,
                    "n_audits": N_DRAWN,
                    "seen": int(seen),
                    "expected": N_DRAWN * n * share,
                    "spread": float(spread),
                }
            )
    return rows


def point_estimates(audits: Audits, recalls: list[RecallEstimate]) -> dict[str, Any]:
    """Return mean and standard deviation of the estimates."""
    precision = [one.estimate for one in precision_estimates(audits)]
    recall = [one.estimate for one in recalls if one.estimate is not None]
    missed = [one.missed for one in recalls if one.missed is not None]
    found = {"precision": precision, "recall": recall, "missed": missed}
    return {name: {"n": len(some), "mean": float(np.mean(some)), "sd": float(np.std(some))} for name, some in found.items()}


def rounds_in(name: str, pool: MadePool, n_searches: int) -> dict[str, Any]:
    """Return how the limits of ten rounds do in a pool."""
    generator = np.random.default_rng([SEED, list(SCENARIOS).index(name), 1])
    return searched(pool, ROUND_LABELS, n_searches, min(N_LIMITS, n_searches), generator)


def starved(n_audits: int) -> list[dict[str, Any]]:
    """Return how upper limits of the missed targets do where Neyman's rule alone leaves the bulk three labels."""
    generator = np.random.default_rng([SEED, len(SCENARIOS)])
    pool = clump(generator, STARVED, STARVED_RANKS)
    asked, before = pool.asked(), audit.DEFENSIVE
    audit.DEFENSIVE = 0.0
    rows = []
    for n_labels in LABELS:
        audits = audits_of(pool, asked, n_labels, n_audits, generator)
        recalls = recall_estimates(audits)
        limits = {"design": [one.missed_upper for one in recalls], "monotone": [one.missed_monotone_upper for one in recalls]}
        found = {name: summary(((0.0, limit) for limit in some), pool.n_missed) for name, some in limits.items()}
        rows.append({"labels": n_labels, "n_drawn": audits.design.n_drawn, "n_missed": pool.n_missed, "missed": found})
    audit.DEFENSIVE = before
    return rows


# -- All of it -------------------------------------------------------------------------------------------------------------------


def measure(name: str, n_audits: int, peers: dict[str, dict[str, str]], told: Callable[[str], None]) -> dict[str, Any]:
    """Return all figures of one kind of scores."""
    generator = np.random.default_rng([SEED, list(SCENARIOS).index(name)])
    pool = SCENARIOS[name](generator)
    asked = pool.asked()
    facts: dict[str, Any] = {"scores": name, "audits": []}
    facts |= {key: getattr(pool, key) for key in ("n_targets", "n_hit", "n_missed", "precision", "recall")}
    begin = time.process_time()
    for n_labels in LABELS:
        audits = audits_of(pool, asked, n_labels, n_audits, generator)
        recalls = recall_estimates(audits)
        told(f"{name}, {n_labels} labels: recall")
        strata = zip(audits.design.strata, audits.design.n_drawn, audits.design.n_targets, strict=True)
        found = {
            "labels": n_labels,
            "strata": [{"name": one.name, "n_spectra": one.n_spectra, "n_drawn": n, "n_targets": k} for one, n, k in strata],
            "precision": precision_limits(audits, peers),
            "recall": recall_limits(audits, recalls),
            "missed": missed_limits(audits, recalls, peers),
            "estimates": point_estimates(audits, recalls),
        }
        told(f"{name}, {n_labels} labels")
        if n_labels == LABELS[1] and name in DRAWN_OF:
            facts["drawn_rows"] = drawn_rows(pool, asked, audits.design, n_labels, generator)
            told(f"{name}: rows drawn")
        facts["audits"].append(found)
    if name in ROUNDS_OF:
        facts["rounds"] = rounds_in(name, pool, n_audits)
        told(f"{name}: ten rounds")
    return facts | {"seconds": time.process_time() - begin}


def main(output: Path, n_audits: int, names: Sequence[str]) -> None:
    """Measure some kinds of scores, and write what was found, beside what the file has of the others."""
    begin = time.perf_counter()

    def told(what: str) -> None:
        print(f"{time.perf_counter() - begin:7.0f} s  {what}", flush=True)

    before = json.loads(output.read_text(encoding="utf-8")) if output.exists() else {"scores": []}
    kept = {one["scores"]: one for one in before["scores"] if one["scores"] not in names}
    peers = found_peers()
    told(f"peers: {peers}")
    measured = {name: measure(name, n_audits, peers, told) for name in names}
    facts = {
        "seed": SEED,
        "level": LEVEL,
        "missed_alpha": MISSED_ALPHA,
        "n_audits": n_audits,
        "n_spectra": N_SPECTRA,
        "n_asked": N_ASKED,
        "predicted_share": PREDICTED_SHARE,
        "peers": peers,
        "machine": machine.facts(),
        "starved": starved(n_audits),
        "scores": [both[name] for both in [kept | measured] for name in SCENARIOS if name in both],
    }
    output.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else N_AUDITS, sys.argv[3:] or list(SCENARIOS))
