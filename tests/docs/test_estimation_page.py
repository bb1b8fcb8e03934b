"""The page about estimation (estimation.md) holds the figures that were measured, and these are what they are called."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json

import numpy as np
import pytest

from pages import REPOSITORY, blocks

PAGE = REPOSITORY / "docs" / "reference" / "estimation.md"
FIGURES = REPOSITORY / "benchmarks" / "results" / "coverage.json"
IMAGE = REPOSITORY / "docs" / "images" / "coverage_limits.py"

LEAST = 0.935
"""Of the share of audits whose limits of 95 % hold."""


@pytest.fixture(scope="module")
def found():
    return json.loads(FIGURES.read_text(encoding="utf-8"))


@pytest.fixture
def small(script, monkeypatch):
    """Return the modules of the simulation, for pools of 20,000."""
    modules = {name: script(f"coverage_{name}") for name in ("pools", "rounds", "audits")}
    for module in modules.values():
        monkeypatch.setattr(module, "N_SPECTRA", 20_000)
    monkeypatch.setattr(modules["pools"], "MEAN", -30.0)
    return modules


def covered(of):
    return of["n_covered"] / of["n"]


def test_the_tables_are_those_of_the_measured_figures(script, found):
    page = PAGE.read_text(encoding="utf-8")
    assert script("page_tables").filled(page, script("coverage_page").TABLES, found) == page


def test_the_program_of_the_page_prints_what_the_page_says():
    program, said = (block.text for block in blocks(PAGE)[:2])
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(program, str(PAGE), "exec"), {})
    assert printed.getvalue() == said


def test_the_figures_are_of_pools_and_audits_as_large_as_the_page_says(found):
    assert found["n_spectra"] == 4_136_482
    assert found["n_audits"] >= 2000
    for one in found["scores"]:
        assert [audit["labels"] for audit in one["audits"]] == [100, 300, 1000]
        for audit in one["audits"]:
            assert sum(stratum["n_spectra"] for stratum in audit["strata"]) == found["n_spectra"]
            assert sum(stratum["n_targets"] for stratum in audit["strata"]) == one["n_targets"]
            assert sum(stratum["n_drawn"] for stratum in audit["strata"]) == audit["labels"] + found["n_asked"]
    assert all(0.0005 < one["n_targets"] / found["n_spectra"] < 0.0015 for one in found["scores"] if "many" not in one["scores"])


def test_the_limits_hold_as_often_as_they_say_where_their_assumption_does(found):
    for one in found["scores"]:
        for audit in one["audits"]:
            ours = [audit["precision"]["spectrove"], audit["precision"]["betting"], audit["recall"]["design"]]
            if "clump" not in one["scores"]:
                ours.append(audit["recall"]["monotone"])
                assert covered(audit["missed"]["monotone"]) >= 1 - found["missed_alpha"] - 0.015
            assert min(covered(of) for of in ours) >= LEAST
            assert covered(audit["missed"]["design"]) >= 1 - found["missed_alpha"] - 0.015


def test_rows_that_are_drawn_hold_as_many_targets_as_their_strata_foretell(found):
    rows = [row for one in found["scores"] for row in one.get("drawn_rows", ())]
    assert len(rows) > 5
    assert all(abs(row["seen"] - row["expected"]) <= 3.5 * max(row["spread"], 1) for row in rows)


def test_limits_that_leave_out_the_truth_are_counted_on_their_side(script):
    pairs = [(0.1, 0.5), (0.3, 0.9), (0.4, 0.6), (0.1, 0.2)]
    told = script("coverage_audits").summary(pairs, 0.3)
    assert (told["n"], told["n_covered"], told["n_above"], told["n_below"]) == (4, 2, 1, 1)
    assert told["width"] == pytest.approx(0.3)


@pytest.mark.parametrize("name", ["calibrated", "shifted prior", "clump"])
def test_the_strata_of_a_made_pool_hold_all_of_it(small, name):
    pools = small["pools"]
    generator = np.random.default_rng(3)
    pool = pools.SCENARIOS[name](generator)
    asked = pool.asked()
    design = pools.design_of(pool, asked, 100, generator)
    members = pools.members_of(pool, asked, design.strata)
    assert np.array_equal(np.sort(np.concatenate(members)), np.arange(20_000))
    for rows, stratum, n_targets in zip(members, design.strata, design.n_targets, strict=True):
        assert (pool.score[rows].max(), pool.score[rows].min()) == pytest.approx((stratum.highest, stratum.lowest))
        assert pool.is_target[rows].sum() == n_targets
    assert sum(design.n_targets) == pool.n_targets


def test_a_search_asks_about_nobody_twice(small):
    generator = np.random.default_rng(4)
    pool = small["pools"].calibrated(generator)
    search = small["rounds"].Search(pool.is_target, generator)
    n_labeled = n_found = 0
    for one in small["rounds"].rounds_of(pool, 60, generator)[:4]:
        search.do(one)
        n_before, counts = search.looks[-1]
        assert n_before == n_found
        assert sum(count.n_spectra for count in counts) == 20_000 - n_labeled
        n_labeled += sum(count.n_sampled for count in counts)
        n_found += sum(count.n_events for count in counts)
    assert n_labeled == 4 * 160


def test_the_picture_shows_every_method_and_every_kind_of_scores(found):
    spec = importlib.util.spec_from_file_location("coverage_limits", IMAGE)
    image = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(image)
    figure = image.draw(found)
    shown = {text.get_text() for text in figure.legends[0].get_texts()}
    assert {"spectrove", "uniform sample", "normal approximation", "spectrove, monotone"} <= shown
    lines = figure.axes[4].get_lines()
    assert len(lines) == len(image.SCORES) * len(found["scores"][0]["audits"][0]["recall"])
