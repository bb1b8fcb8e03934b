"""
What telescopes and pipelines do to spectra: throughput, noise, sky, flux calibration, artefacts; a plate at once.

Everything random is drawn before a range of wavelengths is chosen, so that a spectrum is the same in every range. The figures
"measured" are from 1,349 LAMOST files of all layouts, between 6519 and 6732 Å.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from spectrove.contracts import BoolArray, FloatArray, IntArray
from spectrove.lines import H_ALPHA
from spectrove.simulate import artefacts
from spectrove.simulate.artefacts import Events
from spectrove.simulate.columns import Columns
from spectrove.simulate.plates import SPECTROGRAPHS, Fibers, Plate
from spectrove.simulate.sky import GRID, GROUPS, LOG_STEP, sky_lines, sky_residuals, weighted_sum

DIMMING = MappingProxyType(
    {
        "o": -0.5, "b": -0.5, "a": -0.3, "f": 0.0, "g": 0.0, "k": 0.3, "m-dwarf": 0.7, "m-giant": -0.3, "white-dwarf": 0.5,
        "white-dwarf-db": 0.5, "white-dwarf-dc": 0.5, "disk": 0.7,
    }
)  # fmt: skip
"""Magnitudes that stars are fainter than the mean of their plate; chosen to give the measured order of S/N by spectral type."""

ELECTRONS = {"V": 1500.0, "B": 6000.0, "M": 6000.0, "F": 7000.0}
"""Electrons a pixel from a star of r = 15 by kind of plate, chosen to give the S/N of the two whole B plates among the files."""

SKY_LIGHT = 0.044
"""Light of the dark sky in a fiber, in units of a star of r = 15: 20.7 mag a square arcsecond in a fiber of 3.3″ (typical)."""

MOONLIGHT = {"V": 3.0, "B": 1.5, "M": 1.0, "F": 1.0}
"""How much brighter the sky is on plates that are observed in moonlight; chosen."""

FIBER_SPREAD, SPECTROGRAPH_SPREAD, GAIN_SPREAD = 0.45, 0.15, 0.6
"""Standard deviations of ln throughput from fiber to fiber and spectrograph to spectrograph, and of ln flux unit by plate."""

BAD_FIBERS = 0.04
"""Share of fibers that lose nearly all of the light; chosen, for the tail of S/N down to 1."""

FAINTEST, BRIGHTEST = 1.0, 500.0
"""Signal-to-noise ratios that the distribution bends at."""

FLUX_UNIT = 300.0
"""
Flux of a star of r = 15 on a B plate, by electrons on the others, so that flux and S/N go together as in the files.

Measured medians: 69 at S/N 10 to 20, 105 (20 to 40), 224 (40 to 80), 582 (80 to 150), 1983 (150 to 300), 5841 (300 to 500).
"""

PIXEL_SNR, PIXEL_SNR_BENDS = 1.30, 1300.0
"""
Signal-to-noise ratio a pixel by ivar at Hα over that of the header (SNRR, SN_R), and where the ratio has halved.

Measured at 6640 Å, where it is 4 % higher: 1.32 at S/N 20 to 40, 1.23 to 80, 1.18 to 150, 1.14 to 500.
"""

NOISE_RATIO, NOISE_RATIO_SPREAD = 0.79, 0.13
"""True noise over that by ivar, and the standard deviation of its logarithm: 0.76 (S/N 5 to 20), 0.82 (to 40), 0.85 (to 80)."""

FLOOR, FLOOR_SPREAD = 0.0022, 0.30
"""Error in proportion to the flux (flat field, fringes), and the spread of its logarithm, which limits S/N above 150."""

NEIGHBOR, NEIGHBOR_SPREAD = 0.025, 0.02
"""
Weight of each neighbor's number in a pixel's noise, the pixel's own being 1, and how it scatters.

Measured in A stars where they have no lines (6750 to 6815 Å): autocorrelation at lag 1 of 0.05 at S/N 20 to 40 and less above,
none at greater lags. Outliers beyond 3 and 4 σ are as frequent there as in Gaussian noise, cosmic rays apart.
"""

TILT, BEND = 0.0038, 0.0006
"""Standard deviations, spectrograph to spectrograph and again fiber to fiber, of slope per 100 Å and curvature per (100 Å)²."""

TELLURIC, OXYGEN_BAND = 0.013, {6869.5: (3.5, 1.0), 6895.0: (11.0, 0.45)}
"""Standard deviation of what correction leaves of the B band of telluric O2, and the band: place and width, Å, and strength."""

FAINT_TILT = 25.0
"""S/N below which errors of the calibration grow: slopes of A stars scatter 1.6 times as much at S/N 5 to 30 as above."""

RIPPLES = {50.0: 0.0005, 80.0: 0.0012, 140.0: 0.0017, 260.0: 0.0021}
"""Periods, Å, and amplitudes of waves in the response: they leave 0.002 to 0.004 about a parabola (A stars, S/N above 80)."""

THROUGHPUT_SLOPE = -0.05
"""Change of the error per 100 Å relative to that at Hα: red is seen better; measured at all S/N."""

DISPLACED = 0.08
"""Standard deviation of displacements between object and sky, pixels: some 5 km/s, LAMOST's wavelength calibration (typical)."""

RESIDUAL_NOTICED = 3.0
"""A sky residual in the window is named if it stands this many times above a pixel's noise."""

CCD700_SNR, CCD700_SPREAD, CCD700_RANGE = 140.0, 0.8, (20.0, 800.0)
"""
Median, standard deviation of ln, and range of the labeled set's signal-to-noise ratios a pixel.

Measured in 21 CCD700 spectra: quartiles 80 and 230, from 20 to 550.
"""

CCD700_NEIGHBOR = 0.15
"""Weight of each neighbor's number in a pixel's noise, the pixel's own being 1: autocorrelation at lag 1 of 0.3 (21 spectra)."""

CCD700_DIGITS = 8
"""Digits after the point in the archive's normalized spectra."""


@dataclass(frozen=True, eq=False)
class Conditions(Columns):
    """
    How the spectra of a plate were observed; nothing here depends on the range of wavelengths.

    Attributes
    ----------
    snr : array of shape (n_spectra,)
        Signal-to-noise ratio a pixel, as the header says it.
    scale : array of shape (n_spectra,)
        Flux of the continuum at Hα in the survey's unit.
    sky : array of shape (n_spectra,)
        Share of the sky in the light at Hα.
    ratio : array of shape (n_spectra,)
        True noise over that by ivar.
    floor : array of shape (n_spectra,)
        Error in proportion to the flux.
    neighbor : array of shape (n_spectra,)
        Weight of each neighbor in a pixel's noise.
    response : array of shape (n_spectra, n_terms)
        Errors of the flux calibration: slope, curvature, telluric band, waves.
    residual : array of shape (n_spectra, 2 * n_groups)
        What sky subtraction left, for `sky_residuals`.
    events : Events
        What went wrong.
    """

    snr: FloatArray
    scale: FloatArray
    sky: FloatArray
    ratio: FloatArray
    floor: FloatArray
    neighbor: FloatArray
    response: FloatArray
    residual: FloatArray
    events: Events

    @property
    def pixel_snr(self) -> FloatArray:
        """
        Return the signal-to-noise ratio of a pixel by ivar, of the continuum at Hα.

        Returns
        -------
        array of shape (n_spectra,)
            Dimensionless.
        """
        return PIXEL_SNR * self.snr / (1 + self.snr / PIXEL_SNR_BENDS)


@dataclass(frozen=True, eq=False)
class Observed:
    """
    What a pipeline delivers; the first four are arrays of shape (n_spectra, n_wave).

    Attributes
    ----------
    flux : array of float32
        Flux in the survey's unit.
    ivar : array of float32
        Inverse variance, 1/flux²; 0 where the pipeline trusts nothing.
    normalized : array of float32
        Flux divided by the continuum.
    flagged : array of bool
        Where the pipeline sets a bit of the "or" mask.
    artefact : array of str, shape (n_spectra,)
        What went wrong between 6519 and 6732 Å: names of `artefacts.NAMES` joined by ``+``, empty for nothing.
    """

    flux: FloatArray
    ivar: FloatArray
    normalized: FloatArray
    flagged: BoolArray
    artefact: NDArray[np.object_]


def draw_conditions(
    plate: Plate, fibers: Fibers, generator: np.random.Generator, dimming: FloatArray | None = None
) -> Conditions:
    """
    Return how the spectra of a plate are observed.

    Parameters
    ----------
    plate : Plate
        The plate.
    fibers : Fibers
        What its fibers are on.
    generator : numpy.random.Generator
        Source of random numbers.
    dimming : array of shape (n_spectra,), optional
        Magnitudes that each object is fainter than ``fibers.magnitude``.

    Returns
    -------
    Conditions
        Of each fiber's spectrum.
    """
    n, spectrograph = fibers.spid.size, fibers.spid - 1
    magnitude = fibers.magnitude if dimming is None else fibers.magnitude + dimming
    throughput = np.exp(
        generator.normal(0, FIBER_SPREAD, n) + generator.normal(0, SPECTROGRAPH_SPREAD, SPECTROGRAPHS)[spectrograph]
    )
    throughput *= np.where(generator.random(n) < BAD_FIBERS, generator.uniform(0.02, 0.3, n), 1)
    light = 10 ** (-0.4 * (magnitude - 15)) * throughput
    sky = SKY_LIGHT * MOONLIGHT[plate.kind] * np.exp(generator.normal(0, 0.4))
    electrons = ELECTRONS[plate.kind] * np.exp(plate.depth)
    pixel_snr = np.minimum(light * np.sqrt(electrons / (light + sky)), PIXEL_SNR * PIXEL_SNR_BENDS / 2)
    snr = _bent(pixel_snr / (PIXEL_SNR - pixel_snr / PIXEL_SNR_BENDS))
    ratio = NOISE_RATIO * np.exp(_shared(generator, spectrograph, NOISE_RATIO_SPREAD))
    floor = FLOOR * np.exp(_shared(generator, spectrograph, FLOOR_SPREAD))
    scale = FLUX_UNIT * light * electrons / ELECTRONS["B"] * np.exp(generator.normal(0, GAIN_SPREAD))
    return Conditions(
        snr=snr, scale=scale, sky=sky / (light + sky), ratio=ratio, floor=floor,
        neighbor=NEIGHBOR + _shared(generator, spectrograph, NEIGHBOR_SPREAD),
        response=_response(spectrograph, snr, generator).astype(np.float32),
        residual=_residual(plate, spectrograph, sky / light, generator).astype(np.float32),
        events=artefacts.draw_events(snr, plate.layout, generator),
    )  # fmt: skip


def pixel_noise(wave: FloatArray, relative: FloatArray, conditions: Conditions) -> FloatArray:
    """
    Return the true noise of each pixel, which ivar does not quite tell.

    Parameters
    ----------
    wave : array of shape (n_wave,)
        Vacuum wavelengths, Å; consecutive pixels of LAMOST's grid.
    relative : array of shape (n_spectra, n_wave)
        Noise-free flux, 1 for the continuum at Hα.
    conditions : Conditions
        How the spectra were observed.

    Returns
    -------
    array of float32, shape (n_spectra, n_wave)
        Standard deviation in units of the continuum at Hα.
    """
    flux = np.asarray(relative, dtype=np.float32)
    return _noise(flux, _variance(wave, flux, conditions), conditions)


def observe(wave: FloatArray, relative: FloatArray, level: FloatArray, conditions: Conditions, normals: FloatArray) -> Observed:
    """
    Return spectra with noise and artefacts.

    Parameters
    ----------
    wave : array of shape (n_wave,)
        Vacuum wavelengths, Å; consecutive pixels of LAMOST's grid that hold 6519 to 6732 Å.
    relative : array of shape (n_spectra, n_wave)
        Noise-free flux, 1 for the continuum at Hα.
    level : array of shape (n_spectra, n_wave)
        Its continuum.
    conditions : Conditions
        How the spectra were observed.
    normals : array of shape (n_spectra, n_wave + 4)
        Independent standard normal numbers, the noise; two more pixels on each side, the outermost of which are not used.

    Returns
    -------
    Observed
        What the pipeline delivers.
    """
    first, events = _first_pixel(wave), conditions.events
    flux: FloatArray = np.asarray(relative, dtype=np.float32)
    variance = _variance(wave, flux, conditions)
    sigma = _noise(flux, variance, conditions)
    response = 1 + weighted_sum(conditions.response, _terms(first, wave.size))
    flux = flux * response
    flux += sigma * correlated(normals[:, 1:-1], conditions.neighbor)
    flux += sky_residuals(first, wave.size, conditions.residual)
    stepped, factors = artefacts.steps(first, wave.size, events)
    flux[stepped] *= factors
    ivar: FloatArray = 1 / variance
    rows, pixels, heights = artefacts.spikes(first, wave.size, events)
    flux[rows, pixels] += heights * sigma[rows, pixels]
    flagged = artefacts.masked(first, wave.size, events)
    flagged[rows, pixels] = True
    seen = events.spike_seen[rows]
    ivar[rows[seen], pixels[seen]] = 0
    ivar *= ~artefacts.masked(first, wave.size, events)
    zeroed = artefacts.lost(first, wave.size, events)
    flux[zeroed] = ivar[zeroed] = 0
    doubted = artefacts.distrusted(wave, relative / level) & events.distrusts[:, None]
    ivar[doubted] = 0
    scale = conditions.scale[:, None].astype(np.float32)
    names = _happened(conditions, np.flatnonzero(doubted.any(axis=1)))
    normalized = flux / (np.asarray(level, dtype=np.float32) * response)
    return Observed(flux * scale, ivar / scale**2, normalized, flagged | zeroed, names)


def correlated(normals: FloatArray, neighbor: FloatArray) -> FloatArray:
    """
    Return Gaussian noise of unit variance that neighboring pixels share.

    Parameters
    ----------
    normals : array of shape (n_spectra, n_wave + 2)
        Independent standard normal numbers.
    neighbor : array of shape (n_spectra,)
        Weight of each neighbor; a pixel's own is 1.

    Returns
    -------
    array of float32, shape (n_spectra, n_wave)
        Noise in units of its standard deviation.
    """
    values = np.asarray(normals, dtype=np.float32)
    near = neighbor[:, None].astype(np.float32)
    mixed: FloatArray = values[:, :-2] + values[:, 2:]
    mixed *= near
    mixed += values[:, 1:-1]
    mixed /= np.sqrt(1 + 2 * near**2)
    return mixed


def draw_clean_snr(n: int, generator: np.random.Generator) -> FloatArray:
    """
    Return signal-to-noise ratios of Ondřejov's spectra.

    Parameters
    ----------
    n : int
        Number of spectra.
    generator : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    array of shape (n,)
        Ratios a pixel, 20 to 800.
    """
    snr: FloatArray = np.clip(CCD700_SNR * np.exp(generator.normal(0, CCD700_SPREAD, n)), *CCD700_RANGE)
    return snr


def observe_clean(relative: FloatArray, snr: FloatArray, normals: FloatArray) -> FloatArray:
    """
    Return spectra as Ondřejov's archive has them: normalized, with photon noise, and without artefacts.

    Parameters
    ----------
    relative : array of shape (n_spectra, n_wave)
        Noise-free flux divided by the continuum.
    snr : array of shape (n_spectra,)
        Signal-to-noise ratio of the continuum, a pixel.
    normals : array of shape (n_spectra, n_wave + 2)
        Independent standard normal numbers; one more pixel on each side.

    Returns
    -------
    array of shape (n_spectra, n_wave)
        Normalized flux, with as many digits as the archive's files have.
    """
    sigma = np.sqrt(np.maximum(relative, 0.05)) / snr[:, None]
    noise = correlated(normals, np.full(snr.size, CCD700_NEIGHBOR))
    flux: FloatArray = np.round(relative + sigma * noise, CCD700_DIGITS)
    return flux


def _bent(snr: FloatArray) -> FloatArray:
    """Bend a distribution smoothly so that it stays between the faintest and the brightest."""
    bent: FloatArray = np.clip(np.sqrt(snr**2 + FAINTEST**2) / (1 + (snr / BRIGHTEST) ** 4) ** 0.25, FAINTEST, BRIGHTEST)
    return bent


def _shared(generator: np.random.Generator, spectrograph: IntArray, spread: float) -> FloatArray:
    """Return normal numbers of which half the variance is common to a spectrograph."""
    common = generator.normal(0, spread * np.sqrt(0.5), SPECTROGRAPHS)[spectrograph]
    numbers: FloatArray = common + generator.normal(0, spread * np.sqrt(0.5), spectrograph.size)
    return numbers


def _response(spectrograph: IntArray, snr: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Return errors of the flux calibration: a part common to a spectrograph, and a part of each fiber's own with long tails."""
    spread = np.array([TILT, BEND, TELLURIC, *(amplitude for amplitude in RIPPLES.values() for _ in range(2))])
    common = generator.standard_normal((SPECTROGRAPHS, spread.size))[spectrograph]
    own = generator.standard_normal((spectrograph.size, spread.size))
    tails = np.exp(generator.normal(0, 0.5, (spectrograph.size, 1))) * np.hypot(1, FAINT_TILT / np.maximum(snr, 4))[:, None]
    errors: FloatArray = spread * np.clip(common + own * tails, -8, 8)
    return errors


def _residual(plate: Plate, spectrograph: IntArray, sky: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Return shares of the sky's lines that are left over, and their displacements, in units of the star's continuum."""
    n_groups = len(GROUPS)
    common = generator.standard_normal((SPECTROGRAPHS, n_groups))[spectrograph]
    own = generator.standard_normal((spectrograph.size, n_groups))
    left = plate.sky_residual * (0.6 * common + 0.8 * own)
    displaced = np.repeat(_shared(generator, spectrograph, DISPLACED)[:, None], n_groups, axis=1)
    residual: FloatArray = sky[:, None] * np.hstack([left, displaced])
    return residual


@lru_cache(maxsize=1)
def _all_terms() -> tuple[FloatArray, FloatArray]:
    """Return, on the whole of LAMOST's grid, what errors of the flux calibration multiply with, and how noise changes."""
    wave = 10 ** (LOG_STEP * np.arange(GRID[0], GRID[1] + 1))
    distance = (wave - H_ALPHA.wave) / 100
    waves = [function(2 * np.pi * distance * 100 / period) for period in RIPPLES for function in (np.cos, np.sin)]
    band = sum(part * np.exp(-(((wave - center) / width) ** 2) / 2) for center, (width, part) in OXYGEN_BAND.items())
    # far away from Hα the tangents would lead astray
    near = np.clip(distance, -10, 10)
    return np.array([near, near**2, band, *waves], dtype=np.float32), ((1 + THROUGHPUT_SLOPE * near) ** 2).astype(np.float32)


def _terms(first: int, n_wave: int) -> FloatArray:
    return _all_terms()[0][:, first - GRID[0] : first - GRID[0] + n_wave]


def _variance(wave: FloatArray, flux: FloatArray, conditions: Conditions) -> FloatArray:
    """Return the variance that the pipeline tells: photons of star and sky, in units of the continuum at Hα."""
    first = _first_pixel(wave)
    groups = sky_lines(first, wave.size)
    night = 1 + groups[0] + groups[1] + groups[2] + groups[3]
    throughput = _all_terms()[1][first - GRID[0] : first - GRID[0] + wave.size]
    per_photon = 1 / conditions.pixel_snr**2
    star = ((1 - conditions.sky) * per_photon)[:, None].astype(np.float32)
    dark = (conditions.sky * per_photon)[:, None].astype(np.float32)
    # a spectrum that subtraction left without light still has the noise of the least of it
    variance: FloatArray = (star * np.maximum(flux, 0.02) + dark * night) * throughput
    return variance


def _noise(flux: FloatArray, variance: FloatArray, conditions: Conditions) -> FloatArray:
    ratio, floor = (part[:, None].astype(np.float32) for part in (conditions.ratio, conditions.floor))
    sigma: FloatArray = np.sqrt(ratio**2 * variance + (floor * flux) ** 2)
    return sigma


def _happened(conditions: Conditions, doubted: IntArray) -> NDArray[np.object_]:
    """Return the names of what went wrong between 6519 and 6732 Å."""
    first, last = artefacts.WINDOW
    flags = artefacts.happened(conditions.events)
    left = np.abs(sky_residuals(first, last - first + 1, conditions.residual)).max(axis=1)
    standing = ~conditions.events.empty
    flags[:, artefacts.NAMES.index(artefacts.SKY)] = standing & (
        left > RESIDUAL_NOTICED * conditions.ratio / conditions.pixel_snr
    )
    flags[doubted, artefacts.NAMES.index(artefacts.DISTRUSTED)] = standing[doubted]
    return artefacts.named(flags)


def _first_pixel(wave: FloatArray) -> int:
    return round(float(np.log10(wave[0])) / LOG_STEP)
