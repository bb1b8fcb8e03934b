"""
A synthetic survey on disk: a noisy pool as LAMOST would write it, a clean labeled set as Ondřejov would, and the truth.

Truth is what can be seen, not what was put in. A target's emission is made strong enough that what decides its label (the peak
above the continuum, and the dip between two peaks) stands `SurveyConfig.visibility` times above the noise of one pixel, and a
nebula's that [N II] does, so that no label asks for more than an eye could see at R = 1800. A line whose peaks are closer than
that separates is a single peak, in both sets. Targets carry no spikes and no zeros.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from spectrove.contracts import BoolArray, FloatArray, Progress, make_spectrum_id, no_progress
from spectrove.errors import StorageError
from spectrove.simulate import fits
from spectrove.simulate.instrument import (
    DISTRUSTED,
    NONE,
    SPIKE,
    ZEROED,
    Conditions,
    Observed,
    StrArray,
    distrusted,
    draw_snr,
    noise,
    observe,
)
from spectrove.simulate.populations import DOUBLE, LABELED, OTHER, POOL, SINGLE, TYPES, Draws, allocate, draw, draw_types
from spectrove.simulate.settings import LAYOUTS, SurveyConfig
from spectrove.simulate.spectra import Stars, continuum, nebular_height, peak_and_dip, relative_flux
from spectrove.storage import atomic_path, storage_errors
from spectrove.wavelength import air_to_vacuum

WRITERS = {
    "lamost-dr1": (fits.lamost_dr1, ".fits"),
    "lamost-image": (fits.lamost_image, ".fits"),
    "lamost-table": (fits.lamost_table, ".fits.gz"),
}

FIRST_NIGHTS = {"lamost-dr1": 55_860, "lamost-image": 57_000, "lamost-table": 59_600}
"""LMJD of each layout's first plan, about when the real releases observed."""

FIBERS, SPECTROGRAPHS = 250, 16
"""LAMOST's fibers a spectrograph, and its spectrographs (Cui et al. 2012, RAA, 12, 1197)."""

CCD700_STEP = 0.2567
"""Å, a pixel of the real CCD700 spectra."""

CCD700_SNR = (50.0, 300.0)
"""Range of the labeled set's signal-to-noise ratios, "only well-exposed spectra" (paper, sect. 3.3)."""

COLUMNS = (
    "spectrum_id", "file", "label", "subtype", "ew", "ew_absorption", "fwhm", "separation", "v_over_r", "rv", "snr", "visibility",
    "artefact",
)  # fmt: skip
"""
Columns of both tables; what a spectrum does not have is empty.

``ew`` is the stellar emission's equivalent width, Å, negative; ``ew_absorption`` the photosphere's, Å, positive; ``fwhm`` (of
each peak) and ``separation`` are intrinsic, Å; ``rv`` km/s; ``snr`` the continuum's, a pixel; ``visibility`` the height of what
decides a target's label over the noise.
"""

Row = dict[str, Any]
"""One line of a table."""


@dataclass(frozen=True)
class SurveyFiles:
    """
    Where a synthetic survey lies.

    Attributes
    ----------
    directory : Path
        All of it.
    pool : Path
        Directory of the pool's FITS files, ``<planid>/spec-….fits``.
    labeled : Path
        Directory of the labeled set's FITS files.
    labels : Path
        CSV table of the labeled set.
    truth : Path
        CSV table of the pool, for an oracle.
    description : Path
        JSON: settings and counts.
    """

    directory: Path
    pool: Path
    labeled: Path
    labels: Path
    truth: Path
    description: Path


def survey_files(directory: Path) -> SurveyFiles:
    """
    Return where the parts of a survey lie in its directory.

    Parameters
    ----------
    directory : Path
        The survey's directory.

    Returns
    -------
    SurveyFiles
        The paths, whether they exist or not.
    """
    return SurveyFiles(
        directory,
        directory / "pool",
        directory / "labeled",
        directory / "labels.csv",
        directory / "truth.csv",
        directory / "survey.json",
    )


def simulate_survey(
    directory: Path, config: SurveyConfig, generator: np.random.Generator, progress: Progress = no_progress
) -> SurveyFiles:
    """
    Write a synthetic survey; the same generator state and settings give the same bytes.

    Parameters
    ----------
    directory : Path
        New or empty; it appears when everything is written and not before.
    config : SurveyConfig
        What the survey is like.
    generator : numpy.random.Generator
        Six numbers are drawn from it, the seeds of everything else.
    progress : Progress
        Called after every chunk.

    Returns
    -------
    SurveyFiles
        What was written.

    Raises
    ------
    StorageError
        If the directory is not empty, the disk is full or cannot be written.
    """
    if directory.is_dir() and any(directory.iterdir()):
        msg = f"{directory}: is not empty, expected a new or empty directory for the survey. Choose another, or remove it first."
        raise StorageError(msg)
    if directory.exists() and not directory.is_dir():
        msg = f"{directory}: is a file, expected a new or empty directory for the survey. Choose another name."
        raise StorageError(msg)
    with storage_errors(directory):
        directory.parent.mkdir(parents=True, exist_ok=True)
    seeds = [np.random.default_rng(int(seed)) for seed in generator.integers(2**63, size=6)]
    with atomic_path(directory) as partial:
        files = survey_files(partial)
        files.pool.mkdir(parents=True)
        files.labeled.mkdir()
        pool_counts = _write_table(files.truth, _pool(files, config, seeds[:3], progress))
        labeled_counts = _write_table(files.labels, _labeled(files, config, seeds[3:], progress))
        settings = {name: value for name, value in asdict(config).items() if name != "chunk_size"}
        description = {"config": settings, "pool": pool_counts, "labeled": labeled_counts}
        files.description.write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    return survey_files(directory)


def _pool_kinds(config: SurveyConfig, generator: np.random.Generator) -> list[str]:
    targets = round(config.target_fraction * config.n_pool)
    doubles = round(config.double_fraction * targets)
    counts = {SINGLE: targets - doubles, DOUBLE: doubles, OTHER: config.n_pool - targets}
    return draw_types(counts, POOL, generator)


def _labeled_kinds(config: SurveyConfig, generator: np.random.Generator) -> list[str]:
    shares = np.array([config.labeled_single, config.labeled_double, 1 - config.labeled_single - config.labeled_double])
    counts = dict(zip((SINGLE, DOUBLE, OTHER), (int(n) for n in allocate(config.n_labeled, shares)), strict=True))
    return draw_types(counts, LABELED, generator)


def _made_visible(stars: Stars, snr: FloatArray, config: SurveyConfig) -> tuple[Stars, FloatArray]:
    """
    Strengthen emission that nobody could see, or could not tell from a star's because [N II] is lost in the noise.

    Also return the least height of what decides a target's label, in units of the noise.
    """
    peak, dip = peak_and_dip(stars, config.pool_resolving_power)
    noticed = config.visibility / snr
    least = np.maximum((noticed + stars.depth) / peak, noticed / dip)
    emission = np.where(stars.emission > 0, np.maximum(stars.emission, least), 0.0)
    nitrogen = nebular_height(config.pool_resolving_power) * stars.nitrogen
    nebular = np.where(stars.nebular > 0, np.maximum(stars.nebular, noticed / nitrogen), 0.0)
    return replace(stars, emission=emission, nebular=nebular), snr * np.minimum(emission * peak - stars.depth, emission * dip)


def _artefacts(draws: Draws, strong: BoolArray, config: SurveyConfig) -> StrArray:
    targets = np.array([TYPES[kind].label != OTHER for kind in draws.kinds])
    chance = draws.chances["artefact"]
    spoiled = np.where(
        chance < config.spike_fraction, SPIKE, np.where(chance < config.spike_fraction + config.zeroed_fraction, ZEROED, NONE)
    )
    return np.where(targets, np.where(strong, DISTRUSTED, NONE), spoiled)


def _pool(files: SurveyFiles, config: SurveyConfig, generators: list[np.random.Generator], progress: Progress) -> Iterator[Row]:
    """Write the pool's files; yield the truth of each."""
    order, evenly, normally = generators
    kinds = _pool_kinds(config, order)
    layouts = order.permutation(np.repeat(np.array(LAYOUTS), allocate(config.n_pool, np.array(config.layout_shares))))
    coeff0 = round(float(np.log10(config.pool_wave[0])), 4)
    wave = fits.lamost_wave(coeff0, 1 + int(np.floor((np.log10(config.pool_wave[1]) - coeff0) / fits.LOG_STEP)))
    so_far = Counter[str]()
    for draws in draw(kinds, wave.size + 2, config.chunk_size, evenly, normally):
        snr = draw_snr(draws.chances["snr"], config.snr_median, config.snr_spread)
        stars, visibility = _made_visible(draws.stars, snr, config)
        part = layouts[draws.first : draws.first + len(draws.kinds)]
        relative = relative_flux(wave, stars, config.pool_resolving_power)
        level = continuum(wave, stars)
        strong = (part == "lamost-dr1") & distrusted(wave, relative / level).any(axis=1)
        artefact = _artefacts(draws, strong, config)
        shape = np.stack([draws.chances[name] for name in ("place", "size", "strength")], axis=1)
        conditions = Conditions(snr, 10 ** (1.5 + 2 * draws.chances["scale"]), artefact, shape, draws.normals)
        observed = observe(wave, relative, level, conditions)
        for row in range(len(draws.kinds)):
            layout = str(part[row])
            exposure = _exposure(layout, so_far[layout], draws, row, None if artefact[row] == ZEROED else float(snr[row]))
            so_far[layout] += 1
            file = _write_exposure(files, layout, exposure, _pixels(coeff0, observed, row))
            truth = {"spectrum_id": make_spectrum_id("lamost", exposure.key), "file": file, "artefact": str(artefact[row])}
            yield truth | _truth(draws.kinds[row], stars, row, snr[row], visibility[row])
        progress("simulating the pool", draws.first + len(draws.kinds), len(kinds))


def _exposure(layout: str, ordinal: int, draws: Draws, row: int, snr: float | None) -> fits.Exposure:
    """Give a spectrum the next free fiber of its layout's plans, one plan a night."""
    plan, place = divmod(ordinal, FIBERS * SPECTROGRAPHS)
    spid, fiberid = 1 + place // FIBERS, 1 + place % FIBERS
    release = LAYOUTS.index(layout) + 1
    ra, dec = _position(draws, row)
    return fits.Exposure(
        planid=f"SYN{release}P{plan + 1:03d}", lmjd=FIRST_NIGHTS[layout] + plan, spid=spid, fiberid=fiberid,
        obsid=(9000 + 300 * (release - 1) + plan) * 100_000 + spid * 1000 + fiberid,
        ra=ra, dec=dec, snr=snr, pipeline=TYPES[draws.kinds[row]].pipeline,
    )  # fmt: skip


def _position(draws: Draws, row: int) -> tuple[float, float]:
    """Return a place in LAMOST's sky, -10° to 60° (Luo et al. 2015, RAA, 15, 1095), evenly in area."""
    low, high = np.sin(np.deg2rad([-10.0, 60.0]))
    return float(360 * draws.chances["ra"][row]), float(np.rad2deg(np.arcsin(low + (high - low) * draws.chances["dec"][row])))


def _pixels(coeff0: float, observed: Observed, row: int) -> fits.Pixels:
    return fits.Pixels(coeff0, observed.flux[row], observed.ivar[row], observed.normalized[row], observed.flagged[row])


def _write_exposure(files: SurveyFiles, layout: str, exposure: fits.Exposure, pixels: fits.Pixels) -> str:
    """Write one pool file; return its name within the survey."""
    writer, ending = WRITERS[layout]
    path = files.pool / exposure.planid / f"spec-{exposure.key}{ending}"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(writer(exposure, pixels))
    return path.relative_to(files.directory).as_posix()


def _labeled(
    files: SurveyFiles, config: SurveyConfig, generators: list[np.random.Generator], progress: Progress
) -> Iterator[Row]:
    """Write the labeled set's files; yield the label of each."""
    order, evenly, normally = generators
    kinds = _labeled_kinds(config, order)
    in_air = np.arange(config.labeled_wave[0], config.labeled_wave[1], CCD700_STEP)
    wave = air_to_vacuum(in_air)
    faintest, brightest = CCD700_SNR
    for draws in draw(kinds, wave.size + 2, config.chunk_size, evenly, normally):
        snr = faintest * (brightest / faintest) ** draws.chances["snr"]
        stars, visibility = _made_visible(draws.stars, snr, config)
        flux = relative_flux(wave, stars, config.labeled_resolving_power) + noise(draws.normals, snr, neighbor=0)
        flux = np.round(flux, 8)  # as many digits as the archive's own files have
        for row, kind in enumerate(draws.kinds):
            key = f"sy{draws.first + row:06d}"
            ra_dec_mjd = (*_position(draws, row), 50_000 + 7000 * float(draws.chances["mjd"][row]))
            path = files.labeled / f"{key}.fits"
            path.write_bytes(fits.ccd700_table(key, f"SYN {draws.first + row:06d}", ra_dec_mjd, in_air, flux[row]))
            file = path.relative_to(files.directory).as_posix()
            truth = {"spectrum_id": make_spectrum_id("ondrejov", key), "file": file, "artefact": NONE}
            yield truth | _truth(kind, stars, row, snr[row], visibility[row])
        progress("simulating the labeled set", draws.first + len(draws.kinds), len(kinds))


def _truth(kind: str, stars: Stars, row: int, snr: float, visibility: float) -> Row:
    line: Row = {"label": TYPES[kind].label, "subtype": kind, "rv": stars.rv[row], "snr": snr}
    if stars.depth[row] > 0:
        line["ew_absorption"] = stars.rows(slice(row, row + 1)).absorption[0]
    if stars.emission[row] > 0:
        line |= {"ew": -stars.emission[row], "fwhm": stars.fwhm[row], "v_over_r": stars.v_over_r[row], "visibility": visibility}
    if stars.separation[row] > 0:
        line["separation"] = stars.separation[row]
    return line


def _write_table(path: Path, lines: Iterator[Row]) -> dict[str, dict[str, int]]:
    """Write a table line by line; return how often each label, kind and artefact occurs in it."""
    counts: dict[str, Counter[str]] = {"label": Counter(), "subtype": Counter(), "artefact": Counter()}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        for line in lines:
            writer.writerow({name: f"{value:.3f}" if isinstance(value, float) else value for name, value in line.items()})
            for name, counter in counts.items():
                counter[line[name]] += 1
    return {name: {value or "none": n for value, n in sorted(counter.items())} for name, counter in counts.items()}
