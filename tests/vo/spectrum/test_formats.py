"""A spectrum as VOTable, FITS table and picture: the same numbers, bit by bit, and what programs of the field understand."""

from __future__ import annotations

import io
import math
import shutil
import subprocess
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.io.votable import parse
from astropy.table import Table
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from spectrove.spectrum import HeaderFacts, Spectrum
from spectrove.surveys import read
from spectrove.vo.service.addresses import Addresses
from spectrove.vo.service.records import Record
from spectrove.vo.spectrum.preview import preview_png
from spectrove.vo.spectrum.reading import Published, cut_out
from spectrove.vo.spectrum.sdm import errors_of, sdm_votable
from spectrove.vo.spectrum.tabular_fits import tabular_fits

ADDRESSES = Addresses("http://127.0.0.1:8765/vo")
VALUES = st.floats(allow_nan=True, allow_infinity=False, width=64)


def published(flux: list[float], *, ivar: list[float] | None = None, mask: list[bool] | None = None, **facts) -> Published:
    wave = 6500 + 1.1 * np.arange(len(flux))
    header = HeaderFacts("lamost", "1-a/b sp01", 10.5, -20.25, 56000.5, designation="Škoda <1> & $x$", snr=31.5)
    spectrum = Spectrum(
        wave,
        np.array(flux, dtype=float),
        None if ivar is None else np.array(ivar, dtype=float),
        None if mask is None else np.array(mask),
        header,
        frame="heliocentric",
    )
    known = {"designation": header.designation, "ra": 10.5, "dec": -20.25, "mjd": 56000.5, "snr": 31.5, "release": "DR2"}
    record = Record(
        spectrum_id=str(header.spectrum_id),
        row=0,
        survey="lamost",
        wave_min=float(wave[0]),
        wave_max=float(wave[-1]),
        file=None,
        format=None,
        **{**known, **facts},
    )
    return Published(record, spectrum, "file")


def columns(content: bytes) -> dict[str, np.ndarray]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The unit 'Angstrom' has been deprecated")
        array = parse(io.BytesIO(content), verify="warn").get_first_table().array
    return {name: np.asarray(array[name]) for name in array.dtype.names}


@given(flux=st.lists(VALUES, min_size=2, max_size=30))
def test_fluxes_come_back_bit_by_bit(flux: list[float]) -> None:
    given_ = published(flux)
    told = columns(sdm_votable(given_, ADDRESSES))
    assert told["wavelength"].tobytes() == given_.spectrum.wave.tobytes()
    assert np.array_equal(told["flux"], given_.spectrum.flux, equal_nan=True)
    table = Table.read(io.BytesIO(tabular_fits(given_)), format="fits")
    assert np.array_equal(np.asarray(table["flux"].filled(np.nan) if table.masked else table["flux"]), flux, equal_nan=True)


def test_what_a_votable_says_is_what_our_own_reader_finds_in_it(tmp_path: Path) -> None:
    given_ = published([1.0, math.nan, 2.5, 3.0], ivar=[4.0, 0.0, 1.0, 2.0], mask=[False, True, False, False])
    (tmp_path / "one.vot").write_bytes(sdm_votable(given_, ADDRESSES))
    (found,) = read(tmp_path / "one.vot")
    assert str(found.spectrum_id) == "lamost:1-a/b sp01"
    assert np.array_equal(found.flux, given_.spectrum.flux, equal_nan=True)
    assert np.allclose(found.ivar, given_.spectrum.ivar)
    assert np.array_equal(found.mask, given_.spectrum.mask)
    header = found.header
    assert (header.ra, header.dec, header.mjd, header.snr) == (10.5, -20.25, 56000.5, 31.5)
    assert (header.designation, header.release) == ("Škoda <1> & $x$", "DR2")
    assert (found.medium, found.frame) == ("vacuum", "heliocentric")


@pytest.mark.parametrize("medium", ["vacuum", "undeclared"])
def test_only_what_is_known_to_be_in_vacuum_is_called_so(medium: str, tmp_path: Path) -> None:
    given_ = published([1.0, 2.0, 3.0])
    given_ = replace(given_, spectrum=replace(given_.spectrum, medium=medium))
    (tmp_path / "one.vot").write_bytes(sdm_votable(given_, ADDRESSES))
    assert next(iter(read(tmp_path / "one.vot"))).medium == medium


def test_errors_are_none_where_the_survey_trusts_nothing() -> None:
    assert np.array_equal(errors_of(np.array([4.0, 0.0, 0.25])), [0.5, math.nan, 2.0], equal_nan=True)


@pytest.mark.parametrize("asked", [None, "tabular-fits"])
def test_specutils_opens_the_fits_table_by_itself(asked: str | None, tmp_path: Path) -> None:
    specutils = pytest.importorskip("specutils")
    given_ = published([1.0, 2.0, 2.5, 3.0], ivar=[4.0, 1.0, 1.0, 2.0], mask=[False, True, False, False])
    (tmp_path / "one.fits").write_bytes(tabular_fits(given_))
    found = specutils.Spectrum.read(tmp_path / "one.fits", **({} if asked is None else {"format": asked}))
    assert np.array_equal(found.spectral_axis.to_value("Angstrom"), given_.spectrum.wave)
    assert np.array_equal(found.flux.value, given_.spectrum.flux)
    assert np.allclose(found.uncertainty.array, errors_of(given_.spectrum.ivar))


@pytest.mark.skipif(shutil.which("stilts") is None, reason="stilts is not installed")
@pytest.mark.parametrize("with_all", [False, True])
def test_votlint_has_nothing_to_say(tmp_path: Path, *, with_all: bool) -> None:
    more = {"ivar": [1.0, 0.0, 2.0], "mask": [True, False, False]} if with_all else {"ra": None, "designation": None, "mjd": None}
    (tmp_path / "one.vot").write_bytes(sdm_votable(published([1.0, math.nan, -2.0], **more), ADDRESSES))
    done = subprocess.run(["stilts", "votlint", tmp_path / "one.vot"], capture_output=True, text=True, check=True)
    assert done.stdout + done.stderr == ""


# -- parts -----------------------------------------------------------------------------------------------------------------------


@given(ends=st.tuples(st.floats(6490, 6540), st.floats(6490, 6540)))
def test_a_part_holds_the_pixels_of_its_band_or_the_two_that_are_nearest(ends: tuple[float, float]) -> None:
    whole = published(list(range(30)), ivar=[1.0] * 30, mask=[False] * 30)
    low, high = min(ends), max(ends)
    wave = whole.spectrum.wave
    inside = [at for at in wave.tolist() if low <= at <= high]
    part = cut_out(whole, (low, high))
    if high < wave[0] or low > wave[-1]:
        assert part is None
        return
    assert part is not None
    kept = part.spectrum.wave.tolist()
    if len(inside) >= 2:
        assert kept == inside
    else:
        assert len(kept) == 2
        assert set(inside) <= set(kept)
        middle = (low + high) / 2
        others = [abs(at - middle) for at in wave.tolist() if at not in kept]
        assert max(abs(at - middle) for at in kept) <= min(others)
    assert part.spectrum.flux.tolist() == [float(wave.tolist().index(at)) for at in kept]
    assert part.spectrum.ivar is not None
    assert len(part.spectrum.ivar) == len(kept)


# -- pictures --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flux", [[1.0, 5.0, 2.0] * 20, [math.nan] * 5, [2.0, 2.0], [0.0, math.nan, 1e30]])
def test_a_picture_shows_whatever_there_is(flux: list[float]) -> None:
    picture = Image.open(io.BytesIO(preview_png(published(flux))))
    assert (picture.format, picture.size) == ("PNG", (640, 300))
    assert len(picture.convert("RGB").getcolors(maxcolors=10**6)) > 3


@pytest.mark.parametrize("name", ["Y" * 300, "a\nb\tc\x00", "$x$ $"])
def test_a_name_of_any_kind_leaves_the_picture_its_frame(name: str) -> None:
    picture = Image.open(io.BytesIO(preview_png(published([1.0, 5.0, 2.0] * 20, designation=name)))).convert("RGB")
    dark = np.flatnonzero((np.asarray(picture)[150] < 60).all(axis=1))
    assert dark[-1] - dark[0] > 500
