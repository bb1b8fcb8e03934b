"""
The tables of docs/reference/stopping.md, from the JSON of `stopping.py`.

    python benchmarks/stopping_page.py benchmarks/results/stopping.json docs/reference/stopping.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from page_tables import fill, table

Facts = dict[str, Any]

PRECISION_RULES = {
    "precision-at-least": "`precision-at-least`",
    "every look tried": "every look tried",
    "paper-2020": "`paper-2020`",
    "each look by itself": "each look by itself",
}
RECALL_RULES = {
    "recall-at-least": "`recall-at-least`",
    "recall-at-least, monotone": "the same, monotone",
    "undiscovered-at-most": "`undiscovered-at-most`",
    "undiscovered-at-most, monotone": "the same, monotone",
    "three estimates": "three estimates",
}
WHERE = {"ranked": "mostly just below the predicted ones", "even": "at one rate everywhere", "hidden": "all in the last stratum"}
LIMITS = {"t": "Student's, one-sided", "betting": "`betting_limits`"}


def _share(share: Facts) -> str:
    if not share["n"]:
        return f"0 (to {share['upper']:.4f})"
    digits = 4 if share["value"] < 0.1 else 3
    return f"{share['value']:.{digits}f} ({share['lower']:.{digits}f} to {share['upper']:.{digits}f})"


def _one(rows: Iterable[Facts], **wanted: Any) -> Facts:
    (found,) = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    return found


def _settings(rows: Sequence[Facts], *names: str) -> list[tuple[Any, ...]]:
    return list(dict.fromkeys(tuple(row[name] for name in names) for row in rows))


def paper(found: Facts) -> str:
    """Return how often the paper's rule fires at a constant precision."""
    rows = [
        [f"{row['precision']:g}", str(row["n_looks"]), f"{row['computed']:.3f}", _share(row["simulated"])]
        for row in found["paper"]
    ]
    return table(["true precision, always", "looks", "`false_stop_probability`", "simulated"], rows)


def false_stops(found: Facts) -> str:
    """Return how often each rule stops although the precision never reaches the goal."""
    rows = []
    below = [row for row in found["precision"] if row["is_false"]]
    for kind, last, n_audit, n_looks in _settings(below, "course", "last", "n_audit", "n_looks"):
        where = {"course": kind, "last": last, "n_audit": n_audit, "n_looks": n_looks}
        stops = [_share(_one(below, rule=rule, **where)["stops"]) for rule in PRECISION_RULES]
        rows.append([f"{kind} {'to' if kind == 'climbs' else 'at'} {last:g}", str(n_audit), str(n_looks), *stops])
    return table(["precision", "audit", "looks", *PRECISION_RULES.values()], rows)


def power(found: Facts) -> str:
    """Return how often, and after how many answers, each rule stops when the precision is above the goal."""
    rows = []
    above = [row for row in found["precision"] if not row["is_false"]]
    for last, n_audit, n_looks in _settings(above, "last", "n_audit", "n_looks"):
        told = [_told(_one(above, rule=rule, last=last, n_audit=n_audit, n_looks=n_looks)) for rule in PRECISION_RULES]
        rows.append([f"{last:g}", str(n_audit), str(n_looks), *told])
    return table(["precision climbs to", "audit", "looks", *PRECISION_RULES.values()], rows)


def _told(row: Facts) -> str:
    return "never" if row["answers"] is None else f"{row['stops']['value']:.3f}; {row['answers'][1]:,}"


def labels(found: Facts) -> str:
    """Return how often a limit that is looked at after every label passes the goal."""
    rows = []
    for row in found["labels"]:
        median = f"{row['labels'][1]:.0f}" if row["labels"] else "–"
        rows.append([f"{row['precision']:g}", LIMITS[row["limit"]], str(row["first"]), _share(row["stops"]), median])
    return table(["true precision", "limit", "first look at label", "passes within 540 labels", "at label, median"], rows)


def recall_false(found: Facts) -> str:
    """Return how often each rule of the recall stops although it never reaches the goal."""
    rows = []
    below = [row for row in found["recall"] if row["is_false"]]
    for n_audit, where in _settings(below, "n_audit", "where"):
        stops = [_share(_one(below, rule=rule, n_audit=n_audit, where=where)["false"]) for rule in RECALL_RULES]
        rows.append([WHERE[where], str(n_audit), *stops])
    return table(["where the missed targets are", "audit", *RECALL_RULES.values()], rows)


def recall_power(found: Facts) -> str:
    """Return how often, and after how many answers, each rule of the recall stops when it may."""
    rows = []
    above = [row for row in found["recall"] if not row["is_false"]]
    for last, n_audit in _settings(above, "last", "n_audit"):
        told = [_told(_one(above, rule=rule, last=last, n_audit=n_audit)) for rule in RECALL_RULES]
        rows.append([f"{last:g}", str(n_audit), *told])
    return table(["recall climbs to", "audit", *RECALL_RULES.values()], rows)


TABLES = {
    "paper": paper,
    "false-stops": false_stops,
    "power": power,
    "labels": labels,
    "recall-false-stops": recall_false,
    "recall-power": recall_power,
}

if __name__ == "__main__":
    fill(Path(sys.argv[1]), Path(sys.argv[2]), TABLES)
