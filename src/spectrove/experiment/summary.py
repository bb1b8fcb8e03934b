"""The same experiment over several seeds: how far the results scatter."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from spectrove.errors import ConfigError
from spectrove.experiment.measure import share
from spectrove.experiment.phases import Facts
from spectrove.experiment.report import FORMAT, FORMAT_VERSION, NUMBERS

SHARES: dict[str, Callable[[Facts], list[Facts]]] = {
    "precision without asking": lambda facts: [run["precision"] for run in facts["non_active"]],
    "precision, last network": lambda facts: [facts["active"]["final"]["network"]["precision"]],
    "precision of the candidates": lambda facts: [facts["active"]["final"]["candidates"]["precision"]],
    "recall of visible targets": lambda facts: [facts["active"]["final"]["recall"]["visible"]],
    "recall of all that emit": lambda facts: [facts["active"]["final"]["recall"]["emits"]],
}
"""Shares of spectra, one for each run; counts of the first run add up over seeds, whose pools are independent."""

COUNTS: dict[str, Callable[[Facts], float]] = {
    "last iteration with questions": lambda facts: facts["active"]["iterations"][-1]["number"] - 1,
    "labels in all": lambda facts: facts["active"]["labels"]["n_spectra"],
    "labels to teach": lambda facts: facts["active"]["labels"]["n_queried"],
    "candidates": lambda facts: facts["active"]["final"]["candidates"]["n"],
    "wall time [s]": lambda facts: round(sum(part["seconds"] for part in facts["times"])),
}
"""Numbers of which mean and range are given."""


def summarize(directories: Sequence[Path]) -> Facts:
    """
    Return the results of several experiments in one table.

    Parameters
    ----------
    directories : sequence of Path
        Folders of finished experiments that differ in their seed alone.

    Returns
    -------
    dict
        ``seeds``; ``shares`` by name: the value of each run, mean, least and largest, ``limits`` of the mean over experiments,
        and ``pooled``, the spectra of all experiments together (of several runs over one pool, the first) with limits as of
        `spectrove.experiment.measure.share`; ``counts`` and ``finders`` (best F1) by name: values, mean, least, largest and
        ``limits``; ``ends``: why each search ended.

    Raises
    ------
    ConfigError
        If a folder holds no finished experiment, or two differ in more than their seed, or are of one seed.

    References
    ----------
    .. [1] Student 1908, Biometrika, 6, 1 (limits of the mean over experiments: t of 95 %).
    """
    reports = [_read(directory) for directory in directories]
    if not reports:
        msg = "summary: no experiment is named. Name the folders of finished ones."
        raise ConfigError(msg)
    seeds = [report["settings"]["seed"] for report in reports]
    if len(set(seeds)) != len(seeds):
        msg = f"summary: two experiments share a seed, got {seeds}. Name each experiment once, of seeds of their own."
        raise ConfigError(msg)
    for directory, report in zip(directories, reports, strict=True):
        if _but_for_seed(report) != _but_for_seed(reports[0]):
            msg = f"{directory}: its settings differ from {directories[0]} in more than the seed. Summarize equal experiments."
            raise ConfigError(msg)
    names = [row["name"] for row in reports[0]["finders"]["rows"]]
    return {
        "seeds": seeds,
        "n_spectra": [report["survey"]["n_spectra"] for report in reports],
        "network": reports[0]["settings"]["campaign"]["network"]["name"],
        "shares": {name: _shares([of(report) for report in reports]) for name, of in SHARES.items()},
        "counts": {name: _spread([of(report) for report in reports]) for name, of in COUNTS.items()},
        "finders": {name: _spread([_f1(report, name) for report in reports]) for name in names},
        "ends": [_end(report) for report in reports],
    }


def _read(directory: Path) -> Facts:
    path = directory / NUMBERS
    try:
        report = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        msg = f"{path}: no finished experiment can be read here ({error}). Run `spectrove experiment paper-2020` to its end."
        raise ConfigError(msg) from error
    if not isinstance(report, dict) or report.get("format") != FORMAT or report.get("format_version", 0) > FORMAT_VERSION:
        msg = f"{path}: this is no report of an experiment that this software knows. Name the folder of one."
        raise ConfigError(msg)
    return report


def _but_for_seed(report: Facts) -> Any:
    def stripped(value: Any) -> Any:
        return {key: stripped(inner) for key, inner in value.items() if key != "seed"} if isinstance(value, dict) else value

    return stripped(report["settings"])


def _f1(report: Facts, name: str) -> float:
    return float(next(row["f1"] for row in report["finders"]["rows"] if row["name"] == name))


def _end(report: Facts) -> str:
    stopped = report["active"]["final"]["stopped"]
    return str(stopped["reason"]) if stopped else "it never stopped"


def _spread(values: Sequence[float]) -> Facts:
    return {
        "values": list(values),
        "mean": sum(values) / len(values),
        "least": min(values),
        "largest": max(values),
        "limits": _limits(values),
    }


def _limits(values: Sequence[float]) -> list[float] | None:
    """Return limits of 95 % of the mean over experiments, if there are several."""
    if len(values) < 2:
        return None
    half = stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / math.sqrt(len(values))
    mean = float(np.mean(values))
    return [mean - float(half), mean + float(half)]


def _shares(found: Sequence[Sequence[Facts]]) -> Facts:
    known = [[fact["value"] for fact in runs if fact["value"] is not None] for runs in found]
    every = [value for values in known for value in values]
    spread = _spread(every) if every else {"values": [], "mean": None, "least": None, "largest": None}
    limits = _limits([sum(values) / len(values) for values in known if values])
    within = None if limits is None else [max(limits[0], 0.0), min(limits[1], 1.0)]
    first = [runs[0] for runs in found if runs]
    return {**spread, "limits": within, "pooled": share(sum(fact["n"] for fact in first), sum(fact["of"] for fact in first))}
