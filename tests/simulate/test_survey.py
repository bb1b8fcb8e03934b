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
import pytest

from spectrove.errors import ConfigError, StorageError
from spectrove.preprocess import recipe
from spectrove.simulate import SurveyConfig, SurveyFiles, simulate_survey
from spectrove.surveys import inspect, read

SMALL = SurveyConfig(n_pool=120, n_labeled=100, target_fraction=0.2, spike_fraction=0.1, zeroed_fraction=0.1)
FEW = SurveyConfig(n_pool=12, n_labeled=6, target_fraction=0.3)
TARGETS = {"single-peak", "double-peak"}
READERS = {"1": "lamost-dr1", "2": "lamost-image", "3": "lamost-table"}


@pytest.fixture(scope="module")
def survey(tmp_path_factory) -> SurveyFiles:
    return simulate_survey(tmp_path_factory.mktemp("survey") / "small", SMALL, np.random.default_rng(7))


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def digests(directory: Path) -> dict[str, str]:
    paths = [path for path in sorted(directory.rglob("*")) if path.is_file()]
    return {path.relative_to(directory).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def made(directory: Path, config: SurveyConfig, seed: int = 1) -> dict[str, str]:
    simulate_survey(directory, config, np.random.default_rng(seed))
    return digests(directory)


def test_the_truth_has_as_many_of_each_label_as_asked_for(survey):
    assert Counter(row["label"] for row in table(survey.truth)) == {"single-peak": 18, "double-peak": 6, "not-interesting": 96}


def test_the_labeled_set_is_biased_towards_emission_as_the_papers(survey):
    assert Counter(row["label"] for row in table(survey.labels)) == {"single-peak": 41, "double-peak": 12, "not-interesting": 47}


def test_every_file_is_in_a_table_and_every_row_has_its_file(survey):
    named = [row["file"] for path in (survey.truth, survey.labels) for row in table(path)]
    spectra = {name for name in digests(survey.directory) if ".fits" in name}
    assert len(named) == len(set(named)) == 220
    assert set(named) == spectra


def test_the_reader_of_each_layout_takes_its_files_under_the_ids_of_the_tables(survey):
    rows = table(survey.truth)
    for row in rows[::4] + table(survey.labels)[::10]:
        seen = inspect(survey.directory / row["file"])
        assert seen.error is None
        (spectrum,) = seen.spectra
        assert spectrum.spectrum_id == row["spectrum_id"]
        assert spectrum.medium == "vacuum"
        expected = READERS[row["file"][8]] if row["file"].startswith("pool") else "ondrejov"
        assert seen.reader == expected
    assert {row["file"][8] for row in rows} == set(READERS)


def test_the_readers_find_the_facts_of_the_truth(survey):
    for row in table(survey.truth)[::4]:
        (spectrum,) = read(survey.directory / row["file"])
        header = spectrum.header
        expected = None if row["artefact"] == "zeroed" else pytest.approx(float(row["snr"]), abs=0.01)
        assert header.snr == expected
        assert row["file"].split("/")[1] == header.planid
        assert row["file"].split("/")[2].startswith(f"spec-{header.key}.fits")
        assert (header.obsid is None) == (header.release == "v2.6.4")


def test_both_sets_pass_the_papers_recipes(survey):
    for path, name in ((survey.truth, "halpha-2020"), (survey.labels, "halpha-2020-ondrejov")):
        for row in table(path)[::5]:
            (spectrum,) = read(survey.directory / row["file"])
            features = recipe(name).apply(spectrum)
            assert (features.min(), features.max()) == (-1, 1)


def test_hydrogen_stands_at_the_same_vacuum_wavelength_in_both_sets(survey):
    for path in (survey.truth, survey.labels):
        for row in (row for row in table(path) if row["subtype"] == "yso"):
            (spectrum,) = read(survey.directory / row["file"])
            near = np.abs(spectrum.wave - 6564.61) < 20
            excess = np.clip(spectrum.flux[near] - np.median(spectrum.flux), 0, None) ** 2
            center = np.sum(spectrum.wave[near] * excess) / excess.sum()
            assert center == pytest.approx(6564.61 * (1 + float(row["rv"]) / 299_792.458), abs=1.0)


def test_every_target_can_be_seen(survey):
    targets = [row for row in table(survey.truth) if row["label"] in TARGETS]
    assert min(float(row["visibility"]) for row in targets) >= SMALL.visibility - 1e-3
    for row in targets:
        (spectrum,) = read(survey.directory / row["file"])
        near = np.abs(spectrum.wave - 6564.61 * (1 + float(row["rv"]) / 299_792.458)) < 4 + float(row["separation"] or 0) / 2
        level = np.median(spectrum.flux[(spectrum.wave > 6480) & (spectrum.wave < 6640)])
        noise = level / float(row["snr"])
        assert spectrum.flux[near].max() > level + 2 * noise


def test_only_emission_has_emission_columns(survey):
    for row in table(survey.truth) + table(survey.labels):
        emits = row["label"] in TARGETS
        assert [bool(row[name]) for name in ("ew", "fwhm", "v_over_r", "visibility")] == [emits] * 4
        if emits:
            assert float(row["ew"]) < 0
        if row["label"] == "double-peak":
            assert float(row["separation"]) >= 6


def test_targets_are_not_spoiled_and_some_others_are(survey):
    artefacts = {label: Counter() for label in (*TARGETS, "not-interesting")}
    for row in table(survey.truth):
        artefacts[row["label"]][row["artefact"]] += 1
    assert {name for label in TARGETS for name in artefacts[label]} == {"", "distrusted"}
    assert set(artefacts["not-interesting"]) == {"", "spike", "zeroed"}
    assert {row["artefact"] for row in table(survey.labels)} == {""}


def test_dr1_distrusts_the_peaks_of_strong_emission_as_the_real_files_do(survey):
    distrusted = [row for row in table(survey.truth) if row["artefact"] == "distrusted"]
    for row in distrusted:
        assert "SYN1" in row["file"]
        (spectrum,) = read(survey.directory / row["file"], format="lamost-dr1")
        near = np.flatnonzero(np.abs(spectrum.wave - 6564.61) < 10)
        assert spectrum.ivar[near[spectrum.flux[near].argmax()]] == 0


def test_the_description_counts_what_was_written(survey):
    description = json.loads(survey.description.read_text(encoding="utf-8"))
    assert description["config"]["n_pool"] == 120
    for name, path in (("pool", survey.truth), ("labeled", survey.labels)):
        for column in ("label", "subtype"):
            assert description[name][column] == Counter(row[column] for row in table(path))


def test_one_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path):
    first = made(tmp_path / "first", FEW)
    assert made(tmp_path / "second", FEW) == first
    assert made(tmp_path / "other", FEW, seed=2)["truth.csv"] != first["truth.csv"]


def test_the_size_of_the_chunks_changes_nothing(tmp_path):
    whole = made(tmp_path / "whole", FEW)
    assert made(tmp_path / "pieces", replace(FEW, chunk_size=5)) == whole


def test_two_surveys_from_one_generator_differ(tmp_path):
    generator = np.random.default_rng(1)
    first, second = (simulate_survey(tmp_path / name, FEW, generator) for name in ("first", "second"))
    assert first.truth.read_bytes() != second.truth.read_bytes()


@pytest.mark.parametrize("shares", [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_the_pool_can_have_one_layout_only(tmp_path, shares):
    files = simulate_survey(tmp_path / "survey", replace(FEW, layout_shares=shares), np.random.default_rng(1))
    names = [row["file"] for row in table(files.truth)]
    assert {name[8] for name in names} == {str(shares.index(1) + 1)}


def test_a_pool_without_targets_and_one_of_targets_only_can_be_made(tmp_path):
    for fraction, expected in ((0.0, {"not-interesting"}), (1.0, TARGETS)):
        files = simulate_survey(tmp_path / str(fraction), replace(FEW, target_fraction=fraction), np.random.default_rng(1))
        assert {row["label"] for row in table(files.truth)} == expected


def test_an_empty_directory_is_filled_and_a_full_one_is_left_alone(tmp_path):
    directory = tmp_path / "survey"
    directory.mkdir()
    before = made(directory, FEW)
    with pytest.raises(StorageError, match=r"survey: is not empty, expected a new or empty directory") as refusal:
        simulate_survey(directory, FEW, np.random.default_rng(2))
    assert "\n" not in str(refusal.value)
    assert digests(directory) == before


def test_a_file_in_the_place_of_the_directory_is_left_alone(tmp_path):
    path = tmp_path / "survey"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(StorageError, match="is a file, expected a new or empty directory"):
        simulate_survey(path, FEW, np.random.default_rng(1))
    assert path.read_text(encoding="utf-8") == "mine"


def test_an_interrupted_simulation_leaves_nothing_behind(tmp_path):
    def interrupt(what, done, total):
        if what == "simulating the labeled set":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate_survey(tmp_path / "survey", FEW, np.random.default_rng(1), interrupt)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_sentence_and_leaves_nothing_behind(tmp_path, monkeypatch):
    written = []

    def fill_the_disk(path, content):
        written.append(path)
        if len(written) > 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        return len(content)

    monkeypatch.setattr(Path, "write_bytes", fill_the_disk)
    with pytest.raises(StorageError, match=r"survey: the disk is full") as refusal:
        simulate_survey(tmp_path / "survey", FEW, np.random.default_rng(1))
    assert "\n" not in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def test_progress_counts_both_sets_to_their_end(tmp_path):
    heard = []
    simulate_survey(tmp_path / "survey", replace(FEW, chunk_size=5), np.random.default_rng(1), lambda *what: heard.append(what))
    assert heard == [
        ("simulating the pool", 5, 12), ("simulating the pool", 10, 12), ("simulating the pool", 12, 12),
        ("simulating the labeled set", 5, 6), ("simulating the labeled set", 6, 6),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_pool", 0),
        ("n_labeled", 0),
        ("chunk_size", 0),
        ("target_fraction", 1.5),
        ("double_fraction", -0.1),
        ("labeled_single", 0.95),
        ("spike_fraction", 0.99),
        ("snr_median", 0.0),
        ("snr_spread", -1.0),
        ("visibility", float("nan")),
        ("layout_shares", (0.0, 0.0, 0.0)),
        ("layout_shares", (1.0, -1.0, 1.0)),
        ("pool_wave", (6600.0, 6950.0)),
        ("labeled_wave", (6282.0, 6700.0)),
        ("pool_resolving_power", -1800.0),
    ],
)
def test_an_impossible_survey_is_refused_with_the_name_of_the_setting(name, value):
    with pytest.raises(ConfigError, match=rf"simulate\..*{name}.*expected"):
        replace(SurveyConfig(), **{name: value})
