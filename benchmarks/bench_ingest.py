"""
How fast features come from FITS files, against `astropy.io.fits` with `numpy.interp`, and specutils.

The peers only read and resample, one file after another. Ours is all of `spectrove.pool.ingest`: walking, reading, preprocessing,
writing the parts and sealing the pool; the second figure of each is that of its reading alone, once the processes have started.
Warm: the files are in the page cache. Cold: the system was asked to let go of them (`posix_fadvise`), as far as it does.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import harness
import machine
import material
import peers
from harness import Contestant, Facts, Options

FILES = {"lamost-image": (20_000, 1000), "lamost-table": (4000, 300)}
"""By layout, the files that ours ingests in a turn, and those that the peers read."""

SUFFIX = {"lamost-image": ".fits", "lamost-table": ".fits.gz"}
WARM, COLD = "warm", "cold"


class Reading:
    """Takes down when the reading of an ingest began to advance and when it ended."""

    def __init__(self) -> None:
        self.moments: list[tuple[float, int]] = []

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """Note a step of the reading."""
        if what == "files read" and total:
            self.moments.append((time.perf_counter(), done))

    @property
    def rate(self) -> float | None:
        """Return the files a second between the first part that was finished and the last."""
        moments = [moment for moment in self.moments if moment[1]]
        if len(moments) < 2 or moments[-1][0] == moments[0][0]:
            return None
        return (moments[-1][1] - moments[0][1]) / (moments[-1][0] - moments[0][0])


def ingested(folder: Path, pool: Path, workers: int, readings: list[Reading]) -> None:
    """Ingest a folder into a new pool."""
    from spectrove.execution import make_executor
    from spectrove.pool import IngestConfig, ingest
    from spectrove.preprocess import recipe

    material.emptied(pool)
    readings.append(Reading())
    with make_executor(workers) as executor:
        ingest([folder], pool, recipe("halpha-2020"), IngestConfig(), executor, readings[-1])


def one_by_one(read: Callable[[Path], Any], files: list[Path]) -> None:
    """Read files one after another."""
    for file in files:
        read(file)


def rates(options: Options, layout: str, state: str) -> Facts:
    """Let the readers take turns on the files of one layout."""
    n_ours, n_theirs = (options.pick(n, 24) for n in FILES[layout])
    n_ours = n_ours if state == WARM else min(n_ours, options.pick(8000, 24))
    files = material.fits_files(options, layout, options.pick(FILES[layout][0], 24))[:n_ours]
    few, folder = files[-n_theirs:], _subfolder(options, files, layout, state)
    before = partial(machine.forget, few) if state == COLD else harness.nothing
    before_ours = partial(machine.forget, files) if state == COLD else harness.nothing
    readings: dict[int, list[Reading]] = {1: [], 2: []}
    n_bytes = {"file cache" if state == WARM else "disk": sum(file.stat().st_size for file in few) / len(few)}
    contestants = [
        Contestant("astropy.io.fits, numpy.interp", partial(one_by_one, peers.by_astropy, few), len(few), before, n_bytes)
    ]
    if state == WARM:
        fewer = few[: options.pick(300, 4)]
        run = partial(one_by_one, peers.by_specutils, fewer)
        contestants.append(Contestant("astropy.io.fits, specutils' resampler", run, len(fewer), before, n_bytes))
    for workers in (1, 2):
        run = partial(ingested, folder, options.data / "ingested", workers, readings[workers])
        title = "ours, one process" if workers == 1 else "ours, two processes"
        contestants.append(Contestant(title, run, len(files), before_ours, n_bytes))
    contest = harness.contest(f"{SUFFIX[layout]}, {state}", "files", contestants, options.turns)
    reading = {workers: [one.rate for one in told[1:] if one.rate] for workers, told in readings.items()}
    contest["reading"] = {str(workers): harness.spread(rates) for workers, rates in reading.items() if rates}
    return contest


def _subfolder(options: Options, files: list[Path], layout: str, state: str) -> Path:
    """Return a folder of just these files: links, so that the data are the same."""
    folder = material.emptied(options.data / f"linked-{layout}-{state}")
    for number, file in enumerate(files):
        link = folder / f"{number // material.FILES_A_FOLDER:03d}" / file.name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.hardlink_to(file)
    return folder


def memory(data: Path, layout: str, folder: str, workers: int) -> Facts:
    """Ingest a folder once, to see the memory that it takes."""
    seconds = harness.timed(partial(ingested, Path(folder), data / "ingested", workers, []))
    return {"layout": layout, "workers": workers, "seconds": [seconds]}


PARTS = {"memory": memory}


def run(options: Options) -> Facts:
    """Measure all."""
    contests = [rates(options, layout, WARM) for layout in FILES]
    contests.append(rates(options, "lamost-image", COLD))
    parts = []
    for layout in FILES:
        folder = str(options.data / f"linked-{layout}-{WARM}")
        for workers in (1, 2):
            arguments = {"layout": layout, "folder": folder, "workers": workers}
            parts.append(harness.in_own_process(__file__, "memory", options.data, **arguments))
            harness.say(f"  {layout}, {workers} processes: {parts[-1]['memory']}")
    return {"contests": contests, "memory": parts}


if __name__ == "__main__":
    harness.main("ingest", __doc__, run, PARTS)
