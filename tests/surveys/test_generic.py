"""What specutils reads, and what it would only guess."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from astropy.io import fits

from layouts import FLUX, N_PIXELS, WAVE, as_bytes
from spectrove.surveys import inspect, read
from spectrove.wavelength import air_to_vacuum

pytest.importorskip("specutils", reason="specutils is an extra and is not installed")

READ = {
    "astropy_specutils/L5g_0355+11_Cruz09.fits": (1, 6100.0, 10250.0),
    "astropy_specutils/coadd-5-169-thru20210419.fits": (15, 3600.0, 9824.0),
    "astropy_specutils/coadd-sv3-dark-26065.fits": (15, 3600.0, 9824.0),
    "dnidever_doppler/apVisit-r13-5095-55844-128.fits": (1, 15142.69, 16954.79),
    "robert-klement_SED_fitting_for_Be_stars/hpolccd_bet-cmi_19950208r_hw.fits": (1, 6012.0, 10808.0),
    "robert-klement_SED_fitting_for_Be_stars/hpolccd_bet-cmi_19950325r_hw.fits": (1, 6000.0, 10796.0),
}
"""Files of other surveys that are read: number of spectra, first and last wavelength as their headers and tables give them."""

NO_WAVELENGTH = "Could not identify column containing the wavelength"
DECLINED = {
    "Samreay_Marz/emlLinearSkyAirHelio.fits": "wcs1d-fits: specutils cannot read it (AttributeError",
    "Samreay_Marz/emlLinearSkyAirHelioCMB.fits": "wcs1d-fits: specutils cannot read it (AttributeError",
    "Samreay_Marz/emlLinearSkyAirNoHelio.fits": "wcs1d-fits: specutils cannot read it (AttributeError",
    "Samreay_Marz/emlLinearVacuumNoHelio.fits": "wcs1d-fits: specutils cannot read it (AttributeError",
    "astropy_specutils/UM669_nF.fits": "wcs1d-fits: wavelengths are logarithmic (DC-FLAG is 1)",
    "gaia-dpci_GaiaXPy/XP_SAMPLED_RAW_dr3int6.csv": "no loader of specutils knows the format",
    "gaia-dpci_GaiaXPy/XP_SAMPLED_RAW_dr3int6.ecsv": f"ECSV: specutils cannot read it (OSError: {NO_WAVELENGTH}",
    "gaia-dpci_GaiaXPy/XP_SAMPLED_RAW_dr3int6.fits": f"tabular-fits: specutils cannot read it (OSError: {NO_WAVELENGTH}",
    "gaia-dpci_GaiaXPy/XP_SAMPLED_RAW_dr3int6.v713fe0.ecsv": f"ECSV: specutils cannot read it (OSError: {NO_WAVELENGTH}",
    "gaia-dpci_GaiaXPy/XP_SAMPLED_RAW_dr3int6.vcad308.csv": "no loader of specutils knows the format",
    "gaia-dpci_GaiaXPy/XP_SAMPLED_RAW_votable_dr3int6.xml": "no loader of specutils knows the format",
    "gaia-dpci_GaiaXPy/XP_SAMPLED_RAW_votable_plain_dr3int6.xml": "no loader of specutils knows the format",
    "weaverba137_pydl/spPlate-4055-55359-0020.fits": "SDSS spPlate: specutils cannot read it (IndexError",
}
"""Files of other surveys that nobody reads: how the reason of the specutils reader begins."""


def image(flux=FLUX, **header):
    """Return an image of one row with a linear dispersion, 1.5 Å a pixel from 6500 Å unless ``header`` says otherwise."""
    usual = {"CTYPE1": "WAVE", "CUNIT1": "Angstrom", "CRVAL1": 6500.0, "CRPIX1": 1.0, "CDELT1": 1.5}
    return as_bytes(fits.PrimaryHDU(np.asarray(flux, dtype=np.float32), fits.Header({**usual, **header})))


def table(unit, values=WAVE, **columns):
    """Return a table with a column of wavelengths in a unit and one of flux."""
    given = [fits.Column("x", "D", unit=unit, array=values), fits.Column("y", "D", unit="erg / (s cm2 Angstrom)", array=FLUX)]
    more = [fits.Column(name, "D", unit="erg / (s cm2 Angstrom)", array=array) for name, array in columns.items()]
    return as_bytes(fits.PrimaryHDU(), fits.BinTableHDU.from_columns(given + more))


class TestTheFolderOfOtherSurveys:
    def test_every_file_of_it_is_listed_here(self, shared_data):
        found = {str(path.relative_to(shared_data / "other")) for path in (shared_data / "other").glob("*/*")}

        assert found == set(READ) | set(DECLINED)

    @pytest.mark.parametrize("name", READ)
    def test_what_is_read_has_the_wavelengths_of_the_file_and_rises(self, shared_data, name):
        inspection = inspect(shared_data / "other" / name)
        count, first, last = READ[name]

        assert inspection.reader == "specutils"
        assert len({one.spectrum_id for one in inspection.spectra}) == count
        assert min(one.wave[0] for one in inspection.spectra) == pytest.approx(first, abs=0.01)
        assert max(one.wave[-1] for one in inspection.spectra) == pytest.approx(last, abs=0.01)
        assert {one.medium for one in inspection.spectra} == {"undeclared"}

    @pytest.mark.parametrize("name", DECLINED)
    def test_what_is_not_read_has_its_reason(self, shared_data, name):
        inspection = inspect(shared_data / "other" / name)

        assert inspection.reader is None
        assert inspection.declined["specutils"].startswith(DECLINED[name])

    def test_medium_resolution_of_lamost_is_left_to_a_reader_of_its_own(self, shared_data):
        for path in sorted((shared_data / "lamost-mrs").glob("*/*")):
            inspection = inspect(path)
            assert inspection.reader is None
            assert NO_WAVELENGTH in inspection.declined["specutils"]

    def test_desi_gives_a_spectrum_for_each_target_and_arm_with_its_weights(self, shared_data):
        path = shared_data / "other" / "astropy_specutils" / "coadd-5-169-thru20210419.fits"
        spectra = list(read(path))
        with fits.open(path) as hdus:
            flux, ivar, mask = (hdus[f"R_{name}"].data.astype(np.float64) for name in ("FLUX", "IVAR", "MASK"))

        assert spectra[6].spectrum_id == "specutils:coadd-5-169-thru20210419-7"
        np.testing.assert_array_equal(spectra[6].flux, flux[1])
        np.testing.assert_allclose(spectra[6].ivar, ivar[1])
        np.testing.assert_array_equal(spectra[6].mask, mask[1] != 0)

    def test_apogee_falls_in_the_file_and_rises_here(self, shared_data):
        path = shared_data / "other" / "dnidever_doppler" / "apVisit-r13-5095-55844-128.fits"
        (spectrum,) = read(path)
        with fits.open(path) as hdus:
            wave, flux = hdus[4].data.reshape(-1), hdus[1].data.reshape(-1)

        np.testing.assert_allclose(spectrum.wave, np.sort(wave))
        np.testing.assert_array_equal(spectrum.flux, flux[np.argsort(wave)].astype(np.float64))


class TestWavelengths:
    @pytest.mark.parametrize(
        ("header", "wave", "medium"),
        [
            ({"CTYPE1": "WAVE"}, 6500.0, "vacuum"),
            ({"CTYPE1": "AWAV"}, float(air_to_vacuum(np.array(6500.0))), "vacuum"),
            ({"CTYPE1": "LINEAR"}, 6500.0, "undeclared"),
            ({"CTYPE1": "LINEAR", "VACUUM": True}, 6500.0, "vacuum"),
            ({"CTYPE1": "LINEAR", "VACUUM": False}, float(air_to_vacuum(np.array(6500.0))), "vacuum"),
        ],
    )
    def test_the_medium_is_what_the_header_says(self, only, header, wave, medium):
        spectrum = only(image(**header), "spectrum.fits")

        assert spectrum.medium == medium
        assert spectrum.wave[0] == pytest.approx(wave, abs=1e-6)

    def test_other_units_of_length_become_angstrom(self, only):
        spectrum = only(image(CUNIT1="nm", CRVAL1=650.0, CDELT1=0.15), "spectrum.fits")

        np.testing.assert_allclose(spectrum.wave, 6500 + 1.5 * np.arange(N_PIXELS), rtol=1e-9)

    def test_a_unit_that_the_header_does_not_name_is_not_guessed(self, reason):
        assert reason("specutils", image(CTYPE1="LINEAR", CUNIT1="")) == (
            "wcs1d-fits: the header names no unit of wavelength (CUNIT1, WAT1_001), and specutils would guess Å"
        )

    def test_logarithmic_wavelengths_are_not_taken_for_linear_ones(self, reason):
        log = image(CTYPE1="LINEAR", CRVAL1=3.8, CDELT1=1e-4, **{"DC-FLAG": 1})

        assert "wavelengths are logarithmic" in reason("specutils", log)

    @pytest.mark.parametrize(("unit", "values"), [("GHz", WAVE), ("eV", WAVE)])
    def test_what_is_no_length_is_declined(self, reason, unit, values):
        assert f"its dispersion axis is in {unit}, no length" in reason("specutils", table(unit, values))

    def test_lengths_that_are_no_light_are_declined(self, reason):
        assert "specutils reads wavelengths from" in reason("specutils", table("mm", np.arange(5.0, 5 + N_PIXELS)))

    def test_wavelengths_in_no_order_are_declined(self, reason):
        assert "must be strictly increasing or decreasing" in reason("specutils", table("Angstrom", 6500 + np.sin(WAVE)))

    def test_falling_wavelengths_are_turned_around(self, only):
        spectrum = only(table("Angstrom", WAVE[::-1]))

        np.testing.assert_allclose(spectrum.wave, WAVE)
        np.testing.assert_allclose(spectrum.flux, FLUX[::-1])

    def test_errors_become_inverse_variances(self, only):
        spectrum = only(table("Angstrom", err=np.full(N_PIXELS, 2.0)))

        np.testing.assert_allclose(spectrum.ivar, 0.25)


class TestTheExtra:
    def test_without_specutils_the_reader_says_how_to_get_it(self, reason, monkeypatch):
        monkeypatch.setitem(sys.modules, "specutils", None)

        assert reason("specutils", image(), "a.fits") == "specutils is not installed (pip install spectrove[specutils])"

    def test_a_file_that_another_reader_takes_is_not_offered_to_specutils(self, shared_data, monkeypatch):
        monkeypatch.setitem(sys.modules, "specutils", None)
        path = next((shared_data / "sdss").glob("*/spec-2942-*"))

        assert inspect(path).declined["specutils"] == "not asked, as sdss-spec takes the file"
        assert len(list(read(path))) == 1

    def test_the_key_is_the_files_name_and_the_designation_its_object(self, only):
        spectrum = only(image(OBJECT="bet CMi"), "night1.fits.gz")

        assert spectrum.spectrum_id == "specutils:night1"
        assert spectrum.header.designation == "bet CMi"
