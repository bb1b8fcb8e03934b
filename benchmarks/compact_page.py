"""
The tables of docs/reference/compact-network.md, from the JSON of `benchmarks/compact_accuracy.py`.

    python benchmarks/compact_page.py benchmarks/results/compact-accuracy.json docs/reference/compact-network.md
"""

from __future__ import annotations

import statistics
import sys
from functools import partial
from pathlib import Path
from typing import Any

from page_tables import fill, table

Facts = dict[str, Any]

QUANTITIES = {
    "precision": ("precision of the predicted targets", 3),
    "recall": ("recall of visible targets", 3),
    "f1": ("F1", 3),
    "average_precision": ("average precision", 3),
    "cross_entropy": ("cross-entropy, nats a spectrum", 5),
    "errors": ("spectra with a wrong class", 1),
}


TRAINED_ON = {"drawn": "drawn at random", "asked": "answers of the search"}


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}".replace("-", "−")


def _signed(value: float, digits: int) -> str:
    return f"{value:+.{digits}f}".replace("-", "−")


def _limits(pair: list[float], digits: int) -> str:
    return f"{_signed(pair[0], digits)} to {_signed(pair[1], digits)}"


def networks(labels: str, found: Facts) -> str:
    """Return both networks' figures with their paired differences, trained on one kind of labels."""
    rows = []
    for row in found["networks"][labels]["quantities"]:
        title, digits = QUANTITIES[row["quantity"]]
        each = [
            f"{_number(statistics.fmean(row[name]), digits)} ({', '.join(_number(value, digits) for value in row[name])})"
            for name in ("compact", "paper-2020")
        ]
        limits = [_limits(row[kind], digits) for kind in ("bootstrap", "over_seeds")]
        rows.append([title, *each, _signed(row["difference"], digits), *limits])
    head = ["mean (each seed)", "`compact`", "`paper-2020`", "difference", "95 %, other objects", "95 %, other surveys"]
    return table(head, rows)


def disagreements(found: Facts) -> str:
    """Return who alone errs."""
    rows = [
        [
            TRAINED_ON[labels],
            str(row["seed"]),
            *(f"{row[kind]:,}" for kind in ("both", "compact", "paper-2020")),
            f"{row['p']:.2g}",
        ]
        for labels, part in found["networks"].items()
        for row in part["mcnemar"]
    ]
    return table(["trained on", "seed", "both wrong", "`compact` alone", "`paper-2020` alone", "McNemar's p"], rows)


def trainings(found: Facts) -> str:
    """Return how the trainings went."""
    rows = []
    for labels, part in found["networks"].items():
        for name, row in part["trainings"].items():
            epochs = ", ".join(str(number) for number in row["n_epochs"])
            balanced = f"{row['n_balanced']:,.0f}"
            each = row["average_precision"]
            spread = f"{_number(each[0], 3)} to {_number(each[-1], 3)}, {len(each)} trainings"
            facts = [balanced, epochs, f"{row['loss']:.4f}", f"{row['seconds']:.0f}", spread]
            rows.append([TRAINED_ON[labels], f"`{name}`", *facts])
    head = ["trained on", "network", "examples, balanced", "epochs", "loss, nats", "seconds of one core", "average precision"]
    return table(head, rows)


def starts(found: Facts) -> str:
    """Return warm starts beside cold ones."""
    rows = []
    for part in found["starts"]:
        seconds = [part["trainings"][kind]["seconds"] for kind in ("cold", "warm")]
        for row in part["quantities"]:
            if row["quantity"] in ("precision", "recall", "f1", "average_precision"):
                title, digits = QUANTITIES[row["quantity"]]
                each = [_number(statistics.fmean(row[kind]), digits) for kind in ("cold", "warm")]
                limits = [_limits(row[kind], digits) for kind in ("bootstrap", "over_seeds")]
                rows.append([str(part["round"]), title, *each, _signed(row["difference"], digits), *limits])
        rows.append([str(part["round"]), "seconds of one core", *(f"{value:.1f}" for value in seconds), "", "", ""])
    return table(["round", "", "cold", "warm", "difference", "95 %, other objects", "95 %, other surveys"], rows)


TABLES = {
    "networks-drawn": partial(networks, "drawn"),
    "networks-asked": partial(networks, "asked"),
    "disagreements": disagreements,
    "trainings": trainings,
    "starts": starts,
}


if __name__ == "__main__":
    fill(Path(sys.argv[1]), Path(sys.argv[2]), TABLES)
