"""The figures of docs/reference/realism.md: pairs of spectra, medians by type, and where a classifier looks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from realism_samples import Side

from spectrove.preprocess import recipe
from spectrove.simulate.realism import WINDOW

INK, REAL, SIMULATED = "#1f2d3d", "#1f5fa8", "#d1451b"
RECIPE = recipe("halpha-2020")
N_ROWS, N_COLUMNS = 9, 4


def _figure(width: float, height: float) -> Figure:
    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _save(figure: Figure, path: Path) -> None:
    """Write a picture of few colors, small enough for a repository."""
    from PIL import Image

    figure.savefig(path, dpi=80)
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(32).save(path, optimize=True)
    print(f"wrote {path} ({path.stat().st_size // 1024} kB)")


def _plot(panel: Axes, side: Side, row: int, color: str, text: str) -> None:
    inside = (side.sample.wave >= WINDOW[0]) & (side.sample.wave <= WINDOW[1])
    panel.plot(side.sample.wave[inside], side.sample.flux[row, inside], color=color, linewidth=0.8)
    panel.margins(y=0.02)
    bottom, top = panel.get_ylim()
    panel.set_ylim(bottom - 0.2 * (top - bottom), top)
    panel.text(0.98, 0.03, text, transform=panel.transAxes, ha="right", fontsize=7, color=INK)
    panel.set_xticks([])
    panel.set_yticks([])
    panel.spines[["top", "right"]].set_visible(False)


def _name(side: Side, row: int) -> str:
    return f"{side.sample.kind[row] or '?'}  S/N {side.sample.snr[row]:.0f}"


def draw_pairs(path: Path, real: Side, simulated: Side, generator: np.random.Generator) -> None:
    """Draw pairs of equal type and S/N: real on the left, simulated on the right, drawn at random within each type."""
    rows: list[int] = []
    for kind, n in (("A", 5), ("F", 4), ("G", 4), ("K", 3), ("M", 2)):
        of_kind = np.flatnonzero(real.sample.kind == kind)
        rows += generator.choice(of_kind, size=min(n, of_kind.size), replace=False).tolist()
    figure = _figure(11, 1.05 * len(rows) / 2)
    panels = figure.subplots((len(rows) + 1) // 2, 4)
    for place, row in enumerate(rows):
        line, column = place % panels.shape[0], 2 * (place // panels.shape[0])
        _plot(panels[line, column], real, row, REAL, _name(real, row))
        _plot(panels[line, column + 1], simulated, row, SIMULATED, _name(simulated, row))
    for column in range(4):
        panels[0, column].set_title("real" if column % 2 == 0 else "simulated", fontsize=9)
    _save(figure, path)


def draw_quiz(path: Path, real: Side, simulated: Side, generator: np.random.Generator) -> list[str]:
    """Draw 36 spectra, each real or simulated at random, and return which is which."""
    chosen = generator.choice(real.sample.n_spectra, size=N_ROWS * N_COLUMNS, replace=False)
    is_real = generator.random(chosen.size) < 0.5
    figure = _figure(11, 9)
    panels = figure.subplots(N_ROWS, N_COLUMNS)
    for number, (panel, row, truth) in enumerate(zip(panels.ravel(), chosen, is_real, strict=True), 1):
        side = real if truth else simulated
        _plot(panel, side, int(row), INK, _name(side, int(row)))
        panel.text(0.01, 0.04, str(number), transform=panel.transAxes, fontsize=8, color=SIMULATED)
    _save(figure, path)
    return ["real" if truth else "simulated" for truth in is_real]


def draw_medians(path: Path, real: Side, simulated: Side, found: dict) -> None:
    """Draw the features' median and central 68 % by type on both sides, and what each wavelength is worth to a classifier."""
    kinds = [kind for kind in "BAFGKM" if np.count_nonzero(real.sample.kind == kind) >= 10]
    figure = _figure(9, 1.9 * (len(kinds) + 1))
    panels = figure.subplots(len(kinds) + 1, 1, sharex=True)
    for panel, kind in zip(panels, kinds, strict=False):
        for side, color, name in ((real, REAL, "real"), (simulated, SIMULATED, "simulated")):
            features = RECIPE.apply_many(side.sample.wave, side.sample.flux)[0][side.sample.kind == kind]
            low, middle, high = np.quantile(features, [0.16, 0.5, 0.84], axis=0)
            panel.fill_between(RECIPE.grid, low, high, color=color, alpha=0.2, linewidth=0)
            panel.plot(RECIPE.grid, middle, color=color, linewidth=1, label=f"{name} {kind}, {len(features)}")
        panel.legend(fontsize=7, loc="lower right")
        panel.spines[["top", "right"]].set_visible(False)
    importance = found["classifiers"]["gradient-boosting"]["importance"]
    panels[-1].step(RECIPE.grid, importance, where="mid", color=INK, linewidth=1)
    panels[-1].set_ylabel("loss of AUC", fontsize=8)
    figure.supxlabel("wavelength [Å, vacuum]", fontsize=9)
    _save(figure, path)


def draw_emission(path: Path, real: Side, simulated: Side, generator: np.random.Generator) -> None:
    """Draw what is not absorption: every kind of it on the real side that has examples, beside simulated ones."""
    shown = [
        ("nebular", np.char.startswith(real.detail, "nebular"), (simulated.detail == "nebular") & (simulated.sample.snr > 20)),
        ("emission", np.char.startswith(real.detail, "emission"), np.char.startswith(simulated.detail, "single-peak:be")),
        ("galaxies", real.detail == "galaxy", np.char.startswith(simulated.detail, "galaxy")),
        ("noise, bad", real.detail == "noise/bad", (simulated.sample.snr < 4) & (simulated.sample.snr > 0)),
    ]
    figure = _figure(11, 7.2)
    panels = figure.subplots(8, 4)
    for block, (name, of_real, of_simulated) in enumerate(shown):
        for column, (side, flags, color) in enumerate(((real, of_real, REAL), (simulated, of_simulated, SIMULATED))):
            usable = np.flatnonzero(flags & side.sample.flux.any(axis=1))
            rows = generator.choice(usable, size=min(4, usable.size), replace=False).tolist()
            for place in range(4):
                panel = panels[2 * block + place // 2, 2 * column + place % 2]
                if place < len(rows):
                    _plot(panel, side, rows[place], color, f"{side.detail[rows[place]]}  {_name(side, rows[place])}")
                else:
                    panel.set_axis_off()
        panels[2 * block, 0].set_ylabel(name, fontsize=8)
    for column in range(4):
        panels[0, column].set_title("real" if column < 2 else "simulated", fontsize=9)
    _save(figure, path)


def draw_all(folder: Path, real: Side, simulated: Side, pairs: tuple[Side, Side], found: dict) -> None:
    """Draw every figure, and note the solution of the quiz."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng([found["seed"], 11])
    draw_pairs(folder / "realism-pairs.png", *pairs, generator)
    found["quiz"] = draw_quiz(folder / "realism-quiz.png", *pairs, generator)
    print("simulated in the quiz:", *(n for n, side in enumerate(found["quiz"], 1) if side == "simulated"))
    draw_medians(folder / "realism-medians.png", *pairs, found)
    draw_emission(folder / "realism-emission.png", real, simulated, generator)
