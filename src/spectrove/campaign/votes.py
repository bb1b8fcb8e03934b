"""What the answers come to: which of them stand, the label of each spectrum, and where people disagree. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from spectrove.contracts import Answer, SpectrumId
from spectrove.evaluate import cohen_kappa, confusion_matrix, krippendorff_alpha

VOTE, REPEAT, GOLD, DECISION, VERIFY = "vote", "repeat", "gold", "decision", "verify"
PURPOSES = (VOTE, REPEAT, GOLD, DECISION, VERIFY)
"""
What an answer is for. A vote counts for the label; a repeat is a second look at one's own earlier vote and a gold answer one at a
spectrum whose label is known: both measure the person and change no label. A decision settles a disagreement. A verification is a
verdict on a candidate, for the catalog.
"""


@dataclass(frozen=True)
class Disagreement:
    """
    A spectrum that people see differently, and that nobody has settled.

    Attributes
    ----------
    spectrum_id : SpectrumId
        The spectrum.
    votes : tuple of Answer
        Everybody's standing vote, abstentions included, in the order in which they came.
    """

    spectrum_id: SpectrumId
    votes: tuple[Answer, ...]


def standing(answers: Iterable[Answer]) -> list[Answer]:
    """
    Return the answers that stand: not taken back, and of each person's on one spectrum for one purpose the last.

    Parameters
    ----------
    answers : iterable of Answer
        In the order in which they came.

    Returns
    -------
    list of Answer
        In that order.
    """
    given = list(answers)
    undone = {answer.undoes for answer in given if answer.undoes}
    last: dict[tuple[str, str, str], Answer] = {}
    for answer in given:
        if answer.undoes or answer.answer_id in undone:
            continue
        key = (answer.annotator, answer.spectrum_id, answer.purpose)
        last.pop(key, None)
        last[key] = answer
    return list(last.values())


def settle(answers: Iterable[Answer]) -> dict[SpectrumId, str | None]:
    """
    Return the label of each spectrum.

    The last decision counts, if there is one. Else each person has one vote, and the class with most votes is the label; between
    as many votes for two classes there is none. An abstention counts only where nobody named a class.

    Parameters
    ----------
    answers : iterable of Answer
        In the order in which they came.

    Returns
    -------
    dict
        The label, or None where everybody abstained or the votes are tied. Without a standing vote or decision there is no entry.
    """
    votes: dict[SpectrumId, list[str | None]] = {}
    decided: dict[SpectrumId, str | None] = {}
    for answer in standing(answers):
        if answer.purpose == VOTE:
            votes.setdefault(answer.spectrum_id, []).append(answer.label)
        elif answer.purpose == DECISION:
            decided[answer.spectrum_id] = answer.label
    return {id_: _plurality(labels) for id_, labels in votes.items()} | decided


def _plurality(labels: Sequence[str | None]) -> str | None:
    if len(labels) == 1:
        return labels[0]
    counts = Counter(label for label in labels if label is not None).most_common(2)
    if not counts or (len(counts) == 2 and counts[0][1] == counts[1][1]):
        return None
    return counts[0][0]


def votes_by_spectrum(answers: Iterable[Answer]) -> dict[SpectrumId, list[Answer]]:
    """
    Return everybody's standing vote on each spectrum.

    Parameters
    ----------
    answers : iterable of Answer
        In the order in which they came.

    Returns
    -------
    dict
        For each spectrum the votes, in that order.
    """
    votes: dict[SpectrumId, list[Answer]] = {}
    for answer in standing(answers):
        if answer.purpose == VOTE:
            votes.setdefault(answer.spectrum_id, []).append(answer)
    return votes


def disagreements(answers: Iterable[Answer]) -> list[Disagreement]:
    """
    Return the spectra of which two people named different classes, and that no decision has settled.

    Parameters
    ----------
    answers : iterable of Answer
        In the order in which they came.

    Returns
    -------
    list of Disagreement
        In the order of their first votes.
    """
    given = list(answers)
    decided = {answer.spectrum_id for answer in standing(given) if answer.purpose == DECISION}
    return [
        Disagreement(id_, tuple(votes))
        for id_, votes in votes_by_spectrum(given).items()
        if id_ not in decided and len({vote.label for vote in votes if vote.label is not None}) > 1
    ]


def agreement_facts(
    answers: Iterable[Answer], classes: Sequence[str], known: dict[SpectrumId, str] | None = None
) -> dict[str, Any]:
    """
    Return how far people agree with each other, with themselves and with labels that are known.

    Only first votes that are blind tell of agreement: what somebody said after having seen another's answer is a decision, which
    does not count here. Abstentions are left out.

    Parameters
    ----------
    answers : iterable of Answer
        In the order in which they came.
    classes : sequence of str
        The campaign's classes.
    known : dict, optional
        Labels of the gold spectra.

    Returns
    -------
    dict
        ``pairs`` of people with Cohen's kappa, ``alpha`` (Krippendorff's, None if nobody voted twice on anything), ``repeats``,
        ``gold`` and ``people`` (each with a confusion matrix against the settled labels of spectra on which others voted too).
    """
    given = list(answers)
    votes = {id_: {vote.annotator: vote.label for vote in some} for id_, some in votes_by_spectrum(given).items()}
    named = {id_: {who: label for who, label in some.items() if label is not None} for id_, some in votes.items()}
    people = sorted({answer.annotator for answer in given if not answer.undoes})
    return {
        "pairs": _pairs(named, people),
        "alpha": krippendorff_alpha([list(some.values()) for some in named.values()]),
        "repeats": _repeats(given),
        "gold": _gold(given, known or {}),
        "people": [_person(who, named, settle(given), classes) for who in people],
    }


def _pairs(named: dict[SpectrumId, dict[str, str]], people: Sequence[str]) -> list[dict[str, Any]]:
    found = []
    for number, first in enumerate(people):
        for second in people[number + 1 :]:
            both = [(some[first], some[second]) for some in named.values() if first in some and second in some]
            if both:
                agreement = cohen_kappa([one for one, _ in both], [other for _, other in both])
                found.append({"first": first, "second": second, **agreement.to_dict()})
    return found


def _repeats(given: Sequence[Answer]) -> list[dict[str, Any]]:
    voted = {(one.annotator, one.spectrum_id): one.label for one in standing(given) if one.purpose == VOTE}
    counts: dict[str, list[bool]] = {}
    for answer in standing(given):
        before = voted.get((answer.annotator, answer.spectrum_id))
        if answer.purpose == REPEAT and answer.label is not None and before is not None:
            counts.setdefault(answer.annotator, []).append(answer.label == before)
    return [{"annotator": who, "n": len(same), "n_same": sum(same)} for who, same in sorted(counts.items())]


def _gold(given: Sequence[Answer], known: dict[SpectrumId, str]) -> list[dict[str, Any]]:
    counts: dict[str, list[bool]] = {}
    for answer in standing(given):
        if answer.purpose == GOLD and answer.label is not None and answer.spectrum_id in known:
            counts.setdefault(answer.annotator, []).append(answer.label == known[answer.spectrum_id])
    return [{"annotator": who, "n": len(right), "n_right": sum(right)} for who, right in sorted(counts.items())]


def _person(
    who: str, named: dict[SpectrumId, dict[str, str]], settled: dict[SpectrumId, str | None], classes: Sequence[str]
) -> dict[str, Any]:
    shared = [(settled.get(id_), some[who]) for id_, some in named.items() if who in some and len(some) > 1]
    pairs = [(label, said) for label, said in shared if label is not None]
    matrix = confusion_matrix([label for label, _ in pairs], [said for _, said in pairs], classes).counts.tolist()
    return {"annotator": who, "n_votes": sum(who in some for some in named.values()), "n_settled": len(pairs), "matrix": matrix}
