"""What is open in the middle of a campaign, and what the answers so far say of the audit that is being answered."""

from __future__ import annotations

from collections.abc import Sequence

from spectrove.campaign.questions import shown_order
from spectrove.contracts import Question, SpectrumId
from spectrove.evaluate import betting_limits
from spectrove.query.audit import PREDICTED
from spectrove.report.record import Record
from spectrove.report.wording import Facts


def open_facts(record: Record) -> Facts | None:
    """
    Return what the iteration in progress has asked, and the precision by the answers so far.

    The precision is that of the predicted targets that nobody would have been asked about but for the audit. Its limits hold at
    every look together, if the labels that are there are those of the spectra shown first: these are a random sample whatever was
    answered. Where some were left for later, who knows why, there is no such number.

    Parameters
    ----------
    record : Record
        The campaign.

    Returns
    -------
    dict or None
        None if no iteration is waiting for answers; ``precision`` is None, with ``why_not``, if it cannot be told yet.
    """
    row = record.last
    if row.phase not in {"ASK", "AUDIT"}:
        return None
    asked = record.asked(row.number)
    ids = {question.spectrum_id for question in asked}
    return {
        "iteration": row.number,
        "phase": row.phase,
        "n_asked": len(ids),
        "n_answered": len(ids & record.labels.keys()),
        "n_open": len(ids - record.labels.keys()),  # not by arm: nobody is to tell why a spectrum is asked about
        **_so_far(record, asked),
    }


def _so_far(record: Record, asked: Sequence[Question]) -> Facts:
    number = record.last.number
    drawn = {question.spectrum_id for question in asked if question.arm == "audit" and question.stratum in {"", PREDICTED}}
    answered = drawn & record.labels.keys()
    if not answered:
        return {"precision": None, "why_not": "no predicted target of the audit is answered yet"}
    earlier = {question.spectrum_id for question in record.questions if question.iteration < number}
    if earlier & {question.spectrum_id for question in asked}:
        why_not = (
            "some of the spectra were answered in an earlier iteration, so that the order of the answers is not the random one"
        )
        return {"precision": None, "why_not": why_not}
    first = _first_shown(record, asked, drawn, answered)
    if first is None:
        return {"precision": None, "why_not": "the answers did not come in the random order in which the spectra are shown"}
    return {"precision": _precision_of(record, first, asked), "why_not": None}


def _first_shown(
    record: Record, asked: Sequence[Question], drawn: set[SpectrumId], answered: set[SpectrumId]
) -> list[SpectrumId] | None:
    # On the page everybody has an order of their own, which tells only of a single person; files have the campaign's.
    given = [answer for answer in record.answers if answer.spectrum_id in answered]
    people = {answer.annotator for answer in given}
    annotator = people.pop() if len(people) == 1 and all(answer.shown_at for answer in given) else ""
    shown = shown_order(record.campaign, record.last.number, {one.spectrum_id for one in asked}, annotator)
    first = [id_ for id_ in shown if id_ in drawn][: len(answered)]
    return first if set(first) == answered else None


def _precision_of(record: Record, first: Sequence[SpectrumId], asked: Sequence[Question]) -> Facts:
    said = [record.labels[id_] for id_ in first]
    values = [label in record.targets for label in said if label is not None]
    level = record.campaign.settings.audit.level
    n_asked = len({one.spectrum_id for one in asked if one.arm == "query" and one.stratum and one.predicted in record.targets})
    n_population = (record.last.population or {})["n_predicted_targets"] - n_asked
    lower, upper = betting_limits(values, level, n_population)[-1].tolist() if values else (0.0, 1.0)
    return {
        "n_population": n_population,
        "n_labeled": len(values),
        "n_abstained": len(said) - len(values),
        "n_correct": sum(values),
        "estimate": sum(values) / len(values) if values else None,
        "lower": lower,
        "upper": upper,
        "level": level,
    }
