"""
What the fibers of one plate point at: stars, targets, galaxies and the like, and their light before nebulae and telescope.

The objects that are first observed on a plate follow from the seed and that plate's number alone; a later visit draws the same
ones again and takes those that it observes.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from spectrove.contracts import FloatArray, IntArray
from spectrove.simulate.columns import stacked
from spectrove.simulate.confusers import EXTRAGALACTIC_KINDS, Extragalactic, draw_extragalactic, extragalactic_spectrum
from spectrove.simulate.emission import Emission, emission_profile
from spectrove.simulate.instrument import DIMMING
from spectrove.simulate.motion import BRIGHTNESS, distances, mean_motion
from spectrove.simulate.photosphere import continuum, photosphere
from spectrove.simulate.plates import Fibers, Plate
from spectrove.simulate.settings import SHARES, SurveyConfig
from spectrove.simulate.stars import KIND_NAMES, POOL_STARS, Stars, draw_kinds, draw_stars
from spectrove.simulate.targets import TARGET_NAMES, draw_emission, draw_targets, spin_up, vary

KINDS = ("target", "galaxy", "qso", "supernova", "unknown", "star")
"""What an object can be; all but the last have their share in `SurveyConfig`, in this order."""

STAR, TARGET = KINDS.index("star"), KINDS.index("target")

OUTSIDE = {
    "galaxy": {"galaxy": 0.6, "galaxy-absorption": 0.4},
    "qso": {"qso": 1.0},
    "supernova": {"sn": 1.0},
    "unknown": {"featureless": 0.3},
}
"""Kinds of `EXTRAGALACTIC_KINDS` by kind of object, with their shares; the rest of the unknown ones are faint stars. Chosen."""

DRAW_COUNTS, DRAW_OBJECTS, DRAW_VISIT = 301, 302, 303
"""Purposes of generators: `numpy.random.default_rng` takes the seed, one of them, and a plate's number."""


@dataclass(frozen=True, eq=False)
class Objects:
    """
    Objects, one for each spectrum; targets and what lies outside the Galaxy also have a row in a table of their own.

    Attributes
    ----------
    kinds : array of int8, shape (n_spectra,)
        Indices into `KINDS`.
    stars : Stars
        One for each spectrum; without meaning where ``outer`` is not -1.
    emitter : array of int64, shape (n_spectra,)
        Row of a target in ``target_kinds`` and ``emission``; -1 for all others.
    target_kinds : array of int8, shape (n_targets,)
        Indices into `spectrove.simulate.targets.TARGET_NAMES`.
    emission : Emission
        One for each target.
    outer : array of int64, shape (n_spectra,)
        Row in ``outside``; -1 for stars.
    outside : Extragalactic
        Galaxies, QSOs, supernovae, and spectra in which nothing is recognized.
    """

    kinds: IntArray
    stars: Stars
    emitter: IntArray
    target_kinds: IntArray
    emission: Emission
    outer: IntArray
    outside: Extragalactic

    def rows(self, selection: IntArray) -> Objects:
        """
        Return some of the objects.

        Parameters
        ----------
        selection : array of int
            Their rows, in any order and with repetitions.

        Returns
        -------
        Objects
            The selection.
        """
        emitter, outer = self.emitter[selection], self.outer[selection]
        targets, others = emitter[emitter >= 0], outer[outer >= 0]
        return Objects(
            self.kinds[selection], self.stars.rows(selection),
            _numbered(emitter >= 0), self.target_kinds[targets], self.emission.rows(targets),
            _numbered(outer >= 0), self.outside.rows(others),
        )  # fmt: skip

    def shifted(self, velocity: FloatArray) -> Objects:
        """
        Return the objects with their stars moving otherwise.

        Parameters
        ----------
        velocity : array of shape (n_spectra,)
            What is added to the stars' radial velocities, km/s.

        Returns
        -------
        Objects
            The same else.
        """
        return replace(self, stars=replace(self.stars, rv=self.stars.rv + velocity))

    @property
    def targets(self) -> IntArray:
        """
        Return which spectra are of targets.

        Returns
        -------
        array of int64, shape (n_targets,)
            Rows, in the order of ``emission``.
        """
        return np.flatnonzero(self.emitter >= 0)


def observed_objects(plate: Plate, fibers: Fibers, config: SurveyConfig, seed: int) -> Objects:
    """
    Return the objects of a plate's fibers, as they are at its visit.

    Parameters
    ----------
    plate : Plate
        The plate.
    fibers : Fibers
        Where each fiber points.
    config : SurveyConfig
        What the survey is like.
    seed : int
        The survey's.

    Returns
    -------
    Objects
        One for each fiber.
    """
    objects = first_objects(plate.number, plate.n_full, config, seed)
    if plate.visit == 0:
        return _moving(objects.rows(fibers.index), plate, fibers)
    together = _joined(objects, first_objects(plate.field, plate.n_full, config, seed))
    seen = together.rows(fibers.index + np.where(fibers.origin == plate.number, 0, plate.n_full))
    generator = np.random.default_rng([seed, DRAW_VISIT, plate.number])
    seen = replace(seen, emission=vary(seen.emission, seen.target_kinds, generator))
    return _moving(seen, plate, fibers)


def first_objects(number: int, n: int, config: SurveyConfig, seed: int) -> Objects:
    """
    Return the objects that a plate observes first.

    Parameters
    ----------
    number : int
        The plate's.
    n : int
        How many a full plate has.
    config : SurveyConfig
        What the survey is like.
    seed : int
        The survey's.

    Returns
    -------
    Objects
        ``n`` of them; over all plates as many of each kind as ``config`` says, to one.
    """
    generator = np.random.default_rng([seed, DRAW_OBJECTS, number])
    kinds = generator.permutation(np.repeat(np.arange(len(KINDS), dtype=np.int8), _counts(number, n, config, seed)))
    star_kinds = draw_kinds(POOL_STARS, n, generator)
    targets = np.flatnonzero(kinds == TARGET)
    target_kinds, hosts = draw_targets(targets.size, generator)
    star_kinds[targets] = hosts
    stars = draw_stars(star_kinds, generator)
    emission = draw_emission(target_kinds, stars.rows(targets), generator)
    stars = _with_rows(stars, targets, spin_up(stars.rows(targets), target_kinds, emission))
    outside_kinds = _draw_outside(kinds, generator)
    outside = draw_extragalactic(outside_kinds[outside_kinds >= 0], generator)
    return Objects(
        kinds, stars, _numbered(kinds == TARGET), target_kinds, emission, _numbered(outside_kinds >= 0), outside
    )  # fmt: skip


def _counts(number: int, n: int, config: SurveyConfig, seed: int) -> IntArray:
    """Return how many objects of each kind a plate gets: cumulative shares are rounded, so that rare kinds are not lost."""
    begins = np.random.default_rng([seed, DRAW_COUNTS]).random(len(SHARES))
    shares = np.array([getattr(config, name) for name in SHARES])
    counts = np.floor((number + 1) * n * shares + begins) - np.floor(number * n * shares + begins)
    counts = np.minimum(counts, n - np.concatenate([[0], np.cumsum(counts)[:-1]])).clip(0)
    return np.append(counts, n - counts.sum()).astype(np.int64)


def _draw_outside(kinds: IntArray, generator: np.random.Generator) -> IntArray:
    """Return the extragalactic kind of each object, -1 for stars."""
    chance = generator.random(kinds.size)
    outside = np.full(kinds.size, -1, dtype=np.int8)
    for name, shares in OUTSIDE.items():
        edge = 0.0
        for kind, share in shares.items():
            inside = (kinds == KINDS.index(name)) & (chance >= edge) & (chance < edge + share)
            outside[inside] = EXTRAGALACTIC_KINDS.index(kind)
            edge += share
    return outside


def _moving(objects: Objects, plate: Plate, fibers: Fibers) -> Objects:
    """Add the mean motion of stars there to each star's own; that of its galaxy to that of a planetary nebula in M31 or M33."""
    dimming, brightness = (np.array([values[name] for name in KIND_NAMES]) for values in (DIMMING, BRIGHTNESS))
    kinds = objects.stars.kind
    motion = mean_motion(fibers.ra, fibers.dec, distances(fibers.magnitude + dimming[kinds], brightness[kinds]))
    if plate.rv_system is not None:
        motion[objects.targets[objects.target_kinds == TARGET_NAMES.index("planetary-nebula")]] = plate.rv_system
    return objects.shifted(motion)


def star_spectra(wave: FloatArray, objects: Objects, resolving_power: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """
    Return what the objects' light looks like before nebulae and telescope.

    Parameters
    ----------
    wave : array of shape (n_wave,)
        Vacuum wavelengths, Å.
    objects : Objects
        The objects.
    resolving_power : float
        λ/Δλ.

    Returns
    -------
    relative : array of float32, shape (n_spectra, n_wave)
        Flux, its continuum being 1 at Hα.
    level : array of float32, shape (n_spectra, n_wave)
        The continuum.
    absorbed : array of float32, shape (n_spectra, n_wave)
        Flux divided by the continuum, without emission.
    """
    absorbed = photosphere(wave, objects.stars, resolving_power)
    level = continuum(wave, objects.stars)
    others = np.flatnonzero(objects.outer >= 0)
    if others.size:
        flux, its_level = extragalactic_spectrum(wave, objects.outside, resolving_power)
        absorbed[others], level[others] = flux / its_level, its_level
    relative = absorbed * level
    targets = objects.targets
    if targets.size:
        added = emission_profile(wave, objects.emission, objects.stars.rv[targets], resolving_power)
        relative[targets] += (added * level[targets]).astype(np.float32)
    return relative, level, absorbed


def _numbered(chosen: Any) -> IntArray:
    """Return 0, 1, 2 and so on where chosen, and -1 elsewhere."""
    numbers: IntArray = np.where(chosen, np.cumsum(chosen) - 1, -1)
    return numbers


def _joined(first: Objects, second: Objects) -> Objects:
    """Return two sets of objects as one."""
    return Objects(
        np.concatenate([first.kinds, second.kinds]),
        stacked([first.stars, second.stars]),
        np.concatenate([first.emitter, np.where(second.emitter >= 0, second.emitter + first.target_kinds.size, -1)]),
        np.concatenate([first.target_kinds, second.target_kinds]),
        stacked([first.emission, second.emission]),
        np.concatenate([first.outer, np.where(second.outer >= 0, second.outer + first.outside.kind.size, -1)]),
        stacked([first.outside, second.outside]),
    )


def _with_rows(stars: Stars, rows: IntArray, others: Stars) -> Stars:
    """Return stars of which some rows are others."""
    changed = {}
    for field in fields(stars):
        values = getattr(stars, field.name).copy()
        values[rows] = getattr(others, field.name)
        changed[field.name] = values
    return replace(stars, **changed)
