"""Spectra in text: columns, and CSV with a spectrum a row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layouts import FLUX, WAVE, ascii_columns, csv_rows, packed
from spectrove.errors import DamagedFileError, NoReaderError
from spectrove.surveys import inspect, read
from spectrove.wavelength import air_to_vacuum

DELIMITERS = pytest.mark.parametrize("delimiter", [" ", "   ", "\t", ",", ", ", ";"])


def lines(*rows):
    return ("\n".join(rows) + "\n").encode()


def columns(*arrays, delimiter=" ", before=()):
    return lines(*before, *(delimiter.join(f"{value!r}" for value in map(float, row)) for row in zip(*arrays, strict=True)))


class TestColumns:
    def test_the_spectra_of_the_folder_are_read_with_every_pixel(self, shared_data):
        paths = sorted((shared_data / "sdss-cv").glob("*.dat.gz"))
        inspections = [inspect(path) for path in paths]

        assert {one.reader for one in inspections} == {"ascii"}
        assert len({one.spectra[0].spectrum_id for one in inspections}) == len(paths) == 84
        table = np.loadtxt(paths[0])
        np.testing.assert_array_equal(inspections[0].spectra[0].wave, table[:, 0])
        np.testing.assert_array_equal(inspections[0].spectra[0].flux, table[:, 1])

    def test_a_file_that_does_not_name_its_medium_is_undeclared_and_unchanged(self, only):
        spectrum = only(ascii_columns(), "spec-0272-catB.dat.gz")

        assert spectrum.medium == "undeclared"
        assert spectrum.spectrum_id == "ascii:spec-0272-catB"

    @DELIMITERS
    @pytest.mark.parametrize("pack", [bytes, packed], ids=["plain", "gzipped"])
    def test_any_usual_delimiter_will_do(self, only, delimiter, pack):
        spectrum = only(pack(columns(WAVE, FLUX, delimiter=delimiter)))

        np.testing.assert_array_equal(spectrum.wave, WAVE)
        np.testing.assert_array_equal(spectrum.flux, FLUX)

    def test_falling_wavelengths_are_turned_around_with_their_flux_and_error(self, only):
        content = columns(WAVE[::-1], FLUX[::-1], np.arange(1.0, WAVE.size + 1), before=["wave flux err"])

        spectrum = only(content)

        np.testing.assert_array_equal(spectrum.wave, WAVE)
        np.testing.assert_array_equal(spectrum.flux, FLUX)
        np.testing.assert_allclose(spectrum.ivar, np.arange(WAVE.size, 0.0, -1) ** -2)

    @pytest.mark.parametrize(
        ("name", "third", "ivar"),
        [
            ("e_flux", 2.0, 0.25),
            ("sigma", 2.0, 0.25),
            ("variance", 4.0, 0.25),
            ("ivar", 0.25, 0.25),
            ("inverse_variance", 0.25, 0.25),
        ],
    )
    def test_a_third_column_counts_as_its_name_says(self, only, name, third, ivar):
        spectrum = only(columns(WAVE, FLUX, np.full(WAVE.size, third), delimiter=",", before=[f"wavelength,flux,{name}"]))

        np.testing.assert_array_equal(spectrum.ivar, np.full(WAVE.size, ivar))

    def test_a_third_column_without_a_name_is_not_taken_for_an_error(self, only):
        assert only(columns(WAVE, FLUX, FLUX)).ivar is None

    def test_an_error_of_the_wavelength_is_no_error_of_the_flux(self, only):
        content = columns(WAVE, FLUX, FLUX, FLUX, before=["wave wave_err flux counts"])

        assert only(content).ivar is None

    def test_an_error_of_zero_or_nan_is_no_trust_at_all(self, only):
        error = np.where(np.arange(WAVE.size) < 3, [0.0, np.nan, -1.0] + [1.0] * (WAVE.size - 3), 1.0)

        assert only(columns(WAVE, FLUX, error, before=["wave flux error"])).ivar[:4].tolist() == [0, 0, 0, 1]

    def test_names_may_stand_in_the_last_comment(self, only):
        content = columns(FLUX, WAVE, before=["# made by hand", "# flux lambda"])

        np.testing.assert_array_equal(only(content).wave, WAVE)

    @pytest.mark.parametrize("comment", ["# vacuum wavelengths", "# 2 wavelengths", "# lambda sigma"])
    def test_words_of_a_comment_that_are_as_many_as_columns_need_not_be_their_names(self, only, comment):
        np.testing.assert_array_equal(only(columns(WAVE, FLUX, before=[comment])).wave, WAVE)

    def test_unknown_flux_is_kept_as_nan(self, only):
        flux = np.where(np.arange(WAVE.size) == 4, np.nan, FLUX)

        assert np.flatnonzero(np.isnan(only(columns(WAVE, flux)).flux)).tolist() == [4]

    @pytest.mark.parametrize("before", ["wave_air flux", "# wavelength in air, flux", "# Wavelength (air)", "# medium: air"])
    def test_a_name_or_comment_may_say_air_and_the_wavelengths_are_converted(self, only, before):
        spectrum = only(columns(WAVE, FLUX, before=[before]))

        assert spectrum.medium == "vacuum"
        np.testing.assert_allclose(spectrum.wave, air_to_vacuum(WAVE), rtol=1e-12)

    @pytest.mark.parametrize("before", ["wave_vac flux", "wavelength[vacuum] flux", "# vacuum wavelengths", "# lambda_vac"])
    def test_a_name_or_comment_may_say_vacuum(self, only, before):
        spectrum = only(columns(WAVE, FLUX, before=[before]))

        assert spectrum.medium == "vacuum"
        np.testing.assert_array_equal(spectrum.wave, WAVE)

    @pytest.mark.parametrize(
        "before",
        [
            "# airmass 1.2",
            "# air mass 1.2 at wavelength 5000",
            "# seen through the air",
            "# wavelength in air or vacuum",
            "wave flux",
        ],
    )
    def test_what_does_not_say_air_or_vacuum_of_the_wavelengths_declares_nothing(self, only, before):
        spectrum = only(columns(WAVE, FLUX, before=[before]))

        assert spectrum.medium == "undeclared"
        np.testing.assert_array_equal(spectrum.wave, WAVE)

    @pytest.mark.parametrize(
        ("before", "factor"),
        [
            ("wave_nm flux", 10),
            ("# wavelength [nm], flux [W m-2 nm-1]", 10),
            ("wavelength(um) flux", 1e4),
            ("# lambda in microns", 1e4),
            ("wavelength_angstrom flux", 1),
            ("# Wavelength (A)  Flux (W/nm)", 1),
        ],
    )
    def test_a_unit_that_is_named_is_converted_to_angstrom(self, only, before, factor):
        np.testing.assert_allclose(only(columns(WAVE / factor, FLUX, before=[before])).wave, WAVE, rtol=1e-12)

    def test_logarithmic_wavelengths_are_known_by_their_name(self, only):
        np.testing.assert_allclose(only(columns(np.log10(WAVE), FLUX, before=["loglam flux"])).wave, WAVE, rtol=1e-12)

    @pytest.mark.parametrize("factor", [10, 1e4, 1e-3])
    def test_numbers_that_may_be_in_another_unit_are_declined_unless_the_unit_is_named(self, reason, factor):
        assert "name no unit; only 2500 to 30000 are taken as Å" in reason("ascii", columns(WAVE / factor, FLUX))

    def test_numbers_in_a_unit_that_makes_no_light_are_declined(self, reason):
        assert "Å, expected 10 to 3e+07" in reason("ascii", columns(WAVE * 1e5, FLUX, before=["wave_um flux"]))

    @pytest.mark.parametrize(
        "values", [np.sin(WAVE) * 100 + 6500, np.full(WAVE.size, 6500.0), np.where(WAVE > 6560, np.nan, WAVE)]
    )
    def test_wavelengths_in_no_order_are_declined(self, reason, values):
        assert reason("ascii", columns(values, FLUX)) == "the wavelengths neither rise nor fall throughout"

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (
                lines("time,flux", *(f"{n},1" for n in range(20))),
                "line 1 is no row of numbers and names no column of wavelengths ('time,flux')",
            ),
            (
                lines("/lamost/spec-1.fits", "/lamost/spec-2.fits"),
                "line 1 is no row of numbers and names no column of wavelengths",
            ),
            (lines(*(f"{6500 + n} {n}" for n in range(9))), "there are 9 rows of 2 numbers, expected at least 10 rows of 2"),
            (lines(*(f"{6500 + n}" for n in range(20))), "there are 20 rows of 1 numbers, expected at least 10 rows of 2"),
            (lines(*(f"{6500 + n} 1 2 3 4" for n in range(20))), "there are 5 columns without names, expected 2 or 3"),
            (lines(*(f"{6500 + n} 1" for n in range(20)), "6600 oops"), "line 21 is no row of 2 numbers ('6600 oops')"),
            (lines(*(f"{6500 + n} 1" for n in range(20)), "6600"), "line 21 is no row of 2 numbers ('6600')"),
            (lines("wave z a", *(f"{6500 + n} 1 2" for n in range(20))), "no column is named as flux (there are wave, z, a)"),
            (lines("# nothing", "# else"), "the text has no lines but comments"),
            (lines("# %ECSV 1.0", "wave flux"), "it is an ECSV table, which is left to the specutils reader"),
        ],
    )
    def test_what_is_no_spectrum_is_declined_with_the_reason(self, reason, content, why):
        assert reason("ascii", content).startswith(why)

    @given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=10, max_size=40), st.sampled_from([" ", "\t", ",", ";"]))
    def test_numbers_written_down_are_the_numbers_read(self, tmp_path_factory, flux, delimiter):
        wave = 6500 + 1.5 * np.arange(len(flux))
        path = tmp_path_factory.mktemp("ascii") / "spectrum.dat"
        path.write_bytes(columns(wave, flux, delimiter=delimiter))

        (spectrum,) = read(path)

        np.testing.assert_array_equal(spectrum.wave, wave)
        np.testing.assert_array_equal(spectrum.flux, np.array(flux))


class TestRows:
    def test_the_form_of_the_ondrejov_data_set_is_read(self, put):
        spectra = list(read(put(csv_rows(), "dataset.csv")))

        assert [one.spectrum_id for one in spectra] == ["csv:a0", "csv:a1", "csv:a2"]
        np.testing.assert_allclose(spectra[0].wave, WAVE, atol=1e-4)
        np.testing.assert_allclose(spectra[2].flux, FLUX + 2, atol=1e-4)
        assert {one.medium for one in spectra} == {"undeclared"}

    def test_facts_are_taken_and_labels_and_positions_of_another_equinox_are_not(self, put):
        header = next(read(put(csv_rows()))).header

        assert header.designation == "alp Vir"
        assert header.mjd == 56435
        assert (header.ra, header.dec, header.spectral_class) == (None, None, None)

    def test_positions_in_degrees_and_keys_of_surveys_are_taken(self, put):
        names = "id,ra,dec,mjd,plate,fiberid,snr,class,release," + ",".join(f"{wave:.3f}" for wave in WAVE)
        row = "x,120.5,-2.25,55616.8,272,46,-9999,STAR,DR5," + ",".join(["1"] * WAVE.size)

        header = next(read(put(lines(names, row)))).header

        assert (header.ra, header.dec, header.mjd, header.plate, header.fiberid) == (120.5, -2.25, 55616.8, 272, 46)
        assert (header.snr, header.spectral_class, header.release) == (None, "STAR", "DR5")

    @DELIMITERS
    @pytest.mark.parametrize("pack", [bytes, packed], ids=["plain", "gzipped"])
    def test_any_usual_delimiter_will_do(self, put, delimiter, pack):
        rows = [["name", *(f"{wave:.3f}" for wave in WAVE)], ["a", *["1.5"] * WAVE.size], ["b", *["2.5"] * WAVE.size]]

        spectra = list(read(put(pack(lines(*map(delimiter.join, rows))))))

        assert [one.spectrum_id for one in spectra] == ["csv:a", "csv:b"]
        assert np.all(spectra[1].flux == 2.5)

    def test_rows_without_a_name_are_numbered(self, put):
        header = ",".join(f"{wave:.3f}" for wave in WAVE)
        row = ",".join(["1"] * WAVE.size)

        assert [one.spectrum_id for one in read(put(lines(header, row, row), "made.csv.gz"))] == ["csv:made-1", "csv:made-2"]

    def test_a_quoted_cell_may_hold_the_delimiter(self, put):
        names = "name,object," + ",".join(f"{wave:.3f}" for wave in WAVE)

        (spectrum,) = read(put(lines(names, 'a,"Be, maybe",' + ",".join(["1"] * WAVE.size))))

        assert spectrum.header.designation == "Be, maybe"

    def test_falling_columns_are_turned_around_and_missing_flux_is_nan(self, put):
        names = "id," + ",".join(f"{wave:.3f}" for wave in WAVE[::-1])
        row = "a,," + ",".join(f"{value:.2f}" for value in FLUX[::-1][1:])

        (spectrum,) = read(put(lines(names, row)))

        np.testing.assert_allclose(spectrum.flux[:-1], FLUX[:-1], atol=0.01)
        assert np.isnan(spectrum.flux[-1])

    @pytest.mark.parametrize(("comment", "medium"), [("# wavelengths in air", "vacuum"), ("# vacuum wavelengths", "vacuum")])
    def test_a_comment_may_name_the_medium(self, put, comment, medium):
        spectra = list(read(put(comment.encode() + b"\n" + csv_rows())))

        assert {one.medium for one in spectra} == {medium}
        expected = air_to_vacuum(WAVE) if "air" in comment else WAVE
        np.testing.assert_allclose(spectra[0].wave, expected, atol=1e-3)

    def test_catalogs_and_lists_of_names_are_declined_by_both_readers_of_text(self, shared_data):
        for path in [*sorted((shared_data / "catalogues").glob("*/*")), shared_data / "lamost" / "labels.csv"]:
            with pytest.raises(NoReaderError) as caught:
                read(path)
            declined = inspect(path).declined
            assert declined["ascii"].startswith("line 1 is no row of numbers and names no column of wavelengths ('")
            assert declined["csv"].startswith("line 1 names 0 columns by a number ('")
            assert declined["csv"] in str(caught.value)

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (lines("id,1,2,3", "a,1,2,3"), "line 1 names 3 columns by a number ('id,1,2,3'), expected at least 10 wavelengths"),
            (
                lines(",".join(str(n) for n in range(20)), ",".join("1" * 20)),
                "the column names that are numbers run from 0 to 19 and name no unit",
            ),
            (lines(",".join(["6500", "6400"] * 10)), "the column names that are numbers neither rise nor fall throughout"),
            (lines(",".join(str(6500 + n) for n in range(20))), "there is a header of wavelengths but no row of fluxes"),
        ],
    )
    def test_what_is_no_table_of_spectra_is_declined_with_the_reason(self, reason, content, why):
        assert reason("csv", content).startswith(why)

    @pytest.mark.parametrize(
        ("spoil", "what"),
        [
            (lambda text: text.replace("a1,", "a1,,"), "line 3 has 67 cells, expected 66 as in the header"),
            (lambda text: text.replace("a1,", "a0,"), "lines 2 and 3 have one id ('a0'), expected a different id in each"),
            (
                lambda text: text.replace("101.0000", "bad"),
                "line 3: 'bad' is no flux, expected a number, or nothing where there is none",
            ),
        ],
    )
    def test_a_row_that_is_no_spectrum_is_damage_and_is_named(self, put, spoil, what):
        path = put(spoil(csv_rows().decode()).encode())

        with pytest.raises(DamagedFileError) as caught:
            list(read(path))
        assert what in str(caught.value)
        assert str(path) in str(caught.value)
