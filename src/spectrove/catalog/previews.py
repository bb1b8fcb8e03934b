"""
Small pictures of spectra: the window of a line, and the whole spectrum, each a few kilobytes of SVG.

They are written by hand, not by a plotting library: a catalog holds thousands of them. Each looks right on light and dark pages,
and without its axes where it is shown as small as a stamp.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

import numpy as np

from spectrove.catalog.curves import Values, outline, robust_range, round_ticks, tick_labels
from spectrove.contracts import FloatArray
from spectrove.lines import H_ALPHA
from spectrove.storage import make_directory, storage_errors

HALF_WINDOW = 110.0
"""Å on either side of a line, about as far as the network sees around Hα."""

NEAR = 30.0
"""Å on either side of a line that fit into the picture of the whole spectrum in whole."""

HEIGHT = 220
LINE_WIDTH, WHOLE_WIDTH = 360, 720
"""Of the pictures, pixels at their natural size."""

LEFT, RIGHT, TOP, BOTTOM = 46, 10, 24, 36
"""Margins around the curve, pixels."""

FINE = 2
"""Units of a curve's coordinates in a pixel: whole numbers are short."""

COLUMN = 2.6
"""Units that a column of many pixels is wide: what the eye tells apart in the picture, and a few kilobytes of it."""

STAMP = 200
"""Pixels; a picture that is shown narrower is a stamp and has no axes."""

LINE_FOLDER, WHOLE_FOLDER = "previews/line", "previews/whole"
"""Where the pictures lie in a catalog's folder."""


@dataclass(frozen=True)
class PreviewItem:
    """
    A spectrum to be drawn.

    Attributes
    ----------
    spectrum_id : str
        Its id.
    title : str
        What stands above it, such as the designation of the object.
    label : str
        Its class.
    wave, flux : array of shape (n,) or None
        Å in vacuum, increasing, and flux in any unit, NaN where there is none; None if there is no spectrum to draw. Where the
        survey's file is gone, the window that the network saw can stand here, and ``note`` says so.
    rest_wave : float
        Wavelength in vacuum of the line that the window is around, Å.
    name : str
        Stem of its files; of `file_name` unless given.
    note : str
        What a reader needs to know, such as that only the window is left.
    group : int
        Number of the object; spectra of one object share it, a negative one says that nothing is known. Figures draw the spectra
        of an object over each other.
    mjd : float or None
        When it was taken, days.
    """

    spectrum_id: str
    title: str
    label: str
    wave: FloatArray | None
    flux: FloatArray | None
    rest_wave: float = H_ALPHA.wave
    name: str = ""
    note: str = ""
    group: int = -1
    mjd: float | None = None

    @property
    def stem(self) -> str:
        """
        Return the stem of its files.

        Returns
        -------
        str
            ``name``, or that of `file_name`.
        """
        return self.name or file_name(self.spectrum_id)


@dataclass(frozen=True)
class PreviewPaths:
    """
    Where the pictures of a spectrum lie.

    Attributes
    ----------
    line, whole : str or None
        Paths within the catalog's folder, with ``/``; None where there was nothing to draw.
    """

    line: str | None
    whole: str | None


def file_name(spectrum_id: str) -> str:
    """
    Return a stem for the files of a spectrum that every file system takes, another for every id.

    Parameters
    ----------
    spectrum_id : str
        The id, which may hold ``:``, ``/`` and whatever a survey puts there.

    Returns
    -------
    str
        Letters, digits, ``-``, ``_`` and ``.`` of ASCII, at most 81: what the id looks like, and ten digits of its hash, so that
        ids that differ only in what is left out, or in case, do not share a file.
    """
    looks = re.sub(r"[^A-Za-z0-9.-]+", "_", spectrum_id).strip("._-")[:70] or "spectrum"
    return f"{looks}-{hashlib.blake2b(spectrum_id.encode('utf-8', 'surrogatepass'), digest_size=5).hexdigest()}"


def write_previews(directory: Path, items: Iterable[PreviewItem]) -> list[PreviewPaths]:
    """
    Write the pictures of spectra, two of each, as they come.

    Parameters
    ----------
    directory : Path
        The catalog's folder; the pictures go into `LINE_FOLDER` and `WHOLE_FOLDER` of it.
    items : iterable of PreviewItem
        The spectra; taken one at a time, so that they need not lie in memory together.

    Returns
    -------
    list of PreviewPaths
        Where they lie, one for each item, in order.

    Raises
    ------
    StorageError
        If the disk is full or cannot be written.
    """
    written = []
    with storage_errors(directory):
        for folder in (LINE_FOLDER, WHOLE_FOLDER):
            make_directory(directory / folder)
        for item in items:
            pictures = {LINE_FOLDER: line_svg(item), WHOLE_FOLDER: whole_svg(item)}
            paths: dict[str, str | None] = dict.fromkeys(pictures)
            for folder, picture in pictures.items():
                if picture is not None:
                    paths[folder] = f"{folder}/{item.stem}.svg"
                    (directory / folder / f"{item.stem}.svg").write_bytes(picture.encode("utf-8"))
            written.append(PreviewPaths(paths[LINE_FOLDER], paths[WHOLE_FOLDER]))
    return written


def line_svg(item: PreviewItem) -> str | None:
    """
    Return the picture of a line's window.

    Parameters
    ----------
    item : PreviewItem
        The spectrum.

    Returns
    -------
    str or None
        SVG; None if the spectrum holds nothing there.
    """
    span = (item.rest_wave - HALF_WINDOW, item.rest_wave + HALF_WINDOW)
    held = _within(item, span)
    if held is None:
        return None
    wave, flux = held
    return _picture(item, _Panel(LINE_WIDTH, span, robust_range(flux)), wave, flux)


def whole_svg(item: PreviewItem) -> str | None:
    """
    Return the picture of a whole spectrum.

    Parameters
    ----------
    item : PreviewItem
        The spectrum.

    Returns
    -------
    str or None
        SVG; None if the spectrum holds nothing.
    """
    held = _within(item, (-np.inf, np.inf))
    if held is None:
        return None
    wave, flux = held
    measured = wave[np.isfinite(flux)]
    span = (float(measured[0]), float(measured[-1]))
    if not span[1] > span[0]:
        return None
    limits = robust_range(flux, np.abs(wave - item.rest_wave) <= NEAR)
    return _picture(item, _Panel(WHOLE_WIDTH, span, limits), wave, flux)


def _within(item: PreviewItem, span: tuple[float, float]) -> tuple[Values, Values] | None:
    if item.wave is None or item.flux is None:
        return None
    inside = (item.wave >= span[0]) & (item.wave <= span[1])
    wave, flux = np.asarray(item.wave, dtype=np.float64)[inside], np.asarray(item.flux, dtype=np.float64)[inside]
    return (wave, flux) if np.isfinite(flux).any() else None


@dataclass(frozen=True)
class _Panel:
    """The place of a curve: width of the picture, Å, and flux, each from and to; its coordinates."""

    width: int
    span: tuple[float, float]
    limits: tuple[float, float]

    @property
    def columns(self) -> int:
        return FINE * (self.width - LEFT - RIGHT)

    @property
    def rows(self) -> int:
        return FINE * (HEIGHT - TOP - BOTTOM)

    def x(self, wave: float) -> float:
        return LEFT + (wave - self.span[0]) / (self.span[1] - self.span[0]) * self.columns / FINE

    def y(self, flux: float) -> float:
        return HEIGHT - BOTTOM - (flux - self.limits[0]) / (self.limits[1] - self.limits[0]) * self.rows / FINE


def _picture(item: PreviewItem, panel: _Panel, wave: Values, flux: Values) -> str:
    n_columns = int(panel.columns / COLUMN)
    x, y = outline(wave, flux, panel.span, n_columns)
    places = np.rint(x * (panel.columns / n_columns))
    heights = np.rint((panel.limits[1] - y) * (panel.rows / (panel.limits[1] - panel.limits[0])))
    heights, outside = np.clip(heights, 0, panel.rows), (heights < 0) | (heights > panel.rows)
    is_coarse = np.count_nonzero(np.isfinite(x)) < 0.8 * n_columns
    curve = _steps(places, heights, panel.columns) if is_coarse else _joined(places, heights)
    told = f"{item.title}, {item.label}" + (f" ({item.note})" if item.note else "")
    size = f'width="{panel.width}" height="{HEIGHT}"'
    parts = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {panel.width} {HEIGHT}" {size} role="img">',
        f"<title>{_text(told)}</title><style>{_style(panel.width)}</style>",
        f'<rect class="b" {size}/>{_axes(panel, item.note)}',
        f'<g class="a"><text x="{LEFT}" y="15" class="t">{_text(_cut(item.title, panel.width // 10))}</text>',
        f'<text x="{panel.width - RIGHT}" y="15" class="e">{_text(_cut(item.label, panel.width // 15))}</text></g>',
        f'<g class="p">{_mark(item, panel)}<path class="c" d="{curve}"/>{_arrows(places[outside], heights[outside])}</g></svg>\n',
    )
    return "".join(parts)


@cache
def _style(width: int) -> str:
    """Return what a picture's parts look like: light, dark, and as a stamp, where the curve fills all of it."""
    columns, rows = FINE * (width - LEFT - RIGHT), FINE * (HEIGHT - TOP - BOTTOM)
    stamp = f"translate(4px,6px) scale({(width - 8) / columns:.4f},{(HEIGHT - 12) / rows:.4f})"
    return (
        "text{font:11px system-ui,sans-serif;fill:#55626f}.t{font-weight:600;fill:#1f2d3d}.b{fill:#fff}.e{text-anchor:end}"
        ".m{text-anchor:middle}path{fill:none;vector-effect:non-scaling-stroke}.f{stroke:#7b8794}.g{stroke:#7b8794;opacity:.25}"
        ".c{stroke:#1d4f7c;stroke-linejoin:round;stroke-linecap:round}.r{stroke:#c2410c;stroke-dasharray:3 3}.o{fill:#c2410c}"
        f".p{{transform:translate({LEFT}px,{TOP}px) scale({1 / FINE})}}"
        "@media(prefers-color-scheme:dark){.b{fill:#1a1f25}text{fill:#9aa5b1}.t{fill:#e3e7eb}.c{stroke:#9ecbf5}.r{stroke:#f0955f}"
        ".o{fill:#f0955f}}"
        f"@media(max-width:{STAMP}px){{.a{{display:none}}.p{{transform:{stamp}}}}}"
    )


def _axes(panel: _Panel, note: str) -> str:
    bottom, right = HEIGHT - BOTTOM, panel.width - RIGHT
    grid, marks, texts = [], [], []
    for tick, label in _labeled(panel.span, (panel.width - LEFT) // 60):
        grid.append(f"M{panel.x(tick):.1f} {TOP}V{bottom}")
        marks.append(f"M{panel.x(tick):.1f} {bottom}v4")
        texts.append(f'<text class="m" x="{panel.x(tick):.1f}" y="{bottom + 15}">{label}</text>')
    ticks = round_ticks(*panel.limits, 5)
    labels, power = tick_labels(ticks)
    for tick, label in zip(ticks, labels, strict=True):
        grid.append(f"M{LEFT} {panel.y(tick):.1f}H{right}")
        marks.append(f"M{LEFT} {panel.y(tick):.1f}h-4")
        texts.append(f'<text class="e" x="{LEFT - 6}" y="{panel.y(tick) + 4:.1f}">{label}</text>')
    middle = (TOP + bottom) / 2
    unit = "flux" + (
        f' [10<tspan dy="-4" font-size="8">{str(power).replace("-", "−")}</tspan><tspan dy="4">]</tspan>' if power else ""
    )
    below = HEIGHT - 5
    if note:
        name = f'<text x="{LEFT}" y="{below}">wavelength [Å]</text>'
        name += f'<text class="e" x="{right}" y="{below}">{_text(_cut(note, panel.width // 9))}</text>'
    else:
        name = f'<text class="m" x="{(LEFT + right) / 2}" y="{below}">wavelength [Å]</text>'
    texts += [
        name,
        f'<text class="m" transform="translate(11 {middle}) rotate(-90)">{unit}</text>',
    ]
    return (
        f'<g class="a"><path class="g" d="{"".join(grid)}"/><path class="f" d="M{LEFT} {TOP}V{bottom}H{right}{"".join(marks)}"/>'
        f"{''.join(texts)}</g>"
    )


def _labeled(span: tuple[float, float], n_most: int) -> list[tuple[float, str]]:
    return [(tick, f"{tick:.10g}") for tick in round_ticks(*span, n_most)]


def _mark(item: PreviewItem, panel: _Panel) -> str:
    """Return a dashed line where the line is at rest."""
    if not panel.span[0] < item.rest_wave < panel.span[1]:
        return ""
    return f'<path class="r" d="M{(panel.x(item.rest_wave) - LEFT) * FINE:.0f} 0V{panel.rows}"/>'


def _arrows(places: Values, heights: Values) -> str:
    """Return small triangles where the curve leaves the picture, one for what lies close together."""
    if len(places) == 0:
        return ""
    kept = np.concatenate(([True], np.diff(places) >= 8))
    parts = [
        f"M{int(x)} {int(y)}l4 {6 if y == 0 else -6}h-8z"
        for x, y in zip(places[kept].tolist(), heights[kept].tolist(), strict=True)
    ]
    return f'<path class="o" d="{"".join(parts)}"/>'


def _joined(x: Values, y: Values) -> str:
    """Return a curve from point to point; NaN lifts the pen."""
    parts: list[str] = []
    previous: tuple[int, int] | None = None
    for place, height in _points(x, y):
        if place is None or height is None:
            previous = None
            continue
        if previous is None:
            parts.append(f"M{place} {height}h0l")
        else:
            right, down = place - previous[0], height - previous[1]
            parts.append(f"{right}{down} " if down < 0 else f"{right} {down} ")
        previous = place, height
    return "".join(parts).replace("lM", "M").removesuffix("l")


def _points(x: Values, y: Values) -> Sequence[tuple[int | None, int | None]]:
    known = np.isfinite(x)
    places = np.where(known, x, 0).astype(int).tolist()
    heights = np.where(known, y, 0).astype(int).tolist()
    return [(a, b) if is_known else (None, None) for a, b, is_known in zip(places, heights, known.tolist(), strict=True)]


def _steps(x: Values, y: Values, last: int) -> str:
    """Return a curve with a step for each pixel, from half way to its neighbors, within 0 and the last; NaN lifts the pen."""
    parts = []
    breaks = np.flatnonzero(~np.isfinite(x))
    for place, height in zip(np.split(x, breaks), np.split(y, breaks), strict=True):
        known = np.isfinite(place)
        at, values = place[known], height[known].astype(int).tolist()
        if len(at) == 0:
            continue
        middles = (at[1:] + at[:-1]) / 2
        ends = (
            np.concatenate((middles, [2 * at[-1] - middles[-1] if len(at) > 1 else at[-1] + 3]))
            .round()
            .clip(0, last)
            .astype(int)
            .tolist()
        )
        first = max(0, round(2 * at[0] - middles[0] if len(at) > 1 else at[0] - 3))
        parts.append(f"M{first} {values[0]}H{ends[0]}" + "".join(f"V{v}H{e}" for v, e in zip(values[1:], ends[1:], strict=True)))
    return "".join(parts)


def _cut(text: str, n_most: int) -> str:
    return text if len(text) <= n_most else text[: n_most - 1] + "…"


def _text(text: str) -> str:
    """Return text for XML, which knows no control characters."""
    return escape("".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text))
