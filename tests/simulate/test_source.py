"""A survey's spectra as arrays, plate by plate."""

from __future__ import annotations

import pickle
from collections import Counter

import numpy as np
import pytest

from spectrove.errors import ConfigError
from spectrove.simulate import LabeledSource, PoolSource, SurveyConfig
from spectrove.simulate import labeled as labeled_set
from spectrove.simulate.source import WINDOW

CONFIG = SurveyConfig(n_pool=600, n_labeled=90, target_fraction=0.3, unknown_fraction=0.05, spectra_per_plate=150)
SOURCE = PoolSource(CONFIG, 5)


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_the_same_pixels_have_the_same_flux_and_truth_whatever_the_length(number):
    short, whole = SOURCE.spectra(number), SOURCE.spectra(number, whole=True)
    for name in ("flux", "ivar", "normalized", "flagged"):
        np.testing.assert_array_equal(getattr(short, name), getattr(whole, name)[:, WINDOW], err_msg=name)
    np.testing.assert_array_equal(short.wave, whole.wave[WINDOW])
    assert short.truth.equals(whole.truth)
    assert short.facts.equals(whole.facts)


def test_whole_spectra_are_as_long_as_their_files_and_have_no_seams():
    spectra = SOURCE.spectra(0, whole=True)
    assert spectra.wave[[0, -1]] == pytest.approx([6300.9, 6948.6], abs=0.5)
    bright = np.flatnonzero(spectra.facts["snr"].to_numpy(zero_copy_only=False) > 100)
    steps = np.abs(np.diff(spectra.flux[bright] / np.median(spectra.flux[bright], axis=1, keepdims=True), axis=1))
    for seam in (WINDOW.start - 1, WINDOW.stop - 1):
        around = np.r_[seam - 6 : seam, seam + 1 : seam + 7]
        assert np.median(steps[:, seam]) < 3 * np.median(steps[:, around])


def test_a_source_travels_and_makes_the_same_there():
    there = pickle.loads(pickle.dumps(SOURCE))
    np.testing.assert_array_equal(there.batch(1).features, SOURCE.batch(1).features)


def test_a_plate_that_does_not_exist_is_refused():
    with pytest.raises(IndexError):
        SOURCE.spectra(4)
    with pytest.raises(IndexError, match="expected 0 to 0"):
        LabeledSource(CONFIG, 5).spectra(1)


def test_identities_tell_surveys_apart_and_forget_what_does_not_matter():
    others = [SurveyConfig(n_pool=601), SurveyConfig(target_fraction=0.1), SurveyConfig(layout_shares=(1, 1, 1))]
    identities = [str(PoolSource(config, 5).identity) for config in (SurveyConfig(), *others)]
    assert len({*identities, str(PoolSource(SurveyConfig(), 6).identity)}) == 5
    assert str(PoolSource(SurveyConfig(n_labeled=7, n_fits=3), 5).identity) == identities[0]


def test_the_truth_of_a_hidden_line_is_not_interesting():
    rows = [row for number in range(4) for row in SOURCE.spectra(number).truth.to_pylist() if row["kind"] == "target"]
    assert any(row["label"] == "not-interesting" for row in rows)
    for row in rows:
        if row["artefact"] == "all-zero" or row["visibility"] < 3:
            assert row["label"] == "not-interesting"


def test_faint_spectra_and_bright_ones_are_there():
    snr = np.concatenate([SOURCE.spectra(number).truth["snr"].to_numpy() for number in range(4)])
    assert snr.min() < 8
    assert snr.max() > 150


def test_the_labeled_set_is_clean_and_has_the_labels_asked_for():
    spectra = LabeledSource(CONFIG, 5).spectra(0)
    counts = Counter(spectra.truth["label"].to_pylist())
    assert counts == {"single-peak": 37, "double-peak": 11, "not-interesting": 42}
    assert np.median(spectra.truth["snr"].to_numpy()) > 60
    assert spectra.flux.min() >= -0.1
    assert set(spectra.truth["kind"].to_pylist()) == {"star", "target"}
    assert spectra.wave[0] - spectra.wave_in_air[0] == pytest.approx(1.74, abs=0.05)
    unlabeled = [row for row in spectra.truth.to_pylist() if row["label"] == "not-interesting"]
    assert all(row["ew"] is None for row in unlabeled)


def test_batches_of_the_labeled_set_differ_and_add_up():
    source = LabeledSource(SurveyConfig(n_labeled=labeled_set.A_BATCH + 30), 5)
    sizes = [source.spectra(number).truth.num_rows for number in range(source.n_batches)]
    assert sizes == [labeled_set.A_BATCH, 30]


def test_labels_that_nothing_shows_are_given_up_with_a_word(monkeypatch):
    monkeypatch.setattr(labeled_set, "LABELED_TARGETS", {"planetary-nebula": 1.0})
    monkeypatch.setattr(labeled_set, "MOST_DRAWS", 2)
    with pytest.raises(ConfigError, match=r"after 2 draws targets are missing .*'double-peak': 11"):
        LabeledSource(CONFIG, 5).spectra(0)
