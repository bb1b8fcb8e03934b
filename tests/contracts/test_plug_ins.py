"""Every built-in plug-in keeps the contract that ``spectrove.testing`` ships, and the contracts see a plug-in that does not."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from layouts import LAYOUTS
from spectrove import registry
from spectrove.testing import check_network, check_reader, check_stopping_rule, check_strategy

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(30)


@pytest.fixture
def files(tmp_path):
    """Return a file in the layout of each reader, and a picture."""
    contents = {**{name: layout() for name, layout in LAYOUTS.items()}, "picture": PICTURE}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return {name: tmp_path / name for name in contents}


def test_each_reader_but_the_generic_one_has_a_layout_here():
    assert set(registry.names("spectrove.formats")) - {"specutils"} == set(LAYOUTS)


@pytest.mark.parametrize("name", LAYOUTS)
def test_reader(files, name):
    own = files.pop(name)
    check_reader(registry.load("spectrove.formats", name), [own], list(files.values()))


@pytest.mark.parametrize("name", registry.names("spectrove.models"))
def test_network(name):
    check_network(registry.load("spectrove.models", name))


@pytest.mark.parametrize("name", registry.names("spectrove.strategies"))
def test_strategy(name):
    check_strategy(registry.load("spectrove.strategies", name))


@pytest.mark.parametrize("name", registry.names("spectrove.stopping"))
def test_stopping_rule(name):
    needed = {"budget": {"answers": 100}, "undiscovered-at-most": {"number": 10}}
    check_stopping_rule(registry.load("spectrove.stopping", name)(**needed.get(name, {})))


def spoiled_reader(**changes):
    ascii_reader = registry.load("spectrove.formats", "ascii")
    parts = {part: getattr(ascii_reader, part) for part in ("name", "title", "decline", "read")}
    return SimpleNamespace(**parts | changes)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"title": ""}, "must have a name and a title"),
        ({"decline": lambda file: None}, "must say why"),
        ({"decline": lambda file: "Not mine."}, "a reason must be a clause"),
        ({"decline": lambda file: "it is text"}, "must take"),
        ({"read": lambda file: iter(())}, "at least one spectrum"),
    ],
)
def test_a_reader_that_breaks_its_contract_is_told(files, changes, complaint):
    foreign = [files["picture"]] if complaint != "must take" else []
    with pytest.raises(AssertionError, match=complaint):
        check_reader(spoiled_reader(**changes), [files["ascii"]], foreign)


def test_a_reader_that_gives_two_spectra_one_id_is_told(files):
    read = spoiled_reader().read

    def twice(file):
        spectra = list(read(file))
        return iter([*spectra, *(dataclasses.replace(spectrum) for spectrum in spectra)])

    with pytest.raises(AssertionError, match="must have different ids"):
        check_reader(spoiled_reader(read=twice), [files["ascii"]], [])


class Linear(torch.nn.Module):
    """A network that keeps the contract, to be spoiled."""

    def __init__(self, n_wave, n_classes, generator):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.rand((n_wave, n_classes), generator=generator))

    def forward(self, features):
        return features @ self.weight


class Unseeded(Linear):
    def __init__(self, n_wave, n_classes, generator):
        super().__init__(n_wave, n_classes, torch.Generator().manual_seed(7))


class Transposed(Linear):
    def forward(self, features):
        return super().forward(features).T


class AcrossTheBatch(Linear):
    def forward(self, features):
        return super().forward(features - features.mean(dim=0))


def test_a_network_that_keeps_its_contract_passes():
    check_network(Linear)


@pytest.mark.parametrize(
    ("network", "complaint"),
    [
        (Unseeded, "must give other weights"),
        (Transposed, r"shape \(5, 3\), got torch.float32 of shape \(3, 5\)"),
        (AcrossTheBatch, "must not depend on the others of its batch"),
    ],
)
def test_a_network_that_breaks_its_contract_is_told(network, complaint):
    with pytest.raises(AssertionError, match=complaint):
        check_network(network)


@pytest.mark.parametrize(
    ("strategy", "complaint"),
    [
        (lambda probabilities: probabilities, "must return an array of shape"),
        (
            lambda probabilities: np.arange(len(probabilities), dtype=float),
            "must keep its utility when the rows change their order",
        ),
        (lambda probabilities: np.log(probabilities[:, 1] * 0), "must be finite"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_a_strategy_that_breaks_its_contract_is_told(strategy, complaint):
    with pytest.raises(AssertionError, match=complaint):
        check_strategy(strategy)
