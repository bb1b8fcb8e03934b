"""How reports say numbers: shares, their limits, counts, times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from math import floor
from typing import Any

Facts = dict[str, Any]
"""Plain data, as JSON holds them."""

NOTHING = "–"
"""Where there is no number."""

PERCENT = "\N{NO-BREAK SPACE}%"
"""Stays with its number."""


ROUNDING = 1e-6
"""What sums of limits may have lost to rounding."""


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


def interval(fact: Mapping[str, Any]) -> str:
    """
    Return the limits of a share.

    Parameters
    ----------
    fact : mapping
        With ``lower`` and ``upper``.

    Returns
    -------
    str
        Such as ``97.9 to 99.1 %``, or ``exact`` where all spectra were looked at.
    """
    if fact["lower"] == fact["upper"]:
        return "exact"
    return f"{percent(fact['lower']).removesuffix(PERCENT)} to {percent(fact['upper'])}"


def estimated(value: float | None, fact: Mapping[str, Any]) -> str:
    """
    Return a share with its limits.

    Parameters
    ----------
    value : float or None
        The share.
    fact : mapping
        With ``lower`` and ``upper``.

    Returns
    -------
    str
        Such as ``80.0 % (61.4 to 92.3 %)``; the limits alone where there is no value.
    """
    return interval(fact) if value is None else f"{percent(value)} ({interval(fact)})"


def counted(number: float | None) -> str:
    """
    Return a number of spectra.

    Parameters
    ----------
    number : float or None
        How many.

    Returns
    -------
    str
        Such as ``4,133``, and ``12.5`` for an estimate below a hundred that is not whole.
    """
    if number is None:
        return NOTHING
    return f"{number:,.1f}" if number < 100 and number != round(number) else f"{number:,.0f}"


def at_most(limit: float) -> str:
    """
    Return an upper limit of a number of spectra, which is whole.

    Parameters
    ----------
    limit : float
        The limit.

    Returns
    -------
    str
        Such as ``334`` for 334.7.
    """
    return f"{floor(limit + ROUNDING):,}"


def spectra(number: int) -> str:
    """
    Return a number of spectra with the word.

    Parameters
    ----------
    number : int
        How many.

    Returns
    -------
    str
        Such as ``1 spectrum`` or ``1,200 spectra``.
    """
    return f"{number:,} {'spectrum' if number == 1 else 'spectra'}"


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


def moment(text: str) -> str:
    """
    Return when something was, to the minute.

    Parameters
    ----------
    text : str
        ISO 8601, UTC.

    Returns
    -------
    str
        Such as ``2026-11-22 21:57 UTC``.
    """
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
