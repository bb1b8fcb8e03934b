"""How many labels a wish needs."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectrove.evaluate import StratumCount, clopper_pearson, estimate_recall, total_estimate, total_upper
from spectrove.evaluate.planning import (
    FEWEST,
    interval_expected,
    labels_for_precision,
    labels_for_recall,
    labels_for_recall_limits,
    labels_for_undiscovered,
    recall_expected,
    recall_reckoned,
    reckoned_share,
)


def stratum(name, n_spectra, n_answered, n_events, n_sampled=None):
    return StratumCount(name, n_spectra, n_sampled or n_answered, n_answered, n_events)


HITS = (stratum("asked, predicted", 40, 40, 30), stratum("predicted", 1000, 60, 48))
MISSES = (
    stratum("asked, others", 60, 60, 6),
    stratum("others 1", 1000, 40, 4),
    stratum("others 2", 8000, 20, 0),
    stratum("others 3", 64000, 20, 0),
)


def spread(plans):
    return {plan.name: plan.n_labels for part in plans for plan in part}


# -- precision ------------------------------------------------------------------------------------------------------------------


@given(
    st.floats(0, 1),
    st.floats(0.01, 0.45),
    st.sampled_from([0.5, 0.9, 0.95, 0.99]),
    st.integers(1, 50_000),
)
def test_the_sample_has_the_wished_half_width_and_one_label_fewer_has_not(precision, half_width, level, n_population):
    n_labels = labels_for_precision(precision, half_width, level, n_population)
    assert 1 <= n_labels <= n_population
    lower, upper = interval_expected(precision, n_labels, level, n_population)
    assert upper - lower <= 2 * half_width + 1e-12
    if n_labels > 1:
        lower, upper = interval_expected(precision, n_labels - 1, level, n_population)
        assert upper - lower > 2 * half_width - 1e-12


@given(st.integers(1, 500), st.data(), st.sampled_from([0.9, 0.95]))
def test_the_expected_interval_of_a_whole_count_is_clopper_and_pearson_s(n_labels, data, level):
    n_correct = data.draw(st.integers(0, n_labels))
    found = interval_expected(n_correct / n_labels, n_labels, level, 10**9)
    assert found == pytest.approx(clopper_pearson(n_correct, n_labels, level), abs=1e-6)


def test_a_population_that_is_looked_at_as_a_whole_leaves_nothing_open():
    assert interval_expected(0.8, 40, 0.95, 40) == pytest.approx((0.8, 0.8))
    assert labels_for_precision(0.8, 0.001, 0.95, 40) == 40
    assert labels_for_precision(0.8, 0.05, 0.95, 0) == 0


def test_a_textbook_s_number_of_labels():
    # A half-width of 0.05 around one half: 385 by the normal approximation (Cochran 1977, sect. 4.4), exact limits take more.
    assert 385 <= labels_for_precision(0.5, 0.05, 0.95, 10**6) <= 410


@given(st.floats(0.5, 0.99), st.floats(0.02, 0.2))
def test_a_sharper_wish_and_a_larger_population_need_no_fewer_labels(precision, half_width):
    n_labels = labels_for_precision(precision, half_width, 0.95, 10_000)
    assert n_labels <= labels_for_precision(precision, half_width / 2, 0.95, 10_000)
    assert n_labels <= labels_for_precision(precision, half_width, 0.99, 10_000)
    assert n_labels <= labels_for_precision(precision, half_width, 0.95, 100_000)
    assert n_labels >= labels_for_precision(precision, half_width, 0.95, 100)


@pytest.mark.parametrize(
    ("precision", "half_width", "level", "n_population"),
    [(1.1, 0.05, 0.95, 10), (0.8, 0, 0.95, 10), (0.8, 0.5, 0.95, 10), (0.8, 0.05, 1, 10), (0.8, 0.05, 0.95, -1)],
)
def test_a_wish_that_cannot_be_is_refused(precision, half_width, level, n_population):
    with pytest.raises(ValueError, match="must lie between"):
        labels_for_precision(precision, half_width, level, n_population)


def test_a_small_sample_of_one_kind_is_no_proof_that_there_is_no_other():
    assert reckoned_share(24, 30) == 0.8
    assert reckoned_share(0, 9) == 0.05
    assert reckoned_share(9, 9) == 0.95
    assert reckoned_share(0, 0) == 0.5


# -- recall ---------------------------------------------------------------------------------------------------------------------


def estimates_of(generator, plans, n_found, n_campaigns):
    """Return the recall that audits by a plan estimate, of populations in which the reckoned rates are true."""
    found = []
    for _ in range(n_campaigns):
        counts = [
            [
                stratum(
                    plan.name,
                    plan.n_spectra,
                    plan.n_labels,
                    int(generator.hypergeometric(n_events, plan.n_spectra - n_events, plan.n_labels)),
                )
                for plan in part
                for n_events in [round(plan.rate * plan.n_spectra)]
            ]
            for part in plans
        ]
        hit, missed = (total_estimate(part) for part in counts)
        found.append((n_found + hit) / (n_found + hit + missed))
    return np.array(found)


@pytest.mark.parametrize("half_width", [0.03, 0.08])
def test_a_sample_by_the_plan_has_the_wished_half_width(generator, half_width):
    plans = labels_for_recall(HITS, MISSES, 300, half_width)
    estimates = estimates_of(generator, plans, 300, 4000)
    assert 1.96 * estimates.std() == pytest.approx(half_width, rel=0.12)


def test_no_other_allocation_of_as_many_labels_is_better(generator):
    plans = labels_for_recall(HITS, MISSES, 300, 0.05)
    open_ones = [plan for part in plans for plan in part if not plan.name.startswith("asked")]
    hits, misses = (sum(plan.rate * plan.n_spectra for plan in part) for part in plans)
    n_targets = 300 + hits + misses
    slopes = [misses if plan.name == "predicted" else 300 + hits for plan in open_ones]

    def variance(labels):
        return sum(
            (slope / n_targets**2) ** 2 * plan.n_spectra * (plan.n_spectra - n) * plan.rate * (1 - plan.rate) / n
            for plan, slope, n in zip(open_ones, slopes, labels, strict=True)
        )

    best = np.array([plan.n_labels for plan in open_ones], dtype=float)
    for _ in range(300):
        other = best * np.exp(generator.normal(0, 0.3, best.size))
        other *= best.sum() / other.sum()
        if np.all(other <= [plan.n_spectra for plan in open_ones]):
            assert variance(other) > variance(best) * 0.99


def test_half_the_width_needs_about_four_times_the_labels():
    wide, narrow = (sum(spread(labels_for_recall(HITS, MISSES, 300, width)).values()) for width in (0.08, 0.04))
    assert 3 < narrow / wide < 4


@given(st.floats(0.01, 0.4), st.integers(0, 2000))
def test_labels_stay_within_the_strata_and_no_stratum_is_free(half_width, n_found):
    for part, counts in zip(labels_for_recall(HITS, MISSES, n_found, half_width), (HITS, MISSES), strict=True):
        for plan, count in zip(part, counts, strict=True):
            assert (plan.name, plan.n_spectra, plan.n_answered) == (count.name, count.n_spectra, count.n_answered)
            if count.is_census:
                assert plan.n_more == 0
            else:
                assert FEWEST <= plan.n_labels <= count.n_spectra
                assert 0 < plan.rate < 1
            assert plan.n_more == max(0, plan.n_labels - count.n_answered)


def test_a_stratum_without_an_event_is_reckoned_to_hold_half_of_those_before_it():
    plans = labels_for_recall(HITS, MISSES, 300, 0.05)[1]
    events = [plan.rate * plan.n_spectra for plan in plans]
    assert events[:2] == pytest.approx([6, 100])
    assert events[2:] == pytest.approx([50, 25])
    none_seen = [stratum("others 1", 1000, 40, 0), stratum("others 2", 8000, 20, 0), stratum("others 3", 64000, 20, 0)]
    events = [plan.rate * plan.n_spectra for plan in labels_for_recall(HITS, none_seen, 300, 0.05)[1]]
    assert events == pytest.approx([500 / 41, 250 / 41, 125 / 41])
    tiny = [stratum("others 1", 1000, 999, 0), stratum("others 2", 8000, 20, 0)]
    events = [plan.rate * plan.n_spectra for plan in labels_for_recall(HITS, tiny, 300, 0.05)[1]]
    assert events == pytest.approx([0.5, 1])


def test_a_stratum_that_would_need_more_than_it_holds_is_taken_whole():
    small = [stratum("others 1", 20, 4, 2), stratum("others 2", 60_000, 20, 1)]
    plans = labels_for_recall(HITS, small, 300, 0.001)
    assert spread(plans)["others 1"] == 20
    assert spread(plans)["others 2"] <= 60_000


def test_the_recall_that_is_reckoned_with_is_the_estimate_where_all_strata_showed_both_kinds():
    both = (*MISSES[:2], stratum("others 2", 8000, 200, 1))
    plans = labels_for_recall(HITS, both, 300, 0.05)
    assert recall_reckoned(*plans, 300) == pytest.approx(estimate_recall(HITS, both, 300).estimate)
    assert recall_reckoned(*labels_for_recall(HITS, MISSES, 300, 0.05), 300) < estimate_recall(HITS, MISSES, 300).estimate
    assert recall_reckoned((), (), 0) is None


def test_a_search_that_knows_all_needs_no_label():
    known = (stratum("predicted", 40, 40, 30),)
    assert spread(labels_for_recall(known, (stratum("others 1", 50, 50, 2),), 0, 0.05)) == {"predicted": 40, "others 1": 50}
    assert spread(labels_for_recall((), (), 0, 0.05)) == {}


def test_limits_that_hold_for_any_counts_need_more_labels_and_are_narrow_enough_then():
    by_error = labels_for_recall(HITS, MISSES, 300, 0.1)
    by_limits = labels_for_recall_limits(HITS, MISSES, 300, 0.1)
    assert sum(spread(by_limits).values()) > sum(spread(by_error).values())
    lower, upper = recall_expected(*by_limits, 300, 0.95)
    assert upper - lower <= 0.2
    wide = recall_expected(*by_error, 300, 0.95)
    assert wide[1] - wide[0] > 0.2
    fewer = [[part.expected() for part in plans] for plans in labels_for_recall(HITS, MISSES, 300, 0.1)]
    assert wide == (estimate_recall(*fewer, 300).lower, estimate_recall(*fewer, 300).upper)


# -- undiscovered targets -------------------------------------------------------------------------------------------------------

NOTHING_SEEN = (stratum("others 1", 1000, 20, 0), stratum("others 2", 8000, 20, 0), stratum("others 3", 64000, 20, 0))


@settings(max_examples=20)
@given(st.integers(1, 2000), st.sampled_from([0.05, 0.02]))
def test_when_no_target_is_seen_the_limit_is_the_wished_number(number, alpha):
    plans = labels_for_undiscovered(NOTHING_SEEN, number, alpha)
    seen = [stratum(plan.name, plan.n_spectra, plan.n_labels, 0) for plan in plans]
    assert total_upper(seen, alpha) <= number
    if all(FEWEST < plan.n_labels < plan.n_spectra for plan in plans):
        fewer = [stratum(plan.name, plan.n_spectra, int(0.9 * plan.n_labels), 0) for plan in plans]
        assert total_upper(fewer, alpha) > number


def test_in_one_stratum_it_is_the_rule_of_three():
    (plan,) = labels_for_undiscovered([stratum("others 1", 100_000, 5, 0)], 100, 0.05)
    assert plan.n_labels == pytest.approx(3 * 100_000 / 100, rel=0.01)


def test_the_largest_strata_need_nearly_all():
    plans = labels_for_undiscovered(NOTHING_SEEN, 200, 0.05)
    labels = [plan.n_labels for plan in plans]
    assert all(small < large for small, large in pairwise(labels))
    assert labels[-1] > 0.8 * sum(labels)


def test_where_more_are_left_than_may_be_no_audit_can_tell_the_contrary():
    seen = [stratum("others 1", 1000, 40, 4)]  # 100 estimated, 4 of them found
    assert labels_for_undiscovered(seen, 95, 0.05) is None
    assert labels_for_undiscovered(seen, 96, 0.05) is not None


def test_what_is_asked_about_as_a_whole_is_found():
    asked, *plans = labels_for_undiscovered([stratum("asked", 60, 58, 6, 60), *NOTHING_SEEN], 5, 0.05)
    assert asked.n_more == 0
    assert plans == list(labels_for_undiscovered(NOTHING_SEEN, 5, 0.05))


@pytest.mark.parametrize(("number", "alpha"), [(0, 0.05), (10, 0.0), (10, 1.0)])
def test_certainty_is_refused(number, alpha):
    with pytest.raises(ValueError, match="at least 1 target must be allowed, and alpha lie between 0 and 1"):
        labels_for_undiscovered(NOTHING_SEEN, number, alpha)
