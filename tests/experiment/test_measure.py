"""What a search is worth: counts, shares, recall, and the candidates as the catalog lists them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove.campaign.loop import labeled_rows
from spectrove.catalog import candidates_of
from spectrove.experiment.measure import (
    Asked,
    asked_in,
    measure_prediction,
    measure_recall,
    recall_by_bins,
    share,
    trade_off,
)
from spectrove.experiment.truth import PoolTruth

CLASSES = ("single-peak", "double-peak", "not-interesting")
TARGETS = [0, 1]


def truth_from(labels, emits=None, objects=None, subtype_of=None) -> PoolTruth:
    labels = np.array(labels, dtype=np.int8)
    n = labels.size
    return PoolTruth(
        classes=CLASSES,
        labels=labels,
        is_target=labels < 2,
        emits=labels < 2 if emits is None else np.array(emits),
        subtypes=("be", "cv"),
        subtype_of=np.zeros(n, dtype=np.int16) if subtype_of is None else np.array(subtype_of, dtype=np.int16),
        objects=np.arange(n) if objects is None else np.array(objects),
        snr=np.full(n, 20.0, dtype=np.float32),
        visibility=np.full(n, 5.0, dtype=np.float32),
    )


codes = st.lists(st.integers(0, 2), min_size=1, max_size=40)


@given(codes, st.randoms(use_true_random=False))
def test_the_confusion_counts_every_spectrum_once_and_agrees_with_precision_and_recall(labels, random):
    predicted = np.array([random.randrange(3) for _ in labels])
    measured = measure_prediction(predicted, truth_from(labels), TARGETS)
    counts = np.array(measured["confusion"])
    assert counts.sum() == len(labels)
    assert (measured["precision"]["n"], measured["precision"]["of"]) == (counts[:2, :2].sum(), counts[:2].sum())
    assert (measured["recall"]["n"], measured["recall"]["of"]) == (counts[:2, :2].sum(), counts[:, :2].sum())
    assert [measured["by_class"][name]["n"] for name in CLASSES[:2]] == [counts[0, 0], counts[1, 1]]


def test_only_free_spectra_count():
    free = np.array([True, False, True, True])
    measured = measure_prediction(np.array([0, 0, 0, 2]), truth_from([0, 0, 2, 1]), TARGETS, free)
    assert (measured["precision"]["n"], measured["precision"]["of"]) == (1, 2)
    assert (measured["recall"]["n"], measured["recall"]["of"]) == (1, 2)


def test_a_share_without_trials_has_no_value_and_knows_nothing():
    assert share(0, 0) == {"n": 0, "of": 0, "value": None, "lower": 0.0, "upper": 1.0, "level": 0.95}


@given(st.integers(1, 200), st.data())
def test_the_limits_of_a_share_hold_it(of, data):
    fact = share(data.draw(st.integers(0, of)), of)
    assert 0 <= fact["lower"] <= fact["value"] <= fact["upper"] <= 1


def test_recall_tells_what_is_visible_from_what_emits_and_objects_from_spectra():
    truth = truth_from([0, 2, 1, 2], emits=[True, True, True, False], objects=[1, 1, 2, 3], subtype_of=[0, 0, 1, -1])
    found = np.array([True, True, False, True])
    recall = measure_recall(found, truth)
    assert (recall["visible"]["n"], recall["visible"]["of"]) == (1, 2)
    assert (recall["emits"]["n"], recall["emits"]["of"]) == (2, 3)
    assert (recall["objects"]["n"], recall["objects"]["of"]) == (1, 2)
    kinds = {row["subtype"]: (row["visible"]["n"], row["visible"]["of"], row["all"]["of"]) for row in recall["by_subtype"]}
    assert kinds == {"be": (1, 1, 2), "cv": (0, 1, 1)}


def test_one_object_is_found_if_one_of_its_exposures_is():
    recall = measure_recall(np.array([True, False]), truth_from([0, 0], objects=[4, 4]))
    assert (recall["objects"]["n"], recall["objects"]["of"]) == (1, 1)


def test_bins_hold_their_lower_limit_and_empty_ones_are_left_out():
    among = np.ones(4, dtype=bool)
    bins = recall_by_bins(np.array([True, False, True, True]), among, np.array([1.0, 1.5, 2.0, 99.0]), (1.0, 2.0, 3.0, 4.0))
    assert [(row["from"], row["to"], row["n"], row["of"]) for row in bins] == [(1.0, 2.0, 1, 2), (2.0, 3.0, 1, 1)]


@given(st.lists(st.tuples(st.sampled_from([-np.inf, 0.0, 1.0, 2.0, 3.0]), st.booleans()), min_size=1, max_size=30))
def test_each_point_of_a_trade_off_is_a_threshold_that_somebody_could_set(pairs):
    statistic, is_target = np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])
    curve = trade_off(statistic, is_target)
    possible = {
        (round((chosen & is_target).sum() / is_target.sum(), 5), round((chosen & is_target).sum() / chosen.sum(), 5))
        for threshold in statistic[np.isfinite(statistic)]
        if is_target.any() and (chosen := statistic >= threshold).any()
    }
    points = list(zip(curve["recall"], curve["precision"], strict=True))
    assert set(points) <= possible
    assert curve["recall"] == sorted(curve["recall"])
    assert bool(points) == bool(possible)


def test_answers_outrank_the_network_in_both_directions_once_they_are_given():
    asked = Asked(
        rows=np.array([0, 1, 2]),
        first=np.array([0, 0, 1]),
        queried=np.array([0, 0, 1]),
        audited=np.full(3, np.iinfo(np.int32).max),
        labels=np.array([2, 0, -1], dtype=np.int8),
        audit_trains=False,
        began=np.array([4]),
    )
    predicted = np.array([True, False, True, False, True])
    assert asked.candidates(predicted, TARGETS, 0).tolist() == [True, False, True, False, False]
    assert asked.candidates(predicted, TARGETS, 1).tolist() == [False, True, True, False, False]
    assert asked.gone(5, 1).tolist() == [True, True, False, False, True]
    assert asked.gone(5, 2).tolist() == [True, True, True, False, True], "what was abstained from has left the pool, too"


@pytest.mark.parametrize("iteration", [0, 1, 2])
def test_the_candidates_are_those_of_the_catalog_in_every_iteration(campaign, iteration):
    listed = set(candidates_of(campaign, iteration)[0]["spectrum_id"].to_pylist())
    scores, row = campaign.scores(iteration)
    mask = asked_in(campaign).candidates(np.isin(scores.predicted(), TARGETS), TARGETS, row.number)
    assert set(scores.spectrum_ids[mask]) == listed


def test_the_spectra_that_have_left_the_pool_are_those_of_the_campaign(campaign):
    asked = asked_in(campaign)
    assert (asked.gone(campaign.pool.n_spectra, campaign.iteration().number) == labeled_rows(campaign)).all()


def test_each_iteration_s_true_precision_is_of_the_population_that_was_audited(finished, campaign):
    measured = finished.phases.once("measures", dict)["iterations"]
    for row, facts in zip(campaign.store.iterations(), measured, strict=True):
        assert facts["precision"]["of"] == row.population["n_predicted_targets"]
