"""The door of those who write to a pool: one at a time, with one recipe."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from spectrove.errors import PoolBusyError, PoolError
from spectrove.pool.layout import FORMAT, FORMAT_VERSION, LOCK, POOL_FILE, VERSIONS, is_pool, json_bytes, read_json
from spectrove.preprocess import Recipe
from spectrove.storage import PARTIAL, remove, storage_errors, write_bytes


@contextmanager
def writing(pool: Path, recipe: Recipe) -> Iterator[None]:
    """
    Keep a pool for the one who writes to it, and make it if there is none.

    Parameters
    ----------
    pool : Path
        The pool; a name that does not exist or an empty directory becomes one.
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
    pool.mkdir(parents=True, exist_ok=True)


@contextmanager
def _lock(pool: Path) -> Iterator[None]:
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
        }
        write_bytes(path, json_bytes(content))
    (pool / VERSIONS).mkdir(exist_ok=True)
    for directory in (pool, pool / VERSIONS):
        for leftover in directory.glob(f".*{PARTIAL}"):
            remove(leftover)
