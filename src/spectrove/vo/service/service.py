"""A service: what it publishes, who publishes it, and where it is."""

from __future__ import annotations

import getpass
import os
import tempfile
import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from spectrove.campaign import Campaign
from spectrove.contracts import Progress, no_progress
from spectrove.pool import Pool
from spectrove.storage import is_remote
from spectrove.vo.service.addresses import PREFIX, Addresses
from spectrove.vo.service.candidates import CandidateTables
from spectrove.vo.service.holdings import Holdings

if TYPE_CHECKING:
    from starlette.requests import Request

    from spectrove.vo.spectrum.reading import SpectrumReader


FOLDER = "vo"
"""Where the index is kept, in a campaign's folder."""


def index_folder(directory: Path) -> Path:
    """
    Return where the index on the sky of what is in a folder is kept.

    Parameters
    ----------
    directory : Path
        A campaign, or the folder that a pool is in.

    Returns
    -------
    Path
        Within it; below the system's folder for passing things where it cannot be written.
    """
    if not is_remote(directory) and os.access(directory, os.W_OK):
        return directory / FOLDER
    return Path(tempfile.gettempdir()) / f"spectrove-{getpass.getuser()}" / FOLDER


@dataclass(frozen=True)
class ServiceFacts:
    """
    Who publishes.

    Attributes
    ----------
    title : str
        What the collection is called.
    publisher : str
        Who runs the service.
    authority : str
        Authority of IVO identifiers; names that begin with ``x-`` are registered nowhere.
    reference : str
        Bibcode of the paper to cite; empty if there is none.
    """

    title: str = "Spectra served by spectrove"
    publisher: str = "spectrove"
    authority: str = "x-spectrove"
    reference: str = ""


class Service:
    """
    What all services of one application share. Nothing is read before somebody asks.

    Parameters
    ----------
    pool : Pool
        The spectra.
    cache : Path
        Where the index on the sky is kept.
    campaign : Campaign, optional
        What says of which class they are, and which are candidates.
    facts : ServiceFacts
        Who publishes.
    root : str
        Path below which the services are.
    url : str
        Address of the server, where it is not the one that requests name, as behind a proxy; without a slash at its end.
    """

    def __init__(
        self,
        pool: Pool,
        cache: Path,
        campaign: Campaign | None = None,
        facts: ServiceFacts | None = None,
        *,
        root: str = PREFIX,
        url: str = "",
    ) -> None:
        # A pool of its own: the one that was given may be read by another thread at the same moment.
        self.pool = Pool.open(pool.path, pool.content_hash)
        self.campaign = campaign
        self.facts = facts or ServiceFacts()
        self.root = root
        self._cache = cache
        self._url = url
        self._opening = threading.Lock()
        self._holdings: Holdings | None = None

    def open(self, progress: Progress = no_progress) -> Holdings:
        """
        Return what is published; the index on the sky is made at the first call.

        Parameters
        ----------
        progress : callable
            Told how far the making is.

        Returns
        -------
        Holdings
            The same at every call.

        Raises
        ------
        PoolError
            If the pool's metadata cannot be read.
        StorageError
            If the disk is full or the index cannot be written.
        """
        with self._opening:
            if self._holdings is None:
                self._holdings = Holdings.open(self.pool, self._cache, self.campaign, progress)
            return self._holdings

    @property
    def holdings(self) -> Holdings:
        """
        Return what is published.

        Returns
        -------
        Holdings
            As of `open`.
        """
        return self._holdings or self.open()

    @cached_property
    def candidates(self) -> CandidateTables | None:
        """
        Return the campaign's candidates.

        Returns
        -------
        CandidateTables or None
            None without a campaign.
        """
        return None if self.campaign is None else CandidateTables(self.campaign)

    @cached_property
    def spectra(self) -> SpectrumReader:
        """
        Return what reads spectra.

        Returns
        -------
        SpectrumReader
            The same at every call.
        """
        from spectrove.vo.spectrum.reading import SpectrumReader

        return SpectrumReader(self.pool)

    def addresses(self, request: Request) -> Addresses:
        """
        Return where the services are, as somebody reaches them.

        Parameters
        ----------
        request : Request
            Theirs.

        Returns
        -------
        Addresses
            On the server that the request names.
        """
        server = self._url or f"{request.url.scheme}://{request.headers.get('host', 'localhost')}"
        return Addresses(f"{server}{self.root}", self.facts.authority)
