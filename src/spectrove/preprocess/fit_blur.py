"""
The blur that best maps one instrument onto another, from pairs of spectra of the same stars.

Each pair gives a curve of misfit against the width of the Gaussian (`spectrove.preprocess.fit_pair`). A line may have changed
between the two nights, so the curves are summed through a logarithm, ln(1 + misfit), the likelihood of a Cauchy distribution:
pairs that agree decide, and a pair far from them pulls less the farther off it is. The uncertainty is that of drawing other pairs
(bootstrap), which covers what differs from star to star; the width of a single pair's curve covers its noise only.

References
----------
.. [1] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sect. 3.2 (22 pairs compared by eye: 7 pixels).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spectrove.contracts import FloatArray, Progress, SpectrumId, no_progress
from spectrove.errors import RecipeError, WindowError
from spectrove.preprocess.fit_pair import BlurFitConfig, PairFit, fit_pair, lowest
from spectrove.preprocess.resolution import FWHM_PER_SIGMA, SPEED_OF_LIGHT, velocity_sigma
from spectrove.spectrum import Spectrum

FEWEST_PAIRS = 2
"""A bootstrap over one pair would always draw the same."""


@dataclass(frozen=True)
class RefusedPair:
    """
    A pair that could not be compared.

    Attributes
    ----------
    high, low : SpectrumId
        The spectra of higher and of lower resolution.
    reason : str
        Why.
    """

    high: SpectrumId
    low: SpectrumId
    reason: str


@dataclass(frozen=True, eq=False)
class BlurFit:
    """
    The blur that maps one instrument onto another.

    Attributes
    ----------
    sigma : float
        Best width of the Gaussian, pixels of the sharper spectra.
    interval : tuple of two floats
        Interval of the width by bootstrap over pairs, pixels.
    sigmas : array of shape (n_sigmas,)
        Widths tried, pixels.
    misfit : array of shape (n_sigmas,)
        Combined misfit: the mean over pairs of ln(1 + misfit), less its least value.
    pairs : tuple of PairFit
        What each pair says.
    refused : tuple of RefusedPair
        Pairs that could not be compared.
    config : BlurFitConfig
        How it was fitted.
    """

    sigma: float
    interval: tuple[float, float]
    sigmas: FloatArray
    misfit: FloatArray
    pairs: tuple[PairFit, ...]
    refused: tuple[RefusedPair, ...]
    config: BlurFitConfig

    @property
    def pixel(self) -> float:
        """
        Return the width of the sharper spectra's pixels.

        Returns
        -------
        float
            Median over the pairs, Å.
        """
        return float(np.median([pair.pixel for pair in self.pairs]))

    def velocity(self, sigma: float) -> float:
        """
        Return a width in velocity, at the middle of the window.

        Parameters
        ----------
        sigma : float
            Standard deviation, pixels.

        Returns
        -------
        float
            Standard deviation, km/s.
        """
        return SPEED_OF_LIGHT * sigma * self.pixel / (0.5 * (self.config.start + self.config.stop))

    def resolving_power(self, sigma: float, of_high: float = math.inf) -> float:
        """
        Return the resolving power that a blur leaves, at the middle of the window.

        Parameters
        ----------
        sigma : float
            Standard deviation, pixels.
        of_high : float
            Resolving power before it; infinite gives that of the blur alone.

        Returns
        -------
        float
            λ/Δλ with Δλ the full width at half maximum.
        """
        width = math.hypot(1.0 / of_high, FWHM_PER_SIGMA * self.velocity(sigma) / SPEED_OF_LIGHT)
        return 1.0 / width if width > 0 else math.inf

    def expected_sigma(self, of_high: float, of_low: float) -> float:
        """
        Return the width that two instruments' nominal resolving powers imply, at the middle of the window.

        Parameters
        ----------
        of_high, of_low : float
            Resolving powers.

        Returns
        -------
        float
            Standard deviation, pixels.

        Raises
        ------
        RecipeError
            If the resolving powers are not finite, positive and falling.
        """
        return velocity_sigma(of_high, of_low) / self.velocity(1.0)

    def to_dict(self) -> dict[str, Any]:
        """
        Return the result as data that JSON can hold.

        Returns
        -------
        dict
            The best width in several units, its interval, the curve, and a row for each pair.
        """
        names = ("high", "low", "sigma", "velocity", "scatter", "n_pixels", "pixel")
        return {
            "sigma": self.sigma,
            "interval": list(self.interval),
            "level": self.config.level,
            "sigma_angstrom": self.sigma * self.pixel,
            "sigma_km_s": self.velocity(self.sigma),
            "resolving_power": self.resolving_power(self.sigma) if self.sigma > 0 else None,
            "pixel_angstrom": self.pixel,
            "n_pairs": len(self.pairs),
            "pairs": [{name: getattr(pair, name) for name in names} | {"interval": list(pair.interval)} for pair in self.pairs],
            "refused": [{"high": pair.high, "low": pair.low, "reason": pair.reason} for pair in self.refused],
            "sigmas": self.sigmas.tolist(),
            "misfit": self.misfit.tolist(),
        }


def fit_blur(
    pairs: Sequence[tuple[Spectrum, Spectrum]],
    config: BlurFitConfig,
    generator: np.random.Generator,
    progress: Progress = no_progress,
) -> BlurFit:
    """
    Return the Gaussian blur that best maps the first spectra of pairs onto the second ones.

    Parameters
    ----------
    pairs : sequence of (Spectrum, Spectrum)
        Spectra of the same stars, both with vacuum wavelengths: of higher and of lower resolution.
    config : BlurFitConfig
        How to fit.
    generator : numpy.random.Generator
        Draws the pairs of the bootstrap.
    progress : callable
        Told how many pairs are compared.

    Returns
    -------
    BlurFit
        The best width, its interval and the curves.

    Raises
    ------
    RecipeError
        If fewer than two pairs can be compared; the message says why the others cannot.
    """
    fits: list[PairFit] = []
    refused: list[RefusedPair] = []
    for done, (high, low) in enumerate(pairs):
        progress("comparing pairs", done, len(pairs))
        try:
            fits.append(fit_pair(high, low, config))
        except WindowError as error:
            refused.append(RefusedPair(high.spectrum_id, low.spectrum_id, str(error)))
    progress("comparing pairs", len(pairs), len(pairs))
    if len(fits) < FEWEST_PAIRS:
        why = "".join(f"; {pair.reason}" for pair in refused)
        msg = f"fit-blur: {len(fits)} of {len(pairs)} pairs can be compared, expected at least {FEWEST_PAIRS}{why}"
        raise RecipeError(msg)
    curves: FloatArray = np.log1p(np.array([fit.misfit for fit in fits]))
    draws = generator.integers(len(fits), size=(config.n_bootstrap, len(fits)))
    bests = [lowest(config.sigmas, curves[draw].mean(axis=0))[0] for draw in draws]
    tail = 0.5 * (1.0 - config.level)
    combined = curves.mean(axis=0)
    return BlurFit(
        sigma=lowest(config.sigmas, combined)[0],
        interval=(float(np.quantile(bests, tail)), float(np.quantile(bests, 1.0 - tail))),
        sigmas=config.sigmas,
        misfit=combined - combined.min(),
        pairs=tuple(fits),
        refused=tuple(refused),
        config=config,
    )
