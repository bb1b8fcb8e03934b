"""Priors that a network learned and a population has; probabilities beside what happened."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove.evaluate import calibration, clopper_pearson
from spectrove.evaluate.calibration import (
    Reliability,
    effective_size,
    estimated_prior,
    expected_calibration_error,
    prior_corrected,
    reliability,
    training_prior,
)

CENTERS = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 3.0]])
UNIFORM = np.full(3, 1 / 3)
RARE = np.array([0.97, 0.02, 0.01])


def posterior(features, prior):
    """Return the true probabilities of three round clouds that are as frequent as a prior says."""
    likelihood = np.exp(-0.5 * ((features[:, None] - CENTERS) ** 2).sum(axis=2))
    return likelihood * prior / (likelihood * prior).sum(axis=1, keepdims=True)


def clouds(generator, n, prior):
    truth = generator.choice(3, n, p=prior)
    return truth, CENTERS[truth] + generator.normal(size=(n, 2))


def priors(n_classes):
    shares = st.lists(st.floats(0.01, 1), min_size=n_classes, max_size=n_classes)
    return shares.map(lambda values: np.array(values) / sum(values))


def rows(n_classes):
    return st.lists(priors(n_classes), min_size=1, max_size=20).map(np.array)


# -- priors ---------------------------------------------------------------------------------------------------------------------


def test_a_balanced_training_teaches_that_all_classes_there_are_equally_frequent():
    assert training_prior((5301, 1533, 6102), balanced=True).tolist() == pytest.approx([1 / 3] * 3)
    assert training_prior((53, 0, 61), balanced=True).tolist() == [0.5, 0, 0.5]
    assert training_prior((50, 0, 150), balanced=False).tolist() == [0.25, 0, 0.75]


@pytest.mark.parametrize("counts", [(), (0, 0), (3, -1)])
def test_a_training_without_examples_has_no_prior(counts):
    with pytest.raises(ValueError, match="a training set needs examples, and no negative number"):
        training_prior(counts, balanced=False)


def test_corrected_probabilities_are_those_of_who_knows_the_new_prior(generator):
    _, features = clouds(generator, 200, UNIFORM)
    np.testing.assert_allclose(prior_corrected(posterior(features, UNIFORM), UNIFORM, RARE), posterior(features, RARE))


@given(rows(3), priors(3), priors(3))
def test_a_correction_is_undone_by_its_reverse_and_an_idle_one_changes_nothing(probabilities, before, after):
    corrected = prior_corrected(probabilities, before, after)
    np.testing.assert_allclose(corrected.sum(axis=1), 1)
    np.testing.assert_allclose(prior_corrected(corrected, after, before), probabilities, rtol=1e-9)
    np.testing.assert_allclose(prior_corrected(probabilities, before, before), probabilities, rtol=1e-12)


def test_a_class_that_was_never_learned_stays_without_probability():
    before, after = np.array([0.5, 0.5, 0.0]), np.array([0.9, 0.1, 0.0])
    assert prior_corrected(np.array([[0.4, 0.4, 0.2]]), before, after)[0].tolist() == pytest.approx([0.9, 0.1, 0])
    with pytest.raises(ValueError, match="a class that was never learned cannot occur"):
        prior_corrected(np.array([[0.4, 0.4, 0.2]]), before, UNIFORM)
    with pytest.raises(ValueError, match="a spectrum has no probability for any class that occurs"):
        prior_corrected(np.array([[0.0, 0.0, 1.0]]), before, after)


@pytest.mark.parametrize(
    ("probabilities", "prior", "words"),
    [
        (np.ones((4, 3)) / 3, [0.5, 0.5], r"got \(4, 3\) and \(2,\)"),
        (np.ones(3) / 3, UNIFORM, r"got \(3,\) and \(3,\)"),
        (np.ones((4, 3)) / 3, [0.5, 0.6, -0.1], "no negative share and sum to 1"),
        (np.ones((4, 3)) / 3, [0.5, 0.3, 0.1], "no negative share and sum to 1"),
    ],
)
def test_a_prior_has_to_fit(probabilities, prior, words):
    with pytest.raises(ValueError, match=words):
        prior_corrected(probabilities, np.array(prior), np.array(prior))
    with pytest.raises(ValueError, match=words):
        estimated_prior(probabilities, np.array(prior))


@pytest.mark.parametrize("prior", [RARE, np.array([0.6, 0.3, 0.1]), UNIFORM])
def test_the_prior_of_a_population_is_found_from_its_predictions_alone(generator, prior):
    n = 50_000
    _, features = clouds(generator, n, prior)
    found = estimated_prior(posterior(features, UNIFORM).astype(np.float32), UNIFORM)
    assert found.sum() == pytest.approx(1)
    # Labels would tell it with this standard error; clouds that overlap cost half as much again.
    np.testing.assert_array_less(np.abs(found - prior), 4 * 1.5 * np.sqrt(prior * (1 - prior) / n))


def test_the_prior_is_the_most_likely_one(generator):
    _, features = clouds(generator, 3000, RARE)
    probabilities = posterior(features, UNIFORM)
    found = estimated_prior(probabilities, UNIFORM)

    def log_likelihood(prior):
        return np.log(probabilities @ (prior / UNIFORM)).sum()

    best = log_likelihood(found)
    for _ in range(200):
        other = 0.98 * found + 0.02 * generator.dirichlet(np.ones(3))
        assert log_likelihood(other) < best + calibration.NEGLIGIBLE


def test_the_prior_does_not_depend_on_blocks(generator, monkeypatch):
    _, features = clouds(generator, 1000, RARE)
    probabilities, weights = posterior(features, UNIFORM), generator.uniform(1, 5, 1000)
    expected = estimated_prior(probabilities, UNIFORM, weights)
    monkeypatch.setattr(calibration, "BLOCK_ROWS", 64)
    np.testing.assert_allclose(estimated_prior(probabilities, UNIFORM, weights), expected, rtol=1e-9)


def test_weights_undo_a_biased_draw(generator):
    truth, features = clouds(generator, 200_000, RARE)
    chance = np.where(truth == 0, 0.05, 0.5)
    drawn = generator.uniform(size=truth.size) < chance
    probabilities = posterior(features[drawn], UNIFORM)
    weighted = estimated_prior(probabilities, UNIFORM, 1 / chance[drawn])
    np.testing.assert_allclose(weighted, RARE, rtol=0.15)
    assert estimated_prior(probabilities, UNIFORM)[0] < 0.8


def test_a_class_that_does_not_occur_ends_up_with_next_to_nothing(generator):
    _, features = clouds(generator, 5000, np.array([0.7, 0.3, 0.0]))
    assert estimated_prior(posterior(features, UNIFORM), UNIFORM)[2] < 0.003


@pytest.mark.parametrize("weights", [np.ones(3), np.array([1.0, 0.0, 1.0, 1.0]), np.array([1.0, np.nan, 1.0, 1.0])])
def test_every_spectrum_needs_a_weight(weights):
    with pytest.raises(ValueError, match="every one of 4 spectra needs a positive weight"):
        estimated_prior(np.full((4, 2), 0.5), np.array([0.5, 0.5]), weights)


def test_without_spectra_there_is_no_prior():
    with pytest.raises(ValueError, match="every one of 0 spectra"):
        estimated_prior(np.empty((0, 2)), np.array([0.5, 0.5]))


# -- reliability ----------------------------------------------------------------------------------------------------------------


def draw(generator, n, truth_of=lambda probability: probability):
    """Return predicted probabilities of a population, and events of which these probabilities, or others, are true."""
    probability = generator.beta(0.4, 1.2, n)
    return probability, generator.uniform(size=n) < truth_of(probability)


def overconfident(probability):
    return 0.5 + 0.4 * (probability - 0.5)


def test_calibrated_predictions_have_an_error_near_zero_and_overconfident_ones_have_not(generator):
    n = 40_000
    probability, happened = draw(generator, n)
    assert expected_calibration_error(reliability(probability, happened, np.ones(n))) < 0.01
    probability, happened = draw(generator, n, overconfident)
    expected = np.mean(np.abs(overconfident(probability) - probability))
    assert expected_calibration_error(reliability(probability, happened, np.ones(n))) == pytest.approx(expected, abs=0.01)


def test_a_correction_for_the_prior_calibrates(generator):
    truth, features = clouds(generator, 40_000, RARE)
    learned = posterior(features, UNIFORM)
    corrected = prior_corrected(learned, UNIFORM, estimated_prior(learned, UNIFORM))
    errors = [
        expected_calibration_error(reliability(1 - probabilities[:, 0], truth > 0, np.ones(truth.size)))
        for probabilities in (learned, corrected)
    ]
    assert errors[0] > 0.03
    assert errors[1] < 0.005


def test_weights_tell_of_the_population_and_not_of_the_draw(generator):
    n = 200_000
    probability, happened = draw(generator, n)
    chance = np.where(happened, 0.3, 0.03)  # events are drawn ten times as often
    drawn = generator.uniform(size=n) < chance
    found = reliability(probability[drawn], happened[drawn], chance[drawn])
    naive = reliability(probability[drawn], happened[drawn], np.ones(drawn.sum()))
    assert expected_calibration_error(found) < 0.03
    assert expected_calibration_error(naive) > 0.15
    assert sum(one.n_spectra for one in found.bins) == pytest.approx(n, rel=0.03)


def test_with_equal_weights_the_limits_are_clopper_and_pearson_s(generator):
    probability, happened = draw(generator, 300, overconfident)
    for one in reliability(probability, happened, np.full(300, 0.01), level=0.9).bins:
        assert one.n_effective == pytest.approx(one.n_sampled)
        assert (one.lower, one.upper) == pytest.approx(clopper_pearson(one.n_events, one.n_sampled, 0.9), abs=1e-9)
        assert one.n_events == 0 or one.observed == pytest.approx(one.n_events / one.n_sampled)


def test_with_unequal_weights_the_limits_hold(generator):
    covered = []
    for _ in range(200):
        probability, happened = draw(generator, 3000, overconfident)
        chance = np.clip(2 * probability, 0.02, 1)
        drawn = generator.uniform(size=3000) < chance
        found = reliability(probability[drawn], happened[drawn], chance[drawn])
        place = np.minimum((10 * probability).astype(int), 9)
        shares = np.bincount(place, happened, minlength=10) / np.bincount(place, minlength=10)
        covered += [one.lower <= share <= one.upper for one, share in zip(found.bins, shares, strict=True)]
    assert np.mean(covered) >= 0.95


def test_every_label_is_in_one_bin():
    edges = (0, 0.001, 0.1, 1)
    found = reliability(np.array([0, 0.0005, 0.001, 0.05, 0.1, 1]), np.array([0, 0, 0, 1, 1, 1], dtype=bool), np.ones(6), edges)
    assert [(one.low, one.high, one.n_sampled, one.n_events) for one in found.bins] == [
        (0, 0.001, 2, 0),
        (0.001, 0.1, 2, 1),
        (0.1, 1, 2, 2),
    ]
    assert [one.observed for one in found.bins] == [0, 0.5, 1]
    assert found.bins[1].mean_probability == pytest.approx(0.0255)
    assert (found.bins[0].lower, found.bins[2].upper) == (0, 1)


def test_where_nothing_was_drawn_nothing_is_known():
    found = reliability(np.array([0.95]), np.array([True]), np.array([0.5]))
    empty = found.bins[0]
    assert (empty.n_sampled, empty.mean_probability, empty.observed, empty.lower, empty.upper) == (0, None, None, 0, 1)
    assert expected_calibration_error(found) == pytest.approx(0.05)
    assert expected_calibration_error(reliability(np.empty(0), np.empty(0, dtype=bool), np.empty(0))) is None


def test_a_reliability_is_plain_data(generator):
    probability, happened = draw(generator, 50)
    found = reliability(probability, happened, np.ones(50))
    assert isinstance(found, Reliability)
    assert json.loads(json.dumps(asdict(found)))["bins"][0]["n_sampled"] == found.bins[0].n_sampled


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"is_event": np.array([True])}, "must share one shape"),
        ({"probability": np.array([0.5, 1.2])}, "every probability must lie within the edges, from 0 to 1"),
        ({"inclusion_probabilities": np.array([0.5, 0.0])}, "every inclusion probability must be more than 0"),
        ({"edges": (0, 0.5, 0.5, 1)}, "edges must rise"),
        ({"edges": (1,)}, "edges must rise, and be at least two"),
        ({"level": 1.0}, "the confidence level must lie between 0 and 1"),
    ],
)
def test_what_cannot_be_is_refused(changes, words):
    given = {"probability": np.array([0.2, 0.7]), "is_event": np.array([False, True]), "inclusion_probabilities": np.ones(2)}
    with pytest.raises(ValueError, match=words):
        reliability(**(given | changes))


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=50))
def test_unequal_weights_are_worth_fewer_labels(weights):
    size = effective_size(np.array(weights))
    assert 1 - 1e-9 <= size <= len(weights) + 1e-9
    assert effective_size(3 * np.array(weights)) == pytest.approx(size)
    assert effective_size(np.ones(len(weights))) == pytest.approx(len(weights))
