"""How many more labels a wish needs, and how long they take, from the campaign's last audit and its own pace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np

from spectrove.campaign.audits import looks
from spectrove.campaign.campaign import Campaign
from spectrove.contracts import Answer
from spectrove.errors import CampaignError
from spectrove.evaluate.looks import Look
from spectrove.evaluate.planning import (
    StratumLabels,
    labels_for_precision,
    labels_for_recall,
    labels_for_recall_limits,
    labels_for_undiscovered,
    recall_expected,
    recall_reckoned,
    reckoned_share,
)
from spectrove.evaluate.recall import estimate_recall

LONGEST_PAUSE = 120.0
"""Seconds after which whoever answers is taken to have done something else; chosen: nobody looks at one spectrum as long."""

SHORTEST_LOOK = 0.2
"""
Seconds in which nobody looks at a spectrum and presses a key: simple reactions to light take as long (Luce 1986, Response Times,
sect. 2.1). Answers that come faster one after the other came together, from a file or from an oracle.
"""

FEWEST_TIMES = 10
"""Times between answers that a pace is told from at least; chosen."""


@dataclass(frozen=True)
class Pace:
    """
    How long people take for a label, in seconds.

    Attributes
    ----------
    mean : float
        Mean time; so many labels take so many times as long.
    median, lower_quartile, upper_quartile : float
        Half of the times are shorter than the first, a quarter each shorter than the second and longer than the third.
    n_times : int
        Times that these are told from.
    """

    mean: float
    median: float
    lower_quartile: float
    upper_quartile: float
    n_times: int

    def hours(self, n_labels: int) -> float:
        """
        Return how long so many labels take.

        Parameters
        ----------
        n_labels : int
            Their number.

        Returns
        -------
        float
            Hours, without pauses.
        """
        return n_labels * self.mean / 3600


def times_between(answers: Sequence[Answer]) -> list[float]:
    """
    Return the times that people took from an answer to their next one.

    Times longer than `LONGEST_PAUSE` are pauses. Answers of which one follows another in less than `SHORTEST_LOOK` came together,
    from a file or from an oracle; a time that begins or ends with one of them tells nothing.

    Parameters
    ----------
    answers : sequence of Answer
        Of any number of people.

    Returns
    -------
    list of float
        Seconds, of one person after the other, in the order in which they answered.
    """
    moments: dict[str, list[float]] = defaultdict(list)
    for answer in answers:
        moments[answer.annotator].append(datetime.fromisoformat(answer.answered_at).timestamp())
    times: list[float] = []
    for one in moments.values():
        gaps = np.diff(np.sort(one))
        is_alone = np.concatenate([[True], gaps >= SHORTEST_LOOK]) & np.concatenate([gaps >= SHORTEST_LOOK, [True]])
        alone_at_both_ends = np.array([a and b for a, b in pairwise(is_alone)], dtype=np.bool_)
        times.extend(gaps[alone_at_both_ends & (gaps <= LONGEST_PAUSE)].tolist())
    return times


def pace_of(answers: Sequence[Answer]) -> Pace | None:
    """
    Return how long people take for a label.

    Parameters
    ----------
    answers : sequence of Answer
        Of any number of people.

    Returns
    -------
    Pace or None
        Of all of them, see `times_between`; None if there are fewer than `FEWEST_TIMES` times.
    """
    times = times_between(answers)
    if len(times) < FEWEST_TIMES:
        return None
    lower, median, upper = np.quantile(times, [0.25, 0.5, 0.75]).tolist()
    return Pace(float(np.mean(times)), median, lower, upper, len(times))


def plan(campaign: Campaign, half_width: float = 0.05, undiscovered: int | None = None) -> dict[str, Any]:
    """
    Return how many more labels it takes to know precision and recall better, and how long that takes.

    What is reckoned with is the last closed audit: its rates, its strata, and the labels that it had. "More" are the labels that
    one audit needs beyond those. An audit judges one network, so that labels of several rounds do not add up.

    Parameters
    ----------
    campaign : Campaign
        The campaign; it may be running.
    half_width : float
        Half of the length of the intervals that is wished for, between 0 and 0.5.
    undiscovered : int, optional
        How many targets may be neither labeled nor predicted, at least 1.

    Returns
    -------
    dict
        Plain data: ``labels`` given so far and labels of a ``round``, each by arm; ``pace``, None where answers came all at
        once; and ``precision``, ``recall`` and ``undiscovered``, each None where nothing can be told or was asked for.

    Raises
    ------
    CampaignError
        If no audit is closed yet, or undiscovered targets are asked for and the audits are drawn from predicted targets alone.
    ValueError
        If ``half_width`` or ``undiscovered`` is out of its range.
    """
    history = looks(campaign)
    if not history:
        msg = (
            f"{campaign.directory}: no audit is closed yet, so there is nothing to plan with. Answer the questions and go on "
            "with `spectrove campaign step`."
        )
        raise CampaignError(msg)
    look, settings = history[-1], campaign.settings
    knows_recall = bool(look.hits or look.misses)
    if undiscovered is not None and not knows_recall:
        msg = (
            f"{campaign.directory}: its audits are drawn from predicted targets alone (audit.design is "
            f"{settings.audit.design!r}), which tells nothing of undiscovered ones. Make a campaign with audit.design = 'strata'."
        )
        raise CampaignError(msg)
    pace = pace_of([one for one in campaign.store.votes() if not one.undoes])
    return {
        "campaign": str(campaign.directory),
        "iteration": look.iteration,
        "level": look.precision.level,
        "half_width": half_width,
        "labels": _labels_by_arm(campaign),
        "round": {"query": settings.query.batch_size, "audit": settings.audit.size},
        "pace": None if pace is None else asdict(pace),
        "precision": _precision(look, half_width, pace),
        "recall": _recall(look, half_width, pace) if knows_recall else None,
        "undiscovered": None if undiscovered is None else _undiscovered(look, undiscovered, pace),
    }


def _labels_by_arm(campaign: Campaign) -> dict[str, int]:
    said = {id_ for id_, label in campaign.store.labels().items() if label is not None}
    asked = {arm: {question.spectrum_id for question in campaign.store.questions(arm=arm)} for arm in ("query", "audit")}
    return {arm: len(ids & said) for arm, ids in asked.items()}


def _precision(look: Look, half_width: float, pace: Pace | None) -> dict[str, Any] | None:
    known = look.precision
    if not known.n_predicted:
        return None
    n_rest = known.n_predicted - known.n_asked
    share = reckoned_share(known.n_correct, known.n_answered)
    # What was asked about anyway is known, so that the sample may be less sharp about the rest.
    of_rest = half_width * known.n_predicted / n_rest if n_rest else 1.0
    n_labels = labels_for_precision(share, of_rest, known.level, n_rest) if of_rest < 0.5 else 0
    return {
        "estimate": known.estimate,
        "lower": known.lower,
        "upper": known.upper,
        "reckoned_share": share,
        "n_population": n_rest,
        "n_answered": known.n_answered,
        "n_labels": n_labels,
        **_effort(max(0, n_labels - known.n_answered), pace),
    }


def _recall(look: Look, half_width: float, pace: Pace | None) -> dict[str, Any]:
    level = look.precision.level
    now = estimate_recall(look.hits, look.misses, look.n_found, level)
    plans = labels_for_recall(look.hits, look.misses, look.n_found, half_width, level)
    lower, upper = recall_expected(*plans, look.n_found, level)
    of_limits = labels_for_recall_limits(look.hits, look.misses, look.n_found, half_width, level)
    return {
        "estimate": now.estimate,
        "lower": now.lower,
        "upper": now.upper,
        "n_answered": sum(count.n_answered for count in (*look.hits, *look.misses)),
        "reckoned": recall_reckoned(*plans, look.n_found),
        **_spread((*plans[0], *plans[1]), pace),
        "limits_then": [lower, upper],
        "for_limits": _spread((*of_limits[0], *of_limits[1]), pace),
    }


def _undiscovered(look: Look, number: int, pace: Pace | None) -> dict[str, Any]:
    # What the audit has seen is found; the risk is that of the upper limit of what is missed, RecallEstimate.missed_upper.
    level, n_seen = look.precision.level, sum(count.n_events for count in look.misses)
    now = estimate_recall(look.hits, look.misses, look.n_found, level)
    plans = labels_for_undiscovered(look.misses, number, (1 - level) / 2)
    left = None if now.missed is None else now.missed - n_seen
    facts = {"number": number, "estimate": left, "upper": now.missed_upper - n_seen}
    return facts | ({"n_more": None, "hours": None, "strata": None} if plans is None else _spread(plans, pace))


def _spread(plans: Sequence[StratumLabels], pace: Pace | None) -> dict[str, Any]:
    strata = [asdict(one) | {"n_more": one.n_more} for one in plans]
    return {"strata": strata, **_effort(sum(one.n_more for one in plans), pace)}


def _effort(n_more: int, pace: Pace | None) -> dict[str, Any]:
    return {"n_more": n_more, "hours": None if pace is None else pace.hours(n_more)}


# -- in words -------------------------------------------------------------------------------------------------------------------


def plan_sentences(facts: dict[str, Any]) -> list[str]:
    """
    Return a plan in words.

    Parameters
    ----------
    facts : dict
        As of `plan`.

    Returns
    -------
    list of str
        A sentence or two for each wish.
    """
    return [
        _begun(facts),
        *_precision_sentences(facts),
        *_recall_sentences(facts),
        *_undiscovered_sentences(facts),
    ]


def _begun(facts: dict[str, Any]) -> str:
    labels, pace = facts["labels"], facts["pace"]
    told = f"so far {labels['query']:,} labels of queries and {labels['audit']:,} of audits; "
    if pace is None:
        return told + "the answers came all at once, as those of a file or an oracle do, or are few, so no pace is known"
    return told + (
        f"your pace is {_seconds(pace['mean'])} a label (mean of {pace['n_times']:,} times; median {_seconds(pace['median'])}, "
        f"quartiles {_seconds(pace['lower_quartile'])} and {_seconds(pace['upper_quartile'])}; pauses are left out)"
    )


def _precision_sentences(facts: dict[str, Any]) -> list[str]:
    known, wish = facts["precision"], f"± {facts['half_width']:g}"
    if known is None:
        return ["precision: no spectrum is predicted to be a target"]
    if not known["n_more"]:
        return [f"precision is known to about {wish} already; {_now(known)}"]
    audits = f"{known['n_labels']:,} predicted targets in one audit instead of {known['n_answered']:,}"
    return [f"precision to {wish} needs {_more(known, facts)}; {audits}; {_now(known)}"]


def _recall_sentences(facts: dict[str, Any]) -> list[str]:
    known, wish = facts["recall"], f"± {facts['half_width']:g}"
    if known is None:
        return ["recall: the audits are drawn from predicted targets alone, which tells nothing of it (audit.design)"]
    now = _now(known) + ("" if known["reckoned"] is None else f", {known['reckoned']:.2f} is reckoned with")
    first = f"recall to {wish}, by the standard error, needs {_more(known, facts)}; {now}"
    if not known["n_more"]:
        first = f"recall is known to about {wish} already, by the standard error; {now}"
    lower, upper = known["limits_then"]
    limits = known["for_limits"]
    then = f"limits of the recall that hold for any counts are {lower:.2f} to {upper:.2f} then"
    return [first, f"{then}; {wish} needs {_more(limits, facts)}" if limits["n_more"] else then]


def _undiscovered_sentences(facts: dict[str, Any]) -> list[str]:
    known = facts["undiscovered"]
    if known is None:
        return []
    wish = f"at most {known['number']:,} undiscovered targets"
    if known["n_more"] is None:
        estimate = "" if known["estimate"] is None else f", as about {known['estimate']:,.0f} are estimated to be left"
        return [f"{wish}: no audit of this network can tell{estimate}; a better network may"]
    if not known["n_more"]:
        return [f"{wish}: an audit of as many labels tells it, if it sees no target beside the predicted ones"]
    largest = max(known["strata"], key=lambda stratum: stratum["n_more"])
    where = f"{largest['n_more']:,} of them in the stratum {largest['name']!r}"
    return [f"{wish} need {_more(known, facts)}; {where}, and no target may be seen among them"]


def _now(known: dict[str, Any]) -> str:
    limits = f"{known['lower']:.2f} to {known['upper']:.2f}"
    return f"now it is {limits}" if known["estimate"] is None else f"now it is {known['estimate']:.2f} ({limits})"


def _more(effort: dict[str, Any], facts: dict[str, Any]) -> str:
    number = _rounded(effort["n_more"])
    told = f"about {number:,} more label{'' if number == 1 else 's'}"
    if effort["hours"] is None:
        return told
    return f"{told}: {_time(effort['hours'])} at your pace ({_seconds(facts['pace']['mean'])} a label)"


def _time(hours: float) -> str:
    if hours >= 0.095:
        return f"{hours:,.0f} hours" if hours >= 9.95 else f"{hours:.1f} hours"
    return f"{60 * hours:.0f} minutes" if 60 * hours >= 1.5 else f"{3600 * hours:.0f} seconds"


def _rounded(number: int) -> int:
    # To two digits, upwards: more would claim to be known.
    unit = int(10 ** max(0, len(str(number)) - 2))
    return -(-number // unit) * unit


def _seconds(value: float) -> str:
    return f"{value:.1f} s" if value < 9.95 else f"{value:.0f} s"
