r"""
Line profiles and spectra around Hα, as pure functions of arrays: many spectra at once, no noise, no randomness.

Wavelengths are in vacuum. Every line is a Voigt profile of unit area times an equivalent width, so that an instrument of
resolving power R only adds :math:`(\lambda / R)^2` to the square of the Gaussian's FWHM: nothing is convolved numerically.

References
----------
.. [1] Gray, D. F. 2005, The Observation and Analysis of Stellar Photospheres, 3rd ed., ch. 11 (damping and Stark wings;
   the Lorentzian's :math:`\Delta\lambda^{-2}` stands for the linear Stark effect's :math:`\Delta\lambda^{-5/2}`) and
   ch. 18 (rotation, here a Gaussian).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from scipy.special import voigt_profile

from spectrove.contracts import BoolArray, FloatArray, IntArray
from spectrove.lines import H_ALPHA, HEI_6678, NII_6548, NII_6583, SII_6716, SII_6731
from spectrove.wavelength import air_to_vacuum

SPEED_OF_LIGHT = 299_792.458
"""km/s."""

FWHM_TO_SIGMA = 1 / np.sqrt(8 * np.log(2))
"""Standard deviation of a Gaussian whose full width at half maximum is 1."""

HALPHA = H_ALPHA.wave
"""Å, vacuum."""

NITROGEN = ((NII_6548.wave, 1 / 3), (NII_6583.wave, 1.0))
"""[N II]: vacuum Å and strength relative to the redder line (1:3, Storey & Zeippen 2000, MNRAS 312, 813)."""

SULFUR = ((SII_6716.wave, 0.58), (SII_6731.wave, 0.42))
"""[S II]: vacuum Å and share of the doublet in the low-density limit (Osterbrock & Ferland 2006, sect. 5.6)."""

NEBULAR_FWHM = 0.6
"""Å; 27 km/s, thermal (21 km/s at 10 000 K) and turbulent, as of an H II region (Osterbrock & Ferland 2006, ch. 11)."""

METALS_IN_AIR = (
    (6335.34, 0.10), (6358.69, 0.09), (6393.61, 0.13), (6400.01, 0.18), (6411.66, 0.14), (6421.36, 0.12), (6430.86, 0.12),
    (6439.08, 0.16), (6449.82, 0.10), (6462.61, 0.23), (6471.67, 0.09), (6493.79, 0.13), (6494.99, 0.17), (6496.90, 0.10),
    (6546.25, 0.10), (6569.22, 0.08), (6572.79, 0.03), (6575.02, 0.06), (6592.92, 0.12), (6593.88, 0.09), (6609.12, 0.07),
    (6633.76, 0.07), (6643.64, 0.09), (6663.45, 0.09), (6677.99, 0.13), (6703.57, 0.04), (6705.11, 0.05), (6717.69, 0.12),
    (6726.67, 0.05), (6750.16, 0.08), (6767.78, 0.08),
)  # fmt: skip
"""
Strong lines of Fe I, Ca I, Ni I and Ba II: air Å and equivalent width in the Sun, Å, rounded.

Moore, C. E., Minnaert, M. G. J. & Houtgast, J. 1966, The Solar Spectrum 2935 Å to 8770 Å, NBS Monograph 61.
"""

METALS = [float(wave) for wave in air_to_vacuum(np.array([wave for wave, _ in METALS_IN_AIR]))]
METAL_WIDTHS = [width for _, width in METALS_IN_AIR]
"""The same: vacuum Å, and equivalent widths in the Sun, Å."""

BANDS = ((6323.0, 6514.0, 0.35), (6571.0, 6651.0, 0.2), (6653.3, 6854.0, 0.35), (6682.9, 6854.0, 0.25), (6716.3, 6854.0, 0.25))
"""
TiO: vacuum Å of the sharp head and of the red end, and depth at the head relative to the strongest M stars of the pool.

Ranges from Kirkpatrick, J. D., Henry, T. J. & McCarthy, D. W. 1991, ApJS, 77, 417, table 5; the three heads of γ (1, 0) from
Pearse, R. W. B. & Gaydon, A. G. 1976, The Identification of Molecular Spectra. The shape (a steep head, a linear return) is a
caricature.
"""

RESOLVED_SEPARATION = 6.0
"""
Å; peaks at least so far apart, each at most three quarters as wide as their distance, are two maxima at R = 1800.

Equal Gaussians merge at a distance of 2 σ; R = 1800 has σ = 1.55 Å at Hα, so 6 Å leaves up to 2.5 Å to the peaks themselves.
"""


@dataclass(frozen=True, eq=False)
class Stars:
    """
    What a set of spectra is made of; every attribute is an array of shape (n_spectra,).

    Attributes
    ----------
    depth : array
        Intrinsic central depth of the photospheric Hα absorption, share of the continuum.
    damping : array
        Half width at half maximum of its Lorentzian part, Å.
    broadening : array
        FWHM of the photosphere's Gaussian part (rotation), km/s.
    helium_absorption : array
        Equivalent width of photospheric He I 6678, Å.
    metals : array
        Strength of the weak metal lines, 1 for the Sun.
    bands : array
        Strength of the TiO bands, 0 to 1.
    emission : array
        Equivalent width of the stellar Hα emission, Å, positive.
    fwhm : array
        Intrinsic FWHM of each emission peak, Å.
    separation : array
        Distance of the two emission peaks, Å; 0 for one peak.
    v_over_r : array
        Area of the violet peak over that of the red one.
    helium_emission : array
        He I 6678 emission, share of the Hα emission.
    nebular : array
        Equivalent width of a nebula's narrow Hα emission, Å.
    nitrogen, sulfur : array
        [N II] 6585 and the sum of [S II] 6718, 6733, share of the nebula's Hα.
    rv : array
        Radial velocity, km/s.
    slope : array
        Change of the continuum over 100 Å, share of its value at Hα.
    """

    depth: FloatArray
    damping: FloatArray
    broadening: FloatArray
    helium_absorption: FloatArray
    metals: FloatArray
    bands: FloatArray
    emission: FloatArray
    fwhm: FloatArray
    separation: FloatArray
    v_over_r: FloatArray
    helium_emission: FloatArray
    nebular: FloatArray
    nitrogen: FloatArray
    sulfur: FloatArray
    rv: FloatArray
    slope: FloatArray

    @property
    def absorption(self) -> FloatArray:
        """
        Return the equivalent width of the photospheric Hα absorption.

        Returns
        -------
        array of shape (n_spectra,)
            Å.
        """
        sigma = HALPHA * self.broadening / SPEED_OF_LIGHT * FWHM_TO_SIGMA
        center: FloatArray = voigt_profile(np.zeros_like(sigma), sigma, self.damping)
        return self.depth / np.where(self.depth > 0, center, 1.0)

    @property
    def is_double(self) -> BoolArray:
        """
        Say which emission lines show two peaks at R = 1800.

        Returns
        -------
        array of bool, shape (n_spectra,)
            True where the separation is at least `RESOLVED_SEPARATION`.
        """
        return self.separation >= RESOLVED_SEPARATION

    def rows(self, selection: IntArray | slice) -> Stars:
        """
        Return some of the spectra.

        Parameters
        ----------
        selection : array of int or slice
            Their rows.

        Returns
        -------
        Stars
            Their parameters.
        """
        return Stars(*(getattr(self, field.name)[selection] for field in fields(self)))


PARAMETERS = tuple(field.name for field in fields(Stars))
"""Names of the attributes of `Stars`, in order."""


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


def emission_profile(wave: FloatArray, stars: Stars, rest: float, resolving_power: float) -> FloatArray:
    """
    Return emission profiles of unit area with one or two peaks.

    Two Gaussians stand for the two halves of a rotating disk; the real profile has a flatter middle and wings.

    Parameters
    ----------
    wave : array of shape (n_wave,)
        Vacuum wavelengths, Å.
    stars : Stars
        The spectra; their ``fwhm``, ``separation``, ``v_over_r`` and ``rv`` are used.
    rest : float
        Rest wavelength of the line, vacuum Å.
    resolving_power : float
        λ/Δλ of the instrument.

    Returns
    -------
    array of shape (n_spectra, n_wave)
        1/Å.

    References
    ----------
    .. [1] Horne, K. & Marsh, T. R. 1986, MNRAS, 218, 761 (lines of accretion disks).
    .. [2] Hanuschik, R. W., Hummel, W., Sutorius, E., Dietle, O. & Thimm, G. 1996, A&AS, 116, 309 (lines of Be stars).
    """
    center = shifted(rest, stars.rv)
    undamped = np.zeros_like(center)
    violet = stars.v_over_r / (1 + stars.v_over_r)
    profile = np.zeros((center.size, wave.size))
    for share, side in ((violet, -0.5), (1 - violet, 0.5)):
        peak = line_profile(wave, center + side * stars.separation, stars.fwhm, undamped, resolving_power)
        profile += share[:, None] * peak
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


def peak_and_dip(stars: Stars, resolving_power: float) -> tuple[FloatArray, FloatArray]:
    """
    Return how high the features that decide the label stand, for an emission line of unit area.

    Parameters
    ----------
    stars : Stars
        The spectra.
    resolving_power : float
        λ/Δλ of the instrument.

    Returns
    -------
    peak : array of shape (n_spectra,)
        1/Å: the weaker of two peaks where the line is double, else the line's middle.
    dip : array of shape (n_spectra,)
        1/Å: how far the middle lies below the weaker of two peaks where the line is double, else ``peak`` again.
    """
    sigma = np.hypot(stars.fwhm, HALPHA / resolving_power) * FWHM_TO_SIGMA
    violet = stars.v_over_r / (1 + stars.v_over_r)
    steps = stars.separation / sigma
    own, middle, other = (np.exp(-0.5 * (share * steps) ** 2) / (np.sqrt(2 * np.pi) * sigma) for share in (0, 0.5, 1))
    weaker = np.minimum(violet, 1 - violet) * own + np.maximum(violet, 1 - violet) * other
    return np.where(stars.is_double, weaker, middle), np.where(stars.is_double, weaker - middle, middle)


def nebular_height(resolving_power: float) -> float:
    """
    Return how high a nebula's line of unit area stands.

    Parameters
    ----------
    resolving_power : float
        λ/Δλ of the instrument.

    Returns
    -------
    float
        1/Å.
    """
    return float(1 / (np.sqrt(2 * np.pi) * np.hypot(NEBULAR_FWHM, HALPHA / resolving_power) * FWHM_TO_SIGMA))


def relative_flux(wave: FloatArray, stars: Stars, resolving_power: float) -> FloatArray:
    """
    Return noise-free spectra in units of the continuum at Hα.

    Parameters
    ----------
    wave : array of shape (n_wave,)
        Vacuum wavelengths, Å.
    stars : Stars
        What the spectra are made of.
    resolving_power : float
        λ/Δλ of the instrument.

    Returns
    -------
    array of shape (n_spectra, n_wave)
        Flux, 1 for the continuum at Hα; divide by `continuum` to normalize.
    """
    flux = _photosphere(wave, stars, resolving_power)
    emitting = np.flatnonzero(stars.emission > 0)
    bright = stars.rows(emitting)
    flux[emitting] += bright.emission[:, None] * emission_profile(wave, bright, HALPHA, resolving_power)
    helium = (bright.emission * bright.helium_emission)[:, None]
    flux[emitting] += helium * emission_profile(wave, bright, HEI_6678.wave, resolving_power)
    nebulae = np.flatnonzero(stars.nebular > 0)
    flux[nebulae] += _nebula(wave, stars.rows(nebulae), resolving_power)
    return flux * continuum(wave, stars)


def continuum(wave: FloatArray, stars: Stars) -> FloatArray:
    """
    Return straight continua that are 1 at Hα.

    Parameters
    ----------
    wave : array of shape (n_wave,)
        Vacuum wavelengths, Å.
    stars : Stars
        The spectra; their ``slope`` is used.

    Returns
    -------
    array of shape (n_spectra, n_wave)
        At least 0.05.
    """
    level: FloatArray = np.maximum(1 + stars.slope[:, None] * (wave - HALPHA) / 100, 0.05)
    return level


def _photosphere(wave: FloatArray, stars: Stars, resolving_power: float) -> FloatArray:
    undamped = np.zeros_like(stars.rv)
    flux = 1 - _absorbed(wave, H_ALPHA.wave, stars.absorption, stars, stars.damping, resolving_power)
    flux -= _absorbed(wave, HEI_6678.wave, stars.helium_absorption, stars, undamped, resolving_power)
    flux = np.maximum(flux, 0)
    metallic = np.flatnonzero(stars.metals > 0)
    flux[metallic] *= np.exp(-_metals(wave, stars.rows(metallic), resolving_power))
    cool = np.flatnonzero(stars.bands > 0)
    flux[cool] *= np.exp(-_molecules(wave, stars.rows(cool)))
    return flux


def _absorbed(
    wave: FloatArray, rest: float, width: FloatArray, stars: Stars, damping: FloatArray, resolving_power: float
) -> FloatArray:
    """Return a photospheric line, broadened by rotation, as a share of the continuum."""
    rotation = rest * stars.broadening / SPEED_OF_LIGHT
    return width[:, None] * line_profile(wave, shifted(rest, stars.rv), rotation, damping, resolving_power)


def _metals(wave: FloatArray, stars: Stars, resolving_power: float) -> FloatArray:
    lines = np.zeros((stars.rv.size, wave.size))
    for rest, width in zip(METALS, METAL_WIDTHS, strict=True):
        lines += _absorbed(wave, rest, width * stars.metals, stars, np.zeros_like(stars.rv), resolving_power)
    return lines


def _molecules(wave: FloatArray, stars: Stars) -> FloatArray:
    depths = np.zeros((stars.rv.size, wave.size))
    for head, end, depth in BANDS:
        edge = 1 / (1 + np.exp(-(wave - shifted(head, stars.rv)[:, None]) / 1.5))
        depths += depth * stars.bands[:, None] * edge * np.clip((end - wave) / (end - head), 0, 1)
    return depths


def _nebula(wave: FloatArray, stars: Stars, resolving_power: float) -> FloatArray:
    narrow = np.full_like(stars.rv, NEBULAR_FWHM)
    lines = [(HALPHA, stars.nebular)]
    lines += [(rest, share * stars.nitrogen * stars.nebular) for rest, share in NITROGEN]
    lines += [(rest, share * stars.sulfur * stars.nebular) for rest, share in SULFUR]
    flux = np.zeros((stars.rv.size, wave.size))
    for rest, width in lines:
        flux += width[:, None] * line_profile(wave, shifted(rest, stars.rv), narrow, np.zeros_like(narrow), resolving_power)
    return flux
