"""
The tables of docs/reference/paper-experiment.md, from the reports of several seeds.

    python benchmarks/experiment_page.py SEED1/report.json SEED2/report.json … benchmarks/results/paper-experiment.json \
        docs/reference/paper-experiment.md
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path

from page_tables import Facts, fill, table

from spectrove.experiment import summarize
from spectrove.experiment.measure import share
from spectrove.experiment.wording import percent, told

CLASSES = ("single-peak", "double-peak", "not-interesting")


def kept(reports: list[Path]) -> Facts:
    """Return what the page and a referee need of the reports: everything but curves, spectra and settings of one seed."""
    seeds = []
    for path in reports:
        report = json.loads(path.read_text(encoding="utf-8"))
        final = {name: value for name, value in report["active"]["final"].items() if name != "curve"}
        active = {**report["active"], "final": final, "steps": None}
        finders = {**report["finders"], "curves": None}
        names = ("non_active", "survey", "times", "settings", "made_from")
        seeds.append({**{name: report[name] for name in names}, "active": active, "finders": finders})
    return {"summary": summarize([path.parent for path in reports]), "paper": report["paper"], "seeds": seeds}


def _limits(fact: Facts, said: Callable[[float], str], most: float = math.inf) -> str:
    low, high = max(fact["limits"][0], 0.0), min(fact["limits"][1], most)
    return f"{said(fact['mean'])} ({said(low)} to {said(high)})"


def glance(found: Facts) -> str:
    """Return the main figures over the seeds."""
    seeds, shares, counts = found["seeds"], found["summary"]["shares"], found["summary"]["counts"]
    paper = {
        "precision without asking": "2.0 to 4.1 %, single; 0 to 2.0 %, double",
        "precision, last network": "98.6 % (98.2 to 98.9 %), 4,103 of 4,161",
    }
    rows = []
    for name, fact in shares.items():
        each = f"{percent(fact['least'])} to {percent(fact['largest'])}"
        rows.append([name, paper.get(name, "not known"), _limits(fact, percent), each, told(fact["pooled"])])
    told_counts = {"last iteration with questions": "17", "labels to teach": "1,700", "candidates": "4,379"}
    for name, fact in counts.items():
        each = f"{fact['least']:,} to {fact['largest']:,}"
        rows.append([name, told_counts.get(name, ""), _limits(fact, "{:,.0f}".format), each, ""])
    false = [
        sum(row["n_predicted"] - row["true"]["n"] for row in run["by_class"].values()) / seed["survey"]["n_spectra"]
        for seed in seeds
        for run in seed["non_active"]
    ]
    rows.insert(
        1,
        [
            "wrongly predicted targets without asking, share of the pool",
            "12 to 17 %",
            "",
            f"{percent(min(false))} to {percent(max(false))}",
            "",
        ],
    )
    head = ["quantity", "paper", "mean (95 % over seeds)", "range", "all seeds together (95 %)"]
    return table(head, [[cell.replace("\N{NO-BREAK SPACE}", " ") for cell in row] for row in rows])


def ends(found: Facts) -> str:
    """Return why each search ended."""
    pairs = zip(found["summary"]["seeds"], found["summary"]["ends"], strict=True)
    return "\n".join(f"- Seed {seed}: {end}." for seed, end in pairs)


def rounds(found: Facts) -> str:
    """Return estimate and truth round by round."""
    longest = max(len(seed["active"]["iterations"]) for seed in found["seeds"])
    rows = []
    for number in range(longest):
        row = [str(number)]
        for seed in found["seeds"]:
            past = seed["active"]["iterations"]
            if number >= len(past):
                row += ["", "", ""]
                continue
            it = past[number]
            estimate = it["estimate"]
            said = (
                "long training"
                if estimate is None
                else f"{estimate['estimate']:.2f} ({estimate['lower']:.2f}–{estimate['upper']:.2f})"
            )
            row += [said, f"{it['precision']['value']:.2f}", f"{it['recall']['value']:.2f}"]
        rows.append(row)
    head = ["round"]
    for seed in found["summary"]["seeds"]:
        head += [f"seed {seed}: estimate", "precision", "recall"]
    return table(head, rows)


def confusion(found: Facts) -> str:
    """Return Table 1 and its complement, all seeds together."""
    matrices = [seed["active"]["final"]["network"]["confusion"] for seed in found["seeds"]]
    total = [[sum(matrix[predicted][actual] for matrix in matrices) for actual in range(3)] for predicted in range(3)]
    rows = [
        [f"**{name}**", *(told(share(n, sum(row))).replace("\N{NO-BREAK SPACE}", " ") for n in row)]
        for name, row in zip(CLASSES, total, strict=True)
    ]
    return table(["predicted", *(f"actual: {name}" for name in CLASSES)], rows)


def _together(found: Facts, name: str, key: Callable[[Facts], str], side: str | None) -> dict[str, Facts]:
    sums: dict[str, list[int]] = {}
    for seed in found["seeds"]:
        for row in seed["active"]["final"]["recall"][name]:
            fact = row if side is None else row[side]
            sums.setdefault(key(row), [0, 0])
            sums[key(row)][0] += fact["n"]
            sums[key(row)][1] += fact["of"]
    return {what: share(*counts) for what, counts in sums.items()}


def kinds(found: Facts) -> str:
    """Return the recall by kind of target, all seeds together."""
    visible, everything = (_together(found, "by_subtype", lambda row: row["subtype"], side) for side in ("visible", "all"))
    order = sorted(everything, key=lambda name: -everything[name]["of"])
    rows = [[name, *(told(side[name]).replace("\N{NO-BREAK SPACE}", " ") for side in (visible, everything))] for name in order]
    return table(["kind", "recall of those that one can see (95 %)", "of all that emit (95 %)"], rows)


def visibility(found: Facts) -> str:
    """Return the recall by visibility, all seeds together."""
    found_by = _together(
        found,
        "by_visibility",
        lambda row: f"{row['from']:g} to {row['to']:g}" if row["to"] and row["to"] < 10_000 else f"{row['from']:g} and more",
        None,
    )
    rows = [
        [name, told(fact).replace("\N{NO-BREAK SPACE}", " ")]
        for name, fact in sorted(found_by.items(), key=lambda item: float(item[0].split()[0]))
    ]
    return table(["peak over the noise of a pixel", "recall (95 %)"], rows)


def finders(found: Facts) -> str:
    """Return the classical finders beside the network, by seed and on average."""
    rows = []
    for name, fact in found["summary"]["finders"].items():
        row = [name]
        for seed in found["seeds"]:
            one = next(line for line in seed["finders"]["rows"] if line["name"] == name)
            row.append(f"{one['precision']['value']:.2f} / {one['recall']['value']:.2f} / {one['f1']:.2f}")
        rows.append([*row, _limits(fact, "{:.2f}".format, 1.0)])
    seeds = [f"seed {seed}: precision / recall / F1" for seed in found["summary"]["seeds"]]
    return table(["finder", *seeds, "mean F1 (95 % over seeds)"], rows)


TABLES = {
    "glance": glance,
    "ends": ends,
    "rounds": rounds,
    "confusion": confusion,
    "kinds": kinds,
    "visibility": visibility,
    "finders": finders,
}


def main(*given: str) -> None:
    """Keep the figures and fill the page."""
    *reports, figures, page = map(Path, given)
    if reports:
        figures.write_text(json.dumps(kept(reports), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    fill(figures, page, TABLES)


if __name__ == "__main__":
    main(*sys.argv[1:])
