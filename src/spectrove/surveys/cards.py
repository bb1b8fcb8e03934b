"""
Header cards of FITS files, read without astropy where they are as plain as those of the large surveys.

A header whose keywords stand where they stood in an earlier one is not taken apart again: the ten bytes of each card that name
it are looked up as a whole, and give the places of all values. What is not known for certain to mean here what astropy makes
of it is an error, upon which the caller leaves the file to astropy: keywords that repeat or are no standard ones, values that
go on in a CONTINUE card, quotes within quotes, numbers in any but the usual form, bytes that are no printable ASCII [1]_.

References
----------
.. [1] FITS Standard 4.0, IAU FITS Working Group 2018, sections 4.1 and 4.2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from spectrove.surveys.facts import mjd_of, number, text, whole

BLOCK: Final = 2880
"""Bytes; headers and data fill whole blocks (FITS 4.0, section 3.1)."""

CARD: Final = 80
"""Bytes of one card (section 4.1)."""

NAME: Final = 10
"""Bytes of a card that name it: a keyword of eight, and the value indicator."""

KEPT: Final = 1 << 16
"""Values that are kept parsed: the cards of the spectra of one plate differ in few."""

COMMENTARY: Final = {"", "COMMENT", "HISTORY"}
"""Keywords of cards without a value (section 4.4.2.4)."""

_END = b"END".ljust(CARD)
_BLANK = b" " * BLOCK
_KEYWORD = re.compile(r"[A-Z0-9_-]{1,8} *= ")
_STRING = re.compile(rb"'([^']*)' *(?:/.*)?")
_OTHER = re.compile(rb" *(?:(0|-?[1-9][0-9]{0,18})|([+-]?[0-9]{1,25}\.[0-9]{0,25}(?:E[+-]?[0-9]{1,3})?)|([TF])) *(?:/.*)?")

Value = str | int | float | bool
"""What a card can hold here."""


class Cards:
    """
    One header of a FITS file, whose values are parsed when they are asked for.

    Parameters
    ----------
    content : bytes
        Whatever begins with the header.

    Attributes
    ----------
    end : int
        Where its data begin, bytes.
    keywords : tuple of str
        Keywords with a value, in the header's order.

    Raises
    ------
    ValueError
        If the header does not end within the content, or is unusual in any way.
    """

    __slots__ = ("_content", "_places", "_skeleton", "end", "keywords")

    def __init__(self, content: bytes) -> None:
        last, self.end = header_end(content, 0)
        cards = np.frombuffer(content, np.uint8, last)
        if np.minimum.reduce(cards) < 32 or np.maximum.reduce(cards) > 126:
            msg = "the header is not printable"
            raise ValueError(msg)
        self._content = content
        self._skeleton = _skeleton(cards.reshape(-1, CARD)[:, :NAME].tobytes())
        self._places, self.keywords = self._skeleton.places, self._skeleton.keywords

    def has_any(self, keywords: frozenset[str]) -> bool:
        """
        Return whether one of some keywords has a card.

        Parameters
        ----------
        keywords : frozenset of str
            The keywords.

        Returns
        -------
        bool
            True if at least one has.
        """
        return _any_of(self._skeleton, keywords)

    def same(self, keywords: tuple[str, ...]) -> tuple[object, bytes]:
        """
        Return what stands in some cards, to know equal ones again without parsing them.

        Parameters
        ----------
        keywords : tuple of str
            Their keywords.

        Returns
        -------
        object, bytes
            Where cards stand, and what follows the names of these; equal for headers whose values under these keywords are equal.
        """
        content = self._content
        return self._skeleton, b"".join([content[place] for place in _several(self._skeleton, keywords)])

    def value(self, keyword: str) -> Value | None:
        """
        Return the value of a card.

        Parameters
        ----------
        keyword : str
            Its keyword.

        Returns
        -------
        str, int, float, bool or None
            As astropy gives it; None if there is no such card.

        Raises
        ------
        ValueError
            If the card is unusual.
        """
        place = self._places.get(keyword)
        return None if place is None else _value(self._content[place])

    def text(self, keyword: str) -> str | None:
        """
        Return the value of a card as `facts.text` gives it.

        Parameters
        ----------
        keyword : str
            Its keyword.

        Returns
        -------
        str or None
            The text; None if there is no such card, or it says nothing.

        Raises
        ------
        ValueError
            If the card is unusual.
        """
        place = self._places.get(keyword)
        return None if place is None else _text(self._content[place])

    def number(self, keyword: str) -> float | None:
        """
        Return the value of a card as `facts.number` gives it.

        Parameters
        ----------
        keyword : str
            Its keyword.

        Returns
        -------
        float or None
            The number; None if there is no such card, or it says nothing.

        Raises
        ------
        ValueError
            If the card is unusual.
        """
        place = self._places.get(keyword)
        return None if place is None else _number(self._content[place])

    def whole(self, keyword: str) -> int | None:
        """
        Return the value of a card as `facts.whole` gives it.

        Parameters
        ----------
        keyword : str
            Its keyword.

        Returns
        -------
        int or None
            The whole number; None if there is no such card, or it holds none.

        Raises
        ------
        ValueError
            If the card is unusual.
        """
        place = self._places.get(keyword)
        return None if place is None else _whole(self._content[place])

    def epoch(self, keyword: str) -> float | None:
        """
        Return the date in a card as `facts.mjd_of` gives it.

        Parameters
        ----------
        keyword : str
            Its keyword.

        Returns
        -------
        float or None
            Modified Julian date, days; None if there is no such card, or it holds no date.

        Raises
        ------
        ValueError
            If the card is unusual.
        """
        place = self._places.get(keyword)
        return None if place is None else _epoch(self._content[place])


def header_end(content: bytes, start: int) -> tuple[int, int]:
    """
    Return where a header ends.

    Parameters
    ----------
    content : bytes
        A file, or its beginning.
    start : int
        Where the header begins, bytes.

    Returns
    -------
    last : int
        Where its card END begins, bytes.
    end : int
        Where the data begin, bytes.

    Raises
    ------
    ValueError
        If the content has no END, or one that is not followed by blanks to the end of the block.
    """
    last = content.find(_END, start)
    end = last + CARD + -(last + CARD - start) % BLOCK
    if last < start or (last - start) % CARD or content[last + CARD : end] != _BLANK[: end - last - CARD]:
        msg = "the header has no end, text that looks like it, or something that follows it"
        raise ValueError(msg)
    return last, end


@dataclass(frozen=True, eq=False)
class _Skeleton:
    """Where the value of each keyword stands in all headers that name the same cards in the same order."""

    places: dict[str, slice]
    keywords: tuple[str, ...]


@lru_cache(maxsize=1024)
def _several(skeleton: _Skeleton, keywords: tuple[str, ...]) -> tuple[slice, ...]:
    return tuple(skeleton.places[keyword] for keyword in keywords if keyword in skeleton.places)


@lru_cache(maxsize=4096)
def _any_of(skeleton: _Skeleton, keywords: frozenset[str]) -> bool:
    return not keywords.isdisjoint(skeleton.places)


@lru_cache(maxsize=1024)
def _skeleton(names: bytes) -> _Skeleton:
    places: dict[str, slice] = {}
    for number_of_card, begin in enumerate(range(0, len(names), NAME)):
        name = names[begin : begin + NAME].decode("ascii")
        keyword = name[:8].rstrip()
        if keyword in COMMENTARY:
            if name.endswith("= "):
                msg = f"{name!r} is a comment that looks like a value"
                raise ValueError(msg)
        elif keyword in places or keyword == "END" or not _KEYWORD.fullmatch(name):
            msg = f"{name!r} comes twice or is no standard keyword with a value"
            raise ValueError(msg)
        else:
            places[keyword] = slice(number_of_card * CARD + NAME, (number_of_card + 1) * CARD)
    return _Skeleton(places, tuple(places))


def _parsed(body: bytes) -> Value:
    if found := _STRING.fullmatch(body):
        string = found[1].decode("ascii").rstrip()
        if ": " in string or string.endswith("&"):  # a record-valued card, or one that wants to go on
            msg = f"the text {string!r} may mean something else"
            raise ValueError(msg)
        return string
    found = _OTHER.fullmatch(body)
    if found is None:
        msg = f"{body!r} is no value in a usual form"
        raise ValueError(msg)
    integer, real, logical = found.groups()
    return int(integer) if integer else float(real) if real else logical == b"T"


@lru_cache(maxsize=KEPT)
def _value(body: bytes) -> Value:
    return _parsed(body)


@lru_cache(maxsize=KEPT)
def _text(body: bytes) -> str | None:
    return text(_parsed(body))


@lru_cache(maxsize=KEPT)
def _number(body: bytes) -> float | None:
    return number(_parsed(body))


@lru_cache(maxsize=KEPT)
def _whole(body: bytes) -> int | None:
    return whole(_parsed(body))


@lru_cache(maxsize=KEPT)
def _epoch(body: bytes) -> float | None:
    return mjd_of(_parsed(body))
