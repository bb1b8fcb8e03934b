"""A picture of a spectrum, for lists and links."""

from __future__ import annotations

import io

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from spectrove.catalog.curves import robust_range
from spectrove.lines import H_ALPHA
from spectrove.vo.spectrum.reading import Published

SIZE = (6.4, 3.0)
"""Inches of a hundred pixels each."""

LONGEST_TITLE = 80
"""Characters; a longer one would push the picture out of its frame."""


def preview_png(published: Published) -> bytes:
    """
    Return a picture of a spectrum.

    Parameters
    ----------
    published : Published
        The spectrum.

    Returns
    -------
    bytes
        PNG, 640 by 300 pixels, white ground.
    """
    spectrum, record = published.spectrum, published.record
    figure = Figure(figsize=SIZE, dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    shown = np.isfinite(spectrum.flux)
    axes.set_xlim(float(spectrum.wave[0]), float(spectrum.wave[-1]))
    if shown.any():
        low, high = robust_range(spectrum.flux)
        margin = 0.05 * (high - low) or 1.0
        axes.set_ylim(low - margin, high + margin)
        axes.plot(spectrum.wave, spectrum.flux, color="#1f4e79", linewidth=0.8)
    else:
        axes.text(0.5, 0.5, "no flux in any pixel", transform=axes.transAxes, ha="center")
    if spectrum.wave[0] < H_ALPHA.wave < spectrum.wave[-1]:
        axes.axvline(H_ALPHA.wave, color="#b04a00", linewidth=0.8, linestyle=":", zorder=0)
        axes.text(H_ALPHA.wave, 1.0, " Hα", color="#b04a00", fontsize=8, va="top", transform=axes.get_xaxis_transform())
    axes.set_xlabel("wavelength in Å" + (" (vacuum)" if spectrum.medium == "vacuum" else ""), fontsize=9)
    axes.set_ylabel("relative flux", fontsize=9)
    axes.tick_params(labelsize=8)
    title = " · ".join(text for text in (record.designation, record.spectrum_id) if text)
    title = "".join(sign if sign.isprintable() else " " for sign in title)
    title = title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…"
    axes.set_title(title.replace("$", r"\$"), fontsize=9, loc="left")
    written = io.BytesIO()
    figure.savefig(written, format="png")
    return written.getvalue()
