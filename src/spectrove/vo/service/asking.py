"""The parameters of a request, from its address and from its form."""

from __future__ import annotations

from starlette.requests import Request

from spectrove.vo.service.errors import QueryError
from spectrove.vo.service.params import Parameters

LARGEST_BODY = 4 * 2**20
"""Bytes that a query may send, so that a thousand identifiers fit and nothing fills the memory."""

FORM = "application/x-www-form-urlencoded"


async def parameters_of(request: Request) -> Parameters:
    """
    Return the parameters of a request.

    Parameters
    ----------
    request : Request
        A GET, or a POST with a form.

    Returns
    -------
    spectrove.vo.service.params.Parameters
        Of the address and of the form.

    Raises
    ------
    QueryError
        If the body is too large or no form, or there are too many parameters.
    """
    body = b""
    if request.method == "POST":
        async for part in request.stream():
            body += part
            if len(body) > LARGEST_BODY:
                msg = f"the query has more than {LARGEST_BODY:,} bytes. Ask in several."
                raise QueryError(msg)
        told = request.headers.get("content-type", FORM).partition(";")[0].strip().lower()
        if body and told != FORM:
            msg = f"the body is {told!r}, expected {FORM}; tables are not uploaded here"
            raise QueryError(msg)
    return Parameters.parsed(request.scope["query_string"].decode("latin-1"), body.decode("utf-8", "replace"))
