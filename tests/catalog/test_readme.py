"""A catalog as CDS archives it, read back by astropy."""

from __future__ import annotations

import math
import re

import numpy as np
import pyarrow as pa
import pytest
from astropy import units
from astropy.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st

from spectrove.catalog.ascii_text import ascii_text
from spectrove.catalog.columns import CatalogFacts, meaning_of
from spectrove.catalog.readme import write_readme
from whole_catalog import FACTS, whole_catalog


def read(paths):
    return Table.read(paths["data"], readme=paths["readme"], format="ascii.cds")


def values_of(column):
    """Return what astropy read as Python values, None where there is none."""
    mask = np.ma.getmaskarray(column)
    return [None if missing else value for value, missing in zip(np.ma.getdata(column).tolist(), mask.tolist(), strict=True)]


def rounded(name, value):
    """Return what is left of a value in the archive."""
    meaning = meaning_of(name)
    if isinstance(value, str):
        return " ".join(ascii_text(value).split()) or None
    if isinstance(value, float):
        return float((meaning.format if meaning and meaning.format else "%.17g") % value) if math.isfinite(value) else None
    return value if value is None else int(value)


def test_a_whole_catalog_comes_back_with_every_value_as_it_was_rounded(tmp_path, generator):
    table = whole_catalog(generator)

    found = read(write_readme(table, tmp_path / "cds", FACTS))

    assert found.colnames == table.column_names
    for name in table.column_names:
        assert values_of(found[name]) == [rounded(name, value) for value in table[name].to_pylist()], name


def test_units_and_explanations_come_back(tmp_path, generator):
    table = whole_catalog(generator)

    found = read(write_readme(table, tmp_path, FACTS))

    for name in table.column_names:
        meaning = meaning_of(name)
        wanted = units.Unit(meaning.unit, format="vounit") if meaning.unit else None
        assert found[name].unit == wanted, name
        assert found[name].description.removeprefix("[0/1] ") == ascii_text(meaning.description), name


@settings(max_examples=40)
@given(
    doubles=st.lists(st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)), min_size=1, max_size=5),
    data=st.data(),
)
def test_columns_that_no_catalog_knows_come_back_bit_by_bit(tmp_path_factory, doubles, data):
    n = len(doubles)
    whole = data.draw(st.lists(st.one_of(st.none(), st.integers(-(2**31), 2**31 - 1)), min_size=n, max_size=n))
    narrow = data.draw(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=n, max_size=n))
    texts = data.draw(st.lists(st.one_of(st.none(), st.text(max_size=8)), min_size=n, max_size=n))
    table = pa.table(
        {
            "key": pa.array([f"k{row}" for row in range(n)]),
            "double": pa.array(doubles, pa.float64()),
            "whole": pa.array(whole, pa.int64()),
            "narrow": pa.array(narrow, pa.float32()),
            "text": pa.array(texts, pa.string()),
        }
    )

    found = read(write_readme(table, tmp_path_factory.getbasetemp() / "cds", CatalogFacts("any", "Anything")))

    assert [None if value is None or value != value else value for value in values_of(found["double"])] == doubles  # noqa: PLR0124
    assert values_of(found["whole"]) == whole
    assert np.array_equal(np.float32(values_of(found["narrow"])), np.float32(narrow))
    assert values_of(found["text"]) == [" ".join(ascii_text(text or "").split()) or None for text in texts]


@pytest.mark.parametrize("value", [1e30, -3.4e38, 123456789012345.0])
def test_a_number_too_wide_for_its_column_is_written_with_an_exponent(tmp_path, value):
    table = pa.table({"spectrum_id": ["a", "b"], "ew_ha_err": pa.array([value, 0.5], pa.float64())})

    paths = write_readme(table, tmp_path, FACTS)

    assert values_of(read(paths)["ew_ha_err"]) == [pytest.approx(value, rel=1e-6), 0.5]
    assert len(paths["data"].read_text().splitlines()[0]) < 20


def test_infinities_are_left_out(tmp_path):
    table = pa.table({"spectrum_id": ["a", "b"], "snr": [math.inf, 1.5]})

    assert values_of(read(write_readme(table, tmp_path, FACTS))["snr"]) == [None, 1.5]


def test_every_line_of_the_table_has_the_length_that_the_summary_says(tmp_path, generator):
    paths = write_readme(whole_catalog(generator), tmp_path, FACTS)

    lines = paths["data"].read_text("ascii").splitlines()
    length, records = re.search(r"demo-catalog\.dat\s+(\d+)\s+(\d+)", paths["readme"].read_text("ascii")).groups()
    assert {len(line) for line in lines} == {int(length)}
    assert len(lines) == int(records) == 60


def test_the_readme_says_what_the_catalog_is_in_lines_of_80_characters(tmp_path, generator):
    text = write_readme(whole_catalog(generator), tmp_path, FACTS)["readme"].read_text("ascii")

    assert max(map(len, text.splitlines())) <= 80
    for told in (
        "Candidates with emission in Halpha",
        "Skoda P., Podsztavek O. (2026)",
        "4136482 spectra of LAMOST DR2",
        "ab" * 32,
    ):
        assert told in text
    parts = [
        "Abstract:",
        "Description:",
        "File Summary:",
        "Byte-by-byte Description of file: demo-catalog.dat",
        "References:",
        "(End)",
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_a_column_with_values_throughout_is_not_marked_as_one_that_lacks_some(tmp_path):
    table = pa.table({"spectrum_id": ["a", "b"], "snr": [1.0, 2.0], "mjd": [1.0, None]})

    text = write_readme(table, tmp_path, FACTS)["readme"].read_text()

    assert re.search(r"snr +Signal", text)
    assert re.search(r"mjd +\? Modified", text)


def test_an_empty_catalog_is_described_and_has_an_empty_file(tmp_path, generator):
    paths = write_readme(whole_catalog(generator).slice(0, 0), tmp_path, FACTS)

    assert paths["data"].read_bytes() == b""
    assert "rv_frame" in paths["readme"].read_text()


def test_earlier_files_are_replaced_and_nothing_else_stays_behind(tmp_path, generator):
    write_readme(whole_catalog(generator), tmp_path, FACTS)
    write_readme(pa.table({"spectrum_id": ["a"]}), tmp_path, FACTS)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["ReadMe", "demo-catalog.dat"]
    assert (tmp_path / "demo-catalog.dat").read_text() == "a\n"


@pytest.mark.parametrize(
    ("name", "file"), [("Škoda 2020!", "skoda-2020.dat"), ("../up", "up.dat"), ("日本", "catalog.dat"), ("", "catalog.dat")]
)
def test_any_name_makes_the_name_of_a_file(tmp_path, name, file):
    assert write_readme(pa.table({"spectrum_id": ["a"]}), tmp_path, CatalogFacts(name, "t"))["data"] == tmp_path / file


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        (pa.table({"two words": [1]}), "without blanks, got 'two words'"),
        (pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), "of its own without blanks, got 'a'"),
        (pa.table({"when": pa.array([1], pa.timestamp("s"))}), "type timestamp.* has no counterpart"),
    ],
)
def test_a_table_that_cannot_be_described_is_refused_and_leaves_no_file(tmp_path, table, complaint):
    with pytest.raises(ValueError, match=complaint):
        write_readme(table, tmp_path / "cds", FACTS)

    assert not list(tmp_path.iterdir())
