"""The peaks and troughs of a profile that stand out of its noise, and what they make of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spectrove.contracts import BoolArray, FloatArray, IntArray

PROFILES = ("single", "double", "p-cygni", "inverse-p-cygni", "shell", "reversal", "absorption", "none")
"""
Classes of profiles.

``single`` and ``double``: one or two peaks above the continuum. ``p-cygni`` (``inverse-p-cygni``): one peak, and on its violet
(red) side an absorption that the other side has not. ``shell``: two peaks with a core between them that goes below the continuum.
``reversal``: a peak inside an absorption that does not reach the continuum. ``absorption``: nothing but that. ``none``: neither.
"""

SIGMA = 1.0
"""Peaks are sought in the profile smoothed by a Gaussian of so many pixels, as in the labeling page."""

SIGNIFICANCE = 3.0
"""A peak must rise above the valleys beside it by so many standard deviations of the smoothed noise; as in the labeling page."""

SHARP = 5.0
"""The same for peaks that only the unsmoothed profile parts, in standard deviations of a pixel; chosen: rare by chance."""

SHARE = 0.05
"""And by this share of the highest peak over the continuum; as in the labeling page."""

DEPTH = 0.02
"""Least depth of an absorption below the continuum, for the continuum is not known better; chosen."""

P_CYGNI_DEPTH = 0.05
"""By so much more of the continuum the one side of a P Cygni profile is absorbed than the other; chosen."""

REVERSAL = 0.1
"""Least rise of a peak inside an absorption, share of its depth: telluric lines and noise are less. Chosen."""

ALIKE = 0.5
"""Both sides of a reversal are this share of its depth at least: else the one is a metal line beside the other. Chosen."""

LOPSIDED = 3.0
"""An absorption belongs to P Cygni if it is so many times as deep as that on the other side of the peak; chosen."""


@dataclass(frozen=True)
class Profile:
    """
    What stands out of a profile.

    Attributes
    ----------
    kind : str
        One of `PROFILES`.
    peaks : array of int
        Pixels of up to two peaks above the continuum, by wavelength.
    extreme : int
        Pixel of the highest peak, or of the deepest absorption where there is none.
    """

    kind: str
    peaks: IntArray
    extreme: int


def smoothed(relative: FloatArray, sigma: float = SIGMA) -> tuple[FloatArray, float]:
    """
    Return a profile smoothed by a Gaussian, and by what factor this lowers white noise.

    Parameters
    ----------
    relative : array of shape (..., n_pixels)
        Flux over continuum, finite.
    sigma : float
        Standard deviation of the Gaussian, pixels.

    Returns
    -------
    smooth : array of the same shape
        At the ends, the mean over the pixels that are there.
    lowered : float
        Root of the sum of the squares of the weights.
    """
    radius = int(np.ceil(4 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    n = relative.shape[-1]
    rows = np.arange(n)
    distance = np.abs(rows[:, None] - rows)
    matrix = np.where(distance <= radius, kernel[np.minimum(distance + radius, 2 * radius)], 0.0)
    matrix /= matrix.sum(axis=1, keepdims=True)
    return relative @ matrix.T, float(np.sqrt((kernel**2).sum()))


def prominent(values: FloatArray, rise: FloatArray) -> IntArray:
    """
    Return the local maxima that rise high enough above the higher of the valleys that divide them from higher ones or the ends.

    Parameters
    ----------
    values : array of shape (n_pixels,)
        A profile.
    rise : array of shape (n_pixels,)
        Least prominence at each pixel.

    Returns
    -------
    array of int
        Pixels, in order.
    """
    tops = np.flatnonzero((values[1:-1] > values[:-2]) & (values[1:-1] >= values[2:])) + 1
    found = []
    for top in tops:
        higher = np.flatnonzero(values > values[top])
        before, after = higher[higher < top], higher[higher > top]
        left = values[before[-1] if before.size else 0 : top + 1].min()
        right = values[top : (after[0] if after.size else values.size) + 1].min()
        if values[top] - max(left, right) >= rise[top]:
            found.append(int(top))
    return np.array(found, dtype=np.int64)


def describe(relative: FloatArray, noise: FloatArray, allowed: BoolArray, blur: float = SIGMA) -> Profile:
    """
    Return what stands out of a profile.

    Parameters
    ----------
    relative : array of shape (n_pixels,)
        Flux over continuum, finite.
    noise : array of shape (n_pixels,)
        Its standard deviation.
    allowed : array of bool, shape (n_pixels,)
        Where a peak may stand: not at other lines.
    blur : float
        Standard deviation of the smoothing, pixels.

    Returns
    -------
    Profile
        Its class, peaks and extreme.
    """
    smooth, lowered = smoothed(relative, blur)
    error = np.hypot(lowered * noise, 1e-12)
    peaks = _emission_peaks(relative, smooth, noise, error)
    peaks = peaks[allowed[peaks]]
    if peaks.size > 2:
        peaks = np.sort(peaks[np.argsort(-smooth[peaks], kind="stable")[:2]])
    depth = np.where(allowed, 1 - smooth, -np.inf)
    deep = depth > np.maximum(SIGNIFICANCE * error, DEPTH)
    if peaks.size == 2:
        core = slice(int(peaks[0]), int(peaks[1]) + 1)
        kind = "shell" if deep[core].any() else "double"
    elif peaks.size == 1:
        kind = _with_one_peak(int(peaks[0]), depth, deep, error)
    else:
        kind = _without_peak(smooth, error, deep, allowed)
    extreme = int(peaks[np.argmax(smooth[peaks])]) if peaks.size else int(np.argmax(np.abs(np.where(allowed, smooth - 1, 0))))
    return Profile(kind, peaks, extreme)


def _emission_peaks(relative: FloatArray, smooth: FloatArray, noise: FloatArray, error: FloatArray) -> IntArray:
    """Return significant peaks above the continuum; those of the unsmoothed profile where it parts two that smoothing merges."""
    top = max(float(smooth.max()) - 1, 0.0)
    peaks = prominent(smooth, np.maximum(SIGNIFICANCE * error, SHARE * top))
    peaks = peaks[smooth[peaks] - 1 > SIGNIFICANCE * error[peaks]]
    if peaks.size == 1:
        sharp = prominent(relative, np.maximum(SHARP * noise, SHARE * (float(relative.max()) - 1)))
        sharp = sharp[relative[sharp] - 1 > SHARP * noise[sharp]]
        if sharp.size > 1:
            return sharp
    return peaks


def _with_one_peak(peak: int, depth: FloatArray, deep: BoolArray, error: FloatArray) -> str:
    violet, red = (float(np.max(part, initial=0.0)) for part in (depth[:peak], depth[peak:]))
    certain = max(SIGNIFICANCE * float(np.median(error)), P_CYGNI_DEPTH)
    if deep[:peak].any() and violet > LOPSIDED * red and violet - red > certain:
        return "p-cygni"
    if deep[peak:].any() and red > LOPSIDED * violet and red - violet > certain:
        return "inverse-p-cygni"
    return "single"


def _without_peak(smooth: FloatArray, error: FloatArray, deep: BoolArray, allowed: BoolArray) -> str:
    """Tell a reversal, a plain absorption and nothing apart."""
    if not deep.any():
        return "none"
    deepest = float(1 - smooth[deep].min())
    inside = prominent(smooth, np.maximum(SIGNIFICANCE * error, REVERSAL * deepest))
    edges = np.flatnonzero(deep)
    inside = inside[(inside > edges[0]) & (inside < edges[-1]) & allowed[inside]]
    beside = [min(1 - smooth[edges[0] : peak].min(), 1 - smooth[peak : edges[-1] + 1].min()) for peak in inside.tolist()]
    return "reversal" if max(beside, default=0.0) > ALIKE * deepest else "absorption"


def vertex(wave: FloatArray, values: FloatArray, pixel: IntArray) -> tuple[FloatArray, FloatArray]:
    """
    Return the vertices of the parabolas through peaks and their neighbors.

    Parameters
    ----------
    wave : array of shape (n_pixels,)
        Wavelengths, Å.
    values : array of shape (n_draws, n_pixels)
        Profiles.
    pixel : array of int, shape (n_draws,)
        Where each profile has its peak; not the first or last pixel.

    Returns
    -------
    place : array of shape (n_draws,)
        Wavelength, Å, at most one pixel away.
    height : array of shape (n_draws,)
        Value there.
    """
    rows = np.arange(values.shape[0])
    before, here, after = (values[rows, pixel + step] for step in (-1, 0, 1))
    left, right = wave[pixel - 1] - wave[pixel], wave[pixel + 1] - wave[pixel]
    fall, drop = (before - here) / left, (after - here) / right
    bend = (drop - fall) / (right - left)
    slope = fall - bend * left
    with np.errstate(divide="ignore", invalid="ignore"):
        offset = np.where(bend < 0, -slope / (2 * bend), 0.0)
    offset = np.clip(offset, left, right)
    return wave[pixel] + offset, here + (slope + bend * offset) * offset
