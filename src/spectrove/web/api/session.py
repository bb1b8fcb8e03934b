"""Who answers in this browser."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from spectrove.web.api.asking import known_annotator, problems
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
        ``annotator``, empty while nobody has given a name, and ``csrf_token``.
    """
    return {"annotator": await known_annotator(request), "csrf_token": csrf_token(request)}


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
    return {"annotator": body.annotator, "csrf_token": csrf_token(request)}
