"""
What the page tells other programs by SAMP, and what it needs to know in order to understand them.

The page itself talks to the hub of the user's machine, from the browser; the program that serves the page only reaches the hub of
its own machine, which is another one where the page is served over a network.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse

from spectrove.errors import CampaignError
from spectrove.vo.samp import VOTABLE, send, spectrum_params
from spectrove.web.api.asking import Annotator, Page, SpectrumPath, problems, row_of
from spectrove.web.plain import finite
from spectrove.web.problems import Problem

if TYPE_CHECKING:
    from spectrove.vo.service.addresses import Addresses
    from spectrove.vo.service.candidates import CandidateTable, CandidateTables

router = APIRouter(tags=["samp"])

LARGEST_ROWS = 50_000
"""Characters of a selection: one bit a row, six bits a character; an address of a web page can have some ten thousand."""


def _tables(request: Request) -> CandidateTables:
    tables: CandidateTables = request.app.state.vo.candidates
    return tables


def _addresses(request: Request) -> Addresses:
    addresses: Addresses = request.app.state.vo.addresses(request)
    return addresses


def _now(request: Request) -> CandidateTable:
    try:
        return _tables(request).now()
    except CampaignError as error:
        raise Problem(404, str(error)) from error


def _selected(
    request: Request,
    table: Annotated[str, Query(max_length=100)] = "",
    rows: Annotated[str, Query(max_length=LARGEST_ROWS)] = "",
) -> frozenset[str] | None:
    """
    Return the spectra in some rows of a table that was sent.

    Parameters
    ----------
    request : Request
        Of the page.
    table : str
        Version of the table; empty if nothing is selected.
    rows : str
        One bit for each row, the first of a byte is the highest, in base 64 for addresses.

    Returns
    -------
    frozenset of str or None
        None if nothing is selected.

    Raises
    ------
    Problem
        If the table is not known any more, or the rows cannot be read.
    """
    if not table:
        return None
    return ids_of(_known(request, table), rows)


def _known(request: Request, version: str) -> CandidateTable:
    try:
        known = _tables(request).of(version)
    except CampaignError as error:
        raise Problem(404, str(error)) from error
    if known is None:
        raise Problem(409, f"the candidates have changed since the table {version!r} was sent. Send it again, and select anew.")
    return known


def ids_of(table: CandidateTable, rows: str) -> frozenset[str]:
    """
    Return the spectra in some rows.

    Parameters
    ----------
    table : CandidateTable
        The table.
    rows : str
        One bit for each row, the first of a byte is the highest, in base 64 for addresses.

    Returns
    -------
    frozenset of str
        Bits behind the last row count for nothing.

    Raises
    ------
    Problem
        If this is no base 64.
    """
    try:
        bits = base64.b64decode(rows.encode("ascii") + b"=" * (-len(rows) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise Problem(422, f"rows: {error}; expected one bit a row, in base 64 for addresses") from error
    chosen = np.flatnonzero(np.unpackbits(np.frombuffer(bits, np.uint8))[: len(table.ids)])
    return frozenset(table.ids[row] for row in chosen)


Selected = Annotated[frozenset[str] | None, Depends(_selected)]


@router.get("/samp/table", responses=problems(404))
def read_table(request: Request, page: Page) -> JSONResponse:
    """
    Return the table of candidates as it can be sent, and which spectrum each of its rows is.

    Parameters
    ----------
    request : Request
        Of the page.
    page : PageState
        What is shared.

    Returns
    -------
    JSONResponse
        ``version``, ``table_id``, ``url`` and ``name`` of the table, ``ids`` of its rows and their ``positions`` (degrees, ICRS;
        None where there is none).
    """
    table = _now(request)
    positions = zip(*(table.table[name].to_pylist() for name in ("ra", "dec")), strict=True)
    told: dict[str, Any] = {
        "version": table.version,
        "table_id": f"spectrove-{table.version}",
        "url": table.address(_addresses(request)),
        "name": f"candidates of {page.campaign.directory.resolve().name}",
        "ids": table.ids,
        "positions": [None if None in pair else pair for pair in positions],
    }
    return JSONResponse(finite(told))


@router.get("/samp/candidates.vot", responses=problems(404))
def download(request: Request) -> RedirectResponse:
    """
    Lead to the table of candidates, for whoever has no hub.

    Parameters
    ----------
    request : Request
        Of the page.

    Returns
    -------
    RedirectResponse
        To the VOTable.
    """
    return RedirectResponse(_now(request).address(_addresses(request)), status_code=303)


@router.get("/samp/{spectrum_id:path}", responses=problems(404))
def read_message(request: Request, spectrum_id: SpectrumPath, page: Page) -> JSONResponse:
    """
    Return what a message tells other programs of a spectrum.

    Parameters
    ----------
    request : Request
        Of the page.
    spectrum_id : str
        Its id.
    page : PageState
        What is shared.

    Returns
    -------
    JSONResponse
        ``url``, ``name``, ``spectrum-id`` and ``meta``, texts alone.
    """
    facts = page.facts_of([row_of(page, spectrum_id)])[0]
    return JSONResponse(spectrum_params(_addresses(request).spectrum(spectrum_id), VOTABLE, spectrum_id, facts))


@router.post("/samp/{spectrum_id:path}", responses=problems(404))
def send_by_samp(spectrum_id: SpectrumPath, page: Page, annotator: Annotator) -> JSONResponse:
    """
    Send a spectrum's file to the other programs on this machine by SAMP.

    Parameters
    ----------
    spectrum_id : str
        Its id.
    page : PageState
        What is shared.
    annotator : str
        Who wants it sent.

    Returns
    -------
    JSONResponse
        ``sent`` and ``detail``.
    """
    del annotator
    row = row_of(page, spectrum_id)
    sent, detail = send(page.file_of(row), spectrum_id, page.facts_of([row])[0])
    return JSONResponse({"sent": sent, "detail": detail})
