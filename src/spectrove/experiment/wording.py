"""How the report says numbers: shares with their limits and their sample, estimates, times."""

from __future__ import annotations

from spectrove.experiment.phases import Facts
from spectrove.report.wording import NOTHING, interval, percent


def told(fact: Facts) -> str:
    """
    Return a share with its limits and its sample.

    Parameters
    ----------
    fact : dict
        As of `spectrove.experiment.measure.share`.

    Returns
    -------
    str
        Such as ``98.6 % (97.9 to 99.1 %), 4,103 of 4,161``.
    """
    if fact["value"] is None:
        return f"{NOTHING} (there is none)"
    return f"{percent(fact['value'])} ({interval(fact)}), {fact['n']:,} of {fact['of']:,}"


def estimated(fact: Facts | None) -> str:
    """
    Return an estimate with its limits and its sample.

    Parameters
    ----------
    fact : dict or None
        With ``estimate``, ``lower``, ``upper`` and the number of labels.

    Returns
    -------
    str
        Such as ``80.0 % (61.4 to 92.3 %), 24 of 30``.
    """
    if fact is None or fact["estimate"] is None:
        return NOTHING
    n = fact.get("n_answered", fact.get("n_judged", 0))
    return f"{percent(fact['estimate'])} ({interval(fact)}), {fact['n_correct']:,} of {n:,}"
