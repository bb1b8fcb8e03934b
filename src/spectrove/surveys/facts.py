"""Values of headers as our types; what stands for "not known" becomes None."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Protocol

PLACEHOLDERS = ("", "-", "--", "none", "non", "null", "nan", "n/a", "-9999", "-9999.0", "-9999.00", "-999", "-999.0", "-999.00")
"""Texts, in small letters, that surveys write where they know nothing. LAMOST's class ``Unknown`` is a verdict and stays."""

MISSING = (-9999.0, -999.0)
"""Numbers that surveys write where they know nothing."""

MJD_EPOCH = date(1858, 11, 17).toordinal()
"""Day number of modified Julian date 0."""

_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d*)?))?\s*Z?")


def text(value: Any) -> str | None:
    """
    Return a header's value as text.

    Parameters
    ----------
    value : object
        What the header gives; None if it gives nothing.

    Returns
    -------
    str or None
        The text without surrounding blanks; None for nothing and for `PLACEHOLDERS`.
    """
    if value is None or type(value).__name__ == "Undefined":
        return None
    words = value.decode("ascii", "replace").strip() if isinstance(value, bytes) else str(value).strip()
    return None if words.lower() in PLACEHOLDERS else words


def number(value: Any) -> float | None:
    """
    Return a header's value as a number.

    Parameters
    ----------
    value : object
        What the header gives, a number or its text; None if it gives nothing.

    Returns
    -------
    float or None
        The number; None for nothing, for text that is no number, for what is not finite, and for `MISSING`.
    """
    words = text(value)
    if words is None or isinstance(value, bool):
        return None
    try:
        result = float(words)
    except ValueError:
        return None
    return result if math.isfinite(result) and result not in MISSING else None


def whole(value: Any) -> int | None:
    """
    Return a header's value as a whole number.

    Parameters
    ----------
    value : object
        What the header gives, a number or its text; None if it gives nothing.

    Returns
    -------
    int or None
        The number; None where `number` gives None or a fraction.
    """
    result = number(value)
    return int(result) if result is not None and result.is_integer() else None


def columns_of(header: Any) -> dict[str, str]:
    """
    Return the names of a FITS table's columns, from its header alone.

    Parameters
    ----------
    header : astropy header
        Header of any HDU.

    Returns
    -------
    dict of str to str
        Each name by itself in capitals; empty if the HDU is no table.
    """
    names = (text(header.get(f"TTYPE{number}")) for number in range(1, (whole(header.get("TFIELDS")) or 0) + 1))
    return {name.upper(): name for name in names if name is not None}


def listed(names: list[str]) -> str:
    """
    Return names as a list to read, cut short.

    Parameters
    ----------
    names : list of str
        Names; an empty one is called unnamed.

    Returns
    -------
    str
        The first five, and how many more there are.
    """
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return (", ".join(name or "unnamed" for name in names[:5]) or "none") + more


def mjd_of(value: Any) -> float | None:
    """
    Return the modified Julian date of an ISO 8601 date, with or without a time.

    Parameters
    ----------
    value : object
        What the header gives, such as ``2013-02-18T15:54:49.44`` (UTC); None if it gives nothing.

    Returns
    -------
    float or None
        Days; None for nothing and for what is no date.
    """
    found = _DATE.fullmatch(text(value) or "")
    if found is None:
        return None
    year, month, day, hours, minutes, seconds = found.groups()
    try:
        days = date(int(year), int(month), int(day)).toordinal() - MJD_EPOCH
    except ValueError:
        return None
    return days + (int(hours) * 3600 + int(minutes) * 60 + float(seconds)) / 86400 if hours else float(days)


class Values(Protocol):
    """Values of one header, by their keywords; what is absent or says nothing is None."""

    def text(self, keyword: str) -> str | None:
        """
        Return a value as `text` gives it.

        Parameters
        ----------
        keyword : str
            Its keyword.

        Returns
        -------
        str or None
            The text; None if there is none.
        """

    def number(self, keyword: str) -> float | None:
        """
        Return a value as `number` gives it.

        Parameters
        ----------
        keyword : str
            Its keyword.

        Returns
        -------
        float or None
            The number; None if there is none.
        """

    def whole(self, keyword: str) -> int | None:
        """
        Return a value as `whole` gives it.

        Parameters
        ----------
        keyword : str
            Its keyword.

        Returns
        -------
        int or None
            The whole number; None if there is none.
        """

    def epoch(self, keyword: str) -> float | None:
        """
        Return a value as `mjd_of` gives it.

        Parameters
        ----------
        keyword : str
            Its keyword.

        Returns
        -------
        float or None
            Modified Julian date, days; None if there is none.
        """


class HeaderValues:
    """
    Values of a header that astropy has parsed.

    Parameters
    ----------
    header : mapping
        An astropy header.
    """

    def __init__(self, header: Mapping[str, Any]) -> None:
        self._header = header

    def text(self, keyword: str) -> str | None:
        """
        Return a value as `text` gives it.

        Parameters
        ----------
        keyword : str
            Its keyword.

        Returns
        -------
        str or None
            The text; None if there is none.
        """
        return text(self._header.get(keyword))

    def number(self, keyword: str) -> float | None:
        """
        Return a value as `number` gives it.

        Parameters
        ----------
        keyword : str
            Its keyword.

        Returns
        -------
        float or None
            The number; None if there is none.
        """
        return number(self._header.get(keyword))

    def whole(self, keyword: str) -> int | None:
        """
        Return a value as `whole` gives it.

        Parameters
        ----------
        keyword : str
            Its keyword.

        Returns
        -------
        int or None
            The whole number; None if there is none.
        """
        return whole(self._header.get(keyword))

    def epoch(self, keyword: str) -> float | None:
        """
        Return a value as `mjd_of` gives it.

        Parameters
        ----------
        keyword : str
            Its keyword.

        Returns
        -------
        float or None
            Modified Julian date, days; None if there is none.
        """
        return mjd_of(self._header.get(keyword))
