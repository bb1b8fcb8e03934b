"""
Resampling onto a wavelength grid: linear interpolation, as in the paper, and one that keeps the flux.

A pixel reaches from halfway to its left neighbor to halfway to its right one; the first and the last are as wide outward as
inward. Outside of the pixels there is no measurement: the result is NaN there, unless ``extend`` continues the first and the
last value, which `numpy.interp` does without being asked.
"""

from __future__ import annotations

import numpy as np

from spectrove.contracts import FloatArray

LEAST_COVERED = 0.5
"""Share of a bin that pixels must cover for the bin to have a value; less, and the other side would decide it."""


def pixel_edges(wave: FloatArray) -> FloatArray:
    """
    Return the edges between pixels, halfway between their centers.

    Parameters
    ----------
    wave : array of shape (n_pixels,)
        Centers of the pixels, Å, strictly increasing, at least two.

    Returns
    -------
    array of shape (n_pixels + 1,)
        Edges, Å; the outermost lie as far outside as their neighbors lie inside.
    """
    centers: FloatArray = np.asarray(wave, dtype=np.float64)
    middles = 0.5 * (centers[1:] + centers[:-1])
    first, last = 2 * centers[0] - middles[0], 2 * centers[-1] - middles[-1]
    return np.concatenate([[first], middles, [last]])


def resample_linear(wave: FloatArray, flux: FloatArray, grid: FloatArray, *, extend: bool = False) -> FloatArray:
    """
    Return the flux interpolated linearly at the wavelengths of a grid, as `numpy.interp` does.

    Parameters
    ----------
    wave : array of shape (n_pixels,)
        Wavelengths, Å, strictly increasing.
    flux : array of shape (..., n_pixels)
        Flux density of one spectrum or of many, any unit.
    grid : array of shape (n_wave,)
        Wavelengths wanted, Å.
    extend : bool
        Whether the first and the last value continue beyond the spectrum.

    Returns
    -------
    array of shape (..., n_wave)
        Flux density; NaN beyond the edge of the first or the last pixel, unless extended.

    References
    ----------
    .. [1] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sect. 3.2 (linear interpolation of NumPy).
    """
    centers: FloatArray = np.asarray(wave, dtype=np.float64)
    values = _interpolated(np.asarray(grid, dtype=np.float64), centers, np.asarray(flux, dtype=np.float64))
    if extend:
        return values
    edges = pixel_edges(centers)
    return np.where((grid >= edges[0]) & (grid <= edges[-1]), values, np.nan)


def _interpolated(grid: FloatArray, centers: FloatArray, flux: FloatArray) -> FloatArray:
    # The operations of numpy.interp in their order, and so its digits, for all spectra of one grid at once.
    place = np.searchsorted(centers, grid, side="right") - 1
    left = np.clip(place, 0, centers.size - 2)
    right = left + 1
    below, above = np.take(flux, left, axis=-1), np.take(flux, right, axis=-1)
    with np.errstate(all="ignore"):
        slopes = (above - below) / (centers[right] - centers[left])
        values: FloatArray = slopes * (grid - centers[left]) + below
        if (lost := np.isnan(values)).any():  # an infinite neighbor: try from the other side
            values = np.where(lost, slopes * (grid - centers[right]) + above, values)
            values = np.where(np.isnan(values) & (below == above), below, values)
    nearest = np.clip(place, 0, None)
    given = (place < 0) | (place == centers.size - 1) | (centers[nearest] == grid)
    values[..., given] = flux[..., nearest[given]]
    return values


def resample_flux_conserving(wave: FloatArray, flux: FloatArray, grid: FloatArray, *, extend: bool = False) -> FloatArray:
    """
    Return the mean flux density in the bins of a grid, so that the integral over wavelength is kept.

    The flux is constant within each pixel, and each bin gets the integral over what it covers divided by its width: exact, with
    no kernel to choose. Pixels that are not finite count as absent; a bin is averaged over what is measured of it, and is NaN
    where that is less than half.

    Parameters
    ----------
    wave : array of shape (n_pixels,)
        Centers of the pixels, Å, strictly increasing.
    flux : array of shape (n_pixels,)
        Flux density, any unit per Å.
    grid : array of shape (n_wave,)
        Centers of the bins, Å, strictly increasing, at least two.
    extend : bool
        Whether the first and the last pixel continue beyond the spectrum.

    Returns
    -------
    array of shape (n_wave,)
        Mean flux density in each bin.
    """
    edges, bins = pixel_edges(wave), pixel_edges(grid)
    if extend:
        edges[0], edges[-1] = min(edges[0], bins[0]), max(edges[-1], bins[-1])
    values: FloatArray = np.asarray(flux, dtype=np.float64)
    cuts = np.union1d(edges, bins)
    widths, middles = np.diff(cuts), 0.5 * (cuts[1:] + cuts[:-1])
    pixel, place = np.searchsorted(edges, middles) - 1, np.searchsorted(bins, middles) - 1
    shared = (pixel >= 0) & (pixel < values.size) & (place >= 0) & (place < bins.size - 1)
    shared[shared] = np.isfinite(values[pixel[shared]])
    pixel, place, widths = pixel[shared], place[shared], widths[shared]
    covered = np.bincount(place, widths, minlength=bins.size - 1)
    total = np.bincount(place, widths * values[pixel], minlength=bins.size - 1)
    enough = covered >= LEAST_COVERED * (1 - 1e-9) * np.diff(bins)
    means: FloatArray = np.divide(total, covered, out=np.full(covered.shape, np.nan), where=enough)
    return means
