"""A cluster of two processes, and what tells whether it makes the same bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spectrove.execution import DaskExecutor, make_executor


@pytest.fixture(scope="session")
def cluster() -> Iterator[DaskExecutor]:
    """Return an executor with two processes of Dask."""
    with make_executor(2, "local") as executor:
        yield executor


@pytest.fixture(scope="session")
def digests() -> Callable[[Path], dict[str, str]]:
    """Return a function that gives the hash of each file in a folder, but those that tell the time."""

    def of(folder: Path) -> dict[str, str]:
        files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix not in {".lock", ".json"})
        return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    return of


@pytest.fixture
def scheduler_file(cluster, tmp_path) -> Path:
    """Return the file that the running cluster's scheduler would write."""
    path = tmp_path / "scheduler.json"
    path.write_text(json.dumps({"address": cluster._cluster.scheduler_address}))
    return path
