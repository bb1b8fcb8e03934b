"""What a pool holds, in a few numbers."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spectrove.pool.layout import MANIFEST, PLAN, read_json, sealed_versions, unfinished_directory, version_directory
from spectrove.pool.parts import parts_done
from spectrove.pool.store import Pool, open_file
from spectrove.preprocess import Recipe
from spectrove.storage import is_remote, located, reading_errors

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Of the signal-to-noise ratios."""


def pool_info(path: str | os.PathLike[str]) -> dict[str, Any]:
    """
    Return what a pool holds, as JSON can hold it; a pool that is not sealed yet or has no spectra tells that.

    Parameters
    ----------
    path : Path
        The pool.

    Returns
    -------
    dict
        Path, recipe (name, hash, steps), wavelengths (first, last, Å), n_spectra, content_hash, counts by survey, format and
        reason of refusal, quantiles of the signal-to-noise ratio, bytes on the disk, manifests of the versions, and what an
        ingest left unfinished.

    Raises
    ------
    PoolError
        If the directory is absent, is no pool, or is broken.
    StorageError
        If an object store cannot be reached, or what reads it is not installed.
    """
    place = located(path)
    with reading_errors(place):
        return _told(place)


def _told(path: Path) -> dict[str, Any]:
    content = open_file(path)
    recipe = Recipe.from_dict(content["recipe"])
    manifests = [read_json(version_directory(path, version) / MANIFEST) for version in sealed_versions(path)]
    pool = Pool(path, recipe, manifests)
    facts = pool.metadata(["survey", "format", "medium", "snr"])
    refused = pool.refused()
    snr = facts["snr"].drop_null().to_numpy()
    return {
        "pool": str(path),
        "recipe": {"name": recipe.name, "hash": content["recipe_hash"], "steps": content["recipe"]["steps"]},
        "n_wave": pool.n_wave,
        "wave": [float(pool.grid[0]), float(pool.grid[-1])],
        "n_spectra": pool.n_spectra,
        "content_hash": pool.content_hash,
        "by_survey": _counts(facts["survey"]),
        "by_format": _counts(facts["format"]),
        "by_medium": _counts(facts["medium"]),
        "n_refused": refused.num_rows,
        "refused_by_reason": _counts(refused["kind"]),
        "snr_quantiles": {f"{q:g}": float(value) for q, value in zip(QUANTILES, np.quantile(snr, QUANTILES), strict=True)}
        if snr.size
        else {},
        "bytes": _bytes(path),
        "versions": manifests,
        "unfinished": _unfinished(path),
    }


def _bytes(path: Path) -> int:
    if is_remote(path):
        return int(path.fs.du(path.path))  # type: ignore[attr-defined]
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def _counts(values: pa.ChunkedArray) -> dict[str, int]:
    counts = {row["values"]: row["counts"] for row in pc.value_counts(values).to_pylist()}
    return dict(Counter(counts).most_common())


def _unfinished(path: Path) -> dict[str, Any] | None:
    directory = unfinished_directory(path)
    if not (directory / PLAN).exists():
        return None
    plan = read_json(directory / PLAN)
    n_done = len(parts_done(directory))
    return {"n_files": plan["n_files"], "n_tasks": plan["n_tasks"], "n_tasks_done": n_done, "sources": plan["sources"]}
