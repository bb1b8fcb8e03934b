r"""
One line of one spectrum, measured: equivalent width, width, peaks, V/R, profile class and radial velocity, with their errors.

The equivalent width is :math:`W = \sum_i \Delta\lambda_i (1 - F_i / C_i)` over the window, so that emission counts negative. Its
error follows from the errors of the pixels and of the continuum, which is a straight line through the side bands and so a sum
over their pixels: Vollmann & Eversberg propagate a mean error [1]_; here every pixel has its own. All other errors come from
draws: noise is added to the pixels, continuum included, and everything is measured again.

References
----------
.. [1] Vollmann, K. & Eversberg, T. 2006, AN 327, 862, eq. 7.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from spectrove.contracts import BoolArray, FloatArray
from spectrove.lines import H_ALPHA, LINES, Line
from spectrove.measure.config import MeasureConfig, config_of
from spectrove.measure.mirror import PARTS, check_part, mirror_draws
from spectrove.measure.pair import part_peaks
from spectrove.measure.peaks import SIGMA, Profile, describe, smoothed, vertex
from spectrove.measure.window import SPEED_OF_LIGHT, Surroundings, check, surroundings

LONGEST_GAP = 5.0
"""Å without a pixel that has a measurement; what is between cannot be integrated. As in the labeling page."""

STRONG = 20.0
"""Height of a peak over the noise of a pixel above which it is measured in the unsmoothed profile; chosen."""

LEAST_BLUR = 0.6
"""Å; standard deviation of the smoothing where pixels are narrow: telluric lines are no peaks. Chosen: 64 km/s (FWHM) at Hα."""

SMOOTHED_BY = 2.3548
"""FWHM of the smoothing over its standard deviation; it is taken off the width of what was smoothed."""

SHARPEST = 1.5
"""Largest factor by which the height of a smoothed peak is restored: that of a line two pixels wide. Chosen."""

AT_OTHER_LINE = 3.0
"""Å around another line of `spectrove.lines` in which a peak is taken for that line's; chosen: 140 km/s."""

NAN = float("nan")


@dataclass(frozen=True)
class LineMeasurement:
    """
    What was measured of a line; NaN where it could not be.

    Attributes
    ----------
    line : str
        The line's label.
    continuum, continuum_err : float
        Continuum at the rest wavelength and its error, in the unit of the flux.
    snr : float
        Continuum over the noise of a pixel beside the line.
    ew, ew_err : float
        Equivalent width of everything in the window, Å; emission negative.
    fwhm, fwhm_err : float
        Full width at half of the highest peak above the continuum, or of the absorption where there is no peak, Å, as observed.
    peak, peak_err : float
        Flux over continuum at the highest peak, or at the bottom of the absorption.
    n_peaks : int
        Emission peaks above the continuum, at most two.
    wave_violet, wave_violet_err, wave_red, wave_red_err : float
        Vacuum wavelengths of the peaks, Å; of a single peak, ``wave_violet``.
    separation, separation_err : float
        Distance of two peaks, km/s.
    v_over_r, v_over_r_err : float
        Height of the violet peak above the continuum over that of the red one.
    profile : str
        One of `spectrove.measure.PROFILES`.
    rv, rv_err : float
        Radial velocity by mirroring, km/s, in the frame of the wavelengths.
    rv_part : str
        The part that was mirrored: ``whole``, ``wings`` or ``core``; empty where there is no velocity.
    noise_from : str
        ``ivar`` or ``scatter``; empty where nothing was measured.
    separation_from : str
        ``fit`` of two Gaussians, or the ``peaks`` themselves; empty where there are not two.
    reason : str
        Why something is missing; empty if nothing is.
    """

    line: str
    continuum: float = NAN
    continuum_err: float = NAN
    snr: float = NAN
    ew: float = NAN
    ew_err: float = NAN
    fwhm: float = NAN
    fwhm_err: float = NAN
    peak: float = NAN
    peak_err: float = NAN
    n_peaks: int = 0
    wave_violet: float = NAN
    wave_violet_err: float = NAN
    wave_red: float = NAN
    wave_red_err: float = NAN
    separation: float = NAN
    separation_err: float = NAN
    v_over_r: float = NAN
    v_over_r_err: float = NAN
    profile: str = "none"
    rv: float = NAN
    rv_err: float = NAN
    rv_part: str = ""
    noise_from: str = ""
    separation_from: str = ""
    reason: str = ""


def measure_line(  # noqa: PLR0913 - a spectrum is three arrays
    wave: FloatArray,
    flux: FloatArray,
    ivar: FloatArray | None,
    line: Line = H_ALPHA,
    config: MeasureConfig | None = None,
    *,
    generator: np.random.Generator,
    rv_part: str = "wings",
) -> LineMeasurement:
    """
    Return what can be measured of a line, with uncertainties.

    Parameters
    ----------
    wave : array of shape (n_pixels,)
        Vacuum wavelengths, Å, strictly increasing.
    flux : array of shape (n_pixels,)
        Flux density, any unit; NaN, or exactly 0, where there is no measurement.
    ivar : array of shape (n_pixels,) or None
        Inverse variance, 1/flux²; 0 where the survey does not trust the pixel, which is measured nevertheless.
    line : Line
        Of `spectrove.lines`.
    config : MeasureConfig, optional
        Window and bands; those of `config_of` if not given.
    generator : numpy.random.Generator
        Draws the noise for the errors.
    rv_part : str
        Part of the profile that is mirrored for the velocity: ``whole``, ``wings`` or ``core``.

    Returns
    -------
    LineMeasurement
        NaN, and a reason, where something cannot be measured.

    Raises
    ------
    SpectrumError
        If the shapes differ, or the wavelengths do not increase strictly.
    ConfigError
        If there is no such part of a profile.
    """
    check(wave, flux, ivar)
    check_part(rv_part)
    config = config_of(line) if config is None else config
    around = surroundings((wave, flux, ivar), line.wave, config.half_window, config.bands)
    if isinstance(around, str):
        return LineMeasurement(line.label, reason=around)
    middle = int(np.abs(around.wave - line.wave).argmin())
    typical = float(np.median(around.sigma[around.in_bands]))
    around = replace(around, sigma=config.noise_factor * around.sigma)
    level_err = np.sqrt((around.basis @ around.solver) ** 2 @ around.sigma**2 + (config.continuum_floor * around.level) ** 2)
    found = LineMeasurement(
        line.label,
        continuum=float(around.level[middle]),
        continuum_err=float(level_err[middle]),
        snr=float(around.level[middle]) / typical,
        noise_from=around.origin if np.isfinite(typical) else "",
    )
    found = replace(found, **_width(around, config.continuum_floor))
    if not np.isfinite(typical):
        return replace(found, reason="neither ivar nor the scatter tells the noise")
    if not np.isfinite(found.ew):
        return replace(found, reason=f"no measurement over more than {LONGEST_GAP:g} Å of the line")
    return replace(found, **_shape(around, line, config, rv_part, generator))


def _width(around: Surroundings, floor: float) -> dict[str, Any]:
    """Return the equivalent width and its error."""
    wave = around.wave
    measured = wave[around.in_line & around.measured]
    ends = wave[around.in_line][[0, -1]]
    if np.diff(np.concatenate([ends[:1], measured, ends[1:]])).max() > LONGEST_GAP:
        return {}
    steps = np.where(around.in_line, np.gradient(wave), 0.0)
    ratio = around.flux / around.level
    by_pixel = -steps / around.level + (steps * ratio / around.level) @ around.basis @ around.solver
    variance = float((by_pixel**2) @ around.sigma**2) + (floor * float((steps * ratio).sum())) ** 2
    return {"ew": float((steps * (1 - ratio)).sum()), "ew_err": float(np.sqrt(variance))}


@dataclass(frozen=True, eq=False)
class Draws:
    """
    A line's window: the measured profile, and the same with noise drawn.

    Attributes
    ----------
    wave, noise : array of shape (n_pixels,)
        Wavelengths, Å; standard deviation of the profile.
    raw, smooth : array of shape (1 + n_draws, n_pixels)
        Flux over continuum, the measured profile first; as it is, and smoothed.
    blur : float
        Standard deviation of the smoothing, pixels.
    """

    wave: FloatArray
    noise: FloatArray
    raw: FloatArray
    smooth: FloatArray
    blur: float

    def values(self, height: float, pixel: int) -> FloatArray:
        """
        Return the profiles in which a peak of some height is measured.

        Parameters
        ----------
        height : float
            Its height over, or depth below, the continuum.
        pixel : int
            Where it is.

        Returns
        -------
        array of shape (1 + n_draws, n_pixels)
            The smoothed ones, if the peak does not stand far above the noise.
        """
        return self.raw if abs(height) > STRONG * self.noise[pixel] else self.smooth


def _draws(around: Surroundings, config: MeasureConfig, generator: np.random.Generator) -> Draws:
    normals = generator.standard_normal((config.n_draws, around.wave.size))
    flux = np.vstack([around.flux, around.flux + around.sigma * normals])
    level = (flux @ around.solver.T) @ around.basis.T
    level[1:] *= 1 + config.continuum_floor * generator.standard_normal((config.n_draws, 1))
    line = around.in_line
    raw = flux[:, line] / np.maximum(level[:, line], 1e-3 * around.level[line])
    blur = max(SIGMA, LEAST_BLUR / float(np.median(np.diff(around.wave[line]))))
    return Draws(around.wave[line], around.sigma[line] / around.level[line], raw, smoothed(raw, blur)[0], blur)


def _shape(
    around: Surroundings, line: Line, config: MeasureConfig, rv_part: str, generator: np.random.Generator
) -> dict[str, Any]:
    """Return all that is read off the profile."""
    draws = _draws(around, config, generator)
    allowed = _allowed(draws.wave, line)
    profile = describe(draws.raw[0], draws.noise, allowed, draws.blur)
    found: dict[str, Any] = {"n_peaks": int(profile.peaks.size), "profile": profile.kind}
    if profile.kind == "none":
        return found | {"reason": "no line stands out of the noise"}
    places, heights = _tops(draws, profile)
    width, sharper = _full_width(draws, profile, heights)
    highest = heights[:, 0] if heights.shape[1] == 1 else heights.max(axis=1)
    found |= _told("peak", 1 + sharper * (highest - 1)) | _told("fwhm", width)
    if profile.peaks.size:
        found |= _peaks(draws, (places, heights - 1), line, config)
    return found | _velocity(draws, line, (rv_part, profile.extreme), config)


def _velocity(draws: Draws, line: Line, what: tuple[str, int], config: MeasureConfig) -> dict[str, Any]:
    """Return the velocity of a part; that wings and core disagree beyond their errors is an error of it."""
    part, extreme = what
    by_part = {name: mirror_draws(draws.wave, draws.raw, draws.noise, line.wave, name, extreme) for name in PARTS}
    mirrored, wings, core = by_part[part], by_part["wings"], by_part["core"]
    if not np.isfinite(mirrored.rv):
        return {"reason": "the line is too short or too weak for a velocity"}
    excess = (wings.rv - core.rv) ** 2 - wings.rv_err**2 - core.rv_err**2
    error = float(np.sqrt(mirrored.rv_err**2 + config.velocity_floor**2 + max(excess, 0.0)))
    return {"rv": mirrored.rv, "rv_err": error, "rv_part": part}


def _allowed(wave: FloatArray, line: Line) -> BoolArray:
    """Return where a peak is this line's: not at another one's place."""
    others = [other.wave for other in LINES if other.wave != line.wave]
    allowed: BoolArray = (np.abs(wave[:, None] - np.array(others)) > AT_OTHER_LINE).all(axis=1)
    allowed[[0, -1]] = False
    return allowed


def _tops(draws: Draws, profile: Profile) -> tuple[FloatArray, FloatArray]:
    """Return wavelengths and heights (flux over continuum) of the peaks in every draw, (1 + n_draws, n_peaks)."""
    pixels = profile.peaks if profile.peaks.size else np.array([profile.extreme])
    sign = 1.0 if draws.smooth[0, pixels[0]] >= 1 else -1.0
    reach = 2 if pixels.size < 2 else max(1, min(2, int(pixels[1] - pixels[0]) // 2))
    places, heights = [], []
    for pixel in pixels.tolist():
        values = sign * draws.values(draws.smooth[0, pixel] - 1, pixel)
        first = max(pixel - reach, 1)
        near = values[:, first : min(pixel + reach + 1, values.shape[1] - 1)]
        place, height = vertex(draws.wave, values, first + near.argmax(axis=1))
        places.append(place)
        heights.append(sign * height)
    return np.column_stack(places), np.column_stack(heights)


def _peaks(draws: Draws, tops: tuple[FloatArray, FloatArray], line: Line, config: MeasureConfig) -> dict[str, Any]:
    """Return places of one or two peaks, their separation and V/R."""
    places, heights = tops
    found: dict[str, Any] = {}
    if places.shape[1] == 1:
        return found | _told("wave_violet", places[:, 0])
    narrowest = line.wave / config.resolving_power if config.resolving_power else 0.0
    centers, fitted = part_peaks(draws.wave, draws.raw - 1, draws.noise, (places[:, 0], places[:, 1]), narrowest)
    is_fit = bool(fitted[0]) and fitted.mean() > 0.8
    if is_fit:
        places = np.where(fitted[:, None], centers, np.nan)
    found |= _told("wave_violet", places[:, 0]) | _told("wave_red", places[:, 1])
    separation = _told("separation", SPEED_OF_LIGHT * (places[:, 1] - places[:, 0]) / line.wave)
    floor = config.separation_floor * separation["separation"]
    found |= separation | {"separation_err": float(np.hypot(separation["separation_err"], floor))}
    found |= _told("v_over_r", heights[:, 0] / np.maximum(heights[:, 1], 1e-6))
    return found | {"separation_from": "fit" if is_fit else "peaks"}


def _full_width(draws: Draws, profile: Profile, heights: FloatArray) -> tuple[FloatArray, float]:
    """Return widths at half of the highest peak, between the outermost flanks, and what smoothing took off heights."""
    pixels = profile.peaks if profile.peaks.size else np.array([profile.extreme])
    excess = heights - 1
    sign = 1.0 if excess[0, 0] >= 0 else -1.0
    top = (sign * excess).max(axis=1)
    values = draws.values(float(top[0]), profile.extreme)
    above = sign * (values - 1) - top[:, None] / 2
    left = _crossing(above[:, : int(pixels[0]) + 1][:, ::-1], draws.wave[: int(pixels[0]) + 1][::-1])
    right = _crossing(above[:, int(pixels[-1]) :], draws.wave[int(pixels[-1]) :])
    width = right - left
    if values is draws.raw:
        return width, 1.0
    step = float(np.median(np.diff(draws.wave)))
    narrower = np.sqrt(np.maximum(width**2 - (SMOOTHED_BY * draws.blur * step) ** 2, step**2))
    # a line keeps its area when it is smoothed; two peaks have no such simple law
    known = pixels.size == 1 and np.isfinite(width[0])
    return narrower, min(float(width[0] / narrower[0]), SHARPEST) if known else 1.0


def _crossing(above: FloatArray, wave: FloatArray) -> FloatArray:
    """Return where each row first falls below 0; NaN where it does not."""
    below = above < 0
    below[:, 0] = False
    where = below.argmax(axis=1)
    rows = np.arange(where.size)
    last, first = above[rows, where - 1], above[rows, where]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.clip(last / (last - first), 0, 1)
    crossing: FloatArray = wave[where - 1] + share * (wave[where] - wave[where - 1])
    return np.where(below.any(axis=1), crossing, np.nan)


def _told(name: str, values: FloatArray) -> dict[str, float]:
    """Return the measured value, and half the range of the middle two thirds of the draws."""
    draws = values[1:][np.isfinite(values[1:])]
    if not np.isfinite(values[0]) or draws.size < (values.size - 1) / 2:
        return {name: float(values[0]), f"{name}_err": NAN}
    low, high = np.percentile(draws, [15.865, 84.135])
    return {name: float(values[0]), f"{name}_err": float(high - low) / 2}
