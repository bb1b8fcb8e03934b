"""
Names of a pool's files and columns.

::

    POOL/
    ├── pool.json                    what the pool is, and its recipe as data
    ├── ingest.lock                  held by the process that writes
    └── versions/
        ├── 0001/                    sealed: never written again
        │   ├── manifest.json        recipe, content hash, counts, software
        │   ├── features.zarr        int16 or float32, (n_spectra, n_wave), chunks of whole rows
        │   ├── metadata.parquet     one row a spectrum, in the order of the features
        │   ├── refused.parquet      one row a refused file or spectrum, with its reason
        │   └── files.parquet        one row a file that was tried, to know it again
        └── 0002.unfinished/         what an ingest has done so far
            ├── plan.json            where the work list is from, and how files are read
            ├── files.arrow          the work list: one record batch a task
            ├── parts/00017.arrow    what one task made of its files
            └── sealed/              the version being put together; takes the name 0002 when whole

In an object store nothing is renamed: there ``versions/0002`` fills under its own name, its manifest is put last, and without one
it is not sealed; and what is unfinished begins with ``plan.json``, which is put after the work list.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from spectrove.errors import PoolError
from spectrove.pool.tables import StoredTable
from spectrove.storage import is_remote

FORMAT = "spectrove-pool"
FORMAT_VERSION = 2
"""
Raised when a pool that this software writes can no longer be read by an earlier one.

Of version 1 all features are float32; since version 2 ``stored`` in ``pool.json`` and in the manifests tells their type.
"""

POOL_FILE = "pool.json"
LOCK = "ingest.lock"
VERSIONS = "versions"
UNFINISHED = ".unfinished"

MANIFEST = "manifest.json"
FEATURES = "features.zarr"
METADATA = "metadata.parquet"
REFUSED = "refused.parquet"
FILES = "files.parquet"

PLAN = "plan.json"
WORK = "files.arrow"
PARTS = "parts"
SEALED = "sealed"

FACTS = {
    "survey": pa.string(),
    "key": pa.string(),
    "ra": pa.float64(),
    "dec": pa.float64(),
    "mjd": pa.float64(),
    "plate": pa.int32(),
    "planid": pa.string(),
    "spid": pa.int32(),
    "fiberid": pa.int32(),
    "obsid": pa.string(),
    "designation": pa.string(),
    "snr": pa.float64(),
    "spectral_class": pa.string(),
    "subclass": pa.string(),
    "release": pa.string(),
}
"""Columns taken from the file's header, under the names of `HeaderFacts`; degrees, days."""

METADATA_SCHEMA = pa.schema(
    {
        "spectrum_id": pa.string(),
        **FACTS,
        "medium": pa.string(),
        "file": pa.string(),
        "format": pa.string(),
        "version": pa.int32(),
        "digest": pa.binary(16),
    }
)
"""Columns of ``metadata.parquet``; ``medium`` is one of `spectrove.spectrum.MEDIA`, ``format``
names the reader, ``digest`` the row's features by content."""

REFUSED_SCHEMA = pa.schema(
    {
        "file": pa.string(),
        "kind": pa.string(),
        "reason": pa.string(),
        "format": pa.string(),
        "spectrum_id": pa.string(),
        "version": pa.int32(),
    }
)
"""Columns of ``refused.parquet``; ``kind`` is a few words to count by, ``reason`` the whole sentence."""

FOUND_SCHEMA = pa.schema(
    {
        "file": pa.string(),
        "size": pa.int64(),
        "mtime_ns": pa.int64(),
        "kind": pa.string(),
        "reason": pa.string(),
    }
)
"""Columns of the work list; ``kind`` and ``reason`` are null unless the walk itself refused the file."""

FILES_SCHEMA = pa.schema(
    {
        "file": pa.string(),
        "size": pa.int64(),
        "mtime_ns": pa.int64(),
        "n_refused": pa.int32(),
        "unreadable": pa.bool_(),
        "version": pa.int32(),
    }
)
"""Columns of ``files.parquet``; ``n_refused`` counts the file's rows in ``refused.parquet``, ``unreadable`` blames the system."""


def outcome_schema(n_wave: int, stored: str = "float32") -> pa.Schema:
    """
    Return the columns of one part: a row for each spectrum, used or refused.

    Parameters
    ----------
    n_wave : int
        Number of features of a spectrum.
    stored : str
        Type of the features, ``int16`` or ``float32``.

    Returns
    -------
    pyarrow.Schema
        ``kind`` is null where the spectrum is used; ``features`` are zeros where it is refused.
    """
    return pa.schema(
        {
            "file": pa.string(),
            "kind": pa.string(),
            "reason": pa.string(),
            "format": pa.string(),
            "spectrum_id": pa.string(),
            **FACTS,
            "medium": pa.string(),
            "digest": pa.binary(16),
            "features": pa.list_(pa.type_for_alias(stored), n_wave),
        }
    )


def version_directory(pool: Path, version: int) -> Path:
    """
    Return where a sealed version lies.

    Parameters
    ----------
    pool : Path
        The pool.
    version : int
        The version, from 1.

    Returns
    -------
    Path
        ``POOL/versions/0001``.
    """
    return pool / VERSIONS / f"{version:04d}"


def sealed_versions(pool: Path) -> list[int]:
    """
    Return the versions that are sealed.

    Parameters
    ----------
    pool : Path
        The pool.

    Returns
    -------
    list of int
        1, 2, 3 and so on.

    Raises
    ------
    PoolError
        If a version is missing between others.
    """
    directory = pool / VERSIONS
    entries = [entry for entry in directory.iterdir() if entry.name.isdigit()] if directory.is_dir() else []
    if is_remote(pool):
        entries = [entry for entry in entries if (entry / MANIFEST).exists()]
    names = sorted(int(entry.name) for entry in entries)
    if names != list(range(1, len(names) + 1)):
        msg = f"{directory}: the versions are {names}, expected 1 to {len(names)} without a gap. Restore what was removed."
        raise PoolError(msg)
    return names


def unfinished_directory(pool: Path) -> Path:
    """
    Return where an ingest puts what it has done so far.

    Parameters
    ----------
    pool : Path
        The pool.

    Returns
    -------
    Path
        ``POOL/versions/0002.unfinished`` if one version is sealed.
    """
    return pool / VERSIONS / f"{len(sealed_versions(pool)) + 1:04d}{UNFINISHED}"


def is_pool(path: Path) -> bool:
    """
    Return whether a directory is a pool.

    Parameters
    ----------
    path : Path
        Any path.

    Returns
    -------
    bool
        True if it holds a pool's ``pool.json``.
    """
    try:
        content = json.loads((path / POOL_FILE).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.get("format") == FORMAT


def table_of(pool: Path, versions: Sequence[int], name: str, schema: pa.Schema) -> StoredTable:
    """
    Return one of the tables of several versions, one below the other.

    Parameters
    ----------
    pool : Path
        The pool.
    versions : sequence of int
        The versions, in the order wanted.
    name : str
        File name of the table in each version.
    schema : pyarrow.Schema
        The table's columns.

    Returns
    -------
    StoredTable
        As many rows as the versions have together; nothing is read yet.
    """
    return StoredTable([version_directory(pool, version) / name for version in versions], schema)


def read_columns(pool: Path, versions: Sequence[int], name: str, schema: pa.Schema, columns: Sequence[str]) -> pa.Table:
    """
    Return columns of one of the tables of several versions, one below the other.

    Parameters
    ----------
    pool : Path
        The pool.
    versions : sequence of int
        The versions, in the order wanted.
    name : str
        File name of the table in each version.
    schema : pyarrow.Schema
        The table's columns.
    columns : sequence of str
        The columns wanted.

    Returns
    -------
    pyarrow.Table
        As many rows as the versions have together.

    Raises
    ------
    PoolError
        If a table is missing or cannot be read.
    """
    return table_of(pool, versions, name, schema).read(columns)


def stored_type(pool: Path) -> str:
    """
    Return the type in which a pool stores features.

    Parameters
    ----------
    pool : Path
        The pool.

    Returns
    -------
    str
        ``int16`` or ``float32``.

    Raises
    ------
    PoolError
        If the pool is broken.
    """
    return str(read_json(pool / POOL_FILE).get("stored", "float32"))


def read_json(path: Path) -> dict[str, Any]:
    """
    Return what one of the pool's JSON files holds.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    dict
        Its content.

    Raises
    ------
    PoolError
        If the file is absent, is no JSON object, or was written by a later version of this software.
    """
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        msg = f"{path}: the pool is broken, this file of it is missing. Restore it, or ingest into a new pool."
        raise PoolError(msg) from error
    except ValueError as error:
        msg = f"{path}: the pool is broken, this file is no JSON ({error}). Restore it, or ingest into a new pool."
        raise PoolError(msg) from error
    written = content.get("format_version") if isinstance(content, dict) else None
    if not isinstance(written, int):
        msg = f"{path}: the pool is broken, this file names no format version. Restore it, or ingest into a new pool."
        raise PoolError(msg)
    if written > FORMAT_VERSION:
        msg = f"{path}: written in format version {written}, this software reads up to {FORMAT_VERSION}. Install a later one."
        raise PoolError(msg)
    result: dict[str, Any] = content
    return result


def json_bytes(content: dict[str, Any]) -> bytes:
    """
    Return a JSON object as readable text.

    Parameters
    ----------
    content : dict
        The object.

    Returns
    -------
    bytes
        Indented UTF-8 that ends in a newline.
    """
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()
