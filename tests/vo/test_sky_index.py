"""Rows of a cone, from a sorted file."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import SkyCoord

from spectrove.vo import sky_index
from spectrove.vo.sky_index import SkyIndex, write_sky_index


def index_of(path, ra, dec):
    """Return an index of positions."""
    write_sky_index(path / "sky.npy", np.asarray(ra, float), np.asarray(dec, float))
    return SkyIndex(path / "sky.npy")


@pytest.mark.parametrize("axis", [(0.01, 5.0), (359.99, -5.0), (120.0, 89.9), (12.0, -90.0), (200.0, 30.0)])
@pytest.mark.parametrize("radius", [0.5, 20.0, 100.0])
def test_a_cone_holds_what_astropy_finds_in_it(tmp_path, generator, monkeypatch, axis, radius):
    monkeypatch.setattr(sky_index, "ROWS_AT_ONCE", 300)
    ra = generator.uniform(0, 360, 5000)
    dec = np.degrees(np.arcsin(generator.uniform(-1, 1, 5000)))
    away = SkyCoord(ra, dec, unit="deg").separation(SkyCoord(*axis, unit="deg")).to_value(units.deg)

    found = index_of(tmp_path, ra, dec).cone(*axis, radius)

    np.testing.assert_array_equal(found, np.flatnonzero(away <= radius))


def test_the_whole_sky_holds_every_row_with_a_position(tmp_path):
    index = index_of(tmp_path, [10.0, np.nan, 190.0, 360.0], [0.0, 1.0, 0.0, 90.0])

    assert index.cone(10.0, 0.0, 180.0).tolist() == [0, 2, 3]
    assert index.cone(10.0, 0.0, 500.0).tolist() == [0, 2, 3]


def test_a_cone_of_no_width_holds_its_axis(tmp_path):
    assert index_of(tmp_path, [10.123456789], [-20.987654321]).cone(10.123456789, -20.987654321, 0.0).tolist() == [0]


def test_nothing_is_found_where_nothing_is(tmp_path):
    assert index_of(tmp_path, [], []).cone(1.0, 2.0, 180.0).tolist() == []


@pytest.mark.parametrize("cone", [(np.nan, 0, 1), (0, np.nan, 1), (0, 91, 1), (0, 0, -1), (0, 0, np.nan), (0, 0, np.inf)])
def test_an_impossible_cone_is_refused(tmp_path, cone):
    with pytest.raises(ValueError, match="a cone needs"):
        index_of(tmp_path, [1.0], [2.0]).cone(*cone)


@pytest.mark.parametrize(("ra", "dec"), [([1.0, 2.0], [1.0]), ([1.0], [90.5])])
def test_impossible_positions_are_refused(tmp_path, ra, dec):
    with pytest.raises(ValueError, match="must"):
        index_of(tmp_path, ra, dec)
