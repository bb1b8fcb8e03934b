"""
How much simulated spectra resemble real ones, in numbers: what is measured on each side alike, and the two compared.

Everything is a pure function of arrays, so that one ruler is laid to both sides; whether a reader or a simulator made the arrays
does not matter. Whether a classifier can tell the sides apart is `spectrove.simulate.distinguish`'s question.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from scipy.ndimage import median_filter
from scipy.stats import ks_2samp

from spectrove.contracts import BoolArray, FloatArray, IntArray
from spectrove.lines import H_ALPHA

StrArray = np.ndarray[Any, np.dtype[np.str_]]
"""Words, one a spectrum."""

WINDOW = (6519.0, 6732.0)
"""Å; the window of the features, in which artefacts are counted (Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sect. 3.2)."""

SLOPE_BANDS = ((6400.0, 6515.0), (6615.0, 6750.0))
"""Å; on both sides of Hα, for the slope and the curvature of the continuum; chosen."""

LINE_BANDS = ((6455.0, 6490.0), (6640.0, 6665.0))
"""Å; beyond the wings of Hα in all but white dwarfs, clear of the blend at 6497 Å: for the continuum under the line; chosen."""

NOISE_BAND = (6605.0, 6672.0)
"""Å; poorest in lines between Hα and the window's end, for the noise; a cubic takes the continuum and Hα's wing away; chosen."""

N_CUBIC = 4
"""Coefficients of a cubic."""

N_LAGS = 8
"""Lags, the zeroth included, at which the noise is taken to be correlated at all: the instrument's FWHM is 2.4 pixels."""

SPIKE = 8.0
"""Standard deviations above the median of the seven pixels around it, from which a pixel counts as a spike; chosen."""

SPIKE_CLEARANCE = 12.0
"""Å; as close to Hα as this no spikes are looked for, since narrow emission would count as one; chosen."""

LONG_STRETCH = 8
"""Pixels; a longer stretch of exact zeros is a gap, a shorter one a few rejected pixels; between the two groups in LAMOST."""

LEAST_DEPTH = 0.05
"""Depth of Hα below which a width at half depth means nothing; chosen."""

FEWEST = 10
"""Real spectra of a type, with fewer of which nothing is compared; chosen."""

QUANTILES = (0.05, 0.16, 0.5, 0.84, 0.95)
"""Quantiles that are given of every quantity."""

MAD_TO_SIGMA = 1.4826
"""Standard deviation of a Gaussian in median absolute deviations: 1 / Φ⁻¹(3/4)."""

SPEED_OF_LIGHT = 299792.458
"""Speed of light, km/s (exact, SI)."""


@dataclass(frozen=True, eq=False)
class Sample:
    """
    Spectra of one side on one grid.

    Attributes
    ----------
    wave : array of shape (n_wave,)
        Vacuum wavelengths, Å, at least from 6400 to 6750 Å.
    flux : array of shape (n_spectra, n_wave)
        Flux density, each spectrum in any unit; exactly 0 where the survey zeroed the pixel.
    ivar : array of shape (n_spectra, n_wave)
        Inverse variance, 1/flux².
    snr : array of shape (n_spectra,)
        The header's signal-to-noise ratio a pixel.
    kind : array of str, shape (n_spectra,)
        Spectral type as a letter, by which the sides are compared.
    group : array of str, shape (n_spectra,)
        What was observed together, such as one spectrograph's share of a plate; a classifier never learns from one half of a
        group and is tried on the other.

    Raises
    ------
    ValueError
        If the arrays' shapes do not fit together, or the wavelengths do not reach far enough.
    """

    wave: FloatArray
    flux: FloatArray
    ivar: FloatArray
    snr: FloatArray
    kind: StrArray
    group: StrArray

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit together."""
        n = self.flux.shape[0]
        shapes = {field.name: getattr(self, field.name).shape for field in fields(self)}
        wanted = {"flux": (n, self.wave.size), "ivar": (n, self.wave.size)} | dict.fromkeys(("snr", "kind", "group"), (n,))
        if wrong := {name: shapes[name] for name, shape in wanted.items() if shapes[name] != shape}:
            msg = f"sample: shapes {wrong} do not fit to {n} spectra of {self.wave.size} pixels, expected {wanted}"
            raise ValueError(msg)
        if self.wave[0] > SLOPE_BANDS[0][0] or self.wave[-1] < SLOPE_BANDS[1][1]:
            ends = (float(self.wave[0]), float(self.wave[-1]))
            msg = f"sample: wavelengths reach from {ends[0]:.1f} to {ends[1]:.1f} Å, expected 6400 to 6750 Å at least"
            raise ValueError(msg)

    @property
    def n_spectra(self) -> int:
        """
        Return the number of spectra.

        Returns
        -------
        int
            Number of rows.
        """
        return int(self.flux.shape[0])

    def rows(self, selection: BoolArray | IntArray) -> Self:
        """
        Return some of the spectra.

        Parameters
        ----------
        selection : array of bool or int
            Which rows.

        Returns
        -------
        Sample
            Those rows on the same grid.
        """
        chosen = {field.name: getattr(self, field.name)[selection] for field in fields(self) if field.name != "wave"}
        return type(self)(wave=self.wave, **chosen)


def artefacts(sample: Sample) -> dict[str, BoolArray]:
    """
    Return which spectra have which artefact within the window.

    Parameters
    ----------
    sample : Sample
        The spectra.

    Returns
    -------
    dict of array of bool, shape (n_spectra,)
        ``all-zero``; ``zeroed-pixels`` and ``zeroed-gap``: exact zeros, at most `LONG_STRETCH` in a row, or more;
        ``distrusted``: ivar is 0 somewhere though the flux is not; ``spike``: a pixel far above its neighbors and away from Hα
        (see `SPIKE`); ``negative``: flux below 0.
    """
    inside = (sample.wave >= WINDOW[0]) & (sample.wave <= WINDOW[1])
    flux, ivar, wave = sample.flux[:, inside], sample.ivar[:, inside], sample.wave[inside]
    zero = flux == 0
    nothing = zero.all(axis=1)
    longest = _longest_run(zero)
    free = np.abs(wave - H_ALPHA.wave) > SPIKE_CLEARANCE
    spike = (_height(flux) > SPIKE) & free & ~zero
    return {
        "all-zero": nothing,
        "zeroed-pixels": (longest > 0) & (longest <= LONG_STRETCH),
        "zeroed-gap": (longest > LONG_STRETCH) & ~nothing,
        "distrusted": ((ivar == 0) & ~zero).any(axis=1),
        "spike": spike.any(axis=1) & ~nothing,
        "negative": (flux < 0).any(axis=1),
    }


def measure(sample: Sample) -> dict[str, FloatArray]:
    """
    Return what is compared, of each spectrum.

    Parameters
    ----------
    sample : Sample
        The spectra.

    Returns
    -------
    dict of array of shape (n_spectra,)
        Quantities by name, NaN where a spectrum has none; all are NaN but for the S/N where pixels are zeroed or the flux is
        not positive. ``snr``: the header's. ``slope``: d ln F per 100 Å at Hα; ``curvature``: half the second derivative, per
        (100 Å)². ``ew`` and ``ew-core``: equivalent width of the absorption within 30 and 10 Å of Hα, Å. ``depth``, ``fwhm``
        (Å) and ``velocity`` (km/s) of Hα: of its lowest pixel after smoothing by (1, 2, 1)/4. ``noise``: rms a pixel of the
        residuals from a cubic, relative to the flux. ``fine-noise``: the same from second differences, blind to what is wider
        than two pixels. ``noise-to-error``: that rms × √ivar. ``snr-ratio``: 1 / noise / the header's S/N.
    """
    flux = np.asarray(sample.flux, dtype=np.float64)
    residuals = _residuals(sample.wave, flux)
    inside = (sample.wave >= NOISE_BAND[0]) & (sample.wave <= NOISE_BAND[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.median(flux[:, inside], axis=1)
        rms = np.sqrt((residuals**2).sum(axis=1) / (inside.sum() - N_CUBIC))
        second = np.diff(flux[:, inside], n=2, axis=1)
        fine = MAD_TO_SIGMA * np.median(np.abs(second), axis=1) / np.sqrt(6)  # the variance of (1, -2, 1) is 6
        found = _continuum(sample.wave, flux) | _halpha(sample.wave, flux)
        found |= {
            "noise": rms / level,
            "fine-noise": fine / level,
            "noise-to-error": rms * np.sqrt(np.median(sample.ivar[:, inside], axis=1)),
            "snr-ratio": level / rms / sample.snr,
        }
    reached = (sample.wave >= SLOPE_BANDS[0][0]) & (sample.wave <= SLOPE_BANDS[1][1])
    sound = (flux[:, reached] != 0).all(axis=1) & (level > 0)
    measured: dict[str, FloatArray] = {"snr": np.asarray(sample.snr, dtype=np.float64)}
    return measured | {name: np.where(sound & np.isfinite(values), values, np.nan) for name, values in found.items()}


def noise_correlation(sample: Sample, highest: float = 5.0) -> FloatArray:
    r"""
    Return the correlation of the noise between pixels, pooled over spectra.

    The residuals r = P n of a cubic's fit are correlated even if the noise n is white, since the projector P takes four degrees
    of freedom away. So the covariances :math:`c_k` of a stationary noise up to lag `N_LAGS` - 1 are solved from what the
    residuals' sums of products are expected to be, :math:`\sum_i E[r_i r_{i+j}] = \sum_k c_k \sum_i (P T_k P)_{i,i+j}`, with
    :math:`T_k` the Toeplitz matrix of ones at lag k.

    Parameters
    ----------
    sample : Sample
        Spectra, best without many lines.
    highest : float
        Spectra with a residual of more standard deviations than this are left out; they have a spike or a line there.

    Returns
    -------
    array of shape (N_LAGS - 1,)
        Correlation at lags of 1, 2, … pixels; NaN if no spectrum is left.
    """
    residuals = _residuals(sample.wave, np.asarray(sample.flux, dtype=np.float64))
    n = residuals.shape[1]
    rms = np.sqrt((residuals**2).sum(axis=1, keepdims=True) / (n - N_CUBIC))
    residuals = np.divide(residuals, rms, out=np.full_like(residuals, np.inf), where=rms > 0)
    residuals = residuals[np.abs(residuals).max(axis=1) <= highest]
    if residuals.shape[0] == 0:
        return np.full(N_LAGS - 1, np.nan)
    basis = _cubics(n)
    projector = np.eye(n) - basis @ basis.T
    expected = np.empty((N_LAGS, N_LAGS))
    seen = np.empty(N_LAGS)
    for lag in range(N_LAGS):
        toeplitz = np.eye(n) if lag == 0 else np.eye(n, k=lag) + np.eye(n, k=-lag)
        projected = projector @ toeplitz @ projector
        expected[:, lag] = [np.trace(projected, offset) for offset in range(N_LAGS)]
        seen[lag] = (residuals[:, : n - lag] * residuals[:, lag:]).sum(axis=1).mean()
    covariances = np.linalg.solve(expected, seen)
    return np.asarray(covariances[1:] / covariances[0])


@dataclass(frozen=True)
class Comparison:
    """
    One quantity on both sides.

    Attributes
    ----------
    quantity, kind : str
        What is compared, and in which spectral type (``all`` for all).
    n_real, n_simulated : int
        Number of spectra that have the quantity.
    real, simulated : tuple of float
        The quantiles `QUANTILES` on each side.
    distance : float
        Kolmogorov and Smirnov's: the largest difference between the two cumulative distributions, 0 to 1.
    expected : float
        Distance that two samples of these sizes from one distribution exceed in one case of twenty.
    """

    quantity: str
    kind: str
    n_real: int
    n_simulated: int
    real: tuple[float, ...]
    simulated: tuple[float, ...]
    distance: float
    expected: float


def compare(quantity: str, kind: str, real: FloatArray, simulated: FloatArray) -> Comparison | None:
    """
    Return how one quantity is distributed on both sides.

    Parameters
    ----------
    quantity, kind : str
        Names for the result.
    real, simulated : array of shape (n_spectra,)
        The quantity on each side; NaN is left out.

    Returns
    -------
    Comparison or None
        The comparison; None if a side has none of it.

    References
    ----------
    .. [1] Smirnov 1948, Ann. Math. Stat. 19, 279: the limit is 1.358 √(1/n + 1/m) for 5 %.
    """
    ours, theirs = (values[np.isfinite(values)] for values in (simulated, real))
    if ours.size == 0 or theirs.size == 0:
        return None
    return Comparison(
        quantity=quantity,
        kind=kind,
        n_real=int(theirs.size),
        n_simulated=int(ours.size),
        real=tuple(np.quantile(theirs, QUANTILES).tolist()),
        simulated=tuple(np.quantile(ours, QUANTILES).tolist()),
        distance=float(ks_2samp(theirs, ours, method="asymp").statistic),
        expected=1.358 * float(np.sqrt(1 / ours.size + 1 / theirs.size)),
    )


def compare_all(real: Sample, simulated: Sample) -> list[Comparison]:
    """
    Return every quantity compared, over all spectra and within each type.

    Parameters
    ----------
    real, simulated : Sample
        Both sides.

    Returns
    -------
    list of Comparison
        By quantity, then by type; types with fewer than `FEWEST` real spectra, and those that a side has none of, are left out.
    """
    kinds, counts = np.unique(real.kind, return_counts=True)
    theirs, ours = measure(real), measure(simulated)
    found = []
    for quantity in theirs:
        for kind in ("all", *kinds[counts >= FEWEST].tolist()):
            of_real, of_simulated = ((side.kind == kind) | (kind == "all") for side in (real, simulated))
            compared = compare(quantity, kind, theirs[quantity][of_real], ours[quantity][of_simulated])
            if compared is not None:
                found.append(compared)
    return found


def _within(wave: FloatArray, bands: tuple[tuple[float, float], ...]) -> BoolArray:
    return np.asarray(np.any([(wave >= low) & (wave <= high) for low, high in bands], axis=0))


def _continuum(wave: FloatArray, flux: FloatArray) -> dict[str, FloatArray]:
    """Return slope and curvature of the continuum at Hα, from least squares beside the line."""
    beside = _within(wave, SLOPE_BANDS)
    steps = (wave[beside] - H_ALPHA.wave) / 100
    line = np.linalg.lstsq(np.vander(steps, 2), flux[:, beside].T, rcond=None)[0]
    parabola = np.linalg.lstsq(np.vander(steps, 3), flux[:, beside].T, rcond=None)[0]
    return {"slope": line[0] / line[1], "curvature": parabola[0] / parabola[2]}


def _halpha(wave: FloatArray, flux: FloatArray) -> dict[str, FloatArray]:
    """Return equivalent widths, depth, width and velocity of Hα."""
    beside = _within(wave, LINE_BANDS)
    steps = (wave - H_ALPHA.wave) / 100
    line = np.linalg.lstsq(np.vander(steps[beside], 2), flux[:, beside].T, rcond=None)[0]
    absorbed = 1 - flux / (np.vander(steps, 2) @ line).T
    widths = np.gradient(wave)
    off = np.abs(wave - H_ALPHA.wave)
    smooth = absorbed.copy()
    smooth[:, 1:-1] = 0.25 * absorbed[:, :-2] + 0.5 * absorbed[:, 1:-1] + 0.25 * absorbed[:, 2:]
    core = np.flatnonzero(off <= 12)
    lowest = core[0] + np.argmax(smooth[:, core], axis=1)
    return {
        "ew": (absorbed * widths)[:, off <= 30].sum(axis=1),
        "ew-core": (absorbed * widths)[:, off <= 10].sum(axis=1),
        "depth": np.take_along_axis(smooth, lowest[:, None], axis=1)[:, 0],
        "fwhm": _width_at_half_depth(wave, smooth, lowest),
        "velocity": (wave[lowest] / H_ALPHA.wave - 1) * SPEED_OF_LIGHT,
    }


def _width_at_half_depth(wave: FloatArray, absorbed: FloatArray, lowest: IntArray) -> FloatArray:
    """Return the distance between the nearest crossings of half the depth, Å; NaN where the line is too weak for one."""
    depth = np.take_along_axis(absorbed, lowest[:, None], axis=1)
    below = absorbed < 0.5 * depth
    pixels = np.arange(wave.size)
    left = np.where(below & (pixels < lowest[:, None]), pixels, -1).max(axis=1)
    right = np.where(below & (pixels > lowest[:, None]), pixels, wave.size).min(axis=1)
    has = (left >= 0) & (right < wave.size) & (depth[:, 0] > LEAST_DEPTH)
    rows, half = np.arange(lowest.size), 0.5 * depth[:, 0]
    left, right = np.where(has, left, 0), np.where(has, right, wave.size - 1)

    def crossing(outer: IntArray, inner: IntArray) -> FloatArray:
        share = (half - absorbed[rows, outer]) / (absorbed[rows, inner] - absorbed[rows, outer])
        return np.asarray(wave[outer] + share * (wave[inner] - wave[outer]))

    return np.where(has, crossing(right, right - 1) - crossing(left, left + 1), np.nan)


def _cubics(n: int) -> FloatArray:
    """Return an orthonormal basis of the cubics on n equal steps."""
    return np.asarray(np.linalg.qr(np.vander(np.linspace(-1, 1, n), N_CUBIC))[0])


def _residuals(wave: FloatArray, flux: FloatArray) -> FloatArray:
    """Return the residuals from a cubic within the noise band."""
    piece = flux[:, (wave >= NOISE_BAND[0]) & (wave <= NOISE_BAND[1])]
    basis = _cubics(piece.shape[1])
    return np.asarray(piece - (piece @ basis) @ basis.T)


def _height(flux: FloatArray) -> FloatArray:
    """Return each pixel's height above the median of seven, in standard deviations of the spectrum's small-scale noise."""
    fine = flux - median_filter(flux, (1, 25), mode="nearest")
    sigma = MAD_TO_SIGMA * np.median(np.abs(fine - np.median(fine, axis=1, keepdims=True)), axis=1, keepdims=True)
    height = flux - median_filter(flux, (1, 7), mode="nearest")
    return np.asarray(np.divide(height, sigma, out=np.zeros_like(height), where=sigma > 0))


def _longest_run(flags: BoolArray) -> IntArray:
    """Return the length of the longest run of True in each row."""
    run = np.zeros(flags.shape[0], dtype=np.int64)
    longest = run.copy()
    for column in flags.T:
        run = np.where(column, run + 1, 0)
        longest = np.maximum(longest, run)
    return longest
