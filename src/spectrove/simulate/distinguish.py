"""
Whether a classifier can tell real spectra from simulated ones, how well, and by which wavelengths.

The area under the receiver operating characteristic (AUC) is the probability that it ranks a random real spectrum above a random
simulated one: 0.5 if nothing gives the simulation away, 1 if everything does. Both sides have to be alike in what is not in
question (type and S/N), and spectra that were observed together must not be learned from and judged on (`out_of_fold`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from spectrove.contracts import BoolArray, FloatArray, IntArray
from spectrove.simulate.realism import StrArray

Learner = Callable[[FloatArray, BoolArray, np.random.Generator], Callable[[FloatArray], FloatArray]]
"""
Trains a classifier: called with features (n_spectra, n_wave), whether each is real, and a generator; returns what ranks other
features, larger where they look more real.
"""

FARTHEST = 0.5
"""Largest difference of ln S/N between partners: factors of 1.6; chosen."""

N_FOLDS = 5
"""Parts of the groups, each of which is judged by what was learned from the others."""

N_BOOTSTRAPS = 500
"""Resampled sets of groups from which an interval is taken."""

BLOCK = 7
"""Features shuffled together: 11 Å, four times the instrument's FWHM of 3.6 Å, so that neighbors cannot stand in; chosen."""


@dataclass(frozen=True, eq=False)
class Contest:
    """
    Real and simulated spectra, mixed.

    Attributes
    ----------
    features : array of shape (n_spectra, n_wave)
        What the classifier sees of each: scaled fluxes.
    is_real : array of bool, shape (n_spectra,)
        The truth.
    group : array of int, shape (n_spectra,)
        What belongs together.
    """

    features: FloatArray
    is_real: BoolArray
    group: IntArray


def matched(
    real: tuple[StrArray, FloatArray], simulated: tuple[StrArray, FloatArray], generator: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """
    Return pairs of one real and one simulated spectrum of the same type and nearly the same S/N.

    Parameters
    ----------
    real, simulated : pair of arrays of shape (n_spectra,)
        Type, as a word, and signal-to-noise ratio, positive, of each side's spectra.
    generator : numpy.random.Generator
        Orders the real spectra, which choose one after another the nearest partner that is left.

    Returns
    -------
    real : array of int, shape (n_pairs,)
        Rows of real spectra, each at most once. One without partner within `FARTHEST` of its ln S/N is left out.
    simulated : array of int, shape (n_pairs,)
        Rows of their partners, each at most once.
    """
    pairs: list[tuple[int, int]] = []
    for kind in np.unique(real[0]):
        theirs, ours = np.flatnonzero(real[0] == kind), np.flatnonzero(simulated[0] == kind)
        free = np.log(simulated[1][ours].astype(np.float64))
        for row in generator.permutation(theirs):
            if ours.size == 0:
                break
            off = np.abs(free - np.log(real[1][row]))
            nearest = int(off.argmin())
            if off[nearest] <= FARTHEST:
                pairs.append((int(row), int(ours[nearest])))
                free[nearest] = np.inf
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def area(is_real: BoolArray, scores: FloatArray) -> float:
    """
    Return the area under the receiver operating characteristic.

    Parameters
    ----------
    is_real : array of bool, shape (n_spectra,)
        The truth.
    scores : array of shape (n_spectra,)
        Larger where a spectrum looks real.

    Returns
    -------
    float
        Probability that a real one scores above a simulated one, ties counted half; NaN if a side is empty.

    References
    ----------
    .. [1] Hanley & McNeil 1982, Radiology 143, 29: the area is Mann and Whitney's statistic.
    """
    n_real = int(np.count_nonzero(is_real))
    n_simulated = int(is_real.size) - n_real
    if n_real == 0 or n_simulated == 0:
        return float("nan")
    above = float(rankdata(scores)[is_real].sum()) - n_real * (n_real + 1) / 2
    return above / (n_real * n_simulated)


def area_interval(
    is_real: BoolArray, scores: FloatArray, group: IntArray, generator: np.random.Generator, level: float = 0.95
) -> tuple[float, float]:
    """
    Return the limits of the area, from resampling whole groups.

    Spectra of one spectrograph and night share its faults, so they are no independent draws; groups are. What another
    training would have learned is not in the interval.

    Parameters
    ----------
    is_real, scores : arrays of shape (n_spectra,)
        As for `area`.
    group : array of int, shape (n_spectra,)
        What belongs together.
    generator : numpy.random.Generator
        Draws the groups, with replacement.
    level : float
        Confidence level of the interval.

    Returns
    -------
    lower : float
        Percentile of the area over `N_BOOTSTRAPS` resampled sets; NaN if no set has both sides.
    upper : float
        The other percentile.

    References
    ----------
    .. [1] Field & Welsh 2007, J. R. Stat. Soc. B 69, 369 (the cluster bootstrap).
    """
    names, inverse = np.unique(group, return_inverse=True)
    members = np.split(np.argsort(inverse, kind="stable"), np.cumsum(np.bincount(inverse))[:-1])
    areas = []
    for _ in range(N_BOOTSTRAPS):
        drawn = np.concatenate([members[place] for place in generator.integers(names.size, size=names.size)])
        areas.append(area(is_real[drawn], scores[drawn]))
    known = np.array(areas)[np.isfinite(areas)]
    if known.size == 0:
        return float("nan"), float("nan")
    lower, upper = np.quantile(known, [0.5 - level / 2, 0.5 + level / 2])
    return float(lower), float(upper)


def folds(group: IntArray, generator: np.random.Generator) -> IntArray:
    """
    Return the part that each spectrum is judged in; a group is never torn apart.

    Parameters
    ----------
    group : array of int, shape (n_spectra,)
        What belongs together.
    generator : numpy.random.Generator
        Orders groups of the same size.

    Returns
    -------
    array of int, shape (n_spectra,)
        0 to `N_FOLDS` - 1; the largest groups are dealt first, each to the part that has fewest spectra.
    """
    names, inverse, counts = np.unique(group, return_inverse=True, return_counts=True)
    order = generator.permutation(names.size)
    order = order[np.argsort(-counts[order], kind="stable")]
    held = np.zeros(N_FOLDS, dtype=np.int64)
    part = np.empty(names.size, dtype=np.int64)
    for name in order:
        part[name] = int(held.argmin())
        held[part[name]] += counts[name]
    return np.asarray(part[inverse])


def out_of_fold(
    contest: Contest, learner: Learner, generator: np.random.Generator, n_shuffles: int = 0
) -> tuple[FloatArray, FloatArray]:
    """
    Return how real each spectrum looks to a classifier that was trained on other groups, and by which wavelengths.

    Real and simulated groups are dealt to the parts separately, so that every part has both.

    Parameters
    ----------
    contest : Contest
        The spectra.
    learner : callable
        Trains the classifier.
    generator : numpy.random.Generator
        Deals the groups, and seeds what the learner does.
    n_shuffles : int
        How often each block of `BLOCK` features is shuffled among the spectra of a part, to see what it is worth; 0: never.

    Returns
    -------
    scores : array of shape (n_spectra,)
        Larger where the spectrum looks real. Comparable between parts as far as the learner's scores are probabilities.
    importance : array of shape (n_wave,)
        Mean loss of the area within a part when the block around the feature is shuffled (Breiman 2001, Machine Learning 45,
        5, sect. 10); zeros if nothing is shuffled.
    """
    part = np.empty(contest.is_real.size, dtype=np.int64)
    for side in (contest.is_real, ~contest.is_real):
        part[side] = folds(contest.group[side], generator)
    scores = np.full(contest.is_real.size, np.nan)
    losses = np.zeros(contest.features.shape[1])
    for number in range(N_FOLDS):
        judged = part == number
        rank = learner(contest.features[~judged], contest.is_real[~judged], generator)
        scores[judged] = rank(contest.features[judged])
        losses += _losses(contest, judged, rank, generator, n_shuffles) / N_FOLDS
    return scores, losses


def _losses(
    contest: Contest,
    judged: BoolArray,
    rank: Callable[[FloatArray], FloatArray],
    generator: np.random.Generator,
    n_shuffles: int,
) -> FloatArray:
    """Return what each block of features is worth in one part."""
    features, is_real = contest.features[judged], contest.is_real[judged]
    losses = np.zeros(features.shape[1])
    if n_shuffles == 0:
        return losses
    whole = area(is_real, rank(features))
    for start in range(0, features.shape[1], BLOCK):
        block = slice(start, start + BLOCK)
        for _ in range(n_shuffles):
            shuffled = features.copy()
            shuffled[:, block] = features[generator.permutation(features.shape[0]), block]
            losses[block] += (whole - area(is_real, rank(shuffled))) / n_shuffles
    return losses


def areas_by_wave(contest: Contest) -> FloatArray:
    """
    Return how well each feature alone tells the sides apart.

    Parameters
    ----------
    contest : Contest
        The spectra.

    Returns
    -------
    array of shape (n_wave,)
        Area for each feature; above 0.5 where real spectra are brighter relative to their scale, below where simulated are.
    """
    return np.array([area(contest.is_real, column) for column in contest.features.T])


def learners() -> Mapping[str, Learner]:
    """
    Return classifiers that are of different kinds, so that what one misses another finds.

    Returns
    -------
    dict of callable
        ``gradient-boosting`` and ``random-forest`` see the features and the steps between neighbors, ``logistic`` their 60
        leading principal components.
    """
    return {"gradient-boosting": _gradient_boosting, "random-forest": _random_forest, "logistic": _logistic}


def _with_steps(features: FloatArray) -> FloatArray:
    return np.concatenate([features, np.diff(features, axis=1)], axis=1)


def _gradient_boosting(
    features: FloatArray, is_real: BoolArray, generator: np.random.Generator
) -> Callable[[FloatArray], FloatArray]:
    # Here, not above: scikit-learn takes as long to import as PyTorch, and simulating needs none of it.
    from sklearn.ensemble import HistGradientBoostingClassifier

    seed = int(generator.integers(2**31))
    model = HistGradientBoostingClassifier(max_iter=150, learning_rate=0.1, random_state=seed)
    model.fit(_with_steps(features), is_real)
    return lambda asked: np.asarray(model.predict_proba(_with_steps(asked))[:, 1])


def _random_forest(
    features: FloatArray, is_real: BoolArray, generator: np.random.Generator
) -> Callable[[FloatArray], FloatArray]:
    from sklearn.ensemble import RandomForestClassifier

    seed = int(generator.integers(2**31))
    model = RandomForestClassifier(100, min_samples_leaf=3, max_features=0.15, random_state=seed)
    model.fit(_with_steps(features), is_real)
    return lambda asked: np.asarray(model.predict_proba(_with_steps(asked))[:, 1])


def _logistic(features: FloatArray, is_real: BoolArray, generator: np.random.Generator) -> Callable[[FloatArray], FloatArray]:
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    components = PCA(min(60, *features.shape), random_state=int(generator.integers(2**31)))
    model = make_pipeline(StandardScaler(), components, LogisticRegression(C=0.1, max_iter=2000))
    model.fit(features, is_real)
    return lambda asked: np.asarray(model.predict_proba(asked)[:, 1])
