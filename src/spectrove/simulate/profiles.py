r"""
Line profiles as an instrument sees them, many at once: pure functions, no noise, no randomness.

Every line is a Voigt profile of unit area times an equivalent width, so that an instrument of resolving power R only adds
:math:`(\lambda / R)^2` to the square of the Gaussian's FWHM: nothing is convolved numerically.

References
----------
.. [1] Gray, D. F. 2005, The Observation and Analysis of Stellar Photospheres, 3rd ed., ch. 11 (damping).
"""

from __future__ import annotations

import numpy as np
from scipy.special import voigt_profile

from spectrove.contracts import FloatArray
from spectrove.lines import H_ALPHA

SPEED_OF_LIGHT = 299_792.458
"""km/s."""

FWHM_TO_SIGMA = float(1 / np.sqrt(8 * np.log(2)))
"""Standard deviation of a Gaussian whose full width at half maximum is 1."""

HALPHA = H_ALPHA.wave
"""Å, vacuum."""


def line_profile(
    wave: FloatArray, center: FloatArray, fwhm: FloatArray, damping: FloatArray, resolving_power: float
) -> FloatArray:
    r"""
    Return Voigt profiles of unit area as an instrument sees them.

    Parameters
    ----------
    wave : array of shape (n_wave,)
        Vacuum wavelengths, Å.
    center : array of shape (n_spectra,)
        Centers of the lines, Å.
    fwhm : array of shape (n_spectra,)
        Intrinsic FWHM of the Gaussian part, Å; the instrument adds ``center / resolving_power`` in quadrature.
    damping : array of shape (n_spectra,)
        Half width at half maximum of the Lorentzian part, Å.
    resolving_power : float
        λ/Δλ of the instrument, Δλ being a FWHM.

    Returns
    -------
    array of shape (n_spectra, n_wave)
        1/Å.
    """
    sigma = np.hypot(fwhm, center / resolving_power) * FWHM_TO_SIGMA
    profile: FloatArray = voigt_profile(wave - center[:, None], sigma[:, None], damping[:, None])
    return profile


def shifted(rest: float, rv: FloatArray) -> FloatArray:
    """
    Return the wavelengths at which a line is seen.

    Parameters
    ----------
    rest : float
        Rest wavelength, Å.
    rv : array of shape (n_spectra,)
        Radial velocities, km/s.

    Returns
    -------
    array of shape (n_spectra,)
        Å.
    """
    return rest * (1 + rv / SPEED_OF_LIGHT)
