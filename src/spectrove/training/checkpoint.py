"""Checkpoints: the weights as safetensors, and beside them a JSON of all that they were made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load as tensors_of

from spectrove.contracts import IdArray, IntArray
from spectrove.errors import CheckpointError
from spectrove.models import build
from spectrove.storage import canonical_json, content_hash, read_sealed_json, storage_errors, write_bytes, write_sealed_json
from spectrove.training.loop import FitResult
from spectrove.training.settings import FitConfig
from spectrove.training.weights import as_bytes

FORMAT = "spectrove-checkpoint"
FORMAT_VERSION = 1
"""Raised when a checkpoint that this software writes can no longer be read by an earlier one."""

WEIGHTS = "weights.safetensors"
DESCRIPTION = "checkpoint.json"
"""The two files of a checkpoint's directory; the second is written last and names the first by its hash."""

SOFTWARE = ("spectrove", "torch", "numpy", "imbalanced-learn", "scikit-learn")
"""Packages that a training's result depends on."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """
    A trained network and all that it was made from.

    Attributes
    ----------
    network : str
        Name of the network, a plug-in of the group ``spectrove.models``.
    n_wave : int
        Number of points of a spectrum.
    classes : tuple of str
        Names of the network's outputs.
    recipe : str
        Hash of the recipe of the pools whose spectra the network takes.
    state : mapping of str to tensor
        The weights by name.
    provenance : mapping
        What the network was made from, as JSON can hold it; `make_provenance` makes one.
    """

    network: str
    n_wave: int
    classes: tuple[str, ...]
    recipe: str
    state: Mapping[str, torch.Tensor]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def content_hash(self) -> str:
        """
        Return the checkpoint's name by content: weights, what they are for, and what they were made from.

        Returns
        -------
        str
            32 hexadecimal digits.
        """
        return content_hash(canonical_json(self._description(as_bytes(self.state))))

    def save(self, directory: Path) -> None:
        """
        Write the checkpoint; after a crash there is a whole one or one that `load` refuses.

        Parameters
        ----------
        directory : Path
            Where to; it is made if it does not exist. An earlier checkpoint in it is replaced.

        Raises
        ------
        StorageError
            If the disk is full or cannot be written.
        """
        weights = as_bytes(self.state)
        with storage_errors(directory):
            directory.mkdir(parents=True, exist_ok=True)
        write_bytes(directory / WEIGHTS, weights)
        write_sealed_json(directory / DESCRIPTION, self._description(weights))

    @classmethod
    def load(cls, directory: Path) -> Checkpoint:
        """
        Return the checkpoint of a directory, after comparing both files with their hashes.

        Parameters
        ----------
        directory : Path
            Where it was saved.

        Returns
        -------
        Checkpoint
            The checkpoint.

        Raises
        ------
        CheckpointError
            If a file is missing or broken, or the two do not belong together, or a later version of this software wrote them.
        """
        description = read_sealed_json(directory / DESCRIPTION, FORMAT, FORMAT_VERSION, CheckpointError)
        weights = _read(directory / WEIGHTS)
        found = content_hash(weights)
        if found != description["weights"]:
            msg = (
                f"{directory / WEIGHTS}: these weights have the hash {found}, {DESCRIPTION} names {description['weights']!r}: "
                "they were damaged or come from another training. Train the network again."
            )
            raise CheckpointError(msg)
        return cls(
            network=description["network"],
            n_wave=description["n_wave"],
            classes=tuple(description["classes"]),
            recipe=description["recipe"],
            state=tensors_of(weights),
            provenance=description["provenance"],
        )

    def build_network(self) -> torch.nn.Module:
        """
        Return the network with the checkpoint's weights, ready to predict.

        Returns
        -------
        torch.nn.Module
            In evaluation mode.

        Raises
        ------
        CheckpointError
            If the weights are not those of such a network.
        PlugInError
            If no network has this name.
        """
        network = build(self.network, self.n_wave, len(self.classes), None)
        try:
            network.load_state_dict(self.state)
        except RuntimeError as error:
            reason = " ".join(str(error).split())
            msg = (
                f"checkpoint {self.content_hash}: its weights are not those of the network {self.network!r} for {self.n_wave} "
                f"points and {len(self.classes)} classes ({reason}). Train the network again."
            )
            raise CheckpointError(msg) from error
        return network.eval()

    def _description(self, weights: bytes) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "network": self.network,
            "n_wave": self.n_wave,
            "classes": list(self.classes),
            "recipe": self.recipe,
            "weights": content_hash(weights),
            "provenance": dict(self.provenance),
        }


def training_set_hash(spectrum_ids: IdArray, labels: IntArray) -> str:
    """
    Return the name of a training set by content: which spectra have which label, in the order of the training.

    Parameters
    ----------
    spectrum_ids : array of str, shape (n_spectra,)
        The spectra.
    labels : array of int, shape (n_spectra,)
        Class of each spectrum.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    pairs = [[str(id_), int(label)] for id_, label in zip(spectrum_ids, labels, strict=True)]
    return content_hash(canonical_json(pairs))


def make_provenance(
    spectrum_ids: IdArray, labels: IntArray, config: FitConfig, result: FitResult, seed: int | Sequence[int]
) -> dict[str, Any]:
    """
    Return what a network was made from, as a checkpoint's JSON holds it.

    Parameters
    ----------
    spectrum_ids : array of str, shape (n_spectra,)
        The spectra that it was trained on.
    labels : array of int, shape (n_spectra,)
        Their classes.
    config : FitConfig
        How it was trained.
    result : FitResult
        How the training went.
    seed : int or sequence of int
        What the generator of `fit` was made from.

    Returns
    -------
    dict
        Training set by hash, settings, seed, result, software with versions and PyTorch's number of threads.
    """
    return {
        "training_set": training_set_hash(spectrum_ids, labels),
        "n_spectra": int(np.size(labels)),
        "fit": asdict(config),
        "seed": seed if isinstance(seed, int) else [int(part) for part in seed],
        "result": asdict(result),
        "software": {name: version(name) for name in SOFTWARE},
        "threads": torch.get_num_threads(),
    }


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        msg = f"{path}: the checkpoint's weights are missing. Train the network again."
        raise CheckpointError(msg) from error
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}). Make it readable."
        raise CheckpointError(msg) from error
