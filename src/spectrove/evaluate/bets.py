"""Bets against a large number of events: what a stratified sample says, however the events may be spread over the strata."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import expm1, inf, log

import numpy as np

from spectrove.contracts import FloatArray

BEFORE = 0.5
"""Events in the coarsest stratum that are reckoned with before any is seen, when a bet's size is set; chosen: half of one."""

WORTH = 1.5
"""How much more a bet for falling shares must win from an answer than the other, if it is to be taken; chosen."""

SIZES = 2.0 ** np.arange(-4, 3.1, 0.5)
"""Sizes of a bet, in units of the one that is set before, that a limit from a single look chooses from; chosen."""

LARGEST_SIZE = 30.0
"""Size of a bet at most: it leaves 1e-13 of the capital, which double precision still tells from nothing."""

STEPS = 100
"""Halvings in the search for a root: far below the resolution of double precision."""


@dataclass(frozen=True, eq=False)
class Bet:
    r"""
    A bet that loses with each event that a stratified sample sees.

    After :math:`k_h` events in stratum h the capital is :math:`\exp(-\sum_h b_h k_h) / \mu(T)`, where :math:`\mu(T)` is the
    largest mean of the numerator if there are T events: the largest over all ways to spread them over the strata. So on average
    the bet gains nothing if there are T or more. A number against which the capital has grown :math:`1/\alpha`-fold is
    refused with a risk of :math:`\alpha` [1]_, and the gains of looks that follow each other multiply (Ville's inequality),
    whatever was chosen in the light of the looks before [2]_.

    Of n answers in a stratum of N with a share p of events, the mean is at most :math:`(1 - p c)^n`, where
    :math:`c = 1 - e^{-b}`, as sampling without replacement only makes it smaller [3]_. The sum of :math:`n \log(1 - p c)` is
    concave in the shares; under :math:`\sum N p = T` it is largest where :math:`(n c / N) / (1 - p c)` is the same in all strata
    whose share lies between 0 and 1.

    Attributes
    ----------
    n_spectra : array of float, shape (n_strata,)
        Size of each stratum, not 0; by falling score if ``monotone``.
    n_answered : array of float, shape (n_strata,)
        Answers from it.
    n_events : array of float, shape (n_strata,)
        Events among those.
    losses : array of float, shape (n_strata,)
        What one event takes from the logarithm of the capital, :math:`b_h`; more than 0, and set without knowing the events.
    monotone : bool
        Whether the share of events is taken not to rise from a stratum to the next.

    References
    ----------
    .. [1] Chernoff 1952, Ann. Math. Stat. 23, 493.
    .. [2] Waudby-Smith & Ramdas 2024, J. R. Stat. Soc. B 86, 1, sect. 3.
    .. [3] Hoeffding 1963, J. Am. Stat. Assoc. 58, 13, theorem 4.
    """

    n_spectra: FloatArray
    n_answered: FloatArray
    n_events: FloatArray
    losses: FloatArray
    monotone: bool = False

    @property
    def loss(self) -> float:
        """
        Return how much of the logarithm of the capital the events seen have taken.

        Returns
        -------
        float
            Not negative.
        """
        return float(self.losses @ self.n_events)

    def log_gain(self, total: float) -> float:
        """
        Return the logarithm of what the bet against a number of events has gained at least.

        Parameters
        ----------
        total : float
            Number of events in the strata.

        Returns
        -------
        float
            It rises with the number.
        """
        mean = self._largest_log_mean(total)
        if self.monotone:
            mean = min(mean, -max(total, 0.0) * self._rate)
        return -self.loss - mean

    def smallest_refused(self, needed: float) -> float:
        """
        Return the smallest number of events against which the bet has gained enough.

        Parameters
        ----------
        needed : float
            Logarithm of the gain that refuses a number, more than 0.

        Returns
        -------
        float
            Number of events in the strata; infinite if none is refused.
        """
        budget = needed + self.loss
        means = self._log_means(self._corners)
        refused = inf
        if means.size and -budget > means[0]:
            level = np.exp(np.interp([-budget], means, np.log(self._corners)))
            refused = self._n_silent + float(self._held(level)[0])
        if self.monotone and self._rate > 0:
            refused = min(refused, budget / self._rate)
        return refused

    # The common value of (N / (n c)) (1 - p c) is called the level. A share is 1 up to the level top (1 - c), and 0 from
    # its top N / (n c) on; between them it falls linearly. So what all strata hold is linear between these corners.

    @cached_property
    def _asked(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        is_asked = self.n_answered > 0
        size, n, b = self.n_spectra[is_asked], self.n_answered[is_asked], self.losses[is_asked]
        return size, n, np.exp(-b), -np.expm1(-b)

    @cached_property
    def _n_silent(self) -> float:
        # Where nobody looked, any number may be.
        return float(self.n_spectra[self.n_answered == 0].sum())

    @cached_property
    def _corners(self) -> FloatArray:
        size, n, left, c = self._asked
        top = size / (n * c)
        corners: FloatArray = np.sort(np.concatenate([top * left, top]))
        return corners

    @cached_property
    def _held_at_corners(self) -> FloatArray:
        return self._held(self._corners)

    def _factors(self, levels: FloatArray) -> FloatArray:
        size, n, left, c = self._asked
        factors: FloatArray = np.minimum(np.maximum(levels[:, np.newaxis] * (n * c / size), left), 1.0)  # 1 - p c
        return factors

    def _held(self, levels: FloatArray) -> FloatArray:
        size, _, _, c = self._asked
        held: FloatArray = (1 - self._factors(levels)) @ (size / c)
        return held

    def _log_means(self, levels: FloatArray) -> FloatArray:
        means: FloatArray = np.log(self._factors(levels)) @ self._asked[1]
        return means

    def _largest_log_mean(self, total: float) -> float:
        rest = total - self._n_silent
        if rest <= 0 or not self._corners.size:
            return 0.0
        level = np.interp([rest], self._held_at_corners[::-1], self._corners[::-1])
        return float(self._log_means(level)[0])

    @cached_property
    def _rate(self) -> float:
        # log(1 - p c) <= -p c, and of all falling shares equal ones down to some stratum make the sum of n p c smallest.
        return rate_if_falling(self.n_spectra, self.n_answered, -np.expm1(-self.losses))


def rate_if_falling(n_spectra: FloatArray, n_answered: FloatArray, stakes: FloatArray) -> float:
    """
    Return what a bet wins at least from each event there is, if the share of events falls from stratum to stratum.

    Parameters
    ----------
    n_spectra : array of float, shape (n_strata,)
        Size of each stratum, not 0.
    n_answered : array of float, shape (n_strata,)
        Answers from it.
    stakes : array of float, shape (n_strata,)
        Part of the capital that is lost with each event.

    Returns
    -------
    float
        Per event: the smallest, over the strata, of the stakes of all answers down to it over the spectra down to it.
    """
    return float(np.min(np.cumsum(n_answered * stakes) / np.cumsum(n_spectra), initial=inf))


def relative_stakes(n_spectra: FloatArray, n_answered: FloatArray) -> FloatArray:
    """
    Return how much to stake in each stratum, relative to the largest stake.

    In proportion to the spectra that an answer stands for, a bet wins as much from each event wherever it is, and loses no more
    than necessary by those it meets in fine strata.

    Parameters
    ----------
    n_spectra : array of float, shape (n_strata,)
        Size of each stratum, not 0.
    n_answered : array of float, shape (n_strata,)
        Answers from it; at least one of them more than 0.

    Returns
    -------
    array of float64, shape (n_strata,)
        Between 0 and 1. They depend on nothing but the design.
    """
    weights = n_spectra / np.maximum(n_answered, 1)
    stakes: FloatArray = np.minimum(weights / weights[n_answered > 0].max(), 1.0)
    return stakes


def capped_stakes(n_spectra: FloatArray, n_answered: FloatArray) -> FloatArray | None:
    """
    Return how much to stake in each stratum if the share of events falls from one to the next, where that differs.

    Then answers from fine strata tell of coarse ones too. So no answer counts as more than the average one, if that wins `WORTH`
    times as much: where a stratum is coarse because few of a large sample were drawn from it.

    Parameters
    ----------
    n_spectra : array of float, shape (n_strata,)
        Size of each stratum, not 0; by falling score.
    n_answered : array of float, shape (n_strata,)
        Answers from it; at least one of them more than 0.

    Returns
    -------
    array of float64, shape (n_strata,), or None
        Between 0 and 1, depending on nothing but the design; None where `relative_stakes` are as good.
    """
    capped: FloatArray = np.minimum(n_spectra / np.maximum(n_answered, 1) * n_answered.sum() / n_spectra.sum(), 1.0)
    usual = rate_if_falling(n_spectra, n_answered, relative_stakes(n_spectra, n_answered))
    return capped if rate_if_falling(n_spectra, n_answered, capped) >= WORTH * usual > 0 else None


def size_of_bet(alpha: float, n_seen: float = 0.0) -> float:
    r"""
    Return how much a bet should lose by an event in the coarsest stratum.

    Parameters
    ----------
    alpha : float
        Risk of the limit that is wanted.
    n_seen : float
        Events that looks before have seen, in units of the coarsest stratum.

    Returns
    -------
    float
        The u that makes :math:`(-\log\alpha + u k) / (1 - e^{-u})` smallest, the limit if k events are seen; it solves
        :math:`e^u - 1 - u = -\log\alpha / k`. To what was seen `BEFORE` is added.
    """
    wanted = -log(alpha) / (n_seen + BEFORE)
    low, high = 0.0, LARGEST_SIZE
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if expm1(middle) - middle >= wanted else (middle, high)
    return high


def upper_of_one_look(
    n_spectra: FloatArray, n_answered: FloatArray, n_events: FloatArray, alpha: float, *, monotone: bool = False
) -> float:
    r"""
    Return an upper limit of the number of events in strata, from one sample alone.

    For every size of the bet its mean bounds the probability to lose no more than was lost, and the bound holds for the best size
    too, though that is known afterwards only (Chernoff's bound). Where there are two kinds of stakes, `relative_stakes` and
    `capped_stakes`, each takes half of the risk.

    Parameters
    ----------
    n_spectra : array of float, shape (n_strata,)
        Size of each stratum, not 0; by falling score if ``monotone``.
    n_answered : array of float, shape (n_strata,)
        Answers from it; at least one of them more than 0.
    n_events : array of float, shape (n_strata,)
        Events among those.
    alpha : float
        Probability with which the limit may lie below the truth.
    monotone : bool
        Take for granted that the share of events does not rise from a stratum to the next.

    Returns
    -------
    float
        Number of events; infinite if none is refused.

    References
    ----------
    .. [1] Chernoff 1952, Ann. Math. Stat. 23, 493.
    """
    stakes = [relative_stakes(n_spectra, n_answered)]
    if monotone and (capped := capped_stakes(n_spectra, n_answered)) is not None:
        stakes.append(capped)
    risk = alpha / len(stakes)
    usual = size_of_bet(risk)
    sizes = np.minimum(SIZES, LARGEST_SIZE / usual)
    losses = [size * losses_of(some, usual) for some in stakes for size in sizes]
    return min(Bet(n_spectra, n_answered, n_events, each, monotone).smallest_refused(-log(risk)) for each in losses)


def losses_of(stakes: FloatArray, size: float) -> FloatArray:
    r"""
    Return what an event in each stratum takes from the logarithm of a bet's capital.

    Parameters
    ----------
    stakes : array of float, shape (n_strata,)
        As of `relative_stakes`.
    size : float
        What it takes in the coarsest.

    Returns
    -------
    array of float64, shape (n_strata,)
        :math:`-\log(1 - c r)` with :math:`c = 1 - e^{-u}`, where r is the relative stake and u the size.
    """
    losses: FloatArray = -np.log1p(stakes * expm1(-size))
    return losses
