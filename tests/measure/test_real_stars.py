"""Real emission stars, observed with two telescopes: their lines agree as far as their errors say."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import EarthLocation, SkyCoord
from astropy.time import Time
from astropy.utils import iers
from scipy.ndimage import gaussian_filter1d

from spectrove.lines import H_ALPHA
from spectrove.measure import config_of, measure_line
from spectrove.surveys import read

LAMOST_POWER, CCD700_POWER = 1800, 13_000

ONDREJOV = EarthLocation.from_geodetic(14.78 * u.deg, 49.91 * u.deg, 528 * u.m)
"""Perek 2 m telescope."""


def spectrum_of(path: Path):
    return next(iter(read(path)))


def measured(path: Path, resolving_power: float, rv_part: str = "wings"):
    spectrum = spectrum_of(path)
    config = config_of(H_ALPHA, resolving_power=resolving_power)
    return measure_line(
        spectrum.wave, spectrum.flux, spectrum.ivar, H_ALPHA, config, generator=np.random.default_rng(1), rv_part=rv_part
    )


def lamost_files(shared_data: Path) -> dict[str, Path]:
    return {path.name.split(".fits")[0]: path for path in (shared_data / "lamost").rglob("*.fits*")}


def pairs(shared_data: Path):
    files = lamost_files(shared_data)
    with (shared_data / "ondrejov" / "cross-matched.csv").open(encoding="utf-8") as rows:
        told = [*csv.reader(rows), ["bt-cmi-ondrejov.fits", "bt-cmi-lamost.fits"]]
    return [(shared_data / "ondrejov" / one, files[other.split(".fits")[0]]) for one, other in told]


def test_bt_cmi_has_one_velocity_at_ondrejov_and_in_lamost(shared_data):
    ondrejov, lamost = (
        measured(path, power) for path, power in zip(pairs(shared_data)[-1], (CCD700_POWER, LAMOST_POWER), strict=True)
    )
    assert abs(ondrejov.rv - lamost.rv) < 2 * np.hypot(ondrejov.rv_err, lamost.rv_err)
    assert abs(ondrejov.rv) < 25
    assert abs(lamost.rv) < 25
    # in air, 1.8 Å off, it would be 83 km/s less
    assert max(ondrejov.rv_err, lamost.rv_err) < 15


def test_bt_cmi_is_double_at_ondrejov_and_single_in_lamost(shared_data):
    ondrejov, lamost = (
        measured(path, power) for path, power in zip(pairs(shared_data)[-1], (CCD700_POWER, LAMOST_POWER), strict=True)
    )
    assert (ondrejov.profile, ondrejov.n_peaks) == ("double", 2)
    assert 150 < ondrejov.separation < 250
    assert (lamost.profile, lamost.n_peaks) == ("single", 1)
    assert ondrejov.fwhm < lamost.fwhm  # what LAMOST blurs is wider


@pytest.mark.parametrize("name", ["ub240016.fits", "bt-cmi-ondrejov.fits", "a201504150031.fits"])
def test_velocities_of_the_emission_stars_agree_within_their_errors(name, shared_data):
    files = {one.name: (one, other) for one, other in pairs(shared_data)}
    ondrejov, lamost = (measured(path, power) for path, power in zip(files[name], (CCD700_POWER, LAMOST_POWER), strict=True))
    assert ondrejov.ew < -3
    assert lamost.ew < -3
    assert abs(ondrejov.rv - lamost.rv) < 2 * np.hypot(ondrejov.rv_err, lamost.rv_err)


def test_two_telescopes_measure_the_same_strength_of_absorption(shared_data):
    differences = []
    for one, other in pairs(shared_data):
        ondrejov, lamost = measured(one, CCD700_POWER), measured(other, LAMOST_POWER)
        if ondrejov.ew > 0 and lamost.ew > 0:
            differences.append((ondrejov.ew - lamost.ew) / np.hypot(ondrejov.ew_err, lamost.ew_err))
    assert len(differences) >= 12
    assert abs(np.median(differences)) < 1
    assert np.median(np.abs(differences)) < 1.5


def test_the_distrusted_peak_of_hr_3135_is_measured(shared_data):
    path = lamost_files(shared_data)["spec-56284-GAC122S02V2_sp14-183"]
    spectrum = spectrum_of(path)
    near = np.abs(spectrum.wave - H_ALPHA.wave) < 8
    found = measured(path, LAMOST_POWER)
    assert (spectrum.ivar[near] == 0).sum() >= 3
    assert found.peak > 6
    assert found.profile == "single"


def test_wavelengths_of_ccd700_are_reduced_to_the_sun(shared_data):
    """Telluric oxygen lines are displaced by the Earth's velocity, so no correction is to be applied to the star's."""
    grid = np.arange(np.log(6285), np.log(6318), 6e-6)
    spectra = []
    for path in sorted((shared_data / "ondrejov").glob("*.fits")):
        spectrum = spectrum_of(path)
        facts = spectrum.header
        place = SkyCoord(facts.ra * u.deg, facts.dec * u.deg)
        with iers.conf.set_temp("auto_download", value=False):
            earth = place.radial_velocity_correction("barycentric", obstime=Time(facts.mjd, format="mjd"), location=ONDREJOV)
        flux = np.interp(grid, np.log(spectrum.wave), spectrum.flux)
        flux /= gaussian_filter1d(flux, 300)
        spectra.append((earth.to_value(u.km / u.s), gaussian_filter1d(flux, 5) - gaussian_filter1d(flux, 40)))
    expected, seen = [], []
    lags = np.arange(-35, 36)
    for row, (velocity, lines) in enumerate(spectra):
        rolled = np.array([np.roll(lines, lag)[50:-50] for lag in lags])
        rolled = (rolled - rolled.mean(axis=1, keepdims=True)) / rolled.std(axis=1, keepdims=True)
        for other_velocity, others in spectra[:row]:
            piece = others[50:-50]
            alike = rolled @ (piece - piece.mean()) / piece.std() / piece.size
            if alike.max() > 0.8 and abs(velocity - other_velocity) > 8:
                expected.append(velocity - other_velocity)
                seen.append(-lags[int(np.argmax(alike))] * 6e-6 * 299_792.458)
    assert len(seen) > 20
    slope = np.polyfit(expected, seen, 1)[0]
    assert slope == pytest.approx(1.0, abs=0.15)
