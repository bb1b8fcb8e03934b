"""A SAMP hub with a program at it, as tests use them: `samp_taker` in a process of its own."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TAKER = Path(__file__).with_name("samp_taker.py")


class Taker:
    """The program at the hub: what it hears, and what it says."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._heard: queue.Queue[list[Any]] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        self.hear("ready")

    def _listen(self) -> None:
        for line in self._process.stdout:
            self._heard.put(json.loads(line))

    def hear(self, mtype: str, patience: float = 20.0) -> Any:
        """Wait for a message of some type, skipping others, and return its parameters."""
        skipped = []
        while True:
            try:
                said, value = self._heard.get(timeout=patience)
            except queue.Empty:
                msg = f"no {mtype} within {patience:g} s, but {skipped}"
                raise AssertionError(msg) from None
            if said == mtype:
                return value
            skipped.append(said)

    def heard(self, seconds: float) -> list[str]:
        """Wait, and return the types of all that was heard."""
        types = []
        try:
            while True:
                types.append(self._heard.get(timeout=seconds)[0])
        except queue.Empty:
            return types

    def say(self, mtype: str, **params: Any) -> None:
        """Call everybody who takes such messages."""
        given = {name.replace("_", "-"): value for name, value in params.items()}
        self._process.stdin.write(json.dumps([mtype, given]) + "\n")
        self._process.stdin.flush()

    def clients(self) -> list[str]:
        """Return the names of all others at the hub."""
        self.say("clients")
        return list(self.hear("clients"))


@contextmanager
def hub_with_taker(lock_file: Path, web_port: int = 0, consent: str = "yes", *takes: str) -> Iterator[Taker]:
    """Start a hub that writes this lock file and lets pages in at this port, or not, and a program at it; see `samp_taker`."""
    command = [sys.executable, str(TAKER), str(lock_file), str(web_port), consent, *takes]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            yield Taker(process)
        finally:
            process.kill()
