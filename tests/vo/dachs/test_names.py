"""Names as DaCHS, PostgreSQL, addresses and XML can hold them."""

from __future__ import annotations

import re
from urllib.parse import quote
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove.vo.dachs.columns import declared
from spectrove.vo.dachs.names import SCHEMA, TAKEN, place_of, plain, require_schema, schema_of

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)


@given(st.lists(KEYS, unique=True, min_size=2, max_size=8))
def test_different_spectra_have_different_places_which_need_no_quoting(keys):
    places = [place_of(f"survey:{key}") for key in keys]
    assert len(set(places)) == len(keys)
    for place in places:
        assert quote(place) == place
        folder, survey, name = place.split("/")
        assert (folder, survey) == ("data", "survey")
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", name)
        assert len(name) <= 250, "file systems take no more"


def test_a_usual_key_stays_as_it_is():
    assert place_of("lamost:56257-01-006") == "data/lamost/56257-01-006"


@pytest.mark.parametrize("key", [".", "..", "../../etc/passwd", "a/b", "a\\b", "~", "x" * 400])
def test_no_place_is_outside_of_the_resource(key):
    name = place_of(f"s:{key}").removeprefix("data/s/")
    assert "/" not in name
    assert not name.startswith(".")


@given(TEXT)
def test_a_plain_text_is_what_xml_gives_back(text):
    told = plain(text)
    assert "\\" not in told
    assert (ET.fromstring(f"<a>{escape(told)}</a>").text or "") == told


@given(TEXT)
def test_any_folder_gives_a_schema(name):
    require_schema(schema_of(name))


@pytest.mark.parametrize("name", ["", "Emission", "1st", "a-b", "a b", 'a"; DROP TABLE x', "ž", "a" * 60, "pg_x", *sorted(TAKEN)])
def test_what_is_no_schema_is_refused(name):
    with pytest.raises(ValueError, match="cannot be the name of a schema"):
        require_schema(name)


def test_columns_that_differ_by_case_alone_are_told_apart():
    names = ["spectrum_id", "prob_Be", "prob_be", "prob_Be_2", "prob_B[e]", "label", "file", "datalink"]
    table, columns = declared(pa.table({name: pa.array(["x"]) for name in names}))
    told = [column.name for column in columns]
    assert told == table.column_names
    assert told == ["spectrum_id", "prob_be", "prob_be_2", "prob_be_2_2", "prob_b_e_", "label", "datalink_2"]
    assert all(SCHEMA.fullmatch(name) for name in told)


@pytest.mark.parametrize(
    ("values", "type_", "cells", "back"),
    [
        (pa.array([True, False]), "boolean", ["True", "False"], [True, False]),
        (pa.array([1, -2], pa.int32()), "integer", ["1", "-2"], [1, -2]),
        (pa.array([0.5, 2e9], pa.float32()), "real", ["0.5", "2000000000.0"], [0.5, 2e9]),
        (pa.array([0.1, 2e9]), "double precision", ["0.1", "2000000000.0"], [0.1, 2e9]),
        (pa.array(["a", "ř"]), "unicode", ["a", "ř"], ["a", "ř"]),
    ],
)
def test_the_parser_of_a_column_takes_its_cells(values, type_, cells, back):
    _, (column,) = declared(pa.table({"any": values}))
    assert column.type == type_
    assert [repr(value) if not isinstance(value, str) else value for value in values.to_pylist()] == cells
    parser = eval(column.parser)
    assert [parser(cell) for cell in cells] == back
