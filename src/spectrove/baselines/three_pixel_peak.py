"""The mean of three pixels at the strongest peak, after Lin et al. (2015)."""

from __future__ import annotations

import numpy as np

from spectrove.baselines.finder import running_mean
from spectrove.baselines.window import LINE_REACH, LineWindow
from spectrove.contracts import FloatArray

N_PIXELS = 3
"""Pixels averaged [1]_."""


def three_pixel_peak(window: LineWindow) -> FloatArray:
    r"""
    Return by how much the highest three neighboring pixels at Hα exceed the continuum, in standard deviations.

    Known to us is one sentence of the paper: an integral measure based on three-pixel statistics, taken to find strong
    uprising peaks [1]_; it speaks of Lin et al. [2]_, whose own text was not at hand. Ours is
    :math:`\sqrt{3}\,\bar{x}_3 / \sigma`, with :math:`\bar{x}_3` the largest mean excess of three neighboring pixels whose
    middle lies within 5 Å of Hα. The continuum, the noise, the reach and the division by the noise are our choice. Emission
    that stays below the continuum, as in a deep absorption line, is beyond it.

    Parameters
    ----------
    window : LineWindow
        Normalized spectra.

    Returns
    -------
    array of shape (n_spectra,)
        Height of the peak over the continuum, standard deviations.

    References
    ----------
    .. [1] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sec. 1.
    .. [2] Lin, Hou, Chen et al. 2015, Research in Astronomy and Astrophysics 15, 1325.
    """
    columns = window.near(LINE_REACH)
    highest = running_mean(window.excess, N_PIXELS)[:, columns].max(axis=1)
    height: FloatArray = highest * np.sqrt(N_PIXELS) / window.noise
    return height
