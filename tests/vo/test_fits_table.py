"""Tables as FITS."""

from __future__ import annotations

import math
import shutil
import subprocess

import numpy as np
import pyarrow as pa
import pytest
from astropy import units
from astropy.io import fits
from astropy.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st

from spectrove.catalog.ascii_text import ascii_text
from spectrove.catalog.columns import meaning_of
from spectrove.vo.fits_table import write_fits
from whole_catalog import whole_catalog


def values_of(path, name):
    """Return a column as Python values, None where there is none; NaN is none."""
    return values_in(Table.read(path, mask_invalid=True), name)


def values_in(table, name):
    column = table[name]
    mask = np.ma.getmaskarray(column)
    return [None if missing else value for value, missing in zip(np.ma.getdata(column).tolist(), mask.tolist(), strict=True)]


def written(value):
    if isinstance(value, str):
        return ascii_text(value) or None
    return None if isinstance(value, float) and math.isnan(value) else value


@st.composite
def columns(draw, kind, values):
    return pa.array(draw(st.lists(st.one_of(st.none(), values), min_size=1, max_size=6)), kind)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (pa.float64(), st.floats()),
        (pa.float32(), st.floats(width=32)),
        (pa.int64(), st.one_of(st.integers(-(2**63), 2**63 - 1), st.just(-(2**63)))),
        (pa.int32(), st.one_of(st.integers(-(2**31), 2**31 - 1), st.just(-(2**31)))),
        (pa.int16(), st.integers(-(2**15), 2**15 - 1)),
        (pa.int8(), st.integers(-128, 127)),
        (pa.uint8(), st.integers(0, 255)),
        (pa.uint16(), st.integers(0, 2**16 - 1)),
        (pa.uint32(), st.integers(0, 2**32 - 1)),
        (pa.bool_(), st.booleans()),
        (pa.string(), st.text(max_size=9)),
    ],
    ids=str,
)
@settings(max_examples=25)
@given(data=st.data())
def test_values_come_back_bit_by_bit_and_missing_ones_missing(tmp_path_factory, kind, values, data):
    column = data.draw(columns(kind, values))
    path = tmp_path_factory.getbasetemp() / "values.fits"

    write_fits(pa.table({"values": column}), path, "values")

    assert values_of(path, "values") == [written(value) for value in column.to_pylist()]


def test_a_whole_catalog_comes_back_with_every_value(tmp_path, generator):
    table = whole_catalog(generator)

    write_fits(table, tmp_path / "a.fits", "A catalog")

    found = Table.read(tmp_path / "a.fits", mask_invalid=True)
    assert found.colnames == table.column_names
    for name in table.column_names:
        assert values_in(found, name) == [written(value) for value in table[name].to_pylist()], name


def test_the_header_says_what_the_columns_mean(tmp_path, generator):
    table = whole_catalog(generator)

    write_fits(table, tmp_path / "a.fits", "A catalog")

    with fits.open(tmp_path / "a.fits") as (empty, hdu):
        assert empty.data is None
        header = hdu.header
        for number, name in enumerate(table.column_names, 1):
            meaning = meaning_of(name)
            assert header[f"TTYPE{number}"] == name
            assert header[f"TUCD{number}"] == meaning.ucd
            assert header[f"TCOMM{number}"] == ascii_text(meaning.description)
            wanted = units.Unit(meaning.unit, format="vounit") if meaning.unit else None
            found = header.get(f"TUNIT{number}")
            assert (units.Unit(found, format="fits", parse_strict="raise") if found else None) == wanted
        assert (header["EXTNAME"], header["RADESYS"], header["MJDREF"]) == ("CANDIDATES", "ICRS", 0.0)


def test_a_number_that_is_missing_has_its_null_and_a_column_with_all_has_none(tmp_path):
    table = pa.table({"some": pa.array([1, None], pa.int32()), "all": pa.array([1, 2], pa.int32())})

    write_fits(table, tmp_path / "a.fits", "nulls")

    header = fits.getheader(tmp_path / "a.fits", 1)
    assert header["TNULL1"] == -(2**31)
    assert "TNULL2" not in header


def test_flags_are_flags_and_become_numbers_only_where_some_are_missing(tmp_path):
    write_fits(pa.table({"all": [True, False], "some": [True, None]}), tmp_path / "a.fits", "flags")

    header = fits.getheader(tmp_path / "a.fits", 1)
    assert (header["TFORM1"], header["TFORM2"], header["TNULL2"]) == ("L", "I", -1)
    assert values_of(tmp_path / "a.fits", "some") == [1, None]


def test_facts_and_the_description_are_comments(tmp_path):
    write_fits(pa.table({"a": [1]}), tmp_path / "a.fits", "Kandidáti " + "long " * 30, {"pool": "f" * 64, "Name": "Škoda"})

    comments = "\n".join(fits.getheader(tmp_path / "a.fits", 1)["COMMENT"])
    assert comments.replace("\n", " ").startswith("Kandidati " + "long " * 29)
    assert "f" * 64 in comments
    assert "Name = Skoda" in comments
    assert "spelled" not in comments


def test_text_that_had_to_be_spelled_is_told_of(tmp_path):
    write_fits(pa.table({"a": ["Hα"], "n": [1]}), tmp_path / "a.fits", "text")

    assert values_of(tmp_path / "a.fits", "a") == ["Halpha"]
    assert "spelled here in ASCII" in " ".join(fits.getheader(tmp_path / "a.fits", 1)["COMMENT"])


@pytest.mark.parametrize("texts", [[], [None, None], ["", ""]])
def test_texts_without_a_letter_have_a_column_all_the_same(tmp_path, texts):
    write_fits(pa.table({"a": pa.array(texts, pa.string()), "b": pa.nulls(len(texts))}), tmp_path / "a.fits", "nothing")

    assert fits.getheader(tmp_path / "a.fits", 1)["NAXIS2"] == len(texts)
    assert [fits.getheader(tmp_path / "a.fits", 1)[f"TFORM{n}"] for n in (1, 2)] == ["1A", "1A"]


def test_a_file_that_exists_is_replaced_and_nothing_else_stays_behind(tmp_path):
    (tmp_path / "a.fits").write_text("old")

    write_fits(pa.table({"a": [1]}), tmp_path / "a.fits", "new")

    assert values_of(tmp_path / "a.fits", "a") == [1]
    assert [path.name for path in tmp_path.iterdir()] == ["a.fits"]


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        (pa.table({"two words": [1]}), "FITS: 'two words' cannot be"),
        (pa.table({"prob_A": [1], "prob_a": [1]}), "a name of its own"),
        (pa.table({"when": pa.array([1], pa.timestamp("s"))}), "FITS: column 'when' has the type timestamp"),
        (pa.table({"huge": pa.array([1], pa.uint64())}), "type uint64, which has no counterpart"),
    ],
)
def test_a_table_that_fits_cannot_hold_is_refused_and_leaves_no_file(tmp_path, table, complaint):
    with pytest.raises(ValueError, match=complaint):
        write_fits(table, tmp_path / "a.fits", "refused")

    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(shutil.which("fitsverify") is None, reason="fitsverify is not installed, so it cannot look at the file")
@pytest.mark.parametrize("n_rows", [0, 1, 60])
def test_fitsverify_has_nothing_to_say(tmp_path, generator, n_rows):
    write_fits(whole_catalog(generator, n_rows), tmp_path / "a.fits", "A catalog " * 20, {"pool": "f" * 64})

    done = subprocess.run(["fitsverify", "-q", str(tmp_path / "a.fits")], capture_output=True, text=True, check=False, timeout=60)

    assert done.stdout.startswith("verification OK"), done.stdout


@pytest.mark.skipif(shutil.which("stilts") is None, reason="stilts is not installed, so TOPCAT's reader cannot look at the file")
def test_topcat_reads_units_ucds_and_nulls(tmp_path, generator):
    write_fits(whole_catalog(generator), tmp_path / "a.fits", "A catalog")

    command = ["stilts", "tpipe", f"in={tmp_path / 'a.fits'}", "cmd=meta name units ucd description", "ofmt=csv"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)

    assert 'ew_ha,Angstrom,spect.line.eqWidth;em.line.Halpha,"Equivalent width of Halpha, negative in emission"' in done.stdout
