"""Tasks for the workers of a cluster; in a module of their own, so that other processes can import them."""

from __future__ import annotations

import os
import signal
import threading
import time
import uuid
from pathlib import Path

from spectrove.errors import PoolError

overlaps: list[int] = []
_running = threading.Semaphore(0)


def doubled_late(number: int) -> int:
    """Return twice a number, the sooner the larger it is."""
    time.sleep(max(0.0, 0.1 - number / 100))
    return 2 * number


def process_of(seconds: float) -> int:
    """Return the number of the process, after a while."""
    time.sleep(seconds)
    return os.getpid()


def refuse(number: int) -> int:
    """Refuse a number."""
    msg = f"pool: the number {number} is refused"
    raise PoolError(msg)


def die(task: object) -> None:
    """End this process as the system does when memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_once(mark: str) -> str:
    """End the first process that comes here, which leaves a mark."""
    try:
        Path(mark).touch(exist_ok=False)
    except FileExistsError:
        return mark
    return die(mark)


def told_threads(names: list[str]) -> set[str | None]:
    """Return how many threads libraries are told to use."""
    return {os.environ.get(name) for name in names}


def note_overlap(task: object) -> None:
    """Note how many other tasks run in this process."""
    _running.release()
    time.sleep(0.02)
    overlaps.append(_running._value - 1)
    _running.acquire()


def mark(_: object) -> str:
    """Return what no other run of it returns."""
    return uuid.uuid4().hex
