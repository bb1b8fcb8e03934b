"""
What a person is shown: the open questions, and among them, hidden, what measures the person.

Everybody goes through the spectra in an order of their own, so that what two people have answered by some time overlaps as little
as can be, and so that the order says nothing of why a spectrum is shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from spectrove.campaign.campaign import Campaign
from spectrove.campaign.questions import shown_order
from spectrove.campaign.votes import DECISION, GOLD, REPEAT, VERIFY, VOTE, standing
from spectrove.contracts import Answer, CheckQuestion, SpectrumId

SECOND = "second"
"""Kind of a check: a blind second vote."""

PURPOSE_OF = {SECOND: VOTE, REPEAT: REPEAT, GOLD: GOLD}
"""What an answer to a check of some kind is for."""

MEANWHILE = 20
"""How many spectra a person is shown again while the machine works, at a time."""


@dataclass(frozen=True)
class QueueItem:
    """
    A spectrum that a person is to answer.

    Attributes
    ----------
    spectrum_id : SpectrumId
        The spectrum.
    purpose : str
        What the answer will be for; not to be shown to the person.
    """

    spectrum_id: SpectrumId
    purpose: str


def queue_of(campaign: Campaign, annotator: str) -> list[QueueItem]:
    """
    Return what a person has still to answer in the present round, in an order of their own.

    The first call in a round draws what measures the person and notes it; any later call finds it.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    annotator : str
        The person.

    Returns
    -------
    list of QueueItem
        Open questions, second votes, repeats and spectra of a known label, shuffled; empty while no question is open.
    """
    row = campaign.iteration()
    asked = {question.spectrum_id for question in campaign.store.questions(row.number)}
    if row.phase not in {"ASK", "AUDIT"}:
        return []
    answers = standing(campaign.store.votes())
    answered = {one.spectrum_id for one in answers if one.purpose in {VOTE, DECISION}}
    checks = _checks(campaign, annotator, row.number, asked, answers)
    done = {(one.spectrum_id, one.purpose) for one in answers if one.annotator == annotator}
    purposes = dict.fromkeys(asked - answered, VOTE)
    for check in checks:
        purpose = PURPOSE_OF[check.kind]
        if (check.spectrum_id, purpose) not in done:
            purposes.setdefault(check.spectrum_id, purpose)
    order = shown_order(campaign, row.number, asked | {check.spectrum_id for check in checks}, annotator)
    return [QueueItem(id_, purposes[id_]) for id_ in order if id_ in purposes]


def secrets_of(campaign: Campaign) -> frozenset[SpectrumId]:
    """
    Return the spectra of which nobody is to be told what the network or other people think.

    Parameters
    ----------
    campaign : Campaign
        The campaign.

    Returns
    -------
    frozenset of SpectrumId
        While a round is open: what nobody has answered yet, what somebody else is asked a second time, and what people are shown
        to measure them; else empty.
    """
    row = campaign.iteration()
    if row.phase not in {"ASK", "AUDIT"}:
        return frozenset()
    votes = standing(campaign.store.votes())
    done = {(one.annotator, one.spectrum_id, one.purpose) for one in votes}
    shown = {
        check.spectrum_id
        for check in campaign.store.checks(iteration=row.number)
        if (check.annotator, check.spectrum_id, PURPOSE_OF[check.kind]) not in done
    }
    # A second vote is noted when a person's queue is made, which may be in a moment.
    seconded = {one.spectrum_id for one in campaign.store.questions(row.number) if _is_seconded(campaign, one.spectrum_id)}
    return frozenset({one.spectrum_id for one in campaign.open_questions()} | seconded | shown)


def meanwhile_of(campaign: Campaign, annotator: str, n: int = MEANWHILE) -> list[QueueItem]:
    """
    Return what a person can answer while no question is open.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    annotator : str
        The person.
    n : int
        At most so many.

    Returns
    -------
    list of QueueItem
        Blind second votes on what only others have labeled; where these are too few, own votes again, the oldest first.
    """
    number = campaign.iteration().number
    noted = {check.spectrum_id: check for check in campaign.store.checks(annotator, number)}
    answers = standing(campaign.store.votes())
    mine = {(one.spectrum_id, one.purpose) for one in answers if one.annotator == annotator}
    votes = [one for one in answers if one.purpose == VOTE and one.label is not None]
    others = sorted({one.spectrum_id for one in votes if one.annotator != annotator} - {id_ for id_, _ in mine})
    _generator(campaign, number, annotator, "meanwhile").shuffle(others)
    own = [one.spectrum_id for one in votes if one.annotator == annotator and (one.spectrum_id, REPEAT) not in mine]
    chosen = [CheckQuestion(number, annotator, id_, SECOND) for id_ in others]
    chosen += [CheckQuestion(number, annotator, id_, REPEAT) for id_ in own]
    chosen = [noted.get(check.spectrum_id, check) for check in chosen[:n]]
    campaign.store.add_checks(chosen)
    items = [QueueItem(check.spectrum_id, PURPOSE_OF[check.kind]) for check in chosen]
    return [item for item in items if (item.spectrum_id, item.purpose) not in mine]


def purpose_of(campaign: Campaign, annotator: str, spectrum_id: SpectrumId, asked_purpose: str) -> str:
    """
    Return what a person's answer is for: somebody who votes does not know that the spectrum was shown to measure them.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    annotator : str
        The person.
    spectrum_id : SpectrumId
        What was answered.
    asked_purpose : str
        What the page says that it is for.

    Returns
    -------
    str
        ``repeat`` or ``gold`` for a vote on what was shown for that, else as asked.

    Raises
    ------
    ValueError
        If a page asks for something else than a vote, a decision or a verification.
    """
    if asked_purpose not in {VOTE, DECISION, VERIFY}:
        msg = f"an answer is a {VOTE}, a {DECISION} or to {VERIFY}, got {asked_purpose!r}"
        raise ValueError(msg)
    if asked_purpose != VOTE:
        return asked_purpose
    return purposes_of(campaign, annotator).get(spectrum_id, VOTE)


def purposes_of(campaign: Campaign, annotator: str) -> dict[SpectrumId, str]:
    """
    Return what a person's votes are for, where they measure the person.

    That is what this round shows for it, and what the last round showed and the person has not answered: a page may still show
    what it was given before the round was closed.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    annotator : str
        The person.

    Returns
    -------
    dict
        As of `purpose_of`, by spectrum; every other vote is one.
    """
    number = campaign.iteration().number
    purposes = {check.spectrum_id: PURPOSE_OF[check.kind] for check in campaign.store.checks(annotator, number)}
    late = [check for check in campaign.store.checks(annotator, number - 1) if check.kind != SECOND]
    if late:
        done = {(one.spectrum_id, one.purpose) for one in standing(campaign.store.votes()) if one.annotator == annotator}
        for check in late:
            if (check.spectrum_id, check.kind) not in done:
                purposes.setdefault(check.spectrum_id, PURPOSE_OF[check.kind])
    return purposes


def _checks(
    campaign: Campaign, annotator: str, number: int, asked: Collection[SpectrumId], answers: Sequence[Answer]
) -> list[CheckQuestion]:
    review = campaign.settings.review
    noted = campaign.store.checks(annotator, number)
    votes = [one for one in answers if one.purpose == VOTE]
    mine = {one.spectrum_id for one in votes if one.annotator == annotator}
    others = {one.spectrum_id for one in votes if one.annotator != annotator and one.spectrum_id in asked}
    new = [CheckQuestion(number, annotator, id_, SECOND) for id_ in sorted(others - mine) if _is_seconded(campaign, id_)]
    if not any(check.kind in {REPEAT, GOLD} for check in noted):
        earlier = sorted(id_ for id_ in mine if id_ not in asked)
        known = campaign.training_labels().keys() if review.gold else set()
        gold = sorted(set(_in_pool(campaign, sorted(known))) - set(asked)) if review.gold else []
        new += [
            CheckQuestion(number, annotator, id_, kind)
            for kind, some, share in ((REPEAT, earlier, review.repeats), (GOLD, gold, review.gold))
            for id_ in _drawn(campaign, (number, annotator, kind), some, round(share * len(asked)))
        ]
    known_ids = {check.spectrum_id for check in noted}
    fresh = [check for check in new if check.spectrum_id not in known_ids]
    if not fresh:
        return noted
    campaign.store.add_checks(fresh)
    return campaign.store.checks(annotator, number)


def _is_seconded(campaign: Campaign, spectrum_id: SpectrumId) -> bool:
    # The same spectra for everybody, whoever was first, chosen by a hash that knows nothing of labels.
    digest = hashlib.sha256(f"{campaign.settings.seed} second {spectrum_id}".encode()).digest()
    return int.from_bytes(digest[:8]) < campaign.settings.review.second_votes * 2**64


def _in_pool(campaign: Campaign, ids: Sequence[SpectrumId]) -> list[SpectrumId]:
    rows = campaign.pool.rows_of(ids)
    return [id_ for id_, row in zip(ids, rows, strict=True) if row >= 0]


def _drawn(campaign: Campaign, what: tuple[int, str, str], ids: Sequence[SpectrumId], n: int) -> list[SpectrumId]:
    if not ids or not n:
        return []
    return [ids[place] for place in _generator(campaign, *what).permutation(len(ids))[:n]]


def _generator(campaign: Campaign, number: int, annotator: str, purpose: str) -> np.random.Generator:
    digest = hashlib.sha256(f"{purpose} {annotator}".encode()).digest()
    return np.random.default_rng([campaign.settings.seed, number, int.from_bytes(digest[:8])])
