"""What instruments and pipelines do to spectra: noise, cosmic rays, zeroed pixels, distrust of strong emission; many at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from spectrove.contracts import BoolArray, FloatArray
from spectrove.simulate.spectra import HALPHA

FAINTEST, BRIGHTEST = 3.0, 300.0
"""Signal-to-noise ratios a pixel between which pool spectra lie."""

NEIGHBOR = 0.3
"""Share of a pixel's noise that each neighbor gets when a pipeline resamples exposures onto one grid."""

SPOILED_FROM, SPOILED_TO = HALPHA - 40, HALPHA + 165
"""Å; where spikes and zeroed stretches begin: the stretch that the paper's network sees."""


NONE, SPIKE, ZEROED, DISTRUSTED = "", "spike", "zeroed", "distrusted"
"""What a pipeline did to a spectrum; the last gives ivar = 0 to strong emission and leaves the flux alone."""

StrArray = NDArray[np.str_]
"""Names."""


@dataclass(frozen=True, eq=False)
class Conditions:
    """
    How spectra were observed.

    Attributes
    ----------
    snr : array of shape (n_spectra,)
        Signal-to-noise ratio of the continuum, a pixel.
    scale : array of shape (n_spectra,)
        Flux of the continuum at Hα in the survey's unit.
    artefact : array of str, shape (n_spectra,)
        ``""``, ``spike``, ``zeroed`` or ``distrusted``.
    shape : array of shape (n_spectra, 3)
        Random numbers from 0 to 1 that shape the artefact: place, size, strength.
    normals : array of shape (n_spectra, n_wave + 2)
        Independent standard normal numbers, the noise.
    """

    snr: FloatArray
    scale: FloatArray
    artefact: StrArray
    shape: FloatArray
    normals: FloatArray


@dataclass(frozen=True, eq=False)
class Observed:
    """
    What a pipeline delivers; every attribute is an array of shape (n_spectra, n_wave).

    Attributes
    ----------
    flux : array
        Flux in the survey's unit.
    ivar : array
        Inverse variance, 1/flux²; 0 where the pipeline trusts nothing.
    normalized : array
        Flux divided by the continuum.
    flagged : array of bool
        Where the pipeline sets a bit of the "or" mask.
    """

    flux: FloatArray
    ivar: FloatArray
    normalized: FloatArray
    flagged: BoolArray


def observe(wave: FloatArray, relative: FloatArray, level: FloatArray, conditions: Conditions) -> Observed:
    """
    Return spectra with noise and artefacts.

    Parameters
    ----------
    wave : array of shape (n_wave,)
        Vacuum wavelengths, Å.
    relative : array of shape (n_spectra, n_wave)
        Noise-free flux, 1 for the continuum at Hα.
    level : array of shape (n_spectra, n_wave)
        Its continuum.
    conditions : Conditions
        How the spectra were observed.

    Returns
    -------
    Observed
        What the pipeline delivers.
    """
    flux = relative + noise(conditions.normals, conditions.snr, NEIGHBOR)
    ivar = np.repeat((conditions.snr / conditions.scale)[:, None] ** 2, wave.size, axis=1)
    flagged = np.zeros(flux.shape, dtype=bool)
    hit = conditions.artefact == SPIKE
    added = spikes(wave, conditions.snr[hit], conditions.shape[hit])
    flux[hit] += added
    flagged[hit] = added > 0
    lost = conditions.artefact == ZEROED
    gaps = zeroed(wave, conditions.shape[lost])
    flux[lost] *= ~gaps
    ivar[lost] *= ~gaps
    flagged[lost] = gaps
    ivar[distrusted(wave, relative / level) & (conditions.artefact == DISTRUSTED)[:, None]] = 0
    return Observed(flux * conditions.scale[:, None], ivar, flux / level, flagged)


def draw_snr(uniforms: FloatArray, median: float, spread: float) -> FloatArray:
    """
    Return signal-to-noise ratios with a log-normal distribution, clipped to 3 and 300.

    Parameters
    ----------
    uniforms : array of shape (n_spectra,)
        Random numbers from 0 to 1.
    median : float
        Median of the distribution.
    spread : float
        Standard deviation of its natural logarithm; a thousand LAMOST files of A to K stars have 0.95 about a median of 75.

    Returns
    -------
    array of shape (n_spectra,)
        Ratios a pixel.
    """
    snr: FloatArray = np.clip(median * np.exp(spread * ndtri(np.clip(uniforms, 1e-9, 1 - 1e-9))), FAINTEST, BRIGHTEST)
    return snr


def noise(normals: FloatArray, snr: FloatArray, neighbor: float) -> FloatArray:
    """
    Return noise in units of the continuum, correlated between neighboring pixels.

    Parameters
    ----------
    normals : array of shape (n_spectra, n_wave + 2)
        Independent standard normal numbers.
    snr : array of shape (n_spectra,)
        Signal-to-noise ratio of the continuum, a pixel.
    neighbor : float
        Weight of each neighbor's number, 1 being the pixel's own; 0 gives white noise.

    Returns
    -------
    array of shape (n_spectra, n_wave)
        Noise of standard deviation ``1 / snr``.
    """
    mixed = normals[:, 1:-1] + neighbor * (normals[:, :-2] + normals[:, 2:])
    correlated: FloatArray = mixed / np.sqrt(1 + 2 * neighbor**2) / snr[:, None]
    return correlated


def spikes(wave: FloatArray, snr: FloatArray, uniforms: FloatArray) -> FloatArray:
    """
    Return cosmic rays of one or two pixels, to be added to the flux.

    Parameters
    ----------
    wave : array of shape (n_wave,)
        Vacuum wavelengths, Å.
    snr : array of shape (n_spectra,)
        Signal-to-noise ratios; a spike stands at least eight times above the noise.
    uniforms : array of shape (n_spectra, 3)
        Random numbers from 0 to 1: place, size, strength.

    Returns
    -------
    array of shape (n_spectra, n_wave)
        Flux in units of the continuum, 0.4 to 5 at the spike, 0 elsewhere.
    """
    place, size, strength = uniforms.T
    height = np.maximum(0.4 * 12.5**strength, 8 / snr)
    added: FloatArray = height[:, None] * _stretch(wave, place, 1 + (size > 0.5))
    return added


def zeroed(wave: FloatArray, uniforms: FloatArray) -> BoolArray:
    """
    Return where a pipeline left zeros: one to four pixels in most spectra, a long stretch in some.

    Parameters
    ----------
    wave : array of shape (n_wave,)
        Vacuum wavelengths, Å.
    uniforms : array of shape (n_spectra, 3)
        Random numbers from 0 to 1: place, size, and which of the two.

    Returns
    -------
    array of bool, shape (n_spectra, n_wave)
        True where the flux is to be 0.
    """
    place, size, which = uniforms.T
    length = np.where(which < 0.6, 1 + np.floor(4 * size), 15 + np.floor(100 * size))
    return _stretch(wave, place, length)


def distrusted(wave: FloatArray, normalized: FloatArray, rv_margin: float = 12.0) -> BoolArray:
    """
    Return the pixels of strong emission at Hα that LAMOST's pipeline takes for cosmic rays and gives ivar = 0.

    Parameters
    ----------
    wave : array of shape (n_wave,)
        Vacuum wavelengths, Å.
    normalized : array of shape (n_spectra, n_wave)
        Noise-free flux divided by the continuum.
    rv_margin : float
        Half width of the stretch around Hα, Å.

    Returns
    -------
    array of bool, shape (n_spectra, n_wave)
        True where the line stands more than 15 % above the continuum and its peak is at least 2.5 times as high as that.

    References
    ----------
    .. [1] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sect. 3.1: "strong narrow emissions can even be rejected by the
       pipeline as possibly spoiled pixels"; the files of DR1 show 3 to 14 such pixels.
    """
    strong = normalized.max(axis=1) >= 2.5
    near = np.abs(wave - HALPHA) < rv_margin
    pixels: BoolArray = strong[:, None] & near & (normalized > 1.15)
    return pixels


def _stretch(wave: FloatArray, place: FloatArray, length: FloatArray) -> BoolArray:
    first = np.searchsorted(wave, SPOILED_FROM + place * (SPOILED_TO - SPOILED_FROM))[:, None]
    pixel = np.arange(wave.size)
    inside: BoolArray = (pixel >= first) & (pixel < first + length[:, None])
    return inside
