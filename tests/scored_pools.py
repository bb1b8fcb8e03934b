"""Small pools and networks with random weights, for tests of scoring; imported by worker processes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from spectrove.contracts import FloatArray, IntArray
from spectrove.execution import InlineExecutor
from spectrove.models import build
from spectrove.pool import IngestConfig, Pool, ingest
from spectrove.preprocess import recipe
from spectrove.training import Checkpoint, weights_of

CLASSES = ("single-peak", "double-peak", "not-interesting")
CHUNK = 100


def write_spectra(path: Path, n: int, seed: int) -> None:
    """Write a table of spectra with a line of emission or absorption at Hα."""
    generator = np.random.default_rng(seed)
    wave = np.linspace(6500, 6750, 160)
    height, width = generator.uniform(-0.6, 2, (n, 1)), generator.uniform(2, 12, (n, 1))
    flux = 1 + height * np.exp(-0.5 * ((wave - 6564.6) / width) ** 2) + generator.normal(0, 0.05, (n, wave.size))
    rows = [",".join([f"{path.stem}-{number}", *(f"{value:.5f}" for value in row)]) for number, row in enumerate(flux)]
    path.write_text("\n".join([",".join(["id", *(f"{point:.3f}" for point in wave)]), *rows]) + "\n")


def add_spectra(directory: Path, name: str, n: int, seed: int) -> Pool:
    """Return the pool in a directory with so many more spectra."""
    write_spectra(directory / f"{name}.csv", n, seed)
    config = IngestConfig(rows_per_chunk=CHUNK)
    ingest([directory / f"{name}.csv"], directory / "pool", recipe("halpha-2020"), config, InlineExecutor())
    return Pool.open(directory / "pool")


def random_checkpoint(network: str, pool: Pool, seed: int) -> Checkpoint:
    """Return a network with random weights and no provenance."""
    weights = weights_of(build(network, pool.n_wave, len(CLASSES), np.random.default_rng(seed)))
    return Checkpoint(network, pool.n_wave, CLASSES, pool.recipe.hash, weights)


def rescaled(checkpoint: Checkpoint, factor: float | Mapping[str, float]) -> Checkpoint:
    """Return a checkpoint with all weights times a factor, or those whose names begin with a key times its value."""
    factors = {"": factor} if isinstance(factor, float | int) else factor
    weights = dict(checkpoint.state)
    for start, by in factors.items():
        weights = {name: weight * by if name.startswith(start) else weight for name, weight in weights.items()}
    return Checkpoint(checkpoint.network, checkpoint.n_wave, checkpoint.classes, checkpoint.recipe, weights)


class MemoryPool:
    """A pool of features that are held in memory; what scoring asks of a pool, and no more."""

    def __init__(self, features: FloatArray) -> None:
        self.values = features
        self.n_spectra, self.n_wave = features.shape
        self.path = Path("memory-pool")
        self.content_hash = "1" * 32
        self.recipe = recipe("halpha-2020")
        self.spectrum_ids = np.array([f"memory:{row}" for row in range(len(features))], dtype=object)
        self.scale = None

    def row_ranges(self) -> list[tuple[int, int]]:
        """Return chunks of `CHUNK` rows."""
        return [(begin, min(begin + CHUNK, self.n_spectra)) for begin in range(0, self.n_spectra, CHUNK)]

    def features(self, rows: slice | IntArray) -> FloatArray:
        """Return the features of some rows."""
        return self.values[rows].copy()

    stored = features


def random_features(kind: str, n: int, n_wave: int, seed: int) -> FloatArray:
    """Return spectra of a kind, each scaled to the range from -1 to 1."""
    generator = np.random.default_rng(seed)
    if kind == "mixed":
        parts = [random_features(each, n, n_wave, seed + 1) for each in ("lines", "noise", "smooth")]
        return np.where(generator.random((n, 1)) < 0.9, parts[0], parts[1 + seed % 2])
    flux = generator.normal(0, 1, (n, n_wave))
    if kind == "smooth":
        flux = np.cumsum(flux, axis=1)
    if kind == "lines":
        wave = np.linspace(-1, 1, n_wave)
        height, width = generator.uniform(-0.6, 2, (n, 1)), generator.uniform(0.03, 0.3, (n, 1))
        flux = height * np.exp(-0.5 * (wave / width) ** 2) + 0.05 * flux
    low, high = flux.min(axis=1, keepdims=True), flux.max(axis=1, keepdims=True)
    return ((flux - low) / (high - low) * 2 - 1).astype(np.float32)
