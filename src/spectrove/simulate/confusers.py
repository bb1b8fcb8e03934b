"""
What looks like an emission-line star and is none: nebulae in front of stars, galaxies, QSOs and supernovae at any redshift.

Their continua are power laws, their lines Gaussians; that is crude for a galaxy's whole spectrum and fine for the few per cent
of it that a search around Hα looks at.

References
----------
.. [1] Osterbrock, D. E. & Ferland, G. J. 2006, Astrophysics of Gaseous Nebulae and Active Galactic Nuclei, 2nd ed.
.. [2] Vanden Berk, D. E. et al. 2001, AJ, 122, 549 (QSOs: mean strengths and widths of lines, slope of the continuum).
.. [3] Kennicutt, R. C. 1992, ApJ, 388, 310 (galaxies: strengths of emission lines).
.. [4] Worthey, G., Faber, S. M., González, J. J. & Burstein, D. 1994, ApJS, 94, 687 (galaxies: absorption indices).
.. [5] Filippenko, A. V. 1997, ARA&A, 35, 309 (supernovae).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectrove.contracts import BoolArray, FloatArray, IntArray
from spectrove.lines import H_ALPHA, H_BETA, HEI_6678, NII_6548, NII_6583, SII_6716, SII_6731
from spectrove.simulate.columns import Columns
from spectrove.simulate.profiles import FWHM_TO_SIGMA, HALPHA, SPEED_OF_LIGHT, shifted

StrArray = NDArray[np.str_]
"""Names."""

NITROGEN = ((NII_6548.wave, 1 / 3), (NII_6583.wave, 1.0))
"""[N II]: vacuum Å and strength relative to the redder line (1:3, Storey & Zeippen 2000, MNRAS, 312, 813)."""

LOW_DENSITY = 1.4
"""[S II] 6718 over 6733 below some hundred electrons per cm³ (Osterbrock & Ferland 2006, sect. 5.6), as of H II regions."""

NEBULAR_FWHM = 0.6
"""Å; 27 km/s, thermal (21 km/s at 10 000 K) and turbulent, as of an H II region (Osterbrock & Ferland 2006, ch. 11)."""

NEBULAR_HELIUM = 0.011
"""He I 6678 over Hα of an H II region: 0.031 of Hβ, and 2.86 (Osterbrock & Ferland 2006, sect. 4.2 and 4.6), rounded."""

QSO_LINES = (
    (1215.7, 93.0, 19.5), (1240.1, 12.0, 10.0), (1396.8, 8.1, 14.4), (1546.2, 23.8, 14.3), (1637.9, 2.5, 3.9),
    (1908.7, 21.2, 23.6), (2798.8, 32.3, 35.0), (3345.4, 0.4, 5.5), (3426.8, 1.2, 7.0), (3729.7, 1.6, 3.3), (3869.8, 1.4, 5.3),
    (4102.7, 5.1, 18.6), (4341.7, 12.6, 20.3), (4363.8, 0.5, 3.1), (4564.7, 21.0, 70.0), (4862.7, 46.2, 40.4),
    (4960.4, 3.5, 3.9), (5008.2, 13.2, 6.0), (5305.1, 22.0, 80.0), (5877.4, 4.9, 23.5), (6303.0, 1.2, 3.1), (6564.9, 194.5, 47.4),
)  # fmt: skip
"""Lines of QSOs: rest wavelength, mean equivalent width, standard deviation, all Å at rest, rounded (Vanden Berk et al. 2001)."""

NARROW_LINES = (
    (3728.5, 0.45, "oxygen"), (3869.9, 0.03, "oxygen"), (4341.7, 0.14, ""), (H_BETA.wave, 0.3, ""), (4960.3, 0.1, "oxygen"),
    (5008.2, 0.3, "oxygen"), (5877.2, 0.035, ""), (6302.0, 0.04, ""), (NII_6548.wave, 1 / 3, "nitrogen"), (H_ALPHA.wave, 1.0, ""),
    (NII_6583.wave, 1.0, "nitrogen"), (HEI_6678.wave, 0.01, ""), (SII_6716.wave, 0.19, ""), (SII_6731.wave, 0.14, ""),
)  # fmt: skip
"""
Narrow lines of galaxies: rest wavelength, vacuum Å, strength relative to Hα, and the ratio that multiplies it.

Typical of Kennicutt (1992), on continua that are even in wavelength; [O II] to [O III] grow with the ratio [O III]/Hβ.
"""

GALAXY_ABSORPTION = (
    (3934.8, 8.0, 14.0), (3969.6, 7.0, 14.0), (4227.9, 1.2, 6.0), (4305.6, 5.2, 20.0), (4384.6, 5.0, 20.0), (4455.5, 1.6, 10.0),
    (4532.6, 3.4, 20.0), (4668.0, 6.5, 35.0), (4862.7, 1.7, 8.0), (5015.0, 5.0, 35.0), (5176.6, 4.7, 22.0), (5270.4, 2.9, 14.0),
    (5336.5, 2.6, 13.0), (5407.5, 1.7, 11.0), (5711.2, 0.9, 9.0), (5784.2, 0.9, 8.0), (5894.9, 4.6, 11.0), (6163.9, 1.0, 7.0),
    (6498.0, 0.9, 8.0), (6564.6, 1.1, 7.0),
)  # fmt: skip
"""Absorption in old galaxies: rest wavelength, equivalent width, FWHM, vacuum Å; indices of Worthey et al. (1994), rounded."""

SN_IA = (
    (3790.0, -120.0, 130.0), (4300.0, -60.0, 150.0), (4900.0, -80.0, 220.0), (5150.0, 60.0, 200.0), (5460.0, -18.0, 100.0),
    (5640.0, -22.0, 90.0), (5900.0, 30.0, 180.0), (6130.0, -95.0, 140.0), (6330.0, 55.0, 200.0), (7000.0, 30.0, 300.0),
)  # fmt: skip
SN_II = (
    (4340.0, -20.0, 140.0), (4760.0, -25.0, 120.0), (4880.0, 25.0, 180.0), (5070.0, -20.0, 90.0), (5780.0, -15.0, 110.0),
    (5890.0, 20.0, 170.0), (6400.0, -40.0, 130.0), (6570.0, 180.0, 200.0),
)  # fmt: skip
"""
Undulations of supernovae near maximum (Ia) and on the plateau (II): rest wavelength, equivalent width, FWHM, Å.

After the spectra in Filippenko (1997), figs. 1 to 6, by eye: Si II at -11 000 km/s, Hα of some 9000 km/s.
"""

EXTRAGALACTIC_KINDS = ("qso", "galaxy", "galaxy-absorption", "sn", "featureless")
"""Codes of kinds are indices into it; the last are spectra without a line, such as of blazars."""

QSO, GALAXY, OLD_GALAXY, SUPERNOVA, FEATURELESS = range(len(EXTRAGALACTIC_KINDS))


@dataclass(frozen=True, eq=False)
class Nebulae(Columns):
    """
    Nebular lines in front of, or subtracted from, stars; every attribute is an array of shape (n_spectra,).

    Attributes
    ----------
    ew : array
        Equivalent width of Hα relative to the star's continuum, Å, positive in emission, negative where a nebula in the fibers of
        the sky was subtracted.
    nitrogen : array
        [N II] 6585 over Hα.
    sulfur : array
        [S II] 6718 and 6733 together, over Hα.
    rv : array
        Velocity of the nebula, km/s.
    """

    ew: FloatArray
    nitrogen: FloatArray
    sulfur: FloatArray
    rv: FloatArray


@dataclass(frozen=True, eq=False)
class Extragalactic(Columns):
    """
    Objects outside the Galaxy; every attribute is an array of shape (n_spectra,).

    Attributes
    ----------
    kind : array of int8
        Indices into `EXTRAGALACTIC_KINDS`.
    z : array
        Redshift.
    slope : array
        Exponent of the continuum's power law in wavelength.
    strength : array
        Of a QSO's lines, of an old galaxy's absorption, of a supernova's undulations: share of the mean; of a galaxy's Hα: Å.
    fwhm : array
        FWHM of narrow lines, km/s; of a QSO's lines and a supernova's: share of the mean.
    nitrogen : array
        [N II] 6585 over narrow Hα.
    oxygen : array
        [O III] 5008 over Hβ.
    broad : array
        Share of a galaxy's Hα in a broad line, 4000 km/s wide; 0 but in Seyfert galaxies of type 1.
    is_type_ii : array of bool
        Which of the two kinds of supernovae.
    """

    kind: IntArray
    z: FloatArray
    slope: FloatArray
    strength: FloatArray
    fwhm: FloatArray
    nitrogen: FloatArray
    oxygen: FloatArray
    broad: FloatArray
    is_type_ii: BoolArray


def nebula(wave: FloatArray, nebulae: Nebulae, resolving_power: float) -> FloatArray:
    """
    Return the lines of nebulae as an instrument sees them: Hα, [N II], [S II] and He I 6678.

    Parameters
    ----------
    wave : array of shape (n_wave,)
        Vacuum wavelengths, Å.
    nebulae : Nebulae
        The lines, n_spectra of them.
    resolving_power : float
        λ/Δλ of the instrument.

    Returns
    -------
    array of shape (n_spectra, n_wave)
        To be added to the photosphere, share of the continuum; 0 where ``ew`` is 0.
    """
    profile = np.zeros((nebulae.ew.size, wave.size))
    some = np.flatnonzero(nebulae.ew)
    these = nebulae.rows(some)
    sulfur = these.sulfur / (1 + LOW_DENSITY)
    lines = [(HALPHA, np.ones(some.size)), (HEI_6678.wave, np.full(some.size, NEBULAR_HELIUM))]
    lines += [(rest, share * these.nitrogen) for rest, share in NITROGEN]
    lines += [(SII_6716.wave, LOW_DENSITY * sulfur), (SII_6731.wave, sulfur)]
    if some.size == 0:
        return profile
    for rest, share in lines:
        center = shifted(rest, these.rv)[:, None]
        sigma = np.hypot(NEBULAR_FWHM, rest / resolving_power) * FWHM_TO_SIGMA
        first, last = np.searchsorted(wave, [center.min() - 9 * sigma, center.max() + 9 * sigma])
        height = (these.ew * share)[:, None] / (np.sqrt(2 * np.pi) * sigma)
        profile[some, first:last] += height * np.exp(-0.5 * ((wave[first:last] - center) / sigma) ** 2)
    return profile


def draw_extragalactic(kinds: IntArray, generator: np.random.Generator) -> Extragalactic:
    """
    Return objects of given kinds at redshifts at which a spectroscopic survey to the 18th magnitude finds them.

    Parameters
    ----------
    kinds : array of int, shape (n_spectra,)
        Indices into `EXTRAGALACTIC_KINDS`.
    generator : numpy.random.Generator
        Where chance comes from.

    Returns
    -------
    Extragalactic
        Of n_spectra rows; medians of the redshift: QSOs 1.3, galaxies 0.07, supernovae 0.03. Chosen.
    """
    normals = generator.standard_normal((7, kinds.size))
    chances = generator.random((3, kinds.size))
    median = np.array([1.3, 0.07, 0.07, 0.03, 0.0])[kinds]
    spread = np.array([0.55, 0.75, 0.6, 0.5, 0.0])[kinds]
    z = np.clip(median * np.exp(spread * normals[0]), 0.002, np.array([4.3, 0.5, 0.5, 0.12, 0.002])[kinds])
    slope = np.array([-1.5, -0.4, 0.5, -1.0, -0.5])[kinds] + np.array([0.5, 0.8, 0.5, 1.0, 1.2])[kinds] * normals[1]
    strength = np.array([1.0, 15.0, 1.0, 1.0, 0.0])[kinds] * np.exp(np.array([0.5, 1.0, 0.25, 0.3, 0.0])[kinds] * normals[2])
    fwhm = np.array([1.0, 230.0, 230.0, 1.0, 1.0])[kinds] * np.exp(np.array([0.35, 0.35, 0.3, 0.12, 0.0])[kinds] * normals[3])
    seyfert = (kinds == GALAXY) & (chances[0] < 0.04)
    active = seyfert | ((kinds == GALAXY) & (chances[0] < 0.15))
    nitrogen = np.where(active, 0.9, 0.35) * np.exp(0.35 * normals[4])
    oxygen = np.where(active, 6.0, 0.7) * np.exp(0.7 * normals[5])
    broad = np.where(seyfert, 0.6 + 0.35 * chances[1], 0.0)
    return Extragalactic(kinds, z, slope, strength, fwhm, nitrogen, oxygen, broad, chances[2] < 0.3)


def extragalactic_spectrum(wave: FloatArray, objects: Extragalactic, resolving_power: float) -> tuple[FloatArray, FloatArray]:
    """
    Return noise-free spectra of objects outside the Galaxy.

    Parameters
    ----------
    wave : array of shape (n_wave,)
        Vacuum wavelengths, Å.
    objects : Extragalactic
        The objects.
    resolving_power : float
        λ/Δλ of the instrument.

    Returns
    -------
    relative : array of shape (n_spectra, n_wave)
        Flux in units of the continuum at the rest wavelength of Hα, not negative.
    level : array of shape (n_spectra, n_wave)
        The continuum, 1 there.
    """
    level: FloatArray = (wave / HALPHA) ** objects.slope[:, None]
    relative = level.copy()
    for kind, lines in ((QSO, _qso), (GALAXY, _galaxy), (OLD_GALAXY, _old_galaxy), (SUPERNOVA, _supernova)):
        some = np.flatnonzero(objects.kind == kind)
        if some.size:
            these = objects.rows(some)
            relative[some] *= np.maximum(1 + _lines(wave, these, *lines(these), resolving_power), 0.02)
    return relative, level


def extragalactic_class(kinds: IntArray) -> tuple[StrArray, StrArray]:
    """
    Return what the survey's pipeline would call the objects.

    Parameters
    ----------
    kinds : array of int, shape (n_spectra,)
        Indices into `EXTRAGALACTIC_KINDS`.

    Returns
    -------
    classes : array of str, shape (n_spectra,)
        As in the headers' CLASS; nobody recognizes a supernova.
    subclasses : array of str, shape (n_spectra,)
        As in the headers' SUBCLASS.
    """
    classes: StrArray = np.array(["QSO", "GALAXY", "GALAXY", "Unknown", "Unknown"])[kinds]
    return classes, np.full(kinds.shape, "Non")


def _lines(
    wave: FloatArray, objects: Extragalactic, rest: FloatArray, ew: FloatArray, fwhm: FloatArray, resolving_power: float
) -> FloatArray:
    """Return Gaussians of given rest wavelengths (n_lines,), equivalent widths and FWHM, share of the continuum."""
    stretch = 1 + objects.z[:, None]
    center = rest * stretch
    sigma = np.hypot(fwhm * stretch, center / resolving_power) * FWHM_TO_SIGMA
    height = ew * stretch / (np.sqrt(2 * np.pi) * sigma)
    profile = np.zeros((objects.z.size, wave.size))
    for line in range(rest.size):
        some = np.flatnonzero(
            (center[:, line] > wave[0] - 5 * sigma[:, line]) & (center[:, line] < wave[-1] + 5 * sigma[:, line])
        )
        place = (wave - center[some, line, None]) / sigma[some, line, None]
        profile[some] += height[some, line, None] * np.exp(-0.5 * place**2)
    return profile


def _qso(objects: Extragalactic) -> tuple[FloatArray, FloatArray, FloatArray]:
    rest, ew, sigma = np.array(QSO_LINES).T
    return rest, objects.strength[:, None] * ew, objects.fwhm[:, None] * sigma / FWHM_TO_SIGMA


def _galaxy(objects: Extragalactic) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return narrow lines, broad Hα, and the absorption of the old stars that are also there."""
    ratios = {"": np.ones(objects.z.size), "nitrogen": objects.nitrogen, "oxygen": objects.oxygen}
    narrow = (1 - objects.broad) * objects.strength
    emitted = [(rest, narrow * share * ratios[name], rest / SPEED_OF_LIGHT * objects.fwhm) for rest, share, name in NARROW_LINES]
    broad = np.full(objects.z.size, 4000.0)
    bright = 8 * objects.broad * objects.strength
    emitted += [(rest, share * bright, rest / SPEED_OF_LIGHT * broad) for rest, share in ((H_BETA.wave, 0.3), (HALPHA, 1.0))]
    absorbed, ew, fwhm = _old_galaxy(objects)
    old_share = 0.5 / objects.strength.clip(1.0)[:, None] ** 0.3
    return (
        np.concatenate([[line[0] for line in emitted], absorbed]),
        np.concatenate([np.stack([line[1] for line in emitted], axis=1), ew / objects.strength[:, None] * old_share], axis=1),
        np.concatenate([np.stack([line[2] for line in emitted], axis=1), fwhm], axis=1),
    )


def _old_galaxy(objects: Extragalactic) -> tuple[FloatArray, FloatArray, FloatArray]:
    rest, ew, fwhm = np.array(GALAXY_ABSORPTION).T
    return rest, -objects.strength[:, None] * ew, np.hypot(fwhm, rest / SPEED_OF_LIGHT * objects.fwhm[:, None])


def _supernova(objects: Extragalactic) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the undulations of both types, those of the other type without strength."""
    rest, ew, fwhm = np.array(SN_IA + SN_II).T
    is_type_ii = np.arange(rest.size) >= len(SN_IA)
    own = is_type_ii == objects.is_type_ii[:, None]
    return rest, objects.strength[:, None] * ew * own, objects.fwhm[:, None] * np.where(own, fwhm, 1.0)
