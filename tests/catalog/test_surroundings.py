"""Neighbors of a spectrum, by position and by fiber."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest
from astropy import units
from astropy.coordinates import SkyCoord

from spectrove.catalog import surroundings
from spectrove.catalog.surroundings import Surroundings
from spectrove.pool import Pool
from spectrove.pool.layout import METADATA_SCHEMA


class Table:
    """A pool that has metadata alone."""

    def __init__(self, **columns):
        n = len(next(iter(columns.values())))
        empty = {name: [None] * n for name in ("survey", "planid", "plate", "spid", "mjd", "ra", "dec", "fiberid")}
        self.table = pa.table({name: pa.array(v, METADATA_SCHEMA.field(name).type) for name, v in {**empty, **columns}.items()})
        self.n_spectra = n
        self.n_read = 0

    def metadata(self, columns, rows):
        self.n_read += 1
        return self.table.select(columns).take(pa.array(rows))


def sky(ra, dec):
    return Surroundings(Table(ra=ra, dec=dec))


def test_exposures_are_those_within_the_radius_and_the_nearest_comes_first():
    arcsec = 1 / 3600
    around = sky([10.0, 10.0, 10.0 + 2 * arcsec, 10.0, 10.0], [0.0, 4 * arcsec, 0.0, 6 * arcsec, 1.0])

    assert around.exposures(0).tolist() == [2, 1]
    assert around.exposures(0, 7).tolist() == [2, 1, 3]
    assert around.exposures(4).tolist() == []


def test_a_second_spectrum_of_the_very_same_position_is_an_exposure_and_the_spectrum_itself_is_none():
    assert sky([120.5] * 3, [-30.25] * 3).exposures(1).tolist() == [0, 2]


@pytest.mark.parametrize(
    ("ra", "dec"), [((0.0, 359.9999), (40.0, 40.0)), ((10.0, 190.0), (89.9999, 89.9999))], ids=["zero", "pole"]
)
def test_the_sky_has_no_seams(ra, dec):
    assert sky(ra, dec).exposures(0).tolist() == [1]


def test_without_a_position_there_are_no_exposures():
    around = sky([None, 10.0, None, 10.0], [None, None, None, 20.0])

    assert [around.exposures(row).tolist() for row in range(4)] == [[], [], [], []]


def test_exposures_agree_with_astropy(generator):
    ra, dec = 30 + generator.uniform(0, 0.02, 400), 60 + generator.uniform(0, 0.01, 400)
    around, places = sky(ra, dec), SkyCoord(ra, dec, unit="deg")

    for row in range(0, 400, 7):
        separations = places[row].separation(places).to_value(units.arcsec)
        wanted = [int(other) for other in np.argsort(separations) if other != row and separations[other] <= 5]
        assert around.exposures(row).tolist() == wanted


def plate(**changes):
    columns = {
        "survey": ["lamost"] * 8,
        "planid": ["P"] * 8,
        "spid": [3] * 8,
        "mjd": [56000.0] * 8,
        "fiberid": [5, 4, 7, 100, 6, 8, 1, 250],
    }
    return Surroundings(Table(**{**columns, **changes}))


def test_fibers_are_those_of_the_nearest_numbers():
    assert plate().fibers(0, 4).tolist() == [1, 4, 2, 5]
    assert plate().fibers(0).size == 6
    assert plate().fibers(0, 100).size == 7


@pytest.mark.parametrize(
    ("column", "others"),
    [("survey", "sdss"), ("planid", "Q"), ("spid", 4), ("mjd", 56001.0), ("mjd", None), ("plate", 7)],
)
def test_fibers_of_other_exposures_are_no_neighbors(column, others):
    usual = {"survey": "lamost", "planid": "P", "spid": 3, "mjd": 56000.0, "plate": None}[column]

    assert plate(**{column: [usual, others] * 4}).fibers(0).tolist() == [4, 2, 6]


def test_two_exposures_of_one_night_are_one():
    assert plate(mjd=[56000.0 + 0.01 * place for place in range(8)]).fibers(0).size == 6


def test_without_a_plate_or_a_fiber_there_are_no_neighbors():
    assert plate(planid=[None] * 8).fibers(0).tolist() == []
    assert plate(fiberid=[None, *range(7)]).fibers(0).tolist() == []
    assert 1 not in plate(fiberid=[5, None, 7, 100, 6, 8, 1, 250]).fibers(0).tolist()


def test_a_plate_of_sdss_has_no_plan():
    around = plate(survey=["sdss"] * 8, planid=[None] * 8, spid=[None] * 8, plate=[266] * 8)

    assert around.fibers(0, 2).tolist() == [1, 4]


def test_many_rows_are_read_a_part_at_a_time_and_once(monkeypatch):
    monkeypatch.setattr(surroundings, "ROWS_AT_ONCE", 3)
    pool = Table(planid=["P", "Q"] * 5, fiberid=range(10), ra=[1.0] * 10, dec=[2.0] * 10)
    around = Surroundings(pool)

    with ThreadPoolExecutor(4) as executor:
        fibers = list(executor.map(around.fibers, range(10)))

    assert pool.n_read == 4
    assert fibers[9].tolist() == [7, 5, 3, 1]
    assert around.exposures(3).size == 9


def test_a_real_pool_knows_its_neighbors(small_survey):
    pool = Pool.open(small_survey.pool)
    around = Surroundings(pool)
    rows = pool.metadata(["spectrum_id", "planid", "plate", "spid", "fiberid"]).to_pylist()

    neighbors = [around.fibers(row) for row in range(pool.n_spectra)]

    assert sum(found.size for found in neighbors) > pool.n_spectra
    for row, found in enumerate(neighbors):
        assert all(rows[other]["spid"] == rows[row]["spid"] and rows[other]["planid"] == rows[row]["planid"] for other in found)
