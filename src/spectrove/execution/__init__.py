"""
Where tasks run: in line, in processes, or on a Dask cluster; Dask is known here and nowhere else.

What travels is paths, numbers and configs, never arrays or open handles. A task makes the same bytes wherever and however often
it runs, so that the place changes no result and a task whose worker died is run again.
"""

from __future__ import annotations

from spectrove.execution.cluster import DaskExecutor
from spectrove.execution.local import Executor, InlineExecutor, ProcessExecutor
from spectrove.execution.memory import keep_freed_memory


def make_executor(workers: int, scheduler: str | None = None) -> InlineExecutor | ProcessExecutor | DaskExecutor:
    """
    Return an executor; a block that is entered with it ends the cluster that it has started.

    Parameters
    ----------
    workers : int
        Number of processes, or of jobs of Slurm; 1 runs in line unless there is a scheduler. One that is running has its own.
    scheduler : str, optional
        ``local`` for a Dask cluster of processes on this machine, ``slurm`` for one of Slurm's jobs, or one that is running: its
        address (``tcp://…``, ``tls://…``) or the file that ``dask scheduler --scheduler-file`` writes.

    Returns
    -------
    InlineExecutor or ProcessExecutor or DaskExecutor
        Ready to run tasks.

    Raises
    ------
    ExecutorError
        If the scheduler cannot be started, reached or used.
    ValueError
        If ``workers`` is less than 1.
    """
    if workers < 1:
        msg = f"workers must be at least 1, got {workers}"
        raise ValueError(msg)
    if scheduler is None:
        return InlineExecutor() if workers == 1 else ProcessExecutor(workers)
    if scheduler == "local":
        return DaskExecutor.local(workers)
    return DaskExecutor.slurm(workers) if scheduler == "slurm" else DaskExecutor(scheduler)


__all__ = ["DaskExecutor", "Executor", "InlineExecutor", "ProcessExecutor", "keep_freed_memory", "make_executor"]
