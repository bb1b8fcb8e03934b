"""What every reader owes to every file: a reason or spectra, never a crash and never a word on the side."""

from __future__ import annotations

import gzip
import warnings

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layouts import LAYOUTS, as_bytes, lamost_image
from spectrove.errors import DamagedFileError, NoReaderError
from spectrove.spectrum import Spectrum
from spectrove.surveys import SurveyFile, inspect, read, readers

JUNK = {
    "nothing": b"",
    "a blank": b" ",
    "line ends": b"\n\n\r\n",
    "a NUL": b"\0",
    "random bytes": np.random.default_rng(5).bytes(5000),
    "a text": "Spectra are drawn from the archive.\nλ in Å.\n".encode(),
    "a table of contents": b"a b\nc d\n",
    "a catalog": b"id,ra,dec\n1,2.0,3.0\n4,5.0,6.0\n",
    "one number": b"6563\n",
    "numbers without end": b"6500 1\n" * 50,
    "JSON": b'{"wave": [1, 2], "flux": [1, 2]}',
    "XML": b'<?xml version="1.0"?><VOTABLE/>',
    "an unclosed quote": b'id,"6500\n' * 20,
    "a PNG": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "an NPZ": b"PK\x03\x04" + bytes(100),
    "a gzip of text": gzip.compress(b"hello\n" * 9),
    "a gzip cut off": gzip.compress(b"hello" * 999)[:20],
    "a gzip with rubbish after it": gzip.compress(b"hello") + b"rubbish",
    "the first word of FITS": b"SIMPLE  =",
    "a header without an end": b"SIMPLE  =                    T".ljust(2880),
    "a header of rubbish": b"SIMPLE  =                    T".ljust(80) + b"\xff" * 2800,
    "FITS without data": as_bytes(fits.PrimaryHDU()),
    "FITS with an image": as_bytes(fits.PrimaryHDU(np.ones((7, 9)))),
    "FITS with a cube": as_bytes(fits.PrimaryHDU(np.ones((2, 3, 4)))),
    "FITS with an empty table": as_bytes(fits.PrimaryHDU(), fits.BinTableHDU.from_columns([fits.Column("a", "D", array=[])])),
    "FITS that lies about its size": lamost_image("dr1").replace(
        b"NAXIS1  =                   60", b"NAXIS1  =                99999"
    ),
    "FITS of negative size": lamost_image("dr1").replace(b"NAXIS1  =                   60", b"NAXIS1  =                  -60"),
    "FITS of no type": lamost_image("dr1").replace(b"BITPIX  =                  -32", b"BITPIX  =                   13"),
    "FITS with an unreadable card": lamost_image("dr1").replace(
        b"COEFF0  =               3.8135", b"COEFF0  =             3.81.3.5"
    ),
    "LAMOST with an unreadable telescope": lamost_image("dr1").replace(b"TELESCOP= 'LAMOST  '", b"TELESCOP= 'LAMOST   "),
}

READERS = sorted(readers())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


def check(reader, path):
    """Check that a reader keeps its promises on one file, whatever it is."""
    reason, spectra, error = said_of(reader, path)

    assert error is None or str(error).startswith(f"{path}: ")
    assert reason is None or (isinstance(reason, str) and reason.strip() and "\n" not in reason)
    assert all(isinstance(one, Spectrum) for one in spectra)
    assert len({one.spectrum_id for one in spectra}) == len(spectra)
    assert bool(spectra) == (reason is None and error is None)


def said_of(reader, path):
    """Return a reader's reason, its spectra, and the error of opening or reading the file; warnings are errors."""
    reason, spectra = None, []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            with SurveyFile(path) as file:
                reason = reader.decline(file)
                again = reader.decline(file)
                spectra = list(reader.read(file)) if reason is None else []
        except DamagedFileError as error:
            return reason, [], error
    assert again == reason
    return reason, spectra, None


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("junk", JUNK)
def test_no_reader_crashes_on_junk_or_reads_it(folder, name, junk):
    path = folder / "junk"
    path.write_bytes(JUNK[junk])

    check(readers()[name], path)


@pytest.mark.parametrize("junk", JUNK)
def test_junk_is_refused_in_one_sentence(folder, junk):
    path = folder / "junk"
    path.write_bytes(JUNK[junk])

    with pytest.raises((NoReaderError, DamagedFileError)) as caught:
        list(read(path))
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", READERS)
def test_every_reader_keeps_its_promises_on_the_layouts_of_the_others(folder, name):
    for layout, make in LAYOUTS.items():
        path = folder / f"{layout}.file"
        path.write_bytes(make())
        check(readers()[name], path)


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name not in ("ascii", "csv")])
@given(data=st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_fits_file_that_is_cut_off_anywhere_is_refused_and_gives_no_spectrum(folder, layout, data):
    whole = LAYOUTS[layout]()
    blocks = st.integers(0, len(whole) // 2880 - 1).map(lambda block: 2880 * block)
    end = data.draw(st.integers(0, len(whole) - 1) | blocks)
    packed = data.draw(st.booleans())
    path = folder / "cut.fits"
    path.write_bytes(gzip.compress(whole[:end]) if packed else whole[:end])

    assert _inspected(path).spectra == []
    check(readers()[layout], path)


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name not in ("ascii", "csv")])
@given(places=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=20))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_reader_crashes_on_overwritten_bytes(folder, layout, places):
    content = bytearray(LAYOUTS[layout]())
    for place, value in places:
        content[int(place * len(content))] = value
    path = folder / "overwritten.fits"
    path.write_bytes(bytes(content))

    for name, reader in readers().items():
        if name != "specutils":
            check(reader, path)


@given(text=st.text(alphabet=st.sampled_from("0123456789.,;-+eE \t\n#\"'waveflux"), max_size=200))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_reader_of_text_crashes_on_text(folder, text):
    path = folder / "text"
    path.write_text(text)

    for name in ("ascii", "csv"):
        check(readers()[name], path)


def _inspected(path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return inspect(path)
