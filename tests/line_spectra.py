"""Spectra around Hα on LAMOST's pixels, made without the simulator: Gaussians on a straight continuum, and white noise."""

from __future__ import annotations

import numpy as np

from spectrove.lines import H_ALPHA

WAVE = 10 ** (1e-4 * np.arange(38140, 38283))
"""6515 to 6735 Å in vacuum, the pixels that a pool's features need."""

DEEP_ABSORPTION = ((-0.4, 0.0, 16.0), (-0.15, 0.0, 45.0))
"""Hα of an early A star."""

REVERSAL = (*DEEP_ABSORPTION, (0.3, 0.0, 6.0))
"""The same with weak emission in its core, below the continuum."""


def profile(*components, wave=WAVE):
    """Return the sum of Gaussians of (height, center from Hα in Å, full width in Å), in units of the continuum."""
    offset = wave - H_ALPHA.wave
    return sum(
        (height * np.exp(-0.5 * ((offset - center) * 2.3548 / width) ** 2) for height, center, width in components),
        start=np.zeros(wave.size),
    )


def observe(line, n, snr, generator, level=700.0):
    """Return n noisy spectra of one profile, and their inverse variance."""
    flux = level * (1 + line + generator.normal(0, 1 / snr, (n, line.size)))
    return flux, np.full(flux.shape, (snr / level) ** 2)
