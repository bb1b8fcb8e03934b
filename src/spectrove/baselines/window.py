"""The surroundings of Hα as every classical finder wants them: divided by a local continuum, with the noise beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spectrove.contracts import BoolArray, FloatArray
from spectrove.errors import SpectrumError
from spectrove.lines import H_ALPHA

FIRST, LAST = 6517.0, 6645.0
"""Å in vacuum; all that the finders look at: chosen from within two pixels of the paper's window, 6519 to 6732 Å."""

SIDEBANDS = ((FIRST, 6540.0), (6593.0, LAST))
"""Å in vacuum; where the continuum is fitted, chosen outside the cores of Hα and of [N II] 6549.86 and 6585.27 Å."""

FIT_REACH = 45.0
"""Å on each side of Hα; where profiles are compared with templates. Chosen: the wings of an A star's Hα have nearly ended."""

LINE_REACH = 5.0
"""Å on each side of Hα; where the center of a line may lie, chosen: 230 km/s."""

CLIP = 3.0
"""Standard deviations beyond which a pixel of the sidebands is left out of the continuum; chosen."""

N_FITS = 5
"""Fits of the continuum, each without what the one before clipped; chosen."""

LEAST_MEASURED = 0.7
"""Share of the pixels, and of those of each sideband, that must be measured before a spectrum is judged; chosen."""

SYSTEMATIC = 0.005
"""Error of a continuum-normalized pixel that no exposure time removes, chosen: 0.5 %, so that a noiseless spectrum is finite."""

MAD_TO_SIGMA = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation: 1 / Φ⁻¹(3/4)."""


@dataclass(frozen=True, eq=False)
class LineWindow:
    """
    Spectra around Hα, in units of their continuum.

    Attributes
    ----------
    wave : array of float64, shape (n_wave,)
        Wavelengths in vacuum, Å, from 6517 to 6645.
    excess : array of float32, shape (n_spectra, n_wave)
        Flux over continuum, minus 1; pixels without a measurement bridged in a straight line; 0 where a spectrum is not judged.
    noise : array of float32, shape (n_spectra,)
        Standard deviation of ``excess`` in a pixel of the sidebands, larger than 0.
    judged : array of bool, shape (n_spectra,)
        Whether enough pixels are measured and the continuum is positive.
    """

    wave: FloatArray
    excess: FloatArray
    noise: FloatArray
    judged: BoolArray

    def near(self, reach: float, center: float = H_ALPHA.wave) -> slice:
        """
        Return the columns around a wavelength.

        Parameters
        ----------
        reach : float
            Half the width, Å.
        center : float
            Wavelength in vacuum, Å.

        Returns
        -------
        slice
            The columns from ``center - reach`` to ``center + reach``.
        """
        return slice(
            int(np.searchsorted(self.wave, center - reach)), int(np.searchsorted(self.wave, center + reach, side="right"))
        )


def line_window(wave: FloatArray, flux: FloatArray, ivar: FloatArray | None = None) -> LineWindow:
    r"""
    Return spectra around Hα, divided by a straight continuum fitted beside the line.

    The continuum is a least-squares line through both sidebands, fitted five times, without the pixels that lie more than
    three standard deviations off. The noise is the scatter of the sidebands, :math:`1.4826 \times` the median absolute
    deviation [1]_, so that metal lines and bands count as noise; or the median error that ``ivar`` speaks of, if that is
    larger; and 0.5 % in quadrature. A pixel that is exactly 0 or not finite is no measurement, and bridged. A pixel with
    ``ivar = 0`` is used like any other: LAMOST's pipeline distrusts the peaks of strong emission lines.

    Parameters
    ----------
    wave : array of shape (n_wave,)
        Wavelengths in vacuum, Å, strictly increasing, on native pixels.
    flux : array of shape (n_spectra, n_wave)
        Flux density, any unit.
    ivar : array of shape (n_spectra, n_wave), optional
        Inverse variance, 1/flux².

    Returns
    -------
    LineWindow
        The spectra from 6517 to 6645 Å.

    Raises
    ------
    SpectrumError
        If the shapes do not fit, the wavelengths do not increase or do not cover the window.

    References
    ----------
    .. [1] Rousseeuw & Croux 1993, J. Am. Stat. Assoc. 88, 1273.
    """
    _check(wave, flux, ivar)
    columns = slice(int(np.searchsorted(wave, FIRST)), int(np.searchsorted(wave, LAST, side="right")))
    cut = np.asarray(wave[columns], dtype=np.float64)
    with np.errstate(over="ignore"):  # what single precision cannot hold becomes infinite: no measurement
        values = np.asarray(flux[:, columns], dtype=np.float32)
    measured = np.isfinite(values) & (values != 0)
    values = np.where(measured, values, np.float32(0))
    sides = [(cut >= start) & (cut <= stop) for start, stop in SIDEBANDS]
    position = ((cut - H_ALPHA.wave) / FIT_REACH).astype(np.float32)
    beside = sides[0] | sides[1]
    level, slope, scatter = _fit_line(position[beside], values[:, beside], measured[:, beside])
    if ivar is not None:
        scatter = np.maximum(scatter, _median_error(ivar[:, columns]))
    lowest = level + np.minimum(slope * position[0], slope * position[-1])
    judged = np.isfinite(scatter) & (lowest > 0) & (measured.mean(axis=1) >= LEAST_MEASURED)
    for side in sides:
        judged &= measured[:, side].mean(axis=1) >= LEAST_MEASURED
    level, slope = np.where(judged, level, 1), np.where(judged, slope, 0)
    # A ratio beyond single precision's range says nothing that a large number does not say.
    ratio = np.clip(values / (level[:, None] + slope[:, None] * position), -1e6, 1e6)
    excess = np.where(judged[:, None], ratio - 1, 0)
    _bridge(excess, measured, judged)
    noise = np.hypot(np.where(judged, np.minimum(scatter / level, 1e6), 1), SYSTEMATIC)
    return LineWindow(cut, excess.astype(np.float32), noise.astype(np.float32), judged)


def _check(wave: FloatArray, flux: FloatArray, ivar: FloatArray | None) -> None:
    """Refuse arrays that do not belong together, or do not hold the window."""
    if wave.ndim != 1 or flux.ndim != 2 or flux.shape[1] != wave.size or (ivar is not None and ivar.shape != flux.shape):
        shapes = (wave.shape, flux.shape, None if ivar is None else ivar.shape)
        msg = f"finder: wave must be (n_wave,), flux and ivar (n_spectra, n_wave), got {shapes}"
        raise SpectrumError(msg)
    if not (np.diff(wave) > 0).all():
        msg = "finder: the wavelengths must increase strictly"
        raise SpectrumError(msg)
    step = float(np.median(np.diff(wave))) if wave.size > 1 else 0.0
    if wave.size < 2 or wave[0] > FIRST + step or wave[-1] < LAST - step:
        covered = f"{float(wave[0])!r} to {float(wave[-1])!r} Å" if wave.size else "nothing"
        msg = f"finder: the wavelengths must cover {FIRST} to {LAST} Å in vacuum, got {covered}"
        raise SpectrumError(msg)


def _fit_line(position: FloatArray, values: FloatArray, measured: BoolArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return level and slope of the clipped straight line through each row's measured values, and their scatter around it."""
    used = measured
    level: FloatArray = np.zeros(len(values))
    slope, scatter = level, level
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        for _ in range(N_FITS):
            weights = used.astype(np.float64)
            total, first, second = weights.sum(axis=1), weights @ position, weights @ position**2
            weighted = weights * values
            of_level, of_slope = weighted.sum(axis=1), weighted @ position
            determinant = total * second - first**2
            level = (second * of_level - first * of_slope) / determinant
            slope = (total * of_slope - first * of_level) / determinant
            residual = np.abs(values - (level[:, None] + slope[:, None] * position).astype(np.float32))
            scatter = MAD_TO_SIGMA * _median(residual, measured)
            used = measured & (residual <= CLIP * scatter[:, None].astype(np.float32))
    return level, slope, scatter


def _bridge(excess: FloatArray, measured: BoolArray, judged: BoolArray) -> None:
    """Put a straight line across unmeasured pixels, in place; the continuum would look like emission in a deep line."""
    pixels = np.arange(excess.shape[1])
    for row in np.flatnonzero(judged & ~measured.all(axis=1)):
        there = measured[row]
        excess[row, ~there] = np.interp(pixels[~there], pixels[there], excess[row, there])


def _median(values: FloatArray, counted: BoolArray) -> FloatArray:
    """Return the median of what counts in each row; infinite where nothing does."""
    ordered = np.sort(np.where(counted & ~np.isnan(values), values, np.float32(np.inf)), axis=1)
    middle = np.maximum(counted.sum(axis=1) - 1, 0) // 2
    median: FloatArray = ordered[np.arange(len(ordered)), middle].astype(np.float64)
    return median


def _median_error(ivar: FloatArray) -> FloatArray:
    """Return the median error that the inverse variance speaks of, in units of flux; 0 where it trusts nothing."""
    trusted = np.isfinite(ivar) & (ivar > 0)
    median = _median(np.where(trusted, ivar, 0), trusted)
    usable = np.isfinite(median) & (median > 0)
    return np.where(usable, 1 / np.sqrt(np.where(usable, median, 1)), 0.0)
