r"""
Emission lines of the stars that a survey is searched for, as pure functions of arrays.

A line is the sum of a disk and of broad wings, seen through an absorber. The disk is made of rings in Keplerian rotation; a ring
whose velocity reaches :math:`V` and whose brightness varies as :math:`1 + a \sin\varphi + b \sin^2 2\varphi` along its
circumference has the Fourier transform

.. math:: J_0(kV) - i a J_1(kV) + \tfrac{b}{2} \left[J_0(kV) - J_4(kV)\right],

so that the profile of all rings, broadened locally and by the instrument, is a product before one inverse transform. A line of
one peak is a disk that does not rotate. The absorber (a shell seen edge-on, a wind, infalling matter) takes a share of the
light of the line and of the continuum behind it, before the instrument blurs both.

References
----------
.. [1] Horne, K. & Marsh, T. R. 1986, MNRAS, 218, 761 (Keplerian disks; brightness of optically thick rings).
.. [2] Huang, S.-S. 1972, ApJ, 171, 549 (separation of the peaks and the disk's outer radius).
.. [3] Hanuschik, R. W. et al. 1996, A&AS, 116, 309 (profiles of Be stars: single, double, shell, V/R, wings).
.. [4] Okazaki, A. T. 1991, PASJ, 43, 75 (V/R from a one-armed density wave).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import jv

from spectrove.contracts import FloatArray
from spectrove.lines import HEI_6678, LI_6708, NII_6548, NII_6583, SII_6716, SII_6731
from spectrove.simulate.columns import Columns
from spectrove.simulate.profiles import FWHM_TO_SIGMA, HALPHA, SPEED_OF_LIGHT, line_profile, shifted
from spectrove.wavelength import air_to_vacuum

N_GRID = 1024
"""Points of the grid, centered on the line, on which a profile is built before it is laid on the instrument's pixels."""

REACH = 4.2 * FWHM_TO_SIGMA
"""Half width, in FWHM, of what the grid holds of a Gaussian: all but 3e-5 of it."""

EMISSIVITY = 2.0
"""Exponent of the fall of a disk's surface brightness with radius; typical of disks, 1.5 to 2.5 (Horne & Marsh 1986)."""

RINGS = 96
"""Rings that make up a tabulated disk."""

INNER_NODES = np.array([1.0, 1.25, 1.6, 2.0, 2.5, 3.2, 4.0, 5.0, 6.4])
"""Ratios of the innermost to the outermost velocity for which disks are tabulated."""

TABLE_STEP, TABLE_END = 0.05, 220.0
"""Step and end of the tabulated argument, Fourier frequency times the outermost velocity."""

HELIUM = HEI_6678.wave
"""He I, vacuum Å."""

IRON = tuple(float(wave) for wave in air_to_vacuum(np.array([6432.68, 6456.38, 6516.08])))
"""Fe II multiplets 40 and 74, vacuum Å (air wavelengths: Kramida et al., NIST ASD); of like strength in Be stars."""

NITROGEN = ((NII_6548.wave, 1 / 3), (NII_6583.wave, 1.0))
"""[N II]: vacuum Å and strength relative to the redder line (1:3, Storey & Zeippen 2000, MNRAS, 312, 813)."""

SULFUR = ((SII_6716.wave, 0.5), (SII_6731.wave, 0.5))
"""[S II]: vacuum Å and share of the doublet at some 500 electrons per cm³ (Osterbrock & Ferland 2006, sect. 5.6)."""

OXYGEN = tuple(
    (float(wave), share) for wave, share in zip(air_to_vacuum(np.array([6300.304, 6363.776])), (1.0, 1 / 3), strict=True)
)
"""[O I]: vacuum Å (air: NIST ASD) and strength relative to the bluer line (3:1, Storey & Zeippen 2000, MNRAS, 312, 813)."""

FORBIDDEN_FWHM = 0.9
"""Å; intrinsic FWHM of the forbidden lines, some 40 km/s, as of nebulae and slow outflows."""

LITHIUM_FWHM = 0.5
"""Å; intrinsic FWHM of Li I 6708 in young stars, the doublet and some 20 km/s of rotation."""


@dataclass(frozen=True, eq=False)
class Emission(Columns):
    """
    What emission lines are made of; every attribute is an array of shape (n_spectra,), widths in Å at Hα.

    Attributes
    ----------
    ew : array
        Equivalent width of the Hα emission before absorption, Å, positive; 0 for none.
    separation : array
        Distance of the two peaks, twice the outermost projected velocity of the disk, Å; 0 for one peak.
    inner : array
        Innermost over outermost velocity of the disk, at least 1.
    fwhm : array
        Local broadening of the disk, or the FWHM of a line of one peak, Å.
    v_over_r : array
        Area of the violet half of the disk's line over that of the red half; `drawn_v_over_r` where no disk is so lopsided.
    thick : array
        How much brighter an optically thick disk shines along the diagonals, the *b* of the module's formula.
    inclination : array
        Angle between the disk's axis and the line of sight, degrees; NaN where there is no disk.
    wings : array
        Share of ``ew`` in broad wings (electron scattering, fast winds).
    wings_fwhm : array
        Their FWHM, Å.
    absorber_depth : array
        Largest share of the light that the absorber takes, 0 to 1.
    absorber_fwhm : array
        Its FWHM, Å.
    absorber_shift : array
        Its distance from the line's center, Å; negative for outflow.
    level : array
        Light behind the absorber beside the line itself (the photosphere's), share of the continuum.
    offset : array
        Velocity of the emission relative to the star, km/s.
    helium, iron : array
        He I 6678 and each of three Fe II lines, share of ``ew``; of the shape of Hα.
    nitrogen, sulfur, oxygen : array
        [N II] 6585, the sum of [S II] 6718 and 6733, [O I] 6302, share of ``ew``; narrow.
    lithium : array
        Equivalent width of Li I 6708 in absorption, Å.
    """

    ew: FloatArray
    separation: FloatArray
    inner: FloatArray
    fwhm: FloatArray
    v_over_r: FloatArray
    thick: FloatArray
    inclination: FloatArray
    wings: FloatArray
    wings_fwhm: FloatArray
    absorber_depth: FloatArray
    absorber_fwhm: FloatArray
    absorber_shift: FloatArray
    level: FloatArray
    offset: FloatArray
    helium: FloatArray
    iron: FloatArray
    nitrogen: FloatArray
    sulfur: FloatArray
    oxygen: FloatArray
    lithium: FloatArray

    @property
    def ew_absorption(self) -> FloatArray:
        """
        Return the equivalent width that the absorber would have before a continuum without the line.

        Returns
        -------
        array of shape (n_spectra,)
            Å.
        """
        width: FloatArray = self.absorber_depth * self.absorber_fwhm * FWHM_TO_SIGMA * np.sqrt(2 * np.pi)
        return width

    @property
    def lopsidedness(self) -> FloatArray:
        """
        Return how unevenly the disks shine, no more than leaves every part of them some light.

        Returns
        -------
        array of shape (n_spectra,)
            Amplitude of the one-armed wave over the mean brightness, positive where the red half is brighter: the *a* of the
            module's formula divided by 1 + *b* / 2.
        """
        bound = 1 / (1 + self.thick / 2)
        lopsided: FloatArray = np.clip(np.pi / 2 * (1 - self.v_over_r) / (1 + self.v_over_r), -bound, bound)
        return lopsided

    @property
    def drawn_v_over_r(self) -> FloatArray:
        """
        Return the V/R of the disks as they are drawn.

        Returns
        -------
        array of shape (n_spectra,)
            ``v_over_r``, nearer to 1 where a disk cannot be as lopsided as that.
        """
        arm = 2 / np.pi * self.lopsidedness
        possible = np.abs(self.lopsidedness) < 1 / (1 + self.thick / 2)
        ratio: FloatArray = np.where(possible, self.v_over_r, (1 - arm) / (1 + arm))
        return ratio


PLAIN = {"inner": 1.0, "fwhm": 1.0, "v_over_r": 1.0, "inclination": np.nan, "wings_fwhm": 1.0, "absorber_fwhm": 1.0, "level": 0.6}
"""What a parameter is where nothing is said of it; the others are 0."""


def make_emission(n: int, **values: FloatArray | float) -> Emission:
    """
    Return lines with the given parameters, and plain ones for the rest.

    Parameters
    ----------
    n : int
        Number of spectra.
    **values : array of shape (n,) or float
        Attributes of `Emission`.

    Returns
    -------
    Emission
        Its arrays are of their own.

    Raises
    ------
    TypeError
        If a value belongs to no attribute.
    """
    given = {field.name: values.pop(field.name, PLAIN.get(field.name, 0.0)) for field in fields(Emission)}
    if values:
        msg = f"emission: unknown parameters {sorted(values)}, expected some of {sorted(given)}"
        raise TypeError(msg)
    return Emission(**{name: np.array(np.broadcast_to(np.asarray(value, float), (n,))) for name, value in given.items()})


def halpha_profile(wave: FloatArray, emission: Emission, rv: FloatArray, resolving_power: float) -> FloatArray:
    """
    Return the Hα line alone as an instrument sees it.

    Parameters
    ----------
    wave : array of shape (n_wave,)
        Vacuum wavelengths, Å.
    emission : Emission
        The lines, n_spectra of them.
    rv : array of shape (n_spectra,)
        Radial velocities of the stars, km/s.
    resolving_power : float
        λ/Δλ of the instrument.

    Returns
    -------
    array of shape (n_spectra, n_wave)
        To be added to the photosphere, share of the continuum; negative where the absorber takes more than the line gives.
    """
    step, line = _built(emission, resolving_power)
    return _laid(wave, HALPHA, rv + emission.offset, step, line)


def emission_profile(wave: FloatArray, emission: Emission, rv: FloatArray, resolving_power: float) -> FloatArray:
    """
    Return Hα and all other lines that come with it as an instrument sees them.

    Parameters
    ----------
    wave : array of shape (n_wave,)
        Vacuum wavelengths, Å.
    emission : Emission
        The lines, n_spectra of them.
    rv : array of shape (n_spectra,)
        Radial velocities of the stars, km/s.
    resolving_power : float
        λ/Δλ of the instrument.

    Returns
    -------
    array of shape (n_spectra, n_wave)
        To be added to the photosphere, share of the continuum; negative in absorption.
    """
    step, line = _built(emission, resolving_power)
    velocity = rv + emission.offset
    profile = _laid(wave, HALPHA, velocity, step, line)
    for rest, share in ((HELIUM, emission.helium), *((rest, emission.iron) for rest in IRON)):
        some = np.flatnonzero(share > 0)
        profile[some] += share[some, None] * _laid(wave, rest, velocity[some], step[some], line[some])
    forbidden = [(rest, part * emission.nitrogen) for rest, part in NITROGEN]
    forbidden += [(rest, part * emission.sulfur) for rest, part in SULFUR]
    forbidden += [(rest, part * emission.oxygen) for rest, part in OXYGEN]
    for rest, share in forbidden:
        _add_narrow(profile, wave, (rest, FORBIDDEN_FWHM, resolving_power), share * emission.ew, velocity)
    _add_narrow(profile, wave, (LI_6708.wave, LITHIUM_FWHM, resolving_power), -emission.lithium, rv)
    return profile


def _add_narrow(
    profile: FloatArray, wave: FloatArray, line: tuple[float, float, float], width: FloatArray, rv: FloatArray
) -> None:
    """Add a Gaussian line (rest wavelength, FWHM, resolving power) of some equivalent width wherever that is not 0."""
    rest, fwhm, resolving_power = line
    some = np.flatnonzero(width)
    if some.size:
        narrow = np.full(some.size, fwhm)
        shape = line_profile(wave, shifted(rest, rv[some]), narrow, np.zeros(some.size), resolving_power)
        profile[some] += width[some, None] * shape


def _built(emission: Emission, resolving_power: float) -> tuple[FloatArray, FloatArray]:
    """Return the step of each line's grid, Å, and the Hα lines on these grids, (n_spectra, N_GRID), share of the continuum."""
    instrument = HALPHA / resolving_power
    step = 2 * _span(emission, instrument) / N_GRID
    frequency = 2 * np.pi * np.fft.rfftfreq(N_GRID) / step[:, None]
    sigma, wings_sigma = emission.fwhm[:, None] * FWHM_TO_SIGMA, emission.wings_fwhm[:, None] * FWHM_TO_SIGMA
    blur = np.exp(-0.5 * (frequency * instrument * FWHM_TO_SIGMA) ** 2)
    share = emission.wings[:, None]
    transform = (1 - share) * _disk(frequency, emission) * np.exp(-0.5 * (frequency * sigma) ** 2)
    transform += share * np.exp(-0.5 * (frequency * wings_sigma) ** 2)
    transform *= emission.ew[:, None] / step[:, None]
    veiled = np.flatnonzero(emission.absorber_depth > 0)
    transform[veiled] = _veiled(transform[veiled], emission.rows(veiled), step[veiled])
    line: FloatArray = np.fft.fftshift(np.fft.irfft(transform * blur, N_GRID, axis=1), axes=1)
    return step, line


def _span(emission: Emission, instrument: float) -> FloatArray:
    """Return half the width of the grid that holds each line, Å."""
    disk = emission.inner * emission.separation / 2 + REACH * emission.fwhm
    wings = np.where(emission.wings > 0, REACH * emission.wings_fwhm, 0.0)
    absorber = np.where(emission.absorber_depth > 0, np.abs(emission.absorber_shift) + REACH * emission.absorber_fwhm, 0.0)
    span: FloatArray = np.maximum(np.maximum(disk, wings), absorber) + 1.5 * REACH * instrument
    return span


def _veiled(transform: NDArray[np.complex128], emission: Emission, step: FloatArray) -> NDArray[np.complex128]:
    """Return the transforms of lines after an absorber took its share of them and of the light behind."""
    place = step[:, None] * (np.arange(N_GRID) - N_GRID // 2)
    sigma = emission.absorber_fwhm[:, None] * FWHM_TO_SIGMA
    taken = emission.absorber_depth[:, None] * np.exp(-0.5 * ((place - emission.absorber_shift[:, None]) / sigma) ** 2)
    line = np.fft.fftshift(np.fft.irfft(transform, N_GRID, axis=1), axes=1)
    seen = line * (1 - taken) - emission.level[:, None] * taken
    veiled: NDArray[np.complex128] = np.fft.rfft(np.fft.ifftshift(seen, axes=1), axis=1)
    return veiled


def _disk(frequency: FloatArray, emission: Emission) -> NDArray[np.complex128]:
    """Return the Fourier transforms of disks of unit area, (n_spectra, n_frequencies)."""
    table = _disk_table()
    place = np.minimum(frequency * emission.separation[:, None] / 2, TABLE_END) / TABLE_STEP
    column = np.minimum(place.astype(np.int64), table.shape[2] - 2)
    beyond = place - column
    node = np.clip(np.searchsorted(INNER_NODES, emission.inner, side="right") - 1, 0, INNER_NODES.size - 2)
    nearer = np.clip((emission.inner - INNER_NODES[node]) / (INNER_NODES[node + 1] - INNER_NODES[node]), 0, 1)[:, None]
    zeroth, first, fourth = (
        (1 - nearer) * ((1 - beyond) * harmonic[node[:, None], column] + beyond * harmonic[node[:, None], column + 1])
        + nearer * ((1 - beyond) * harmonic[node[:, None] + 1, column] + beyond * harmonic[node[:, None] + 1, column + 1])
        for harmonic in table
    )
    thick = emission.thick[:, None]
    lopsided = emission.lopsidedness[:, None]
    disk: NDArray[np.complex128] = (zeroth + thick / 2 * (zeroth - fourth)) / (1 + thick / 2) - 1j * lopsided * first
    return disk


@lru_cache(maxsize=1)
def _disk_table() -> FloatArray:
    """Return the mean of J0, J1 and J4 over the rings of disks, (3, INNER_NODES.size, n), for outermost velocity 1."""
    argument = np.arange(0.0, TABLE_END + 2 * TABLE_STEP, TABLE_STEP)
    bessel = [jv(order, np.arange(0.0, TABLE_END * INNER_NODES[-1] + 1, TABLE_STEP)) for order in (0, 1, 4)]
    table = np.empty((3, INNER_NODES.size, argument.size))
    for node, inner in enumerate(INNER_NODES):
        velocity = np.linspace(1.0, inner, RINGS) if inner > 1 else np.ones(1)
        weight = velocity ** (2 * EMISSIVITY - 5)
        weight /= weight.sum()
        places = np.rint(argument[:, None] * velocity / TABLE_STEP).astype(np.int64)
        for order in range(3):
            table[order, node] = bessel[order][places] @ weight
    return table


def _laid(wave: FloatArray, rest: float, velocity: FloatArray, step: FloatArray, line: FloatArray) -> FloatArray:
    """Return lines built around Hα at the pixels around another rest wavelength, of the same area."""
    stretch = rest / HALPHA * (1 + velocity[:, None] / SPEED_OF_LIGHT)
    place = (wave / stretch - HALPHA) / step[:, None] + N_GRID // 2
    left = np.clip(place.astype(np.int64), 0, N_GRID - 2)
    beyond = place - left
    low, high = np.take_along_axis(line, left, axis=1), np.take_along_axis(line, left + 1, axis=1)
    inside = (place >= 0) & (place <= N_GRID - 1)
    laid: FloatArray = np.where(inside, (1 - beyond) * low + beyond * high, 0.0) / (rest / HALPHA)
    return laid
