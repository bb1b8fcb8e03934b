"""Small labeled sets and a network small enough to train in a moment."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

N_WAVE = 36


class SmallNetwork(nn.Module):
    """One hidden layer, with dropout if asked for."""

    def __init__(self, n_wave: int, n_classes: int, generator: torch.Generator, dropout: float = 0.0) -> None:
        super().__init__()
        self.hidden = nn.Linear(n_wave, 8, device="meta").to_empty(device="cpu")
        self.output = nn.Linear(8, n_classes, device="meta").to_empty(device="cpu")
        self.dropout = nn.Dropout(dropout)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -0.3, 0.3, generator=generator)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.output(self.dropout(torch.relu(self.hidden(features))))


@pytest.fixture
def small_network() -> Callable[..., SmallNetwork]:
    """Return what makes small networks: equal ones for equal arguments."""

    def make(dropout: float = 0.0, n_classes: int = 3) -> SmallNetwork:
        return SmallNetwork(N_WAVE, n_classes, torch.Generator().manual_seed(7), dropout)

    return make


@pytest.fixture
def examples(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return 60 profiles of three classes that can be told apart: absorption, emission, nothing; 30, 20 and 10 of them."""
    labels = np.repeat([0, 1, 2], [30, 20, 10])
    line = np.exp(-0.5 * (np.linspace(-3, 3, N_WAVE)) ** 2)
    height = np.array([-1.0, 1.0, 0.0])[labels]
    features = height[:, None] * line + generator.normal(0, 0.1, (60, N_WAVE))
    return features.astype(np.float32), labels
