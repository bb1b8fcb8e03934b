"""
Services of the CDS: one question, asked again where the answer is late, broken or a refusal that passes.

An answer is used only if it is whole: a VOTable to its last tag, that does not say itself that it failed. A page of a gateway, a
half table and a connection that breaks off are the same as none.
"""

from __future__ import annotations

import io
import re
import time
import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin
from xml.parsers.expat import ExpatError

from spectrove.errors import CatalogError

XMATCH = "http://cdsxmatch.u-strasbg.fr/xmatch/api/v1/sync"
SIMBAD_TAP = "https://simbad.cds.unistra.fr/simbad/sim-tap"

XMATCH_RADIUS = 180.0
"""Arc seconds: X-Match looks no farther (http://cdsxmatch.u-strasbg.fr/xmatch/doc/API-calls.html)."""

XMATCH_BYTES = 100_000_000
"""So large an upload X-Match takes at most (same page)."""

XMATCH_ROWS = 2_000_000
"""So many rows X-Match returns at most (same page)."""

PASSING = frozenset({400, 408, 425, 429, 500, 502, 503, 504})
"""Answers after which asking again helps. X-Match tells its own failures by 400, too (…/doc/error-handling.html)."""

MOVED = frozenset({301, 302, 307, 308})
MOST_MOVES = 3

PIECE = 2**16
SHOWN = 200


@dataclass(frozen=True)
class CdsService:
    """
    Where the services are, and how patiently they are asked.

    Attributes
    ----------
    xmatch_url, tap_url : str
        X-Match, and the TAP service of SIMBAD.
    timeout : float
        Seconds for an answer to arrive whole; a connection is waited for a tenth of it.
    tries : int
        How often a question is asked at most.
    back_off : float
        Seconds before the second time; twice as long before each further one. What the service asks for by ``Retry-After`` counts
        where it is longer.
    longest_wait : float
        Seconds: a service that asks for more patience is given up.
    most_positions : int
        Positions of one call. SIMBAD has on average four objects within 180″ of a place, so that 100,000 stay well below the two
        million rows of one answer; a call whose answer is cut is halved.
    sleep, clock : callable
        Wait some seconds; tell the seconds since some moment.
    """

    xmatch_url: str = XMATCH
    tap_url: str = SIMBAD_TAP
    timeout: float = 300.0
    tries: int = 4
    back_off: float = 2.0
    longest_wait: float = 120.0
    most_positions: int = 100_000
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True, eq=False)
class Answer:
    """
    What a service answered.

    Attributes
    ----------
    table : astropy.table.Table
        Columns by name.
    is_cut : bool
        True if there were more rows than the service returns.
    """

    table: Any
    is_cut: bool


class _AnswerError(CatalogError):
    """An answer that cannot be used: why, whether asking again may help, and how many seconds the service asks to wait."""

    def __init__(self, why: str, *, passes: bool = True, wait: float = 0.0) -> None:
        super().__init__(why)
        self.passes, self.wait = passes, wait


def ask_xmatch(service: CdsService, positions: bytes, radius_arcsec: float, columns: Collection[str]) -> Answer:
    """
    Return all objects of SIMBAD within a radius of each of some positions.

    Parameters
    ----------
    service : CdsService
        Where to ask.
    positions : bytes
        CSV with the columns ``position``, ``ra_in`` and ``dec_in`` (degrees, ICRS).
    radius_arcsec : float
        At most 180.
    columns : collection of str
        Which of the answer's columns are read: of the upload, ``angDist`` (arc seconds), and of SIMBAD.

    Returns
    -------
    Answer
        Those of the columns that there are.

    Raises
    ------
    CatalogError
        If there is no usable answer.
    """
    data = {
        "request": "xmatch",
        "distMaxArcsec": f"{radius_arcsec:g}",
        "RESPONSEFORMAT": "votable",
        "cat2": "simbad",
        "colRA1": "ra_in",
        "colDec1": "dec_in",
        "selection": "all",
    }
    files = {"cat1": ("positions.csv", positions, "text/csv")}
    return _asked("X-Match", service.xmatch_url, service, lambda: _post(service, service.xmatch_url, data, files), columns)


def ask_tap(service: CdsService, adql: str, uploads: Mapping[str, Any]) -> Answer:
    """
    Return the answer of SIMBAD's TAP service to a query, with tables that go with it.

    Parameters
    ----------
    service : CdsService
        Where to ask.
    adql : str
        The query.
    uploads : mapping of str to astropy.table.Table
        Tables by the name that they have behind ``TAP_UPLOAD.``.

    Returns
    -------
    Answer
        Columns of the query.

    Raises
    ------
    CatalogError
        If there is no usable answer.
    """
    from pyvo.dal.tap import TAPQuery

    def post() -> tuple[int, Mapping[str, str], bytes]:
        door = _Door(service)
        # pyvo writes the question; what comes back is read here, where the header Retry-After is still to be had.
        TAPQuery(service.tap_url, adql, maxrec=XMATCH_ROWS, uploads=dict(uploads), session=door).submit()
        return door.got

    return _asked("TAP", service.tap_url, service, post)


def _asked(
    what: str,
    url: str,
    service: CdsService,
    post: Callable[[], tuple[int, Mapping[str, str], bytes]],
    columns: Collection[str] | None = None,
) -> Answer:
    last, asked = "", 0
    for asked in range(1, service.tries + 1):
        try:
            status, headers, content = post()
            if status != 200:
                wait = _seconds(headers.get("Retry-After", ""))
                raise _AnswerError(_told_by(status, content), passes=status in PASSING, wait=wait)  # noqa: TRY301
            return read_answer(content, columns)
        except _AnswerError as failure:
            last = str(failure)
            wait = max(failure.wait, service.back_off * 2 ** (asked - 1))
            if failure.wait > service.longest_wait:
                last += f", to be asked again in {failure.wait:,.0f} s"
                break
            if not failure.passes:
                break
        if asked < service.tries:
            service.sleep(wait)
    times = f" in {asked} tries" if asked > 1 else ""
    msg = f"SIMBAD by {what} ({url}): no usable answer{times} ({last}), expected a whole VOTable. Ask again later."
    raise CatalogError(msg)


def _seconds(told: str) -> float:
    """Return the seconds that ``Retry-After`` asks for: a number, or a date (RFC 9110, sect. 10.2.3)."""
    try:
        if told.strip().isdigit():
            return float(told)
        return max((parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds(), 0.0) if told else 0.0
    except (TypeError, ValueError):  # not what the standard says, or a date without a zone
        return 0.0


# -- One request -----------------------------------------------------------------------------------------------------------------


class _Door:
    """What pyvo takes for a session: posts as `_post` does, and keeps what came."""

    def __init__(self, service: CdsService) -> None:
        self.service = service
        self.got: tuple[int, Mapping[str, str], bytes] = (0, {}, b"")
        self.raw = _Raw()

    def post(self, url: str, data: Mapping[str, str], files: Mapping[str, Any], **_how: object) -> _Door:
        """Ask, and stand for the response."""
        sent = {name: (f"{name}.xml", file.read(), "application/x-votable+xml") for name, file in files.items()}
        self.got = _post(self.service, url, dict(data), sent)
        return self


class _Raw(io.BytesIO):
    """A stream whose ``read`` pyvo may exchange for one of its own."""


def _post(
    service: CdsService, url: str, data: Mapping[str, str], files: Mapping[str, Any]
) -> tuple[int, Mapping[str, str], bytes]:
    """Return status, headers and content; a redirected upload is sent again, which requests would make an empty GET."""
    import requests
    from urllib3 import exceptions as below  # what reading the raw stream raises

    end = service.clock() + service.timeout
    try:
        for _ in range(MOST_MOVES + 1):
            with requests.post(
                url,
                data=data,
                files=files,
                timeout=(service.timeout / 10, service.timeout),
                stream=True,
                allow_redirects=False,
                headers={"Accept": "application/x-votable+xml, text/xml, */*"},
            ) as response:
                if response.status_code in MOVED and "location" in response.headers:
                    url = urljoin(url, response.headers["location"])
                    continue
                return response.status_code, response.headers, _content(response, service, end)
    except (requests.Timeout, below.TimeoutError) as error:
        msg = f"nothing came within {service.timeout:g} s"
        raise _AnswerError(msg) from error
    except below.HTTPError as error:
        msg = "the connection broke off before the answer was whole"
        raise _AnswerError(msg) from error
    except requests.ConnectionError as error:
        msg = "no connection"
        raise _AnswerError(msg) from error
    except (requests.RequestException, OSError) as error:
        msg = f"the request failed: {error}"
        raise _AnswerError(msg) from error
    msg = f"sent from one address to another more than {MOST_MOVES} times"
    raise _AnswerError(msg, passes=False)


def _content(response: Any, service: CdsService, end: float) -> bytes:
    pieces = []
    while piece := response.raw.read1(PIECE, decode_content=True):  # what is there: iter_content would wait for a full piece
        pieces.append(piece)
        if service.clock() > end:  # a service that drips never runs into the limit of a single read
            msg = f"the answer was not whole within {service.timeout:g} s"
            raise _AnswerError(msg)
    return b"".join(pieces)


# -- What came back --------------------------------------------------------------------------------------------------------------


def read_answer(content: bytes, columns: Collection[str] | None = None) -> Answer:
    """
    Return the table of an answer, if it is a whole VOTable that does not say that it failed.

    Parameters
    ----------
    content : bytes
        What came.
    columns : collection of str, optional
        Columns that are wanted, of those that there are; all unless given. Each that is left out saves its time.

    Returns
    -------
    Answer
        The first table, and whether it was cut.

    Raises
    ------
    CatalogError
        If it is something else than a VOTable, half of one, or one that tells of an error.
    """
    from astropy.io import votable

    _require_whole(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a service gets wrong in its XML, and can be read all the same
            document = votable.parse(io.BytesIO(content), verify="ignore", columns=_numbers_of(content, columns))
            statuses = _statuses(document)
            if "ERROR" in statuses:
                raise _AnswerError(_shortened(statuses["ERROR"]) or "an error without a reason")  # noqa: TRY301
            table = document.get_first_table().to_table(use_names_over_ids=True)
    except _AnswerError:
        raise
    except (ValueError, LookupError, TypeError, OSError, ExpatError) as error:
        msg = f"a VOTable that cannot be read: {_shortened(str(error))}"
        raise _AnswerError(msg) from error
    return Answer(table, "OVERFLOW" in statuses or len(table) >= XMATCH_ROWS)


def _numbers_of(content: bytes, columns: Collection[str] | None) -> list[int] | None:
    """Return the numbers of some columns in the first table; None for all where the names are not plain to see."""
    fields = re.findall(rb"<FIELD\b[^>]*>", content[: max(content.find(b"<DATA"), 0)])
    named = [re.search(rb'\sname\s*=\s*"([^"]*)"', one) for one in fields]
    if columns is None or not all(named):
        return None
    return [number for number, one in enumerate(named) if one and one[1].decode() in columns] or None


def _require_whole(content: bytes) -> None:
    start = content.lstrip()[:1000].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        title = re.search(rb"<title[^>]*>(.*?)</title>", content[:10_000], re.IGNORECASE | re.DOTALL)
        said = f" ({_shortened(title[1].decode(errors='replace'))})" if title else ""
        msg = f"a web page{said} in place of a VOTable"
        raise _AnswerError(msg)
    if b"<votable" not in start and b":votable" not in start:
        msg = f"no VOTable: {_shortened(content[:SHOWN].decode(errors='replace'))!r}" if content.strip() else "nothing at all"
        raise _AnswerError(msg)
    if not re.search(rb"</(\w+:)?VOTABLE>\s*\Z", content[-1000:]):
        msg = f"half a VOTable, which breaks off after {len(content):,} bytes"
        raise _AnswerError(msg)


def _statuses(document: Any) -> dict[str, str]:
    """Return what the VOTable says of itself (DALI 1.1, sect. 4.4), before its table and behind it."""
    infos = list(document.infos)
    for resource in document.resources:
        infos += [*resource.infos, *(info for table in resource.tables for info in table.infos)]
    return {str(info.value).upper(): str(info.content or "") for info in infos if str(info.name).upper() == "QUERY_STATUS"}


def _told_by(status: int, content: bytes) -> str:
    """Return what a refusal says: its code, and the reason where a VOTable gives one."""
    from http import HTTPStatus

    code = f"HTTP {status} {HTTPStatus(status).phrase}" if status in {one.value for one in HTTPStatus} else f"HTTP {status}"
    try:
        read_answer(content)
    except _AnswerError as failure:
        return f"{code}: {failure}" if b"QUERY_STATUS" in content else code
    return code


def _shortened(text: str) -> str:
    words = " ".join(text.split()).removesuffix(".")
    return words if len(words) <= SHOWN else words[: SHOWN - 1] + "…"
