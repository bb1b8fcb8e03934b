"""
Spectra at full resolution, read from the survey's files when the page asks.

Where a file is, only the pool says: a request names a spectrum, never a path. A file that was moved, deleted, damaged or replaced
since the pool was made is told of in one sentence, and the points that the network saw are shown all the same.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np

from spectrove.campaign import Campaign
from spectrove.contracts import FloatArray
from spectrove.errors import WindowError
from spectrove.pool import Pool
from spectrove.spectrum import Spectrum
from spectrove.storage import content_hash
from spectrove.surveys import read_again
from spectrove.web.binary import NO_PIXELS, Pixels, encode
from spectrove.web.plain import FACTS, finite

MOST_KEPT = 256 * 2**20
"""Bytes of bodies that are kept for the next request: 16,000 spectra of LAMOST."""

MOST_KNOWN = 20_000
"""Spectra whose facts are kept, some 20 MB; chosen."""

POOL_TAG = '"pool-'
"""How the tag of a body begins that has something to tell of its file: it is not to be believed for long."""

AGREEMENT = 0.02
"""Share of a feature's range by which it may differ where the file still holds what the pool was made from; chosen."""

ONLY_POINTS = "Only the points that the network saw are shown."


class Spectra:
    """
    Bodies of spectra for the page; may be asked by several threads at once.

    Parameters
    ----------
    campaign : Campaign
        Its pool says which files hold the spectra.
    """

    def __init__(self, campaign: Campaign) -> None:
        # A pool of its own: the campaign's may be read by another thread at the same moment.
        self._pool = Pool.open(campaign.pool.path, campaign.pool.content_hash)
        self._grid = self._pool.grid
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._kept: OrderedDict[str, tuple[bytes, str]] = OrderedDict()
        self._n_bytes = 0
        self._knowing = threading.Lock()
        self._known: dict[int, dict[str, Any]] = {}

    def prepare(self, rows: Sequence[int]) -> None:
        """
        Read what the pool knows of some spectra, all at once, as bodies of them will be asked for.

        A pool of millions takes some 50 ms to say what it knows of one spectrum, as it unpacks all those beside it.

        Parameters
        ----------
        rows : sequence of int
            Rows of the pool.
        """
        self._facts(rows)

    def _facts(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        with self._knowing:
            unknown = [row for row in dict.fromkeys(rows) if row not in self._known]
            if len(self._known) + len(unknown) > MOST_KNOWN:
                self._known.clear()
                unknown = list(dict.fromkeys(rows))
            if unknown:
                table = self._pool.metadata(["spectrum_id", "file", "format", "medium", *FACTS], np.array(unknown))
                self._known.update(zip(unknown, finite(table.to_pylist()), strict=True))
            return [self._known[row] for row in rows]

    def body(self, spectrum_id: str, row: int | None = None) -> tuple[bytes, str]:
        """
        Return a spectrum as `spectrove.web.binary` lays it out.

        Parameters
        ----------
        spectrum_id : str
            Its id.
        row : int, optional
            Its row in the pool, if that is at hand: to look for an id among millions takes a while.

        Returns
        -------
        body : bytes
            The spectrum of the survey's file, and what the network sees of it.
        tag : str
            Strong ETag in its quotation marks, a hash of the body; it begins with `POOL_TAG` where the file has a problem.

        Raises
        ------
        KeyError
            If the pool holds no such spectrum.
        """
        with self._lock:
            if (kept := self._kept.get(spectrum_id)) is not None:
                self._kept.move_to_end(spectrum_id)
                return kept
        # One at a time: astropy's reading is bound to one thread anyway, and silences its warnings for the whole process.
        with self._reading:
            if (kept := self._kept.get(spectrum_id)) is not None:
                return kept
            row = self._row(spectrum_id, row)
            body, has_problem = self._made(spectrum_id, row)
        tag = f'{POOL_TAG if has_problem else chr(34)}{content_hash(body)}"'
        if not has_problem:
            self._keep(spectrum_id, body, tag)
        return body, tag

    def _row(self, spectrum_id: str, row: int | None) -> int:
        found = int(self._pool.rows_of([spectrum_id])[0]) if row is None else row
        if found < 0 or self._facts([found])[0]["spectrum_id"] != spectrum_id:
            raise KeyError(spectrum_id)
        return found

    def _made(self, spectrum_id: str, row: int) -> tuple[bytes, bool]:
        (known,) = self._facts([row])
        features = self._pool.features(np.array([row]))[0]
        spectrum, reason = read_again(spectrum_id, known["file"], known["format"])
        pixels = NO_PIXELS
        if spectrum is None:
            problem: str | None = f"{reason} {ONLY_POINTS}"
        else:
            pixels = Pixels(spectrum.wave, spectrum.flux, spectrum.ivar, spectrum.mask)
            problem = self._change(spectrum, features, known["file"])
        head = {
            "spectrum_id": spectrum_id,
            "medium": known["medium"] if spectrum is None else spectrum.medium,
            "frame": "undeclared" if spectrum is None else spectrum.frame,
            "source": "pool" if spectrum is None else "file",
            "problem": problem,
            "facts": {name: known[name] for name in FACTS},
        }
        return encode(head, pixels, self._grid, features), problem is not None

    def _change(self, spectrum: Spectrum, features: FloatArray, file: str) -> str | None:
        """Return what to say where the file's spectrum is not what the network saw."""
        try:
            now = self._pool.recipe.apply(spectrum)
        except WindowError as error:
            return f"{file}: was changed since the pool was made: {error}. The network saw another spectrum than the file's."
        span = float(np.ptp(features)) or 1.0
        if np.all(np.abs(now - features) <= AGREEMENT * span):
            return None
        return f"{file}: was changed since the pool was made. The network saw other fluxes than the file's, which are shown."

    def _keep(self, spectrum_id: str, body: bytes, tag: str) -> None:
        with self._lock:
            if spectrum_id in self._kept or len(body) > MOST_KEPT:
                return
            self._kept[spectrum_id] = (body, tag)
            self._n_bytes += len(body)
            while self._n_bytes > MOST_KEPT:
                _, (oldest, _) = self._kept.popitem(last=False)
                self._n_bytes -= len(oldest)
