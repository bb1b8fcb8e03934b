"""
Bytes of many files, with reads in flight where the disk would keep one waiting.

A file whose pages are in memory is read at once. Of the others the system is told which pages will be wanted, and the next files
are opened meanwhile; so a disk, or an array of them, has many requests to order and to serve at the same time.
"""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from spectrove.surveys.file import GZIP_START, LARGEST

BEGINNING: Final = 1 << 16
"""Bytes that are read of a file that is not packed: header, flux, inverse variances and wavelengths of LAMOST, of 90 kB."""

IN_FLIGHT: Final = 64
"""Files that are waited for at a time."""

_NOWAIT = getattr(os, "RWF_NOWAIT", None)


class Wanted(NamedTuple):
    """
    A file as it was when it was found.

    Attributes
    ----------
    file : str
        Its path.
    size : int
        Bytes.
    mtime_ns : int
        When its content changed, nanoseconds since 1970.
    """

    file: str
    size: int
    mtime_ns: int


def beginnings(files: Iterable[Wanted]) -> Iterator[bytes | None]:
    """
    Yield the beginning of each file, or all of it if it is packed or short.

    Parameters
    ----------
    files : iterable of Wanted
        The files.

    Yields
    ------
    bytes or None
        One for each file, in their order: at least `BEGINNING` bytes, or all. None where a file cannot be read, is no regular
        file, changed since it was found, is empty or larger than `LARGEST`.
    """
    waiting: deque[tuple[int, int]] = deque()
    try:
        for wanted in files:
            handle = _opened(wanted)
            at_hand = handle < 0 or _is_at_hand(handle, min(wanted.size, BEGINNING))
            if at_hand and not waiting:
                yield _read(handle, wanted.size)
                continue
            waiting.append((handle, wanted.size))
            if len(waiting) >= IN_FLIGHT:
                yield _read(*waiting.popleft())
        while waiting:
            yield _read(*waiting.popleft())
    finally:
        for handle, _ in waiting:
            _close(handle)


def whole(wanted: Wanted) -> bytes | None:
    """
    Return all of a file.

    Parameters
    ----------
    wanted : Wanted
        The file.

    Returns
    -------
    bytes or None
        Its content; None where `beginnings` gives None.
    """
    handle = _opened(wanted)
    if handle < 0:
        return None
    try:
        return _pieces(handle, wanted.size, b"")
    except OSError:
        return None
    finally:
        os.close(handle)


def _opened(wanted: Wanted) -> int:
    """Return a handle of a file that is what was found, or -1."""
    try:
        handle = os.open(wanted.file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):  # ValueError: no path at all
        return -1
    status = os.fstat(handle)
    same = status.st_size == wanted.size and status.st_mtime_ns == wanted.mtime_ns
    if same and stat.S_ISREG(status.st_mode) and 0 < wanted.size <= LARGEST:
        return handle
    os.close(handle)
    return -1


def _close(handle: int) -> None:
    if handle >= 0:
        os.close(handle)


def _is_at_hand(handle: int, length: int) -> bool:
    """Return whether the beginning is in memory, as far as the system tells; if not, ask the system to fetch it."""
    if _NOWAIT is None:
        return True
    try:
        os.preadv(handle, [bytearray(1)], length - 1, _NOWAIT)
    except BlockingIOError:
        os.posix_fadvise(handle, 0, length, os.POSIX_FADV_WILLNEED)
        return False
    except OSError:  # a file system that cannot tell
        return True
    return True


def _read(handle: int, size: int) -> bytes | None:
    """Return the beginning of a file, or all of it, and close it."""
    if handle < 0:
        return None
    try:
        content = os.pread(handle, BEGINNING, 0)
        if len(content) < size and content.startswith(GZIP_START):
            content = _pieces(handle, size, content)
    except OSError:
        return None
    finally:
        os.close(handle)
    return content


def _pieces(handle: int, size: int, content: bytes) -> bytes:
    pieces, length = [content], len(content)
    while length < size and (piece := os.pread(handle, size - length, length)):
        pieces.append(piece)
        length += len(piece)
    return b"".join(pieces)
