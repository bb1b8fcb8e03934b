"""Totals of a stratified sample: estimates, their standard error, and limits that hold for small and zero counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf, log

import numpy as np

from spectrove.contracts import BoolArray, FloatArray, IntArray, Stratum
from spectrove.evaluate.bets import STEPS, Bet, capped_stakes, losses_of, relative_stakes, size_of_bet, upper_of_one_look
from spectrove.evaluate.intervals import lower_limit, upper_limit


@dataclass(frozen=True)
class StratumCount:
    """
    What was seen of a stratum.

    Attributes
    ----------
    name : str
        What it is called.
    n_spectra : int
        How many it holds.
    n_sampled : int
        How many of them were asked about: a simple random sample, or all.
    n_answered : int
        How many of those have a label.
    n_events : int
        How many of those are what is counted.

    Raises
    ------
    ValueError
        If each of the four numbers is not at least as large as the next.
    """

    name: str
    n_spectra: int
    n_sampled: int
    n_answered: int
    n_events: int

    def __post_init__(self) -> None:
        """Refuse counts that no sample has."""
        numbers = (self.n_spectra, self.n_sampled, self.n_answered, self.n_events)
        if any(larger < smaller for larger, smaller in zip(numbers, (*numbers[1:], 0), strict=True)):
            msg = f"stratum {self.name!r}: size, sample, answers and events must not rise, nor be negative, got {numbers}"
            raise ValueError(msg)

    @property
    def is_census(self) -> bool:
        """
        Return whether all of it was asked about, so that chance has no part in what was seen.

        Returns
        -------
        bool
            True also where it is empty.
        """
        return self.n_sampled == self.n_spectra

    @property
    def is_known(self) -> bool:
        """
        Return whether every spectrum of it has a label.

        Returns
        -------
        bool
            True also where it is empty.
        """
        return self.n_answered == self.n_spectra

    @property
    def n_missing(self) -> int:
        """
        Return how many labels were asked for and not given.

        Returns
        -------
        int
            At most the sample.
        """
        return self.n_sampled - self.n_answered

    @property
    def n_possible(self) -> int:
        """
        Return how many events the labels leave possible.

        Returns
        -------
        int
            At most the size.
        """
        return self.n_spectra - (self.n_answered - self.n_events)

    @property
    def weight(self) -> float:
        """
        Return how many spectra an answer stands for.

        Returns
        -------
        float
            Infinite if there is no answer.
        """
        return self.n_spectra / self.n_answered if self.n_answered else inf

    def if_missing(self, *, is_event: bool) -> StratumCount:
        """
        Return what would have been seen if every missing label were the worst one.

        Parameters
        ----------
        is_event : bool
            Whether the worst is that a missing one counts, or that it does not.

        Returns
        -------
        StratumCount
            With an answer for each of the sample.
        """
        return replace(self, n_answered=self.n_sampled, n_events=self.n_events + self.n_missing * is_event)


@dataclass(frozen=True, eq=False)
class AuditSample:
    """
    Everything that was asked about a population, by stratum: drawn spectra, and those asked about anyway.

    Attributes
    ----------
    strata : tuple of `Stratum`
        All of the population.
    stratum : array of int, shape (n_asked,)
        Index of each asked spectrum's stratum.
    is_answered : array of bool, shape (n_asked,)
        True where there is a label.
    """

    strata: tuple[Stratum, ...]
    stratum: IntArray
    is_answered: BoolArray

    def count(self, is_event: BoolArray, keep: Callable[[Stratum], bool] = lambda _: True) -> tuple[StratumCount, ...]:
        """
        Return how often something was seen in each stratum.

        Parameters
        ----------
        is_event : array of bool, shape (n_asked,)
            True where it was seen; looked at only where there is an answer.
        keep : callable
            Says of a stratum whether it is wanted.

        Returns
        -------
        tuple of StratumCount
            Of each stratum that is wanted, in their order.
        """
        n = len(self.strata)
        sampled = np.bincount(self.stratum, minlength=n).tolist()
        answered = np.bincount(self.stratum[self.is_answered], minlength=n).tolist()
        events = np.bincount(self.stratum[self.is_answered & is_event], minlength=n).tolist()
        return tuple(
            StratumCount(stratum.name, stratum.n_spectra, *numbers)
            for stratum, *numbers in zip(self.strata, sampled, answered, events, strict=True)
            if keep(stratum)
        )


# -- estimates ------------------------------------------------------------------------------------------------------------------


def horvitz_thompson_total(values: FloatArray, inclusion_probabilities: FloatArray) -> float:
    r"""
    Return the Horvitz-Thompson estimate of a population's total.

    Parameters
    ----------
    values : array of float, shape (n_sampled,)
        What was measured of each drawn one.
    inclusion_probabilities : array of float, shape (n_sampled,)
        Probability with which each of them was to be drawn, more than 0 and at most 1.

    Returns
    -------
    float
        :math:`\sum_i y_i / \pi_i`, without bias whatever the population is.

    Raises
    ------
    ValueError
        If a probability does not lie between 0 and 1.

    References
    ----------
    .. [1] Horvitz & Thompson 1952, J. Am. Stat. Assoc. 47, 663, sect. 3.
    """
    _require_probabilities(inclusion_probabilities)
    return float(np.sum(np.asarray(values, dtype=np.float64) / inclusion_probabilities))


def hajek_mean(values: FloatArray, inclusion_probabilities: FloatArray) -> float:
    r"""
    Return the Hájek estimate of a population's mean.

    Parameters
    ----------
    values : array of float, shape (n_sampled,)
        What was measured of each drawn one.
    inclusion_probabilities : array of float, shape (n_sampled,)
        Probability with which each of them was to be drawn, more than 0 and at most 1.

    Returns
    -------
    float
        :math:`\sum_i y_i / \pi_i` over :math:`\sum_i 1 / \pi_i`; NaN without a sample.

    Raises
    ------
    ValueError
        If a probability does not lie between 0 and 1.

    References
    ----------
    .. [1] Hájek 1971, in: Foundations of Statistical Inference (Godambe & Sprott, eds.), p. 236.
    """
    _require_probabilities(inclusion_probabilities)
    size = float(np.sum(1 / np.asarray(inclusion_probabilities, dtype=np.float64)))
    return horvitz_thompson_total(values, inclusion_probabilities) / size if size else float("nan")


def _require_probabilities(inclusion_probabilities: FloatArray) -> None:
    if not bool(np.all((np.asarray(inclusion_probabilities) > 0) & (np.asarray(inclusion_probabilities) <= 1))):
        msg = "every inclusion probability must be more than 0 and at most 1"
        raise ValueError(msg)


def total_estimate(counts: Sequence[StratumCount]) -> float | None:
    """
    Return the estimated number of events in all strata, missing labels left out.

    In each stratum the share among the answered stands for all of it: Hájek's estimate, which is Horvitz and Thompson's where
    every label was given.

    Parameters
    ----------
    counts : sequence of StratumCount
        The strata.

    Returns
    -------
    float or None
        Number of events; None if there is no answer from a stratum that is not empty.
    """
    if any(count.n_spectra and not count.n_answered for count in counts):
        return None
    return sum((count.n_events * count.weight for count in counts if count.n_spectra), 0.0)


def total_confirmed(counts: Sequence[StratumCount]) -> float | None:
    """
    Return Horvitz and Thompson's estimate of the number of events, a missing label counting as none.

    Parameters
    ----------
    counts : sequence of StratumCount
        The strata.

    Returns
    -------
    float or None
        Number of events; None if nothing was asked about a stratum that is not empty.

    References
    ----------
    .. [1] Horvitz & Thompson 1952, J. Am. Stat. Assoc. 47, 663.
    """
    return total_estimate([count.if_missing(is_event=False) for count in counts])


def total_variance(counts: Sequence[StratumCount]) -> float | None:
    r"""
    Return the estimated variance of `total_estimate`.

    Parameters
    ----------
    counts : sequence of StratumCount
        The strata.

    Returns
    -------
    float or None
        :math:`\sum_h N_h^2 (1 - n_h / N_h) p_h (1 - p_h) / (n_h - 1)`; None if a stratum that is not known as a whole has
        fewer than two answers. It is 0 where a small sample saw no event or nothing else, which says little: the limits do not
        use it.

    References
    ----------
    .. [1] Cochran 1977, Sampling Techniques, 3rd ed., sects. 5.4 and 5.10.
    """
    unknown = [count for count in counts if not count.is_known]
    if any(count.n_answered < 2 for count in unknown):
        return None
    shares = [(count, count.n_events / count.n_answered) for count in unknown]
    return sum(
        count.n_spectra * (count.n_spectra - count.n_answered) * share * (1 - share) / (count.n_answered - 1)
        for count, share in shares
    )


# -- limits ---------------------------------------------------------------------------------------------------------------------
#
# A missing label of a stratum that was drawn from is left out, as if it were missing at random. One of a stratum that was asked
# about as a whole counts as the worst case: no chance is at work there that a limit could reckon with.


def total_lower(counts: Sequence[StratumCount], alpha: float) -> float:
    """
    Return a lower limit of the number of events in all strata.

    One stratum has Clopper and Pearson's limit. Several share the risk in equal parts, so that all their limits hold together.

    Parameters
    ----------
    counts : sequence of StratumCount
        The strata.
    alpha : float
        Probability with which the limit may lie above the truth.

    Returns
    -------
    float
        Never less than what was seen.
    """
    drawn = [count for count in counts if not count.is_census and count.n_answered]
    limits = (
        max(count.n_spectra * lower_limit(count.n_events, count.n_answered, alpha / len(drawn)), count.n_events)
        for count in drawn
    )
    return sum(limits, float(sum(count.n_events for count in counts if count.is_census)))


def total_upper(counts: Sequence[StratumCount], alpha: float, *, monotone: bool = False) -> float:
    """
    Return an upper limit of the number of events in all strata.

    One stratum has Clopper and Pearson's limit. For several the limit is the smallest number that the sample refuses however the
    events may be spread over the strata: see `Bet`.

    Parameters
    ----------
    counts : sequence of StratumCount
        The strata; those that were drawn from by falling score if ``monotone``.
    alpha : float
        Probability with which the limit may lie below the truth.
    monotone : bool
        Take for granted that the share of events does not rise from a stratum that was drawn from to the next.

    Returns
    -------
    float
        Never more than what the labels leave possible.
    """
    drawn = _drawn(counts)
    sure = float(sum(count.n_possible for count in counts if count.is_census))
    limit = possible = float(sum(count.n_possible for count in drawn))
    if len(drawn) == 1:
        limit = drawn[0].n_spectra * upper_limit(drawn[0].n_events, drawn[0].n_answered, alpha)
    elif any(count.n_answered for count in drawn):
        limit = upper_of_one_look(*_numbers(drawn), alpha, monotone=monotone)
    return sure + min(limit, possible)


def total_upper_of_looks(looks: Sequence[tuple[int, Sequence[StratumCount]]], alpha: float, *, monotone: bool = False) -> float:
    """
    Return an upper limit of a number of events that several samples tell of, and that holds at every look together.

    Each look is at a population that was drawn from anew, and knows how many of the events had left it before. The looks may
    come one after another, each population, score and design chosen in the light of all labels before. Events may drop out for
    good, as where nobody can tell what a spectrum is: the limit is that of the number at the last look.

    Parameters
    ----------
    looks : sequence of (int, sequence of StratumCount)
        For each look, the oldest first, how many events were known before and are in no stratum; and the strata, those that were
        drawn from by falling score if ``monotone``.
    alpha : float
        Probability with which one limit or more of all those drawn from the first looks, the first two, and so on, may lie
        below the truth.
    monotone : bool
        Take for granted that in each look the share of events does not rise from a stratum that was drawn from to the next.

    Returns
    -------
    float
        Number of events, those known before included, and never less than those; infinite without a look.
    """
    if not looks:
        return inf
    purses = _purses(looks, alpha, monotone=monotone)
    needed = -log(alpha)
    low = float(max(n_before + sum(count.n_events for count in counts) for n_before, counts in looks))
    high = float(max(most for _, most, _ in purses[0]))
    if high <= low or _log_wealth(purses, high) < needed:
        return max(low, high)
    for _ in range(STEPS):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        low, high = (low, middle) if _log_wealth(purses, middle) >= needed else (middle, high)
    return high


def refused(looks: Sequence[tuple[int, Sequence[StratumCount]]], total: float, alpha: float, *, monotone: bool = False) -> bool:
    """
    Return whether the looks refuse a number of events: whether `total_upper_of_looks` is not larger.

    Parameters
    ----------
    looks : sequence of (int, sequence of StratumCount)
        As of `total_upper_of_looks`.
    total : float
        Number of events, those known before included.
    alpha : float
        As of `total_upper_of_looks`.
    monotone : bool
        As of `total_upper_of_looks`.

    Returns
    -------
    bool
        True if it is refused; if it is the truth that happens with a probability of ``alpha`` at most, at whatever look.
    """
    return _log_wealth(_purses(looks, alpha, monotone=monotone), total) >= -log(alpha)


_Look = tuple[float, float, Bet | None]
"""Events that are not bet on, at most; the most events that a look leaves possible, those included; and the bet on the others."""


def _purses(looks: Sequence[tuple[int, Sequence[StratumCount]]], alpha: float, *, monotone: bool) -> list[list[_Look]]:
    # Each begins with the same part of the capital. If the shares fall, a second one bets on that where it is worth while.
    purses = [_bets(looks, alpha, monotone=monotone, is_capped=False)]
    if monotone and any(_is_worth_capping(_drawn(counts)) for _, counts in looks):
        purses.append(_bets(looks, alpha, monotone=monotone, is_capped=True))
    return purses


def _bets(looks: Sequence[tuple[int, Sequence[StratumCount]]], alpha: float, *, monotone: bool, is_capped: bool) -> list[_Look]:
    # The size of each bet follows from what the looks before saw, so that it is set before its look.
    bets: list[_Look] = []
    seen = 0.0
    for n_before, counts in looks:
        drawn = _drawn(counts)
        sure = n_before + sum(count.n_possible for count in counts if count.is_census)
        bet = None
        if any(count.n_answered for count in drawn):
            sizes, answered, events = _numbers(drawn)
            capped = capped_stakes(sizes, answered) if is_capped else None
            stakes = relative_stakes(sizes, answered) if capped is None else capped
            bet = Bet(sizes, answered, events, losses_of(stakes, size_of_bet(alpha, seen)), monotone)
            seen += float(events @ stakes**2)  # what is staked little on is lost in proportion, whatever the size of the bet
        bets.append((sure, sure + sum(count.n_possible for count in drawn), bet))
    return bets


def _log_wealth(purses: Sequence[Sequence[_Look]], total: float) -> float:
    if any(total > most for _, most, _ in purses[0]):
        return inf
    capitals = [sum(bet.log_gain(total - sure) for sure, _, bet in bets if bet is not None) for bets in purses]
    return float(np.logaddexp.reduce(capitals)) - log(len(capitals))


def _is_worth_capping(drawn: Sequence[StratumCount]) -> bool:
    return any(count.n_answered for count in drawn) and capped_stakes(*_numbers(drawn)[:2]) is not None


def _drawn(counts: Sequence[StratumCount]) -> list[StratumCount]:
    return [count for count in counts if not count.is_census]


def _numbers(counts: Sequence[StratumCount]) -> tuple[FloatArray, FloatArray, FloatArray]:
    numbers = np.array([(count.n_spectra, count.n_answered, count.n_events) for count in counts], dtype=np.float64)
    return numbers[:, 0], numbers[:, 1], numbers[:, 2]
