"""The type of a profile by cross-correlation with templates, after Hou et al. (2016)."""

from __future__ import annotations

import numpy as np

from spectrove.baselines.finder import chunks
from spectrove.baselines.templates import ABSORPTION_PROFILES, OTHER, TYPE_PROFILES, draw_templates, without_line
from spectrove.baselines.window import FIT_REACH, LineWindow, line_window
from spectrove.contracts import FloatArray, IntArray

LEAST_CORRELATION = 0.7
"""Correlation below which a profile is like none of the templates; chosen: half of its variance is then unexplained."""


def classify_profiles(wave: FloatArray, flux: FloatArray, ivar: FloatArray | None = None) -> tuple[IntArray, FloatArray]:
    """
    Return the type of each spectrum's Hα profile, and how well it correlates with the templates of that type.

    By the paper's description, Hou et al. sorted profiles into six classes by cross-correlation with 27 templates [1]_. Their
    abstract names five: single peak, single peak in absorption, double peak, double peak in absorption, P Cygni [2]_. What the
    sixth is, we do not know; ours holds what correlates with no template by 0.7, or best with plain absorption. The 27
    templates are ours, made of Gaussians, shifted by up to 4.5 Å, and compared within 45 Å of Hα, where a straight line is
    taken out of both. Meant for what a finder has found: most spectra are plain absorption or noise.

    Parameters
    ----------
    wave : array of shape (n_wave,)
        Wavelengths in vacuum, Å, native LAMOST pixels, at least from 6517 to 6645.
    flux : array of shape (n_spectra, n_wave)
        Flux density, any unit.
    ivar : array of shape (n_spectra, n_wave), optional
        Inverse variance, 1/flux².

    Returns
    -------
    codes : array of int8, shape (n_spectra,)
        Indices into `spectrove.baselines.PROFILE_TYPES`.
    correlations : array of float32, shape (n_spectra,)
        Largest correlation with a template of types I to V, from -1 to 1; 0 where a spectrum cannot be judged.

    References
    ----------
    .. [1] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, Appendix B.4.
    .. [2] Hou, Luo, Hu et al. 2016, Research in Astronomy and Astrophysics 16, 138; arXiv:1604.03704.
    """
    codes = np.full(len(flux), OTHER, dtype=np.int8)
    correlations = np.zeros(len(flux), dtype=np.float32)
    for rows in chunks(len(flux)):
        window = line_window(wave, flux[rows], None if ivar is None else ivar[rows])
        codes[rows], correlations[rows] = _classify(window)
    return codes, correlations


def _classify(window: LineWindow) -> tuple[IntArray, FloatArray]:
    """Return types and correlations of normalized spectra."""
    columns = window.near(FIT_REACH)
    spectra = without_line(window.excess[:, columns])
    lengths = np.linalg.norm(spectra, axis=1)
    usable = window.judged & (lengths > 0)
    spectra /= np.where(usable, lengths, 1)[:, None]
    n_wave = spectra.shape[1]
    templates = draw_templates(window.wave[columns], tuple(profile for _, profile in TYPE_PROFILES))
    types = np.tile(np.array([code for code, _ in TYPE_PROFILES], dtype=np.int8), len(templates))
    absorption = draw_templates(window.wave[columns], ABSORPTION_PROFILES)
    correlation = spectra @ templates.reshape(-1, n_wave).T
    plain = (spectra @ absorption.reshape(-1, n_wave).T).max(axis=1)
    best = correlation.argmax(axis=1)
    largest = correlation[np.arange(len(correlation)), best]
    alike = usable & (largest >= LEAST_CORRELATION) & (largest > plain)
    return np.where(alike, types[best], np.int8(OTHER)), np.where(usable, largest, np.float32(0))
