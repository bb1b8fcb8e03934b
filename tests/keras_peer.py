"""The paper's network as its authors would write it: in Keras 3, here on PyTorch. The peer of tests and benchmarks."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "torch"
os.environ.setdefault("KERAS_HOME", f"{os.devnull}/keras")  # so that Keras leaves nothing in the user's home

import keras
import numpy as np
import torch
from keras import layers


def keras_network(n_wave: int, n_classes: int, dropout: float = 0.5) -> keras.Sequential:
    """Return the network of Fig. 4 with Keras's defaults for everything that the figure leaves open."""
    blocks = [
        layer
        for n_filters in (64, 128, 256)
        for layer in (
            layers.Conv1D(n_filters, 3, activation="relu"),
            layers.Conv1D(n_filters, 3, activation="relu"),
            layers.MaxPooling1D(2),
        )
    ]
    head = [
        layers.Flatten(),
        layers.Dense(512, activation="relu"),
        layers.Dropout(dropout),
        layers.Dense(512, activation="relu"),
        layers.Dropout(dropout),
        layers.Dense(n_classes, activation="softmax"),
    ]
    with torch.random.fork_rng(devices=[]):
        return keras.Sequential([keras.Input((n_wave, 1)), *blocks, *head])


def as_keras(name: str, weight: torch.Tensor) -> np.ndarray:
    """Return one of our weights as Keras orders its axes: (3, n_in, n_out) and (n_in, n_out) instead of (n_out, n_in, 1, 3)."""
    array = weight.detach().numpy().copy()
    if name.startswith("convolutions") and array.ndim == 4:
        return array[:, :, 0, :].transpose(2, 1, 0)
    return array.T


def keras_weights(network: torch.nn.Module) -> list[np.ndarray]:
    """Return all weights of our network for Keras's ``set_weights``, in whose order they already stand."""
    return [as_keras(name, weight) for name, weight in network.state_dict().items()]
