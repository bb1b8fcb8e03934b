"""Checkpoint × pool → scores, whole chunks at a time over an executor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from spectrove.contracts import Progress, Scores, no_progress
from spectrove.execution import Executor, InlineExecutor
from spectrove.pool import Pool
from spectrove.scoring import tasks
from spectrove.scoring.calibrate import Calibration, calibrate
from spectrove.scoring.config import Focus, ScoreConfig
from spectrove.scoring.exact import require_match
from spectrove.scoring.gpu import pass_on_device
from spectrove.scoring.rescore import Rescoring, Runs
from spectrove.scoring.store import ProbabilityFile, describe, load_scores, writing
from spectrove.storage import is_remote
from spectrove.training import Checkpoint


def score(  # noqa: PLR0913 - what is scored, how and where to, and which decisions count
    checkpoint_directory: Path,
    pool: Pool,
    config: ScoreConfig,
    executor: Executor,
    progress: Progress = no_progress,
    *,
    directory: Path,
    focus: Focus | None = None,
) -> Scores:
    """
    Write the probabilities of the classes of every spectrum of a pool, and return them.

    A large pool is screened in a narrow type, and every row whose decision could be another one in float32 is computed again:
    rows of small margin between the two largest logits, rows of high utility, and the predicted targets where they are few. How
    wide the bands around the decisions must be is measured, first on a sample and then on all rows computed again, and what is
    left outside is checked by another sample (see `spectrove.scoring.bands`); it is all written beside the scores. So predicted
    classes and questions equal those of float32, while other probabilities differ from it by what the narrow type loses.

    Equal to the last bit wherever and with however many threads it is computed: batches are cut inside the pool's chunks only,
    and each batch is computed by one thread, so that threads and processes share out batches and never split one. A worker
    process receives the paths of checkpoint and pool and the rows, and sends back probabilities, 12 bytes a spectrum for three
    classes; they go to the disk as they come, so that memory does not grow with the pool but for some bytes a spectrum (masks,
    classes and row numbers).

    Parameters
    ----------
    checkpoint_directory : Path
        Where the trained network was saved; a place that the workers see.
    pool : Pool
        The spectra; of the recipe that the checkpoint names.
    config : ScoreConfig
        The settings.
    executor : Executor
        Where the tasks run.
    progress : callable
        Called after each task with the number of spectra scored.
    directory : Path
        Where the scores go; it is made if it does not exist. Earlier scores in it are replaced.
    focus : Focus, optional
        Which decisions must be those of a pass in float32.

    Returns
    -------
    Scores
        Probabilities as float32, in pool order, mapped from the disk; as `load_scores` gives them.

    Raises
    ------
    CheckpointError
        If the checkpoint is broken, was made for another recipe or number of points, or its weights do not fit its network.
    PoolError
        If the pool loses files while it is scored.
    ScoresError
        If probabilities come out that are no numbers.
    StorageError
        If the disk is full or cannot be written.
    ValueError
        If a target is no class of the checkpoint, or the mask of the excluded has another length than the pool.
    """
    checkpoint = Checkpoint.load(checkpoint_directory)
    require_match(checkpoint, pool)
    focus = focus or Focus()
    columns = _columns(checkpoint.classes, pool, focus)
    threads = config.threads or (torch.get_num_threads() if isinstance(executor, InlineExecutor) else 1)
    place = pool.path if is_remote(pool.path) else pool.path.absolute()
    content = checkpoint.content_hash
    work = tasks.Work(checkpoint_directory.absolute(), content, place, pool.content_hash, config.batch_size, threads)
    # From the weights: the same scores whenever they are made again.
    generator = np.random.default_rng(int(content, 16))
    runs = Runs(work, executor, progress)
    try:
        calibration = calibrate(work, pool, config, focus.strategy, generator)
        with writing(directory, pool.n_spectra, len(checkpoint.classes)) as file:
            _pass(file, pool, calibration.screen, runs)
            facts = _rescore(file, calibration, focus, columns, runs, generator)
            probabilities = file.array()
    finally:
        tasks.forget()
    describe(directory, Scores(pool.spectrum_ids, probabilities, checkpoint.classes, content, pool.content_hash), facts)
    return load_scores(directory, pool)


def _columns(classes: tuple[str, ...], pool: Pool, focus: Focus) -> tuple[int, ...]:
    for name in focus.targets:
        if name not in classes:
            msg = f"{name!r} is no class of the checkpoint; it has {', '.join(classes)}"
            raise ValueError(msg)
    if focus.excluded is not None and focus.excluded.shape != (pool.n_spectra,):
        msg = f"excluded must have the shape {(pool.n_spectra,)}, got {focus.excluded.shape}"
        raise ValueError(msg)
    return tuple(classes.index(name) for name in focus.targets)


def _pass(file: ProbabilityFile, pool: Pool, screen: tasks.Screen, runs: Runs) -> None:
    done = 0
    if screen.runtime == "device":
        parts = pass_on_device(tasks.device_network(runs.work, screen), pool)
    else:
        parts = runs.executor.run(tasks.compute, tasks.tasks_of_all(runs.work, screen, pool.row_ranges()))
    for part in parts:
        tasks.refuse_broken(runs.work, part, done, done + len(part) - 1)
        file.write(done, part)
        done += len(part)
        runs.progress("scoring", done, pool.n_spectra)


def _rescore(
    file: ProbabilityFile,
    calibration: Calibration,
    focus: Focus,
    columns: tuple[int, ...],
    runs: Runs,
    generator: np.random.Generator,
) -> dict[str, Any]:
    if calibration.screen == tasks.EXACT:
        return calibration.facts
    rescoring = Rescoring(file, calibration.band, focus, columns, runs)
    rescoring.settle(generator)
    return {**calibration.facts, **rescoring.describe()}
