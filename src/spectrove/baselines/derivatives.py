"""Peaks by the second and the third derivative, after Yu et al. (2026)."""

from __future__ import annotations

import numpy as np
from scipy.signal import savgol_coeffs

from spectrove.baselines.window import LineWindow
from spectrove.contracts import FloatArray

DEGREE = 4
"""Degree of the polynomials that are differentiated; chosen."""

WIDTHS = (7, 13)
"""Pixels of LAMOST (1.5 Å) that a polynomial covers; chosen: 10.6 Å for narrow lines, 20 Å for those of Be stars."""

PEAK_REACH = 10.0
"""Å on each side of Hα where a peak may lie; chosen: both peaks of a double one."""

SHARE_OF_LOBE = 0.7
"""Share of the convexity beside a peak that is taken off its concavity; chosen above the 0.45 of a Gaussian, for noise."""


def derivatives(window: LineWindow) -> FloatArray:
    r"""
    Return how concave the sharpest peak at Hα is, in standard deviations.

    Known to us are the abstracts of Yu et al. [1]_ and of the paper that introduced their method [2]_: peaks are detected
    automatically by the second and the third derivative of the spectrum. In ours, the derivatives are those of polynomials of
    degree 4 through 7 and through 13 pixels [3]_; a peak is where the third derivative passes through zero upward while the
    second, :math:`f''`, is negative. Of each peak within 10 Å of Hα we take :math:`-f''` less 0.7 times the largest
    :math:`f''` within half of the polynomial's pixels, over the standard deviation of :math:`f''`; the largest counts. That
    leaves nothing of the shoulder of a Gaussian absorption line, which is :math:`2 e^{-3/2} = 0.45` times as concave as its
    core is convex. They worked on LAMOST's medium resolution; at R = 1800 a line is hardly wider than the narrow polynomial.

    Parameters
    ----------
    window : LineWindow
        Normalized spectra.

    Returns
    -------
    array of shape (n_spectra,)
        Concavity of the sharpest peak, standard deviations; 0 if there is none.

    References
    ----------
    .. [1] Yu, Li, Wang et al. 2026, arXiv:2601.05779.
    .. [2] Yu, Li, Wang et al. 2024, arXiv:2404.03866.
    .. [3] Savitzky & Golay 1964, Analytical Chemistry 36, 1627.
    """
    best = np.zeros(len(window.excess), dtype=np.float32)
    for width in WIDTHS:
        best = np.maximum(best, _concavity(window, width))
    return best


def _concavity(window: LineWindow, width: int) -> FloatArray:
    """Return the statistic of polynomials through so many pixels."""
    columns = window.near(PEAK_REACH)
    reach = width // 2 + 1
    margin = reach + width // 2 + 1
    near = window.excess[:, columns.start - margin : columns.stop + margin]
    views = np.lib.stride_tricks.sliding_window_view(near, width, axis=1)
    to_second, to_third = (savgol_coeffs(width, DEGREE, deriv=order, use="dot").astype(np.float32) for order in (2, 3))
    second, third = views @ to_second, views @ to_third
    best = np.zeros(len(second), dtype=np.float32)
    for column in range(reach + 1, second.shape[1] - reach - 1):
        passes = (third[:, column - 1] < 0) & (third[:, column + 1] > 0)
        lobe = np.maximum(second[:, column - reach : column + reach + 1].max(axis=1), 0)
        best = np.maximum(best, np.where(passes, -second[:, column] - SHARE_OF_LOBE * lobe, 0))
    statistic: FloatArray = best / (window.noise * np.sqrt(np.sum(to_second**2)))
    return statistic
