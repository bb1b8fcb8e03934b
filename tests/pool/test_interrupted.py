"""Ingests that are killed, interrupted, run out of disk or lose a worker: nothing is lost, and the same command goes on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import stopped_ingest
from spectrove.errors import PoolBusyError, PoolError, StorageError
from spectrove.execution import InlineExecutor
from spectrove.pool import IngestConfig, Pool, ingest, pool_info
from stopped_ingest import DeadlyExecutor
from text_spectra import write_columns

HERE = Path(stopped_ingest.__file__)
SEALED = ["ingest.lock", "pool.json", "versions", "versions/0001"]


def stopped(*arguments):
    """Run ingests that are stopped, in a process of their own, and return what was seen."""
    command = [sys.executable, str(HERE), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    return json.loads(done.stdout)


@pytest.fixture
def many(tmp_path):
    """Return a folder with more spectra than one task reads, and one file that is none."""
    for number in range(20):
        write_columns(tmp_path / "spectra" / f"star-{number}.dat", seed=number)
    (tmp_path / "spectra" / "notes.txt").write_text("nothing\n")
    return tmp_path / "spectra"


@pytest.fixture
def expected(many, tmp_path, fill):
    """Return the content hash of an ingest that nobody stopped."""
    fill(many, tmp_path / "undisturbed")
    return Pool.open(tmp_path / "undisturbed").content_hash


def test_killed_at_every_moment_a_first_ingest_ends_as_if_undisturbed(many, tmp_path, expected):
    (tmp_path / "work").mkdir()
    seen = stopped("killed", many, tmp_path / "absent", tmp_path / "work")
    assert len(seen) > 20
    assert {moment["signal"] for moment in seen} == {signal.SIGKILL}
    assert {moment["between"] for moment in seen} == {"none", expected}
    assert {moment["after"] for moment in seen} == {expected}
    assert all(moment["left"] == SEALED for moment in seen)


@pytest.mark.slow  # the first ingest is killed as often
def test_killed_at_every_moment_a_later_ingest_leaves_the_sealed_version_as_it_is(many, tmp_path, fill):
    fill(many, tmp_path / "pool")
    first = Pool.open(tmp_path / "pool").content_hash
    shutil.copytree(tmp_path / "pool", tmp_path / "start")
    write_columns(many / "another.dat", seed=50)
    fill(many, tmp_path / "pool")
    second = Pool.open(tmp_path / "pool").content_hash
    (tmp_path / "work").mkdir()
    seen = stopped("killed", many, tmp_path / "start", tmp_path / "work")
    assert {moment["between"] for moment in seen} == {first, second}
    assert {moment["after"] for moment in seen} == {second}
    assert all(moment["left"] == [*SEALED, "versions/0002"] for moment in seen)


def test_a_full_disk_is_one_sentence_and_the_same_command_goes_on(many, tmp_path, expected):
    (tmp_path / "work").mkdir()
    seen = stopped("limited", many, tmp_path / "work", 100, 1000, 2000, 3000, 5000, 8000)
    for moment in seen:
        assert "the disk is full (File too large). Free some space and run the same command again" in moment["said"]
        assert "\n" not in moment["said"]
        assert (moment["between"], moment["after"]) == ("none", expected)
    written = {Path(moment["said"].partition(": ")[0]).name for moment in seen}
    assert {"pool.json", "00000.arrow"} <= written


@pytest.mark.parametrize("room", ["32k", "44k", "56k", "64k"])
def test_a_small_disk_that_is_full_can_be_made_larger(many, tmp_path, fill, expected, room):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={room}", "tmpfs", disk], capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a small disk")
    try:
        with pytest.raises(StorageError, match="the disk is full"):
            fill(many, disk / "pool")
        subprocess.run(["mount", "-o", "remount,size=10m", disk], check=True)
        fill(many, disk / "pool")
        assert Pool.open(disk / "pool").content_hash == expected
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def children(process: int) -> list[int]:
    """Return the processes that a process has started."""
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def wait_until_gone(processes: list[int]) -> None:
    """Wait for processes to end, a minute at most."""
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{process}").exists() for process in processes):
        assert time.monotonic() < deadline, "the workers outlive the process that started them"
        time.sleep(0.05)


@pytest.fixture
def waiting(many, tmp_path):
    """Return an ingest in two processes that has read some files and waits."""
    command = [sys.executable, str(HERE), "wait", str(many), str(tmp_path / "pool"), "2"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, start_new_session=True, **pipes) as process:
        try:
            assert int(process.stdout.readline()) > 0
            yield process
        finally:
            process.kill()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the system does not tell a process's children")
def test_a_killed_ingest_frees_the_pool_and_takes_its_workers_with_it(waiting, many, tmp_path, fill, expected):
    with pytest.raises(PoolBusyError, match="another process is writing"):
        fill(many, tmp_path / "pool")
    workers = children(waiting.pid)
    assert len(workers) >= 2
    os.kill(waiting.pid, signal.SIGKILL)
    wait_until_gone(workers)
    assert pool_info(tmp_path / "pool")["unfinished"]["n_tasks_done"] > 0
    assert fill(many, tmp_path / "pool").resumed
    assert Pool.open(tmp_path / "pool").content_hash == expected


def test_an_interrupt_is_quiet_and_what_was_read_is_not_read_again(waiting, many, tmp_path, halpha, expected):
    os.killpg(waiting.pid, signal.SIGINT)
    said, complaints = waiting.communicate(timeout=300)
    assert (said.strip(), complaints) == ("interrupted", "")
    unfinished = pool_info(tmp_path / "pool")["unfinished"]
    assert 0 < unfinished["n_tasks_done"] <= unfinished["n_tasks"]
    told = []
    ingest([many], tmp_path / "pool", halpha, IngestConfig(), InlineExecutor(), lambda *what: told.append(what))
    n_left = unfinished["n_tasks"] - unfinished["n_tasks_done"]
    assert len([what for what, *_ in told if what == "files read"]) == 1 + n_left
    assert Pool.open(tmp_path / "pool").content_hash == expected


def test_a_worker_that_dies_is_one_sentence_and_the_same_command_goes_on(many, tmp_path, fill, halpha, expected):
    with pytest.raises(
        PoolError, match=r"a worker process ended before its task was done\. Run the same command again"
    ) as caught:
        ingest([many], tmp_path / "pool", halpha, IngestConfig(), DeadlyExecutor(1))
    assert "\n" not in str(caught.value)
    assert fill(many, tmp_path / "pool").resumed
    assert Pool.open(tmp_path / "pool").content_hash == expected
