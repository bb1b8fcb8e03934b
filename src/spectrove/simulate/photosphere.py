r"""
Light of stars around Hα, many at once, as pure functions: absorption lines and bands, and the continuum below them.

Spectra are interpolated between templates that are made once for every resolving power: on nodes of effective temperature,
gravity and rotation, at rest, sampled sixteen times in the width of the instrument's profile, of which each pixel takes the
nearest. Nothing here is a model atmosphere: the Stark wings of Hα are a Lorentzian, the Doppler core, deeper than in local
thermodynamic equilibrium, is a Gaussian, and their strengths are fitted to spectra of LAMOST.

References
----------
.. [1] Gray, D. F. 2005, The Observation and Analysis of Stellar Photospheres, 3rd ed., ch. 11 (damping and Stark wings), eq.
   18.14 (rotation).
.. [2] Planck's law; Lynden-Bell, D. 1969, Nature, 223, 690 (a disk's continuum, :math:`F_\lambda \propto \lambda^{-7/3}`).
.. [3] Cardelli, J. A., Clayton, G. C. & Mathis, J. S. 1989, ApJ, 345, 245 (extinction).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from spectrove.contracts import BoolArray, FloatArray, IntArray
from spectrove.lines import HEI_6678
from spectrove.simulate.metals import METALS, MOLECULAR_STRENGTH, MOLECULES, MOLECULES_END, NARROW_BAND, NODES
from spectrove.simulate.profiles import FWHM_TO_SIGMA, HALPHA, SPEED_OF_LIGHT, line_profile, shifted
from spectrove.simulate.stars import KIND_NAMES, Stars
from spectrove.wavelength import air_to_vacuum

Float32Array = NDArray[np.float32]
"""Real numbers of 32 bits."""

LAMOST_POWER = 1500.0
"""
Resolving power of LAMOST's low-resolution spectra around Hα, from the narrowest lines in mean spectra of 400 stars of types F7 to
K5, 4.4 Å wide; the nominal one is 1800.
"""

EDGES = (6180.0, 7060.0)
"""Vacuum Å at rest; nothing is known of lines farther out."""

SAMPLES = 16
"""Least number of samples of a template in the width (FWHM) of the instrument's profile; a pixel of LAMOST has a whole number."""

PIXEL = 1e-4
"""log10 of the ratio of the wavelengths of neighboring pixels of LAMOST."""

FARTHEST = 900.0
"""km/s; faster stars are shown at this velocity, so that no spectrum leaves its template."""

BLOCK = 256
"""Spectra made at a time, so that they stay in the processor's cache."""

TEFF: tuple[float, ...] = (
    2900, 3250, 3500, 3650, 3850, 4050, 4400, 4850, 5200, 5600, 6000, 6500, 7200, 8000, 9000, 10_500, 13_000, 17_000, 23_000,
    30_000, 45_000,
)  # fmt: skip
"""Effective temperatures of the templates, K."""

LOGG: tuple[float, ...] = (2.0, 4.3)
"""Gravities of the templates, log10 cgs: giants and dwarfs."""

VSINI: tuple[float, ...] = (0, 50, 100, 170, 270, 420)
"""Rotational velocities of the templates, km/s."""

LIMB = 0.6
"""Linear limb darkening (Gray 2005, eq. 17.11: about the Sun's in red light)."""

METAL_FWHM = 0.2
"""Å; intrinsic width of a metal line, about the Sun's: thermal motion, turbulence and saturation (Gray 2005, ch. 17)."""
METAL_REACH = 40 * METAL_FWHM * FWHM_TO_SIGMA
"""Å beyond which a metal line is left out: at 39 standard deviations a Gaussian is zero in double precision."""

HALPHA_DWARFS: tuple[tuple[float, float, float, float, float], ...] = (
    (2900, 0, 8, 0.05, 1.2), (3500, 0, 8, 0.35, 1.0), (4050, 0, 8, 0.7, 0.8), (4400, 0.005, 8, 0.88, 0.8),
    (4850, 0.042, 7, 1.1, 1.0), (5250, 0.061, 6.7, 1.2, 1.6), (5450, 0.083, 6.5, 1.26, 1.7), (5700, 0.117, 6.7, 1.34, 1.9),
    (5850, 0.12, 7.1, 1.47, 2.1), (6000, 0.131, 7.1, 1.51, 2.1), (6300, 0.153, 7.6, 1.56, 2.4), (6650, 0.17, 8.2, 1.65, 2.6),
    (7200, 0.226, 9.1, 1.77, 2.8), (7700, 0.297, 11.9, 1.9, 3.4), (8150, 0.348, 13.1, 1.76, 3.5), (8800, 0.395, 13.3, 1.53, 3.5),
    (9200, 0.393, 12.1, 1.37, 3.4), (10_500, 0.32, 11, 1.2, 2.5), (13_000, 0.25, 9, 0.9, 2.0), (17_000, 0.19, 7.5, 0.9, 2.0),
    (23_000, 0.14, 6, 0.9, 2.0), (30_000, 0.1, 5, 0.9, 2.0), (45_000, 0.06, 4, 0.7, 2.0),
)  # fmt: skip
"""
Hα of dwarfs: K; depth of the Stark wings at the line's center, share of the continuum; their half width at half maximum, Å;
equivalent width of the core, Å, and its FWHM, Å.

A1 to K7 fitted to mean spectra of 770 LAMOST stars; hotter stars after typical equivalent widths of B and O stars, cooler ones
chosen.
"""

HALPHA_GIANTS: tuple[tuple[float, float, float, float, float], ...] = (
    (2900, 0.0, 8, 0.4, 1.4), (3500, 0.0, 8, 0.8, 1.5), (4050, 0.005, 8, 1.05, 1.6), (4850, 0.053, 7.2, 1.09, 1.0),
    (5250, 0.04, 8, 1.25, 1.8), (6000, 0.10, 6, 1.5, 2.1), (7200, 0.15, 8, 1.5, 2.2), (8000, 0.2, 8, 1.4, 2.2),
    (9000, 0.2, 7, 1.3, 2.0), (10_500, 0.16, 6.5, 1.2, 2.0), (13_000, 0.12, 5.5, 1.1, 2.0), (17_000, 0.09, 4.5, 1.0, 2.0),
    (23_000, 0.07, 4, 0.9, 2.0), (30_000, 0.05, 3.5, 0.8, 2.0), (45_000, 0.03, 3, 0.6, 2.0),
)  # fmt: skip
"""
The same for giants of log g = 2.

4800 K fitted to the mean of 62 LAMOST stars of type G5, most of them giants; the others chosen, with weaker Stark wings.
"""

HELIUM: tuple[tuple[float, float], ...] = (
    (9500, 0.0), (10_500, 0.05), (13_000, 0.25), (17_000, 0.5), (23_000, 0.65), (30_000, 0.5), (45_000, 0.1),
)  # fmt: skip
"""
Effective temperature, K, and typical equivalent width of He I 6678, Å; chosen.

Neutral helium is strongest at B2 (Gray, R. O. & Corbally, C. J. 2009, Stellar Spectral Classification, ch. 4).
"""

HELIUM_FWHM = 1.3
"""Å; intrinsic width of He I 6678, chosen."""

METALS_OF_HOT_STARS: tuple[tuple[float, float], ...] = ((9000, 1.0), (10_500, 0.6), (13_000, 0.3), (17_000, 0.1), (23_000, 0.0))
"""Effective temperature, K, and how strong metal lines are relative to 9000 K; chosen: what remains is Si II and Fe II."""

METALLICITY_SLOPE, MEAN_FEH = 0.3, -0.12
"""
How the logarithm of a line's width grows with [Fe/H], between the flat part of the curve of growth and the linear one (Gray 2005,
ch. 16), and the metallicity to which the measured widths belong, about that of the solar neighborhood.
"""

INTERSTELLAR: tuple[tuple[float, float, float], ...] = (
    (6283.8, 1.0, 4.8), (6379.3, 0.09, 0.7), (6613.6, 0.22, 1.1), (6660.7, 0.05, 0.7),
)  # fmt: skip
"""
Diffuse interstellar bands: Å in air, typical equivalent width at E(B - V) = 1, Å, and FWHM, Å.

Friedman, S. D. et al. 2011, ApJ, 727, 33 (6283 and 6613); Hobbs, L. M. et al. 2008, ApJ, 680, 1256 (positions and widths).
"""

WATER: tuple[tuple[float, float, float], ...] = (
    (6521.5, 0.064, 10), (6527.0, 0.02, 5), (6533.3, 0.032, 6), (6545.0, 0.026, 5), (6552.0, 0.013, 4), (6560.0, 0.025, 6),
)  # fmt: skip
"""
Water vapor of the Earth's atmosphere: vacuum Å, equivalent width, Å, and FWHM, Å, of what its weak lines are at R = 1500.

Fitted to what 596 LAMOST stars of types A, F and G lack in common, some 0.5 %: the pipeline does not correct for it.
"""

WHITE_DWARFS: tuple[tuple[float, float, float], ...] = (
    (7000, 0.12, 6), (8500, 0.32, 11), (11_000, 0.5, 20), (15_000, 0.5, 22), (25_000, 0.42, 17), (40_000, 0.3, 12),
    (60_000, 0.2, 9),
)  # fmt: skip
"""
Hα of DA white dwarfs: K, central depth, half width at half maximum, Å.

Chosen after the grid's general run: strongest at 11 000 to 15 000 K (Tremblay, P.-E. & Bergeron, P. 2009, ApJ, 696, 1755).
"""

DB_DEPTH, DB_WIDTH = 0.25, 12.0
"""Central depth of He I 6678 in DB white dwarfs and its half width at half maximum, Å; chosen."""

EXTINCTION, EXTINCTION_POWER = 2.5, 1.4
"""A(λ) / E(B - V) at Hα and the power of λ with which it falls (Cardelli, Clayton & Mathis 1989, table 3, R_V = 3.1, rounded)."""

SEEN_REDDENING, STANDARDS_REDDENING = 0.3, 0.14
"""
Share of a star's reddening that a flux-calibrated spectrum still shows, and E(B - V), mag, that the calibration takes away.

The calibration's standard stars are about as red as the others on their plate. With these two the continua of some 700 LAMOST
stars of types A1 to G8 have the slopes of Planck's law for their types within 0.005 per 100 Å.
"""

PLANCK = 1.438776877e8
"""hc/k, Å K (CODATA 2018)."""


@dataclass(frozen=True, eq=False)
class Templates:
    """
    Templates for one resolving power; the axes are temperature, gravity, rotation and wavelength.

    Attributes
    ----------
    first : int
        log10 of the first vacuum wavelength, Å, in steps, so that a pixel's sample does not hang on rounding.
    step : float
        log10 of the ratio of the wavelengths of neighboring samples.
    hydrogen : array of float32
        Share of the continuum that Hα and He I absorb.
    metals : array of float32
        Optical depth of metal lines and bands.
    """

    first: int
    step: float
    hydrogen: Float32Array
    metals: Float32Array


def photosphere(wave: FloatArray, stars: Stars, resolving_power: float) -> Float32Array:
    """
    Return noise-free spectra of stars as they reach a telescope, divided by the continuum.

    Parameters
    ----------
    wave : array of shape (n_wave,)
        Vacuum wavelengths, Å.
    stars : Stars
        The stars.
    resolving_power : float
        λ/Δλ of the instrument, Δλ being a FWHM; LAMOST's is `LAMOST_POWER`.

    Returns
    -------
    array of float32, shape (n, n_wave)
        Share of the continuum; 1 where nothing absorbs.
    """
    flux = np.ones((stars.teff.size, wave.size), dtype=np.float32)
    compact = np.char.startswith(np.array(KIND_NAMES), "white-dwarf")[stars.kind]
    disk = stars.kind == KIND_NAMES.index("disk")
    ordinary = np.flatnonzero(~compact & ~disk)
    if ordinary.size:
        flux[ordinary] = _ordinary(wave, stars.rows(ordinary), resolving_power)
    if compact.any():
        flux[compact] = _white_dwarfs(wave, stars.rows(compact), resolving_power)
    flux *= 1 - stars.ebv[:, None].astype(np.float32) * _interstellar(wave, resolving_power)
    flux *= _atmosphere(wave)
    return np.maximum(flux, 0, out=flux)


def continuum(wave: FloatArray, stars: Stars) -> Float32Array:
    """
    Return the continua of stars: Planck's law, or a disk's power law, seen through interstellar dust.

    Parameters
    ----------
    wave : array of shape (n_wave,)
        Vacuum wavelengths, Å.
    stars : Stars
        The stars.

    Returns
    -------
    array of float32, shape (n, n_wave)
        Flux density per Å relative to that at Hα.
    """
    ratio = (wave / HALPHA).astype(np.float32)
    hot = (PLANCK / (HALPHA * stars.teff)).astype(np.float32)[:, None]
    level = np.expm1(hot) / np.expm1(hot / ratio) * ratio**-5
    level[stars.kind == KIND_NAMES.index("disk")] = ratio ** (-7 / 3)
    dust = (0.4 * np.log(10) * EXTINCTION * (1 - ratio**-EXTINCTION_POWER)).astype(np.float32)
    level *= np.exp((SEEN_REDDENING * stars.ebv[:, None] - STANDARDS_REDDENING).astype(np.float32) * dust)
    shape: Float32Array = level
    return shape


def _ordinary(wave: FloatArray, stars: Stars, resolving_power: float) -> Float32Array:
    """Return spectra of stars that are neither white dwarfs nor disks, without interstellar bands."""
    templates = _templates(float(resolving_power))
    farthest = int(np.ceil(np.log10(1 + FARTHEST / SPEED_OF_LIGHT) / templates.step))
    shift = np.rint(np.log10(1 + stars.rv / SPEED_OF_LIGHT) / templates.step).astype(np.int64).clip(-farthest, farthest)
    sample = np.rint(np.log10(wave) / templates.step).astype(np.int64) - templates.first
    sample = sample.clip(farthest, templates.hydrogen.shape[-1] - 1 - farthest)
    strength = (10 ** (METALLICITY_SLOPE * (stars.feh - MEAN_FEH))).astype(np.float32)[:, None]
    flux = np.empty((shift.size, wave.size), dtype=np.float32)
    for first in range(0, shift.size, BLOCK):
        rows = slice(first, first + BLOCK)
        corners = _corners(stars.rows(rows))
        metals = _interpolated(templates.metals, corners, sample, shift[rows])
        metals *= -strength[rows]
        np.exp(metals, out=metals)
        depth = _interpolated(templates.hydrogen, corners, sample, shift[rows])
        depth *= stars.strength[rows, None].astype(np.float32)
        np.multiply(metals, np.subtract(1, depth, out=depth), out=flux[rows])
    return flux


def _corners(stars: Stars) -> list[tuple[IntArray, FloatArray]]:
    """Return the eight templates around each star, as rows of the first three axes made one, and their weights."""
    axes = [_between(nodes, values) for nodes, values in ((TEFF, stars.teff), (LOGG, stars.logg), (VSINI, stars.vsini))]
    corners: list[tuple[IntArray, FloatArray]] = []
    for corner in range(8):
        row, weight = np.zeros(stars.teff.size, dtype=np.int32), np.ones(stars.teff.size, dtype=np.float32)
        for axis, (nodes, (below, share)) in enumerate(zip((TEFF, LOGG, VSINI), axes, strict=True)):
            upper = corner >> axis & 1
            row = row * len(nodes) + below + upper
            weight = weight * (share if upper else 1 - share)
        corners.append((row, weight))
    return corners


def _between(nodes: tuple[float, ...], values: FloatArray) -> tuple[IntArray, Float32Array]:
    """Return the node below each value and the share of the way to the next one; values outside count as the limits."""
    place = np.interp(values, nodes, np.arange(len(nodes)))
    below = np.minimum(place.astype(np.int32), len(nodes) - 2)
    return below, (place - below).astype(np.float32)


def _interpolated(
    library: Float32Array, corners: list[tuple[IntArray, FloatArray]], sample: IntArray, shift: IntArray
) -> Float32Array:
    """Return the weighted sum of templates at the samples of the pixels, each row shifted by whole samples."""
    windows = sliding_window_view(library.reshape(-1), int(sample[-1] - sample[0]) + 1)
    steps = np.diff(sample)
    even = steps.size > 0 and steps[0] > 0 and bool((steps == steps[0]).all())
    if even:
        windows = windows[:, :: steps[0]]
    total = np.zeros((shift.size, sample.size), dtype=np.float32)
    for row, weight in corners:
        used = np.flatnonzero(weight > 0)
        pixels = windows[row[used] * library.shape[-1] + sample[0] - shift[used]]
        pixels = pixels if even else pixels[:, sample - sample[0]]
        pixels *= weight[used, None]
        total[used] += pixels
    return total


@lru_cache(maxsize=4)
def _templates(resolving_power: float) -> Templates:
    """Return the templates for a resolving power."""
    step = PIXEL / np.ceil(PIXEL * resolving_power * np.log(10) * SAMPLES)
    first, last = (round(float(np.log10(edge)) / step) for edge in EDGES)
    wave = 10 ** (step * np.arange(first, last))
    hydrogen = np.array([[_hydrogen(wave, teff, table) for table in (HALPHA_GIANTS, HALPHA_DWARFS)] for teff in TEFF])
    metals = np.array([[_metals(wave, teff, is_giant=logg < LOGG[-1]) for logg in LOGG] for teff in TEFF])
    kernels = [_kernel(vsini, resolving_power, step) for vsini in VSINI]
    return Templates(first, step, _convolved(hydrogen, kernels), _convolved(metals, kernels))


def _kernel(vsini: float, resolving_power: float, step: float) -> FloatArray:
    """Return the instrument's Gaussian convolved with the rotational profile (Gray 2005, eq. 18.14), of unit sum."""
    velocity = SPEED_OF_LIGHT * np.log(10) * step
    sigma = FWHM_TO_SIGMA * SPEED_OF_LIGHT / resolving_power / velocity
    reach = int(np.ceil(4.5 * sigma + vsini / velocity))
    offset = np.arange(-reach, reach + 1)
    blur = np.exp(-0.5 * (offset / sigma) ** 2)
    square = np.clip(1 - (offset * velocity / max(vsini, velocity)) ** 2, 0, None)
    rotation = 2 * (1 - LIMB) * np.sqrt(square) + 0.5 * np.pi * LIMB * square
    kernel = np.convolve(blur, rotation, mode="same")
    unit: FloatArray = kernel / kernel.sum()
    return unit


def _convolved(spectra: FloatArray, kernels: list[FloatArray]) -> Float32Array:
    """Return spectra, shape (n_teff, n_logg, n_samples), blurred by each kernel; the new axis is the last but one."""
    blurred = []
    for kernel in kernels:
        margin = kernel.size // 2
        padded = np.pad(spectra, ((0, 0), (0, 0), (margin, margin)), mode="edge")
        blurred.append(fftconvolve(padded, kernel[None, None, :], mode="valid", axes=-1))
    stacked: Float32Array = np.maximum(np.stack(blurred, axis=2), 0).astype(np.float32)
    return stacked


def _hydrogen(wave: FloatArray, teff: float, table: tuple[tuple[float, ...], ...]) -> FloatArray:
    """Return the share of the continuum that Hα and He I 6678 absorb in a star at rest."""
    nodes, *columns = np.array(table).T
    wing, width, core, fwhm = (np.interp(teff, nodes, column) for column in columns)
    wings = wing / (1 + ((wave - HALPHA) / width) ** 2)
    helium = np.interp(teff, *np.array(HELIUM).T)
    through = (
        (1 - wings) * (1 - core * _gaussian(wave - HALPHA, fwhm)) * (1 - helium * _gaussian(wave - HEI_6678.wave, HELIUM_FWHM))
    )
    absorbed: FloatArray = 1 - through
    return absorbed


def _metals(wave: FloatArray, teff: float, *, is_giant: bool) -> FloatArray:
    """Return the optical depth of metal lines and molecular bands of a star at rest."""
    depth = np.zeros(wave.size)
    for in_air, solar, measured in METALS:
        width = np.interp(teff, NODES[::-1], measured[:-1][::-1])
        if is_giant:
            ratio = measured[-1] / max(np.interp(4800.0, NODES[::-1], measured[:-1][::-1]), 1.0)
            width *= np.interp(teff, (5200, 6000), (np.clip(ratio, 0.4, 2.5), 1.0))
        for rest, share in zip(air_to_vacuum(np.array(in_air)), np.array(solar) / sum(solar), strict=True):
            near = slice(*np.searchsorted(wave, (rest - METAL_REACH, rest + METAL_REACH)))
            depth[near] += 1e-3 * width * share * _gaussian(wave[near] - rest, METAL_FWHM)
    depth *= np.interp(teff, *np.array(METALS_OF_HOT_STARS).T)
    strength = np.interp(teff, *np.array(MOLECULAR_STRENGTH).T)
    total: FloatArray = depth + _molecules(wave, float(strength))
    return total


def _molecules(wave: FloatArray, factor: float) -> FloatArray:
    """Return the optical depth of bands: each rises at its head and fades redwards; narrow ones are for the coolest stars."""
    depth = np.zeros(wave.size)
    for head, fading, strength in MOLECULES:
        beyond = np.maximum(wave - head, 0)
        depth += strength * factor ** (2 if fading <= NARROW_BAND else 1) * (1 - np.exp(-beyond / 2)) * np.exp(-beyond / fading)
    faded: FloatArray = depth / (1 + np.exp((wave - MOLECULES_END) / 10))
    return faded


def _gaussian(offset: FloatArray, fwhm: float) -> FloatArray:
    """Return a Gaussian of unit area."""
    sigma = fwhm * FWHM_TO_SIGMA
    profile: FloatArray = np.exp(-0.5 * (offset / sigma) ** 2) / (np.sqrt(2 * np.pi) * sigma)
    return profile


def _interstellar(wave: FloatArray, resolving_power: float) -> Float32Array:
    """Return the share of light that diffuse bands absorb at E(B - V) = 1; interstellar clouds are taken to be at rest."""
    in_air, width, fwhm = np.array(INTERSTELLAR).T
    profiles = line_profile(wave, air_to_vacuum(in_air), fwhm, np.zeros(in_air.size), resolving_power)
    absorbed: Float32Array = np.minimum(width @ profiles, 0.3).astype(np.float32)
    return absorbed


def _atmosphere(wave: FloatArray) -> Float32Array:
    """Return the share of light that the Earth's water vapor lets through."""
    vapor = sum(width * _gaussian(wave - center, fwhm) for center, width, fwhm in WATER)
    return np.asarray(1 - vapor, dtype=np.float32)


def _white_dwarfs(wave: FloatArray, stars: Stars, resolving_power: float) -> FloatArray:
    """Return spectra of white dwarfs: very broad Hα (DA), He I (DB), or nothing at all (DC)."""
    is_da = stars.kind == KIND_NAMES.index("white-dwarf")
    is_db: BoolArray = stars.kind == KIND_NAMES.index("white-dwarf-db")
    teff, depth, width = np.array(WHITE_DWARFS).T
    half_width = np.where(is_da, np.interp(stars.teff, teff, width), DB_WIDTH)
    area = np.pi * half_width * np.where(is_da, np.interp(stars.teff, teff, depth), DB_DEPTH * is_db)
    center = np.where(is_da, shifted(HALPHA, stars.rv), shifted(HEI_6678.wave, stars.rv))
    return 1 - area[:, None] * line_profile(wave, center, np.zeros(center.size), half_width, resolving_power)
