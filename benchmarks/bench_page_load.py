"""
How the labeling page bears many people: simulated annotators, each two answers a second, against a server of its own process.

Each annotator gives a name, takes the queue, and puts answers with own ids at fixed moments, whether the answer before took
long or not; a moment that is missed counts as waiting (no coordinated omission). At the end the database is asked which answers
are there: none may be lost, and none may be twice. One answer in twenty is sent again, as a page does after a broken connection.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import harness
import machine
from harness import Facts, Options

from spectrove.campaign import Campaign, create, run
from spectrove.campaign.campaign import TrainingSource
from spectrove.config import settings_from
from spectrove.simulate import SurveyConfig, simulate_survey

ANNOTATORS = 50
"""People at once."""

RATE = 2.0
"""Answers a second of each."""

SECONDS = 60.0
"""For so long."""

SENT_AGAIN = 20
"""One answer in so many is sent twice."""

GOAL = 0.25
"""Seconds within which 99 of 100 answers are to be taken."""

SETTINGS: Facts = {
    "seed": 7,
    "fit": {"max_epochs": 1},
    "query": {"batch_size": 100},
    "audit": {"size": 30},
    "stopping": {"max_iterations": 3},
}
"""A round as large as the usual one; its network is of no interest here."""

SERVER = """
import sys
from pathlib import Path
from spectrove.web import PageConfig, serve
serve(Path(sys.argv[1]), PageConfig(annotator="nobody", port=int(sys.argv[2]), runs_loop=False), open_browser=False, say=print)
"""


@dataclass
class Tally:
    """What was sent, and how long it took."""

    waited: list[float] = field(default_factory=list)
    taken: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    sent: set[str] = field(default_factory=set)
    failed: Counter[str] = field(default_factory=Counter)


class Browser:
    """As little of a browser as it takes: one connection, one cookie, and next to no time of its own."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._headers = {"Host": f"127.0.0.1:{port}", "Content-Type": "application/json"}
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: Facts | None = None) -> tuple[int, Any]:
        """Return the status and the JSON of an answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        content = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in self._headers.items())]
        writer.write("\r\n".join([*lines, f"Content-Length: {len(content)}", "", ""]).encode() + content)
        await writer.drain()
        status, *told = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in told if ": " in line)
        for line in told:
            if line.lower().startswith("set-cookie: "):
                self._headers["Cookie"] = line.split(": ", 1)[1].split(";")[0]
        answer = json.loads(await reader.readexactly(int(headers["content-length"])))
        return int(status.split()[1]), answer

    async def enter(self, name: str) -> None:
        """Say who answers."""
        self._headers["X-CSRF-Token"] = (await self.ask("GET", "/api/v1/session"))[1]["csrf_token"]
        await self.ask("PUT", "/api/v1/session", {"annotator": name})

    def leave(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()


async def annotate(port: int, name: str, start: asyncio.Barrier, offset: float, tally: Tally, seconds: float) -> None:
    """Answer at fixed moments, and again from the beginning of the queue when it is through."""
    browser = Browser(port)
    await browser.enter(name)
    items = (await browser.ask("GET", "/api/v1/queue"))[1]["items"]
    await start.wait()
    begun = time.perf_counter() + offset
    for number in range(round(RATE * seconds)):
        due = begun + number / RATE
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        body = {"spectrum_id": items[number % len(items)]["spectrum_id"], "label": "not-interesting", "shown": {"rv": 0}}
        await put(browser, str(uuid.uuid4()), body, due, tally, again=number % SENT_AGAIN == 0)
    browser.leave()


async def put(browser: Browser, id_: str, body: Facts, due: float, tally: Tally, *, again: bool) -> None:
    """Send one answer and note how it went."""
    tally.sent.add(id_)
    try:
        begun = time.perf_counter()
        status, _ = await browser.ask("PUT", f"/api/v1/answers/{id_}", body)
        done = time.perf_counter()
        tally.statuses[status] += 1
        tally.taken.append(done - begun)
        tally.waited.append(done - due)
        if again:
            tally.statuses[(await browser.ask("PUT", f"/api/v1/answers/{id_}", body))[0]] += 1
    except (OSError, EOFError) as error:
        tally.failed[type(error).__name__] += 1


async def crowd(port: int, n_annotators: int, seconds: float) -> Tally:
    """Let many annotate at once, when all have come in and have their queues, at moments spread over half a second."""
    tally, start = Tally(), asyncio.Barrier(n_annotators)
    async with asyncio.TaskGroup() as group:
        for number in range(n_annotators):
            offset = number / n_annotators / RATE
            group.create_task(annotate(port, f"annotator {number}", start, offset, tally, seconds))
    return tally


def asked_campaign(data: Path, n_pool: int) -> Path:
    """Return a campaign whose questions are open, made at the first call and copied afterwards."""
    kept = data / f"page-{n_pool}"
    if not (kept / "campaign").exists():
        shutil.rmtree(kept, ignore_errors=True)
        survey = SurveyConfig(n_pool=n_pool, n_labeled=120, target_fraction=0.12, unknown_fraction=0.03, n_fits=0)
        files = simulate_survey(kept / "survey", survey, 20200918)
        source = TrainingSource(files.labeled, files.labels)
        with create(kept / "campaign", files.pool, [source], settings_from(SETTINGS)) as campaign:
            run(campaign)
    copy = data / "page-load"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(kept / "campaign", copy)
    return copy


def free_port() -> int:
    """Return a port that nothing listens on."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


def until_there(address: str, server: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers."""
    begun = time.monotonic()
    while time.monotonic() - begun < 120:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{address}/api/v1/session", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    msg = f"{address}: the server did not come up"
    raise RuntimeError(msg)


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def quantiles(values: list[float]) -> Facts:
    """Return milliseconds."""
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {"p50_ms": 1e3 * cuts[49], "p95_ms": 1e3 * cuts[94], "p99_ms": 1e3 * cuts[98], "max_ms": 1e3 * max(values)}


def measure(data: Path, n_annotators: int, seconds: float, n_pool: int) -> Facts:
    """Let them annotate, and compare what was sent with what is there."""
    directory, port = asked_campaign(data, n_pool), free_port()
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen([sys.executable, "-c", SERVER, str(directory), str(port)], stdout=subprocess.DEVNULL) as server:
        try:
            until_there(address, server)
            before = cpu_seconds(server.pid)
            tally = asyncio.run(crowd(port, n_annotators, seconds))
            spent, memory = cpu_seconds(server.pid) - before, machine.memory_of(server.pid)
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)
    with Campaign(directory) as campaign:
        there = Counter(answer.answer_id for answer in campaign.store.answers())
    n_sent = len(tally.sent)
    return {
        "annotators": n_annotators,
        "answers_a_second_each": RATE,
        "seconds": seconds,
        "n_sent": n_sent,
        "n_recorded": sum(there.values()),
        "n_lost": len(tally.sent - there.keys()),
        "n_twice": sum(n > 1 for n in there.values()),
        "n_unknown": len(there.keys() - tally.sent),
        "statuses": {str(status): n for status, n in sorted(tally.statuses.items())},
        "failed": dict(tally.failed),
        "from_due": quantiles(tally.waited),
        "from_sent": quantiles(tally.taken),
        "goal_p99_ms": 1e3 * GOAL,
        "server_cpu_ms_per_answer": 1e3 * spent / n_sent,  # with the coming in and the queues
        "server_memory_mb": memory["resident_mb"],
    }


def part_load(data: Path, **asked: Any) -> Facts:
    """Measure in a process of its own."""
    return measure(data, **asked)


def run_load(options: Options) -> Facts:
    """Measure all."""
    asked = {
        "n_annotators": options.pick(ANNOTATORS, 5),
        "seconds": options.pick(int(SECONDS), 3),
        "n_pool": options.pick(3000, 400),
    }
    found = part_load(options.data, **asked)
    harness.say(json.dumps(found, indent=1))
    return {"load": found}


if __name__ == "__main__":
    harness.main("page_load", __doc__, run_load, {"load": part_load})
