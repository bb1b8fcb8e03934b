"""A synthetic survey on disk."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from spectrove.cli.simulate import simulate
from spectrove.errors import ConfigError, StorageError
from spectrove.execution import InlineExecutor, ProcessExecutor
from spectrove.pool import IngestConfig, Pool, ingest
from spectrove.preprocess import recipe
from spectrove.simulate import SurveyConfig, SurveyFiles, SurveyTruth, is_finished, read_survey, simulate_survey, survey_files
from spectrove.simulate.survey import files_of_plate
from spectrove.simulate.truth import SCHEMA
from spectrove.surveys import inspect, read

SMALL = SurveyConfig(n_pool=300, n_labeled=60, target_fraction=0.2, unknown_fraction=0.05, n_fits=300)
FEW = SurveyConfig(n_pool=40, n_labeled=20, target_fraction=0.1, spectra_per_plate=10)
LABELS = ("single-peak", "double-peak", "not-interesting")
READERS = {"lamost-dr1", "lamost-image", "lamost-table"}


@pytest.fixture(scope="module")
def survey(tmp_path_factory) -> SurveyFiles:
    return simulate_survey(tmp_path_factory.mktemp("survey") / "small", SMALL, 7)


def labels_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def truth_of(files: SurveyFiles) -> list[dict]:
    return SurveyTruth.open(files.truth).table().to_pylist()


def digests(directory: Path) -> dict[str, str]:
    """Return what every file holds, but for when and where it was written, which manifests tell."""
    paths = [
        path for path in sorted(directory.rglob("*")) if path.is_file() and path.name not in {"manifest.json", "ingest.lock"}
    ]
    return {path.relative_to(directory).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


class Killed(InlineExecutor):
    """Ends after some tasks, as a process that is killed."""

    def __init__(self, after: int) -> None:
        self.after = after

    def run(self, function, tasks):
        for number, task in enumerate(tasks):
            if number == self.after:
                raise KeyboardInterrupt
            yield function(task)


@pytest.mark.parametrize(("fits", "name"), [("fits_pool", "pool"), ("fits_labeled", "labeled")])
def test_files_that_are_read_give_the_very_features_and_facts_of_the_pool(survey, tmp_path, fits, name):
    simulated = Pool.open(getattr(survey, name))
    ingest([getattr(survey, fits)], tmp_path / "pool", simulated.recipe, IngestConfig(), InlineExecutor())
    ingested = Pool.open(tmp_path / "pool")
    assert set(ingested.spectrum_ids) == set(simulated.spectrum_ids)
    rows = simulated.rows_of(ingested.spectrum_ids)
    np.testing.assert_array_equal(simulated.features(rows), ingested.features(slice(None)))
    facts = simulated.metadata().take(pa.array(rows))
    for column in ingested.metadata().column_names:
        assert facts[column].to_pylist() == ingested.metadata([column])[column].to_pylist(), column
    refused = [pool.refused().select(["kind"]).to_pylist() for pool in (simulated, ingested)]
    assert Counter(row["kind"] for row in refused[0]) == Counter(row["kind"] for row in refused[1])


def test_the_truth_has_a_row_for_each_spectrum_in_the_order_of_the_pool(survey):
    truth = SurveyTruth.open(survey.truth)
    assert truth.table(["spectrum_id"])["spectrum_id"].to_pylist() == list(Pool.open(survey.pool).spectrum_ids)
    assert {row["label"] for row in truth_of(survey)} <= set(LABELS)


def test_only_targets_emit_and_what_cannot_be_seen_is_not_interesting(survey):
    for row in truth_of(survey):
        assert (row["ew"] is not None) == (row["kind"] == "target") == (row["visibility"] is not None)
        if row["label"] == "not-interesting":
            continue
        assert row["kind"] == "target"
        assert row["ew"] < 0
        assert row["visibility"] >= 3
        assert (row["n_peaks"] >= 2) == (row["label"] == "double-peak")


def test_as_many_objects_as_asked_for_are_targets(survey):
    objects = {row["object"]: row["kind"] for row in truth_of(survey)}
    share = np.mean([kind == "target" for kind in objects.values()])
    assert share == pytest.approx(0.2, abs=0.03)


def test_a_visible_peak_stands_above_its_surroundings_in_the_file(survey):
    seen = [row for row in truth_of(survey) if row["label"] == "single-peak" and row["visibility"] > 20]
    assert len(seen) > 10
    for row in seen:
        (spectrum,) = read(survey.directory / row["file"])
        near = np.abs(spectrum.wave - 6564.61 * (1 + row["rv"] / 299_792.458)) < 6
        around = (np.abs(spectrum.wave - 6564.61) > 40) & (np.abs(spectrum.wave - 6564.61) < 50)
        if row["ew"] < -20:
            assert spectrum.flux[near].max() > 1.3 * np.median(spectrum.flux[around])


def test_the_labeled_set_is_biased_towards_emission_as_the_papers(survey):
    assert Counter(row["label"] for row in labels_of(survey.labels)) == {
        "single-peak": 25, "double-peak": 7, "not-interesting": 28,
    }  # fmt: skip


def test_the_reader_of_each_layout_takes_its_files_under_the_ids_of_the_tables(survey):
    rows = truth_of(survey)[::10]
    readers = set()
    for row in rows + labels_of(survey.labels)[::10]:
        seen = inspect(survey.directory / row["file"])
        assert seen.error is None
        assert [spectrum.spectrum_id for spectrum in seen.spectra] == [row["spectrum_id"]]
        readers.add(seen.reader)
    assert readers == {*READERS, "ondrejov"}


def test_later_visits_observe_the_same_objects_with_other_noise(survey):
    rows = truth_of(survey)
    by_object = {}
    for number, row in enumerate(rows):
        by_object.setdefault(row["object"], []).append(number)
    repeated = [numbers for numbers in by_object.values() if len(numbers) > 1]
    assert repeated
    features = Pool.open(survey.pool).features(slice(None))
    for first, second, *_ in repeated:
        one, other = rows[first], rows[second]
        assert {name: one[name] for name in ("kind", "subtype", "teff", "rv")} == {
            name: other[name] for name in ("kind", "subtype", "teff", "rv")
        }
        assert one["visit"] != other["visit"]
        assert not np.array_equal(features[first], features[second])


def test_some_files_of_every_plate_or_of_the_first_ones_are_written(tmp_path):
    files = simulate_survey(tmp_path / "survey", replace(FEW, n_fits=9), 3)
    rows = truth_of(files)
    named = {row["file"] for row in rows if row["file"]} | {row["file"] for row in labels_of(files.labels) if row["file"]}
    written = {path.relative_to(files.directory).as_posix() for path in (files.directory / "fits").rglob("*.fits*")}
    assert named == written
    assert len(list(files.fits_pool.rglob("*.fits*"))) == len(list(files.fits_labeled.rglob("*.fits*"))) == 9


@pytest.mark.parametrize(("n_pool", "n_fits"), [(40, 0), (40, 9), (45, 45), (4500, 4321), (1000, 1)])
def test_files_are_spread_over_plates_and_add_up(n_pool, n_fits):
    config = SurveyConfig(n_pool=n_pool, n_fits=n_fits, spectra_per_plate=10)
    counts = [files_of_plate(config, number) for number in range(config.plates.n_plates)]
    assert sum(counts) == n_fits
    assert max(counts) <= 10


def test_the_number_of_processes_changes_nothing(tmp_path):
    for name, executor in (("one", InlineExecutor()), ("two", ProcessExecutor(2))):
        (tmp_path / name).mkdir()
        simulate_survey(tmp_path / name / "survey", FEW, 3, executor)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_another_seed_gives_another_survey_and_a_larger_one_begins_with_the_same_plates(tmp_path):
    first = Pool.open(simulate_survey(tmp_path / "first", FEW, 3).pool)
    other = Pool.open(simulate_survey(tmp_path / "other", FEW, 4).pool)
    larger = Pool.open(simulate_survey(tmp_path / "larger", replace(FEW, n_pool=60), 3).pool)
    assert first.content_hash != other.content_hash
    n = first.n_spectra
    np.testing.assert_array_equal(larger.features(slice(n)), first.features(slice(n)))


def test_a_survey_that_was_killed_goes_on_where_it_was(tmp_path):
    undisturbed = simulate_survey(tmp_path / "a" / "survey", FEW, 3)
    files = survey_files(tmp_path / "b" / "survey")
    for after in (1, 2, 0):
        with pytest.raises(KeyboardInterrupt):
            simulate_survey(files.directory, FEW, 3, Killed(after))
        assert not is_finished(files.directory)
    made = []
    simulate_survey(files.directory, FEW, 3, InlineExecutor(), lambda what, done, total: made.append((what, done, total)))
    assert made[0] == ("pool: spectra made", 30, 40)
    assert digests(files.directory) == digests(undisturbed.directory)


def test_a_survey_that_is_finished_is_left_as_it_is(tmp_path):
    files = simulate_survey(tmp_path / "survey", FEW, 3)
    before = {path: path.stat().st_mtime_ns for path in files.directory.rglob("*")}
    simulate_survey(files.directory, FEW, 3, Killed(0))
    assert {path: path.stat().st_mtime_ns for path in files.directory.rglob("*")} == before
    assert read_survey(files.directory) == (FEW, 3)


@pytest.mark.parametrize(
    ("config", "seed", "word"), [(FEW, 4, "seed is 3, not 4"), (replace(FEW, n_fits=2), 3, "n_fits is 0, not 2")]
)
def test_a_directory_with_another_survey_is_left_alone(tmp_path, config, seed, word):
    files = simulate_survey(tmp_path / "survey", FEW, 3)
    before = digests(files.directory)
    with pytest.raises(StorageError, match=word):
        simulate_survey(files.directory, config, seed)
    assert digests(files.directory) == before


def test_a_directory_with_something_else_or_a_file_is_left_alone(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(StorageError, match=r"full: is not empty, expected a new or empty directory"):
        simulate_survey(tmp_path / "full", FEW, 1)
    with pytest.raises(StorageError, match="is a file, expected a new or empty directory"):
        simulate_survey(tmp_path / "full" / "mine.txt", FEW, 1)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]
    with pytest.raises(StorageError, match="no finished survey"):
        read_survey(tmp_path / "full")


def test_a_full_disk_is_one_sentence_and_the_same_call_goes_on(tmp_path, monkeypatch):
    def fill_the_disk(path, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("spectrove.simulate.survey.pa.OSFile", fill_the_disk)
        with pytest.raises(StorageError, match=r"the disk is full") as refusal:
            simulate_survey(tmp_path / "survey", FEW, 3)
    assert "\n" not in str(refusal.value)
    assert is_finished(simulate_survey(tmp_path / "survey", FEW, 3).directory)


def test_the_description_counts_what_was_written(survey):
    description = json.loads(survey.description.read_text(encoding="utf-8"))
    assert description["config"]["n_pool"] == 300
    for name, rows in (("pool", truth_of(survey)), ("labeled", labels_of(survey.labels))):
        assert description["n_spectra"][name] == len(rows)
        for column in ("label", "subtype"):
            assert description[name][column] == Counter(row[column] for row in rows)


def test_the_truth_is_a_table_that_anybody_reads(survey):
    assert pq.read_schema(survey.truth).equals(SCHEMA)
    assert labels_of(survey.labels)[0].keys() == set(SCHEMA.names)


@pytest.mark.parametrize("fraction", [0.0, 0.9])
def test_a_pool_without_targets_and_one_of_targets_mostly_can_be_made(tmp_path, fraction):
    config = replace(FEW, target_fraction=fraction, unknown_fraction=0.05)
    kinds = Counter(row["kind"] for row in truth_of(simulate_survey(tmp_path / "survey", config, 1)))
    assert kinds["target"] == pytest.approx(40 * fraction, abs=1.5)


def test_both_sets_have_features_by_the_papers_recipes(survey):
    for path, name in ((survey.pool, "halpha-2020"), (survey.labeled, "halpha-2020-ondrejov")):
        pool = Pool.open(path)
        assert pool.recipe == recipe(name)
        pool.verify()
        features = pool.features(slice(None))
        assert features.min() == -1
        assert features.max() == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_pool", 0),
        ("n_labeled", 0),
        ("target_fraction", 1.5),
        ("target_fraction", float("nan")),
        ("unknown_fraction", 0.9999),
        ("labeled_single", 0.95),
        ("labeled_double", -0.1),
        ("nebular_share", 1.5),
        ("spectra_per_plate", 0),
        ("spectra_per_plate", 4001),
        ("n_fits", 3001),
        ("layout_shares", (0.0, 0.0, 0.0)),
        ("layout_shares", (1.0, -1.0, 1.0)),
    ],
)
def test_an_impossible_survey_is_refused_with_the_name_of_the_setting(name, value):
    with pytest.raises(ConfigError, match=rf"simulate\..*{name}.*expected"):
        replace(SurveyConfig(), **{name: value})


def test_more_files_than_spectra_are_refused_at_the_command_line(tmp_path):
    directory = tmp_path / "survey"
    result = CliRunner().invoke(simulate, ["survey", str(directory), "--size", "40", "--labeled", "20", "--fits", "41"])
    assert result.exit_code == 2
    assert "--fits 41 is more than the 40 spectra of the pool" in result.output
    assert not directory.exists()


def test_a_place_where_nothing_can_be_made_is_one_sentence():
    with pytest.raises(StorageError, match=r"^/proc/nope: cannot be written \(.*in /proc\)\. Choose another place\.$"):
        simulate_survey(Path("/proc/nope"), FEW, 1)


def test_a_negative_seed_is_refused(tmp_path):
    with pytest.raises(ValueError, match="seed is -1"):
        simulate_survey(tmp_path / "survey", FEW, -1)
