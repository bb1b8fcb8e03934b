"""How reports draw: colors, a figure without a display and without global state, and the figure as an address."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, FAINT, OURS, PAPER, TRUTH = "#1f2d3d", "#7b8794", "#c2410c", "#1d6fa5", "#2f855a"
"""Text, what is less important, what was estimated here, what the paper says, and the truth; told apart without color, too."""

STYLE: Any = {"svg.hashsalt": "spectrove", "svg.fonttype": "path", "font.size": 9, "axes.titlesize": 9.5, "pdf.fonttype": 3}
"""Settings while a figure is made; the salt makes the same figure the same bytes."""

WIDTH = 9.0
"""Of a figure, inches."""


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """
    Return an empty figure.

    Parameters
    ----------
    height, width : float
        Inches.

    Returns
    -------
    Figure
        With constrained layout.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def as_svg(figure: Figure) -> str:
    """
    Return a figure as an address that holds all of it.

    Parameters
    ----------
    figure : Figure
        The figure.

    Returns
    -------
    str
        ``data:image/svg+xml;base64,…``, to stand in an ``img`` of a page.
    """
    import matplotlib as mpl

    buffer = io.BytesIO()
    with mpl.rc_context(STYLE):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def legend_below(figure: Any, *panels: Axes) -> None:
    """
    Put one legend of some panels below their figure.

    Parameters
    ----------
    figure : Figure or SubFigure
        The figure.
    *panels : Axes
        The panels whose labels it takes, each label once.
    """
    handles: dict[str, Any] = {}
    for panel in panels:
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    if handles:
        figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=3, frameon=False, fontsize=8)


def tidy(*panels: Axes) -> None:
    """
    Give panels small labels, a faint grid, and no frame.

    Parameters
    ----------
    *panels : Axes
        The panels.
    """
    for panel in panels:
        panel.tick_params(labelsize=8)
        for label in (panel.xaxis.label, panel.yaxis.label):
            label.set_fontsize(9)
        for name in ("left", "center"):
            panel.set_title(panel.get_title(name), loc=name, fontsize=9.5)
        panel.spines[["top", "right"]].set_visible(False)
        panel.grid(visible=True, color=FAINT, alpha=0.15, linewidth=0.6)
        panel.set_axisbelow(True)
