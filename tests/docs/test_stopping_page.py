"""The page about stopping holds the figures that were measured, and the campaigns behind them are what it says."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from pages import REPOSITORY
from spectrove.evaluate import Look, Paper2020Rule

PAGE = REPOSITORY / "docs" / "reference" / "stopping.md"
FIGURES = REPOSITORY / "benchmarks" / "results" / "stopping.json"


@pytest.fixture(scope="module")
def found():
    return json.loads(FIGURES.read_text(encoding="utf-8"))


def test_the_tables_are_those_of_the_measured_figures(script, found):
    page = PAGE.read_text(encoding="utf-8")
    assert script("page_tables").filled(page, script("stopping_page").TABLES, found) == page


def test_rules_with_a_promise_kept_it(found):
    kept = [row["stops"] for row in found["precision"] if row["rule"] == "precision-at-least" and row["is_false"]]
    promising = {"recall-at-least", "undiscovered-at-most"}
    kept += [row["false"] for row in found["recall"] if row["rule"] in promising and row["is_false"]]
    assert len(kept) >= 24 + 6
    assert min(share["of"] for share in kept) >= 2000
    assert max(share["upper"] for share in kept) < found["alpha"]


def test_the_paper_s_formula_agrees_with_its_simulation(found):
    assert {(row["precision"], row["n_looks"]) for row in found["paper"]} >= {(0.75, 18), (0.7, 18)}
    for row in found["paper"]:
        assert row["simulated"]["value"] == pytest.approx(row["computed"], abs=0.01)


def test_the_quick_question_left_out_no_stop(found):
    assert all(row["n_checked"] >= 10 and row["n_other"] == 0 for row in found["recall"])


def test_the_naive_limit_is_student_s(script):
    answers = np.array([1.0] * 25 + [0.0] * 5)
    expected = ttest_1samp(answers, 0, alternative="greater").confidence_interval(0.95).low
    assert script("stopping").students_limit(25, 30, 0.05) == pytest.approx(expected)


def test_a_precision_climbs_and_then_stays(script):
    course = script("stopping").course("climbs", 0.79, 18)
    assert (course[0], course[11], course[17]) == (0.5, 0.79, 0.79)
    assert np.all(np.diff(course[:12]) > 0)
    assert script("stopping").course("stays", 0.79, 3) == [0.79] * 3


def test_a_campaign_notes_when_each_rule_stops(script, generator):
    rules = {"soon": Paper2020Rule(0.5, 1), "later": Paper2020Rule(0.5, 4), "never": Paper2020Rule(0.5, 9)}
    assert script("stopping").campaign([1.0] * 6, 20, rules, generator) == {"soon": 1, "later": 4, "never": 0}


def test_the_counts_of_a_recall_campaign_add_up(script):
    recall = script("stopping_recall")
    for where in recall.WHERE:
        for number in range(recall.N_LOOKS):
            state = recall.state(number, 0.745, 300, where)
            assert state.n_found + sum(state.targets) == recall.N_TARGETS
            assert sum(state.sizes) == recall.N_POOL - number * 400
            assert all(0 <= targets <= size for targets, size in zip(state.targets, state.sizes, strict=True))
    n_missed = sum(state.targets[1:2] + state.targets[3:])
    assert 1 - n_missed / recall.N_TARGETS == pytest.approx(0.745)


def test_a_stop_is_false_where_its_promise_is_not_true(script, generator):
    recall = script("stopping_recall")
    for last, allowed in ((0.745, False), (0.9, True)):
        state = recall.state(20, last, 300, "hidden")
        look = recall.drawn(state, 20, 300, generator)
        assert isinstance(look, Look)
        assert [recall.is_allowed(recall.RULES[name], state, look) for name in ("recall-at-least", "undiscovered-at-most")] == [
            allowed
        ] * 2


def test_rules_that_could_stop_are_not_left_out(script):
    recall = script("stopping_recall")
    states = [recall.state(number, 0.98, 1000, "ranked") for number in (0, 3, 5, 6, 7)]
    quick, full = (recall.campaign(states, 1000, np.random.default_rng(3), quickly=quickly) for quickly in (True, False))
    assert quick == full
    assert full["recall-at-least"] > 0
