"""Tasks in this process, or in others that it starts."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import Protocol, Self, TypeVar

from spectrove.execution.memory import keep_freed_memory

Task = TypeVar("Task")
Result = TypeVar("Result")

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
"""What keeps libraries to one thread in a process that is one of many, so that these do not fight for the cores."""


class Executor(Protocol):
    """Runs one function on many tasks."""

    def run(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """
        Yield the function's result for each task, in the tasks' order.

        Parameters
        ----------
        function : callable
            Takes one task.
        tasks : iterable
            The tasks.

        Yields
        ------
        object
            What the function returned.
        """


class InlineExecutor:
    """Runs the tasks one after another in this process."""

    def __enter__(self) -> Self:
        """Return this executor, which holds nothing."""
        return self

    def __exit__(self, *error: object) -> None:
        """Do nothing."""

    def run(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """
        Yield the function's result for each task, in the tasks' order.

        Parameters
        ----------
        function : callable
            Takes one task.
        tasks : iterable
            The tasks.

        Yields
        ------
        object
            What the function returned.
        """
        keep_freed_memory()
        for task in tasks:
            yield function(task)


def _settle_in() -> None:
    # A worker finishes its task when the user interrupts the program, and ends when the program is killed: it would wait forever.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name, number in ONE_THREAD.items():
        os.environ.setdefault(name, number)
    keep_freed_memory()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


class ProcessExecutor:
    """
    Runs the tasks in several processes, a few of them waiting in line.

    An interrupt (Ctrl-C) reaches the caller, not the workers: the tasks that run are finished, those that wait are dropped. The
    processes last as long as a ``with`` block of the executor, or as one `run` where there is none.

    Parameters
    ----------
    workers : int
        Number of processes, at least 1.

    Raises
    ------
    ValueError
        If ``workers`` is less than 1.
    """

    def __init__(self, workers: int) -> None:
        if workers < 1:
            msg = f"workers must be at least 1, got {workers}"
            raise ValueError(msg)
        self.workers = workers
        self._keeps = False
        self._kept: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        """Return this executor, which keeps its processes from the first tasks on."""
        self._keeps = True
        return self

    def __exit__(self, *error: object) -> None:
        """End the processes."""
        self._keeps = False
        self._end()

    def _end(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.shutdown(cancel_futures=True)

    @contextmanager
    def _processes(self) -> Iterator[ProcessPoolExecutor]:
        if self._kept is None:
            context = multiprocessing.get_context("spawn")
            self._kept = ProcessPoolExecutor(self.workers, mp_context=context, initializer=_settle_in)
        try:
            yield self._kept
        except BrokenProcessPool:
            self._end()
            raise
        finally:
            if not self._keeps:
                self._end()

    def run(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """
        Yield the function's result for each task, in the tasks' order.

        Parameters
        ----------
        function : callable
            Takes one task; importable by name, as it is sent to other processes.
        tasks : iterable
            The tasks; at most two for each worker are in flight.

        Yields
        ------
        object
            What the function returned.
        """
        waiting: deque[Future[Result]] = deque()
        with self._processes() as processes:
            try:
                for task in tasks:
                    waiting.append(processes.submit(function, task))
                    if len(waiting) >= 2 * self.workers:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()
