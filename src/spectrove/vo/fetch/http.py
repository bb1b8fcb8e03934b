"""One request to a service of others: with limits of time and size, asked again where that may help."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

from spectrove import __version__

SCHEMES: Final = ("http", "https")
"""How services are reached; an address of another kind, such as a file of this machine, is refused."""

MOST_MOVES: Final = 5
"""How often a request may be sent on to another address."""

PASSING: Final = (429, 500, 502, 503, 504)
"""Status of answers that may be others when one asks again (RFC 9110, section 15)."""

PIECE: Final = 1 << 16
"""Bytes that are read at a time."""

AGENT: Final = f"spectrove/{__version__} (IVOA-spectra)"
"""How we call ourselves, so that a data center knows who asks (IVOA Note on software identification, 2020)."""


@dataclass(frozen=True)
class Patience:
    """
    How patient one is with a service, and how polite.

    Attributes
    ----------
    connections : int
        Spectra that are fetched at a time.
    silence : float
        Seconds without a byte after which a request is given up.
    longest : float
        Seconds that one answer may take.
    largest : int
        Bytes that one answer may have, unpacked.
    tries : int
        How often one asks for the same.
    back_off : float
        Seconds before the second time; twice as long before each further one. What the service asks for by ``Retry-After`` counts
        where it is longer.
    longest_wait : float
        Seconds; a service that asks for more patience is given up.
    """

    connections: int = 2
    silence: float = 30.0
    longest: float = 600.0
    largest: int = 1 << 28
    tries: int = 3
    back_off: float = 1.0
    longest_wait: float = 60.0


class AnswerError(Exception):
    """
    An answer that cannot be used.

    Parameters
    ----------
    why : str
        A clause.
    passes : bool
        Whether asking again may help.
    wait : float
        Seconds that the service asks to wait.
    """

    def __init__(self, why: str, *, passes: bool = True, wait: float = 0.0) -> None:
        super().__init__(why)
        self.passes, self.wait = passes, wait


class StoppedError(AnswerError):
    """Nobody waits for the answer any more."""


@dataclass(frozen=True)
class Reply:
    """
    What a service answered.

    Attributes
    ----------
    url : str
        Where it came from at last.
    content : bytes
        All of it, unpacked where it was packed for the way.
    media_type : str
        What the service says that it is.
    status : int
        Of HTTP.
    """

    url: str
    content: bytes
    media_type: str
    status: int


def _session() -> Any:
    import requests

    session = requests.Session()
    session.max_redirects = MOST_MOVES
    session.headers["User-Agent"] = AGENT
    return session


@dataclass(frozen=True, eq=False)
class Door:
    """
    Asks services of others.

    Attributes
    ----------
    patience : Patience
        How.
    stopped : threading.Event
        Set when nobody waits any more.
    session : requests.Session
        Keeps connections.
    """

    patience: Patience = field(default_factory=Patience)
    stopped: threading.Event = field(default_factory=threading.Event)
    session: Any = field(default_factory=_session)

    def get(self, url: str, params: Mapping[str, str] | None = None, *, any_status: bool = False) -> Reply:
        """
        Return what is at an address.

        Parameters
        ----------
        url : str
            The address.
        params : mapping, optional
            What is asked, laid behind it.
        any_status : bool
            Whether the words of a refusal (status 400) are an answer too.

        Returns
        -------
        Reply
            The answer.

        Raises
        ------
        AnswerError
            If there is no whole answer; a clause that says why.
        """
        if urlsplit(url).scheme.lower() not in SCHEMES or not urlsplit(url).hostname:
            msg = f"its address is {url[:200]!r}, expected one of http or https"
            raise AnswerError(msg, passes=False)
        return self._asked(lambda: self._once(url, params, any_status=any_status))

    def _asked(self, ask: Callable[[], Reply]) -> Reply:
        patience = self.patience
        for count in range(1, patience.tries + 1):
            try:
                return ask()
            except AnswerError as failure:
                wait = max(failure.wait, patience.back_off * 2 ** (count - 1))
                if failure.wait > patience.longest_wait:
                    msg = f"{failure}, to be asked again in {failure.wait:,.0f} s"
                    raise AnswerError(msg, passes=False) from failure
                if not failure.passes or count == patience.tries:
                    times = f" in {count} tries" if count > 1 else ""
                    msg = f"{failure}{times}"
                    raise type(failure)(msg, passes=False) from failure
            if self.stopped.wait(wait):
                break
        msg = "stopped"
        raise StoppedError(msg, passes=False)

    def _once(self, url: str, params: Mapping[str, str] | None, *, any_status: bool) -> Reply:
        import requests
        from urllib3 import exceptions as below  # what reading the raw stream raises

        limit = self.patience.silence
        try:
            with self.session.get(url, params=params, stream=True, timeout=(limit, limit)) as response:
                status = response.status_code
                if status != 200 and not (any_status and status == 400):
                    msg = f"the server answered with status {status}{_words(response)}"
                    raise AnswerError(msg, passes=status in PASSING, wait=_seconds(response.headers.get("Retry-After", "")))
                content = self._content(response)
                return Reply(response.url, content, response.headers.get("Content-Type", ""), status)
        except (requests.Timeout, below.TimeoutError) as error:
            msg = f"nothing came for {limit:g} s"
            raise AnswerError(msg) from error
        except below.HTTPError as error:
            msg = "the connection broke off before the answer was whole"
            raise AnswerError(msg) from error
        except requests.TooManyRedirects as error:
            msg = f"sent from one address to another more than {MOST_MOVES} times"
            raise AnswerError(msg, passes=False) from error
        except requests.ConnectionError as error:
            msg = "no connection to the server"
            raise AnswerError(msg) from error
        except (requests.RequestException, OSError, ValueError) as error:  # ValueError: an address that is none
            msg = f"the request failed ({type(error).__name__}: {str(error)[:200]})"
            raise AnswerError(msg, passes=False) from error

    def _content(self, response: Any) -> bytes:
        patience, begun = self.patience, time.monotonic()
        told = response.headers.get("Content-Length", "")
        pieces, length = [], int(told) if told.isdigit() else 0
        if length > patience.largest:
            self._refuse(length)
        length = 0
        while piece := response.raw.read1(PIECE, decode_content=True):  # what is there: iter_content would wait for a full piece
            pieces.append(piece)
            length += len(piece)
            if length > patience.largest:
                self._refuse(length)
            if self.stopped.is_set():
                msg = "stopped"
                raise StoppedError(msg, passes=False)
            if time.monotonic() - begun > patience.longest:  # a server that drips never runs into the limit of a single read
                msg = f"the answer was not whole within {patience.longest:g} s"
                raise AnswerError(msg, passes=False)
        return b"".join(pieces)

    def _refuse(self, length: int) -> None:
        msg = f"the answer has {length} bytes or more; at most {self.patience.largest} are taken"
        raise AnswerError(msg, passes=False)


def _words(response: Any) -> str:
    """Return the beginning of what a server says of an error, if it says so in plain words or a VOTable."""
    if not response.headers.get("Content-Type", "").lower().startswith(("text/plain", "text/xml", "application/x-votable+xml")):
        return ""
    told = re.sub(r"<[^>]*>", " ", response.raw.read1(PIECE, decode_content=True).decode("utf-8", "replace"))
    words = " ".join(told.split()).rstrip(".")
    return f": {words[:200]}" if words else ""


def _seconds(told: str) -> float:
    """Return the seconds that ``Retry-After`` asks for: a number, or a date (RFC 9110, section 10.2.3)."""
    try:
        if told.strip().isdigit():
            return float(told)
        return max((parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds(), 0.0) if told else 0.0
    except (TypeError, ValueError):  # not what the standard says, or a date without a zone
        return 0.0
