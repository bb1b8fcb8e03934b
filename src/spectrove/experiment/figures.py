"""The report's figures: plain facts in, matplotlib figures out, drawn without a display and without global state."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from spectrove.experiment import published
from spectrove.experiment.phases import Facts
from spectrove.lines import H_ALPHA
from spectrove.report.drawing import FAINT, INK, OURS, PAPER, TRUTH, legend_below, new_figure, tidy
from spectrove.report.wording import in_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLORS = ("#1d6fa5", "#2f855a", "#7c4dbd", "#b7791f", "#0f8b8d", "#a8325e", "#5a6b7b", "#8c6d46")
"""Of the classical finders."""

NO_LIMIT = 1000
"""A bin that reaches so far is named by its lower limit alone."""

CHARACTERS = 125
"""How many letters of a heading stand side by side."""


def draw_iterations(iterations: Sequence[Facts], threshold: float) -> Figure:
    """
    Draw precision, estimated and true, and recall against the iteration, as the paper's Fig. 5 and beyond.

    Parameters
    ----------
    iterations : sequence of dict
        As of `spectrove.experiment.active.measure_iteration`.
    threshold : float
        The precision that the stopping rule asks for.

    Returns
    -------
    Figure
        Two panels.
    """
    figure = new_figure(5.4)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1.5, 1.0))
    active = [row for row in iterations if row["kind"] != "final"]
    asked = [row for row in active if row["estimate"] and row["estimate"]["estimate"] is not None]
    above.axhline(threshold, color=PAPER, linestyle="--", linewidth=1, label=f"threshold of the stopping rule, {threshold:g}")
    _line(above, active, "precision", TRUTH, "true, of all predicted targets left in the pool")
    points = np.array([[row["number"], *(row["estimate"][key] for key in ("estimate", "lower", "upper"))] for row in asked])
    if points.size:
        spread = np.abs(points[:, 1] - points[:, 2:].T)
        above.errorbar(
            points[:, 0], points[:, 1], spread, fmt="o", color=OURS, markersize=4, linewidth=1, capsize=2,
            label="estimated from the audit, with its limits of 95 %",
        )  # fmt: skip
    _line(below, active, "recall", TRUTH, "recall of visible targets, answers included")
    for panel, key in ((above, "precision"), (below, "recall")):
        for row in (row for row in iterations if row["kind"] == "final" and row[key]["value"] is not None):
            _point(panel, row["number"], row[key], "after the long training, true")
        if any(row["number"] >= published.LAST_ITERATION for row in iterations):
            panel.axvline(published.LAST_ITERATION, color=PAPER, linestyle=":", linewidth=1, label="the paper stopped here")
        panel.set_ylim(-0.03, 1.05)
    above.set_ylabel("precision")
    below.set_ylabel("recall")
    below.set_xlabel("iteration (0: trained on the labeled set alone)")
    below.xaxis.get_major_locator().set_params(integer=True)
    above.legend(loc="lower right", frameon=True, framealpha=0.9, edgecolor="none", fontsize=8)
    below.legend(loc="lower right", frameon=True, framealpha=0.9, edgecolor="none", fontsize=8)
    tidy(above, below)
    return figure


def _line(panel: Axes, rows: Sequence[Facts], key: str, color: str, label: str) -> None:
    known = [row for row in rows if row[key]["value"] is not None]
    numbers = [row["number"] for row in known]
    panel.plot(numbers, [row[key]["value"] for row in known], color=color, marker="s", markersize=3, linewidth=1.6, label=label)
    panel.fill_between(
        numbers, [row[key]["lower"] for row in known], [row[key]["upper"] for row in known], color=color, alpha=0.15, linewidth=0
    )


def _point(panel: Axes, place: float, share: Facts, label: str | None = None) -> None:
    spread = [[share["value"] - share["lower"]], [share["upper"] - share["value"]]]
    panel.errorbar(
        [place], [share["value"]], spread, fmt="D", color=INK, markersize=5, linewidth=1.2, capsize=3, label=label, zorder=4
    )


def draw_non_active(runs: Sequence[Facts], names: Sequence[str]) -> Figure:
    """
    Draw the precision of networks that were trained on the labeled set alone, beside the paper's Table A.1.

    Parameters
    ----------
    runs : sequence of dict
        As of `spectrove.experiment.non_active.NonActiveRun.judge`.
    names : sequence of str
        The target classes.

    Returns
    -------
    Figure
        A panel for each target class.
    """
    figure = new_figure(1.2 + 0.42 * max(len(runs), len(published.NON_ACTIVE)))
    panels = figure.subplots(1, len(names), sharey=True, sharex=True, squeeze=False)[0]
    for panel, name in zip(panels, names, strict=True):
        for place, run in enumerate(runs):
            ours = run["by_class"][name]
            if ours["estimate"] is not None:
                spread = [[ours["estimate"] - ours["lower"]], [ours["upper"] - ours["estimate"]]]
                label = "estimated from judged spectra, 95 %" if place == 0 else None
                panel.errorbar(
                    [ours["estimate"]], [place], xerr=spread, fmt="o", color=OURS, capsize=3, markersize=5, label=label
                )
            if ours["true"]["value"] is not None:
                label = "true" if place == 0 else None
                panel.plot(
                    ours["true"]["value"], place, marker="s", color=TRUTH, markersize=6, linestyle="none", mfc="none", label=label
                )
        for place, paper in enumerate(published.NON_ACTIVE):
            if name in paper:
                label = "the paper's estimate (Table A.1)" if place == 0 else None
                panel.plot(
                    paper[name][0] / 100, place + 0.22, marker="^", color=PAPER, linestyle="none", markersize=5, label=label
                )
        panel.set_title(f"predicted {name}", loc="left", color=INK)
        panel.set_xlabel("precision")
    largest = [
        ours[key] for run in runs for ours in run["by_class"].values() for key in ("upper", "estimate") if ours["estimate"]
    ]
    panels[0].set_xlim(0, min(1.0, 1.05 * max([0.05, *largest])))
    n_rows = max(len(runs), len(published.NON_ACTIVE))
    panels[0].set_yticks(range(n_rows), [f"run {place + 1}" for place in range(n_rows)])
    panels[0].set_ylim(n_rows - 0.4, -0.5)
    legend_below(figure, panels[0])
    tidy(*panels)
    return figure


def draw_recall(recall: Facts) -> Figure:
    """
    Draw the recall by kind of target, by S/N, and by visibility.

    Parameters
    ----------
    recall : dict
        As of `spectrove.experiment.measure.measure_recall`.

    Returns
    -------
    Figure
        Three panels.
    """
    kinds = recall["by_subtype"]
    figure = new_figure(max(4.2, 1.4 + 0.3 * len(kinds)))
    left, right = figure.subfigures(1, 2, width_ratios=(1.25, 1.0), squeeze=False)[0]
    panel = left.subplots()
    for place, kind in enumerate(kinds):
        for key, color, marker, shift in (("all", FAINT, "o", 0.16), ("visible", TRUTH, "s", -0.16)):
            share = kind[key]
            if share["value"] is not None:
                spread = [[share["value"] - share["lower"]], [share["upper"] - share["value"]]]
                label = {"all": "of all that emit", "visible": "of those in which one can see it"}[key] if place == 0 else None
                panel.errorbar(
                    [share["value"]], [place + shift], xerr=spread, fmt=marker, color=color, markersize=4, linewidth=1, capsize=2,
                    label=label,
                )  # fmt: skip
    told = [f"{kind['subtype']} ({kind['visible']['of']} of {kind['all']['of']} visible)" for kind in kinds]
    panel.set_yticks(range(len(kinds)), told, fontsize=8)
    panel.set_ylim(len(kinds) - 0.4, -0.6)
    panel.set_xlim(-0.03, 1.03)
    panel.set_xlabel("recall by kind of target")
    legend_below(left, panel)
    above, below = right.subplots(2, 1)
    _draw_bins(above, recall["by_snr"], "S/N of a pixel")
    _draw_bins(below, recall["by_visibility"], "visibility: peak / noise of a pixel")
    tidy(panel, above, below)
    return figure


def _draw_bins(panel: Axes, bins: Sequence[Facts], label: str) -> None:
    for place, share in enumerate(bins):
        spread = [[share["value"] - share["lower"]], [share["upper"] - share["value"]]]
        panel.errorbar([place], [share["value"]], spread, fmt="s", color=TRUTH, markersize=4, linewidth=1, capsize=2)
        panel.text(place, 1.06, f"{share['of']}", ha="center", fontsize=7.5, color=FAINT)
    panel.set_xticks(range(len(bins)), [_bin(share) for share in bins], fontsize=7.5)
    panel.set_xlim(-0.6, max(len(bins), 1) - 0.4)
    panel.set_ylim(-0.03, 1.16)
    panel.set_yticks([0, 0.25, 0.5, 0.75, 1])
    panel.set_ylabel("recall")
    panel.set_xlabel(f"{label} (above: targets)", fontsize=8.5)


def _bin(share: Facts) -> str:
    return f"≥ {share['from']:g}" if share["to"] >= NO_LIMIT else f"{share['from']:g}–{share['to']:g}"


def draw_finders(finders: Facts) -> Figure:
    """
    Draw precision against recall of the classical finders and of the network.

    Parameters
    ----------
    finders : dict
        As of `spectrove.experiment.finders.compare`.

    Returns
    -------
    Figure
        One panel.
    """
    figure = new_figure(4.4)
    panel = figure.subplots()
    classical = [row for row in finders["rows"] if row["name"] not in {"network", "search"}]
    styles = {row["name"]: (COLORS[place % len(COLORS)], 1.3) for place, row in enumerate(classical)}
    for row in finders["rows"]:
        color, width = styles.get(row["name"], (OURS, 2.4))
        if row["name"] == "search":
            continue
        curve = finders["curves"][row["name"]]
        panel.plot(curve["recall"], curve["precision"], color=color, linewidth=width, label=row["name"])
        if row["precision"]["value"] is not None:
            panel.plot(row["recall"]["value"], row["precision"]["value"], marker="o", markersize=5, color=color)
    used = next(row for row in finders["rows"] if row["name"] == "search")
    if used["precision"]["value"] is not None and used["recall"]["value"] is not None:
        x, y = used["recall"], used["precision"]
        panel.errorbar(
            [x["value"]], [y["value"]], [[y["value"] - y["lower"]], [y["upper"] - y["value"]]],
            [[x["value"] - x["lower"]], [x["upper"] - x["value"]]], fmt="*", color=INK, markersize=12, capsize=2,
            label="active search as it was used", zorder=5,
        )  # fmt: skip
    panel.set_xlim(-0.02, 1.02)
    panel.set_ylim(-0.02, 1.05)
    panel.set_xlabel("recall of visible targets")
    panel.set_ylabel("precision")
    panel.legend(
        loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=8.5, title="dots: best F1", title_fontsize=8.5
    )
    tidy(panel)
    return figure


def draw_examples(examples: Facts) -> Figure:
    """
    Draw spectra that were found, falsely found and missed.

    Parameters
    ----------
    examples : dict
        As of `spectrove.experiment.examples.choose_examples`.

    Returns
    -------
    Figure
        A row for each group.
    """
    groups = [group for group in examples["groups"] if group["spectra"]]
    n_columns = max(len(group["spectra"]) for group in groups)
    figure = new_figure(1.85 * len(groups))
    wave = np.array(examples["wave"])
    bands = figure.subfigures(len(groups), 1, squeeze=False)[:, 0]
    for band, group in zip(bands, groups, strict=True):
        band.suptitle(f"{group['title']}: {len(group['spectra'])} of {group['n']}", fontsize=9.5, color=INK, x=0.01, ha="left")
        panels = band.subplots(1, n_columns, sharey=True, squeeze=False)[0]
        for panel, spectrum in zip(panels, group["spectra"], strict=False):
            panel.axvline(H_ALPHA.wave, color=PAPER, linewidth=0.7, linestyle=":")
            panel.plot(wave, spectrum["flux"], color=INK, linewidth=0.7, drawstyle="steps-mid")
            snr = "" if spectrum["snr"] is None else f", S/N {spectrum['snr']:.0f}"
            panel.set_title(f"{spectrum['subtype']}{snr}\np = {spectrum['probability']:.3f}", fontsize=7, color=INK)
        for panel in panels:
            panel.set_yticks([])
            panel.set_xticks([6550, 6650])
            panel.tick_params(labelsize=6.5)
        for panel in panels[len(group["spectra"]) :]:
            panel.set_axis_off()
    return figure


def draw_times(parts: Sequence[tuple[str, float]]) -> Figure:
    """
    Draw how long the parts of the experiment took.

    Parameters
    ----------
    parts : sequence of (str, float)
        Name and seconds of each.

    Returns
    -------
    Figure
        One panel.
    """
    figure = new_figure(0.9 + 0.27 * len(parts))
    panel = figure.subplots()
    panel.barh(range(len(parts)), [seconds for _, seconds in parts], color=PAPER, height=0.6)
    for place, (_, seconds) in enumerate(parts):
        panel.text(seconds, place, f" {in_words(seconds)}", va="center", fontsize=8, color=INK)
    panel.set_yticks(range(len(parts)), [name for name, _ in parts], fontsize=8.5)
    panel.set_ylim(len(parts) - 0.4, -0.6)
    panel.set_xlim(0, 1.15 * max([seconds for _, seconds in parts], default=1))
    panel.set_xlabel("wall time [s]")
    tidy(panel)
    return figure


def draw_table(title: str, note: str, header: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]) -> Figure:
    """
    Draw a table, for the PDF.

    Parameters
    ----------
    title : str
        What it shows.
    note : str
        Sample, interval and assumptions, in words.
    header : sequence of str
        Names of the columns.
    rows : sequence of sequence of str
        The cells.
    widths : sequence of int
        Characters in a line of each column; longer texts are broken.

    Returns
    -------
    Figure
        A page.
    """
    cells = [[textwrap.wrap(text, width) or [""] for text, width in zip(row, widths, strict=True)] for row in (header, *rows)]
    heights = [max(len(cell) for cell in row) for row in cells]
    line, gap = 0.165, 0.09
    bottom = sum(heights) * line + len(heights) * gap
    figure = new_figure(bottom + 0.2)
    panel = figure.subplots()
    panel.set_axis_off()
    panel.set_xlim(0, sum(widths))
    panel.set_ylim(bottom, 0)
    set_heading(figure, title, note)
    starts = np.concatenate([[0], np.cumsum(widths)[:-1]])
    place = 0.0
    for number, (row, height) in enumerate(zip(cells, heights, strict=True)):
        for start, text in zip(starts, row, strict=True):
            weight = "bold" if number == 0 else "normal"
            panel.text(start, place + gap / 2, "\n".join(text), va="top", fontsize=7.5, color=INK, fontweight=weight)
        place += height * line + gap
        panel.axhline(place, color=FAINT, linewidth=1.0 if number == 0 else 0.3)
    return figure


def set_heading(figure: Figure, title: str, note: str) -> None:
    """
    Write a title and what is to be said of it above a figure, which grows by as much.

    Parameters
    ----------
    figure : Figure
        The figure.
    title : str
        Its title.
    note : str
        A few sentences.
    """
    lines = textwrap.wrap(note, CHARACTERS)
    figure.set_figheight(figure.get_figheight() + 0.5 + 0.16 * len(lines))
    figure.suptitle("\n".join([title, *lines]), fontsize=9, color=INK, x=0.01, ha="left")
