"""Which spectra have left the pool, how many may still be asked about, and which are asked about next."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from spectrove import registry
from spectrove.campaign.campaign import Campaign
from spectrove.campaign.examples import Knowledge, asked_ids, present_knowledge
from spectrove.campaign.settings import CampaignSettings
from spectrove.contracts import BoolArray, IntArray, Question, Scores, SpectrumId, Stratum
from spectrove.query import AuditDraw, draw_audit, predicted_classes, sample_at_random, target_probability, top_utilities
from spectrove.query.audit import ASKED_OTHER, ASKED_PREDICTED


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

    @cached_property
    def is_target(self) -> BoolArray:
        """
        Return which spectra are predicted to be targets, labeled or not.

        Returns
        -------
        array of bool, shape (n_spectra,)
            A mask over the pool.
        """
        mask: BoolArray = np.isin(self.scores.classes, self.targets)[self.predicted]
        return mask

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
        return self.is_target & ~self.labeled


def labeled_ids(campaign: Campaign, known: Knowledge) -> set[SpectrumId]:
    """
    Return the spectra that have left the pool, or are of another one.

    Those are the spectra that the campaign began with, and those that an answer trains of, or has trained of before it was taken
    back: no network is judged by what it has learned. A query that was abstained from leaves too, so that nobody is asked twice
    what cannot be told; audits stay unless their labels train.

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
    queried, audited = asked_ids(campaign, known)
    answers = campaign.store.answers(known.n_answers)
    answered = {answer.spectrum_id for answer in answers}
    labeled = {answer.spectrum_id for answer in answers if answer.label is not None}
    return campaign.training_labels().keys() | (queried & answered) | (audited & labeled)


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


def population_of(campaign: Campaign, scores: Scores, known: Knowledge | None = None) -> Population:
    """
    Return what a scored pool holds.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    scores : Scores
        A pass over its pool.
    known : Knowledge, optional
        What is known; all that is known now unless given.

    Returns
    -------
    Population
        Without the spectra that are labeled by then.
    """
    targets = campaign.settings.classes.targets
    return Population(scores, predicted_classes(scores.probabilities), labeled_rows(campaign, known), targets)


def choose_questions(
    campaign: Campaign, number: int, population: Population, checkpoint: Path
) -> tuple[list[Question], tuple[Stratum, ...]]:
    """
    Return what an iteration asks about: the most useful spectra, and a random sample that tells precision and recall.

    Nothing of the pool's size becomes objects of Python: probabilities are read as they lie on the disk, ids are read of the
    chosen rows and of ties. The probabilities of the chosen are computed again in single precision, whatever the pass was
    computed in.

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
    questions : list of Question
        The queries, then the audit, by position. In an audit of predicted targets alone, one spectrum may be in both.
    strata : tuple of Stratum
        The parts of the population, where the audit was drawn by strata; else empty.
    """
    from spectrove.scoring import probabilities_of

    scores, settings = population.scores, campaign.settings
    n_query, n_audit = batch_sizes(settings, len(campaign.store.labels()))
    strategy = registry.load("spectrove.strategies", settings.query.strategy)
    generator = campaign.generator(number, "query")
    query_rows, utilities = top_utilities(
        scores.probabilities, strategy, scores.spectrum_ids, n_query, generator, population.labeled
    )
    drawn = _draw(campaign, number, population, query_rows, n_audit)
    strata = [stratum.name for stratum in drawn.strata]
    asked = [""] * query_rows.size
    if strata:
        asked = [ASKED_PREDICTED if population.is_target[row] else ASKED_OTHER for row in query_rows.tolist()]

    def questions(arm: str, rows: IntArray, facts: Callable[[int], dict[str, Any]]) -> list[Question]:
        exact = probabilities_of(checkpoint, campaign.pool, rows, settings.scoring)
        return [
            Question(
                iteration=number,
                spectrum_id=id_,
                arm=arm,
                position=position,
                predicted=scores.classes[population.predicted[row]],
                probabilities=tuple(exact[position].tolist()),
                **facts(position),
            )
            for position, (id_, row) in enumerate(zip(scores.spectrum_ids[rows], rows.tolist(), strict=True))
        ]

    def of_query(position: int) -> dict[str, Any]:
        chance = 1.0 if strata else np.nan
        return {"utility": float(utilities[position]), "inclusion_probability": chance, "stratum": asked[position]}

    def of_audit(position: int) -> dict[str, Any]:
        chance = float(drawn.inclusion_probabilities[position])
        name = strata[drawn.stratum[position]] if strata else ""
        return {"utility": np.nan, "inclusion_probability": chance, "stratum": name}

    return questions("query", query_rows, of_query) + questions("audit", drawn.rows, of_audit), drawn.strata


def _draw(campaign: Campaign, number: int, population: Population, asked: IntArray, n_audit: int) -> AuditDraw:
    scores, settings = population.scores, campaign.settings
    generator = campaign.generator(number, "audit")
    if settings.audit.design == "predicted":
        rows, chance = sample_at_random(scores.spectrum_ids, population.is_candidate(), n_audit, generator)
        return AuditDraw((), rows, np.zeros(rows.size, dtype=np.intp), np.full(rows.size, chance))
    score = target_probability(scores.probabilities, [scores.classes.index(name) for name in population.targets])
    sizes = settings.audit.sizes(n_audit)
    return draw_audit(score, population.is_target, population.labeled, asked, scores.spectrum_ids, sizes, generator)


def count_found(campaign: Campaign, known: Knowledge) -> dict[str, Any]:
    """
    Return how many of the spectra that have left the pool are targets, and how many nobody could tell.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    known : Knowledge
        What is known.

    Returns
    -------
    dict
        ``n_found`` and, of these, ``found`` by class; ``n_untold``. Spectra that the campaign began with are left out.
    """
    gone = labeled_ids(campaign, known) - campaign.training_labels().keys()
    said = campaign.store.labels(known.n_answers)
    labels = [said[id_] for id_ in gone]
    found = {name: labels.count(name) for name in campaign.settings.classes.targets}
    return {"n_found": sum(found.values()), "found": found, "n_untold": labels.count(None)}


def shown_order(campaign: Campaign, number: int, ids: Collection[SpectrumId], annotator: str = "") -> list[SpectrumId]:
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
    annotator : str
        Who is shown them, each person in an order of their own; the order of files that are filled in unless given.

    Returns
    -------
    list of SpectrumId
        Each once, shuffled, so that their place says nothing of why they are asked about.
    """
    if annotator:
        seed = f"{campaign.settings.seed} {number} {annotator} "
        return sorted(set(ids), key=lambda id_: hashlib.sha256((seed + id_).encode()).digest())
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
