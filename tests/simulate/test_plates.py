"""Plates, fibers, and what neighbors share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectrove.errors import ConfigError
from spectrove.simulate.plates import (
    FIBERS,
    KINDS,
    LAYOUT_NAMES,
    SPECTROGRAPHS,
    NebulaField,
    PlateSettings,
    fibers,
    nebular_lines,
    plate_of,
)

SURVEY = PlateSettings(n_spectra=20_000, spectra_per_plate=500)
PLATES = [plate_of(number, SURVEY, 7) for number in range(SURVEY.n_plates)]
CLOUD = NebulaField(rv=20.0, gradient=(5.0, 0.0), nii=0.4, sii=0.3, clouds=((0.5, -0.5, 0.4, 3.0),), subtracted=0.5)


def separation(a, b):
    """Return the angle between positions, degrees."""
    x, y = (
        np.stack([np.cos(d) * np.cos(r), np.cos(d) * np.sin(r), np.sin(d)])
        for r, d in (np.deg2rad([a.ra, a.dec]), np.deg2rad([b.ra, b.dec]))
    )
    return np.rad2deg(np.arccos(np.clip((x * y).sum(axis=0), -1, 1)))


@given(st.integers(0, 39), st.integers(0, 2**40))
@settings(max_examples=30, deadline=None)
def test_a_plate_follows_from_the_seed_and_its_number(number, seed):
    assert plate_of(number, SURVEY, seed) == plate_of(number, SURVEY, seed)
    assert plate_of(number, SURVEY, seed).depth != plate_of(number, SURVEY, seed + 1).depth


def test_plates_hold_all_spectra_of_the_survey_and_the_last_one_holds_the_rest():
    survey = PlateSettings(n_spectra=1234, spectra_per_plate=500)
    assert [plate_of(number, survey, 1).n_spectra for number in range(survey.n_plates)] == [500, 500, 234]
    with pytest.raises(IndexError, match="no plate 3"):
        plate_of(3, survey, 1)


@pytest.mark.parametrize(
    "impossible",
    [{"n_spectra": 0}, {"spectra_per_plate": 4001}, {"layout_shares": (0.0, 0.0, 0.0)}, {"nebular_share": 1.5}],
)
def test_impossible_settings_are_refused(impossible):
    with pytest.raises(ConfigError, match=next(iter(impossible))):
        PlateSettings(**{"n_spectra": 10, **impossible})


def test_even_a_small_survey_has_every_layout_and_kind_of_plate():
    assert {plate.layout for plate in PLATES} == set(LAYOUT_NAMES)
    assert {plate.kind for plate in PLATES} == set(KINDS)
    only_tables = replace(SURVEY, layout_shares=(0.0, 0.0, 1.0))
    assert {plate_of(number, only_tables, 7).layout for number in range(40)} == {"lamost-table"}


def test_plates_lie_in_the_sky_that_lamost_observes():
    assert all(0 <= plate.ra < 360 for plate in PLATES)
    assert all(-10 <= plate.dec <= 60 or plate.name for plate in PLATES)


def test_the_fields_of_andromeda_move_with_it():
    fields = [plate for number in range(400) if (plate := plate_of(number, PlateSettings(400, 1), 3)).name]
    assert {plate.name for plate in fields} >= {"M31"}
    assert {plate.rv_system for plate in fields if plate.name == "M31"} == {-301.0}
    assert PLATES[0].rv_system is None


def test_some_plates_come_back_to_an_earlier_field_later():
    again = [plate for plate in PLATES if plate.visit]
    assert 0.05 < len(again) / len(PLATES) < 0.4
    for plate in again:
        before = PLATES[plate.field]
        assert before.visit == 0
        assert plate.lmjd > before.lmjd
        same = ("ra", "dec", "kind", "name", "nebula", "layout")
        assert [getattr(plate, name) for name in same] == [getattr(before, name) for name in same]


def test_plans_and_keys_and_observations_are_unique():
    everything = [fibers(plate, 7) for plate in PLATES]
    assert len({plate.planid for plate in PLATES}) == len(PLATES)
    for name in ("key", "obsid"):
        values = np.concatenate([getattr(one, name) for one in everything])
        assert np.unique(values).size == values.size == SURVEY.n_spectra


def test_a_key_reads_like_the_names_of_lamost_files():
    plate, places = PLATES[0], fibers(PLATES[0], 7)
    assert places.key[0] == f"{plate.lmjd}-{plate.planid}_sp{places.spid[0]:02d}-{places.fiberid[0]:03d}"


@pytest.mark.parametrize("size", [1, 25, 500, 2000, 4000])
def test_every_spectrum_has_a_fiber_of_its_own_within_the_field(size):
    plate = plate_of(0, PlateSettings(size, size), 5)
    places = fibers(plate, 5)
    assert len(set(zip(places.spid.tolist(), places.fiberid.tolist(), strict=True))) == size
    assert places.spid.min() >= 1
    assert places.spid.max() <= SPECTROGRAPHS
    assert places.fiberid.min() >= 1
    assert places.fiberid.max() <= FIBERS
    center = replace(places, ra=np.full(size, plate.ra), dec=np.full(size, plate.dec))
    assert separation(places, center).max() < 2.5
    np.testing.assert_array_equal(places.index, np.arange(size))


def test_fibers_of_neighboring_numbers_are_neighbors_in_the_sky():
    places = fibers(plate_of(0, PlateSettings(4000, 4000), 5), 5)
    shifted = replace(places, ra=np.roll(places.ra, 1), dec=np.roll(places.dec, 1))
    anywhere = replace(places, ra=np.roll(places.ra, 2000), dec=np.roll(places.dec, 2000))
    assert np.median(separation(places, shifted)) < 0.2 * np.median(separation(places, anywhere))


def test_a_later_visit_observes_mostly_the_same_objects_at_the_same_places():
    plate = next(plate for plate in PLATES if plate.visit)
    before, after = fibers(PLATES[plate.field], 7), fibers(plate, 7)
    known = after.origin == plate.field
    assert 0.75 < known.mean() < 0.95
    assert np.unique(after.object).size == plate.n_spectra
    assert set(after.object[known]) <= set(before.object)
    assert not set(after.object[~known]) & set(before.object)
    was = after.index[known]
    for name in ("object", "ra", "dec", "magnitude"):
        np.testing.assert_array_equal(getattr(after, name)[known], getattr(before, name)[was])


def test_wavelengths_are_off_by_spectrograph_and_visit():
    plate = next(plate for plate in PLATES if plate.visit)
    before, after = fibers(PLATES[plate.field], 7), fibers(plate, 7)
    assert np.unique(after.zero_point).size == np.unique(after.spid).size
    assert np.abs(after.zero_point).max() < 50
    assert not set(before.zero_point) & set(after.zero_point)


def test_plates_of_faint_stars_have_faint_stars():
    medians = {plate.kind: np.median(fibers(plate, 7).magnitude) for plate in PLATES}
    assert medians["V"] < medians["B"] < medians["M"] < medians["F"]


def test_without_a_nebula_no_spectrum_has_nebular_lines():
    plate = replace(PLATES[0], nebula=None)
    assert not nebular_lines(plate, fibers(plate, 7)).ew.any()


def test_neighboring_fibers_share_nebular_emission():
    plate = replace(plate_of(0, PlateSettings(4000, 4000), 5), nebula=CLOUD)
    places = replace(fibers(plate, 5), magnitude=np.full(4000, 16.0))
    ew = nebular_lines(plate, places).ew
    assert np.corrcoef(ew[1:], ew[:-1])[0, 1] > 0.8
    assert ew.max() > 1
    assert ew.min() < 0  # where the sky fibers saw more of it


def test_the_fainter_the_star_the_stronger_the_nebula_on_it():
    plate = replace(PLATES[0], nebula=CLOUD)
    places = fibers(plate, 7)
    plain, dimmed = nebular_lines(plate, places), nebular_lines(plate, places, np.full(plate.n_spectra, 2.5))
    free = (np.abs(plain.ew) > 0) & (plain.ew < 10) & (plain.ew > -0.1)
    np.testing.assert_allclose(dimmed.ew[free], 10 * plain.ew[free])
    assert np.ptp(plain.rv) > 0


def test_nitrogen_and_sulfur_of_a_nebula_vary_by_a_fifth_about_its_own():
    plate = replace(PLATES[0], nebula=replace(CLOUD, nii=0.5, sii=0.2))
    lines = nebular_lines(plate, fibers(plate, 7))
    np.testing.assert_allclose(lines.nii, 0.5, rtol=0.21)
    np.testing.assert_allclose(lines.sii, 0.2, rtol=0.21)


def test_nitrogen_and_sulfur_of_nebulae_are_those_of_h_ii_regions():
    settings = PlateSettings(400 * 50, 50, nebular_share=1.0)
    nebulae = [nebula for number in range(400) if (nebula := plate_of(number, settings, 7).nebula) is not None]
    assert len(nebulae) > 100
    assert np.median([nebula.nii for nebula in nebulae]) == pytest.approx(0.36, abs=0.03)
    assert np.median([nebula.sii for nebula in nebulae]) == pytest.approx(0.30, abs=0.03)
