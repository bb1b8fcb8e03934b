"""Velocities of several lines of one spectrum, combined."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spectrove.contracts import FloatArray
from spectrove.errors import SpectrumError


@dataclass(frozen=True)
class Combined:
    """
    The velocity of a spectrum.

    Attributes
    ----------
    mean : float
        Mean of the velocities weighted by the inverse variances, km/s; NaN without a line.
    scatter : float
        Standard deviation of the lines' velocities, km/s; NaN with fewer than two lines.
    error : float
        Standard error of the mean, km/s; raised where the lines disagree more than their errors allow.
    n : int
        Number of lines.
    chi2 : float
        Sum of the squared deviations from the mean in units of the errors; ``n - 1`` are expected. NaN without a line.
    """

    mean: float
    scatter: float
    error: float
    n: int
    chi2: float


def combine_velocities(rv: FloatArray, rv_err: FloatArray) -> Combined:
    """
    Return the velocity over several lines.

    Parameters
    ----------
    rv, rv_err : array of shape (n_lines,)
        Velocities and their errors, km/s; lines with NaN, or an error that is not positive, are left out.

    Returns
    -------
    Combined
        Mean, error, scatter, chi square and number of lines.

    Raises
    ------
    SpectrumError
        If the shapes differ.

    Notes
    -----
    The error of the mean is multiplied by the root of chi square over its degrees of freedom where that is larger than 1, as the
    Particle Data Group does (Navas et al. 2024, Phys. Rev. D 110, 030001, sect. 5.2.2).
    """
    rv, rv_err = np.atleast_1d(np.asarray(rv, np.float64)), np.atleast_1d(np.asarray(rv_err, np.float64))
    if rv.shape != rv_err.shape or rv.ndim != 1:
        msg = f"measure.combine_velocities: rv and rv_err must share one shape (n_lines,), got {rv.shape} and {rv_err.shape}"
        raise SpectrumError(msg)
    with np.errstate(invalid="ignore"):
        used = np.isfinite(rv) & np.isfinite(rv_err) & (rv_err > 0)
    rv, rv_err = rv[used], rv_err[used]
    if not rv.size:
        return Combined(float("nan"), float("nan"), float("nan"), 0, float("nan"))
    weights = 1 / rv_err**2
    mean = float((weights * rv).sum() / weights.sum())
    chi2 = float((weights * (rv - mean) ** 2).sum())
    error = float(1 / np.sqrt(weights.sum()))
    if rv.size == 1:
        return Combined(mean, float("nan"), error, 1, 0.0)
    return Combined(mean, float(rv.std(ddof=1)), error * max(1.0, float(np.sqrt(chi2 / (rv.size - 1)))), int(rv.size), chi2)
