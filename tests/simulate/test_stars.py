"""Stars over the Hertzsprung–Russell diagram: their kinds, parameters and spectral types."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spectrove.simulate.stars import (
    FASTEST,
    KIND_NAMES,
    LABELED_STARS,
    POOL_STARS,
    STAR_KINDS,
    Stars,
    draw_kinds,
    draw_stars,
    pipeline_class,
)

COUNT = 20_000


@pytest.fixture(scope="module")
def pool() -> Stars:
    generator = np.random.default_rng(20)
    return draw_stars(draw_kinds(POOL_STARS, COUNT, generator), generator)


def stars_of(name: str, n: int = 4000) -> Stars:
    return draw_stars(np.full(n, KIND_NAMES.index(name), dtype=np.int8), np.random.default_rng(21))


@pytest.mark.parametrize("shares", [POOL_STARS, LABELED_STARS, {"k": 3.0, "a": 1.0}])
def test_kinds_occur_as_often_as_their_shares_say(shares):
    kinds = draw_kinds(shares, COUNT, np.random.default_rng(22))
    expected = np.array([shares.get(name, 0.0) for name in KIND_NAMES]) / sum(shares.values())
    counted = np.bincount(kinds, minlength=len(KIND_NAMES)) / COUNT
    assert kinds.dtype == np.int8
    np.testing.assert_allclose(counted, expected, atol=0.015)
    assert not counted[expected == 0].any()


@pytest.mark.parametrize(
    ("shares", "reason"), [({"quasar": 1.0}, "unknown kind 'quasar'"), ({}, "positive sum"), ({"a": 0.0}, "positive")]
)
def test_impossible_shares_are_refused(shares, reason):
    with pytest.raises(ValueError, match=reason):
        draw_kinds(shares, 3, np.random.default_rng(23))


@pytest.mark.parametrize("name", KIND_NAMES)
def test_parameters_lie_within_the_limits_of_their_kind(name):
    stars, kind = stars_of(name), STAR_KINDS[name]
    lowest = min(kind.logg_dwarf[0], kind.logg_giant[0]) if kind.giants else kind.logg_dwarf[0]
    assert stars.teff.min() >= kind.teff[0]
    assert stars.teff.max() <= kind.teff[-1]
    assert stars.logg.min() >= lowest
    assert stars.logg.max() <= max(kind.logg_dwarf[1], kind.logg_giant[1])
    assert np.abs(stars.rv).max() <= FASTEST
    assert stars.feh.min() >= -3
    assert stars.feh.max() <= 0.5
    assert stars.vsini.min() >= 0
    assert stars.ebv.min() >= 0


def test_one_generator_gives_the_same_stars_again(pool):
    generator = np.random.default_rng(20)
    again = draw_stars(draw_kinds(POOL_STARS, COUNT, generator), generator)
    np.testing.assert_array_equal(again.teff, pool.teff)
    np.testing.assert_array_equal(again.rv, pool.rv)


def test_velocities_are_a_cold_disk_with_a_high_velocity_tail(pool):
    core, tail = np.percentile(pool.rv, [16, 84]), np.abs(pool.rv)
    assert 30 < (core[1] - core[0]) / 2 < 50
    assert 0.005 < (tail > 150).mean() < 0.05
    assert 0 < (tail > 400).mean() < 0.003


def test_poor_stars_are_fast_stars(pool):
    poor = pool.feh < -1
    assert pool.rv[poor].std() > 2 * pool.rv[~poor].std()


def test_hot_stars_rotate_faster_than_cool_ones():
    medians = [np.median(stars_of(name).vsini) for name in ("b", "f", "g", "k")]
    assert medians == sorted(medians, reverse=True)
    assert medians[0] > 100
    assert medians[-1] < 10


def test_rows_keep_stars_whole(pool):
    chosen = np.array([5, 2, 5])
    some = pool.rows(chosen)
    np.testing.assert_array_equal(some.teff, pool.teff[chosen])
    np.testing.assert_array_equal(some.kind, pool.kind[chosen])


def test_the_pipeline_names_types_by_temperature(pool):
    classes, subclasses = pipeline_class(pool)
    assert set(classes) == {"STAR"}
    letters = {
        "o": "O", "b": "B", "a": "AF", "f": "AFG", "g": "GFK", "k": "KG", "m-dwarf": "dK", "m-giant": "gK", "white-dwarf": "W",
    }  # fmt: skip
    for name, allowed in letters.items():
        assert {subclass[0] for subclass in subclasses[pool.kind == KIND_NAMES.index(name)]} <= set(allowed)


def test_giants_of_the_red_clump_are_called_g5():
    clump = stars_of("k", 1)
    clump = replace(clump, teff=np.array([4800.0]), logg=np.array([2.5]))
    assert pipeline_class(clump)[1][0] == "G5"


def test_the_pipeline_knows_no_difference_between_white_dwarfs():
    for name in ("white-dwarf", "white-dwarf-db", "white-dwarf-dc"):
        assert set(pipeline_class(stars_of(name, 10))[1]) == {"WD"}
