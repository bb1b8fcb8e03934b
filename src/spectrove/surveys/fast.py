"""
Spectra of the large surveys without astropy: the cards that are needed, and the flux as it lies in the file.

astropy is the reference. What is read here is what the readers give, digit by digit (a test compares every real file, and
files with changed bytes); whatever is not known for certain is left to them, so that each refusal is theirs and in their words.
A file is taken only if it is as long as its headers say, every array that they would check has passed, and no reader that
comes before could want it. The layouts, and the release pages that describe them, are those of the readers:

lamost-dr1, lamost-image, lamost-table
    All three.
sdss-spec
    Full and lite; the header of the table of the object, with its hundreds of columns, is taken apart once a run.
ondrejov
    None: the archive holds 20,000 files, which astropy reads in half a minute, and IRAF's image needs it for the position.
ascii, csv
    None: the time goes into numbers written as text.
specutils
    None: it is other people's code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from isal import igzip_lib

from spectrove.errors import SpectrumError
from spectrove.surveys import fast_lamost, fast_sdss, lamost, reader, sdss
from spectrove.surveys.cards import Cards
from spectrove.surveys.content import Wanted, beginnings, whole
from spectrove.surveys.file import FITS_START, GZIP_START, LARGEST
from spectrove.surveys.plain import PlainSpectrum

PLAIN: Final = {plain.name: plain for plain in (lamost.DR1, lamost.IMAGE, lamost.TABLE, sdss.SPEC)}
"""Readers that something here stands in for, by name."""

MEMBER: Final = b"\x1f\x8b\x08\x08", b"\x1f\x8b\x08\x00"
"""How a gzip file begins that is packed in the only way there is, with a name or without (RFC 1952, section 2.3)."""


def fast_formats(format: str | None = None) -> frozenset[str]:  # noqa: A002 - the command's word
    """
    Return the formats that are read without asking the readers.

    Parameters
    ----------
    format : str, optional
        Name of the only reader to ask.

    Returns
    -------
    frozenset of str
        Names of readers; none that comes after a reader that is not one of ours, which might want the same files.

    Raises
    ------
    PlugInError
        If no reader has the name ``format``.
    """
    found = set()
    for name, one in reader.asked(format).items():
        if not type(one).__module__.startswith(f"{__package__}."):
            break
        if PLAIN.get(name) is one:
            found.add(name)
    return frozenset(found)


def read_fast(files: Sequence[Wanted], formats: frozenset[str]) -> Iterator[PlainSpectrum | None]:
    """
    Yield the one spectrum of each of many files, where it can be read without the readers.

    Parameters
    ----------
    files : sequence of Wanted
        The files.
    formats : frozenset of str
        What `fast_formats` gave.

    Yields
    ------
    PlainSpectrum or None
        One for each file, in their order; None for those that are left to the readers.
    """
    for wanted, content in zip(files, beginnings(files), strict=True):
        yield None if content is None else _read(wanted, content, formats)


def _read(wanted: Wanted, content: bytes, formats: frozenset[str]) -> PlainSpectrum | None:
    if len(content) == wanted.size or not content.startswith(FITS_START):
        return parse_fast(content, formats) if len(content) == wanted.size else None
    found = _parsed(content, wanted.size, formats)
    if found is None and (content := whole(wanted) or b""):
        found = _parsed(content, wanted.size, formats)
    return found


def parse_fast(content: bytes, formats: frozenset[str]) -> PlainSpectrum | None:
    """
    Return the one spectrum of a file's content, where it can be read without the readers.

    Parameters
    ----------
    content : bytes
        All of the file, packed or not.
    formats : frozenset of str
        What `fast_formats` gave.

    Returns
    -------
    PlainSpectrum or None
        None if the file is left to the readers.
    """
    if content.startswith(GZIP_START):
        content = _unpacked(content)
    return _parsed(content, len(content), formats)


def _unpacked(content: bytes) -> bytes:
    """Return what a gzip file of one member holds, or nothing if it is any other or damaged."""
    length = int.from_bytes(content[-4:], "little")  # a file that ends otherwise is not unpacked to its end
    if not content.startswith(MEMBER) or not 0 < length <= LARGEST:
        return b""
    unpacking = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    try:
        unpacked = unpacking.decompress(content, length)
    except (_BROKEN, EOFError):
        return b""
    return bytes(unpacked) if unpacking.eof and not unpacking.unused_data else b""


def _parsed(content: bytes, size: int, formats: frozenset[str]) -> PlainSpectrum | None:
    if not content.startswith(FITS_START):
        return None
    try:
        cards = Cards(content)
        if cards.value("SIMPLE") is not True or cards.has_any(_SCALED):
            return None
        telescope = cards.text("TELESCOP")
        survey = fast_lamost if telescope == lamost.TELESCOP else fast_sdss if telescope in sdss.TELESCOPES else None
        found = survey.read_plain(content, size, cards) if survey else None
    except (ValueError, LookupError, SpectrumError):
        return None
    return found if found is not None and found.format in formats else None


_BROKEN: Any = igzip_lib.IsalError
_SCALED: Final = frozenset({"BSCALE", "BZERO", "BLANK", "GROUPS", "PCOUNT", "GCOUNT", "XTENSION", "TFIELDS", "ZIMAGE", "NAXIS3"})
