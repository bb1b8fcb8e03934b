"""A hub, and a program at it that takes spectra, in a process of their own: python samp_taker.py LOCKFILE MTYPE."""

from __future__ import annotations

import json
import sys
import threading
import warnings

warnings.simplefilter("ignore")

from astropy import log, samp  # noqa: E402 - deprecated, which is said on import

log.setLevel("ERROR")  # it speaks on the output that the test reads

TOLD = threading.Event()


def take(_key: str, _sender: str, mtype: str, params: dict[str, object], _extra: object) -> None:
    """Print what was told."""
    print(json.dumps([mtype, params]), flush=True)
    TOLD.set()


if __name__ == "__main__":
    samp.conf.use_internet = False
    hub = samp.SAMPHubServer(web_profile=False, mode="multiple", addr="127.0.0.1", lockfile=sys.argv[1])
    hub.start()
    client = samp.SAMPIntegratedClient(name="taker", addr="127.0.0.1")
    client.connect(hub=hub)
    client.bind_receive_notification(sys.argv[2], take)
    print("ready", flush=True)
    TOLD.wait(120)
    client.disconnect()
    hub.stop()
