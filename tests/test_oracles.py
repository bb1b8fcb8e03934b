"""Oracles that answer simulated campaigns."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from scipy.stats import binomtest

from spectrove.errors import LabelsError
from spectrove.oracles import NoisyOracle, TruthTableOracle

CLASSES = ("single-peak", "double-peak", "not-interesting")


@pytest.fixture
def truth():
    return {f"lamost:{number}": CLASSES[number % 3] for number in range(3000)}


def noisy(truth, error_rate, abstention_rate, seed=5):
    return NoisyOracle(TruthTableOracle(truth), CLASSES, error_rate, abstention_rate, np.random.default_rng(seed))


def test_the_truth_table_answers_in_the_order_of_the_questions():
    oracle = TruthTableOracle({"a:1": "x", "a:2": "y"}, name="labels.csv")

    assert oracle.ask(["a:2", "a:1", "a:2"]) == ["y", "x", "y"]
    assert oracle.name == "labels.csv"
    assert oracle.n_unknown == 0


def test_the_truth_table_abstains_from_what_it_does_not_know_and_counts_it_once():
    oracle = TruthTableOracle({"a:1": "x", "a:2": None})

    assert oracle.ask(["a:9", "a:1", "a:2"]) == [None, "x", None]
    assert oracle.ask(["a:9", "a:8"]) == [None, None]
    assert oracle.n_unknown == 2


def test_a_table_changed_later_does_not_change_the_oracle():
    labels = {"a:1": "x"}
    oracle = TruthTableOracle(labels)
    labels["a:1"] = "y"

    assert oracle.ask(["a:1"]) == ["x"]


def test_the_labels_of_the_real_lamost_files_come_back_as_they_stand_in_the_table(shared_data):
    with (shared_data / "lamost" / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    oracle = TruthTableOracle({row["file"]: row["label"] for row in rows})

    assert oracle.ask([row["file"] for row in reversed(rows)]) == [row["label"] for row in reversed(rows)]
    assert oracle.n_unknown == 0
    assert {row["label"] for row in rows} == set(CLASSES)


def test_a_noisy_oracle_without_noise_tells_the_truth(truth):
    assert noisy(truth, 0, 0).ask(list(truth)) == list(truth.values())


def test_a_noisy_oracle_that_always_errs_never_tells_the_truth_and_one_that_always_abstains_says_nothing(truth):
    assert all(said not in {label, None} for said, label in zip(noisy(truth, 1, 0).ask(list(truth)), truth.values(), strict=True))
    assert set(noisy(truth, 1, 1).ask(list(truth))) == {None}


def test_a_noisy_oracle_errs_and_abstains_at_its_rates_and_errs_evenly(truth):
    said = noisy(truth, 0.1, 0.2).ask(list(truth))

    labels = list(truth.values())
    n_silent = said.count(None)
    wrong = [(label, answer) for label, answer in zip(labels, said, strict=True) if answer not in {None, label}]
    assert binomtest(n_silent, 3000, 0.2).pvalue > 1e-3
    assert binomtest(len(wrong), 3000 - n_silent, 0.1).pvalue > 1e-3
    for label in CLASSES:
        answers = [answer for actual, answer in wrong if actual == label]
        others = [name for name in CLASSES if name != label]
        assert binomtest(answers.count(others[0]), len(answers), 0.5).pvalue > 1e-3


def test_a_noisy_oracle_says_the_same_of_a_spectrum_however_often_and_in_whatever_order_it_is_asked(truth):
    oracle = noisy(truth, 0.3, 0.3)
    said = dict(zip(truth, oracle.ask(list(truth)), strict=True))
    order = sorted(truth, reverse=True)

    assert oracle.ask(order) == [said[spectrum_id] for spectrum_id in order]
    assert noisy(truth, 0.3, 0.3).ask(order[:7]) == [said[spectrum_id] for spectrum_id in order[:7]]


def test_another_seed_errs_elsewhere(truth):
    assert noisy(truth, 0.3, 0.3, seed=6).ask(list(truth)) != noisy(truth, 0.3, 0.3).ask(list(truth))


def test_what_the_truth_abstains_from_stays_an_abstention():
    assert noisy({"a:1": None}, 1, 0).ask(["a:1", "a:2"]) == [None, None]


def test_a_true_label_outside_the_classes_is_refused_by_name():
    with pytest.raises(LabelsError, match="truth table: a:1 is labeled 'nebula', expected one of"):
        noisy({"a:1": "nebula"}, 0, 0).ask(["a:1"])


@pytest.mark.parametrize(
    ("classes", "error_rate", "abstention_rate"), [(CLASSES, 1.1, 0), (CLASSES, 0, -0.1), (CLASSES[:1], 0, 0), (("a", "a"), 0, 0)]
)
def test_impossible_rates_and_classes_are_refused(classes, error_rate, abstention_rate, generator):
    with pytest.raises(ValueError, match=r"must lie between 0 and 1|at least two different classes"):
        NoisyOracle(TruthTableOracle({}), classes, error_rate, abstention_rate, generator)
