"""Cross-match by position: equal to STILTS and astropy, everywhere on the sky, in bounded memory, with proper motions."""

from __future__ import annotations

import csv
import itertools
import re
import shutil
import subprocess

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from astropy import units
from astropy.coordinates import SkyCoord
from astropy.time import Time
from hypothesis import given
from hypothesis import strategies as st

from spectrove.catalog import crossmatch
from spectrove.catalog.crossmatch import Pairs, best_pairs, match_all, nearest
from spectrove.catalog.local_tables import LocalCatalog, read_catalog
from spectrove.errors import CatalogError
from spectrove.surveys import read

ARCSEC = 1 / 3600


def only(path):
    """Return the one spectrum of a file."""
    (spectrum,) = read(path)
    return spectrum


def catalog_of(ra, dec, **more):
    return LocalCatalog("stars", np.asarray(ra, dtype=float), np.asarray(dec, dtype=float), **more)


def sky(generator, n):
    """Return positions evenly all over the sky."""
    return generator.uniform(0, 360, n), np.degrees(np.arcsin(generator.uniform(-1, 1, n)))


def crowd(generator, n, center, spread):
    """Return positions in one crowded part of the sky, degrees."""
    place = SkyCoord(*center, unit="deg")
    moved = place.directional_offset_by(
        generator.uniform(0, 360, n) * units.deg, spread * np.sqrt(generator.random(n)) * units.deg
    )
    return moved.ra.deg, moved.dec.deg


def exact(ra, dec, others_ra, others_dec):
    """Return all separations in arc seconds, by astropy (Vincenty)."""
    ones, others = SkyCoord(ra, dec, unit="deg"), SkyCoord(others_ra, others_dec, unit="deg")
    return ones[:, None].separation(others[None, :]).arcsec


def as_dict(pairs):
    return {
        (int(row), int(index)): float(apart) for row, index, apart in zip(pairs.row, pairs.index, pairs.separation, strict=True)
    }


# -- What a match is -------------------------------------------------------------------------------------------------------------


def test_each_position_gets_the_nearest_object_and_is_told_how_many_there_are():
    stars = catalog_of([10.0, 10.0, 10.0, 200.0], [0.0, 3 * ARCSEC, 40 * ARCSEC, 0.0])

    found = nearest(np.array([10.0, 10.0, 50.0]), np.array([2 * ARCSEC, 0.0, 0.0]), stars, 5.0)

    assert found.index.tolist() == [1, 0, -1]
    assert found.separation[:2] == pytest.approx([1.0, 0.0], abs=1e-9)
    assert np.isnan(found.separation[2])
    assert found.n_within.tolist() == [2, 2, 0]


def test_of_two_objects_at_one_place_the_first_is_taken():
    assert nearest(np.array([1.0]), np.array([1.0]), catalog_of([5.0, 1.0, 1.0], [5.0, 1.0, 1.0]), 1.0).index.tolist() == [1]


def test_what_has_no_position_has_no_match():
    stars = catalog_of([np.nan, 10.0, np.nan], [np.nan, 20.0, np.nan])

    found = nearest(np.array([np.nan, 10.0, 10.0]), np.array([20.0, 20.0, np.nan]), stars, 5.0)

    assert found.index.tolist() == [-1, 1, -1]
    assert found.n_within.tolist() == [0, 1, 0]


@pytest.mark.parametrize("n", [0, 2])
def test_of_nothing_there_are_no_matches(n):
    nowhere = np.full(n, np.nan)

    found, pairs = (match(nowhere, nowhere, catalog_of([1.0], [1.0]), 5.0) for match in (nearest, match_all))

    assert found.index.tolist() == [-1] * n
    assert len(pairs) == 0
    assert len(match_all(np.ones(1), np.ones(1), catalog_of([], []), 5.0)) == 0


@pytest.mark.parametrize(
    ("ra", "dec"), [((0.0, 359.9999), (40.0, 40.0)), ((10.0, 190.0), (89.9999, 89.9999)), ((360.0, 0.0), (0, 0))]
)
def test_the_sky_has_no_seams(ra, dec):
    for one, other in ((0, 1), (1, 0)):
        stars = catalog_of([ra[one]], [dec[one]])
        assert nearest(np.array([ra[other]]), np.array([dec[other]]), stars, 1.0).index.tolist() == [0]


def test_no_row_stands_twice_among_the_best_pairs():
    pairs = Pairs(np.array([0, 0, 1, 1, 2]), np.array([5, 6, 5, 7, 7]), np.array([2.0, 3.0, 1.0, 4.0, 0.5]))

    assert as_dict(best_pairs(pairs)) == {(0, 6): 3.0, (1, 5): 1.0, (2, 7): 0.5}
    assert len(best_pairs(match_all(np.ones(1), np.ones(1), catalog_of([9.0], [9.0]), 5.0))) == 0


# -- Against others --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two_tables(tmp_path_factory):
    """Return the files and positions of two tables: all over the sky, in crowds, at the poles and at right ascension 0."""
    generator = np.random.default_rng(7)
    folder = tmp_path_factory.mktemp("tables")
    tables = []
    for n in (200, 600):
        parts = [sky(generator, n)] + [
            crowd(generator, n, center, 0.05) for center in ((84, 24), (0.01, -0.01), (200, 89.99), (20, -89.99))
        ]
        ra, dec = (np.concatenate([part[axis] for part in parts]) for axis in (0, 1))
        rows = generator.permutation(len(ra))
        tables.append((ra[rows], dec[rows]))
    tables[0][0][:200], tables[0][1][:200] = tables[1][0][:200], tables[1][1][:200] + 1e-4 * generator.random(200) - 5e-5
    tables[0][1][:200] = np.clip(tables[0][1][:200], -90, 90)
    for name, (ra, dec) in zip(("few", "many"), tables, strict=True):
        pyarrow.csv.write_csv(pa.table({"row": np.arange(len(ra)), "ra": ra, "dec": dec}), folder / f"{name}.csv")
    return folder, tables


def by_stilts(folder, radius, find, values2="ra dec", *more):
    """Return the pairs that STILTS finds."""
    if shutil.which("stilts") is None:
        pytest.skip("stilts is not installed (Debian: apt-get install stilts)")
    command = ["stilts", "-Xss64m", "tmatch2", "matcher=sky", f"params={radius}", f"find={find}", "join=1and2", "progress=none"]
    command += [
        f"in1={folder}/few.csv",
        f"in2={folder}/many.csv",
        "ifmt1=csv",
        "ifmt2=csv",
        "values1=ra dec",
        f"values2={values2}",
    ]
    done = subprocess.run([*command, *more, "ofmt=csv"], capture_output=True, text=True, check=True)
    return {
        (int(line["row_1"]), int(line["row_2"])): float(line["Separation"]) for line in csv.DictReader(done.stdout.splitlines())
    }


@pytest.mark.parametrize("radius", [0.2, 5.0, 60.0])
def test_all_pairs_equal_those_of_stilts(two_tables, radius):
    folder, ((ra, dec), (others_ra, others_dec)) = two_tables

    ours, theirs = as_dict(match_all(ra, dec, catalog_of(others_ra, others_dec), radius)), by_stilts(folder, radius, "all")

    # Of the pairs across right ascension 0 and around a pole STILTS 3.4.7 finds 99 of 100, the fewer the larger the radius; that
    # those which it misses are pairs is what astropy says below.
    missed = np.array(sorted(ours.keys() - theirs.keys()), dtype=int).reshape(-1, 2)
    assert theirs.keys() <= ours.keys()
    assert np.all(is_at_a_seam(ra[missed[:, 0]], dec[missed[:, 0]], others_ra[missed[:, 1]]))
    assert len(missed) < 0.005 * len(ours) if radius > 5 else len(missed) == 0
    assert max(abs(ours[pair] - theirs[pair]) for pair in theirs) < 1e-6
    assert len(theirs) > 50


def is_at_a_seam(ra, dec, other_ra):
    return (np.abs(ra - other_ra) > 180) | (np.abs(dec) > 89.8)


@pytest.mark.parametrize("radius", [5.0, 60.0])
def test_the_best_pairs_equal_those_of_stilts(two_tables, radius):
    folder, ((ra, dec), (others_ra, others_dec)) = two_tables

    ours = best_pairs(match_all(ra, dec, catalog_of(others_ra, others_dec), radius))

    assert as_dict(ours).keys() == by_stilts(folder, radius, "best").keys()


def test_the_nearest_equal_those_of_stilts(two_tables):
    folder, ((ra, dec), (others_ra, others_dec)) = two_tables

    ours = nearest(ra, dec, catalog_of(others_ra, others_dec), 60.0)

    matched = np.flatnonzero(ours.index >= 0)
    assert set(zip(matched.tolist(), ours.index[matched].tolist(), strict=True)) == by_stilts(folder, 60.0, "best1").keys()


@pytest.mark.parametrize("radius", [0.2, 5.0, 60.0])
def test_all_pairs_equal_those_of_astropy(two_tables, radius):
    _, ((ra, dec), (others_ra, others_dec)) = two_tables

    ours = match_all(ra, dec, catalog_of(others_ra, others_dec), radius)

    few, many = SkyCoord(ra, dec, unit="deg"), SkyCoord(others_ra, others_dec, unit="deg")
    row, index, apart, _ = many.search_around_sky(few, radius * units.arcsec)
    order = np.lexsort((index, apart.arcsec, row))
    theirs, mine = np.lexsort((index, row)), np.lexsort((ours.index, ours.row))
    assert np.array_equal(ours.row[mine], row[theirs])
    assert np.array_equal(ours.index[mine], index[theirs])
    assert np.allclose(ours.separation[mine], apart.arcsec[theirs], rtol=0, atol=1e-6)
    assert np.array_equal(ours.row, row[order]), "the positions in their order, the nearest first"


# -- Whatever the positions, the radius and the chunks ---------------------------------------------------------------------------

PLACES = st.lists(
    st.tuples(
        st.one_of(st.sampled_from([0.0, 90.0, 180.0, 359.999, 360.0]), st.floats(0, 360)),
        st.one_of(st.sampled_from([-90.0, 90.0, 0.0, 89.99]), st.floats(-90, 90)),
    ),
    min_size=1,
    max_size=12,
)


@given(
    few=PLACES,
    many=PLACES,
    radius=st.one_of(st.sampled_from([0.0, 648_000.0]), st.floats(1, 17_000), st.floats(1, 640_000)),
    size=st.integers(1, 7),
)
def test_every_pair_within_the_radius_is_found_and_no_other(few, many, radius, size):
    (ra, dec), (others_ra, others_dec) = np.array(few).T, np.array(many).T

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crossmatch, "ROWS_AT_ONCE", size)
        patch.setattr(crossmatch, "PAIRS_AT_ONCE", 2 * size)
        patch.setattr(crossmatch, "WITHOUT_MAP", size % 2 * 1000)
        patch.setattr(crossmatch, "LEAST_CELL", 1.0)
        ours = as_dict(match_all(ra, dec, catalog_of(others_ra, others_dec), radius))

    truth = exact(ra, dec, others_ra, others_dec)
    for pair in itertools.product(range(len(few)), range(len(many))):
        # Two who compute the separation agree to some µas; only nearer to the radius than that may they part.
        if truth[pair] < radius - 1e-5:
            assert pair in ours
        elif truth[pair] > radius + 1e-5:
            assert pair not in ours
        if pair in ours:
            assert ours[pair] == pytest.approx(truth[pair], abs=1e-5)


def test_chunks_of_any_size_give_the_same(two_tables, monkeypatch):
    _, ((ra, dec), (others_ra, others_dec)) = two_tables
    stars = catalog_of(others_ra, others_dec, pmra=np.linspace(-900, 900, len(others_ra)), pmdec=np.zeros(len(others_ra)))
    whole = [nearest(ra, dec, stars, 30.0, 56_000.0), match_all(ra, dec, stars, 30.0, 56_000.0)]

    monkeypatch.setattr(crossmatch, "WITHOUT_MAP", 0)
    monkeypatch.setattr(crossmatch, "ROWS_AT_ONCE", 777)
    monkeypatch.setattr(crossmatch, "PAIRS_AT_ONCE", 500)
    parts = [nearest(ra, dec, stars, 30.0, 56_000.0), match_all(ra, dec, stars, 30.0, 56_000.0)]

    for one, other in zip(whole, parts, strict=True):
        for name in vars(one):
            assert np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True)


def test_only_a_chunk_of_the_catalog_is_in_work_at_a_time(generator, monkeypatch):
    sizes = []
    whole = crossmatch.unit_vectors
    monkeypatch.setattr(crossmatch, "unit_vectors", lambda ra, dec: sizes.append(len(ra)) or whole(ra, dec))
    monkeypatch.setattr(crossmatch, "ROWS_AT_ONCE", 5000)
    monkeypatch.setattr(crossmatch, "WITHOUT_MAP", 0)

    nearest(*sky(generator, 100), catalog_of(*sky(generator, 100_000)), 60.0)

    assert sizes[0] == 100
    assert max(sizes[1:]) < 100, "positions that are nowhere near are left alone"


def test_more_pairs_than_fit_into_memory_are_refused(monkeypatch):
    monkeypatch.setattr(crossmatch, "MOST_PAIRS", 8)

    with pytest.raises(CatalogError, match="stars: more than 8 pairs lie within 5″"):
        match_all(np.ones(3), np.ones(3), catalog_of([1.0] * 3, [1.0] * 3), 5.0)
    assert nearest(np.ones(3), np.ones(3), catalog_of([1.0] * 3, [1.0] * 3), 5.0).n_within.tolist() == [3, 3, 3]


@pytest.mark.parametrize("radius", [-1.0, float("nan"), 700_000.0])
def test_an_impossible_radius_is_refused(radius):
    with pytest.raises(CatalogError, match="expected 0 to 648,000″"):
        nearest(np.ones(1), np.ones(1), catalog_of([1.0], [1.0]), radius)


@pytest.mark.parametrize(("dec", "mjd"), [(np.ones(2), None), (np.ones(3), np.ones(2)), (np.ones((3, 1)), None)])
def test_arrays_of_different_lengths_are_refused(dec, mjd):
    with pytest.raises(CatalogError, match="must share one shape"):
        nearest(np.ones(3), dec, catalog_of([1.0], [1.0]), 5.0, mjd)


# -- Proper motion ---------------------------------------------------------------------------------------------------------------


def moving(generator, n=400):
    """Return stars of 2016.0 that move by up to 10″ a year, some of them at the poles, and a date for each."""
    ra, dec = sky(generator, n)
    dec[:20], dec[20:40] = generator.uniform(89.99, 90, 20), generator.uniform(-90, -89.99, 20)
    total, angle = 10 ** generator.uniform(0, 4, n), generator.uniform(0, 2 * np.pi, n)
    return (ra, dec, total * np.cos(angle), total * np.sin(angle)), generator.uniform(51_000, 57_000, n)


def straight(ra, dec, pmra, pmdec, mjd):
    """Return where stars of 2016.0 stood, each at its own date, by great circles of astropy."""
    years = 2000 + (mjd - 51_544.5) / 365.25 - 2016.0
    # A star that moves straight through space is seen to move by the arc tangent of its motion.
    angle = np.arctan(np.hypot(pmra, pmdec) / 3.6e6 * np.abs(years) * np.pi / 180) * units.rad
    direction = np.arctan2(pmra * np.sign(years), pmdec * np.sign(years)) * units.rad
    there = SkyCoord(ra, dec, unit="deg").directional_offset_by(direction, angle)
    return there.ra.deg, there.dec.deg


def test_stars_are_looked_for_where_they_stood_at_the_date_of_each_spectrum(generator):
    (ra, dec, pmra, pmdec), mjd = moving(generator)
    there = straight(ra, dec, pmra, pmdec, mjd)
    stars = catalog_of(ra, dec, pmra=pmra, pmdec=pmdec, epoch=2016.0)

    moved, still = nearest(*there, stars, 0.1, mjd), nearest(*there, stars, 0.1)

    assert moved.index.tolist() == list(range(len(ra)))
    assert np.max(moved.separation) < 1e-5
    assert np.mean(still.index >= 0) < 0.5


def test_space_motion_is_that_of_astropy(generator):
    (ra, dec, pmra, pmdec), _ = moving(generator, 60)
    now = SkyCoord(
        ra * units.deg,
        dec * units.deg,
        distance=1000 * units.pc,
        pm_ra_cosdec=pmra / 100 * units.mas / units.yr,
        pm_dec=pmdec / 100 * units.mas / units.yr,
        radial_velocity=0 * units.km / units.s,
        obstime=Time(2016.0, format="jyear"),
    )
    there = now.apply_space_motion(new_obstime=Time(51_544.5, format="mjd"))
    stars = catalog_of(ra, dec, pmra=pmra / 100, pmdec=pmdec / 100, epoch=2016.0)

    found = nearest(there.ra.deg, there.dec.deg, stars, 1.0, 51_544.5)

    assert found.index.tolist() == list(range(60))
    assert np.max(found.separation) < 1e-4, "what light takes to cross the star's way is left out here"


def test_pairs_with_proper_motion_equal_those_of_stilts(generator, tmp_path):
    ra, dec = crowd(generator, 3000, (84, 24), 0.3)
    pmra, pmdec = generator.normal(0, 300, (2, 3000))
    there = crowd(generator, 300, (84, 24), 0.3)
    for name, columns in (
        ("few", {"ra": there[0], "dec": there[1]}),
        ("many", {"ra": ra, "dec": dec, "pmra": pmra, "pmdec": pmdec}),
    ):
        pyarrow.csv.write_csv(pa.table({"row": np.arange(len(columns["ra"])), **columns}), tmp_path / f"{name}.csv")
    years = 2000 + (56_000 - 51_544.5) / 365.25 - 2015.5
    at = [f"epochProp({years!r}, ra, dec, 0, pmra, pmdec, 0)[{axis}]" for axis in (0, 1)]

    ours = as_dict(match_all(*there, catalog_of(ra, dec, pmra=pmra, pmdec=pmdec, epoch=2015.5), 20.0, 56_000.0))
    theirs = by_stilts(tmp_path, 20.0, "all", " ".join(one.replace(" ", "") for one in at))

    assert ours.keys() == theirs.keys()
    assert ours.keys() != as_dict(match_all(*there, catalog_of(ra, dec), 20.0)).keys()
    assert max(abs(ours[pair] - theirs[pair]) for pair in ours) < 1e-5


def test_a_spectrum_without_a_date_meets_the_stars_where_the_catalog_has_them():
    stars = catalog_of([10.0], [20.0], pmra=np.array([0.0]), pmdec=np.array([5000.0]), epoch=2000.0)
    ten_years_on = 51_544.5 + 3652.5

    found = nearest(np.full(2, 10.0), np.full(2, 20.0), stars, 1.0, np.array([np.nan, ten_years_on]))

    assert found.index.tolist() == [0, -1]
    assert nearest(np.array([10.0]), np.array([20.0 + 50 * ARCSEC]), stars, 1.0, ten_years_on).index.tolist() == [0]


def test_every_star_moves_from_its_own_epoch():
    stars = catalog_of([10.0, 30.0], [0.0, 0.0], pmra=np.zeros(2), pmdec=np.full(2, 1000.0), epoch=np.array([2000.0, 2010.0]))

    found = nearest(np.array([10.0, 30.0]), np.array([10, 0]) * ARCSEC, stars, 0.01, 51_544.5 + 3652.5)

    assert found.index.tolist() == [0, 1]


# -- Real spectra ----------------------------------------------------------------------------------------------------------------


def test_the_pairs_of_ondrejov_and_lamost_are_matched_by_position(shared_data):
    with (shared_data / "ondrejov" / "cross-matched.csv").open(newline="") as file:
        pairs = list(csv.reader(file))
    lamost = {path.name.removesuffix(".gz"): path for path in (shared_data / "lamost").rglob("*.fits*")}
    there = [only(shared_data / "ondrejov" / one) for one, _ in pairs]
    here = [only(lamost[other]) for _, other in pairs]
    stars = catalog_of([one.header.ra for one in there], [one.header.dec for one in there])

    found = nearest(np.array([one.header.ra for one in here]), np.array([one.header.dec for one in here]), stars, 60.0)

    # The headers of Ondřejov tell where the telescope pointed, which is within 25″ of the star, in no case nearer to another one.
    assert found.index.tolist() == list(range(18))
    assert found.n_within.tolist() == [1] * 18
    assert 20 < np.max(found.separation) < 25
    assert np.count_nonzero(found.separation < 5) == 6


@pytest.fixture
def hou(shared_data):
    """Return the part of the catalog of Hou et al. 2016 that is here."""
    return read_catalog(shared_data / "catalogues" / "facundoq_bestars" / "Hou2016_VPHAS-SDSS-IPHAS-2MASS.csv")


def places_of(designations):
    """Return the positions that designations of LAMOST spell, degrees."""
    pattern = r"J(\d\d)(\d\d)(\d\d\.\d+)([+-]\d\d)(\d\d)(\d\d\.\d)"
    texts = [re.sub(pattern, r"\1:\2:\3 \4:\5:\6", designation) for designation in designations]
    places = SkyCoord(texts, unit=("hourangle", "deg"))
    return places.ra.deg, places.dec.deg


def test_objects_of_hou_are_found_where_their_designations_say(hou):
    rows = np.arange(len(hou))
    named = hou.texts("name", rows)
    ra, dec = places_of(named)

    found = nearest(ra, dec, hou, 5.0)

    assert hou.texts("name", found.index) == named
    assert np.max(found.separation) < 0.2, "the digits of a designation end there"


@pytest.mark.parametrize("offset", [2.4, 4.96])
def test_offsets_as_between_hou_and_the_headers_are_within_five_arcseconds(hou, generator, offset):
    """LAMOST J015611.38+580928.6 is 2.4″ off in Hou's catalog, J034031.33+504451.4 is 4.96″ off (the paper's App. B.4)."""
    places = SkyCoord(hou.ra, hou.dec, unit="deg")
    there = places.directional_offset_by(generator.uniform(0, 360, len(hou)) * units.deg, offset * units.arcsec)

    wide, narrow = (nearest(there.ra.deg, there.dec.deg, hou, radius) for radius in (5.0, offset - 0.01))

    is_itself = np.abs(wide.separation - offset) < 1e-6
    assert np.all(wide.index >= 0)
    assert np.mean(is_itself) > 0.97, "the others have another row nearer: some of Hou's objects lie within 5″ of each other"
    assert np.mean(narrow.index >= 0) < 0.03


def test_spectra_of_lamost_that_are_here_are_none_of_those_objects(hou, shared_data):
    lamost = [only(path).header for path in sorted((shared_data / "lamost" / "dr1-image").rglob("*.fits*"))]

    found = nearest(np.array([one.ra for one in lamost]), np.array([one.dec for one in lamost]), hou, 60.0)

    assert len(lamost) == 103
    assert np.all(found.index == -1)
