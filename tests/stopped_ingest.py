"""Runs ingests that are stopped: killed at a moment, cut off by a full disk, or told to wait for whoever kills them."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import zarr  # noqa: F401 - loaded before the forks, once

from spectrove.errors import PoolError, StorageError
from spectrove.execution import ProcessExecutor, make_executor
from spectrove.pool import IngestConfig, Pool, ingest
from spectrove.preprocess import recipe
from spectrove.surveys import inspect

CHANGES = {"os.rename", "os.mkdir", "os.remove", "os.rmdir"}
"""Audit events of changes on the disk, besides files opened for writing."""


def run(folder: Path, pool: Path, workers: int = 1, progress: Callable[..., None] = lambda *_: None) -> str:
    """Ingest a folder and return the pool's content hash."""
    ingest([folder], pool, recipe("halpha-2020"), IngestConfig(rows_per_chunk=4), make_executor(workers), progress)
    return Pool.open(pool).content_hash


def kill_at(moment: int, pool: Path) -> None:
    """Arrange that this process is killed just before it changes the pool's files for the given time."""
    changes = count()

    def look(event: str, arguments: tuple) -> None:
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if (writes or event in CHANGES) and str(arguments[0]).startswith(str(pool)) and next(changes) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(look)


def in_child(work: Callable[[], object]) -> tuple[int, object]:
    """Run something in a forked process; return its exit status and its result."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            result = json.dumps(work())
            os.write(writing, result.encode())
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as stream:
        text = stream.read()
    return os.waitpid(child, 0)[1], json.loads(text) if text else None


def state(pool: Path) -> str:
    """Return the content hash that a reader sees, or that there is none yet."""
    try:
        opened = Pool.open(pool)
        opened.verify()
    except PoolError:
        return "none"
    return opened.content_hash


def killed_everywhere(folder: Path, start: Path, work: Path) -> list[dict]:
    """Kill an ingest at every change it makes, one after another; tell what was seen then, and after it was run again."""
    seen = []
    for moment in count():
        pool = work / f"pool-{moment}"
        if start.exists():
            shutil.copytree(start, pool)

        def killed(pool: Path = pool, moment: int = moment) -> str:
            kill_at(moment, pool)
            return run(folder, pool)

        status, _ = in_child(killed)
        if status == 0:
            return seen
        _, (between, after) = in_child(lambda pool=pool: (state(pool), run(folder, pool)))
        left = sorted(str(path.relative_to(pool)) for path in (*pool.iterdir(), *(pool / "versions").iterdir()))
        seen.append({"signal": status & 0x7F, "between": between, "after": after, "left": left})
    raise AssertionError


def limited(folder: Path, work: Path, limits: list[int]) -> list[dict]:
    """Ingest where no file may grow beyond a limit; tell what was said, what was seen then, and after it was run again."""
    seen = []
    for limit in limits:
        pool = work / f"pool-{limit}"

        def stopped(pool: Path = pool, limit: int = limit) -> str:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
            try:
                return run(folder, pool)
            except StorageError as error:
                return str(error)

        _, said = in_child(stopped)
        _, (between, after) = in_child(lambda pool=pool: (state(pool), run(folder, pool)))
        seen.append({"said": said, "between": between, "after": after})
    return seen


def wait_for_the_end(folder: Path, pool: Path, workers: int) -> str:
    """Ingest until the first files are read, say so, and wait."""

    def progress(what: str, done: int, total: int | None) -> None:
        if what == "files read" and done:
            print(done, flush=True)
            time.sleep(600)

    try:
        return run(folder, pool, workers, progress)
    except KeyboardInterrupt:
        return "interrupted"


def die(task: object) -> None:
    """End this process as the system does when memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)


class DeadlyExecutor(ProcessExecutor):
    """Runs tasks in a process that does not survive them."""

    def run(self, function, tasks):
        """Yield nothing."""
        return super().run(die, tasks)


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    paths = [Path(argument) for argument in arguments[:3]]
    for path in paths[0].iterdir():
        inspect(path)  # whatever readers load is loaded before the forks, once
    if command == "killed":
        print(json.dumps(killed_everywhere(*paths)))
    elif command == "limited":
        print(json.dumps(limited(*paths[:2], [int(limit) for limit in arguments[2:]])))
    else:
        print(wait_for_the_end(*paths[:2], int(arguments[2])))
