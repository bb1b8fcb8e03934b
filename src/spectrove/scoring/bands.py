"""
How wide the band is in which a narrow type may decide otherwise than float32.

The margin of a row is the distance between its two largest logits, which is the logarithm of the ratio of its two largest
probabilities. A screen's deviation in a row is how much less than its margin the class that it predicts leads by in float32. The
class changes where the deviation reaches the margin, and nowhere else. The deviations are known of the rows computed both ways,
and the band, within which all rows are computed again, is made so wide that at its edge and beyond none of those comes near its
margin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spectrove.contracts import FloatArray

SAFETY = 2.0
"""A deviation must stay below the margin divided by this, wherever a row is left as the screen has it; chosen."""

HEADROOM = 1.25
"""What a band is made wider than the deviations seen ask for, as more rows show larger ones; chosen, to save second passes."""

NEIGHBORHOOD = 2.0
"""Deviations grow with the logits, so a band is judged by the rows of margins up to this many times its width; chosen."""

MIN_NEIGHBORS = 256
"""A band is judged by at least so many rows, those of smallest margin."""

FLOOR = 1e-30
"""Probabilities below it count as equal to it: single precision ends near 1e-38, and no decision lies there."""

LEAST_WIDTH = 1e-5
"""The narrowest band of margins, some hundred times the rounding of probabilities in single precision near one half."""


@dataclass(frozen=True)
class Deviations:
    """
    What a screen and a better computation say of the same rows.

    Attributes
    ----------
    margins : array of float64, shape (n_rows,)
        Margins in the screen, dimensionless; infinite where only one class has a probability.
    deviations : array of float64, shape (n_rows,)
        How much of the margin is gone in the better computation, dimensionless; 0 where nothing is.
    """

    margins: FloatArray
    deviations: FloatArray

    @classmethod
    def between(cls, screened: FloatArray, better: FloatArray) -> Deviations:
        """
        Compare the probabilities of some rows.

        Parameters
        ----------
        screened : array of float32, shape (n_rows, n_classes)
            What the screen says.
        better : array of float32, shape (n_rows, n_classes)
            What the better computation says.

        Returns
        -------
        Deviations
            Of the rows in their order.
        """
        columns = np.argmax(screened, axis=1)[:, None]
        margins, logarithms = margins_of(screened), _logarithms(better)
        leads = np.take_along_axis(logarithms, columns, axis=1) - logarithms
        np.put_along_axis(leads, columns, np.inf, axis=1)  # nobody leads against himself
        return cls(margins, np.maximum(margins - leads.min(axis=1), 0))

    def needed(self, width: float) -> float:
        """
        Return the width that the rows around and beyond a band's edge ask for.

        Parameters
        ----------
        width : float
            Width of the band.

        Returns
        -------
        float
            ``width`` if in no row beyond half of it the deviation reaches the margin (or the width) divided by `SAFETY`; else a
            larger one.
        """
        beyond = self.margins > width / 2
        near = beyond & (self.deviations * SAFETY > np.maximum(self.margins, width))
        if not near.any():
            return width
        # A row's own margin would be enough for this row; the deviation is what the next one may show.
        return float(HEADROOM * SAFETY * self.deviations[near].max())


def margins_of(probabilities: FloatArray) -> FloatArray:
    """
    Return how far the two largest logits of each row lie apart.

    Parameters
    ----------
    probabilities : array of shape (n_rows, n_classes)
        Predicted class probabilities, dimensionless.

    Returns
    -------
    array of float64, shape (n_rows,)
        Differences of logits, dimensionless.
    """
    logarithms = _logarithms(np.partition(probabilities, -2, axis=1)[:, -2:])
    margins: FloatArray = logarithms[:, 1] - logarithms[:, 0]
    return margins


def first_width(seen: Deviations) -> float:
    """
    Return the width of a band from the deviations of a sample.

    Parameters
    ----------
    seen : Deviations
        Of a random sample of the pool.

    Returns
    -------
    float
        The smallest width that exceeds `SAFETY` × `HEADROOM` times every deviation of the rows with margins up to `NEIGHBORHOOD`
        times the width, and of the `MIN_NEIGHBORS` rows of smallest margin.
    """
    order = np.argsort(seen.margins)
    margins, largest = seen.margins[order], np.maximum.accumulate(seen.deviations[order])
    n_near = min(MIN_NEIGHBORS, margins.size)
    width = LEAST_WIDTH
    while n_near:
        wider = max(width, float(SAFETY * HEADROOM * largest[n_near - 1]))
        n_within = max(n_near, int(np.searchsorted(margins, NEIGHBORHOOD * wider, side="right")))
        if wider == width and n_within == n_near:
            break
        width, n_near = wider, n_within
    return max(width, seen.needed(width))


def first_reach(screened: FloatArray, better: FloatArray) -> float:
    """
    Return the width of a band of utilities from those of a sample.

    Parameters
    ----------
    screened : array of float64, shape (n_rows,)
        Utilities by the screen.
    better : array of float64, shape (n_rows,)
        By the better computation.

    Returns
    -------
    float
        `SAFETY` × `HEADROOM` times the largest difference.
    """
    return max(LEAST_WIDTH, float(SAFETY * HEADROOM * np.abs(screened - better).max(initial=0)))


def needed_reach(screened: FloatArray, better: FloatArray, reach: float) -> float:
    """
    Return the width of a band of utilities that rows computed both ways ask for.

    Parameters
    ----------
    screened : array of float64, shape (n_rows,)
        Utilities by the screen.
    better : array of float64, shape (n_rows,)
        By the better computation.
    reach : float
        The width so far.

    Returns
    -------
    float
        ``reach`` if no row gains more than it divided by `SAFETY`; else a larger one.
    """
    gain = float((better - screened).max(initial=0))
    return reach if SAFETY * gain <= reach else HEADROOM * SAFETY * gain


def upper_limit(n_wrong: int, n_checked: int, level: float = 0.95) -> float:
    """
    Return the share of rows that may be wrong, given how many of a random sample are.

    Parameters
    ----------
    n_wrong : int
        Wrong rows of the sample.
    n_checked : int
        Size of the sample.
    level : float
        Confidence.

    Returns
    -------
    float
        One-sided upper limit [1]_; 1 for an empty sample.

    References
    ----------
    .. [1] Clopper & Pearson 1934, Biometrika 26, 404.
    """
    from scipy.stats import beta

    return 1.0 if n_wrong >= n_checked else float(beta.ppf(level, n_wrong + 1, n_checked - n_wrong))


def _logarithms(probabilities: FloatArray) -> FloatArray:
    logarithms: FloatArray = np.log(np.maximum(probabilities.astype(np.float64), FLOOR))
    return logarithms
