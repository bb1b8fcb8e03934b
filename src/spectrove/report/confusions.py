"""The report's tables of classes: what is confused with what, each class by itself, and what missing labels could change."""

from __future__ import annotations

from collections.abc import Sequence

from spectrove.report.page import Table
from spectrove.report.wording import NOTHING, Facts, counted, estimated, percent


def confusion_tables(facts: Facts) -> tuple[Table, ...]:
    """
    Return predicted and actual classes, as Table 1 of the paper, and over the whole population.

    Parameters
    ----------
    facts : dict
        All of the campaign, with a closed audit.

    Returns
    -------
    tuple of Table
        The drawn predicted targets; where the audit was drawn by strata, all spectra.
    """
    confusion = facts["confusion"]
    classes = confusion["classes"]
    header = ("predicted", *(f"actual: {name}" for name in classes))
    targets = facts["campaign"]["targets"]

    def rows(matrix: Facts, names: Sequence[str], about: str) -> tuple[tuple[str, ...], ...]:
        found = []
        for name, counts, shares in zip(classes, matrix["n"], matrix["shares"], strict=True):
            if name in names:
                cells = [NOTHING] * len(classes) if shares is None else [
                    f"{percent(share)} ({about}{counted(n)})" for share, n in zip(shares, counts, strict=True)
                ]  # fmt: skip
                found.append((name, *cells))
        return tuple(found)

    drawn = Table(
        "Predicted and actual class of the predicted targets drawn at random",
        f"Of iteration {confusion['iteration']}, as Table 1 of the paper: shares of a row, and labels.",
        header,
        rows(confusion["drawn"], targets, ""),
    )
    if confusion["weighted"] is None:
        return (drawn,)
    whole = Table(
        "Predicted and actual class of all unlabeled spectra, estimated",
        f"All questions of iteration {confusion['iteration']}, each standing for as many spectra as its stratum holds for a "
        "label: shares of a row, and spectra so estimated. Where few labels stand for many spectra, a cell can be far off.",
        header,
        rows(confusion["weighted"], classes, "about "),
    )
    return drawn, whole


def classes_table(facts: Facts) -> Table:
    """
    Return precision and recall of each target class.

    Parameters
    ----------
    facts : dict
        All of the campaign, with a closed audit.

    Returns
    -------
    Table
        One row a class.
    """
    rows = [
        (
            name,
            f"{one['precision']['n_predicted']:,}",
            estimated(one["precision"]["estimate"], one["precision"]),
            NOTHING if one["recall"] is None else estimated(one["recall"]["estimate"], one["recall"]),
            NOTHING if one["recall"] is None else percent(one["recall"]["monotone_lower"]),
        )
        for name, one in ((name, facts["by_class"][name]) for name in facts["campaign"]["targets"])
    ]
    return Table(
        "Each target class by itself",
        "Here only the very class that was predicted is right. Limits hold for each class by itself.",
        ("class", "predicted", "precision", "recall (design)", "at least, if monotone"),
        tuple(rows),
    )


def abstentions_table(audited: Facts) -> Table:
    """
    Return what the missing labels could change at worst.

    Parameters
    ----------
    audited : dict
        The last iteration whose audit is closed.

    Returns
    -------
    Table
        Precision and recall.
    """
    rows = []
    for name in ("precision", "recall"):
        one = audited[name]
        if one is not None:
            worst = {"lower": one["worst_lower"], "upper": one["worst_upper"]}
            rows.append((name, estimated(one["estimate"], one), estimated(None, worst)))
    return Table(
        "Missing labels",
        f"Of iteration {audited['number']}. As if at random: spectra without a label are as the others of the sample. At worst: "
        "all of them are what makes the number smallest or largest.",
        ("", "as if at random", "limits at worst"),
        tuple(rows),
    )
