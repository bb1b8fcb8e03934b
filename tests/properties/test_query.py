"""What holds for every choice of spectra, whatever the pool."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from spectrove.query import sample_at_random, select_top


@st.composite
def pools(draw):
    """Draw ids, utilities with many ties, a mask, a number, a seed, and another order of the rows."""
    names = draw(st.lists(st.text(min_size=1, max_size=12), min_size=0, max_size=40, unique=True))
    n = len(names)
    utilities = draw(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=n, max_size=n))
    mask = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    return (
        np.array([f"survey:{name}" for name in names], dtype=object),
        np.array(utilities),
        np.array(mask, dtype=bool),
        draw(st.integers(0, 45)),
        draw(st.integers(0, 2**32)),
        np.array(draw(st.permutations(range(n))), dtype=int),
    )


def top(pool, order=slice(None)):
    spectrum_ids, utilities, excluded, k, seed, _ = pool
    ids = spectrum_ids[order]
    return ids[select_top(utilities[order], ids, k, np.random.default_rng(seed), excluded[order])].tolist()


def sample(pool, order=slice(None)):
    spectrum_ids, _, candidates, n, seed, _ = pool
    ids = spectrum_ids[order]
    return ids[sample_at_random(ids, candidates[order], n, np.random.default_rng(seed))[0]].tolist()


@pytest.mark.parametrize("choose", [top, sample])
@given(pool=pools())
def test_no_spectrum_is_chosen_twice(choose, pool):
    chosen = choose(pool)

    assert len(set(chosen)) == len(chosen)


@pytest.mark.parametrize("choose", [top, sample])
@given(pool=pools())
def test_as_many_are_chosen_as_wanted_or_as_there_are_and_only_allowed_ones(choose, pool):
    spectrum_ids, _, mask, k, _, _ = pool
    allowed = set(spectrum_ids[~mask if choose is top else mask])

    chosen = choose(pool)

    assert len(chosen) == min(k, len(allowed))
    assert set(chosen) <= allowed


@given(pool=pools())
def test_nothing_left_out_is_more_useful_than_anything_chosen(pool):
    spectrum_ids, utilities, excluded, _, _, _ = pool
    value = dict(zip(spectrum_ids, utilities, strict=True))

    chosen = top(pool)

    assert [value[name] for name in chosen] == sorted((value[name] for name in chosen), reverse=True)
    left = set(spectrum_ids[~excluded]) - set(chosen)
    assert all(value[inside] >= value[outside] for inside, outside in itertools.product(chosen, left))


@pytest.mark.parametrize("choose", [top, sample])
@given(pool=pools())
def test_the_order_of_the_rows_changes_nothing_in_the_ids_or_their_order(choose, pool):
    assert choose(pool, order=pool[-1]) == choose(pool)


@pytest.mark.parametrize("choose", [top, sample])
@given(pool=pools())
def test_the_same_seed_makes_the_same_choice(choose, pool):
    assert choose(pool) == choose(pool)


@pytest.mark.parametrize("choose", ["top of equal utilities", "sample"])
def test_every_candidate_is_drawn_equally_often_by_itself_and_in_pairs(choose):
    """
    Count draws of 4 out of 12 in 2,000 seeds.

    In simple random sampling the counts of the candidates have the variance S f (1 - f) and the covariance
    -S f (1 - f) / (N - 1), so that the sum of their squared deviations over S f (1 - f) N / (N - 1) follows χ² with N - 1
    degrees of freedom.
    """
    n_candidates, n, n_seeds = 12, 4, 2000
    ids = np.array([f"lamost:{number}" for number in range(n_candidates)], dtype=object)
    drawn = np.zeros((n_seeds, n_candidates), dtype=int)
    for seed in range(n_seeds):
        generator = np.random.default_rng(seed)
        if choose == "sample":
            rows, _ = sample_at_random(ids, np.ones(n_candidates, dtype=bool), n, generator)
        else:
            rows = select_top(np.full(n_candidates, 0.5), ids, n, generator)
        drawn[seed, rows] = 1

    f = n / n_candidates
    deviation = drawn.sum(axis=0) - n_seeds * f
    statistic = (deviation**2).sum() / (n_seeds * f * (1 - f)) * (n_candidates - 1) / n_candidates
    assert 0.005 < chi2.cdf(statistic, n_candidates - 1) < 0.995

    pairs = (drawn.T @ drawn)[np.triu_indices(n_candidates, 1)]
    expected = n_seeds * n * (n - 1) / n_candidates / (n_candidates - 1)
    assert np.abs(pairs - expected).max() < 4.5 * np.sqrt(expected)


def test_the_first_place_of_a_sample_goes_to_every_candidate_equally_often():
    n_candidates, n_seeds = 8, 2000
    ids = np.array([f"sdss:{number}" for number in range(n_candidates)], dtype=object)
    candidates = np.ones(n_candidates, dtype=bool)

    first = [sample_at_random(ids, candidates, 3, np.random.default_rng(seed))[0][0] for seed in range(n_seeds)]

    counts = np.bincount(first, minlength=n_candidates)
    statistic = ((counts - n_seeds / n_candidates) ** 2).sum() / (n_seeds / n_candidates)
    assert chi2.sf(statistic, n_candidates - 1) > 1e-3
