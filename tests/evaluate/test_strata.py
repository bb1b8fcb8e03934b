"""Totals of stratified samples: against all samples of small populations, and by simulation of large ones."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from spectrove.contracts import Stratum
from spectrove.evaluate import (
    AuditSample,
    StratumCount,
    hajek_mean,
    horvitz_thompson_total,
    lower_limit,
    total_confirmed,
    total_estimate,
    total_lower,
    total_upper,
    total_upper_of_looks,
    total_variance,
    upper_limit,
)
from spectrove.evaluate.strata import refused

ALPHA = 0.05
N_DRAWS = 300
SIZES, ANSWERED = (500, 4000, 32_000, 263_500), (60, 80, 110, 150)
SPREADS = {
    "none": (0, 0, 0, 0),
    "one in the bulk": (0, 0, 0, 1),
    "all at the boundary": (90, 0, 0, 0),
    "all in the bulk": (0, 0, 0, 3000),
    "many in the bulk": (0, 0, 0, 40_000),
    "as many in the bulk as one sample of twenty sees nothing of": (0, 0, 0, 5300),
    "falling": (150, 160, 130, 80),
    "equal rates": (5, 40, 320, 2635),
    "high rates": (450, 2000, 8000, 26_350),
    "one stratum full": (500, 0, 0, 0),
    "where the weights jump": (0, 0, 800, 0),
}
"""Events in each stratum: what an adversary might think of."""


@st.composite
def counts(draw, most_strata=4):
    found = []
    for number in range(draw(st.integers(1, most_strata))):
        numbers = sorted(draw(st.lists(st.integers(0, 300), min_size=4, max_size=4)), reverse=True)
        found.append(StratumCount(f"others {number}", *numbers))
    return found


def draws(n_events, generator, sizes=SIZES, answered=ANSWERED, n_draws=N_DRAWS):
    """Return what samples drawn without replacement see of each stratum."""
    facts = zip(sizes, answered, n_events, strict=True)
    seen = np.transpose([generator.hypergeometric(k, size - k, n, n_draws) for size, n, k in facts])
    return [
        [StratumCount(str(size), size, n, n, k) for size, n, k in zip(sizes, answered, some.tolist(), strict=True)]
        for some in seen
    ]


def fails_more_often_than_said(n_wrong, alpha=ALPHA, n_draws=N_DRAWS):
    """Return whether so many failures can hardly come from the risk that was said."""
    return lower_limit(n_wrong, n_draws, 0.001) > alpha


# -- counts ---------------------------------------------------------------------------------------------------------------------


def test_a_sample_is_counted_by_stratum():
    strata = (Stratum("predicted", 9, is_predicted=True), Stratum("others 1", 50, is_predicted=False))
    sample = AuditSample(strata, np.array([0, 1, 1, 0, 1]), np.array([True, True, False, True, True]))
    is_event = np.array([True, False, True, False, True])

    assert sample.count(is_event) == (StratumCount("predicted", 9, 2, 2, 1), StratumCount("others 1", 50, 3, 2, 1))
    assert sample.count(is_event, lambda stratum: stratum.is_predicted) == (StratumCount("predicted", 9, 2, 2, 1),)


def test_a_stratum_that_nobody_was_asked_about_is_counted_too():
    strata = (Stratum("predicted", 9, is_predicted=True), Stratum("others 1", 50, is_predicted=False))
    nothing = np.empty(0, dtype=np.intp)

    found = AuditSample(strata, nothing, nothing.astype(bool)).count(nothing.astype(bool))

    assert found == (StratumCount("predicted", 9, 0, 0, 0), StratumCount("others 1", 50, 0, 0, 0))
    assert found[0].weight == inf


@pytest.mark.parametrize("numbers", [(9, 10, 5, 1), (9, 5, 6, 1), (9, 5, 4, 5), (9, 5, 4, -1)])
def test_counts_that_no_sample_has_are_refused(numbers):
    with pytest.raises(ValueError, match="'bulk': size, sample, answers and events must not rise"):
        StratumCount("bulk", *numbers)


def test_of_a_missing_label_both_cases_can_be_taken():
    count = StratumCount("bulk", 90, 12, 9, 2)

    assert count.if_missing(is_event=True) == StratumCount("bulk", 90, 12, 12, 5)
    assert count.if_missing(is_event=False) == StratumCount("bulk", 90, 12, 12, 2)


# -- estimates ------------------------------------------------------------------------------------------------------------------


def test_horvitz_and_thompson_s_estimate_has_no_bias_over_all_samples_of_a_small_population():
    """Two strata of 5 and 4, from which 2 and 3 are drawn."""
    values, chances = np.array([1.0, 0, 0, 1, 3, 0, 0, 1, 7]), np.repeat([2 / 5, 3 / 4], (5, 4))
    samples = [[*first, *second] for first, second in product(combinations(range(5), 2), combinations(range(5, 9), 3))]

    totals = [horvitz_thompson_total(values[sample], chances[sample]) for sample in samples]

    assert np.mean(totals) == pytest.approx(values.sum())


def test_hajek_s_mean_weighs_by_the_reciprocal_chance():
    values, chances = np.array([1.0, 0.0, 1.0]), np.array([0.5, 0.25, 1.0])

    assert hajek_mean(values, chances) == pytest.approx((2 + 0 + 1) / (2 + 4 + 1))
    assert hajek_mean(np.full(3, 0.7), chances) == pytest.approx(0.7)  # which Horvitz and Thompson's total over N need not be
    assert np.isnan(hajek_mean(values[:0], chances[:0]))


@pytest.mark.parametrize("estimate", [horvitz_thompson_total, hajek_mean])
@pytest.mark.parametrize("chance", [0.0, -0.1, 1.01, np.nan])
def test_a_chance_that_is_none_is_refused(estimate, chance):
    with pytest.raises(ValueError, match="more than 0 and at most 1"):
        estimate(np.ones(2), np.array([0.5, chance]))


@given(counts())
def test_the_estimated_total_is_hajek_s_by_stratum(found):
    if any(count.n_spectra and not count.n_answered for count in found):
        assert total_estimate(found) is None
        return
    means = [hajek_mean(_seen(count), np.full(count.n_answered, count.n_sampled / max(count.n_spectra, 1))) for count in found]

    expected = sum(count.n_spectra * mean for count, mean in zip(found, means, strict=True) if count.n_spectra)
    assert total_estimate(found) == pytest.approx(expected)


def _seen(count):
    return (np.arange(count.n_answered) < count.n_events).astype(float)


@given(counts())
def test_confirmed_are_those_of_horvitz_and_thompson_and_never_more_than_estimated(found):
    if any(count.n_spectra and not count.n_sampled for count in found):
        assert total_confirmed(found) is None
        return
    chances = [count.n_sampled / count.n_spectra for count in found for _ in range(count.n_answered)]
    values = np.concatenate([_seen(count) for count in found])

    assert total_confirmed(found) == pytest.approx(horvitz_thompson_total(values, np.array(chances)))
    assert total_estimate(found) is None or total_estimate(found) >= total_confirmed(found) * (1 - 1e-12)


def test_the_estimated_variance_has_no_bias_over_all_samples_of_a_small_population():
    sizes, answered, n_events = (5, 7), (2, 4), (2, 3)
    chances, totals, variances = [], [], []
    for seen in product(*(range(n + 1) for n in answered)):
        facts = list(zip(sizes, answered, n_events, seen, strict=True))
        chances.append(np.prod([hypergeom.pmf(k, size, of, n) for size, n, of, k in facts]))
        found = [StratumCount("", size, n, n, k) if k <= of else None for size, n, of, k in facts]
        totals.append(total_estimate(found) if None not in found else 0)
        variances.append(total_variance(found) if None not in found else 0)

    mean = np.average(totals, weights=chances)
    assert mean == pytest.approx(5)
    assert np.average(variances, weights=chances) == pytest.approx(np.average((np.array(totals) - mean) ** 2, weights=chances))


def test_the_variance_of_what_is_known_is_none_and_that_of_a_single_answer_unknown():
    assert total_variance([StratumCount("", 5, 5, 5, 2)]) == 0
    assert total_variance([StratumCount("", 5, 5, 5, 2), StratumCount("", 9, 1, 1, 0)]) is None


# -- limits of one sample -------------------------------------------------------------------------------------------------------


@given(st.integers(0, 60), st.sampled_from([0.2, 0.05, 0.001]), st.integers(0, 9))
def test_the_limits_of_one_stratum_are_those_of_clopper_and_pearson(n_events, alpha, n_known):
    found = [StratumCount("asked", 9, 9, 9, n_known), StratumCount("bulk", 100_000, 60, 60, n_events)]

    assert total_lower(found, alpha) == pytest.approx(n_known + max(100_000 * lower_limit(n_events, 60, alpha), n_events))
    upper = n_known + min(100_000 * upper_limit(n_events, 60, alpha), 100_000 - 60 + n_events)
    assert total_upper(found, alpha) == pytest.approx(upper)
    assert total_upper(found, alpha, monotone=True) == pytest.approx(upper)


@given(counts(), st.sampled_from([0.2, 0.05, 0.001]))
def test_limits_lie_between_what_was_seen_and_what_is_possible(found, alpha):
    seen = sum(count.n_events for count in found)
    possible = sum(count.n_possible for count in found)
    lower, upper, falling = total_lower(found, alpha), total_upper(found, alpha), total_upper(found, alpha, monotone=True)

    assert seen <= lower <= upper + 1e-9
    assert seen - 1e-9 <= falling <= possible
    assert upper <= possible
    estimate = total_estimate(found)
    assert estimate is None or (lower <= estimate + 1e-9 and estimate <= total_upper(found, 0.05) + 1e-6)


@given(counts())
def test_less_risk_and_worse_answers_make_limits_wider(found):
    worst = [count.if_missing(is_event=True) for count in found]
    best = [count.if_missing(is_event=False) for count in found]

    assert total_upper(found, 0.01) >= total_upper(found, 0.05)
    assert total_lower(found, 0.01) <= total_lower(found, 0.05)
    assert total_upper(worst, 0.05) >= total_upper(best, 0.05)
    assert total_lower(worst, 0.05) >= total_lower(best, 0.05)


@given(st.integers(0, 40), st.integers(0, 3))
def test_missing_labels_of_what_was_asked_as_a_whole_are_the_worst_case(n_events, n_missing):
    asked = StratumCount("asked", 43, 43, 43 - n_missing, n_events)
    drawn = [StratumCount("1", 900, 50, 50, 3), StratumCount("2", 8000, 70, 70, 0)]

    assert total_lower([asked, *drawn], ALPHA) == total_lower(drawn, ALPHA) + n_events
    for monotone in (False, True):
        upper = total_upper(drawn, ALPHA, monotone=monotone) + n_events + n_missing
        assert total_upper([asked, *drawn], ALPHA, monotone=monotone) == pytest.approx(upper)


def test_missing_labels_of_a_drawn_stratum_are_left_out_as_if_at_random():
    some = [StratumCount("1", 900, 60, 50, 3), StratumCount("2", 8000, 70, 70, 0)]
    without = [replace(some[0], n_sampled=50), some[1]]

    assert total_upper(some, ALPHA) == total_upper(without, ALPHA)
    assert total_lower(some, ALPHA) == total_lower(without, ALPHA)


def test_where_nobody_answered_all_that_is_possible_is():
    silent = StratumCount("2", 8000, 4, 0, 0)

    assert total_upper([silent], ALPHA) == 8000
    assert total_upper([silent, silent], ALPHA, monotone=True) == 16_000
    assert total_upper([StratumCount("1", 900, 60, 60, 0), silent], ALPHA) == pytest.approx(
        8000 + total_upper([StratumCount("1", 900, 60, 60, 0)], ALPHA), rel=0.05
    )
    assert total_lower([silent], ALPHA) == 0
    assert total_upper([], ALPHA) == total_lower([], ALPHA) == 0


@pytest.mark.parametrize("spread", SPREADS)
def test_the_upper_limit_fails_no_more_often_than_said_wherever_the_events_are(spread, generator):
    n_events = SPREADS[spread]

    n_wrong = sum(total_upper(found, ALPHA) < sum(n_events) for found in draws(n_events, generator))

    assert not fails_more_often_than_said(n_wrong)


@pytest.mark.parametrize("spread", SPREADS)
def test_the_lower_limit_fails_no_more_often_than_said_wherever_the_events_are(spread, generator):
    n_events = SPREADS[spread]

    n_wrong = sum(total_lower(found, ALPHA) > sum(n_events) for found in draws(n_events, generator))

    assert not fails_more_often_than_said(n_wrong)


def test_where_the_bulk_holds_as_many_as_can_just_be_missed_the_limit_fails_as_often_as_said(generator):
    found = draws((0, 0, 0, 5300), generator, n_draws=1000)

    assert 0.03 < np.mean([total_upper(one, ALPHA) < 5300 for one in found]) < 0.07


def test_no_risk_leaves_what_the_labels_prove():
    found = [StratumCount("1", 900, 50, 50, 3), StratumCount("2", 8000, 70, 70, 1)]

    assert total_lower(found, 0.0) == 4


FALLING = ["none", "all at the boundary", "falling", "equal rates", "high rates", "one stratum full"]


@pytest.mark.parametrize("answered", [ANSWERED, (200, 120, 77, 3), (5, 5, 5, 5)])
@pytest.mark.parametrize("spread", FALLING)
def test_the_limit_for_falling_shares_holds_where_they_fall(spread, answered, generator):
    n_events = SPREADS[spread]

    found = draws(n_events, generator, answered=answered)
    n_wrong = sum(total_upper(one, ALPHA, monotone=True) < sum(n_events) for one in found)

    assert not fails_more_often_than_said(n_wrong)


def test_the_limit_for_falling_shares_can_fail_where_they_rise(generator):
    found = draws((0, 0, 0, 40_000), generator, answered=(200, 120, 77, 3))

    assert fails_more_often_than_said(sum(total_upper(one, ALPHA, monotone=True) < 40_000 for one in found))
    assert not fails_more_often_than_said(sum(total_upper(one, ALPHA) < 40_000 for one in found))


@given(counts(), st.integers(0, 50))
def test_the_limit_for_falling_shares_is_never_larger_than_the_free_one_at_half_the_risk(found, n_before):
    falling, free = total_upper(found, ALPHA, monotone=True), total_upper(found, ALPHA / 2)
    looks = [(n_before, found), (n_before, found[:2])]

    assert falling <= free * (1 + 1e-9)
    pooled = total_upper_of_looks(looks, ALPHA, monotone=True)
    assert pooled == pytest.approx(total_upper_of_looks(looks, ALPHA)) or refused(
        looks, pooled * (1 + 1e-9), ALPHA, monotone=True
    )


def test_the_limit_for_falling_shares_is_never_larger_where_no_stratum_is_starved():
    generator = np.random.default_rng(3)
    for _ in range(100):
        answered = np.maximum(np.multiply(SIZES, 200 / sum(SIZES) * generator.uniform(1, 1.4, 4)).astype(int), 5)
        seen = generator.binomial(answered, [0.5, 0.1, 0.02, 0.005]).tolist()
        facts = zip(SIZES, answered.tolist(), seen, strict=True)
        found = [StratumCount(str(size), size, n, n, k) for size, n, k in facts]

        assert total_upper(found, ALPHA, monotone=True) <= total_upper(found, ALPHA) * (1 + 1e-9)
        looks = [(0, found)] * 5
        assert total_upper_of_looks(looks, ALPHA, monotone=True) <= total_upper_of_looks(looks, ALPHA) * (1 + 1e-9)


def test_many_hits_cost_the_pooled_limit_for_falling_shares_no_more_than_half_of_the_capital():
    """As where the predicted targets are drawn too, most of which are targets."""
    facts = ((702, 150, 122), (752, 34, 3), (6016, 90, 0), (5630, 6, 0))
    looks = [(0, [StratumCount("", size, n, n, k) for size, n, k in facts])] * 18

    assert total_upper_of_looks(looks, ALPHA, monotone=True) <= 1.02 * total_upper_of_looks(looks, ALPHA / 2)


@pytest.mark.parametrize("monotone", [False, True])
def test_if_nothing_was_seen_the_limit_is_that_of_the_coarsest_stratum_alone_or_less(monotone):
    found = [StratumCount(str(size), size, n, n, 0) for size, n in zip(SIZES, ANSWERED, strict=True)]

    limit = total_upper(found, ALPHA, monotone=monotone)

    assert limit <= 1.01 * SIZES[-1] * upper_limit(0, ANSWERED[-1], ALPHA)


def test_an_event_in_a_fine_stratum_costs_little_more_than_it_stands_for():
    found = [StratumCount(str(size), size, n, n, 0) for size, n in zip(SIZES, ANSWERED, strict=True)]
    more = [replace(found[0], n_events=20), *found[1:]]
    stands_for = 20 * found[0].weight

    assert (
        total_upper(more, ALPHA) - total_upper(found, ALPHA) < 2.5 * stands_for
    )  # the best bet is more daring where none is seen
    assert total_upper_of_looks([(0, more)], ALPHA) - total_upper_of_looks([(0, found)], ALPHA) < 1.05 * stands_for


# -- limits of several looks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spread", "monotone"),
    [("all in the bulk", False), ("equal rates", False), ("falling", True), ("equal rates", True), ("high rates", True)],
)
def test_limits_of_ten_looks_hold_together(spread, monotone, generator):
    """After each look what it asked about leaves the population, the events among it being known from then on."""
    total, n_campaigns, n_wrong = sum(SPREADS[spread]), 120, 0
    for _ in range(n_campaigns):
        left, sizes, looks = list(SPREADS[spread]), list(SIZES), []
        for number in range(10):
            answered = ANSWERED if number % 2 else (30, 20, 10, 40)  # each design is new
            seen = generator.hypergeometric(left, np.subtract(sizes, left), answered).tolist()
            facts = zip(sizes, answered, seen, strict=True)
            looks.append((total - sum(left), [StratumCount("", size, n, n, k) for size, n, k in facts]))
            left, sizes = np.subtract(left, seen).tolist(), np.subtract(sizes, answered).tolist()
        n_wrong += any(refused(looks[:n], total, ALPHA, monotone=monotone) for n in range(1, 11))

    assert not fails_more_often_than_said(n_wrong, n_draws=n_campaigns)


def looks_of(seen, n_before=0):
    return [(n_before, [StratumCount("1", 900, 50, 50, 3), StratumCount("2", 8000, 70, 70, k)]) for k in seen]


def test_more_looks_tell_more():
    limits = [total_upper_of_looks(looks_of([0] * n), ALPHA) for n in (1, 2, 5, 20)]

    assert limits == sorted(limits, reverse=True)
    assert limits[-1] < 0.25 * limits[0]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=6), st.floats(0, 9000), st.booleans())
def test_a_number_is_refused_if_it_is_above_the_limit(seen, total, monotone):
    looks = looks_of(seen)
    limit = total_upper_of_looks(looks, ALPHA, monotone=monotone)

    if abs(total - limit) > 1e-6 * limit:
        assert refused(looks, total, ALPHA, monotone=monotone) == (total > limit)


def test_what_was_known_before_is_counted_and_bounds_the_limit_from_below():
    apart = total_upper_of_looks(looks_of([0, 0]), ALPHA)

    assert total_upper_of_looks(looks_of([0, 0], n_before=500), ALPHA) == pytest.approx(500 + apart)
    late = [*looks_of([0] * 40), (2000, [StratumCount("1", 50, 50, 50, 7)])]
    assert total_upper_of_looks(looks_of([0] * 40), ALPHA) < 2000  # refuted by what was found later
    assert total_upper_of_looks(late, ALPHA) == pytest.approx(2007)


def test_missing_labels_of_what_was_asked_as_a_whole_are_the_worst_case_in_a_look_too():
    drawn = looks_of([1])[0][1]

    limit = total_upper_of_looks([(5, [StratumCount("asked", 40, 40, 37, 6), *drawn])], ALPHA)

    assert limit == pytest.approx(5 + 9 + total_upper_of_looks([(0, drawn)], ALPHA))


def test_looks_that_saw_nothing_leave_everything_possible():
    assert total_upper_of_looks([], ALPHA) == inf
    assert total_upper_of_looks([(3, [])], ALPHA) == 3
    assert total_upper_of_looks([(3, [StratumCount("1", 900, 0, 0, 0)])], ALPHA) == 903
    assert total_upper_of_looks([(3, [StratumCount("1", 9, 9, 9, 4)])], ALPHA) == 7
