"""Checkpoint × pool → scores, whole chunks at a time over an executor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from spectrove.contracts import FloatArray, Progress, Scores, no_progress
from spectrove.errors import CheckpointError, ScoresError
from spectrove.execution import Executor, InlineExecutor
from spectrove.pool import Pool
from spectrove.storage import atomic_path, content_hash, read_sealed_json, storage_errors, write_sealed_json
from spectrove.training import Checkpoint

ROWS_A_TASK = 8192
"""A task takes whole chunks until it has so many rows, so that starting it costs little and its features take little memory."""

FORMAT = "spectrove-scores"
FORMAT_VERSION = 1
"""Raised when scores that this software writes can no longer be read by an earlier one."""

PROBABILITIES = "probabilities.npy"
DESCRIPTION = "scores.json"
"""The two files of a directory of scores; the second is written last and names the first by its hash."""


@dataclass(frozen=True)
class ScoreConfig:
    """
    How a pool is scored.

    Attributes
    ----------
    batch_size : int
        Number of spectra that pass the network at once; 256 to 1,024 stay in a processor's cache.
    threads : int or None
        Threads of each process. None: one in each worker process, and in line as many as PyTorch is set to use.

    Raises
    ------
    ValueError
        If a number is less than 1.
    """

    batch_size: int = 256
    threads: int | None = None

    def __post_init__(self) -> None:
        """Refuse numbers that score nothing."""
        if self.batch_size < 1:
            msg = f"batch_size must be at least 1, got {self.batch_size}"
            raise ValueError(msg)
        if self.threads is not None and self.threads < 1:
            msg = f"threads must be at least 1, got {self.threads}"
            raise ValueError(msg)


@dataclass(frozen=True)
class _ScoringTask:
    checkpoint: Path
    pool: Path
    pool_hash: str
    ranges: tuple[tuple[int, int], ...]
    batch_size: int
    threads: int


def score(
    checkpoint: Checkpoint, pool: Pool, config: ScoreConfig, executor: Executor, progress: Progress = no_progress
) -> Scores:
    """
    Return the probabilities of the classes of every spectrum of a pool.

    Equal to the last bit wherever and with however many threads it is computed: batches are cut inside the pool's chunks
    only, and each batch is computed by one thread, so that threads and processes share out batches and never split one. This
    is also the faster way (1.3 times on two idle cores, more on busy ones; ``benchmarks/bench_network.py``). A worker process
    receives the paths of checkpoint and pool and the row ranges, and sends back probabilities, 12 bytes a spectrum for three
    classes.

    Parameters
    ----------
    checkpoint : Checkpoint
        The trained network.
    pool : Pool
        The spectra; of the recipe that the checkpoint names.
    config : ScoreConfig
        The settings.
    executor : Executor
        Where the tasks run.
    progress : callable
        Called after each task with the number of spectra scored.

    Returns
    -------
    Scores
        Probabilities as float32, in pool order.

    Raises
    ------
    CheckpointError
        If the checkpoint was made for another recipe or number of points, or its weights do not fit its network.
    PoolError
        If the pool loses files while it is scored.
    ScoresError
        If probabilities come out that are no numbers.
    StorageError
        If the temporary directory has no room for a copy of the weights.
    """
    _check_match(checkpoint, pool)
    threads = config.threads or (torch.get_num_threads() if isinstance(executor, InlineExecutor) else 1)
    probabilities = np.empty((pool.n_spectra, len(checkpoint.classes)), dtype=np.float32)
    done = 0
    with TemporaryDirectory(prefix="spectrove-") as temporary:
        checkpoint.save(Path(temporary))
        tasks = [
            _ScoringTask(Path(temporary), pool.path.absolute(), pool.content_hash, ranges, config.batch_size, threads)
            for ranges in _grouped(pool.row_ranges())
        ]
        try:
            for part in executor.run(_score_rows, tasks):
                probabilities[done : done + len(part)] = part
                done += len(part)
                progress("scoring", done, pool.n_spectra)
        finally:  # what the tasks of this process have opened; worker processes end by themselves
            _network.cache_clear()
            _pool.cache_clear()
    return Scores(pool.spectrum_ids, probabilities, checkpoint.classes, checkpoint.content_hash, pool.content_hash)


def predict(network: torch.nn.Module, batches: Sequence[torch.Tensor], threads: int) -> FloatArray:
    """
    Return the probabilities of the classes of every spectrum in some batches.

    Parameters
    ----------
    network : torch.nn.Module
        Maps features (n_spectra, n_wave) to logits (n_spectra, n_classes); in evaluation mode.
    batches : sequence of tensor of float32, shape (n_spectra, n_wave)
        Scaled fluxes, dimensionless. Each batch is computed by one thread.
    threads : int
        How many batches are computed at the same time.

    Returns
    -------
    array of float32, shape (n_spectra of all batches, n_classes)
        Softmax of the logits, taken in float64 so that the rounded probabilities of a row sum to 1 within 1e-6.
    """

    def probabilities_of(batch: torch.Tensor) -> torch.Tensor:
        with torch.inference_mode():
            return torch.softmax(network(batch).double(), dim=1).float()

    threads_before = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as executor:
            probabilities: FloatArray = torch.cat(list(executor.map(probabilities_of, batches))).numpy()
    finally:
        torch.set_num_threads(threads_before)
    return probabilities


def _check_match(checkpoint: Checkpoint, pool: Pool) -> None:
    if checkpoint.recipe != pool.recipe.hash or checkpoint.n_wave != pool.n_wave:
        msg = (
            f"{pool.path}: the pool's recipe is {pool.recipe.hash} with {pool.n_wave} points, the checkpoint is made for "
            f"{checkpoint.recipe} with {checkpoint.n_wave}. Train for this pool, or ingest it by the other recipe."
        )
        raise CheckpointError(msg)


def _grouped(ranges: Sequence[tuple[int, int]]) -> Iterator[tuple[tuple[int, int], ...]]:
    group: list[tuple[int, int]] = []
    for rows in ranges:
        group.append(rows)
        if rows[1] - group[0][0] >= ROWS_A_TASK:
            yield tuple(group)
            group = []
    if group:
        yield tuple(group)


def _score_rows(task: _ScoringTask) -> FloatArray:
    network = _network(task.checkpoint)
    first, last = task.ranges[0][0], task.ranges[-1][1]
    features = torch.from_numpy(_pool(task.pool, task.pool_hash).features(slice(first, last)))
    batches = [
        features[start - first : min(start + task.batch_size, end) - first]
        for begin, end in task.ranges
        for start in range(begin, end, task.batch_size)
    ]
    probabilities = predict(network, batches, task.threads)
    n_bad = int(np.count_nonzero(~np.isfinite(probabilities)))
    if n_bad:
        msg = f"{task.pool}: {n_bad} probabilities of rows {first} to {last - 1} are no finite numbers. Train the network again."
        raise ScoresError(msg)
    return probabilities


@lru_cache(maxsize=1)
def _network(checkpoint: Path) -> torch.nn.Module:
    return Checkpoint.load(checkpoint).build_network()


@lru_cache(maxsize=1)
def _pool(path: Path, content: str) -> Pool:
    return Pool.open(path, content)


def save_scores(directory: Path, scores: Scores) -> None:
    """
    Write scores; after a crash there are whole ones or some that `load_scores` refuses.

    Parameters
    ----------
    directory : Path
        Where to; it is made if it does not exist. Earlier scores in it are replaced.
    scores : Scores
        The scores. The ids are not written: the pool has them.

    Raises
    ------
    StorageError
        If the disk is full or cannot be written.
    """
    probabilities = np.ascontiguousarray(scores.probabilities, dtype="<f4")
    description = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "classes": list(scores.classes),
        "checkpoint": scores.checkpoint,
        "pool": scores.pool,
        "n_spectra": len(probabilities),
        "probabilities": content_hash(probabilities.tobytes()),
    }
    with storage_errors(directory):
        directory.mkdir(parents=True, exist_ok=True)
    with atomic_path(directory / PROBABILITIES) as temporary, temporary.open("wb") as file:
        np.save(file, probabilities)
    write_sealed_json(directory / DESCRIPTION, description)


def load_scores(directory: Path, pool: Pool) -> Scores:
    """
    Return the scores of a directory, after comparing them with their hash and the pool with its own.

    Parameters
    ----------
    directory : Path
        Where they were saved.
    pool : Pool
        The pool that was scored; it gives the ids.

    Returns
    -------
    Scores
        Its probabilities are mapped from the disk, not held in memory.

    Raises
    ------
    ScoresError
        If a file is missing or broken, the two do not belong together, a later version of this software wrote them, or they
        are of another pool or of the pool as it was before.
    """
    description = read_sealed_json(directory / DESCRIPTION, FORMAT, FORMAT_VERSION, ScoresError)
    if description["pool"] != pool.content_hash:
        msg = (
            f"{directory}: these scores are of a pool with the content {description['pool']}, but {pool.path} has "
            f"{pool.content_hash}. Score this pool."
        )
        raise ScoresError(msg)
    path = directory / PROBABILITIES
    try:
        probabilities = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        msg = f"{path}: the probabilities cannot be read ({error}). Score the pool again."
        raise ScoresError(msg) from error
    shape = (description["n_spectra"], len(description["classes"]))
    if probabilities.shape != shape or probabilities.dtype != np.dtype("<f4"):
        msg = f"{path}: {probabilities.dtype} of shape {probabilities.shape}, expected float32 of {shape}. Score the pool again."
        raise ScoresError(msg)
    if content_hash(probabilities.tobytes()) != description["probabilities"]:
        msg = f"{path}: damaged or from another run, the hash is not the one that {DESCRIPTION} names. Score the pool again."
        raise ScoresError(msg)
    return Scores(
        spectrum_ids=pool.spectrum_ids,
        probabilities=probabilities,
        classes=tuple(description["classes"]),
        checkpoint=description["checkpoint"],
        pool=description["pool"],
    )
