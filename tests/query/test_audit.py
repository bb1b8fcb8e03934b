"""The audit: a stratified sample whose probabilities are what it says, however the pool's rows are ordered."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from spectrove.query import allocate, draw_audit, target_probability
from spectrove.query.audit import ASKED_OTHER, ASKED_PREDICTED, DEFENSIVE, FIRST_STRATUM, FLOOR, PREDICTED, RATIO

SIZES = (12, 30)


def ids(n):
    return np.array([f"lamost:{number}" for number in range(n)], dtype=object)


@st.composite
def pools(draw):
    """Return score, is_predicted, excluded, asked and ids of a pool, with ties or without."""
    n = draw(st.integers(0, 400))
    generator = np.random.default_rng(draw(st.integers(0, 10**6)))
    score = generator.random(n).astype(np.float32) ** draw(st.sampled_from([1, 8]))
    score = np.round(score, draw(st.sampled_from([0, 1, 7])))
    is_predicted = score > draw(st.sampled_from([-1.0, 0.5, 0.9, 2.0]))
    excluded = generator.random(n) < draw(st.sampled_from([0.0, 0.3, 1.0]))
    free = np.flatnonzero(~excluded)
    asked = generator.permutation(free)[: draw(st.sampled_from([0, 7, 10**6]))]
    return score, is_predicted, excluded, asked, ids(n)


def members(pool, draw):
    """Return the rows of each stratum, from what the draw says of the scores' order alone."""
    score, is_predicted, excluded, asked, _ = pool
    is_asked = np.zeros(score.size, dtype=bool)
    is_asked[asked] = True
    sizes = {stratum.name: stratum.n_spectra for stratum in draw.strata}
    groups = {
        ASKED_PREDICTED: np.flatnonzero(is_asked & is_predicted),
        ASKED_OTHER: np.flatnonzero(is_asked & ~is_predicted),
        PREDICTED: np.flatnonzero(~excluded & ~is_asked & is_predicted),
    }
    others = np.flatnonzero(~excluded & ~is_asked & ~is_predicted)
    others = others[np.argsort(-score[others], kind="stable")]
    ends = np.cumsum([size for name, size in sizes.items() if name.startswith("others")])
    return groups, others, ends


@given(pools(), st.sampled_from([(0, 0), (5, 0), (0, 5), SIZES, (50, 100), (10**4, 10**4)]), st.integers(0, 99))
def test_each_free_spectrum_is_in_one_stratum_and_none_is_drawn_twice(pool, sizes, seed):
    score, is_predicted, excluded, asked, _ = pool

    draw = draw_audit(*pool, sizes, np.random.default_rng(seed))

    groups, others, ends = members(pool, draw)
    assert sum(stratum.n_spectra for stratum in draw.strata) == np.count_nonzero(~excluded)
    for stratum in draw.strata:
        if stratum.name in groups:
            assert stratum.n_spectra == groups[stratum.name].size > 0
        assert stratum.is_predicted == stratum.name.endswith("predicted")
        assert stratum.is_census == stratum.name.startswith("asked")
        assert stratum.lowest <= stratum.highest
    assert (ends[-1] if ends.size else 0) == others.size
    assert np.unique(draw.rows).size == draw.rows.size == min(sum(sizes), _n_free(pool))
    assert not excluded[draw.rows].any()
    assert not np.isin(draw.rows, asked).any()
    for row, place in zip(draw.rows.tolist(), draw.stratum.tolist(), strict=True):
        stratum = draw.strata[place]
        assert is_predicted[row] == stratum.is_predicted
        assert stratum.lowest <= score[row] <= stratum.highest
        assert not stratum.is_census


def _n_free(pool):
    return int(np.count_nonzero(~pool[2])) - pool[3].size


@given(pools(), st.integers(0, 99))
def test_the_chances_are_the_drawn_part_of_each_stratum(pool, seed):
    draw = draw_audit(*pool, SIZES, np.random.default_rng(seed))

    drawn = np.bincount(draw.stratum, minlength=len(draw.strata))
    for place, chance in zip(draw.stratum.tolist(), draw.inclusion_probabilities.tolist(), strict=True):
        assert chance == drawn[place] / draw.strata[place].n_spectra


@given(pools(), st.sampled_from([SIZES, (3, 90)]), st.integers(0, 10**6))
def test_permuting_the_pool_s_rows_permutes_nothing_in_the_drawn_ids(pool, sizes, seed):
    score, is_predicted, excluded, asked, names = pool
    order = np.random.default_rng(seed).permutation(score.size)
    place = np.argsort(order)

    draw = draw_audit(*pool, sizes, np.random.default_rng(7))
    again = draw_audit(
        score[order], is_predicted[order], excluded[order], place[asked[::-1]], names[order], sizes, np.random.default_rng(7)
    )

    assert again.strata == draw.strata
    assert names[order][again.rows].tolist() == names[draw.rows].tolist()
    assert again.stratum.tolist() == draw.stratum.tolist()
    assert again.inclusion_probabilities.tolist() == draw.inclusion_probabilities.tolist()


@given(pools())
def test_strata_of_the_others_are_cut_by_falling_score_each_larger_than_the_one_before(pool):
    draw = draw_audit(*pool, (10, 10**6), np.random.default_rng(1))

    cut = [stratum for stratum in draw.strata if stratum.name.startswith("others")]
    assert [stratum.name for stratum in cut] == [f"others {number}" for number in range(1, len(cut) + 1)]
    for above, below in pairwise(cut):
        assert above.lowest >= below.highest
        assert below.n_spectra >= RATIO * above.n_spectra


def made_pool(n=60_000):
    """Return a pool whose scores fall steeply, with no ties."""
    generator = np.random.default_rng(5)
    score = (1 / (1 + np.exp(8 - 3 * generator.standard_normal(n)))).astype(np.float32)
    asked = np.argsort(np.abs(score - 0.5))[:20]
    return score, score > 0.5, np.zeros(n, dtype=bool), asked, ids(n)


def test_the_first_stratum_is_as_large_as_the_predicted_targets_and_each_other_has_its_floor():
    pool = made_pool()
    draw = draw_audit(*pool, (30, 70), np.random.default_rng(1))

    sizes = {stratum.name: stratum.n_spectra for stratum in draw.strata}
    drawn = dict(zip(sizes, np.bincount(draw.stratum, minlength=len(sizes)).tolist(), strict=True))
    assert sizes[ASKED_PREDICTED] + sizes[ASKED_OTHER] == 20
    assert sizes["others 1"] == max(sizes[PREDICTED], FIRST_STRATUM)
    assert sizes["others 2"] == RATIO * sizes["others 1"]
    assert (drawn[ASKED_PREDICTED], drawn[ASKED_OTHER], drawn[PREDICTED]) == (0, 0, 30)
    assert min(n for name, n in drawn.items() if name.startswith("others")) >= FLOOR
    assert sum(drawn.values()) == 100


@pytest.mark.parametrize(("n_others", "n_strata"), [(1, 1), (2 * FLOOR, 1), (4 * FLOOR, 2), (6 * FLOOR, 3), (1000, 3)])
def test_there_are_no_more_strata_than_use_up_half_of_the_labels_for_the_floors(n_others, n_strata):
    draw = draw_audit(*made_pool(), (5, n_others), np.random.default_rng(1))

    assert sum(stratum.name.startswith("others") for stratum in draw.strata) == n_strata


def test_every_spectrum_is_drawn_as_often_as_its_chance_says():
    """Ties, and a cut through the middle of them, included."""
    score = np.repeat([0.9, 0.4, 0.2, 0.0], (30, 60, 200, 1200)).astype(np.float32)
    pool = (score, score > 0.5, np.zeros(score.size, dtype=bool), np.array([0, 31, 1000]), ids(score.size))
    n_draws, n_drawn, expected = 400, np.zeros(score.size), np.zeros(score.size)
    for seed in range(n_draws):
        draw = draw_audit(*pool, (10, 60), np.random.default_rng(seed))
        n_drawn[draw.rows] += 1
        for place, stratum in enumerate(draw.strata):
            # Who of those tied at a cut is above it is drawn anew each time; so the chance is counted by score.
            chance = draw.inclusion_probabilities[draw.stratum == place]
            if not stratum.is_census and stratum.highest == stratum.lowest:
                rows = np.flatnonzero(score == np.float32(stratum.highest))
                expected[rows] += chance[0] * stratum.n_spectra / (rows.size - np.isin(pool[3], rows).sum())
            elif not stratum.is_census:
                above, below = (np.flatnonzero(score == np.float32(value)) for value in (stratum.highest, stratum.lowest))
                n_above = above.size - np.isin(pool[3], above).sum()
                expected[above] += chance[0]
                expected[below] += chance[0] * (stratum.n_spectra - n_above) / (below.size - np.isin(pool[3], below).sum())
    expected[pool[3]] = 0

    assert not n_drawn[pool[3]].any()
    free = expected > 0
    for value in np.unique(score):
        group = free & (score == value)
        chance = expected[group] / n_draws
        deviations = (n_drawn[group] - expected[group]) / np.sqrt(n_draws * chance * (1 - chance))
        low, high = chi2.ppf([1e-4, 1 - 1e-4], np.count_nonzero(group))
        assert low < np.sum(deviations**2) < high
        assert n_drawn[group].mean() == pytest.approx(expected[group].mean(), rel=0.15)


def test_the_drawn_spectra_come_in_random_order():
    draw = draw_audit(*made_pool(), (30, 70), np.random.default_rng(1))

    assert 30 < np.count_nonzero(np.diff(draw.stratum)) < 90


def test_what_one_group_lacks_the_other_gets():
    score = np.linspace(1, 0, 200).astype(np.float32)
    nobody, nothing = np.zeros(200, dtype=bool), np.empty(0, dtype=np.intp)

    few = draw_audit(score, score > 0.975, nobody, nothing, ids(200), (30, 10), np.random.default_rng(1))
    many = draw_audit(score, score > 0.01, nobody, nothing, ids(200), (10, 30), np.random.default_rng(1))

    assert np.bincount(few.stratum).tolist()[0] == 5
    assert few.rows.size == 40
    assert np.bincount(many.stratum).tolist() == [38, 2]


def test_a_pool_without_predicted_targets_is_drawn_from_by_its_score_alone():
    score = np.linspace(0.3, 0, 5000).astype(np.float32)
    nobody = np.zeros(5000, dtype=bool)

    draw = draw_audit(score, nobody, nobody, np.array([3, 4]), ids(5000), (30, 20), np.random.default_rng(1))

    assert [stratum.name for stratum in draw.strata] == [ASKED_OTHER, "others 1", "others 2"]
    assert draw.strata[1].n_spectra == FIRST_STRATUM
    assert draw.rows.size == 50


def test_a_pool_of_which_everything_is_asked_about_anyway_leaves_nothing_to_draw():
    score = np.array([0.9, 0.1, 0.2], dtype=np.float32)
    draw = draw_audit(score, score > 0.5, score > 1, np.array([2, 0, 1]), ids(3), SIZES, np.random.default_rng(1))

    assert [(stratum.name, stratum.n_spectra) for stratum in draw.strata] == [(ASKED_PREDICTED, 1), (ASKED_OTHER, 2)]
    assert draw.rows.size == draw.stratum.size == draw.inclusion_probabilities.size == 0


def test_a_constant_score_makes_a_simple_random_sample_of_each_stratum():
    score = np.full(2000, 0.25, dtype=np.float32)
    nobody = np.zeros(2000, dtype=bool)

    draw = draw_audit(score, nobody, nobody, np.empty(0, dtype=np.intp), ids(2000), (0, 90), np.random.default_rng(1))

    assert [stratum.n_spectra for stratum in draw.strata] == [100, 1900]
    assert {(stratum.highest, stratum.lowest) for stratum in draw.strata} == {(0.25, 0.25)}
    np.testing.assert_allclose(np.bincount(draw.stratum) / 90, [0.05, 0.95], atol=0.01)


def test_arrays_of_different_lengths_negative_sizes_and_scores_that_are_none_are_refused(generator):
    nobody, nothing = np.zeros(2, dtype=bool), np.empty(0, dtype=np.intp)

    with pytest.raises(ValueError, match="must have one length, got 2, 2, 2 and 3"):
        draw_audit(np.zeros(2), nobody, nobody, nothing, ids(3), SIZES, generator)
    with pytest.raises(ValueError, match="number of others must not be negative, got -1"):
        draw_audit(np.zeros(2), nobody, nobody, nothing, ids(2), (1, -1), generator)
    with pytest.raises(ValueError, match="lamost:1: the score is NaN"):
        draw_audit(np.array([0.1, np.nan]), nobody, nobody, nothing, ids(2), SIZES, generator)


def test_the_probability_of_any_target_is_the_sum_over_the_classes():
    probabilities = np.array([[0.5, 0.25, 0.25], [1.0, 0.0, 0.0]], dtype=np.float32)

    assert target_probability(probabilities, (1, 2)).tolist() == [0.5, 0.0]
    assert target_probability(probabilities, ()).tolist() == [0.0, 0.0]


# -- how many from each ---------------------------------------------------------------------------------------------------------


@st.composite
def allotments(draw):
    n_strata = draw(st.integers(1, 6))
    sizes = np.array(draw(st.lists(st.integers(0, 10**6), min_size=n_strata, max_size=n_strata)))
    spreads = np.array(draw(st.lists(st.sampled_from([0.0, 1e-6, 0.01, 0.3, 0.5]), min_size=n_strata, max_size=n_strata)))
    return draw(st.sampled_from([0, 1, 5, 40, 1000, 10**7])), sizes, spreads, draw(st.sampled_from([0, 3]))


@given(allotments())
def test_an_allotment_sums_up_and_no_stratum_gets_more_than_it_holds_or_less_than_its_floor(allotment):
    n, sizes, _, floor = allotment
    drawn = np.array(allocate(*allotment))

    assert drawn.sum() == min(n, sizes.sum())
    assert np.all((drawn >= 0) & (drawn <= sizes))
    if n >= floor * sizes.size:
        assert np.all(drawn >= np.minimum(floor, sizes))


@given(allotments())
def test_labels_above_the_floor_are_in_proportion_to_size_times_spread(allotment):
    n, sizes, spreads, floor = allotment
    drawn = np.array(allocate(*allotment))
    worth = sizes * spreads

    least = np.maximum(np.minimum(floor, sizes), DEFENSIVE * n * sizes / max(sizes.sum(), 1))
    between = (drawn > least + 1) & (drawn < sizes) & (worth > 0)
    for one in np.flatnonzero(between):
        for other in np.flatnonzero(between):
            assert drawn[one] - 1 <= (drawn[other] + 1) * worth[one] / worth[other] * (1 + 1e-9)


def test_the_textbook_s_allotment():
    assert allocate(100, np.array([1000, 2000, 7000]), np.array([0.5, 0.25, 0.1]), 0) == [30, 29, 41]
    assert allocate(100, np.array([100, 100]), np.array([0.1, 0.3]), 3) == [25, 75]
    assert allocate(10, np.array([100, 100, 100]), np.array([0.3, 0.3, 0.3]), 0) == [4, 3, 3]
    assert allocate(10, np.array([100, 10**6]), np.array([1e-6, 0.3]), 3) == [3, 7]


def test_the_least_variance_is_that_of_the_allotment():
    sizes, spreads = np.array([300, 2000, 9000]), np.array([0.4, 0.2, 0.05])

    def variance(drawn):
        return float(np.sum(sizes**2 * spreads**2 / drawn))

    drawn = np.array(allocate(60, sizes, spreads, 0))
    for giver in range(3):
        for taker in range(3):
            moved = drawn.copy()
            moved[giver] -= 2
            moved[taker] += 2
            assert variance(moved) >= variance(drawn) * (1 - 1e-3)


@given(allotments())
def test_half_of_a_share_in_proportion_to_its_size_is_any_stratum_s_whatever_its_spread(allotment):
    n, sizes, _, floor = allotment
    drawn = np.array(allocate(*allotment))

    if n >= 2 * floor * sizes.size:
        assert np.all(drawn + 1 > np.minimum(DEFENSIVE * n * sizes / max(sizes.sum(), 1), sizes))


def test_a_stratum_in_which_nothing_varies_gets_half_of_a_simple_sample_s_share_until_the_others_are_used_up():
    assert allocate(12, np.array([100, 100]), np.array([0.3, 0.0]), 0) == [9, 3]
    assert allocate(12, np.array([2, 100]), np.array([0.3, 0.0]), 0) == [2, 10]
    assert allocate(12, np.array([100, 300]), np.array([0.0, 0.0]), 0) == [3, 9]
    assert allocate(4, np.array([100, 300, 50]), np.array([0.1, 0.1, 0.1]), 3) == [3, 1, 0]
