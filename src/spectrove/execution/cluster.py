"""Tasks on a Dask cluster: one that is running, one of this machine's processes, or one of Slurm's jobs."""

from __future__ import annotations

import logging
import pickle
import shutil
import subprocess
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, NoReturn, Self
from urllib.parse import urlsplit

from spectrove.errors import ExecutorError
from spectrove.execution.local import ONE_THREAD, Result, Task
from spectrove.execution.worker import carry_out, environment, refuse_others

if TYPE_CHECKING:
    from distributed import Client, Future
    from distributed.deploy import Cluster

IN_FLIGHT = 4
"""Tasks a worker that are sent out ahead of the one whose result is next: a slow one does not leave the others idle."""

CONNECT_WITHIN = 10.0
"""Seconds in which a scheduler must answer."""

WORKERS_WITHIN = 60.0
"""Seconds that a running scheduler may be without any worker; Slurm's queue may take as long as it likes."""

LOOK_EVERY = 5.0
"""Seconds after which the workers are counted anew."""

FETCHED_WITHIN = 30.0
"""Seconds in which a result that is there must come; results are a few megabytes at most."""

FETCHES = 4
"""How often a task is run whose result does not come; Dask tries as often when workers die."""


class DaskExecutor:
    """
    Runs the tasks on the workers of a Dask scheduler.

    A task whose worker dies is run again by another, so tasks must make the same thing when they run twice, even at once. An
    interrupt (Ctrl-C) reaches the caller; the tasks that run are finished, those that wait are dropped.

    Parameters
    ----------
    scheduler : str
        Address of a running scheduler (``tcp://…``, ``tls://…``), or the file that it has written.

    Raises
    ------
    ExecutorError
        If Dask is not installed, the scheduler does not answer or is of another version, or no worker comes.
    """

    def __init__(self, scheduler: str) -> None:
        self._open(scheduler, _address(scheduler), None)

    @classmethod
    def local(cls, workers: int) -> Self:
        """
        Return an executor with a cluster of processes on this machine.

        Parameters
        ----------
        workers : int
            Number of processes.

        Returns
        -------
        DaskExecutor
            To be closed.

        Raises
        ------
        ExecutorError
            If Dask is not installed or the processes do not start.
        """
        try:
            from distributed import LocalCluster
        except ImportError as error:
            _lacks("local", error)
        try:
            cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                memory_limit=None,
                dashboard_address="127.0.0.1:0",
                host="127.0.0.1",
                env=ONE_THREAD,
                preload="spectrove.execution.worker",
                silence_logs=logging.CRITICAL,
            )
        except (OSError, RuntimeError) as error:
            msg = f"local: no cluster of {workers} processes can be started ({error}). Ask for fewer workers."
            raise ExecutorError(msg) from error
        return cls._around("local", cluster)

    @classmethod
    def slurm(cls, jobs: int) -> Self:
        """
        Return an executor with a cluster of Slurm's jobs, which work as they come out of the queue.

        Cores, memory, queue and all else of a job are as Dask's own settings say, ``jobqueue.slurm`` in ``~/.config/dask``. A job
        has a worker for each of its cores.

        Parameters
        ----------
        jobs : int
            Number of jobs.

        Returns
        -------
        DaskExecutor
            To be closed, which cancels the jobs.

        Raises
        ------
        ExecutorError
            If dask-jobqueue is not installed, its settings lack something, there is no Slurm, or it refuses the jobs.
        """
        cluster = slurm_cluster()
        try:
            _require_slurm(cluster.job_script())
        except ExecutorError:
            cluster.close()
            raise
        cluster.scale(jobs=jobs)
        return cls._around("slurm", cluster)

    @classmethod
    def _around(cls, name: str, cluster: Cluster) -> Self:
        made = cls.__new__(cls)
        try:
            made._open(name, cluster, cluster)  # noqa: SLF001 - one of our own
        except BaseException:
            cluster.close()
            raise
        return made

    def _open(self, name: str, where: str | Cluster, cluster: Cluster | None) -> None:
        self.name = name
        self._cluster = cluster
        self._waits_long = name == "slurm"
        self._counted = (0, float("-inf"))
        self._client = _connect(name, where)
        try:
            _compare_versions(name, self._client)
            if not self._waits_long:
                self._wait_for_a_worker()
        except BaseException:
            self._client.close()
            raise

    def __enter__(self) -> Self:
        """Return this executor."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Leave the scheduler, and end the cluster if this executor started it."""
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()

    def run(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """
        Yield the function's result for each task, in the tasks' order.

        Parameters
        ----------
        function : callable
            Takes one task; importable by name, as it is sent to other machines.
        tasks : iterable
            The tasks; at most four for each worker are in flight.

        Yields
        ------
        object
            What the function returned.

        Raises
        ------
        ExecutorError
            If a task ends every worker that runs it, a result does not come, a worker has other versions of the software, or the
            scheduler is lost.
        """
        waiting: deque[tuple[bytes, Future[Result]]] = deque()
        try:
            for task in tasks:
                order = pickle.dumps((function, task))
                waiting.append((order, self._send(order)))
                if len(waiting) >= IN_FLIGHT * max(1, self._n_workers()):
                    yield self._result(*waiting.popleft())
            while waiting:
                yield self._result(*waiting.popleft())
        finally:
            if waiting and self._client.status == "running":
                self._client.cancel([future for _, future in waiting])

    def _send(self, order: bytes) -> Future[Any]:
        if self._client.status == "closed":
            self._lost(None)
        future: Future[Any] = self._client.submit(carry_out, order, environment(), pure=False)
        return future

    def _lost(self, error: Exception | None) -> NoReturn:
        msg = f"{self.name}: the scheduler was lost. Start it and its workers again, then run the same command to go on."
        raise ExecutorError(msg) from error

    def _n_workers(self) -> int:
        number, counted = self._counted
        if time.monotonic() - counted > LOOK_EVERY:
            with suppress(OSError):  # a scheduler that is lost is told of where results are waited for
                number = len(self._client.nthreads())
            self._counted = (number, time.monotonic())
        return number

    def _result(self, order: bytes, future: Future[Any]) -> Any:
        from distributed import KilledWorker

        try:
            result = self._fetched(order, future)
        except KilledWorker as error:
            msg = (
                f"{self.name}: a task has ended {error.allowed_failures + 1} workers, one after another. Look into their logs; "
                "the system or Dask ends workers when memory is short. The same command goes on where it stopped."
            )
            raise ExecutorError(msg) from error
        except CancelledError as error:
            self._lost(error)
        return result

    def _fetched(self, order: bytes, future: Future[Any]) -> Any:
        n_lost = 0
        while n_lost < FETCHES:
            self._wait_for(future)
            try:
                return future.result(timeout=FETCHED_WITHIN)
            except TimeoutError:
                if future.status == "error":  # it is the task's own
                    raise
            if future.status == "finished":
                # A worker died with the result in its memory, and Dask may take minutes to see that. Tasks may be run again.
                n_lost += 1
                future.cancel()
                future = self._send(order)
        msg = (
            f"{self.name}: the result of a task did not come from its worker within {FETCHED_WITHIN:g} s, {FETCHES} times. Look "
            "into the workers' logs and at the network between the machines. The same command goes on where it stopped."
        )
        raise ExecutorError(msg)

    def _wait_for(self, future: Future[Any]) -> None:
        from distributed import wait

        while not future.done():
            try:
                with self._client.as_current():
                    wait(future, timeout=LOOK_EVERY)
            except TimeoutError:
                if not self._waits_long and self._n_workers() == 0:
                    self._wait_for_a_worker()

    def _wait_for_a_worker(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=WORKERS_WITHIN)
        except TimeoutError as error:
            msg = (
                f"{self.name}: the scheduler has had no worker for {WORKERS_WITHIN:g} s. Start some with "
                "`dask worker ADDRESS --nworkers CORES --nthreads 1`."
            )
            raise ExecutorError(msg) from error


def slurm_cluster() -> Cluster:
    """
    Return a cluster of Slurm's jobs that has no job yet.

    Returns
    -------
    dask_jobqueue.SLURMCluster
        With one worker for each core of a job, each of one thread.

    Raises
    ------
    ExecutorError
        If dask-jobqueue is not installed or its settings lack something.
    """
    try:
        import dask
        from dask_jobqueue import SLURMCluster
    except ImportError as error:
        _lacks("slurm", error)
    cores = dask.config.get("jobqueue.slurm.cores", None)
    if cores is None or dask.config.get("jobqueue.slurm.memory", None) is None:
        msg = (
            "slurm: Dask's settings do not say how large a job is. Write, for example, "
            "{jobqueue: {slurm: {cores: 16, memory: 32GB, walltime: '04:00:00'}}} into ~/.config/dask/jobqueue.yaml."
        )
        raise ExecutorError(msg)
    lines = [f"export {name}={number}" for name, number in ONE_THREAD.items()]
    prologue = [*dask.config.get("jobqueue.slurm.job-script-prologue", []), *lines]
    try:
        cluster: Cluster = SLURMCluster(processes=cores, job_script_prologue=prologue)
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        msg = f"slurm: no cluster can be made of the settings under jobqueue.slurm in ~/.config/dask ({error}). Mend them."
        raise ExecutorError(msg) from error
    return cluster


def _require_slurm(job_script: str) -> None:
    """Make sure that Slurm would take a job: Dask only logs it when a job is refused, and waits for it."""
    sbatch = shutil.which("sbatch")
    if sbatch is None:
        msg = "slurm: there is no command sbatch here. Run on a machine that submits jobs, or name a scheduler's address."
        raise ExecutorError(msg)
    with NamedTemporaryFile("w", suffix=".sh") as script:
        script.write(job_script)
        script.flush()
        tried = subprocess.run([sbatch, "--test-only", script.name], capture_output=True, text=True, check=False)  # noqa: S603
    if tried.returncode:
        reason = (tried.stderr or tried.stdout).strip().splitlines() or [f"sbatch ends with {tried.returncode}"]
        msg = f"slurm: the jobs are refused ({reason[-1]}). Mend the settings under jobqueue.slurm in ~/.config/dask."
        raise ExecutorError(msg)


def _address(scheduler: str) -> str:
    """Return a scheduler's address; of a scheduler file, what it says."""
    if "://" in scheduler:
        place = urlsplit(scheduler)
        with suppress(ValueError):  # a port that is no number
            if place.scheme in {"tcp", "tls"} and place.hostname and place.port:
                return scheduler
        expected = "expected tcp://HOST:PORT or tls://HOST:PORT"
    else:
        import json

        try:
            return str(json.loads(Path(scheduler).read_bytes())["address"])
        except FileNotFoundError:
            expected = "no such file, and it is not local, slurm, tcp://HOST:PORT or tls://HOST:PORT either"
        except OSError as error:
            expected = f"cannot be read ({error.strerror})"
        except (ValueError, KeyError, TypeError):
            expected = "this file was not written by `dask scheduler --scheduler-file`"
    msg = f"scheduler {scheduler!r}: {expected}. Name a scheduler that runs."
    raise ExecutorError(msg)


def _connect(name: str, where: str | Cluster) -> Client:
    try:
        from distributed import Client
        from distributed.versions import VersionMismatchWarning
    except ImportError as error:
        _lacks(name, error)
    for quiet in ("distributed", "distributed.client"):
        logging.getLogger(quiet).setLevel(logging.CRITICAL)  # what matters of it becomes an error of ours
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", VersionMismatchWarning)  # what matters is compared below and for each task
            return Client(where, timeout=CONNECT_WITHIN, set_as_default=False)
    except (OSError, ImportError, ValueError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        msg = (
            f"scheduler {name!r}: does not answer ({reason}). Start it with `dask scheduler`, or look whether its address is "
            "right and can be reached from here."
        )
        raise ExecutorError(msg) from error


def _compare_versions(name: str, client: Client) -> None:
    """Refuse a scheduler that may speak another language."""
    versions = client.get_versions()
    here, there = versions["client"]["packages"], versions["scheduler"]["packages"]
    found, expected = ({key: packages[key] for key in ("dask", "distributed")} for packages in (there, here))
    refuse_others(f"scheduler {name!r}", found, expected)


def _lacks(name: str, error: ImportError) -> NoReturn:
    msg = f"scheduler {name!r}: the package {error.name or 'dask'} is not installed. Run: pip install 'spectrove[cluster]'"
    raise ExecutorError(msg) from error
