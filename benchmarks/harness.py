"""
What every benchmark shares: turns, ratios, memory, and a file of results.

The contestants of a contest take turns, so that whatever else the machine does falls on all alike; a ratio is taken within each
turn, and its median told with the smallest and the largest. Memory is that of a part that runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import machine

RESULTS = Path(__file__).parent / "results"
"""Where the measured figures are kept, one JSON file a benchmark."""

TURNS = 5
"""How often each contestant runs, if it is not too slow for that."""

GROWTH = (10_000, 100_000, 1_000_000, 4_136_482)
"""Rows at which the growth is measured; the last is the paper's pool."""

GROWTH_QUICK = (300, 600)
"""The same for a quick run."""

SAMPLED_EVERY = 0.01
"""Seconds between two looks at the memory of a process and those that it has started."""

REPEATED_FOR = 60.0
"""Seconds after which a part that has run at least once is not run again."""

Facts = dict[str, Any]
Part = Callable[..., Facts]


def nothing() -> None:
    """Do nothing: what a contestant needs before a run if it needs nothing."""


@dataclass(frozen=True)
class Contestant:
    """
    One way of doing the job.

    Attributes
    ----------
    name : str
        As it stands in the table.
    run : callable
        Does the job once.
    n : int
        Rows, files or spectra in one job.
    before : callable
        Called before each run; its time does not count.
    work : mapping of str to float
        For each limit of `machine.limits` that the job meets, how much of it one row takes.
    warms_up : bool
        Whether it runs once before it is timed; what takes half a minute and more needs no warming.
    """

    name: str
    run: Callable[[], object]
    n: int
    before: Callable[[], object] = nothing
    work: Mapping[str, float] = field(default_factory=dict)
    warms_up: bool = True


@dataclass(frozen=True)
class Options:
    """
    What a benchmark was asked for.

    Attributes
    ----------
    quick : bool
        Tiny sizes, to see that it runs.
    full : bool
        Also what takes very long.
    sizes : tuple of int
        Rows at which the growth is measured.
    turns : int
        How often each contestant runs.
    data : Path
        Where surveys, files and networks are kept between two runs.
    """

    quick: bool
    full: bool
    sizes: tuple[int, ...]
    turns: int
    data: Path

    def pick(self, usual: int, quick: int) -> int:
        """Return the size of something: the usual one, or a tiny one for a quick run."""
        return quick if self.quick else usual


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return median, smallest and largest."""
    return {"median": statistics.median(values), "low": min(values), "high": max(values)}


def ratios(ones: Sequence[float], others: Sequence[float]) -> dict[str, float]:
    """Return median, smallest and largest of the ratios, pair by pair."""
    return spread([one / other for one, other in zip(ones, others, strict=True)])


def contest(title: str, unit: str, contestants: Sequence[Contestant], turns: int) -> Facts:
    """Let the contestants take turns, one more to warm up; the first is the peer of the others."""
    seconds: dict[str, list[float]] = {contestant.name: [] for contestant in contestants}
    for turn in range(turns + 1):
        for contestant in contestants:
            if turn or contestant.warms_up:
                contestant.before()
                taken = timed(contestant.run)
                seconds[contestant.name] += [taken] if turn else []
        say(f"{title}: turn {turn} of {turns}")
    rates = {one.name: [one.n / taken for taken in seconds[one.name]] for one in contestants}
    peer = contestants[0].name
    rows = []
    for one in contestants:
        rate, ratio = spread(rates[one.name]), ratios(rates[one.name], rates[peer])
        row = {"name": one.name, "n": one.n, "seconds": seconds[one.name], "rate": rate, "ratio": ratio}
        rows.append({**row, "work": dict(one.work)})
        say(f"  {one.name:<52}{rate['median']:>14,.0f} {unit}/s {ratio['median']:>8.2f} ×")
    return {"title": title, "unit": unit, "turns": turns, "peer": peer, "contestants": rows}


def timed(run: Callable[[], object]) -> float:
    """Return the seconds that something takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def repeated(run: Callable[[], object], most: int = TURNS, seconds: float = REPEATED_FOR) -> list[float]:
    """Return the seconds of several runs, fewer than `most` if they take long."""
    taken: list[float] = []
    while len(taken) < most and sum(taken) < seconds:
        taken.append(timed(run))
    return taken


def say(text: str) -> None:
    """Print a line at once, where it does not mix with a part's result."""
    print(text, file=sys.stderr, flush=True)


# -- A part in a process of its own ---------------------------------------------------------------------------------------------


def in_own_process(script: str, part: str, data: Path, **arguments: Any) -> Facts:
    """Return what a part of a benchmark measures in a fresh process, and the memory that it and its own processes took."""
    with tempfile.TemporaryDirectory(prefix="spectrove-bench-") as folder:
        output = Path(folder) / "part.json"
        told = ["--part", part, "--arguments", json.dumps(arguments), "--data", str(data), "--output", str(output)]
        with subprocess.Popen([sys.executable, script, *told], stdout=sys.stderr) as process:
            peaks = _watched(process)
        if process.returncode:
            msg = f"{script}: the part {part!r} with {arguments} failed with exit {process.returncode}; its own words are above"
            raise RuntimeError(msg)
        found: Facts = json.loads(output.read_text(encoding="utf-8"))
    return {**found, "memory": {**found["memory"], **peaks}}


def _watched(process: subprocess.Popen[bytes]) -> Facts:
    # The largest sum over all processes at one moment; and the same without what is mapped from files, which the system can take
    # back at any time. Neither can be known where there is no /proc.
    peaks = {"peak_mb": 0.0, "peak_anonymous_mb": 0.0}
    done = threading.Event()

    def look() -> None:
        while not done.wait(SAMPLED_EVERY):
            now = [machine.memory_of(pid) for pid in machine.family_of(process.pid)]
            peaks["peak_mb"] = max(peaks["peak_mb"], sum(one["resident_mb"] for one in now))
            peaks["peak_anonymous_mb"] = max(peaks["peak_anonymous_mb"], sum(one["anonymous_mb"] for one in now))

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    process.wait()
    done.set()
    watcher.join()
    return peaks if peaks["peak_mb"] else {}


def own_peak() -> Facts:
    """Return the largest memory that this process has had; `getrusage` would count the parent's that it was forked from."""
    told = machine.memory_of(os.getpid())
    return {"own_peak_mb": told["peak_mb"]} if told["peak_mb"] else {}


# -- The program -----------------------------------------------------------------------------------------------------------------


def main(name: str, about: str, run: Callable[[Options], Facts], parts: Mapping[str, Part]) -> None:
    """Run a benchmark, or one part of it, as the command line says; write what was measured."""
    given = _parser(about).parse_args()
    data = given.data or Path(os.environ.get("SPECTROVE_BENCH_DATA", Path.home() / ".cache" / "spectrove" / "bench"))
    if given.part:
        found = parts[given.part](**json.loads(given.arguments), data=data)
        given.output.write_text(json.dumps({**found, "memory": own_peak()}), encoding="utf-8")
        return
    with _folder(data, is_temporary=given.quick and not given.data) as kept:
        options = _options(given, kept)
        load, limits = os.getloadavg(), machine.limits(quick=given.quick)
        begun = time.perf_counter()
        found = run(options)
        minutes = (time.perf_counter() - begun) / 60
        limits = {kind: max(rate, limits[kind]) for kind, rate in machine.limits(quick=given.quick).items()}
    load_and_limits = {"load_before": load, "load_after": os.getloadavg(), "minutes": minutes, "limits": limits}
    content = {"benchmark": name, "machine": {**machine.facts(), **load_and_limits}, **found}
    output = given.output or (None if given.quick else RESULTS / f"{name}.json")
    if output:
        output.write_text(json.dumps(_finite(content), indent=1) + "\n", encoding="utf-8")
        say(f"{output} is written")


def _options(given: argparse.Namespace, data: Path) -> Options:
    sizes = given.sizes or (GROWTH_QUICK if given.quick else GROWTH)
    return Options(given.quick, given.full, tuple(sizes), given.turns or (1 if given.quick else TURNS), data)


def _parser(about: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that it runs; the results are not kept")
    parser.add_argument("--full", action="store_true", help="also what takes very long")
    parser.add_argument("--sizes", type=int, nargs="+", help="rows at which the growth is measured")
    parser.add_argument("--turns", type=int, help=f"how often each contestant runs ({TURNS})")
    parser.add_argument("--data", type=Path, help="where surveys and networks are kept ($SPECTROVE_BENCH_DATA)")
    parser.add_argument("--output", type=Path, help="where the results are written (benchmarks/results)")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    parser.add_argument("--arguments", default="{}", help=argparse.SUPPRESS)
    return parser


@contextmanager
def _folder(data: Path, *, is_temporary: bool) -> Iterator[Path]:
    if is_temporary:
        with tempfile.TemporaryDirectory(prefix="spectrove-bench-") as folder:
            yield Path(folder)
    else:
        data.mkdir(parents=True, exist_ok=True)
        yield data


def _finite(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {name: _finite(value) for name, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_finite(value) for value in content]
    if isinstance(content, float):
        return float(f"{content:.5g}") if math.isfinite(content) else None
    return content
