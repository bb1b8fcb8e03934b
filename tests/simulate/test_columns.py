"""Structures of arrays are cut into rows and put together again."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pytest

from spectrove.contracts import FloatArray, IntArray
from spectrove.simulate.columns import Columns, stacked


@dataclass(frozen=True, eq=False)
class Inner(Columns):
    """A structure within another."""

    height: FloatArray


@dataclass(frozen=True, eq=False)
class Outer(Columns):
    """Numbers, vectors, and a structure."""

    number: IntArray
    vector: FloatArray
    inner: Inner


@pytest.fixture
def some(generator) -> Outer:
    return Outer(np.arange(7), generator.random((7, 3)), Inner(generator.random(7)))


def assert_equal(first: Outer, second: Outer) -> None:
    assert type(first) is type(second)
    for field in fields(first):
        one, other = (getattr(structure, field.name) for structure in (first, second))
        if isinstance(one, Columns):
            assert_equal(one, other)
        else:
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("cut", [0, 3, 7])
def test_what_was_cut_is_whole_again_when_it_is_stacked(some, cut):
    assert_equal(stacked([some.rows(slice(cut)), some.rows(slice(cut, None))]), some)


@pytest.mark.parametrize(
    "selection", [np.array([5, 0, 0]), np.arange(7) % 2 == 0, slice(1, 6, 2)], ids=["rows", "flags", "slice"]
)
def test_rows_are_the_same_rows_of_every_attribute(some, selection):
    chosen = some.rows(selection)
    np.testing.assert_array_equal(chosen.number, np.arange(7)[selection])
    np.testing.assert_array_equal(chosen.vector, some.vector[selection])
    np.testing.assert_array_equal(chosen.inner.height, some.inner.height[selection])
