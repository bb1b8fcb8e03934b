"""The page about the compact network holds the figures that were measured, and these are what they are called."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, log_loss

from pages import REPOSITORY

PAGE = REPOSITORY / "docs" / "reference" / "compact-network.md"
FIGURES = REPOSITORY / "benchmarks" / "results" / "compact-accuracy.json"


@pytest.fixture
def measures(script):
    return script("compact_measures")


@pytest.fixture(scope="module")
def found():
    return json.loads(FIGURES.read_text(encoding="utf-8"))


def drawn(seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities of three classes, and the truth, of which a fifth is a target."""
    generator = np.random.default_rng(seed)
    truth = np.concatenate([[0, 1], generator.choice(3, n, p=[0.1, 0.1, 0.8])])
    return generator.dirichlet([0.6, 0.6, 1.5], n + 2) * 0.7 + 0.3 * np.eye(3)[truth], truth


def test_the_tables_are_those_of_the_measured_figures(script, found):
    page = PAGE.read_text(encoding="utf-8")
    assert script("page_tables").filled(page, script("compact_page").TABLES, found) == page


def test_the_figures_are_of_three_surveys_and_both_networks_were_trained_on_the_same(found):
    assert len(found["n_spectra"]) == 3
    assert min(found["n_spectra"]) > 199_000
    for labels, epochs in {"drawn": (8, 8), "asked": (12, 12)}.items():
        part = found["networks"][labels]
        assert len(part["seeds"]) == 3
        assert [part["trainings"][name]["n_epochs"] for name in ("compact", "paper-2020")] == [[number] for number in epochs]
        assert part["trainings"]["compact"]["n_balanced"] == part["trainings"]["paper-2020"]["n_balanced"]


def test_one_network_s_figures_are_those_of_scikit_learn(measures):
    probabilities, truth = drawn(1)
    is_target, is_found = truth != 2, probabilities.argmax(axis=1) != 2
    measured = measures.Ranked(probabilities, truth).measure(np.ones(truth.size))
    assert measured["average_precision"] == pytest.approx(average_precision_score(is_target, 1 - probabilities[:, 2]))
    assert measured["f1"] == pytest.approx(f1_score(is_target, is_found))
    assert measured["cross_entropy"] == pytest.approx(log_loss(truth, probabilities))
    assert measured["errors"] == (probabilities.argmax(axis=1) != truth).sum()


@pytest.mark.parametrize("seed", range(5))
def test_a_spectrum_of_weight_n_counts_as_n_spectra(measures, seed):
    probabilities, truth = drawn(seed)
    weights = np.concatenate([[1, 1], np.random.default_rng(seed).integers(0, 4, truth.size - 2)])
    weighted = measures.Ranked(probabilities, truth).measure(weights.astype(float))
    repeated = measures.Ranked(np.repeat(probabilities, weights, axis=0), np.repeat(truth, weights))
    expected = repeated.measure(np.ones(weights.sum()))
    expected["average_precision"] = average_precision_score(truth != 2, 1 - probabilities[:, 2], sample_weight=weights)
    assert weighted == pytest.approx(expected)


def test_exposures_of_one_object_are_drawn_together_and_those_of_none_alone(measures):
    groups = measures.clusters(np.array([7, -1, 3, 7, -1, 3]))
    assert groups[0] == groups[3] != groups[2] == groups[5]
    assert np.unique(groups).size == 4
    assert groups.max() == 3


def test_a_better_network_is_told_from_a_worse_one_and_equal_ones_are_not(measures, monkeypatch):
    monkeypatch.setattr(measures, "N_BOOTSTRAP", 100)
    pairs = []
    for seed in range(3):
        good, truth = drawn(seed, 400)
        poor = np.random.default_rng(seed).permutation(good)
        facts = {"seconds": 1.0, "loss": 0.5, "n_epochs": 12, "n_balanced": 9}
        free = np.arange(truth.size) > 0
        same = {"seed": seed, "truth": truth, "objects": np.arange(truth.size), "free": free}
        pairs.append({**same, "pair": {"good": (good, facts), "poor": (poor, facts), "same": (good, facts)}})
    rows = {row["quantity"]: row for row in measures.compare(pairs, "good", "poor")["quantities"]}
    assert rows["f1"]["bootstrap"][0] > 0
    assert rows["errors"]["bootstrap"][1] < 0 > rows["errors"]["over_seeds"][1]
    assert measures.mcnemar(pairs, "good", "poor")[-1]["p"] < 1e-6
    for row in measures.compare(pairs, "good", "same")["quantities"]:
        assert (row["difference"], row["bootstrap"], row["over_seeds"]) == (0, [0, 0], [0, 0])
    both = sum(int((pair["pair"]["good"][0].argmax(axis=1) != pair["truth"])[1:].sum()) for pair in pairs)
    assert measures.mcnemar(pairs, "good", "same")[-1] == {"seed": "all", "both": both, "good": 0, "same": 0, "p": 1.0}
