"""
How fast the networks score and train, against the paper's in Keras 3 and with one-dimensional convolutions.

Peers: Keras 3 on PyTorch (the paper's own tool, on the backend that this package stands on), and ours with `torch.nn.Conv1d`.
Read the ratios: the contestants take turns, so that what else the machine does falls on all alike. With ``--networks`` ours are
compared with one another alone, on one thread and in its own seconds of computing.
"""

from __future__ import annotations

import logging
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from spectrove.models import build
from spectrove.models.paper_2020 import N_FILTERS, Paper2020
from spectrove.scoring import predict
from spectrove.training import FitConfig, fit

N_WAVE = 140
N_SCORED = 2048
N_TRAINED = 512
BATCH_SCORED = 256
BATCH_TRAINED = 64
TURNS = 5

Contestants = dict[str, Callable[[], object]]


class Conv1dNetwork(Paper2020):
    """The same network in the layout that is the obvious one: (n_spectra, channels, n_wave)."""

    def __init__(self, n_wave: int, n_classes: int, generator: torch.Generator) -> None:
        super().__init__(n_wave, n_classes, generator)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(n_in, n_out, 3, device="meta").to_empty(device="cpu") for n_in, n_out in pairwise((1, *N_FILTERS))
        )
        for convolution in self.convolutions:
            nn.init.xavier_uniform_(convolution.weight, generator=generator)
            nn.init.zeros_(convolution.bias)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the logits of each spectrum's classes."""
        hidden = features[:, None, :]
        for index, convolution in enumerate(self.convolutions):
            hidden = functional.relu(convolution(hidden))
            if index % 2:
                hidden = functional.max_pool1d(hidden, 2)
        hidden = hidden.flatten(start_dim=1)
        for layer in self.connected[:-1]:
            hidden = self.dropout(functional.relu(layer(hidden)))
        return self.connected[-1](hidden)


def by_split_batches(network: nn.Module, batches: list[torch.Tensor]) -> None:
    """Score as PyTorch does by itself: all threads share each batch."""
    with torch.inference_mode():
        for batch in batches:
            network(batch)


def report(title: str, contestants: Contestants, n_rows: int, clock: Callable[[], float] = time.perf_counter) -> None:
    """Let the contestants take turns and print their median rates."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(TURNS + 1):  # the first turn warms up
        for name, run in contestants.items():
            start = clock()
            run()
            if turn:
                seconds[name].append(clock() - start)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    first = next(iter(medians.values()))
    print(f"\n{title}, median of {TURNS}")
    for name, median in medians.items():
        print(f"  {name:<46}{n_rows / median:>9,.0f} rows/s {first / median:>6.2f} ×")


def compare_networks() -> None:
    """Print how fast each of our networks scores and trains on one thread."""
    torch.set_num_threads(1)
    generator = np.random.default_rng(0)
    features = generator.uniform(-1, 1, (N_SCORED, N_WAVE)).astype(np.float32)
    labels = generator.integers(0, 3, N_TRAINED)
    networks = {name: build(name, N_WAVE, 3, generator) for name in ("paper-2020", "compact")}
    batches = list(torch.from_numpy(features).split(BATCH_SCORED))
    scoring: Contestants = {name: partial(predict, network.eval(), batches, 1) for name, network in networks.items()}
    report(f"scoring {N_SCORED:,} spectra, one thread", scoring, N_SCORED, time.process_time)
    config = FitConfig(batch_size=BATCH_TRAINED, max_epochs=1, balance="none", threads=1)
    few = features[:N_TRAINED]
    training: Contestants = {name: partial(fit, network, few, labels, config, generator) for name, network in networks.items()}
    report(f"an epoch of {N_TRAINED:,} spectra, one thread", training, N_TRAINED, time.process_time)


def main() -> None:
    """Print both tables."""
    warnings.simplefilter("ignore")
    logging.disable()
    if "--networks" in sys.argv[1:]:
        compare_networks()
        return
    from keras_peer import keras_network, keras_weights  # Keras is not needed above

    generator = np.random.default_rng(0)
    features = generator.uniform(-1, 1, (N_SCORED, N_WAVE)).astype(np.float32)
    labels = generator.integers(0, 3, N_TRAINED)
    ours = build("paper-2020", N_WAVE, 3, generator).eval()
    conv1d = Conv1dNetwork(N_WAVE, 3, torch.Generator().manual_seed(0)).eval()
    theirs = keras_network(N_WAVE, 3)
    theirs.set_weights(keras_weights(ours))
    theirs.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    images = features[:, :, None]
    batches = list(torch.from_numpy(features).split(BATCH_SCORED))
    threads = torch.get_num_threads()
    scoring: Contestants = {
        "Keras 3 on PyTorch, predict": lambda: theirs.predict(images, batch_size=BATCH_SCORED, verbose=0),
        "Conv1d, threads share each batch": lambda: by_split_batches(conv1d, batches),
        "ours, threads share each batch": lambda: by_split_batches(ours, batches),
        "Conv1d, a batch a thread": lambda: predict(conv1d, batches, threads),
        "ours, a batch a thread (as score does)": lambda: predict(ours, batches, threads),
    }
    report(f"scoring {N_SCORED:,} spectra, batches of {BATCH_SCORED}, {threads} threads", scoring, N_SCORED)
    config = FitConfig(batch_size=BATCH_TRAINED, max_epochs=1, balance="none")
    few = features[:N_TRAINED]
    training: Contestants = {
        "Keras 3 on PyTorch, fit": lambda: theirs.fit(images[:N_TRAINED], labels, batch_size=BATCH_TRAINED, verbose=0),
        "Conv1d": lambda: fit(conv1d, few, labels, config, generator),
        "ours": lambda: fit(ours, few, labels, config, generator),
    }
    report(f"an epoch of {N_TRAINED:,} spectra, batches of {BATCH_TRAINED}, {threads} threads", training, N_TRAINED)


if __name__ == "__main__":
    main()
