"""The real ``spectrove label``, started and stopped as a person does it, and a person's way through its REST API."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

PATIENCE = 240.0
"""Seconds after which a test gives up."""


@dataclass
class Started:
    """A running command: where its page is, and what it has said so far."""

    process: subprocess.Popen[str]
    address: str = ""
    said: list[str] = field(default_factory=list)

    def stop(self) -> str:
        """Press Ctrl-C, and return all that was said."""
        self.process.send_signal(signal.SIGINT)
        self.said += self.process.stdout.read().splitlines()
        self.process.wait(PATIENCE)
        return "\n".join(self.said)


@contextmanager
def label_command(*arguments: str | Path, folder: Path | None = None) -> Iterator[Started]:
    """Start ``spectrove label`` without a browser, and give it when it has told its address."""
    with running_command("label", *arguments, "--no-browser", folder=folder) as started:
        yield started


@contextmanager
def running_command(*words: str | Path, folder: Path | None = None) -> Iterator[Started]:
    """Start a command of spectrove that serves, and give it when it has told its address."""
    command = [sys.executable, "-m", "spectrove", *map(str, words)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=folder)
    started = Started(process)
    try:
        for line in process.stdout:
            started.said.append(line.rstrip())
            found = re.search(r"http://\S+", line)
            if found:
                started.address = found[0]
                break
        assert started.address, "\n".join(started.said)
        yield started
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


class Person:
    """Somebody with a browser."""

    def __init__(self, address: str, name: str | None = None) -> None:
        base, _, token = address.partition("?token=")
        self._client = httpx.Client(base_url=base, timeout=60, follow_redirects=True)
        if token:
            self._client.get("/", params={"token": token})
        self._await_page()
        session = self.get("/api/v1/session")
        self._client.headers["X-CSRF-Token"] = session["csrf_token"]
        if name is not None:
            session = self.send("PUT", "/api/v1/session", {"annotator": name})
        self.name = session["annotator"]

    def __enter__(self) -> Self:
        """Return the person."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the browser."""
        self._client.close()

    def _await_page(self) -> None:
        begun = time.monotonic()
        while True:
            try:
                self._client.get("/api/v1/session")
            except httpx.ConnectError:
                assert time.monotonic() - begun < PATIENCE
                time.sleep(0.05)
            else:
                return

    def get(self, path: str, **query: Any) -> Any:
        """Return what the page reads."""
        answer = self._client.get(path, params=query)
        answer.raise_for_status()
        return answer.json()

    def send(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """Send something, and return the answer."""
        answer = self._client.request(method, path, json=body)
        answer.raise_for_status()
        return answer.json()

    def label(self, spectrum_id: str, label: str | None, **more: Any) -> str:
        """Answer, and return the answer's id."""
        answer_id = uuid.uuid4().hex
        told = self.send("PUT", f"/api/v1/answers/{answer_id}", {"spectrum_id": spectrum_id, "label": label, **more})
        assert told["recorded"]
        return answer_id

    def queue(self) -> list[str]:
        """Return the spectra that wait for this person while questions are open."""
        told = self.get("/api/v1/queue")
        return [] if told["is_meanwhile"] else [item["spectrum_id"] for item in told["items"]]

    def wait_for(self, moment: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until the background is as it should be, and return what it says."""
        begun = time.monotonic()
        while not moment(state := self.get("/api/v1/work")):
            assert time.monotonic() - begun < PATIENCE, state
            assert state["kind"] != "failed", state["error"]
            time.sleep(0.1)
        return state


def asks(iteration: int) -> Callable[[dict[str, Any]], bool]:
    """Return the moment when the questions of an iteration are there."""
    return lambda state: (state["kind"], state["iteration"], state["phase"]) == ("idle", iteration, "ASK")
