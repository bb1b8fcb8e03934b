"""Keeping scores: whole, refused, or as they were before."""

from __future__ import annotations

import dataclasses
import errno
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scored_pools import CLASSES, add_spectra
from spectrove.contracts import Scores
from spectrove.errors import ScoresError, StorageError
from spectrove.pool import Pool
from spectrove.scoring import load_scores, save_scores, store
from spectrove.scoring.store import ProbabilityFile, writing


@pytest.fixture(scope="module")
def pool(tmp_path_factory) -> Pool:
    return add_spectra(tmp_path_factory.mktemp("survey"), "first", 330, seed=1)


@pytest.fixture(scope="module")
def scores(pool):
    probabilities = np.random.default_rng(4).dirichlet([1, 1, 1], 330).astype(np.float32)
    return Scores(pool.spectrum_ids, probabilities, CLASSES, "0" * 32, pool.content_hash)


@pytest.fixture
def saved(scores, tmp_path) -> Path:
    save_scores(tmp_path / "scores", scores)
    return tmp_path / "scores"


def test_scores_come_back_as_they_were_saved_and_stay_on_the_disk(scores, saved, pool):
    back = load_scores(saved, pool)
    assert isinstance(back.probabilities, np.memmap)
    assert back.probabilities.tobytes() == scores.probabilities.tobytes()
    assert (back.spectrum_ids[:] == scores.spectrum_ids[:]).all()
    assert (back.classes, back.checkpoint, back.pool) == (scores.classes, scores.checkpoint, scores.pool)
    assert sorted(path.name for path in saved.iterdir()) == ["probabilities.npy", "scores.json"]


def test_scores_of_another_pool_are_refused(saved, pool, tmp_path):
    shutil.copytree(pool.path, tmp_path / "pool")
    larger = add_spectra(tmp_path, "second", 1, seed=2)
    with pytest.raises(ScoresError, match=f"with the content {pool.content_hash}, but .* has {larger.content_hash}"):
        load_scores(saved, larger)


@pytest.mark.parametrize("file", ["scores.json", "probabilities.npy"])
def test_a_missing_file_is_named(saved, pool, file):
    (saved / file).unlink()
    with pytest.raises(ScoresError, match=rf"{file}: .*Score the pool again|{file}: no such file"):
        load_scores(saved, pool)


@pytest.mark.parametrize("file", ["scores.json", "probabilities.npy"])
@pytest.mark.parametrize("kept", [0.0, 0.5, 0.95])
def test_a_truncated_file_is_refused(saved, pool, file, kept):
    content = (saved / file).read_bytes()
    (saved / file).write_bytes(content[: int(kept * len(content))])
    with pytest.raises(ScoresError, match=rf"{file}: "):
        load_scores(saved, pool)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(row=st.integers(0, 329), column=st.integers(0, 2), bit=st.integers(0, 31))
def test_a_single_changed_bit_is_found(scores, pool, tmp_path, row, column, bit):
    save_scores(tmp_path, scores)
    probabilities = np.load(tmp_path / "probabilities.npy")
    probabilities.view(np.uint32)[row, column] ^= np.uint32(1 << bit)
    np.save(tmp_path / "probabilities.npy", probabilities)
    with pytest.raises(ScoresError, match=r"probabilities.npy: damaged or from another run"):
        load_scores(tmp_path, pool)


@pytest.mark.parametrize("other", [np.zeros((330, 3)), np.zeros((3, 330), np.float32), np.zeros((329, 3), np.float32)])
def test_another_array_in_their_place_is_refused(saved, pool, other):
    np.save(saved / "probabilities.npy", other)
    with pytest.raises(ScoresError, match=r"expected float32 of \(330, 3\)"):
        load_scores(saved, pool)


def test_a_changed_description_is_found(saved, pool):
    description = json.loads((saved / "scores.json").read_text())
    (saved / "scores.json").write_text(json.dumps({**description, "classes": description["classes"][::-1]}))
    with pytest.raises(ScoresError, match="changed after it was written"):
        load_scores(saved, pool)


def test_a_full_disk_is_one_sentence_and_leaves_the_earlier_scores(scores, saved, pool, monkeypatch):
    def refuse(self, begin, probabilities) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(ProbabilityFile, "write", refuse)
        with pytest.raises(StorageError, match="the disk is full"):
            save_scores(saved, dataclasses.replace(scores, probabilities=scores.probabilities[::-1]))
    assert load_scores(saved, pool).probabilities.tobytes() == scores.probabilities.tobytes()
    assert sorted(path.name for path in saved.iterdir()) == ["probabilities.npy", "scores.json"]


def test_what_a_crash_leaves_is_removed_by_the_next_writing(scores, saved, pool):
    (saved / ".probabilities.npy.123-abc.partial").write_bytes(b"half")
    save_scores(saved, scores)
    assert sorted(path.name for path in saved.iterdir()) == ["probabilities.npy", "scores.json"]


def test_a_crash_between_the_two_files_leaves_scores_that_are_refused(scores, saved, pool):
    with writing(saved, 330, 3) as file:
        file.write(0, scores.probabilities[::-1])
    with pytest.raises(ScoresError, match="damaged or from another run"):
        load_scores(saved, pool)


@settings(max_examples=40)
@given(data=st.data(), n=st.integers(1, 40), n_classes=st.integers(1, 4))
def test_rows_that_are_written_again_replace_themselves_and_no_others(data, n, n_classes, tmp_path_factory):
    first, again = np.arange(n * n_classes, dtype=np.float32).reshape(n, n_classes), -np.ones((n, n_classes), np.float32)
    rows = np.array(sorted(data.draw(st.sets(st.integers(0, n - 1)))), dtype=int)
    block_rows = data.draw(st.integers(1, 50))
    directory = tmp_path_factory.mktemp("file")
    with pytest.MonkeyPatch.context() as patch, writing(directory, n, n_classes) as file:
        patch.setattr(store, "BLOCK_ROWS", block_rows)
        file.write(0, first)
        file.replace(rows, again[rows])
    expected = first.copy()
    expected[rows] = -1
    np.testing.assert_array_equal(np.load(directory / "probabilities.npy"), expected)
