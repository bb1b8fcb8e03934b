"""Networks trained on the labeled set alone, as in the paper's Appendix A: what is to be had without asking anybody."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spectrove.campaign import CampaignSettings, read_labels
from spectrove.contracts import FloatArray, Oracle, Progress, Scores
from spectrove.evaluate import estimate_class_precision
from spectrove.execution import Executor
from spectrove.experiment.measure import measure_prediction, trade_off
from spectrove.experiment.phases import Facts, Phases
from spectrove.experiment.truth import PoolTruth
from spectrove.models import build
from spectrove.pool import Pool
from spectrove.query import sample_at_random
from spectrove.scoring import Focus, load_scores, score
from spectrove.training import Checkpoint, fit, make_provenance, settled, weights_of

PURPOSES = ("network", "fit", "judged")
"""What random choices of a run are for; each has a generator of its own."""

STREAM = 1_000_000
"""Keeps the runs' generators apart from those of the campaign, which count iterations in this place."""


@dataclass(frozen=True)
class LabeledSet:
    """
    The labeled set.

    Attributes
    ----------
    pool : Path
        The pool of its spectra.
    labels : Path
        Their labels.
    """

    pool: Path
    labels: Path


@dataclass(frozen=True, eq=False)
class NonActiveRun:
    """
    One training without questions, and where it keeps what it makes.

    Attributes
    ----------
    number : int
        The run, from 1.
    directory : Path
        Its folder.
    settings : CampaignSettings
        Network, long training, scoring, classes and seed.
    pool : Pool
        The pool to be searched.
    """

    number: int
    directory: Path
    settings: CampaignSettings
    pool: Pool

    def generator(self, purpose: str) -> np.random.Generator:
        """
        Return the generator of one random choice, the same whenever the run is repeated.

        Parameters
        ----------
        purpose : str
            One of `PURPOSES`.

        Returns
        -------
        numpy.random.Generator
            Seeded by the experiment's seed, the run and the purpose.
        """
        return np.random.default_rng([self.settings.seed, STREAM + self.number, PURPOSES.index(purpose)])

    def train(self, labeled: LabeledSet, progress: Progress) -> Facts:
        """
        Train the network on the labeled set for long, and keep it.

        Parameters
        ----------
        labeled : LabeledSet
            The labeled set.
        progress : Progress
            Called after each epoch.

        Returns
        -------
        dict
            How the training went.

        Raises
        ------
        LabelsError
            If the labels cannot be used.
        TrainingError
            If they cannot be trained on.
        """
        settings, pool = self.settings, Pool.open(labeled.pool)
        known = read_labels(labeled.labels, settings.classes, pool.resolve).by_id
        ids = np.array(sorted(id_ for id_, label in known.items() if label is not None), dtype=object)
        classes = {name: code for code, name in enumerate(settings.classes.names)}
        labels = np.array([classes[str(known[id_])] for id_ in ids], dtype=np.int64)
        network = build(settings.network.name, self.pool.n_wave, len(classes), self.generator("network"))
        config = settled(settings.long_fit)
        result = fit(network, pool.features(pool.rows_of(ids)), labels, config, self.generator("fit"), progress)
        seed = [settings.seed, STREAM + self.number]
        Checkpoint(
            network=settings.network.name,
            n_wave=self.pool.n_wave,
            classes=settings.classes.names,
            recipe=self.pool.recipe.hash,
            state=weights_of(network),
            provenance=make_provenance(ids, labels, config, result, seed),
        ).save(self.directory / "checkpoint")
        return {
            "n_examples": int(labels.size),
            "n_by_class": dict(zip(settings.classes.names, result.n_examples, strict=True)),
            "n_epochs": len(result.history),
            "loss": result.history[result.best_epoch],
            "stopped_by": result.stopped_by,
        }

    def score(self, executor: Executor, progress: Progress) -> Facts:
        """
        Score the pool, and keep the scores.

        Parameters
        ----------
        executor : Executor
            Where the tasks run.
        progress : Progress
            Called as the work goes on.

        Returns
        -------
        dict
            How many spectra were scored.
        """
        checkpoint, scores = self.directory / "checkpoint", self.directory / "scores"
        focus = Focus(self.settings.classes.targets, n_query=0)
        score(checkpoint, self.pool, self.settings.scoring, executor, progress, directory=scores, focus=focus)
        return {"n_scored": self.pool.n_spectra}

    def judge(self, oracle: Oracle, n_judged: int, truth: PoolTruth) -> Facts:
        """
        Judge random spectra of each target class, as the paper did, and all of them, as only a simulation can.

        Parameters
        ----------
        oracle : Oracle
            Labels the spectra.
        n_judged : int
            How many of each target class.
        truth : PoolTruth
            The truth.

        Returns
        -------
        dict
            ``by_class``: the number predicted, the estimate with its limits and the true precision; ``precision`` and ``recall``
            of both target classes together, true; ``curve``, see `spectrove.experiment.measure.trade_off`.
        """
        scores = load_scores(self.directory / "scores", self.pool)
        predicted = scores.predicted().astype(np.int8)
        classes = self.settings.classes
        codes = [classes.names.index(name) for name in classes.targets]
        measured = measure_prediction(predicted, truth, codes)
        generator = self.generator("judged")
        by_class = {}
        for code, name in zip(codes, classes.targets, strict=True):
            rows, _ = sample_at_random(scores.spectrum_ids, predicted == code, n_judged, generator)
            answers = oracle.ask(scores.spectrum_ids[rows].tolist())
            sizes = {name: int(np.count_nonzero(predicted == code))}
            estimate = estimate_class_precision([name] * len(answers), answers, sizes)[name]
            by_class[name] = {
                "n_predicted": estimate.n_predicted,
                "n_judged": estimate.n_answered,
                "n_correct": estimate.n_correct,
                "estimate": estimate.estimate,
                "lower": estimate.lower,
                "upper": estimate.upper,
                "true": measured["by_class"][name],
            }
        return {
            "by_class": by_class,
            "precision": measured["precision"],
            "recall": measured["recall"],
            "confusion": measured["confusion"],
            "curve": trade_off(target_probability(scores, codes), truth.is_target),
        }


def target_probability(scores: Scores, targets: list[int]) -> np.ndarray:
    """
    Return the probability that a spectrum is of any target class.

    Parameters
    ----------
    scores : Scores
        Probabilities of all classes.
    targets : list of int
        Columns of the target classes.

    Returns
    -------
    array of float64, shape (n_spectra,)
        Sum over the target classes.
    """
    probabilities = np.asarray(scores.probabilities)
    total: FloatArray = np.zeros(len(probabilities))
    for target in targets:
        total += probabilities[:, target]
    return total


def do_run(run: NonActiveRun, phases: Phases, labeled: LabeledSet, executor: Executor, progress: Progress) -> None:
    """
    Train a network without questions and score the pool by it, whatever of this is not done yet.

    Parameters
    ----------
    run : NonActiveRun
        The run.
    phases : Phases
        What is done.
    labeled : LabeledSet
        The labeled set.
    executor : Executor
        Where the pool is scored.
    progress : Progress
        Called as the work goes on.
    """
    phases.once(f"run-{run.number}-training", lambda: run.train(labeled, progress))
    phases.once(f"run-{run.number}-scoring", lambda: run.score(executor, progress))
