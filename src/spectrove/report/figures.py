"""The report's figures: plain facts in, matplotlib figures out, drawn without a display and without global state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from spectrove.lines import H_ALPHA
from spectrove.report.answers import ARMS
from spectrove.report.drawing import FAINT, INK, OURS, PAPER, TRUTH, legend_below, new_figure, tidy
from spectrove.report.wording import Facts
from spectrove.simulate.completeness import CompletenessMap, completeness_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ARM_STYLES = ((OURS, "o", -0.12), (PAPER, "s", 0.0), (TRUTH, "^", 0.12))
"""Color, marker and shift of queries, of the audit of predicted targets, and of that of others."""

IN_A_ROW = 2
"""Cells of the confusion matrix whose examples stand side by side."""


def draw_rounds(iterations: Sequence[Facts], goals: Facts) -> Figure:
    """
    Draw precision and recall with their limits against the iteration.

    Parameters
    ----------
    iterations : sequence of dict
        As of `spectrove.report.estimates.iteration_facts`, those whose audit is closed.
    goals : dict
        Goals of the stopping rule for ``precision`` and ``recall``.

    Returns
    -------
    Figure
        Two panels; one if nothing is known of the recall.
    """
    has_recall = any(row["recall"] is not None for row in iterations)
    figure = new_figure(5.8 if has_recall else 3.4)
    panels = figure.subplots(2 if has_recall else 1, 1, sharex=True, squeeze=False)[:, 0]
    for panel, name in zip(panels, ("precision", "recall"), strict=False):
        known = [row for row in iterations if row[name] is not None]
        _limits(panel, known, name)
        for goal in goals[name]:
            panel.axhline(goal, color=PAPER, linestyle="--", linewidth=1, label="goal of the stopping rule")
        panel.set_ylim(-0.03, 1.05)
        panel.set_ylabel(name)
    if has_recall:
        known = [row for row in iterations if row["recall"] is not None]
        panels[1].plot(
            [row["number"] for row in known], [row["recall"]["monotone_lower"] for row in known], marker="^", color=TRUTH,
            linestyle=":", linewidth=1, markersize=5, label="lower limit of the recall under a monotone score",
        )  # fmt: skip
    panels[-1].set_xlabel("iteration")
    _iterations(panels[-1], [row["number"] for row in iterations])
    legend_below(figure, *panels)
    tidy(*panels)
    return figure


def _limits(panel: Axes, rows: Sequence[Facts], name: str) -> None:
    numbers = [row["number"] for row in rows]
    panel.vlines(
        numbers, [row[name]["lower"] for row in rows], [row[name]["upper"] for row in rows], color=OURS, linewidth=1.4,
        label="limits, each of its iteration",
    )  # fmt: skip
    told = [row for row in rows if row[name]["estimate"] is not None]
    panel.plot(
        [row["number"] for row in told], [row[name]["estimate"] for row in told], marker="o", color=OURS, linestyle="none",
        markersize=5, label="estimate",
    )  # fmt: skip
    panel.plot(
        numbers, [row[name]["lower_over_all_looks"] for row in rows], marker="_", color=INK, linestyle="none", markersize=9,
        label="lower limit over all looks together",
    )  # fmt: skip


def _iterations(panel: Axes, numbers: Sequence[int]) -> None:
    from matplotlib.ticker import MaxNLocator

    panel.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    panel.set_xlim(min(numbers) - 0.5, max(numbers) + 0.5)


def draw_yields(yields: Sequence[Facts]) -> Figure:
    """
    Draw the targets that a label brought, for each kind of question.

    Parameters
    ----------
    yields : sequence of dict
        As of `spectrove.report.answers.yield_facts`.

    Returns
    -------
    Figure
        One panel.
    """
    figure = new_figure(3.0)
    panel = figure.subplots()
    for name, (color, marker, shift) in zip(ARMS, ARM_STYLES, strict=True):
        known = [
            (row["iteration"] + shift, row["arms"][name]["share"]) for row in yields if row["arms"][name]["share"] is not None
        ]
        if known:
            places, shares = zip(*known, strict=True)
            panel.plot(places, shares, color=color, marker=marker, markersize=5, linewidth=1, label=name)
    panel.set_ylim(-0.03, 1.05)
    panel.set_ylabel("targets per label")
    panel.set_xlabel("iteration")
    _iterations(panel, [row["iteration"] for row in yields])
    legend_below(figure, panel)
    tidy(panel)
    return figure


def draw_reliability(calibration: Facts) -> Figure:
    """
    Draw how often predicted targets are targets, by the predicted probability.

    Parameters
    ----------
    calibration : dict
        As of `spectrove.report.reliabilities.calibration_facts`.

    Returns
    -------
    Figure
        One panel, or two: before and after the correction of the prior.
    """
    kinds = [name for name in ("before", "after") if calibration[name] is not None]
    figure = new_figure(4.1, 4.5 * len(kinds))
    panels = figure.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
    titles = {"before": "as predicted", "after": "after the correction of the prior"}
    for panel, name in zip(panels, kinds, strict=True):
        known = [one for one in calibration[name]["bins"] if one["observed"] is not None]
        panel.plot([0, 1], [0, 1], color=FAINT, linestyle="--", linewidth=1, label="perfect")
        places = np.array([one["mean_probability"] for one in known])
        panel.vlines(places, [one["lower"] for one in known], [one["upper"] for one in known], color=OURS, linewidth=1.4)
        panel.plot(
            places, [one["observed"] for one in known], color=OURS, marker="o", markersize=5, linewidth=1, label="observed"
        )
        for one in known:
            panel.annotate(
                f"{one['n_sampled']}", (one["mean_probability"], one["observed"]), xytext=(4, 5), textcoords="offset points",
                fontsize=7, color=INK,
            )  # fmt: skip
        panel.set_title(titles[name], loc="left")
        panel.set_xlim(-0.03, 1.05)
        panel.set_ylim(-0.03, 1.05)
        panel.set_xlabel("predicted probability of being a target")
    panels[0].set_ylabel("share of targets")
    legend_below(figure, panels[0])
    tidy(*panels)
    return figure


def draw_examples(examples: Facts) -> Figure:
    """
    Draw a few spectra of each cell of the confusion matrix.

    Parameters
    ----------
    examples : dict
        As of `spectrove.report.answers.example_facts`.

    Returns
    -------
    Figure
        Cells side by side, the spectra of each in a row.
    """
    cells, wave = examples["cells"], np.array(examples["wave"])
    most = max(len(cell["spectra"]) for cell in cells)
    n_rows = -(-len(cells) // IN_A_ROW)
    figure = new_figure(1.55 * n_rows)
    bands = figure.subfigures(n_rows, IN_A_ROW, squeeze=False).ravel()
    for band, cell in zip(bands, cells, strict=False):
        title = f"predicted {cell['predicted']}, labeled {cell['actual']}: {len(cell['spectra'])} of {cell['n']}"
        band.suptitle(title, fontsize=7.5, color=INK, x=0.02, ha="left", parse_math=False)
        panels = band.subplots(1, most, sharey=True, squeeze=False)[0]
        for panel, spectrum in zip(panels, cell["spectra"], strict=False):
            if wave[0] < H_ALPHA.wave < wave[-1]:
                panel.axvline(H_ALPHA.wave, color=PAPER, linewidth=0.7, linestyle=":")
            panel.plot(wave, spectrum["flux"], color=INK, linewidth=0.7, drawstyle="steps-mid")
            panel.set_title(f"p = {spectrum['probability']:.3f}", fontsize=6.5, color=INK)
        for panel in panels:
            panel.set_yticks([])
            panel.set_xticks([round(float(wave[0] + share * (wave[-1] - wave[0])), -1) for share in (0.2, 0.8)])
            panel.tick_params(labelsize=6)
        for panel in panels[len(cell["spectra"]) :]:
            panel.set_axis_off()
    return figure


def draw_map(cells: Facts) -> Figure:
    """
    Draw the share of injected lines that were found, by S/N and equivalent width.

    Parameters
    ----------
    cells : dict
        As of `spectrove.report.recovery.recovery_facts`.

    Returns
    -------
    Figure
        One panel.
    """
    arrays = {name: np.array(cells[name]) for name in ("snr_edges", "ew_edges", "n_injected", "n_found", "lower", "upper")}
    return completeness_figure(CompletenessMap(**arrays, level=cells["level"]))


def draw_times(pace: Facts) -> Figure:
    """
    Draw how long labels took.

    Parameters
    ----------
    pace : dict
        As of `spectrove.report.facts.gather`.

    Returns
    -------
    Figure
        One panel.
    """
    figure = new_figure(2.6)
    panel = figure.subplots()
    edges = pace["histogram"]["edges"]
    panel.stairs(pace["histogram"]["n"], edges, fill=True, color=PAPER, alpha=0.7)
    panel.axvline(pace["median"], color=INK, linestyle="--", linewidth=1)
    panel.set_xlim(0, edges[-1])
    panel.set_xlabel("time from an answer to the next [s]")
    panel.set_ylabel("labels")
    tidy(panel)
    return figure
