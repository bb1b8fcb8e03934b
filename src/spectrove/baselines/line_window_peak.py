"""The peak between 6561 and 6568 Å, after Shridharan et al. (2021)."""

from __future__ import annotations

import numpy as np

from spectrove.baselines.window import LineWindow
from spectrove.contracts import BoolArray, FloatArray

PEAK_FIRST, PEAK_LAST = 6561.0, 6568.0
"""Å; where the peak must lie [1]_. Taken as vacuum, LAMOST's scale, in which Hα stands in the middle."""

PROMINENCE_REACH = 20
"""Pixels on each side within which the foot of a peak is sought; chosen: 30 Å."""


def line_window_peak(window: LineWindow) -> FloatArray:
    """
    Return the prominence of the most prominent peak between 6561 and 6568 Å, in standard deviations.

    Known to us is the abstract of Shridharan et al. [1]_: an automated routine identified spectra having a peak between 6561 and
    6568 Å, and false detections and bad spectra were then removed, how we do not know. A peak is a pixel higher than the one
    before it and not lower than the one after it; how prominent it is, our measure of it, is its height above the higher one
    of its two feet, the lowest pixels before the spectrum rises above the peak or 20 pixels have passed. A weak
    reversal within absorption is a peak, too; and so is one of noise.

    Parameters
    ----------
    window : LineWindow
        Normalized spectra.

    Returns
    -------
    array of shape (n_spectra,)
        Prominence, standard deviations; 0 without a peak.

    References
    ----------
    .. [1] Shridharan, Mathew, Nidhi et al. 2021, Research in Astronomy and Astrophysics; arXiv:2108.08025.
    """
    excess = window.excess
    first = int(np.searchsorted(window.wave, PEAK_FIRST))
    last = int(np.searchsorted(window.wave, PEAK_LAST, side="right"))
    prominence = np.zeros(len(excess), dtype=np.float32)
    for column in range(first, last):
        height = excess[:, column]
        is_peak = (height > excess[:, column - 1]) & (height >= excess[:, column + 1])
        rows = np.flatnonzero(is_peak)
        before = excess[rows, column - PROMINENCE_REACH : column][:, ::-1]
        after = excess[rows, column + 1 : column + 1 + PROMINENCE_REACH]
        foot = np.maximum(_foot(before, height[rows]), _foot(after, height[rows]))
        prominence[rows] = np.maximum(prominence[rows], height[rows] - foot)
    statistic: FloatArray = prominence / window.noise
    return statistic


def _foot(outward: FloatArray, height: FloatArray) -> FloatArray:
    """Return the lowest value on the way out, before something is higher than the peak."""
    passed: BoolArray = np.logical_or.accumulate(outward > height[:, None], axis=1)
    foot: FloatArray = np.where(passed, height[:, None], outward).min(axis=1)
    return foot
