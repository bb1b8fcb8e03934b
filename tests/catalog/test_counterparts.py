"""Which object of SIMBAD a spectrum is of, by the rule that the paper came to, and how often chance would have it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove.catalog.chance import bright_neighbors
from spectrove.catalog.counterparts import counterparts, densities, objects_of, simbad_curve
from spectrove.catalog.simbad import SimbadResult, within
from spectrove.errors import CatalogError

POSITION = (100.0, 20.0)


def result_of(*spectra, source="xmatch", radius=180.0):
    """Return what would lie around spectra, each told as objects (name, type, group, arc seconds north of it)."""
    ra, dec = POSITION
    rows = [
        {
            "row": row,
            "spectrum_id": f"s:{row}",
            "main_id": name,
            "otype": otype,
            "group": group,
            "ra": ra,
            "dec": dec + row + separation / 3600,
            "separation_arcsec": float(separation),
            "other_types": "",
            "sp_type": "",
            "v_mag": magnitude[0] if magnitude else None,
        }
        for row, around in enumerate(spectra)
        for name, otype, group, separation, *magnitude in sorted(around, key=lambda one: one[3])
    ]
    schema = pa.schema(
        [
            *[
                (name, pa.int64() if name == "row" else pa.string())
                for name in ("row", "spectrum_id", "main_id", "otype", "group")
            ],
            *[(name, pa.float64()) for name in ("ra", "dec", "separation_arcsec")],
            *[(name, pa.string()) for name in ("other_types", "sp_type")],
            ("v_mag", pa.float64()),
        ]
    )
    table = pa.Table.from_pylist(rows, schema=schema)
    return SimbadResult(table, len(spectra), np.ones(len(spectra), dtype=bool), radius, "2026-11-23T00:00:00Z", source)


def star(separation, name="a star"):
    return (name, "*", "other", separation)


def be_star(separation, name="a Be star"):
    return (name, "Be*", "emission", separation)


@pytest.mark.parametrize(
    ("around", "accepted", "why"),
    [
        ([], "", "SIMBAD has no object within 20″."),
        ([star(21)], "", "SIMBAD has no object within 20″."),
        ([star(1)], "a star", "The fiber was on it, within 2″."),
        ([star(1), be_star(1.5)], "a Be star", "The fiber was on it, within 2″."),
        ([star(12)], "a star", "The nearest object within 20″; none there is of emission type."),
        ([be_star(6.5)], "a Be star", "The nearest object of emission type within 20″."),
        (
            [star(5), be_star(13)],
            "a Be star",
            "The nearest object of emission type within 20″, though a star (*, 5.0″) is nearer.",
        ),
        (
            [star(1), be_star(13)],
            "a star",
            "The fiber was on it, within 2″; a Be star (Be*, 13.0″) is of emission type and may be what shines.",
        ),
        ([star(5), be_star(22)], "a star", "The nearest object within 20″; none there is of emission type."),
        ([be_star(9), be_star(13, "another")], "a Be star", "The nearest object of emission type within 20″."),
        ([be_star(20)], "a Be star", "The nearest object of emission type within 20″."),
    ],
)
def test_the_rule(around, accepted, why):
    (found,) = counterparts(result_of(around))
    assert (found.accepted.main_id, found.why) == (accepted, why)
    assert found.n_within == sum(one[3] <= 20 for one in around)


def test_the_nearest_of_any_and_of_emission_type_are_told_beside():
    (found,) = counterparts(result_of([star(5), be_star(13), be_star(15, "another")]))
    assert (found.nearest.main_id, found.nearest.otype, found.nearest.group, found.nearest.separation) == (
        "a star",
        "*",
        "other",
        5,
    )
    assert (found.nearest_emission.main_id, found.nearest_emission.separation) == ("a Be star", 13)
    assert found.accepted == found.nearest_emission


def test_the_radius_can_be_chosen():
    result = result_of([star(5), be_star(22)])
    assert counterparts(result, 25.0)[0].accepted.main_id == "a Be star"
    assert counterparts(result, 4.0)[0].accepted.main_id == ""
    for wrong in (0.0, -1.0, 181.0, np.nan):
        with pytest.raises(CatalogError, match="expected above 0″ and up to 180″"):
            counterparts(result, wrong)


def test_where_simbad_did_not_answer_nothing_is_said_to_be_new():
    (found,) = counterparts(result_of([], source="none"))
    assert (found.accepted.main_id, found.why) == ("", "SIMBAD did not answer.")


def test_a_spectrum_without_a_position_says_so():
    result = result_of([], [be_star(3)])
    result.has_position[0] = False
    first, second = counterparts(result)
    assert (first.why, second.accepted.main_id) == ("The spectrum has no position.", "a Be star")
    assert np.isnan(densities(result)).tolist() == [True, False]


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 180, width=32)), max_size=8), st.floats(1, 60))
def test_nothing_farther_than_the_radius_is_accepted_and_nothing_of_emission_type_is_passed_over(around, radius):
    objects = [be_star(at, f"e{n}") if emits else star(at, f"s{n}") for n, (emits, at) in enumerate(around)]
    (found,) = counterparts(result_of(objects), radius)
    inside = [one for one in objects if one[3] <= radius]
    assert bool(found.accepted.main_id) == bool(inside)
    if inside:
        assert found.accepted.separation <= radius
        assert 0 <= found.chance <= 1
        assert found.accepted in (found.nearest, found.nearest_emission)
        if found.nearest.separation > 2.0 and any(one[2] == "emission" for one in inside):
            assert found.accepted.group == "emission"


# -- Chance ----------------------------------------------------------------------------------------------------------------------


def scattered(n, density, generator, counterpart_share=0.0):
    """Return what lies around spectra where objects lie at random, and some spectra have a counterpart within 3″."""
    around = []
    for at in range(n):
        radii = 180 * np.sqrt(generator.uniform(0, 1, generator.poisson(density * np.pi * 180**2)))
        real = [be_star(generator.uniform(0, 3), f"own{at}")] if generator.uniform() < counterpart_share else []
        around.append([*[star(radius, f"x{at}-{k}") for k, radius in enumerate(radii)], *real])
    return result_of(*around)


def test_the_density_is_that_of_the_sky():
    density = 4 / (np.pi * 180**2)
    found = densities(scattered(2000, density, np.random.default_rng(7)))
    assert found.mean() == pytest.approx(density, rel=0.05)


def test_no_density_is_zero_and_crowded_places_have_more():
    found = densities(result_of([], [star(100 + k, f"n{k}") for k in range(20)]))
    assert 0 < found[0] < found[1]


def test_the_probability_of_chance_is_the_share_of_chance_matches():
    """Where nothing is real, the sum of the probabilities is how often chance should meet, and meets."""
    generator, density = np.random.default_rng(11), 12 / (np.pi * 180**2)
    result = scattered(3000, density, generator)
    curve = simbad_curve(result)
    inside = (curve.matches >= curve.low - 1) & (curve.matches <= curve.high + 1)
    assert inside.mean() > 0.8
    assert curve.knee is None or curve.real[np.searchsorted(curve.radii, curve.knee)] < 30


def test_the_curve_has_its_knee_behind_the_counterparts():
    generator, density = np.random.default_rng(13), 8 / (np.pi * 180**2)
    curve = simbad_curve(scattered(1500, density, generator, counterpart_share=0.4))
    assert 2 <= curve.knee <= 6
    at = int(np.searchsorted(curve.radii, curve.knee))
    assert curve.real[at] == pytest.approx(600, rel=0.12)
    assert curve.radii.max() == 180.0


def test_a_far_counterpart_is_more_probably_chance():
    (near,), (far,) = (counterparts(result_of([be_star(at), *[be_star(100 + k, f"n{k}") for k in range(9)]])) for at in (1, 19))
    assert near.chance < far.chance < 1


def test_the_chance_of_an_emission_star_counts_emission_stars():
    background = [star(70 + k, f"n{k}") for k in range(50)]
    (emission,), (other,) = (counterparts(result_of([one, *background])) for one in (be_star(10), star(10)))
    assert emission.chance < 0.1 * other.chance


def test_a_result_that_does_not_reach_out_tells_nothing_of_chance():
    with pytest.raises(CatalogError, match="expected beyond 60″"):
        counterparts(within(result_of([be_star(3)]), 60.0))


@pytest.mark.parametrize(
    ("result", "why"), [(result_of([], source="none"), "it did not answer"), (result_of(), "no spectrum has")]
)
def test_there_is_no_curve_of_nothing(result, why):
    with pytest.raises(CatalogError, match=why):
        simbad_curve(result)


def test_the_objects_are_a_catalog_in_which_bright_neighbors_are_found():
    shared = ("* 28 Tau", "Be*", "emission", 30, 5.09)
    result = result_of([shared, star(5)], [star(7, "another")])
    objects = objects_of(result)
    assert sorted(objects.texts("name", np.arange(len(objects)))) == ["* 28 Tau", "a star", "another"]
    bright = bright_neighbors(np.array([POSITION[0]]), np.array([POSITION[1]]), objects)
    assert (bright.names, bright.magnitude[0]) == (["* 28 Tau"], 5.09)
    assert bright.separation[0] == pytest.approx(30)
