"""
How accurate the network `compact` is beside the paper's, and what a warm start does, on finished experiments with their truth.

    python benchmarks/compact_accuracy.py WORK benchmarks/results/compact-accuracy.json SEED1 SEED2 SEED3

A SEED is a folder of ``spectrove experiment paper-2020``. The networks are compared twice: trained on its labeled set and spectra
drawn at random from its pool, with their true classes; and on its labeled set and the answers that its search got. The
probabilities of each training are kept in WORK, so that a run that was stopped goes on, and parts can be run side by side::

    python benchmarks/compact_accuracy.py WORK --train SEED1 paper-2020 drawn 0
    python benchmarks/compact_accuracy.py WORK --rounds SEED1
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from compact_measures import clusters, compare_networks, compare_starts

from spectrove.campaign import Campaign
from spectrove.experiment.measure import asked_in
from spectrove.experiment.truth import truth_of
from spectrove.models import build
from spectrove.pool import Pool
from spectrove.simulate import SurveyTruth
from spectrove.training import FitConfig, continue_from, fit

NETWORKS = ("compact", "paper-2020")
CONFIG = FitConfig(batch_size=256, max_epochs=12, precision="bfloat16", device="cpu", threads=1)
"""Of both networks: what `docs/reference/paper-experiment.toml` says of a round, and bfloat16."""

COMPARISONS = {
    "drawn": {"compact": (8, 4), "paper-2020": (8, 1)},
    "asked": {"compact": (12, 4), "paper-2020": (12, 1)},
}
"""Epochs, and trainings on each seed; these differ in their first weights, their order and their SMOTE, and more than seeds do.

Eight epochs with ``drawn`` are as many steps as twelve with ``asked``, which are fewer spectra."""

N_DRAWN = 6000
TARGETS_DRAWN = 0.5
"""How many spectra that are no targets, and which share of the objects that are, make up the neutral training set."""

ROUNDS = (4, 8, 12)
"""Rounds in which cold and warm starts are compared; a network of round n is trained on the answers of the rounds before it."""

WARM_EPOCHS = 3
BATCH_SCORED = 512
NEVER = 10**6


@dataclass(frozen=True, eq=False)
class Examples:
    """A training set, and which spectra of the pool it leaves to be measured on."""

    features: np.ndarray
    labels: np.ndarray
    free: np.ndarray


@dataclass(frozen=True, eq=False)
class Experiment:
    """One finished experiment: the labeled set, the pool, what was asked and when, and the truth."""

    name: str
    pool: Pool
    labeled: np.ndarray
    labels: np.ndarray
    asked_rows: np.ndarray
    asked_labels: np.ndarray
    asked_in: np.ndarray
    truth: np.ndarray
    objects: np.ndarray

    @classmethod
    def open(cls, folder: Path) -> Experiment:
        """Return the experiment of a folder."""
        pool = Pool.open(folder / "survey" / "pool.pool")
        with Campaign(folder / "campaign") as campaign:
            classes = campaign.settings.classes
            truth = truth_of(pool, SurveyTruth(folder / "survey" / "truth.parquet"), classes.names, classes.targets)
            asked = asked_in(campaign)
            said = campaign.training_labels()
        known = Pool.open(folder / "survey" / "labeled.pool")
        ids = sorted(said)
        labels = np.array([classes.names.index(said[id_]) for id_ in ids])
        teaches = (asked.queried < NEVER) & (asked.labels >= 0)
        return cls(
            folder.name,
            pool,
            known.features(known.rows_of(ids)),
            labels,
            asked.rows[teaches],
            asked.labels[teaches].astype(np.int64),
            asked.queried[teaches],
            truth.labels.astype(np.int64),
            truth.objects,
        )

    def asked(self, before: int = NEVER) -> Examples:
        """Return the labeled set with the answers of the rounds before one."""
        kept = self.asked_in < before
        return self._with(self.asked_rows[kept], self.asked_labels[kept])

    def drawn(self) -> Examples:
        """Return the labeled set with spectra drawn at random; no exposure of an object of theirs is free."""
        generator = np.random.default_rng(0)
        groups, is_target = clusters(self.objects), self.truth != self.truth.max()
        objects = np.unique(groups[is_target])
        chosen = generator.choice(objects, round(TARGETS_DRAWN * objects.size), replace=False)
        others = generator.choice(np.flatnonzero(~is_target), N_DRAWN, replace=False)
        rows = np.concatenate([np.flatnonzero(is_target & np.isin(groups, chosen)), others])
        examples = self._with(rows, self.truth[rows])
        return replace(examples, free=~np.isin(groups, groups[rows]))

    def _with(self, rows: np.ndarray, labels: np.ndarray) -> Examples:
        order = np.argsort(rows)
        features = np.concatenate([self.labeled, self.pool.features(rows[order])])
        free = np.ones(self.pool.n_spectra, dtype=bool)
        free[rows] = False
        return Examples(features, np.concatenate([self.labels, labels[order]]), free)


def probabilities(network: torch.nn.Module, pool: Pool) -> np.ndarray:
    """Return the network's probabilities for every spectrum, in float32."""
    parts = []
    with torch.inference_mode():
        for start in range(0, pool.n_spectra, BATCH_SCORED):
            batch = pool.features(np.arange(start, min(start + BATCH_SCORED, pool.n_spectra)))
            parts.append(torch.softmax(network(torch.from_numpy(batch)), dim=1).numpy())
    return np.concatenate(parts)


def trained(
    examples: Examples, name: str, seed: list[int], config: FitConfig, start: dict[str, torch.Tensor] | None = None
) -> tuple[torch.nn.Module, dict[str, Any]]:
    """Return a trained network and how the training went; with earlier weights, it goes on from them."""
    generator = np.random.default_rng(seed)
    network = build(name, examples.features.shape[1], 3, generator)
    if start is not None:
        config = continue_from(network, start, replace(config, warm_start=True, warm_epochs=WARM_EPOCHS))
    begun = time.process_time()
    result = fit(network, examples.features, examples.labels, config, generator)
    facts = {
        "seconds": time.process_time() - begun,
        "n_epochs": len(result.history),
        "loss": result.history[result.best_epoch],
        "n_examples": sum(result.n_examples),
        "n_balanced": sum(result.n_balanced),
    }
    return network, facts


def kept_path(work: Path, *key: object) -> Path:
    """Return where the probabilities of a training are kept."""
    return work / ("-".join(str(part) for part in key) + ".npz")


def keep(path: Path, experiment: Experiment, network: torch.nn.Module, facts: dict[str, Any]) -> None:
    """Score the pool and keep the probabilities with the facts of the training."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, probabilities=probabilities(network.eval(), experiment.pool), facts=json.dumps(facts))
    partial.rename(path)


def examples_of(experiment: Experiment, labels: str) -> Examples:
    """Return the training set of a comparison."""
    return experiment.asked() if labels == "asked" else experiment.drawn()


def train_network(work: Path, experiment: Experiment, name: str, labels: str, repeat: int) -> Path:
    """Train a network, score, and return where that is kept; what is there is not made again."""
    epochs, _ = COMPARISONS[labels][name]
    path = kept_path(work, experiment.name, labels, name, epochs, repeat)
    if not path.exists():
        examples = examples_of(experiment, labels)
        config = replace(CONFIG, max_epochs=epochs)
        keep(path, experiment, *trained(examples, name, [repeat, NETWORKS.index(name)], config))
    return path


def train_rounds(work: Path, experiment: Experiment, name: str) -> None:
    """Train a network round after round, cold and warm, and keep what both say in some of them."""
    if all(kept_path(work, experiment.name, kind, number).exists() for kind in ("cold", "warm") for number in ROUNDS):
        return
    state = None
    for number in range(max(ROUNDS) + 1):
        examples = experiment.asked(number)
        warm, facts = trained(examples, name, [0, 10, number], CONFIG, state)
        state = warm.state_dict()
        if number in ROUNDS:
            keep(kept_path(work, experiment.name, "warm", number), experiment, warm, facts)
            keep(kept_path(work, experiment.name, "cold", number), experiment, *trained(examples, name, [0, 11, number], CONFIG))


def read(path: Path) -> tuple[np.ndarray, dict[str, Any]]:
    """Return kept probabilities and facts."""
    with np.load(path) as kept:
        return kept["probabilities"], json.loads(str(kept["facts"]))


def main(work: Path, output: Path, folders: list[Path]) -> None:
    """Make what is missing, compare, and write the JSON."""
    networks: dict[str, list[dict[str, Any]]] = {labels: [] for labels in COMPARISONS}
    starts, sizes = [], []
    for folder in folders:
        experiment = Experiment.open(folder)
        sizes.append(experiment.pool.n_spectra)
        same = {"seed": experiment.name, "truth": experiment.truth, "objects": experiment.objects}
        for labels, pairs in networks.items():
            free, networks_of = examples_of(experiment, labels).free, COMPARISONS[labels]
            for repeat in range(max(n for _, n in networks_of.values())):
                made = {name: train_network(work, experiment, name, labels, repeat % n) for name, (_, n) in networks_of.items()}
                pairs.append({**same, "free": free, "pair": {name: read(path) for name, path in made.items()}})
        train_rounds(work, experiment, "compact")
        for number in ROUNDS:
            pair = {kind: read(kept_path(work, experiment.name, kind, number)) for kind in ("warm", "cold")}
            starts.append({**same, "round": number, "free": experiment.asked(number).free, "pair": pair})
    found = {
        "n_spectra": sizes,
        "fit": {
            "batch_size": CONFIG.batch_size,
            "precision": CONFIG.precision,
            "epochs": CONFIG.max_epochs,
            "warm_epochs": WARM_EPOCHS,
        },
        "drawn": {"n_others": N_DRAWN, "share_of_targets": TARGETS_DRAWN},
        "networks": {labels: compare_networks(pairs) for labels, pairs in networks.items()},
        "starts": compare_starts(starts, ROUNDS),
    }
    output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[2] == "--train":
        train_network(Path(sys.argv[1]), Experiment.open(Path(sys.argv[3])), *sys.argv[4:6], int(sys.argv[6]))
    elif sys.argv[2] == "--rounds":
        train_rounds(Path(sys.argv[1]), Experiment.open(Path(sys.argv[3])), "compact")
    else:
        main(Path(sys.argv[1]), Path(sys.argv[2]), [Path(folder) for folder in sys.argv[3:]])
