"""The part of the sky that was searched."""

from __future__ import annotations

import json
import shutil
import subprocess

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import Latitude, Longitude
from hypothesis import given, settings
from hypothesis import strategies as st
from mocpy import MOC

from spectrove.catalog.footprint import ORDER, positions_of, write_moc
from spectrove.pool import Pool


def covers(moc, ra, dec):
    return moc.contains_lonlat(Longitude(ra, unit=units.deg), Latitude(dec, unit=units.deg))


def sphere(generator, n):
    return generator.uniform(0, 360, n), np.degrees(np.arcsin(generator.uniform(-1, 1, n)))


@pytest.fixture
def files(tmp_path):
    return tmp_path / "moc.fits", tmp_path / "moc.json"


def test_every_position_is_covered_and_both_files_hold_the_same_map(files, generator):
    ra, dec = generator.uniform(80, 90, 3000), generator.uniform(20, 30, 3000)

    told = write_moc(*files, [(ra, dec)])

    moc, same = MOC.load(files[0], format="fits"), MOC.load(files[1], format="json")
    assert covers(moc, ra, dec).all()
    assert moc == same
    assert moc.max_order == told.order == ORDER
    assert told.area == pytest.approx(moc.sky_fraction * 41_252.96, rel=1e-6)
    assert (told.n_positions, told.n_without) == (3000, 0)


def test_a_position_far_from_all_others_is_not_covered(files, generator):
    write_moc(*files, [(generator.uniform(80, 90, 500), generator.uniform(20, 30, 500))])

    moc = MOC.load(files[0], format="fits")
    assert not covers(moc, np.array([85.0, 200.0, 0.0]), np.array([35.0, 25.0, -90.0])).any()


@settings(max_examples=25)
@given(cuts=st.lists(st.integers(0, 400), max_size=5), order=st.integers(0, 12))
def test_the_map_does_not_depend_on_how_the_positions_are_cut_in_pieces(tmp_path_factory, cuts, order):
    base = tmp_path_factory.getbasetemp()
    ra, dec = sphere(np.random.default_rng(3), 400)
    pieces = zip(np.split(ra, sorted(cuts)), np.split(dec, sorted(cuts)), strict=True)

    one = write_moc(base / "one.fits", base / "one.json", [(ra, dec)], order)
    many = write_moc(base / "many.fits", base / "many.json", pieces, order)

    assert one == many
    assert (base / "one.fits").read_bytes() == (base / "many.fits").read_bytes()
    assert json.loads((base / "one.json").read_text()) == json.loads((base / "many.json").read_text())


def test_the_whole_sky_is_the_whole_sky(files, generator):
    assert write_moc(*files, [sphere(generator, 20_000)], order=3).area == pytest.approx(41_252.96, rel=1e-6)


def test_spectra_without_a_position_are_counted_and_left_out(files):
    ra, dec = np.array([10.0, np.nan, 30.0, 40.0]), np.array([0.0, 0.0, np.nan, 10.0])

    told = write_moc(*files, [(ra, dec)])

    assert (told.n_positions, told.n_without) == (2, 2)
    assert told.area == pytest.approx(2 * 0.0524, rel=1e-2)


@pytest.mark.parametrize("pieces", [[], [(np.array([]), np.array([]))], [(np.array([np.nan]), np.array([1.0]))]])
def test_without_any_position_the_map_is_empty(files, pieces):
    told = write_moc(*files, pieces)

    assert (told.n_positions, told.area) == (0, 0.0)
    assert MOC.load(files[0], format="fits").empty()


def test_the_sky_has_no_seams(files):
    ra, dec = np.array([0.0, 360.0, 359.9999, -0.0001, 12.0]), np.array([0.0, 0.0, 0.0, 0.0, 90.0])

    write_moc(*files, [(ra, dec)])

    moc = MOC.load(files[0], format="fits")
    assert covers(moc, np.array([0.0, 359.9999, 12.0]), np.array([0.0, 0.0, 90.0])).all()


@pytest.mark.parametrize(
    ("order", "dec", "complaint"), [(30, 0.0, "30 is no order"), (-1, 0.0, "-1 is no order"), (8, 91.5, "91.5 degrees is no")]
)
def test_what_is_no_place_or_no_order_is_refused_and_leaves_no_file(files, order, dec, complaint):
    with pytest.raises(ValueError, match=complaint):
        write_moc(*files, [(np.array([1.0]), np.array([dec]))], order)

    assert not files[0].exists()
    assert not files[1].exists()


def test_files_that_exist_are_replaced(files, generator):
    write_moc(*files, [sphere(generator, 500)])
    write_moc(*files, [(np.array([10.0]), np.array([20.0]))])

    assert MOC.load(files[0], format="fits") == MOC.load(files[1], format="json")
    assert sorted(path.name for path in files[0].parent.iterdir()) == ["moc.fits", "moc.json"]


def test_a_pool_gives_its_positions_in_pieces(small_survey, files):
    pool = Pool.open(small_survey.pool)

    pieces = list(positions_of(pool, rows_at_once=100))

    assert [len(ra) for ra, _ in pieces] == [100] * (pool.n_spectra // 100) + [pool.n_spectra % 100]
    table = pool.metadata(["ra", "dec"])
    assert np.array_equal(np.concatenate([ra for ra, _ in pieces]), table["ra"].to_numpy(), equal_nan=True)
    assert np.array_equal(np.concatenate([dec for _, dec in pieces]), table["dec"].to_numpy(), equal_nan=True)
    assert write_moc(*files, pieces).n_positions == pool.n_spectra - table["ra"].null_count


@pytest.mark.skipif(shutil.which("fitsverify") is None, reason="fitsverify is not installed, so it cannot look at the file")
def test_fitsverify_has_nothing_to_say(files, generator):
    write_moc(*files, [sphere(generator, 500)])

    done = subprocess.run(["fitsverify", "-q", str(files[0])], capture_output=True, text=True, check=False, timeout=60)

    assert done.stdout.startswith("verification OK"), done.stdout
