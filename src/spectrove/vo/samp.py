"""
Spectra for other programs on this machine, such as SPLAT, CASSIS or TOPCAT, by SAMP.

The client is pyvo's. It waits for a hub without end, so it talks in a thread of its own that is given some seconds. Spectra are
sent by *call*: SPLAT believes what a message says of a spectrum's format only then, and guesses it otherwise.

References
----------
.. [1] Taylor et al. 2012, Simple Application Messaging Protocol 1.3, IVOA Recommendation.
.. [2] IVOA, SAMP message types, https://wiki.ivoa.net/twiki/bin/view/IVOA/SampMTypes: ``spectrum.load.ssa-generic``.
"""

from __future__ import annotations

import http.client
import queue
import threading
import time
import xmlrpc.client
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spectrove.storage import is_remote, located

if TYPE_CHECKING:
    from pyvo.samp import SAMPHubProxy

MTYPE = "spectrum.load.ssa-generic"
"""The message that asks a program to load a spectrum [2]_."""

PATIENCE = 4.0
"""Seconds after which somebody is told how it went, or that it goes on; chosen."""

LOADING = 60
"""Seconds that a program has to load a spectrum, which go on when `PATIENCE` is over; chosen."""

AT_ONCE = 8
"""Conversations with hubs that go on at one time; one that never ends keeps a thread, so there are to be few."""

NO_HUB = "No SAMP hub runs on this machine. Start SPLAT, TOPCAT or Aladin, and send again."
NO_TAKER = "A SAMP hub runs, but no program on it takes spectra. Start one that does, such as SPLAT, and send again."
SILENT = "The SAMP hub on this machine does not answer. Close the program that runs it, start it again, and send again."
REFUSED = "The SAMP hub on this machine does not take the spectrum ({}). Start it again, and send again."

VOTABLE = "application/x-votable+xml"
"""How a spectrum's format is called that is a VOTable."""

_FREE = threading.BoundedSemaphore(AT_ONCE)


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
        How long to wait, seconds.

    Returns
    -------
    sent : bool
        Whether a program has the spectrum, or is busy with it.
    detail : str
        A sentence for whoever asked.
    """
    if file is None:
        return False, f"{spectrum_id}: was not made from a file, so there is nothing to send."
    path = located(file)
    if not is_remote(path) and not path.is_file():
        return False, f"{file}: the file was moved or deleted, so there is nothing to send."
    address = file if is_remote(path) else path.absolute().as_uri()
    form = "application/fits" if ".fit" in path.name.lower() else "text/plain"
    return _told({"samp.mtype": MTYPE, "samp.params": spectrum_params(address, form, spectrum_id, facts)}, patience)


def spectrum_params(address: str, form: str, spectrum_id: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return what the message says of a spectrum.

    Parameters
    ----------
    address : str
        Where programs get it.
    form : str
        Its MIME type.
    spectrum_id : str
        The spectrum.
    facts : mapping
        What the survey says of it (``ra`` and ``dec`` in degrees, ``designation``, ``survey``, ``mjd``), as far as it is known.

    Returns
    -------
    dict
        ``url``, ``name``, ``spectrum-id`` and ``meta``; texts alone, as SAMP knows no numbers.
    """
    # These names are the utypes of the Simple Spectral Access protocol.
    meta = {
        "Access.Reference": address,
        "Access.Format": form,
        "Target.Name": facts.get("designation") or spectrum_id,
        "DataID.Title": spectrum_id,
        "DataID.Collection": facts.get("survey"),
        "Char.TimeAxis.Coverage.Location.Value": facts.get("mjd"),
    }
    if facts.get("ra") is not None and facts.get("dec") is not None:
        meta["Target.Pos"] = f"{facts['ra']!r} {facts['dec']!r}"
    known = {name: str(value) for name, value in meta.items() if value is not None}
    return {"url": address, "name": spectrum_id, "spectrum-id": spectrum_id, "meta": known}


@dataclass(frozen=True)
class _Event:
    """Something that happened: ``takers`` are known, one of them has ``answered`` or ``declined``, or all is ``over``."""

    kind: str
    value: Any = None


def _told(message: dict[str, Any], patience: float) -> tuple[bool, str]:
    if not _FREE.acquire(timeout=patience):
        return False, SILENT
    events: queue.Queue[_Event] = queue.Queue()
    threading.Thread(target=_talk, args=(message, events), name="SAMP", daemon=True).start()
    takers: int | None = None
    answers = {"answered": 0, "declined": 0}
    reason = ""
    end = time.monotonic() + patience
    while True:
        try:
            event = events.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            return (False, SILENT) if takers is None else _sentence(takers, answers, reason)
        if event.kind == "over":
            return (False, event.value) if event.value else _sentence(takers or 0, answers, reason)
        if event.kind == "takers":
            takers = event.value
        else:
            answers[event.kind] += 1
            reason = event.value or reason


def _sentence(takers: int, answers: Mapping[str, int], reason: str) -> tuple[bool, str]:
    if takers == 0:
        return False, NO_TAKER
    declined = answers["declined"]
    if declined == takers:
        return False, f"{_programs(takers)} could not load the spectrum ({reason})."
    said = f"Sent to {_programs(takers)}."
    if declined:
        said += f" {_programs(declined)} could not load it ({reason})."
    if busy := takers - declined - answers["answered"]:
        said += f" {_programs(busy)} is still busy with it." if busy == 1 else f" {_programs(busy)} are still busy with it."
    return True, said


def _programs(n: int) -> str:
    return f"{n} program{'' if n == 1 else 's'}"


def _talk(message: dict[str, Any], events: queue.Queue[_Event]) -> None:
    """Go through the whole conversation with the hub, and tell how it goes; it may never return."""
    try:
        problem = _converse(message, events)
    except (KeyError, ConnectionError, FileNotFoundError):  # there is no hub by the lock file, or it is gone
        problem = NO_HUB
    except (OSError, TypeError, ValueError, http.client.HTTPException, xmlrpc.client.Error) as error:
        problem = REFUSED.format(error)
    finally:
        _FREE.release()
    events.put(_Event("over", problem))


def _converse(message: dict[str, Any], events: queue.Queue[_Event]) -> str:
    from pyvo.samp import SAMPHubError, SAMPHubProxy, SAMPProxyError

    hub = SAMPHubProxy()
    try:
        hub.connect()
    except SAMPHubError:
        return NO_HUB
    try:
        key = hub.register(hub.lockfile["samp.secret"])["samp.private-key"]
        try:
            hub.declare_metadata(key, {"samp.name": "spectrove", "samp.description.text": "labels spectra"})
            takers = list(hub.get_subscribed_clients(key, MTYPE))
            events.put(_Event("takers", len(takers)))
            calls = [threading.Thread(target=_call, args=(hub, key, one, message, events), daemon=True) for one in takers]
            for call in calls:
                call.start()
            for call in calls:
                call.join()
        finally:
            hub.unregister(key)
    except SAMPProxyError as error:
        return REFUSED.format(error)
    finally:
        hub.disconnect()
    return ""


def _call(hub: SAMPHubProxy, key: str, taker: str, message: dict[str, Any], events: queue.Queue[_Event]) -> None:
    from pyvo.samp import SAMPProxyError

    try:
        answer = hub.call_and_wait(key, taker, message, str(LOADING))
    except (SAMPProxyError, OSError, http.client.HTTPException, xmlrpc.client.Error) as error:
        events.put(_Event("declined", str(error)))
        return
    declined = answer.get("samp.status") == "samp.error"
    reason = ""
    with suppress(AttributeError, TypeError):
        reason = str(answer.get("samp.error", {}).get("samp.errortxt", ""))
    events.put(_Event("declined" if declined else "answered", reason))
