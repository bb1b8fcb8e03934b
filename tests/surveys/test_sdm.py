"""VOTables of the Spectral Data Model are read by utype, in every encoding and unit, and hostile ones are refused in time."""

from __future__ import annotations

import base64
import time
import warnings
from io import BytesIO

import numpy as np
import pytest
from astropy import units
from astropy.io import votable
from astropy.table import MaskedColumn, Table
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from layouts import FLUX, WAVE, lamost_table, sdm_votable
from spectrove.surveys import SurveyFile, readers
from spectrove.surveys.sdm import name_of
from spectrove.wavelength import air_to_vacuum, vacuum_to_air

pytestmark = pytest.mark.filterwarnings("error")

UTYPES = {
    "wave": "Data.SpectralAxis.Value",
    "flux": "Data.FluxAxis.Value",
    "error": "Data.FluxAxis.Accuracy.StatError",
    "quality": "Data.FluxAxis.Quality",
}


def read_bytes(content, name="file.vot"):
    with SurveyFile(name, content) as file:
        reader = readers()["sdm"]
        reason = reader.decline(file)
        assert reason is None, reason
        return list(reader.read(file))


def written(columns, encoding="tabledata", prefix="spec:Spectrum.", unit="Angstrom"):
    """Return a VOTable that astropy wrote, with a column of text between the others."""
    table = Table({"remark": np.full(len(columns["wave"]), "ok", dtype="U3"), **columns})
    document = votable.from_table(table)
    resource = document.resources[0].tables[0]
    for one in resource.fields:
        if one.name in UTYPES:
            one.utype = prefix + UTYPES[one.name]
    next(one for one in resource.fields if one.name == "wave").unit = units.Unit(unit)
    stream = BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # VOUnit wants 0.1nm for Angstrom, which astronomers write
        document.to_xml(stream, tabledata_format=encoding)
    return stream.getvalue()


class TestEncodings:
    @pytest.mark.parametrize("encoding", ["tabledata", "binary", "binary2"])
    @given(
        flux=npst.arrays(np.float64, 20, elements=st.floats(-1e30, 1e30)),
        error=npst.arrays(np.float32, 20, elements=st.floats(2.0**-20, 2.0**20, width=32)),
        quality=npst.arrays(np.int16, 20, elements=st.integers(0, 3)),
    )
    @settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_numbers_come_as_they_were_written(self, encoding, flux, error, quality):
        (spectrum,) = read_bytes(written({"wave": WAVE[:20], "flux": flux, "error": error, "quality": quality}, encoding))
        np.testing.assert_array_equal(spectrum.wave, WAVE[:20])
        np.testing.assert_array_equal(spectrum.flux, flux)
        np.testing.assert_allclose(spectrum.ivar, error.astype(np.float64) ** -2, rtol=1e-12)
        np.testing.assert_array_equal(spectrum.mask, quality != 0)

    @pytest.mark.parametrize("encoding", ["tabledata", "binary", "binary2"])
    def test_what_is_absent_is_no_measurement_and_not_trusted(self, encoding):
        hidden = np.arange(60) == 7
        columns = {
            "wave": WAVE,
            "flux": MaskedColumn(FLUX, mask=hidden),
            "error": MaskedColumn(np.ones(60), mask=hidden),
            "quality": MaskedColumn(np.arange(60), mask=hidden & (encoding != "binary")),  # which has no sign for absent integers
        }
        (spectrum,) = read_bytes(written(columns, encoding))
        np.testing.assert_array_equal(np.isnan(spectrum.flux), hidden)
        np.testing.assert_array_equal(spectrum.ivar, ~hidden)
        np.testing.assert_array_equal(spectrum.mask, (np.arange(60) != 0) & ~(hidden & (encoding != "binary")))

    @pytest.mark.parametrize("encoding", ["TABLEDATA", "BINARY", "BINARY2"])
    def test_one_row_of_arrays_is_a_spectrum_too(self, encoding):
        fields = [("wave", "double"), ("flux", "float")]
        if encoding == "TABLEDATA":
            cells = "".join(f"<TD>{' '.join(map(repr, map(float, values)))}</TD>" for values in (WAVE, FLUX))
            data = f"<TABLEDATA><TR>{cells}</TR></TABLEDATA>"
        else:
            parts = [
                len(WAVE).to_bytes(4, "big") + values.astype(kind).tobytes() for values, kind in ((WAVE, ">f8"), (FLUX, ">f4"))
            ]
            stream = (b"\0" if encoding == "BINARY2" else b"") + b"".join(parts)
            data = f'<{encoding}><STREAM encoding="base64">{base64.b64encode(stream).decode()}</STREAM></{encoding}>'
        declared = "".join(
            f'<FIELD name="x" datatype="{kind}" arraysize="*" unit="Angstrom" utype="{UTYPES[name]}"/>' for name, kind in fields
        )
        content = f"<VOTABLE><RESOURCE><TABLE>{declared}<DATA>{data}</DATA></TABLE></RESOURCE></VOTABLE>"
        (spectrum,) = read_bytes(content.encode())
        np.testing.assert_array_equal(spectrum.wave, WAVE)
        np.testing.assert_allclose(spectrum.flux, FLUX, rtol=1e-6)

    @pytest.mark.parametrize("prefix", ["spec:Spectrum.", "spec:", "", "ssa:", "SPEC:spectrum.", "spec2:Spectrum."])
    def test_every_prefix_of_utypes_is_known(self, prefix):
        (spectrum,) = read_bytes(sdm_votable(prefix=prefix))
        np.testing.assert_array_equal(spectrum.wave, WAVE)
        assert spectrum.header.designation == "HD 1"


class TestUnits:
    @pytest.mark.parametrize(
        ("unit", "scale"),
        [("Angstrom", 1), ("angstroms", 1), ("0.1nm", 1), ("10**-10m", 1), ("A", 1), ("nm", 10), ("um", 1e4), ("m", 1e10)],
    )
    def test_lengths_become_angstroms(self, unit, scale):
        (spectrum,) = read_bytes(sdm_votable(unit=unit, wave=WAVE / scale))
        np.testing.assert_allclose(spectrum.wave, WAVE, rtol=1e-14)

    @pytest.mark.parametrize(("unit", "product"), [("Hz", 2.99792458e18), ("THz", 2.99792458e6), ("eV", 12398.419843320026)])
    def test_frequencies_and_energies_become_wavelengths_in_vacuum(self, unit, product):
        (spectrum,) = read_bytes(sdm_votable(unit=unit, wave=product / WAVE, ucd="em.freq"))
        np.testing.assert_allclose(spectrum.wave, WAVE, rtol=1e-12)
        np.testing.assert_array_equal(spectrum.flux, FLUX)
        assert spectrum.medium == "vacuum"

    def test_flux_per_frequency_becomes_flux_per_wavelength(self):
        columns = {"wave": WAVE, "flux": np.full(60, 3.0) * units.Jy, "error": np.full(60, 0.3) * units.mJy}
        (spectrum,) = read_bytes(written(columns))
        expected = 3e-23 * 2.99792458e18 / WAVE**2  # erg/s/cm²/Hz · c/λ²
        np.testing.assert_allclose(spectrum.flux, expected, rtol=1e-10)
        np.testing.assert_allclose(spectrum.ivar**-0.5, expected * 1e-4, rtol=1e-10)

    def test_an_error_in_another_kind_of_unit_is_no_error(self):
        columns = {"wave": WAVE, "flux": FLUX * units.Jy, "error": np.ones(60) * units.percent}
        assert read_bytes(written(columns))[0].ivar is None

    @pytest.mark.parametrize(
        ("how", "words"),
        [
            ({"unit": ""}, "has the unit ''"),
            ({"unit": "furlong"}, "has the unit 'furlong'"),
            ({"unit": "km/s"}, "no wavelength, frequency or energy"),
            ({"unit": "pixel"}, "no wavelength, frequency or energy"),
        ],
    )
    def test_what_is_no_wavelength_is_declined(self, reason, how, words):
        assert words in reason("sdm", sdm_votable(**how))

    def test_magnitudes_are_declined(self, reason):
        content = sdm_votable().replace(b'ucd="phot.flux.density;em.wl"', b'ucd="phot.mag;em.opt.B"')
        assert "magnitudes" in reason("sdm", content)

    def test_a_unit_that_a_param_gives_counts(self):
        params = {"Char.SpectralAxis.Unit": ("char", "", "nm")}
        (spectrum,) = read_bytes(sdm_votable(params, unit="", wave=WAVE / 10))
        np.testing.assert_allclose(spectrum.wave, WAVE, rtol=1e-14)


class TestMedium:
    def test_air_by_its_ucd_is_converted(self):
        (spectrum,) = read_bytes(sdm_votable(ucd="em.wl;obs.atmos", wave=vacuum_to_air(WAVE)))
        assert spectrum.medium == "vacuum"
        np.testing.assert_allclose(spectrum.wave, WAVE, rtol=1e-9)

    def test_the_ucd_of_wavelengths_alone_declares_nothing(self):
        assert read_bytes(sdm_votable())[0].medium == "undeclared"

    @pytest.mark.parametrize(("words", "wave"), [("Wavelength in vacuum", WAVE), ("Wavelength (air)", air_to_vacuum(WAVE))])
    def test_words_declare(self, words, wave):
        content = sdm_votable().replace(
            b'SpectralAxis.Value"/>', f'SpectralAxis.Value"><DESCRIPTION>{words}</DESCRIPTION></FIELD>'.encode()
        )
        (spectrum,) = read_bytes(content)
        assert spectrum.medium == "vacuum"
        np.testing.assert_array_equal(spectrum.wave, wave)

    def test_the_archive_of_ondrejov_is_in_air(self):
        params = {"Curation.PublisherDID": ("char", "", "ivo://asu.cas.cz/stel/ccd700/ub240016")}
        (spectrum,) = read_bytes(sdm_votable(params))
        assert spectrum.spectrum_id == "ondrejov:ub240016"
        np.testing.assert_array_equal(spectrum.wave, air_to_vacuum(WAVE))


class TestFacts:
    def test_facts_come_from_params(self):
        header = read_bytes(sdm_votable({"Curation.Version": ("char", "", "DR5")}))[0].header
        assert (header.ra, header.dec, header.mjd, header.snr) == (120.18, -2.88, 56284.5, 93.5)
        assert (header.designation, header.release) == ("HD 1", "DR5")

    def test_params_that_stand_outside_of_the_table_count_where_it_says_nothing_itself(self):
        outside = b'<RESOURCE><PARAM name="t" datatype="char" arraysize="*" utype="ssa:Curation.Version" value="DR1"/>'
        outside += b'<PARAM name="t" datatype="char" arraysize="*" utype="ssa:Target.Name" value="another"/>'
        header = read_bytes(sdm_votable().replace(b"<RESOURCE>", outside))[0].header
        assert (header.release, header.designation) == ("DR1", "HD 1")

    @pytest.mark.parametrize(
        ("params", "position"),
        [
            ({"Char.SpatialAxis.Coverage.Location.Value": ("double", "deg", "10.5 20.5")}, (10.5, 20.5)),
            ({"Target.Pos": ("char", "", "Position ICRS 10.5 20.5")}, (10.5, 20.5)),
            ({"Target.Pos": ("double", "deg", "")}, (None, None)),
            ({"Target.Pos": ("double", "deg", "NaN NaN")}, (None, None)),
            ({"Target.Pos": ("double", "deg", "10 91")}, (None, None)),
            ({"CoordSys.SpaceFrame.Name": ("char", "", "FK4")}, (None, None)),
        ],
    )
    def test_positions(self, params, position):
        header = read_bytes(sdm_votable(params))[0].header
        assert (header.ra, header.dec) == position

    @pytest.mark.parametrize(
        ("value", "unit", "mjd"),
        [
            ("56284.5", "", 56284.5),
            ("2456285.0", "d", 56284.5),
            ("2012-12-23T12:00:00", "", 56284.5),
            ("2012.9", "yr", None),
            ("", "d", None),
        ],
    )
    def test_times(self, value, unit, mjd):
        params = {"Char.TimeAxis.Coverage.Location.Value": ("char", unit, value)}
        assert read_bytes(sdm_votable(params))[0].header.mjd == mjd

    @pytest.mark.parametrize(
        ("told", "frame"),
        [("BARYCENTER", "barycentric"), ("TOPOCENTER", "topocentric"), ("LSR", "undeclared"), ("", "undeclared")],
    )
    def test_frames(self, told, frame):
        assert read_bytes(sdm_votable({"CoordSys.SpectralFrame.RefPos": ("char", "", told)}))[0].frame == frame

    @pytest.mark.parametrize(
        ("did", "name"),
        [
            ("ivo://org.gavo.dc/~?feros/data/f1.fits", ("org.gavo.dc", "~?feros/data/f1.fits")),
            ("ivo://ORG.gavo.dc/~?F1", ("org.gavo.dc", "~?F1")),
            ("ivo://x-spectrove/spectrove?lamost:56285-GAC-04-083", ("lamost", "56285-GAC-04-083")),
            ("ivo://my.institute/spectrove?csv:a%2Fb%20c", ("csv", "a/b c")),
            ("ivo://asu.cas.cz/stel/ccd700/ub240016", ("ondrejov", "ub240016")),
            ("ivo://authority", ("sdm", "ivo://authority")),
            ("https://doi.org/10.1/x", ("sdm", "https://doi.org/10.1/x")),
            ("12345", ("sdm", "12345")),
        ],
    )
    def test_ids_follow_from_identifiers(self, did, name):
        assert name_of(did) == name

    def test_ids_of_our_own_services_come_back(self):
        from spectrove.vo.service.addresses import Addresses

        for spectrum_id in ("lamost:56285-GAC122S02V2-04-083", "csv:a b/ü?&#:1", "sdss:272-51941-0046"):
            assert ":".join(name_of(Addresses("http://x/vo", "some.one").did(spectrum_id))) == spectrum_id

    def test_a_spectrum_without_an_identifier_is_named_after_its_file(self):
        content = sdm_votable({"Curation.PublisherDID": ("char", "", "")})
        assert read_bytes(content, "hd1.vot")[0].spectrum_id == "sdm:hd1"

    def test_two_tables_of_one_identifier_are_told_apart(self):
        content = sdm_votable()
        table = content[content.index(b"<TABLE>") : content.index(b"</TABLE>") + 8]
        ids = [one.spectrum_id for one in read_bytes(content.replace(table, table * 2))]
        assert ids == ["example.org:survey?hd-1-1", "example.org:survey?hd-1-2"]


def with_data(data):
    return sdm_votable(data=data)


def stream(content, encoding="BINARY"):
    return f'<{encoding}><STREAM encoding="base64">{base64.b64encode(content).decode()}</STREAM></{encoding}>'


class TestHostile:
    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"<html><body>Not found</body></html>", "does not begin as a VOTable"),
            (b"<VOTABLE/>", "the VOTable has no table"),
            (sdm_votable()[:-9], "cut off or no XML"),
            (b'<!DOCTYPE VOTABLE [<!ENTITY a "b">]>' + sdm_votable()[21:], "does not begin as a VOTable"),
            (b'<VOTABLE><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]></VOTABLE>', "entities of its own"),
            (b"<VOTABLE>" + b"<RESOURCE>" * 100_000 + b"</RESOURCE>" * 100_000 + b"</VOTABLE>", "more than 100 elements within"),
            (b"<VOTABLE>" + b"<TABLE/>" * 100_000 + b"</VOTABLE>", "100000 tables"),
            (b"<VOTABLE>" + b" " * (1 << 25) + b"</VOTABLE>", "at most 33554432"),
            (
                sdm_votable().replace(b"Data.FluxAxis.Value", b"Data.FluxAxis.Other"),
                "no column of its table has the utype of a flux",
            ),
        ],
        ids=["html", "empty", "cut", "dtd", "entity", "deep", "tables", "long", "no flux"],
    )
    def test_a_document_is_declined(self, reason, content, words):
        begun = time.process_time()
        assert words in reason("sdm", content)
        assert time.process_time() - begun < 5

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            ("", "no data"),
            ("<TABLEDATA/>", "at least 2 pixels"),
            ("<TABLEDATA><TR><TD>6500</TD></TR></TABLEDATA>", "row 1 has 1 cells, expected 2"),
            ("<TABLEDATA><TR><TD>6500</TD><TD>x</TD></TR></TABLEDATA>", "row 1 has 'x'"),
            ("<TABLEDATA><TR><TD>6500 6501</TD><TD>1 2</TD></TR></TABLEDATA>", "row 1 has '6500 6501'"),
            ("<TABLEDATA>" + "<TR><TD>6500</TD><TD>1</TD></TR>" * 9 + "</TABLEDATA>", "strictly increasing"),
            ("<TABLEDATA>" + "<TR><TD/><TD>1</TD></TR>" * 9 + "</TABLEDATA>", "expected 10 to 3e"),
            ('<BINARY><STREAM href="file:///etc/passwd"/></BINARY>', "kept elsewhere"),
            ('<FITS extnum="1"><STREAM href="http://127.0.0.1:1/x.fits"/></FITS>', "encoded as FITS"),
            ('<BINARY><STREAM encoding="gzip">AAAA</STREAM></BINARY>', "encoded as 'gzip'"),
            ('<BINARY><STREAM encoding="base64">A!AA</STREAM></BINARY>', "no base64"),
            (stream(bytes(15)), "expected rows of 16"),
            (stream(bytes(16), "BINARY2"), "expected rows of 17"),
            ("<PARQUET/>", "encoded as PARQUET"),
        ],
    )
    def test_data_that_are_none_are_damage(self, error, data, words):
        said = error(sdm_votable(data=data or " "), "file.vot")
        assert words in said
        assert "\n" not in said

    @pytest.mark.parametrize("size", ["999999999", "999999999x999999999", "0", "-5", "x", "*", "1e9"])
    @pytest.mark.parametrize("encoding", ["TABLEDATA", "BINARY", "BINARY2"])
    def test_what_a_document_says_of_its_size_makes_nothing_large(self, error, encoding, size):
        data = "<TABLEDATA><TR><TD/><TD/></TR></TABLEDATA>" if encoding == "TABLEDATA" else stream(b"\x7f" * 64, encoding)
        content = sdm_votable(data=data).replace(b'<FIELD name="a"', f'<FIELD arraysize="{size}" name="a"'.encode())
        content = content.replace(b"<TABLE>", b'<TABLE nrows="99999999999999">')
        assert error(content, "file.vot") is not None

    def test_arrays_of_differing_length_are_no_spectrum(self, error):
        data = "<TABLEDATA><TR><TD>6500 6501 6502</TD><TD>1 2</TD></TR></TABLEDATA>"
        content = sdm_votable(data=data).replace(b'<FIELD name="', b'<FIELD arraysize="*" name="')
        assert "must share one shape (n_pixels,), got ((3,), (2,))" in error(content, "file.vot")

    def test_falling_wavelengths_are_turned(self):
        (spectrum,) = read_bytes(sdm_votable(wave=WAVE[::-1], flux=FLUX[::-1]))
        np.testing.assert_array_equal(spectrum.wave, WAVE)
        np.testing.assert_array_equal(spectrum.flux, FLUX)

    def test_a_wavelength_that_is_no_number_is_refused(self, error):
        assert "must be finite" in error(sdm_votable(wave=np.where(np.arange(60) == 3, np.nan, WAVE)), "file.vot")

    def test_other_encodings_and_old_declarations_are_read(self):
        old = b'<?xml version="1.0" encoding="ISO-8859-1"?>\n'
        old += b'<!DOCTYPE VOTABLE SYSTEM "http://us-vo.org/xml/VOTable.dtd">\n<!-- \xe9 -->'
        content = old + sdm_votable({"Target.Name": ("char", "", "Cr\u00e9")})[21:].decode().encode("latin-1")
        assert read_bytes(content)[0].header.designation == "Cr\u00e9"

    def test_other_files_are_declined(self, reason):
        assert reason("sdm", lamost_table()) == "it is FITS, not text"
        assert "does not begin as a VOTable" in reason("sdm", b"6500 1\n" * 20)
