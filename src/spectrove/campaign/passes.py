"""What an iteration makes: a network, and one pass of it over the pool. Files that are not whole are made again."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from spectrove import registry
from spectrove.campaign.campaign import Campaign
from spectrove.campaign.examples import Knowledge, present_knowledge, train
from spectrove.campaign.questions import labeled_ids, labeled_rows
from spectrove.contracts import Progress, Scores
from spectrove.errors import ScoresError
from spectrove.execution import Executor
from spectrove.scoring import Focus, load_scores
from spectrove.storage import read_sealed_json, remove, write_sealed_json

FORMAT = "spectrove-pass"
FORMAT_VERSION = 1
"""Raised when a record that this software writes can no longer be read by an earlier one."""

RECORD = "pass.json"
"""What the scores beside it were made for: whose decisions are those of single precision, and which labels were known."""


def folder_of(number: int) -> str:
    """
    Return where the files of an iteration lie.

    Parameters
    ----------
    number : int
        The iteration.

    Returns
    -------
    str
        A path within the campaign's folder.
    """
    return f"iterations/{number:03d}"


def make_network(campaign: Campaign, number: int, kind: str, known: Knowledge, progress: Progress) -> dict[str, Any]:
    """
    Train the network of an iteration and keep it; whoever calls holds `Campaign.making`.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    number : int
        The iteration.
    kind : str
        ``active`` or ``final``.
    known : Knowledge
        What the training knows of.
    progress : Progress
        Called after each epoch.

    Returns
    -------
    dict
        ``checkpoint``, ``checkpoint_hash`` and ``trained``, as the iteration's row has them.

    Raises
    ------
    StorageError
        If the disk is full or cannot be written.
    TrainingError
        If the examples cannot be trained on.
    """
    checkpoint, trained = train(campaign, number, kind, known, progress)
    place = f"{folder_of(number)}/checkpoint"
    checkpoint.save(campaign.directory / place)
    return {"checkpoint": place, "checkpoint_hash": checkpoint.content_hash, "trained": trained}


def make_scores(campaign: Campaign, number: int, n_leaving: int, executor: Executor, progress: Progress) -> Scores:
    """
    Score the pool with the network of an iteration and keep the scores.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    number : int
        The iteration; its network is made.
    n_leaving : int
        How many spectra may leave the pool before questions are chosen from these scores.
    executor : Executor
        Where the pool is scored.
    progress : Progress
        Called as the work goes on.

    Returns
    -------
    Scores
        Of the whole pool.

    Raises
    ------
    StorageError
        If the disk is full or cannot be written.
    """
    from spectrove.scoring import score

    query, known = campaign.settings.query, present_knowledge(campaign)
    focus = Focus(
        targets=campaign.settings.classes.targets,
        excluded=labeled_rows(campaign, known),
        n_query=query.batch_size + n_leaving,
        strategy=registry.load("spectrove.strategies", query.strategy),
    )
    place = campaign.directory / folder_of(number)
    remove(place / RECORD)
    config = campaign.settings.scoring
    scores = score(place / "checkpoint", campaign.pool, config, executor, progress, directory=place / "scores", focus=focus)
    record = {"checkpoint": scores.checkpoint, "known": asdict(known), "n_query": focus.n_query}
    write_sealed_json(place / RECORD, {"format": FORMAT, "format_version": FORMAT_VERSION, **record})
    return scores


def finished_scores(campaign: Campaign, number: int, checkpoint_hash: str) -> Scores | None:
    """
    Return the scores of an iteration that are made already: ahead, or by a process that was killed right after.

    They serve if today's questions can be told from them: no more spectra have left the pool since than they were made for. None
    ever comes back to it.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    number : int
        The iteration.
    checkpoint_hash : str
        Its network.

    Returns
    -------
    Scores or None
        None if there are none, or they are damaged, of another network or pool, or do not serve.
    """
    place = campaign.directory / folder_of(number)
    try:
        record = read_sealed_json(place / RECORD, FORMAT, FORMAT_VERSION, ScoresError)
        scores = load_scores(place / "scores", campaign.pool)
    except ScoresError:
        return None
    then, now = (labeled_ids(campaign, known) for known in (Knowledge(**record["known"]), present_knowledge(campaign)))
    serves = len(now - then) <= record["n_query"] - campaign.settings.query.batch_size
    return scores if serves and scores.checkpoint == record["checkpoint"] == checkpoint_hash else None
