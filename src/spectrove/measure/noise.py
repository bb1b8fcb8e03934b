r"""
The noise of a spectrum: the survey's own inverse variance where it tells the truth, the scatter of the flux where it does not.

The scatter is DER_SNR's: :math:`\sigma = 1.482602 / \sqrt{6}\; \mathrm{median}\,|2 F_i - F_{i-2} - F_{i+2}|` [1]_, which sees
neither the slope of the continuum nor correlation of neighboring pixels. Inverse variances are trusted for their shape, and
brought to the level of the scatter beside the line: LAMOST's overstate the noise by a quarter. Where a survey distrusts a pixel
(``ivar = 0``, as LAMOST DR1 does on the very peaks of strong Hα), its error is the photons': the scatter of the continuum times
the root of flux over continuum. No pixel is dropped.

References
----------
.. [1] Stoehr, F. et al. 2008, ASPC 394, 505 (DER_SNR).
"""

from __future__ import annotations

import numpy as np

from spectrove.contracts import BoolArray, FloatArray

DER_FACTOR = 1.482602 / np.sqrt(6)
"""From the median of third differences to the standard deviation (Stoehr et al. 2008)."""

FEWEST = 10
"""Differences from which a scatter is taken; fewer say nothing. Chosen."""

TRUSTED_SHARE = 0.5
"""Least share of pixels with ivar > 0 for ivar to be trusted at all; chosen."""

LARGEST_LIE = 3.0
"""Factor between the scatter and the noise of ivar beyond which ivar is not believed, not even its shape; chosen."""

IVAR, SCATTER = "ivar", "scatter"
"""Where noise comes from."""


def scatter_of(flux: FloatArray) -> float:
    """
    Return the standard deviation of a pixel from the scatter of the flux.

    Parameters
    ----------
    flux : array of shape (n_pixels,)
        Flux on adjacent pixels, any unit; NaN where there is no measurement.

    Returns
    -------
    float
        In the unit of the flux; NaN where fewer than 10 differences can be taken or the scatter is 0.

    References
    ----------
    .. [1] Stoehr, F. et al. 2008, ASPC 394, 505 (DER_SNR).
    """
    if flux.size < 5:
        return float("nan")
    differences = np.abs(2 * flux[2:-2] - flux[:-4] - flux[4:])
    differences = differences[np.isfinite(differences)]
    if differences.size < FEWEST:
        return float("nan")
    sigma = float(DER_FACTOR * np.median(differences))
    return sigma if sigma > 0 else float("nan")


def noise_of(
    flux: FloatArray, ivar: FloatArray | None, level: FloatArray, beside: BoolArray | None = None
) -> tuple[FloatArray, str]:
    """
    Return the standard deviation of every pixel, and where it was taken from.

    Parameters
    ----------
    flux : array of shape (n_pixels,)
        Flux on adjacent pixels; NaN where there is no measurement.
    ivar : array of shape (n_pixels,) or None
        Inverse variance, 1/flux²; 0 where the survey does not trust the pixel.
    level : array of shape (n_pixels,)
        The continuum, in the unit of the flux.
    beside : array of bool, shape (n_pixels,), optional
        Pixels beside the line, where the scatter is taken; all if not given.

    Returns
    -------
    sigma : array of shape (n_pixels,)
        In the unit of the flux; all NaN where neither ivar nor the scatter say anything.
    origin : str
        ``ivar`` (its shape, at the level of the scatter where that can be told) or ``scatter``.
    """
    beside = np.ones(flux.shape, dtype=bool) if beside is None else beside
    scatter = scatter_of(np.where(beside, flux, np.nan))
    with np.errstate(divide="ignore", invalid="ignore"):
        rise = np.sqrt(np.maximum(flux / level, 1.0))
    rise = np.where(np.isfinite(rise), rise, 1.0)
    told = _told(ivar)
    if told is None:
        return scatter * rise, SCATTER
    typical = float(np.median(told[beside & np.isfinite(told)])) if (beside & np.isfinite(told)).any() else float("nan")
    ratio = scatter / typical
    if not np.isfinite(typical) or ratio > LARGEST_LIE or ratio < 1 / LARGEST_LIE:
        return scatter * rise, SCATTER
    scale = ratio if np.isfinite(ratio) else 1.0
    filled = np.where(np.isfinite(told), told, typical * rise)
    return scale * filled, IVAR


def _told(ivar: FloatArray | None) -> FloatArray | None:
    """Return the noise that ivar speaks of, NaN where it does not; None where it speaks of too few pixels."""
    if ivar is None:
        return None
    trusted = np.isfinite(ivar) & (ivar > 0)
    if not trusted.size or trusted.mean() < TRUSTED_SHARE:
        return None
    return np.where(trusted, 1 / np.sqrt(np.where(trusted, ivar, 1.0)), np.nan)
