"""How many targets a search has found of those that there are, and how many it has missed at most."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from spectrove.contracts import BoolArray
from spectrove.evaluate.intervals import upper_limit
from spectrove.evaluate.strata import (
    AuditSample,
    StratumCount,
    total_confirmed,
    total_estimate,
    total_lower,
    total_upper,
)

HIT_SHARE = 0.2
"""
Part of a limit's risk that is spent on the targets hit, the rest on those missed, whose number is known far less well; chosen,
and set before anything is seen.
"""

ASSUMPTIONS = ("none", "monotone")
"""What a limit may take for granted of the scores: nothing, or that the share of targets does not rise as the score falls."""


@dataclass(frozen=True)
class StratumMisses:
    """
    How many targets a part of the population may hide.

    Attributes
    ----------
    name : str
        The part.
    n_spectra : int
        How many spectra it holds.
    n_sampled, n_answered, n_targets : int
        How many of them were asked about, have a label, and are targets.
    upper : float
        Upper limit of the targets in it (Clopper and Pearson's, or what the labels leave possible), which holds for this part by
        itself.
    """

    name: str
    n_spectra: int
    n_sampled: int
    n_answered: int
    n_targets: int
    upper: float


@dataclass(frozen=True)
class RecallEstimate:
    """
    What share of all targets is found, estimated from a probability sample of the population.

    Every attribute is a plain number, text, or a tuple of such, and ``dataclasses.asdict`` writes an estimate to JSON.

    Attributes
    ----------
    n_found : int
        Targets known before the sample was drawn, which count as found.
    n_untold : int
        Spectra looked at before that nobody could tell; they count in the worst case alone.
    hits : float or None
        Estimated number of targets that are predicted to be targets, of those not known before; None if it cannot be told.
    missed : float or None
        Estimated number of targets that are neither known before nor predicted.
    estimate : float or None
        Hájek's estimate: (found + hits) / (found + hits + missed); None if nothing was seen or something cannot be told.
    confirmed : float or None
        The same by Horvitz and Thompson, each missing label counting as no target.
    lower, upper : float
        Two-sided limits from the design alone. Missing labels of drawn spectra are left out as if at random; of those asked about
        anyway they count as the worst case.
    worst_lower, worst_upper : float
        The same limits if every missing label were the worst one.
    monotone_lower : float
        Lower limit if the share of targets does not rise as the score falls; of one class among several the same as ``lower``.
    missed_upper, missed_monotone_upper : float
        One-sided upper limits of ``missed``, each at half the risk of the two-sided ones; the second under that assumption.
    strata : tuple of `StratumMisses`
        Where they may be.
    level : float
        Confidence level of the two-sided limits.
    """

    n_found: int
    n_untold: int
    hits: float | None
    missed: float | None
    estimate: float | None
    confirmed: float | None
    lower: float
    upper: float
    worst_lower: float
    worst_upper: float
    monotone_lower: float
    missed_upper: float
    missed_monotone_upper: float
    strata: tuple[StratumMisses, ...]
    level: float


def count_hits_and_misses(
    sample: AuditSample,
    predicted: Sequence[str],
    answers: Sequence[str | None],
    targets: Collection[str],
    wanted: Collection[str],
) -> tuple[tuple[StratumCount, ...], tuple[StratumCount, ...]]:
    """
    Return what a sample says of targets that the predictions hit, and of those that they miss.

    Parameters
    ----------
    sample : AuditSample
        The sample.
    predicted : sequence of str
        Predicted class of each asked spectrum.
    answers : sequence of str or None
        Its label.
    targets : collection of str
        All target classes.
    wanted : collection of str
        The classes in question: ``targets``, where any target that is predicted to be any target is hit, or one of them, which
        is hit only if it is predicted to be that one.

    Returns
    -------
    hits : tuple of StratumCount
        Of the strata of predicted targets.
    misses : tuple of StratumCount
        Of the strata where any can be: the others, and if not all targets are wanted those of predicted targets too.
    """
    is_wanted = np.array([label in wanted for label in answers], dtype=np.bool_)
    is_hit: BoolArray = is_wanted & np.array([name in wanted for name in predicted], dtype=np.bool_)
    hits = sample.count(is_hit, lambda stratum: stratum.is_predicted)
    all_wanted = set(wanted) >= set(targets)
    return hits, sample.count(is_wanted & ~is_hit, lambda stratum: not (stratum.is_predicted and all_wanted))


def estimate_recall(
    hits: Sequence[StratumCount],
    misses: Sequence[StratumCount],
    n_found: int = 0,
    level: float = 0.95,
    n_untold: int = 0,
    *,
    falls: bool = True,
) -> RecallEstimate:
    """
    Return what share of all targets is found.

    The lower limit is that of the recall with the lower limit of the hits and the upper limit of the misses, the upper one the
    other way round; both share the risk, so that together they hold at least as often as they say.

    Parameters
    ----------
    hits : sequence of StratumCount
        Targets among the predicted ones, as of `count_hits_and_misses`.
    misses : sequence of StratumCount
        Targets among the others; strata that were drawn from by falling score.
    n_found : int
        Targets that were known before.
    level : float
        Confidence level of the limits, between 0 and 1.
    n_untold : int
        Spectra that somebody looked at before and could not tell; they are in no stratum, and targets only in the worst case.
    falls : bool
        Whether the share of *misses* can be taken to fall with the score. Not so of one class among several: a good network
        misses fewer of it among the predicted targets than right below them. Then the limits from the design alone stand in the
        place of those with that assumption.

    Returns
    -------
    RecallEstimate
        Estimates and limits.

    Raises
    ------
    ValueError
        If ``level`` does not lie between 0 and 1, or ``n_found`` or ``n_untold`` is negative.

    References
    ----------
    .. [1] Horvitz & Thompson 1952, J. Am. Stat. Assoc. 47, 663.
    """
    if not 0 < level < 1:
        msg = f"the confidence level must lie between 0 and 1, got {level!r}"
        raise ValueError(msg)
    if n_found < 0 or n_untold < 0:
        msg = f"numbers of spectra known or looked at before must not be negative, got {n_found} and {n_untold}"
        raise ValueError(msg)
    risk = (1 - level) / 2
    n_hit, n_missed = total_estimate(hits), total_estimate(misses)
    best, worst = ([count.if_missing(is_event=event) for count in hits] for event in (True, False))
    most, fewest = ([count.if_missing(is_event=event) for count in misses] for event in (True, False))
    return RecallEstimate(
        n_found=n_found,
        n_untold=n_untold,
        hits=n_hit,
        missed=n_missed,
        estimate=None if n_hit is None or n_missed is None else _ratio(n_found + n_hit, n_missed),
        confirmed=_confirmed(n_found, hits, misses),
        lower=recall_lower(hits, misses, n_found, risk),
        upper=_recall_upper(hits, misses, n_found, risk),
        worst_lower=recall_lower(worst, most, n_found, risk, n_untold=n_untold),
        worst_upper=_recall_upper(best, fewest, n_found, risk),
        monotone_lower=recall_lower(hits, misses, n_found, risk, monotone=falls),
        missed_upper=total_upper(misses, risk),
        missed_monotone_upper=total_upper(misses, risk, monotone=falls),
        strata=tuple(_misses(count, risk) for count in misses),
        level=level,
    )


def recall_lower(
    hits: Sequence[StratumCount],
    misses: Sequence[StratumCount],
    n_found: int,
    alpha: float,
    *,
    monotone: bool = False,
    n_untold: int = 0,
) -> float:
    """
    Return a one-sided lower limit of the recall.

    Parameters
    ----------
    hits, misses : sequence of StratumCount
        As of `count_hits_and_misses`.
    n_found : int
        Targets that were known before.
    alpha : float
        Probability with which the limit may lie above the truth.
    monotone : bool
        Take for granted that the share of targets does not rise as the score falls.
    n_untold : int
        Spectra that count as missed, whatever the sample says.

    Returns
    -------
    float
        Between 0 and 1.
    """
    found = n_found + total_lower(hits, alpha * HIT_SHARE)
    return _ratio(found, n_untold + total_upper(misses, alpha * (1 - HIT_SHARE), monotone=monotone)) or 0.0


def _recall_upper(hits: Sequence[StratumCount], misses: Sequence[StratumCount], n_found: int, alpha: float) -> float:
    found = n_found + total_upper(hits, alpha * HIT_SHARE)
    upper = _ratio(found, total_lower(misses, alpha * (1 - HIT_SHARE)))
    return 1.0 if upper is None else upper


def _ratio(found: float, missed: float) -> float | None:
    if missed == inf:
        return 0.0
    return found / (found + missed) if found + missed > 0 else None


def _confirmed(n_found: int, hits: Sequence[StratumCount], misses: Sequence[StratumCount]) -> float | None:
    n_hit, n_missed = total_confirmed(hits), total_confirmed(misses)
    return None if n_hit is None or n_missed is None else _ratio(n_found + n_hit, n_missed)


def _misses(count: StratumCount, alpha: float) -> StratumMisses:
    limit = float(count.n_possible)
    if not count.is_census:
        limit = min(count.n_spectra * upper_limit(count.n_events, count.n_answered, alpha), limit)
    return StratumMisses(count.name, count.n_spectra, count.n_sampled, count.n_answered, count.n_events, limit)
