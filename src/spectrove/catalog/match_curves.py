"""The picture of matches against the radius, beside what chance makes of as many positions."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from spectrove.catalog.chance import MatchCurve
from spectrove.catalog.pages import Curve
from spectrove.storage import atomic_path, make_directory

FOLDER = "figures"
STYLE: Any = {"svg.hashsalt": "spectrove", "svg.fonttype": "path", "font.size": 9}
"""The salt makes the same curve the same bytes."""

MATCHED, CHANCE, INK = "#c2410c", "#1d6fa5", "#1f2d3d"
"""Told apart by the form of the lines, too."""


def write_curve(directory: Path, curve: MatchCurve, name: str) -> Curve:
    """
    Write the picture of one catalog's matches.

    Parameters
    ----------
    directory : Path
        The catalog's folder.
    curve : MatchCurve
        Matches and what chance makes, by radius.
    name : str
        What the other catalog is called.

    Returns
    -------
    Curve
        Where it lies, and what is to be seen.

    Raises
    ------
    StorageError
        If the disk is full or cannot be written.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    make_directory(directory / FOLDER)
    plain = name.replace("$", r"\$")  # no formula
    stem = re.sub(r"[^A-Za-z0-9-]+", "-", name).strip("-").lower() or "catalog"
    path = f"{FOLDER}/matches-{stem}.svg"
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.0, 3.6), layout="constrained", facecolor="white")
        FigureCanvasAgg(figure)
        panel = figure.add_subplot()
        panel.plot(curve.radii, curve.matches, color=MATCHED, marker="o", markersize=3, linewidth=1.4, label=f"found in {plain}")
        panel.plot(curve.radii, curve.expected, color=CHANCE, linestyle="--", linewidth=1.4, label="expected by chance")
        if np.any(curve.high > curve.low):
            panel.fill_between(
                curve.radii, curve.low, curve.high, color=CHANCE, alpha=0.2, linewidth=0, label="range of the shifts"
            )
        if curve.knee is not None:
            panel.axvline(curve.knee, color=INK, linewidth=0.8, linestyle=":", label=f"knee: {curve.knee:g}″")
        panel.set(xscale="log", xlabel="radius [″]", ylabel=f"candidates with a match, of {curve.n_positions:,}", ylim=(0, None))
        panel.set_xticks([1, 5, 10, 20, 60, 180, 300], ["1", "5", "10", "20", "60", "180", "300"])
        panel.set_xlim(curve.radii[0], curve.radii[-1])
        panel.minorticks_off()
        panel.spines[["top", "right"]].set_visible(False)
        panel.legend(frameon=False, loc="upper left")
        with atomic_path(directory / path) as temporary, temporary.open("wb") as file:
            figure.savefig(file, format="svg", metadata={"Date": None})
    return Curve(path, caption_of(curve, name))


def caption_of(curve: MatchCurve, name: str) -> str:
    """
    Return what the picture shows, in words.

    Parameters
    ----------
    curve : MatchCurve
        Matches and what chance makes, by radius.
    name : str
        What the other catalog is called.

    Returns
    -------
    str
        Two sentences.
    """
    last = int(curve.radii.size - 1)
    told = (
        f"{name}: of {curve.n_positions:,} candidates, {curve.matches[last]:,} have an object within {curve.radii[last]:g}″, "
        f"where chance makes {curve.expected[last]:,.1f}."
    )
    if curve.knee is None:
        return f"{told} At no radius there are more matches than chance makes."
    at = int(np.flatnonzero(curve.radii == curve.knee)[0])
    return (
        f"{told} The knee is at {curve.knee:g}″: {curve.matches[at]:,} matches, {curve.expected[at]:,.1f} of them expected "
        "by chance; what lies farther off is more probably chance."
    )
