"""Fit of a library of templates by χ²."""

from __future__ import annotations

import numpy as np

from spectrove.baselines.templates import ABSORPTION_PROFILES, EMISSION_PROFILES, draw_templates, without_line
from spectrove.baselines.window import FIT_REACH, LineWindow
from spectrove.contracts import FloatArray

LEAST_FREE = 0.05
"""What two templates of a pair must not share, 1 minus the square of their product; chosen: one profile is not fitted twice."""


def template_chi2(window: LineWindow) -> FloatArray:
    r"""
    Return by how much emission improves the best fit of a template, as the root of the drop in χ².

    Pipelines match a spectrum with a library of templates by χ² [1]_ [2]_. Our library is made of formulas: absorption of 7
    widths, the wider ones with wings, emission of 10 shapes, both at 7 velocities, with 45 Å on each side of Hα and a straight
    continuum left free. With :math:`\chi^2_a` of the best pure absorption and :math:`\chi^2_{a+e}` of the best pair of
    absorption and emission, amplitudes by linear least squares and of the right sign only, the statistic is
    :math:`\sqrt{\chi^2_a - \chi^2_{a+e}}`. Every pixel has the same error, the scatter of the sidebands. A survey's pipeline
    compares whole spectra with templates of whole stars; the two have the χ² in common and nothing else.

    Parameters
    ----------
    window : LineWindow
        Normalized spectra.

    Returns
    -------
    array of shape (n_spectra,)
        Improvement, standard deviations, from 0.

    References
    ----------
    .. [1] Gray & Corbally 2009, Stellar Spectral Classification, sec. 13.5.
    .. [2] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sec. 1.
    """
    columns = window.near(FIT_REACH)
    spectra = without_line(window.excess[:, columns] / window.noise[:, None])
    absorption = draw_templates(window.wave[columns], ABSORPTION_PROFILES)
    emission = draw_templates(window.wave[columns], EMISSION_PROFILES)
    best_absorption = np.zeros(len(spectra), dtype=np.float32)
    best_pair = np.zeros(len(spectra), dtype=np.float32)
    for of_absorption, of_emission in zip(absorption, emission, strict=True):
        depth = spectra @ of_absorption.T
        height = spectra @ of_emission.T
        best_absorption = np.maximum(best_absorption, np.square(np.maximum(depth, 0)).max(axis=1))
        best_pair = np.maximum(best_pair, np.square(np.maximum(height, 0)).max(axis=1))
        overlaps = of_absorption @ of_emission.T
        for number, overlap in enumerate(overlaps):
            best_pair = np.maximum(best_pair, _explained(depth[:, number, None], height, overlap).max(axis=1))
    improvement: FloatArray = np.sqrt(np.maximum(best_pair - best_absorption, 0))
    return improvement


def _explained(depth: FloatArray, height: FloatArray, overlap: FloatArray) -> FloatArray:
    """
    Return the χ² that two templates of length 1 explain together; 0 where an amplitude has the wrong sign.

    With the projections p and q on them and their product g, the amplitudes are (p - g q) / (1 - g²) and (q - g p) / (1 - g²),
    and (p² - 2 g p q + q²) / (1 - g²) is explained.
    """
    free = np.maximum(1 - overlap**2, LEAST_FREE)
    right = (depth > overlap * height) & (height > overlap * depth) & (1 - overlap**2 >= LEAST_FREE)
    explained: FloatArray = np.where(right, (depth**2 - 2 * overlap * depth * height + height**2) / free, 0)
    return explained
