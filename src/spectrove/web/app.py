"""The application: made anew by each call, never global."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.middleware.sessions import SessionMiddleware

from spectrove import __version__
from spectrove.campaign import Campaign
from spectrove.vo.service.access import root_of
from spectrove.vo.service.router import services
from spectrove.vo.service.service import Service, ServiceFacts, index_folder
from spectrove.web.aladin_page import add_aladin
from spectrove.web.api import PREFIX, router
from spectrove.web.config import PageConfig
from spectrove.web.files import IMMUTABLE, StaticFiles
from spectrove.web.problems import Problem, add_handlers
from spectrove.web.security import LOGIN, Door, enter, is_same
from spectrove.web.state import PageState

if TYPE_CHECKING:
    from spectrove.web.work import Work

SESSION_SECONDS = 14 * 24 * 3600
"""How long a browser is known; a restart of the page forgets it before."""


def create_app(campaign: Campaign, config: PageConfig, work: Work | None = None, facts: ServiceFacts | None = None) -> FastAPI:
    """
    Return the labeling page of a campaign, and its services of the Virtual Observatory, as an application.

    Parameters
    ----------
    campaign : Campaign
        The campaign; it stays open as long as the application runs.
    config : PageConfig
        How the page is served.
    work : Work, optional
        What trains and scores in the background.
    facts : ServiceFacts, optional
        Who publishes.

    Returns
    -------
    FastAPI
        With ``state.page``, a `PageState`, and ``state.vo``, a `Service`, which reads nothing before somebody asks it.
    """
    app = FastAPI(
        title="spectrove's labeling page",
        version=__version__,
        summary="Questions, answers and spectra of one campaign.",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # the pages that FastAPI makes load their scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.page = PageState(campaign, config, work)
    app.state.files = StaticFiles()
    root = root_of(config.token, is_public=config.is_public)
    folder = index_folder(campaign.directory)
    app.state.vo = Service(campaign.pool, folder, campaign, facts, root=root, url=config.url)
    add_handlers(app)
    app.include_router(router)
    app.include_router(services(app.state.vo))
    _add_pages(app, config)
    add_aladin(app)
    _add_door(app, config)
    return app


def create_services(service: Service, config: PageConfig) -> FastAPI:
    """
    Return the services of a pool that no campaign searches, as an application.

    Parameters
    ----------
    service : Service
        What is published, below the root that the token makes.
    config : PageConfig
        How it is served.

    Returns
    -------
    FastAPI
        With ``state.vo``, the service.
    """
    app = FastAPI(title="spectrove's services", version=__version__, openapi_url=None, redirect_slashes=False)
    app.state.vo = service
    add_handlers(app)
    app.include_router(services(service))

    @app.get("/", include_in_schema=False)
    async def index() -> Response:
        return RedirectResponse(f"{service.root}/", status_code=303)

    @app.get(LOGIN, include_in_schema=False)
    async def closed() -> Response:
        return PlainTextResponse("Use the whole address that the terminal printed: the key in it opens the services.", 401)

    _add_door(app, config)
    return app


def _add_door(app: FastAPI, config: PageConfig) -> None:
    app.add_middleware(Door, config=config)
    # The key is made anew at each start and never stored: a restart asks for the token again.
    app.add_middleware(
        SessionMiddleware,
        secret_key=secrets.token_urlsafe(32),
        session_cookie=f"spectrove-{config.port}",  # cookies know hosts and no ports: two pages on one machine share them
        max_age=SESSION_SECONDS,
        same_site="strict",
        https_only=False,
    )


def _add_pages(app: FastAPI, config: PageConfig) -> None:
    pages: StaticFiles = app.state.files

    @app.get("/", include_in_schema=False)
    async def index() -> HTMLResponse:
        return HTMLResponse(pages.page("index.html"))

    @app.get("/static/{path:path}", include_in_schema=False)
    async def static(path: str) -> Response:
        file = pages.get(path)
        if file is None:
            raise Problem(404, "there is no such file")
        return Response(file.content, media_type=file.media_type, headers={"Cache-Control": IMMUTABLE})

    @app.get("/favicon.ico", include_in_schema=False)
    async def icon() -> Response:
        return Response(status_code=204)

    @app.get(LOGIN, include_in_schema=False)
    async def login() -> HTMLResponse:
        return HTMLResponse(pages.page("login.html", wrong=False))

    @app.post(LOGIN, include_in_schema=False)
    async def check_token(request: Request) -> Response:
        given = parse_qs((await request.body()).decode("utf-8", "replace")).get("token", [""])[0].strip()
        if config.token is not None and not is_same(given, config.token):
            return HTMLResponse(pages.page("login.html", wrong=True), status_code=403)
        enter(request)
        return RedirectResponse("/", status_code=303)
