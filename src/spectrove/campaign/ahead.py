"""
The next iteration, prepared while people answer the questions of the present one.

The network of iteration i + 1 is trained, and the pool scored with it, on the answers to iteration i that are there by then. When
iteration i closes, the loop takes both and chooses its questions at once, from what is unlabeled at that moment. What is taken
was made of the campaign's own answers, up to one that is written down, or it is made anew.

Beside the loop and the answers nothing waits: a preparation reads the database and writes files; ``Campaign.making`` keeps the
loop from training the same network meanwhile.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from spectrove.campaign.campaign import Campaign
from spectrove.campaign.examples import Knowledge, name_of_training_set, present_knowledge, teaching_labels
from spectrove.campaign.passes import folder_of, make_network, make_scores
from spectrove.campaign.questions import limit_reached
from spectrove.campaign.schema import IterationRow
from spectrove.contracts import Progress, no_progress
from spectrove.errors import CampaignError, CheckpointError
from spectrove.execution import Executor, InlineExecutor
from spectrove.storage import canonical_json, content_hash, read_sealed_json, remove, write_sealed_json

FORMAT = "spectrove-preparation"
FORMAT_VERSION = 1
"""Raised when a record that this software writes can no longer be read by an earlier one."""

RECORD = "prepared.json"
"""What a prepared iteration was made from; written last."""


def prepare(campaign: Campaign, executor: Executor | None = None, progress: Progress = no_progress) -> str:
    """
    Train and score the next iteration while the present one is being answered, if it is time.

    Answers that come meanwhile are not in this training but in the next. A process that is killed leaves nothing that would
    be taken.

    Parameters
    ----------
    campaign : Campaign
        The campaign; others may answer its questions and take its steps meanwhile.
    executor : Executor, optional
        Where the pool is scored; in this process unless given.
    progress : Progress
        Called as the work goes on.

    Returns
    -------
    str
        What was made, or why there is nothing to prepare, in one sentence.

    Raises
    ------
    StorageError
        If the disk is full or cannot be written; it can be repeated.
    TrainingError
        If the examples cannot be trained on.
    """
    with campaign.making(progress):
        # Read once: the loop may go on at any moment, and what is made is then of no use, but not wrong.
        row = campaign.iteration()
        reason = _why_not(campaign, row)
        if reason is not None:
            return f"nothing to prepare: {reason}"
        known = Knowledge(campaign.store.n_answers(), row.number)
        number, told = row.number + 1, _queries_answered(campaign, row)
        forget(campaign, number)
        facts = make_network(campaign, number, "active", known, progress)
        asked = {question.spectrum_id for question in campaign.store.questions(row.number)}
        scores = make_scores(campaign, number, len(asked), executor or InlineExecutor(), progress)
        record = {"format": FORMAT, "format_version": FORMAT_VERSION, **_made_from(campaign, number, known), **facts}
        write_sealed_json(_record(campaign, number), record)
        trained = facts["trained"]
        return (
            f"iteration {number}: prepared with {told[0]} of {told[1]} queries of iteration {row.number} answered; trained on "
            f"{trained['n_examples']} spectra in {trained['n_epochs']} epochs, {len(scores.probabilities)} spectra scored"
        )


def why_not_prepare(campaign: Campaign) -> str | None:
    """
    Return why there is nothing to prepare now.

    Parameters
    ----------
    campaign : Campaign
        The campaign.

    Returns
    -------
    str or None
        The reason, or None if it is time to `prepare`.
    """
    return _why_not(campaign, campaign.iteration())


def _why_not(campaign: Campaign, row: IterationRow) -> str | None:
    after = campaign.settings.query.prepare_after
    if after is None:
        return "this campaign waits for all answers (query.prepare_after is not set)"
    if row.phase not in {"ASK", "AUDIT"}:
        return "the campaign is finished" if campaign.is_finished() else f"iteration {row.number} is in phase {row.phase}"
    n_iterations = 1 + sum(past.phase == "CLOSED" for past in campaign.store.iterations())
    open_ids = {question.spectrum_id for question in campaign.open_questions()}
    limit = limit_reached(campaign.settings, n_iterations, len(campaign.store.labels().keys() | open_ids))
    if limit is not None:
        return f"iteration {row.number} is followed by the long training, which waits for all answers"
    n_answered, n_queries = _queries_answered(campaign, row)
    if n_answered < min(after, n_queries):
        return f"{n_answered} of {n_queries} queries of iteration {row.number} are answered, {min(after, n_queries)} are to be"
    if is_prepared(campaign, row.number + 1):
        return f"iteration {row.number + 1} is prepared already"
    return None


def is_prepared(campaign: Campaign, number: int) -> bool:
    """
    Return whether an iteration is prepared, and the loop would take it.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    number : int
        The iteration.

    Returns
    -------
    bool
        True if all of it is whole, and of this campaign's settings, pool and answers.
    """
    try:
        return take_prepared(campaign, number) is not None
    except (CampaignError, CheckpointError):
        return False


def take_prepared(campaign: Campaign, number: int) -> dict[str, Any] | None:
    """
    Return the network of an iteration that was prepared.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    number : int
        The iteration.

    Returns
    -------
    dict or None
        ``checkpoint``, ``checkpoint_hash`` and ``trained`` as of `spectrove.campaign.passes.make_network`; of the training,
        ``n_answers_missed`` is the number of answers that would train now and that the network does not know. None if nothing
        was prepared.

    Raises
    ------
    CampaignError
        If what was prepared is damaged, or of other settings, another pool or other answers.
    CheckpointError
        If the network is damaged.
    """
    path = _record(campaign, number)
    if not path.exists():
        return None
    record = read_sealed_json(path, FORMAT, FORMAT_VERSION, CampaignError)
    known = Knowledge(**record["known"])
    different = [name for name, value in _made_from(campaign, number, known).items() if record[name] != value]
    from spectrove.training import Checkpoint

    if Checkpoint.load(campaign.directory / record["checkpoint"]).content_hash != record["checkpoint_hash"]:
        different.append("checkpoint")
    if different:
        msg = f"{path}: prepared from something else ({', '.join(different)}), it cannot be taken. It is made again."
        raise CampaignError(msg)
    then, now = (teaching_labels(campaign, knowledge) for knowledge in (known, present_knowledge(campaign)))
    missed = sum(then.get(id_) != label for id_, label in now.items())
    trained = {**record["trained"], "prepared": True, "n_answers_missed": missed}
    return {"checkpoint": record["checkpoint"], "checkpoint_hash": record["checkpoint_hash"], "trained": trained}


def forget(campaign: Campaign, number: int) -> None:
    """
    Let nothing that was prepared for an iteration be taken.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    number : int
        The iteration.
    """
    remove(_record(campaign, number))


def _record(campaign: Campaign, number: int) -> Path:
    return campaign.directory / folder_of(number) / RECORD


def _made_from(campaign: Campaign, number: int, known: Knowledge) -> dict[str, Any]:
    row = campaign.store.campaign()
    return {
        "iteration": number,
        "seed": campaign.settings.seed,
        "settings": content_hash(canonical_json(row.settings)),
        "pool": row.pool_hash,
        "known": asdict(known),
        "training_set": name_of_training_set(campaign, known),
    }


def _queries_answered(campaign: Campaign, row: IterationRow) -> tuple[int, int]:
    said = campaign.store.labels()
    queries = campaign.store.questions(row.number, "query")
    return sum(question.spectrum_id in said for question in queries), len(queries)
