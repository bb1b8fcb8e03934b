"""Drawings of a blur fit: the misfit against the width, and a pair before and after."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spectrove.errors import RecipeError
from spectrove.lines import LINES
from spectrove.preprocess.fit_blur import BlurFit
from spectrove.preprocess.fit_pair import BlurFitConfig, overlay_pair
from spectrove.preprocess.resolution import FWHM_PER_SIGMA
from spectrove.spectrum import Spectrum
from spectrove.storage import storage_errors

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PAPER_SIGMA = 7.0
"""Pixels; the blur chosen by eye in Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sect. 3.2."""

INK, FAINT, BEST, PAPER = "#1f2d3d", "#7b8794", "#c2410c", "#1d6fa5"


def draw_blur_fit(fit: BlurFit, output: Path) -> Path:
    """
    Draw the misfit against the width of the blur, of each pair and of all, and the best width of each pair.

    Parameters
    ----------
    fit : BlurFit
        What `fit_blur` returned.
    output : Path
        Image to write; its suffix names the format, such as ``.png``, ``.svg`` or ``.pdf``.

    Returns
    -------
    Path
        The image.

    Raises
    ------
    RecipeError
        If the suffix names no format of images.
    StorageError
        If the disk is full or the image cannot be written.
    """
    figure = _figure((9.0, 4.6 + 0.2 * len(fit.pairs)))
    curves, bests = figure.subplots(2, 1, sharex=True, height_ratios=(4.0, 0.6 + 0.2 * len(fit.pairs)))
    _draw_curves(curves, fit)
    _draw_bests(bests, fit)
    return _save(figure, output)


def draw_pair(high: Spectrum, low: Spectrum, sigma: float, config: BlurFitConfig, output: Path) -> Path:
    """
    Draw a pair: the sharper spectrum before and after the blur, and the other one on its scale, as the paper's Fig. 2.

    Parameters
    ----------
    high : Spectrum
        The spectrum of higher resolution, vacuum wavelengths.
    low : Spectrum
        The spectrum of lower resolution, vacuum wavelengths.
    sigma : float
        Width of the blur, pixels of the sharper spectrum.
    config : BlurFitConfig
        How to fit velocity and continuum.
    output : Path
        Image to write; its suffix names the format.

    Returns
    -------
    Path
        The image.

    Raises
    ------
    WindowError
        If the two cannot be compared.
    RecipeError
        If the suffix names no format of images.
    StorageError
        If the disk is full or the image cannot be written.
    """
    overlay = overlay_pair(high, low, sigma, config)
    figure = _figure((9.0, 5.6))
    panel, rest = figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1.0))
    panel.plot(overlay.high_wave, overlay.high_flux, color=FAINT, alpha=0.6, linewidth=0.7, label=f"{high.spectrum_id}, as it is")
    panel.plot(overlay.low_wave, overlay.low_flux, color=INK, linewidth=1.0, drawstyle="steps-mid", label=f"{low.spectrum_id}")
    panel.plot(
        overlay.high_wave, overlay.blurred, color=BEST, linewidth=1.6, label=f"{high.spectrum_id}, blurred by {sigma:.3g} px"
    )
    rest.axhline(0.0, color=FAINT, linewidth=0.8)
    rest.plot(overlay.low_wave, overlay.residuals, color=INK, linewidth=0.8, drawstyle="steps-mid")
    panel.set_ylabel("flux / median in the window", fontsize=9)
    rest.set_ylabel("difference", fontsize=9)
    rest.set_xlabel("wavelength [Å, vacuum]", fontsize=9)
    rest.set_xlim(config.start, config.stop)
    for line in LINES:
        if config.start < line.wave < config.stop:
            panel.axvline(line.wave, color=FAINT, linewidth=0.8, linestyle=":", zorder=0)
            name = line.label.rstrip("0123456789 ")
            panel.text(line.wave, 1.01, name, transform=panel.get_xaxis_transform(), ha="center", fontsize=8, color=FAINT)
    panel.legend(loc="best", frameon=False, fontsize=8)
    _tidy(panel, rest)
    return _save(figure, output)


def _draw_curves(panel: Axes, fit: BlurFit) -> None:
    curves = np.log1p(np.array([pair.misfit for pair in fit.pairs]))
    for place, curve in enumerate(curves):
        label = "one pair" if place == 0 else None
        panel.plot(fit.sigmas, curve, color=FAINT, alpha=0.55, linewidth=0.8, label=label)
    panel.plot(fit.sigmas, curves.mean(axis=0), color=INK, linewidth=2.4, label=f"mean of {len(fit.pairs)} pairs")
    low, high = fit.interval
    content = f"{fit.sigma:.2f} px ({100 * fit.config.level:.0f} %: {low:.2f} to {high:.2f})"
    _mark(panel, fit, f"best: {content}")
    panel.set_ylim(0.0, 1.05 * float(curves.max()))
    panel.set_ylabel("ln(1 + misfit)", fontsize=9)
    panel.legend(loc="upper right", frameon=True, framealpha=0.9, edgecolor="none", fontsize=8)
    scale = FWHM_PER_SIGMA * fit.pixel

    def to_angstrom(sigma: Any) -> Any:
        return sigma * scale

    def to_pixels(width: Any) -> Any:
        return width / scale

    above = panel.secondary_xaxis("top", functions=(to_angstrom, to_pixels))
    above.set_xlabel(f"full width at half maximum [Å], at {fit.pixel:.3f} Å a pixel", fontsize=9)
    above.tick_params(labelsize=8)
    _tidy(panel)


def _draw_bests(panel: Axes, fit: BlurFit) -> None:
    pairs = sorted(fit.pairs, key=lambda pair: pair.sigma, reverse=True)
    for place, pair in enumerate(pairs):
        panel.plot(pair.interval, (place, place), color=FAINT, linewidth=1.4, solid_capstyle="butt")
        panel.plot(pair.sigma, place, marker="o", markersize=3.5, color=INK)
    _mark(panel, fit)
    panel.set_yticks(range(len(pairs)), [pair.high for pair in pairs], fontsize=7)
    panel.set_xlabel("width of the Gaussian, σ [pixels of the sharper spectrum]", fontsize=9)
    panel.locator_params(axis="x", nbins=12)
    panel.set_xlim(float(fit.sigmas[0]) - 0.2, float(fit.sigmas[-1]) + 0.2)
    panel.set_ylim(-0.7, len(pairs) - 0.3)
    panel.set_title("best width of each pair, with the range that its noise allows", fontsize=9, color=INK, loc="left")
    _tidy(panel)


def _mark(panel: Axes, fit: BlurFit, label: str | None = None) -> None:
    """Draw the best width with its interval, and the paper's width."""
    panel.axvspan(*fit.interval, color=BEST, alpha=0.18, linewidth=0, zorder=0)
    panel.axvline(fit.sigma, color=BEST, linewidth=1.4, label=label)
    if fit.sigmas[0] <= PAPER_SIGMA <= fit.sigmas[-1]:
        paper = f"{PAPER_SIGMA:g} px, by eye (Škoda et al. 2020)" if label else None
        panel.axvline(PAPER_SIGMA, color=PAPER, linewidth=1.4, linestyle="--", label=paper)


def _figure(size: tuple[float, float]) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _tidy(*panels: Axes) -> None:
    for panel in panels:
        panel.tick_params(labelsize=8)
        panel.spines[["top", "right"]].set_visible(False)


def _save(figure: Any, output: Path) -> Path:
    known = figure.canvas.get_supported_filetypes()
    if output.suffix.lstrip(".").lower() not in known:
        msg = f"{output}: {output.suffix!r} names no format of images, expected one of {', '.join(sorted(known))}"
        raise RecipeError(msg)
    with storage_errors(output):
        figure.savefig(output, dpi=130)
    return output
