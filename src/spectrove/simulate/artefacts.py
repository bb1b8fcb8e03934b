"""
What goes wrong in single spectra: cosmic rays, lost pixels, masked columns, steps, empty spectra.

Places are numbers of pixels on LAMOST's grid, 10**(1e-4 number) Å, so that they do not depend on the range that is simulated.
Rates were measured in 1,349 LAMOST files (1,090 of them in the layout of DR9 and later) between 6519 and 6732 Å, unless said.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectrove.contracts import BoolArray, FloatArray, IntArray
from spectrove.lines import H_ALPHA
from spectrove.simulate.columns import Columns

NONE, SPIKE, ZEROED, EMPTY, SKY, JOIN, DISTRUSTED = "", "spike", "zeroed", "all-zero", "sky-residual", "join", "distrusted"
"""Names of artefacts in truth tables; the last gives ivar = 0 to strong emission and leaves the flux alone."""

NAMES = (SPIKE, ZEROED, EMPTY, SKY, JOIN, DISTRUSTED)
"""Names in the order in which a spectrum's are listed."""

FIRST, LAST = 37_993, 38_420
"""Pixels between which events are drawn, 6299 to 6950 Å."""

WINDOW = (38_142, 38_281)
"""First and last pixel between 6519 and 6732 Å, which the paper's network sees; only what happens there is named."""

SPIKE_RATES = {"lamost-dr1": 0.015, "lamost-image": 0.015, "lamost-table": 0.035}
"""
Share of spectra with a cosmic ray in the window.

Measured in DR9 and later: 3.4 % have one above 8 σ at S/N 20 to 60; none of 227 earlier files, where the rate is chosen.
"""

SPIKE_HEIGHTS = (5.0, 80.0)
"""Range of their heights in units of a pixel's noise, up to S/N 40; as many files per factor of two from 8 to 60."""

SPIKE_SNR, SPIKE_POWER = 40.0, -0.8
"""
S/N above which cosmic rays, whose light does not depend on the star's, drown in its photons, and with which power of S/N.

Measured: 3.4 % above 8 σ at S/N 20 to 60, 0.8 % at 60 to 150, 0.3 % above.
"""

SPIKE_WIDTHS = (0.25, 0.45, 0.22, 0.08)
"""Shares of cosmic rays that are 1, 2, 3 and 4 pixels wide."""

GAP_RATES = {"lamost-dr1": 0.0, "lamost-image": 0.0, "lamost-table": 0.06}
"""Share of spectra with short zeros in the window: 66 of 1,090 files of DR9 and later, none of 259 before."""

GAP_LENGTHS = (0.21, 0.57, 0.12, 0.06, 0.01, 0.01, 0.01, 0.01)
"""Shares of short zeros that are 1 to 8 pixels long (of 82)."""

LONG_RATE, COMB_RATE, EMPTY_RATE = 0.003, 0.0015, 0.002
"""Shares of spectra with zeros from the blue end to within the window (4 files), with many stretches of zeros (2), empty (3)."""

NOTICED = 4.0
"""Times a pixel's noise that a cosmic ray must stand above the flux to be named."""

COMB = 17
"""Greatest period of the zeros in a comb, pixels."""

MASK_RATES = {"lamost-dr1": 0.0, "lamost-image": 0.02, "lamost-table": 0.08}
"""Share of spectra with ivar = 0 on a run of pixels whose flux is as usual, emission lines aside."""

MASKED_COLUMN = 38_206
"""Pixel at 6616 Å, in the middle of half of these runs: probably a column of the detector."""

MASK_LENGTHS = (0.17, 0.02, 0.02, 0.02, 0.12, 0.38, 0.19, 0.08)
"""Shares of these runs that are 1 to 8 pixels long (of 143)."""

JOIN_RATE, JOIN_HEIGHT = 0.003, 0.06
"""
Share of spectra with a step in the flux, and its typical height in units of the continuum: chosen.

LAMOST's arms join near 5900 Å (Luo et al. 2015, RAA, 15, 1095), outside of the window, where no real file has a clear step.
"""

DISTRUST_RATES = {"lamost-dr1": 1.0, "lamost-image": 0.05, "lamost-table": 0.05}
"""Share of strong emission lines that get ivar = 0: all five emission stars in DR1's layout; later releases, chosen."""


@dataclass(frozen=True, eq=False)
class Events(Columns):
    """
    What goes wrong; every attribute has one row a spectrum.

    Attributes
    ----------
    spike_pixel, spike_width : array of int, shape (n_spectra,)
        First pixel and length of a cosmic ray, 0 for none.
    spike_height : array of shape (n_spectra,)
        Its height in units of a pixel's noise.
    spike_seen : array of bool, shape (n_spectra,)
        Whether the pipeline noticed it, and set ivar = 0.
    zero_pixel, zero_length : array of int, shape (n_spectra,)
        First pixel and length of a stretch of zeros.
    zero_period : array of int, shape (n_spectra,)
        Period of a comb, 0 for a stretch without a break.
    mask_pixel, mask_length : array of int, shape (n_spectra,)
        First pixel and length of a run of ivar = 0.
    join_pixel : array of int, shape (n_spectra,)
        Where a step is, 0 for none.
    join_height : array of shape (n_spectra,)
        Its height in units of the continuum.
    empty : array of bool, shape (n_spectra,)
        Whether there is nothing but zeros.
    distrusts : array of bool, shape (n_spectra,)
        Whether the pipeline would take a strong line for a cosmic ray.
    """

    spike_pixel: IntArray
    spike_width: IntArray
    spike_height: FloatArray
    spike_seen: BoolArray
    zero_pixel: IntArray
    zero_length: IntArray
    zero_period: IntArray
    mask_pixel: IntArray
    mask_length: IntArray
    join_pixel: IntArray
    join_height: FloatArray
    empty: BoolArray
    distrusts: BoolArray


def draw_events(snr: FloatArray, layout: str, generator: np.random.Generator) -> Events:
    """
    Return what goes wrong in the spectra of a plate.

    Parameters
    ----------
    snr : array of shape (n_spectra,)
        Signal-to-noise ratios, as the header says them.
    layout : str
        Layout of the plate's files: pipelines differ in what they zero.
    generator : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    Events
        Nothing for most.
    """
    n = snr.size
    range_ratio = (LAST - FIRST + 1) / (WINDOW[1] - WINDOW[0] + 1)
    hit = generator.random(n) < SPIKE_RATES[layout] * range_ratio
    drowned = np.maximum(snr / SPIKE_SNR, 1) ** SPIKE_POWER
    low, high = np.log(SPIKE_HEIGHTS)
    zero_pixel, zero_length, zero_period = _zeros(n, layout, generator)
    masked = generator.random(n) < MASK_RATES[layout]
    length = _lengths(MASK_LENGTHS, n, generator) * masked
    column = np.where(generator.random(n) < 0.5, MASKED_COLUMN - length // 2, generator.integers(*WINDOW, n))
    stepped = generator.random(n) < JOIN_RATE
    return Events(
        spike_pixel=generator.integers(FIRST, LAST, n),
        spike_width=_lengths(SPIKE_WIDTHS, n, generator) * hit,
        spike_height=np.exp(generator.uniform(low, high, n)) * drowned,
        spike_seen=generator.random(n) < 0.3,
        zero_pixel=zero_pixel,
        zero_length=zero_length,
        zero_period=zero_period,
        mask_pixel=column,
        mask_length=length,
        join_pixel=generator.integers(*WINDOW, n) * stepped,
        join_height=generator.choice([-1.0, 1.0], n) * JOIN_HEIGHT * np.exp(generator.normal(0, 0.7, n)),
        empty=generator.random(n) < EMPTY_RATE,
        distrusts=generator.random(n) < DISTRUST_RATES[layout],
    )


def _zeros(n: int, layout: str, generator: np.random.Generator) -> tuple[IntArray, IntArray, IntArray]:
    """Return where zeros begin, how many pixels they last, and their period in a comb; short zeros, long ones, or none."""
    range_ratio = (LAST - FIRST + 1) / (WINDOW[1] - WINDOW[0] + 1)
    chance, period = generator.random(n), generator.integers(4, COMB, n)
    end = generator.integers(*WINDOW, n)
    is_long, is_comb = chance < LONG_RATE, (chance >= LONG_RATE) & (chance < LONG_RATE + COMB_RATE)
    is_short = generator.random(n) < GAP_RATES[layout] * range_ratio
    start = np.where(is_long | is_comb, FIRST, generator.integers(FIRST, LAST, n))
    length = np.where(is_long | is_comb, end - FIRST, _lengths(GAP_LENGTHS, n, generator) * is_short)
    return start, length, period * is_comb


def _lengths(shares: tuple[float, ...], n: int, generator: np.random.Generator) -> IntArray:
    lengths: IntArray = 1 + np.minimum(np.searchsorted(np.cumsum(shares), generator.random(n)), len(shares) - 1)
    return lengths


def spikes(first: int, n_wave: int, events: Events) -> tuple[IntArray, IntArray, FloatArray]:
    """
    Return cosmic rays, pixel by pixel.

    Parameters
    ----------
    first, n_wave : int
        Number of the first pixel on LAMOST's grid, and of pixels.
    events : Events
        What goes wrong.

    Returns
    -------
    rows, pixels : array of int, shape (n_hits,)
        Which spectra, and which of their pixels.
    heights : array of shape (n_hits,)
        What is to be added, in units of the pixel's noise.
    """
    rows = np.flatnonzero(events.spike_width)
    # a ray crosses its pixels unevenly; the first of them takes the most
    profile = np.array([1.0, 0.7, 0.4, 0.25])
    offset = np.arange(profile.size)
    pixels = events.spike_pixel[rows, None] + offset - first
    hit = (offset < events.spike_width[rows, None]) & (pixels >= 0) & (pixels < n_wave)
    heights = events.spike_height[rows, None] * profile
    return np.repeat(rows, hit.sum(axis=1)), pixels[hit], heights[hit]


def lost(first: int, n_wave: int, events: Events) -> BoolArray:
    """
    Return where there are zeros instead of flux.

    Parameters
    ----------
    first, n_wave : int
        Number of the first pixel on LAMOST's grid, and of pixels.
    events : Events
        What goes wrong.

    Returns
    -------
    array of bool, shape (n_spectra, n_wave)
        True where flux and ivar are to be 0.
    """
    pixels = _stretches(first, n_wave, events.zero_pixel, events.zero_length)
    combs = np.flatnonzero(events.zero_period)
    period = events.zero_period[combs, None]
    # more of a comb's pixels are lost toward the blue, where the light is too strong for the detector
    phase = (first + np.arange(n_wave) - FIRST) % period
    left = (events.zero_pixel[combs, None] + events.zero_length[combs, None] - first - np.arange(n_wave)) / (LAST - FIRST)
    pixels[combs] &= phase < period * (0.2 + left)
    pixels[events.empty] = True
    return pixels


def masked(first: int, n_wave: int, events: Events) -> BoolArray:
    """
    Return where a pipeline trusts nothing though the flux is as usual.

    Parameters
    ----------
    first, n_wave : int
        Number of the first pixel on LAMOST's grid, and of pixels.
    events : Events
        What goes wrong.

    Returns
    -------
    array of bool, shape (n_spectra, n_wave)
        True where ivar is to be 0.
    """
    return _stretches(first, n_wave, events.mask_pixel, events.mask_length)


def steps(first: int, n_wave: int, events: Events) -> tuple[IntArray, FloatArray]:
    """
    Return the factors that steps multiply the flux with.

    Parameters
    ----------
    first, n_wave : int
        Number of the first pixel on LAMOST's grid, and of pixels.
    events : Events
        What goes wrong.

    Returns
    -------
    rows : array of int, shape (n_steps,)
        Which spectra.
    factors : array of shape (n_steps, n_wave)
        1 on its blue side; two pixels lie on the step.
    """
    rows = np.flatnonzero(events.join_pixel)
    distance = first + np.arange(n_wave) - events.join_pixel[rows, None]
    return rows, 1 + np.clip(events.join_height[rows, None], -0.6, 1.5) * np.clip((1 + distance) / 3, 0, 1)


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
        True where the line stands more than 15 % above the continuum, if its peak reaches 2.5 times the continuum.

    References
    ----------
    .. [1] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sect. 3.1: "strong narrow emissions can even be rejected by the
       pipeline as possibly spoiled pixels"; the files of DR1 show 3 to 14 such pixels.
    """
    near = np.abs(wave - H_ALPHA.wave) < rv_margin
    pixels = np.zeros(normalized.shape, dtype=bool)
    strong = np.flatnonzero(normalized[:, near].max(axis=1, initial=0) >= 2.5)
    pixels[strong] = near & (normalized[strong] > 1.15)
    return pixels


def named(flags: BoolArray) -> NDArray[np.object_]:
    """
    Return the names of what went wrong.

    Parameters
    ----------
    flags : array of bool, shape (n_spectra, 6)
        Which of `NAMES` apply.

    Returns
    -------
    array of str, shape (n_spectra,)
        Names joined by ``+``, empty for none.
    """
    table = ["+".join(name for bit, name in enumerate(NAMES) if code >> bit & 1) for code in range(2 ** len(NAMES))]
    codes: IntArray = flags @ (1 << np.arange(len(NAMES)))
    names: NDArray[np.object_] = np.array(table, dtype=object)[codes]
    return names


def happened(events: Events) -> BoolArray:
    """
    Return which events touch the window that the paper's network sees.

    Parameters
    ----------
    events : Events
        What goes wrong.

    Returns
    -------
    array of bool, shape (n_spectra, 6)
        In the order of `NAMES`; sky residuals and distrusted lines are never among them.
    """
    first, last = WINDOW

    def _touches(start: IntArray, length: IntArray) -> BoolArray:
        inside: BoolArray = (length > 0) & (start <= last) & (start + length > first)
        return inside

    nothing = np.zeros(events.empty.shape, dtype=bool)
    spoiled = [
        _touches(events.spike_pixel, events.spike_width) & (events.spike_height > NOTICED) & ~events.empty,
        _touches(events.zero_pixel, events.zero_length) & ~events.empty,
        events.empty,
        nothing,
        (events.join_pixel > 0) & ~events.empty,
        nothing,
    ]
    return np.stack(spoiled, axis=1)


def _stretches(first: int, n_wave: int, start: IntArray, length: IntArray) -> BoolArray:
    pixels = np.zeros((start.size, n_wave), dtype=bool)
    rows = np.flatnonzero(length)
    begin = start[rows, None] - first
    position = np.arange(n_wave)
    pixels[rows] = (position >= begin) & (position < begin + length[rows, None])
    return pixels
