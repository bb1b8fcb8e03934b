"""Scoring a real pool in float32, and the refusals."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch

from scored_pools import CHUNK, CLASSES, add_spectra, random_checkpoint, rescaled
from spectrove.errors import CheckpointError, ScoresError
from spectrove.execution import InlineExecutor, ProcessExecutor
from spectrove.pool import Pool
from spectrove.scoring import Focus, ScoreConfig, load_scores, predict, probabilities_of, score, tasks
from spectrove.training import Checkpoint


@pytest.fixture(scope="module")
def pool(tmp_path_factory) -> Pool:
    """Return a pool of 330 spectra in 4 chunks."""
    return add_spectra(tmp_path_factory.mktemp("survey"), "first", 330, seed=1)


@pytest.fixture(scope="module")
def checkpoint(pool, tmp_path_factory):
    directory = tmp_path_factory.mktemp("checkpoint")
    rescaled(random_checkpoint("paper-2020", pool, seed=0), 2).save(directory)  # so that the probabilities differ
    return directory


@pytest.fixture(scope="module")
def scores(checkpoint, pool, tmp_path_factory):
    config = ScoreConfig(batch_size=64)
    return score(checkpoint, pool, config, InlineExecutor(), directory=tmp_path_factory.mktemp("scores"))


def changed(checkpoint, directory, **changes):
    loaded = Checkpoint.load(checkpoint)
    facts = {name: getattr(loaded, name) for name in ("network", "n_wave", "classes", "recipe", "state")}
    Checkpoint(**{**facts, **changes}).save(directory)
    return directory


def test_every_spectrum_of_the_pool_has_probabilities_that_sum_to_one(scores, checkpoint, pool):
    assert scores.probabilities.shape == (330, 3)
    assert scores.probabilities.dtype == np.float32
    assert (scores.spectrum_ids[:] == pool.spectrum_ids[:]).all()
    assert np.abs(scores.probabilities.sum(axis=1) - 1).max() < 1e-6
    assert np.ptp(scores.probabilities, axis=0).min() > 0.01
    content = Checkpoint.load(checkpoint).content_hash
    assert (scores.classes, scores.checkpoint, scores.pool) == (CLASSES, content, pool.content_hash)


def test_they_are_the_softmax_of_the_network_s_logits(scores, checkpoint, pool):
    with torch.inference_mode():
        logits = Checkpoint.load(checkpoint).build_network()(torch.from_numpy(pool.features(slice(None))))
    np.testing.assert_allclose(scores.probabilities, torch.softmax(logits, dim=1).numpy(), rtol=0, atol=2e-6)


def test_they_are_on_the_disk_and_not_in_memory(checkpoint, pool, tmp_path):
    scores = score(checkpoint, pool, ScoreConfig(), InlineExecutor(), directory=tmp_path / "deep" / "scores")
    assert isinstance(scores.probabilities, np.memmap)
    assert sorted(path.name for path in (tmp_path / "deep" / "scores").iterdir()) == ["probabilities.npy", "scores.json"]
    assert load_scores(tmp_path / "deep" / "scores", pool).probabilities.tobytes() == scores.probabilities.tobytes()


def test_two_processes_give_the_same_bits_as_one(scores, checkpoint, pool, monkeypatch, tmp_path):
    monkeypatch.setattr(tasks, "ROWS_A_TASK", CHUNK)
    in_processes = score(checkpoint, pool, ScoreConfig(batch_size=64), ProcessExecutor(2), directory=tmp_path)
    assert in_processes.probabilities.tobytes() == scores.probabilities.tobytes()


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("rows_a_task", [1, CHUNK, 250])
def test_threads_and_sizes_of_tasks_change_no_bit_and_pytorch_s_threads_stay_as_they_were(  # noqa: PLR0917 - parameters
    scores, checkpoint, pool, monkeypatch, threads, rows_a_task, tmp_path
):
    monkeypatch.setattr(tasks, "ROWS_A_TASK", rows_a_task)
    before = torch.get_num_threads()
    again = score(checkpoint, pool, ScoreConfig(batch_size=64, threads=threads), InlineExecutor(), directory=tmp_path)
    assert again.probabilities.tobytes() == scores.probabilities.tobytes()
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("network", ["paper-2020", "compact"])
def test_a_row_s_bits_depend_neither_on_the_rows_beside_it_nor_on_their_number(network, pool, generator):
    checkpoint = random_checkpoint(network, pool, seed=3)
    features = torch.from_numpy(pool.features(slice(None)))
    built = checkpoint.build_network()
    together = predict(built, features.split(256), 1)
    for size in (1, 3, 17, 64, 100):
        order = torch.from_numpy(generator.permutation(len(features)))
        apart = predict(built, features[order][:70].split(size), 1)
        assert apart.tobytes() == together[order[:70].numpy()].tobytes()


def test_the_exact_probabilities_of_a_few_rows_are_those_of_the_pass(scores, checkpoint, pool):
    rows = np.array([7, 329, 0, 150, 7])
    assert probabilities_of(checkpoint, pool, rows).tobytes() == scores.probabilities[rows].tobytes()
    assert probabilities_of(checkpoint, pool, rows[:0]).shape == (0, 3)


def test_spectra_that_join_the_pool_change_no_bit_of_the_others(checkpoint, scores, pool, tmp_path):
    shutil.copytree(pool.path, tmp_path / "pool")
    larger = add_spectra(tmp_path, "second", 20, seed=2)
    again = score(checkpoint, larger, ScoreConfig(batch_size=64), InlineExecutor(), directory=tmp_path / "scores")
    assert len(again.probabilities) == 350
    assert again.probabilities[:330].tobytes() == scores.probabilities.tobytes()


def test_progress_counts_spectra(checkpoint, pool, monkeypatch, tmp_path):
    monkeypatch.setattr(tasks, "ROWS_A_TASK", 200)
    told = []
    score(checkpoint, pool, ScoreConfig(), InlineExecutor(), lambda *words: told.append(words), directory=tmp_path)
    assert told == [("scoring", 200, 330), ("scoring", 330, 330)]


def test_a_pool_of_another_recipe_is_refused(checkpoint, pool, tmp_path):
    other = changed(checkpoint, tmp_path / "checkpoint", recipe="0123456789abcdef")
    with pytest.raises(CheckpointError, match=rf"recipe is {pool.recipe.hash} .* made for 0123456789abcdef with 140"):
        score(other, pool, ScoreConfig(), InlineExecutor(), directory=tmp_path / "scores")
    with pytest.raises(CheckpointError, match="made for 0123456789abcdef"):
        probabilities_of(other, pool, np.array([0]))


def test_a_pool_that_grows_while_it_is_scored_is_scored_as_it_was(checkpoint, pool, tmp_path, scores):
    shutil.copytree(pool.path, tmp_path / "pool")
    as_it_was = Pool.open(tmp_path / "pool")
    add_spectra(tmp_path, "second", 1, seed=2)
    again = score(checkpoint, as_it_was, ScoreConfig(batch_size=64), InlineExecutor(), directory=tmp_path / "scores")
    assert again.pool == as_it_was.content_hash == pool.content_hash
    np.testing.assert_array_equal(again.probabilities, scores.probabilities)


def test_a_checkpoint_that_is_replaced_while_it_is_used_is_noticed(checkpoint, pool, tmp_path):
    directory = changed(checkpoint, tmp_path / "checkpoint")
    content = Checkpoint.load(directory).content_hash
    rescaled(random_checkpoint("paper-2020", pool, seed=1), 2).save(directory)
    work = tasks.Work(directory, content, pool.path, pool.content_hash, 64, 1)
    with pytest.raises(CheckpointError, match="was replaced while the pool was scored"):
        tasks.compute(tasks.Task(work, tasks.EXACT, rows=(0,)))


def test_probabilities_that_are_no_numbers_are_refused_and_leave_the_earlier_scores(checkpoint, pool, tmp_path, scores):
    score(checkpoint, pool, ScoreConfig(batch_size=64), InlineExecutor(), directory=tmp_path / "scores")
    state = {**Checkpoint.load(checkpoint).state, "connected.2.bias": torch.tensor([0.0, float("nan"), 0.0])}
    broken = changed(checkpoint, tmp_path / "checkpoint", state=state)
    with pytest.raises(ScoresError, match="990 probabilities of rows 0 to 329 are no finite numbers"):
        score(broken, pool, ScoreConfig(), InlineExecutor(), directory=tmp_path / "scores")
    assert load_scores(tmp_path / "scores", pool).probabilities.tobytes() == scores.probabilities.tobytes()


def test_a_target_that_is_no_class_is_refused(checkpoint, pool, tmp_path):
    with pytest.raises(ValueError, match="'triple-peak' is no class of the checkpoint"):
        score(checkpoint, pool, ScoreConfig(), InlineExecutor(), directory=tmp_path, focus=Focus(targets=("triple-peak",)))


def test_a_mask_of_another_length_is_refused(checkpoint, pool, tmp_path):
    focus = Focus(excluded=np.zeros(329, dtype=bool))
    with pytest.raises(ValueError, match=r"excluded must have the shape \(330,\), got \(329,\)"):
        score(checkpoint, pool, ScoreConfig(), InlineExecutor(), directory=tmp_path, focus=focus)


@pytest.mark.parametrize("setting", ["batch_size", "threads"])
def test_settings_that_score_nothing_are_refused(setting):
    with pytest.raises(ValueError, match=f"{setting} must be at least 1, got 0"):
        ScoreConfig(**{setting: 0})


@pytest.mark.parametrize("setting", ["runtime", "precision", "device"])
def test_unknown_words_are_refused(setting):
    with pytest.raises(ValueError, match=rf"{setting} must be one of auto, .*, got 'fast'"):
        ScoreConfig(**{setting: "fast"})


def test_int8_needs_openvino():
    with pytest.raises(ValueError, match="precision 'int8' needs the runtime 'openvino'"):
        ScoreConfig(runtime="torch", precision="int8")


def test_a_small_pool_is_scored_exactly_and_the_scores_say_why(checkpoint, pool, tmp_path):
    score(checkpoint, pool, ScoreConfig(), InlineExecutor(), directory=tmp_path)
    exactness = json.loads((tmp_path / "scores.json").read_text())["exactness"]
    assert (exactness["runtime"], exactness["precision"]) == ("torch", "float32")
    assert "fewer than" in exactness["reason"]
