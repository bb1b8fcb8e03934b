"""The share of all targets that is found: counts, estimates, limits."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectrove.contracts import Stratum
from spectrove.evaluate import (
    AuditSample,
    RecallEstimate,
    StratumCount,
    StratumMisses,
    count_hits_and_misses,
    estimate_recall,
    lower_limit,
    recall_lower,
    total_lower,
    total_upper,
    upper_limit,
)
from spectrove.evaluate.recall import HIT_SHARE

SINGLE, DOUBLE, BORING = "single-peak", "double-peak", "not-interesting"
TARGETS = (SINGLE, DOUBLE)
STRATA = (
    Stratum("asked, predicted", 2, is_predicted=True, is_census=True),
    Stratum("asked, others", 2, is_predicted=False, is_census=True),
    Stratum("predicted", 40, is_predicted=True),
    Stratum("others 1", 300, is_predicted=False),
)


def asked(*questions):
    """Return a sample of (stratum, predicted class, label)."""
    places, predicted, answers = zip(*questions, strict=True)
    return AuditSample(STRATA, np.array(places), np.array([label is not None for label in answers])), predicted, answers


QUESTIONS = (
    (0, SINGLE, SINGLE),
    (0, DOUBLE, BORING),
    (1, BORING, DOUBLE),
    (1, BORING, None),
    (2, SINGLE, SINGLE),
    (2, SINGLE, DOUBLE),
    (2, DOUBLE, None),
    (2, DOUBLE, DOUBLE),
    (3, BORING, BORING),
    (3, BORING, SINGLE),
    (3, BORING, BORING),
)


@st.composite
def audits(draw):
    """Return hits and misses as an audit finds them."""

    def stratum(name, largest, *, is_census=False):
        n_spectra = draw(st.integers(0 if is_census else 1, largest))
        n_sampled = n_spectra if is_census else draw(st.integers(0, n_spectra))
        n_answered = draw(st.integers(0, n_sampled))
        return StratumCount(name, n_spectra, n_sampled, n_answered, draw(st.integers(0, n_answered)))

    hits = (stratum("asked, predicted", 30, is_census=True), stratum("predicted", 100))
    return hits, (stratum("asked, others", 30, is_census=True), stratum("others 1", 200), stratum("others 2", 3000))


# -- what is counted ------------------------------------------------------------------------------------------------------------


def test_any_target_predicted_to_be_any_target_is_hit_and_one_among_the_others_missed():
    hits, misses = count_hits_and_misses(*asked(*QUESTIONS), TARGETS, TARGETS)

    assert hits == (StratumCount("asked, predicted", 2, 2, 2, 1), StratumCount("predicted", 40, 4, 3, 3))
    assert misses == (StratumCount("asked, others", 2, 2, 1, 1), StratumCount("others 1", 300, 3, 3, 1))


def test_a_class_is_hit_only_if_it_is_predicted_and_is_missed_among_predicted_targets_too():
    hits, misses = count_hits_and_misses(*asked(*QUESTIONS), TARGETS, (DOUBLE,))

    assert [count.n_events for count in hits] == [0, 1]
    assert [(count.name, count.n_events) for count in misses] == [
        ("asked, predicted", 0),
        ("asked, others", 1),
        ("predicted", 1),
        ("others 1", 0),
    ]


@given(st.lists(st.sampled_from(QUESTIONS), min_size=1, max_size=11, unique=True))
def test_each_answered_target_is_hit_or_missed_and_the_classes_add_up(questions):
    sample, predicted, answers = asked(*questions)
    hits, misses = count_hits_and_misses(sample, predicted, answers, TARGETS, TARGETS)

    assert sum(count.n_events for count in (*hits, *misses)) == sum(label in TARGETS for label in answers)
    for name in TARGETS:
        of_class = count_hits_and_misses(sample, predicted, answers, TARGETS, (name,))
        assert sum(count.n_events for counts in of_class for count in counts) == sum(label == name for label in answers)


# -- the estimate ---------------------------------------------------------------------------------------------------------------


def test_the_estimate_is_the_weighted_share_and_the_limits_those_of_hits_and_misses():
    hits = (StratumCount("asked, predicted", 10, 10, 10, 6), StratumCount("predicted", 400, 40, 40, 36))
    misses = (StratumCount("asked, others", 90, 90, 90, 12), StratumCount("others 1", 9000, 300, 300, 2))

    found = estimate_recall(hits, misses, n_found=100)

    assert (found.hits, found.missed) == (6 + 360, 12 + 60)
    assert found.estimate == found.confirmed == pytest.approx(466 / 538)
    risk = 0.025
    fewest, most = 106 + 400 * lower_limit(36, 40, 0.2 * risk), 12 + 9000 * upper_limit(2, 300, 0.8 * risk)
    assert found.lower == pytest.approx(fewest / (fewest + most))
    fewest, most = 12 + 9000 * lower_limit(2, 300, 0.8 * risk), 106 + 400 * upper_limit(36, 40, 0.2 * risk)
    assert found.upper == pytest.approx(most / (most + fewest))
    assert found.missed_upper == pytest.approx(12 + 9000 * upper_limit(2, 300, risk))
    assert found.strata[0] == StratumMisses("asked, others", 90, 90, 90, 12, 12.0)
    assert found.strata[1].upper == pytest.approx(9000 * upper_limit(2, 300, risk))


@given(audits(), st.integers(0, 50), st.integers(0, 9))
def test_the_limits_are_in_order_and_hold_the_estimates(audit, n_found, n_untold):
    hits, misses = audit

    found = estimate_recall(hits, misses, n_found, n_untold=n_untold)

    assert 0 <= found.worst_lower <= found.lower <= found.upper <= found.worst_upper <= 1
    assert 0 <= found.monotone_lower <= 1
    if found.estimate is not None:
        assert found.lower - 1e-9 <= found.estimate <= found.upper + 1e-9
        if found.confirmed is not None:
            assert found.worst_lower - 1e-9 <= found.confirmed <= found.worst_upper + 1e-9
    for stratum, count in zip(found.strata, misses, strict=True):
        assert count.n_events <= stratum.upper <= count.n_possible


@settings(max_examples=40)
@given(audits(), st.integers(0, 50))
def test_labels_make_missing_ones_no_worse_than_the_worst_case(audit, n_found):
    hits, misses = audit
    found = estimate_recall(hits, misses, n_found)

    none_is = estimate_recall(*([count.if_missing(is_event=False) for count in counts] for counts in audit), n_found)
    all_are = estimate_recall(*([count.if_missing(is_event=True) for count in counts] for counts in audit), n_found)
    assert found.worst_lower <= min(none_is.lower, all_are.lower)
    assert found.worst_upper >= max(none_is.upper, all_are.upper)
    if not any(count.n_missing for count in (*hits, *misses)):
        assert (found.worst_lower, found.worst_upper, found.confirmed) == (found.lower, found.upper, found.estimate)


@settings(max_examples=40)
@given(audits(), st.integers(0, 50))
def test_what_was_found_before_raises_and_what_nobody_could_tell_lowers(audit, n_found):
    few, many = (estimate_recall(*audit, n) for n in (n_found, n_found + 10))
    untold = estimate_recall(*audit, n_found, n_untold=5)

    assert many.lower >= few.lower
    assert many.upper >= few.upper
    assert untold.worst_lower <= few.worst_lower
    assert dataclasses.replace(untold, n_untold=0, worst_lower=few.worst_lower) == few


def test_a_one_sided_limit_shares_its_risk_between_hits_and_misses():
    hits = (StratumCount("predicted", 400, 40, 40, 36),)
    misses = (StratumCount("others 1", 900, 60, 60, 3), StratumCount("others 2", 9000, 300, 300, 1))

    limit = recall_lower(hits, misses, 100, 0.05, n_untold=7)

    found = 100 + total_lower(hits, 0.05 * HIT_SHARE)
    assert limit == pytest.approx(found / (found + 7 + total_upper(misses, 0.05 * (1 - HIT_SHARE))))
    assert recall_lower(hits, misses, 100, 0.01) < recall_lower(hits, misses, 100, 0.05)


def test_where_nobody_was_asked_about_the_others_the_recall_is_unknown():
    found = estimate_recall((StratumCount("predicted", 40, 9, 9, 8),), (StratumCount("others 1", 9000, 4, 0, 0),), n_found=3)

    assert (found.missed, found.estimate) == (None, None)
    assert found.lower < 0.01
    assert (found.upper, found.missed_upper) == (1.0, 9000.0)


def test_where_nothing_is_predicted_and_no_target_seen_nothing_can_be_said():
    found = estimate_recall((), (StratumCount("others 1", 9000, 40, 40, 0),))

    assert (found.hits, found.missed, found.estimate, found.confirmed) == (0.0, 0.0, None, None)
    assert (found.lower, found.upper) == (0.0, 1.0)


def test_where_everything_is_labeled_the_recall_is_exact():
    found = estimate_recall((StratumCount("predicted", 40, 40, 40, 30),), (StratumCount("others 1", 90, 90, 90, 5),), n_found=10)

    assert found.lower == found.estimate == found.upper == found.monotone_lower == 40 / 45


def test_an_estimate_travels_through_json():
    sample = asked(*QUESTIONS)
    found = estimate_recall(*count_hits_and_misses(*sample, TARGETS, TARGETS), n_found=4, n_untold=1)

    read = json.loads(json.dumps(dataclasses.asdict(found), allow_nan=False))

    assert RecallEstimate(**{**read, "strata": tuple(StratumMisses(**stratum) for stratum in read["strata"])}) == found


@pytest.mark.parametrize("level", [0.0, 1.0, 95])
def test_a_level_that_is_none_is_refused(level):
    with pytest.raises(ValueError, match="confidence level must lie between 0 and 1"):
        estimate_recall((), (), level=level)


@pytest.mark.parametrize("facts", [{"n_found": -1}, {"n_untold": -2}])
def test_negative_numbers_of_spectra_are_refused(facts):
    with pytest.raises(ValueError, match="must not be negative"):
        estimate_recall((), (), **facts)


# -- in the long run ------------------------------------------------------------------------------------------------------------

POPULATIONS = {
    "as the network hopes": {"hits": 280, "misses": (30, 20, 10)},
    "many missed in the bulk": {"hits": 280, "misses": (30, 20, 3000)},
    "shares that fall": {"hits": 250, "misses": (100, 150, 400)},
    "few hits": {"hits": 12, "misses": (2, 1, 1)},
    "nothing missed": {"hits": 290, "misses": (0, 0, 0)},
}
SIZES = (300, 2400, 60_000)


@pytest.mark.parametrize("name", POPULATIONS)
def test_limits_of_95_percent_hold_the_recall_of_simulated_audits(name, generator):
    """A census of 90 asked spectra, 5 of them targets; 300 predicted targets and 62,700 others, of which 40 and 160 are drawn."""
    n_audits, n_found = 200, 40
    n_hits, n_misses = POPULATIONS[name]["hits"], POPULATIONS[name]["misses"]
    truth = (n_found + n_hits) / (n_found + n_hits + 5 + sum(n_misses))
    n_wrong = n_wrong_falling = 0
    for _ in range(n_audits):
        hits = StratumCount("predicted", 300, 40, 40, int(generator.hypergeometric(n_hits, 300 - n_hits, 40)))
        misses = [StratumCount("asked, others", 90, 90, 90, 5)]
        for size, n, n_events in zip(SIZES, (30, 40, 90), n_misses, strict=True):
            misses.append(StratumCount(str(size), size, n, n, int(generator.hypergeometric(n_events, size - n_events, n))))
        found = estimate_recall((hits,), misses, n_found)
        n_wrong += not found.lower <= truth <= found.upper
        n_wrong_falling += found.monotone_lower > truth

    assert lower_limit(n_wrong, n_audits, 0.001) <= 0.05
    if name != "many missed in the bulk":
        assert lower_limit(n_wrong_falling, n_audits, 0.001) <= 0.025


def test_missing_labels_at_random_leave_the_limits_right(generator):
    n_audits, n_wrong, truth = 200, 0, 290 / (290 + 160)
    for _ in range(n_audits):
        counts = []
        for size, n, n_events in ((300, 60, 250), (300, 60, 60), (2400, 120, 100)):
            n_answered = int(generator.binomial(n, 0.7))
            seen = int(generator.hypergeometric(n_events, size - n_events, n_answered))
            counts.append(StratumCount(str(size), size, n, n_answered, seen))
        found = estimate_recall(counts[:1], counts[1:], n_found=40)
        n_wrong += not found.lower <= truth <= found.upper

    assert lower_limit(n_wrong, n_audits, 0.001) <= 0.05


def test_abstentions_from_all_targets_leave_only_the_worst_case_right():
    """Of 60 predicted targets 50 are targets and nobody could tell any of the missed ones."""
    hits, misses = (StratumCount("predicted", 300, 60, 60, 50),), (StratumCount("others", 3000, 300, 270, 0),)
    truth = 250 / (250 + 300)

    found = estimate_recall(hits, misses)

    assert found.lower > truth
    assert found.worst_lower < truth < found.worst_upper
    assert math.isclose(found.confirmed, found.estimate)


def test_what_a_class_misses_is_not_taken_to_fall_with_the_score():
    """Among the predicted targets a good network misses nothing of a class, and most right below: none may speak for these."""
    misses = (StratumCount("predicted", 1000, 300, 300, 0), StratumCount("others 1", 1000, 15, 15, 0))
    hits = (StratumCount("predicted", 1000, 300, 300, 200),)
    of_class = estimate_recall(hits, misses, falls=False)
    assert (of_class.monotone_lower, of_class.missed_monotone_upper) == (of_class.lower, of_class.missed_upper)
    assert of_class.missed_upper > 200  # so many may be in the second stratum, if 15 labels see none of them with a chance of 4 %
