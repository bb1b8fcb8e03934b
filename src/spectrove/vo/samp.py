"""
Spectra for other programs on this machine, such as SPLAT, CASSIS or TOPCAT, by SAMP.

Only what it takes to tell a hub one thing and to leave: the lock file of the standard profile, registering, one notification.
Libraries are not used for it, as astropy's is to be removed and waits for a hub without end.

References
----------
.. [1] Taylor et al. 2012, Simple Application Messaging Protocol 1.3, IVOA Recommendation, sect. 4.
.. [2] IVOA, SAMP message types, https://wiki.ivoa.net/twiki/bin/view/IVOA/SampMTypes: ``spectrum.load.ssa-generic``.
"""

from __future__ import annotations

import http.client
import os
import xmlrpc.client
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from spectrove.storage import is_remote, located

MTYPE = "spectrum.load.ssa-generic"
"""The message that asks a program to load a spectrum [2]_."""

LOCK_PREFIX = "std-lockurl:"
"""What stands before the address of a lock file in ``$SAMP_HUB`` ([1]_, sect. 4.2)."""

LARGEST_LOCK = 65_536
"""Characters of a lock file that are read; real ones have some hundred."""

PATIENCE = 3.0
"""Seconds that a hub has for each of four answers; chosen."""

NO_HUB = "No SAMP hub runs on this machine. Start SPLAT, TOPCAT or Aladin, and send again."
NO_TAKER = "A SAMP hub runs, but no program on it takes spectra. Start one that does, such as SPLAT, and send again."
SILENT = "The SAMP hub on this machine does not answer. Close the program that runs it, start it again, and send again."


def send(file: str | None, spectrum_id: str, facts: Mapping[str, Any], patience: float = PATIENCE) -> tuple[bool, str]:
    """
    Send a spectrum's file to every program on this machine that takes spectra.

    Parameters
    ----------
    file : str or None
        The survey's file, or its address in an object store.
    spectrum_id : str
        The spectrum, as the programs will call it.
    facts : mapping
        What the survey says of it (``ra`` and ``dec`` in degrees, ``designation``, ``survey``, ``mjd``), as far as it is known.
    patience : float
        How long to wait for the hub, seconds.

    Returns
    -------
    sent : bool
        Whether a program was told of the spectrum.
    detail : str
        A sentence for whoever asked.
    """
    if file is None:
        return False, f"{spectrum_id}: was not made from a file, so there is nothing to send."
    path = located(file)
    if not is_remote(path) and not path.is_file():
        return False, f"{file}: the file was moved or deleted, so there is nothing to send."
    address = file if is_remote(path) else path.absolute().as_uri()
    message = {"samp.mtype": MTYPE, "samp.params": _params(address, path, spectrum_id, facts)}
    try:
        takers = _notify(*_hub(), message, patience)
    except TimeoutError:
        return False, SILENT
    except (FileNotFoundError, ConnectionError):
        return False, NO_HUB
    except (OSError, LookupError, TypeError, ValueError, http.client.HTTPException, xmlrpc.client.Error) as error:
        return False, f"The SAMP hub on this machine does not take the spectrum ({error}). Start it again, and send again."
    return (True, f"Sent to {len(takers)} program{'' if len(takers) == 1 else 's'}.") if takers else (False, NO_TAKER)


def _params(address: str, path: Path, spectrum_id: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    # SAMP knows texts alone, and these names are the utypes of the Simple Spectral Access protocol.
    meta = {
        "Access.Reference": address,
        "Access.Format": "application/fits" if ".fit" in path.name.lower() else "text/plain",
        "Target.Name": facts.get("designation") or spectrum_id,
        "DataID.Title": spectrum_id,
        "DataID.Collection": facts.get("survey"),
        "Char.TimeAxis.Coverage.Location.Value": facts.get("mjd"),
    }
    if facts.get("ra") is not None and facts.get("dec") is not None:
        meta["Target.Pos"] = f"{facts['ra']!r} {facts['dec']!r}"
    known = {name: str(value) for name, value in meta.items() if value is not None}
    return {"url": address, "name": spectrum_id, "spectrum-id": spectrum_id, "meta": known}


def _hub() -> tuple[str, str]:
    """Return secret and address of the hub, as its lock file tells them."""
    told = os.environ.get("SAMP_HUB", "")
    address = urlsplit(told.removeprefix(LOCK_PREFIX))
    if told and not (told.startswith(LOCK_PREFIX) and address.scheme == "file"):
        msg = f"$SAMP_HUB is {told!r}, expected {LOCK_PREFIX}file:///…"
        raise ValueError(msg)
    path = Path(unquote(address.path)) if told else Path.home() / ".samp"
    with path.open(encoding="utf-8", errors="replace") as file:
        lines = file.read(LARGEST_LOCK).splitlines()
    facts = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return facts["samp.secret"], facts["samp.hub.xmlrpc.url"].replace("\\", "")


class _Transport(xmlrpc.client.Transport):
    def __init__(self, patience: float) -> None:
        super().__init__()
        self._patience = patience

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        connection = super().make_connection(host)
        connection.timeout = self._patience
        return connection


def _notify(secret: str, address: str, message: dict[str, Any], patience: float) -> list[str]:
    """Return who was told."""
    with xmlrpc.client.ServerProxy(address, transport=_Transport(patience)) as proxy:
        hub: Any = proxy.samp.hub
        key = hub.register(secret)["samp.private-key"]
        try:
            hub.declareMetadata(key, {"samp.name": "spectrove", "samp.description.text": "labels spectra"})
            return [str(taker) for taker in hub.notifyAll(key, message)]
        finally:
            hub.unregister(key)
