"""Draw the README's picture from the folder of `make demo`: python docs/images/demo_candidates.py demo OUT.png."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from spectrove.campaign import Campaign
from spectrove.catalog import candidates_of

INK, FOUND, REJECTED = "#1f2d3d", "#d1451b", "#6b7a8a"


def chosen(table: pa.Table, label: str, n: int) -> list[str]:
    """Return some candidates of a class, from certain to uncertain."""
    ids = [row["spectrum_id"] for row in table.to_pylist() if row["label"] == label]
    return [ids[place] for place in np.linspace(0, len(ids) - 1, n).astype(int)]


def main(demo: Path, output: Path) -> None:
    """Draw eight candidates, and four spectra that the network was unsure of and the expert rejected."""
    with Campaign(demo / "campaign") as campaign:
        table, _ = candidates_of(campaign)
        labels = campaign.store.labels()
        queries = campaign.store.questions(0, "query")
        rejected = [question.spectrum_id for question in queries if labels[question.spectrum_id] == "not-interesting"]
        rows = [
            ("single peak", FOUND, chosen(table, "single-peak", 4)),
            ("double peak", FOUND, chosen(table, "double-peak", 4)),
            ("rejected", REJECTED, rejected[:4]),
        ]
        figure = Figure(figsize=(11, 5.6), layout="constrained", facecolor="white")
        FigureCanvasAgg(figure)
        panels = figure.subplots(3, 4, sharex=True, sharey=True)
        for line, (name, color, ids) in zip(panels, rows, strict=True):
            fluxes = campaign.pool.features(campaign.pool.rows_of(np.array(ids, dtype=object)))
            line[0].set_ylabel(name, color=color, fontsize=11)
            for panel, flux in zip(line, fluxes, strict=True):
                panel.plot(campaign.pool.grid, flux, color=INK, linewidth=0.9)
                panel.axvline(6564.6, color=color, linewidth=0.8, linestyle=":")
                panel.spines[["top", "right"]].set_visible(False)
                panel.set_yticks([])
        figure.supxlabel("wavelength [Å, vacuum]", fontsize=10)
    figure.savefig(output, dpi=110)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
