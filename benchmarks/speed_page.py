"""
The tables of docs/benchmarks.md, from the JSON of the benchmarks.

    python benchmarks/speed_page.py [benchmarks/results docs/benchmarks.md]

What has not been measured yet is said in its table's place.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from machine import UNITS
from page_tables import filled, table
from speed_goals import GOALS, contest_of, peak_of, seconds_of

Facts = dict[str, Any]

BENCHMARKS = (
    "scoring",
    "training",
    "round",
    "ingest",
    "pool",
    "cluster",
    "simulate",
    "page",
    "page_load",
    "crossmatch",
    "catalog",
    "ssap",
    "import",
)
RESULTS, PAGE = Path(__file__).parent / "results", Path(__file__).parents[1] / "docs" / "benchmarks.md"


def read(results: Path) -> Facts:
    """Return what was measured, by benchmark; what was not is absent."""
    files = {name: results / f"{name}.json" for name in BENCHMARKS}
    found = {name: json.loads(file.read_text(encoding="utf-8")) for name, file in files.items() if file.exists()}
    return {name: one for name, one in found.items() if one.get("benchmark") == name}


def absent(*names: str) -> str:
    """Return what stands in place of a table that was not measured."""
    return f"*Not measured yet: {' and '.join(f'`python benchmarks/bench_{name}.py`' for name in names)}.*"


def rate(value: float) -> str:
    """Return a rate with three digits and more."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def duration(value: float) -> str:
    """Return seconds with three digits."""
    return f"{value:,.0f} s" if value >= 100 else f"{value:.3g} s" if value >= 1 else f"{1000 * value:.3g} ms"


def within(spread: Facts, said: Callable[[float], str]) -> str:
    """Return a median with the smallest and the largest."""
    return f"{said(spread['median'])} ({said(spread['low'])} to {said(spread['high'])})"


def times(ratio: float) -> str:
    """Return a ratio."""
    return f"{ratio:.0f}" if ratio >= 20 else f"{ratio:.1f}" if ratio >= 1 else f"{ratio:.2g}"


def megabytes(part: Facts) -> list[str]:
    """Return the cells of a part's peak memory: all of it, and what is not merely mapped from files."""
    anonymous = part["memory"].get("peak_anonymous_mb")
    return [f"{peak_of(part):,.0f}", "" if anonymous is None else f"{anonymous:,.0f}"]


MEMORY_HEAD = ["peak MB", "of it not mapped"]


def goals(found: Facts) -> str:
    """Return the goals beside what was measured."""
    rows = []
    for goal in GOALS:
        told = goal.measured(found) if all(name in found for name in goal.needs) else None
        words, reached = ("not measured", "") if told is None else (told[0], "yes" if told[1] else "**no**")
        rows.append([goal.figure, goal.aim, words, reached])
    return table(["figure", "goal", "measured", "reached"], rows)


def machines(found: Facts) -> str:
    """Return on what each benchmark ran, and how busy that was."""
    if not found:
        return absent(*BENCHMARKS[:1])
    rows = []
    for name, one in found.items():
        facts = one["machine"]
        load = f"{facts['load_before'][0]:.1f} / {facts['load_after'][0]:.1f}"
        size = f"{facts['cores']} × {facts['cpu']}, {facts['memory_gb']:.0f} GB"
        rows.append([name, size, facts["gpu"] or "none", load, f"{facts['minutes']:.0f}", facts["measured_at"]])
    head = ["benchmark", "cores, processor, memory", "GPU", "load before / after", "minutes", "on"]
    last = next(iter(found.values()))["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in last["versions"].items())
    return f"{table(head, rows)}\n\nPython {last['python']}, {last['system']}; {versions}."


def limits(found: Facts) -> str:
    """Return the best that the machine did of each kind, as seen by each benchmark."""
    if not found:
        return absent(*BENCHMARKS[:1])
    kinds = [kind for kind in UNITS if any(kind in one["machine"]["limits"] for one in found.values())]
    rows = []
    for kind in kinds:
        seen = [one["machine"]["limits"].get(kind) for one in found.values()]
        rows.append([f"{kind}, 10⁹ {UNITS[kind]}", *("" if value is None else f"{value / 1e9:,.1f}" for value in seen)])
    return table(["limit", *found], rows)


def contest(name: str, title: str) -> Callable[[Facts], str]:
    """Return what makes the table of a contest."""

    def made(found: Facts) -> str:
        if name not in found:
            return absent(name)
        one, best = contest_of(found[name], title), found[name]["machine"]["limits"]
        rows, of_limits = [], any(row["work"] for row in one["contestants"])
        for row in one["contestants"]:
            seconds = duration(statistics.median(row["seconds"]))
            shares = {kind: row["rate"]["median"] * amount / best[kind] for kind, amount in row["work"].items() if best.get(kind)}
            of_limit = ", ".join(f"{100 * share:.2g} % of {kind}" for kind, share in shares.items())
            cells = [row["name"], f"{row['n']:,}", seconds, within(row["rate"], rate), within(row["ratio"], times)]
            rows.append([*cells, *([of_limit] if of_limits else [])])
        head = ["", one["unit"], "a run", f"{one['unit']}/s", f"× {one['peer']}"]
        text = table([*head, *(["of the limit"] if of_limits else [])], rows)
        return f"{text}\n\nMedian of {one['turns']} turns (smallest to largest)."

    return made


def decisions(found: Facts) -> str:
    """Return how passes as they are by default decide, beside those in single precision."""
    if "scoring" not in found:
        return absent("scoring")
    rows = []
    for row in found["scoring"]["decisions"]:
        questions = f"{row['same_questions']} of {row['n_questions']}"
        others = [f"{row['other_classes']:,}", f"{row['other_targets']:,} of {row['n_targets']:,}", questions]
        made = row["told"]["exactness"]
        how = f"{made['runtime']}, {made['precision']}"
        again = f"{made['n_exact']:,}" if "n_exact" in made else "all"
        rows.append([row["network"], f"{row['n_rows']:,}", how, again, *others, f"{row['largest_difference']:.2g}"])
    head = [
        "network",
        "rows",
        "screened by",
        "rows in fp32",
        "other classes",
        "other targets",
        "same questions",
        "largest difference",
    ]
    return table(head, rows)


def growth(name: str, key: str, what: str, title: str = "") -> Callable[[Facts], str]:
    """Return what makes the table of how something grows with the number of rows."""

    def made(found: Facts) -> str:
        if name not in found:
            return absent(name)
        rows = []
        for row in found[name][key]:
            seconds = seconds_of(row)
            cells = [
                f"{row['n_rows']:,}",
                duration(seconds),
                str(len(row["seconds"])),
                rate(row["n_rows"] / seconds),
                *megabytes(row),
            ]
            rows.append([*([row[title]] if title else []), *cells])
        return table([*([title] if title else []), "rows", what, "runs", "rows/s", *MEMORY_HEAD], rows)

    return made


def memory_of(name: str, *titles: str) -> Callable[[Facts], str]:
    """Return what makes the table of the memory that parts of a benchmark take."""

    def made(found: Facts) -> str:
        if name not in found:
            return absent(name)
        rows = [
            [*(str(part[title]) for title in titles), duration(seconds_of(part)), *megabytes(part)]
            for part in found[name]["memory"]
        ]
        return table([*titles, "a run", *MEMORY_HEAD], rows)

    return made


def rounds(found: Facts) -> str:
    """Return how long rounds take, waited for and prepared."""
    if "round" not in found:
        return absent("round")
    rows = []
    for row in found["round"]["rounds"]:
        waits = [duration(seconds_of(row)), duration(row["prepared_seconds"])]
        rows.append([f"{row['n_rows']:,}", *waits, *megabytes(row)])
    return table(["rows", "a round", "prepared", *MEMORY_HEAD], rows)


def steps(found: Facts) -> str:
    """Return the steps of the rounds with the largest pool."""
    if "round" not in found:
        return absent("round")
    rows = []
    for one in found["round"]["rounds"][-1:]:
        for step in one["steps"]:
            told = step["told"].split(": ", 1)[-1]
            rows.append([f"{one['n_rows']:,}", str(step["iteration"]), step["phase"], duration(step["seconds"]), told])
    return table(["rows", "iteration", "phase", "took", "what was done"], rows)


def reading(found: Facts) -> str:
    """Return how fast ingest reads once its processes have started."""
    if "ingest" not in found:
        return absent("ingest")
    rows = []
    for one in found["ingest"]["contests"]:
        told = [one.get("reading", {}).get(workers) for workers in ("1", "2")]
        cells = ["" if spread is None else within(spread, rate) for spread in told]
        ratio = times(told[1]["median"] / told[0]["median"]) if all(told) else ""
        rows.append([one["title"], *cells, ratio])
    return table(["files", "one process, files/s", "two processes, files/s", "×"], rows)


def warm_start(found: Facts) -> str:
    """Return what a warm start spares."""
    if "training" not in found:
        return absent("training")
    rows = [
        [row["title"], duration(row["seconds"]), str(row["epochs"]), f"{row['first_loss']:.4f}", f"{row['loss']:.4f}"]
        for row in found["training"]["warm_start"]
    ]
    return table(["compact", "took", "epochs", "first loss", "smallest loss"], rows)


def opening(found: Facts) -> str:
    """Return how long pools take to open, and to find spectra in."""
    if "pool" not in found:
        return absent("pool")
    rows = []
    for row in found["pool"]["opening"]:
        lookup = statistics.median(row["lookup_seconds"])
        rows.append([f"{row['n_rows']:,}", duration(seconds_of(row)), duration(lookup), *megabytes(row)])
    return table(["rows", "open, and read the last row", "open, and find 100 ids", *MEMORY_HEAD], rows)


def adding(found: Facts) -> str:
    """Return how long a release takes to be added to pools of several sizes."""
    if "pool" not in found:
        return absent("pool")
    rows = []
    for row in found["pool"]["adding"]:
        seconds = seconds_of(row)
        cells = [duration(seconds), rate(row["n_added"] / seconds), *megabytes(row)]
        rows.append([f"{row['n_rows']:,}", f"{row['n_added']:,}", *cells])
    return table(["rows in the pool", "rows added", "took", "rows/s", *MEMORY_HEAD], rows)


def cluster(found: Facts) -> str:
    """Return what Dask gains and costs."""
    made = contest("cluster", "scoring")(found)
    if "cluster" not in found:
        return made
    one = found["cluster"]["contests"][0]
    same = "equal bit by bit" if one["same_bits"] else "**not equal**"
    tasks = f"{one['n_tasks']} tasks of {one['rows_a_task']:,} rows"
    return f"{made} {tasks}; results {same}. Starting the two clusters took {one['start_seconds']:.1f} s."


def page(found: Facts) -> str:
    """Return how soon the labeling page answers a key."""
    if "page" not in found:
        return absent("page")
    told = found["page"]["page"]
    head = ["", "presses", "median", "95 of 100 within", "the longest"]
    rows = [
        [name, str(told[key]["n"]), *(f"{told[key][part]:.0f} ms" for part in ("p50_ms", "p95_ms", "max_ms"))]
        for name, key in (("moving", "moving"), ("labeling", "labeling"))
    ]
    one, other = told["labeling_burst"], told["moving_burst"]
    bursts = (
        f"After {one['n']} presses at {one['rate']:.0f} a second the page was {one['behind_ms']:.0f} ms behind the last label, "
        f"{other['behind_ms']:.0f} ms behind the last move; "
        f"{one['n_answers']} of {one['n']} labels were taken, {one['n_unpainted']} of them for "
        "a spectrum that was not on the screen."
    )
    first = told["first_page_ms"]
    pages = f"First page: {first['median']:.0f} ms ({first['low']:.0f} to {first['high']:.0f})."
    server = f"{told['server_cpu_ms_per_press']:.1f} ms of the server's processor a press, rests included."
    return f"{table(head, rows)}\n\n{bursts} {pages} {server} {told['n_pixels']:,} pixels, Chromium {told['browser']}."


def page_load(found: Facts) -> str:
    """Return how the labeling page bore many people."""
    if "page_load" not in found:
        return absent("page_load")
    load = found["page_load"]["load"]
    head = ["", "median", "95 of 100 within", "99 of 100 within", "the longest"]
    rows = [
        [name, *(f"{load[key][part]:.0f} ms" for part in ("p50_ms", "p95_ms", "p99_ms", "max_ms"))]
        for name, key in (("from the moment it was due", "from_due"), ("from the moment it was sent", "from_sent"))
    ]
    people = f"{load['annotators']} annotators, {load['answers_a_second_each']:g} answers a second each, {load['seconds']:g} s"
    counts = f"{load['n_sent']:,} answers sent, {load['n_lost']} lost, {load['n_twice']} recorded twice"
    server = f"{load['server_cpu_ms_per_answer']:.1f} ms of the server's processor an answer, {load['server_memory_mb']:.0f} MB"
    return f"{table(head, rows)}\n\n{people}: {counts}; {server}."


def crossmatch(found: Facts) -> str:
    """Return how long cross-matches from files take, and whether they find the same."""
    made = contest("crossmatch", "from files")(found)
    if "crossmatch" not in found:
        return made
    same = contest_of(found["crossmatch"], "from files")["same"]
    pairs = ", ".join(f"{one['name']} {one['n_pairs']:,} ({one['n_other']:,} of them not ours or missing)" for one in same)
    return f"{made} Pairs: {pairs}."


def catalog(found: Facts) -> str:
    """Return how long a whole catalog takes, and each step of it."""
    if "catalog" not in found:
        return absent("catalog")
    runs = found["catalog"]["catalog"]
    rows = [
        [
            f"{run['n']:,}",
            run["workers"],
            duration(seconds_of(run)),
            f"{run['n_files']:,}",
            f"{run['bytes'] / 1e6:,.0f} MB",
            *megabytes(run),
        ]
        for run in runs
    ]
    head = ["candidates", "processes", "all of it", "files", "they take", *MEMORY_HEAD]
    steps = [
        [one["step"], *(duration(run["steps"][place]["seconds"]) for run in runs)] for place, one in enumerate(runs[0]["steps"])
    ]
    named = ["step", *(f"{run['workers']} {'process' if run['workers'] == 1 else 'processes'}" for run in runs)]
    return f"{table(head, rows)}\n\n{table(named, steps)}"


def ssap(found: Facts) -> str:
    """Return how long queries on the sky wait, and what the server and its index take."""
    if "ssap" not in found:
        return absent("ssap")
    told, index = found["ssap"]["queries"], found["ssap"]["index"]
    waited = [f"{told[name]:.1f} ms" for name in ("p50_ms", "p95_ms", "p99_ms", "max_ms")]
    head = ["spectra", "queries", "median", "95 of 100 within", "99 of 100 within", "the longest"]
    rows, memory = told["rows"], f"{told['memory_mb']:,.0f} MB at most, {told['anonymous_mb']:,.0f} MB of them not mapped"
    made = f"{index['bytes'] / 1e6:,.0f} MB, made in {seconds_of(index):.0f} s with {peak_of(index):,.0f} MB of memory"
    said = f"Spectra in an answer: {rows['median']:,.0f} ({rows['low']:,.0f} to {rows['high']:,.0f})."
    cells = [f"{found['ssap']['n_pool']:,}", f"{told['n']:,}", *waited]
    return f"{table(head, [cells])}\n\n{said} The server: {memory}. The index: {made}."


TABLES: dict[str, Callable[[Facts], str]] = {
    "goals": goals,
    "scoring": contest("scoring", "scoring"),
    "decisions": decisions,
    "scoring-growth": growth("scoring", "growth", "a pass", "network"),
    "training": contest("training", "an epoch"),
    "warm-start": warm_start,
    "choice": contest("round", "the choice"),
    "choice-memory": memory_of("round", "name"),
    "choice-growth": growth("round", "choice", "a choice"),
    "rounds": rounds,
    "steps": steps,
    "ingest-fits": contest("ingest", ".fits, warm"),
    "ingest-gz": contest("ingest", ".fits.gz, warm"),
    "ingest-cold": contest("ingest", ".fits, cold"),
    "ingest-reading": reading,
    "ingest-memory": memory_of("ingest", "layout", "workers"),
    "opening": opening,
    "reading": contest("pool", "reading"),
    "adding": adding,
    "cluster": cluster,
    "simulate": contest("simulate", "spectra"),
    "simulate-growth": growth("simulate", "surveys", "a survey"),
    "page": page,
    "page-load": page_load,
    "crossmatch": contest("crossmatch", "in memory"),
    "crossmatch-files": crossmatch,
    "crossmatch-memory": memory_of("crossmatch", "name"),
    "catalog-peer": contest("catalog", "read, measured and drawn"),
    "catalog": catalog,
    "ssap": ssap,
    "ssap-peer": contest("ssap", "circles"),
    "start": contest("import", "start"),
    "machines": machines,
    "limits": limits,
}


def main(results: Path = RESULTS, page: Path = PAGE) -> None:
    """Fill the page."""
    page.write_text(filled(page.read_text(encoding="utf-8"), TABLES, read(results)), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
