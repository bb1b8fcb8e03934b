"""Differences of means over kernels of several widths, after Hou et al. (2016)."""

from __future__ import annotations

import itertools

import numpy as np

from spectrove.baselines.finder import running_mean
from spectrove.baselines.window import LineWindow
from spectrove.contracts import FloatArray

WIDTHS = (3, 7, 15, 31)
"""Pixels of LAMOST (1.5 Å) of the kernels; chosen: 4.5, 10.6, 23 and 47 Å."""

CENTER_REACH = 3.0
"""Å on each side of Hα where the kernels are centered, chosen: 140 km/s; further out an absorption line's shoulder is a rise."""


def kernel_differences(window: LineWindow) -> FloatArray:
    r"""
    Return how much a narrow kernel at Hα collects above a wide one, in standard deviations, for the pair that shows it best.

    Known to us are the abstract of Hou et al. [1]_ and the paper's description: the difference of several statistics with
    different kernel width, in order to find double peaks hidden in deep absorption [2]_. Ours is
    :math:`(\bar{x}_m - \bar{x}_n) / (\sigma \sqrt{1/m - 1/n})`, with the means over :math:`m < n` pixels around one center, the
    smaller part of the larger; the largest over all pairs of 3, 7, 15 and 31 pixels and over the centers within 3 Å of Hα.
    A wide absorption line lowers both means, so a reversal in its core stands out; without one the difference is negative.
    Kernels, widths, centers and noise are our choice.

    Parameters
    ----------
    window : LineWindow
        Normalized spectra.

    Returns
    -------
    array of shape (n_spectra,)
        Largest difference, standard deviations.

    References
    ----------
    .. [1] Hou, Luo, Hu et al. 2016, Research in Astronomy and Astrophysics 16, 138; arXiv:1604.03704.
    .. [2] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sec. 1.
    """
    columns = window.near(CENTER_REACH)
    means = {width: running_mean(window.excess, width)[:, columns] for width in WIDTHS}
    largest = np.full(len(window.excess), -np.inf, dtype=np.float32)
    for narrow, wide in itertools.combinations(WIDTHS, 2):
        difference = (means[narrow] - means[wide]).max(axis=1) / np.sqrt(1 / narrow - 1 / wide)
        largest = np.maximum(largest, difference)
    statistic: FloatArray = largest / window.noise
    return statistic
