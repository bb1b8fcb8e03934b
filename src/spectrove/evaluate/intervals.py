"""Limits of a proportion from one simple random sample: exact for a sample of a size set before, and for one looked at again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import betainccinv, betaincinv

from spectrove.contracts import BoolArray, FloatArray

GRID = 2001
"""Proportions that a confidence sequence is tried on, from 0 to 1."""

STEP = 1 / (GRID - 1)
"""What lies between two of them: 0.0005. The limits are rounded outwards by it."""

LARGEST_BET = 0.5
"""Share of the capital that is staked at most, so that no single answer can ruin a bet; as in [1]_ of `betting_limits`."""


def clopper_pearson(n_correct: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """
    Return the two-sided Clopper-Pearson limits of a proportion.

    The limits hold the true proportion with at least the given probability, whatever it is and however small the sample. For a
    draw without replacement from a finite population they are wider than necessary, as the tails of the number of successes are
    lighter then [2]_, but for a hair: of a population with a single success (or failure) each limit may fail with a probability
    of -log(1 - a) instead of a, which is 0.0253 instead of 0.025.

    Parameters
    ----------
    n_correct : float
        Number of successes; of a sample's effective size it need not be whole.
    n : float
        Number of trials, likewise.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    tuple of float
        Lower and upper limit; 0 and 1 if there were no trials.

    Raises
    ------
    ValueError
        If ``n_correct`` does not lie between 0 and ``n``, or ``level`` not between 0 and 1.

    References
    ----------
    .. [1] Clopper & Pearson 1934, Biometrika 26, 404.
    .. [2] Uhlmann 1966, Metrika 10, 145.
    """
    if not 0 < level < 1:
        msg = f"the confidence level must lie between 0 and 1, got {level!r}"
        raise ValueError(msg)
    tail = (1 - level) / 2
    return lower_limit(n_correct, n, tail), upper_limit(n_correct, n, tail)


def lower_limit(n_correct: float, n: float, alpha: float) -> float:
    """
    Return the one-sided lower Clopper-Pearson limit of a proportion.

    Parameters
    ----------
    n_correct : float
        Number of successes; of a sample's effective size it need not be whole.
    n : float
        Number of trials, likewise.
    alpha : float
        Probability with which the limit may lie above the truth, between 0 and 1.

    Returns
    -------
    float
        The limit; 0 if there was no success.

    Raises
    ------
    ValueError
        If ``n_correct`` does not lie between 0 and ``n``.

    References
    ----------
    .. [1] Clopper & Pearson 1934, Biometrika 26, 404.
    """
    _require_counts(n_correct, n)
    return 0.0 if n_correct == 0 else float(betaincinv(n_correct, n - n_correct + 1, alpha))


def upper_limit(n_correct: float, n: float, alpha: float) -> float:
    """
    Return the one-sided upper Clopper-Pearson limit of a proportion: what `lower_limit` of the failures leaves.

    Parameters
    ----------
    n_correct : float
        Number of successes; of a sample's effective size it need not be whole.
    n : float
        Number of trials, likewise.
    alpha : float
        Probability with which the limit may lie below the truth, between 0 and 1.

    Returns
    -------
    float
        The limit; 1 if there was no failure.

    Raises
    ------
    ValueError
        If ``n_correct`` does not lie between 0 and ``n``.

    References
    ----------
    .. [1] Clopper & Pearson 1934, Biometrika 26, 404.
    """
    _require_counts(n_correct, n)
    return 1.0 if n_correct == n else float(betainccinv(n_correct + 1, n - n_correct, alpha))


def betting_limits(values: Sequence[bool] | BoolArray, level: float = 0.95, n_population: int | None = None) -> FloatArray:
    r"""
    Return limits of a proportion after each answer, all of which hold together.

    With the given probability not one of the limits, at whatever answer somebody looks, leaves out the truth; so one may look
    after every answer and stop when satisfied. Against each proportion in question two gamblers bet with half the money each, one
    that the next answer is larger and one that it is smaller. If the proportion is the true one, no strategy makes money on
    average, so a proportion against which one of them has made :math:`1/\alpha` of all the money is refused (Ville's inequality).
    How much is staked follows from the answers before. Drawn without replacement, the expected next answer is that of what is
    left.

    Parameters
    ----------
    values : sequence of bool
        Answers in the order in which they were drawn; the order has to be random.
    level : float
        Confidence level, between 0 and 1.
    n_population : int, optional
        Size of the population that was drawn from without replacement; unless given, each answer is an independent trial.

    Returns
    -------
    array of float64, shape (n_values, 2)
        Lower and upper limit after each answer. They only close in, and never beyond what the answers prove of a population.

    Raises
    ------
    ValueError
        If ``level`` does not lie between 0 and 1, or the population is smaller than the sample.

    References
    ----------
    .. [1] Waudby-Smith & Ramdas 2024, J. R. Stat. Soc. B 86, 1, theorem 3 (hedged capital, with the larger one of both), eq. 26
       (predictable bets) and theorem 4 (without replacement).
    """
    drawn = np.asarray(values, dtype=np.float64)
    if not 0 < level < 1:
        msg = f"the confidence level must lie between 0 and 1, got {level!r}"
        raise ValueError(msg)
    if n_population is not None and n_population < drawn.size:
        msg = f"a sample drawn without replacement cannot be larger ({drawn.size}) than its population ({n_population})"
        raise ValueError(msg)
    alpha = 1 - level
    proportions = np.linspace(0, 1, GRID)
    is_left = np.ones(GRID, dtype=np.bool_)
    up, down = np.zeros(GRID), np.zeros(GRID)  # logarithms of the two capitals
    limits = np.empty((drawn.size, 2))
    lower, upper, n_correct = 0.0, 1.0, 0.0
    for number, (value, stake) in enumerate(zip(drawn, _stakes(drawn, alpha), strict=True)):
        expected = proportions
        if n_population is not None:
            expected = np.clip((n_population * proportions - n_correct) / (n_population - number), 0, 1)
        with np.errstate(divide="ignore"):
            up += np.log1p(np.minimum(stake, LARGEST_BET / expected) * (value - expected))
            down += np.log1p(-np.minimum(stake, LARGEST_BET / (1 - expected)) * (value - expected))
        n_correct += value
        is_left &= np.maximum(up, down) - np.log(2) < -np.log(alpha)
        if is_left.any():
            left = proportions[is_left]
            lower, upper = max(lower, left[0] - STEP), min(upper, left[-1] + STEP)
        if n_population is not None:
            n_wrong = number + 1 - n_correct
            lower, upper = max(lower, n_correct / n_population), min(upper, (n_population - n_wrong) / n_population)
        limits[number] = lower, upper
    return limits


def _stakes(values: FloatArray, alpha: float) -> FloatArray:
    # Eq. 26 of the reference: from the mean and variance of the answers before, shrunk towards 1/2 and 1/4.
    count = np.arange(1, values.size + 1)
    means = (0.5 + np.cumsum(values)) / (count + 1)
    variances = (0.25 + np.cumsum((values - means) ** 2)) / (count + 1)
    before = np.concatenate([[0.25], variances[:-1]]) if values.size else variances
    stakes: FloatArray = np.sqrt(2 * np.log(2 / alpha) / (before * count * np.log(count + 1)))
    return stakes


def _require_counts(n_correct: float, n: float) -> None:
    if not 0 <= n_correct <= n:
        msg = f"the number of correct ones must lie between 0 and the number of trials {n}, got {n_correct}"
        raise ValueError(msg)
