"""
Whether predicted probabilities mean what they say, and what they would be if the classes were as frequent as in the pool.

A network learns how frequent the classes are from its training set: balanced classes, labels that were asked for because they
teach, and spectra of another telescope all differ from the pool. The correction takes for granted that a class looks alike in
both, so that its frequency alone has changed (label shift). Labels that were chosen near the boundary break that; whether the
corrected probabilities hold, the reliability on an audit tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from spectrove.contracts import BoolArray, FloatArray
from spectrove.evaluate.intervals import clopper_pearson

BLOCK_ROWS = 65_536
"""Spectra that are worked on at a time, so that nothing of a pool's size is copied."""

NEGLIGIBLE = 0.005
"""
Gain in the log likelihood of all spectra, nats, that is not worth a further step: a tenth of a standard error, (1/10)² / 2;
chosen.
"""

MOST_STEPS = 1000
"""Steps of the search for a prior; chosen."""

TOLERANCE = 1e-6
"""How far the sum of a prior may miss 1."""

EDGES = tuple(number / 10 for number in range(11))
"""Bins of a reliability, if no others are given: ten of equal width, as in Naeini et al. 2015."""


# -- priors ---------------------------------------------------------------------------------------------------------------------


def training_prior(n_by_class: Sequence[int], *, balanced: bool) -> FloatArray:
    """
    Return how frequent a network takes the classes to be that was trained on so many examples.

    SMOTE makes each class that is there as large as the largest. Without it the examples' own shares count.

    Parameters
    ----------
    n_by_class : sequence of int
        Examples of each class, before they were balanced.
    balanced : bool
        Whether they were.

    Returns
    -------
    array of float64, shape (n_classes,)
        Shares that sum to 1; 0 for a class without examples.

    Raises
    ------
    ValueError
        If there is no example, or a number is negative.

    References
    ----------
    .. [1] Chawla, Bowyer, Hall & Kegelmeyer 2002, J. Artif. Intell. Res. 16, 321.
    """
    counts = np.asarray(n_by_class, dtype=np.float64)
    if not counts.size or counts.min() < 0 or not counts.any():
        msg = f"a training set needs examples, and no negative number of them, got {tuple(n_by_class)}"
        raise ValueError(msg)
    shares = np.sign(counts) if balanced else counts
    prior: FloatArray = shares / shares.sum()
    return prior


def prior_corrected(probabilities: FloatArray, prior_before: FloatArray, prior_after: FloatArray) -> FloatArray:
    r"""
    Return what the probabilities would be if the classes were as frequent as in another population.

    Parameters
    ----------
    probabilities : array of float, shape (n_spectra, n_classes)
        Predicted class probabilities; each row sums to 1.
    prior_before : array of float, shape (n_classes,)
        Shares of the classes that the network learned, see `training_prior`.
    prior_after : array of float, shape (n_classes,)
        Their shares in the population.

    Returns
    -------
    array of float64, shape (n_spectra, n_classes)
        :math:`p'_k \propto p_k \, \mathrm{after}_k / \mathrm{before}_k` [1]_; each row sums to 1.

    Raises
    ------
    ValueError
        If a prior has another shape or does not sum to 1, a class that was never learned occurs, or a spectrum has no probability
        left.

    References
    ----------
    .. [1] Saerens, Latinne & Decaestecker 2002, Neural Comput. 14, 21, eq. 2.4.
    """
    values = np.asarray(probabilities, dtype=np.float64)
    ratio = _ratio(_prior(prior_before, values), _prior(prior_after, values))
    corrected: FloatArray = values * ratio / _sums(values, ratio)[:, None]
    return corrected


def estimated_prior(probabilities: FloatArray, prior_before: FloatArray, weights: FloatArray | None = None) -> FloatArray:
    r"""
    Return the shares of the classes in a population under which its predictions are most likely.

    The EM algorithm of [1]_: probabilities are corrected to a prior, their mean is the next one. No step loses likelihood, and
    the problem has one maximum. With a mean likelihood :math:`\ell`, the largest ratio of a share to the one before, :math:`r`,
    says how far it is: :math:`\ell^* - \ell \le \ln r \le r - 1` [2]_. The steps end when all spectra together have less to gain
    than `NEGLIGIBLE`, so that the prior is a tenth of its standard error from the best one, or after `MOST_STEPS` steps.

    Parameters
    ----------
    probabilities : array of float, shape (n_spectra, n_classes)
        Predicted class probabilities of the population, in memory or mapped from a file; read in blocks, once a step.
    prior_before : array of float, shape (n_classes,)
        Shares of the classes that the network learned; a class with 0 keeps it.
    weights : array of float, shape (n_spectra,), optional
        What each spectrum counts, such as one over its inclusion probability; 1 unless given.

    Returns
    -------
    array of float64, shape (n_classes,)
        Shares that sum to 1.

    Raises
    ------
    ValueError
        If there are no spectra, the shapes differ, a prior does not sum to 1, a weight is not positive, or a spectrum has
        probability for nothing but a class that was never learned.

    References
    ----------
    .. [1] Saerens, Latinne & Decaestecker 2002, Neural Comput. 14, 21, sect. 2: the EM algorithm.
    .. [2] Cover 1984, IEEE Trans. Inf. Theory 30, 369: the same algorithm, with this bound.
    """
    before = _prior(prior_before, probabilities)
    counted = np.ones(len(probabilities)) if weights is None else np.asarray(weights, dtype=np.float64)
    if counted.shape != (len(probabilities),) or not counted.size or not bool(np.all(counted > 0)):
        msg = f"every one of {len(probabilities)} spectra needs a positive weight, got weights of shape {counted.shape}"
        raise ValueError(msg)
    negligible = NEGLIGIBLE / effective_size(counted)
    is_open = before > 0
    prior = before
    for _ in range(MOST_STEPS):
        ratio = _ratio(before, prior)
        total = sum((weight / _sums(block, ratio)) @ block for block, weight in _blocks(probabilities, counted))
        step = ratio * total / counted.sum()
        gain = float(np.max(step[is_open] / prior[is_open])) - 1
        prior, is_open = step, step > 0
        if gain <= negligible:
            break
    shares: FloatArray = prior / prior.sum()
    return shares


def _blocks(probabilities: FloatArray, weights: FloatArray) -> Iterator[tuple[FloatArray, FloatArray]]:
    for begin in range(0, len(weights), BLOCK_ROWS):
        end = begin + BLOCK_ROWS
        yield np.asarray(probabilities[begin:end], dtype=np.float64), weights[begin:end]


def _prior(prior: FloatArray, probabilities: FloatArray) -> FloatArray:
    values = np.asarray(prior, dtype=np.float64)
    shape = np.shape(probabilities)
    if len(shape) != 2 or values.shape != shape[1:]:
        msg = "probabilities and prior must have the shapes (n_spectra, n_classes) and (n_classes,), got "
        msg += f"{shape} and {values.shape}"
        raise ValueError(msg)
    if not bool(np.all(values >= 0)) or abs(float(values.sum()) - 1) > TOLERANCE:
        msg = f"a prior must hold no negative share and sum to 1, got {values.tolist()}"
        raise ValueError(msg)
    return values


def _ratio(before: FloatArray, after: FloatArray) -> FloatArray:
    if bool(np.any((before == 0) & (after > 0))):
        msg = f"a class that was never learned cannot occur: the prior was {before.tolist()} and is to be {after.tolist()}"
        raise ValueError(msg)
    return np.divide(after, before, out=np.zeros_like(after), where=before > 0)


def _sums(probabilities: FloatArray, ratio: FloatArray) -> FloatArray:
    sums: FloatArray = probabilities @ ratio
    if not bool(np.all(sums > 0)):
        msg = "a spectrum has no probability for any class that occurs"
        raise ValueError(msg)
    return sums


# -- reliability ----------------------------------------------------------------------------------------------------------------


def effective_size(weights: FloatArray) -> float:
    r"""
    Return how many equally weighted trials a weighted sample is worth.

    Parameters
    ----------
    weights : array of float, shape (n_sampled,)
        What each counts, such as one over its inclusion probability.

    Returns
    -------
    float
        :math:`(\sum w)^2 / \sum w^2`, at most ``n_sampled``; 0 without a sample.

    References
    ----------
    .. [1] Kish 1965, Survey Sampling, sect. 11.7.
    """
    squares = float(np.sum(np.square(weights)))
    return float(np.sum(weights)) ** 2 / squares if squares else 0.0


@dataclass(frozen=True)
class ReliabilityBin:
    """
    How often something happens that was predicted with about the same probability.

    Attributes
    ----------
    low, high : float
        The bin's edges; ``high`` belongs to the next bin, in the last one to it.
    n_sampled : int
        Labels in it.
    n_events : int
        How many of them are what was predicted.
    n_effective : float
        How many equally weighted labels they are worth, see `effective_size`.
    n_spectra : float
        How many spectra of the population they stand for.
    mean_probability : float or None
        Mean prediction over these; None if the bin is empty.
    observed : float or None
        Share of them that is what was predicted, Hájek's estimate.
    lower, upper : float
        Limits of that share: Clopper and Pearson's, as if ``n_effective`` trials had given it. They are exact where all labels
        have one inclusion probability, else an approximation that errs on the wide side where weights and events are unrelated.
    """

    low: float
    high: float
    n_sampled: int
    n_events: int
    n_effective: float
    n_spectra: float
    mean_probability: float | None
    observed: float | None
    lower: float
    upper: float


@dataclass(frozen=True)
class Reliability:
    """
    Predicted probabilities beside what happened; every attribute is a plain number or a tuple of such.

    Attributes
    ----------
    bins : tuple of ReliabilityBin
        By rising probability.
    level : float
        Confidence level of each bin's limits by itself.
    """

    bins: tuple[ReliabilityBin, ...]
    level: float


def reliability(
    probability: FloatArray,
    is_event: BoolArray,
    inclusion_probabilities: FloatArray,
    edges: Sequence[float] = EDGES,
    level: float = 0.95,
) -> Reliability:
    """
    Return how often something happened, by the probability with which it was predicted, over the population of a sample.

    Parameters
    ----------
    probability : array of float, shape (n_sampled,)
        Predicted probability of the event.
    is_event : array of bool, shape (n_sampled,)
        True where it happened.
    inclusion_probabilities : array of float, shape (n_sampled,)
        Probability with which each was to be drawn, more than 0 and at most 1; 1 for what was asked about anyway.
    edges : sequence of float
        Edges of the bins, rising; they must hold all probabilities.
    level : float
        Confidence level of each bin's limits, between 0 and 1.

    Returns
    -------
    `Reliability`
        One bin between each two edges; an empty one has limits of 0 and 1.

    Raises
    ------
    ValueError
        If the shapes differ, a probability lies outside the edges, an inclusion probability is impossible, the edges do not rise,
        or ``level`` does not lie between 0 and 1.

    References
    ----------
    .. [1] DeGroot & Fienberg 1983, The Statistician 32, 12: the diagram.
    .. [2] Korn & Graubard 1998, Surv. Methodol. 24, 193: Clopper and Pearson's limits on an effective sample size.
    """
    predicted, chances = np.asarray(probability, dtype=np.float64), np.asarray(inclusion_probabilities, dtype=np.float64)
    happened = np.asarray(is_event, dtype=np.bool_)
    _require_sample(predicted, happened, chances, edges)
    if not 0 < level < 1:
        msg = f"the confidence level must lie between 0 and 1, got {level!r}"
        raise ValueError(msg)
    place = np.clip(np.searchsorted(edges, predicted, side="right") - 1, 0, len(edges) - 2)
    weights = 1 / chances
    bins = []
    for number, (low, high) in enumerate(pairwise(edges)):
        is_here = place == number
        bins.append(_bin((float(low), float(high)), predicted[is_here], happened[is_here], weights[is_here], level))
    return Reliability(tuple(bins), level)


def _bin(
    edges: tuple[float, float], predicted: FloatArray, happened: BoolArray, weights: FloatArray, level: float
) -> ReliabilityBin:
    size, n_spectra = effective_size(weights), float(weights.sum())
    observed = float(weights @ happened) / n_spectra if happened.size else None
    lower, upper = (0.0, 1.0) if observed is None else clopper_pearson(min(observed, 1.0) * size, size, level)
    return ReliabilityBin(
        *edges,
        n_sampled=happened.size,
        n_events=int(happened.sum()),
        n_effective=size,
        n_spectra=n_spectra,
        mean_probability=float(weights @ predicted) / n_spectra if happened.size else None,
        observed=observed,
        lower=lower,
        upper=upper,
    )


def _require_sample(predicted: FloatArray, happened: BoolArray, chances: FloatArray, edges: Sequence[float]) -> None:
    if predicted.ndim != 1 or not predicted.shape == happened.shape == chances.shape:
        msg = "probability, is_event and inclusion_probabilities must share one shape (n_sampled,), got "
        msg += f"{predicted.shape}, {happened.shape} and {chances.shape}"
        raise ValueError(msg)
    if len(edges) < 2 or any(low >= high for low, high in pairwise(edges)):
        msg = f"edges must rise, and be at least two, got {tuple(edges)}"
        raise ValueError(msg)
    if not bool(np.all((predicted >= edges[0]) & (predicted <= edges[-1]))):
        msg = f"every probability must lie within the edges, from {edges[0]:g} to {edges[-1]:g}"
        raise ValueError(msg)
    if not bool(np.all((chances > 0) & (chances <= 1))):
        msg = "every inclusion probability must be more than 0 and at most 1"
        raise ValueError(msg)


def expected_calibration_error(found: Reliability) -> float | None:
    r"""
    Return how far the predicted probabilities are from what happened, on average over the population.

    Parameters
    ----------
    found : Reliability
        By bin.

    Returns
    -------
    float or None
        :math:`\sum_b W_b |o_b - e_b| / \sum_b W_b` with the number of spectra :math:`W_b` that a bin stands for, its mean
        prediction :math:`e_b` and its observed share :math:`o_b` [1]_, [2]_; None without a label. A small sample makes it too
        large, as chance alone parts the two.

    References
    ----------
    .. [1] Naeini, Cooper & Hauskrecht 2015, Proc. AAAI 29, 2901.
    .. [2] Guo, Pleiss, Sun & Weinberger 2017, Proc. Mach. Learn. Res. 70, 1321, eq. 3.
    """
    known = [
        (one.n_spectra, abs(one.observed - one.mean_probability))
        for one in found.bins
        if one.observed is not None and one.mean_probability is not None
    ]
    n_spectra = sum(weight for weight, _ in known)
    return sum(weight * error for weight, error in known) / n_spectra if n_spectra else None
