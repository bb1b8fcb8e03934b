"""Which labeled spectra an iteration trains on, gathered from the pools by id, and the network trained on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spectrove.campaign.campaign import Campaign
from spectrove.campaign.schema import TrainingSetRow
from spectrove.contracts import FloatArray, IdArray, IntArray, Progress, SpectrumId
from spectrove.pool import Pool
from spectrove.storage import located

if TYPE_CHECKING:
    from spectrove.training import Checkpoint


@dataclass(frozen=True)
class Knowledge:
    """
    How much of what people said a training knows of.

    Attributes
    ----------
    n_answers : int
        The first so many answers, in the order in which they came.
    audits_before : int
        The audits of iterations before this one are closed, and train where the settings let them.
    """

    n_answers: int
    audits_before: int


def present_knowledge(campaign: Campaign) -> Knowledge:
    """
    Return all that is known now: every answer, and the audits of every iteration before the present one.

    Parameters
    ----------
    campaign : Campaign
        The campaign.

    Returns
    -------
    Knowledge
        As of now; later answers do not change what it stands for.
    """
    return Knowledge(campaign.store.n_answers(), campaign.iteration().number)


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


def teaching_labels(campaign: Campaign, known: Knowledge) -> dict[SpectrumId, str]:
    """
    Return the answers that train: those to queries, and to audits whose estimate is frozen if the settings let them.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    known : Knowledge
        What is known.

    Returns
    -------
    dict
        The last label of each spectrum; abstentions teach nothing and are left out.
    """
    queried, audited = asked_ids(campaign, known)
    said = campaign.store.labels(known.n_answers)
    return {id_: label for id_, label in said.items() if id_ in queried | audited and label is not None}


def asked_ids(campaign: Campaign, known: Knowledge) -> tuple[set[SpectrumId], set[SpectrumId]]:
    """
    Return the spectra of which an answer trains.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    known : Knowledge
        What is known.

    Returns
    -------
    tuple of set
        Those that were queried; those of audits that are closed, if the settings let them train.
    """
    queried, audited = set(), set()
    for question in campaign.store.questions():
        if question.arm == "query":
            queried.add(question.spectrum_id)
        elif campaign.settings.audit.trains and question.iteration < known.audits_before:
            audited.add(question.spectrum_id)
    return queried, audited


def training_examples(campaign: Campaign, known: Knowledge) -> Examples:
    """
    Return a training set: the labeled sets, and every answer known that trains.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    known : Knowledge
        What is known.

    Returns
    -------
    `Examples`
        Features and labels. Where an answer and a labeled set speak of one spectrum, the answer counts.

    Raises
    ------
    PoolError
        If a training pool is gone, or no version of it is the one that the campaign was made with.
    """
    parts = list(_gathered(campaign, known))
    features = []
    for row, part in parts:
        pool = campaign.pool if row is None else Pool.open(located(row.pool_path), row.pool_hash)
        features.append(pool.features(pool.rows_of(list(part))))
    ids, labels, order = _in_order(campaign, parts)
    return Examples(ids, np.concatenate(features)[order], labels)


def name_of_training_set(campaign: Campaign, known: Knowledge) -> str:
    """
    Return the name by content that a training set would have, without reading its features.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    known : Knowledge
        What is known.

    Returns
    -------
    str
        As of `spectrove.training.training_set_hash`.
    """
    from spectrove.training import training_set_hash

    ids, labels, _ = _in_order(campaign, list(_gathered(campaign, known)))
    return training_set_hash(ids, labels)


def _gathered(campaign: Campaign, known: Knowledge) -> Iterator[tuple[TrainingSetRow | None, dict[SpectrumId, str]]]:
    # The part of each labeled set that nobody else speaks of, then the answers, which have no row of their own.
    answers = teaching_labels(campaign, known)
    seen = set(answers)
    for row, labels in campaign.store.training_sets():
        yield row, {id_: label for id_, label in labels.items() if id_ not in seen}
        seen.update(labels)
    yield None, answers


def _in_order(
    campaign: Campaign, parts: list[tuple[TrainingSetRow | None, dict[SpectrumId, str]]]
) -> tuple[IdArray, IntArray, IntArray]:
    ids = np.array([id_ for _, part in parts for id_ in part], dtype=object)
    classes = {name: index for index, name in enumerate(campaign.settings.classes.names)}
    labels = np.array([classes[label] for _, part in parts for label in part.values()], dtype=np.int64)
    order = np.argsort(ids)
    return ids[order], labels[order], order


def train(campaign: Campaign, number: int, kind: str, known: Knowledge, progress: Progress) -> tuple[Checkpoint, dict[str, Any]]:
    """
    Return the network of an iteration, trained on all examples known.

    With a warm start it goes on from the weights of the iteration before, whose hash the provenance names as ``started_from``.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    number : int
        The iteration; gives the generators with the campaign's seed.
    kind : str
        ``active``, or ``final`` for the long training.
    known : Knowledge
        What is known.
    progress : Progress
        Called after each epoch.

    Returns
    -------
    tuple of (Checkpoint, dict)
        The network, and how the training went; ``n_answers`` is the number of examples that are answers.

    Raises
    ------
    CheckpointError
        If a warm start finds the network of the iteration before damaged.
    TrainingError
        If the examples cannot be trained on.
    """
    from spectrove.models import build
    from spectrove.training import Checkpoint, continue_from, fit, make_provenance, weights_of

    examples = training_examples(campaign, known)
    settings = campaign.settings
    config = settings.long_fit if kind == "final" else settings.fit
    generators = {purpose: campaign.generator(number, purpose) for purpose in ("network", "fit")}
    network = build(settings.network.name, campaign.pool.n_wave, len(settings.classes.names), generators["network"])
    if config.warm_start and number > 0:
        earlier = Checkpoint.load(campaign.directory / str(campaign.store.iterations()[number - 1].checkpoint))
        config = continue_from(network, earlier.state, config)
    result = fit(network, examples.features, examples.labels, config, generators["fit"], progress)
    provenance = make_provenance(examples.spectrum_ids, examples.labels, config, result, [settings.seed, number])
    checkpoint = Checkpoint(
        network=settings.network.name,
        n_wave=campaign.pool.n_wave,
        classes=settings.classes.names,
        recipe=campaign.pool.recipe.hash,
        state=weights_of(network),
        provenance={**provenance, "answers": asdict(known)},
    )
    trained = {
        "n_examples": int(examples.labels.size),
        "n_by_class": dict(zip(settings.classes.names, result.n_examples, strict=True)),
        "n_answers": len(teaching_labels(campaign, known)),
        "n_epochs": len(result.history),
        "loss": result.history[result.best_epoch],
        "stopped_by": result.stopped_by,
    }
    return checkpoint, trained
