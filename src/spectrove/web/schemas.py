"""What the page sends: checked here, once, and trusted behind."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

JOINERS = {"\u200c", "\u200d"}
"""Format characters that names are written with in Persian, Hindi and other languages."""


BREAKS = {"\n", "\t", "\r"}
"""Control characters that a comment may hold."""


def _is_printed(character: str) -> bool:
    return character in JOINERS or not unicodedata.category(character).startswith("C")


def _one_line(text: str) -> str:
    if not all(_is_printed(character) for character in text):
        msg = "control characters are not accepted"
        raise ValueError(msg)
    return text


def _several_lines(text: str) -> str:
    # What cannot be seen, as a soft hyphen that was pasted with a title, must not cost an answer.
    return "".join(character for character in text if character in BREAKS or _is_printed(character))


def _name(text: str) -> str:
    stripped = _one_line(text).strip()
    if not stripped:
        msg = "a name is needed"
        raise ValueError(msg)
    return stripped


def _time(text: str) -> str:
    if not text:
        return ""
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        msg = "a time needs its time zone, such as 2026-01-31T12:00:00Z"
        raise ValueError(msg)
    try:
        return when.astimezone(UTC).isoformat(timespec="milliseconds")
    except OverflowError as error:
        msg = "no such time"
        raise ValueError(msg) from error


def _plain(content: dict[str, Any]) -> dict[str, Any]:
    try:
        json.dumps(content, allow_nan=False, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        msg = "it cannot be written as JSON in UTF-8"
        raise ValueError(msg) from error
    return content


Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_name)]
Id = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_one_line)]
AnswerId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
Time = Annotated[str, Field(max_length=40), AfterValidator(_time)]
Flag = Annotated[str, Field(min_length=1, max_length=40), AfterValidator(_one_line)]
Comment = Annotated[str, Field(max_length=4000), AfterValidator(_several_lines)]
Shown = Annotated[dict[str, Any], AfterValidator(_plain)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)


class SessionBody(_Body):
    """
    Who answers from now on.

    Attributes
    ----------
    annotator : str
        Free text.
    """

    annotator: Name


class AnswerBody(_Body):
    """
    What somebody says of the spectrum that was painted.

    Attributes
    ----------
    spectrum_id : str
        The spectrum.
    label : str or None
        A class, or None to abstain or to take an answer back.
    purpose : str
        ``vote``, ``decision`` (settles a disagreement) or ``verify`` (a verdict on a candidate).
    quality : int or None
        0 to 4.
    flags : list of str
        What is remarkable.
    comment : str
        Free text; characters that cannot be seen are left out.
    shown : dict
        What was on the screen.
    shown_at, answered_at : str
        When, ISO 8601 with a time zone; the server's time of the answer unless given.
    undoes : str
        The own answer that this one takes back.
    """

    spectrum_id: Id
    label: Annotated[str, Field(max_length=200)] | None
    purpose: Literal["vote", "decision", "verify"] = "vote"
    quality: Annotated[int, Field(ge=0, le=4)] | None = None
    flags: Annotated[list[Flag], Field(max_length=20)] = []
    comment: Comment = ""
    shown: Shown = {}
    shown_at: Time = ""
    answered_at: Time = ""
    undoes: Literal[""] | AnswerId | None = ""


class RevealBody(_Body):
    """
    Whose prediction is to be shown.

    Attributes
    ----------
    spectrum_id : str
        The spectrum.
    """

    spectrum_id: Id


class RoundBody(_Body):
    """
    Which round is to be closed.

    Attributes
    ----------
    iteration : int
        Its number; another one is refused, so that a late click closes nothing.
    """

    iteration: Annotated[int, Field(ge=0, le=10**9)]
