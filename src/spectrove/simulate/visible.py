"""
What an ideal expert would say of a spectrum: the peaks that its noise does not hide.

The truth of a simulated spectrum is what can be seen in it, not what was put in: a line that drowns in noise, or whose two peaks
the instrument merges, has the label of its looks, and its parameters stay in the truth table beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import find_peaks

from spectrove.contracts import FloatArray, IntArray
from spectrove.simulate.columns import Columns

LABELS = ("single-peak", "double-peak", "not-interesting")
"""The labels of the truth; `label_of` returns indices into it."""

SINGLE, DOUBLE, OTHER = range(3)
"""Indices of the labels."""

REACH = 48.0
"""Å; how far from the line's center peaks are looked for: 2200 km/s, enough for cataclysmic variables."""

VISIBLE = 3.0
"""Least prominence of a peak that an expert sees, in units of the noise of one pixel. Chosen: a peak has more than one pixel."""

NOTICED = 0.03
"""Least prominence of a peak, share of the range of fluxes around the line: people look at spectra scaled to it. Chosen."""

OWN_SHARE = 0.5
"""Least share of a peak's prominence that emission must cause; the photosphere has peaks of its own."""

SAME_PEAK = 2
"""Pixels within which a peak of the photosphere is the same as one of the whole spectrum. Chosen: half the instrument's width."""

LABELED_VISIBLE_POWER = 1541.0
"""
λ/Δλ at Hα of Ondřejov spectra that the paper's recipe has blurred by a Gaussian of 7 pixels of 0.2567 Å.

Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sect. 3.2; the blur has a FWHM of 4.23 Å, the spectrograph (R = 13,000) of 0.5 Å.
"""


@dataclass(frozen=True, eq=False)
class Seen(Columns):
    """
    What can be seen of emission lines; every attribute is an array of shape (n_spectra,).

    Attributes
    ----------
    n_peaks : array of int
        Number of visible peaks.
    prominence : array
        Prominence of the most prominent peak that emission causes, visible or not, in units of the noise of one pixel.
    separation : array
        Distance of the two most prominent visible peaks, Å; 0 where there are not two.
    v_over_r : array
        Emission at the violet one over that at the red one; 1 where there are not two.
    fwhm : array
        Full width of the emission at half of its maximum, from the outermost crossings, Å.
    ew : array
        Area of the emission within `REACH`, less what an absorber takes, Å.
    """

    n_peaks: IntArray
    prominence: FloatArray
    separation: FloatArray
    v_over_r: FloatArray
    fwhm: FloatArray
    ew: FloatArray


def see(wave: FloatArray, photosphere: FloatArray, emission: FloatArray, sigma: FloatArray, center: FloatArray) -> Seen:
    """
    Return what an expert sees of lines in spectra whose noise is known.

    Parameters
    ----------
    wave : array of shape (n_wave,)
        Vacuum wavelengths, Å.
    photosphere : array of shape (n_spectra, n_wave)
        Noise-free flux without the line, in units of the continuum.
    emission : array of shape (n_spectra, n_wave)
        What the line adds, in the same units.
    sigma : array of shape (n_spectra,)
        Noise of one pixel, in the same units.
    center : array of shape (n_spectra,)
        Where the line is centered, Å.

    Returns
    -------
    Seen
        The visible peaks.
    """
    n = len(sigma)
    seen = Seen(np.zeros(n, np.int64), np.zeros(n), np.zeros(n), np.ones(n), np.zeros(n), np.zeros(n))
    first, last = np.searchsorted(wave, center - REACH), np.searchsorted(wave, center + REACH)
    for row in range(n):
        inside = slice(int(first[row]), int(last[row]))
        if inside.stop - inside.start < 3:
            continue
        near, light = wave[inside], np.asarray(emission[row, inside], np.float64)
        peaks, prominences = _caused_peaks(photosphere[row, inside] + light, light)
        if peaks.size:
            seen.prominence[row] = prominences.max() / sigma[row]
        visible = prominences >= VISIBLE * sigma[row]
        peaks, prominences = peaks[visible], prominences[visible]
        seen.n_peaks[row] = peaks.size
        seen.fwhm[row] = full_width(near, light)
        seen.ew[row] = np.trapezoid(light, near)
        if peaks.size > 1:
            violet, red = np.sort(peaks[np.argsort(-prominences)[:2]])
            seen.separation[row] = near[red] - near[violet]
            seen.v_over_r[row] = max(light[violet], 0.0) / max(light[red], 1e-6)
    return seen


def label_of(seen: Seen) -> IntArray:
    """
    Return the label of what is seen.

    Parameters
    ----------
    seen : Seen
        The visible peaks.

    Returns
    -------
    array of int8, shape (n_spectra,)
        Indices into `LABELS`: no, one, or more peaks.
    """
    labels: IntArray = np.array([OTHER, SINGLE, DOUBLE], dtype=np.int8)[np.minimum(seen.n_peaks, 2)]
    return labels


def full_width(wave: FloatArray, light: FloatArray) -> float:
    """
    Return the full width of a line at half of its maximum.

    Parameters
    ----------
    wave : array of shape (n,)
        Å.
    light : array of shape (n,)
        The line alone.

    Returns
    -------
    float
        Distance of the outermost places where it passes half of its maximum, Å; 0 where it has none.
    """
    half = float(light.max()) / 2
    if half <= 0:
        return 0.0
    above = np.flatnonzero(light >= half)
    first, last = int(above[0]), int(above[-1])
    left, right = float(wave[first]), float(wave[last])
    if first > 0:
        left -= (light[first] - half) / (light[first] - light[first - 1]) * (wave[first] - wave[first - 1])
    if last < light.size - 1:
        right += (light[last] - half) / (light[last] - light[last + 1]) * (wave[last + 1] - wave[last])
    return float(right - left)


def _caused_peaks(flux: FloatArray, light: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return the peaks that without emission would be absent, or half as prominent at most, and their prominences."""
    peaks, found = find_peaks(flux, prominence=NOTICED * float(np.ptp(flux)))
    without, alone = find_peaks(flux - light, prominence=0.0)
    near = np.abs(peaks[:, None] - without[None, :]) <= SAME_PEAK
    own = found["prominences"] - np.where(near, alone["prominences"][None, :], 0.0).max(axis=1, initial=0.0)
    caused = (own >= OWN_SHARE * found["prominences"]) & (found["prominences"] > 0) & (light[peaks] > 0)
    return peaks[caused], found["prominences"][caused]
