"""Draw a spectrum as it is in its file: all of it, and the window around Hα, with the pixels that the survey distrusts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spectrove.contracts import BoolArray
from spectrove.errors import SurveyFileError
from spectrove.lines import LINES
from spectrove.spectrum import Spectrum
from spectrove.surveys.reader import Inspection

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WINDOW = (6519.0, 6732.0)
"""Å, vacuum; the window around Hα of Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, section 3.2."""

SCALE = (0.3, 99.7)
"""Percentiles of the flux that the upper panel shows at least; the window is always on its scale."""

INK, FAINT, DISTRUSTED, MASKED = "#1f2d3d", "#7b8794", "#c2410c", "#7c3aed"


def draw(inspection: Inspection, output: Path) -> Path:
    """
    Draw one spectrum of an inspected file to an image: the first with pixels in the window around Hα, else the first.

    Parameters
    ----------
    inspection : Inspection
        What `inspect` returned.
    output : Path
        Image to write; its suffix names the format, such as ``.png``, ``.svg`` or ``.pdf``.

    Returns
    -------
    Path
        The image.

    Raises
    ------
    SurveyFileError
        If the inspection holds no spectrum, or the image cannot be written.
    """
    if not inspection.spectra:
        msg = f"{inspection.path}: there is no spectrum to draw ({inspection.error or 'the reader gave none'})"
        raise SurveyFileError(msg)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    place = next((place for place, spectrum in enumerate(inspection.spectra) if np.any(_in_window(spectrum))), 0)
    spectrum = inspection.spectra[place]
    figure = Figure(figsize=(11, 6.6), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    panels: Any = figure.subplots(2, 1, height_ratios=(1, 1.3))
    figure.suptitle(_title(inspection, place), x=0.01, ha="left", fontsize=11, color=INK)
    _draw_all(panels[0], spectrum)
    _draw_window(panels[1], spectrum)
    try:
        figure.savefig(output, dpi=130)
    except (OSError, ValueError) as error:
        msg = f"{output}: the image cannot be written ({error}). Name a folder that exists and a suffix such as .png."
        raise SurveyFileError(msg) from error
    return output


def _in_window(spectrum: Spectrum) -> BoolArray:
    """Return the pixels of the window that hold a flux other than zero."""
    inside: BoolArray = (
        (spectrum.wave >= WINDOW[0]) & (spectrum.wave <= WINDOW[1]) & np.isfinite(spectrum.flux) & (spectrum.flux != 0)
    )
    return inside


def _title(inspection: Inspection, place: int) -> str:
    header = inspection.spectra[place].header
    kind = " ".join(part for part in (header.spectral_class, header.subclass) if part) or "class unknown"
    snr = "S/N unknown" if header.snr is None else f"S/N {header.snr:.1f}"
    more = f"{place + 1} of {len(inspection.spectra)} in the file" if len(inspection.spectra) > 1 else None
    return "   ".join(part for part in (header.spectrum_id, kind, snr, header.designation, more) if part)


def _draw_all(panel: Axes, spectrum: Spectrum) -> None:
    panel.axvspan(*WINDOW, color=FAINT, alpha=0.2, linewidth=0)
    panel.plot(spectrum.wave, spectrum.flux, color=INK, linewidth=0.6)
    panel.set_xlim(spectrum.wave[0], spectrum.wave[-1])
    _label(panel, spectrum)
    known = spectrum.flux[np.isfinite(spectrum.flux)]
    if known.size == 0:
        panel.text(0.5, 0.5, "no flux in any pixel", transform=panel.transAxes, ha="center", color=FAINT)
        return
    shown = np.concatenate([np.percentile(known, SCALE), spectrum.flux[_in_window(spectrum)]])
    low, high = float(shown.min()), float(shown.max())
    margin = 0.1 * (high - low) or 0.05 * max(abs(high), 1.0)
    panel.set_ylim(low - margin, high + margin)
    off = int(np.sum((known < low - margin) | (known > high + margin)))
    if off:
        panel.text(1, 1.02, f"pixels off the scale: {off}", transform=panel.transAxes, ha="right", fontsize=8, color=FAINT)


def _draw_window(panel: Axes, spectrum: Spectrum) -> None:
    panel.set_xlim(*WINDOW)
    _label(panel, spectrum)
    inside = (spectrum.wave >= WINDOW[0]) & (spectrum.wave <= WINDOW[1])
    if not np.any(inside & np.isfinite(spectrum.flux)):
        panel.text(0.5, 0.5, "no flux in this window", transform=panel.transAxes, ha="center", color=FAINT)
        panel.set_yticks([])
        return
    for line in LINES:
        if WINDOW[0] < line.wave < WINDOW[1]:
            panel.axvline(line.wave, color=FAINT, linewidth=0.8, linestyle=":", zorder=0)
            name = line.label.rstrip("0123456789 ")
            panel.text(line.wave, 1.01, name, transform=panel.get_xaxis_transform(), ha="center", fontsize=8, color=FAINT)
    wave, flux = spectrum.wave[inside], spectrum.flux[inside]
    panel.plot(wave, flux, color=INK, linewidth=1, drawstyle="steps-mid")
    zero = np.zeros(wave.shape, dtype=bool) if spectrum.ivar is None else spectrum.ivar[inside] == 0
    masked = np.zeros(wave.shape, dtype=bool) if spectrum.mask is None else spectrum.mask[inside]
    ring: Any = {"marker": "o", "s": 26, "facecolors": "none", "edgecolors": DISTRUSTED, "label": f"ivar = 0, kept: {zero.sum()}"}
    cross: Any = {"marker": "x", "s": 46, "color": MASKED, "label": f"masked in every exposure, kept: {masked.sum()}"}
    for marked, style in ((zero, ring), (masked, cross)):
        if np.any(marked):
            panel.scatter(wave[marked], flux[marked], linewidths=1.3, zorder=3, **style)
    if np.any(zero | masked):
        panel.legend(loc="best", frameon=False, fontsize=9)


def _label(panel: Axes, spectrum: Spectrum) -> None:
    medium = "vacuum" if spectrum.medium == "vacuum" else "air or vacuum: not declared"
    panel.set_xlabel(f"wavelength [Å, {medium}]", fontsize=9)
    panel.set_ylabel("flux [survey's unit]", fontsize=9)
    panel.tick_params(labelsize=8)
    panel.spines[["top", "right"]].set_visible(False)
    panel.margins(y=0.06)
