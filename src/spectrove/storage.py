"""Files that are whole or absent, on disks and in object stores; full disks in one sentence, and names by content."""

from __future__ import annotations

import errno
import glob
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from spectrove.errors import SpectroveError, StorageError

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the system says when there is no room: disk, quota, size of one file."""

UNWRITABLE = frozenset({errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EIO})
"""What the system says of a place that cannot be written or a disk that fails."""

PARTIAL = ".partial"
"""Ending of files and directories that are not finished; whatever carries it may be deleted."""

URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
"""How the address of an object store begins."""

CLIENT_ERRORS = {"botocore.exceptions": ("BotoCoreError", "ClientError"), "aiohttp": ("ClientError",)}
"""What clients of object stores raise besides the system's errors, by the module that has it, if that is loaded."""

READ_AHEAD = 4 * 2**20
"""Bytes that are fetched at once from a file in an object store."""


def located(place: str | os.PathLike[str]) -> Path:
    """
    Return where something lies that is named by a path or by a URL.

    Credentials and addresses of object stores are taken from where their own tools take them, such as ``AWS_PROFILE``,
    ``AWS_ACCESS_KEY_ID`` and ``AWS_ENDPOINT_URL``, or from the configuration of fsspec.

    Parameters
    ----------
    place : str or path
        Such as ``/data/pool``, ``s3://bucket/pool`` or ``file:///data/pool``.

    Returns
    -------
    Path
        For a URL of another kind than ``file`` a `upath.UPath`, which has a Path's interface.

    Raises
    ------
    StorageError
        If a URL is given and what reads it is not installed.
    """
    if not isinstance(place, str):
        return cast(Path, place) if isinstance(place, Path) or is_remote(place) else Path(place)
    if not (scheme := URL.match(place)):
        return Path(place)
    if scheme[1].lower() == "file":
        return Path(unquote(urlsplit(place).path))
    try:
        from upath import UPath

        remote = UPath(place, use_listings_cache=False)  # other processes write there, too
        _ = remote.fs  # loads what reads this kind of store
    except (ImportError, ValueError) as error:
        msg = f"{place}: addresses of the kind {scheme[0]} cannot be read here ({error}). Install what reads them: "
        msg += "pip install 'spectrove[s3]' for s3://, or the fsspec package of another store."
        raise StorageError(msg) from error
    return cast(Path, remote)


def is_remote(path: object) -> bool:
    """
    Return whether a path lies in an object store: no folders, no renaming, and a file is whole or absent.

    Parameters
    ----------
    path : Path
        As of `located`.

    Returns
    -------
    bool
        False for a path on a disk.
    """
    return not isinstance(path, Path) and hasattr(path, "fs")


@contextmanager
def open_arrow(path: Path) -> Iterator[Any]:
    """
    Open a file for pyarrow, wherever it lies.

    Parameters
    ----------
    path : Path
        As of `located`.

    Yields
    ------
    pyarrow.NativeFile
        For reading, at any place of it.

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    import pyarrow as pa

    if not is_remote(path):
        with pa.OSFile(str(path)) as source:
            yield source
        return
    with path.open("rb", block_size=READ_AHEAD) as file, pa.PythonFile(file) as source:  # type: ignore[call-overload]
        yield source


def make_directory(path: Path) -> None:
    """
    Make a directory and those it lies in; in an object store there are none to be made.

    Parameters
    ----------
    path : Path
        As of `located`.
    """
    if not is_remote(path):
        path.mkdir(parents=True, exist_ok=True)


@contextmanager
def reading_errors(where: Path) -> Iterator[None]:
    """
    Turn the errors of an object store that cannot be read into one clear sentence.

    Parameters
    ----------
    where : Path
        What is being read; the sentence begins with it.

    Yields
    ------
    None
        Nothing.

    Raises
    ------
    StorageError
        If ``where`` lies in an object store that cannot be reached or refuses; any other error passes unchanged.
    """
    try:
        yield
    except _store_failures(where) as error:
        msg = f"{where}: cannot be read ({error}). Look whether the address, the credentials and the network are right."
        raise StorageError(msg) from error


def _store_failures(where: Path) -> tuple[type[Exception], ...]:
    if not is_remote(where):
        return ()
    own: list[type[Exception]] = [PermissionError, TimeoutError, ConnectionError]
    for client, names in CLIENT_ERRORS.items():
        if module := sys.modules.get(client):
            own += [getattr(module, name) for name in names]
    return tuple(own)


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
    except _store_failures(where) as error:
        msg = f"{where}: cannot be written ({error}). Look whether the address, the credentials and the network are right."
        raise StorageError(msg) from error
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
    if is_remote(where):
        reason = f"({error}). Choose a place that there is."
        return reason if isinstance(error, FileNotFoundError) and error.filename is None else None
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

    In an object store a file appears when it is whole, and nothing else is atomic: a directory is made on this machine and its
    files are put in the order of their names, so that the last of them tells that all are there.

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
    if is_remote(path):
        with tempfile.TemporaryDirectory(prefix="spectrove-") as folder, storage_errors(path):
            temporary = Path(folder, path.name)
            yield temporary
            _put(temporary, path)
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}{PARTIAL}")
    try:
        with storage_errors(path):
            yield temporary
            replace_atomically(temporary, path)
    except BaseException:
        with suppress(OSError):  # the reason above is worth more than a leftover
            remove(temporary)
        raise


def _put(temporary: Path, remote: Path) -> None:
    files = [temporary] if temporary.is_file() else sorted(path for path in temporary.rglob("*") if path.is_file())
    for file in files:
        target = remote.joinpath(*file.relative_to(temporary).parts)
        remote.fs.put_file(str(file), target.path)  # type: ignore[attr-defined]


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
    if is_remote(path):
        with storage_errors(path):
            path.write_bytes(content)
        return
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
    if is_remote(path):
        if path.fs.exists(path.path):  # type: ignore[attr-defined]
            path.fs.rm(glob.escape(path.path), recursive=True)  # type: ignore[attr-defined]
    elif path.is_dir() and not path.is_symlink():
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
