"""The page about speed holds the figures that were measured, and no others."""

from __future__ import annotations

import json
import re

import pytest

from pages import REPOSITORY

PAGE = REPOSITORY / "docs" / "benchmarks.md"
RESULTS = REPOSITORY / "benchmarks" / "results"


def contestant(name, seconds, n=1000, **work):
    rates = sorted(n / taken for taken in seconds)
    rate = {"median": rates[len(rates) // 2], "low": rates[0], "high": rates[-1]}
    return {"name": name, "n": n, "seconds": seconds, "rate": rate, "ratio": {"median": 1, "low": 1, "high": 1}, "work": work}


@pytest.fixture
def dask():
    """Return the results of a Dask cluster whose machine became ten times slower in the second turn."""
    rows = [
        contestant("in line", [1.0, 10.0, 1.0]),
        contestant("Dask, one worker", [1.02, 10.2, 1.02]),
        contestant("Dask, two workers", [0.5, 5.0, 0.5]),
    ]
    contest = {
        "title": "scoring in tasks",
        "unit": "rows",
        "turns": 3,
        "peer": "in line",
        "contestants": rows,
        "rows_a_task": 65_536,
    }
    contest |= {"n_tasks": 8, "same_bits": True, "start_seconds": 2.0}
    return {"cluster": {"benchmark": "cluster", "machine": {"limits": {}}, "contests": [contest]}}


def test_the_tables_are_those_of_the_measured_figures(script):
    speed_page = script("speed_page")
    page = PAGE.read_text(encoding="utf-8")
    assert speed_page.filled(page, speed_page.TABLES, speed_page.read(RESULTS)) == page


def test_what_is_not_measured_is_said_and_not_left_out(script):
    speed_page = script("speed_page")
    page = speed_page.filled(PAGE.read_text(encoding="utf-8"), speed_page.TABLES, {})
    assert page.count("not measured") == len(speed_page.GOALS)
    assert all(f"Not measured yet: `python benchmarks/bench_{name}.py`" in page for name in speed_page.BENCHMARKS)


def test_results_of_another_form_are_no_results(script, tmp_path):
    (tmp_path / "scoring.json").write_text(json.dumps({"surveys": []}))
    assert script("speed_page").read(tmp_path) == {}


def test_a_goal_is_measured_turn_by_turn_and_told_reached(script, dask):
    words, reached = script("speed_goals").dask(dask)
    assert words == "2.00 ×, overhead 2.0 % at 65,536 rows a task"
    assert reached
    assert re.search(r"Dask, two workers .*2\.00 ×.*\| yes \|", script("speed_page").goals(dask))


@pytest.mark.parametrize(("worker", "slower"), [(1, 1.06), (2, 1.3)])
def test_a_goal_that_is_missed_is_told_so(script, dask, worker, slower):
    row = dask["cluster"]["contests"][0]["contestants"][worker]
    row["seconds"] = [slower * taken for taken in row["seconds"]]
    assert not script("speed_goals").dask(dask)[1]
    assert "| **no** |" in script("speed_page").goals(dask)


def test_a_pool_that_is_smaller_than_the_papers_reaches_no_goal_of_it(script):
    rounds = [{"n_rows": 1_000_000, "seconds": [1.0], "prepared_seconds": 1.0, "memory": {"peak_mb": 1.0}}]
    assert script("speed_goals").one_round({"round": {"rounds": rounds}}) is None
    rounds.append({**rounds[0], "n_rows": 4_136_480, "seconds": [61.0]})
    assert script("speed_goals").one_round({"round": {"rounds": rounds}}) == ("61.0 s", False)


def test_the_share_of_a_limit_is_the_rate_times_what_a_row_takes(script):
    row = contestant("ours", [1.0], n=2000, fp32=5e6)
    contest = {"title": "scoring", "unit": "rows", "turns": 1, "peer": "ours", "contestants": [row]}
    found = {"scoring": {"machine": {"limits": {"fp32": 4e10}}, "contests": [contest]}}
    assert "| 25 % of fp32 |" in script("speed_page").TABLES["scoring"](found)


def test_memory_is_the_larger_of_what_was_seen_and_what_the_process_says(script):
    peak_of = script("speed_goals").peak_of
    assert peak_of({"memory": {"peak_mb": 3.0, "own_peak_mb": 2.0}}) == 3.0
    assert peak_of({"memory": {"own_peak_mb": 2.0}}) == 2.0


def test_make_runs_every_benchmark_and_the_page_shows_it(script):
    programs = {path.stem.removeprefix("bench_") for path in (REPOSITORY / "benchmarks").glob("bench_*.py")}
    run = re.search(r"^BENCHMARKS \?= (.+)$", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert programs == set(run[1].split()) == set(script("speed_page").BENCHMARKS)
