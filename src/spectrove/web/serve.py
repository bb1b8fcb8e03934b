"""The page on a port, until Ctrl-C."""

from __future__ import annotations

import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import uvicorn

from spectrove.campaign import Campaign
from spectrove.errors import StorageError
from spectrove.web.app import create_app
from spectrove.web.config import ANYWHERE, FIRST_PORT, PageConfig

PATIENCE = 3
"""Seconds that answers under way have to be finished after Ctrl-C."""

LOOKED_EVERY = 0.05
"""Seconds between two looks whether the page is there, before a browser is sent to it."""


class _Started(Protocol):
    started: bool
    should_exit: bool


def serve(directory: Path, config: PageConfig, *, open_browser: bool, say: Callable[[str], None]) -> None:
    """
    Serve the labeling page of a campaign until Ctrl-C.

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

    Raises
    ------
    CampaignError
        If there is no campaign in the folder.
    StorageError
        If the address or the port cannot be had.
    """
    from spectrove.web.work import Work

    with Campaign(directory) as campaign, listening(config.host, config.port) as door:
        port = door.getsockname()[1]
        token = config.token or (None if config.is_loopback() else secrets.token_urlsafe(24))
        config = replace(config, port=port, token=token)
        work = Work(directory, config.workers) if config.runs_loop else None
        app = create_app(campaign, config, work)
        settings = uvicorn.Config(
            app,
            lifespan="off",  # the application has none, and a second Ctrl-C would tear it down with a traceback
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=PATIENCE,
        )
        server = uvicorn.Server(settings)
        say(f"labeling page of {directory}: {address_of(config)}")
        if token is not None:
            say("whoever has this address can answer; give it to nobody else, and use an encrypted way to this machine")
        if open_browser:
            threading.Thread(target=_send_browser, args=(server, address_of(config)), daemon=True).start()
        if work is not None:
            work.start()
        try:
            server.run(sockets=[door])
        except KeyboardInterrupt:  # raised again by uvicorn when all is closed
            pass
        finally:
            if work is not None:
                work.stop()
        say("stopped; every answer is recorded, and the same command goes on from there")


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
    return socket.create_server(place[:2], family=family, backlog=256)


def _send_browser(server: _Started, address: str) -> None:
    waiting = threading.Event()
    while not server.started:
        if server.should_exit:
            return
        waiting.wait(LOOKED_EVERY)
    webbrowser.open(address)
