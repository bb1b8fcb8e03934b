"""
What Dask costs and gains: a pool scored in line, and by one and two workers of a Dask cluster of processes on this machine.

All compute on one thread a worker, so that two workers are compared with one. The overhead is told of tasks of 65,536 rows: what
one worker of Dask takes beyond the same work in line, without the start of the cluster, which is told beside it.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

import harness
import material
import numpy as np
from bench_scoring import opened
from harness import Contestant, Facts, Options

ROWS_A_TASK = 65_536
N_TASKS = 8
N_SCORED = ROWS_A_TASK * N_TASKS

Task = tuple[str, str, int, int]


def score_rows(task: Task) -> float:
    """Return the sum of the probabilities of a range of rows: the same work in line and on a worker."""
    import torch

    from spectrove.pool import Pool
    from spectrove.scoring import predict
    from spectrove.training import Checkpoint

    checkpoint, pool, begin, end = task
    network = Checkpoint.load(Path(checkpoint)).build_network()
    features = torch.from_numpy(Pool.open(Path(pool)).features(slice(begin, end)))
    return float(np.sum(predict(network, list(features.split(256)), 1), dtype=np.float64))


def all_rows(executor: Any, tasks: list[Task]) -> list[float]:
    """Run all tasks."""
    return list(executor.run(score_rows, tasks))


def rates(options: Options) -> Facts:
    """Let the places take turns."""
    from spectrove.execution import DaskExecutor, InlineExecutor, ProcessExecutor

    large_enough = [size for size in options.sizes if size > N_SCORED]
    pool, checkpoint = opened(options, min(large_enough, default=options.sizes[-1])), material.checkpoint(options, "compact")
    n_rows = min(N_SCORED, pool.n_spectra)
    step = options.pick(ROWS_A_TASK, -(-n_rows // 2))
    tasks = [(str(checkpoint), str(pool.path.absolute()), begin, min(begin + step, n_rows)) for begin in range(0, n_rows, step)]
    begun = time.perf_counter()
    with DaskExecutor.local(1) as one, DaskExecutor.local(2) as two:
        start = time.perf_counter() - begun
        places = {
            "in line": InlineExecutor(),
            "two processes": ProcessExecutor(2),
            "Dask, one worker": one,
            "Dask, two workers": two,
        }
        contestants = [
            Contestant(name, partial(all_rows, place, tasks), n_rows, warms_up=False) for name, place in places.items()
        ]
        same = {name: all_rows(place, tasks) == all_rows(places["in line"], tasks) for name, place in places.items()}
        contest = harness.contest(f"scoring in tasks of {step:,} rows", "rows", contestants, options.turns)
    return {**contest, "rows_a_task": step, "n_tasks": len(tasks), "start_seconds": start, "same_bits": all(same.values())}


def run(options: Options) -> Facts:
    """Measure all."""
    return {"contests": [rates(options)]}


if __name__ == "__main__":
    harness.main("cluster", __doc__, run, {})
