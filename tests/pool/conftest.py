"""Small folders of spectra, as text, and pools made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from spectrove.execution import InlineExecutor
from spectrove.pool import IngestConfig, IngestReport, Pool, ingest
from spectrove.preprocess import Recipe, recipe
from text_spectra import write_columns, write_table


@pytest.fixture(scope="session")
def halpha() -> Recipe:
    """Return the paper's recipe."""
    return recipe("halpha-2020")


@pytest.fixture(scope="session")
def fill(halpha) -> Callable[..., IngestReport]:
    """Return ingest in line with the paper's recipe."""

    def run(paths: Path | Sequence[Path], pool: Path, **config) -> IngestReport:
        several = [paths] if isinstance(paths, Path) else paths
        return ingest(several, pool, halpha, IngestConfig(**config), InlineExecutor())

    return run


@pytest.fixture
def folder(tmp_path) -> Path:
    """Return a folder with a dozen spectra in two subfolders, one packed, and a table of three."""
    root = tmp_path / "spectra"
    for number in range(9):
        write_columns(root / "night-1" / f"star-{number}.dat", seed=number)
    write_columns(root / "night-2" / "star-9.dat.gz", seed=9)
    write_columns(root / "night-2" / "star-10.txt", seed=10)
    write_table(root / "table.csv", {"a": 20, "b": 21, "c": 22})
    return root


@pytest.fixture(scope="session")
def contents() -> Callable[[Path], dict[str, bytes]]:
    """Return a function that gives the features of each id of a pool."""

    def of(pool: Path) -> dict[str, bytes]:
        opened = Pool.open(pool)
        opened.verify()
        return {name: row.tobytes() for name, row in zip(opened.spectrum_ids, opened.features(slice(None)), strict=True)}

    return of
