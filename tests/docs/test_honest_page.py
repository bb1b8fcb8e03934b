"""The page about whole campaigns holds the figures that were measured, and these are what they are called."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from scipy.stats import ttest_1samp

from pages import REPOSITORY

PAGE = REPOSITORY / "docs" / "reference" / "honest-campaigns.md"
FIGURES = REPOSITORY / "benchmarks" / "results" / "honest-campaigns.json"


@pytest.fixture(scope="module")
def found():
    return json.loads(FIGURES.read_text(encoding="utf-8"))


@pytest.fixture
def page(script):
    return script("honest_page")


def test_the_tables_are_those_of_the_measured_figures(script, page, found):
    text = PAGE.read_text(encoding="utf-8")
    assert script("page_tables").filled(text, page.TABLES, found) == text


def test_the_figure_is_there():
    assert "](../images/honest-campaigns.png)" in PAGE.read_text(encoding="utf-8")
    assert (REPOSITORY / "docs" / "images" / "honest-campaigns.png").is_file()


def test_both_protocols_had_as_many_answers(page, found):
    pairs = list(zip(page.searches_of(found, "paper"), page.searches_of(found, "ours"), strict=True))
    assert len({paper["survey"] for paper, _ in pairs}) >= 3
    for paper, ours in pairs:
        assert (paper["survey"], paper["seed"]) == (ours["survey"], ours["seed"])
        assert paper["final"]["n_answers"] - 30 <= ours["final"]["n_answers"] <= paper["final"]["n_answers"]


def test_the_truth_is_inside_closed_limits(page):
    said = {"truth": 0.5, "lower": 0.5, "upper": 0.7, "monotone_lower": 0.6}
    assert page.is_inside(said)
    assert not page.is_inside(said, "monotone_lower")
    assert not page.is_inside({**said, "truth": 0.71})


def test_shares_that_rise_once_break_the_assumption(page):
    strata = [{"n_targets": n, "n_spectra": 100} for n in (9, 4, 4)]
    assert page.falls(strata)
    assert not page.falls([*strata, {"n_targets": 5, "n_spectra": 100}])


def test_limits_of_a_mean_difference_are_those_of_student(page):
    values = [0.01, -0.02, 0.03, 0.005]
    expected = ttest_1samp(values, 0).confidence_interval(0.95)
    assert page.limits_of_mean(values) == pytest.approx((expected.low, expected.high))


def test_differences_are_taken_survey_by_survey(page):
    values = {("paper", 1): (1.0, 3.0), ("ours", 1): (4.0, 4.0), ("paper", 2): (5.0, 5.0), ("ours", 2): (5.0, 7.0)}
    searches = [
        {"protocol": protocol, "survey": survey, "seed": seed, "final": {"worth": worth}}
        for (protocol, survey), pair in values.items()
        for seed, worth in enumerate(pair, 1)
    ]
    told = page.differences({"searches": searches}, lambda final: final["worth"])
    assert told == ([2.0, 5.0], [4.0, 6.0], [2.0, 1.0])


@pytest.mark.slow
def test_the_program_runs_and_fills_its_tables(script, page, tmp_path):
    output = tmp_path / "found.json"
    command = [sys.executable, str(REPOSITORY / "benchmarks" / "honest_campaigns.py"), str(tmp_path / "work"), str(output)]
    options = ["--quick", "--surveys", "2", "--seeds", "1"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-4000:]
    made = json.loads(output.read_text(encoding="utf-8"))
    assert [search["protocol"] for search in made["searches"]] == ["paper", "ours", "thorough"] * 2
    for search in made["searches"]:
        for row in search["rounds"]:
            precision, shares = row["precision"][""], row["shares"]
            assert 0 <= precision["lower"] <= precision["estimate"] <= precision["upper"] <= 1
            if shares:
                assert sum(stratum["n_targets"] for stratum in shares) <= row["recall"][""]["missed"]
    text = script("page_tables").filled(PAGE.read_text(encoding="utf-8"), page.TABLES, made)
    assert "single peak" in text
    page.draw(made, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 5000
