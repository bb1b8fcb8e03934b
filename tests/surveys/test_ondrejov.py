"""Ondřejov's CCD700: air wavelengths, two forms of file."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from astropy.io import fits

from layouts import WAVE, ondrejov_table
from spectrove.surveys import inspect, read
from spectrove.wavelength import air_to_vacuum

WATER_IN_AIR = np.array([6543.907, 6552.629, 6572.072, 6574.852])
"""Å; strong water-vapor lines of the Earth's atmosphere around Hα (Moore, Minnaert & Houtgast 1966)."""

C_KM_S = 299792.458


def the_only(path):
    (spectrum,) = read(path)
    return spectrum


def test_every_spectrum_of_the_folder_is_read_under_an_id_of_its_own(shared_data):
    paths = sorted((shared_data / "ondrejov").glob("*.fits"))
    inspections = [inspect(path) for path in paths]

    assert len({one.spectra[0].spectrum_id for one in inspections}) == len(paths) == 21
    assert {one.reader for one in inspections} == {"ondrejov"}
    assert {one.spectra[0].medium for one in inspections} == {"vacuum"}
    assert {one.spectra[0].frame for one in inspections} <= {"heliocentric", "undeclared"}
    assert all(one.spectra[0].wave[0] < 6300 and one.spectra[0].wave[-1] > 6732 for one in inspections)


def test_ids_are_those_of_the_labels_of_the_archive_whatever_the_files_are_called(shared_data):
    with (shared_data / "catalogues" / "podondra_bt-spectraldl" / "ondrejov-dataset.csv").open(newline="") as lines:
        labeled = {"ondrejov:" + row["id"].rsplit("/", 1)[1] for row in csv.DictReader(lines)}
    ids = {path.name: the_only(path).spectrum_id for path in (shared_data / "ondrejov").glob("*.fits")}

    assert set(ids.values()) <= labeled
    assert ids["bt-cmi-ondrejov.fits"] == "ondrejov:a201402110019"
    assert ids["alpha-lyr-absorption.fits"] == "ondrejov:vh130075"


def test_wavelengths_in_air_are_1_8_angstrom_shorter_at_h_alpha_and_are_converted(shared_data):
    path = shared_data / "ondrejov" / "ub240016.fits"
    in_file = fits.getdata(path, 1)["spectral"].astype(np.float64)

    spectrum = the_only(path)

    np.testing.assert_array_equal(spectrum.wave, air_to_vacuum(in_file))
    assert np.interp(6562.79, in_file, spectrum.wave) - 6562.79 == pytest.approx(1.81, abs=0.01)


def test_one_star_has_h_alpha_at_one_wavelength_at_ondrejov_and_in_lamost(shared_data):
    pair = ("ondrejov/ub240016.fits", "lamost/dr1-image/podondra_bt-spectraldl/spec-56284-GAC122S02V2_sp14-183.fits")

    def center(spectrum):
        near = np.abs(spectrum.wave - 6564.6) < 15
        excess = spectrum.flux[near] - np.min(spectrum.flux[near])
        return np.sum(spectrum.wave[near] * excess**2) / np.sum(excess**2)

    here, there = (center(the_only(shared_data / name)) for name in pair)
    assert here == pytest.approx(there, abs=0.7)


def test_the_table_gives_position_epoch_and_name(shared_data):
    header = the_only(shared_data / "ondrejov" / "ub240016.fits").header

    assert (header.ra, header.dec) == pytest.approx((120.183917, -2.881917), abs=1e-6)
    assert header.mjd == pytest.approx(55616.819329)
    assert header.designation == "HR 3135"


def test_the_old_image_is_in_air_as_the_water_of_the_atmosphere_shows(shared_data):
    path = shared_data / "ondrejov" / "oe270005.fits"
    header, spectrum = fits.getheader(path), the_only(path)
    still = spectrum.wave / (1 + header["VHELIO"] / C_KM_S)  # the lines of the Earth move by the correction to the Sun
    offsets = []
    for line in air_to_vacuum(WATER_IN_AIR):
        near = np.abs(still - line) < 1
        offsets.append(still[near][np.argmin(spectrum.flux[near])] - line)

    assert np.median(np.abs(offsets)) < 0.15  # half a pixel; had the file been in vacuum, they would be off by 1.8


def test_the_old_image_gives_the_facts_of_iraf(shared_data):
    header = the_only(shared_data / "ondrejov" / "oe270005.fits").header

    assert header.spectrum_id == "ondrejov:oe270005"
    assert header.mjd == pytest.approx(53517.93752, abs=1e-4)
    assert (header.ra, header.dec) == pytest.approx(
        (329.280, 61.269), abs=0.01
    )  # J2000; 21:57:18 +61:17:40 of 2005.4 in the file
    assert header.designation == "HD 208905"


def test_a_table_of_another_archive_is_declined(reason):
    heros = ondrejov_table(identifier="ivo://asu.cas.cz/stel/heros/abc")

    assert reason("ondrejov", heros) == "DS_IDPUB of HDU 1 is 'ivo://asu.cas.cz/stel/heros/abc', expected ivo://…/ccd700/…"


def test_a_table_in_another_unit_is_declined(reason):
    assert reason("ondrejov", ondrejov_table(unit="nm")) == "the unit of column spectral is 'nm', not 'Angstrom'"


def test_a_small_table_is_read_and_converted(only):
    spectrum = only(ondrejov_table())

    assert spectrum.spectrum_id == "ondrejov:ub240016"
    np.testing.assert_allclose(spectrum.wave, air_to_vacuum(WAVE), rtol=1e-12)
    assert spectrum.ivar is None
