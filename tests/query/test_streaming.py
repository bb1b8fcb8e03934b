"""Choices from probabilities in blocks: the same as from all of them at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove.query import best_rows, entropy, predicted_classes, rows_above, select_top, streaming, top_utilities


def least_confidence(probabilities):
    return 1.0 - probabilities.max(axis=1).astype(float)


@st.composite
def pools(draw):
    """Draw probabilities with many ties, ids, a number, a mask or none, and a length of blocks."""
    n_classes = draw(st.integers(1, 5))
    seed = draw(st.integers(0, 2**32))
    generator = np.random.default_rng(seed)
    n = draw(st.integers(0, 120))
    weights = generator.integers(0, 4, (n, n_classes)) * draw(st.sampled_from([1.0, 1e-6])) + (generator.random((n, 1)) < 0.3)
    weights[weights.sum(axis=1) == 0] = 1
    if draw(st.booleans()):
        weights = generator.dirichlet(np.full(n_classes, draw(st.sampled_from([0.05, 1.0]))), n) + 1e-30
    probabilities = (weights / weights.sum(axis=1, keepdims=True)).astype(draw(st.sampled_from([np.float32, np.float64])))
    excluded = generator.random(n) < draw(st.sampled_from([0.1, 0.9, 1.0])) if draw(st.booleans()) else None
    ids = np.array([f"survey:{number}" for number in range(n)], dtype=object)
    return probabilities, ids, draw(st.integers(0, 130)), excluded, draw(st.integers(1, 50)), seed


@pytest.mark.parametrize("strategy", [entropy, least_confidence])
@given(pool=pools())
def test_the_top_is_that_of_all_utilities_at_once_ties_and_generator_included(strategy, pool):
    probabilities, ids, k, excluded, block_rows, seed = pool
    generators = [np.random.default_rng(seed) for _ in range(2)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streaming, "BLOCK_ROWS", block_rows)
        rows, utilities = top_utilities(probabilities, strategy, ids, k, generators[0], excluded)
    expected = strategy(probabilities)

    np.testing.assert_array_equal(rows, select_top(expected, ids, k, generators[1], excluded))
    np.testing.assert_array_equal(utilities, expected[rows])
    assert generators[0].bytes(8) == generators[1].bytes(8)


@pytest.mark.parametrize("strategy", [entropy, least_confidence])
@given(pool=pools(), threshold=st.sampled_from([0.0, 0.3, 0.69, 0.6931471805599453, 1.05]))
def test_all_rows_that_reach_a_threshold_are_found(strategy, pool, threshold):
    probabilities, _, _, excluded, block_rows, _ = pool
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streaming, "BLOCK_ROWS", block_rows)
        rows, utilities = rows_above(probabilities, strategy, threshold, excluded)
    expected = strategy(probabilities)

    allowed = np.ones(len(expected), dtype=bool) if excluded is None else ~excluded
    np.testing.assert_array_equal(rows, np.flatnonzero((expected >= threshold) & allowed))
    np.testing.assert_array_equal(utilities, expected[rows])


@given(pool=pools())
def test_the_predicted_class_is_the_first_of_the_largest_probabilities(pool):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streaming, "BLOCK_ROWS", pool[4])
        predicted = predicted_classes(pool[0])
    assert predicted.dtype == np.uint8
    np.testing.assert_array_equal(predicted, np.argmax(pool[0], axis=1) if len(pool[0]) else [])


def test_more_classes_than_a_byte_counts_are_predicted():
    probabilities = np.zeros((2, 300), dtype=np.float32)
    probabilities[[0, 1], [299, 3]] = 1
    assert predicted_classes(probabilities).tolist() == [299, 3]


@pytest.mark.parametrize("equal", [[], [[3, 8, 4]], [[3, 8], [900, 20, 7, 11]]])
def test_ids_are_read_where_utilities_are_equal_and_nowhere_else(generator, equal):
    asked = []

    class Ids:
        def __len__(self):
            return 1000

        def __getitem__(self, rows):
            asked.extend(np.asarray(rows).tolist())
            return np.array([f"lamost:{row}" for row in rows], dtype=object)

    probabilities = generator.dirichlet([1, 1, 1], 1000)
    for number, rows in enumerate(equal):  # the most useful of all, equal among themselves
        probabilities[rows] = [1 / 3 + 0.001 * number, 1 / 3, 1 / 3 - 0.001 * number]
    rows, _ = top_utilities(probabilities, entropy, Ids(), 7, generator)
    assert sorted(asked) == sorted(row for some in equal for row in some)
    assert len(set(rows.tolist())) == 7


def test_logarithms_are_taken_of_few_rows(generator, monkeypatch):
    seen = []

    def counted(table):
        seen.append(len(table))
        return entropy(table)

    monkeypatch.setattr(streaming, "entropy", counted)
    monkeypatch.setattr(streaming, "BLOCK_ROWS", 1000)
    best_rows(generator.dirichlet([1, 1, 1], 20_000), counted, 10)
    assert sum(seen) < 2_000


@pytest.mark.parametrize("bad", [[0.5, 0.4, 0.0], [1.5, -0.5, 0.0], [np.nan, 0.5, 0.5]])
def test_rows_that_are_no_probabilities_are_refused_by_their_number(bad, generator, monkeypatch):
    monkeypatch.setattr(streaming, "BLOCK_ROWS", 10)
    table = generator.dirichlet([1, 1, 1], 50)
    table[37] = bad
    with pytest.raises(ValueError, match="in row 37 and 1 such rows"):
        best_rows(table, entropy, 3)


def test_a_utility_that_is_no_number_is_refused_by_its_spectrum(generator):
    ids = np.array(["lamost:0", "lamost:1"], dtype=object)
    with pytest.raises(ValueError, match="lamost:1: the utility is NaN"):
        top_utilities(np.full((2, 2), 0.5), lambda table: np.array([0.1, np.nan]), ids, 1, generator, np.array([False, True]))


def test_arrays_of_different_lengths_and_tables_of_other_shapes_are_refused(generator):
    with pytest.raises(ValueError, match=r"must have one length, got \[2, 3\]"):
        top_utilities(np.full((2, 2), 0.5), entropy, np.array(["a", "b", "c"], dtype=object), 1, generator)
    with pytest.raises(ValueError, match="k must not be negative, got -1"):
        top_utilities(np.full((1, 2), 0.5), entropy, np.array(["a"], dtype=object), -1, generator)
    with pytest.raises(ValueError, match=r"must have the shape \(n_spectra, n_classes\), got \(3,\)"):
        predicted_classes(np.zeros(3))
