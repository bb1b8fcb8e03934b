"""Errors as ``application/problem+json`` (RFC 9457): what is wrong, in one sentence, and never a traceback."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from spectrove.errors import CampaignBusyError, PhaseError, SpectroveError, StorageError

MEDIA_TYPE = "application/problem+json"
"""Type of the body of every error (RFC 9457, sect. 3)."""


class Problem(Exception):  # noqa: N818 - the standard's own word
    """
    A request that cannot be done.

    Parameters
    ----------
    status : int
        Status of the answer.
    detail : str
        What is wrong and what to do.
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def problem(status: int, detail: str, **more: Any) -> JSONResponse:
    """
    Return the answer to a request that cannot be done.

    Parameters
    ----------
    status : int
        Status of the answer.
    detail : str
        What is wrong and what to do.
    **more : Any
        Further members of the body.

    Returns
    -------
    JSONResponse
        Of the type `MEDIA_TYPE`.
    """
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return _Problem(body, status_code=status)


class _Problem(JSONResponse):
    media_type = MEDIA_TYPE

    def render(self, content: Any) -> bytes:
        return super().render(_writable(content))


def _writable(content: Any) -> Any:
    # Half a surrogate pair that came in with a request could not be written as UTF-8.
    if isinstance(content, str):
        return content.encode("utf-8", "replace").decode("utf-8")
    if isinstance(content, dict):
        return {name: _writable(value) for name, value in content.items()}
    return [_writable(value) for value in content] if isinstance(content, list) else content


def add_handlers(app: FastAPI) -> None:
    """
    Tell every error of an application in the same form.

    Parameters
    ----------
    app : FastAPI
        The application.
    """
    for kind in (Problem, HTTPException, RequestValidationError, SpectroveError, Exception):
        app.add_exception_handler(kind, _told)


async def _told(request: Request, error: Exception) -> Response:
    if isinstance(error, Problem):
        return problem(error.status, error.detail)
    if isinstance(error, HTTPException):
        answer = problem(error.status_code, f"{request.method} {request.url.path}: {error.detail}")
        answer.headers.update(error.headers or {})
        return answer
    if isinstance(error, RequestValidationError):
        # The values themselves are not sent back: they may be anything.
        wrong = [{"where": ".".join(map(str, one["loc"])), "what": one["msg"]} for one in error.errors()]
        return problem(422, "; ".join(f"{one['where']}: {one['what']}" for one in wrong), errors=wrong)
    if isinstance(error, SpectroveError):
        return problem(status_of(error), str(error))
    return problem(500, f"unexpected {type(error).__name__}; the terminal that serves this page says more")


def status_of(error: SpectroveError) -> int:
    """
    Return the status that tells an error.

    Parameters
    ----------
    error : SpectroveError
        The error.

    Returns
    -------
    int
        Of HTTP.
    """
    if isinstance(error, StorageError):
        return 507
    if isinstance(error, (CampaignBusyError, PhaseError)):
        return 409
    return 422
