"""
Figures of a catalog as PDF: examples of each class, and the profiles of every object, its exposures over each other.

A page is one pair of axes that no one sees, in which cells stand in rows: a pair of axes for each of thousands of objects would
take a plotting library many minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spectrove.catalog.curves import Values, outline, robust_range, round_ticks, tick_labels
from spectrove.catalog.previews import HALF_WINDOW, PreviewItem
from spectrove.storage import atomic_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, FAINT, REST = "#1f2d3d", "#7b8794", "#c2410c"
"""Text, what is less important, and where the line is at rest."""

EPOCHS = ("#1f2d3d", "#c2410c", "#1d6fa5", "#2f855a", "#7c4dbd", "#a16207")
"""Colors of an object's exposures in order of time; they begin again after the last."""

PAPER = (8.27, 11.69)
"""A4, inches."""

N_COLUMNS = 200
"""Points of a curve's outline in a cell, at half of which a pixel is a point of its own."""

SIDES = 0.6
"""Share of the window's half width beyond which its continuum is taken."""

N_EXAMPLES = 24
"""Of each class."""

MOST_EPOCHS = 6
"""Days of exposures that are written beside a profile."""

DAY = 0.075
"""Of a cell's height, for a line that names a day."""

STYLE: Any = {"pdf.fonttype": 3, "font.family": "DejaVu Sans", "pdf.compression": 6}
"""Settings while pages are made, whatever those of the reader are."""


@dataclass(frozen=True)
class _Grid:
    """Cells of a page: columns, rows, and sizes of texts in points."""

    columns: int
    rows: int
    size: float


PROFILES, EXAMPLES = _Grid(5, 8, 5.0), _Grid(4, 6, 6.0)


@dataclass(frozen=True)
class _Profile:
    """What is left of a spectrum: the window around its line over its continuum, as -1 to 1 and numbers."""

    x: Values
    y: Values
    limits: tuple[float, float]
    mjd: float | None


@dataclass(frozen=True)
class _Cell:
    title: str
    label: str
    rest_wave: float
    profiles: tuple[_Profile, ...]


def write_figures(
    directory: Path, items: Iterable[PreviewItem], *, generator: np.random.Generator, title: str = ""
) -> tuple[Path, Path]:
    """
    Write the figures of a catalog.

    Parameters
    ----------
    directory : Path
        The catalog's folder.
    items : iterable of PreviewItem
        Its spectra, taken one at a time; those of one ``group`` are drawn over each other, where the first of them stands.
    generator : numpy.random.Generator
        Chooses the examples.
    title : str, optional
        Title of the catalog, for the files' metadata.

    Returns
    -------
    examples : Path
        ``examples.pdf``, random spectra of each class.
    profiles : Path
        ``profiles.pdf``, every object. The same items and the same state of the generator give the same bytes.

    Raises
    ------
    StorageError
        If the disk is full or cannot be written.

    References
    ----------
    .. [1] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, Figs. 6 and 7.
    """
    spectra, objects = _collected(items)
    examples = directory / "examples.pdf"
    _write(examples, _example_pages(spectra, generator), EXAMPLES, title and f"{title}: examples of each class")
    profiles = directory / "profiles.pdf"
    n_each = PROFILES.columns * PROFILES.rows
    pages = (
        (f"Profiles {start + 1} to {min(start + n_each, len(objects))} of {len(objects)}", objects[start : start + n_each])
        for start in range(0, len(objects), n_each)
    )
    _write(profiles, pages, PROFILES, title and f"{title}: profiles of all objects")
    return examples, profiles


def _collected(items: Iterable[PreviewItem]) -> tuple[list[_Cell], list[_Cell]]:
    """Return a cell for each spectrum that can be drawn, and one for each object."""
    spectra: list[_Cell] = []
    members: dict[int, list[int]] = {}
    for item in items:
        profile = _profile(item)
        if profile is not None:
            group = item.group if item.group >= 0 else -1 - len(spectra)
            members.setdefault(group, []).append(len(spectra))
            spectra.append(_Cell(_printable(item.title), _printable(item.label), item.rest_wave, (profile,)))
    objects = []
    for places in members.values():
        labels = dict.fromkeys(spectra[place].label for place in places)
        found = sorted((spectra[place].profiles[0] for place in places), key=lambda one: one.mjd or 0.0)
        first = spectra[places[0]]
        objects.append(_Cell(first.title, ", ".join(labels), first.rest_wave, tuple(found)))
    return spectra, objects


def _profile(item: PreviewItem) -> _Profile | None:
    if item.wave is None or item.flux is None:
        return None
    offset = (np.asarray(item.wave, dtype=np.float64) - item.rest_wave) / HALF_WINDOW
    inside = np.abs(offset) <= 1
    offset, flux = offset[inside], np.asarray(item.flux, dtype=np.float64)[inside]
    known = np.isfinite(flux)
    if not known.any():
        return None
    sides = flux[known & (np.abs(offset) > SIDES)]
    level = float(np.median(sides)) if len(sides) else 0.0
    values = flux / level if level > 0 else flux
    x, y = outline(offset, values, (-1.0, 1.0), N_COLUMNS)
    return _Profile((2 * x / N_COLUMNS - 1).astype(np.float32), y.astype(np.float32), robust_range(values), item.mjd)


def _example_pages(spectra: Sequence[_Cell], generator: np.random.Generator) -> Iterator[tuple[str, list[_Cell]]]:
    by_class: dict[str, list[_Cell]] = {}
    for cell in spectra:
        by_class.setdefault(cell.label, []).append(cell)
    for label, cells in by_class.items():
        chosen = np.sort(generator.permutation(len(cells))[:N_EXAMPLES])
        yield f"{label}: {len(chosen)} of {len(cells)} spectra, chosen at random", [cells[place] for place in chosen]


def _write(path: Path, pages: Iterable[tuple[str, list[_Cell]]], grid: _Grid, title: str) -> None:
    import matplotlib as mpl
    from matplotlib.backends.backend_pdf import PdfPages
    from matplotlib.figure import Figure

    # Neither the time nor versions: the same catalog is the same file.
    metadata = {"Title": title or None, "Creator": "spectrove", "Producer": None, "CreationDate": None}
    with atomic_path(path) as temporary, mpl.rc_context(STYLE), PdfPages(temporary, metadata=metadata) as file:
        is_empty = True
        for heading, cells in pages:
            file.savefig(_page(heading, cells, grid))
            is_empty = False
        if is_empty:  # a file of no pages is no PDF
            figure = Figure(figsize=PAPER)
            figure.text(0.08, 0.9, "No spectrum could be drawn.", color=INK)
            file.savefig(figure)


def _page(heading: str, cells: Sequence[_Cell], grid: _Grid) -> Figure:
    """Return a page: cells from the top left, each 1 wide and high in the units of the axes."""
    from matplotlib.collections import LineCollection
    from matplotlib.figure import Figure

    figure = Figure(figsize=PAPER, facecolor="white")
    axes = figure.add_axes((0.05, 0.045, 0.91, 0.905))
    axes.set_axis_off()
    axes.set_xlim(0, grid.columns)
    axes.set_ylim(-grid.rows, 0)
    figure.text(0.05, 0.965, _printable(heading), fontsize=9, color=INK, parse_math=False)
    told = "flux over the continuum beside the line, against the wavelength in Å; dashed: the line at rest"
    figure.text(0.96, 0.965, told, fontsize=6, color=FAINT, ha="right")
    curves: list[tuple[Values, str]] = []
    frames: list[Values] = []
    rests: list[Values] = []
    for place, cell in enumerate(cells):
        box = _Box(place % grid.columns, -(place // grid.columns))
        below = cells[place + grid.columns] if place + grid.columns < len(cells) else None
        frames += _frame(axes, box, cell, grid, is_last=below is None or below.rest_wave != cell.rest_wave)
        rests.append(np.array([[box.x(0.0), box.bottom], [box.x(0.0), box.top]]))
        limits = _limits(cell)
        for number, profile in enumerate(cell.profiles):
            color = EPOCHS[number % len(EPOCHS)]
            curves += [(piece, color) for piece in _pieces(box, profile, limits)]
    axes.add_collection(LineCollection(frames, colors=FAINT, linewidths=0.4), autolim=False)
    axes.add_collection(LineCollection(rests, colors=REST, linewidths=0.4, linestyles=[(0, (3, 3))]), autolim=False)
    lines = LineCollection([piece for piece, _ in curves], colors=[color for _, color in curves], linewidths=0.55)
    lines.set_joinstyle("round")
    axes.add_collection(lines, autolim=False)
    return figure


@dataclass(frozen=True)
class _Box:
    """Where a cell's curve stands in the axes: room for labels to its left, below and above it."""

    column: int
    row: int

    @property
    def left(self) -> float:
        return self.column + 0.13

    @property
    def right(self) -> float:
        return self.column + 0.99

    @property
    def top(self) -> float:
        return self.row - 0.16

    @property
    def bottom(self) -> float:
        return self.row - 0.9

    def x(self, offset: float) -> float:
        return self.left + (offset + 1) / 2 * (self.right - self.left)


def _limits(cell: _Cell) -> tuple[float, float]:
    """Return the range of flux of a cell, with room for the days of several exposures."""
    low, high = min(one.limits[0] for one in cell.profiles), max(one.limits[1] for one in cell.profiles)
    n_days = min(len(cell.profiles), MOST_EPOCHS) if len(cell.profiles) > 1 else 0
    return low, high + (high - low) * DAY * n_days / (1 - DAY * n_days)


def _pieces(box: _Box, profile: _Profile, limits: tuple[float, float]) -> list[Values]:
    """Return a profile's curve in the axes, cut where it has gaps, and held within the box."""
    heights = (np.clip(profile.y, *limits) - limits[0]) / (limits[1] - limits[0])
    x = box.left + (profile.x.astype(np.float64) + 1) / 2 * (box.right - box.left)
    points = np.column_stack([x, box.bottom + heights * (box.top - box.bottom)])
    pieces = np.split(points, np.flatnonzero(~np.isfinite(profile.x)))
    return [known for piece in pieces if len(known := piece[np.isfinite(piece[:, 0])]) > 1]


def _frame(axes: Axes, box: _Box, cell: _Cell, grid: _Grid, *, is_last: bool) -> list[Values]:
    """Write a cell's labels, those of its wavelengths where no cell below has them, and return its frame and ticks."""
    left, right, top, bottom = box.left, box.right, box.top, box.bottom
    lines = [np.array([[left, top], [left, bottom], [right, bottom]])]
    small: dict[str, Any] = {"fontsize": grid.size - 0.6, "color": FAINT, "parse_math": False}
    limits = _limits(cell)
    ticks = round_ticks(*limits, 4)
    labels, power = tick_labels(ticks)
    for tick, label in zip(ticks, labels, strict=True):
        y = bottom + (tick - limits[0]) / (limits[1] - limits[0]) * (top - bottom)
        lines.append(np.array([[left - 0.015, y], [left, y]]))
        axes.text(left - 0.025, y, label + (f"e{power}" if power else ""), ha="right", va="center", **small)
    span = (cell.rest_wave - HALF_WINDOW, cell.rest_wave + HALF_WINDOW)
    for tick in round_ticks(*span, 3):
        x = box.x((tick - cell.rest_wave) / HALF_WINDOW)
        lines.append(np.array([[x, bottom], [x, bottom - 0.015]]))
        if is_last:
            axes.text(x, bottom - 0.025, f"{tick:g}", ha="center", va="top", **small)
    axes.text(left, top + 0.045, _cut(cell.title, 26), fontsize=grid.size, color=INK, va="bottom", parse_math=False)
    axes.text(right, top + 0.0, _cut(cell.label, 26), ha="right", va="bottom", **small)
    if len(cell.profiles) > 1:
        _epochs(axes, box, cell, grid)
    return lines


def _epochs(axes: Axes, box: _Box, cell: _Cell, grid: _Grid) -> None:
    """Write the days of an object's exposures, each in the color of its curve."""
    for number, profile in enumerate(cell.profiles[:MOST_EPOCHS]):
        more = len(cell.profiles) - MOST_EPOCHS
        day = "day not known" if profile.mjd is None else f"MJD {profile.mjd:.0f}"
        text = f"{day}, {more} more" if number == MOST_EPOCHS - 1 and more > 0 else day
        place = (box.left + 0.02, box.top - DAY * (box.top - box.bottom) * number)
        color = EPOCHS[number % len(EPOCHS)]
        axes.text(*place, text, fontsize=grid.size - 1, color=color, va="top", parse_math=False)


def _cut(text: str, n_most: int) -> str:
    return text if len(text) <= n_most else text[: n_most - 1] + "…"


@cache
def _glyphs() -> frozenset[int]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(get_font(findfont(FontProperties(family=STYLE["font.family"]))).get_charmap())


def _printable(text: str) -> str:
    """Return text with what the font cannot draw as U+FFFD."""
    known = _glyphs()
    return "".join(one if one.isprintable() and ord(one) in known else "\N{REPLACEMENT CHARACTER}" for one in text)
