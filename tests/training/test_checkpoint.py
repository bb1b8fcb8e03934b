"""Checkpoints: what they hold, what names them, and what is refused."""

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
from safetensors.numpy import load_file

from spectrove.errors import CheckpointError, StorageError
from spectrove.models import build
from spectrove.storage import canonical_json, content_hash
from spectrove.training import Checkpoint, FitConfig, fit, make_provenance, training_set_hash, weights_of

CLASSES = ("single-peak", "double-peak", "not-interesting")
IDS = np.array([f"csv:{number}" for number in range(60)], dtype=object)


def make_checkpoint(seed: int = 0) -> Checkpoint:
    network = build("paper-2020", 36, 3, np.random.default_rng(seed))
    return Checkpoint("paper-2020", 36, CLASSES, "0123456789abcdef", weights_of(network), {"seed": seed})


@pytest.fixture
def checkpoint() -> Checkpoint:
    return make_checkpoint()


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("saved") / "checkpoint"
    make_checkpoint().save(directory)
    return directory


def test_a_checkpoint_comes_back_as_it_was_saved(checkpoint, tmp_path):
    checkpoint.save(tmp_path / "iterations" / "0")
    back = Checkpoint.load(tmp_path / "iterations" / "0")
    assert back.content_hash == checkpoint.content_hash
    for field in ("network", "n_wave", "classes", "recipe", "provenance"):
        assert getattr(back, field) == getattr(checkpoint, field)
    assert set(back.state) == set(checkpoint.state)
    assert all(torch.equal(back.state[name], checkpoint.state[name]) for name in checkpoint.state)


def test_its_network_predicts_as_the_one_that_was_trained(small_network, examples, tmp_path, generator):
    features, labels = examples
    network = build("paper-2020", 36, 3, generator)
    config = FitConfig(max_epochs=2)
    result = fit(network, features, labels, config, generator)
    provenance = make_provenance(IDS, labels, config, result, seed=5)
    Checkpoint("paper-2020", 36, CLASSES, "0123456789abcdef", weights_of(network), provenance).save(tmp_path)
    back = Checkpoint.load(tmp_path)
    inputs = torch.from_numpy(features)
    assert torch.equal(back.build_network()(inputs), network(inputs))
    assert back.provenance["result"]["history"] == list(result.history)
    assert back.provenance["fit"] == dataclasses.asdict(config)
    assert back.provenance["training_set"] == training_set_hash(IDS, labels)
    assert set(back.provenance["software"]) >= {"spectrove", "torch", "imbalanced-learn"}


def test_its_files_are_safetensors_and_json_for_anybody(checkpoint, tmp_path):
    checkpoint.save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint.json", "weights.safetensors"]
    weights = load_file(tmp_path / "weights.safetensors")
    assert sum(array.size for array in weights.values()) == sum(tensor.numel() for tensor in checkpoint.state.values())
    description = json.loads((tmp_path / "checkpoint.json").read_text())
    assert description["classes"] == list(CLASSES)
    assert description["content_hash"] == checkpoint.content_hash
    assert description["weights"] == content_hash((tmp_path / "weights.safetensors").read_bytes())


@pytest.mark.parametrize(
    "change",
    [
        {"network": "other"},
        {"n_wave": 140},
        {"classes": CLASSES[::-1]},
        {"recipe": "fedcba9876543210"},
        {"provenance": {"seed": 1}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_everything_in_it_changes_its_hash(checkpoint, change):
    assert dataclasses.replace(checkpoint, **change).content_hash != checkpoint.content_hash


@given(name=st.sampled_from(sorted(make_checkpoint().state)))
def test_any_weight_changes_its_hash(name):
    checkpoint = make_checkpoint()
    changed = checkpoint.state[name].clone()
    changed.view(-1)[0] += 1
    assert dataclasses.replace(checkpoint, state={**checkpoint.state, name: changed}).content_hash != checkpoint.content_hash


def test_its_hash_is_that_of_equal_weights_however_they_lie_in_memory(checkpoint):
    network = build("paper-2020", 36, 3, np.random.default_rng(0))
    assert not all(tensor.is_contiguous() for tensor in network.state_dict().values())
    assert dataclasses.replace(checkpoint, state=network.state_dict()).content_hash == checkpoint.content_hash


def test_the_weights_of_a_network_are_copies(checkpoint):
    network = build("paper-2020", 36, 3, np.random.default_rng(0))
    weights = weights_of(network)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    assert all(torch.equal(weights[name], checkpoint.state[name]) for name in weights)


@pytest.mark.parametrize("file", ["checkpoint.json", "weights.safetensors"])
def test_a_missing_file_is_named(saved, tmp_path, file):
    shutil.copytree(saved, tmp_path / "copy")
    (tmp_path / "copy" / file).unlink()
    with pytest.raises(CheckpointError, match=rf"copy/{file}: .* (missing|no such file)|{file}: (no such file|the checkpoint's)"):
        Checkpoint.load(tmp_path / "copy")


def test_a_directory_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"nowhere/checkpoint.json: no such file"):
        Checkpoint.load(tmp_path / "nowhere")


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    file=st.sampled_from(["checkpoint.json", "weights.safetensors"]),
    place=st.floats(0, 1, exclude_max=True),
    bit=st.integers(0, 7),
)
def test_a_single_changed_bit_is_found(saved, tmp_path, file, place, bit):
    shutil.copytree(saved, tmp_path / "copy", dirs_exist_ok=True)
    content = bytearray((saved / file).read_bytes())
    content[int(place * len(content))] ^= 1 << bit
    (tmp_path / "copy" / file).write_bytes(content)
    try:
        loaded = Checkpoint.load(tmp_path / "copy")
    except CheckpointError as error:
        assert str(tmp_path / "copy" / file) in str(error) or "weights" in str(error)  # noqa: PT017 - or it loads
    else:
        assert loaded.content_hash == make_checkpoint().content_hash  # only white space between words was changed


def test_a_truncated_weights_file_is_found(saved, tmp_path):
    shutil.copytree(saved, tmp_path / "copy")
    weights = tmp_path / "copy" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(CheckpointError, match=r"weights.safetensors: these weights have the hash \w{32}, checkpoint.json names"):
        Checkpoint.load(tmp_path / "copy")


def test_files_of_two_checkpoints_do_not_go_together(saved, tmp_path):
    make_checkpoint(seed=1).save(tmp_path)
    shutil.copy(saved / "checkpoint.json", tmp_path)
    with pytest.raises(CheckpointError, match="damaged or come from another training"):
        Checkpoint.load(tmp_path)


def test_a_later_format_is_refused(saved, tmp_path):
    shutil.copytree(saved, tmp_path / "copy")
    description = json.loads((saved / "checkpoint.json").read_text())
    del description["content_hash"]
    description["format_version"] = 2
    description["content_hash"] = content_hash(canonical_json(description))
    (tmp_path / "copy" / "checkpoint.json").write_text(json.dumps(description))
    with pytest.raises(CheckpointError, match=r"format version 2, this software reads up to 1\. Install a later one"):
        Checkpoint.load(tmp_path / "copy")


def test_weights_that_do_not_fit_the_network_are_refused(checkpoint):
    with pytest.raises(CheckpointError, match=r"not those of the network 'paper-2020' for 140 points and 3 classes"):
        dataclasses.replace(checkpoint, n_wave=140).build_network()


def test_a_full_disk_is_one_sentence_and_leaves_the_earlier_checkpoint(checkpoint, tmp_path, monkeypatch):
    checkpoint.save(tmp_path)

    def refuse(path: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", refuse)
        with pytest.raises(StorageError, match="the disk is full"):
            make_checkpoint(seed=1).save(tmp_path)
    assert Checkpoint.load(tmp_path).content_hash == checkpoint.content_hash


def test_a_saved_checkpoint_can_be_replaced(checkpoint, tmp_path):
    checkpoint.save(tmp_path)
    other = make_checkpoint(seed=1)
    other.save(tmp_path)
    assert Checkpoint.load(tmp_path).content_hash == other.content_hash != checkpoint.content_hash


def test_the_training_set_s_hash_knows_ids_labels_and_their_order():
    labels = np.array([0, 1, 2])
    base = training_set_hash(IDS[:3], labels)
    assert base == training_set_hash(IDS[:3].copy(), labels.astype(np.int8))
    others = [
        training_set_hash(IDS[1:4], labels),
        training_set_hash(IDS[:3], labels[::-1]),
        training_set_hash(IDS[:3][::-1], labels[::-1]),
        training_set_hash(IDS[:2], labels[:2]),
    ]
    assert len({base, *others}) == 5
