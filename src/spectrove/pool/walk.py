"""Finds the files to ingest, in an order that depends on their names alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from spectrove.errors import PoolError
from spectrove.pool.layout import is_pool

UNREADABLE = "cannot be opened"
"""Kind of refusal: the system does not let the file be read."""

NO_FILE = "no regular file"
"""Kind of refusal: a pipe, a socket, a device, or a link to nothing."""

BAD_NAME = "name is no UTF-8"
"""Kind of refusal: a name that no column of text can hold."""


@dataclass(frozen=True)
class Found:
    r"""
    A name that the walk came by.

    Attributes
    ----------
    file : str
        Absolute path; bytes that are no UTF-8 are written as ``\xff``.
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
        Files and directories.

    Raises
    ------
    PoolError
        If there are no paths, or one does not exist, or they hold no file at all.
    """
    if not paths:
        msg = "ingest: no file and no directory is given. Name at least one."
        raise PoolError(msg)
    for path in paths:
        if not os.path.lexists(path):
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
    that is reached twice is walked once, so that loops end.

    Parameters
    ----------
    paths : sequence of Path
        Existing files and directories.

    Yields
    ------
    Found
        A file, or a name that cannot be one.
    """
    absolute = sorted({Path(os.path.abspath(path)) for path in paths})  # noqa: PTH100 - `..` goes, links stay
    visited: set[Path] = set()
    linked: list[Path] = []
    for path in absolute:
        if _is_directory(path):
            yield from _walk_directory(path, visited, linked)
    for path in linked:
        yield from _walk_directory(path, visited, linked)
    for path in absolute:
        if not _is_directory(path) and (path.parent.resolve() not in visited or path.name.startswith(".")):
            yield _look_at(path)


def _is_directory(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises where the system forbids to look


def _walk_directory(root: Path, visited: set[Path], linked: list[Path]) -> Iterator[Found]:
    # Linked directories come after all others, so that a file is known by its own name where it has one under the paths.
    stack = [iter([root])]
    while stack:
        path = next(stack[-1], None)
        if path is None:
            stack.pop()
        elif not _is_directory(path):
            yield _look_at(path)
        elif path.is_symlink() and path != root:
            linked.append(path)
        elif (real := path.resolve()) not in visited and not is_pool(path):
            visited.add(real)
            try:
                names = sorted(entry for entry in path.iterdir() if not entry.name.startswith("."))
            except OSError as error:
                yield _look_at(path, (UNREADABLE, f"{path}: the directory cannot be listed ({error.strerror})"))
            else:
                stack.append(iter(names))


def _look_at(path: Path, refusal: tuple[str, str] | None = None) -> Found:
    name = str(path)
    try:
        name.encode()
    except UnicodeEncodeError:
        name = os.fsencode(path).decode("utf-8", "backslashreplace")
        refusal = (BAD_NAME, f"{name}: the name is no valid UTF-8. Rename the file.")
    try:
        status = path.stat()
    except OSError as error:
        if path.is_symlink():
            return Found(name, -1, 0, NO_FILE, f"{name}: a link that leads nowhere ({error.strerror})")
        return Found(name, -1, 0, UNREADABLE, f"{name}: {error.strerror}")
    if refusal is None and not stat.S_ISREG(status.st_mode):
        refusal = (NO_FILE, f"{name}: no regular file but a pipe, a socket or a device")
    return Found(name, status.st_size, status.st_mtime_ns, *(refusal or (None, None)))
