"""The report's tables: plain facts in, texts in rows out, the paper's numbers beside ours."""

from __future__ import annotations

from collections.abc import Sequence

from spectrove.experiment import published
from spectrove.experiment.measure import share
from spectrove.experiment.phases import Facts
from spectrove.experiment.wording import estimated, told
from spectrove.report.page import Table
from spectrove.report.wording import NOTHING, in_words, percent


def non_active_table(facts: Facts) -> Table:
    """
    Return the runs without questions, as the paper's Table A.1.

    Parameters
    ----------
    facts : dict
        All of the experiment.

    Returns
    -------
    Table
        One row for each run and class.
    """
    rows = []
    for run in facts["non_active"]:
        for name in facts["settings"]["campaign"]["classes"]["targets"]:
            ours = run["by_class"][name]
            number = run["run"] - 1
            paper = published.NON_ACTIVE[number].get(name) if number < len(published.NON_ACTIVE) else None
            beside = NOTHING if paper is None else f"{percent(paper[0] / 100)} ({paper[1]:,})"
            rows.append(
                (
                    str(run["run"]),
                    name,
                    beside,
                    f"{ours['n_predicted']:,}",
                    estimated(ours),
                    told(ours["true"]),
                    told(run["recall"]),
                )
            )
    return Table(
        "Without asking: networks trained on the labeled set alone (the paper's Table A.1)",
        f"Estimated from up to {facts['settings']['n_judged']} random spectra of each predicted class, labeled by the oracle; "
        "true: of all. Only the very class that was predicted counts as right. Recall is of visible targets, both classes "
        "together. Each run has other first weights and another order of the same examples.",
        ("run", "predicted class", "paper (spectra)", "predicted", "precision, estimated", "precision, true", "recall, true"),
        tuple(rows),
        (6, 16, 20, 12, 34, 36, 34),
    )


def iterations_table(facts: Facts) -> Table:
    """
    Return the active search iteration by iteration, as the paper's Fig. 5 and beyond.

    Parameters
    ----------
    facts : dict
        All of the experiment.

    Returns
    -------
    Table
        One row an iteration.
    """
    seconds: dict[int, float] = {}
    for step in facts["active"]["steps"]:
        seconds[step["iteration"]] = seconds.get(step["iteration"], 0.0) + step["seconds"]
    rows = tuple(
        (
            f"{row['number']}{', long' if row['kind'] == 'final' else ''}",
            f"{row['n_queried']:,}",
            f"{row['precision']['of']:,}",
            estimated(row["estimate"]),
            told(row["precision"]),
            told(row["recall"]),
            in_words(seconds.get(row["number"], 0.0)),
        )
        for row in facts["active"]["iterations"]
    )
    audit = facts["settings"]["campaign"]["audit"]["size"]
    return Table(
        "The active search, iteration by iteration (the paper's Fig. 5)",
        f"Estimated from a simple random sample of {audit} predicted targets left in the pool; true: of all of these. A "
        "spectrum that shows either target class counts as right. Recall: candidates among all visible targets, those met by "
        "the oracle included.",
        (
            "iteration",
            "labels that taught",
            "predicted targets",
            "precision, estimated",
            "precision, true",
            "recall, true",
            "time",
        ),
        rows,
        (11, 12, 12, 36, 40, 38, 10),
    )


def confusion_table(facts: Facts) -> Table:
    """
    Return the paper's Table 1 with the row that it could not have, ours beside the paper's.

    Parameters
    ----------
    facts : dict
        All of the experiment.

    Returns
    -------
    Table
        One row for each predicted class.
    """
    final = facts["active"]["final"]
    names, counts = final["classes"], final["network"]["confusion"]
    rows = []
    for name, row in zip(names, counts, strict=True):
        paper = published.CONFUSION.get(name, {})
        total = sum(paper.values())
        cells = [
            f"{told(share(n, sum(row)))}"
            + (f"; paper {percent(paper[actual] / total)} ({paper[actual]:,})" if actual in paper else "")
            for actual, n in zip(names, row, strict=True)
        ]
        rows.append((name, *cells))
    return Table(
        "After the long training: predicted and actual class (the paper's Table 1, and its complement)",
        "Shares of a row, that is of all spectra predicted for a class. Spectra that nobody labeled; those that the oracle met "
        "are left out, as in the paper. The last row could not be known there: it would have meant to look at four million "
        "spectra.",
        ("predicted", *(f"actual: {name}" for name in names)),
        tuple(rows),
        (18, *(44,) * len(names)),
    )


def recall_table(facts: Facts) -> Table:
    """
    Return the recall of each kind of target.

    Parameters
    ----------
    facts : dict
        All of the experiment.

    Returns
    -------
    Table
        One row a kind.
    """
    recall = facts["active"]["final"]["recall"]
    rows = [(kind["subtype"], told(kind["visible"]), told(kind["all"])) for kind in recall["by_subtype"]]
    rows += [
        (f"labeled {name}", told(recall["by_class"][name]), NOTHING)
        for name in facts["settings"]["campaign"]["classes"]["targets"]
    ]
    return Table(
        "Recall by kind of target",
        "Found: a candidate, by the network or by the oracle. Visible: a peak of the noise-free profile rises at least three "
        "times the noise of a pixel above its surroundings, at the pool's resolution.",
        ("kind", "of those in which one can see it", "of all that emit"),
        tuple(rows),
        (30, 50, 50),
    )


def finders_table(facts: Facts) -> Table:
    """
    Return the classical finders beside the network.

    Parameters
    ----------
    facts : dict
        All of the experiment.

    Returns
    -------
    Table
        One row a finder.
    """
    rows = tuple(
        (
            f"{row['name']}: {row['title']}",
            row["reference"],
            told(row["precision"]),
            told(row["recall"]),
            f"{row['f1']:.3f}",
            NOTHING if row["auc"] is None else f"{row['auc']:.4f}",
            in_words(row["seconds"]) if "seconds" in row else NOTHING,
        )
        for row in facts["finders"]["rows"]
    )
    candidates = facts["active"]["final"]["candidates"]
    return Table(
        "Classical finders and the network on the same pool",
        "Each finder stands at the threshold of its best F1, chosen with the truth in hand: the best that it could do, not what "
        "a search would reach. The network stands there in the same way, on the spectra that nobody labeled, which are fewer. "
        f"The last row is the search as it was used: {sum(candidates['by_oracle'].values()):,} of its {candidates['n']:,} "
        "candidates were labeled by the oracle on the way, help that no finder had. Finders see the spectra in the "
        "instrument's pixels, the network 140 scaled points. Time: of one processor for all spectra, besides "
        f"{in_words(facts['finders']['seconds_shared'])} for what all finders share and the making of the spectra.",
        ("finder", "after", "precision", "recall", "F1", "AUC", "time"),
        rows,
        (36, 26, 34, 34, 8, 9, 9),
    )


def time_parts(facts: Facts) -> list[tuple[str, float]]:
    """
    Return how long each part of the experiment took.

    Parameters
    ----------
    facts : dict
        All of the experiment.

    Returns
    -------
    list of (str, float)
        Name and seconds.
    """
    times = {part["phase"]: part["seconds"] for part in facts["times"]}
    steps = facts["active"]["steps"]

    def of(kind: str, *phases: str) -> float:
        return float(sum(step["seconds"] for step in steps if step["kind"] == kind and step["phase"] in phases))

    runs = [run["run"] for run in facts["non_active"]]
    parts = [
        ("simulating the survey", times.get("simulation", 0.0)),
        (f"without asking: training, {len(runs)} runs", sum(times.get(f"run-{run}-training", 0.0) for run in runs)),
        (
            "without asking: scoring and judging",
            sum(times.get(f"run-{run}{end}", 0.0) for run in runs for end in ("-scoring", "")),
        ),
        ("active search: trainings", of("active", "TRAIN")),
        ("active search: scoring, choosing questions", of("active", "SCORE")),
        ("active search: answers, estimates", of("active", "ASK", "AUDIT")),
        ("active search: long training", of("final", "TRAIN")),
        ("active search: last scoring", of("final", "SCORE")),
        ("measuring against the truth", times.get("measures", 0.0)),
        ("classical finders", times.get("finders", 0.0)),
    ]
    return [(name, seconds) for name, seconds in parts if seconds]


def settings_table(facts: Facts) -> Table:
    """
    Return what the experiment was made of.

    Parameters
    ----------
    facts : dict
        All of the experiment.

    Returns
    -------
    Table
        One row a setting.
    """
    plain = {"seed": facts["settings"]["seed"], "survey": facts["settings"]["survey"], **facts["settings"]["campaign"]}
    rows = [(name, _value(value)) for name, value in plain.items() if value not in ({}, [])]
    rows += [
        ("pool, by content", str(facts["made_from"]["pool"])),
        ("last network, by content", str(facts["made_from"]["checkpoint"])),
    ]
    rows += [("software", ", ".join(f"{name} {version}" for name, version in facts["made_from"]["software"].items()))]
    peak = max((part["peak_memory_mib"] for part in facts["times"]), default=0)
    rows += [("largest memory of a process", f"{peak:,} MiB")]
    return Table(
        "Settings",
        "The same settings, with as many threads, give the same numbers.",
        ("section", "value"),
        tuple(rows),
        (26, 130),
    )


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name} = {_value(inner)}" for name, inner in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_value(inner) for inner in value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)
