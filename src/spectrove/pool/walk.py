"""Finds the files to ingest, on disks and in object stores, in an order that depends on their names alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from spectrove.errors import PoolError
from spectrove.pool.layout import POOL_FILE, is_pool
from spectrove.storage import is_remote, located

UNREADABLE = "cannot be opened"
"""Kind of refusal: the system does not let the file be read."""

NO_FILE = "no regular file"
"""Kind of refusal: a pipe, a socket, a device, or a link to nothing."""

BAD_NAME = "name is no UTF-8"
"""Kind of refusal: a name that no column of text can hold."""

AT_ONCE = 65_536
"""Names of a directory that are Python objects at a time."""

CHANGED_AT = ("mtime", "LastModified", "last_modified", "updated", "created")
"""Names that the clients of object stores give to the time of the last change, those of most of them first."""


class Found(NamedTuple):
    r"""
    A name that the walk came by.

    Attributes
    ----------
    file : str
        Absolute path, or URL; bytes that are no UTF-8 are written as ``\xff``.
    size : int
        Size in bytes; -1 if the system does not tell.
    mtime_ns : int
        When the content changed, in nanoseconds since 1970.
    kind, reason : str or None
        Why the file cannot be used, if that is known without opening it.
    """

    file: str
    size: int
    mtime_ns: int
    kind: str | None = None
    reason: str | None = None


def check_paths(paths: Sequence[Path]) -> None:
    """
    Make sure that there is something to ingest.

    Parameters
    ----------
    paths : sequence of Path
        Files and directories, as of `spectrove.storage.located`.

    Raises
    ------
    PoolError
        If there are no paths, or one does not exist, or they hold no file at all.
    """
    if not paths:
        msg = "ingest: no file and no directory is given. Name at least one."
        raise PoolError(msg)
    for path in paths:
        if not (path.exists() if is_remote(path) else os.path.lexists(path)):
            msg = f"{path}: there is no such file or directory. Check the name."
            raise PoolError(msg)
    if next(walk(paths), None) is None:
        names = ", ".join(str(path) for path in paths)
        msg = f"{names}: a directory without spectra (it holds no file that is not hidden). Name one that holds some."
        raise PoolError(msg)


def walk(paths: Sequence[Path]) -> Iterator[Found]:
    """
    Yield every file under the paths once, directories first, each in the order of its names.

    Names that begin with a dot are skipped unless they are given themselves, and so are pools. Links are followed; a directory
    that is reached twice is walked once, so that loops end. What lies in object stores comes after what lies on disks.

    Parameters
    ----------
    paths : sequence of Path
        Existing files and directories, as of `spectrove.storage.located`.

    Yields
    ------
    Found
        A file, or a name that cannot be one.
    """
    absolute = sorted({os.path.abspath(path) for path in paths if not is_remote(path)})  # noqa: PTH100 - `..` goes, links stay
    visited: set[str] = set()
    linked: list[str] = []
    for path in absolute:
        if _is_directory(path):
            yield from _walk_directory(path, visited, linked)
    for path in linked:
        yield from _walk_directory(path, visited, linked)
    for path in absolute:
        folder, name = os.path.split(path)
        if not _is_directory(path) and (_real(folder) not in visited or name.startswith(".")):
            yield _look_at(path)
    yield from _walk_stores([path for path in paths if is_remote(path)])


def _is_directory(path: str) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises where the system forbids to look


def _real(path: str) -> str:
    return os.path.realpath(path)


def _walk_directory(root: str, visited: set[str], linked: list[str]) -> Iterator[Found]:
    # Linked directories come after all others, so that a file is known by its own name where it has one under the paths.
    stack = [iter([(root, False)])]
    while stack:
        path, is_plain = next(stack[-1], ("", False))
        if not path:
            stack.pop()
        elif is_plain or not _is_directory(path):
            yield _look_at(path)
        elif path != root and os.path.islink(path):  # noqa: PTH114 - a million names are no Path each
            linked.append(path)
        elif (real := _real(path)) not in visited and not is_pool(Path(path)):
            visited.add(real)
            try:
                stack.append(_entries(path))
            except OSError as error:
                yield _look_at(path, (UNREADABLE, f"{path}: the directory cannot be listed ({error.strerror})"))


def _entries(directory: str) -> Iterator[tuple[str, bool]]:
    """Return the paths in a directory that are not hidden, in the order of their names, and whether each is a plain file."""
    # Names are kept as bytes of Arrow: a directory of four million would take half a gigabyte as Python's objects.
    names: list[pa.Array] = []
    others: set[str] = set()
    with os.scandir(directory) as entries:
        visible = (entry for entry in entries if not entry.name.startswith("."))
        while several := list(islice(visible, AT_ONCE)):
            others.update(entry.name for entry in several if not entry.is_file(follow_symlinks=False))
            names.append(pa.array([os.fsencode(entry.name) for entry in several], type=pa.large_binary()))
    return _in_order(os.path.join(directory, ""), pa.chunked_array(names, pa.large_binary()), others)  # noqa: PTH118


def _in_order(start: str, names: pa.ChunkedArray, others: set[str]) -> Iterator[tuple[str, bool]]:
    order = pc.sort_indices(names)
    for begin in range(0, len(order), AT_ONCE):
        for name in map(os.fsdecode, names.take(order[begin : begin + AT_ONCE]).to_pylist()):
            yield start + name, name not in others


def _look_at(path: str, refusal: tuple[str, str] | None = None) -> Found:
    name = path
    if not path.isascii():
        try:
            name.encode()
        except UnicodeEncodeError:
            name = os.fsencode(path).decode("utf-8", "backslashreplace")
            refusal = (BAD_NAME, f"{name}: the name is no valid UTF-8. Rename the file.")
    try:
        status = os.stat(path)  # noqa: PTH116 - a million names are no Path each
    except OSError as error:
        if os.path.islink(path):  # noqa: PTH114
            return Found(name, -1, 0, NO_FILE, f"{name}: a link that leads nowhere ({error.strerror})")
        return Found(name, -1, 0, UNREADABLE, f"{name}: {error.strerror}")
    if refusal is None and not stat.S_ISREG(status.st_mode):
        refusal = (NO_FILE, f"{name}: no regular file but a pipe, a socket or a device")
    return Found(name, status.st_size, status.st_mtime_ns, *(refusal or (None, None)))


def _walk_stores(paths: Sequence[Any]) -> Iterator[Found]:
    visited: set[str] = set()
    for path in sorted(paths, key=str):
        if path.is_dir():
            yield from _walk_store(path.fs, path.path.rstrip("/"), visited)
    for path in sorted(set(paths), key=str):
        folder, _, name = path.path.rpartition("/")
        if not path.is_dir() and (folder not in visited or name.startswith(".")):
            yield _object(path.fs, path.fs.info(path.path))


def _walk_store(store: Any, folder: str, visited: set[str]) -> Iterator[Found]:
    # One listing a folder, so that a store of any size is walked in the memory of its largest folder.
    if folder in visited:
        return
    visited.add(folder)
    found = {entry["name"].rstrip("/"): entry for entry in store.ls(folder, detail=True)}
    if f"{folder}/{POOL_FILE}" in found and is_pool(located(store.unstrip_protocol(folder))):
        return
    for name in sorted(found):
        if name == folder or name.rpartition("/")[2].startswith("."):  # stores may name a folder as an object of nothing
            continue
        if found[name]["type"] == "directory":
            yield from _walk_store(store, name, visited)
        else:
            yield _object(store, found[name])


def _object(store: Any, entry: dict[str, Any]) -> Found:
    changed = next((entry[name] for name in CHANGED_AT if entry.get(name) is not None), 0)
    seconds = changed.timestamp() if isinstance(changed, datetime) else float(changed)
    return Found(store.unstrip_protocol(entry["name"]), int(entry["size"]), round(seconds * 1e9))
