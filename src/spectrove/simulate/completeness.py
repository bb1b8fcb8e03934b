"""How many of the lines that were put into spectra a search finds, against signal-to-noise ratio and strength."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spectrove.contracts import BoolArray, FloatArray, IntArray
from spectrove.errors import SpectrumError, StorageError
from spectrove.evaluate import clopper_pearson
from spectrove.storage import storage_errors

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class CompletenessMap:
    """
    The share of lines that were found, in cells of signal-to-noise ratio and equivalent width.

    Attributes
    ----------
    snr_edges : array of shape (n_snr + 1,)
        Edges of the cells, signal-to-noise ratio of a pixel.
    ew_edges : array of shape (n_ew + 1,)
        Edges of the cells, Å.
    n_injected, n_found : array of int, shape (n_snr, n_ew)
        Number of lines put in, and of those found.
    lower, upper : array of shape (n_snr, n_ew)
        Two-sided Clopper-Pearson limits of the share; 0 and 1 where nothing was put in.
    level : float
        Confidence level of the limits.
    """

    snr_edges: FloatArray
    ew_edges: FloatArray
    n_injected: IntArray
    n_found: IntArray
    lower: FloatArray
    upper: FloatArray
    level: float

    @property
    def completeness(self) -> FloatArray:
        """
        Return the share of lines that were found.

        Returns
        -------
        array of shape (n_snr, n_ew)
            0 to 1; NaN where nothing was put in.
        """
        none = np.full(self.n_injected.shape, np.nan)
        share: FloatArray = np.divide(self.n_found, self.n_injected, out=none, where=self.n_injected > 0)
        return share


def completeness_map(
    snr: FloatArray, ew: FloatArray, found: BoolArray, edges: tuple[FloatArray, FloatArray], level: float = 0.95
) -> CompletenessMap:
    """
    Return how completely lines were found.

    Parameters
    ----------
    snr : array of shape (n_injected,)
        Signal-to-noise ratio a pixel of the spectra that lines were put into.
    ew : array of shape (n_injected,)
        Equivalent widths of the lines, Å, positive.
    found : array of bool, shape (n_injected,)
        Which of them the search found.
    edges : tuple of array
        Edges of the cells in signal-to-noise ratio and in equivalent width, increasing; a cell holds its lower edge, the last
        one both, and what lies outside of all cells is left out.
    level : float
        Confidence level of the limits.

    Returns
    -------
    CompletenessMap
        Counts and limits of each cell.

    Raises
    ------
    SpectrumError
        If the arrays differ in length, or edges do not increase.
    """
    if not snr.shape == ew.shape == found.shape:
        msg = f"completeness: snr, ew and found must share one shape (n,), got {(snr.shape, ew.shape, found.shape)}"
        raise SpectrumError(msg)
    if any(edge.size < 2 or np.any(np.diff(edge) <= 0) for edge in edges):
        msg = f"completeness: edges must increase, got {tuple(edge.tolist() for edge in edges)}"
        raise SpectrumError(msg)
    injected, kept = (
        np.histogram2d(snr[some], ew[some], bins=edges)[0].astype(np.int64) for some in (np.ones_like(found), found)
    )
    limits = np.array([
        [clopper_pearson(int(good), int(n), level) for good, n in zip(*row, strict=True)]
        for row in zip(kept, injected, strict=True)
    ])  # fmt: skip
    return CompletenessMap(edges[0], edges[1], injected, kept, limits[..., 0], limits[..., 1], level)


def edges_between(values: FloatArray, most: int) -> FloatArray:
    """
    Return edges of cells that part the values as they come.

    Parameters
    ----------
    values : array of shape (n,)
        Positive numbers, at least one.
    most : int
        Most cells to make.

    Returns
    -------
    array of shape (n_cells + 1,)
        Around each value if there are few different ones, geometric means being the edges between them; else quantiles.
    """
    different = np.unique(values)
    if different.size > most:
        quantiles: FloatArray = np.unique(np.quantile(values, np.linspace(0, 1, most + 1)))
        return quantiles
    between = np.sqrt(different[1:] * different[:-1])
    edges: FloatArray = np.concatenate([[different[0] / 1.5], between, [different[-1] * 1.5]])
    return edges


def draw_completeness(completeness: CompletenessMap, output: Path) -> Path:
    """
    Draw a map of the completeness: in each cell the share in per cent, its limits, and the number of lines.

    Parameters
    ----------
    completeness : CompletenessMap
        What to draw.
    output : Path
        Image to write, in a folder that exists; its suffix names the format, such as ``.png``, ``.svg`` or ``.pdf``.

    Returns
    -------
    Path
        The image.

    Raises
    ------
    SpectrumError
        If the suffix names no format of images.
    StorageError
        If there is no such folder, the disk is full, or the image cannot be written.
    """
    if not output.parent.is_dir():
        msg = f"{output}: there is no folder {str(output.parent)!r}, expected one. Make it, or name another."
        raise StorageError(msg)
    figure = completeness_figure(completeness)
    known = figure.canvas.get_supported_filetypes()
    if output.suffix.lstrip(".").lower() not in known:
        msg = f"{output}: {output.suffix!r} names no format of images, expected one of {', '.join(sorted(known))}"
        raise SpectrumError(msg)
    with storage_errors(output):
        figure.savefig(output, dpi=130)
    return output


def completeness_figure(completeness: CompletenessMap) -> Figure:
    """
    Return a figure of the completeness: in each cell the share in per cent, its limits, and the number of lines.

    Parameters
    ----------
    completeness : CompletenessMap
        What to draw.

    Returns
    -------
    Figure
        One panel.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    share = completeness.completeness
    n_snr, n_ew = share.shape
    figure = Figure(figsize=(2.2 + 1.05 * n_ew, 1.5 + 0.72 * n_snr), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    panel = figure.subplots()
    image = panel.pcolormesh(np.arange(n_ew + 1), np.arange(n_snr + 1), share, vmin=0, vmax=1, cmap="cividis")
    for row, column in np.argwhere(completeness.n_injected > 0):
        low, high = (100 * limit[row, column] for limit in (completeness.lower, completeness.upper))
        text = f"{100 * share[row, column]:.0f} %\n{low:.0f}–{high:.0f}\n{completeness.n_injected[row, column]}"
        ink = "white" if share[row, column] < 0.5 else "black"
        panel.text(column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=7, color=ink)
    panel.set_xticks(np.arange(n_ew + 1), [f"{edge:.3g}" for edge in completeness.ew_edges])
    panel.set_yticks(np.arange(n_snr + 1), [f"{edge:.3g}" for edge in completeness.snr_edges])
    panel.set_xlabel("equivalent width of the emission (Å)")
    panel.set_ylabel("S/N a pixel")
    panel.set_title(f"found, {100 * completeness.level:.0f} % limits, number injected", fontsize=9)
    figure.colorbar(image, ax=panel, label="completeness")
    return figure
