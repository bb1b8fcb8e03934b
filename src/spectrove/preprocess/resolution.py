r"""
Gaussian blur: in pixels, as in the paper, and in velocity, from one resolving power to another.

Both are one weighted mean, with weights that fall as a Gaussian of the distance and are cut at 4σ. Three choices:

- *Ends.* The first and the last value continue beyond the spectrum (``boundary='extend'`` of astropy's ``convolve``,
  ``mode='nearest'`` of SciPy). With zeros instead, a continuum would fall by half at its ends.
- *Gaps.* A pixel that is not finite carries no weight, so that its neighbors are blurred as if it were absent, and it stays NaN.
  Nothing is invented inside a gap, and a gap does not grow.
- *Cut.* At 4σ, as astropy's ``Gaussian1DKernel``: with a whole σ the result is the same as that of the paper's call.

References
----------
.. [1] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sect. 3.2 (convolution with a Gaussian of 7 pixels).
"""

from __future__ import annotations

import math

import numpy as np
from scipy.ndimage import gaussian_filter1d

from spectrove.contracts import FloatArray
from spectrove.errors import RecipeError

SPEED_OF_LIGHT = 299_792.458
"""km/s, exact (SI)."""

FWHM_PER_SIGMA = 2.0 * math.sqrt(2.0 * math.log(2.0))
"""Full width at half maximum of a Gaussian of unit σ."""

CUT = 4.0
"""σ; weights beyond are left out."""


def blur_radius(sigma: float) -> int:
    """
    Return how many pixels to each side a blur in pixels looks at.

    Parameters
    ----------
    sigma : float
        Standard deviation of the Gaussian, pixels.

    Returns
    -------
    int
        Pixels.
    """
    return int(CUT * sigma + 0.5)


def gaussian_blur_pixels(flux: FloatArray, sigma: float) -> FloatArray:
    """
    Return the flux blurred by a Gaussian of a fixed width in pixels.

    Parameters
    ----------
    flux : array of shape (..., n_pixels)
        Flux density, any unit; NaN where there is no measurement.
    sigma : float
        Standard deviation of the Gaussian, pixels; 0 changes nothing.

    Returns
    -------
    array of the same shape
        Blurred flux, NaN exactly where ``flux`` is not finite.

    Raises
    ------
    RecipeError
        If ``sigma`` is negative or not finite.

    References
    ----------
    .. [1] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sect. 3.2.
    """
    if not math.isfinite(sigma) or sigma < 0:
        msg = f"gaussian blur: sigma must be finite and not negative, in pixels, got {sigma!r}"
        raise RecipeError(msg)
    values: FloatArray = np.asarray(flux, dtype=np.float64)
    finite = np.isfinite(values)
    if blur_radius(sigma) == 0:
        return np.where(finite, values, np.nan)
    if finite.all():
        return _smooth(values, sigma)
    weight = _smooth(finite.astype(np.float64), sigma)
    total = _smooth(np.where(finite, values, 0.0), sigma)
    blurred: FloatArray = np.divide(total, weight, out=np.full(values.shape, np.nan), where=finite)
    return blurred


def _smooth(values: FloatArray, sigma: float) -> FloatArray:
    blurred: FloatArray = gaussian_filter1d(values, sigma, axis=-1, mode="nearest", truncate=CUT)
    return blurred


def velocity_sigma(from_resolving_power: float, to_resolving_power: float) -> float:
    r"""
    Return the Gaussian that takes one resolving power to a lower one.

    Resolving power is :math:`\lambda/\Delta\lambda` with :math:`\Delta\lambda` the full width at half maximum, and widths of
    Gaussians add in squares: :math:`\sigma_v = c\,\sqrt{R_2^{-2} - R_1^{-2}} / (2\sqrt{2 \ln 2})`.

    Parameters
    ----------
    from_resolving_power : float
        Resolving power of the spectrum.
    to_resolving_power : float
        Resolving power to bring it to, not larger.

    Returns
    -------
    float
        Standard deviation, km/s.

    Raises
    ------
    RecipeError
        If one is not finite and positive, or the second is larger than the first.
    """
    powers = (from_resolving_power, to_resolving_power)
    if not all(math.isfinite(power) and power > 0 for power in powers) or to_resolving_power > from_resolving_power:
        msg = (
            f"gaussian blur: resolving powers must be finite, positive and falling, got {from_resolving_power!r} to "
            f"{to_resolving_power!r}. A blur cannot sharpen."
        )
        raise RecipeError(msg)
    return SPEED_OF_LIGHT * math.sqrt(to_resolving_power**-2 - from_resolving_power**-2) / FWHM_PER_SIGMA


def gaussian_blur_resolving_power(
    wave: FloatArray, flux: FloatArray, from_resolving_power: float, to_resolving_power: float
) -> FloatArray:
    """
    Return the flux at a lower resolving power, by a Gaussian of one width in velocity.

    The weights are taken at the pixels' own places in the logarithm of wavelength, times the pixels' widths there, so that any
    grid will do and nothing is interpolated. On a logarithmic grid it is `gaussian_blur_pixels`.

    Parameters
    ----------
    wave : array of shape (n_pixels,)
        Wavelengths, Å, strictly increasing.
    flux : array of shape (n_pixels,)
        Flux density, any unit; NaN where there is no measurement.
    from_resolving_power : float
        Resolving power of the spectrum, the same at all wavelengths.
    to_resolving_power : float
        Resolving power to bring it to, not larger.

    Returns
    -------
    array of shape (n_pixels,)
        Blurred flux, NaN exactly where ``flux`` is not finite.

    Raises
    ------
    RecipeError
        If the resolving powers are not finite, positive and falling.
    """
    sigma = velocity_sigma(from_resolving_power, to_resolving_power) / SPEED_OF_LIGHT
    values: FloatArray = np.asarray(flux, dtype=np.float64)
    finite = np.isfinite(values)
    if sigma == 0:
        return np.where(finite, values, np.nan)
    place = np.log(np.asarray(wave, dtype=np.float64))
    first, *_, last = np.diff(place)
    reach = math.ceil(CUT * sigma / float(np.diff(place).min())) + 1
    before, after = place[0] - first * np.arange(reach, 0, -1), place[-1] + last * np.arange(1, reach + 1)
    place = np.concatenate([before, place, after])
    width = np.gradient(place) * np.pad(finite, reach, mode="edge")
    values = np.pad(np.where(finite, values, 0.0), reach, mode="edge")
    total, weight = np.zeros(finite.size), np.zeros(finite.size)
    here = slice(reach, reach + finite.size)
    for offset in range(-reach, reach + 1):
        there = slice(reach + offset, reach + offset + finite.size)
        distance = np.abs(place[there] - place[here])
        share = width[there] * np.exp(-0.5 * (distance / sigma) ** 2) * (distance <= CUT * sigma + 0.5 * width[there])
        total += share * values[there]
        weight += share
    blurred: FloatArray = np.divide(total, weight, out=np.full(finite.size, np.nan), where=finite)
    return blurred
