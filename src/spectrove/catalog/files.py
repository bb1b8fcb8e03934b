"""The candidate list and its provenance as files."""

from __future__ import annotations

import csv
import json
import math
import platform
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import pyarrow as pa

from spectrove.storage import atomic_path, write_bytes

REPORTED = ("spectrove", "astropy", "imbalanced-learn", "numpy", "pyarrow", "scipy", "torch", "zarr")
"""Packages whose versions can change a number in the result."""


def write_csv(table: pa.Table, path: Path) -> None:
    """
    Write a table as CSV: UTF-8, a header, one row a line, empty where there is no value.

    Parameters
    ----------
    table : pyarrow.Table
        Texts and numbers.
    path : Path
        Where; replaced if it exists, whole or not at all.

    Raises
    ------
    StorageError
        If the disk is full or cannot be written.
    """
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.column_names)
        writer.writerows(zip(*(_values(column) for column in table.columns), strict=True))


def _values(column: pa.ChunkedArray) -> list[Any]:
    values: list[Any] = column.to_pylist()
    if column.type == pa.float32():  # as a double it would show digits that were never there
        return [None if value is None else np.float32(value) for value in values]
    return values


def software_versions() -> dict[str, str]:
    """
    Return the versions of the software that makes a result.

    Returns
    -------
    dict of str to str
        ``python`` and each installed package of `REPORTED`.
    """
    versions = {"python": platform.python_version()}
    for package in REPORTED:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions


def write_provenance(provenance: Mapping[str, Any], path: Path) -> None:
    """
    Write what a result was made from as JSON, its keys sorted.

    Dataclasses become objects, paths become texts, NumPy numbers and arrays become numbers and lists; numbers that JSON does not
    know (NaN, infinities) become null.

    Parameters
    ----------
    provenance : mapping
        Settings, seed, hashes, counts, estimates, versions, date.
    path : Path
        Where; replaced if it exists, whole or not at all.

    Raises
    ------
    TypeError
        If something in it has no form in JSON.
    StorageError
        If the disk is full or cannot be written.
    """
    write_bytes(path, as_json(provenance).encode())


def as_json(content: Mapping[str, Any]) -> str:
    """
    Return plain data as JSON, its keys sorted, with a line's end; see `write_provenance` for what becomes of other things.

    Parameters
    ----------
    content : mapping
        The data.

    Returns
    -------
    str
        The same text for the same data.

    Raises
    ------
    TypeError
        If something in it has no form in JSON.
    """
    return json.dumps(_plain(content), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        members = sorted(value) if isinstance(value, set | frozenset) else value
        return [_plain(inner) for inner in members]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, PurePath) else value
