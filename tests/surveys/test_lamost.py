"""LAMOST's three layouts, and the traps of its real files."""

from __future__ import annotations

import csv
from dataclasses import dataclass

import numpy as np
import pytest
from astropy.io import fits

from layouts import COEFF0, COEFF1, FLUX, WAVE, lamost_image, lamost_table, packed
from spectrove.errors import DamagedFileError
from spectrove.spectrum import HeaderFacts
from spectrove.surveys import SurveyFile, read, reader_of, readers
from spectrove.surveys.facts import PLACEHOLDERS

WINDOW = (6519, 6732)
BE_STAR = "dr1-image/podondra_bt-spectraldl/spec-56284-GAC122S02V2_sp14-183.fits"


def the_only(path):
    (spectrum,) = read(path)
    return spectrum


def header_grid(path, n_pixels):
    """Return the wavelengths that COEFF0 and COEFF1 give."""
    header = fits.getheader(path)
    return 10 ** (header["COEFF0"] + header["COEFF1"] * np.arange(n_pixels))


def named(folder, pattern):
    found = sorted(folder.glob(pattern))
    assert len(found) == 1
    return found[0]


@dataclass(frozen=True)
class Seen:
    """What is kept of a file for the tests of the whole folder."""

    reader: str
    header: HeaderFacts
    n_pixels: int
    first: float
    off_grid: float
    medium: str
    frame: str


@pytest.fixture(scope="module")
def everything(shared_data):
    """Return what is read from each of the 1,349 files, by the file's name in labels.csv."""
    seen = {}
    for path in sorted((shared_data / "lamost").glob("d*/*/*")):
        with SurveyFile(path) as file:
            reader = reader_of(file)
            (spectrum,) = reader.read(file)
            header = file.hdus[0].header
        grid = 10 ** (header["COEFF0"] + header["COEFF1"] * np.arange(spectrum.wave.size))
        seen[str(path.relative_to(shared_data))] = Seen(
            reader.name,
            spectrum.header,
            spectrum.wave.size,
            spectrum.wave[0],
            float(np.max(np.abs(spectrum.wave - grid))),
            spectrum.medium,
            spectrum.frame,
        )
    return seen


@pytest.fixture(scope="module")
def labels(shared_data):
    with (shared_data / "lamost" / "labels.csv").open(newline="") as lines:
        return {row["file"]: row for row in csv.DictReader(lines)}


class TestTheWholeFolder:
    def test_every_file_is_read_by_the_reader_of_its_layout(self, everything):
        expected = {"dr1-image": "lamost-dr1", "dr2-dr8-image": "lamost-image", "dr9-table": "lamost-table"}

        assert {name: seen.reader for name, seen in everything.items()} == {
            name: expected[name.split("/")[1]] for name in everything
        }
        assert len(everything) == 1349

    def test_the_headers_facts_are_those_of_the_table_of_labels(self, everything, labels):
        def known(cell):
            return None if cell.lower() in PLACEHOLDERS else cell

        def facts(header):
            return {
                "obsid": header.obsid,
                "planid": header.planid,
                "spid": str(header.spid),
                "fiberid": str(header.fiberid),
                "lamost_class": header.spectral_class,
                "lamost_subclass": header.subclass,
                "designation": header.designation,
                "release": header.release,
            }

        wrong = []
        for name, seen in everything.items():
            row = labels[name]
            expected = {key: known(row[key]) for key in facts(seen.header)} | {"release": row["release"] or row["pipeline"]}
            near = abs(float(row["ra"]) - seen.header.ra) < 1e-6 and abs(float(row["dec"]) - seen.header.dec) < 1e-6
            if facts(seen.header) != expected or not near:
                wrong.append(name)
        assert wrong == []

    def test_every_spectrum_has_an_id_of_its_own_whatever_the_files_are_called(self, everything):
        ids = {seen.header.spectrum_id for seen in everything.values()}

        assert len(ids) == 1349
        unlike = [name for name, seen in everything.items() if seen.header.key not in name]
        assert len(unlike) == 10
        assert any(name.endswith("/101008.fits") for name in unlike)

    def test_lengths_vary_and_wavelengths_are_those_of_the_header(self, everything):
        lengths = {seen.n_pixels for seen in everything.values()}

        assert (min(lengths), max(lengths)) == (3820, 3909)
        assert {seen.medium for seen in everything.values()} == {"vacuum"}
        assert {seen.frame for seen in everything.values()} == {"heliocentric"}
        assert all(3699 < seen.first < 3701 for seen in everything.values())
        assert max(seen.off_grid for seen in everything.values()) < 0.036

    def test_an_unknown_signal_to_noise_ratio_is_none_and_a_capped_one_is_kept(self, everything, labels):
        unknown = {name for name, seen in everything.items() if seen.header.snr is None}

        assert unknown == {name for name, row in labels.items() if float(row["snr_r"]) == -9999}
        assert len(unknown) == 8
        assert sum(seen.header.snr == 999 for seen in everything.values()) == 5
        for name, seen in everything.items():
            assert seen.header.snr in (None, float(labels[name]["snr_r"]))

    def test_the_epoch_is_the_night_of_the_local_date_though_mjd_is_two_days_late_in_old_pipelines(self, everything, labels):
        late = {
            float(labels[name]["mjd"]) - np.floor(seen.header.mjd)
            for name, seen in everything.items()
            if "DR" not in seen.header.release
        }

        assert late == {2.0}
        for seen in everything.values():
            assert int(seen.header.key.split("-")[0]) - np.floor(seen.header.mjd) == 1


class TestTheTraps:
    def test_row_3_of_dr1_is_the_normalized_flux_and_no_wavelength(self, shared_data):
        path = shared_data / "lamost" / BE_STAR
        row = fits.getdata(path)[2]

        spectrum = the_only(path)

        assert np.median(row) == pytest.approx(1, abs=0.05)
        np.testing.assert_allclose(spectrum.wave, header_grid(path, row.size), rtol=1e-12)
        peak = spectrum.wave[np.argmax(np.where((spectrum.wave > 6500) & (spectrum.wave < 6600), spectrum.flux, 0))]
        assert peak == pytest.approx(6564.6, abs=2)

    def test_pixels_with_no_weight_at_the_peak_of_h_alpha_stay(self, shared_data):
        spectrum = the_only(shared_data / "lamost" / BE_STAR)
        inside = (spectrum.wave > WINDOW[0]) & (spectrum.wave < WINDOW[1])
        flux = spectrum.flux[inside] / np.median(spectrum.flux[inside])
        distrusted = spectrum.ivar[inside] == 0

        assert distrusted[np.argmax(flux)]
        assert flux.max() == pytest.approx(6.6, abs=0.25)
        assert flux[~distrusted].max() < 1.2

    def test_every_pixel_of_a_file_is_in_the_spectrum_untouched(self, shared_data):
        for pattern in ("dr1-image/*/spec-56284*sp14-183*", "dr2-dr8-image/*/101008.fits"):
            path = named(shared_data / "lamost", pattern)
            data = fits.getdata(path).astype(np.float64)
            spectrum = the_only(path)

            np.testing.assert_array_equal(spectrum.flux, data[0])
            np.testing.assert_array_equal(spectrum.ivar, data[1])
            np.testing.assert_array_equal(spectrum.mask, data[3] != 0)

    def test_row_3_of_dr2_to_dr8_is_the_wavelength(self, shared_data):
        path = named(shared_data / "lamost", "dr2-dr8-image/*/101008.fits")

        spectrum = the_only(path)

        np.testing.assert_array_equal(spectrum.wave, fits.getdata(path)[2].astype(np.float64))
        assert spectrum.spectrum_id == "lamost:55859-F5902_sp01-008"

    def test_the_table_of_dr9_gives_its_own_columns(self, shared_data):
        path = named(shared_data / "lamost", "dr9-table/*/spec-59523-GAC101N62M1_sp01-052.fits.gz")
        row = fits.getdata(path, "COADD")[0]

        spectrum = the_only(path)

        np.testing.assert_array_equal(spectrum.wave, row["WAVELENGTH"].astype(np.float64))
        np.testing.assert_array_equal(spectrum.flux, row["FLUX"].astype(np.float64))
        assert spectrum.header.release == "LAMOST DR10"

    def test_a_fiber_number_written_as_text_is_a_number(self, shared_data):
        path = min((shared_data / "lamost" / "dr2-dr8-image").glob("petrskoda*/*"))

        assert isinstance(fits.getheader(path)["FIBERID"], str)
        assert isinstance(the_only(path).header.fiberid, int)

    def test_stretches_of_zero_flux_are_read_as_they_are(self, shared_data):
        path = named(shared_data / "lamost", "dr2-dr8-image/*/spec-58575-HD103621N361936B01_sp03-018*")
        spectrum = the_only(path)
        inside = (spectrum.wave > WINDOW[0]) & (spectrum.wave < WINDOW[1])

        assert np.all(spectrum.flux[inside] == 0)
        assert spectrum.header.snr is None


class TestNamesDoNotMatter:
    @pytest.mark.parametrize("name", ["101008", "spec.fits.fits", "spec.txt", "ünïcode name.csv"])
    @pytest.mark.parametrize("pack", [bytes, packed], ids=["plain", "gzipped"])
    def test_a_file_is_known_by_its_content(self, only, name, pack):
        assert only(pack(lamost_image("image")), name).spectrum_id == "lamost:56284-GAC122S02V2_sp04-083"

    def test_a_real_file_may_have_any_name_too(self, shared_data, put):
        content = (shared_data / "lamost" / BE_STAR).read_bytes()

        assert the_only(put(content, "spec-1.fits.fits")).spectrum_id == "lamost:56284-GAC122S02V2_sp14-183"


class TestWhatIsDeclined:
    def test_the_images_are_told_apart_by_what_exten0_calls_the_third_row(self, reason):
        assert reason("lamost-image", lamost_image("dr1")) == (
            "EXTEN0 names the rows 'Flux Inverse Subcontinuum Andmask Ormask'; the third of five should be 'wavelength'"
        )
        assert "the third of five should be 'subcontinuum'" in reason("lamost-dr1", lamost_image("image"))
        assert "EXTEN0 names the rows None" in reason("lamost-dr1", lamost_image("dr1", EXTEN0=None))

    def test_a_third_row_that_belies_exten0_is_declined_by_both(self, reason, error):
        claims_wavelengths = lamost_image("image", third=FLUX / 100)
        claims_none = lamost_image("dr1", third=WAVE)

        assert reason("lamost-image", claims_wavelengths).endswith("but the row is not the header's wavelengths to half a pixel")
        assert reason("lamost-dr1", claims_none).endswith("but the row is the header's wavelengths")
        assert "no reader takes this file" in error(claims_wavelengths)
        assert "no reader takes this file" in error(claims_none)

    @pytest.mark.parametrize(("shift", "taken"), [(0.4, True), (0.6, False)])
    def test_wavelengths_may_be_off_the_header_by_half_a_pixel(self, reason, shift, taken):
        shifted = lamost_image("image", third=10 ** (np.log10(WAVE) + shift * COEFF1))

        assert (reason("lamost-image", shifted) is None) is taken

    @pytest.mark.parametrize("coeff0", [None, "NULL", 6.0, -9999.0])
    def test_dr1_without_a_grid_has_no_wavelengths(self, reason, coeff0):
        assert "no log10 of Å" in reason("lamost-dr1", lamost_image("dr1", COEFF0=coeff0))

    @pytest.mark.parametrize("key", ["LMJD", "PLANID", "SPID", "FIBERID"])
    @pytest.mark.parametrize("value", [None, "", "NULL", -9999])
    def test_a_header_that_names_no_spectrum_is_declined(self, reason, key, value):
        assert f"{key} is missing" in reason("lamost-table", lamost_table(**{key: value}))

    def test_medium_resolution_is_no_low_resolution(self, shared_data):
        for path in sorted((shared_data / "lamost-mrs").glob("*/*")):
            with SurveyFile(path) as file:
                reasons = {name: readers()[name].decline(file) for name in ("lamost-dr1", "lamost-image", "lamost-table")}
            assert reasons.pop("lamost-table").startswith("no HDU is named COADD (there are Information, COADD_B, COADD_R, ")
            assert set(reasons.values()) == {"the primary HDU is no image of 5 rows (NAXIS is 0, NAXIS2 None)"}

    def test_a_table_without_wavelengths_is_declined(self, reason):
        table = lamost_table(columns=("FLUX", "IVAR", "LOGLAM", "ANDMASK"))

        assert reason("lamost-table", table) == "HDU COADD has no column WAVELENGTH (there are FLUX, IVAR, LOGLAM, ANDMASK)"

    def test_a_spectrum_that_cannot_be_is_damaged_and_the_message_names_the_file_and_the_spectrum(self, put):
        content = lamost_table()
        place = content.rindex(np.full(60, 0.5, dtype=">f4").tobytes())  # the inverse variances
        path = put(content[:place] + np.float32(-0.5).tobytes()[::-1] + content[place + 4 :])

        with pytest.raises(DamagedFileError) as caught:
            list(read(path))
        assert str(caught.value) == (
            f"{path}: lamost:56284-GAC122S02V2_sp04-083: inverse variances must not be negative, got -0.5"
        )


class TestFacts:
    def test_placeholders_are_no_facts(self, only):
        header = only(lamost_table(SNRR=-9999.0, SUBCLASS="Non", DESIG="NULL", RA=-9999, CLASS="Unknown")).header

        assert (header.snr, header.subclass, header.designation, header.ra) == (None, None, None, None)
        assert header.spectral_class == "Unknown"

    def test_the_epoch_comes_from_the_date_and_from_mjd_only_without_one(self, only):
        assert only(lamost_image("dr1")).header.mjd == pytest.approx(56283.813344, abs=1e-5)
        assert only(lamost_image("dr1", **{"DATE-OBS": "unknown"})).header.mjd == 56285

    def test_both_names_of_the_signal_to_noise_ratio_are_known(self, only):
        assert only(lamost_image("dr1")).header.snr == 93.85
        assert only(lamost_table()).header.snr == 27.99

    def test_a_header_that_says_air_is_converted(self, only):
        vacuum, air = only(lamost_table()), only(lamost_table(VACUUM=False))

        assert air.medium == "vacuum"
        assert np.all(np.abs(air.wave - vacuum.wave - 1.8) < 0.05)

    def test_the_grid_begins_at_ten_to_the_coeff0(self, only):
        assert only(lamost_image("dr1")).wave[0] == pytest.approx(10**COEFF0)
