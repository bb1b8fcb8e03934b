"""Who answers in this browser."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from spectrove.web.api.asking import known_annotator, problems, usual_annotator
from spectrove.web.schemas import SessionBody
from spectrove.web.security import csrf_token

router = APIRouter(tags=["session"])


@router.get("/session", responses=problems())
async def read_session(request: Request) -> dict[str, Any]:
    """
    Return who answers, and the token that every write carries in ``X-CSRF-Token``.

    Parameters
    ----------
    request : Request
        Of a session; one begins if there is none.

    Returns
    -------
    dict
        ``annotator``, empty while nobody has given a name; ``usual``, who it is where nobody gives one; and ``csrf_token``.
    """
    return _told(request, await known_annotator(request))


@router.put("/session", responses=problems(413))
async def write_session(request: Request, body: SessionBody) -> dict[str, Any]:
    """
    Say who answers from now on in this browser.

    Parameters
    ----------
    request : Request
        Of a session.
    body : SessionBody
        The name.

    Returns
    -------
    dict
        As of the reading.
    """
    request.session["annotator"] = body.annotator
    return _told(request, body.annotator)


def _told(request: Request, annotator: str) -> dict[str, Any]:
    return {"annotator": annotator, "usual": usual_annotator(request), "csrf_token": csrf_token(request)}
