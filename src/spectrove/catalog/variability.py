r"""
Whether a line's profile has changed between exposures of one object, beyond the noise and the errors of the reduction.

Two profiles over their continuum are compared pixel by pixel. Their difference :math:`d` is tested as a Gaussian vector,

.. math::

   \chi^2 = d^\mathsf{T} C^{-1} d, \qquad
   C = \mathrm{diag}(\sigma_1^2 + \sigma_2^2 + f^2) + \sum_k s_k^2\, t_k t_k^\mathsf{T},

of as many degrees of freedom as pixels, where :math:`f` is a floor for every pixel and :math:`t_k` are the ways in which two
reductions of one star differ, each with its typical size :math:`s_k`: the continuum's level and slope, light that is missing or
in excess (sky, moon), the zero point of wavelengths, and the width of the instrumental profile. A change of the star that only
looks like these is not told. Profiles should be of one resolving power.

Those sizes are the systematic floor, and with it the significance stands or falls. With the default ones, of 5,186 pairs of
exposures of simulated LAMOST spectra without target and artefact 3 are called variable (0.06 %), of 268 with an artefact 4; of
208 pairs of targets whose equivalent width at Hα changed by 2 to 8 Å 60 %: above S/N 40 93 %, from 15 to 40 63 %, from 5 to 15
25 %. None of 15 real stars with Hα in absorption that LAMOST observed two or three times is called variable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

import numpy as np
from scipy.stats import chi2 as chi_squared

from spectrove.contracts import FloatArray
from spectrove.lines import H_ALPHA

SPEED_OF_LIGHT = 299_792.458
"""km/s, exact."""

FEWEST_PIXELS = 5
"""Fewer common pixels tell nothing of a profile."""

OUTLIER_FLOOR = 1e-6
"""Smallest noise of a pixel, over the continuum: a pixel of noise 0 would decide alone."""


class Profile(Protocol):
    """
    A line over its continuum, as `spectrove.measure` makes it.

    Attributes
    ----------
    velocity : array of shape (n_pixels,)
        Increasing, km/s from the line's rest wavelength.
    relative : array of shape (n_pixels,)
        Flux over continuum; NaN where there is none.
    noise : array of shape (n_pixels,)
        Standard deviation of ``relative``.
    """

    @property
    def velocity(self) -> FloatArray:
        """Return velocities, km/s."""

    @property
    def relative(self) -> FloatArray:
        """Return flux over continuum."""

    @property
    def noise(self) -> FloatArray:
        """Return the standard deviation of each pixel."""


@dataclass(frozen=True)
class VariabilityConfig:
    """
    How two reductions of a constant star differ, one standard deviation each, and when a change is told.

    Attributes
    ----------
    pixel : float
        Error of every pixel by itself, over the continuum.
    level, slope : float
        The continuum's level, and its change from the middle of the profile to an end, over the continuum.
    excess : float
        Light that is not the star's, over the continuum; it fills absorption and weakens emission alike.
    shift : float
        Difference of the zero points of wavelengths, km/s; LAMOST's is some 5 km/s from spectrograph to spectrograph [1]_.
    width : float
        Relative difference of the instrumental profiles' squared widths.
    resolving_power : float
        Of the instrument; with ``width`` it makes the size of that error.
    continuum_pixels : float
        Pixels that a continuum rests on: its level is uncertain by a pixel's noise over the root of their number, too.
    spike_pixels : int
        Neighboring pixels that may not decide alone, as a cosmic ray or a defect spoils so many; 0 trusts all.
    false_alarm : float
        Largest chance that a constant star looks so different, below which it is called variable.

    References
    ----------
    .. [1] Luo et al. 2015, RAA, 15, 1095.
    """

    pixel: float = 0.01
    level: float = 0.01
    slope: float = 0.01
    excess: float = 0.02
    shift: float = 12.0
    width: float = 0.2
    resolving_power: float = 1800.0
    continuum_pixels: float = 30.0
    spike_pixels: int = 2
    false_alarm: float = 1e-3


DEFAULTS = VariabilityConfig()
"""For low-resolution spectra of LAMOST and SDSS."""


@dataclass(frozen=True)
class Variability:
    """
    How much two profiles differ.

    Attributes
    ----------
    chi2 : float
        Of the difference on all pixels, systematic errors included; NaN where nothing can be compared.
    dof : int
        Pixels that were compared; 0 where nothing can be.
    p_value : float
        Chance that a constant line looks at least so different, with any few neighboring pixels left out (the largest of these
        chances, see `VariabilityConfig`); NaN where nothing can be compared.
    delta_ew, delta_ew_err : float
        Equivalent width of the second less that of the first, Å, emission negative, and its standard error with the
        systematic ones; over the common pixels alone.
    """

    chi2: float
    dof: int
    p_value: float
    delta_ew: float
    delta_ew_err: float


@dataclass(frozen=True)
class GroupVariability:
    """
    Whether an object's line has changed between any two of its exposures.

    Attributes
    ----------
    variable : bool
        Whether ``p_value`` is below the chance of a false alarm that was chosen.
    p_value : float
        The smallest of all pairs, times their number and at most 1 (Bonferroni); NaN without a pair.
    pair : tuple of int or None
        Which two profiles differ most significantly, the earlier given first.
    strongest : Variability or None
        How much those two differ.
    n_pairs : int
        How many pairs could be compared.
    """

    variable: bool
    p_value: float
    pair: tuple[int, int] | None
    strongest: Variability | None
    n_pairs: int


NOTHING = Variability(np.nan, 0, np.nan, np.nan, np.nan)
"""Of profiles that share no stretch."""


def compare_profiles(
    first: Profile, second: Profile, config: VariabilityConfig = DEFAULTS, *, rest_wave: float = H_ALPHA.wave
) -> Variability:
    """
    Return how much a line differs between two exposures.

    Parameters
    ----------
    first, second : Profile
        The line over its continuum, in one frame of velocity.
    config : VariabilityConfig
        Sizes of systematic errors.
    rest_wave : float
        The line's rest wavelength, Å, which turns velocities to equivalent widths.

    Returns
    -------
    Variability
        Without values where the two share fewer than `FEWEST_PIXELS` pixels.

    Raises
    ------
    ValueError
        If a profile's arrays are not one-dimensional and of one length, or its velocities do not increase.
    """
    for name, profile in (("first", first), ("second", second)):
        _require_profile(name, profile)
    velocity, difference, mean, variance = _common(first, second)
    if velocity.size < FEWEST_PIXELS:
        return NOTHING
    spread = _systematic(velocity, mean, float(np.median(variance)), config)
    diagonal = variance + config.pixel**2 + OUTLIER_FLOOR**2
    statistic = float(_chi2(difference, 1 / diagonal[None], spread)[0])
    weights = np.gradient(velocity) * rest_wave / SPEED_OF_LIGHT
    error = np.sqrt((weights**2 * diagonal).sum() + ((spread @ weights) ** 2).sum())
    p_value = _p_value(difference, 1 / diagonal, spread, config.spike_pixels)
    return Variability(statistic, velocity.size, p_value, float(-(difference * weights).sum()), float(error))


def compare_group(
    profiles: Sequence[Profile], config: VariabilityConfig = DEFAULTS, *, rest_wave: float = H_ALPHA.wave
) -> GroupVariability:
    """
    Return whether a line has changed between any two exposures of an object.

    Parameters
    ----------
    profiles : sequence of Profile
        One an exposure, in order of time.
    config : VariabilityConfig
        Sizes of systematic errors, and the chance of a false alarm.
    rest_wave : float
        The line's rest wavelength, Å.

    Returns
    -------
    GroupVariability
        Not variable where no two profiles can be compared.

    Raises
    ------
    ValueError
        If a profile is impossible, see `compare_profiles`.
    """
    pairs = [
        ((one, other), compare_profiles(profiles[one], profiles[other], config, rest_wave=rest_wave))
        for one, other in combinations(range(len(profiles)), 2)
    ]
    pairs = [(pair, found) for pair, found in pairs if found.dof]
    if not pairs:
        return GroupVariability(variable=False, p_value=np.nan, pair=None, strongest=None, n_pairs=0)
    # Where both chances are too small for a float, the statistic still tells the larger change.
    pair, strongest = min(pairs, key=lambda item: (item[1].p_value, -item[1].chi2 / item[1].dof))
    p_value = min(1.0, strongest.p_value * len(pairs))
    return GroupVariability(p_value < config.false_alarm, p_value, pair, strongest, len(pairs))


def _require_profile(name: str, profile: Profile) -> None:
    shapes = tuple(np.shape(array) for array in (profile.velocity, profile.relative, profile.noise))
    if len(set(shapes)) != 1 or len(shapes[0]) != 1:
        msg = f"variability: velocity, relative and noise of the {name} profile must share one shape (n_pixels,), got {shapes}"
        raise ValueError(msg)
    if not (np.diff(profile.velocity) > 0).all():
        msg = f"variability: the velocities of the {name} profile must increase strictly"
        raise ValueError(msg)


def _common(first: Profile, second: Profile) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return the velocities of the coarser profile's pixels, and difference, mean and the difference's variance there."""
    coarse, fine, sign = first, second, 1.0
    if _step(second) > _step(first):
        coarse, fine, sign = second, first, -1.0
    velocity = np.asarray(coarse.velocity, dtype=np.float64)
    there, noise = _interpolated(fine, velocity)
    here, own = np.asarray(coarse.relative, dtype=np.float64), np.asarray(coarse.noise, dtype=np.float64)
    variance = own**2 + noise**2
    usable = np.isfinite(here) & np.isfinite(there) & np.isfinite(variance)
    return velocity[usable], sign * (there - here)[usable], ((there + here) / 2)[usable], variance[usable]


def _step(profile: Profile) -> float:
    return float(np.median(np.diff(profile.velocity))) if len(profile.velocity) > 1 else np.inf


def _interpolated(profile: Profile, velocity: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return a profile and its noise at other velocities, between neighbors in a straight line; NaN outside."""
    known, values = np.asarray(profile.velocity, np.float64), np.asarray(profile.relative, np.float64)
    noise = np.asarray(profile.noise, np.float64)
    if known.size < 2:
        return np.full(velocity.size, np.nan), np.full(velocity.size, np.nan)
    left = np.clip(np.searchsorted(known, velocity, side="right") - 1, 0, known.size - 2)
    share = (velocity - known[left]) / (known[left + 1] - known[left])
    share = np.where(np.abs(share - np.rint(share)) < 1e-6, np.rint(share), share)  # a pixel met exactly needs no neighbor
    outside = (share < 0) | (share > 1)
    lower, upper = np.where(share == 1, 0, values[left]), np.where(share == 0, 0, values[left + 1])
    low, high = np.where(share == 1, 0, noise[left]), np.where(share == 0, 0, noise[left + 1])
    between, error = (1 - share) * lower + share * upper, np.hypot((1 - share) * low, share * high)
    return np.where(outside, np.nan, between), np.where(outside, np.nan, error)


def _systematic(velocity: FloatArray, mean: FloatArray, variance: float, config: VariabilityConfig) -> FloatArray:
    """Return what each error of one standard deviation does to the difference, shape (n_errors, n_pixels)."""
    gradient = np.gradient(mean, velocity)
    reach = max(float(np.abs(velocity).max()), 1.0)
    level = np.sqrt(config.level**2 + variance / config.continuum_pixels)
    slope = np.sqrt(config.slope**2 + 3 * variance / config.continuum_pixels)  # of a straight line through as many pixels
    instrumental = SPEED_OF_LIGHT / config.resolving_power / np.sqrt(8 * np.log(2))
    return np.stack(
        [
            level * mean,
            slope * mean * velocity / reach,
            config.excess * (mean - 1),
            config.shift * gradient,
            config.width / 2 * instrumental**2 * np.gradient(gradient, velocity),
        ]
    )


def _p_value(difference: FloatArray, weights: FloatArray, spread: FloatArray, left_out: int) -> float:
    """Return the chance of so large a difference with any ``left_out`` neighboring pixels left out, the largest of them."""
    n = difference.size
    begins = np.arange(n - left_out + 1 if left_out else 1)[:, None]
    kept = (np.arange(n) < begins) | (np.arange(n) >= begins + left_out)
    return float(chi_squared.sf(_chi2(difference, weights * kept, spread), n - left_out).max())


def _chi2(difference: FloatArray, weights: FloatArray, spread: FloatArray) -> FloatArray:
    """
    Return the squared length of a difference by its covariance, with the Woodbury identity.

    Weights are inverse variances, (n_choices, n_pixels): one result a choice.
    """
    weighted = weights[:, None, :] * spread
    inner = np.eye(spread.shape[0]) + weighted @ spread.T
    projected = weighted @ difference
    taken = (projected * np.linalg.solve(inner, projected[:, :, None])[:, :, 0]).sum(axis=1)
    statistics: FloatArray = np.maximum(weights @ difference**2 - taken, 0.0)
    return statistics
