"""One spectrum: its best form that one of our readers reads."""

from __future__ import annotations

import gzip
import hashlib
import re
import threading
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urljoin

from spectrove.errors import NoReaderError, SurveyFileError
from spectrove.storage import storage_errors
from spectrove.surveys import SurveyFile, reader_of
from spectrove.surveys.sdm import SDM
from spectrove.surveys.votable import VOTableError, take_apart
from spectrove.vo.fetch.http import AnswerError, Door, Reply, StoppedError
from spectrove.vo.fetch.search import FORMS, Offer, Offered

PAGE: Final = re.compile(rb"\s*(?:<!doctype\s+html|<html|<head|<body)", re.IGNORECASE)
"""How a web page begins."""

_READING = threading.Lock()
"""Readers silence warnings for a while, which is for one thread at a time."""

ADVICE: Final = "Name one with --format to ask it alone."
"""What the readers advise of a file that none of them takes, which helps nobody here."""

MOST_LINKS: Final = 3
"""Links of a DataLink document that are tried."""


@dataclass(frozen=True)
class Got:
    """
    A spectrum that came.

    Attributes
    ----------
    url : str
        Where from.
    media_type : str
        What the service says that it is.
    path : Path
        The file.
    n_bytes : int
        How many.
    sha256 : str
        Their hash.
    """

    url: str
    media_type: str
    path: Path
    n_bytes: int
    sha256: str


@dataclass(frozen=True)
class Refused:
    """
    A spectrum that could not be had.

    Attributes
    ----------
    reason : str
        Why, one sentence for each form that was tried.
    """

    reason: str


def get_spectrum(offered: Offered, door: Door, path: Path) -> Got | Refused:
    """
    Fetch a spectrum in the first of its forms that one of our readers reads.

    Parameters
    ----------
    offered : Offered
        The spectrum and its forms.
    door : Door
        Who asks.
    path : Path
        Where to, without an ending, which follows from what comes.

    Returns
    -------
    Got or Refused
        The file, or why there is none.

    Raises
    ------
    StoppedError
        If nobody waits for it any more.
    StorageError
        If the disk is full or cannot be written.
    """
    reasons: list[str] = []
    for offer in offered.offers:
        try:
            return _got(offer, door, path)
        except StoppedError:
            raise
        except (AnswerError, SurveyFileError, VOTableError) as error:
            reasons.append(f"{offer.url}: {error}.")
    return Refused(" ".join(dict.fromkeys(reasons)))


def _got(offer: Offer, door: Door, path: Path) -> Got:
    reply = door.get(offer.url)
    if offer.form != "datalink":
        return _checked(reply, path)
    links = _links(reply)
    reasons = []
    for link in links[:MOST_LINKS]:
        try:
            return _checked(door.get(link.url), path)
        except StoppedError:
            raise
        except (AnswerError, SurveyFileError) as error:
            reasons.append(str(error))
    msg = "; ".join(reasons) or "its DataLink document has no link #this in a form that is read"
    raise AnswerError(msg, passes=False)


def _checked(reply: Reply, path: Path) -> Got:
    """Write a file and return it, if one of our readers has read it to its end."""
    content = reply.content
    if not content:
        msg = "the server sent nothing (0 bytes)"
        raise AnswerError(msg)
    if PAGE.match(content[:512]):
        title = re.search(rb"<title[^>]*>(.*?)</title>", content[:65536], re.IGNORECASE | re.DOTALL)
        told = " ".join(title[1].decode("utf-8", "replace").split())[:100] if title else ""
        msg = f"the server sent a web page instead of a spectrum{f' ({told!r})' if told else ''}"
        raise AnswerError(msg)
    path = path.with_name(path.name + _ending(content))
    with storage_errors(path):
        path.write_bytes(content)  # specutils reads files and no bytes, and names spectra after them
    try:
        with _READING:
            _read_all(path, content)
    except SurveyFileError as error:
        path.unlink()
        words = _told_error(content) or str(error).removeprefix(f"{path}: ").removesuffix(f". {ADVICE}").removesuffix(".")
        raise AnswerError(words, passes=False) from error
    return Got(reply.url, reply.media_type, path, len(content), hashlib.sha256(content).hexdigest())


def _read_all(path: Path, content: bytes) -> None:
    with SurveyFile(path, content) as file:
        try:
            reader = reader_of(file)
        except NoReaderError:
            reason = SDM.decline(file) if content.lstrip()[:1] == b"<" else None
            if reason is None:
                raise
            raise NoReaderError(reason) from None  # what the others say of XML is of no interest
        for _ in reader.read(file):
            pass


def _told_error(content: bytes) -> str | None:
    """Return the server's words, where a VOTable tells of an error (DALI 1.1, section 4.4.2)."""
    found = re.search(rb"<INFO\b[^>]*\bvalue\s*=\s*[\"']ERROR[\"'][^>]*>([^<]*)", content[:65536])
    return "the server says: " + " ".join(found[1].decode("utf-8", "replace").split())[:200] if found else None


def _ending(content: bytes) -> str:
    packed = ""
    if content.startswith(b"\x1f\x8b"):
        packed = ".gz"
        try:
            content = gzip.decompress(content[: 1 << 30])[:80]
        except (OSError, EOFError, zlib.error):
            content = b""
    kind = ".fits" if content.startswith(b"SIMPLE") else ".vot" if content.lstrip()[:1] == b"<" else ".dat"
    return kind + packed


def _links(reply: Reply) -> list[Offer]:
    """Return the spectra themselves of a DataLink document, the best form first (DataLink 1.1, section 3.2)."""
    text = reply.content.decode("utf-8", "replace")
    document = take_apart(text)
    found: list[Offer] = []
    for table in document.tables:
        places = {one.name: place for place, one in enumerate(table.fields)}
        if not {"access_url", "semantics", "content_type"} <= set(places):
            continue
        for row in table.rows():
            if len(row) == len(table.fields) and row[places["semantics"]].strip() == "#this":
                kind = row[places["content_type"]].partition(";")[0].strip().lower()
                form = next((form for form, types in FORMS.items() if kind in types), None)
                if form and row[places["access_url"]].strip():
                    found.append(Offer(urljoin(reply.url, row[places["access_url"]].strip()), kind, form))
    return sorted(found, key=lambda one: list(FORMS).index(one.form))
