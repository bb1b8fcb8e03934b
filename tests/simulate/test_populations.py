"""Kinds of stars and how they are drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove.simulate.populations import DOUBLE, LABELED, OTHER, POOL, SINGLE, TYPES, allocate, draw, draw_stars, draw_types
from spectrove.simulate.spectra import PARAMETERS


@given(
    n=st.integers(0, 10_000), shares=st.lists(st.floats(0, 10), min_size=1, max_size=8).filter(lambda values: sum(values) > 0.01)
)
def test_allocated_counts_add_up_and_are_within_one_of_their_share(n, shares):
    counts = allocate(n, np.array(shares))
    assert counts.sum() == n
    np.testing.assert_allclose(counts, n * np.array(shares) / sum(shares), atol=1)


@pytest.mark.parametrize("mixture", [POOL, LABELED], ids=["pool", "labeled"])
def test_every_kind_stands_under_its_own_label(mixture):
    assert list(mixture) == [SINGLE, DOUBLE, OTHER]
    for label, shares in mixture.items():
        assert {TYPES[kind].label for kind in shares} == {label}
        assert sum(shares.values()) == pytest.approx(1)


def test_kinds_are_drawn_in_the_numbers_asked_for_and_in_random_order(generator):
    kinds = draw_types({SINGLE: 20, DOUBLE: 8, OTHER: 200}, POOL, generator)
    labels = [TYPES[kind].label for kind in kinds]
    assert [labels.count(label) for label in (SINGLE, DOUBLE, OTHER)] == [20, 8, 200]
    assert [kinds.count(kind) for kind in ("be", "yso", "dme", "cv")] == [12, 4, 2, 2]
    assert len(set(labels[:30])) > 1


@pytest.mark.parametrize("kind", TYPES)
def test_every_parameter_lies_in_the_range_of_its_kind(kind, generator):
    stars = draw_stars([kind] * 50, generator.random((50, len(PARAMETERS))))
    for name in PARAMETERS:
        low, high = getattr(TYPES[kind], name)
        values = getattr(stars, name) / (stars.separation if name == "fwhm" and TYPES[kind].label == DOUBLE else 1)
        assert values.min() >= low - 1e-9, name
        assert values.max() <= high + 1e-9, name


def test_the_size_of_the_chunks_changes_nothing_in_what_is_drawn():
    kinds = ["be", "gk", "m", "nebula", "be-double"] * 4

    def drawn(chunk_size: int) -> list[np.ndarray]:
        chunks = list(draw(kinds, 11, chunk_size, np.random.default_rng(1), np.random.default_rng(2)))
        assert [kind for chunk in chunks for kind in chunk.kinds] == kinds
        assert [chunk.first for chunk in chunks] == list(range(0, 20, chunk_size))
        columns = [np.stack([getattr(chunk.stars, name) for name in PARAMETERS]) for chunk in chunks]
        chances = [np.stack(list(chunk.chances.values())) for chunk in chunks]
        return [np.concatenate(parts, axis=-1) for parts in (columns, chances, [chunk.normals.T for chunk in chunks])]

    for one, other in zip(drawn(3), drawn(20), strict=True):
        np.testing.assert_array_equal(one, other)
