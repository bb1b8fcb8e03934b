"""Each candidate's spectrum, read once more from its file: its lines are measured and its pictures drawn."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from spectrove.catalog.previews import PreviewItem, write_previews
from spectrove.contracts import FloatArray
from spectrove.lines import H_ALPHA
from spectrove.measure import CATALOG_LINES, LineMeasurement, NormalizedProfile, config_of, measure_line, profile_of
from spectrove.spectrum import Spectrum
from spectrove.surveys import read_again

RESOLVING_POWER = {"lamost": 1800.0, "sdss": 2000.0, "ondrejov": 13_000.0}
"""
λ/Δλ around Hα by survey (Luo et al. 2015, RAA 15, 1095; Smee et al. 2013, AJ 146, 32; Škoda et al. 2020, sect. 3.2).
"""

DRAWN = 120.0
"""Å on either side of Hα that are kept for the figures of profiles; the window that the network sees lies within."""

FRAMES = {
    "barycentric": "barycentric",
    "heliocentric": "heliocentric",
    "topocentric": "not corrected",
    "undeclared": "unknown",
}
"""What a catalog says of velocities, by the frame of the wavelengths."""

SYMMETRIC = frozenset({"single", "double", "shell", "absorption"})
"""Profiles that a mirror can tell the center of; P Cygni's and reversals within absorption are not alike on both sides."""

FORBIDDEN = frozenset({"nii", "oiii"})
"""Lines that no star absorbs: what looks like it is the wing of another line."""

CLEAR = 5.0
"""Times its error that a line must stand out of the continuum for its velocity to count; chosen."""

UNDECLARED_MEDIUM = "the file does not say whether its wavelengths are in air or in vacuum: velocities may be 80 km/s too low"
"""Air wavelengths are shorter than those in vacuum by 2.8 parts in 10⁴."""


@dataclass(frozen=True)
class Subject:
    """
    A candidate whose spectrum is to be measured.

    Attributes
    ----------
    spectrum_id : str
        Its id.
    file, format : str or None
        Where the pool says that it is, and which reader read it.
    title, label : str
        What stands above its pictures, and its class.
    group : int
        Number of its object; negative if it has no position.
    mjd : float or None
        When it was taken, days.
    """

    spectrum_id: str
    file: str | None
    format: str | None
    title: str
    label: str
    group: int = -1
    mjd: float | None = None


@dataclass(frozen=True, eq=False)
class MeasureTask:
    """
    Candidates that one worker measures.

    Attributes
    ----------
    directory : Path
        The catalog's folder, absolute; pictures are written into it.
    subjects : tuple of Subject
        The candidates.
    grid : array of shape (n_wave,)
        Wavelengths of the points that the network saw, Å.
    features : array of float32, shape (n_subjects, n_wave)
        These points, shown where a file is gone.
    seed : int
        Of the noise that errors are found by.
    """

    directory: Path
    subjects: tuple[Subject, ...]
    grid: FloatArray
    features: FloatArray
    seed: int


@dataclass(frozen=True, eq=False)
class Measured:
    """
    What was found in one candidate's spectrum.

    Attributes
    ----------
    lines : dict of str to LineMeasurement
        By the key of the line; empty where the file could not be read.
    frame : str
        What velocities refer to: a value of `FRAMES`.
    problem : str
        Why the whole spectrum was not measured, or what is doubtful; empty if nothing.
    preview_line, preview_whole : str or None
        Paths of the pictures within the catalog's folder.
    item : PreviewItem
        The neighborhood of Hα, for figures.
    profile : NormalizedProfile or None
        Hα over the continuum, to be compared between exposures.
    """

    lines: dict[str, LineMeasurement]
    frame: str
    problem: str
    preview_line: str | None
    preview_whole: str | None
    item: PreviewItem
    profile: NormalizedProfile | None = field(default=None)


def measure_spectra(task: MeasureTask) -> list[Measured]:
    """
    Read, measure and draw candidates.

    Parameters
    ----------
    task : MeasureTask
        The candidates.

    Returns
    -------
    list of Measured
        One for each, in order.

    Raises
    ------
    StorageError
        If the disk is full or cannot be written.
    """
    return [
        _measured(task, subject, features)
        for subject, features in zip(task.subjects, np.asarray(task.features, dtype=np.float64), strict=True)
    ]


def _measured(task: MeasureTask, subject: Subject, features: FloatArray) -> Measured:
    spectrum, problem = read_again(subject.spectrum_id, subject.file, subject.format)
    if spectrum is None:
        item = _item(subject, task.grid, features, note="only the points that the network saw")
        (paths,) = write_previews(task.directory, [item])
        return Measured({}, FRAMES["undeclared"], problem, paths.line, paths.whole, item)
    item = _item(subject, spectrum.wave, spectrum.flux)
    (paths,) = write_previews(task.directory, [item])
    near = np.abs(spectrum.wave - H_ALPHA.wave) <= DRAWN
    small = replace(item, wave=spectrum.wave[near].astype(np.float32), flux=spectrum.flux[near].astype(np.float32))
    return Measured(
        lines=_lines(spectrum, generator_of(subject.spectrum_id, task.seed)),
        frame=FRAMES[spectrum.frame],
        problem="" if spectrum.medium == "vacuum" else UNDECLARED_MEDIUM,
        preview_line=paths.line,
        preview_whole=paths.whole,
        item=small,
        profile=profile_of(spectrum.wave, spectrum.flux, spectrum.ivar),
    )


def _item(subject: Subject, wave: FloatArray, flux: FloatArray, note: str = "") -> PreviewItem:
    return PreviewItem(
        spectrum_id=subject.spectrum_id,
        title=subject.title,
        label=subject.label,
        wave=wave,
        flux=flux,
        note=note,
        group=subject.group,
        mjd=subject.mjd,
    )


def _lines(spectrum: Spectrum, generator: np.random.Generator) -> dict[str, LineMeasurement]:
    power = RESOLVING_POWER.get(spectrum.header.survey)
    return {
        key: measure_line(
            spectrum.wave, spectrum.flux, spectrum.ivar, line, config_of(line, resolving_power=power), generator=generator
        )
        for key, line in CATALOG_LINES
    }


def generator_of(spectrum_id: str, seed: int) -> np.random.Generator:
    """
    Return the generator of a spectrum, so that its errors depend neither on the other candidates nor on the number of workers.

    Parameters
    ----------
    spectrum_id : str
        The spectrum.
    seed : int
        The catalog's.

    Returns
    -------
    numpy.random.Generator
        Another for every spectrum and seed.
    """
    words = np.frombuffer(hashlib.blake2b(spectrum_id.encode(), digest_size=16).digest(), dtype=np.uint32)
    return np.random.default_rng([seed, *words.tolist()])


def line_columns(found: Sequence[Measured]) -> dict[str, list[float | str | None]]:
    """
    Return what was measured of the lines, as columns of the catalog.

    Parameters
    ----------
    found : sequence of Measured
        One for each candidate.

    Returns
    -------
    dict of str to list
        By the names of `spectrove.catalog.columns`; None where something was not measured.
    """
    columns: dict[str, list[float | str | None]] = {}
    for key, _ in CATALOG_LINES:
        for quantity, attribute in QUANTITIES.items():
            values = [getattr(one.lines[key], attribute) if key in one.lines else np.nan for one in found]
            errors = [getattr(one.lines[key], f"{attribute}_err") if key in one.lines else np.nan for one in found]
            columns[f"{quantity}_{key}"] = [_finite(value) for value in values]
            columns[f"{quantity}_{key}_err"] = [_finite(value) or None for value in errors]  # no error is none at all
        for name in (f"rv_{key}", f"rv_{key}_err"):
            columns[name] = [
                value if key in one.lines and has_center(key, one.lines[key]) else None
                for value, one in zip(columns[name], found, strict=True)
            ]
        columns[f"profile_{key}"] = [one.lines[key].profile if key in one.lines else None for one in found]
    return columns


QUANTITIES = {"ew": "ew", "fwhm": "fwhm", "peak": "peak", "sep": "separation", "vr": "v_over_r", "rv": "rv"}
"""Numbers of a line by the beginnings of their columns' names."""


def has_center(key: str, line: LineMeasurement) -> bool:
    """
    Return whether a mirror can tell the center of a line.

    Parameters
    ----------
    key : str
        Of `spectrove.measure.CATALOG_LINES`.
    line : LineMeasurement
        What was measured.

    Returns
    -------
    bool
        False of profiles that are not alike on both sides, and of forbidden lines in absorption, which are none.
    """
    return line.profile in SYMMETRIC and not (key in FORBIDDEN and line.profile == "absorption")


def velocities_of(lines: Mapping[str, LineMeasurement]) -> list[tuple[float, float]]:
    """
    Return the velocities of lines that count for that of the spectrum.

    Parameters
    ----------
    lines : mapping of str to LineMeasurement
        By their keys.

    Returns
    -------
    list of tuple of float
        Velocity and error, km/s, of lines that have a center and stand out of the continuum by `CLEAR` times their error.
    """
    return [
        (line.rv, line.rv_err)
        for key, line in lines.items()
        if has_center(key, line) and abs(line.peak - 1) >= CLEAR * line.peak_err
    ]


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
