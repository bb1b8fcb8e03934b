"""Limits of a proportion: against scipy, against all samples of small populations, and at every look of simulated sequences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binom, binomtest, hypergeom

from spectrove.evaluate import betting_limits, clopper_pearson, lower_limit, upper_limit


@st.composite
def proportions(draw):
    n = draw(st.integers(1, 400))
    return draw(st.integers(0, n)), n, draw(st.sampled_from([0.5, 0.9, 0.95, 0.99]))


@given(proportions())
def test_the_limits_are_those_of_scipy_s_exact_test(proportion):
    n_correct, n, level = proportion

    expected = binomtest(n_correct, n).proportion_ci(level, method="exact")

    assert clopper_pearson(n_correct, n, level) == pytest.approx((expected.low, expected.high), abs=1e-9)


@given(proportions())
def test_at_a_limit_the_count_lies_at_the_edge_of_its_tail(proportion):
    n_correct, n, level = proportion
    lower, upper = clopper_pearson(n_correct, n, level)

    if n_correct > 0:
        assert binom.sf(n_correct - 1, n, lower) == pytest.approx((1 - level) / 2, rel=1e-6)
    if n_correct < n:
        assert binom.cdf(n_correct, n, upper) == pytest.approx((1 - level) / 2, rel=1e-6)


@given(proportions(), st.sampled_from([0.3, 0.05, 1e-3, 1e-12]))
def test_a_one_sided_limit_takes_all_the_risk(proportion, alpha):
    n_correct, n, _ = proportion
    lower, upper = lower_limit(n_correct, n, alpha), upper_limit(n_correct, n, alpha)

    assert (lower, upper) == pytest.approx(clopper_pearson(n_correct, n, 1 - 2 * alpha), rel=1e-3)
    assert lower == (0 if n_correct == 0 else pytest.approx(beta.ppf(alpha, n_correct, n - n_correct + 1), rel=1e-9))
    assert upper == (1 if n_correct == n else pytest.approx(beta.isf(alpha, n_correct + 1, n - n_correct), rel=1e-9))


def test_the_limits_of_25_of_30_are_those_of_the_textbook():
    lower, upper = clopper_pearson(25, 30)

    assert (round(lower, 2), round(upper, 2)) == (0.65, 0.94)


def test_where_no_event_was_seen_the_limit_is_the_root_of_the_risk():
    assert upper_limit(0, 60, 0.05) == pytest.approx(1 - 0.05 ** (1 / 60), rel=1e-12)
    assert lower_limit(60, 60, 0.05) == pytest.approx(0.05 ** (1 / 60), rel=1e-12)


def test_without_trials_nothing_is_known():
    assert clopper_pearson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("n_correct", "n", "level"), [(-1, 3, 0.95), (4, 3, 0.95), (1, 3, 1.0), (1, 3, 0.0), (1, 3, 95)])
def test_impossible_counts_and_levels_are_refused(n_correct, n, level):
    with pytest.raises(ValueError, match="must lie between 0 and"):
        clopper_pearson(n_correct, n, level)


@pytest.mark.parametrize(("n_correct", "n"), [(-1, 3), (4, 3), (0, -1)])
@pytest.mark.parametrize("limit", [lower_limit, upper_limit])
def test_impossible_counts_have_no_one_sided_limit(limit, n_correct, n):
    with pytest.raises(ValueError, match="must lie between 0 and"):
        limit(n_correct, n, 0.05)


@pytest.mark.parametrize("alpha", [0.025, 0.05, 0.2])
def test_drawn_without_replacement_no_limit_fails_more_often_than_a_hair_above_its_risk(alpha):
    """All numbers of successes in populations of up to 40, all sizes of a sample."""
    most = -np.log1p(-alpha)
    for size in (1, 2, 5, 14, 40):
        for n in range(1, size + 1):
            upper = np.array([upper_limit(k, n, alpha) for k in range(n + 1)])
            lower = np.array([lower_limit(k, n, alpha) for k in range(n + 1)])
            for n_true in range(size + 1):
                chances = hypergeom.pmf(np.arange(n + 1), size, n_true, n)
                assert chances[upper < n_true / size - 1e-12].sum() <= most
                assert chances[lower > n_true / size + 1e-12].sum() <= most


# -- looked at again and again --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("truth", [0.02, 0.5, 0.85])
def test_no_limit_of_a_sequence_leaves_out_the_truth_more_often_than_said(truth, generator):
    n_sequences = 300

    n_wrong = sum(not _hold(betting_limits(generator.random(60) < truth, 0.9), truth) for _ in range(n_sequences))

    assert lower_limit(n_wrong, n_sequences, 0.01) <= 0.1


@pytest.mark.parametrize("n_true", [2, 50, 85])
def test_nor_does_one_of_a_sequence_drawn_without_replacement(n_true, generator):
    n_sequences, population = 300, np.arange(100) < n_true

    n_wrong = sum(
        not _hold(betting_limits(generator.permutation(population)[:60], 0.9, population.size), n_true / population.size)
        for _ in range(n_sequences)
    )

    assert lower_limit(n_wrong, n_sequences, 0.01) <= 0.1


def _hold(limits, truth):
    return bool(np.all((limits[:, 0] <= truth) & (truth <= limits[:, 1])))


@given(st.lists(st.booleans(), max_size=60), st.sampled_from([None, 60, 61, 5000]), st.sampled_from([0.01, 0.5, 0.95, 0.999]))
def test_limits_of_a_sequence_lie_inside_0_and_1_and_only_close_in(values, n_population, level):
    limits = betting_limits(values, level, n_population)

    assert limits.shape == (len(values), 2)
    assert np.all(limits >= 0)
    assert np.all(limits <= 1)
    assert np.all(limits[:, 0] <= limits[:, 1])
    assert np.all(np.diff(limits[:, 0]) >= 0)
    assert np.all(np.diff(limits[:, 1]) <= 0)


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_an_exchanged_answer_exchanges_the_limits(values):
    limits, exchanged = betting_limits(values), betting_limits([not value for value in values])

    np.testing.assert_allclose(exchanged, 1 - limits[:, ::-1], rtol=0, atol=1e-9)


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_when_the_whole_population_is_drawn_nothing_is_open(values):
    limits = betting_limits(values, n_population=len(values))

    assert tuple(limits[-1]) == (sum(values) / len(values),) * 2


def test_a_finite_population_is_known_better_than_an_infinite_one(generator):
    values = generator.random(150) < 0.8

    wide, close = np.diff(betting_limits(values)[-1]), np.diff(betting_limits(values, n_population=200)[-1])

    assert close < 0.7 * wide


def test_the_price_of_looking_at_every_answer_is_less_than_twice_the_width(generator):
    values = generator.random(400) < 0.85
    lower, upper = clopper_pearson(int(values.sum()), values.size)

    assert upper - lower < np.diff(betting_limits(values)[-1]) < 2 * (upper - lower)


@pytest.mark.parametrize("level", [0.0, 1.0, 95])
def test_a_level_that_is_none_has_no_sequence(level):
    with pytest.raises(ValueError, match="must lie between 0 and 1"):
        betting_limits([True], level)


def test_a_population_smaller_than_its_sample_is_refused():
    with pytest.raises(ValueError, match=r"cannot be larger \(3\) than its population \(2\)"):
        betting_limits([True, False, True], n_population=2)
