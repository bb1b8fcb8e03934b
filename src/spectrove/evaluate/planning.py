"""
How many labels a wish needs: a precision or a recall known to a half-width, or few targets left undiscovered.

A plan reckons with rates that the last audit estimated. It says what to expect of an audit of a network like the last one, and
promises nothing: a rate that was estimated from few labels makes a plan that is as uncertain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf, log, sqrt
from statistics import NormalDist

from spectrove.evaluate.intervals import clopper_pearson
from spectrove.evaluate.recall import estimate_recall
from spectrove.evaluate.strata import StratumCount, total_estimate, total_upper

FEWEST = 3
"""Labels that each stratum gets at least: as many as an audit draws from each."""

FALL = 0.5
"""Events that a stratum without one is reckoned to hold, as a part of those in the stratum before it; chosen."""

STEPS = 60
"""Repetitions in the search for a number; chosen: far more than are needed."""

HALVINGS = 10
"""Of the range in which a number of labels is searched that takes long to try; chosen: one or two per cent of it are left."""

WIDEST = 50.0
"""How many times narrower a normal interval is than limits that hold for any counts, at most; chosen: it is a few times."""


@dataclass(frozen=True)
class StratumLabels:
    """
    How many labels a stratum is to have.

    Attributes
    ----------
    name : str
        What it is called.
    n_spectra : int
        How many it holds.
    n_answered : int
        How many labels it had in the last audit.
    rate : float
        Share of events that is reckoned with.
    n_labels : int
        How many labels it is to have in one audit.
    is_census : bool
        True if all of it was asked about, so that no audit needs more.
    """

    name: str
    n_spectra: int
    n_answered: int
    rate: float
    n_labels: int
    is_census: bool = False

    @property
    def n_more(self) -> int:
        """
        Return how many more these are than the last audit had.

        Returns
        -------
        int
            0 for a census.
        """
        return 0 if self.is_census else max(0, self.n_labels - self.n_answered)

    def expected(self) -> StratumCount:
        """
        Return what an audit with these labels would see on average, to the nearest whole number.

        Returns
        -------
        StratumCount
            With a label for each of the sample.
        """
        n_labels = self.n_spectra if self.is_census else self.n_labels
        return StratumCount(self.name, self.n_spectra, n_labels, n_labels, round(self.rate * n_labels))


def reckoned_share(n_events: int, n_answered: int) -> float:
    """
    Return the share to reckon with after so many events.

    Parameters
    ----------
    n_events : int
        Events seen.
    n_answered : int
        Labels.

    Returns
    -------
    float
        ``n_events / n_answered``; where that is 0 or 1, half an event is added on both sides, so that a small sample that saw one
        kind alone is not taken for proof that there is no other. Without a label 0.5.

    References
    ----------
    .. [1] Jeffreys 1961, Theory of Probability, 3rd ed., sect. 3.1: the prior whose posterior mean this is.
    """
    if 0 < n_events < n_answered:
        return n_events / n_answered
    return (n_events + 0.5) / (n_answered + 1)


# -- precision ------------------------------------------------------------------------------------------------------------------


def labels_for_precision(precision: float, half_width: float, level: float, n_population: int) -> int:
    """
    Return the smallest sample whose interval around the expected count is narrow enough.

    Parameters
    ----------
    precision : float
        The share to reckon with, from 0 to 1.
    half_width : float
        Half of the interval's length that is wished for, between 0 and 0.5.
    level : float
        Confidence level, between 0 and 1.
    n_population : int
        How many predicted targets there are.

    Returns
    -------
    int
        Number of labels, at most ``n_population``.

    Raises
    ------
    ValueError
        If a number is out of its range.

    References
    ----------
    .. [1] Clopper & Pearson 1934, Biometrika 26, 404: the interval, as of `interval_expected`.
    """
    _require(half_width, level)
    if not 0 <= precision <= 1 or n_population < 0:
        msg = f"the precision must lie between 0 and 1 and a population not be negative, got {precision!r} and {n_population!r}"
        raise ValueError(msg)
    low, high = 0, n_population  # too few, and enough: all of them leave nothing open
    while high - low > 1:
        middle = (low + high) // 2
        lower, upper = interval_expected(precision, middle, level, n_population)
        low, high = (low, middle) if upper - lower <= 2 * half_width else (middle, high)
    return high


def interval_expected(precision: float, n_labels: int, level: float, n_population: int) -> tuple[float, float]:
    """
    Return the interval that a sample would have if it saw what is expected of it.

    Parameters
    ----------
    precision : float
        The true share.
    n_labels : int
        Size of the sample, at least 1 and at most ``n_population``.
    level : float
        Confidence level, between 0 and 1.
    n_population : int
        What it is drawn from without replacement.

    Returns
    -------
    tuple of float
        Clopper and Pearson's limits of the expected count, which need not be whole, but never beyond what so many labels prove of
        the population.

    References
    ----------
    .. [1] Clopper & Pearson 1934, Biometrika 26, 404.
    """
    n_right = precision * n_labels
    lower, upper = clopper_pearson(n_right, n_labels, level)
    return max(lower, n_right / n_population), min(upper, 1 - (n_labels - n_right) / n_population)


# -- recall ---------------------------------------------------------------------------------------------------------------------


def labels_for_recall(
    hits: Sequence[StratumCount], misses: Sequence[StratumCount], n_found: int, half_width: float, level: float = 0.95
) -> tuple[tuple[StratumLabels, ...], tuple[StratumLabels, ...]]:
    r"""
    Return how many labels each stratum is to have, so that the recall is known to a half-width.

    To first order the variance of the recall :math:`R = (F + H) / T`, :math:`T = F + H + M`, is
    :math:`(M^2 V_H + (F + H)^2 V_M) / T^4`, where :math:`V` is the variance of a stratified total,
    :math:`\sum_h N_h (N_h - n_h) s_h^2 / n_h` [1]_. It is to be the square of the half-width over the normal quantile, with the
    fewest labels: :math:`n_h \propto w_h`, where :math:`w_h` is :math:`N_h s_h` times the derivative of the recall by its
    total [2]_. A stratum that would need more than it holds is taken whole, and the others are reckoned anew [3]_.

    Taken for granted are these: the rates of the last audit are the true ones; a normal interval describes the estimate, which
    holds where several events are seen in the strata that matter; the labels are spread in this best way. A stratum without an
    event is reckoned to hold half an event in its sample, but not more than `FALL` times the events of the stratum before it, as
    the share of targets falls with the score; and not less than one event. Strata that are asked about as a whole need no
    labels. The limits that hold for any counts are wider: see `labels_for_recall_limits`.

    Parameters
    ----------
    hits : sequence of StratumCount
        Targets among the predicted ones, as of `count_hits_and_misses`.
    misses : sequence of StratumCount
        Targets among the others, by falling score.
    n_found : int
        Targets that were known before.
    half_width : float
        Half of the interval's length that is wished for, between 0 and 0.5.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    hits : tuple of StratumLabels
        In the order of the counts; strata that are known, or asked about as a whole, keep the labels that they have.
    misses : tuple of StratumLabels
        The same of the others.

    Raises
    ------
    ValueError
        If a number is out of its range.

    References
    ----------
    .. [1] Cochran 1977, Sampling Techniques, 3rd ed., sect. 5.4 and 5.10.
    .. [2] Cochran 1977, eq. 5.25.
    .. [3] Cochran 1977, sect. 5.8.
    """
    _require(half_width, level)
    rates = (_rates(hits, falling=False), _rates(misses, falling=True))
    n_hit, n_missed = (
        sum(count.n_spectra * rate for count, rate in zip(counts, shares, strict=True))
        for counts, shares in zip((hits, misses), rates, strict=True)
    )
    found = n_found + n_hit
    n_targets = found + n_missed
    slopes = (n_missed / n_targets**2, found / n_targets**2) if n_targets else (0.0, 0.0)
    worth = [
        slope * count.n_spectra * _spread(count, rate)
        for slope, counts, shares in zip(slopes, (hits, misses), rates, strict=True)
        for count, rate in zip(counts, shares, strict=True)
    ]
    counts = (*hits, *misses)
    variance = (half_width / NormalDist().inv_cdf((1 + level) / 2)) ** 2
    wanted = _optimum(worth, [count.n_spectra for count in counts], variance)
    plans = [_labels(count, rate, n_labels) for count, rate, n_labels in zip(counts, (*rates[0], *rates[1]), wanted, strict=True)]
    return tuple(plans[: len(hits)]), tuple(plans[len(hits) :])


def labels_for_recall_limits(
    hits: Sequence[StratumCount], misses: Sequence[StratumCount], n_found: int, half_width: float, level: float = 0.95
) -> tuple[tuple[StratumLabels, ...], tuple[StratumLabels, ...]]:
    """
    Return how many labels each stratum is to have, so that the limits of the recall that hold for any counts are narrow enough.

    The labels are spread as `labels_for_recall` spreads them, and raised until `estimate_recall` gives limits of the half-width
    for the counts that are expected. All else is taken for granted as there.

    Parameters
    ----------
    hits : sequence of StratumCount
        Targets among the predicted ones, as of `count_hits_and_misses`.
    misses : sequence of StratumCount
        Targets among the others, by falling score.
    n_found : int
        Targets that were known before.
    half_width : float
        Half of the distance of the limits that is wished for, between 0 and 0.5.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    hits : tuple of StratumLabels
        In the order of the counts.
    misses : tuple of StratumLabels
        The same of the others.

    Raises
    ------
    ValueError
        If a number is out of its range.
    """
    enough, too_few = half_width / WIDEST, half_width
    for _ in range(HALVINGS):
        middle = sqrt(enough * too_few)
        lower, upper = recall_expected(*labels_for_recall(hits, misses, n_found, middle, level), n_found, level)
        enough, too_few = (middle, too_few) if upper - lower <= 2 * half_width else (enough, middle)
    return labels_for_recall(hits, misses, n_found, enough, level)


def recall_reckoned(hits: Sequence[StratumLabels], misses: Sequence[StratumLabels], n_found: int) -> float | None:
    """
    Return the recall that a plan reckons with.

    Parameters
    ----------
    hits, misses : sequence of StratumLabels
        As of `labels_for_recall`.
    n_found : int
        Targets that were known before.

    Returns
    -------
    float or None
        It differs from the estimate where a stratum showed one kind alone; None if there is no target.
    """
    n_hit, n_missed = (sum(plan.rate * plan.n_spectra for plan in plans) for plans in (hits, misses))
    found = n_found + n_hit
    return found / (found + n_missed) if found + n_missed else None


def recall_expected(
    hits: Sequence[StratumLabels], misses: Sequence[StratumLabels], n_found: int, level: float
) -> tuple[float, float]:
    """
    Return the limits of the recall that an audit would have if it saw what is expected of it.

    Parameters
    ----------
    hits, misses : sequence of StratumLabels
        As of `labels_for_recall`.
    n_found : int
        Targets that were known before.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    tuple of float
        Those of `estimate_recall`.
    """
    estimate = estimate_recall([plan.expected() for plan in hits], [plan.expected() for plan in misses], n_found, level)
    return estimate.lower, estimate.upper


def _rates(counts: Sequence[StratumCount], *, falling: bool) -> list[float]:
    rates: list[float] = []
    before = inf  # events that the last stratum is reckoned to hold
    for count in counts:
        if count.is_census:
            rates.append(count.n_events / count.n_answered if count.n_answered else 0.0)
            continue
        rate = reckoned_share(count.n_events, count.n_answered)
        if falling and not count.n_events:
            rate = min(rate, max(FALL * before, 1.0) / count.n_spectra)
        before = rate * count.n_spectra
        rates.append(rate)
    return rates


def _labels(count: StratumCount, rate: float, n_labels: int) -> StratumLabels:
    has = count.n_answered if count.is_census else n_labels
    return StratumLabels(count.name, count.n_spectra, count.n_answered, rate, has, count.is_census)


def _spread(count: StratumCount, rate: float) -> float:
    # Standard deviation within a stratum, with the divisor N - 1.
    return 0.0 if count.is_census else sqrt(rate * (1 - rate) * count.n_spectra / max(count.n_spectra - 1, 1))


def _optimum(worth: Sequence[float], sizes: Sequence[int], variance: float) -> list[int]:
    open_ones = set(range(len(sizes)))
    while True:
        allowed = variance + sum(worth[number] ** 2 / sizes[number] for number in open_ones if sizes[number])
        total = sum(worth[number] for number in open_ones)
        wanted = {number: worth[number] * total / allowed for number in open_ones}
        whole = {number for number in open_ones if wanted[number] >= sizes[number]}
        if not whole:
            break
        open_ones -= whole
    return [min(size, max(FEWEST, ceil(wanted[number]))) if number in open_ones else size for number, size in enumerate(sizes)]


# -- undiscovered targets -------------------------------------------------------------------------------------------------------


def labels_for_undiscovered(misses: Sequence[StratumCount], number: int, alpha: float) -> tuple[StratumLabels, ...] | None:
    r"""
    Return how many labels each stratum is to have, so that at most a given number of targets may be undiscovered.

    Where no target is seen among n labels of N spectra, there are at most :math:`N \ln(1/\alpha) / n` of them: the rule of
    three, as :math:`\ln 20` is 3 [1]_. So every stratum needs as many labels as make that the given number, and the largest
    strata need nearly all. As the limit of several strata together is a little wider, the labels are raised until `total_upper`
    keeps the number.

    Taken for granted is that no target is seen among these labels; each one that is seen raises the limit by more than the one
    that it finds. Targets in strata that are asked about as a whole are found, too.

    Parameters
    ----------
    misses : sequence of StratumCount
        Targets among the spectra that are not predicted to be any, as of `count_hits_and_misses`.
    number : int
        How many may be undiscovered, at least 1.
    alpha : float
        Probability with which there may be more, between 0 and 1.

    Returns
    -------
    tuple of StratumLabels or None
        In the order of the counts; None if the last audit estimates that more than that are left beside those that it saw, so
        that no audit can tell the contrary.

    Raises
    ------
    ValueError
        If ``number`` is less than 1 or ``alpha`` does not lie between 0 and 1.

    References
    ----------
    .. [1] Hanley & Lippman-Hand 1983, J. Am. Med. Assoc. 249, 1743.
    """
    if number < 1 or not 0 < alpha < 1:
        msg = f"at least 1 target must be allowed, and alpha lie between 0 and 1, got {number!r} and {alpha!r}"
        raise ValueError(msg)
    drawn = [count for count in misses if not count.is_census]
    estimate = total_estimate(drawn)
    if estimate is not None and estimate - sum(count.n_events for count in drawn) > number:
        return None
    share = log(1 / alpha) / number
    for _ in range(STEPS):
        plans = [_labels(count, 0.0, min(count.n_spectra, max(FEWEST, ceil(share * count.n_spectra)))) for count in drawn]
        limit = total_upper([plan.expected() for plan in plans], alpha)
        if limit <= number:
            break
        share *= max(limit / number, 1.001)
    left = iter(plans)
    return tuple(_labels(count, 0.0, 0) if count.is_census else next(left) for count in misses)


def _require(half_width: float, level: float) -> None:
    if not 0 < half_width < 0.5 or not 0 < level < 1:
        msg = f"half-width and level must lie between 0 and 0.5, and between 0 and 1, got {half_width!r} and {level!r}"
        raise ValueError(msg)
