"""The goals that were set for the package's speed, and what was measured of each."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Facts = dict[str, Any]
Measured = tuple[str, bool]
"""What was measured, in words, and whether the goal is reached."""

WHOLE_POOL = 4_000_000
"""Rows from which a figure speaks of the paper's pool: of its 4,136,482 spectra the recipe refuses a few."""

MOST_MEMORY_MB = 1500


@dataclass(frozen=True)
class Goal:
    """
    A goal.

    Attributes
    ----------
    figure, aim : str
        What is measured, and what it should be.
    needs : tuple of str
        The benchmarks whose results it is read from.
    measured : callable
        Reads it from the results of all benchmarks; None where they do not hold it.
    """

    figure: str
    aim: str
    needs: tuple[str, ...]
    measured: Callable[[Facts], Measured | None]


def contest_of(found: Facts, title: str) -> Facts:
    """Return a contest by the beginning of its title."""
    return next(one for one in found["contests"] if one["title"].startswith(title))


def row_of(contest: Facts, name: str) -> Facts | None:
    """Return a contestant's row by name; None if it did not take part."""
    return next((row for row in contest["contestants"] if row["name"] == name), None)


def ratio_of(contest: Facts, one: str, other: str) -> float:
    """Return the median over the turns of how many times faster the one was than the other."""
    rates = [[row["n"] / taken for taken in row["seconds"]] for row in (row_of(contest, one), row_of(contest, other)) if row]
    return statistics.median([mine / theirs for mine, theirs in zip(*rates, strict=True)])


def peak_of(part: Facts) -> float:
    """Return the peak memory of a part and all its processes, MB."""
    memory: Facts = part["memory"]
    return float(max(memory.get("peak_mb", 0.0), memory.get("own_peak_mb", 0.0)))


def largest(rows: list[Facts]) -> Facts | None:
    """Return the row of the whole pool, if it was measured."""
    last = max(rows, key=lambda row: row["n_rows"], default=None)
    return last if last and last["n_rows"] >= WHOLE_POOL else None


def seconds_of(row: Facts) -> float:
    """Return the median of a row's runs."""
    return statistics.median(row["seconds"])


def scoring(network: str, least_rate: float, least_ratio: float) -> Callable[[Facts], Measured | None]:
    """Return what reads how fast a network scores the whole pool, and how many times Keras that is."""

    def measured(found: Facts) -> Measured | None:
        last = largest([row for row in found["scoring"]["growth"] if row["network"] == network])
        row = row_of(contest_of(found["scoring"], "scoring"), network)
        if last is None or row is None:
            return None
        rate, ratio = last["n_rows"] / seconds_of(last), row["ratio"]["median"]
        words = f"{rate:,.0f} rows/s ({seconds_of(last):,.0f} s), {ratio:.1f} × Keras"
        return words, rate >= least_rate and ratio >= least_ratio

    return measured


def decisions(found: Facts) -> Measured | None:
    """Read how many decisions are not those of single precision."""
    rows = found["scoring"]["decisions"]
    n_rows = sum(row["n_rows"] for row in rows)
    other = sum(row["other_classes"] + row["n_questions"] - row["same_questions"] for row in rows)
    return f"{other:,} others in {n_rows:,} rows of {len(rows)} passes", other == 0


def one_round(found: Facts) -> Measured | None:
    """Read how long a round with the whole pool takes."""
    last = largest(found["round"]["rounds"])
    return None if last is None else (f"{seconds_of(last):.1f} s", seconds_of(last) <= 60)


def prepared(found: Facts) -> Measured | None:
    """Read how long the next questions take when they were prepared."""
    last = largest(found["round"]["rounds"])
    return None if last is None else (f"{last['prepared_seconds']:.1f} s", last["prepared_seconds"] <= 5)


def epoch(found: Facts) -> Measured | None:
    """Read how many times faster than Keras the paper's network trains, and its seconds an epoch."""
    contest = contest_of(found["training"], "an epoch")
    rows = [row for row in contest["contestants"] if row["name"].startswith("paper-2020") and "gpu bf16" not in row["work"]]
    best = max(rows, key=lambda row: row["ratio"]["median"])
    keras = row_of(contest, contest["peer"]) or {}
    words = f"{seconds_of(best):.1f} s ({best['name']}), Keras {seconds_of(keras):.1f} s: {best['ratio']['median']:.1f} ×"
    return words, best["ratio"]["median"] >= 2


def choice(found: Facts) -> Measured | None:
    """Read how long the choice of the questions from the whole pool takes."""
    row = row_of(found["round"]["contests"][0], "spectrove")
    if row is None or row["n"] < WHOLE_POOL:
        return None
    return f"{seconds_of(row):.3f} s, {row['ratio']['median']:.0f} × NumPy", seconds_of(row) <= 0.1


def ingest(title: str, least_rate: float, least_ratio: float) -> Callable[[Facts], Measured | None]:
    """Return what reads how fast one process ingests, and how many times `astropy.io.fits` that is."""

    def measured(found: Facts) -> Measured | None:
        row = row_of(contest_of(found["ingest"], title), "ours, one process")
        if row is None:
            return None
        rate, ratio = row["rate"]["median"], row["ratio"]["median"]
        return f"{rate:,.0f} files/s, {ratio:.1f} × astropy", rate >= least_rate and ratio >= least_ratio

    return measured


def two_processes(found: Facts) -> Measured | None:
    """Read how many times faster two processes read than one, once they have started."""
    ratios = []
    for title in (".fits, warm", ".fits.gz, warm"):
        reading = contest_of(found["ingest"], title).get("reading", {})
        if {"1", "2"} <= reading.keys():
            ratios.append((title.split(",")[0], reading["2"]["median"] / reading["1"]["median"]))
    if not ratios:
        return None
    return ", ".join(f"{suffix} {ratio:.2f} ×" for suffix, ratio in ratios), min(ratio for _, ratio in ratios) >= 1.5


def memory(found: Facts) -> Measured | None:
    """Read the peak memory of the ingests and of a round with the whole pool."""
    last = largest(found["round"]["rounds"])
    if last is None:
        return None
    ingests = max(peak_of(part) for part in found["ingest"]["memory"])
    words = f"{ingests:,.0f} MB an ingest, {peak_of(last):,.0f} MB a round"
    return words, max(ingests, peak_of(last)) <= MOST_MEMORY_MB


def dask(found: Facts) -> Measured | None:
    """Read what Dask gains with two workers and costs with one."""
    contest = found["cluster"]["contests"][0]
    gain = ratio_of(contest, "Dask, two workers", "in line")
    cost = ratio_of(contest, "in line", "Dask, one worker") - 1
    words = f"{gain:.2f} ×, overhead {100 * cost:.1f} % at {contest['rows_a_task']:,} rows a task"
    return words, gain >= 1.7 and cost <= 0.05


def page(found: Facts) -> Measured | None:
    """Read how soon the labeling page answers a key."""
    told = found["page"]["page"]
    kinds = [told["moving"], told["labeling"]]
    median, most = max(one["p50_ms"] for one in kinds), max(one["p95_ms"] for one in kinds)
    return f"{median:.0f} ms, {most:.0f} ms", median <= 30 and most <= 60


def burst(found: Facts) -> Measured | None:
    """Read how far behind the page is after a burst of keys, and whether a label went astray."""
    told = found["page"]["page"]
    behind = max(told["labeling_burst"]["behind_ms"], told["moving_burst"]["behind_ms"])
    n_astray = told["labeling_burst"]["n_unpainted"] + told["n_twice"]
    n_refused = told["labeling_burst"]["n"] - told["labeling_burst"]["n_answers"]
    return f"{behind:.0f} ms, {n_astray} labels astray", behind <= 20 and n_astray == n_refused == 0


def first_page(found: Facts) -> Measured | None:
    """Read how soon the first spectrum is painted."""
    median = found["page"]["page"]["first_page_ms"]["median"]
    return f"{median:.0f} ms", median <= 1000


def page_load(found: Facts) -> Measured | None:
    """Read whether the labeling page takes what many people answer, all of it and soon."""
    load = found["page_load"]["load"]
    waited, wrong = load["from_due"]["p99_ms"], load["n_lost"] + load["n_twice"]
    words = f"{waited:.0f} ms, {load['n_lost']} lost and {load['n_twice']} twice of {load['n_sent']:,}"
    return words, waited <= load["goal_p99_ms"] and not wrong


def crossmatch(found: Facts) -> Measured | None:
    """Read how long a cross-match with ten million positions takes from the files on, its memory, and what it finds."""
    contest = contest_of(found["crossmatch"], "from files")
    row, theirs = row_of(contest, "read_catalog, match_all"), row_of(contest, "stilts tmatch2 find=all")
    if row is None or theirs is None or row["n"] < 10_000_000:
        return None
    peak = max(peak_of(part) for part in found["crossmatch"]["memory"] if part["name"].startswith("read_catalog"))
    n_other = max(one["n_other"] for one in contest["same"])
    words = f"{seconds_of(row):.1f} s, {peak:,.0f} MB, {n_other} other pairs; stilts {seconds_of(theirs):.0f} s"
    return words, seconds_of(row) <= 20 and peak <= 2000 and n_other == 0


def catalog(found: Facts) -> Measured | None:
    """Read how long a catalog of as many candidates as the paper's takes on two processes."""
    whole = [run for run in found["catalog"]["catalog"] if run["workers"] == 2 and run["n"] >= 4400]
    if not whole:
        return None
    return f"{seconds_of(whole[0]):.0f} s for {whole[0]['n']:,}, {peak_of(whole[0]):,.0f} MB", seconds_of(whole[0]) <= 300


def ssap(found: Facts) -> Measured | None:
    """Read how long a query on the sky waits, and the memory of the server."""
    told = found["ssap"]["queries"]
    if found["ssap"]["n_pool"] < 4_100_000:
        return None
    return f"{told['p50_ms']:.1f} ms, {told['memory_mb']:,.0f} MB", told["p50_ms"] <= 50 and told["memory_mb"] <= 1000


def on_gpu(found: Facts) -> Measured | None:
    """Read how fast a GPU scores and trains."""
    scored = [row for row in contest_of(found["scoring"], "scoring")["contestants"] if "gpu bf16" in row["work"]]
    trained = [row for row in contest_of(found["training"], "an epoch")["contestants"] if "gpu bf16" in row["work"]]
    paper = [row for row in (*scored, *trained) if row["name"].startswith("paper-2020")]
    if len(paper) != 2:
        return None
    rate, seconds = paper[0]["rate"]["median"], seconds_of(paper[1])
    name = found["scoring"]["machine"]["gpu"]
    return f"{rate:,.0f} rows/s, {seconds:.2f} s an epoch ({name})", rate >= 2e6 and seconds <= 0.3


GOALS = (
    Goal(
        "the paper's network over 4,136,482 rows",
        "18,000 rows/s (under 4 min), 4 × Keras",
        ("scoring",),
        scoring("paper-2020", 18_000, 4),
    ),
    Goal(
        "the compact network, the same", "100,000 rows/s (under 45 s), 20 × Keras", ("scoring",), scoring("compact", 100_000, 20)
    ),
    Goal("decisions other than those in fp32", "none", ("scoring",), decisions),
    Goal("a round at 4.1 million: train, score, choose; compact", "60 s", ("round",), one_round),
    Goal("the next questions, prepared while the expert labels", "5 s", ("round",), prepared),
    Goal("training epoch of 18,306 rows, the paper's network", "half of Keras's time", ("training",), epoch),
    Goal("entropy, top 100, the labeled left out, of 4.1 million", "0.1 s, no copy", ("round",), choice),
    Goal("ingest of `.fits`, warm, one process", "20,000 files/s, 20 × astropy", ("ingest",), ingest(".fits, warm", 20_000, 20)),
    Goal("ingest of `.fits.gz`, warm, one process", "4,000 files/s, 8 × astropy", ("ingest",), ingest(".fits.gz, warm", 4000, 8)),
    Goal("two processes against one, reading", "1.5 ×", ("ingest",), two_processes),
    Goal("ingest of `.fits` from a cold disk", "10 × astropy", ("ingest",), ingest(".fits, cold", 0, 10)),
    Goal("peak memory, all processes together", "1.5 GB", ("ingest", "round"), memory),
    Goal("Dask, two workers against in line", "1.7 ×, overhead of 5 % at most", ("cluster",), dask),
    Goal("key press to settled, 4,000 points: median, 95 of 100", "30 ms, 60 ms", ("page",), page),
    Goal("behind the last of 90 presses at 30 a second", "20 ms, no label on an unpainted spectrum", ("page",), burst),
    Goal("the first page", "1 s", ("page",), first_page),
    Goal("50 annotators at once: 99 of 100 answers taken within", "250 ms, none lost, none twice", ("page_load",), page_load),
    Goal(
        "4,400 × 10 million positions matched, from files",
        "20 s, 2 GB, the pairs of `stilts tmatch2`",
        ("crossmatch",),
        crossmatch,
    ),
    Goal("a catalog of 4,400 candidates, pictures and all", "5 min", ("catalog",), catalog),
    Goal("an SSAP query by position over 4.1 million spectra: median", "50 ms, 1 GB", ("ssap",), ssap),
    Goal("with a GPU", "2 million rows/s, 0.3 s an epoch", ("scoring", "training"), on_gpu),
)
