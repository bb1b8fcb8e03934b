"""
The tables of docs/reference/measurements.md, from the JSON of `measure_truth.py`.

    python benchmarks/measure_page.py [benchmarks/results/measure-truth.json docs/reference/measurements.md]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from page_tables import Facts, fill, table

RESULTS = Path(__file__).parent / "results" / "measure-truth.json"
PAGE = Path(__file__).parents[1] / "docs" / "reference" / "measurements.md"

DIGITS = {"Å": 2, "km/s": 1, "": 3}


def number(value: float | None, digits: int = 2) -> str:
    """Return a number with a minus sign that is one; a dash where there is none."""
    if value is None:
        return "–"
    text = f"{value:.{digits}f}"
    return text.replace("-", "−") if float(text) else text.lstrip("-")


def share(value: float | None) -> str:
    """Return a share in per cent."""
    return "–" if value is None else f"{100 * value:.1f} %"


def bin_of(row: Facts) -> str:
    """Return the signal-to-noise ratios of a row; of the last one, that it holds all."""
    return f"{row['low']:g} to {row['high']:g}"


def rows_of(one: Facts) -> list[list[str]]:
    """Return the rows of a comparison."""
    rows = []
    for row in one["rows"]:
        where = "all" if row is one["rows"][-1] else bin_of(row)
        if "width" not in row:
            rows.append([where, str(row["n"]), *["–"] * 5])
            continue
        digits = DIGITS[one["unit"]]
        low, high = row["width_limits"]
        width = f"{row['width']:.2f} ({low:.2f} to {high:.2f})"
        values = [number(row[name], digits) for name in ("bias", "scatter", "error")]
        rows.append([where, str(row["n"]), *values, width, share(row["beyond_5"])])
    return rows


HEAD = ["S/N", "n", "bias{}", "scatter{}", "stated error{}", "width of the pulls (95 %)", "beyond 5"]


def head_of(one: Facts) -> list[str]:
    """Return the head of a comparison's table."""
    unit = f", {one['unit']}" if one["unit"] else ""
    return [cell.format(unit) for cell in HEAD]


def comparison(name: str) -> Callable[[Facts], str]:
    """Return what makes the table of a comparison."""

    def made(found: Facts) -> str:
        one = next(one for one in found["compared"] if one["name"] == name)
        return table(head_of(one), rows_of(one))

    return made


def calibration(found: Facts) -> str:
    """Return the widths of the pulls without and with the floors, on the seeds of the calibration."""
    rows = []
    for without, with_floors in zip(found["calibration"]["without"], found["calibration"]["with"], strict=True):
        for key, one in (("without", without), ("with", with_floors)):
            rows.append([one["name"], key, *(number(row.get("width")) for row in one["rows"])])
    bins = [bin_of(row) for row in found["calibration"]["with"][0]["rows"][:-1]]
    return table(["quantity", "floors", *(f"S/N {one}" for one in bins), "all"], rows)


def classes(found: Facts) -> str:
    """Return how often class and number of peaks are right."""
    rows = [
        [
            bin_of(row),
            str(row["n"]),
            share(row["same_class"]),
            str(row["doubles"]),
            share(row["doubles_found"]),
            share(row["dips_found"]),
            share(row["doubles_made"]),
        ]
        for row in found["classes"]
    ]
    return table(
        [
            "S/N",
            "n",
            "same class as without noise",
            "visibly double",
            "of them `double` or `shell`",
            "or `reversal`",
            "others with two peaks",
        ],
        rows,
    )


def kinds(found: Facts) -> str:
    """Return what is systematic, by kind of target."""
    rows = []
    for row in found["kinds"]:
        width = [number(row["ew_bias"]), number(row["ew_scatter"])]
        velocity = [number(row.get("rv_bias"), 1), number(row.get("rv_scatter"), 1)]
        rows.append([row["kind"], str(row["n"]), *width, str(row["n_rv"]), *velocity])
    head = ["kind", "n", "EW: bias, Å", "scatter, Å", "n with a peak", "RV: bias, km/s", "scatter, km/s"]
    return table(head, rows)


TABLES: dict[str, Callable[[Facts], str]] = {
    "ew-noiseless": comparison("ew, without noise"),
    "ew": comparison("ew, put in"),
    "separation": comparison("separation, put in"),
    "rv": comparison("rv, put in"),
    "rv-symmetric": comparison("rv of symmetric lines, put in"),
    "fwhm": comparison("fwhm, without noise"),
    "peak": comparison("peak, without noise"),
    "v-over-r": comparison("v_over_r, without noise"),
    "classes": classes,
    "kinds": kinds,
    "calibration": calibration,
}

if __name__ == "__main__":
    fill(*(map(Path, sys.argv[1:]) if sys.argv[1:] else (RESULTS, PAGE)), TABLES)
