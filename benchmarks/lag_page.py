"""
The table of what a lag costs, filled into its page.

    python benchmarks/lag_page.py benchmarks/results/lag.json docs/decisions/0004-the-next-batch-is-prepared.md
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from page_tables import fill, table
from scipy.stats import t

from spectrove.evaluate import clopper_pearson

LEVEL = 0.95


def searches_of(facts: dict[str, Any], prepare_after: int | None) -> list[dict[str, Any]]:
    """Return the searches with one setting, in the order of their seeds."""
    found = [search for search in facts["searches"] if search["prepare_after"] == prepare_after]
    return sorted(found, key=lambda search: search["seed"])


def settings_of(facts: dict[str, Any]) -> list[int | None]:
    """Return the settings that were compared, the waiting search first."""
    return sorted({search["prepare_after"] for search in facts["searches"]}, key=lambda after: -(after or 10**6))


def pooled(shares: list[dict[str, Any]]) -> str:
    """Return a share of all searches together, with its limits."""
    n, of = (sum(share[name] for share in shares) for name in ("n", "of"))
    lower, upper = clopper_pearson(n, of, LEVEL)
    return f"{n / of:.3f} ({lower:.3f} to {upper:.3f}), {n} of {of}"


def difference(later: list[float], earlier: list[float], digits: int) -> str:
    """Return the mean of paired differences with the limits of Student's t."""
    differences = np.array(later) - np.array(earlier)
    half = t.ppf((1 + LEVEL) / 2, differences.size - 1) * differences.std(ddof=1) / np.sqrt(differences.size)
    mean = differences.mean()
    return f"{mean:+.{digits}f} ({mean - half:+.{digits}f} to {mean + half:+.{digits}f})"


def lag_table(facts: dict[str, Any]) -> str:
    """Return the searches of each setting together."""
    rows = []
    for after in settings_of(facts):
        found = searches_of(facts, after)
        rows.append(
            [
                "wait for all" if after is None else f"{after} of 100",
                ", ".join(str(search["n_iterations"]) for search in found),
                ", ".join(str(search["n_answers"]) for search in found),
                pooled([search["candidates"]["precision"] for search in found]),
                pooled([search["recall"]["visible"] for search in found]),
            ]
        )
    return table(["prepared after", "rounds", "answers", "precision of the candidates", "recall"], rows)


COLUMNS: list[tuple[Callable[[dict[str, Any]], float], int]] = [
    (lambda search: float(search["n_iterations"]), 1),
    (lambda search: float(search["n_answers"]), 0),
    (lambda search: search["candidates"]["precision"]["value"], 3),
    (lambda search: search["recall"]["visible"]["value"], 3),
]


def difference_table(facts: dict[str, Any]) -> str:
    """Return what changes against waiting, seed by seed."""
    waiting, rows = searches_of(facts, None), []
    for after in settings_of(facts)[1:]:
        found = searches_of(facts, after)
        told = [difference([of(s) for s in found], [of(s) for s in waiting], digits) for of, digits in COLUMNS]
        rows.append([f"{after} of 100", *told])
    return table(["prepared after", "rounds", "answers", "precision", "recall"], rows)


TABLES = {"lag": lag_table, "lag-differences": difference_table}

if __name__ == "__main__":
    fill(Path(sys.argv[1]), Path(sys.argv[2]), TABLES)
