"""What workers do: the probabilities of ranges of rows, or of some rows, by one screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from scipy.special import softmax

from spectrove.contracts import FloatArray, IntArray
from spectrove.errors import ScoresError
from spectrove.pool import Pool
from spectrove.scoring import openvino
from spectrove.scoring.exact import network_of, predict
from spectrove.scoring.gpu import DeviceNetwork

ROWS_A_TASK = 8192
MOST_ROWS_A_TASK = 65_536
TASKS_WANTED = 64
"""
A task takes whole chunks until it has so many rows, at least, and at most; between them a pool becomes about so many tasks, so
that starting one costs little, the features of one take little memory (37 MB at 140 points), and workers can share them out.
"""

SCATTERED_ROWS_A_TASK = 4096
"""A task of scattered rows takes so many: enough batches for all threads."""

TORCH_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True)
class Screen:
    """
    How probabilities are computed.

    Attributes
    ----------
    runtime : str
        ``torch``, ``openvino``, or ``device`` (PyTorch on a GPU, see `spectrove.scoring.gpu`).
    precision : str
        ``float32``, ``bfloat16`` or ``int8``.
    ranges : Ranges
        What `openvino.quantize` needs for int8.
    device : str
        Where the runtime ``device`` computes.
    """

    runtime: str
    precision: str
    ranges: openvino.Ranges = ()
    device: str = "cpu"


EXACT = Screen("torch", "float32")
"""The screen that all others are compared with."""


@dataclass(frozen=True)
class Work:
    """
    What the tasks of a pass share.

    Attributes
    ----------
    checkpoint, pool : Path
        Directories; absolute, as workers may stand elsewhere.
    checkpoint_hash, pool_hash : str
        Contents that they must have.
    batch_size : int
        Number of spectra that pass the network at once.
    threads : int
        Threads of each process.
    """

    checkpoint: Path
    checkpoint_hash: str
    pool: Path
    pool_hash: str
    batch_size: int
    threads: int


@dataclass(frozen=True)
class Task:
    """
    Some rows of a pool.

    Attributes
    ----------
    work : Work
        What the tasks share.
    screen : Screen
        How the probabilities are computed.
    ranges : tuple of tuple of int
        First row and the row after the last of consecutive chunks; batches are cut inside them.
    rows : tuple of int
        Scattered rows, where there are no ranges.
    """

    work: Work
    screen: Screen
    ranges: tuple[tuple[int, int], ...] = ()
    rows: tuple[int, ...] = ()


def tasks_of_all(work: Work, screen: Screen, ranges: Sequence[tuple[int, int]]) -> Iterator[Task]:
    """
    Yield tasks for all rows.

    Parameters
    ----------
    work : Work
        What the tasks share.
    screen : Screen
        How the probabilities are computed.
    ranges : sequence of tuple of int
        The pool's chunks.

    Yields
    ------
    Task
        Whole chunks, in order.
    """
    group: list[tuple[int, int]] = []
    n_rows = ranges[-1][1] if ranges else 0
    wanted = min(max(ROWS_A_TASK, n_rows // TASKS_WANTED), MOST_ROWS_A_TASK)
    for rows in ranges:
        group.append(rows)
        if rows[1] - group[0][0] >= wanted:
            yield Task(work, screen, ranges=tuple(group))
            group = []
    if group:
        yield Task(work, screen, ranges=tuple(group))


def tasks_of_some(work: Work, screen: Screen, rows: IntArray) -> Iterator[Task]:
    """
    Yield tasks for scattered rows.

    Parameters
    ----------
    work : Work
        What the tasks share.
    screen : Screen
        How the probabilities are computed.
    rows : array of int, shape (n_rows,)
        Row numbers in pool order.

    Yields
    ------
    Task
        Some of the rows, in order.
    """
    for begin in range(0, len(rows), SCATTERED_ROWS_A_TASK):
        yield Task(work, screen, rows=tuple(rows[begin : begin + SCATTERED_ROWS_A_TASK].tolist()))


def compute(task: Task) -> FloatArray:
    """
    Return the probabilities of a task's rows.

    Parameters
    ----------
    task : Task
        What to compute.

    Returns
    -------
    array of float32, shape (n_rows, n_classes)
        In the task's order.

    Raises
    ------
    CheckpointError
        If the checkpoint is broken or was replaced.
    PoolError
        If the pool has lost files or never had the content.
    ScoresError
        If probabilities come out that are no numbers.
    """
    work, screen = task.work, task.screen
    pool = _pool(work.pool, work.pool_hash)
    if task.ranges:
        first, last = task.ranges[0][0], task.ranges[-1][1] - 1
        features = pool.features(slice(first, last + 1))
        batches = [
            features[start - first : min(start + work.batch_size, end) - first]
            for begin, end in task.ranges
            for start in range(begin, end, work.batch_size)
        ]
    else:
        first, last = task.rows[0], task.rows[-1]
        features = pool.features(np.array(task.rows))
        batches = [features[start : start + work.batch_size] for start in range(0, len(features), work.batch_size)]
    if screen.runtime == "openvino":
        logits = _runner(work, screen, pool.n_wave).logits(batches)
        # In float64, so that the rounded probabilities of a row sum to 1 within 1e-6.
        probabilities: FloatArray = softmax(logits.astype(np.float64), axis=1).astype(np.float32)
    elif screen.runtime == "device":
        network_there = device_network(work, screen)
        probabilities = network_there.probabilities(torch.from_numpy(features).to(network_there.device), None).cpu().numpy()
    else:
        network = network_of(work.checkpoint, work.checkpoint_hash)
        tensors = [torch.from_numpy(batch) for batch in batches]
        probabilities = predict(network, tensors, work.threads, TORCH_DTYPES[screen.precision])
    refuse_broken(work, probabilities, first, last)
    return probabilities


def refuse_broken(work: Work, probabilities: FloatArray, first: int, last: int) -> None:
    """
    Make sure that probabilities are numbers.

    Parameters
    ----------
    work : Work
        What was computed.
    probabilities : array of float32, shape (n_rows, n_classes)
        Of some rows.
    first, last : int
        The first and the last of them.

    Raises
    ------
    ScoresError
        If some are infinite or NaN.
    """
    n_bad = int(np.count_nonzero(~np.isfinite(probabilities)))
    if n_bad:
        msg = f"{work.pool}: {n_bad} probabilities of rows {first} to {last} are no finite numbers. Train the network again."
        raise ScoresError(msg)


def forget() -> None:
    """Close what the tasks of this process have opened; worker processes end by themselves."""
    network_of.cache_clear()
    _runner.cache_clear()
    device_network.cache_clear()
    _pool.cache_clear()


@lru_cache(maxsize=1)
def device_network(work: Work, screen: Screen) -> DeviceNetwork:
    """
    Return a checkpoint's network on its device.

    Parameters
    ----------
    work : Work
        Names the checkpoint.
    screen : Screen
        Names device and precision.

    Returns
    -------
    DeviceNetwork
        Compiled once for each pass.
    """
    return DeviceNetwork(network_of(work.checkpoint, work.checkpoint_hash), screen.device, screen.precision)


@lru_cache(maxsize=1)
def _runner(work: Work, screen: Screen, n_wave: int) -> openvino.Runner:
    model = openvino.convert(network_of(work.checkpoint, work.checkpoint_hash), n_wave, work.batch_size)
    if screen.precision == "int8":
        openvino.quantize(model, screen.ranges)
    return openvino.Runner(model, screen.precision, work.threads)


@lru_cache(maxsize=1)
def _pool(path: Path, content: str) -> Pool:
    return Pool.open(path, content)
