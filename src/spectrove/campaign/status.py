"""Where a campaign stands, as plain data; and its open questions as a file to fill in."""

from __future__ import annotations

import csv
from dataclasses import asdict
from pathlib import Path
from typing import Any

from spectrove.campaign.ahead import is_prepared, why_not_prepare
from spectrove.campaign.campaign import Campaign, stopping_rule
from spectrove.campaign.questions import shown_order
from spectrove.campaign.schema import IterationRow
from spectrove.storage import atomic_path, storage_errors

QUESTION_COLUMNS = ("spectrum_id", "designation", "ra", "dec", "file", "label", "comment")
"""Columns of a file of questions; the expert fills in the last two."""


def status(campaign: Campaign) -> dict[str, Any]:
    """
    Return where a campaign stands.

    Parameters
    ----------
    campaign : Campaign
        The campaign.

    Returns
    -------
    dict
        Plain data, the same that ``spectrove campaign status --json`` prints.
    """
    last = campaign.iteration()
    open_ids = {question.spectrum_id for question in campaign.open_questions()}
    labels = campaign.store.labels()
    row = campaign.store.campaign()
    return {
        "campaign": str(campaign.directory),
        "created_at": row.created_at,
        "pool": {"path": row.pool_path, "content_hash": row.pool_hash, "n_spectra": campaign.pool.n_spectra},
        "n_training_labels": len(campaign.training_labels()),
        "iteration": last.number,
        "kind": last.kind,
        "phase": last.phase,
        "finished": campaign.is_finished(),
        "n_open": len(open_ids),
        "questions": str(questions_path(campaign)) if open_ids else None,
        "n_answers": len(labels),
        "n_abstentions": sum(label is None for label in labels.values()),
        "prepared": is_prepared(campaign, last.number + 1),
        "next": _next(campaign, len(open_ids)),
        "stopping": _stopping(campaign),
        "iterations": [_facts(past) for past in campaign.store.iterations()],
    }


def _facts(row: IterationRow) -> dict[str, Any]:
    estimate = row.estimate
    return {
        "number": row.number,
        "kind": row.kind,
        "phase": row.phase,
        "started_at": row.started_at,
        "closed_at": row.closed_at,
        "checkpoint": row.checkpoint_hash,
        "trained": row.trained,
        "population": row.population,
        "precision": None if estimate is None else {name: estimate[name] for name in estimate if name not in {"look", "recall"}},
        "recall": None if estimate is None else estimate.get("recall", {}),
        "decision": row.decision,
    }


def _stopping(campaign: Campaign) -> dict[str, Any]:
    settings = campaign.settings.stopping
    decisions = [row.decision for row in campaign.store.iterations() if row.decision is not None]
    state = decisions[-1] if decisions else asdict(stopping_rule(settings).decide([]))
    return {"rule": settings.rule, **state}


def _next(campaign: Campaign, n_open: int) -> str:
    if campaign.is_finished():
        return f"take the candidates: spectrove campaign export {campaign.directory}"
    if n_open:
        meanwhile = f"; meanwhile: spectrove campaign prepare {campaign.directory}" if why_not_prepare(campaign) is None else ""
        return (
            f"label in the browser: spectrove label {campaign.directory}; or fill in the column 'label' of "
            f"{questions_path(campaign)} ({', '.join(campaign.settings.classes.names)}, ? to "
            "abstain, nothing to answer later) and run: "
            f"spectrove campaign answer {campaign.directory} {questions_path(campaign)}{meanwhile}"
        )
    return f"go on: spectrove campaign step {campaign.directory}"


def questions_path(campaign: Campaign) -> Path:
    """
    Return where the open questions of the present iteration stand.

    Parameters
    ----------
    campaign : Campaign
        The campaign.

    Returns
    -------
    Path
        A CSV file in the campaign's folder.
    """
    return campaign.directory / "questions" / f"iteration-{campaign.iteration().number:03d}.csv"


def write_questions(campaign: Campaign) -> Path | None:
    """
    Write the open questions as a file to fill in, unless it is there already.

    Queries and audits stand in one shuffled list that shows neither why a spectrum is asked about nor what the network
    thinks, so that neither sways the answer. A file that exists is left alone: somebody may be filling it in.

    Parameters
    ----------
    campaign : Campaign
        The campaign.

    Returns
    -------
    Path or None
        The file; None if no question is open.

    Raises
    ------
    StorageError
        If the disk is full or cannot be written.
    """
    asked = [question.spectrum_id for question in campaign.open_questions()]
    if not asked:
        return None
    path = questions_path(campaign)
    if path.exists():
        return path
    ids = shown_order(campaign, campaign.iteration().number, asked)
    carried = [name for name in QUESTION_COLUMNS if name not in {"label", "comment"}]
    rows = campaign.pool.rows_of(ids)
    facts = campaign.pool.metadata(carried).take(rows).to_pylist()
    with storage_errors(campaign.directory):
        path.parent.mkdir(exist_ok=True)
        with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, QUESTION_COLUMNS, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(facts)
    return path
