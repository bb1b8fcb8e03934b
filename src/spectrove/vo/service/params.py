"""
Parameters of queries, read as the protocols say: names in any case, ranges, lists, times, and every mistake told by its name.

References
----------
.. [1] Dowler et al. 2017, Data Access Layer Interface 1.1, IVOA Recommendation, sect. 2 and 3.
.. [2] Tody et al. 2012, Simple Spectral Access Protocol 1.1, IVOA Recommendation, sect. 4.1 and 8.7.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Self
from urllib.parse import parse_qsl

from spectrove.vo.service.errors import QueryError
from spectrove.vo.service.records import Cone, Range

LONGEST = 20_000
"""Characters of a value; nobody types more."""

MOST_PARAMETERS = 2_000
"""Parameters of one query, as identifiers may be given a thousand at a time."""

TOO_MANY = f"more than {MOST_PARAMETERS} parameters. Ask in several queries."

ZERO = datetime(1858, 11, 17, tzinfo=UTC)
"""Where modified Julian dates begin."""

MOMENT = 1e-8
"""Days between the end of a time and the beginning of the next: a millisecond."""

SHOWN = 60
"""Characters of a wrong value that are told back."""


class Parameters:
    """
    The parameters of one query.

    Parameters
    ----------
    given : iterable of (str, str)
        Names and values as they came; names in any case.

    Raises
    ------
    QueryError
        If there are too many, or a value is too long.
    """

    def __init__(self, given: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for number, (name, value) in enumerate(given):
            if number >= MOST_PARAMETERS:
                raise QueryError(TOO_MANY)
            if len(value) > LONGEST:
                msg = f"{shown(name)}: {len(value):,} characters, expected {LONGEST:,} at most. Ask in several queries."
                raise QueryError(msg)
            self._values.setdefault(name.strip().upper(), []).append(value.strip())

    @classmethod
    def parsed(cls, *queries: str) -> Self:
        """
        Return the parameters of URL-encoded texts.

        Parameters
        ----------
        *queries : str
            The part of the address behind the question mark, the body of a form.

        Returns
        -------
        Self
            Of all of them.

        Raises
        ------
        QueryError
            If there are too many, or a value is too long.
        """
        # Counted before they are taken apart, as a few megabytes can hold a million of them.
        if sum(query.count("&") + 1 for query in queries) > MOST_PARAMETERS + len(queries):
            raise QueryError(TOO_MANY)
        return cls(pair for query in queries for pair in parse_qsl(query, keep_blank_values=True, errors="replace"))

    def one(self, name: str) -> str | None:
        """
        Return a value that may be given once.

        Parameters
        ----------
        name : str
            Of the parameter, in capitals.

        Returns
        -------
        str or None
            None if it is not given, or empty.

        Raises
        ------
        QueryError
            If it is given twice with different values.
        """
        values = list(dict.fromkeys(value for value in self._values.get(name, ()) if value))
        if len(values) > 1:
            msg = f"{name}: given {len(values)} times, expected once"
            raise QueryError(msg)
        return values[0] if values else None

    def all(self, name: str) -> list[str]:
        """
        Return all values of a parameter.

        Parameters
        ----------
        name : str
            Of the parameter, in capitals.

        Returns
        -------
        list of str
            Those that are not empty.
        """
        return [value for value in self._values.get(name, ()) if value]

    def several(self, name: str) -> tuple[str, ...]:
        """
        Return the members of a list that commas divide.

        Parameters
        ----------
        name : str
            Of the parameter, in capitals.

        Returns
        -------
        tuple of str
            Empty if it is not given.
        """
        return tuple(part.strip() for value in self.all(name) for part in value.split(",") if part.strip())

    def number(self, name: str, least: float = -math.inf, most: float = math.inf) -> float | None:
        """
        Return a number.

        Parameters
        ----------
        name : str
            Of the parameter, in capitals.
        least, most : float
            What it may be.

        Returns
        -------
        float or None
            None if it is not given.

        Raises
        ------
        QueryError
            If it is no number, or too small or too large.
        """
        text = self.one(name)
        if text is None:
            return None
        value = number(name, text)
        if not least <= value <= most:
            msg = f"{name}: {shown(text)}, expected a number from {least:g} to {most:g}"
            raise QueryError(msg)
        return value

    def count(self, name: str) -> int | None:
        """
        Return a number of rows.

        Parameters
        ----------
        name : str
            Of the parameter, in capitals.

        Returns
        -------
        int or None
            None if it is not given.

        Raises
        ------
        QueryError
            If it is no whole number, or negative.
        """
        text = self.one(name)
        if text is None:
            return None
        if not (text.isascii() and text.isdigit()):
            msg = f"{name}: {shown(text)}, expected a whole number, 0 or more"
            raise QueryError(msg)
        return int(text[:18])

    def ranges(self, name: str, read: Callable[[str, str], Range] | None = None) -> tuple[Range, ...]:
        """
        Return ranges: ``low/high``, of which one end may be left out, or single values; commas divide them.

        Parameters
        ----------
        name : str
            Of the parameter, in capitals.
        read : callable, optional
            Reads one end, given the parameter's name and the text, and returns the first and last value that it means; numbers
            unless given.

        Returns
        -------
        tuple of Range
            Empty if it is not given.

        Raises
        ------
        QueryError
            If one cannot be read, or ends before it begins.
        """
        read = read or _exactly
        found = []
        for part in self.several(name):
            value = part.partition(";")[0]
            low, slash, high = value.partition("/")
            if not low and not high:
                msg = f"{name}: {shown(part)}, expected a value or low/high"
                raise QueryError(msg)
            first = read(name, low)[0] if low else -math.inf
            last = (read(name, high)[1] if high else math.inf) if slash else read(name, low)[1]
            if first > last:
                msg = f"{name}: {shown(part)}, expected low/high with the lower end first"
                raise QueryError(msg)
            found.append((first, last))
        return tuple(found)

    def cone(self, default_size: float) -> Cone | None:
        """
        Return the circle of ``POS`` and ``SIZE``.

        Parameters
        ----------
        default_size : float
            Diameter where none is given, degrees.

        Returns
        -------
        Cone or None
            None without ``POS``; ``SIZE`` alone asks for nothing, as clients send it with every query.

        Raises
        ------
        QueryError
            If the position or the size cannot be read.
        """
        size = self.number("SIZE", 0, 360)
        text = self.one("POS")
        if text is None:
            return None
        place, _, frame = text.partition(";")
        if frame.strip().upper() not in {"", "ICRS"}:
            msg = f"POS: the frame {shown(frame)} is not known here, expected ICRS"
            raise QueryError(msg)
        parts = place.split(",")
        if len(parts) != 2:
            msg = f"POS: {shown(text)}, expected ra,dec in degrees such as 83.82,-5.39"
            raise QueryError(msg)
        ra, dec = (number("POS", part) for part in parts)
        if not -90 <= dec <= 90:
            msg = f"POS: declination {shown(parts[1])}, expected -90 to 90 degrees"
            raise QueryError(msg)
        return Cone(ra % 360, dec, min((default_size if size is None else size) / 2, 180.0))


def number(name: str, text: str) -> float:
    """
    Return the number that a text is.

    Parameters
    ----------
    name : str
        Of the parameter, for the message.
    text : str
        The text.

    Returns
    -------
    float
        Finite.

    Raises
    ------
    QueryError
        If it is none, or not finite.
    """
    try:
        value = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        msg = f"{name}: {shown(text)}, expected a number"
        raise QueryError(msg)
    return value


def _exactly(name: str, text: str) -> Range:
    value = number(name, text)
    return value, value


def moment(name: str, text: str) -> Range:
    """
    Return when a time begins and ends.

    Parameters
    ----------
    name : str
        Of the parameter, for the message.
    text : str
        ISO 8601: ``2012``, ``2012-03``, ``2012-03-14`` or ``2012-03-14T21:30:00``; a part of the date means all of that time.

    Returns
    -------
    tuple of float
        First and last moment, modified Julian dates.

    Raises
    ------
    QueryError
        If it is no such time.
    """
    if text == "9999":  # the usual open end: the year after is none of the calendar
        return _mjd(datetime(9999, 1, 1)), math.inf  # noqa: DTZ001 - made UTC there
    text = text.replace(" ", "+")  # what + means in an address
    parts = text.split("-")
    try:
        if "T" in text or len(parts) == 3:
            first = _mjd(datetime.fromisoformat(text))
            return first, first if "T" in text else first + 1 - MOMENT
        year, month = int(parts[0]), int(parts[1]) if len(parts) > 1 else 1
        after = (year + 1, 1) if len(parts) == 1 or month == 12 else (year, month + 1)
        first, end = (_mjd(datetime(*begin, 1)) for begin in ((year, month), after))  # noqa: DTZ001 - made UTC there
    except (ValueError, OverflowError) as error:
        msg = f"{name}: {shown(text)}, expected a time of ISO 8601 such as 2012-03-14 or 2012-03-14T21:30:00"
        raise QueryError(msg) from error
    return first, end - MOMENT


def _mjd(time: datetime) -> float:
    utc = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    return (utc - ZERO).total_seconds() / 86_400


def shown(text: str) -> str:
    """
    Return a wrong value as a message shows it.

    Parameters
    ----------
    text : str
        The value.

    Returns
    -------
    str
        In quotation marks, and not too long.
    """
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")
