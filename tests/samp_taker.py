"""
A hub for programs and pages, and a program at it, in a process of their own: python samp_taker.py LOCKFILE PORT yes|no [MTYPE …].

It says what it is told, a line of JSON each, and says to others what it reads: ``[mtype, params]`` to everybody by call. Pages
are let in or not, as the third argument says. The program takes all that the page sends, or what is listed; ``MTYPE=text``
refuses calls with this text, and ``MTYPE=`` never answers one.
"""

from __future__ import annotations

import json
import sys
import threading
from typing import Any

from astropy import log
from pyvo import samp

log.setLevel("ERROR")  # it speaks on the output that the test reads

TAKEN = ("table.load.votable", "table.highlight.row", "table.select.rowList", "coord.pointAt.sky", "spectrum.load.ssa-generic")
WRITING = threading.Lock()


def say(*words: object) -> None:
    """Write a line, whole."""
    with WRITING:
        print(json.dumps(words), flush=True)


class Consent:
    """Whoever sits at the hub, and is asked whether a page may come in; the hub gives it its queues."""

    queue_request: Any
    queue_result: Any

    def __init__(self, *, says: bool) -> None:
        self._says = says

    def sit(self) -> None:
        """Answer for ever."""
        while True:
            self.queue_request.get()
            self.queue_result.put(self._says)


class Program:
    """A program that takes all that the page sends; like TOPCAT, it knows a table only some time after it was told of it."""

    def __init__(self, hub: samp.SAMPHubServer, takes: tuple[str, ...]) -> None:
        self._refusals = {mtype: text for mtype, equals, text in (one.partition("=") for one in takes) if equals}
        self.client = samp.SAMPIntegratedClient(name="taker", addr="127.0.0.1")
        self.client.connect(hub=hub)
        self._refuses = 2
        for mtype in [one.partition("=")[0] for one in takes]:
            self.client.bind_receive_notification(mtype, self.told)
            self.client.bind_receive_call(mtype, self.called)
        self.client.bind_receive_response("test", self.answered)

    def others(self) -> list[str]:
        """Return the names of all others at the hub, the hub among them."""
        return sorted(self.client.get_metadata(one)["samp.name"] for one in self.client.get_registered_clients())

    def told(self, _key: str, _sender: str, mtype: str, params: dict[str, Any], _extra: object) -> None:
        """Take a notification."""
        say(mtype, params)

    def called(self, _key: str, _sender: str, id_: str, mtype: str, params: dict[str, Any], _extra: object) -> None:
        """Take a call, and answer it."""
        if mtype == "table.highlight.row" and self._refuses:
            self._refuses -= 1
            self.client.ereply(id_, samp.SAMP_STATUS_ERROR, result={}, error={"samp.errortxt": "No table"})
            return
        text = self._refusals.get(mtype)
        if text is None:
            self.client.ereply(id_, samp.SAMP_STATUS_OK, result={})
        elif text:
            self.client.ereply(id_, samp.SAMP_STATUS_ERROR, result={}, error={"samp.errortxt": text})
        say(mtype, params)

    def answered(self, _key: str, _sender: str, _tag: str, answer: dict[str, Any]) -> None:
        """Take an answer to what was said."""
        say("answer", answer["samp.status"])


def main(lock_file: str, web_port: str, consent: str, *takes: str) -> None:
    """Serve until nobody asks any more."""
    samp.conf.use_internet = False
    person = Consent(says=consent == "yes")
    places = {"addr": "127.0.0.1", "web_port": int(web_port), "lockfile": lock_file}
    hub = samp.SAMPHubServer(web_profile_dialog=person, mode="multiple", **places)
    hub.start()
    threading.Thread(target=person.sit, daemon=True).start()
    program = Program(hub, takes or TAKEN)
    say("ready", None)
    for line in sys.stdin:
        mtype, params = json.loads(line)
        if mtype == "clients":
            say("clients", program.others())
        elif mtype == "end":
            break
        else:
            program.client.call_all("test", {"samp.mtype": mtype, "samp.params": params})
    program.client.disconnect()
    hub.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
