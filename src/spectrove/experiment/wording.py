"""How the report says numbers: shares with their limits and their sample, estimates, times."""

from __future__ import annotations

from spectrove.experiment.phases import Facts

NOTHING = "–"
"""Where there is no number."""

PERCENT = "\N{NO-BREAK SPACE}%"
"""Stays with its number."""


def percent(value: float | None) -> str:
    """
    Return a share in per cent, with as many digits as it needs.

    Parameters
    ----------
    value : float or None
        The share.

    Returns
    -------
    str
        Such as ``98.6 %`` or ``0.013 %``.
    """
    if value is None:
        return NOTHING
    return f"{100 * value:.2g}{PERCENT}" if 0 < value < 0.01 else f"{100 * value:.1f}{PERCENT}"


def interval(fact: Facts) -> str:
    """
    Return the limits of a share.

    Parameters
    ----------
    fact : dict
        With ``lower`` and ``upper``.

    Returns
    -------
    str
        Such as ``97.9 to 99.1 %``, or ``exact`` where all spectra were looked at.
    """
    if fact["lower"] == fact["upper"]:
        return "exact"
    return f"{percent(fact['lower']).removesuffix(PERCENT)} to {percent(fact['upper'])}"


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


def in_words(seconds: float) -> str:
    """
    Return a time as people say it.

    Parameters
    ----------
    seconds : float
        The time.

    Returns
    -------
    str
        Seconds, minutes or hours.
    """
    if seconds < 100:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
