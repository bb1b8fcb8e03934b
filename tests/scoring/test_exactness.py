"""Screened scores decide as float32 does: classes, questions, targets, on random networks and pools."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scored_pools import MemoryPool, random_checkpoint, random_features, rescaled
from spectrove.execution import InlineExecutor
from spectrove.query import entropy, predicted_classes, top_utilities
from spectrove.scoring import Focus, ScoreConfig, calibrate, rescore, score, tasks
from spectrove.scoring.bands import SAFETY, Deviations, first_width, margins_of, upper_limit

SCREENS = [("openvino", "int8"), ("openvino", "bfloat16"), ("openvino", "float32"), ("torch", "bfloat16")]
SMALL = {"MIN_SCREENED": 1, "MAX_SHARE": 1.0, "N_CALIBRATION": 150, "N_CHUNKS": 4, "N_RANGES": 100}
FEW = {"SLACK": 10, "N_CHECKED": 60, "FEW_TARGETS": 100, "FEW_TARGETS_SHARE": 0.0, "MAX_SHARE": 1.0}


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Let pools of a few hundred rows be screened, with samples that are small in proportion."""
    for module, values in ((calibrate, SMALL), (rescore, FEW)):
        for name, value in values.items():
            monkeypatch.setattr(module, name, value)


def scored(directory: Path, pool: MemoryPool, checkpoint: Path, config: ScoreConfig, focus: Focus):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks, "_pool", lambda path, content: pool)
        patch.setattr(tasks, "forget", lambda: [tasks.network_of.cache_clear(), tasks._runner.cache_clear()])
        scores = score(checkpoint, pool, config, InlineExecutor(), directory=directory, focus=focus)
    return scores.probabilities, json.loads((directory / "scores.json").read_text())["exactness"]


def check_decisions(folder: Path, pool: MemoryPool, checkpoint: Path, config: ScoreConfig, seed: int) -> float:
    """Compare the decisions of a screened pass with those of a pass in float32; return the share of exact rows."""
    generator = np.random.default_rng(seed)
    excluded = generator.random(pool.n_spectra) < 0.05
    focus = Focus(targets=("double-peak",), excluded=excluded, n_query=10)
    screened, facts = scored(folder / "screened", pool, checkpoint, config, focus)
    exact, _ = scored(folder / "exact", pool, checkpoint, ScoreConfig(64, 1, "torch", "float32"), focus)

    assert facts["precision"] == config.precision
    np.testing.assert_array_equal(predicted_classes(screened), np.argmax(exact, axis=1))
    later = excluded.copy()
    later[top_utilities(exact, entropy, pool.spectrum_ids, 10, np.random.default_rng(0), excluded)[0]] = True
    for gone in (excluded, later):
        tables = (screened, exact)
        chosen = [top_utilities(table, entropy, pool.spectrum_ids, 10, np.random.default_rng(0), gone) for table in tables]
        np.testing.assert_array_equal(chosen[0], chosen[1])
    if facts["targets_exact"]:
        targets = np.argmax(exact, axis=1) == 1
        np.testing.assert_array_equal(screened[targets], exact[targets])
    assert int((screened == exact).all(axis=1).sum()) >= facts["n_exact"]
    assert SAFETY * facts["largest_deviation_at_edge"] <= 2 * facts["width"] + 1e-12
    return facts["n_exact"] / pool.n_spectra


@settings(max_examples=8)
@given(
    network=st.sampled_from(["paper-2020", "compact"]),
    screen=st.sampled_from(SCREENS),
    gain=st.sampled_from([1.0, 1.5, 3.0]),
    sharpness=st.sampled_from([1.0, 30.0]),
    kind=st.sampled_from(["lines", "noise", "smooth", "mixed"]),
    seed=st.integers(0, 2**32),
)
def test_decisions_are_those_of_float32(  # noqa: PLR0917
    network, screen, gain, sharpness, kind, seed, tmp_path_factory
):
    folder = tmp_path_factory.mktemp("scores")
    pool = MemoryPool(random_features(kind, 500, 64, seed))
    checkpoint = rescaled(
        random_checkpoint(network, pool, seed), {"": gain, "connected.2" if network == "paper-2020" else "classify": sharpness}
    )
    checkpoint.save(folder / "checkpoint")
    check_decisions(folder, pool, folder / "checkpoint", ScoreConfig(64, 1, *screen), seed)


@pytest.mark.parametrize("screen", [("openvino", "int8"), ("torch", "bfloat16")])
def test_most_rows_of_a_sharp_network_stay_as_they_are_screened(screen, tmp_path):
    pool = MemoryPool(random_features("lines", 1000, 64, 5))
    rescaled(random_checkpoint("compact", pool, 5), {"": 1.5, "classify": 3.0}).save(tmp_path / "checkpoint")
    assert check_decisions(tmp_path, pool, tmp_path / "checkpoint", ScoreConfig(64, 1, *screen), 5) < 0.7


def test_a_screen_that_is_wrong_in_a_rare_kind_of_rows_is_found_out(tmp_path, monkeypatch):
    """Some confident rows, none of them in the calibration, get a wrong class; the check finds one, and all are mended."""
    pool = MemoryPool(random_features("lines", 1000, 64, 5))
    checkpoint = rescaled(random_checkpoint("compact", pool, 5), {"": 1.5, "classify": 3.0})
    checkpoint.save(tmp_path / "checkpoint")
    honest = tasks.predict
    margins = margins_of(honest(checkpoint.build_network(), [torch.from_numpy(pool.values)], 1))
    rows = np.argsort(margins)[-200::4]
    bad = {row.tobytes() for row in pool.values[rows]}
    monkeypatch.setattr(calibrate, "sample", lambda pool, generator: np.setdiff1d(np.arange(0, 1000, 7), rows))
    monkeypatch.setattr(rescore, "FEW_TARGETS", 0)

    def wrong(network, batches, threads, precision=tasks.TORCH_DTYPES["float32"]):
        probabilities = honest(network, batches, threads, precision).copy()
        if precision != tasks.TORCH_DTYPES["float32"]:
            for row, features in enumerate(np.concatenate([batch.numpy() for batch in batches])):
                if features.tobytes() in bad:
                    probabilities[row] = probabilities[row][[1, 2, 0]]
        return probabilities

    monkeypatch.setattr(tasks, "predict", wrong)
    check_decisions(tmp_path, pool, tmp_path / "checkpoint", ScoreConfig(64, 1, "torch", "bfloat16"), 5)


def test_a_band_too_wide_ends_in_float32_for_all(tmp_path, monkeypatch):
    monkeypatch.setattr(calibrate, "MAX_SHARE", 0.0001)
    pool = MemoryPool(random_features("lines", 400, 64, 5))
    random_checkpoint("compact", pool, 5).save(tmp_path / "checkpoint")
    _, facts = scored(tmp_path / "s", pool, tmp_path / "checkpoint", ScoreConfig(64, 1, "torch", "bfloat16"), Focus())
    assert (facts["runtime"], facts["precision"]) == ("torch", "float32")
    assert "of the pool" in facts["reason"]


def test_a_band_that_grows_too_wide_ends_in_float32_for_all(tmp_path, monkeypatch):
    monkeypatch.setattr(rescore, "MAX_SHARE", 0.0001)
    pool = MemoryPool(random_features("lines", 400, 64, 5))
    random_checkpoint("compact", pool, 5).save(tmp_path / "checkpoint")
    found, facts = scored(tmp_path / "s", pool, tmp_path / "checkpoint", ScoreConfig(64, 1, "torch", "bfloat16"), Focus())
    exact, _ = scored(tmp_path / "e", pool, tmp_path / "checkpoint", ScoreConfig(64, 1, "torch", "float32"), Focus())
    assert "the band would hold more than" in facts["reason"]
    assert facts["n_exact"] == pool.n_spectra
    np.testing.assert_array_equal(found, exact)


def test_what_is_labeled_has_exact_probabilities_whatever_is_predicted(tmp_path):
    pool = MemoryPool(random_features("lines", 1000, 64, 5))
    rescaled(random_checkpoint("compact", pool, 5), {"": 1.5, "classify": 3.0}).save(tmp_path / "checkpoint")
    excluded = np.arange(pool.n_spectra) % 20 == 0
    config = ScoreConfig(64, 1, "torch", "bfloat16")
    found, facts = scored(tmp_path / "s", pool, tmp_path / "checkpoint", config, Focus(excluded=excluded, n_query=1))
    exact, _ = scored(tmp_path / "e", pool, tmp_path / "checkpoint", ScoreConfig(64, 1, "torch", "float32"), Focus())
    assert facts["n_exact"] < pool.n_spectra
    np.testing.assert_array_equal(found[excluded], exact[excluded])


def test_without_openvino_pytorch_scores_with_a_warning(tmp_path, monkeypatch):
    monkeypatch.setattr(calibrate, "find_spec", lambda name: None)
    pool = MemoryPool(random_features("lines", 200, 64, 5))
    random_checkpoint("compact", pool, 5).save(tmp_path / "checkpoint")
    with pytest.warns(UserWarning, match="OpenVINO is not installed"):
        _, facts = scored(tmp_path / "s", pool, tmp_path / "checkpoint", ScoreConfig(64, 1), Focus())
    assert (facts["runtime"], facts["precision"]) == ("torch", "float32")


def tables(n_rows: int, n_classes: int, seed: int, scale: float) -> np.ndarray:
    logits = np.random.default_rng(seed).normal(0, scale, (n_rows, n_classes))
    return (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).astype(np.float32)


@given(st.integers(2, 5), st.integers(0, 1000), st.sampled_from([0.01, 1.0, 8.0]), st.sampled_from([0.01, 1.0]))
def test_a_class_changes_where_the_deviation_reaches_the_margin_and_nowhere_else(n_classes, seed, scale, error):
    screened = tables(50, n_classes, seed, scale)
    disturbed = screened * np.exp(np.random.default_rng(seed).normal(0, error, screened.shape))
    better = (disturbed / disturbed.sum(axis=1, keepdims=True)).astype(np.float32)
    seen = Deviations.between(screened, better)
    is_changed = np.argmax(screened, axis=1) != np.argmax(better, axis=1)
    assert (seen.deviations[is_changed] >= seen.margins[is_changed] - 1e-6).all()
    assert (seen.deviations[~is_changed] <= seen.margins[~is_changed] + 1e-6).all()
    width = first_width(seen)
    beyond = seen.margins > width
    assert (SAFETY * seen.deviations[beyond] <= np.maximum(seen.margins[beyond], width) + 1e-9).all()
    assert seen.needed(width) == width


def test_margins_are_differences_of_the_two_largest_logits():
    logits = np.array([[0.0, 2.0, 1.5], [-1.0, -1.0, -4.0]])
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(margins_of(probabilities), [0.5, 0.0], atol=1e-12)


def test_the_upper_limit_of_none_in_n_is_the_rule_of_three():
    assert upper_limit(0, 1000) == pytest.approx(1 - 0.05 ** (1 / 1000))
    assert upper_limit(0, 0) == 1.0
    assert upper_limit(3, 3) == 1.0
