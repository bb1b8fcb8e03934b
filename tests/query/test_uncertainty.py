"""The entropy of predicted classes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from spectrove import registry
from spectrove.query import entropy
from spectrove.testing import check_strategy


@st.composite
def probability_tables(draw):
    shape = draw(array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=8))
    weights = draw(arrays(np.float64, shape, elements=st.sampled_from([0.0, 1e-300, 1e-9, 0.1, 0.5, 1.0, 7.0])))
    weights[weights.sum(axis=1) == 0, 0] = 1.0
    return (weights / weights.sum(axis=1, keepdims=True)).astype(draw(st.sampled_from([np.float32, np.float64])))


@given(probability_tables())
def test_entropy_lies_between_zero_and_the_logarithm_of_the_number_of_classes(probabilities):
    utilities = entropy(probabilities)

    assert utilities.shape == probabilities.shape[:1]
    assert np.all(utilities >= 0)
    assert np.all(utilities <= math.log(probabilities.shape[1]) + 1e-6)


@given(probability_tables())
def test_entropy_does_not_depend_on_the_order_of_the_classes(probabilities):
    np.testing.assert_allclose(entropy(probabilities[:, ::-1]), entropy(probabilities), rtol=1e-12, atol=1e-15)


@given(probability_tables())
def test_entropy_is_the_sum_of_equation_1_of_the_paper(probabilities):
    expected = [-math.fsum(p * math.log(p) for p in row if p > 0) for row in probabilities.astype(float).tolist()]

    np.testing.assert_allclose(entropy(probabilities), expected, rtol=1e-12, atol=1e-7)


def test_a_certain_prediction_has_no_entropy_and_an_even_one_has_all_of_it():
    utilities = entropy(np.array([[1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3]]))

    assert utilities.tolist() == [0.0, pytest.approx(math.log(3), abs=1e-15)]


@pytest.mark.parametrize(
    "probabilities",
    [
        np.array([0.5, 0.5]),
        np.array([[0.5, 0.4]]),
        np.array([[1.5, -0.5]]),
        np.array([[np.nan, 1.0]]),
        np.array([[1.0, 0.0], [2.0, 3.0]]),
    ],
)
def test_what_is_no_table_of_probabilities_is_refused(probabilities):
    with pytest.raises(ValueError, match=r"probabilities must"):
        entropy(probabilities)


def test_the_refusal_names_the_first_bad_row():
    with pytest.raises(ValueError, match=r"got \[2\.0, 3\.0\] in row 1 and 1 such rows"):
        entropy(np.array([[1.0, 0.0], [2.0, 3.0]]))


@pytest.mark.parametrize("name", registry.names("spectrove.strategies"))
def test_every_strategy_that_is_installed_keeps_the_contract_of_its_group(name):
    check_strategy(registry.load("spectrove.strategies", name))


def _sees_rows(probabilities):
    return np.arange(len(probabilities), dtype=float)


def _changes_its_argument(probabilities):
    probabilities[:] = 0
    return np.zeros(len(probabilities))


class _Remembers:
    calls = 0.0

    def __call__(self, probabilities):
        self.calls += 1
        return np.full(len(probabilities), self.calls)


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (_sees_rows, "change their order"),
        (_changes_its_argument, "must not change its argument"),
        (_Remembers(), "same probabilities must get the same utilities"),
        (lambda probabilities: probabilities, "must return an array of shape"),
        (lambda probabilities: probabilities[:, 0] - probabilities[:, -1].max(initial=0), "when other rows are absent"),
        (lambda probabilities: probabilities.argmax(axis=1), "floating-point"),
        (lambda probabilities: np.full(len(probabilities), np.nan), "finite"),
    ],
)
def test_the_contract_catches_a_broken_strategy(broken, complaint):
    with pytest.raises(AssertionError, match=complaint):
        check_strategy(broken)


def test_entropy_is_found_by_its_name():
    assert registry.load("spectrove.strategies", "entropy") is entropy
