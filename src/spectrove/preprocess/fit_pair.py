r"""
What one pair of spectra of a star says of the blur between two instruments.

For each width of the Gaussian (in pixels of the spectrum of higher resolution, as in the recipes) the blurred spectrum is
interpolated at the pixels of the other one, shifted in velocity, multiplied by a low polynomial (the ratio of the continua), and
compared. The polynomial is fitted anew for each width, the velocity in turn with the width, so that neither calibration nor
binary motion passes for blur.

- The survey's ``ivar`` is not used: it marks strong lines, which say the most, as spoiled. The scatter of the residuals takes its
  place, and pixels far outside of it are left out, the same at all widths.
- Noise of the sharper spectrum counts against narrow blurs, which leave more of it. Its expected share is taken off (corrected
  least squares [1]_). It is estimated from the differences of adjacent pixels [2]_, as if it were independent from pixel to
  pixel; rebinning makes neighbors alike and the estimate small. So too little is taken off rather than too much, which would
  reward no blur at all.

References
----------
.. [1] Fuller, W. A. 1987, Measurement Error Models, Wiley.
.. [2] Stoehr, F. et al. 2008, ASP Conf. Ser. 394, 505 (DER_SNR).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from spectrove.contracts import BoolArray, FloatArray, SpectrumId
from spectrove.errors import RecipeError, WindowError
from spectrove.preprocess.resample import pixel_edges
from spectrove.preprocess.resolution import SPEED_OF_LIGHT, blur_radius, gaussian_blur_pixels
from spectrove.spectrum import Spectrum

VELOCITY_STEP = 10.0
"""km/s; a seventh of a LAMOST pixel. The best velocity is found between the steps."""

MAD_TO_SIGMA = 1.482602
"""σ of a Gaussian by its median absolute deviation."""

LEAST_SCATTER = 1e-6
"""Of the continuum; keeps a pair without noise from infinite weight."""

ROUNDS = 4
"""How often, at most, velocity, width and the pixels far off are found in turn."""


@dataclass(frozen=True)
class BlurFitConfig:
    """
    How the blur is fitted.

    Attributes
    ----------
    start, stop : float
        Window that is compared, vacuum Å.
    largest_sigma, sigma_step : float
        Widths tried: from 0 to the largest in steps, pixels of the sharper spectrum.
    continuum_degree : int
        Degree of the polynomial by which the continua may differ.
    max_velocity : float
        Largest shift in velocity, km/s.
    clip : float
        Pixels farther off than this many times the scatter are left out.
    n_bootstrap : int
        Number of draws of pairs.
    level : float
        Probability content of the interval.

    Raises
    ------
    RecipeError
        If a value is impossible.
    """

    start: float = 6519.0
    stop: float = 6732.0
    largest_sigma: float = 20.0
    sigma_step: float = 0.25
    continuum_degree: int = 3
    max_velocity: float = 300.0
    clip: float = 4.0
    n_bootstrap: int = 2000
    level: float = 0.68

    def __post_init__(self) -> None:
        """Refuse settings that no fit could follow."""
        checks = (
            ("start", 0 < self.start < self.stop, f"more than 0 and less than stop ({self.stop!r}), in Å"),
            ("sigma_step", 0 < self.sigma_step <= self.largest_sigma / 4, "more than 0, and a quarter of largest_sigma at most"),
            ("continuum_degree", self.continuum_degree >= 0, "0 or more"),
            ("max_velocity", 0 <= self.max_velocity < SPEED_OF_LIGHT / 10, "0 km/s or more, and less than a tenth of light's"),
            ("clip", self.clip > 1, "more than 1"),
            ("n_bootstrap", self.n_bootstrap >= 1, "1 or more"),
            ("level", 0 < self.level < 1, "between 0 and 1"),
        )
        for key, fine, expected in checks:
            if not fine:
                msg = f"fit-blur: {key} is {getattr(self, key)!r}, expected {expected}"
                raise RecipeError(msg)

    @property
    def sigmas(self) -> FloatArray:
        """
        Return the widths that are tried.

        Returns
        -------
        array of shape (n_sigmas,)
            Standard deviations, pixels, from 0.
        """
        return self.sigma_step * np.arange(round(self.largest_sigma / self.sigma_step) + 1)


@dataclass(frozen=True, eq=False)
class PairFit:
    """
    What one pair says of the blur.

    Attributes
    ----------
    high, low : SpectrumId
        The spectra of higher and of lower resolution.
    sigma : float
        Best width, pixels of the sharper spectrum.
    interval : tuple of two floats
        Widths between which the misfit is at most 1, to the steps that were tried; what the noise of this pair allows.
    misfit : array of shape (n_sigmas,)
        Excess of the corrected residual sum over its least value, in units of the residuals' variance and the chance scatter of
        what was taken off: 1 is one standard deviation, as far as noise goes.
    velocity : float
        Shift of the low spectrum against the high one at the best width, km/s.
    scatter : float
        Scatter of the residuals at the best width, of the continuum.
    n_pixels : int
        Pixels of the low spectrum that were compared.
    pixel : float
        Width of the sharper spectrum's pixels in the window, Å.
    """

    high: SpectrumId
    low: SpectrumId
    sigma: float
    interval: tuple[float, float]
    misfit: FloatArray
    velocity: float
    scatter: float
    n_pixels: int
    pixel: float


def fit_pair(high: Spectrum, low: Spectrum, config: BlurFitConfig) -> PairFit:
    """
    Return what one pair says of the blur.

    Parameters
    ----------
    high : Spectrum
        The spectrum of higher resolution, vacuum wavelengths.
    low : Spectrum
        The spectrum of lower resolution, vacuum wavelengths.
    config : BlurFitConfig
        How to fit.

    Returns
    -------
    PairFit
        Best width, and the misfit at every width.

    Raises
    ------
    WindowError
        If one of the two does not cover the window, has no light there, or too few finite pixels.
    """
    comparison = _Comparison(high, low, config)
    used = np.ones(comparison.low_flux.size, dtype=np.bool_)
    sigma, rounds = config.largest_sigma / 4, 0
    while True:
        velocity = comparison.best_velocity(sigma, used)
        sums, residuals = comparison.sweep(config.sigmas, velocity, used)
        sigma, least = lowest(config.sigmas, sums)
        rounds += 1
        kept = _near(residuals, used, config.clip)
        if rounds == ROUNDS or (rounds > 1 and np.array_equal(kept, used)):
            break
        used = kept
    freedom = max(int(used.sum()) - config.continuum_degree - 2, 1)
    scatter = max(math.sqrt(float(np.sum(residuals[used] ** 2)) / freedom), LEAST_SCATTER)
    taken = comparison.noise_left(config.sigmas)
    chance = math.sqrt(2.0 * freedom) * (taken + taken[int(np.argmin(sums))])
    misfit = np.maximum(sums - least, 0.0) / (scatter**2 + chance)
    allowed = np.append(config.sigmas[misfit <= 1.0], sigma)
    return PairFit(
        high=high.spectrum_id,
        low=low.spectrum_id,
        sigma=sigma,
        interval=(float(allowed.min()), float(allowed.max())),
        misfit=misfit,
        velocity=velocity,
        scatter=scatter,
        n_pixels=int(used.sum()),
        pixel=comparison.pixel,
    )


@dataclass(frozen=True, eq=False)
class Overlay:
    """
    A pair brought together in the window, in units of the sharper spectrum's median there.

    Attributes
    ----------
    high_wave, high_flux, blurred : arrays of shape (n_high,)
        The sharper spectrum: vacuum Å, flux, and flux after the blur.
    low_wave, low_flux : arrays of shape (n_low,)
        The other one, shifted and divided by the ratio of the continua; vacuum Å.
    residuals : array of shape (n_low,)
        The other one less the blurred one.
    """

    high_wave: FloatArray
    high_flux: FloatArray
    blurred: FloatArray
    low_wave: FloatArray
    low_flux: FloatArray
    residuals: FloatArray


def overlay_pair(high: Spectrum, low: Spectrum, sigma: float, config: BlurFitConfig) -> Overlay:
    """
    Return a pair brought together at one width.

    Parameters
    ----------
    high : Spectrum
        The spectrum of higher resolution, vacuum wavelengths.
    low : Spectrum
        The spectrum of lower resolution, vacuum wavelengths.
    sigma : float
        Width of the blur, pixels of the sharper spectrum.
    config : BlurFitConfig
        How to fit velocity and continuum.

    Returns
    -------
    Overlay
        Both spectra on one scale.

    Raises
    ------
    WindowError
        If the two cannot be compared.
    """
    comparison = _Comparison(high, low, config)
    used = np.ones(comparison.low_flux.size, dtype=np.bool_)
    velocity = comparison.best_velocity(sigma, used)
    used = _near(comparison.sweep(np.array([sigma]), velocity, used)[1], used, config.clip)
    shift = np.array([comparison.best_velocity(sigma, used)])
    _, residuals, ratio = comparison.compare(sigma, shift, used)
    inside = (comparison.high_wave >= config.start) & (comparison.high_wave <= config.stop)
    return Overlay(
        high_wave=comparison.high_wave[inside],
        high_flux=comparison.high_flux[inside],
        blurred=gaussian_blur_pixels(comparison.high_flux, sigma)[inside],
        low_wave=comparison.low_wave / (1.0 + shift / SPEED_OF_LIGHT),
        low_flux=comparison.low_flux / ratio[0],
        residuals=residuals[0] / ratio[0],
    )


def lowest(places: FloatArray, curve: FloatArray) -> tuple[float, float]:
    """
    Return where a curve is lowest and how low, by a parabola through its lowest point and that one's neighbors.

    Parameters
    ----------
    places : array of shape (n,)
        Evenly spaced abscissae.
    curve : array of shape (n,)
        Ordinates.

    Returns
    -------
    tuple of two floats
        Abscissa and ordinate; the point itself at either end of the curve.
    """
    place = int(np.argmin(curve))
    if place in {0, curve.size - 1}:
        return float(places[place]), float(curve[place])
    left, middle, right = (float(value) for value in curve[place - 1 : place + 2])
    bend = left - 2 * middle + right
    offset = 0.5 * (left - right) / bend if bend > 0 else 0.0
    return float(places[place] + offset * (places[place + 1] - places[place])), middle - 0.25 * (left - right) * offset


def _near(residuals: FloatArray, used: BoolArray, clip: float) -> BoolArray:
    """Return which residuals are near the middle of those used."""
    distance = np.abs(residuals - np.median(residuals[used]))
    limit = clip * max(MAD_TO_SIGMA * float(np.median(distance[used])), LEAST_SCATTER)
    return np.asarray(distance <= limit, dtype=np.bool_)


def _noise(flux: FloatArray) -> float:
    """Return a pixel's noise from second differences, which see no smooth line (Stoehr et al. 2008, here of adjacent pixels)."""
    return MAD_TO_SIGMA / math.sqrt(6.0) * float(np.median(np.abs(2.0 * flux[1:-1] - flux[:-2] - flux[2:])))


class _Comparison:
    """A pair in the window, ready to be compared at any width; both fluxes in units of their medians there."""

    def __init__(self, high: Spectrum, low: Spectrum, config: BlurFitConfig) -> None:
        far = 1.0 + config.max_velocity / SPEED_OF_LIGHT
        margin = blur_radius(config.largest_sigma) + 2
        first, last = np.searchsorted(high.wave, [config.start / far, config.stop * far])
        cut = slice(max(int(first) - margin, 0), int(last) + margin)
        inside = _inside(high, config)
        if not np.all(np.isfinite(high.flux[inside])):
            msg = f"{high.spectrum_id}: {np.count_nonzero(~np.isfinite(high.flux[inside]))} pixels in the window are not finite"
            raise WindowError(msg)
        self.high_wave = high.wave[cut]
        self.high_flux = high.flux[cut] / _level(high, inside)
        self.noise = _noise(self.high_flux[inside[cut]])
        self.pixel = float(np.median(np.diff(high.wave[inside])))
        window = _inside(low, config) & np.isfinite(low.flux)
        if np.count_nonzero(window) < 4 * (config.continuum_degree + 2):
            msg = f"{low.spectrum_id}: {np.count_nonzero(window)} finite pixels in the window are too few to compare"
            raise WindowError(msg)
        self.low_wave = low.wave[window]
        self.low_flux = low.flux[window] / _level(low, window)
        place = (2 * self.low_wave - config.start - config.stop) / (config.stop - config.start)
        self.basis: FloatArray = np.polynomial.legendre.legvander(place, config.continuum_degree)
        self.velocities: FloatArray = np.arange(-config.max_velocity, config.max_velocity + 0.5 * VELOCITY_STEP, VELOCITY_STEP)

    def best_velocity(self, sigma: float, used: BoolArray) -> float:
        """Return the shift at one width, over the used pixels, km/s."""
        return lowest(self.velocities, self.compare(sigma, self.velocities, used)[0])[0]

    def sweep(self, sigmas: FloatArray, velocity: float, used: BoolArray) -> tuple[FloatArray, FloatArray]:
        """Return the corrected residual sum at each width, over the used pixels, and all pixels' residuals at the best one."""
        tried = [self.compare(float(sigma), np.array([velocity]), used) for sigma in sigmas]
        sums = np.array([float(value[0]) for value, _, _ in tried])
        return sums, tried[int(np.argmin(sums))][1][0]

    def noise_left(self, sigmas: FloatArray) -> FloatArray:
        """Return the variance of the sharper spectrum's noise after each blur and interpolation, on average over pixels."""
        left = np.empty(sigmas.size)
        for place, sigma in enumerate(sigmas):
            radius = blur_radius(float(sigma))
            kernel = gaussian_blur_pixels((np.arange(2 * radius + 1) == radius).astype(np.float64), float(sigma))
            left[place] = self.noise**2 * (2.0 * kernel @ kernel + kernel[1:] @ kernel[:-1]) / 3.0
        return left

    def compare(self, sigma: float, velocities: FloatArray, used: BoolArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return corrected residual sums, (n_velocities,), then residuals and ratios of continua, (n_velocities, n_low)."""
        rest = self.low_wave / (1.0 + velocities[:, np.newaxis] / SPEED_OF_LIGHT)
        noise = float(self.noise_left(np.array([sigma]))[0])
        template = np.interp(rest, self.high_wave, gaussian_blur_pixels(self.high_flux, sigma))
        basis, kept = self.basis[used], template[:, used]
        products = (basis[:, :, np.newaxis] * basis[:, np.newaxis, :]).reshape(len(basis), -1)
        normal = (kept**2 @ products).reshape(-1, basis.shape[1], basis.shape[1])
        right = (kept * self.low_flux[used]) @ basis
        ratio = np.linalg.solve(normal, right[:, :, np.newaxis])[:, :, 0] @ self.basis.T
        residuals = self.low_flux - ratio * template
        return np.sum(residuals[:, used] ** 2 - noise * ratio[:, used] ** 2, axis=1), residuals, ratio


def _inside(spectrum: Spectrum, config: BlurFitConfig) -> BoolArray:
    """Return which pixels lie in the window, which they must cover to half a pixel."""
    edges = pixel_edges(spectrum.wave)
    if edges[0] > config.start or edges[-1] < config.stop:
        msg = (
            f"{spectrum.spectrum_id}: window {config.start:g} to {config.stop:g} Å: the spectrum spans {edges[0]:.2f} to "
            f"{edges[-1]:.2f} Å only"
        )
        raise WindowError(msg)
    return np.asarray((spectrum.wave >= config.start) & (spectrum.wave <= config.stop), dtype=np.bool_)


def _level(spectrum: Spectrum, inside: BoolArray) -> float:
    """Return the median flux in the window, the continuum as far as this comparison needs it."""
    level = float(np.median(spectrum.flux[inside]))
    if not level > 0:
        msg = f"{spectrum.spectrum_id}: the median flux in the window is {level!r}, expected light"
        raise WindowError(msg)
    return level
