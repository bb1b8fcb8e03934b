"""The addresses of all services."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from spectrove.errors import SpectroveError
from spectrove.vo.service import candidates, cone, datalink, soda, spectra, ssap, vosi
from spectrove.vo.service.asking import parameters_of
from spectrove.vo.service.documents import MEDIA_TYPE
from spectrove.vo.service.errors import QueryError, cone_error_document, error_document
from spectrove.vo.service.params import Parameters
from spectrove.vo.service.service import Service

AT_ONCE = 2
"""Searches that are answered at the same time. More would be no quicker, as one thread runs at a time, but each takes memory: an
answer of 30,000 rows some 150 MB."""


def services(service: Service) -> APIRouter:
    """
    Return the addresses of all services, below the root of this one.

    Parameters
    ----------
    service : Service
        What is published.

    Returns
    -------
    APIRouter
        To be included as it is.
    """
    router = APIRouter(prefix=service.root, include_in_schema=False)
    limiter = CapacityLimiter(AT_ONCE)
    _add_ssap(router, service, limiter)
    _add_cones(router, service, limiter)
    _add_vosi(router, service)
    for module in (candidates, spectra, datalink, soda):
        router.include_router(module.routes(service))
    _add_page(router, service)
    return router


def _add_ssap(router: APIRouter, service: Service, limiter: CapacityLimiter) -> None:
    @router.api_route("/ssap", methods=["GET", "HEAD", "POST"])
    async def search(request: Request) -> Response:
        return await _told(
            request,
            limiter,
            lambda given: ssap.answer(service, given, service.addresses(request)),
            lambda detail: error_document(detail, "SSAP"),
        )


def _add_cones(router: APIRouter, service: Service, limiter: CapacityLimiter) -> None:
    @router.api_route("/cone/{of}", methods=["GET", "HEAD", "POST"])
    async def search(request: Request, of: str) -> Response:
        if of not in cone.OF or (of == "candidates" and service.campaign is None):
            return PlainTextResponse(f"There is no cone search of {of[:40]!r} here.", 404)
        return await _told(
            request, limiter, lambda given: cone.answer(service, of, given, service.addresses(request)), cone_error_document
        )


async def _told(
    request: Request, limiter: CapacityLimiter, answer: Callable[[Parameters], bytes], wrong: Callable[[str], bytes]
) -> Response:
    # Errors come with the status 200: the protocols say so, and clients of theirs look into the VOTable (SSAP 1.1, sect. 8.10.2).
    try:
        given = await parameters_of(request)
        content = await to_thread.run_sync(answer, given, limiter=limiter)
    except QueryError as error:
        content = wrong(error.detail)
    except SpectroveError as error:  # such as an index that no disk has room for
        content = wrong(str(error))
    return Response(content, media_type=MEDIA_TYPE)


def _add_vosi(router: APIRouter, service: Service) -> None:
    since = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    has_candidates = service.campaign is not None

    @router.api_route("/availability", methods=["GET", "HEAD"])
    async def availability() -> Response:
        return Response(vosi.availability(since), media_type=vosi.MEDIA_TYPE)

    @router.api_route("/capabilities", methods=["GET", "HEAD"])
    async def capabilities(request: Request) -> Response:
        told = vosi.capabilities(service.addresses(request), has_candidates=has_candidates)
        return Response(told, media_type=vosi.MEDIA_TYPE)

    @router.api_route("/tables", methods=["GET", "HEAD"])
    async def tables() -> Response:
        return Response(vosi.tables(has_candidates=has_candidates), media_type=vosi.MEDIA_TYPE)


def _add_page(router: APIRouter, service: Service) -> None:
    environment = Environment(
        loader=PackageLoader("spectrove.vo.service"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )

    @router.api_route("/", methods=["GET", "HEAD"])
    def page(request: Request) -> HTMLResponse:
        told = {
            "facts": service.facts,
            "addresses": service.addresses(request),
            "n_spectra": service.pool.n_spectra,
            "has_candidates": service.campaign is not None,
        }
        return HTMLResponse(environment.get_template("services.html").render(told))
