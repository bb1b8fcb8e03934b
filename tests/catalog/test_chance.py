"""How many matches chance makes, where the knee is, how probable a single chance match is, and bright stars beside a fiber."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from astropy import units
from astropy.coordinates import SkyCoord
from scipy.stats import kstest

from spectrove.catalog.chance import bright_neighbors, chance_probability, local_density, match_curve, shifted
from spectrove.catalog.crossmatch import nearest
from spectrove.catalog.local_tables import LocalCatalog, read_catalog
from spectrove.errors import CatalogError

ARCSEC = 1 / 3600


def catalog_of(ra, dec, **more):
    return LocalCatalog("stars", np.asarray(ra, dtype=float), np.asarray(dec, dtype=float), **more)


def field(generator, n, low=(80.0, 20.0), high=(90.0, 30.0)):
    """Return positions that are evenly strewn over a part of the sky."""
    sines = np.sin(np.radians([low[1], high[1]]))
    return generator.uniform(low[0], high[0], n), np.degrees(np.arcsin(generator.uniform(*sines, n)))


def offset(generator, ra, dec, arcsec):
    moved = SkyCoord(ra, dec, unit="deg").directional_offset_by(
        generator.uniform(0, 360, len(ra)) * units.deg, arcsec * units.arcsec
    )
    return moved.ra.deg, moved.dec.deg


def with_counterparts(generator, n=1500, share=0.6, scatter=3.0, n_others=60_000):
    """Return positions of which some have an object nearby, and a catalog that holds these objects and many others."""
    ra, dec = field(generator, n, (81, 21), (89, 29))
    n_real = int(share * n)
    away = scatter * np.sqrt(generator.chisquare(2, n_real))
    own, others = offset(generator, ra[:n_real], dec[:n_real], away), field(generator, n_others)
    return ra, dec, catalog_of(*(np.concatenate([one, other]) for one, other in zip(own, others, strict=True))), away


# -- The curve -------------------------------------------------------------------------------------------------------------------


def test_the_curve_counts_positions_with_a_match_within_each_radius(generator):
    ra, dec, stars, _ = with_counterparts(generator)

    curve = match_curve(ra, dec, stars, generator)

    for radius, n in zip(curve.radii.tolist(), curve.matches.tolist(), strict=True):
        assert np.count_nonzero(nearest(ra, dec, stars, radius).index >= 0) == n
    assert (curve.radii[0], curve.radii[-1]) == (1, 300)
    assert curve.n_positions == 1500


def test_chance_is_what_evenly_strewn_objects_make(generator):
    ra, dec, stars, _ = with_counterparts(generator)
    density = 60_900 / (10 * np.degrees(np.sin(np.radians(30)) - np.sin(np.radians(20))) * 3600**2)

    curve = match_curve(ra, dec, stars, generator, n_shifts=40)

    wanted = 1500 * (1 - np.exp(-np.pi * curve.radii**2 * density))
    far = curve.radii >= 30
    assert curve.expected[far] == pytest.approx(wanted[far], rel=0.05)
    assert np.all((curve.low <= curve.expected) & (curve.expected <= curve.high))


def test_what_is_beyond_chance_is_what_is_real(generator):
    ra, dec, stars, away = with_counterparts(generator)

    curve = match_curve(ra, dec, stars, generator, n_shifts=40)

    real = np.array([np.count_nonzero(away <= radius) for radius in curve.radii])
    told = curve.expected <= 750
    assert np.max(np.abs(curve.real - real)[told]) < 0.06 * 900
    assert np.isnan(curve.real[~told]).all()
    assert curve.matches[-1] > 1400, "at 300″ nearly everything has a match"


@pytest.mark.parametrize("scatter", [1.0, 3.0])
def test_the_knee_is_where_chance_overtakes(generator, scatter):
    ra, dec, stars, away = with_counterparts(generator, scatter=scatter)

    curve = match_curve(ra, dec, stars, generator)

    assert 2 * scatter <= curve.knee <= 7 * scatter
    assert np.mean(away <= curve.knee) > 0.85


def test_a_crowded_catalog_has_its_knee_farther_in(generator):
    sparse = match_curve(*with_counterparts(generator, n_others=10_000)[:3], generator, n_shifts=3)
    crowded = match_curve(*with_counterparts(generator, n_others=300_000)[:3], generator, n_shifts=3)

    assert crowded.knee < sparse.knee


def test_where_chance_makes_all_matches_there_is_no_knee():
    knees = []
    for seed in range(30):
        generator = np.random.default_rng(seed)
        knees.append(match_curve(*field(generator, 200), catalog_of(*field(generator, 20_000)), generator).knee)

    assert knees.count(None) >= 29


def test_the_same_seed_gives_the_same_curve():
    made = []
    for _ in range(2):
        generator = np.random.default_rng(3)
        made.append(match_curve(*with_counterparts(generator, n=100)[:3], generator, radii=(5, 20), n_shifts=3))

    assert np.array_equal(made[0].expected, made[1].expected)


def test_positions_that_are_not_known_do_not_count(generator):
    ra, dec = np.array([10.0, np.nan]), np.array([20.0, 20.0])

    curve = match_curve(ra, dec, catalog_of([10.0], [20.0]), generator, radii=(5.0,))

    assert (curve.n_positions, curve.matches.tolist()) == (1, [1])


@pytest.mark.parametrize(
    ("radii", "n_shifts", "message"),
    [
        ((), 1, "the radii"),
        ((0, 1), 1, "the radii"),
        ((5, 5), 1, "the radii"),
        ((5, 2e5), 1, "the radii"),
        ((5,), 0, "n_shifts is 0"),
    ],
)
def test_impossible_radii_and_numbers_of_shifts_are_refused(generator, radii, n_shifts, message):
    with pytest.raises(CatalogError, match=message):
        match_curve(np.ones(1), np.ones(1), catalog_of([1.0], [1.0]), generator, radii, n_shifts)


def test_without_any_position_there_is_no_curve(generator):
    with pytest.raises(CatalogError, match="none of the 2 positions is known"):
        match_curve(np.full(2, np.nan), np.ones(2), catalog_of([1.0], [1.0]), generator)


def test_shifts_go_everywhere_and_as_far_as_said(generator):
    ra, dec = (
        np.concatenate([generator.uniform(0, 360, 3000), [0, 0, 120]]),
        np.concatenate([generator.uniform(-90, 90, 3000), [90, -90, 0]]),
    )

    moved = shifted(ra, dec, 600.0, 900.0, generator)

    before, after = SkyCoord(ra, dec, unit="deg"), SkyCoord(*moved, unit="deg")
    away, angle = before.separation(after).arcsec, before.position_angle(after).deg[:3000]
    assert 600 - 1e-6 <= away.min() < away.max() <= 900 + 1e-6
    assert kstest(angle / 360, "uniform").pvalue > 0.01
    assert kstest((away**2 - 600**2) / (900**2 - 600**2), "uniform").pvalue > 0.01
    assert 0 <= moved[0].min() < moved[0].max() <= 360


# -- A single match --------------------------------------------------------------------------------------------------------------


def test_the_probability_is_that_of_evenly_strewn_objects():
    density = np.array([1e-3, 1e-3, 1e-3, 0.0])

    assert chance_probability(np.array([0.0, 10.0, np.nan, 10.0]), density)[[0, 1, 3]] == pytest.approx(
        [0, 1 - np.exp(-0.1 * np.pi), 0]
    )
    assert np.isnan(chance_probability(np.array([np.nan]), density[:1]))
    assert chance_probability(np.array([1e-3]), np.array([1e-9])) == pytest.approx([np.pi * 1e-15], rel=1e-9)


def test_probabilities_of_chance_matches_are_evenly_spread(generator):
    """Of matches that chance has made, one in ten has a probability below 0.1, in crowds and elsewhere."""
    parts = [field(generator, 200_000, (80, 20), (84, 24)), field(generator, 30_000, (86, 20), (90, 24))]
    stars = catalog_of(*(np.concatenate(axis) for axis in zip(*parts, strict=True)))
    places = [field(generator, 1500, (81, 21), (83, 23)), field(generator, 1500, (87, 21), (89, 23))]
    ra, dec = (np.concatenate(axis) for axis in zip(*places, strict=True))

    density = local_density(ra, dec, stars)
    probability = chance_probability(nearest(ra, dec, stars, 400.0).separation, density)

    assert kstest(probability[:1500], "uniform").statistic < 0.05
    assert kstest(probability[1500:], "uniform").statistic < 0.05
    assert np.mean(density[:1500]) == pytest.approx(200_000 / 30_000 * np.mean(density[1500:]), rel=0.1)


def test_where_few_are_counted_the_annulus_grows_and_ends_with_the_whole_sky(generator):
    around = offset(generator, np.full(40, 10.0), np.full(40, 20.0), 1100.0)
    stars = catalog_of(np.append(around[0], 200.0), np.append(around[1], -40.0))

    density = local_density(np.array([10.0, 300.0, np.nan]), np.array([20.0, -80.0, 0.0]), stars)

    assert density[0] == pytest.approx(40 / (np.pi * (1200**2 - 60**2)), rel=1e-4)
    assert density[1] == pytest.approx(41 / (41_252.96 * 3600**2), rel=1e-4)
    assert np.isnan(density[2])


def test_the_counterpart_itself_is_not_counted(generator):
    others = offset(generator, np.full(20, 10.0), np.full(20, 20.0), 200.0)
    own = offset(generator, np.full(500, 10.0), np.full(500, 20.0), 30.0)
    alone, clustered = catalog_of(*others), catalog_of(*(np.concatenate(pair) for pair in zip(others, own, strict=True)))

    assert local_density(np.array([10.0]), np.array([20.0]), alone) == local_density(
        np.array([10.0]), np.array([20.0]), clustered
    )


# -- Bright stars ----------------------------------------------------------------------------------------------------------------


def stars_of(ra, dec, magnitudes, names=None):
    columns = {"m": pa.array(magnitudes, pa.float64()), "who": pa.array(names or [None] * len(magnitudes), pa.string())}
    return catalog_of(ra, dec, table=pa.table(columns), columns={"magnitude": "m", "name": "who"})


@pytest.mark.parametrize(
    ("fiber", "name", "magnitude", "away"),
    [
        ((120.135417, 18.841361), "HD 65666", 7.1, 6.5),
        ((104.136333, 46.270806), "psi09 Aur", 5.9, 13.0),
        ((57.303333, 24.138889), "Pleione", 5.1, 22.0),
    ],
)
def test_the_stars_of_the_paper_are_flagged(generator, fiber, name, magnitude, away):
    """Fibers at the designations of App. B.5, a star as bright and as far off as told there, and faint ones nearer."""
    ra, dec = np.full(4, fiber[0]), np.full(4, fiber[1])
    around = offset(generator, ra, dec, np.array([away, 3.0, 5.0, 30.0]))
    stars = stars_of(*around, [magnitude, 14.0, None, 9.9], [name, "a", "b", "c"])

    found = bright_neighbors(ra[:1], dec[:1], stars)

    assert found.names == [name]
    assert found.magnitude[0] == magnitude
    assert found.separation[0] == pytest.approx(away, abs=1e-6)


def test_the_star_that_the_fiber_is_on_is_no_neighbor():
    stars = stars_of([10.0, 10.0], [20.0, 20.0 + 50 * ARCSEC], [5.0, 9.0])

    assert bright_neighbors(np.array([10.0]), np.array([20.0 + 1.5 * ARCSEC]), stars).index.tolist() == [1]


def test_of_several_stars_the_one_that_sends_most_light_is_told():
    places = [20 + 10 * ARCSEC, 20 - 40 * ARCSEC]  # four times as far: a sixteenth of the light, as three magnitudes
    one, other = stars_of([10.0] * 2, places, [8.0, 5.1]), stars_of([10.0] * 2, places, [8.0, 4.9])

    assert bright_neighbors(np.array([10.0]), np.array([20.0]), one).index.tolist() == [0]
    assert bright_neighbors(np.array([10.0]), np.array([20.0]), other).index.tolist() == [1]


def test_faint_and_far_stars_are_left_out():
    stars = stars_of([10.0] * 3, [20 + 61 * ARCSEC, 20 + 20 * ARCSEC, 20 + 30 * ARCSEC], [3.0, 10.5, None])

    found = bright_neighbors(np.array([10.0, np.nan]), np.array([20.0, 20.0]), stars)

    assert found.index.tolist() == [-1, -1]
    assert np.isnan([found.magnitude, found.separation]).all()
    assert found.names == [None, None]
    assert bright_neighbors(np.array([10.0]), np.array([20.0]), stars, 90.0).index.tolist() == [0]
    assert bright_neighbors(np.array([10.0]), np.array([20.0]), stars, faintest=11.0).index.tolist() == [1]


def test_bright_stars_are_looked_for_where_they_stood(generator):
    columns = {"m": pa.array([12.0, 6.0], pa.float64())}
    stars = catalog_of(
        [50.0, 10.0],
        [0.0, 20.0],
        pmra=np.zeros(2),
        pmdec=np.array([0.0, 5000.0]),
        epoch=np.array([2016.0, 2000.0]),
        table=pa.table(columns),
        columns={"magnitude": "m"},
    )
    twenty_years_on = 51_544.5 + 7305

    found = [
        bright_neighbors(np.array([10.0]), np.array([20 + 105 * ARCSEC]), stars, 10.0, mjd) for mjd in (None, twenty_years_on)
    ]

    assert [one.index.tolist() for one in found] == [[-1], [1]]
    assert found[1].separation == pytest.approx([5.0], abs=0.001)


def test_without_bright_stars_nothing_is_flagged():
    assert bright_neighbors(np.ones(2), np.ones(2), stars_of([1.0], [1.0], [None])).index.tolist() == [-1, -1]


# -- Real catalogs ---------------------------------------------------------------------------------------------------------------


def test_two_real_catalogs_of_emission_stars_have_a_knee(shared_data, generator):
    folder = shared_data / "catalogues" / "facundoq_bestars"
    hou = read_catalog(folder / "Hou2016_VPHAS-SDSS-IPHAS-2MASS.csv")
    liu = read_catalog(folder / "Liu2019_LAMOST_OBstars-IPHAS-SDSS-2MASS_subset.csv")

    curve = match_curve(liu.ra, liu.dec, hou, generator)

    within = np.searchsorted(curve.radii, 5.0)
    assert curve.knee is not None
    assert curve.knee <= 10
    assert curve.matches[within] > 20
    assert curve.expected[within] < 1
