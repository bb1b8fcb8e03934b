"""
The tables and the figure of docs/reference/honest-campaigns.md, from the JSON of `honest_campaigns.py`.

    python benchmarks/honest_page.py benchmarks/results/honest-campaigns.json docs/reference/honest-campaigns.md \
        docs/images/honest-campaigns.png
"""

from __future__ import annotations

import itertools
import json
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from page_tables import fill, table
from scipy.stats import t

from spectrove.evaluate import clopper_pearson

Facts = dict[str, Any]

LEVEL = 0.95
SHOWN = 3
"""Campaigns in the figure and in the table of rounds: one of each of the first surveys."""

KINDS = [
    ("precision, 30 a round", "ours", "precision", "lower"),
    ("recall, 30 a round", "ours", "recall", "lower"),
    ("recall, 30 a round, monotone lower limit", "ours", "recall", "monotone_lower"),
    ("precision, 300 a round", "thorough", "precision", "lower"),
    ("recall, 300 a round", "thorough", "recall", "lower"),
    ("recall, 300 a round, monotone lower limit", "thorough", "recall", "monotone_lower"),
    ("precision, the paper's audits of 30", "paper", "precision", "lower"),
]
"""Intervals that are counted: their words, protocol, quantity, and which lower limit."""

PANELS = (("ours", "precision"), ("ours", "recall"), ("thorough", "precision"), ("thorough", "recall"))
"""Rows of the figure."""

SIZES = {"ours": 30, "thorough": 300}

CLASSES = {"": "targets", "single-peak": "single peak", "double-peak": "double peak"}
INK, OURS, MONOTONE, TRUTH = "#1f2d3d", "#1f5fa8", "#6b7a8a", "#d1451b"

MEASURES: dict[str, tuple[str, Callable[[Facts], float], int]] = {
    "unseen-ap": ("average precision, another survey", lambda final: final["unseen"]["average_precision"], 3),
    "unseen-f1": ("F1, another survey", lambda final: final["unseen"]["f1"], 3),
    "unseen-errors": ("wrong classes, another survey", lambda final: final["unseen"]["errors"], 1),
    "common-ap": ("average precision, spectra that neither asked about", lambda final: final["common"]["average_precision"], 3),
    "common-f1": ("F1, spectra that neither asked about", lambda final: final["common"]["f1"], 3),
    "common-errors": ("wrong classes, spectra that neither asked about", lambda final: final["common"]["errors"], 1),
    "list-recall": ("recall of the list, answers included", lambda final: final["list"]["recall"]["value"], 3),
    "list-precision": ("precision of the list, answers included", lambda final: final["list"]["precision"]["value"], 3),
}
"""What the protocols are compared by: its words, where it stands, and how many digits it is told with."""


def searches_of(found: Facts, protocol: str) -> list[Facts]:
    """Return the searches by one protocol, in the order of survey and seed."""
    chosen = [search for search in found["searches"] if search["protocol"] == protocol]
    return sorted(chosen, key=lambda search: (search["seed"], search["survey"]))


def _said(found: Facts, protocol: str, quantity: str, name: str) -> Iterator[Facts]:
    for search in searches_of(found, protocol):
        for row in search["rounds"]:
            if row[quantity] and row[quantity][name]["truth"] is not None:
                yield row[quantity][name]


def is_inside(said: Facts, lower: str = "lower") -> bool:
    """Return whether the truth lies within the limits; a rounding error does not put it outside."""
    return bool(said[lower] - 1e-6 <= said["truth"] <= said["upper"] + 1e-6)


def inside(found: Facts) -> str:
    """Return how often the truth was inside the printed limits."""
    rows = []
    for title, protocol, quantity, lower in KINDS:
        for name, words in CLASSES.items():
            said = list(_said(found, protocol, quantity, name))
            n = sum(is_inside(one, lower) for one in said)
            limits = clopper_pearson(n, len(said), LEVEL)
            width = statistics.median(one["upper"] - one[lower] for one in said)
            shares = f"{n / len(said):.3f} ({limits[0]:.3f} to {limits[1]:.3f})"
            rows.append([title, words, f"{n} of {len(said)}", shares, f"{width:.2f}"])
    return table(["interval of 95 %", "of", "rounds with the truth inside", "share (95 %)", "median width"], rows)


def assumption(found: Facts) -> str:
    """Return how often the monotone assumption was true of the strata."""
    searches = [*searches_of(found, "ours"), *searches_of(found, "thorough")]
    rounds = [row["shares"] for search in searches for row in search["rounds"]]
    holds = sum(falls(shares) for shares in rounds)
    return f"The share of targets did not rise from a stratum to the next in {holds} of {len(rounds)} rounds."


def falls(shares: Sequence[Facts]) -> bool:
    """Return whether the share of targets never rises down the strata."""
    values = [stratum["n_targets"] / stratum["n_spectra"] for stratum in shares if stratum["n_spectra"]]
    return all(above >= below for above, below in itertools.pairwise(values))


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _interval(said: Facts, lower: str = "lower") -> str:
    if said["truth"] is None:
        return "–"
    estimate = _number(said["estimate"], 2)
    mark = "" if is_inside(said, lower) else " **outside**"
    return f"{estimate} ({said[lower]:.2f} to {said['upper']:.2f}){mark}"


def rounds(found: Facts) -> str:
    """Return the rounds of some campaigns with the larger audits."""
    rows = []
    for search in searches_of(found, "thorough")[:SHOWN]:
        for row in search["rounds"]:
            precision, recall = row["precision"][""], row["recall"][""]
            true = _number(precision["truth"], 3)
            missed = f"{recall['missed']}; {recall['missed_upper']:,.0f}; {recall['missed_monotone_upper']:,.0f}"
            recalls = [_number(recall["truth"], 3), _interval(recall), f"{recall['monotone_lower']:.2f}"]
            rows.append(
                [str(search["survey"]), str(row["round"]), str(row["n_answers"]), true, _interval(precision), *recalls, missed]
            )
    head = ["survey", "round", "answers before", "precision, true", "printed", "recall, true", "printed", "at least, if monotone"]
    return table([*head, "missed: true; at most; at most, if monotone"], rows)


def differences(
    found: Facts, measure: Callable[[Facts], float], part: str = "final"
) -> tuple[list[float], list[float], list[float]]:
    """Return both protocols' means and the differences, ours minus the paper's, one of each survey."""
    values: dict[str, dict[int, list[float]]] = {"ours": {}, "paper": {}}
    for protocol, by_survey in values.items():
        for search in searches_of(found, protocol):
            by_survey.setdefault(search["survey"], []).append(measure(search[part]))
    means = {
        protocol: [statistics.fmean(by_survey[survey]) for survey in sorted(by_survey)] for protocol, by_survey in values.items()
    }
    return means["paper"], means["ours"], [one - other for one, other in zip(means["ours"], means["paper"], strict=True)]


def limits_of_mean(values: Sequence[float]) -> tuple[float, float]:
    """Return Student's limits of the mean."""
    half = t.ppf((1 + LEVEL) / 2, len(values) - 1) * statistics.stdev(values) / np.sqrt(len(values))
    return statistics.fmean(values) - half, statistics.fmean(values) + half


def protocols(found: Facts) -> str:
    """Return what the protocols' final networks and lists are worth beside each other."""
    rows = []
    for words, measure, digits in MEASURES.values():
        paper, ours, apart = differences(found, measure)
        low, high = limits_of_mean(apart)
        each = ", ".join(_signed(value, digits) for value in apart)
        told = [f"{statistics.fmean(values):.{digits}f}" for values in (paper, ours)]
        limits = f"{_signed(low, digits)} to {_signed(high, digits)}"
        rows.append([words, *told, _signed(statistics.fmean(apart), digits), limits, each])
    return table(["mean over the surveys", "paper's", "ours", "difference", "95 %, other surveys", "survey by survey"], rows)


def by_round(found: Facts) -> str:
    """Return the true precision of the predicted targets, round by round."""
    n_rounds = min(len(search["rounds"]) for protocol in ("paper", "ours") for search in searches_of(found, protocol))
    rows = []
    for number in range(n_rounds):
        told = differences(found, lambda rounds, number=number: rounds[number]["precision"][""]["truth"], "rounds")
        low, high = limits_of_mean(told[2])
        means = [f"{statistics.fmean(values):.3f}" for values in told[:2]]
        rows.append([str(number), *means, _signed(statistics.fmean(told[2]), 3), f"{_signed(low, 3)} to {_signed(high, 3)}"])
    return table(["round", "paper's", "ours", "difference", "95 %, other surveys"], rows)


def answers(found: Facts) -> str:
    """Return how many answers each search took."""
    rows = []
    for one, other in zip(searches_of(found, "paper"), searches_of(found, "ours"), strict=True):
        facts = [f"{search['final'][key]:,}" for search in (one, other) for key in ("n_answers", "n_examples")]
        rows.append([str(one["survey"]), str(one["seed"]), *facts])
    return table(["survey", "seed", "paper's: answers", "examples", "ours: answers", "examples"], rows)


def _signed(value: float, digits: int) -> str:
    return f"{value:+.{digits}f}".replace("-", "−")


TABLES = {
    "inside": inside,
    "assumption": assumption,
    "rounds": rounds,
    "by-round": by_round,
    "protocols": protocols,
    "answers": answers,
}


def draw(found: Facts, path: Path) -> None:
    """Draw the printed intervals and the truth of some campaigns, round by round."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    figure = Figure(figsize=(11, 10), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    panels = figure.subplots(len(PANELS), SHOWN, sharex=True, sharey=True, squeeze=False)
    for line, (protocol, quantity) in zip(panels, PANELS, strict=True):
        for panel, search in zip(line, searches_of(found, protocol)[:SHOWN], strict=False):
            _draw_rounds(panel, [row[quantity][""] for row in search["rounds"]])
            panel.set_title(f"survey {search['survey']}", fontsize=9, color=INK)
        line[0].set_ylabel(f"{quantity}, audits of {SIZES[protocol]}", fontsize=10, color=INK)
    figure.legend(*panels[1, 0].get_legend_handles_labels(), loc="outside upper center", ncols=4, fontsize=8, frameon=False)
    figure.supxlabel("round", fontsize=10)
    figure.savefig(path, dpi=90)
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(32).save(path, optimize=True)


def _draw_rounds(panel: Any, rows: Sequence[Facts]) -> None:
    known = [(number, one) for number, one in enumerate(rows) if one["truth"] is not None]
    at, said = np.array([number for number, _ in known]), [one for _, one in known]
    low, high = ([one[name] for one in said] for name in ("lower", "upper"))
    panel.vlines(at, low, high, color=OURS, linewidth=5, alpha=0.35, label="95 %, by the design alone")
    if "monotone_lower" in said[0]:
        limits = [one["monotone_lower"] for one in said]
        panel.hlines(limits, at - 0.25, at + 0.25, color=MONOTONE, linewidth=1.5, label="at least, if the score is monotone")
    estimates = [np.nan if one["estimate"] is None else one["estimate"] for one in said]
    panel.plot(at, estimates, "o", color=OURS, markersize=4, label="estimate")
    panel.plot(at, [one["truth"] for one in said], color=TRUTH, linewidth=1.2, marker="_", markersize=11, label="truth")
    panel.set_ylim(-0.02, 1.02)
    panel.set_xticks(range(len(rows)))
    panel.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    fill(Path(sys.argv[1]), Path(sys.argv[2]), TABLES)
    if len(sys.argv) > 3:
        draw(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[3]))
