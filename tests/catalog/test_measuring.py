"""Candidates read again: measured alike in whatever company, and drawn even where the file is gone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from small_survey import SmallSurvey
from spectrove.catalog.assemble import _by_hand
from spectrove.catalog.measuring import (
    FRAMES,
    MeasureTask,
    Subject,
    generator_of,
    has_center,
    line_columns,
    measure_spectra,
    velocities_of,
)
from spectrove.measure import CATALOG_LINES, PROFILES, LineMeasurement
from spectrove.pool import Pool
from spectrove.spectrum import FRAMES as ALL_FRAMES


@pytest.fixture(scope="module")
def task(small_survey: SmallSurvey, tmp_path_factory: pytest.TempPathFactory) -> MeasureTask:
    pool = Pool.open(small_survey.pool)
    rows = np.arange(6)
    known = pool.metadata(["spectrum_id", "file", "format", "designation"], rows).to_pylist()
    subjects = tuple(Subject(one["spectrum_id"], one["file"], one["format"], one["designation"], "single-peak") for one in known)
    return MeasureTask(tmp_path_factory.mktemp("pictures"), subjects, pool.grid, pool.features(rows), 3)


def test_every_line_is_measured_with_errors_and_both_pictures_are_written(task):
    found = measure_spectra(task)
    columns = line_columns(found)
    assert all(set(one.lines) == {key for key, _ in CATALOG_LINES} for one in found)
    assert all(value is not None and value > 0 for value in columns["ew_ha_err"])
    for one in found:
        assert (task.directory / str(one.preview_line)).is_file()
        assert (task.directory / str(one.preview_whole)).is_file()
        assert np.abs(one.item.wave - 6564.6).max() <= 121


def test_neither_company_nor_order_changes_a_measurement(task):
    together = measure_spectra(task)
    alone = measure_spectra(replace(task, subjects=task.subjects[4:5], features=task.features[4:5]))
    backwards = measure_spectra(replace(task, subjects=task.subjects[::-1], features=task.features[::-1]))
    assert line_columns(alone) == line_columns(together[4:5])
    assert line_columns(backwards[::-1]) == line_columns(together)


def test_another_seed_changes_errors_only(task):
    first, second = (line_columns(measure_spectra(replace(task, seed=seed))) for seed in (3, 4))
    assert first["ew_ha"] == second["ew_ha"]
    assert first["rv_ha_err"] != second["rv_ha_err"]


def test_where_the_file_is_gone_the_points_are_drawn_and_the_reason_is_kept(task, tmp_path):
    gone = replace(task.subjects[0], file=str(tmp_path / "gone.fits"))
    (found,) = measure_spectra(replace(task, subjects=(gone,), features=task.features[:1]))
    assert found.problem == f"{tmp_path / 'gone.fits'}: the file was moved or deleted since the pool was made."
    assert found.lines == {}
    assert found.frame == "unknown"
    assert (task.directory / str(found.preview_line)).is_file()
    assert line_columns([found])["ew_ha"] == [None]


def test_a_generator_follows_from_the_id_and_the_seed_alone():
    drawn = {(id_, seed): generator_of(id_, seed).random() for id_ in ("a:1", "a:2") for seed in (0, 1)}
    assert len(set(drawn.values())) == 4
    assert generator_of("a:1", 0).random() == drawn["a:1", 0]


def test_every_frame_has_a_word():
    assert set(FRAMES) == set(ALL_FRAMES)


def line(profile: str, rv: float = 10.0, peak: float = 2.0) -> LineMeasurement:
    return LineMeasurement("", profile=profile, rv=rv, rv_err=5.0, peak=peak, peak_err=0.1)


def test_only_profiles_that_are_alike_on_both_sides_have_a_center():
    assert {profile for profile in PROFILES if has_center("ha", line(profile))} == {"single", "double", "shell", "absorption"}


def test_no_star_absorbs_a_forbidden_line():
    assert not has_center("nii", line("absorption"))
    assert not has_center("oiii", line("absorption"))
    assert has_center("nii", line("single"))


def test_only_what_stands_out_of_the_continuum_counts_for_the_velocity():
    lines = {"ha": line("single", 12.0), "hei": line("single", 300.0, peak=1.4), "nii": line("absorption", -170.0, peak=0.3)}
    assert velocities_of(lines) == [(12.0, 5.0)]


def test_velocities_set_by_hand_count_whether_they_have_errors_or_not():
    one = _by_hand([{"rv": 33.0, "error": None}])
    assert (one.mean, one.n) == (33.0, 1)
    assert np.isnan(one.error)
    two = _by_hand([{"rv": 30.0, "error": None}, {"rv": 34.0, "error": 1.0}])
    assert (two.mean, two.error) == (32.0, pytest.approx(2.0))
    weighted = _by_hand([{"rv": 30.0, "error": 1.0}, {"rv": 33.0, "error": 2.0}])
    assert weighted.mean == pytest.approx(30.6)
