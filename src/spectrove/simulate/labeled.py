"""
The labeled set of a synthetic survey, as arrays: clean spectra of another telescope, mostly of emission-line stars.

The spectra are Ondřejov-like: R = 13,000, in air, well exposed. Their labels are what can be seen after the recipe has blurred
them, as many of each label as asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from spectrove.contracts import FloatArray, IntArray
from spectrove.errors import ConfigError
from spectrove.pool import RowBatch, row_batch
from spectrove.preprocess import Recipe, recipe
from spectrove.simulate import fits
from spectrove.simulate.columns import Columns, stacked
from spectrove.simulate.emission import Emission, emission_profile, halpha_profile
from spectrove.simulate.instrument import draw_clean_snr, observe_clean
from spectrove.simulate.photosphere import photosphere
from spectrove.simulate.profiles import HALPHA, shifted
from spectrove.simulate.settings import SurveyConfig
from spectrove.simulate.source import FIRST_PIXEL, N_WHOLE, PHOTOSPHERE_REACH, VERSION, WINDOW, truth_table
from spectrove.simulate.stars import KIND_NAMES, LABELED_STARS, Stars, draw_kinds, draw_stars
from spectrove.simulate.targets import LABELED_TARGETS, TARGET_NAMES, draw_emission, draw_targets, spin_up
from spectrove.simulate.visible import LABELED_VISIBLE_POWER, LABELS, Seen, label_of, see
from spectrove.wavelength import air_to_vacuum

RECIPE = "halpha-2020-ondrejov"
"""What makes the labeled set's features."""

RESOLVING_POWER = 13_000.0
"""λ/Δλ of Ondřejov's spectrograph at Hα (Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sect. 3.2)."""

FIRST_WAVE, LAST_WAVE, STEP = 6282.0, 6733.0, 0.2567
"""Å in air: what the CCD700 spectra of the archive span, and their pixel."""

BLUR_NOISE = float((4 * np.pi * 7.0**2) ** -0.25)
"""Noise of a pixel after the recipe's blur by a Gaussian of 7 pixels, over that before: (4π σ²)^(-1/4)."""

TILT = 0.01
"""Standard deviation of a rectified continuum's remaining slope, per 100 Å; chosen."""

A_BATCH = 400
"""Spectra made at once."""

MOST_DRAWS = 400
"""Times that targets are drawn for one batch before it is given up."""

DRAW_LABELED = 321
"""Purpose of generators: `numpy.random.default_rng` takes the seed, this, and the batch's number."""

SINGLE, DOUBLE, OTHER = (LABELS.index(name) for name in ("single-peak", "double-peak", "not-interesting"))


@dataclass(frozen=True, eq=False)
class LabeledSpectra:
    """
    Spectra of one batch.

    Attributes
    ----------
    wave_in_air : array of shape (n_wave,)
        Å.
    wave : array of shape (n_wave,)
        Vacuum wavelengths as a reader gets them, Å.
    flux : array of float64, shape (n_spectra, n_wave)
        Relative flux, the continuum about 1.
    facts : pyarrow.Table
        What the headers say, under the names of a pool's metadata.
    truth : pyarrow.Table
        Columns of `spectrove.simulate.truth.SCHEMA`; ``file`` is null.
    """

    wave_in_air: FloatArray
    wave: FloatArray
    flux: FloatArray
    facts: pa.Table
    truth: pa.Table


@dataclass(frozen=True, eq=False)
class _Sample(Columns):
    """
    Stars of one batch, the first of which, as many as ``emission`` has rows, are targets; and how well they are exposed.

    Rows can be taken from samples of targets alone.
    """

    stars: Stars
    snr: FloatArray
    labels: IntArray
    target_kinds: IntArray
    emission: Emission
    seen: Seen


@dataclass(frozen=True)
class LabeledSource:
    """
    The labeled set of a survey, simulated batch by batch; a source for `spectrove.pool.write_pool`.

    Attributes
    ----------
    config : SurveyConfig
        What the survey is like.
    seed : int
        The survey's.
    """

    config: SurveyConfig
    seed: int

    @property
    def name(self) -> str:
        """
        Return what people call it.

        Returns
        -------
        str
            With its seed.
        """
        return f"labeled set of a synthetic survey, seed {self.seed}"

    @property
    def n_batches(self) -> int:
        """
        Return how many batches there are.

        Returns
        -------
        int
            Their number.
        """
        return -(-self.config.n_labeled // A_BATCH)

    @property
    def n_rows(self) -> int:
        """
        Return how many spectra there are.

        Returns
        -------
        int
            Spectra of all batches.
        """
        return self.config.n_labeled

    @property
    def identity(self) -> Mapping[str, Any]:
        """
        Return what the spectra follow from.

        Returns
        -------
        mapping
            Equal for equal spectra.
        """
        names = ("n_labeled", "labeled_single", "labeled_double")
        settings = {name: getattr(self.config, name) for name in names}
        return {"kind": "spectrove.simulate labeled set", "version": VERSION, "seed": self.seed, **settings}

    @cached_property
    def recipe(self) -> Recipe:
        """
        Return what makes the features.

        Returns
        -------
        Recipe
            The paper's for Ondřejov.
        """
        return recipe(RECIPE)

    def batch(self, number: int) -> RowBatch:
        """
        Return one batch's features.

        Parameters
        ----------
        number : int
            The batch's, from 0.

        Returns
        -------
        RowBatch
            With none refused.
        """
        spectra = self.spectra(number)
        return row_batch(self.recipe, spectra.facts, spectra.wave, spectra.flux)[0]

    def spectra(self, number: int) -> LabeledSpectra:
        """
        Return one batch's spectra.

        Parameters
        ----------
        number : int
            The batch's, from 0.

        Returns
        -------
        LabeledSpectra
            The spectra.

        Raises
        ------
        ConfigError
            If targets of the labels asked for are hardly ever drawn.
        IndexError
            If there is no such batch.
        """
        if not 0 <= number < self.n_batches:
            msg = f"simulate.LabeledSource: there is no batch {number!r}, expected 0 to {self.n_batches - 1}"
            raise IndexError(msg)
        generator = np.random.default_rng([self.seed, DRAW_LABELED, number])
        first = number * A_BATCH
        wanted = _wanted(self.config, first, min(first + A_BATCH, self.config.n_labeled))
        sample = _draw_sample(wanted, generator)
        in_air = np.arange(FIRST_WAVE, LAST_WAVE, STEP)
        wave = air_to_vacuum(in_air)
        order = generator.permutation(sample.snr.size)
        flux = _observed(wave, sample, generator)[order]
        numbers = range(first, first + order.size)
        facts = _facts(numbers, generator)
        truth = _truth(wave, sample) | {"spectrum_id": facts["spectrum_id"].to_numpy().astype(object)}
        columns = {name: values if name == "spectrum_id" else values[order] for name, values in truth.items()}
        columns["object"] = np.arange(numbers.start, numbers.stop)
        return LabeledSpectra(in_air, wave, flux, facts, truth_table(columns))


def _wanted(config: SurveyConfig, first: int, last: int) -> dict[int, int]:
    """Return how many of each label a batch has; over all batches their shares are right to one."""
    shares = {SINGLE: config.labeled_single, DOUBLE: config.labeled_double}
    wanted = {label: round(last * share) - round(first * share) for label, share in shares.items()}
    return wanted | {OTHER: last - first - sum(wanted.values())}


def _draw_sample(wanted: Mapping[int, int], generator: np.random.Generator) -> _Sample:
    """Return targets that show what is wanted, and stars without emission."""
    samples = [_absorption(0, generator)]
    missing = {label: wanted[label] for label in (SINGLE, DOUBLE)}
    for _ in range(MOST_DRAWS):
        if not any(missing.values()):
            break
        drawn = _emitting(2 * sum(missing.values()) + 50, generator)
        rows = np.concatenate([np.flatnonzero(drawn.labels == label)[:n] for label, n in missing.items()])
        samples.append(drawn.rows(rows))
        missing = {label: n - int(np.count_nonzero(drawn.labels[rows] == label)) for label, n in missing.items()}
    if any(missing.values()):
        lacking = {LABELS[label]: n for label, n in missing.items() if n}
        msg = f"simulate.labeled set: after {MOST_DRAWS} draws targets are missing ({lacking}). Ask for fewer of these labels."
        raise ConfigError(msg)
    return stacked([*samples, _absorption(wanted[OTHER], generator)])


def _emitting(n: int, generator: np.random.Generator) -> _Sample:
    kinds, hosts = draw_targets(n, generator, LABELED_TARGETS)
    stars = draw_stars(hosts, generator)
    emission = draw_emission(kinds, stars, generator)
    stars = spin_up(stars, kinds, emission)
    snr = draw_clean_snr(n, generator)
    wave = fits.lamost_wave(FIRST_PIXEL * fits.LOG_STEP, N_WHOLE)[WINDOW]
    profile = halpha_profile(wave, emission, stars.rv, LABELED_VISIBLE_POWER)
    center = shifted(HALPHA, stars.rv + emission.offset)
    seen = see(wave, photosphere(wave, stars, LABELED_VISIBLE_POWER), profile, BLUR_NOISE / snr, center)
    return _Sample(stars, snr, label_of(seen), kinds, emission, seen)


def _absorption(n: int, generator: np.random.Generator) -> _Sample:
    stars = draw_stars(draw_kinds(LABELED_STARS, n, generator), generator)
    kinds, hosts = draw_targets(0, generator, LABELED_TARGETS)
    emission = draw_emission(kinds, draw_stars(hosts, generator), generator)
    nothing = Seen(np.zeros(0, dtype=np.int64), *(np.zeros(0) for _ in fields(Seen)[1:]))
    return _Sample(stars, draw_clean_snr(n, generator), np.full(n, OTHER, dtype=np.int8), kinds, emission, nothing)


def _observed(wave: FloatArray, sample: _Sample, generator: np.random.Generator) -> FloatArray:
    relative = photosphere(wave, sample.stars, RESOLVING_POWER).astype(np.float64)
    n_targets = sample.target_kinds.size
    relative[:n_targets] += emission_profile(wave, sample.emission, sample.stars.rv[:n_targets], RESOLVING_POWER)
    tilt = generator.normal(0, TILT / 100, sample.snr.size)
    relative *= 1 + tilt[:, None] * (wave - HALPHA)
    normals = generator.standard_normal((sample.snr.size, wave.size + 2))
    flux: FloatArray = np.round(observe_clean(np.maximum(relative, 0), sample.snr, normals), 8)  # as the archive's files
    return flux


def _facts(numbers: range, generator: np.random.Generator) -> pa.Table:
    n = len(numbers)
    keys = [f"sy{number:06d}" for number in numbers]
    low, high = np.sin(np.deg2rad([-20.0, 80.0]))  # what is seen from 50° north
    return pa.table(
        {
            "spectrum_id": pa.array([f"ondrejov:{key}" for key in keys], type=pa.string()),
            "survey": pa.array(["ondrejov"] * n, type=pa.string()),
            "key": pa.array(keys, type=pa.string()),
            "ra": np.round(generator.uniform(0, 360, n), 6),
            "dec": np.round(np.rad2deg(np.arcsin(generator.uniform(low, high, n))), 6),
            "mjd": np.round(50_000 + generator.uniform(0, 7000, n), 5),
            "designation": pa.array([f"SYN {number:06d}" for number in numbers], type=pa.string()),
            "medium": pa.array(["vacuum"] * n, type=pa.string()),
            "format": pa.array(["ondrejov"] * n, type=pa.string()),
        }
    )


def _truth(wave: FloatArray, sample: _Sample) -> dict[str, Any]:
    """Return the columns of the truth, in the sample's order."""
    n, n_targets = sample.snr.size, sample.target_kinds.size
    near = np.abs(wave - HALPHA) < PHOTOSPHERE_REACH
    absorbed = 1 - photosphere(wave[near], sample.stars, RESOLVING_POWER)
    subtypes = np.array(KIND_NAMES, dtype=object)[sample.stars.kind]
    subtypes[:n_targets] = np.array(TARGET_NAMES, dtype=object)[sample.target_kinds]
    emission, seen = sample.emission, sample.seen
    columns = {
        "visit": np.zeros(n, dtype=np.int16),
        "label": np.array(LABELS, dtype=object)[sample.labels],
        "kind": np.where(np.arange(n) < n_targets, "target", "star").astype(object),
        "subtype": subtypes,
        "ew_absorption": (absorbed * np.gradient(wave[near])).sum(axis=1),
        "rv": sample.stars.rv.astype(np.float64),
        "teff": sample.stars.teff.astype(np.float64),
        "logg": sample.stars.logg.astype(np.float64),
        "vsini": sample.stars.vsini.astype(np.float64),
        "snr": sample.snr.astype(np.float64),
    }
    apart = emission.separation > 0
    of_targets = {
        "ew": -emission.ew,
        "fwhm": emission.fwhm,
        "separation": np.where(apart, emission.separation, np.nan),
        "v_over_r": np.where(apart, emission.drawn_v_over_r, np.nan),
        "inclination": emission.inclination,
        "visibility": seen.prominence,
        "n_peaks": seen.n_peaks.astype(np.float64),
    }
    rest = np.full(n - n_targets, np.nan)
    return columns | {name: np.concatenate([values, rest]) for name, values in of_targets.items()}
