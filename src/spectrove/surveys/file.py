"""One survey file, opened once: FITS, text or something else, told apart by its content and never by its name."""

from __future__ import annotations

import gzip
import stat
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning

from spectrove.errors import DamagedFileError, NoReaderError, SpectroveError, SpectrumError

LARGEST = 1 << 30
"""Bytes; a file that is larger, packed or unpacked, is refused unread. One spectrum takes 100 kB, a DESI coadd 200 MB."""

FAULTS = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    TypeError,
    ValueError,
    fits.VerifyError,
    zlib.error,
)
"""Everything that astropy, gzip and zlib were seen to raise on files with cut or overwritten bytes."""

FITS_START = b"SIMPLE  ="
GZIP_START = b"\x1f\x8b"

KINDS = {
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a zip archive (as .npz files are)",
    b"\x89HDF": "an HDF5 file",
    b"\x93NUMPY": "a NumPy array",
    b"SQLite format 3": "an SQLite database",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"PAR1": "a Parquet file",
    GZIP_START: "a gzip file within a gzip file",
}
"""First bytes of kinds of file that hold no spectra for us, in words."""

_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f")) + b"\x7f"


@contextmanager
def faults_as_damage(path: Path, what: str) -> Iterator[None]:
    """
    Turn what the libraries raise on damaged bytes into one error of ours; the only place that does.

    Their warnings say the same as the errors raised here, and are silenced. Do not yield to a caller from inside.

    Parameters
    ----------
    path : Path
        The file, for the message.
    what : str
        What cannot be done if one of `FAULTS` is raised, such as ``its header cannot be read``.

    Yields
    ------
    None
        Control, once.

    Raises
    ------
    DamagedFileError
        If one of `FAULTS` or a SpectrumError is raised inside.
    """
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore", AstropyWarning)
            yield
    except SpectrumError as error:
        msg = f"{path}: {error}"
        raise DamagedFileError(msg) from error
    except SpectroveError:
        raise
    except FAULTS as error:
        msg = f"{path}: {what} ({brief(error)})"
        raise DamagedFileError(msg) from error


def brief(error: BaseException) -> str:
    """
    Return an error's class and the first line of its message.

    Parameters
    ----------
    error : BaseException
        The error.

    Returns
    -------
    str
        ``Class: message``, at most 200 characters of it.
    """
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0].strip()[:200]}" if lines else type(error).__name__


class SurveyFile:
    """
    A file of a survey, read into memory once, unpacked if it is gzipped, and offered to every reader.

    Parameters
    ----------
    path : Path
        The file; its name does not matter.
    content : bytes, optional
        All that is in it, if that is at hand.

    Attributes
    ----------
    path : Path
        The file.
    kind : str
        What the content is, in words.
    hdus : list of astropy HDU objects, or None
        The header-data units of a FITS file, all headers parsed; None if the file is not FITS.
    text : str or None
        The content of a text file; None if the file is not text.
    cache : dict
        What a reader keeps between ``decline`` and ``read``, by the reader's name.

    Raises
    ------
    NoReaderError
        If the path is a folder or no regular file, or the file is larger than `LARGEST`.
    DamagedFileError
        If the file cannot be opened, is empty, cannot be unpacked, or is FITS and cut off or not to be parsed.
    """

    path: Path
    kind: str
    hdus: Any
    text: str | None
    cache: dict[str, Any]

    def __init__(self, path: Path | str, content: bytes | None = None) -> None:
        self.path = Path(path) if isinstance(path, str) else path
        self.hdus = None
        self.text = None
        self.cache = {}
        content = _unpacked(self.path, _content(self.path) if content is None else content)
        if content.startswith(FITS_START):
            self.kind = "FITS"
            self.hdus = _opened(self.path, content)
            return
        self.kind = next((words for start, words in KINDS.items() if content.startswith(start)), "")
        if self.kind:
            return
        self.text = _decoded(content)
        self.kind = "text" if self.text is not None else f"binary data that begin with {content[:8].hex(' ')}"

    def __enter__(self) -> Self:
        """Return the file."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Let go of the content."""
        if self.hdus is not None:
            self.hdus.close()
        self.cache.clear()

    @property
    def stem(self) -> str:
        """
        Return the file's name without the suffixes that name a format or packing.

        Returns
        -------
        str
            ``spec-1-catB`` for ``spec-1-catB.dat.gz``.
        """
        name = self.path.name
        while (suffix := Path(name).suffix.lower()) in _SUFFIXES and len(name) > len(suffix):
            name = name[: -len(suffix)]
        return name


_SUFFIXES = {".gz", ".fits", ".fit", ".fts", ".dat", ".txt", ".csv", ".tsv", ".asc", ".ascii", ".spec", ".ecsv", ".xml", ".vot"}


def _unpacked(path: Path, content: bytes) -> bytes:
    if content.startswith(GZIP_START):
        with faults_as_damage(path, "it begins as a gzip file but cannot be unpacked"):
            content = gzip.GzipFile(fileobj=BytesIO(content)).read(LARGEST + 1)
        if len(content) > LARGEST:
            msg = f"{path}: unpacks to more than {LARGEST} bytes; no reader takes so large a file. Split it."
            raise NoReaderError(msg)
        if not content:
            msg = f"{path}: is a gzip file of nothing (0 bytes unpacked), expected spectra"
            raise DamagedFileError(msg)
    return content


def _content(path: Path) -> bytes:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            msg = f"{path}: is a folder, expected a file. Name files in it."
            raise NoReaderError(msg)
        if not stat.S_ISREG(status.st_mode):
            msg = f"{path}: is no regular file (a device, pipe or socket)"
            raise NoReaderError(msg)
        if status.st_size > LARGEST:
            msg = f"{path}: holds {status.st_size} bytes; no reader takes more than {LARGEST}. Split it."
            raise NoReaderError(msg)
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, SpectroveError):
            raise
        msg = f"{path}: cannot be opened ({getattr(error, 'strerror', None) or error}). Name a file that can be read."
        raise DamagedFileError(msg) from error
    if not content:
        msg = f"{path}: is empty (0 bytes), expected spectra. Fetch it again."
        raise DamagedFileError(msg)
    return content


def _opened(path: Path, content: bytes) -> Any:
    with faults_as_damage(path, "it begins as a FITS file but its headers cannot be read"):
        hdus = fits.open(BytesIO(content), memmap=False, lazy_load_hdus=False)
        end = 0
        for number, hdu in enumerate(hdus):
            place = hdu.fileinfo()
            end = place["datLoc"] + place["datSpan"]
            if end > len(content):
                msg = f"{path}: is cut off: HDU {number} ends at byte {end}, the file at byte {len(content)}. Fetch it again."
                raise DamagedFileError(msg)
    rest = content[end:]
    if rest.strip(b"\0 \n\r"):
        begins = "a header that is cut off" if rest.startswith(b"XTENSION") else "something that is no FITS"
        msg = f"{path}: after HDU {len(hdus) - 1} comes {begins} (bytes {end} to {len(content)}). Fetch it again."
        raise DamagedFileError(msg)
    return hdus


def _decoded(content: bytes) -> str | None:
    if content.translate(None, _CONTROLS) != content:
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")
