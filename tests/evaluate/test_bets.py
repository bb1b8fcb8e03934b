"""Bets against a large number of events: the worst case over all strata, and that no bet gains if its number is the truth."""

from __future__ import annotations

from itertools import product
from math import exp, inf, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, minimize
from scipy.stats import hypergeom

from spectrove.evaluate.bets import (
    Bet,
    capped_stakes,
    losses_of,
    rate_if_falling,
    relative_stakes,
    size_of_bet,
    upper_of_one_look,
)


@st.composite
def bets(draw, *, may_be_monotone=False):
    n_strata = draw(st.integers(1, 4))
    sizes = np.array(draw(st.lists(st.integers(2, 5000), min_size=n_strata, max_size=n_strata)), dtype=float)
    answered = np.array([draw(st.integers(1, min(int(size), 60))) for size in sizes], dtype=float)
    events = np.array([draw(st.integers(0, int(n))) for n in answered], dtype=float)
    losses = np.array(draw(st.lists(st.sampled_from([1e-4, 0.02, 0.5, 2.0, 5.0]), min_size=n_strata, max_size=n_strata)))
    return Bet(sizes, answered, events, losses, may_be_monotone and draw(st.booleans()))


def largest_by_search(bet, total):
    """Return the largest logarithm of the mean by a general optimizer, started from equal shares."""
    staked = 1 - np.exp(-bet.losses)
    scale = max(float(bet.n_answered @ staked), 1e-9)
    found = minimize(
        lambda shares: -float(bet.n_answered @ np.log1p(-shares * staked)) / scale,
        np.full(bet.losses.size, total / bet.n_spectra.sum()),
        jac=lambda shares: bet.n_answered * staked / (1 - shares * staked) / scale,
        bounds=[(0, 1)] * bet.losses.size,
        constraints=[LinearConstraint(bet.n_spectra / total, 1, 1)],
        method="SLSQP",
        options={"maxiter": 1000, "ftol": 1e-14},
    )
    return -found.fun * scale


@given(bets(), st.floats(0.02, 0.98))
def test_the_worst_spread_is_the_one_that_a_general_optimizer_finds(bet, part):
    total = part * bet.n_spectra.sum()

    largest = -bet.log_gain(total) - bet.loss

    assert largest == pytest.approx(largest_by_search(bet, total), rel=1e-5, abs=1e-9)


@given(bets(), st.floats(0.001, 0.999), st.integers(0, 10**6))
def test_no_spread_has_a_larger_mean_than_the_worst(bet, part, seed):
    total = part * bet.n_spectra.sum()
    shares = np.random.default_rng(seed).random(bet.losses.size) ** 3
    for _ in range(200):  # scaled until they hold the total
        shares = np.minimum(shares * total / (bet.n_spectra @ shares), 1)
    if bet.n_spectra @ shares < total * (1 - 1e-9):
        return
    mean = float(bet.n_answered @ np.log1p(shares * np.expm1(-bet.losses)))

    assert mean <= -bet.log_gain(total) - bet.loss + 1e-9


@given(bets(may_be_monotone=True), st.floats(0.01, 20))
def test_the_smallest_refused_number_is_where_the_gain_reaches_what_is_needed(bet, needed):
    smallest = bet.smallest_refused(needed)

    if smallest == inf:
        assert bet.log_gain(bet.n_spectra.sum()) < needed + 1e-9
    else:
        assert bet.log_gain(smallest) == pytest.approx(needed, rel=1e-6)
        assert bet.log_gain(0.99 * smallest) < needed


@given(bets(may_be_monotone=True))
def test_the_gain_rises_with_the_number_from_minus_the_loss(bet):
    gains = [bet.log_gain(total) for total in np.linspace(0, bet.n_spectra.sum(), 50)]

    assert gains[0] == -bet.loss
    assert np.all(np.diff(gains) >= -1e-12)


def test_where_nobody_looked_any_number_may_be():
    bet = Bet(np.array([100.0, 50.0]), np.array([10.0, 0.0]), np.array([0.0, 0.0]), np.array([1.0, 1.0]))
    alone = Bet(np.array([100.0]), np.array([10.0]), np.array([0.0]), np.array([1.0]))

    assert bet.log_gain(50) == 0
    assert bet.log_gain(80) == alone.log_gain(30)
    assert bet.smallest_refused(3) == alone.smallest_refused(3) + 50


def test_falling_shares_tell_of_strata_below_those_that_were_asked_about_and_not_of_those_above():
    sizes, nothing, losses = np.array([100.0, 900.0]), np.zeros(2), np.array([1.0, 1.0])

    below = Bet(sizes, np.array([50.0, 0.0]), nothing, losses, monotone=True)
    above = Bet(sizes, np.array([0.0, 50.0]), nothing, losses, monotone=True)

    assert below.smallest_refused(3) == pytest.approx(3 / (50 * (1 - exp(-1)) / 1000))
    assert above.smallest_refused(3) == Bet(sizes, np.array([0.0, 50.0]), nothing, losses).smallest_refused(3)


# -- on average no bet gains ----------------------------------------------------------------------------------------------------


def mean_gain(sizes, answered, n_events, losses, *, monotone=False):
    """Return the mean gain of the bet against the true number, over all samples drawn without replacement."""
    total, mean = sum(n_events), 0.0
    for seen in product(*(range(n + 1) for n in answered)):
        chance = np.prod([hypergeom.pmf(k, *facts) for k, *facts in zip(seen, sizes, n_events, answered, strict=True)])
        bet = Bet(np.array(sizes, float), np.array(answered, float), np.array(seen, float), np.array(losses), monotone)
        mean += chance * exp(bet.log_gain(total))
    return mean


@pytest.mark.parametrize("losses", [(0.1, 0.1), (2.0, 0.2), (0.2, 2.0)])
@pytest.mark.parametrize(("sizes", "answered"), [((6, 9), (2, 3)), ((4, 12), (3, 2)), ((5, 7), (4, 5))])
def test_against_the_truth_no_bet_gains_on_average_however_the_events_are_spread(sizes, answered, losses):
    means = {
        n_events: mean_gain(sizes, answered, n_events, losses)
        for n_events in product(range(0, sizes[0] + 1, 2), range(0, sizes[1] + 1, 2))
        if any(n_events)
    }

    assert max(means.values()) <= 1 + 1e-9
    assert max(means.values()) > 0.8  # nor does the bound give much away


@pytest.mark.parametrize("losses", [(0.4, 0.4), (2.0, 0.2), (0.2, 2.0)])
def test_nor_does_one_for_falling_shares_where_they_fall(losses):
    sizes, answered = (6, 9), (3, 3)

    for first, second in product(range(1, 7), range(10)):
        if first / 6 >= second / 9:
            assert mean_gain(sizes, answered, (first, second), losses, monotone=True) <= 1 + 1e-9


def test_one_for_falling_shares_gains_where_they_rise():
    assert mean_gain((6, 9), (3, 1), (0, 6), (2.0, 0.2), monotone=True) > 1.2


# -- how much is staked ---------------------------------------------------------------------------------------------------------


@given(st.floats(1e-6, 0.5), st.integers(0, 1000))
def test_the_size_of_a_bet_makes_the_expected_limit_smallest(alpha, n_seen):
    def limit(size):
        return (-log(alpha) + size * (n_seen + 0.5)) / (1 - exp(-size))

    size = size_of_bet(alpha, n_seen)

    assert limit(size) <= min(limit(0.99 * size), limit(1.01 * size))


@given(bets())
def test_stakes_in_proportion_to_the_weights_win_the_same_from_an_event_wherever_it_is(bet):
    stakes = relative_stakes(bet.n_spectra, bet.n_answered)
    losses = losses_of(stakes, 2.0)

    np.testing.assert_allclose(-np.expm1(-losses) * bet.n_answered / bet.n_spectra, stakes.max() * (1 - exp(-2)) / _coarsest(bet))
    assert losses.max() == pytest.approx(2.0)


@given(bets())
def test_capped_stakes_are_taken_where_they_win_half_as_much_again(bet):
    sizes, answered = bet.n_spectra, bet.n_answered
    capped, usual = capped_stakes(sizes, answered), rate_if_falling(sizes, answered, relative_stakes(sizes, answered))

    assert usual >= (1 - 1e-12) / _coarsest(bet)
    if capped is not None:
        assert rate_if_falling(sizes, answered, capped) >= 1.5 * usual
        assert np.all((capped > 0) & (capped <= 1))
        np.testing.assert_allclose(capped, np.minimum(sizes / answered / (sizes.sum() / answered.sum()), 1))


def _coarsest(bet):
    return float(np.max(bet.n_spectra / bet.n_answered))


def test_where_the_bulk_is_starved_falling_shares_let_the_other_labels_speak():
    sizes, answered = np.array([5e3, 4e4, 3.2e5, 3.7e6]), np.array([220.0, 150.0, 47.0, 3.0])
    assert capped_stakes(sizes, answered) is not None
    free = upper_of_one_look(sizes, answered, np.zeros(4), 0.05)
    falling = upper_of_one_look(sizes, answered, np.zeros(4), 0.05, monotone=True)

    assert 10 * falling < free


@pytest.mark.parametrize("n_seen", [0, 1, 5, 40])
def test_the_limit_of_one_stratum_is_chernoff_s(n_seen):
    n, size = 60, 10_000.0
    limit = upper_of_one_look(np.array([size]), np.array([float(n)]), np.array([float(n_seen)]), 0.05) / size

    def divergence(share, other):
        return sum(a * log(a / b) for a, b in ((share, other), (1 - share, 1 - other)) if a)

    assert divergence(n_seen / n, limit) * n == pytest.approx(-log(0.05), rel=0.02)
