"""Which spectra have left the pool, how many may still be asked about, and which are asked about next."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spectrove import registry
from spectrove.campaign.campaign import Campaign
from spectrove.campaign.examples import Knowledge, present_knowledge, teaching_labels
from spectrove.campaign.settings import CampaignSettings
from spectrove.contracts import BoolArray, IntArray, Question, Scores, SpectrumId
from spectrove.query import predicted_classes, sample_at_random, top_utilities
from spectrove.scoring import probabilities_of


@dataclass(frozen=True, eq=False)
class Population:
    """
    A scored pool without the spectra that have left it.

    Attributes
    ----------
    scores : Scores
        What the network says of the whole pool.
    predicted : array of int, shape (n_spectra,)
        Column of each spectrum's largest probability.
    labeled : array of bool, shape (n_spectra,)
        True where the spectrum is no longer in the pool.
    targets : tuple of str
        The classes that are searched for.
    """

    scores: Scores
    predicted: IntArray
    labeled: BoolArray
    targets: tuple[str, ...]

    def facts(self) -> dict[str, Any]:
        """
        Return how many spectra are left, and how many of them are predicted for each class.

        Returns
        -------
        dict
            As an iteration keeps it.
        """
        counts = np.bincount(self.predicted[~self.labeled], minlength=len(self.scores.classes))
        n_predicted = dict(zip(self.scores.classes, counts.tolist(), strict=True))
        return {
            "n_pool": self.labeled.size,
            "n_unlabeled": int(counts.sum()),
            "n_predicted": n_predicted,
            "n_predicted_targets": sum(n_predicted[name] for name in self.targets),
        }

    def is_candidate(self) -> BoolArray:
        """
        Return which spectra are predicted targets that nobody has labeled: those that an audit is drawn from.

        Returns
        -------
        array of bool, shape (n_spectra,)
            A mask over the pool.
        """
        mask: BoolArray = np.isin(self.scores.classes, self.targets)[self.predicted]
        mask &= ~self.labeled
        return mask


def labeled_ids(campaign: Campaign, known: Knowledge) -> set[SpectrumId]:
    """
    Return the spectra that have left the pool, or are of another one.

    Those are the spectra that the campaign began with, and those of which an answer trains. A query that was abstained from
    leaves too, so that nobody is asked twice what cannot be told; audits stay unless their labels train.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    known : Knowledge
        What is known.

    Returns
    -------
    set of SpectrumId
        Their ids.
    """
    asked = {question.spectrum_id for question in campaign.store.questions(arm="query")}
    answered = campaign.store.labels(known.n_answers).keys()
    return campaign.training_labels().keys() | teaching_labels(campaign, known).keys() | (asked & answered)


def labeled_rows(campaign: Campaign, known: Knowledge | None = None) -> BoolArray:
    """
    Return which spectra have left the pool, as a mask over its rows; see `labeled_ids`.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    known : Knowledge, optional
        What is known; all that is known now unless given.

    Returns
    -------
    array of bool, shape (n_spectra,)
        True where the spectrum is no longer in the pool.
    """
    gone = labeled_ids(campaign, known or present_knowledge(campaign))
    rows = campaign.pool.rows_of(sorted(gone))
    mask = np.zeros(campaign.pool.n_spectra, dtype=np.bool_)
    mask[rows[rows >= 0]] = True
    return mask


def population_of(campaign: Campaign, scores: Scores) -> Population:
    """
    Return what a scored pool holds now.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    scores : Scores
        A pass over its pool.

    Returns
    -------
    Population
        Without the spectra that are labeled by now.
    """
    targets = campaign.settings.classes.targets
    return Population(scores, predicted_classes(scores.probabilities), labeled_rows(campaign), targets)


def choose_questions(campaign: Campaign, number: int, population: Population, checkpoint: Path) -> list[Question]:
    """
    Return what an iteration asks about: the most useful spectra, and a random sample of the predicted targets.

    Nothing of the pool's size becomes objects of Python: probabilities are read as they lie on the disk, ids are read of the
    chosen rows, of ties and of predicted targets. The probabilities of the chosen are computed again in single precision,
    whatever the pass was computed in.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    number : int
        The iteration.
    population : Population
        The pool as it is now.
    checkpoint : Path
        The network's directory.

    Returns
    -------
    list of Question
        The queries, then the audit, by position. One spectrum may be in both.
    """
    scores, settings = population.scores, campaign.settings
    n_query, n_audit = batch_sizes(settings, len(campaign.store.labels()))
    strategy = registry.load("spectrove.strategies", settings.query.strategy)
    generator = campaign.generator(number, "query")
    query_rows, utilities = top_utilities(
        scores.probabilities, strategy, scores.spectrum_ids, n_query, generator, population.labeled
    )
    generator = campaign.generator(number, "audit")
    audit_rows, chance = sample_at_random(scores.spectrum_ids, population.is_candidate(), n_audit, generator)

    def questions(arm: str, rows: IntArray) -> list[Question]:
        exact = probabilities_of(checkpoint, campaign.pool, rows, settings.scoring)
        return [
            Question(
                iteration=number,
                spectrum_id=id_,
                arm=arm,
                position=position,
                utility=float(utilities[position]) if arm == "query" else np.nan,
                inclusion_probability=chance if arm == "audit" else np.nan,
                predicted=scores.classes[population.predicted[row]],
                probabilities=tuple(exact[position].tolist()),
            )
            for position, (id_, row) in enumerate(zip(scores.spectrum_ids[rows], rows.tolist(), strict=True))
        ]

    return questions("query", query_rows) + questions("audit", audit_rows)


def shown_order(campaign: Campaign, number: int, ids: Collection[SpectrumId]) -> list[SpectrumId]:
    """
    Return spectra in the order in which they are shown to whoever answers.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    number : int
        The iteration that asks.
    ids : collection of SpectrumId
        The spectra; a queried one may be in the audit too.

    Returns
    -------
    list of SpectrumId
        Each once, shuffled, so that their place says nothing of why they are asked about.
    """
    shuffled = sorted(set(ids))
    campaign.generator(number, "order").shuffle(shuffled)
    return shuffled


def batch_sizes(settings: CampaignSettings, n_answers: int) -> tuple[int, int]:
    """
    Return how many spectra an iteration asks about.

    Parameters
    ----------
    settings : CampaignSettings
        The settings, with the limit of answers.
    n_answers : int
        How many spectra are answered.

    Returns
    -------
    tuple of int
        Queries and audits at most.
    """
    if settings.stopping.max_answers is None:
        return settings.query.batch_size, settings.audit.size
    left = max(0, settings.stopping.max_answers - n_answers)
    n_query = min(settings.query.batch_size, max(left - settings.audit.size, 0))
    return n_query, min(settings.audit.size, left)


def limit_reached(settings: CampaignSettings, n_iterations: int, n_answers: int) -> str | None:
    """
    Return which limit lets no iteration follow, whatever the stopping rule says.

    Parameters
    ----------
    settings : CampaignSettings
        The settings, with the limits.
    n_iterations : int
        How many iterations are closed.
    n_answers : int
        How many spectra are answered.

    Returns
    -------
    str or None
        The limit in a few words, or None.
    """
    limits = settings.stopping
    if limits.max_iterations is not None and n_iterations >= limits.max_iterations:
        return f"these are all {n_iterations} iterations that max_iterations allows"
    if limits.max_answers is not None and n_answers + settings.audit.size >= limits.max_answers:
        return f"{n_answers} answers are given, and max_answers ({limits.max_answers}) leaves none for queries beside an audit"
    return None
