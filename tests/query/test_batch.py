"""The batch that is asked about, and the random sample: values, order, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from spectrove.query import sample_at_random, select_top


def ids(n):
    return np.array([f"lamost:{number}" for number in range(n)], dtype=object)


def test_the_most_useful_spectra_come_first(generator):
    utilities = np.array([0.1, 0.9, 0.5, 0.7], dtype=np.float32)

    assert select_top(utilities, ids(4), 3, generator).tolist() == [1, 3, 2]


def test_an_excluded_spectrum_makes_room_for_the_next(generator):
    excluded = np.array([False, True, False, False])

    assert select_top(np.array([0.1, 0.9, 0.5, 0.7]), ids(4), 2, generator, excluded).tolist() == [3, 2]


def test_more_than_there_are_gives_all_there_are(generator):
    excluded = np.array([True, False, False])

    assert select_top(np.array([1.0, 2.0, 3.0]), ids(3), 100, generator, excluded).tolist() == [2, 1]
    assert select_top(np.array([1.0, 2.0, 3.0]), ids(3), 100, generator, np.ones(3, dtype=bool)).tolist() == []
    assert select_top(np.array([]), ids(0), 5, generator).tolist() == []


def test_infinite_utilities_are_asked_first_and_last(generator):
    assert select_top(np.array([0.0, -np.inf, np.inf]), ids(3), 3, generator).tolist() == [2, 0, 1]


def test_a_utility_that_is_no_number_is_refused_by_its_spectrum(generator):
    with pytest.raises(ValueError, match="lamost:1: the utility is NaN"):
        select_top(np.array([0.1, np.nan]), ids(2), 1, generator)


def test_arrays_of_different_lengths_are_refused(generator):
    with pytest.raises(ValueError, match=r"must share one shape \(n_spectra,\), got \(\(3,\), \(2,\)\)"):
        select_top(np.zeros(3), ids(2), 1, generator)
    with pytest.raises(ValueError, match="must share one shape"):
        select_top(np.zeros(2), ids(2), 1, generator, excluded=np.zeros(3, dtype=bool))
    with pytest.raises(ValueError, match="must share one shape"):
        sample_at_random(ids(2), np.zeros(3, dtype=bool), 1, generator)


def test_a_negative_number_of_spectra_is_refused(generator):
    with pytest.raises(ValueError, match="k must not be negative, got -1"):
        select_top(np.zeros(2), ids(2), -1, generator)
    with pytest.raises(ValueError, match="n must not be negative, got -1"):
        sample_at_random(ids(2), np.ones(2, dtype=bool), -1, generator)


def test_the_sample_knows_its_inclusion_probability(generator):
    candidates = np.arange(100) % 4 == 0

    rows, probability = sample_at_random(ids(100), candidates, 10, generator)

    assert len(rows) == 10
    assert probability == 10 / 25


def test_a_sample_of_too_few_candidates_holds_them_all_with_certainty(generator):
    rows, probability = sample_at_random(ids(9), np.arange(9) < 3, 30, generator)

    assert sorted(rows.tolist()) == [0, 1, 2]
    assert probability == 1.0


def test_a_sample_of_no_candidates_is_empty_and_has_no_probability(generator):
    rows, probability = sample_at_random(ids(9), np.zeros(9, dtype=bool), 30, generator)

    assert rows.tolist() == []
    assert np.isnan(probability)


def test_both_draws_use_the_generator_once_whatever_they_find():
    """So that a campaign's later draws do not depend on how many ties or candidates an earlier one met."""
    after = set()
    for n, k in ((0, 5), (1, 0), (1000, 5)):
        for draw in (
            lambda generator, n=n, k=k: select_top(np.zeros(n), ids(n), k, generator),
            lambda generator, n=n, k=k: sample_at_random(ids(n), np.ones(n, dtype=bool), k, generator),
        ):
            generator = np.random.default_rng(3)
            draw(generator)
            after.add(int(generator.integers(2**60)))

    assert len(after) == 1


def test_a_seed_makes_the_same_choice_in_every_version_and_on_every_machine():
    rows, _ = sample_at_random(ids(1000), np.ones(1000, dtype=bool), 4, np.random.default_rng(2020))

    assert rows.tolist() == [613, 898, 998, 374]
    assert select_top(np.zeros(1000), ids(1000), 4, np.random.default_rng(2020)).tolist() == rows.tolist()
