"""The page on a port, until Ctrl-C."""

from __future__ import annotations

import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import uvicorn
from fastapi import FastAPI

from spectrove.campaign import Campaign
from spectrove.contracts import Progress
from spectrove.errors import StorageError
from spectrove.pool import Pool
from spectrove.pool.layout import is_pool
from spectrove.vo.service.access import root_of
from spectrove.vo.service.addresses import Addresses
from spectrove.vo.service.service import Service, ServiceFacts, index_folder
from spectrove.web.app import create_app, create_services
from spectrove.web.config import ANYWHERE, FIRST_PORT, PageConfig

PATIENCE = 3
"""Seconds that answers under way have to be finished after Ctrl-C."""

LONGEST_REQUEST = 4 * 2**20
"""Bytes of a request's head: what is longer gets no answer that a client of the Virtual Observatory understands."""

LOOKED_EVERY = 0.05
"""Seconds between two looks whether the page is there, before a browser is sent to it."""


class _Started(Protocol):
    started: bool
    should_exit: bool


def serve(
    directory: Path,
    config: PageConfig,
    *,
    open_browser: bool,
    say: Callable[[str], None],
    facts: ServiceFacts | None = None,
    progress: Progress | None = None,
) -> None:
    """
    Serve the labeling page of a campaign, and its services, until Ctrl-C.

    Parameters
    ----------
    directory : Path
        The campaign's folder.
    config : PageConfig
        How; any address but loopback gets a token where it has none.
    open_browser : bool
        Whether the browser is sent there.
    say : callable
        Called with the address, and with what else there is to know.
    facts : ServiceFacts, optional
        Who publishes.
    progress : callable, optional
        Told how far the services' index is, which is made before the page is there; at the first need of it unless given.

    Raises
    ------
    CampaignError
        If there is no campaign in the folder.
    StorageError
        If the address or the port cannot be had, or the index cannot be written.
    """
    from spectrove.web.work import Work

    with Campaign(directory) as campaign, listening(config.host, config.port) as door:
        config = _complete(config, door)
        work = Work(directory, config.workers) if config.runs_loop else None
        app = create_app(campaign, config, work, facts)
        if progress is not None:
            app.state.vo.open(progress)
        say(f"labeling page of {directory}: {address_of(config)}")
        if config.token is not None:
            say("whoever has this address can answer; give it to nobody else, and use an encrypted way to this machine")
        if progress is not None:
            _say_services(config, app.state.vo.root, say)
        if work is not None:
            work.start()
        try:
            _run(app, door, address_of(config) if open_browser else None)
        finally:
            if work is not None:
                work.stop()
        say("stopped; every answer is recorded, and the same command goes on from there")


def serve_pool(path: Path, config: PageConfig, *, say: Callable[[str], None], facts: ServiceFacts, progress: Progress) -> None:
    """
    Serve the spectra of a pool until Ctrl-C.

    Parameters
    ----------
    path : Path
        The pool.
    config : PageConfig
        How; any address but loopback gets a token where it has none, unless the services are public.
    say : callable
        Called with the addresses.
    facts : ServiceFacts
        Who publishes.
    progress : callable
        Told how far the index is.

    Raises
    ------
    PoolError
        If there is no pool.
    StorageError
        If the address or the port cannot be had, or the index cannot be written.
    """
    pool = Pool.open(path)
    with listening(config.host, config.port) as door:
        config = _complete(config, door)
        root = root_of(config.token, is_public=config.is_public)
        service = Service(pool, index_folder(pool.path.parent), None, facts, root=root, url=config.url)
        service.open(progress)
        _say_services(config, root, say)
        _run(create_services(service, config), door, None)
        say("stopped")


@contextmanager
def running_services(directory: Path, progress: Progress) -> Iterator[tuple[Service, Addresses]]:
    """
    Run the services of a campaign or a pool on a free port of this machine, for those who check them.

    Parameters
    ----------
    directory : Path
        The campaign's folder, or a pool.
    progress : callable
        Told how far the index is.

    Yields
    ------
    service : Service
        What is published.
    addresses : Addresses
        Where.

    Raises
    ------
    CampaignError
        If there is no campaign in the folder.
    StorageError
        If no port can be had, or the index cannot be written.
    """
    with ExitStack() as open_things:
        door = open_things.enter_context(_bound("127.0.0.1", 0))
        config = PageConfig(annotator="nobody", port=door.getsockname()[1], runs_loop=False)
        if is_pool(directory):
            pool = Pool.open(directory)
            app = create_services(Service(pool, index_folder(pool.path.parent)), config)
        else:
            app = create_app(open_things.enter_context(Campaign(directory)), config)
        service: Service = app.state.vo
        service.open(progress)
        server = _server(app)
        thread = threading.Thread(target=server.run, args=([door],), daemon=True)
        thread.start()
        try:
            yield service, Addresses(f"http://127.0.0.1:{config.port}{service.root}", service.facts.authority)
        finally:
            server.should_exit = True
            thread.join()


def _complete(config: PageConfig, door: socket.socket) -> PageConfig:
    # An address of its own means a proxy, by which others than who sits here come in.
    token = config.token or (None if config.is_loopback() and not config.url else secrets.token_urlsafe(24))
    return replace(config, port=door.getsockname()[1], token=token)


def _say_services(config: PageConfig, root: str, say: Callable[[str], None]) -> None:
    base = (config.url or address_of(replace(config, token=None)).rstrip("/")) + root
    say(f"services of the Virtual Observatory: {base}/")
    say(f"  SSAP, for TOPCAT, SPLAT, pyvo: {base}/ssap")
    if config.token is not None and not config.is_public:
        say("  whoever has these addresses can read all spectra and candidates, and answer nothing")


def _run(app: FastAPI, door: socket.socket, address: str | None) -> None:
    server = _server(app)
    if address is not None:
        threading.Thread(target=_send_browser, args=(server, address), daemon=True).start()
    with suppress(KeyboardInterrupt):  # raised again by uvicorn when all is closed
        server.run(sockets=[door])


def _server(app: FastAPI) -> uvicorn.Server:
    settings = uvicorn.Config(
        app,
        lifespan="off",  # the application has none, and a second Ctrl-C would tear it down with a traceback
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=PATIENCE,
        http="h11",
        h11_max_incomplete_event_size=LONGEST_REQUEST,
    )
    return uvicorn.Server(settings)


def address_of(config: PageConfig) -> str:
    """
    Return where a browser finds the page.

    Parameters
    ----------
    config : PageConfig
        With its port and token.

    Returns
    -------
    str
        An address, with the token if one is needed.
    """
    host = socket.gethostname() if config.host in ANYWHERE else config.host
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{config.port}/" + (f"?token={config.token}" if config.token else "")


def listening(host: str, port: int) -> socket.socket:
    """
    Return a socket that listens for the page.

    Parameters
    ----------
    host : str
        The address.
    port : int
        The port; 0 takes `FIRST_PORT`, or a free one where it is taken.

    Returns
    -------
    socket
        Bound.

    Raises
    ------
    StorageError
        If the address or the port cannot be had.
    """
    if port == 0:
        with suppress(OSError):
            return _bound(host, FIRST_PORT)
    try:
        return _bound(host, port)
    except OSError as error:
        msg = f"{host}:{port}: nothing can listen here ({error}). Name another --host or --port."
        raise StorageError(msg) from error


def _bound(host: str, port: int) -> socket.socket:
    family, _, _, _, place = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    door = socket.create_server(place[:2], family=family, backlog=256)
    # Those who come in by it inherit this. asyncio would see to it, but only where a socket names its protocol, and this one does
    # not; without it an answer on a connection that is kept open waits 40 ms for the other side to acknowledge its head.
    door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return door


def _send_browser(server: _Started, address: str) -> None:
    waiting = threading.Event()
    while not server.started:
        if server.should_exit:
            return
        waiting.wait(LOOKED_EVERY)
    webbrowser.open(address)
