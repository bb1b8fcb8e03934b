"""Which labeled spectra an iteration trains on, gathered from the pools by id, and the network trained on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spectrove.campaign.campaign import Campaign
from spectrove.contracts import FloatArray, IdArray, IntArray, Progress, SpectrumId
from spectrove.models import build
from spectrove.pool import Pool
from spectrove.training import Checkpoint, FitConfig, fit, make_provenance, weights_of


@dataclass(frozen=True, eq=False)
class Examples:
    """
    A training set.

    Attributes
    ----------
    spectrum_ids : array of str, shape (n_spectra,)
        Sorted, so that the order in which answers came changes nothing.
    features : array of float32, shape (n_spectra, n_wave)
        Scaled fluxes.
    labels : array of int, shape (n_spectra,)
        Indices of the campaign's classes.
    """

    spectrum_ids: IdArray
    features: FloatArray
    labels: IntArray


def teaching_labels(campaign: Campaign) -> dict[SpectrumId, str]:
    """
    Return the answers that train: those to queries, and to audits whose estimate is frozen if the settings let them.

    Parameters
    ----------
    campaign : Campaign
        The campaign.

    Returns
    -------
    dict
        The last label of each spectrum; abstentions teach nothing and are left out.
    """
    closed = {row.number for row in campaign.store.iterations() if row.phase == "CLOSED"}
    teaching = {
        question.spectrum_id
        for question in campaign.store.questions()
        if question.arm == "query" or (campaign.settings.audit.trains and question.iteration in closed)
    }
    return {id_: label for id_, label in campaign.store.labels().items() if id_ in teaching and label is not None}


def training_examples(campaign: Campaign) -> Examples:
    """
    Return the training set of the iteration that begins: the labeled sets, and every answer so far that trains.

    Parameters
    ----------
    campaign : Campaign
        The campaign.

    Returns
    -------
    `Examples`
        Features and labels. Where an answer and a labeled set speak of one spectrum, the answer counts.

    Raises
    ------
    PoolError
        If a training pool is gone, or no version of it is the one that the campaign was made with.
    """
    answers = teaching_labels(campaign)
    ids: list[SpectrumId] = []
    seen: set[SpectrumId] = set()
    names: list[str] = []
    features: list[FloatArray] = []
    for row, labels in campaign.store.training_sets():
        pool = Pool.open(Path(row.pool_path), row.pool_hash)
        kept = [id_ for id_ in labels if id_ not in answers and id_ not in seen]
        features.append(_features(pool, kept))
        ids += kept
        seen.update(kept)
        names += [labels[id_] for id_ in kept]
    features.append(_features(campaign.pool, list(answers)))
    ids += answers
    names += answers.values()
    order = np.argsort(np.array(ids, dtype=object))
    classes = {name: index for index, name in enumerate(campaign.settings.classes.names)}
    return Examples(
        np.array(ids, dtype=object)[order],
        np.concatenate(features)[order],
        np.array([classes[name] for name in names], dtype=np.int64)[order],
    )


def _features(pool: Pool, ids: list[SpectrumId]) -> FloatArray:
    features: FloatArray = pool.features(pool.rows_of(ids))
    return features


def train(
    campaign: Campaign,
    config: FitConfig,
    generators: Mapping[str, np.random.Generator],
    seed: list[int],
    progress: Progress,
) -> tuple[Checkpoint, dict[str, Any]]:
    """
    Return a network trained anew on all examples so far.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    config : FitConfig
        How to train.
    generators : mapping of str to numpy.random.Generator
        ``network`` draws the first weights, ``fit`` everything in the training.
    seed : list of int
        What the generators were made from, for the record.
    progress : Progress
        Called after each epoch.

    Returns
    -------
    tuple of (Checkpoint, dict)
        The network, and how the training went.

    Raises
    ------
    TrainingError
        If the examples cannot be trained on.
    """
    examples = training_examples(campaign)
    settings = campaign.settings
    network = build(settings.network.name, campaign.pool.n_wave, len(settings.classes.names), generators["network"])
    result = fit(network, examples.features, examples.labels, config, generators["fit"], progress)
    checkpoint = Checkpoint(
        network=settings.network.name,
        n_wave=campaign.pool.n_wave,
        classes=settings.classes.names,
        recipe=campaign.pool.recipe.hash,
        state=weights_of(network),
        provenance=make_provenance(examples.spectrum_ids, examples.labels, config, result, seed),
    )
    trained = {
        "n_examples": int(examples.labels.size),
        "n_by_class": dict(zip(settings.classes.names, result.n_examples, strict=True)),
        "n_epochs": len(result.history),
        "loss": result.history[result.best_epoch],
        "stopped_by": result.stopped_by,
    }
    return checkpoint, trained
