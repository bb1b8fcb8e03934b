"""
Draw the picture of docs/reference/estimation.md: python docs/images/coverage_limits.py benchmarks/results/coverage.json OUT.png.

Above, how often limits of 95 % hold; below, how wide they are. Of the scores whose targets are one in a thousand.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

Facts = dict[str, Any]

INK, FAINT = "#1f2d3d", "#7b8794"
METHODS = {
    "spectrove": ("spectrove", "#c2410c", "o"),
    "design": ("spectrove, from the design", "#c2410c", "o"),
    "monotone": ("spectrove, monotone", "#b7791f", "s"),
    "uniform": ("uniform sample", "#1d6fa5", "^"),
    "wald": ("normal approximation", "#6b7a8a", "x"),
    "ppi-python": ("ppi-python", "#7c4dbd", "D"),
    "confseq": ("confseq", "#2f855a", "v"),
}
"""What each is called, its color, and its mark, so that they are told apart without color, too."""

SCORES = ("calibrated", "over-confident", "shifted prior", "clump")
PANELS = (
    ("precision", "limits of precision", "width"),
    ("recall", "limits of recall", "width"),
    ("missed", "missed targets, at most", "limit"),
)
SIDE = 0.05
"""How far the marks of two methods stand apart, as the logarithm of the number of labels."""


def draw(found: Facts) -> Figure:
    """Return the picture of some results."""
    figure = Figure(figsize=(11, 6.4), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    panels = figure.subplots(2, len(PANELS), sharex=True, height_ratios=(1.25, 1.0))
    wanted = [one for one in found["scores"] if one["scores"] in SCORES]
    for column, (quantity, title, below) in enumerate(PANELS):
        nominal = 1 - found["missed_alpha"] if quantity == "missed" else found["level"]
        draw_coverage(panels[0, column], wanted, quantity, nominal)
        draw_widths(panels[1, column], wanted, quantity)
        panels[0, column].set_title(title, fontsize=10.5, color=INK)
        panels[1, column].set_ylabel(f"median {below}", fontsize=9, color=INK)
    panels[0, 0].set_ylabel("audits that hold the truth [%]", fontsize=9, color=INK)
    told = {}
    for axes in panels[0]:
        told |= dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    named = [title for title, _, _ in METHODS.values() if title in told]
    figure.legend([told[title] for title in named], named, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    for axes in panels[1]:
        axes.set_xlabel("labels of an audit", fontsize=9, color=INK)
    return figure


def places(quantity: str, wanted: list[Facts]) -> dict[str, float]:
    """Return by what factor each method's marks are moved to the side."""
    names = [name for name in METHODS if name in wanted[0]["audits"][0][quantity]]
    return {name: 10 ** (SIDE * (number - (len(names) - 1) / 2)) for number, name in enumerate(names)}


def draw_coverage(axes: Axes, wanted: list[Facts], quantity: str, nominal: float) -> None:
    """Draw a mark for each kind of scores, with the 95 % limits of the share."""
    axes.axhline(100 * nominal, color=INK, linewidth=0.9, linestyle="--")
    for name, factor in places(quantity, wanted).items():
        title, color, mark = METHODS[name]
        for number, one in enumerate(wanted):
            for audit in one["audits"]:
                of = audit[quantity][name]
                low, high = (100 * limit for limit in of["limits"])
                place = audit["labels"] * factor
                axes.plot([place, place], [low, high], color=color, linewidth=0.8, alpha=0.5)
                label = title if number == 0 and audit is one["audits"][0] else None
                axes.plot(place, 100 * of["n_covered"] / of["n"], mark, color=color, markersize=4, label=label, fillstyle="none")
    axes.set_ylim(80 if quantity == "precision" else -3, 100.7 if quantity == "precision" else 103)
    tidy(axes)


def draw_widths(axes: Axes, wanted: list[Facts], quantity: str) -> None:
    """Draw the widths, a line for each kind of scores."""
    for name, factor in places(quantity, wanted).items():
        _, color, mark = METHODS[name]
        for one in wanted:
            labels = [audit["labels"] * factor for audit in one["audits"]]
            widths = [audit[quantity][name]["width"] for audit in one["audits"]]
            axes.plot(labels, widths, color=color, marker=mark, markersize=4, linewidth=0.7, alpha=0.8, fillstyle="none")
    if quantity == "missed":
        axes.set_yscale("log")
        axes.set_ylim(bottom=10)
        truths = [one["n_missed"] for one in wanted]
        axes.axhspan(min(truths), max(truths), color=INK, alpha=0.15, linewidth=0)
        axes.annotate(
            "the truth", (0.98, max(truths)), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=8, color=INK
        )
    else:
        axes.set_ylim(0, 1.03)
    tidy(axes)


def tidy(axes: Axes) -> None:
    """Name the numbers of labels, and take away what tells nothing."""
    axes.set_xscale("log")
    axes.set_xticks([100, 300, 1000])
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(which="minor", bottom=False)
    axes.tick_params(colors=INK, labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))).savefig(sys.argv[2], dpi=110)
