"""
The pool of a synthetic survey, plate by plate, as arrays: observed spectra, what their headers say, and the truth.

Nothing that is drawn at random depends on the wavelengths asked for. So a plate is simulated on the few pixels that the features
need, or on those of its files, and the fluxes at the same pixels are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from spectrove.contracts import BoolArray, FloatArray, IntArray
from spectrove.pool import RowBatch, row_batch
from spectrove.preprocess import Recipe, recipe
from spectrove.simulate import fits
from spectrove.simulate.confusers import EXTRAGALACTIC_KINDS, Nebulae, extragalactic_class, nebula
from spectrove.simulate.emission import halpha_profile
from spectrove.simulate.instrument import DIMMING, Conditions, Observed, draw_conditions, observe, pixel_noise
from spectrove.simulate.objects import KINDS, Objects, observed_objects, star_spectra
from spectrove.simulate.photosphere import LAMOST_POWER
from spectrove.simulate.plates import Fibers, NebularLines, Plate, fibers, nebular_lines, plate_of
from spectrove.simulate.profiles import HALPHA, shifted
from spectrove.simulate.settings import SurveyConfig
from spectrove.simulate.stars import KIND_NAMES, pipeline_class
from spectrove.simulate.targets import TARGET_NAMES
from spectrove.simulate.truth import SCHEMA
from spectrove.simulate.visible import LABELS, Seen, label_of, see

VERSION = 1
"""Of the simulation: raised when the same settings and seed no longer give the same spectra."""

RECIPE = "halpha-2020"
"""What makes the pool's features."""

RESOLVING_POWER = LAMOST_POWER
"""λ/Δλ of the pool."""

FIRST_PIXEL, N_WHOLE = 37_994, 426
"""Of the files: LAMOST's grid is 10**(1e-4 i) Å; 6300.9 to 6948.3 Å, which holds Hα's surroundings and telluric lines of sky."""

WINDOW = slice(145, 292)
"""Pixels of the files that features and classical finders need, 6515 to 6737 Å; the next ones have no part in either."""

DRAW_CONDITIONS, DRAW_NOISE, DRAW_WINGS = 311, 312, 313
"""Purposes of generators: `numpy.random.default_rng` takes the seed, one of them, and the plate's number."""

OUTSIDE_MAGNITUDE = {"galaxy": 15.0, "qso": 15.5, "supernova": 16.0, "unknown": 17.5}
"""Brightest r magnitude of confusers: there are none among bright stars, and nothing is recognized in faint spectra. Chosen."""

NEAR_LINE = 8.0
"""Å around the line's center in which zeros of the pipeline hide it."""

PHOTOSPHERE_REACH = 30.0
"""Å on each side of Hα over which the photosphere's equivalent width is taken."""


@dataclass(frozen=True, eq=False)
class PlateSpectra:
    """
    The spectra of one plate.

    Attributes
    ----------
    plate : Plate
        What they have in common.
    wave : array of shape (n_wave,)
        Vacuum wavelengths as a reader gets them from a file of the plate's layout, Å.
    flux, ivar : array of float32, shape (n_spectra, n_wave)
        Flux in the survey's unit, and inverse variance, 1/flux².
    normalized : array of float32, shape (n_spectra, n_wave)
        Flux divided by the continuum.
    flagged : array of bool, shape (n_spectra, n_wave)
        Pixels with a bit of the "or" mask.
    facts : pyarrow.Table
        What the headers say, under the names of a pool's metadata.
    truth : pyarrow.Table
        Columns of `spectrove.simulate.truth.SCHEMA`; ``file`` is null.
    """

    plate: Plate
    wave: FloatArray
    flux: FloatArray
    ivar: FloatArray
    normalized: FloatArray
    flagged: BoolArray
    facts: pa.Table
    truth: pa.Table


@dataclass(frozen=True, eq=False)
class Light:
    """
    What reaches the telescope; every attribute is an array of float32, shape (n_spectra, n_wave).

    Attributes
    ----------
    relative : array
        Flux, its continuum being 1 at Hα.
    level : array
        The continuum.
    background : array
        Flux divided by the continuum, with nebulae and without the lines of targets.
    photosphere : array
        Flux divided by the continuum, without either.
    """

    relative: FloatArray
    level: FloatArray
    background: FloatArray
    photosphere: FloatArray


@dataclass(frozen=True)
class PoolSource:
    """
    The pool of a survey, simulated plate by plate; a source of batches for `spectrove.pool.write_pool`.

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
        return f"synthetic survey, seed {self.seed}"

    @property
    def n_batches(self) -> int:
        """
        Return how many plates there are.

        Returns
        -------
        int
            Their number.
        """
        return self.config.plates.n_plates

    @property
    def n_rows(self) -> int:
        """
        Return how many spectra there are, those that no recipe can use among them.

        Returns
        -------
        int
            Spectra of all plates.
        """
        return self.config.n_pool

    @property
    def identity(self) -> Mapping[str, Any]:
        """
        Return what the spectra follow from.

        Returns
        -------
        mapping
            Equal for equal spectra; the files written beside the pool and the labeled set are no part of it.
        """
        plates = asdict(self.config.plates)
        shares = {name: value for name, value in asdict(self.config).items() if name.endswith("_fraction")}
        return {"kind": "spectrove.simulate pool", "version": VERSION, "seed": self.seed, **_plain(plates), **shares}

    @cached_property
    def recipe(self) -> Recipe:
        """
        Return what makes the features.

        Returns
        -------
        Recipe
            The paper's.
        """
        return recipe(RECIPE)

    def batch(self, number: int) -> RowBatch:
        """
        Return one plate's features.

        Parameters
        ----------
        number : int
            The plate's, from 0.

        Returns
        -------
        RowBatch
            Without the spectra that the recipe refuses, which are told apart in it.
        """
        spectra = self.spectra(number)
        return row_batch(self.recipe, spectra.facts, spectra.wave, spectra.flux)[0]

    def spectra(self, number: int, *, whole: bool = False) -> PlateSpectra:
        """
        Return one plate's spectra.

        Parameters
        ----------
        number : int
            The plate's, from 0.
        whole : bool
            As long as the files, 6301 to 6948 Å, and not only the pixels that the features need.

        Returns
        -------
        PlateSpectra
            The same fluxes at the same pixels, whole or not.

        Raises
        ------
        IndexError
            If there is no such plate.
        """
        plate = plate_of(number, self.config.plates, self.seed)
        places = fibers(plate, self.seed)
        objects = observed_objects(plate, places, self.config, self.seed)
        dimming = _dimming(objects, places)
        conditions = draw_conditions(plate, places, np.random.default_rng([self.seed, DRAW_CONDITIONS, number]), dimming)
        lines = nebular_lines(plate, places, dimming)
        shown = objects.shifted(places.zero_point)
        shown_lines = replace(lines, rv=lines.rv + places.zero_point)
        grid = fits.lamost_wave(FIRST_PIXEL * fits.LOG_STEP, N_WHOLE)
        pixels = slice(0, N_WHOLE) if whole else WINDOW
        wave = grid[pixels]
        light = (_whole_light if whole else arriving_light)(grid if whole else wave, shown, shown_lines)
        normals = _normals(self.seed, plate, whole=whole)
        observed = observe(wave, light.relative, light.level, conditions, normals)
        window = slice(WINDOW.start - pixels.start, WINDOW.stop - pixels.start)
        seen = _seen(wave[window], shown, light, conditions, window)
        labels = _labels(wave[window], shown, observed.flux[:, window], seen)
        facts = _facts(plate, places, objects, conditions, observed)
        truth = _truth(wave[window], (plate, places), objects, light.photosphere[:, window], lines)
        truth |= _seen_columns(objects, seen, labels, conditions, observed)
        truth["spectrum_id"] = facts["spectrum_id"]
        delivered = fits.delivered_wave(plate.layout, round(FIRST_PIXEL * fits.LOG_STEP, 4), N_WHOLE)[pixels]
        return PlateSpectra(
            plate, delivered, observed.flux, observed.ivar, observed.normalized, observed.flagged, facts, truth_table(truth)
        )


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in settings.items()}


def _normals(seed: int, plate: Plate, *, whole: bool) -> FloatArray:
    """Return random numbers for the pixels and two more on each side; those of the window are the same, whole or not."""
    window = np.random.default_rng([seed, DRAW_NOISE, plate.number]).standard_normal(
        (plate.n_spectra, WINDOW.stop - WINDOW.start + 4), dtype=np.float32
    )
    if not whole:
        return window
    wings = np.random.default_rng([seed, DRAW_WINGS, plate.number]).standard_normal(
        (plate.n_spectra, N_WHOLE + 4 - window.shape[1]), dtype=np.float32
    )
    return np.concatenate([wings[:, : WINDOW.start], window, wings[:, WINDOW.start :]], axis=1)


def _dimming(objects: Objects, places: Fibers) -> FloatArray:
    """Return how much fainter each object is than what a plate points at on average, magnitudes."""
    by_star = np.array([DIMMING[name] for name in KIND_NAMES])
    brightest = np.array([OUTSIDE_MAGNITUDE.get(name, -np.inf) for name in KINDS])[objects.kinds]
    dimming: FloatArray = np.where(
        np.isfinite(brightest), np.maximum(brightest - places.magnitude, 0), by_star[objects.stars.kind]
    )
    return dimming


def arriving_light(wave: FloatArray, objects: Objects, lines: NebularLines) -> Light:
    """
    Return what reaches the telescope.

    Parameters
    ----------
    wave : array of shape (n_wave,)
        Vacuum wavelengths, Å.
    objects : Objects
        What the fibers are on.
    lines : NebularLines
        What lies in front of them.

    Returns
    -------
    Light
        At the resolving power of LAMOST.
    """
    relative, level, absorbed = star_spectra(wave, objects, RESOLVING_POWER)
    background = absorbed.copy()
    nebular = np.flatnonzero(lines.ew)
    if nebular.size:
        part = Nebulae(lines.ew[nebular], lines.nii[nebular], lines.sii[nebular], lines.rv[nebular])
        added = nebula(wave, part, RESOLVING_POWER).astype(np.float32)
        relative[nebular] += added * level[nebular]
        background[nebular] += added
    return Light(np.maximum(relative, 0, out=relative), level, background, absorbed)


def _whole_light(grid: FloatArray, objects: Objects, lines: NebularLines) -> Light:
    """Return the light on all pixels of the files, made in three pieces, of which one is just what the features are made of."""
    stretches = (slice(0, WINDOW.start), WINDOW, slice(WINDOW.stop, N_WHOLE))
    pieces = [arriving_light(grid[stretch], objects, lines) for stretch in stretches]
    return Light(*(np.concatenate([getattr(piece, field.name) for piece in pieces], axis=1) for field in fields(Light)))


def _seen(wave: FloatArray, objects: Objects, light: Light, conditions: Conditions, window: slice) -> Seen:
    """Return what an eye sees of each target, always on the window's pixels: the truth is the same with and without files."""
    targets = objects.targets
    rv = objects.stars.rv[targets]
    center = shifted(HALPHA, rv + objects.emission.offset)
    relative, level = light.relative[targets, window], light.level[targets, window]
    sigma = pixel_noise(wave, relative, conditions.rows(targets)) / level
    near = np.abs(wave - center[:, None]) < NEAR_LINE
    sigma_there = (sigma * near).sum(axis=1) / near.sum(axis=1)
    profile = halpha_profile(wave, objects.emission, rv, RESOLVING_POWER)
    return see(wave, light.background[targets, window], profile, sigma_there, center)


def _labels(wave: FloatArray, objects: Objects, flux: FloatArray, seen: Seen) -> IntArray:
    """Return the label of every spectrum, an index into `LABELS`; a line that the pipeline made zeros of cannot be seen."""
    other = LABELS.index("not-interesting")
    labels = np.full(objects.kinds.size, other, dtype=np.int8)
    targets = objects.targets
    center = shifted(HALPHA, objects.stars.rv[targets] + objects.emission.offset)
    near = np.abs(wave - center[:, None]) < NEAR_LINE
    lost = ((flux[targets] == 0) & near).sum(axis=1) > near.sum(axis=1) / 2
    labels[targets] = np.where(lost, other, label_of(seen))
    return labels


def _facts(plate: Plate, places: Fibers, objects: Objects, conditions: Conditions, observed: Observed) -> pa.Table:
    """Return what the headers say, as a reader would tell it."""
    n = places.spid.size
    classes, subclasses = _classes(objects)
    measured = ~np.array(["all-zero" in names for names in observed.artefact])
    release, pipeline, days = fits.RELEASES[plate.layout]
    ra, dec = np.round(places.ra, 6), np.round(places.dec, 6)
    designations = [fits.designation(*place) for place in zip(ra.tolist(), dec.tolist(), strict=True)]
    return pa.table(
        {
            "spectrum_id": pa.array([f"lamost:{key}" for key in places.key]),
            "survey": pa.array(["lamost"] * n),
            "key": pa.array(places.key, type=pa.string()),
            "ra": ra,
            "dec": dec,
            "mjd": np.full(n, float(plate.lmjd + days)),
            "planid": pa.array([plate.planid] * n),
            "spid": places.spid.astype(np.int32),
            "fiberid": places.fiberid.astype(np.int32),
            "obsid": pa.array([None if release is None else str(number) for number in places.obsid.tolist()], type=pa.string()),
            "designation": pa.array(designations),
            "snr": pa.array(np.round(conditions.snr.astype(np.float64), 2), mask=~measured),
            "spectral_class": pa.array(classes, type=pa.string()),
            "subclass": pa.array(subclasses, mask=np.isin(subclasses, ("", "Non")), type=pa.string()),
            "release": pa.array([release or pipeline] * n),
            "medium": pa.array(["vacuum"] * n),
            "format": pa.array([plate.layout] * n),
        }
    )


def _classes(objects: Objects) -> tuple[Any, Any]:
    """Return class and subclass that a pipeline would give each object."""
    classes, subclasses = (np.array(names, dtype=object) for names in pipeline_class(objects.stars))
    others = objects.outer >= 0
    classes[others], subclasses[others] = extragalactic_class(objects.outside.kind)
    unknown = objects.kinds == KINDS.index("unknown")
    classes[unknown], subclasses[unknown] = "Unknown", "Non"
    return classes, subclasses


def _truth(
    wave: FloatArray, observation: tuple[Plate, Fibers], objects: Objects, absorbed: FloatArray, lines: NebularLines
) -> dict[str, Any]:
    """Return the columns of the truth that say what was put in."""
    plate, places = observation
    stars, emission, targets = objects.stars, objects.emission, objects.targets
    outside = objects.outer >= 0
    redshift = np.full(outside.size, np.nan)
    redshift[outside] = objects.outside.z
    near = np.abs(wave - HALPHA) < PHOTOSPHERE_REACH
    columns: dict[str, Any] = {
        "object": places.object,
        "visit": np.full(outside.size, plate.visit),
        "kind": np.array(KINDS, dtype=object)[objects.kinds],
        "subtype": _subtypes(objects),
        "ew_absorption": np.where(outside, np.nan, ((1 - absorbed[:, near]) * np.gradient(wave)[near]).sum(axis=1)),
        "rv": np.where(outside, np.nan, stars.rv),
        "redshift": redshift,
        "nebular_ew": np.where(lines.ew == 0, np.nan, lines.ew),
    }
    for name, values in (("teff", stars.teff), ("logg", stars.logg), ("vsini", stars.vsini)):
        columns[name] = np.where(outside, np.nan, values)
    of_targets = {
        "ew": -emission.ew,
        "fwhm": emission.fwhm,
        "separation": np.where(emission.separation > 0, emission.separation, np.nan),
        "v_over_r": np.where(emission.separation > 0, emission.drawn_v_over_r, np.nan),
        "inclination": emission.inclination,
    }
    return columns | {name: _spread(values, targets, outside.size) for name, values in of_targets.items()}


def _seen_columns(objects: Objects, seen: Seen, labels: IntArray, conditions: Conditions, observed: Observed) -> dict[str, Any]:
    """Return the columns of the truth that say how it was observed and what can be seen."""
    n = labels.size
    return {
        "label": np.array(LABELS, dtype=object)[labels],
        "visibility": _spread(seen.prominence, objects.targets, n),
        "n_peaks": _spread(seen.n_peaks.astype(np.float64), objects.targets, n),
        "snr": conditions.snr,
        "artefact": observed.artefact,
    }


def _subtypes(objects: Objects) -> Any:
    names = np.array(KIND_NAMES, dtype=object)[objects.stars.kind]
    names[objects.targets] = np.array(TARGET_NAMES, dtype=object)[objects.target_kinds]
    names[objects.outer >= 0] = np.array(EXTRAGALACTIC_KINDS, dtype=object)[objects.outside.kind]
    return names


def _spread(values: FloatArray, rows: IntArray, n: int) -> FloatArray:
    """Return a column that has values in some rows and NaN in the others."""
    column = np.full(n, np.nan)
    column[rows] = values
    return column


def truth_table(columns: Mapping[str, Any]) -> pa.Table:
    """
    Return columns of truth as a table of `spectrove.simulate.truth.SCHEMA`.

    Parameters
    ----------
    columns : mapping
        Arrays by the schema's names; NaN and empty text become null, and so does a column that is not given.

    Returns
    -------
    pyarrow.Table
        One row a spectrum.
    """
    n = len(columns["spectrum_id"])
    arrays = []
    for field in SCHEMA:
        values = columns.get(field.name)
        if values is None:
            arrays.append(pa.nulls(n, field.type))
        elif isinstance(values, np.ndarray) and values.dtype.kind == "f":
            arrays.append(pa.array(values, mask=np.isnan(values)).cast(field.type))
        elif isinstance(values, np.ndarray) and values.dtype.kind == "O":
            arrays.append(pa.array(values, mask=values == "", type=field.type))
        else:
            arrays.append(pa.array(values, type=field.type) if not isinstance(values, pa.ChunkedArray) else values)
    return pa.table(arrays, schema=SCHEMA)
