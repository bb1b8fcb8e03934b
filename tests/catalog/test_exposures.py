"""Which spectra are of one object, and when it was observed."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest
from astropy.io import ascii as tables
from astropy.table import Table
from hypothesis import given
from hypothesis import strategies as st

from spectrove.catalog import exposures
from spectrove.catalog.exposures import count_exposures, epochs_of, group_pool, group_positions, groups_of
from spectrove.pool import Pool
from spectrove.simulate import PoolSource, SurveyConfig, SurveyTruth

ARCSEC = 1 / 3600


def position(designation):
    """Return right ascension and declination, degrees, of a designation such as ``J053611.80+273436.0``."""
    sign = -1 if "-" in designation else 1
    hours, degrees = designation.lstrip("J").replace("-", "+").split("+")
    ra, dec = (float(part[:2]) + float(part[2:4]) / 60 + float(part[4:]) / 3600 for part in (hours, degrees))
    return 15 * ra, sign * dec


def partition(numbers):
    """Return the groups as a set of sets of rows, whatever their numbers."""
    return {frozenset(np.flatnonzero(numbers == number).tolist()) for number in np.unique(numbers[numbers >= 0])}


def crowded_sky(generator, n=6000):
    """Return positions of which many lie within some arc seconds of each other, at the pole, at 0 h and elsewhere."""
    ra = np.concatenate([generator.uniform(0, 360, n), generator.normal(0, 0.02, n) % 360, generator.uniform(80, 80.2, n)])
    dec = np.concatenate(
        [90 - np.abs(generator.normal(0, 0.02, n)), generator.uniform(-0.02, 0.02, n), generator.uniform(-30.2, -30, n)]
    )
    south = np.arange(dec.size) % 7 == 0
    dec[:n] = np.where(south[:n], -dec[:n], dec[:n])
    return ra, dec


def test_the_papers_stars_are_one_each_though_their_designations_differ():
    names = ["J053611.80+273436.0", "J041417.60+280609.6", "J053611.79+273435.9", "J041417.61+280609.5", "J041417.62+280609.4"]
    ra, dec = np.array([position(name) for name in names]).T

    assert group_positions(ra, dec).tolist() == [0, 1, 0, 1, 1]


def test_the_papers_two_stars_24_arc_seconds_apart_stay_two():
    ra, dec = np.array([position(name) for name in ("J052402.81+334101.7", "J052401.53+334120.9")]).T

    assert group_positions(ra, dec).tolist() == [0, 1]
    assert group_positions(ra, dec, 25).tolist() == [0, 0]


def test_friends_of_friends_are_one_group_longer_than_the_radius():
    dec = np.array([0.0, 4.0, 30.0, 8.0]) * ARCSEC

    assert group_positions(np.full(4, 10.0), dec).tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize(
    ("ra", "dec"),
    [
        ((0.0003, 359.9997), (40, 40)),
        ((0, 120, 240), (89.9995,) * 3),
        ((10, 190), (-90, -90)),
        ((5, 365), (1, 1)),
        ((5, -355), (1, 1)),
    ],
    ids=["zero", "north pole", "south pole", "beyond 360", "below 0"],
)
def test_the_sphere_has_no_seams(ra, dec):
    assert set(group_positions(np.array(ra, float), np.array(dec, float)).tolist()) == {0}


def test_without_a_position_there_is_no_group():
    ra, dec = np.array([np.nan, 10, 20, 10]), np.array([5, 5, np.nan, 5])

    assert group_positions(ra, dec).tolist() == [-1, 0, -1, 0]
    assert count_exposures(group_positions(ra, dec)).tolist() == [1, 2, 1, 2]
    assert group_positions(np.empty(0), np.empty(0)).tolist() == []
    assert group_positions(ra[:1], dec[:1]).tolist() == [-1]


def test_the_groups_are_those_of_stilts(tmp_path, generator):
    if shutil.which("stilts") is None:
        pytest.skip("stilts is not here, which finds the same groups independently (Debian: apt install stilts)")
    ra, dec = crowded_sky(generator)
    table = Table({"ra": ra, "dec": dec, "row": np.arange(ra.size)})
    tables.write(table, tmp_path / "in.csv", format="csv")
    options = ("matcher=sky", "params=5", "values=ra dec", "action=identify", "ifmt=csv", "ofmt=csv", "progress=none")
    # It follows a group from link to link by recursion, for which Java's usual stack is at times too small.
    command = ["stilts", "-Xss64m", "tmatch1", *options, f"in={tmp_path}/in.csv", f"out={tmp_path}/out.csv"]
    subprocess.run(command, check=True, timeout=300)
    theirs = tables.read(tmp_path / "out.csv", format="csv")["GroupID"].filled(-1)
    groups = {frozenset(np.flatnonzero(theirs == number).tolist()) for number in set(theirs.tolist()) - {-1}}

    ours = {group for group in partition(group_positions(ra, dec)) if len(group) > 1}

    assert len(groups) > 500
    assert max(map(len, groups)) > 5
    assert ours == groups


@st.composite
def skies(draw):
    """Return positions on a lattice of 3″ about a place, so that some are friends and no distance is at the radius."""
    ra, dec = draw(st.sampled_from([(0.0, 0.0), (359.9999, 60.0), (120.0, -45.0)]))
    places = draw(st.lists(st.tuples(st.integers(-8, 8), st.integers(-8, 8)), min_size=1, max_size=40))
    x, y = np.array(places, dtype=float).T * 3 * ARCSEC
    return (ra + x / np.cos(np.radians(dec))) % 360, dec + y


@given(skies(), st.randoms(use_true_random=False))
def test_another_order_of_rows_changes_nothing_but_the_numbering(sky, random):
    order = list(range(sky[0].size))
    random.shuffle(order)

    shuffled = group_positions(sky[0][order], sky[1][order])

    back = {frozenset(order[row] for row in group) for group in partition(shuffled)}
    assert back == partition(group_positions(*sky))


@given(skies())
def test_numbers_count_from_0_by_the_first_row(sky):
    numbers = group_positions(*sky)

    first_rows = [int(np.flatnonzero(numbers == number)[0]) for number in range(numbers.max() + 1)]
    assert first_rows == sorted(first_rows)


@given(skies(), st.floats(0.5, 40), st.floats(0.5, 40))
def test_a_larger_radius_parts_no_group(sky, one, other):
    small, large = (partition(group_positions(*sky, radius)) for radius in sorted([one, other]))

    assert all(any(group <= wider for wider in large) for group in small)


@given(skies(), st.integers(0, 39), st.integers(0, 39))
def test_a_chain_of_positions_joins_its_ends(sky, first, last):
    ra, dec = sky
    first, last = first % ra.size, last % ra.size
    steps = np.linspace(0, 1, 60)
    turn = (ra[last] - ra[first] + 180) % 360 - 180
    chain = ra[first] + steps * turn, dec[first] + steps * (dec[last] - dec[first])

    numbers = group_positions(np.concatenate([ra, chain[0]]), np.concatenate([dec, chain[1]]))

    assert numbers[first] == numbers[last]


def test_a_crowd_is_joined_a_part_at_a_time(monkeypatch, generator):
    ra, dec = crowded_sky(generator, 400)
    ra[:200], dec[:200] = 200 + generator.uniform(0, 3, 200) * ARCSEC, 10.0
    whole = group_positions(ra, dec)
    monkeypatch.setattr(exposures, "POSITIONS_AT_ONCE", 100)
    monkeypatch.setattr(exposures, "FRIENDS_AT_ONCE", 300)

    assert group_positions(ra, dec).tolist() == whole.tolist()


@pytest.mark.parametrize(
    ("ra", "dec", "radius", "message"),
    [
        ([1.0, 2.0], [1.0], 5, r"share one shape \(n_spectra,\), got \(2,\) and \(1,\)"),
        ([1.0, 2.0], [1.0, 90.5], 5, "row 1 has the declination .*90.5.*, expected -90"),
        ([1.0], [1.0], 0, "impossible radius \\(0″\\), expected more than 0"),
        ([1.0], [1.0], np.nan, "impossible radius \\(nan″\\)"),
    ],
)
def test_what_is_no_position_or_radius_is_refused(ra, dec, radius, message):
    with pytest.raises(ValueError, match=message):
        group_positions(np.array(ra), np.array(dec), radius)


def test_a_group_has_its_exposures_in_order_of_time_and_those_of_a_night_are_one_epoch():
    numbers, mjd = np.array([4, 2, 4, 4, -1, 4, 2]), np.array([56350.0, np.nan, 55876.02, 55876.0, 1.0, np.nan, 56000.5])

    two, four = groups_of(numbers, mjd)

    assert (two.number, two.rows, two.epochs) == (2, (6, 1), ((6,), (1,)))
    assert (four.number, four.rows, four.epochs) == (4, (3, 2, 0, 5), ((3, 2), (0,), (5,)))
    assert (four.n_exposures, four.mjd_first, four.mjd_last, four.mjd_span) == (4, 55876.0, 56350.0, 474.0)
    assert [group.number for group in groups_of(numbers, mjd, at_least=3)] == [4]


def test_a_group_without_times_has_no_span_and_no_groups_are_none():
    (group,) = groups_of(np.zeros(2, int), np.full(2, np.nan))

    assert group.rows == (0, 1)
    assert np.isnan(group.mjd_span)
    assert groups_of(np.full(3, -1), np.zeros(3)) == groups_of(np.empty(0, int), np.empty(0)) == []
    with pytest.raises(ValueError, match=r"got \(1,\) and \(2,\)"):
        groups_of(np.zeros(1, int), np.zeros(2))


def test_an_epoch_ends_where_nothing_was_exposed_for_half_a_day():
    assert epochs_of(np.array([3.0, 1.0, np.nan, 1.4, 1.8, np.nan])).tolist() == [1, 0, 2, 0, 0, 3]
    assert epochs_of(np.array([3.0, 1.0, 1.4]), gap=0.3).tolist() == [2, 0, 1]
    assert epochs_of(np.empty(0)).tolist() == []


def test_groups_of_a_synthetic_survey_are_its_objects():
    source = PoolSource(SurveyConfig(n_pool=4000, spectra_per_plate=200), 11)
    plates = [source.spectra(number) for number in range(source.n_batches)]
    ra, dec = (np.concatenate([plate.facts[name].to_numpy() for plate in plates]) for name in ("ra", "dec"))
    objects = np.concatenate([plate.truth["object"].to_numpy() for plate in plates])

    found, true = (count_pairs(numbers) for numbers in (group_positions(ra, dec), objects))
    both = count_pairs(group_positions(ra, dec) * 10**9 + np.unique(objects, return_inverse=True)[1])

    assert true > 300
    assert both / true >= 0.995
    assert both / found >= 0.995


def count_pairs(numbers):
    """Return how many pairs of rows have equal numbers."""
    _, sizes = np.unique(numbers, return_counts=True)
    return int((sizes * (sizes - 1) // 2).sum())


def test_groups_of_a_pool_are_its_objects(small_survey):
    numbers = group_pool(Pool.open(small_survey.pool))
    objects = SurveyTruth.open(small_survey.files.truth).table(["object"])["object"].to_numpy()

    assert partition(numbers) == partition(np.unique(objects, return_inverse=True)[1])
