"""
The loop of the paper's Fig. 1 as a state machine in the database.

Each iteration goes TRAIN → SCORE → ASK → AUDIT → CLOSED, one `step` at a time; the last one, with the long training, goes
TRAIN → SCORE → CLOSED. Every step first finishes its files and then moves the phase in one transaction, together with the
questions that belong to it. So a process may be killed at any moment: the next step does again what was not finished, with
the same random choices, because each choice's generator is made from the seed, the iteration and its purpose.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from spectrove import registry
from spectrove.campaign.campaign import Campaign
from spectrove.campaign.examples import teaching_labels, train
from spectrove.campaign.schema import IterationRow
from spectrove.campaign.store import now
from spectrove.contracts import Answer, BoolArray, Oracle, Progress, Question, Scores, no_progress
from spectrove.errors import PhaseError
from spectrove.evaluate import PrecisionEstimate, StopDecision, estimate_class_precision, estimate_precision
from spectrove.execution import Executor, InlineExecutor
from spectrove.query import sample_at_random, select_top
from spectrove.scoring import save_scores, score
from spectrove.training import Checkpoint

KINDS = {"query": "queries", "audit": "audits"}
"""What the questions of each arm are called."""

PURPOSES = ("network", "fit", "query", "audit", "order")
"""What random choices are for; each has a generator of its own."""


def generator_for(campaign: Campaign, iteration: int, purpose: str) -> np.random.Generator:
    """
    Return the generator of one random choice, the same whenever the step is repeated.

    Parameters
    ----------
    campaign : Campaign
        Gives the seed.
    iteration : int
        The iteration.
    purpose : str
        One of `PURPOSES`.

    Returns
    -------
    numpy.random.Generator
        Seeded by the three.
    """
    return np.random.default_rng([campaign.settings.seed, iteration, PURPOSES.index(purpose)])


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
            questions = campaign.open_questions()
            if questions and oracle is None:
                return
            if questions and oracle is not None:
                ids = sorted({question.spectrum_id for question in questions})
                for id_, label in zip(ids, oracle.ask(ids), strict=True):
                    campaign.store.record_answer(Answer(uuid.uuid4().hex, id_, label, oracle.name, now()))
            report(step(campaign, executor, progress))


# -- TRAIN and SCORE ------------------------------------------------------------------------------------------------------------


def _train(campaign: Campaign, row: IterationRow, progress: Progress) -> str:
    generators = {purpose: generator_for(campaign, row.number, purpose) for purpose in ("network", "fit")}
    config = campaign.settings.long_fit if row.kind == "final" else campaign.settings.fit
    checkpoint, trained = train(campaign, config, generators, [campaign.settings.seed, row.number], progress)
    folder = f"iterations/{row.number:03d}"
    checkpoint.save(campaign.directory / folder / "checkpoint")
    facts = {"checkpoint": f"{folder}/checkpoint", "checkpoint_hash": checkpoint.content_hash, "trained": trained}
    campaign.store.advance(row.number, "SCORE", facts)
    return f"iteration {row.number}: trained on {trained['n_examples']} spectra in {trained['n_epochs']} epochs"


def _score(campaign: Campaign, row: IterationRow, executor: Executor, progress: Progress) -> str:
    checkpoint = Checkpoint.load(campaign.directory / str(row.checkpoint))
    scores = score(checkpoint, campaign.pool, campaign.settings.scoring, executor, progress)
    folder = f"iterations/{row.number:03d}/scores"
    save_scores(campaign.directory / folder, scores)
    unlabeled = ~labeled_rows(campaign)
    predicted = scores.predicted()
    counts = Counter(scores.classes[column] for column in predicted[unlabeled].tolist())
    n_targets = sum(counts[name] for name in campaign.settings.classes.targets)
    population = {
        "n_pool": len(unlabeled),
        "n_unlabeled": int(unlabeled.sum()),
        "n_predicted": {name: counts[name] for name in scores.classes},
        "n_predicted_targets": n_targets,
    }
    facts: dict[str, Any] = {"scores": folder, "population": population}
    done = f"iteration {row.number}: {population['n_unlabeled']} spectra scored, {n_targets} of them predicted targets"
    if row.kind == "final":
        campaign.store.advance(row.number, "CLOSED", {**facts, "closed_at": now()})
        return f"{done}; the campaign is finished"
    questions = _choose_questions(campaign, row.number, scores, unlabeled)
    campaign.store.advance(row.number, "ASK", facts, questions)
    return f"{done}; {len({question.spectrum_id for question in questions})} questions asked"


def labeled_rows(campaign: Campaign) -> BoolArray:
    """
    Return which spectra have left the pool, as a mask over its rows.

    Those are the spectra that the campaign began with, and those of which an answer trains. A query that was abstained from
    leaves too, so that nobody is asked twice what cannot be told; audits stay unless their labels train.

    Parameters
    ----------
    campaign : Campaign
        The campaign.

    Returns
    -------
    array of bool, shape (n_spectra,)
        True where the spectrum is no longer in the pool.
    """
    answered = campaign.store.labels()
    asked = {question.spectrum_id for question in campaign.store.questions(arm="query")}
    gone = sorted({*campaign.training_labels(), *teaching_labels(campaign), *(id_ for id_ in asked if id_ in answered)})
    rows = campaign.pool.rows_of(np.array(gone, dtype=object))
    mask = np.zeros(campaign.pool.n_spectra, dtype=np.bool_)
    mask[rows[rows >= 0]] = True
    return mask


def _choose_questions(campaign: Campaign, number: int, scores: Scores, unlabeled: BoolArray) -> list[Question]:
    settings = campaign.settings
    n_query, n_audit = _batch_sizes(campaign)
    utilities = registry.load("spectrove.strategies", settings.query.strategy)(scores.probabilities)
    generator = generator_for(campaign, number, "query")
    query_rows = select_top(utilities, scores.spectrum_ids, n_query, generator, excluded=~unlabeled)
    targets = np.isin(scores.predicted(), [scores.classes.index(name) for name in settings.classes.targets])
    generator = generator_for(campaign, number, "audit")
    audit_rows, probability = sample_at_random(scores.spectrum_ids, targets & unlabeled, n_audit, generator)
    predicted = scores.predicted()

    def question(arm: str, position: int, row: int) -> Question:
        return Question(
            iteration=number,
            spectrum_id=scores.spectrum_ids[row],
            arm=arm,
            position=position,
            utility=float(utilities[row]) if arm == "query" else np.nan,
            inclusion_probability=probability if arm == "audit" else np.nan,
            predicted=scores.classes[predicted[row]],
            probabilities=tuple(float(value) for value in scores.probabilities[row]),
        )

    queries = [question("query", position, row) for position, row in enumerate(query_rows.tolist())]
    return queries + [question("audit", position, row) for position, row in enumerate(audit_rows.tolist())]


def _batch_sizes(campaign: Campaign) -> tuple[int, int]:
    settings = campaign.settings
    if settings.stopping.max_answers is None:
        return settings.query.batch_size, settings.audit.size
    left = max(0, settings.stopping.max_answers - len(campaign.store.labels()))
    n_query = min(settings.query.batch_size, max(left - settings.audit.size, 0))
    return n_query, min(settings.audit.size, left)


# -- ASK and AUDIT --------------------------------------------------------------------------------------------------------------


def _close_queries(campaign: Campaign, row: IterationRow) -> str:
    campaign.store.advance(row.number, "AUDIT")
    asked = {question.spectrum_id for question in campaign.store.questions(row.number, "query")}
    n_answered = len(asked & campaign.store.labels().keys())
    return f"iteration {row.number}: {n_answered} of {len(asked)} queries answered"


def _close_audit(campaign: Campaign, row: IterationRow) -> str:
    estimate, by_class = _estimate(campaign, row)
    decision = _decide(campaign, estimate)
    following = IterationRow(number=row.number + 1, kind="final" if decision.stop else "active", phase="TRAIN", started_at=now())
    facts = {
        "estimate": {**asdict(estimate), "by_class": {name: asdict(value) for name, value in by_class.items()}},
        "decision": asdict(decision),
        "closed_at": now(),
    }
    campaign.store.advance(row.number, "CLOSED", facts, following=following)
    known = "unknown" if estimate.estimate is None else f"{estimate.estimate:.2f} ({estimate.lower:.2f} to {estimate.upper:.2f})"
    return f"iteration {row.number}: precision {known}; {'stop' if decision.stop else 'go on'}: {decision.reason}"


def _estimate(campaign: Campaign, row: IterationRow) -> tuple[PrecisionEstimate, dict[str, PrecisionEstimate]]:
    classes, level = campaign.settings.classes, campaign.settings.audit.level
    audit = campaign.store.questions(row.number, "audit")
    said = campaign.store.labels()
    predicted = [question.predicted for question in audit]
    answers = [said.get(question.spectrum_id) for question in audit]
    population = (row.population or {})["n_predicted"]
    sizes = {name: population[name] for name in classes.targets}
    estimate = estimate_precision(predicted, answers, sum(sizes.values()), classes.targets, level)
    return estimate, estimate_class_precision(predicted, answers, sizes, level)


def _decide(campaign: Campaign, newest: PrecisionEstimate) -> StopDecision:
    settings = campaign.settings.stopping
    history = [*estimates(campaign), newest]
    decision: StopDecision = registry.load("spectrove.stopping", settings.rule)(**settings.options).decide(history)
    if decision.stop:
        return decision
    if settings.max_iterations is not None and len(history) >= settings.max_iterations:
        return StopDecision(
            stop=True, reason=f"these are all {len(history)} iterations that max_iterations allows; {decision.reason}"
        )
    n_answers = len(campaign.store.labels())
    if settings.max_answers is not None and n_answers + campaign.settings.audit.size >= settings.max_answers:
        spent = f"{n_answers} answers are given, and max_answers ({settings.max_answers}) leaves none for queries beside an audit"
        return StopDecision(stop=True, reason=f"{spent}; {decision.reason}")
    if bool(labeled_rows(campaign).all()):
        return StopDecision(stop=True, reason=f"every spectrum of the pool is labeled; {decision.reason}")
    return decision


def estimates(campaign: Campaign) -> list[PrecisionEstimate]:
    """
    Return the frozen estimates of the closed iterations.

    Parameters
    ----------
    campaign : Campaign
        The campaign.

    Returns
    -------
    list of PrecisionEstimate
        The oldest first.
    """
    rows = [row for row in campaign.store.iterations() if row.estimate is not None]
    return [
        PrecisionEstimate(**{name: value for name, value in (row.estimate or {}).items() if name != "by_class"}) for row in rows
    ]
