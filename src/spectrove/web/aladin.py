"""
Aladin Lite, if whoever runs the page has installed it: fetched, checked, kept in the user's data folder, never in this package.

Aladin Lite of the CDS is under the GPL, version 3; this package is not. So it is no part of it: the user gets it from its makers.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from spectrove.errors import ServiceError, StorageError

VERSION = "3.8.2"
"""The version that the page was written for and tested with."""

INTEGRITY = "sha512-/VGtxSWZ4StdKgwjmzqNkUY/3iTaBZJ5F6bN+nAfcK1NEATcAb2CYJX4U8FElpwYMgKrypYQV5KniRzhVbH+nA=="
"""What npm tells of that version's archive."""

SHA256 = "bed9c8ef1d1e83501b1cb782366092c72c5ecd1c88f16fef3166188ae8062066"
"""Of ``dist/aladin.js`` in that archive."""

LICENSE = "GNU General Public License, version 3"
"""Its license."""

MEMBER = "package/dist/aladin.js"
REGISTRY = "https://registry.npmjs.org/"
LARGEST = 16 * 2**20
"""Bytes of an archive that are read at most: the real one has 0.9 million."""

SECONDS = 60


def place(environment: Mapping[str, str] = os.environ) -> Path:
    """
    Return where Aladin Lite is kept.

    Parameters
    ----------
    environment : mapping
        Variables of the process.

    Returns
    -------
    Path
        A file in the user's data folder: ``XDG_DATA_HOME`` if it is set, or else what is usual on the system.
    """
    home = Path.home()
    if given := environment.get("XDG_DATA_HOME"):
        data = Path(given)
    elif sys.platform == "darwin":
        data = home / "Library" / "Application Support"
    elif os.name == "nt":
        data = Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local")
    else:
        data = home / ".local" / "share"
    return data / "spectrove" / "aladin-lite" / VERSION / "aladin.js"


def installed() -> bytes | None:
    """
    Return Aladin Lite.

    Returns
    -------
    bytes or None
        The script; None if there is none, or not the one that is known.
    """
    try:
        content = place().read_bytes()
    except OSError:
        return None
    return content if hashlib.sha256(content).hexdigest() == SHA256 else None


def install(file: Path | None = None) -> Path:
    """
    Put Aladin Lite into the user's data folder.

    Parameters
    ----------
    file : Path, optional
        The archive of npm, or the script in it; fetched from npm's registry unless given.

    Returns
    -------
    Path
        Where it is now.

    Raises
    ------
    ServiceError
        If the registry does not answer.
    StorageError
        If what came is not that version, or it cannot be read or written.
    """
    content = script_of(_fetched() if file is None else _read(file), "the registry" if file is None else str(file))
    target = place()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as part:
            try:
                part.write(content)
                part.close()
                Path(part.name).replace(target)
            except OSError:
                part.close()
                Path(part.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        message = f"{target}: Aladin Lite cannot be written ({error}). Make room, or set XDG_DATA_HOME."
        raise StorageError(message) from error
    return target


def remove() -> bool:
    """
    Take Aladin Lite away.

    Returns
    -------
    bool
        False if there was none.

    Raises
    ------
    StorageError
        If it cannot be removed.
    """
    try:
        place().unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        message = f"{place()}: cannot be removed ({error}). Remove it by hand."
        raise StorageError(message) from error
    return True


def script_of(content: bytes, source: str) -> bytes:
    """
    Return the script in an archive of npm.

    Parameters
    ----------
    content : bytes
        The archive, or the script itself.
    source : str
        Where it is from, for messages.

    Returns
    -------
    bytes
        The script.

    Raises
    ------
    StorageError
        If this is not the version that is known.
    """
    if hashlib.sha256(content).hexdigest() == SHA256:
        return content
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    if f"sha512-{digest}" != INTEGRITY:
        message = (
            f"{source}: this is not aladin-lite {VERSION} (sha512-{digest[:16]}…), expected {INTEGRITY[:23]}…. "
            f"Take the archive that `npm pack aladin-lite@{VERSION}` makes."
        )
        raise StorageError(message)
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        member = archive.extractfile(MEMBER)
        return b"" if member is None else member.read()


def registry(environment: Mapping[str, str] = os.environ) -> str:
    """
    Return the registry that npm would ask.

    Parameters
    ----------
    environment : mapping
        Variables of the process.

    Returns
    -------
    str
        Of ``NPM_CONFIG_REGISTRY``, or of the user's ``.npmrc``, or the public one; it ends in a slash.
    """
    given = {name.lower(): value for name, value in environment.items()}
    found = given.get("npm_config_registry", "").strip()
    if not found:
        settings = Path(given.get("npm_config_userconfig") or Path.home() / ".npmrc")
        try:
            lines = settings.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            lines = []
        pairs = [line.partition("=") for line in lines]
        found = next((value.strip().strip("\"'") for name, _, value in pairs if name.strip() == "registry"), "")
    return (found or REGISTRY).rstrip("/") + "/"


def _fetched() -> bytes:
    url = f"{registry()}aladin-lite/-/aladin-lite-{VERSION}.tgz"
    hint = f"Fetch that file elsewhere, and give it: `spectrove vo aladin --install --file aladin-lite-{VERSION}.tgz`."
    if not url.startswith(("https://", "http://")):
        message = f"{url}: this is no registry, expected an address with https. Look into npm's setting `registry`."
        raise ServiceError(message)
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:  # noqa: S310 - http(s), see above
            content: bytes = answer.read(LARGEST)
    except (OSError, urllib.error.URLError, ValueError) as error:
        message = f"{url}: does not answer ({error}). {hint}"
        raise ServiceError(message) from error
    return content


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST)
    except OSError as error:
        message = f"{file}: cannot be read ({error.strerror}), expected the archive of aladin-lite {VERSION}."
        raise StorageError(message) from error
