"""Telling two sets of spectra apart: chance where there is no difference, certainty where there is one, and where it lies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove.simulate.distinguish import (
    BLOCK,
    FARTHEST,
    N_FOLDS,
    Contest,
    area,
    area_interval,
    areas_by_wave,
    folds,
    learners,
    matched,
    out_of_fold,
)


def centroid(features, is_real, generator):
    """Rank by the projection on the difference of the means: the simplest learner that can learn."""
    direction = features[is_real].mean(axis=0) - features[~is_real].mean(axis=0)
    return lambda asked: asked @ direction


def contest(generator: np.random.Generator, shift: float = 0.0, n: int = 300, at: int = 24) -> Contest:
    features = generator.standard_normal((2 * n, 35))
    is_real = np.arange(2 * n) % 2 == 0
    features[is_real, at] += shift
    return Contest(features, is_real, np.arange(2 * n) // 2)


@given(seed=st.integers(0, 100), n=st.integers(2, 40))
def test_the_area_is_the_share_of_pairs_in_the_right_order(seed, n):
    generator = np.random.default_rng(seed)
    scores = generator.integers(0, 6, 2 * n).astype(float)
    is_real = np.arange(2 * n) < n
    pairs = scores[is_real][:, None] - scores[~is_real][None]
    assert area(is_real, scores) == pytest.approx(((pairs > 0) + 0.5 * (pairs == 0)).mean())


def test_a_side_alone_has_no_area():
    assert np.isnan(area(np.ones(4, dtype=bool), np.arange(4.0)))
    assert np.isnan(area_interval(np.ones(4, dtype=bool), np.arange(4.0), np.arange(4), np.random.default_rng(0))).all()


def test_the_interval_of_independent_spectra_is_that_of_the_formula(generator):
    n = 400
    is_real = np.arange(2 * n) < n
    scores = generator.standard_normal(2 * n)
    lower, upper = area_interval(is_real, scores, np.arange(2 * n), generator)
    assert lower < area(is_real, scores) < upper
    assert upper - lower == pytest.approx(2 * 1.96 * np.sqrt((2 * n + 1) / (12 * n * n)), rel=0.15)  # Mann and Whitney's variance


def test_spectra_that_come_in_groups_make_the_interval_wider(generator):
    offsets = np.repeat(generator.standard_normal(20), 40)
    scores = offsets + 0.1 * generator.standard_normal(800)
    is_real = np.arange(800) < 400
    together = np.subtract(*area_interval(is_real, scores, np.arange(800) // 40, generator))
    alone = np.subtract(*area_interval(is_real, scores, np.arange(800), generator))
    assert together < 3 * alone < 0


@given(seed=st.integers(0, 50))
def test_partners_share_their_type_and_nearly_their_signal_to_noise_and_have_one_partner_each(seed):
    generator = np.random.default_rng(seed)
    kinds, snrs = (generator.choice(["A", "F", "G"], n) for n in (40, 90)), (generator.lognormal(4, 1, n) for n in (40, 90))
    real, simulated = zip(kinds, snrs, strict=True)
    ours, theirs = matched(real, simulated, generator)
    assert len(set(ours)) == len(set(theirs)) == ours.size == theirs.size
    assert (real[0][ours] == simulated[0][theirs]).all()
    assert (np.abs(np.log(real[1][ours] / simulated[1][theirs])) <= FARTHEST).all()


def test_a_type_that_one_side_has_none_of_is_left_out(generator):
    real = np.array(["A", "O", "A"]), np.array([10.0, 10.0, 1000.0])
    ours, theirs = matched(real, (np.array(["A", "B"]), np.array([11.0, 10.0])), generator)
    assert (ours.tolist(), theirs.tolist()) == ([0], [0])


@given(sizes=st.lists(st.integers(1, 30), min_size=N_FOLDS, max_size=60), seed=st.integers(0, 20))
def test_no_group_is_torn_and_the_parts_are_as_equal_as_the_groups_allow(sizes, seed):
    group = np.repeat(np.arange(len(sizes)), sizes)
    part = folds(group, np.random.default_rng(seed))
    assert all(np.unique(part[group == name]).size == 1 for name in range(len(sizes)))
    counts = np.bincount(part, minlength=N_FOLDS)
    assert counts.max() - counts.min() <= max(sizes)


def test_what_is_the_same_cannot_be_told_apart(generator):
    even = contest(generator)
    scores, importance = out_of_fold(even, centroid, generator)
    lower, upper = area_interval(even.is_real, scores, even.group, generator)
    assert lower < 0.55
    assert upper > 0.45
    assert not importance.any()


def test_a_difference_is_found_and_so_is_its_place(generator):
    shifted = contest(generator, shift=3.0, at=24)
    scores, importance = out_of_fold(shifted, centroid, generator, n_shuffles=2)
    assert area(shifted.is_real, scores) > 0.95
    assert int(importance.argmax()) // BLOCK == 24 // BLOCK
    assert int(np.abs(areas_by_wave(shifted) - 0.5).argmax()) == 24
    assert areas_by_wave(shifted)[24] > 0.95


def test_no_spectrum_is_judged_by_what_its_own_group_taught(generator):
    even = contest(generator)
    features = even.features.copy()
    features[:, 0] = even.group
    judged = []

    def learner(given, is_real, _):
        known = set(given[:, 0].tolist())
        return lambda asked: judged.append(known & set(asked[:, 0].tolist())) or asked[:, 1]

    sides = Contest(features, even.is_real, even.group)
    out_of_fold(Contest(features[even.is_real], even.is_real[even.is_real], sides.group[even.is_real]), learner, generator)
    assert judged == [set()] * N_FOLDS


@pytest.mark.parametrize("name", learners())
def test_every_learner_learns_what_there_is_to_learn_and_nothing_else(name, generator):
    learner = learners()[name]
    for shift, low, high in ((0.0, 0.35, 0.65), (3.0, 0.9, 1.0)):
        small = contest(generator, shift, n=120)
        scores, _ = out_of_fold(small, learner, generator)
        assert scores.shape == (240,)
        assert low <= area(small.is_real, scores) <= high


@pytest.mark.parametrize("name", learners())
def test_the_same_seed_learns_the_same(name):
    small = contest(np.random.default_rng(1), 1.0, n=60)
    one, other = (out_of_fold(small, learners()[name], np.random.default_rng(5))[0] for _ in range(2))
    np.testing.assert_array_equal(one, other)
