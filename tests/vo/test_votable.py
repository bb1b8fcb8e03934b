"""Tables for the Virtual Observatory."""

from __future__ import annotations

import csv
import math
import shutil
import subprocess

import numpy as np
import pyarrow as pa
import pytest
from astropy import units
from astropy.io.votable import parse
from astropy.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st

from spectrove.catalog import LabeledSpectrum, build_candidates
from spectrove.catalog.columns import meaning_of
from spectrove.contracts import Scores
from spectrove.vo import write_votable
from spectrove.vo.votable import votable_of
from whole_catalog import whole_catalog

CLASSES = ("single-peak", "double-peak", "not-interesting")


def read(path):
    return parse(path, verify="exception")


def values_of(path, name):
    """Return a column as Python values, None where there is none."""
    return values_in(read(path).get_first_table().array, name)


def values_in(array, name):
    column, mask = array[name].data, array.mask[name]
    return [None if missing else value for value, missing in zip(column.tolist(), mask.tolist(), strict=True)]


@pytest.fixture
def candidates(generator):
    ids = np.array([f"lamost:56{number:03d}-01-001" for number in range(40)], dtype=object)
    probabilities = generator.dirichlet([1.0, 1.0, 1.0], size=40).astype(np.float32)
    metadata = pa.table(
        {
            "spectrum_id": pa.array(ids, pa.string()),
            "designation": [None, "LAMOST J0640"] * 20,
            "ra": pa.array([None, *generator.uniform(0, 360, 39)], pa.float64()),
            "dec": generator.uniform(-90, 90, 40),
            "mjd": pa.array([None, *range(56001, 56040)], pa.float64()),
            "snr": pa.array([None, math.inf, *generator.uniform(0, 99, 38)], pa.float32()),
            "subclass": ["dM4é"] * 40,
            "file": [f"spec-{number}.fits.gz" for number in range(40)],
        }
    )
    labeled = {ids[0]: LabeledSpectrum("double-peak", 3), ids[1]: LabeledSpectrum("single-peak", 3)}
    unscored = Scores(ids[1:], probabilities[1:], CLASSES, checkpoint="c", pool="p")
    return build_candidates(metadata, unscored, labeled, CLASSES[:2], iteration=4)


INT32, INT64 = st.integers(-(2**31), 2**31 - 1), st.integers(-(2**63), 2**63 - 1)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
XML_TEXT = st.text(
    st.one_of(st.sampled_from("<>&\"' \t\n]"), st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")),
    max_size=12,
)


@st.composite
def columns(draw, kind, values):
    return pa.array(draw(st.lists(st.one_of(st.none(), values), max_size=6)), kind)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (pa.float64(), st.floats(allow_infinity=False)),
        (pa.float32(), st.floats(width=32, allow_infinity=False)),
        (pa.int64(), st.one_of(INT64, st.just(-(2**63)))),
        (pa.int32(), st.one_of(INT32, st.just(-(2**31)))),
        (pa.int16(), st.integers(-(2**15), 2**15 - 1)),
        (pa.bool_(), st.booleans()),
    ],
)
@settings(max_examples=40)
@given(data=st.data())
def test_numbers_and_flags_come_back_bit_by_bit_and_missing_ones_missing(tmp_path_factory, kind, values, data):
    column = data.draw(columns(kind, values))
    path = tmp_path_factory.getbasetemp() / "numbers.vot"

    write_votable(pa.table({"values": column}), path, "numbers")

    expected = [None if value is None or value != value else value for value in column.to_pylist()]  # noqa: PLR0124 - NaN
    assert values_of(path, "values") == expected


@settings(max_examples=40)
@given(column=columns(pa.string(), XML_TEXT))
def test_text_comes_back_in_every_script_but_for_white_space_at_its_ends(tmp_path_factory, column):
    path = tmp_path_factory.getbasetemp() / "text.vot"

    write_votable(pa.table({"text": column}), path, "text")

    assert values_of(path, "text") == [(text or "").strip() for text in column.to_pylist()]


@settings(max_examples=40)
@given(column=columns(pa.large_string(), ANY_TEXT), description=ANY_TEXT, value=ANY_TEXT)
def test_no_text_breaks_the_file(tmp_path_factory, column, description, value):
    path = tmp_path_factory.getbasetemp() / "any.vot"

    write_votable(pa.table({"text": column, "n": pa.array(range(len(column)))}), path, description, {"fact": value})

    assert values_of(path, "n") == list(range(len(column)))


def test_text_outside_ascii_is_declared_as_such(tmp_path):
    write_votable(pa.table({"plain": ["Be*"], "accented": ["Škoda"]}), tmp_path / "a.vot", "text")

    fields = read(tmp_path / "a.vot").get_first_table().fields
    assert [field.datatype for field in fields] == ["char", "unicodeChar"]


def test_an_infinity_is_left_out(tmp_path):
    write_votable(pa.table({"snr": [1.0, math.inf, -math.inf]}), tmp_path / "a.vot", "infinite")

    assert values_of(tmp_path / "a.vot", "snr") == [1.0, None, None]


def test_a_table_without_rows_keeps_its_columns(tmp_path, candidates):
    write_votable(candidates.slice(0, 0), tmp_path / "a.vot", "nothing found")

    table = Table.read(tmp_path / "a.vot", format="votable")
    assert len(table) == 0
    assert table.colnames == candidates.column_names


def test_a_candidate_list_comes_back_whole(tmp_path, candidates):
    write_votable(candidates, tmp_path / "a.vot", "Candidates", {"seed": "2020", "pool": "<9001>", "file": "a"})

    document = read(tmp_path / "a.vot")
    assert (document.version, document.description) == ("1.4", "Candidates")
    assert [(info.name, info.value) for info in document.resources[0].infos] == [
        *(("seed", "2020"), ("pool", "<9001>"), ("file", "a"))
    ]
    for name in candidates.column_names:
        wanted = candidates[name].to_pylist()
        if candidates.schema.field(name).type == pa.string():
            wanted = [text or "" for text in wanted]
        assert values_of(tmp_path / "a.vot", name) == [None if value == math.inf else value for value in wanted], name


def test_every_column_of_a_candidate_list_says_what_it_means(tmp_path, candidates):
    write_votable(candidates, tmp_path / "a.vot", "Candidates")

    fields = {field.name: field for field in read(tmp_path / "a.vot").get_first_table().fields}
    assert all(field.ucd and field.description for field in fields.values())
    assert [field.ucd for field in fields.values()].count("meta.id;meta.main") == 1
    assert fields["prob_single_peak"].ucd == "stat.probability"
    assert [str(fields[name].unit) for name in ("ra", "dec", "mjd")] == ["deg", "deg", "d"]


def test_positions_refer_to_icrs_and_dates_to_the_origin_of_mjd(tmp_path, candidates):
    write_votable(candidates, tmp_path / "a.vot", "Candidates")

    document = read(tmp_path / "a.vot")
    fields = {field.name: field for field in document.get_first_table().fields}
    (sky,) = document.resources[0].coordinate_systems
    (epochs,) = document.resources[0].time_systems
    assert (sky.system, sky.ID) == ("ICRS", fields["ra"].ref)
    assert fields["dec"].ref == sky.ID
    assert (epochs.timeorigin, epochs.ID) == ("MJD-origin", fields["mjd"].ref)


def test_a_whole_catalog_comes_back_with_units_and_ucds_that_are_what_the_columns_mean(tmp_path, generator):
    table = whole_catalog(generator)

    write_votable(table, tmp_path / "a.vot", "A catalog")

    element = read(tmp_path / "a.vot").get_first_table()
    fields = {field.name: field for field in element.fields}
    for name in table.column_names:
        meaning = meaning_of(name)
        assert (fields[name].ucd, fields[name].ref) == (meaning.ucd, meaning.ref)
        assert " ".join(fields[name].description.split()) == meaning.description
        assert fields[name].unit == (units.Unit(meaning.unit, format="vounit") if meaning.unit else None)
        wanted = table[name].to_pylist()
        if table.schema.field(name).type == pa.string():
            wanted = [text or "" for text in wanted]
        assert values_in(element.array, name) == wanted, name


def test_the_columns_can_be_told_without_the_rows(generator):
    table = whole_catalog(generator)

    described, whole = votable_of(table, "A catalog", rows=False), votable_of(table, "A catalog")

    fields = [[(field.name, field.datatype, field.ucd) for field in one.get_first_table().fields] for one in (described, whole)]
    assert fields[0] == fields[1]
    assert (len(described.get_first_table().array), len(whole.get_first_table().array)) == (0, 60)


def test_a_table_of_real_names_and_positions_comes_back_whole(tmp_path, shared_data):
    path = shared_data / "catalogues" / "facundoq_bestars" / "Hou2016_VPHAS-SDSS-IPHAS-2MASS.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    table = pa.table(
        {
            "designation": [row["ID"] for row in rows],
            "ra": [float(row["RAJ2000"]) for row in rows],
            "dec": [float(row["DEJ2000"]) for row in rows],
            "label": [row["Halpha_type"] for row in rows],
            "spectral_class": [row["objtype_SIMBAD"] for row in rows],
        }
    )

    write_votable(table, tmp_path / "real.vot", "A part of the catalog of Hou et al. 2016")

    assert len(rows) == 1034
    for name in table.column_names:
        assert values_of(tmp_path / "real.vot", name) == table[name].to_pylist()


def test_a_fact_whose_name_cannot_be_an_xml_id_is_refused(tmp_path):
    with pytest.raises(ValueError, match="'two words' cannot be an XML id"):
        write_votable(pa.table({"a": [1]}), tmp_path / "a.vot", "refused", {"two words": "x"})


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        (pa.table({"two words": [1]}), "'two words' cannot be an XML id"),
        (pa.table({"when": pa.array([1], pa.timestamp("s"))}), "type timestamp.* has no counterpart"),
        (pa.table({"huge": pa.array([1], pa.uint64())}), "type uint64, which has no counterpart"),
        (pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), "a name of its own"),
    ],
)
def test_a_table_that_votable_cannot_hold_is_refused_and_leaves_no_file(tmp_path, table, complaint):
    with pytest.raises(ValueError, match=complaint):
        write_votable(table, tmp_path / "a.vot", "refused")

    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(shutil.which("stilts") is None, reason="stilts is not installed, so votlint cannot look at the file")
@pytest.mark.parametrize("content", ["candidates", "no rows", "everything", "whole catalog", "whole catalog without rows"])
def test_votlint_has_nothing_to_say(tmp_path, candidates, generator, content):
    table = {
        "candidates": candidates,
        "no rows": candidates.slice(0, 0),
        "whole catalog": whole_catalog(generator),
        "whole catalog without rows": whole_catalog(generator, 0),
        "everything": pa.table(
            {
                "double": [math.nan, math.inf, None, 5e-324, 1.7e308],
                "float": pa.array([1e-45, None, 3e38, -0.0, math.nan], pa.float32()),
                "long": [2**63 - 1, -(2**63), None, 0, 1],
                "int": pa.array([None, -(2**31), 2**31 - 1, 0, 1], pa.int32()),
                "flag": [True, False, None, None, True],
                "text": ["<&>", "\x00]]>", None, "日本語😀", " a\r\n "],
                "nothing": pa.nulls(5),
                "candidates": [1, 2, 3, 4, 5],
            }
        ),
    }[content]
    write_votable(table, tmp_path / "a.vot", "A <table> & more", {"double": 'a "quoted" word', "seed": "2020"})

    lint = subprocess.run(
        ["stilts", "votlint", str(tmp_path / "a.vot")], capture_output=True, text=True, check=False, timeout=120
    )

    assert (lint.stdout + lint.stderr).strip() == ""
    assert lint.returncode == 0
