r"""
Radial velocity by mirroring a profile, as SPLAT-VO does it, and without anybody's eye.

In SPLAT the profile is laid over its mirror image about the rest wavelength :math:`c_0`, and the image is shifted until both
agree; half of the shift, :math:`o / 2`, is the displacement of the line, and :math:`v = c\,(o/2) / c_0` its velocity [1]_. Here
the shift is the one at which profile and image correlate best: with the profile :math:`p(x)` over a grid in velocity, the maximum
of

.. math:: A(s) = \int p(x)\, p(s - x)\, dx

lies at :math:`s = 2v`, found by Fourier transform. The wings alone are compared by cutting off what is above half of the peak,
the core by taking nothing but that. The uncertainty is the scatter of the same over draws of the noise.

References
----------
.. [1] Parimucha, Š. & Škoda, P. 2006, in Proc. of the Virtual Observatory in Action (mirroring in SPLAT-VO).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spectrove.contracts import FloatArray, IntArray
from spectrove.errors import ConfigError
from spectrove.measure.window import SPEED_OF_LIGHT

PARTS = ("whole", "wings", "core")
"""Parts of a profile that may be mirrored."""

HALF = 0.5
"""Share of the peak above which the core begins; chosen: where flanks are steepest."""

OVERSAMPLED = 4
"""Points of the grid in velocity a pixel."""

EXTENT = 0.05
"""Share of the peak at which a line is taken to end, where the noise does not end it before; chosen."""


@dataclass(frozen=True)
class MirrorVelocity:
    """
    A radial velocity by mirroring.

    Attributes
    ----------
    rv, rv_err : float
        Velocity from the rest wavelength in the frame of the wavelengths, and its standard error, km/s; NaN where there is none.
    part : str
        The part of the profile that was mirrored.
    agreement : float
        Correlation of the profile with its mirror image, at most 1; 1 for a symmetric profile without noise.
    """

    rv: float
    rv_err: float
    part: str
    agreement: float


NOTHING = MirrorVelocity(float("nan"), float("nan"), "whole", float("nan"))
"""No velocity."""


def mirror_velocity(  # noqa: PLR0913 - a profile is three arrays
    wave: FloatArray,
    relative: FloatArray,
    noise: FloatArray,
    rest_wave: float,
    part: str = "whole",
    *,
    generator: np.random.Generator,
    n_draws: int = 100,
) -> MirrorVelocity:
    """
    Return the radial velocity at which a profile agrees best with its mirror image.

    Parameters
    ----------
    wave : array of shape (n_pixels,)
        Vacuum wavelengths, Å.
    relative : array of shape (n_pixels,)
        Flux over continuum, finite.
    noise : array of shape (n_pixels,)
        Standard deviation of ``relative``.
    rest_wave : float
        Rest wavelength of the line in vacuum, Å.
    part : str
        One of `PARTS`.
    generator : numpy.random.Generator
        Draws the noise.
    n_draws : int
        How often.

    Returns
    -------
    MirrorVelocity
        Its values are NaN where the line does not stand out of the noise.

    Raises
    ------
    ConfigError
        If there is no such part.
    """
    check_part(part)
    drawn = relative + noise * generator.standard_normal((n_draws, relative.size))
    return mirror_draws(wave, np.vstack([relative, drawn]), noise, rest_wave, part)


def check_part(part: str) -> None:
    """
    Refuse what is no part of a profile.

    Parameters
    ----------
    part : str
        Its name.

    Raises
    ------
    ConfigError
        If it is none of `PARTS`.
    """
    if part not in PARTS:
        msg = f"measure: there is no part {part!r} of a profile, expected one of {', '.join(PARTS)}"
        raise ConfigError(msg)


def mirror_draws(
    wave: FloatArray, profiles: FloatArray, noise: FloatArray, rest_wave: float, part: str, extreme: int | None = None
) -> MirrorVelocity:
    """
    Return the velocity of a profile, and its error from draws of the same.

    Parameters
    ----------
    wave : array of shape (n_pixels,)
        Vacuum wavelengths, Å.
    profiles : array of shape (1 + n_draws, n_pixels)
        Flux over continuum; the measured profile first, then draws with more noise.
    noise : array of shape (n_pixels,)
        Standard deviation of a pixel.
    rest_wave : float
        Rest wavelength in vacuum, Å.
    part : str
        One of `PARTS`.
    extreme : int, optional
        A pixel of the line; the one that is farthest from the continuum if not given.

    Returns
    -------
    MirrorVelocity
        As `mirror_velocity`.
    """
    found = extent(profiles[0] - 1, noise, extreme)
    if found is None:
        return MirrorVelocity(float("nan"), float("nan"), part, float("nan"))
    first, last = found
    velocity = SPEED_OF_LIGHT * (wave[first:last] / rest_wave - 1)
    n = OVERSAMPLED * velocity.size
    grid = np.linspace(velocity[0], velocity[-1], n)
    place = np.clip(np.searchsorted(velocity, grid, side="right") - 1, 0, velocity.size - 2)
    beyond = (grid - velocity[place]) / (velocity[place + 1] - velocity[place])
    laid = _part(_between(profiles[:, first:last] - 1, place, beyond), part)
    length = int(2 ** np.ceil(np.log2(2 * n)))
    correlation = np.fft.irfft(np.fft.rfft(laid, length, axis=1) ** 2, length, axis=1)[:, : 2 * n - 1]
    best = np.clip(correlation.argmax(axis=1), 1, 2 * n - 3)
    rows = np.arange(best.size)
    before, here, after = (correlation[rows, best + step] for step in (-1, 0, 1))
    bend = before - 2 * here + after
    with np.errstate(divide="ignore", invalid="ignore"):
        peak = best + np.where(bend < 0, 0.5 * (before - after) / bend, 0.0)
    rv = grid[0] + 0.5 * peak * (grid[1] - grid[0])
    power = float((laid[0] ** 2).sum())
    agreement = float(here[0]) / power if power > 0 else float("nan")
    return MirrorVelocity(float(rv[0]), _spread_about(rv[0], rv[1:]), part, agreement)


def extent(excess: FloatArray, noise: FloatArray, extreme: int | None = None) -> tuple[int, int] | None:
    """
    Return where a line begins and ends.

    Parameters
    ----------
    excess : array of shape (n_pixels,)
        Flux over continuum, minus 1.
    noise : array of shape (n_pixels,)
        Its standard deviation.
    extreme : int, optional
        A pixel of the line; the one that is farthest from the continuum if not given.

    Returns
    -------
    tuple of int or None
        First pixel and the one after the last; None if the line is within the noise or has fewer than 5 pixels.
    """
    extreme = int(np.abs(excess).argmax()) if extreme is None else extreme
    high = abs(float(excess[extreme]))
    if not high > 3 * float(noise[extreme]):
        return None
    return _around(excess, extreme, np.maximum(noise, EXTENT * high))


def _around(excess: FloatArray, extreme: int, least: FloatArray) -> tuple[int, int] | None:
    """Return the stretch around a pixel that ends where two pixels in a row are in the noise."""
    quiet = np.abs(excess) < least
    ends = quiet[:-1] & quiet[1:]
    before, after = np.flatnonzero(ends[:extreme]), np.flatnonzero(ends[extreme:])
    first = int(before[-1]) if before.size else 0
    last = extreme + int(after[0]) + 2 if after.size else excess.size
    return (first, last) if last - first >= 5 else None


def _between(values: FloatArray, place: IntArray, beyond: FloatArray) -> FloatArray:
    """Return profiles between their pixels, by the cubic through the four nearest (Catmull & Rom 1974)."""
    before, here, after, further = (values[:, np.clip(place + step, 0, values.shape[1] - 1)] for step in (-1, 0, 1, 2))
    second, third = 2 * before - 5 * here + 4 * after - further, 3 * (here - after) + further - before
    between: FloatArray = here + 0.5 * beyond * (after - before + beyond * (second + beyond * third))
    return between


def _part(excess: FloatArray, part: str) -> FloatArray:
    """Return a part of each profile: wings are cut off at half of the peak, the core is what is cut off there."""
    if part == "whole":
        return excess
    half = HALF * float(np.abs(excess[0]).max())
    wings = np.clip(excess, -half, half)
    return wings if part == "wings" else excess - wings


def _spread_about(center: float, values: FloatArray) -> float:
    """Return the standard deviation of draws, from the middle two thirds of them, so that a few that went astray do not count."""
    low, high = np.percentile(values, [15.865, 84.135])
    return max(float(high - low) / 2, abs(float(np.median(values)) - center) / 2)
