"""Precision and recall, their limits, and the confusion matrix."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from spectrove.evaluate import (
    PrecisionEstimate,
    confusion_matrix,
    estimate_class_precision,
    estimate_precision,
    precision_interval,
    precision_recall,
)

SINGLE, DOUBLE, BORING = "single-peak", "double-peak", "not-interesting"
TARGETS = (SINGLE, DOUBLE)


@st.composite
def proportions(draw):
    n = draw(st.integers(1, 400))
    return draw(st.integers(0, n)), n, draw(st.sampled_from([0.5, 0.9, 0.95, 0.99]))


@given(proportions())
def test_the_limits_are_those_of_scipy_s_exact_test(proportion):
    n_correct, n, level = proportion

    expected = binomtest(n_correct, n).proportion_ci(level, method="exact")

    assert precision_interval(n_correct, n, level) == pytest.approx((expected.low, expected.high), abs=1e-9)


@given(proportions())
def test_at_a_limit_the_count_lies_at_the_edge_of_its_tail(proportion):
    n_correct, n, level = proportion
    lower, upper = precision_interval(n_correct, n, level)

    if n_correct > 0:
        assert binom.sf(n_correct - 1, n, lower) == pytest.approx((1 - level) / 2, rel=1e-6)
    if n_correct < n:
        assert binom.cdf(n_correct, n, upper) == pytest.approx((1 - level) / 2, rel=1e-6)


def test_the_limits_of_25_of_30_are_those_of_the_textbook():
    lower, upper = precision_interval(25, 30)

    assert (round(lower, 2), round(upper, 2)) == (0.65, 0.94)


def test_without_trials_nothing_is_known():
    assert precision_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("n_correct", "n", "level"), [(-1, 3, 0.95), (4, 3, 0.95), (1, 3, 1.0), (1, 3, 0.0), (1, 3, 95)])
def test_impossible_counts_and_levels_are_refused(n_correct, n, level):
    with pytest.raises(ValueError, match="must lie between 0 and"):
        precision_interval(n_correct, n, level)


@pytest.mark.parametrize("truth", [0.05, 0.5, 0.8, 0.93, 0.99])
@pytest.mark.parametrize("n_sampled", [30, 200])
def test_limits_of_95_percent_cover_the_truth_in_at_least_93_5_percent_of_2000_audits(truth, n_sampled):
    """Each audit draws without replacement from 4,161 predicted targets, as many as the paper had."""
    generator = np.random.default_rng([int(1000 * truth), n_sampled])
    n_predicted = 4161
    n_true = round(truth * n_predicted)
    limits = []
    for k in range(n_sampled + 1):
        found = estimate_precision([SINGLE] * n_sampled, [SINGLE] * k + [BORING] * (n_sampled - k), n_predicted, TARGETS)
        limits.append((found.lower, found.upper))

    lower, upper = np.array(limits)[generator.hypergeometric(n_true, n_predicted - n_true, n_sampled, size=2000)].T

    covered = (lower <= n_true / n_predicted) & (n_true / n_predicted <= upper)
    assert covered.mean() >= 0.935


def test_a_predicted_target_is_correct_if_its_label_is_any_target():
    """Eq. 2 counts target spectra; the confusion of single with double peaks is counted beside it, as in Table 1."""
    predicted = [SINGLE] * 6 + [DOUBLE] * 4
    answers = [SINGLE, SINGLE, SINGLE, DOUBLE, DOUBLE, BORING, DOUBLE, DOUBLE, SINGLE, BORING]

    found = estimate_precision(predicted, answers, 500, TARGETS)

    assert (found.n_sampled, found.n_answered, found.n_abstained) == (10, 10, 0)
    assert (found.n_correct, found.n_same_class) == (8, 5)
    assert found.estimate == 0.8
    assert (found.lower, found.upper) == precision_interval(8, 10)
    assert (found.worst_lower, found.worst_upper) == (found.lower, found.upper)
    assert found.method == "simple random sample of 10 of 500 predicted targets; Clopper-Pearson limits of 95 %"


def test_each_class_has_a_precision_of_its_own_in_which_only_that_class_is_correct():
    predicted = [SINGLE] * 6 + [DOUBLE] * 4
    answers = [SINGLE, SINGLE, SINGLE, DOUBLE, None, BORING, DOUBLE, DOUBLE, SINGLE, BORING]

    found = estimate_class_precision(predicted, answers, {SINGLE: 300, DOUBLE: 4})

    assert list(found) == [SINGLE, DOUBLE]
    assert (found[SINGLE].n_correct, found[SINGLE].n_answered, found[SINGLE].n_abstained) == (3, 5, 1)
    assert found[SINGLE].n_predicted == 300
    assert (found[DOUBLE].estimate, found[DOUBLE].lower, found[DOUBLE].upper) == (0.5, 0.5, 0.5)


@given(st.lists(st.sampled_from([SINGLE, DOUBLE, BORING, None]), min_size=1, max_size=40), st.integers(0, 3))
def test_abstentions_are_left_out_and_bounded_by_the_worst_cases(answers, rest):
    found = estimate_precision([SINGLE] * len(answers), answers, len(answers) + rest, TARGETS)

    wrong = estimate_precision([SINGLE] * len(answers), [a or BORING for a in answers], len(answers) + rest, TARGETS)
    right = estimate_precision([SINGLE] * len(answers), [a or SINGLE for a in answers], len(answers) + rest, TARGETS)
    said = [answer for answer in answers if answer is not None]
    assert (found.n_answered, found.n_abstained) == (len(said), len(answers) - len(said))
    assert found.estimate == (sum(answer in TARGETS for answer in said) / len(said) if said else None)
    assert (found.worst_lower, found.worst_upper) == (wrong.lower, right.upper)
    assert found.worst_lower <= found.lower <= found.upper <= found.worst_upper
    if found.estimate is not None:
        assert found.lower <= found.estimate <= found.upper


def test_a_sample_of_everything_is_exact():
    found = estimate_precision([SINGLE] * 4, [SINGLE, DOUBLE, BORING, SINGLE], 4, TARGETS)

    assert (found.lower, found.estimate, found.upper) == (0.75, 0.75, 0.75)
    assert found.method == "all 4 predicted targets looked at, so the number is exact"


def test_an_abstention_in_a_sample_of_everything_leaves_the_two_cases_open():
    found = estimate_precision([SINGLE] * 4, [SINGLE, None, BORING, SINGLE], 4, TARGETS)

    assert (found.worst_lower, found.worst_upper) == (0.5, 0.75)
    assert (found.lower, found.estimate, found.upper) == (0.5, 2 / 3, 0.75)


def test_limits_do_not_contradict_what_was_seen_of_a_small_population():
    found = estimate_precision([SINGLE] * 9, [SINGLE] * 6 + [BORING] * 3, 10, TARGETS)

    assert (found.lower, found.upper) == (0.6, 0.7)


def test_nothing_predicted_or_nothing_answered_leaves_the_precision_unknown():
    for found in (estimate_precision([], [], 0, TARGETS), estimate_precision([SINGLE], [None], 90, TARGETS)):
        assert found.estimate is None
        assert (found.lower, found.upper) == (0.0, 1.0)


def test_an_estimate_travels_through_json():
    found = estimate_precision([SINGLE, DOUBLE], [BORING, None], 90, TARGETS)

    assert PrecisionEstimate(**json.loads(json.dumps(dataclasses.asdict(found), allow_nan=False))) == found


@pytest.mark.parametrize(
    ("predicted", "answers", "n_predicted", "complaint"),
    [
        ([SINGLE], [], 10, "got 1 spectra and 0 answers"),
        ([SINGLE, SINGLE], [None, None], 1, r"cannot be larger \(2\) than its population \(1\)"),
        ([BORING], [BORING], 10, "predicted targets only .* got not-interesting"),
    ],
)
def test_a_sample_that_cannot_be_one_is_refused(predicted, answers, n_predicted, complaint):
    with pytest.raises(ValueError, match=complaint):
        estimate_precision(predicted, answers, n_predicted, TARGETS)
    with pytest.raises(ValueError, match=complaint):
        estimate_class_precision(predicted, answers, dict.fromkeys(TARGETS, n_predicted))


def test_precision_and_recall_of_a_known_truth_count_targets_against_the_rest():
    truth = [SINGLE, DOUBLE, DOUBLE, SINGLE, BORING, BORING, None]
    predicted = [DOUBLE, DOUBLE, BORING, BORING, SINGLE, BORING, SINGLE]

    found = precision_recall(truth, predicted, TARGETS)

    assert (found.n_true_positive, found.n_predicted, found.n_targets, found.n_unknown) == (2, 3, 4, 1)
    assert (found.precision, found.recall) == (2 / 3, 0.5)
    assert found.precision_limits == precision_interval(2, 3)
    assert found.recall_limits == precision_interval(2, 4)


def test_where_there_is_no_target_there_is_no_recall_and_where_none_is_predicted_no_precision():
    assert precision_recall([BORING], [SINGLE], TARGETS).recall is None
    assert precision_recall([SINGLE], [BORING], TARGETS).precision is None


def test_truth_and_predictions_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="got 1 and 0"):
        precision_recall([BORING], [], TARGETS)
    with pytest.raises(ValueError, match="got 1 and 0"):
        confusion_matrix([BORING], [], TARGETS)


def test_the_confusion_matrix_is_laid_out_as_table_1_of_the_paper():
    counts = {(SINGLE, SINGLE): 3484, (SINGLE, DOUBLE): 53, (SINGLE, BORING): 37}
    counts |= {(DOUBLE, SINGLE): 18, (DOUBLE, DOUBLE): 548, (DOUBLE, BORING): 21}
    pairs = [pair for pair, count in counts.items() for _ in range(count)]
    predicted, truth = zip(*pairs, strict=True)

    matrix = confusion_matrix([*truth, None], [*predicted, SINGLE], (SINGLE, DOUBLE, BORING))

    assert matrix.counts.tolist() == [[3484, 53, 37], [18, 548, 21], [0, 0, 0]]
    assert np.round(100 * matrix.fractions()[:2], 1).tolist() == [[97.5, 1.5, 1.0], [3.1, 93.4, 3.6]]
    assert np.isnan(matrix.fractions()[2]).all()
    assert precision_recall(truth, predicted, TARGETS).n_true_positive == 4161 - 58


def test_a_label_that_is_no_class_is_refused_by_name():
    with pytest.raises(ValueError, match="got nebula"):
        confusion_matrix(["nebula"], [SINGLE], TARGETS)
