"""What the labeling page is told when it starts."""

from __future__ import annotations

from dataclasses import dataclass

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Names of this very machine: who reaches the page by one of them sits at it."""

ANYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - recognized here, never the default
"""Addresses that listen to every network."""

FIRST_PORT = 8765
"""The port that is tried first where none was named."""


@dataclass(frozen=True)
class PageConfig:
    """
    How the labeling page is served.

    Attributes
    ----------
    annotator : str
        Who answers unless somebody gives another name; not used where a token is needed, as there many people may come.
    host : str
        Address to listen to.
    port : int
        Port to listen to; 0 takes `FIRST_PORT`, or a free one where it is taken.
    workers : int
        Processes that score the pool.
    token : str or None
        What somebody must know to get in; None lets in everybody who reaches the page.
    runs_loop : bool
        Whether networks are trained and the pool is scored in the background.
    is_public : bool
        Whether everybody who reaches the server may read spectra and candidates through the services, with a token or without.
    url : str
        Address of the server as others know it, such as that of a proxy, without a slash at its end; empty if requests name it.
    """

    annotator: str
    host: str = "127.0.0.1"
    port: int = 0
    workers: int = 1
    token: str | None = None
    runs_loop: bool = True
    is_public: bool = False
    url: str = ""

    def is_loopback(self) -> bool:
        """
        Return whether only this machine reaches the page.

        Returns
        -------
        bool
            True for the names of `LOOPBACK`.
        """
        return self.host in LOOPBACK
