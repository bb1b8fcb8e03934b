"""Tasks run in line and in processes alike; tests/pool/test_interrupted.py kills and interrupts them."""

from __future__ import annotations

import operator
import platform
from concurrent.futures.process import BrokenProcessPool

import pytest

from process_tasks import end, pages_cleared, process_of
from spectrove.execution import InlineExecutor, ProcessExecutor, keep_freed_memory, make_executor


@pytest.mark.parametrize("executor", [InlineExecutor(), ProcessExecutor(2)], ids=["in line", "in processes"])
def test_results_come_in_the_order_of_the_tasks(executor):
    tasks = [3, -1, 4, -1, 5, -9, 2, -6]
    assert list(executor.run(abs, tasks)) == [3, 1, 4, 1, 5, 9, 2, 6]
    assert list(executor.run(abs, [])) == []


@pytest.mark.parametrize(
    ("executor", "in_flight"), [(InlineExecutor(), 1), (ProcessExecutor(1), 2)], ids=["in line", "in a process"]
)
def test_tasks_are_taken_as_they_are_needed(executor, in_flight):
    taken = []

    def tasks():
        for number in range(100):
            taken.append(number)
            yield number

    results = executor.run(abs, tasks())
    next(results)
    assert len(taken) == in_flight
    results.close()


@pytest.mark.parametrize("executor", [InlineExecutor(), ProcessExecutor(1)], ids=["in line", "in a process"])
def test_an_error_of_a_task_reaches_the_caller(executor):
    with pytest.raises(TypeError, match="'str' object cannot be interpreted as an integer"):
        list(executor.run(operator.index, [1, "2", 3]))


def test_processes_last_as_long_as_the_block_and_end_with_it():
    with ProcessExecutor(1) as executor:
        first, again = (set(executor.run(process_of, range(3))) for _ in range(2))
    assert first == again
    later = set(executor.run(process_of, range(3)))
    assert len(later) == 1
    assert later != first


def test_after_the_death_of_a_worker_others_take_its_place():
    with ProcessExecutor(1) as executor:
        with pytest.raises(BrokenProcessPool):
            list(executor.run(end, [1]))
        assert list(executor.run(abs, [-1])) == [1]


def test_one_worker_runs_in_line():
    assert isinstance(make_executor(1), InlineExecutor)
    assert isinstance(make_executor(2), ProcessExecutor)


@pytest.mark.parametrize("workers", [0, -1])
def test_there_is_at_least_one_worker(workers):
    with pytest.raises(ValueError, match="workers must be at least 1"):
        make_executor(workers)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not GNU's")
@pytest.mark.parametrize("executor", [InlineExecutor(), ProcessExecutor(1)], ids=["in line", "in a process"])
def test_memory_that_a_task_frees_is_there_for_the_next_array(executor):
    (n_pages,) = executor.run(pages_cleared, [10])
    assert n_pages < 2048, f"{n_pages} pages were cleared, 2048 are one array"


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    assert keep_freed_memory.__wrapped__() is False
    monkeypatch.undo()
    assert keep_freed_memory.__wrapped__() is (platform.libc_ver()[0] == "glibc")
