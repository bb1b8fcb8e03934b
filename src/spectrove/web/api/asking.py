"""Who asks, and of what: the parts that the addresses share."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import Depends, Path, Query, Request
from pydantic import TypeAdapter, ValidationError

from spectrove.contracts import SpectrumId
from spectrove.web.problems import MEDIA_TYPE, Problem
from spectrove.web.schemas import Name
from spectrove.web.state import PageState

ANNOTATOR_HEADER = "X-Annotator"
"""
Header that says who asks, percent-encoded UTF-8. It counts before the session, which all tabs of a browser share: a tab that
shows one name never answers under another that was given in its neighbor, nor under that of a new session after a restart.
"""

NAME: TypeAdapter[str] = TypeAdapter(Name)
"""What a name must be."""

LARGEST_OFFSET = 10**9
"""Nobody turns so many pages."""


async def _page(request: Request) -> PageState:
    state: PageState = request.app.state.page
    return state


async def known_annotator(request: Request) -> str:
    """
    Return who asks.

    Parameters
    ----------
    request : Request
        Of a session.

    Returns
    -------
    str
        The name that the request says, or the session's, or that of the configuration where no token is needed; empty if nobody
        has given one.

    Raises
    ------
    Problem
        If the request says a name that nobody can have.
    """
    if (said := request.headers.get(ANNOTATOR_HEADER)) is not None:
        try:
            return NAME.validate_python(unquote(said, errors="strict"))
        except (UnicodeDecodeError, ValidationError) as error:
            raise Problem(422, f"the header {ANNOTATOR_HEADER} holds no name: up to 100 characters, percent-encoded") from error
    name: str = request.session.get("annotator") or usual_annotator(request)
    return name


def usual_annotator(request: Request) -> str:
    """
    Return who answers unless somebody gives another name.

    Parameters
    ----------
    request : Request
        Of any session.

    Returns
    -------
    str
        Of the configuration; empty where a token is needed, as many people may come there.
    """
    config = request.app.state.page.config
    name: str = "" if config.token else config.annotator
    return name


async def _annotator(request: Request) -> str:
    name = await known_annotator(request)
    if not name:
        raise Problem(403, 'say first who you are: PUT /api/v1/session with {"annotator": "your name"}')
    return name


Page = Annotated[PageState, Depends(_page)]
Annotator = Annotated[str, Depends(_annotator)]
Offset = Annotated[int, Query(ge=0, le=LARGEST_OFFSET)]
Search = Annotated[str, Query(max_length=200)]
SpectrumPath = Annotated[str, Path(min_length=1, max_length=200)]

PROBLEM: dict[str, Any] = {
    "content": {
        MEDIA_TYPE: {
            "schema": {
                "type": "object",
                "required": ["type", "title", "status", "detail"],
                "properties": {
                    "type": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                },
            }
        }
    }
}
"""The body of every error, as OpenAPI tells it."""

REASONS = {
    400: "cannot be read",
    401: "a token is needed",
    403: "no name is given yet, or the request comes from elsewhere",
    404: "unknown",
    409: "not now",
    413: "too large",
    422: "invalid",
    507: "the disk is full",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """
    Return what OpenAPI is to tell of the errors of an address.

    Parameters
    ----------
    *statuses : int
        Beside those that every address has.

    Returns
    -------
    dict
        As FastAPI takes it.
    """
    return {status: {"description": REASONS[status], **PROBLEM} for status in sorted({400, 401, 403, 422, *statuses})}


def row_of(page: PageState, spectrum_id: str) -> int:
    """
    Return the row of a spectrum that somebody names.

    Parameters
    ----------
    page : PageState
        What is shared.
    spectrum_id : str
        Its id.

    Returns
    -------
    int
        Its row in the pool.

    Raises
    ------
    Problem
        If the pool holds no such spectrum.
    """
    row = page.rows_of([spectrum_id])[0]
    if row < 0:
        raise Problem(404, f"{spectrum_id}: the pool holds no such spectrum")
    return row


def ids_at(page: PageState, rows: Any) -> list[SpectrumId]:
    """
    Return the ids of some rows.

    Parameters
    ----------
    page : PageState
        What is shared.
    rows : sequence of int
        Rows of the pool.

    Returns
    -------
    list of SpectrumId
        In their order.
    """
    return [SpectrumId(facts["spectrum_id"]) for facts in page.facts_of(list(map(int, rows)))]
