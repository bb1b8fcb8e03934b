"""The report's tables: plain facts in, texts in rows out."""

from __future__ import annotations

import json

from spectrove.report.answers import ARMS
from spectrove.report.page import Table
from spectrove.report.wording import NOTHING, Facts, at_most, counted, estimated, in_words, percent

YES_NO = {True: "stop", False: "go on"}
"""How a decision is said."""


def rounds_table(facts: Facts) -> Table:
    """
    Return what is known of each iteration.

    Parameters
    ----------
    facts : dict
        All of the campaign.

    Returns
    -------
    Table
        One row an iteration.
    """
    rows = []
    for row in facts["iterations"]:
        precision, recall = row["precision"], row["recall"]
        rows.append(
            (
                f"{row['number']}{', long training' if row['kind'] == 'final' else ''}",
                counted(row["n_examples"]),
                counted(row["n_predicted_targets"]),
                counted(row["n_changed"]),
                NOTHING if precision is None else estimated(precision["estimate"], precision),
                NOTHING if precision is None else f"{precision['n_answered'] + precision['n_asked_answered']:,}",
                NOTHING if precision is None else percent(precision["lower_over_all_looks"]),
                NOTHING if recall is None else estimated(recall["estimate"], recall),
                NOTHING if recall is None else percent(recall["monotone_lower"]),
            )
        )
    return Table(
        "Iteration by iteration",
        f"Each estimate is of the network of its iteration, with limits of {100 * facts['campaign']['level']:g} % that hold for "
        "it by itself. Labels: of predicted targets, those drawn and those asked about anyway.",
        (
            "iteration",
            "trained on (spectra)",
            "predicted targets",
            "predictions changed",
            "precision",
            "labels",
            "at least, over all looks",
            "recall (design)",
            "at least, if monotone",
        ),
        tuple(rows),
    )


def looks_table(facts: Facts) -> Table:
    """
    Return what the stopping rule said at every look.

    Parameters
    ----------
    facts : dict
        All of the campaign.

    Returns
    -------
    Table
        One row a look, and one for each rule where several are joined.
    """
    rows = []
    for look in facts["stopping"]["looks"]:
        several, number = len(look["rules"]) > 1, str(look["iteration"])
        together = look["limit"] or "all rules together"
        rows.append((number, facts["stopping"]["rule"], YES_NO[look["stop"]], together if several else look["reason"]))
        if several:
            rows += [("", one["rule"], YES_NO[one["stop"]], one["reason"]) for one in look["rules"]]
    return Table("Decisions", "As they were taken.", ("iteration", "rule", "decision", "why"), tuple(rows))


def false_stops_table(facts: Facts) -> Table:
    """
    Return how often the paper's rule stops by mistake.

    Parameters
    ----------
    facts : dict
        All of the campaign, with that rule.

    Returns
    -------
    Table
        One row for each true precision.
    """
    rows = [
        (f"{one['precision']:.2f}", f"{rule['threshold']:g}", f"{rule['times']}", f"{rule['n_labels']}", f"{rule['n_looks']}",
         f"{one['probability']:.2g}")
        for rule in facts["stopping"]["paper_2020"]
        for one in rule["false_stops"]
    ]  # fmt: skip
    return Table(
        "How often paper-2020 stops by mistake",
        "Probability that the rule has fired by the last look although the true precision is always the one in the first column; "
        "each look a simple random sample of so many labels (median of this campaign's), independent of the others.",
        ("true precision", "threshold", "times", "labels a look", "looks", "probability of having stopped"),
        tuple(rows),
    )


def yields_table(facts: Facts) -> Table:
    """
    Return how many targets each kind of question brought.

    Parameters
    ----------
    facts : dict
        All of the campaign.

    Returns
    -------
    Table
        One row an iteration.
    """

    def cell(one: Facts) -> str:
        if not one["n_asked"]:
            return NOTHING
        left = "".join(f", {one[key]} {word}" for key, word in (("n_abstained", "untold"), ("n_open", "open")) if one[key])
        return f"{one['n_targets']:,} of {one['n_labeled']:,} ({percent(one['share'])}){left}"

    rows = tuple((str(row["iteration"]), *(cell(row["arms"][name]) for name in ARMS)) for row in facts["yields"])
    return Table("Targets among the labels", "Targets of labels, and their share.", ("iteration", *ARMS), rows)


def strata_table(undiscovered: Facts) -> Table:
    """
    Return how many undiscovered targets each stratum may hold.

    Parameters
    ----------
    undiscovered : dict
        As of `spectrove.report.estimates.undiscovered_facts`.

    Returns
    -------
    Table
        One row a stratum, and one for all.
    """
    rows = [
        (
            one["name"],
            NOTHING if one["highest"] is None else f"{one['lowest']:.2g} to {one['highest']:.2g}",
            f"{one['n_spectra']:,}",
            f"{one['n_answered']:,}",
            f"{one['n_events']:,}",
            at_most(one["upper"]),
        )
        for one in undiscovered["strata"]
    ]
    both = f"{at_most(undiscovered['upper'])}; if monotone {at_most(undiscovered['monotone_upper'])}"
    n_spectra, n_labels, n_seen = (f"{undiscovered[key]:,}" for key in ("n_spectra", "n_labels", "n_seen"))
    return Table(
        "Targets that the network does not take for any",
        f"Upper limits, one-sided, {100 * undiscovered['level']:g} %: that of a stratum holds for it by itself, that of all for "
        "their sum, so that it is less than the limits added up. Targets found among the labels are labeled now and not counted "
        "in the limits. “Asked” strata were asked about anyway, every spectrum of them.",
        ("stratum", "probability of being a target", "spectra", "labels", "targets among them", "further targets, at most"),
        (*rows, ("all", NOTHING, n_spectra, n_labels, n_seen, both)),
    )


def pace_table(pace: Facts) -> Table:
    """
    Return how long a label takes.

    Parameters
    ----------
    pace : dict
        As of `spectrove.report.facts.gather`.

    Returns
    -------
    Table
        Median, quartiles, mean.
    """
    names = {"median": "median", "lower_quartile": "a quarter is faster than", "upper_quartile": "a quarter is slower than",
             "mean": "mean"}  # fmt: skip
    rows = [(word, in_words(pace[key])) for key, word in names.items()]
    return Table("Time per label", f"Of {pace['n_times']:,} times between two answers of one person.", ("", "time"), tuple(rows))


def settings_table(facts: Facts) -> Table:
    """
    Return what the campaign was made of.

    Parameters
    ----------
    facts : dict
        All of the campaign.

    Returns
    -------
    Table
        One row a setting.
    """
    made = facts["made_from"]
    rows = [(name, value_in_words(value)) for name, value in made["settings"].items() if value not in ({}, [])]
    pool, checkpoint = made["pool"], made["checkpoint"]
    rows += [
        ("pool", pool["path"]),
        ("pool, by content", pool["content_hash"]),
        ("recipe, by content", pool["recipe_hash"]),
    ]
    rows += [
        (f"labeled set {number}: {name}", value)
        for number, one in enumerate(made["training_sets"], 1)
        for name, value in (
            ("labels", f"{one['labels']}, {one['n_labels']:,} of them, by content {one['labels_hash']}"),
            ("spectra", f"{one['pool']}, by content {one['content_hash']}"),
        )
    ]
    rows += [
        (
            "last network, by content",
            NOTHING if checkpoint is None else f"{checkpoint['content_hash']} (iteration {checkpoint['iteration']})",
        ),
        ("campaign made by", f"spectrove {made['begun_with_software']}"),
        ("report made by", ", ".join(f"{name} {version}" for name, version in made["software"].items())),
    ]
    return Table(
        "Settings", "The same settings, pool, labels and threads give the same questions.", ("what", "value"), tuple(rows)
    )


def value_in_words(value: object) -> str:
    """
    Return a setting as people read it.

    Parameters
    ----------
    value : object
        As JSON holds it.

    Returns
    -------
    str
        Such as ``goal = 0.8; assumption = none``; what is empty is left out.
    """
    if isinstance(value, dict):
        inside = {name: value_in_words(inner) for name, inner in value.items() if inner not in ({}, [])}
        return "; ".join(f"{name} ({inside[name]})" if isinstance(inner, dict) else f"{name} = {inside[name]}"
                         for name, inner in value.items() if name in inside)  # fmt: skip
    if isinstance(value, list):
        return ", ".join(value_in_words(inner) for inner in value)
    return value if isinstance(value, str) else "none" if value is None else json.dumps(value)
