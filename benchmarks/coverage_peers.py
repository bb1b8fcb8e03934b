"""Other limits on the same draws: the normal approximation, a uniform sample's, and those of the packages of others."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from math import sqrt

import numpy as np
from scipy.stats import norm

from spectrove.contracts import BoolArray, FloatArray
from spectrove.evaluate import StratumCount, total_estimate, total_variance

PEERS = {"ppi-python": "ppi_py", "confseq": "confseq.betting"}
"""Packages, and the module of each that is used."""

HALVINGS = 20
"""Of the interval in which a limit is looked for: to one in a million."""


def found_peers() -> dict[str, dict[str, str]]:
    """Return of each package its version, or why it cannot be imported."""
    vars(np).setdefault("float_", np.float64)  # confseq 0.0.11 is written for NumPy 1, and names it in annotations
    found = {}
    for name, module in PEERS.items():
        try:
            with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
                warnings.simplefilter("ignore")
                import_module(module)
        except (ImportError, AttributeError) as error:
            found[name] = {"absent": str(error)}
        else:
            found[name] = {"version": version(name)}
    return found


# -- The normal approximation ----------------------------------------------------------------------------------------------------


def wald_share(n_events: int, n: int, level: float) -> tuple[float, float]:
    """Return Wald's limits of a share."""
    share = n_events / n
    half = norm.ppf((1 + level) / 2) * sqrt(share * (1 - share) / n)
    return share - half, share + half


def wald_recall(hits: Sequence[StratumCount], misses: Sequence[StratumCount], level: float) -> tuple[float, float]:
    """Return limits of the recall as if its stratified estimate were normal, with its variance to first order."""
    hit, missed = total_estimate(hits) or 0.0, total_estimate(misses) or 0.0
    if not hit + missed:
        return 0.0, 1.0
    variance = (missed**2 * (total_variance(hits) or 0.0) + hit**2 * (total_variance(misses) or 0.0)) / (hit + missed) ** 4
    half = norm.ppf((1 + level) / 2) * sqrt(variance)
    return hit / (hit + missed) - half, hit / (hit + missed) + half


def wald_upper(counts: Sequence[StratumCount], alpha: float) -> float:
    """Return the upper limit of a total as if its stratified estimate were normal."""
    return (total_estimate(counts) or 0.0) + norm.ppf(1 - alpha) * sqrt(total_variance(counts) or 0.0)


# -- Packages of others ----------------------------------------------------------------------------------------------------------


def ppi_limits(values: BoolArray, predictions: FloatArray, all_predictions: FloatArray, alpha: float) -> tuple[float, float]:
    """Return prediction-powered limits of a mean, with the power tuning that is the package's default."""
    from ppi_py import ppi_mean_ci

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lower, upper = ppi_mean_ci(values.astype(np.float64), predictions, all_predictions, alpha=alpha)
    return float(np.squeeze(lower)), float(np.squeeze(upper))


def confseq_limits(values: BoolArray, n_population: int, alpha: float) -> tuple[float, float]:
    """Return a betting confidence sequence's limits after the last answer, all those before them included."""
    center = float(values.mean())
    return _refused(values, n_population, alpha, 0.5, (center, 0.0)), _refused(values, n_population, alpha, 0.5, (center, 1.0))


def confseq_upper(values: BoolArray, n_population: int, alpha: float) -> float:
    """Return the least mean against which the one-sided bet of a betting confidence sequence has won at some answer."""
    return _refused(values, n_population, alpha, 0.0, (float(values.mean()), 1.0))


def _refused(values: BoolArray, n_population: int, alpha: float, theta: float, between: tuple[float, float]) -> float:
    """Return the mean nearest to the first of two that is refused at some answer, on the way to the second."""
    from confseq.betting import betting_mart

    drawn = values.astype(np.float64)
    inside, outside = between
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        with np.errstate(over="ignore"):
            is_refused = betting_mart(drawn, middle, alpha=alpha, N=n_population, theta=theta).max() >= 1 / alpha
        inside, outside = (inside, middle) if is_refused else (middle, outside)
    return outside
