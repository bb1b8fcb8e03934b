"""The integrated equivalent width around Hα."""

from __future__ import annotations

import numpy as np

from spectrove.baselines.window import LineWindow
from spectrove.contracts import FloatArray

HALF_WIDTH = 12.0
"""Å on each side of Hα that are integrated; chosen: a dMe star's line and most of a Be star's, short of [N II]."""

CONFIDENCE = 3.0
"""Standard deviations that are taken off; chosen."""


def equivalent_width(window: LineWindow) -> FloatArray:
    r"""
    Return the equivalent width of emission that the noise still allows.

    :math:`W = \sum_i (F_i / F_c - 1)\,\Delta\lambda_i`, counted positive in emission, over 12 Å on each side of Hα, less three
    standard deviations of it, :math:`\sigma_W = \sigma \sqrt{\sum_i \Delta\lambda_i^2}` of independent pixels. The
    paper names this integral as the classical approach and cites its use in finding lines [1]_ [2]_ [3]_; those two papers
    measure absorption lines. The width of the integral is our choice, and
    so is taking off the error, without which the noisiest spectra come first.

    Parameters
    ----------
    window : LineWindow
        Normalized spectra.

    Returns
    -------
    array of shape (n_spectra,)
        Lower limit of the equivalent width, Å.

    References
    ----------
    .. [1] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sec. 1.
    .. [2] Kang & Lee 2012, MNRAS 425, 3162.
    .. [3] Waters & Hollek 2013, PASP 125, 1164.
    """
    columns = window.near(HALF_WIDTH)
    steps = np.gradient(window.wave)[columns]
    width = window.excess[:, columns] @ steps.astype(np.float32)
    error = window.noise * np.sqrt(np.sum(steps**2))
    limit: FloatArray = width - CONFIDENCE * error
    return limit
