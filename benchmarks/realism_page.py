"""
The tables of docs/reference/realism.md, from the JSON of `benchmarks/realism.py`.

    python benchmarks/realism_page.py benchmarks/results/realism.json docs/reference/realism.md
"""

from __future__ import annotations

import sys
from pathlib import Path

from page_tables import fill, table

QUANTITIES = {
    "slope": ("slope, % per 100 Å", 100, 1),
    "curvature": ("curvature, % per (100 Å)²", 100, 1),
    "ew": ("EW within 30 Å, Å", 1, 2),
    "depth": ("depth of Hα", 1, 3),
    "fwhm": ("FWHM of Hα, Å", 1, 1),
    "velocity": ("velocity of the lowest pixel, km/s", 1, 0),
    "noise": ("noise, % of the flux", 100, 2),
    "fine-noise": ("noise from second differences, %", 100, 2),
    "noise-to-error": ("noise × √ivar", 1, 2),
    "snr-ratio": ("S/N seen ÷ S/N of the header", 1, 2),
}
LEARNERS = {
    "gradient-boosting": "gradient boosting",
    "random-forest": "random forest",
    "logistic": "logistic, 60 components",
    "network": "the network `compact`",
}


def _quantiles(values: list[float], scale: float, digits: int) -> str:
    return " / ".join(f"{scale * value:.{digits}f}".replace("-", "−") for value in values[1:4])


def classifiers(found: dict) -> str:
    """Return the areas by type and S/N."""
    any_row = next(iter(found["classifiers"].values()))
    kinds = [kind for kind, part in any_row["by_kind"].items() if part["n_pairs"] >= 20]
    head = ["AUC", "all (95 %)", *kinds, *(f"S/N {name}" for name in any_row["by_snr"])]
    pairs = ["*pairs*", str(any_row["n_pairs"])]
    pairs += [str(any_row["by_kind"][kind]["n_pairs"]) for kind in kinds]
    pairs += [str(part["n_pairs"]) for part in any_row["by_snr"].values()]
    rows = [pairs]
    for name, row in found["classifiers"].items():
        low, high = row["limits"]
        rows.append([LEARNERS[name], f"**{row['area']:.3f}** ({low:.3f} to {high:.3f})"])
        rows[-1] += [f"{row['by_kind'][kind]['area']:.2f}" for kind in kinds]
        rows[-1] += [f"{part['area']:.2f}" for part in row["by_snr"].values()]
    floor = found["real_against_real"]
    low, high = floor["limits"]
    text = f"{floor['n_pairs']} pairs, gradient boosting: {floor['area']:.3f} ({low:.3f} to {high:.3f})."
    return f"{table(head, rows)}\n\nReal against real, plates halved, {text}"


def quantities(found: dict) -> str:
    """Return the quantities by type."""
    rows = []
    for name, (title, scale, digits) in QUANTITIES.items():
        for row in found["quantities"]:
            if row["quantity"] == name and row["kind"] != "all":
                sides = [_quantiles(row[side], scale, digits) for side in ("real", "simulated")]
                rows.append([title, row["kind"], *sides, f"{row['distance']:.2f}", f"{row['expected']:.2f}"])
    return table(["16 / 50 / 84 %", "type", "real", "simulated", "distance", "by chance"], rows)


def signal_to_noise(found: dict) -> str:
    """Return the distribution of S/N by layout."""
    rows = []
    for row in found["snr"]:
        sides = [" / ".join(f"{value:.0f}" for value in row[side]) for side in ("real", "simulated")]
        rows.append([row["kind"], str(row["n_real"]), *sides, f"{row['distance']:.2f}"])
    return table(["layout", "real files", "real: 5 / 16 / 50 / 84 / 95 %", "simulated", "distance"], rows)


def artefacts(found: dict) -> str:
    """Return the rates of artefacts by layout."""
    rows = []
    for row in found["artefacts"]:
        sides = []
        for side in ("real", "simulated"):
            low, high = (100 * limit for limit in row[side]["limits"])
            sides.append(f"{100 * row[side]['with'] / row[side]['n']:.2f} ({low:.2f} to {high:.2f})")
        rows.append([row["artefact"], row["layout"], *sides])
    return table(["artefact", "layout", "real, % (95 %)", "simulated, % (95 %)"], rows)


def noise_correlation(found: dict) -> str:
    """Return the correlation of the noise."""
    rows = []
    for row in found["noise_correlation"]:
        for side in ("real", "simulated"):
            values = [f"{value:.2f}".replace("-", "−") for value in row[side]["correlation"][:5]]
            rows.append([f"{row['snr'][0]} to {row['snr'][1]}", side, str(row[side]["n"]), *values])
    return table(["S/N", "A stars", "n", "lag 1", "2", "3", "4", "5"], rows)


TABLES = {
    "classifiers": classifiers,
    "quantities": quantities,
    "signal-to-noise": signal_to_noise,
    "artefacts": artefacts,
    "noise-correlation": noise_correlation,
}


if __name__ == "__main__":
    fill(Path(sys.argv[1]), Path(sys.argv[2]), TABLES)
