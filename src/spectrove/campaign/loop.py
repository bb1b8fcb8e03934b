"""
The loop of the paper's Fig. 1 as a state machine in the database.

Each iteration goes TRAIN → SCORE → ASK → AUDIT → CLOSED, one `step` at a time; the last one, with the long training, goes
TRAIN → SCORE → CLOSED. Every step first finishes its files and then moves the phase in one transaction, together with the
questions that belong to it. So a process may be killed at any moment: the next step does again what was not finished, with
the same random choices, because each choice's generator is made from the seed, the iteration and its purpose.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from spectrove.campaign.ahead import forget, prepare, take_prepared, why_not_prepare
from spectrove.campaign.answers import now
from spectrove.campaign.audits import audit_result, looks
from spectrove.campaign.campaign import Campaign, stopping_rule
from spectrove.campaign.examples import present_knowledge
from spectrove.campaign.passes import finished_scores, folder_of, make_network, make_scores
from spectrove.campaign.questions import (
    Population,
    choose_questions,
    count_found,
    labeled_ids,
    labeled_rows,
    limit_reached,
    population_of,
    shown_order,
)
from spectrove.campaign.schema import IterationRow
from spectrove.contracts import Answer, Oracle, Progress, SpectrumId, no_progress
from spectrove.errors import CampaignError, CheckpointError, PhaseError, ScoresError
from spectrove.evaluate import Look, PrecisionEstimate, RecallEstimate, StopDecision
from spectrove.execution import Executor, InlineExecutor
from spectrove.query import predicted_classes
from spectrove.scoring import load_scores

KINDS = {"query": "queries", "audit": "audits"}
"""What the questions of each arm are called."""


def step(
    campaign: Campaign, executor: Executor | None = None, progress: Progress = no_progress, *, skip_open: bool = False
) -> str:
    """
    Do what the campaign's present phase asks for, and move on to the next.

    Parameters
    ----------
    campaign : Campaign
        The campaign; nobody else may be running it.
    executor : Executor, optional
        Where the pool is scored; in this process unless given.
    progress : Progress
        Called as the work goes on.
    skip_open : bool
        Go on although questions are open; what was not answered counts as an abstention.

    Returns
    -------
    str
        What was done, in one sentence.

    Raises
    ------
    CampaignBusyError
        If another process runs the campaign.
    PhaseError
        If questions are open, or the campaign is finished.
    StorageError
        If the disk is full or cannot be written; the same step can be repeated.
    """
    with campaign.lock():
        row = campaign.iteration()
        if row.phase == "TRAIN":
            return _train(campaign, row, progress)
        if row.phase == "SCORE":
            return _score(campaign, row, executor or InlineExecutor(), progress)
        if row.phase == "CLOSED":
            msg = f"{campaign.directory}: this campaign is finished. Take its candidates with `spectrove campaign export`."
            raise PhaseError(msg)
        arm = "query" if row.phase == "ASK" else "audit"
        n_open = len(campaign.open_questions(arm))
        if n_open and not skip_open:
            msg = (
                f"{campaign.directory}: iteration {row.number} is in phase {row.phase} with {n_open} {KINDS[arm]} open. Answer "
                "them with `spectrove campaign answer`, or close them with `spectrove campaign step --skip-open`."
            )
            raise PhaseError(msg)
        return _close_queries(campaign, row) if row.phase == "ASK" else _close_audit(campaign, row)


def run(
    campaign: Campaign,
    oracle: Oracle | None = None,
    executor: Executor | None = None,
    progress: Progress = no_progress,
    report: Callable[[str], None] = lambda _: None,
) -> None:
    """
    Take steps until the campaign is finished, or questions are open and nobody is there to answer.

    Parameters
    ----------
    campaign : Campaign
        The campaign; nobody else may be running it.
    oracle : Oracle, optional
        Answers the questions, through the same door as a person.
    executor : Executor, optional
        Where the pool is scored; in this process unless given.
    progress : Progress
        Called as the work goes on.
    report : callable
        Called with a sentence after each step.

    Raises
    ------
    CampaignBusyError
        If another process runs the campaign.
    StorageError
        If the disk is full or cannot be written; the run can be repeated.
    """
    with campaign.lock():
        while not campaign.is_finished():
            if campaign.open_questions():
                if oracle is None:
                    return
                _let_answer(campaign, oracle, executor, progress, report)
            report(step(campaign, executor, progress))


def _let_answer(
    campaign: Campaign, oracle: Oracle, executor: Executor | None, progress: Progress, report: Callable[[str], None]
) -> None:
    row, after = campaign.iteration(), campaign.settings.query.prepare_after
    ids = shown_order(campaign, row.number, [question.spectrum_id for question in campaign.open_questions()])
    if after is not None:
        first = _first_with(ids, campaign, row.number, after)
        _record(campaign, oracle, ids[:first])
        ids = ids[first:]
        if why_not_prepare(campaign) is None:
            report(prepare(campaign, executor, progress))
    _record(campaign, oracle, ids)


def _first_with(ids: Sequence[SpectrumId], campaign: Campaign, number: int, n_queries: int) -> int:
    # How many of the open questions are to be answered, in their order, until so many of the iteration's queries are.
    queries = {question.spectrum_id for question in campaign.store.questions(number, "query")}
    missing = n_queries - len(queries & campaign.store.labels().keys())
    for n_read, id_ in enumerate(ids):
        if missing <= 0:
            return n_read
        missing -= id_ in queries
    return len(ids)


def _record(campaign: Campaign, oracle: Oracle, ids: Sequence[SpectrumId]) -> None:
    answers = [Answer(uuid.uuid4().hex, id_, label, oracle.name, now()) for id_, label in zip(ids, oracle.ask(ids), strict=True)]
    campaign.store.record_answers(answers)


# -- TRAIN and SCORE ------------------------------------------------------------------------------------------------------------


def _train(campaign: Campaign, row: IterationRow, progress: Progress) -> str:
    with campaign.making(progress):
        refused = ""
        try:
            facts = take_prepared(campaign, row.number) if row.kind == "active" else None
        except (CampaignError, CheckpointError) as error:
            facts, refused = None, f"; what was prepared could not be taken: {error}"
        if facts is None:
            forget(campaign, row.number)
            facts = make_network(campaign, row.number, row.kind, present_knowledge(campaign), progress)
            facts["trained"] |= {"prepared": False, "n_answers_missed": 0}
        campaign.store.advance(row.number, "SCORE", facts)
    trained = facts["trained"]
    done = f"{trained['n_examples']} spectra in {trained['n_epochs']} epochs"
    if trained["prepared"]:
        missed = f"{trained['n_answers']} answers among them, {trained['n_answers_missed']} came too late"
        return f"iteration {row.number}: took the network that was prepared, trained on {done} ({missed})"
    return f"iteration {row.number}: trained on {done}{refused}"


def _score(campaign: Campaign, row: IterationRow, executor: Executor, progress: Progress) -> str:
    scores = finished_scores(campaign, row.number, str(row.checkpoint_hash))
    done = "scored" if scores is None else "scored before"
    if scores is None:
        scores = make_scores(campaign, row.number, 0, executor, progress)
    folder = f"{folder_of(row.number)}/scores"
    known = present_knowledge(campaign)
    population = population_of(campaign, scores, known)
    counts = population.facts() | {"n_changed": _n_changed(campaign, row, population)}
    facts: dict[str, Any] = {"scores": folder, "population": counts}
    done = f"{counts['n_unlabeled']} spectra {done}, {counts['n_predicted_targets']} of them predicted targets"
    if row.kind == "final":
        campaign.store.advance(row.number, "CLOSED", {**facts, "closed_at": now()})
        return f"iteration {row.number}: {done}; the campaign is finished"
    questions, strata = choose_questions(campaign, row.number, population, campaign.directory / str(row.checkpoint))
    counts |= {"strata": [asdict(stratum) for stratum in strata], **count_found(campaign, known)}
    campaign.store.advance(row.number, "ASK", facts, questions)
    return f"iteration {row.number}: {done}; {len({question.spectrum_id for question in questions})} questions asked"


def _n_changed(campaign: Campaign, row: IterationRow, population: Population) -> int | None:
    before = next((past for past in campaign.store.iterations() if past.number == row.number - 1), None)
    if before is None or before.scores is None:
        return None
    try:
        scores = load_scores(campaign.directory / before.scores, campaign.pool)
    except ScoresError:
        return None
    was_target = np.isin(scores.classes, population.targets)[predicted_classes(scores.probabilities)]
    return int(np.count_nonzero((was_target != population.is_target) & ~population.labeled))


# -- ASK and AUDIT --------------------------------------------------------------------------------------------------------------


def _close_queries(campaign: Campaign, row: IterationRow) -> str:
    campaign.store.advance(row.number, "AUDIT")
    asked = {question.spectrum_id for question in campaign.store.questions(row.number, "query")}
    n_answered = len(asked & campaign.store.labels().keys())
    return f"iteration {row.number}: {n_answered} of {len(asked)} queries answered"


def _close_audit(campaign: Campaign, row: IterationRow) -> str:
    result = audit_result(campaign, row)
    decision = _decide(campaign, result.look)
    following = IterationRow(number=row.number + 1, kind="final" if decision.stop else "active", phase="TRAIN", started_at=now())
    facts = {"estimate": result.to_dict(), "decision": asdict(decision), "closed_at": now()}
    campaign.store.advance(row.number, "CLOSED", facts, following=following)
    told = _told("precision", result.look.precision)
    if result.recall:
        told += f", {_told('recall', result.recall[''])}"
    return f"iteration {row.number}: {told}; {'stop' if decision.stop else 'go on'}: {decision.reason}"


def _told(name: str, estimate: PrecisionEstimate | RecallEstimate) -> str:
    if estimate.estimate is None:
        return f"{name} unknown"
    return f"{name} {estimate.estimate:.2f} ({estimate.lower:.2f} to {estimate.upper:.2f})"


def _decide(campaign: Campaign, newest: Look) -> StopDecision:
    history = [*looks(campaign), newest]
    decision = stopping_rule(campaign.settings.stopping).decide(history)
    if decision.stop:
        return decision
    limit = limit_reached(campaign.settings, len(history), len(campaign.store.labels()))
    if limit is not None:
        return StopDecision(stop=True, reason=f"{limit}; {decision.reason}")
    if _is_exhausted(campaign):
        return StopDecision(stop=True, reason=f"every spectrum of the pool is labeled; {decision.reason}")
    return decision


def _is_exhausted(campaign: Campaign) -> bool:
    n_spectra = campaign.pool.n_spectra
    few = len(labeled_ids(campaign, present_knowledge(campaign))) < n_spectra  # then nothing of the pool's size is touched
    return not few and bool(labeled_rows(campaign).all())
