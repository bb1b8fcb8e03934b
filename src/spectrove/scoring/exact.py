"""The exact probabilities: PyTorch in float32, equal to the last bit wherever and beside whatever rows they are computed."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from spectrove.contracts import FloatArray, IntArray
from spectrove.errors import CheckpointError
from spectrove.pool import Pool
from spectrove.scoring.config import ScoreConfig
from spectrove.training import Checkpoint

MIN_BATCH = 64
"""Shorter batches are filled up with zeros: with 16 and more a row's result is the same to the last bit, with fewer it is not."""


def predict(
    network: torch.nn.Module, batches: Sequence[torch.Tensor], threads: int, precision: torch.dtype = torch.float32
) -> FloatArray:
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
    precision : torch.dtype
        What convolutions and products of matrices are computed in.

    Returns
    -------
    array of float32, shape (n_spectra of all batches, n_classes)
        Softmax of the logits, taken in float64 so that the rounded probabilities of a row sum to 1 within 1e-6.
    """

    def probabilities_of_batch(batch: torch.Tensor) -> torch.Tensor:
        filled = batch
        if len(batch) < MIN_BATCH:
            filled = torch.zeros((MIN_BATCH, batch.shape[1]), dtype=batch.dtype)
            filled[: len(batch)] = batch
        with torch.inference_mode(), torch.autocast("cpu", precision, enabled=precision != torch.float32):
            logits = network(filled)[: len(batch)]
        return torch.softmax(logits.double(), dim=1).float()

    threads_before = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as executor:
            probabilities: FloatArray = torch.cat(list(executor.map(probabilities_of_batch, batches))).numpy()
    finally:
        torch.set_num_threads(threads_before)
    return probabilities


def probabilities_of(checkpoint_directory: Path, pool: Pool, rows: IntArray, config: ScoreConfig | None = None) -> FloatArray:
    """
    Return the exact probabilities of a few spectra of a pool.

    Parameters
    ----------
    checkpoint_directory : Path
        Where the trained network was saved.
    pool : Pool
        The spectra; of the recipe that the checkpoint names.
    rows : array of int, shape (n_rows,)
        Row numbers in pool order.
    config : ScoreConfig, optional
        Gives batch size and threads.

    Returns
    -------
    array of float32, shape (n_rows, n_classes)
        To the last bit what a pass in float32 over the whole pool gives them.

    Raises
    ------
    CheckpointError
        If the checkpoint is broken, or was made for another recipe or number of points.
    IndexError
        If a row does not exist.
    PoolError
        If features are missing on the disk.
    """
    require_match(Checkpoint.load(checkpoint_directory), pool)
    return probabilities_of_features(checkpoint_directory, pool.features(np.asarray(rows)), config)


def probabilities_of_features(checkpoint_directory: Path, features: FloatArray, config: ScoreConfig | None = None) -> FloatArray:
    """
    Return the exact probabilities of spectra that need not stand in a pool.

    Parameters
    ----------
    checkpoint_directory : Path
        Where the trained network was saved.
    features : array of float32, shape (n_spectra, n_wave)
        What the network is to see.
    config : ScoreConfig, optional
        Gives batch size and threads.

    Returns
    -------
    array of float32, shape (n_spectra, n_classes)
        The same whatever else stands beside a spectrum.

    Raises
    ------
    CheckpointError
        If the checkpoint is broken.
    ValueError
        If the features have another number of points than the network was trained on.
    """
    config = config or ScoreConfig()
    checkpoint = Checkpoint.load(checkpoint_directory)
    if not len(features):
        return np.empty((0, len(checkpoint.classes)), dtype=np.float32)
    given = torch.from_numpy(np.ascontiguousarray(features, dtype=np.float32))
    batches = [given[begin : begin + config.batch_size] for begin in range(0, len(given), config.batch_size)]
    return predict(checkpoint.build_network(), batches, config.threads or torch.get_num_threads())


def require_match(checkpoint: Checkpoint, pool: Pool) -> None:
    """
    Refuse to score a pool with a network that was made for others.

    Parameters
    ----------
    checkpoint : Checkpoint
        The trained network.
    pool : Pool
        The spectra.

    Raises
    ------
    CheckpointError
        If recipe or number of points differ.
    """
    if checkpoint.recipe != pool.recipe.hash or checkpoint.n_wave != pool.n_wave:
        msg = (
            f"{pool.path}: the pool's recipe is {pool.recipe.hash} with {pool.n_wave} points, the checkpoint is made for "
            f"{checkpoint.recipe} with {checkpoint.n_wave}. Train for this pool, or ingest it by the other recipe."
        )
        raise CheckpointError(msg)


@lru_cache(maxsize=1)
def network_of(checkpoint_directory: Path, content_hash: str) -> torch.nn.Module:
    """
    Return a checkpoint's network, loaded once in each process.

    Parameters
    ----------
    checkpoint_directory : Path
        Where the trained network was saved.
    content_hash : str
        Content that it must have.

    Returns
    -------
    torch.nn.Module
        In evaluation mode.

    Raises
    ------
    CheckpointError
        If the checkpoint is broken or has another content.
    """
    checkpoint = Checkpoint.load(checkpoint_directory)
    if checkpoint.content_hash != content_hash:
        msg = (
            f"{checkpoint_directory}: the checkpoint has the content {checkpoint.content_hash}, expected {content_hash}: it was "
            "replaced while the pool was scored. Score the pool again."
        )
        raise CheckpointError(msg)
    return checkpoint.build_network()
