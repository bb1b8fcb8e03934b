"""The door of those who write to a pool: one at a time, with one recipe."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from spectrove.errors import PoolBusyError, PoolError
from spectrove.pool.coding import stored_name
from spectrove.pool.layout import FORMAT, FORMAT_VERSION, LOCK, POOL_FILE, VERSIONS, is_pool, json_bytes, read_json
from spectrove.preprocess import Recipe
from spectrove.storage import PARTIAL, is_remote, make_directory, remove, storage_errors, write_bytes


@contextmanager
def writing(pool: Path, recipe: Recipe) -> Iterator[None]:
    """
    Keep a pool for the one who writes to it, and make it if there is none.

    Parameters
    ----------
    pool : Path
        The pool; a name that does not exist or an empty directory becomes one. In an object store the object ``ingest.lock``
        keeps it: put on condition that there is none, and deleted at the end, so that whoever is killed leaves it behind.
    recipe : Recipe
        What makes features of a spectrum; the pool's own if there is one.

    Yields
    ------
    None
        Nothing.

    Raises
    ------
    PoolError
        If the directory holds something else, the pool is of another recipe, or a worker process ended.
    PoolBusyError
        If another process writes to the pool.
    StorageError
        If the disk is full or cannot be written.
    """
    with storage_errors(pool), _worker_deaths(pool):
        _make_directory(pool)
        with _lock(pool):
            _begin(pool, recipe)
            yield


def _make_directory(pool: Path) -> None:
    if pool.exists() and not is_pool(pool):
        others = [entry.name for entry in pool.iterdir() if entry.name != LOCK] if pool.is_dir() else [pool.name]
        if any(not name.startswith(f".{POOL_FILE}") for name in others):
            msg = f"{pool}: this is no pool (it has no {POOL_FILE}) and not empty either. Choose a new name for the pool."
            raise PoolError(msg)
    make_directory(pool)


@contextmanager
def _lock(pool: Path) -> Iterator[None]:
    with _lock_object(pool) if is_remote(pool) else _lock_file(pool):
        yield


@contextmanager
def _lock_object(pool: Path) -> Iterator[None]:
    lock = pool / LOCK
    holder = f"process {os.getpid()} on {platform.node()}, since {datetime.now(UTC).isoformat(timespec='seconds')}"
    try:
        lock.fs.pipe_file(lock.path, holder.encode(), mode="create")  # type: ignore[attr-defined]
    except FileExistsError as error:
        told = lock.read_text()
        msg = (
            f"{pool}: another process is writing to this pool ({told}). Wait until it has finished, then run the same command "
            f"again; if it was killed, delete {lock} before."
        )
        raise PoolBusyError(msg) from error
    try:
        yield
    finally:
        remove(lock)


@contextmanager
def _lock_file(pool: Path) -> Iterator[None]:
    try:
        with FileLock(pool / LOCK, timeout=0):
            yield
    except Timeout as error:
        msg = f"{pool}: another process is writing to this pool. Wait until it has finished, then run the same command again."
        raise PoolBusyError(msg) from error


@contextmanager
def _worker_deaths(pool: Path) -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool as error:
        msg = (
            f"{pool}: a worker process ended before its task was done. Run the same command again to go on where it stopped; "
            "if that repeats, with fewer workers, as the system ends processes when memory is short."
        )
        raise PoolError(msg) from error


def _begin(pool: Path, recipe: Recipe) -> None:
    path = pool / POOL_FILE
    if is_pool(pool):
        content = read_json(path)
        if content["recipe_hash"] != recipe.hash:
            msg = (
                f"{pool}: the pool holds features of the recipe {content['recipe']['name']!r} ({content['recipe_hash']}), "
                f"not of {recipe.name!r} ({recipe.hash}). Ingest into another pool, or with the pool's recipe."
            )
            raise PoolError(msg)
    else:
        content = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "recipe_hash": recipe.hash,
            "recipe": recipe.to_dict(),
            "stored": stored_name(recipe),
        }
        write_bytes(path, json_bytes(content))
    if is_remote(pool):
        return
    make_directory(pool / VERSIONS)
    for directory in (pool, pool / VERSIONS):
        for leftover in directory.glob(f".*{PARTIAL}"):
            remove(leftover)
