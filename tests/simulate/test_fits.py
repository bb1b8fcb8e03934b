"""FITS files in the layouts of real surveys, looked at with astropy alone."""

from __future__ import annotations

import gzip
from io import BytesIO

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from spectrove.simulate.fits import Exposure, Pixels, _card, ccd700_table, lamost_dr1, lamost_image, lamost_table

N_WAVE = 427
EXPOSURE = Exposure("SYN1P001", 55_860, 3, 7, 900_003_007, 99.985719, -27.780758, 21.2249, ("STAR", "A7III"))
WAVE = 10 ** (3.7993 + 1e-4 * np.arange(N_WAVE))


@pytest.fixture
def pixels(generator) -> Pixels:
    normalized = generator.normal(1, 0.1, N_WAVE)
    return Pixels(3.7993, 250 * normalized, np.full(N_WAVE, 0.5), normalized, normalized > 1.2)


def opened(content: bytes) -> fits.HDUList:
    hdus = fits.open(BytesIO(content))
    hdus.verify("exception")
    return hdus


def unzipped(exposure: Exposure, pixels: Pixels) -> bytes:
    return gzip.decompress(lamost_table(exposure, pixels))


@pytest.mark.parametrize("writer", [lamost_dr1, lamost_image, unzipped])
def test_every_layout_tells_the_same_facts(writer, pixels):
    header = opened(writer(EXPOSURE, pixels))[0].header
    expected = {
        "TELESCOP": "LAMOST", "FILENAME": "spec-55860-SYN1P001_sp03-007.fits", "LMJD": 55_860, "PLANID": "SYN1P001",
        "SPID": 3, "FIBERID": 7, "RA": 99.985719, "DEC": -27.780758, "DESIG": "LAMOST J063956.57-274650.7",
        "COEFF0": 3.7993, "COEFF1": 1e-4, "VACUUM": True, "CLASS": "STAR", "SUBCLASS": "A7III",
    }  # fmt: skip
    assert {keyword: header[keyword] for keyword in expected} == expected


@pytest.mark.parametrize(("writer", "third"), [(lamost_dr1, "normalized"), (lamost_image, "wave")])
def test_an_image_has_five_rows_and_the_third_tells_the_releases_apart(writer, third, pixels):
    (hdu,) = opened(writer(EXPOSURE, pixels))
    rows = [pixels.flux, pixels.ivar, getattr(pixels, third), np.zeros(N_WAVE), pixels.flagged]
    assert hdu.data.dtype == np.dtype(">f4")
    np.testing.assert_array_equal(hdu.data, np.stack(rows).astype(np.float32))


def test_the_table_of_later_releases_has_one_row_of_vectors(pixels):
    primary, table = opened(unzipped(EXPOSURE, pixels))
    assert primary.data is None
    assert table.name == "COADD"
    assert table.columns.names == ["FLUX", "IVAR", "WAVELENGTH", "ANDMASK", "ORMASK", "NORMALIZATION"]
    assert len(table.data) == 1
    for name, values in (("FLUX", pixels.flux), ("WAVELENGTH", WAVE), ("ORMASK", pixels.flagged)):
        np.testing.assert_array_equal(table.data[name][0], values.astype(np.float32))


def test_dr1_knows_no_obsid_and_the_later_releases_do(pixels):
    first, later, latest = (opened(writer(EXPOSURE, pixels))[0].header for writer in (lamost_dr1, lamost_image, unzipped))
    assert "OBSID" not in first
    assert later["OBSID"] == latest["OBSID"] == 900_003_007
    assert [first["SN_R"], later["SNRR"], latest["SNRR"]] == [21.22] * 3
    assert [header["MJD"] for header in (first, later, latest)] == [55_861, 55_859, 55_859]


def test_a_signal_to_noise_ratio_that_was_not_measured_is_minus_9999(pixels):
    unmeasured = Exposure("SYN1P001", 55_860, 3, 7, 900_003_007, 10.0, 10.0, None, ("Unknown", "Non"))
    assert opened(lamost_image(unmeasured, pixels))[0].header["SNRR"] == -9999


def test_an_ondrejov_table_is_in_air_and_says_so(generator):
    wave = np.arange(6282.0, 6733.0, 0.2567)
    flux = generator.normal(1, 0.01, wave.size)
    content = ccd700_table("sy000017", "SYN 000017", (57.7, 17.9, 53_204.852), wave, flux)
    primary, table = opened(content)
    assert primary.data is None
    assert table.columns.names == ["spectral", "flux"]
    assert table.header.comments["TTYPE1"] == "Air wavelength"
    assert table.header["TUNIT1"] == "Angstrom"
    assert table.header["DS_IDPUB"] == "ivo://spectrove.synthetic/ccd700/sy000017"
    assert [table.header[keyword] for keyword in ("OBJECT", "RA", "DEC", "TMID")] == ["SYN 000017", 57.7, 17.9, 53_204.852]
    np.testing.assert_array_equal(table.data["spectral"], wave)
    np.testing.assert_array_equal(table.data["flux"], flux)


@pytest.mark.parametrize("writer", [lamost_dr1, lamost_image, lamost_table])
def test_the_same_spectrum_gives_the_same_bytes_and_another_one_of_another_length_its_own(writer, pixels):
    short = Pixels(3.7993, *(getattr(pixels, name)[:100] for name in ("flux", "ivar", "normalized", "flagged")))
    once = writer(EXPOSURE, pixels)
    assert len(writer(EXPOSURE, short)) < len(once)
    assert writer(EXPOSURE, pixels) == once


@given(
    st.one_of(
        st.integers(-(10**12), 10**12), st.text("ABCxyz0123 -+.'", max_size=30), st.floats(-1e4, 1e4).map(lambda x: round(x, 6))
    )
)
def test_a_card_reads_as_what_was_written(value):
    card = fits.Card.fromstring(_card("KEY", value, "what it means"))
    card.verify("exception")
    assert len(card.image) == 80
    assert card.value == (value.rstrip() if isinstance(value, str) else value)
    assert card.comment == "what it means"


@given(ra=st.floats(0, 359.9999), dec=st.floats(-89.9, 89.9))
def test_a_designation_is_the_position_cut_off(ra, dec):
    name = Exposure("P", 1, 1, 1, 1, ra, dec, None, ("", "")).designation
    assert len(name) == len("LAMOST J063956.57+274650.7")
    hours, minutes, seconds = int(name[8:10]), int(name[10:12]), float(name[12:17])
    degrees, arcminutes, arcseconds = int(name[18:20]), int(name[20:22]), float(name[22:26])
    assert 15 * (hours + minutes / 60 + seconds / 3600) == pytest.approx(ra, abs=15 * 0.0101 / 3600)
    assert degrees + arcminutes / 60 + arcseconds / 3600 == pytest.approx(abs(dec), abs=0.101 / 3600)
    assert name[17] == ("-" if dec < 0 else "+")
