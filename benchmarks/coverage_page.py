"""
The tables of docs/reference/estimation.md, from the JSON of `benchmarks/coverage_audits.py`.

    python benchmarks/coverage_page.py benchmarks/results/coverage.json docs/reference/estimation.md
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from page_tables import fill, table

Facts = dict[str, Any]

METHODS = {
    "spectrove": "spectrove",
    "design": "spectrove, from the design",
    "monotone": "spectrove, monotone",
    "uniform": "uniform sample",
    "wald": "normal approximation",
    "betting": "`betting_limits`",
    "ppi-python": "`ppi-python`",
    "confseq": "`confseq`",
}
"""What the columns are called."""


def covered(found: Facts) -> str:
    """Return a share of audits in percent, with its limits."""
    low, high = (100 * limit for limit in found["limits"])
    return f"{100 * found['n_covered'] / found['n']:.1f} ({low:.1f} to {high:.1f})"


def cell(found: Facts, nominal: float, said: Callable[[float], str]) -> str:
    """Return coverage and width; bold where the coverage is less than was said, beyond chance."""
    coverage = covered(found)
    if found["limits"][1] < nominal:
        coverage = f"**{coverage}**"
    return f"{coverage}; {said(found['width'])}"


def share(value: float) -> str:
    """Return a share, or a difference of two."""
    return f"{value:.3f}"


def number(value: float) -> str:
    """Return a number of spectra with three digits."""
    if value < 1000:
        return f"{value:.0f}"
    digits = len(f"{value:.0f}") - 3
    return f"{round(value, -digits):,.0f}"


def limits(quantity: str, found: Facts) -> str:
    """Return how the limits of one quantity do, of all scores and numbers of labels."""
    nominal = 1 - found["missed_alpha"] if quantity == "missed" else found["level"]
    said = number if quantity == "missed" else share
    truth = {"precision": "precision", "recall": "recall", "missed": "n_missed"}[quantity]
    names = list(found["scores"][0]["audits"][0][quantity])
    rows = [
        [one["scores"], said(one[truth]), f"{audit['labels']:,}", *(cell(audit[quantity][name], nominal, said) for name in names)]
        for one in found["scores"]
        for audit in one["audits"]
    ]
    return table(["scores", "truth", "labels", *(METHODS[name] for name in names)], rows)


def pools(found: Facts) -> str:
    """Return the strata of every pool, what is in them, and how many labels they get."""
    rows = []
    for one in found["scores"]:
        for place, stratum in enumerate(one["audits"][-1]["strata"]):
            labels = ", ".join(_drawn(audit["strata"], stratum) for audit in one["audits"])
            name = one["scores"] if place == 0 else ""
            rows.append([name, stratum["name"], f"{stratum['n_spectra']:,}", f"{stratum['n_targets']:,}", labels])
    return table(["scores", "stratum", "spectra", "targets", "labels"], rows)


def _drawn(strata: Sequence[Facts], wanted: Facts) -> str:
    # An audit of few labels has fewer strata: what it does not have is in the last one.
    same = [one for one in strata if one["name"] == wanted["name"] and one["n_spectra"] == wanted["n_spectra"]]
    return f"{same[0]['n_drawn']:,}" if same else "–"


def estimates(found: Facts) -> str:
    """Return means and standard deviations of the estimates."""
    rows = []
    for one in found["scores"]:
        for audit in one["audits"]:
            said = {"precision": share, "recall": share, "missed": number}
            truth = {"precision": one["precision"], "recall": one["recall"], "missed": one["n_missed"]}
            cells = [
                f"{say(truth[name])}; {say(audit['estimates'][name]['mean'])} ± {say(audit['estimates'][name]['sd'])}"
                for name, say in said.items()
            ]
            rows.append([one["scores"], f"{audit['labels']:,}", *cells])
    return table(["scores", "labels", "precision", "recall", "missed targets"], rows)


def starved(found: Facts) -> str:
    """Return the limits of audits that Neyman's rule alone allots."""
    nominal = 1 - found["missed_alpha"]
    rows = [
        [
            f"{one['labels']:,}",
            ", ".join(str(n) for n in one["n_drawn"][-4:]),
            number(one["n_missed"]),
            *(cell(one["missed"][name], nominal, number) for name in ("design", "monotone")),
        ]
        for one in found["starved"]
    ]
    return table(["labels", "of others 1 to 4", "truth", METHODS["design"], METHODS["monotone"]], rows)


def rounds(found: Facts) -> str:
    """Return whether the limits of ten rounds hold together."""
    rows = []
    for one in found["scores"]:
        if "rounds" not in one:
            continue
        told = one["rounds"]
        cells = []
        for name in ("together", "together, monotone", "each alone"):
            some = told[name]
            text = covered({**some, "n_covered": some["n_always"]})
            text = f"**{text}**" if some["limits"][1] < 1 - told["alpha"] else text
            medians = " → ".join(number(value) for value in some.get("median_upper", ()))
            cells.append(f"{text}; {medians}" if medians else text)
        rows.append([one["scores"], number(told["n_targets"]), *cells])
    return table(["scores", "targets", "from the design", "monotone", "each audit alone"], rows)


def draws(found: Facts) -> str:
    """Return what audits found that drew rows."""
    rows = [
        [one["scores"], row["name"], f"{row['seen']:.0f}", f"{row['expected']:.1f} ± {row['spread']:.1f}"]
        for one in found["scores"]
        for row in one.get("drawn_rows", ())
    ]
    return table(["scores", "stratum", "targets found", "expected"], rows)


def made(found: Facts) -> str:
    """Return by what the figures were made."""
    versions = found["machine"]["versions"] | {name: one["version"] for name, one in found["peers"].items() if "version" in one}
    said = ", ".join(f"{name} {versions[name]}" for name in ("numpy", *found["peers"]) if name in versions)
    absent = [f"`{name}` could not be imported: {one['absent']}." for name, one in found["peers"].items() if "absent" in one]
    minutes = f"{sum(one['seconds'] for one in found['scores']) / 60:.0f} minutes of one core"
    return " ".join(
        [
            f"{found['n_audits']:,} audits of each kind, seed {found['seed']}, {minutes} of {found['machine']['cpu']},",
            f"Python {found['machine']['python']}, {said}, {found['machine']['measured_at']}.",
            *absent,
        ]
    )


TABLES = {
    "made": made,
    "pools": pools,
    "precision": partial(limits, "precision"),
    "recall": partial(limits, "recall"),
    "missed": partial(limits, "missed"),
    "estimates": estimates,
    "starved": starved,
    "rounds": rounds,
    "draws": draws,
}


if __name__ == "__main__":
    fill(Path(sys.argv[1]), Path(sys.argv[2]), TABLES)
