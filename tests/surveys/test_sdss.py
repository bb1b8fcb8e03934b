"""SDSS spec files."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from layouts import FLUX, WAVE, sdss_spec
from spectrove.surveys import inspect, read


def test_every_file_of_the_folder_is_read_under_the_name_in_its_tables(shared_data):
    paths = sorted((shared_data / "sdss").glob("*/*"))
    inspections = [inspect(path) for path in paths]

    assert [one.spectra[0].spectrum_id for one in inspections] == [f"sdss:{path.stem.removeprefix('spec-')}" for path in paths]
    assert {one.reader for one in inspections} == {"sdss-spec"}
    assert len(paths) == 18


def test_wavelengths_are_in_vacuum_and_every_pixel_is_kept(shared_data):
    path = next((shared_data / "sdss").glob("*/spec-4055-55359-0010.fits"))
    table = fits.getdata(path, "COADD")

    (spectrum,) = read(path)

    assert fits.getheader(path)["VACUUM"] is True
    assert spectrum.medium == "vacuum"
    assert spectrum.frame == "heliocentric"
    np.testing.assert_allclose(spectrum.wave, 10 ** table["loglam"].astype(np.float64), rtol=1e-12)
    np.testing.assert_array_equal(spectrum.flux, table["flux"].astype(np.float64))
    np.testing.assert_array_equal(spectrum.ivar, table["ivar"].astype(np.float64))
    np.testing.assert_array_equal(spectrum.mask, table["and_mask"] != 0)
    assert np.any(spectrum.ivar == 0)


def test_the_table_about_the_object_gives_the_facts(shared_data):
    (spectrum,) = read(next((shared_data / "sdss").glob("*/spec-2942-54521-0124.fits")))
    header = spectrum.header

    assert (header.plate, header.fiberid, header.mjd) == (2942, 124, 54521)
    assert (header.ra, header.dec) == pytest.approx((71.274207, -6.777797))
    assert (header.spectral_class, header.subclass) == ("STAR", "G2")
    assert header.snr == pytest.approx(96.23, abs=0.01)  # r of the five bands u g r i z
    assert header.obsid == "3312431686641281024"


def test_an_empty_subclass_is_no_fact(shared_data):
    (spectrum,) = read(next((shared_data / "sdss").glob("*/spec-10000-57346-0002.fits")))

    assert (spectrum.header.spectral_class, spectrum.header.subclass) == ("QSO", None)


def test_a_small_file_is_read(only):
    spectrum = only(sdss_spec())

    assert spectrum.spectrum_id == "sdss:0272-51941-0046"
    np.testing.assert_allclose(spectrum.wave, WAVE, rtol=1e-6)
    np.testing.assert_allclose(spectrum.flux, FLUX, rtol=1e-6)
    assert np.flatnonzero(spectrum.mask).tolist() == [7]
    assert spectrum.header.snr == 3


def test_a_table_that_names_no_spectrum_is_declined(reason):
    assert reason("sdss-spec", sdss_spec(PLATE=-9999)) == "HDU SPALL gives no PLATE, which name the spectrum"


def test_a_whole_plate_is_no_spec_file(shared_data):
    (path,) = (shared_data / "other").glob("*/spPlate*")

    assert inspect(path).declined["sdss-spec"] == "no HDU is named COADD (there are PRIMARY)"
