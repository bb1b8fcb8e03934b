r"""
Two blended peaks, parted by a fit.

Where the instrument blurs two peaks into each other, the maxima of their sum stand closer together than the peaks do. Two
Gaussians of one common width, not narrower than the instrument's, are fitted to the upper part of the profile by damped least
squares, to many draws of the noise at once; their centers are the peaks.
"""

from __future__ import annotations

import numpy as np

from spectrove.contracts import BoolArray, FloatArray

FWHM_TO_SIGMA = float(1 / np.sqrt(8 * np.log(2)))
"""Standard deviation of a Gaussian whose full width at half maximum is 1."""

UPPER = 0.4
"""Share of the lower peak above which pixels are fitted: below, real profiles have wings that no Gaussian has. Chosen."""

N_STEPS = 12
"""Steps of the fit; chosen: the centers no longer move."""

DAMPING = 0.05
"""Share of its diagonal that is added to the normal matrix (Levenberg 1944; Marquardt 1963)."""


def part_peaks(
    wave: FloatArray, excess: FloatArray, noise: FloatArray, peaks: tuple[FloatArray, FloatArray], narrowest: float
) -> tuple[FloatArray, BoolArray]:
    """
    Return the centers of two Gaussians of one width fitted to double peaks.

    Parameters
    ----------
    wave : array of shape (n_pixels,)
        Wavelengths, Å.
    excess : array of shape (n_draws, n_pixels)
        Flux over continuum, minus 1; the measured profile first.
    noise : array of shape (n_pixels,)
        Its standard deviation.
    peaks : tuple of arrays of shape (n_draws,)
        Wavelengths of the violet and the red maximum of each draw, Å.
    narrowest : float
        Least FWHM of a peak, Å: the instrument's, or 0 where that is not known.

    Returns
    -------
    centers : array of shape (n_draws, 2)
        Wavelengths, Å.
    fitted : array of bool, shape (n_draws,)
        False where the fit went astray, or has too few pixels.
    """
    violet, red = peaks
    middle, apart = float((violet[0] + red[0]) / 2), float(red[0] - violet[0])
    used = _upper(wave, excess[0], (float(violet[0]), float(red[0])))
    start = np.column_stack([violet, red])
    if used.sum() < 6:
        return start, np.zeros(violet.size, dtype=bool)
    x, y, weight = (wave[used] - middle) / apart, excess[:, used], 1 / np.maximum(noise[used], 1e-6)
    least = max(narrowest * FWHM_TO_SIGMA / apart, 1e-3)
    heights = [np.maximum(_at(x, y, (place - middle) / apart), 1e-6) for place in peaks]
    width = np.full(violet.size, max(0.3, least))
    parameters = np.column_stack([*heights, (violet - middle) / apart, (red - middle) / apart, width])
    for _ in range(N_STEPS):
        model, slopes = _model(x, parameters, least)
        weighted = slopes * weight[None, None, :]
        normal = weighted @ weighted.transpose(0, 2, 1)
        diagonal = np.einsum("nii->ni", normal)
        diagonal += DAMPING * diagonal + 1e-9
        target = (weighted @ ((y - model) * weight)[:, :, None])[:, :, 0]
        step = np.linalg.solve(normal, target[:, :, None])[:, :, 0]
        step[:, 2:] = np.clip(step[:, 2:], -0.2, 0.2)
        parameters = parameters + step
        parameters[:, 4] = np.clip(np.abs(parameters[:, 4]), least, 2.0)
    centers = middle + apart * parameters[:, 2:4]
    ratio = (centers[:, 1] - centers[:, 0]) / apart
    inside = (np.abs(parameters[:, 2:4]) < 1.2).all(axis=1) & (parameters[:, :2] > 0).all(axis=1)
    fitted = inside & (ratio > 0.5) & (ratio < 2) & np.isfinite(centers).all(axis=1)
    return np.where(fitted[:, None], centers, start), fitted


def _upper(wave: FloatArray, excess: FloatArray, peaks: tuple[float, float]) -> BoolArray:
    """Return the pixels around both peaks that are higher than a share of the lower one, and those between the peaks."""
    first, last = (int(np.abs(wave - place).argmin()) for place in peaks)
    least = UPPER * min(excess[first], excess[last])
    while first > 0 and excess[first - 1] > least:
        first -= 1
    while last < excess.size - 1 and excess[last + 1] > least:
        last += 1
    used: BoolArray = np.zeros(excess.shape, dtype=bool)
    used[first : last + 1] = True
    return used


def _at(x: FloatArray, y: FloatArray, place: FloatArray) -> FloatArray:
    """Return each profile's value at the pixel nearest to a place."""
    values: FloatArray = y[np.arange(y.shape[0]), np.abs(x[None, :] - place[:, None]).argmin(axis=1)]
    return values


def _model(x: FloatArray, parameters: FloatArray, least: float) -> tuple[FloatArray, FloatArray]:
    """Return the sums of two Gaussians (n_draws, n_pixels), and their derivatives (n_draws, 5, n_pixels)."""
    violet_height, red_height, violet, red, width = (parameters[:, i, None] for i in range(5))
    width = np.maximum(width, least)
    first, second = (x - violet) / width, (x - red) / width
    left, right = np.exp(-0.5 * first**2), np.exp(-0.5 * second**2)
    slopes = [
        left,
        right,
        violet_height * left * first / width,
        red_height * right * second / width,
        (violet_height * left * first**2 + red_height * right * second**2) / width,
    ]
    return violet_height * left + red_height * right, np.stack(slopes, axis=1)
