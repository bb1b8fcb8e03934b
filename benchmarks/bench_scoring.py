"""
How fast the networks score a pool, against the paper's in Keras on TensorFlow, and whether they decide as in single precision.

Peers: Keras `predict` at its best batch, and the network as one first writes it in PyTorch (`torch.nn.Conv1d`). Ours is all of
`spectrove.scoring.score`: reading the pool, screening, rescoring, writing the probabilities.
"""

from __future__ import annotations

import json
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import harness
import machine
import material
import numpy as np
import peers
from harness import Contestant, Facts, Options

N_KERAS = 16_384
"""Rows that Keras predicts in one turn; its rate does not depend on their number."""

N_QUERY = 100
TARGETS = material.CLASSES[:2]
NETWORKS = ("paper-2020", "compact")
DEVICES = ("cpu", "cuda")
LIMIT_OF = {"float32": "fp32", "bfloat16": "bf16", "int8": "int8"}
"""Which of the machine's limits the screening meets, by its precision."""

COMPARED = {"paper-2020": 100_000, "compact": 1_000_000}
"""Rows up to which a pass in single precision is affordable; ``--full`` compares on all sizes."""


def operations(network: Any, n_wave: int) -> float:
    """Return the floating-point operations of a spectrum: additions and multiplications of convolutions and products."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    with torch.inference_mode(), counter:
        network(torch.zeros(1, n_wave))
    return float(counter.get_total_flops())


def scored(checkpoint: Path, pool: Any, directory: Path, **settings: Any) -> Any:
    """Score a pool anew, as a campaign does."""
    from spectrove.execution import InlineExecutor
    from spectrove.scoring import Focus, ScoreConfig, score

    focus = Focus(targets=TARGETS, n_query=N_QUERY)
    return score(checkpoint, pool, ScoreConfig(**settings), InlineExecutor(), directory=material.emptied(directory), focus=focus)


def opened(options: Options, n_rows: int) -> Any:
    """Return the pool of a survey."""
    from spectrove.pool import Pool
    from spectrove.simulate import survey_files

    return Pool.open(survey_files(material.survey(options, n_rows)).pool)


def fastest_batch(model: Any, images: np.ndarray) -> int:
    """Return the batch size at which Keras predicts fastest."""
    rate_of = {}
    for batch in peers.KERAS_BATCHES:
        few = images[: min(len(images), 4 * batch)]
        model.predict(few, batch_size=batch, verbose=0)
        rate_of[batch] = len(few) / harness.timed(partial(model.predict, few, batch_size=batch, verbose=0))
    return max(rate_of, key=rate_of.__getitem__)


def by_conv1d(network: Any, features: np.ndarray) -> None:
    """Predict as one first writes it: large batches, all threads on each."""
    import torch

    with torch.inference_mode():
        for batch in torch.from_numpy(features).split(1024):
            torch.softmax(network(batch), dim=1)


def rates(options: Options) -> Facts:
    """Let Keras, PyTorch and ours take turns."""
    from spectrove.training import Checkpoint

    checkpoints = {name: material.checkpoint(options, name) for name in NETWORKS}
    networks = {name: Checkpoint.load(path).build_network() for name, path in checkpoints.items()}
    large, small = opened(options, options.sizes[min(1, len(options.sizes) - 1)]), opened(options, options.sizes[0])
    features, into = large.features(slice(0, options.pick(N_KERAS, 128))), options.data / "scores"
    model = peers.keras_on_tensorflow(networks["paper-2020"])
    images = features[:, :, None]
    batch = fastest_batch(model, images)
    work = {name: operations(network, large.n_wave) for name, network in networks.items()}
    conv1d = peers.conv1d_network(large.n_wave, 3).eval()

    def ours(name: str, pool: Any, device: str = "cpu", **settings: Any) -> Contestant:
        run = partial(scored, checkpoints[name], pool, into, device=device, **settings)
        run()
        if device == "cuda":
            on_gpu = {"gpu bf16": work[name], "gpu memory": 2.0 * pool.n_wave}
            return Contestant(f"{name}, {machine.gpu()}", run, pool.n_spectra, work=on_gpu, warms_up=False)
        limit = LIMIT_OF[told(into)["exactness"]["precision"]]
        title = f"{name}, float32" if settings else name
        return Contestant(title, run, pool.n_spectra, work={limit: work[name]}, warms_up=False)

    title, paper = f"Keras on TensorFlow, predict, batch {batch}", {"fp32": work["paper-2020"]}
    contestants = [
        Contestant(title, partial(model.predict, images, batch_size=batch, verbose=0), len(images), work=paper),
        Contestant("PyTorch, Conv1d, batch 1,024", partial(by_conv1d, conv1d, features), len(features), work=paper),
        ours("paper-2020", small, precision="float32"),
        ours("paper-2020", large),
        ours("compact", large, precision="float32"),
        ours("compact", large),
    ]
    contestants += [ours(name, large, device="cuda") for name in NETWORKS if machine.gpu()]
    return harness.contest("scoring", "rows", contestants, options.turns)


def decisions(n_rows: int, network: str, data: Path, *, quick: bool, sizes: list[int]) -> Facts:
    """Compare what is decided by a pass as it is by default with what is decided by one in single precision."""
    from spectrove.query import entropy, predicted_classes, top_utilities

    options = Options(quick, full=False, sizes=tuple(sizes), turns=1, data=data)
    pool, checkpoint = opened(options, n_rows), material.checkpoint(options, network)
    passes = [
        scored(checkpoint, pool, data / "decisions" / name, **settings)
        for name, settings in (("default", {}), ("fp32", {"precision": "float32"}))
    ]
    classes = [predicted_classes(one.probabilities) for one in passes]
    chosen = [
        set(top_utilities(one.probabilities, entropy, pool.spectrum_ids, N_QUERY, np.random.default_rng(0))[0]) for one in passes
    ]
    columns = [material.CLASSES.index(name) for name in TARGETS]
    targets = [np.isin(one, columns) for one in classes]
    return {
        "n_rows": n_rows,
        "network": network,
        "other_classes": int(np.count_nonzero(classes[0] != classes[1])),
        "other_targets": int(np.count_nonzero(targets[0] != targets[1])),
        "same_questions": len(chosen[0] & chosen[1]),
        "n_questions": len(chosen[1]),
        "n_targets": int(np.count_nonzero(targets[1])),
        "largest_difference": max(
            float(np.abs(passes[0].probabilities[rows] - passes[1].probabilities[rows]).max())
            for rows in (slice(begin, begin + 65_536) for begin in range(0, n_rows, 65_536))
        ),
        "told": told(data / "decisions" / "default"),
    }


def told(directory: Path) -> Facts:
    """Return what the scores say of how they were made."""
    facts: Facts = json.loads((directory / "scores.json").read_text(encoding="utf-8"))
    return {name: value for name, value in facts.items() if name not in {"format", "format_version", "classes"}}


def growth(n_rows: int, network: str, device: str, data: Path, *, quick: bool, sizes: list[int]) -> Facts:
    """Score a pool of some size, several times if that does not take long."""
    options = Options(quick, full=False, sizes=tuple(sizes), turns=1, data=data)
    pool, checkpoint, into = opened(options, n_rows), material.checkpoint(options, network), data / "scores"
    most = options.pick(harness.TURNS, 1)
    seconds = harness.repeated(lambda: scored(checkpoint, pool, into, device=device), most=most)
    title = f"{network}, {machine.gpu()}" if device == "cuda" else network
    return {"n_rows": pool.n_spectra, "network": title, "seconds": seconds, "told": told(into)}


PARTS = {"decisions": decisions, "growth": growth}


def run(options: Options) -> Facts:
    """Measure all."""
    for size in options.sizes:
        material.survey(options, size)
    contest = rates(options)
    common = {"data": options.data, "quick": options.quick, "sizes": options.sizes}
    found = [
        harness.in_own_process(__file__, "decisions", n_rows=size, network=network, **common)
        for network in NETWORKS
        for size in options.sizes[1:]
        if options.full or size <= COMPARED[network]
    ]
    rows = []
    for network, device, size in product(NETWORKS, DEVICES[: 2 if machine.gpu() else 1], options.sizes):
        part = {"n_rows": size, "network": network, "device": device}
        rows.append(harness.in_own_process(__file__, "growth", **part, **common))
        harness.say(f"  {rows[-1]['network']} {size:>10,} rows {min(rows[-1]['seconds']):>8.2f} s {rows[-1]['memory']}")
    return {"contests": [contest], "decisions": found, "growth": rows}


if __name__ == "__main__":
    harness.main("scoring", __doc__, run, PARTS)
