"""What is read without astropy is what the readers give, digit by digit, or is left to them."""

from __future__ import annotations

import gzip
from io import BytesIO

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from layouts import FLUX, N_PIXELS, WAVE, lamost_image, lamost_table, ondrejov_table, packed, sdss_spec
from spectrove.errors import PlugInError, SurveyFileError
from spectrove.spectrum import HeaderFacts
from spectrove.surveys import SurveyFile, Wanted, fast_formats, parse_fast, plain_table, read_fast, reader_of, readers
from spectrove.surveys.content import BEGINNING, IN_FLIGHT
from spectrove.surveys.file import LARGEST

FILES = {
    "lamost-dr1": lamost_image("dr1"),
    "lamost-image": lamost_image("image"),
    "lamost-table": lamost_table(),
    "sdss-spec": sdss_spec(),
}
FORMATS = frozenset(FILES)

CARDS = [
    "BSCALE  =                  2.0",
    "BZERO   =                 10.0",
    "BLANK   =                    0",
    "TSCAL1  =                  2.0",
    "TNULL1  =                    0",
    "CONTINUE  'and so on'",
    "HIERARCH ESO TEL = 'far'",
    "telescop= 'LAMOST  '",
    "TELESCOP= 'LAMOST  '",
    "TELESCOP= 'SDSS 2.5-M'",
    "FIBERID =                  084",
    "FIBERID =                   84",
    "FIBERID = 84",
    "FIBERID = '84      '",
    "FIBERID =                  8.0",
    "FIBERID =                 -9999",
    "FIBERID =",
    "SPID    =                1.5E1",
    "PLANID  = 'it''s    '",
    "PLANID  = 'AXIS.1: 2.5'",
    "PLANID  = 'ends with &'",
    "PLANID  = 'no end",
    "PLANID  =                   12",
    "RA      =              1.25D+2",
    "RA      =               1E-400",
    "RA      =              -9999.0",
    "RA      = 'none    '",
    "DATE-OBS= '2012-13-45'",
    "DATE-OBS= '2012-01-02T03:04:05'",
    "VACUUM  =                    F",
    "VACUUM  =                    1",
    "OBSID   =            939101052",
    "CLASS   = '        '",
    "COEFF0  =                  4.5",
    "COEFF1  =                0.001",
    "NAXIS   =                    1",
    "NAXIS1  =                   61",
    "NAXIS2  =                    4",
    "BITPIX  =                   16",
    "SIMPLE  =                    F",
    "EXTNAME = 'COADD   '",
    "GROUPS  =                    T",
    "PCOUNT  =                  100",
    "EXTEND  =                    F",
    "END",
    "COMMENT = 'is it one?'",
    "",
    "X",
]


def by_readers(path):
    """Return what the readers make of a file: the reader's name and the spectrum, or why there is none."""
    try:
        with SurveyFile(path) as file:
            reader = reader_of(file)
            (spectrum,) = reader.read(file)
    except SurveyFileError as error:
        return None, str(error)
    return reader.name, spectrum


def assert_same(plain, path):
    """Fail unless the readers give the same spectrum, to the last bit and type."""
    name, spectrum = by_readers(path)
    assert name == plain.format, spectrum
    facts = HeaderFacts(**plain.facts)
    assert facts == spectrum.header
    assert [type(value) for value in vars(facts).values()] == [type(value) for value in vars(spectrum.header).values()]
    assert (spectrum.medium, spectrum.wave.dtype) == ("vacuum", plain.grid.wave.dtype)
    assert plain.grid.wave.tobytes() == spectrum.wave.tobytes()
    np.testing.assert_array_equal(plain.flux, spectrum.flux)


def wanted(path):
    """Return a file as a walk finds it."""
    status = path.stat()
    return Wanted(str(path), status.st_size, status.st_mtime_ns)


def numbered(fiberid):
    """Return a file of another fiber."""
    place = FILES["lamost-table"].index(b"FIBERID =") // 80
    return with_card(FILES["lamost-table"], place, f"FIBERID = {fiberid:20d}")


def with_card(content, place, card):
    """Return a file with another card at some place of its headers."""
    begin = 80 * place
    return content[:begin] + card.encode("latin-1").ljust(80)[:80] + content[begin + 80 :]


class TestPlainFiles:
    @pytest.mark.parametrize("pack", [bytes, packed, gzip.compress], ids=["plain", "gzipped", "gzipped-with-time"])
    @pytest.mark.parametrize("name", FILES)
    def test_each_layout_is_read_and_the_same(self, put, name, pack):
        path = put(pack(FILES[name]))
        (plain,) = read_fast([wanted(path)], FORMATS)
        assert plain.format == name
        assert_same(plain, path)

    def test_every_real_spec_of_sdss_is_read_and_the_same(self, shared_data):
        files = [path for path in sorted((shared_data / "sdss").rglob("*")) if path.is_file()]
        for path, plain in zip(files, read_fast(list(map(wanted, files)), FORMATS), strict=True):
            assert_same(plain, path)

    def test_an_image_in_double_precision_is_read(self, put):
        with fits.open(BytesIO(FILES["lamost-image"])) as hdus:
            stream = BytesIO()
            fits.PrimaryHDU(hdus[0].data.astype(">f8"), hdus[0].header).writeto(stream)
        assert_same(parse_fast(stream.getvalue(), FORMATS), put(stream.getvalue()))

    def test_files_of_one_grid_share_it(self):
        spectra = [parse_fast(lamost_image("image", FIBERID=number), FORMATS) for number in (1, 2, 3)]
        assert len({spectrum.grid for spectrum in spectra}) == 1
        assert [spectrum.facts["fiberid"] for spectrum in spectra] == [1, 2, 3]
        other = lamost_image("image", third=np.nextafter(WAVE.astype("f4"), np.float32(np.inf)))
        assert parse_fast(other, FORMATS).grid is not spectra[0].grid

    def test_more_files_than_are_in_flight_come_in_their_order_with_nothing_left_open(self, tmp_path):
        paths = [tmp_path / f"{number}.fits" for number in range(2 * IN_FLIGHT + 3)]
        for number, path in enumerate(paths):
            path.write_bytes(numbered(number))
        paths[5].unlink()
        spectra = list(read_fast([Wanted(str(path), len(FILES["lamost-table"]), 0) for path in paths], FORMATS))
        assert spectra == [None] * len(paths)  # the time is not theirs
        spectra = list(read_fast([wanted(path) for path in paths if path.exists()], FORMATS))
        assert [spectrum.facts["fiberid"] for spectrum in spectra] == [number for number in range(len(paths)) if number != 5]

    @pytest.mark.parametrize("pack", [bytes, packed], ids=["plain", "gzipped"])
    def test_a_file_longer_than_its_beginning_is_read_to_its_end(self, put, pack):
        random = np.random.default_rng(1)
        flux = random.normal(size=BEGINNING).astype(">f4")
        columns = {"FLUX": flux, "IVAR": np.ones(flux.size), "WAVELENGTH": np.linspace(3700, 9000, flux.size), "ANDMASK": flux}
        vectors = [fits.Column(name, f"{flux.size}E", array=[values]) for name, values in columns.items()]
        with fits.open(BytesIO(FILES["lamost-table"])) as hdus:
            stream = BytesIO()
            fits.HDUList([hdus[0], fits.BinTableHDU.from_columns(vectors, name="COADD")]).writeto(stream)
        path = put(pack(stream.getvalue()))
        (plain,) = read_fast([wanted(path)], FORMATS)
        assert_same(plain, path)


class TestWhatIsLeftToTheReaders:
    @pytest.mark.parametrize(
        "content",
        [
            FILES["lamost-dr1"][:-2880],
            FILES["lamost-dr1"] + bytes(2880),
            packed(FILES["lamost-table"])[:-1],
            packed(FILES["lamost-table"]) + b"\0",
            packed(FILES["lamost-table"]) + packed(FILES["lamost-table"]),
            packed(packed(FILES["lamost-table"])),
            lamost_image("dr1", third=WAVE),
            lamost_image("image", third=FLUX / 100),
            lamost_image("image", VACUUM=False),
            lamost_image("image", COEFF0=0.5),
            lamost_table(columns=("FLUX", "IVAR", "WAVELENGTH")),
            lamost_table(PLANID="-"),
            sdss_spec(PLATE=1.5),
            ondrejov_table(),
            b"",
            b"SIMPLE  =",
            b"6500 1\n6501 2\n",
        ],
    )
    def test_unusual_files_are_left(self, content):
        assert parse_fast(content, FORMATS) is None

    @pytest.mark.parametrize("place", [0, 30, N_PIXELS - 1])
    def test_a_negative_inverse_variance_anywhere_is_left(self, place):
        content = bytearray(FILES["lamost-image"])
        begin = len(content) - 2880 + 4 * (N_PIXELS + place)
        content[begin : begin + 4] = np.array(-1.0, dtype=">f4").tobytes()
        assert parse_fast(bytes(content), FORMATS) is None

    def test_a_file_that_is_none_or_not_what_was_found_is_left(self, tmp_path, put):
        path = put(FILES["lamost-dr1"])
        size, time = path.stat().st_size, path.stat().st_mtime_ns
        strange = [Wanted(str(tmp_path), 4096, 0), Wanted(str(tmp_path / "none"), 1, 1), Wanted("a\0b", 1, 1)]
        changed = [Wanted(str(path), size + 1, time), Wanted(str(path), size, time + 1), Wanted(str(path), LARGEST + 1, time)]
        assert list(read_fast([*strange, *changed], FORMATS)) == [None] * 6

    def test_only_the_formats_asked_for_are_read(self):
        assert fast_formats() == FORMATS
        assert fast_formats("lamost-dr1") == {"lamost-dr1"}
        assert fast_formats("ascii") == frozenset()
        assert parse_fast(FILES["lamost-dr1"], fast_formats("lamost-image")) is None
        with pytest.raises(PlugInError):
            fast_formats("lamost")

    def test_what_comes_after_a_reader_of_somebody_else_is_left(self, monkeypatch):
        foreign = type("Foreign", (), {"__module__": "elsewhere"})()
        several = {**readers(), "lamost-image": foreign}
        monkeypatch.setattr("spectrove.surveys.reader._loaded", lambda: several)
        assert fast_formats() == {"lamost-dr1"}


@settings(max_examples=250)
@given(
    name=st.sampled_from(sorted(FILES)),
    cards=st.lists(st.tuples(st.integers(0, 40), st.sampled_from(CARDS)), max_size=2),
    edits=st.lists(st.tuples(st.integers(0, 30_000), st.integers(0, 255)), max_size=2),
    end=st.none() | st.integers(-3000, 3000),
    pack=st.booleans(),
)
def test_whatever_is_changed_in_a_file_the_readers_agree(tmp_path_factory, name, cards, edits, end, pack):
    content = FILES[name]
    for place, card in cards:
        content = with_card(content, place, card)
    changed = bytearray(packed(content) if pack else content)
    for place, value in edits:
        changed[place % len(changed)] = value
    whole = bytes(changed) if end is None else bytes(changed[:end]) if end < 0 else bytes(changed) + bytes(end)
    plain = parse_fast(whole, FORMATS)
    if plain is not None:
        path = tmp_path_factory.mktemp("changed") / "file"
        path.write_bytes(whole)
        assert_same(plain, path)


@pytest.mark.parametrize("name", FILES)
def test_every_kind_of_card_in_every_place_is_read_as_the_readers_do(put, name):
    plain = parse_fast(FILES[name], FORMATS)
    n_taken = 0
    for number, card in enumerate(CARDS):
        for place in range(number % 3, min(len(FILES[name]) // 80, 108), 3):
            content = with_card(FILES[name], place, card)
            found = parse_fast(content, FORMATS)
            n_taken += found is not None
            if found is not None and (found.facts != plain.facts or found.grid is not plain.grid or n_taken % 40 == 0):
                assert_same(found, put(content))
    assert n_taken > 40


@pytest.mark.parametrize(("shape", "is_plain"), [(None, True), ("(6)", True), ("(3,2)", False), ("(5)", False), ("( 6)", False)])
def test_a_vector_that_is_said_to_be_a_vector_is_one(shape, is_plain):
    table = fits.BinTableHDU.from_columns([fits.Column("FLUX", "6E", array=np.zeros((1, 6)))])
    if shape is not None:
        table.header["TDIM1"] = shape
    header = table.header.tostring().encode()
    assert ("FLUX" in plain_table.table_of(header).columns) is is_plain
