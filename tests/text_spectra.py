"""Spectra as text files, for tests that need files by the dozen."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

WAVE = np.linspace(6500, 6750, 126)


def flux_of(seed: int) -> np.ndarray:
    """Return noise with a line at Hα, different for each seed."""
    return 1 + 0.1 * np.random.default_rng(seed).standard_normal(WAVE.size) + np.exp(-(((WAVE - 6564.6) / 5) ** 2))


def columns(seed: int, wave: np.ndarray = WAVE) -> str:
    """Return a spectrum as two columns."""
    return "".join(f"{x:.3f} {y:.6f}\n" for x, y in zip(wave, flux_of(seed), strict=True))


def write_columns(path: Path, seed: int) -> Path:
    """Write a spectrum as two columns, packed if the name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = columns(seed).encode()
    path.write_bytes(gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)
    return path


def write_table(path: Path, seeds: dict[str, int | None]) -> Path:
    """Write a table of spectra by their ids; None stands for a spectrum without any light."""
    rows = [[name, *(np.zeros(WAVE.size) if seed is None else flux_of(seed))] for name, seed in seeds.items()]
    text = "\n".join(",".join(str(cell) for cell in row) for row in [["id", *(f"{x:.3f}" for x in WAVE)], *rows])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")
    return path
