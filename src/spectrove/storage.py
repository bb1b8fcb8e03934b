"""Files that are whole or absent, full disks in one sentence, and names by content."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from spectrove.errors import SpectroveError, StorageError

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the system says when there is no room: disk, quota, size of one file."""

UNWRITABLE = frozenset({errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EIO})
"""What the system says of a place that cannot be written or a disk that fails."""

PARTIAL = ".partial"
"""Ending of files and directories that are not finished; whatever carries it may be deleted."""


@contextmanager
def storage_errors(where: Path) -> Iterator[None]:
    """
    Turn the system's errors of a full or unwritable disk into one clear sentence.

    Parameters
    ----------
    where : Path
        What is being written; the sentence begins with it.

    Yields
    ------
    None
        Nothing.

    Raises
    ------
    StorageError
        If the disk is full, or ``where`` cannot be written or made; any other error passes unchanged, also that of another file
        that is missing.
    """
    try:
        yield
    except SpectroveError:
        raise
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)  # libraries put their own words around the system's
        if error.errno in FULL:
            msg = (
                f"{where}: the disk is full ({reason}). Free some space and run the same command again; "
                "everything finished so far is kept."
            )
        elif error.errno in UNWRITABLE:
            place = f" at {error.filename}" if error.filename is not None else ""
            msg = f"{where}: cannot be written ({reason}{place}). Choose a place that can be, or change its permissions."
        elif (absence := _absence(where, error)) is not None:
            msg = f"{where}: cannot be written {absence}"
        else:
            raise
        raise StorageError(msg) from error


def _absence(where: Path, error: OSError) -> str | None:
    """Return why a place cannot be made, and what to do; None if the error is not of that place or what it lies in."""
    place, folder = where.absolute(), where.parent
    if error.errno != errno.ENOENT or os.path.lexists(place):
        return None
    lacking = f"(there is no folder {folder}). Make that folder first, or choose another place."
    if not isinstance(error.filename, str | bytes | os.PathLike):
        return None if folder.is_dir() else lacking
    missing = Path(os.fsdecode(error.filename)).absolute()
    if missing.parent.is_dir():
        unfinished = missing.parent == place.parent and missing.suffix == PARTIAL
        made = unfinished or place.is_relative_to(missing)
        return f"(the system makes nothing named {missing.name} in {missing.parent}). Choose another place." if made else None
    if not folder.is_dir():
        return lacking if missing.is_relative_to(place.parent) else None
    return f"(there is no folder {where}). Make it first, or choose another place." if missing.is_relative_to(place) else None


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """
    Yield a path beside the given one that takes its name when the block ends well, and vanishes when it does not.

    The block writes a file, or makes a directory, at the path it is given. When it ends, the content is forced to the disk
    and renamed, so that after a crash at any moment the name holds the old content or the whole new one, never a part.

    Parameters
    ----------
    path : Path
        The name in the end; its parent exists. A file of that name is replaced; a directory must not exist yet.

    Yields
    ------
    Path
        Where to write, ending in ``.partial``.

    Raises
    ------
    StorageError
        If the disk is full or cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}{PARTIAL}")
    try:
        with storage_errors(path):
            yield temporary
            replace_atomically(temporary, path)
    except BaseException:
        with suppress(OSError):  # the reason above is worth more than a leftover
            remove(temporary)
        raise


def write_bytes(path: Path, content: bytes) -> None:
    """
    Write a file so that a crash leaves the old content or the whole new one.

    Parameters
    ----------
    path : Path
        The file; its parent exists.
    content : bytes
        All of its content.

    Raises
    ------
    StorageError
        If the disk is full or cannot be written.
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def replace_atomically(temporary: Path, final: Path) -> None:
    """
    Force a file or a directory tree to the disk and give it its final name.

    Parameters
    ----------
    temporary : Path
        A finished file or directory on the same disk as ``final``.
    final : Path
        The name in the end. A file is replaced; a directory must not exist yet.

    Raises
    ------
    StorageError
        If the disk is full or cannot be written.
    """
    with storage_errors(final):
        if temporary.is_dir():
            for folder, _, files in os.walk(temporary):
                for name in files:
                    _sync(Path(folder, name))
                _sync(Path(folder))
        else:
            _sync(temporary)
        temporary.replace(final)
        _sync(final.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove(path: Path) -> None:
    """
    Delete a file or a directory tree, if it exists.

    Parameters
    ----------
    path : Path
        What to delete.
    """
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def content_hash(*chunks: bytes) -> str:
    """
    Return the name of a content: the BLAKE2b hash of all its bytes, however they are cut into chunks.

    Parameters
    ----------
    *chunks : bytes
        The content in order.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    digest = hashlib.blake2b(digest_size=16)
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def canonical_json(content: Any) -> bytes:
    """
    Return JSON to take a hash of: equal content gives equal bytes.

    Parameters
    ----------
    content : object
        Dicts, lists, strings, numbers, booleans and None; no number that is not finite.

    Returns
    -------
    bytes
        ASCII, keys sorted, without spaces.
    """
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def write_sealed_json(path: Path, content: Mapping[str, Any]) -> None:
    """
    Write a JSON object together with the hash of its content.

    Parameters
    ----------
    path : Path
        The file; its parent exists.
    content : mapping
        The object, with ``format`` and ``format_version``.

    Raises
    ------
    StorageError
        If the disk is full or cannot be written.
    """
    sealed = {**content, "content_hash": content_hash(canonical_json(content))}
    write_bytes(path, (json.dumps(sealed, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode())


def read_sealed_json(path: Path, format_name: str, format_version: int, error_class: type[SpectroveError]) -> dict[str, Any]:
    """
    Return what `write_sealed_json` wrote, after comparing it with its hash.

    Parameters
    ----------
    path : Path
        The file.
    format_name : str
        What its ``format`` must be.
    format_version : int
        The latest version of the format that the caller reads.
    error_class : type
        What to raise if the file cannot be used.

    Returns
    -------
    dict
        The content, without its hash.
    """
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        msg = f"{path}: no such file, or its writing was interrupted. Make it again."
        raise error_class(msg) from error
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}). Name one that can be."
        raise error_class(msg) from error
    except ValueError as error:
        msg = f"{path}: broken, this is no JSON ({error}). Make it again."
        raise error_class(msg) from error
    if not isinstance(content, dict) or content.get("format") != format_name:
        msg = f"{path}: the wrong file, expected an object with 'format': {format_name!r}. Name another."
        raise error_class(msg)
    written = content.get("format_version")
    if not isinstance(written, int) or written > format_version:
        msg = f"{path}: written in format version {written!r}, this software reads up to {format_version}. Install a later one."
        raise error_class(msg)
    named, found = content.pop("content_hash", None), content_hash(canonical_json(content))
    if named != found:
        msg = f"{path}: changed after it was written, the hash of its content is {found}, not {named!r}. Make it again."
        raise error_class(msg)
    return content
