"""Precision and recall, their limits, and the confusion matrix."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove.evaluate import (
    PrecisionEstimate,
    add_asked,
    clopper_pearson,
    confusion_matrix,
    estimate_class_precision,
    estimate_precision,
    lower_limit,
    precision_recall,
)

SINGLE, DOUBLE, BORING = "single-peak", "double-peak", "not-interesting"
TARGETS = (SINGLE, DOUBLE)


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
    assert (found.lower, found.upper) == clopper_pearson(8, 10)
    assert (found.worst_lower, found.worst_upper) == (found.lower, found.upper)
    assert found.method == "simple random sample of 10 of 500 predicted targets (8 right); Clopper-Pearson limits of 95 %"


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
    assert found.method == "all 4 predicted targets looked at (3 right), so the number is exact"


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


# -- some were asked about anyway -----------------------------------------------------------------------------------------------


@st.composite
def samples(draw):
    """Return the estimate of a sample of predicted targets that nobody asked about before."""
    answers = draw(st.lists(st.sampled_from([SINGLE, BORING, None]), max_size=30))
    return estimate_precision([SINGLE] * len(answers), answers, len(answers) + draw(st.integers(0, 50)), TARGETS)


@st.composite
def asked(draw):
    """Return how many were asked about anyway, have a label and are right."""
    return tuple(sorted(draw(st.lists(st.integers(0, 20), min_size=3, max_size=3)), reverse=True))


def test_those_asked_about_anyway_are_counted_one_by_one_and_the_sample_stands_for_the_rest():
    rest = estimate_precision([SINGLE] * 40, [SINGLE] * 36 + [BORING] * 4, 900, TARGETS)

    found = add_asked(rest, 100, 100, 60)

    assert (found.n_predicted, found.n_asked, found.n_asked_answered, found.n_asked_correct) == (1000, 100, 100, 60)
    assert found.estimate == pytest.approx((60 + 900 * 0.9) / 1000)
    lower, upper = clopper_pearson(36, 40)
    assert (found.lower, found.upper) == pytest.approx(((60 + 900 * lower) / 1000, (60 + 900 * upper) / 1000))
    assert (found.worst_lower, found.worst_upper) == (found.lower, found.upper)
    assert found.method.startswith(
        "all 100 that were asked about anyway (60 right); of the others: simple random sample of 40 of 900"
    )
    assert found.lower_at(0.05) == pytest.approx((60 + 900 * lower_limit(36, 40, 0.05)) / 1000)


def test_a_missing_label_among_them_is_the_worst_case_in_the_limits_and_left_out_of_the_estimate():
    rest = estimate_precision([SINGLE] * 40, [SINGLE] * 36 + [BORING] * 4, 900, TARGETS)
    lower, upper = clopper_pearson(36, 40)

    found = add_asked(rest, 100, 90, 60)

    assert found.estimate == pytest.approx((100 * 60 / 90 + 900 * 0.9) / 1000)
    assert (found.lower, found.upper) == pytest.approx(((60 + 900 * lower) / 1000, (70 + 900 * upper) / 1000))
    assert "(60 right, 10 without a label, the worst case in the limits)" in found.method


def test_where_all_predicted_targets_were_asked_about_anyway_the_precision_is_exact():
    found = add_asked(estimate_precision([], [], 0, TARGETS), 40, 40, 30)

    assert found.lower == found.estimate == found.upper == found.worst_lower == found.worst_upper == found.lower_at(0.05) == 0.75
    assert found.method == "all 40 that were asked about anyway (30 right), so the number is exact"


def test_where_some_were_asked_about_anyway_and_nobody_else_the_rest_is_open():
    found = add_asked(estimate_precision([], [], 60, TARGETS), 40, 40, 30)

    assert found.estimate is None
    assert (found.lower, found.upper, found.lower_at(0.05)) == (0.3, 0.9, 0.3)


def test_where_none_was_asked_about_anyway_nothing_is_added():
    rest = estimate_precision([SINGLE], [SINGLE], 9, TARGETS)

    assert add_asked(rest, 0, 0, 0) is rest


@pytest.mark.parametrize("numbers", [(3, 4, 1), (3, 2, 3), (3, 2, -1)])
def test_numbers_asked_about_anyway_that_rise_are_refused(numbers):
    with pytest.raises(ValueError, match="asked, answered and correct must not rise"):
        add_asked(estimate_precision([], [], 9, TARGETS), *numbers)


@given(samples(), asked())
def test_limits_of_both_together_are_in_order_and_hold_the_estimate(rest, numbers):
    found = add_asked(rest, *numbers)

    assert 0 <= found.worst_lower <= found.lower <= found.upper <= found.worst_upper <= 1
    if found.estimate is not None:
        assert found.lower - 1e-12 <= found.estimate <= found.upper + 1e-12
    assert PrecisionEstimate(**json.loads(json.dumps(dataclasses.asdict(found), allow_nan=False))) == found


@given(samples(), asked(), st.sampled_from([0.2, 0.025, 1e-4]))
def test_a_one_sided_limit_is_the_lower_end_of_the_two_sided_one_at_twice_the_risk(rest, numbers, alpha):
    found = add_asked(rest, *numbers)
    labels = [SINGLE] * rest.n_correct + [BORING] * (rest.n_answered - rest.n_correct)
    answers = [*labels, *[None] * rest.n_abstained]

    again = estimate_precision([SINGLE] * rest.n_sampled, answers, rest.n_predicted, TARGETS, 1 - 2 * alpha)

    assert found.lower_at(alpha) == pytest.approx(add_asked(again, *numbers).lower, abs=1e-12)
    assert found.lower_at(alpha / 10) <= found.lower_at(alpha)


def test_limits_with_many_asked_about_anyway_cover_the_truth(generator):
    """100 of 400 predicted targets were asked about, 30 of them right; of the others 240 are, and 50 are drawn."""
    n_wrong = 0
    for n_correct in generator.hypergeometric(240, 60, 50, size=500).tolist():
        rest = estimate_precision([SINGLE] * 50, [SINGLE] * n_correct + [BORING] * (50 - n_correct), 300, TARGETS)
        found = add_asked(rest, 100, 100, 30)
        n_wrong += not found.lower <= 270 / 400 <= found.upper

    assert n_wrong <= 0.05 * 500


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
    assert found.precision_limits == clopper_pearson(2, 3)
    assert found.recall_limits == clopper_pearson(2, 4)


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
