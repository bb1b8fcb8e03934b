"""What the fibers of a plate point at."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace

import numpy as np
import pytest

from spectrove.simulate.instrument import DIMMING
from spectrove.simulate.objects import KINDS, STAR, TARGET, first_objects, observed_objects, star_spectra
from spectrove.simulate.plates import fibers, plate_of
from spectrove.simulate.profiles import HALPHA
from spectrove.simulate.settings import SurveyConfig
from spectrove.simulate.stars import KIND_NAMES
from spectrove.simulate.targets import TARGET_NAMES

CONFIG = SurveyConfig(n_pool=4000, target_fraction=0.1, unknown_fraction=0.05, spectra_per_plate=200)
WAVE = 10 ** (1e-4 * np.arange(38_150, 38_200))


def columns(stars, rows) -> np.ndarray:
    return np.stack([getattr(stars.rows(rows), field.name) for field in fields(stars)])


def test_the_same_plate_has_the_same_objects_and_another_one_has_others():
    first, again, other = (first_objects(number, 200, CONFIG, 1) for number in (3, 3, 4))
    everything = np.arange(200)
    np.testing.assert_array_equal(columns(first.stars, everything), columns(again.stars, everything))
    assert not np.array_equal(first.stars.teff, other.stars.teff)


@pytest.mark.parametrize("fraction", [0.0013, 0.1, 0.5])
def test_over_all_plates_as_many_of_a_kind_as_asked_for(fraction):
    config = replace(CONFIG, target_fraction=fraction)
    counts = Counter()
    for number in range(20):
        counts.update(first_objects(number, 200, config, 1).kinds.tolist())
    assert counts[TARGET] == pytest.approx(4000 * fraction, abs=1)
    assert counts[KINDS.index("unknown")] == pytest.approx(200, abs=1)
    assert counts.total() == 4000


def test_every_target_has_its_emission_and_its_host_and_no_other_object_has():
    objects = first_objects(0, 200, CONFIG, 1)
    np.testing.assert_array_equal(objects.targets, np.flatnonzero(objects.kinds == TARGET))
    assert objects.emission.ew.shape == objects.target_kinds.shape == objects.targets.shape
    assert np.all(objects.emission.ew > 0)
    assert np.all(objects.outer[objects.targets] == -1)
    assert np.all((objects.outer >= 0) <= ~np.isin(objects.kinds, (TARGET, STAR)))


def test_rows_keep_each_object_whole():
    objects = first_objects(0, 200, CONFIG, 1)
    order = np.random.default_rng(0).permutation(200)
    moved = objects.rows(order)
    whole, mixed = (star_spectra(WAVE, some, 1500.0) for some in (objects, moved))
    for one, other in zip(whole, mixed, strict=True):
        np.testing.assert_allclose(one[order], other, rtol=2e-5, atol=2e-6)


def test_emission_is_added_to_the_rows_of_targets_alone():
    objects = first_objects(0, 200, CONFIG, 1)
    relative, level, absorbed = star_spectra(WAVE, objects, 1500.0)
    changed = np.abs(relative - absorbed * level).max(axis=1) > 1e-4
    assert set(np.flatnonzero(changed)) <= set(objects.targets)
    assert changed[objects.targets].mean() > 0.9
    at_line = np.abs(WAVE - HALPHA).argmin()
    np.testing.assert_allclose(level[:, at_line], 1, atol=0.01)


def test_a_later_visit_finds_most_of_the_same_objects_as_bright_lines_vary():
    plates = [plate_of(number, CONFIG.plates, 1) for number in range(CONFIG.plates.n_plates)]
    later = next(plate for plate in plates if plate.visit > 0)
    earlier = plates[later.field]
    seen = {}
    for plate in (earlier, later):
        places = fibers(plate, 1)
        seen[plate.number] = (places.object, observed_objects(plate, places, CONFIG, 1))
    (old_numbers, old), (new_numbers, new) = seen[earlier.number], seen[later.number]
    common, was, now = np.intersect1d(old_numbers, new_numbers, return_indices=True)
    assert 100 < common.size < 200
    np.testing.assert_array_equal(old.kinds[was], new.kinds[now])
    np.testing.assert_array_equal(columns(old.stars, was), columns(new.stars, now))
    emitters = np.flatnonzero(old.emitter[was] >= 0)
    before, after = (objects.emission.rows(objects.emitter[rows[emitters]]).ew for objects, rows in ((old, was), (new, now)))
    varied = np.array([TARGET_NAMES[code] != "planetary-nebula" for code in old.target_kinds[old.emitter[was[emitters]]]])
    assert np.all(before[varied] != after[varied])


def test_planetary_nebulae_in_another_galaxy_move_with_it():
    config = replace(CONFIG, target_fraction=0.9, spectra_per_plate=1000)
    plate = plate_of(0, config.plates, 1)
    places = fibers(plate, 1)
    here, there = (observed_objects(replace(plate, name=name), places, config, 1) for name in ("", "M31"))
    nebulae = here.targets[here.target_kinds == TARGET_NAMES.index("planetary-nebula")]
    moved = there.stars.rv - here.stars.rv
    np.testing.assert_allclose(moved[nebulae], -301, atol=40)  # instead of the mean motion of stars there
    assert np.count_nonzero(moved) == nebulae.size > 0


def test_every_kind_of_star_has_its_brightness_on_a_plate():
    assert set(KIND_NAMES) <= set(DIMMING)
