"""
How fast the networks train, against the paper's in Keras on TensorFlow; and what a warm start spares.

An epoch is of 18,306 spectra, the paper's training set after SMOTE. Keras trains with its best batch.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import harness
import machine
import material
import numpy as np
import peers
from bench_scoring import operations
from harness import Contestant, Facts, Options

N_EPOCH = 18_306
FORWARD_AND_BACK = 3
"""A step takes the products of the forward pass twice more: for the gradients of the input and of the weights."""

BATCH_ON_GPU = 1024

OURS = (
    ("paper-2020", 64, "float32"),
    ("paper-2020", 256, "float32"),
    ("paper-2020", 256, "bfloat16"),
    ("compact", 64, "float32"),
    ("compact", 256, "float32"),
)
"""Network, batch size and precision; 64 is the paper's, and at 256 CPUs are fastest."""

NETWORKS = ("paper-2020", "compact")


def epoch(network: Any, features: np.ndarray, labels: np.ndarray, **settings: Any) -> Callable[[], object]:
    """Return what trains a network for one epoch."""
    from spectrove.training import FitConfig, fit

    config = FitConfig(max_epochs=1, balance="none", **settings)
    generator = np.random.default_rng(0)
    return lambda: fit(network, features, labels, config, generator)


def fastest_batch(model: Any, images: np.ndarray, labels: np.ndarray) -> int:
    """Return the batch size at which Keras trains fastest."""
    rate_of = {}
    for batch in peers.KERAS_BATCHES:
        n = min(len(labels), max(1024, 4 * batch))
        train = partial(model.fit, images[:n], labels[:n], batch_size=batch, epochs=1, verbose=0)
        train()
        rate_of[batch] = n / harness.timed(train)
    return max(rate_of, key=rate_of.__getitem__)


def rates(options: Options) -> Facts:
    """Let Keras and ours take turns."""
    from spectrove.models import build

    features, labels = material.training_set(options, options.pick(N_EPOCH, 128))
    networks = {name: build(name, features.shape[1], 3, np.random.default_rng(0)) for name in NETWORKS}
    work = {name: FORWARD_AND_BACK * operations(network, features.shape[1]) for name, network in networks.items()}
    model = peers.keras_on_tensorflow(networks["paper-2020"])
    images, n = features[:, :, None], len(labels)
    batch = fastest_batch(model, images, labels)
    keras = partial(model.fit, images, labels, batch_size=batch, epochs=1, verbose=0)
    contestants = [Contestant(f"Keras on TensorFlow, fit, batch {batch}", keras, n, work={"fp32": work["paper-2020"]})]
    for name, size, precision in OURS:
        settings = {"batch_size": size, "precision": precision, "device": "cpu"}
        run, limit = epoch(networks[name], features, labels, **settings), {"float32": "fp32", "bfloat16": "bf16"}[precision]
        title = f"{name}, {precision}, batch {size}"
        contestants.append(Contestant(title, run, n, work={limit: work[name]}, warms_up=name == "compact"))
    for name in NETWORKS if machine.gpu() else ():
        settings = {"batch_size": BATCH_ON_GPU, "precision": "bfloat16", "device": "cuda"}
        run = epoch(networks[name], features, labels, **settings)
        contestants.append(Contestant(f"{name}, {machine.gpu()}, batch {BATCH_ON_GPU}", run, n, work={"gpu bf16": work[name]}))
    return harness.contest("an epoch", "spectra", contestants, options.turns)


def warm_start(options: Options) -> list[Facts]:
    """Train to the end from new weights and from those of the round before, whose training set was 100 spectra smaller."""
    from spectrove.models import build
    from spectrove.training import FitConfig, continue_from, fit, weights_of

    features, labels = material.training_set(options, options.pick(N_EPOCH, 128))
    n_before = len(labels) - options.pick(100, 8)
    config = FitConfig(batch_size=256, balance="none", max_epochs=options.pick(40, 2))
    earlier = build("compact", features.shape[1], 3, np.random.default_rng(1))
    fit(earlier, features[:n_before], labels[:n_before], config, np.random.default_rng(1))
    rows = []
    for title, start in (("from new weights", None), ("from the weights of the round before", weights_of(earlier))):
        network = build("compact", features.shape[1], 3, np.random.default_rng(2))
        settings = config if start is None else continue_from(network, start, config)
        begun = time.perf_counter()
        history = fit(network, features, labels, settings, np.random.default_rng(2)).history
        seconds = time.perf_counter() - begun
        rows.append({"title": title, "seconds": seconds, "epochs": len(history), "first_loss": history[0], "loss": min(history)})
        harness.say(f"  compact {title:<40}{seconds:>8.1f} s {len(history):>4} epochs, loss {min(history):.4f}")
    return rows


def run(options: Options) -> Facts:
    """Measure all."""
    return {"contests": [rates(options)], "warm_start": warm_start(options)}


if __name__ == "__main__":
    harness.main("training", __doc__, run, {})
