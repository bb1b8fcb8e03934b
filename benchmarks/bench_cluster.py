"""
What Dask costs and gains: a pool scored in line, and by one and two workers of a Dask cluster of processes on this machine.

A whole pass as a campaign does it: calibrated, screened, rescored, written. All compute on one thread a worker, so two workers
are compared with one. The overhead is told of tasks of 65,536 rows, as a pool of four million has them: what one worker of Dask
takes beyond the same work in line, without the start of the cluster, which is told beside it.
"""

from __future__ import annotations

import hashlib
import tempfile
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
N_SCORED = 1_000_000


def scored(executor: Any, options: Options, pool: Path, checkpoint: Path) -> bytes:
    """Score a pool as a campaign does, one thread a process; return what the probabilities hash to."""
    from spectrove.pool import Pool
    from spectrove.scoring import ScoreConfig, score, tasks

    tasks.ROWS_A_TASK = ROWS_A_TASK  # told by the coordinator alone: what the workers get is ranges of rows
    with tempfile.TemporaryDirectory(dir=options.data) as folder:
        scores = score(checkpoint, Pool.open(pool), ScoreConfig(threads=1), executor, directory=Path(folder))
        return hashlib.sha256(np.ascontiguousarray(scores.probabilities)).digest()


def rates(options: Options) -> Facts:
    """Let the places take turns."""
    from spectrove.execution import DaskExecutor, InlineExecutor, ProcessExecutor

    pool, checkpoint = opened(options, options.pick(N_SCORED, options.sizes[-1])), material.checkpoint(options, "compact")
    n_rows = pool.n_spectra
    job = partial(scored, options=options, pool=pool.path.absolute(), checkpoint=checkpoint)
    begun = time.perf_counter()
    with ProcessExecutor(2) as processes, DaskExecutor.local(1) as one, DaskExecutor.local(2) as two:
        start = time.perf_counter() - begun
        places = {
            "in line": InlineExecutor(),
            "two processes": processes,
            "Dask, one worker": one,
            "Dask, two workers": two,
        }
        contestants = [Contestant(name, partial(job, place), n_rows, warms_up=False) for name, place in places.items()]
        bits = {job(place) for place in places.values()}
        contest = harness.contest(f"scoring {n_rows:,} spectra", "rows", contestants, options.turns)
    facts = {"rows_a_task": ROWS_A_TASK, "n_tasks": -(-n_rows // ROWS_A_TASK)}
    return {**contest, **facts, "start_seconds": start, "same_bits": len(bits) == 1}


def run(options: Options) -> Facts:
    """Measure all."""
    return {"contests": [rates(options)]}


if __name__ == "__main__":
    harness.main("cluster", __doc__, run, {})
