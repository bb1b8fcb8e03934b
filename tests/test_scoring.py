"""Scoring a real pool, and keeping the scores."""

from __future__ import annotations

import dataclasses
import errno
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spectrove import scoring
from spectrove.errors import CheckpointError, ScoresError, StorageError
from spectrove.execution import InlineExecutor, ProcessExecutor
from spectrove.models import build
from spectrove.pool import IngestConfig, Pool, ingest
from spectrove.preprocess import recipe
from spectrove.scoring import ScoreConfig, load_scores, save_scores, score
from spectrove.training import Checkpoint, weights_of

CLASSES = ("single-peak", "double-peak", "not-interesting")
CHUNK = 100


def write_spectra(path: Path, n: int, seed: int) -> None:
    """Write a table of spectra with a line of emission or absorption at Hα."""
    generator = np.random.default_rng(seed)
    wave = np.linspace(6500, 6750, 160)
    height, width = generator.uniform(-0.6, 2, (n, 1)), generator.uniform(2, 12, (n, 1))
    flux = 1 + height * np.exp(-0.5 * ((wave - 6564.6) / width) ** 2) + generator.normal(0, 0.05, (n, wave.size))
    rows = [",".join([f"{path.stem}-{number}", *(f"{value:.5f}" for value in row)]) for number, row in enumerate(flux)]
    path.write_text("\n".join([",".join(["id", *(f"{point:.3f}" for point in wave)]), *rows]) + "\n")


def add_spectra(directory: Path, name: str, n: int, seed: int) -> Pool:
    write_spectra(directory / f"{name}.csv", n, seed)
    config = IngestConfig(rows_per_chunk=CHUNK)
    ingest([directory / f"{name}.csv"], directory / "pool", recipe("halpha-2020"), config, InlineExecutor())
    return Pool.open(directory / "pool")


@pytest.fixture(scope="module")
def pool(tmp_path_factory) -> Pool:
    """Return a pool of 330 spectra in 4 chunks."""
    return add_spectra(tmp_path_factory.mktemp("survey"), "first", 330, seed=1)


@pytest.fixture(scope="module")
def checkpoint(pool) -> Checkpoint:
    network = build("paper-2020", pool.n_wave, 3, np.random.default_rng(0))
    weights = {name: weight * 2 for name, weight in weights_of(network).items()}  # so that the probabilities differ
    return Checkpoint("paper-2020", pool.n_wave, CLASSES, pool.recipe.hash, weights)


@pytest.fixture(scope="module")
def scores(checkpoint, pool):
    return score(checkpoint, pool, ScoreConfig(batch_size=64), InlineExecutor())


@pytest.fixture
def saved(scores, tmp_path) -> Path:
    save_scores(tmp_path / "scores", scores)
    return tmp_path / "scores"


def test_every_spectrum_of_the_pool_has_probabilities_that_sum_to_one(scores, checkpoint, pool):
    assert scores.probabilities.shape == (330, 3)
    assert scores.probabilities.dtype == np.float32
    assert (scores.spectrum_ids == pool.spectrum_ids).all()
    assert np.abs(scores.probabilities.sum(axis=1) - 1).max() < 1e-6
    assert np.ptp(scores.probabilities, axis=0).min() > 0.01
    assert (scores.classes, scores.checkpoint, scores.pool) == (CLASSES, checkpoint.content_hash, pool.content_hash)


def test_they_are_the_softmax_of_the_network_s_logits(scores, checkpoint, pool):
    with torch.inference_mode():
        logits = checkpoint.build_network()(torch.from_numpy(pool.features(slice(None))))
    np.testing.assert_allclose(scores.probabilities, torch.softmax(logits, dim=1).numpy(), rtol=0, atol=2e-6)


def test_two_processes_give_the_same_bits_as_one(scores, checkpoint, pool, monkeypatch):
    monkeypatch.setattr(scoring, "ROWS_A_TASK", CHUNK)
    in_processes = score(checkpoint, pool, ScoreConfig(batch_size=64), ProcessExecutor(2))
    assert in_processes.probabilities.tobytes() == scores.probabilities.tobytes()


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("rows_a_task", [1, CHUNK, 250])
def test_threads_and_sizes_of_tasks_change_no_bit_and_pytorch_s_threads_stay_as_they_were(
    scores, checkpoint, pool, monkeypatch, threads, rows_a_task
):
    monkeypatch.setattr(scoring, "ROWS_A_TASK", rows_a_task)
    before = torch.get_num_threads()
    again = score(checkpoint, pool, ScoreConfig(batch_size=64, threads=threads), InlineExecutor())
    assert again.probabilities.tobytes() == scores.probabilities.tobytes()
    assert torch.get_num_threads() == before


def test_spectra_that_join_the_pool_change_no_bit_of_the_others(checkpoint, scores, pool, tmp_path):
    shutil.copytree(pool.path, tmp_path / "pool")
    larger = add_spectra(tmp_path, "second", 20, seed=2)
    again = score(checkpoint, larger, ScoreConfig(batch_size=64), InlineExecutor())
    assert len(again.probabilities) == 350
    assert again.probabilities[:330].tobytes() == scores.probabilities.tobytes()


def test_progress_counts_spectra(checkpoint, pool, monkeypatch):
    monkeypatch.setattr(scoring, "ROWS_A_TASK", 200)
    told = []
    score(checkpoint, pool, ScoreConfig(), InlineExecutor(), lambda *words: told.append(words))
    assert told == [("scoring", 200, 330), ("scoring", 330, 330)]


def test_a_pool_of_another_recipe_is_refused(checkpoint, pool):
    other = dataclasses.replace(checkpoint, recipe="0123456789abcdef")
    with pytest.raises(CheckpointError, match=rf"recipe is {pool.recipe.hash} .* made for 0123456789abcdef with 140"):
        score(other, pool, ScoreConfig(), InlineExecutor())


def test_a_pool_that_grows_while_it_is_scored_is_scored_as_it_was(checkpoint, pool, tmp_path):
    shutil.copytree(pool.path, tmp_path / "pool")
    as_it_was = Pool.open(tmp_path / "pool")
    add_spectra(tmp_path, "second", 1, seed=2)
    scores = score(checkpoint, as_it_was, ScoreConfig(), InlineExecutor())
    assert scores.pool == as_it_was.content_hash == pool.content_hash
    np.testing.assert_array_equal(scores.probabilities, score(checkpoint, pool, ScoreConfig(), InlineExecutor()).probabilities)


def test_probabilities_that_are_no_numbers_are_refused(checkpoint, pool):
    broken = {**checkpoint.state, "connected.2.bias": torch.tensor([0.0, float("nan"), 0.0])}
    with pytest.raises(ScoresError, match="990 probabilities of rows 0 to 329 are no finite numbers"):
        score(dataclasses.replace(checkpoint, state=broken), pool, ScoreConfig(), InlineExecutor())


@pytest.mark.parametrize("setting", ["batch_size", "threads"])
def test_settings_that_score_nothing_are_refused(setting):
    with pytest.raises(ValueError, match=f"{setting} must be at least 1, got 0"):
        ScoreConfig(**{setting: 0})


def test_scores_come_back_as_they_were_saved_and_stay_on_the_disk(scores, saved, pool):
    back = load_scores(saved, pool)
    assert isinstance(back.probabilities, np.memmap)
    assert back.probabilities.tobytes() == scores.probabilities.tobytes()
    assert (back.spectrum_ids == scores.spectrum_ids).all()
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
    def refuse(file, array) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "save", refuse)
        with pytest.raises(StorageError, match="the disk is full"):
            save_scores(saved, dataclasses.replace(scores, probabilities=scores.probabilities[::-1]))
    assert load_scores(saved, pool).probabilities.tobytes() == scores.probabilities.tobytes()
