"""Every finder over the same spectra, in one table: precision, recall, best F1."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import numpy as np
from scipy.stats import rankdata

from spectrove.baselines.finder import Finder, chunks
from spectrove.baselines.finders import FINDERS
from spectrove.baselines.window import line_window
from spectrove.contracts import BoolArray, FloatArray
from spectrove.evaluate import clopper_pearson

Batch = tuple[FloatArray, FloatArray, FloatArray | None, BoolArray]
"""Wavelengths (n_wave,), flux (n_spectra, n_wave), inverse variance of the same shape or None, whether each is a target."""


@dataclass(frozen=True)
class BestF1:
    """
    How well a statistic tells targets from the rest at the threshold where F1 is largest.

    The threshold is chosen with the truth in hand, so this is the best that the statistic can do, not what a search would reach.

    Attributes
    ----------
    threshold : float
        Spectra with a statistic of at least this are predicted to be targets; inf if none is.
    n_true_positive, n_predicted, n_targets : int
        Predicted targets that are targets, all predicted targets, all targets.
    precision, recall : float or None
        ``n_true_positive / n_predicted`` and ``n_true_positive / n_targets``; None where the denominator is 0.
    f1 : float
        Harmonic mean of both; 0 without a true positive.
    precision_limits, recall_limits : tuple of float
        Two-sided Clopper-Pearson limits, (lower, upper), at the threshold as if it had been given.
    level : float
        Confidence level of the limits.
    auc : float or None
        Probability that a target's statistic is larger than another spectrum's, ties counted half; None without either.
    """

    threshold: float
    n_true_positive: int
    n_predicted: int
    n_targets: int
    precision: float | None
    recall: float | None
    f1: float
    precision_limits: tuple[float, float]
    recall_limits: tuple[float, float]
    level: float
    auc: float | None


@dataclass(frozen=True, eq=False)
class FinderReport:
    """
    What every finder made of the same spectra.

    Attributes
    ----------
    finders : dict of str to Finder
        The finders by name, in the table's order.
    is_target : array of bool, shape (n_spectra,)
        The truth, in the order of the batches.
    statistics : dict of str to array of float32, shape (n_spectra,)
        Each finder's statistic, in the same order.
    best : dict of str to BestF1
        Each finder at its best threshold.
    seconds : dict of str to float
        Processor time of each finder without the normalization, which all share.
    seconds_shared : float
        Processor time of that normalization.
    """

    finders: dict[str, Finder]
    is_target: BoolArray
    statistics: dict[str, FloatArray]
    best: dict[str, BestF1]
    seconds: dict[str, float]
    seconds_shared: float

    def rows(self) -> list[dict[str, object]]:
        """
        Return the table, one row a finder, of plain numbers and texts.

        Returns
        -------
        list of dict
            The attributes of `BestF1`, ``threshold`` being None if nothing is predicted, with ``finder``, ``title``,
            ``reference``, ``unit``, ``n_spectra``, ``n_unjudged`` and ``seconds``.
        """
        table = []
        for name, best in self.best.items():
            finder = self.finders[name]
            row: dict[str, object] = {"finder": name, "title": finder.title, "reference": finder.reference, "unit": finder.unit}
            n_unjudged = int(np.isneginf(self.statistics[name]).sum())
            counts = {"n_spectra": len(self.is_target), "n_unjudged": n_unjudged, "seconds": self.seconds[name]}
            threshold = best.threshold if np.isfinite(best.threshold) else None  # JSON knows no infinity
            table.append(row | asdict(best) | {"threshold": threshold} | counts)
        return table


def best_f1(statistic: FloatArray, is_target: BoolArray, level: float = 0.95) -> BestF1:
    """
    Return the threshold of largest F1, with precision and recall there.

    Of several such thresholds the highest is taken, which predicts the fewest. Spectra of -inf are never predicted.

    Parameters
    ----------
    statistic : array of shape (n_spectra,)
        Larger where a target is likelier.
    is_target : array of bool, shape (n_spectra,)
        The truth.
    level : float
        Confidence level of the limits.

    Returns
    -------
    BestF1
        Threshold, counts, precision, recall, F1, limits and AUC.

    Raises
    ------
    ValueError
        If the shapes differ, or a statistic is NaN.
    """
    values, truth = np.asarray(statistic), np.asarray(is_target, dtype=bool)
    if values.ndim != 1 or values.shape != truth.shape:
        msg = f"statistic and is_target must share one shape (n_spectra,), got {values.shape} and {truth.shape}"
        raise ValueError(msg)
    if np.isnan(values).any():
        n_wrong = int(np.isnan(values).sum())
        msg = f"a statistic must be a number, or -inf where a spectrum cannot be judged, got NaN in {n_wrong} rows"
        raise ValueError(msg)
    n_targets = int(truth.sum())
    order = np.argsort(-values, kind="stable")
    ordered = values[order]
    n_found = np.cumsum(truth[order])
    # A threshold cannot part spectra of one value, so only the last of them is a place to stop.
    ends = np.flatnonzero((np.append(ordered[1:] != ordered[:-1], True) if ordered.size else ordered > 0) & ~np.isneginf(ordered))
    f1 = 2 * n_found[ends] / (ends + 1 + n_targets)
    place = int(np.argmax(f1)) if f1.size and f1.max() > 0 else None
    n_true = 0 if place is None else int(n_found[ends[place]])
    n_predicted = 0 if place is None else int(ends[place]) + 1
    return BestF1(
        threshold=float("inf") if place is None else float(ordered[ends[place]]),
        n_true_positive=n_true,
        n_predicted=n_predicted,
        n_targets=n_targets,
        precision=n_true / n_predicted if n_predicted else None,
        recall=n_true / n_targets if n_targets else None,
        f1=0.0 if place is None else float(f1[place]),
        precision_limits=clopper_pearson(n_true, n_predicted, level),
        recall_limits=clopper_pearson(n_true, n_targets, level),
        level=level,
        auc=_auc(values, truth),
    )


def run_finders(batches: Iterable[Batch], finders: Mapping[str, Finder] | None = None, level: float = 0.95) -> FinderReport:
    """
    Return what every finder makes of the same spectra.

    The spectra are taken batch by batch and forgotten; kept are one number of 4 bytes for each spectrum and finder.

    Parameters
    ----------
    batches : iterable of (wave, flux, ivar or None, is_target)
        The spectra, as of a `Finder`, and the truth.
    finders : mapping of str to Finder, optional
        The finders by name; all of `FINDERS` without it.
    level : float
        Confidence level of the limits.

    Returns
    -------
    FinderReport
        Statistics, best thresholds and times.

    Raises
    ------
    SpectrumError
        As `line_window`.
    ValueError
        If a batch has not one truth for each spectrum.
    """
    chosen = dict(FINDERS if finders is None else finders)
    parts: dict[str, list[FloatArray]] = {name: [] for name in chosen}
    truths: list[BoolArray] = []
    seconds = dict.fromkeys(chosen, 0.0)
    seconds_shared = 0.0
    for wave, flux, ivar, is_target in batches:
        if len(is_target) != len(flux):
            msg = f"run finders: every spectrum needs its truth, got {len(flux)} spectra and {len(is_target)} truths"
            raise ValueError(msg)
        truths.append(np.asarray(is_target, dtype=bool))
        for rows in chunks(len(flux)):
            start = time.process_time()
            window = line_window(wave, flux[rows], None if ivar is None else ivar[rows])
            seconds_shared += time.process_time() - start
            for name, finder in chosen.items():
                start = time.process_time()
                parts[name].append(finder.score(window))
                seconds[name] += time.process_time() - start
    nothing = np.zeros(0, dtype=np.float32)
    is_target = np.concatenate(truths) if truths else np.zeros(0, dtype=bool)
    statistics = {name: np.concatenate([nothing, *part]) for name, part in parts.items()}
    best = {name: best_f1(statistic, is_target, level) for name, statistic in statistics.items()}
    return FinderReport(chosen, is_target, statistics, best, seconds, seconds_shared)


def _auc(values: FloatArray, truth: BoolArray) -> float | None:
    """Return the area under the ROC curve by the sum of the targets' ranks."""
    n_targets = int(truth.sum())
    n_others = truth.size - n_targets
    if not n_targets or not n_others:
        return None
    ranks = rankdata(values)[truth].sum()
    return float((ranks - n_targets * (n_targets + 1) / 2) / (n_targets * n_others))
