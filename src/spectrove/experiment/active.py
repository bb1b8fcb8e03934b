"""The active search of the experiment: a campaign like any other, with an oracle, timed, and measured against the truth."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spectrove.campaign import Campaign, CampaignSettings, TrainingSource, create, run
from spectrove.campaign.schema import IterationRow
from spectrove.campaign.store import DATABASE
from spectrove.contracts import Oracle, Progress
from spectrove.execution import Executor
from spectrove.experiment.measure import NEVER, Asked, asked_in, measure_prediction, measure_recall, share_of, trade_off
from spectrove.experiment.non_active import target_probability
from spectrove.experiment.phases import Facts
from spectrove.experiment.truth import PoolTruth
from spectrove.storage import write_bytes

ESTIMATE_KEYS = ("estimate", "lower", "upper", "level", "n_predicted", "n_sampled", "n_answered", "n_correct", "method")
"""What is told of an estimate."""


class StepClock:
    """
    Writes down how long each step of a campaign took; what is there from before a kill is kept.

    Parameters
    ----------
    path : Path
        A JSON file.
    campaign : Campaign
        The campaign.
    report : callable
        Called with the sentence of each step.
    """

    def __init__(self, path: Path, campaign: Campaign, report: Callable[[str], None]) -> None:
        self.path = path
        self.steps: list[Facts] = json.loads(path.read_bytes()) if path.exists() else []
        self._campaign = campaign
        self._report = report
        self._begun = time.monotonic()
        self._doing = self._place()

    def _place(self) -> Facts:
        row = self._campaign.iteration()
        return {"iteration": row.number, "kind": row.kind, "phase": row.phase}

    def note(self, sentence: str) -> None:
        """
        Take note of a step that has just ended.

        Parameters
        ----------
        sentence : str
            What was done.

        Raises
        ------
        StorageError
            If the disk is full or cannot be written.
        """
        now = time.monotonic()
        self.steps.append({**self._doing, "seconds": round(now - self._begun, 3)})
        write_bytes(self.path, json.dumps(self.steps).encode())
        self._report(sentence)
        self._begun, self._doing = now, self._place()


@dataclass(frozen=True)
class Search:
    """
    Where the active search is made, and of what.

    Attributes
    ----------
    directory : Path
        The campaign's folder.
    pool : Path
        The pool to be searched.
    training : TrainingSource
        The labeled set.
    settings : CampaignSettings
        All settings.
    """

    directory: Path
    pool: Path
    training: TrainingSource
    settings: CampaignSettings

    @property
    def clock(self) -> Path:
        """
        Return where the times of the steps are kept.

        Returns
        -------
        Path
            A JSON file beside the campaign.
        """
        return self.directory.with_name(f"{self.directory.name}-times.json")

    def open(self) -> Campaign:
        """
        Return the campaign, made if it is not there yet.

        Returns
        -------
        Campaign
            Somewhere between its first step and its last.

        Raises
        ------
        CampaignError
            If the folder holds something else.
        """
        if (self.directory / DATABASE).exists():
            return Campaign(self.directory)
        return create(self.directory, self.pool, [self.training], self.settings)

    def carry_out(self, oracle: Oracle, executor: Executor, progress: Progress, report: Callable[[str], None]) -> Facts:
        """
        Take the campaign to its end.

        Parameters
        ----------
        oracle : Oracle
            Answers its questions.
        executor : Executor
            Where the pool is scored.
        progress : Progress
            Called as the work goes on.
        report : callable
            Called with a sentence after each step.

        Returns
        -------
        dict
            ``steps``: the time of each step, but not of what was begun and killed; ``n_iterations``.
        """
        with self.open() as campaign:
            clock = StepClock(self.clock, campaign, report)
            run(campaign, oracle, executor, progress, clock.note)
            return {"n_iterations": campaign.iteration().number, "steps": clock.steps}


def measure_search(campaign: Campaign, truth: PoolTruth, progress: Progress) -> Facts:
    """
    Return what a finished campaign found, iteration by iteration and in the end, against the truth.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    truth : PoolTruth
        The truth about its pool.
    progress : Progress
        Called after each iteration.

    Returns
    -------
    dict
        ``iterations``, see `measure_iteration`; ``final``, see `measure_result`; ``labels``, how many were asked for.
    """
    asked = asked_in(campaign)
    rows = campaign.store.iterations()
    measured = []
    for row in rows:
        measured.append(measure_iteration(campaign, row, asked, truth))
        progress("measuring iterations", len(measured), len(rows))
    return {
        "iterations": measured,
        "final": measure_result(campaign, asked, truth),
        "labels": _count_labels(asked, truth.classes),
    }


def measure_iteration(campaign: Campaign, row: IterationRow, asked: Asked, truth: PoolTruth) -> Facts:
    """
    Return how good an iteration's network was: as estimated from the audit, and in truth.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    row : IterationRow
        An iteration that has scored the pool.
    asked : Asked
        What was asked about.
    truth : PoolTruth
        The truth.

    Returns
    -------
    dict
        The estimate; ``precision``, true, of the very spectra that the audit was drawn from; ``recall`` and
        ``candidate_precision`` of the candidates of that time, the targets that the oracle had found included.
    """
    scores, _ = campaign.scores(row.number)
    predicted = scores.predicted()
    codes = [scores.classes.index(name) for name in campaign.settings.classes.targets]
    is_predicted = np.isin(predicted, codes)
    candidates = asked.candidates(is_predicted, codes, row.number)
    estimate = row.estimate or {}
    known = (asked.queried < row.number) & (asked.labels >= 0)
    return {
        "number": row.number,
        "kind": row.kind,
        "n_examples": (row.trained or {})["n_examples"],
        "n_epochs": (row.trained or {})["n_epochs"],
        "n_queried": int(np.count_nonzero(asked.queried < row.number)),
        "n_targets_queried": int(np.count_nonzero(np.isin(asked.labels[known], codes))),
        "n_predicted": (row.population or {})["n_predicted"],
        "estimate": {key: estimate[key] for key in ESTIMATE_KEYS} if estimate else None,
        "precision": share_of(truth.is_target, is_predicted & ~asked.gone(truth.n_spectra, row.number)),
        "candidate_precision": share_of(truth.is_target, candidates),
        "recall": share_of(candidates, truth.is_target),
        "decision": row.decision,
    }


def measure_result(campaign: Campaign, asked: Asked, truth: PoolTruth) -> Facts:
    """
    Return what the last network and the answers found together, against the truth.

    Parameters
    ----------
    campaign : Campaign
        A finished campaign.
    asked : Asked
        What was asked about.
    truth : PoolTruth
        The truth.

    Returns
    -------
    dict
        ``network``: the last network on the spectra left in the pool, whose ``confusion`` is the paper's Table 1 with the row
        that it could not have; ``candidates``: the list, answers included; ``recall``, see
        `spectrove.experiment.measure.measure_recall`; ``curve``: the network at every threshold, on the spectra left in the pool.
    """
    scores, row = campaign.scores()
    codes = [scores.classes.index(name) for name in campaign.settings.classes.targets]
    predicted = scores.predicted()
    free = ~asked.gone(truth.n_spectra, row.number)
    is_predicted = np.isin(predicted, codes)
    candidates = asked.candidates(is_predicted, codes, row.number)
    is_query = asked.queried < NEVER
    by_oracle = {truth.classes[code]: int(np.count_nonzero(is_query & (asked.labels == code))) for code in codes}
    return {
        "classes": list(truth.classes),
        "network": measure_prediction(predicted, truth, codes, free),
        "candidates": {
            "n": int(np.count_nonzero(candidates)),
            "by_oracle": by_oracle,
            "precision": share_of(truth.is_target, candidates),
        },
        "recall": measure_recall(candidates, truth),
        "curve": trade_off(target_probability(scores, codes)[free], truth.is_target[free]),
        "stopped": next((past.decision for past in reversed(campaign.store.iterations()) if past.decision is not None), None),
    }


def _count_labels(asked: Asked, classes: tuple[str, ...]) -> Facts:
    return {
        "n_spectra": int(asked.rows.size),
        "n_queried": int(np.count_nonzero(asked.queried < NEVER)),
        "n_audited": int(np.count_nonzero(asked.audited < NEVER)),
        "n_both": int(np.count_nonzero((asked.queried < NEVER) & (asked.audited < NEVER))),
        "n_abstained": int(np.count_nonzero(asked.labels < 0)),
        "by_class": {name: int(np.count_nonzero(asked.labels == code)) for code, name in enumerate(classes)},
    }
