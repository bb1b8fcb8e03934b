"""What an iteration's audit says, in sentences: every number with its limits, and what they take for granted."""

from __future__ import annotations

from math import floor
from typing import Any

MONOTONE = "if the share of targets does not rise from a stratum to the next as the score falls"
"""What the tighter limits of the recall take for granted."""

ROUNDING = 1e-6
"""What a whole number may have lost in a computation."""

FREE = "whatever the scores are worth"
"""What the other limits take for granted: nothing but the draw."""


def tell_audit(iteration: dict[str, Any]) -> list[str]:
    """
    Return what the audit of a closed iteration says.

    Parameters
    ----------
    iteration : dict
        One of the ``iterations`` of `spectrove.campaign.status`.

    Returns
    -------
    list of str
        Sentences: the precision, the recall if the audit can tell it, both of each class, and what nobody could tell; none
        before the iteration is closed.
    """
    precision, recall = iteration["precision"], iteration["recall"] or {}
    if precision is None:
        return []
    said = [f"precision {_share(precision)}: {precision['method']}"]
    if not recall:
        return [*said, *(f"  {name}: precision {_share(one)}" for name, one in precision["by_class"].items())]
    together = recall[""]
    said += [f"recall {tell_recall(together)}", _tell_missed(together)]
    said += [
        f"  {name}: precision {_share(one)}; recall {tell_recall(recall[name])}" for name, one in precision["by_class"].items()
    ]
    return said + _tell_untold(together)


def tell_recall(recall: dict[str, Any]) -> str:
    """
    Return an estimate of the recall with both of its limits and what they take for granted.

    Parameters
    ----------
    recall : dict
        Attributes of a `spectrove.evaluate.RecallEstimate`.

    Returns
    -------
    str
        A clause.
    """
    value = "unknown" if recall["estimate"] is None else f"{recall['estimate']:.2f}"
    limits = f"{recall['lower']:.2f} to {recall['upper']:.2f} {FREE} ({100 * recall['level']:g} %)"
    return f"{value}: {limits}, at least {recall['monotone_lower']:.2f} {MONOTONE}"


def _share(estimate: dict[str, Any]) -> str:
    if estimate["estimate"] is None:
        return "unknown"
    return f"{estimate['estimate']:.2f} ({estimate['lower']:.2f} to {estimate['upper']:.2f})"


def _tell_missed(recall: dict[str, Any]) -> str:
    # What this very round found is labeled by now, and missed no longer.
    n_found = sum(stratum["n_targets"] for stratum in recall["strata"])
    missed = "an unknown number of" if recall["missed"] is None else f"about {round(recall['missed'] - n_found):,}"
    free, monotone = (floor(recall[name] - n_found + ROUNDING) for name in ("missed_upper", "missed_monotone_upper"))
    return f"missed: {missed} targets, at most {free:,} {FREE}, at most {monotone:,} {MONOTONE}"


def _tell_untold(recall: dict[str, Any]) -> list[str]:
    n_open = sum(stratum["n_sampled"] - stratum["n_answered"] for stratum in recall["strata"])
    if not recall["n_untold"] and not n_open:
        return []
    untold = f"{recall['n_untold']:,} spectra that left the pool could be told by nobody"
    unlabeled = f"{n_open:,} of those asked about beside the predicted targets have no label"
    worst = f"at the worst, the recall is {recall['worst_lower']:.2f} to {recall['worst_upper']:.2f}"
    return [f"{untold}, and {unlabeled}; {worst}"]
