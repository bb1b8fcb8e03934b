"""
A folder of spectra that services offered: ``spectra/`` holds the files, and beside it lies what each service said.

A file is named after the identifier of its spectrum, and appears when it is whole and one of our readers has read it. So a second
run fetches what is missing, and no other run can mistake a part for a spectrum.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from typing import Any, Final

from spectrove.contracts import Progress, no_progress
from spectrove.errors import ServiceError, StorageError
from spectrove.storage import (
    canonical_json,
    content_hash,
    is_remote,
    make_directory,
    replace_atomically,
    storage_errors,
    write_bytes,
)
from spectrove.vo.fetch.http import Door, StoppedError
from spectrove.vo.fetch.search import Offered, SearchResult
from spectrove.vo.fetch.spectrum import Got, Refused, get_spectrum

SPECTRA: Final = "spectra"
"""Folder of the files, in the folder that is named."""

ENDINGS: Final = (".vot", ".fits", ".dat", ".vot.gz", ".fits.gz", ".dat.gz")
"""How the files end."""

LONGEST_NAME: Final = 80
"""Characters of an identifier in a file's name; a hash tells identifiers apart."""

SECONDS_TO_STOP: Final = 1.0
"""How long one waits for downloads that are told to stop; what they had is let go of."""

FORMAT: Final = "spectrove-fetched"
FORMAT_VERSION: Final = 1


@dataclass(frozen=True)
class FetchReport:
    """
    What was fetched.

    Attributes
    ----------
    service : str
        Address of the service.
    folder : Path
        Folder of the spectra, to be ingested.
    record : Path
        What the service said of them.
    n_spectra : int
        Spectra that the service offered.
    n_present : int
        How many of them were there before.
    n_fetched : int
        How many were fetched now.
    n_bytes : int
        How many bytes those have.
    overflow : bool
        Whether the service has more than it told.
    refused : tuple of (str, str)
        Identifier of each spectrum that could not be had, and why.
    """

    service: str
    folder: Path
    record: Path
    n_spectra: int
    n_present: int
    n_fetched: int
    n_bytes: int
    overflow: bool
    refused: tuple[tuple[str, str], ...]

    def to_dict(self) -> dict[str, Any]:
        """
        Return the report as JSON can hold it.

        Returns
        -------
        dict
            The attributes by name.
        """
        return {
            **asdict(self),
            "folder": str(self.folder),
            "record": str(self.record),
            "refused": [{"did": did, "reason": reason} for did, reason in self.refused],
        }

    def told(self, most: int) -> list[str]:
        """
        Return what was done, in lines to read.

        Parameters
        ----------
        most : int
            Refused spectra that are named.

        Returns
        -------
        list of str
            The lines.
        """
        size = f" ({self.n_bytes / 1e6:,.1f} MB)" if self.n_fetched else ""
        lines = [
            f"fetched    {self.n_fetched} now{size}, {self.n_present} were there before, {len(self.refused)} could not be had"
        ]
        lines += [f"  {did}: {reason}" for did, reason in self.refused[:most]]
        if len(self.refused) > most:
            lines.append(f"  and {len(self.refused) - most} more; {self.record} tells all")
        return lines

    def require_some(self) -> None:
        """
        Refuse to go on with nothing.

        Raises
        ------
        ServiceError
            If no spectrum was offered, or none could be had.
        """
        if not self.n_spectra:
            msg = f"{self.service}: the service knows no spectra there. Ask for a larger --size, or for less."
            raise ServiceError(msg)
        if not self.n_fetched + self.n_present:
            msg = f"{self.service}: none of its {self.n_spectra} spectra could be had, for the reasons in {self.record}."
            raise ServiceError(msg)


@dataclass(eq=False)
class _Work:
    """Spectra that are fetched, by several at a time."""

    workplace: Path
    spectra: Path
    door: Door
    waiting: SimpleQueue[Offered]
    done: SimpleQueue[tuple[Offered, Got | Refused | OSError]] = field(default_factory=SimpleQueue)

    def run(self) -> None:
        """Fetch until nothing waits or it is told to stop."""
        while not self.door.stopped.is_set():
            try:
                offered = self.waiting.get_nowait()
            except Empty:
                return
            try:
                got = get_spectrum(offered, self.door, self.workplace / stem_of(offered.did))
                if isinstance(got, Got):
                    replace_atomically(got.path, self.spectra / got.path.name)
            except StoppedError:
                return
            except OSError as error:  # StorageError too: a full disk ends everything
                self.done.put((offered, error))
                return
            self.done.put((offered, got))


def stem_of(did: str) -> str:
    """
    Return the name of a spectrum's file without its ending.

    Parameters
    ----------
    did : str
        Identifier of the spectrum.

    Returns
    -------
    str
        What can be read of the identifier, and a hash of all of it.
    """
    plain = re.sub(r"[^A-Za-z0-9_+-]+", "-", re.sub(r"^[a-z]+://", "", did)).strip("-")[-LONGEST_NAME:].strip("-")
    return f"{plain or 'spectrum'}-{hashlib.sha256(did.encode('utf-8', 'replace')).hexdigest()[:10]}"


def fetch(found: SearchResult, folder: Path, door: Door | None = None, progress: Progress = no_progress) -> FetchReport:
    """
    Fetch the spectra that a service offers, except those that are there.

    What cannot be had is told with its reason and does not stop the rest. Ctrl-C leaves whole files and a record of them.

    Parameters
    ----------
    found : SearchResult
        What the service offers.
    folder : Path
        Where to, on this machine; made where it is missing.
    door : Door, optional
        Who asks.
    progress : Progress, optional
        Called as spectra come.

    Returns
    -------
    FetchReport
        What was done.

    Raises
    ------
    StorageError
        If the disk is full or cannot be written.
    """
    door = replace(door or Door(), stopped=threading.Event())
    spectra = _made(folder)
    present = _present(spectra)
    missing = [one for one in found.spectra if stem_of(one.did) not in present]
    record = folder / f"ssap-{content_hash(canonical_json([found.question.url, found.question.parameters]))[-12:]}.json"
    earlier = _earlier(record)
    outcomes: dict[str, Got | Refused] = {}
    try:
        for offered, outcome in _fetched(missing, spectra, door, progress):
            outcomes[offered.did] = outcome
    finally:
        _write_record(record, found, spectra, (outcomes, earlier))
    got = [one for one in outcomes.values() if isinstance(one, Got)]
    return FetchReport(
        service=found.question.url,
        folder=spectra,
        record=record,
        n_spectra=len(found.spectra),
        n_present=len(found.spectra) - len(missing),
        n_fetched=len(got),
        n_bytes=sum(one.n_bytes for one in got),
        overflow=found.overflow,
        refused=tuple((did, one.reason) for did, one in outcomes.items() if isinstance(one, Refused)),
    )


def _made(folder: Path) -> Path:
    if is_remote(folder):
        msg = f"{folder}: spectra are fetched into a folder of this machine, not into an object store. Name one with --files."
        raise StorageError(msg)
    with storage_errors(folder):
        make_directory(folder / SPECTRA)
    return folder / SPECTRA


def _present(spectra: Path) -> dict[str, Path]:
    """Return the files that are there, by their names without ending."""
    with storage_errors(spectra):
        files = sorted(path for path in spectra.iterdir() if path.name.endswith(ENDINGS) and not path.name.startswith("."))
    return {path.name.partition(".")[0]: path for path in files}


def _fetched(missing: list[Offered], spectra: Path, door: Door, progress: Progress) -> Iterator[tuple[Offered, Got | Refused]]:
    waiting: SimpleQueue[Offered] = SimpleQueue()
    for one in missing:
        waiting.put(one)
    with (
        storage_errors(spectra),
        TemporaryDirectory(prefix=".fetching-", dir=spectra.parent, ignore_cleanup_errors=True) as place,
    ):
        work = _Work(Path(place), spectra, door, waiting)
        # Not to be waited for at the end of the program: what is under way when somebody stops it may take its time to break off.
        threads = [threading.Thread(target=work.run, daemon=True) for _ in range(min(door.patience.connections, len(missing)))]
        for thread in threads:
            thread.start()
        try:
            for count in range(len(missing)):
                progress("fetch spectra", count, len(missing))
                yield _next(work, threads)
            progress("fetch spectra", len(missing), len(missing))
        finally:
            door.stopped.set()
            for thread in threads:
                thread.join(SECONDS_TO_STOP)


def _next(work: _Work, threads: list[threading.Thread]) -> tuple[Offered, Got | Refused]:
    while True:
        alive = any(thread.is_alive() for thread in threads)
        try:
            offered, outcome = work.done.get(timeout=0.5 if alive else 0.0)
        except Empty:
            if alive:
                continue
            msg = f"{work.spectra}: fetching ended before it was done. Run the same command again to go on where it stopped."
            raise ServiceError(msg) from None
        if isinstance(outcome, OSError):
            raise outcome
        return offered, outcome


# -- The record ------------------------------------------------------------------------------------------------------------------


def _earlier(record: Path) -> dict[str, dict[str, Any]]:
    """Return what an earlier run wrote of each spectrum; nothing where there is no such record."""
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
        return {str(one["did"]): one for one in content["spectra"]} if content["format"] == FORMAT else {}
    except (OSError, ValueError, LookupError, TypeError):  # absent, or not ours: it is written anew
        return {}


def _write_record(
    record: Path, found: SearchResult, spectra: Path, known: tuple[dict[str, Got | Refused], dict[str, dict[str, Any]]]
) -> None:
    outcomes, earlier = known
    present = _present(spectra)
    rows = [_row(one, present.get(stem_of(one.did)), outcomes.get(one.did), earlier.get(one.did, {})) for one in found.spectra]
    content = {"format": FORMAT, "format_version": FORMAT_VERSION, **found.to_dict(), "spectra": rows}
    write_bytes(record, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "replace"))


def _row(offered: Offered, path: Path | None, outcome: Got | Refused | None, earlier: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {"did": offered.did, **offered.facts}
    if isinstance(outcome, Refused):
        return {**row, "file": None, "problem": outcome.reason}
    if path is None:
        return {**row, "file": None, "problem": "not fetched yet"}
    status = path.stat()
    told: dict[str, Any] = {"file": f"{SPECTRA}/{path.name}", "bytes": status.st_size}
    if isinstance(outcome, Got):
        told |= {"url": outcome.url, "media_type": outcome.media_type, "sha256": outcome.sha256}
        told["fetched_at"] = datetime.now(UTC).isoformat(timespec="seconds")
    elif earlier.get("file") == told["file"] and earlier.get("bytes") == status.st_size:
        told |= {name: earlier.get(name) for name in ("url", "media_type", "sha256", "fetched_at")}
    else:  # fetched for another question, or a run that was killed
        told["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
        told["fetched_at"] = datetime.fromtimestamp(status.st_mtime, UTC).isoformat(timespec="seconds")
    return {**row, **told}
