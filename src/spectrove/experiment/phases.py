"""The parts of an experiment: each is done once, timed, and its result kept, so that a killed experiment goes on."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from spectrove.errors import CampaignError
from spectrove.storage import read_sealed_json, storage_errors, write_sealed_json

FORMAT = "spectrove-experiment-phase"
FORMAT_VERSION = 1
"""Raised when a result that this software writes can no longer be read by an earlier one."""

Facts = dict[str, Any]
"""Plain data, as JSON can hold them."""

PER_MIB = 1024
"""Linux counts the memory of a process in KiB (getrusage(2))."""


class Phases:
    """
    The finished parts of an experiment, one sealed JSON file each.

    Parameters
    ----------
    directory : Path
        The folder of the files; made if it does not exist.
    report : callable
        Called with a sentence as each part ends.

    Raises
    ------
    StorageError
        If the disk is full or cannot be written.
    """

    def __init__(self, directory: Path, report: Callable[[str], None] = lambda _: None) -> None:
        self.directory = directory
        self._report = report
        with storage_errors(directory):
            directory.mkdir(parents=True, exist_ok=True)

    def once(self, name: str, work: Callable[[], Facts]) -> Facts:
        """
        Return what a part of the experiment found, doing it unless that is known.

        Parameters
        ----------
        name : str
            The part; it names the file.
        work : callable
            Does it and returns plain data; whatever else it writes must be fit to be written again.

        Returns
        -------
        dict
            The facts.

        Raises
        ------
        CampaignError
            If a file was changed by hand.
        StorageError
            If the disk is full or cannot be written.
        """
        path = self.directory / f"{name}.json"
        if path.exists():
            known: Facts = read_sealed_json(path, FORMAT, FORMAT_VERSION, CampaignError)["facts"]
            return known
        begun = time.monotonic()
        facts = work()
        seconds = time.monotonic() - begun
        content = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "phase": name,
            "finished_at": datetime.now(UTC).isoformat(timespec="microseconds"),
            "seconds": round(seconds, 3),
            "peak_memory_mib": _peak_memory(),
            "facts": facts,
        }
        write_sealed_json(path, content)
        self._report(f"{name}: done in {seconds:.1f} s")
        return facts

    def times(self) -> list[Facts]:
        """
        Return how long each finished part took.

        Returns
        -------
        list of dict
            ``phase``, ``seconds`` and ``peak_memory_mib`` of each, in the order in which they ended.
        """
        found = [read_sealed_json(path, FORMAT, FORMAT_VERSION, CampaignError) for path in self.directory.glob("*.json")]
        found.sort(key=lambda content: str(content["finished_at"]))
        return [{name: content[name] for name in ("phase", "seconds", "peak_memory_mib")} for content in found]


def _peak_memory() -> int:
    """Return the largest memory of this process, or of one of its workers, since it began, in MiB."""
    largest = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return round(largest / PER_MIB)
