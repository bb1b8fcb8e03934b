"""
The door of the labeling page: who may come in, from where, and what the browser may do with what it gets.

Every request passes `Door` before anything else sees it. Loopback by default; any other address needs a token. Who has shown it
carries a signed cookie, whose key is made anew at each start: a restart asks for the token again, and no secret lies on the disk.
A write needs a token of its own in a header, which another site can neither read nor send.

The services of the Virtual Observatory are read by programs without cookies: where there is a token, their address holds a key.
Nothing can be written there, so a form may be posted without more. Pages of other sites cannot read what they answer, on this
machine least of all, unless the services were made public.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spectrove.vo.service.access import root_of
from spectrove.vo.service.addresses import PREFIX
from spectrove.web.config import ANYWHERE, LOOPBACK, PageConfig
from spectrove.web.problems import problem

IMAGES = "https://alasky.cds.unistra.fr"
"""The one foreign host from which the page may show pictures: the sky images of CDS."""

HUB = "http://localhost:21012"
"""Where a browser finds the SAMP hub of its own machine: Taylor et al. 2012, SAMP 1.3, sect. 5.2.1."""

POLICY = (
    f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: {IMAGES}; connect-src 'self' {HUB}; "
    "font-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Content-Security-Policy of every answer: no inline script or style, nothing from elsewhere but sky images and the SAMP hub."""

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
"""Headers of every answer."""

LARGEST_BODY = 64 * 1024
"""Bytes that a request may send."""

CSRF_HEADER = "X-CSRF-Token"
"""Header that every write carries; the session tells its value."""

READING = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""

PUBLIC: Mapping[str, str] = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
"""Headers of services that were made public, so that pages of other sites, such as Aladin Lite, can read them."""

LOGIN = "/login"
"""Where the token is asked for."""


def host_names(config: PageConfig) -> frozenset[str] | None:
    """
    Return the names by which the page may be asked for, so that no foreign name can be pointed at it (DNS rebinding).

    Parameters
    ----------
    config : PageConfig
        How the page is served.

    Returns
    -------
    frozenset of str or None
        None if any will do: where the page listens to every network its names are not known, and the cookie, which a browser
        sends to no other name, keeps it.
    """
    if config.host in ANYWHERE and config.token:
        return None
    proxy = urlsplit(config.url).hostname
    return frozenset({*LOOPBACK, config.host, *([proxy] if proxy else [])})


class Door:
    """
    Lets requests in, or tells why not.

    Parameters
    ----------
    app : ASGI application
        What is behind the door; the session has been read before.
    config : PageConfig
        How the page is served.
    """

    def __init__(self, app: ASGIApp, config: PageConfig) -> None:
        self._app = app
        self._token = config.token
        self._names = host_names(config)
        self._root = root_of(config.token, is_public=config.is_public)
        self._is_public = config.is_public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        is_service = _is_below(scope["path"], PREFIX)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in {**HEADERS, **(PUBLIC if is_service and self._is_public else {})}.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        request = Request(scope, receive)
        refusal = self._service_refusal(request) if is_service else self._refusal(request)
        if refusal is None and request.method not in READING and not is_service:
            body = await _body(receive, request.headers)
            if body is None:
                refusal = problem(413, f"a request may send at most {LARGEST_BODY} bytes")
            else:
                receive = _replayed(body, receive)
        await (refusal or self._app)(scope, receive, with_headers)

    def _service_refusal(self, request: Request) -> Response | None:
        if (wrong := self._wrong_name(request)) is not None:
            return wrong
        path = request.scope["path"]
        if is_same(f"{path}/"[: len(self._root) + 1], f"{self._root}/"):  # all that differs by a key takes the same time
            return RedirectResponse(f"{self._root}/") if path == self._root else None
        return problem(401, "these services need the key that is in the address that the terminal printed.")

    def _wrong_name(self, request: Request) -> Response | None:
        if self._names is None or _name(request.headers.get("host", "")) in self._names:
            return None
        return problem(400, "the page is not served under this host name. Use the address that the terminal printed.")

    def _refusal(self, request: Request) -> Response | None:
        if (wrong := self._wrong_name(request)) is not None:
            return wrong
        if request.method not in READING and (reason := _foreign(request)):
            return problem(403, reason)
        path = request.scope["path"]
        if self._token is not None and not request.session.get("in") and path != LOGIN and not path.startswith("/static/"):
            return self._let_in(request, self._token)
        if request.method not in READING and path != LOGIN and not _has_csrf_token(request):
            return problem(403, f"the header {CSRF_HEADER} is missing or old. GET /api/v1/session tells it; load the page again.")
        return None

    def _let_in(self, request: Request, token: str) -> Response | None:
        given = request.query_params.get("token") if request.scope["path"] == "/" else None
        if given is not None and is_same(given, token):
            enter(request)
            return RedirectResponse("/", status_code=303)
        if request.scope["path"].startswith("/api/"):
            return problem(401, "this page needs the token that the terminal printed. Log in first.")
        return RedirectResponse(LOGIN, status_code=303)


def enter(request: Request) -> None:
    """
    Remember that somebody has shown the token.

    Parameters
    ----------
    request : Request
        Theirs.
    """
    request.session.clear()  # nothing that was known before the token was shown counts any longer
    request.session["in"] = True


def is_same(given: str, expected: str) -> bool:
    """
    Return whether two secrets are the same, in a time that tells nothing.

    Parameters
    ----------
    given, expected : str
        The secrets.

    Returns
    -------
    bool
        True if they are.
    """
    return secrets.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def csrf_token(request: Request) -> str:
    """
    Return the token that this session's writes carry, made at the first call.

    Parameters
    ----------
    request : Request
        Of the session.

    Returns
    -------
    str
        Random.
    """
    token: str = request.session.setdefault("csrf", secrets.token_urlsafe(24))
    return token


def _has_csrf_token(request: Request) -> bool:
    expected = request.session.get("csrf")
    return expected is not None and is_same(request.headers.get(CSRF_HEADER, ""), expected)


def _foreign(request: Request) -> str | None:
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site not in {"same-origin", "none"}:
        return f"the request comes from another site (Sec-Fetch-Site: {site!r})"
    origin = request.headers.get("origin")
    if origin is not None and origin not in {f"{scheme}://{request.headers.get('host')}" for scheme in ("http", "https")}:
        return f"the request comes from another site ({origin!r})"
    return None


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _name(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()


async def _body(receive: Receive, headers: Headers) -> bytes | None:
    # Read here, so that what is too large is refused before it is held, whatever Content-Length says or not.
    told = headers.get("content-length", "0")
    if told.isdecimal() and int(told) > LARGEST_BODY:
        return None
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST_BODY:
            return None
        more = message.get("more_body", False)
    return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    waiting = [body]

    async def again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again
