"""The application: made anew by each call, never global."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.middleware.sessions import SessionMiddleware

from spectrove import __version__
from spectrove.campaign import Campaign
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


def create_app(campaign: Campaign, config: PageConfig, work: Work | None = None) -> FastAPI:
    """
    Return the labeling page of a campaign as an application.

    Parameters
    ----------
    campaign : Campaign
        The campaign; it stays open as long as the application runs.
    config : PageConfig
        How the page is served.
    work : Work, optional
        What trains and scores in the background.

    Returns
    -------
    FastAPI
        With ``state.page``, a `PageState`.
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
    add_handlers(app)
    app.include_router(router)
    _add_pages(app, config)
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
    return app


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
