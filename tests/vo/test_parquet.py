"""Tables as Parquet, with what their columns mean."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io.votable import parse
from hypothesis import given, settings
from hypothesis import strategies as st

from spectrove.catalog.columns import meaning_of
from spectrove.vo.parquet import write_parquet
from whole_catalog import whole_catalog


def told(path):
    """Return what the file's metadata say."""
    return {key.decode(): value.decode() for key, value in pq.read_schema(path).metadata.items()}


def test_a_whole_catalog_comes_back_as_it_was_but_for_texts_without_a_value(tmp_path, generator):
    table = whole_catalog(generator)

    write_parquet(table, tmp_path / "a.parquet", "A catalog")

    found = pq.read_table(tmp_path / "a.parquet")
    assert found.schema.equals(table.schema)
    for name in table.column_names:
        text = table.schema.field(name).type == pa.string()
        assert found[name].to_pylist() == [value or "" if text else value for value in table[name].to_pylist()], name


def test_every_field_says_what_it_means(tmp_path, generator):
    write_parquet(whole_catalog(generator), tmp_path / "a.parquet", "A catalog", {"pool": "abc"})

    for field in pq.read_schema(tmp_path / "a.parquet"):
        meaning = meaning_of(field.name)
        wanted = {"description": meaning.description, "ucd": meaning.ucd, "unit": meaning.unit}
        found = {key.decode(): value.decode() for key, value in field.metadata.items()}
        assert {key: found.get(key) for key in wanted} == wanted
    facts = told(tmp_path / "a.parquet")
    assert (facts["description"], facts["pool"]) == ("A catalog", "abc")


def test_the_votable_inside_has_the_same_columns_and_no_rows(tmp_path, generator):
    table = whole_catalog(generator)
    write_parquet(table, tmp_path / "a.parquet", "A catalog", {"pool": "abc"})

    facts = told(tmp_path / "a.parquet")
    votable = facts["IVOA.VOTable-Parquet.content"]
    element = parse(io.BytesIO(votable.encode()), verify="exception").get_first_table()

    assert facts["IVOA.VOTable-Parquet.version"] == "1.0"
    assert [field.name for field in element.fields] == table.column_names
    assert [field.ucd for field in element.fields] == [meaning_of(name).ucd for name in table.column_names]
    assert len(element.array) == 0
    assert "<DATA" not in votable


@pytest.mark.parametrize("n_rows", [0, 5])
def test_astropy_reads_it_with_units(tmp_path, generator, n_rows):
    pytest.importorskip("pandas", reason="pandas is not installed, which astropy asks for to read Parquet")
    from astropy.table import Table

    table = whole_catalog(generator, n_rows, missing=0.0)
    write_parquet(table, tmp_path / "a.parquet", "A catalog")

    found = Table.read(tmp_path / "a.parquet", format="parquet.votable")

    assert len(found) == n_rows
    assert str(found["sep_ha"].unit) == "km / s"
    assert found["comment"].tolist() == table["comment"].to_pylist()


@settings(max_examples=40)
@given(texts=st.lists(st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=9)), max_size=6))
def test_any_text_comes_back_with_the_length_of_the_longest(tmp_path_factory, texts):
    path = tmp_path_factory.getbasetemp() / "text.parquet"

    write_parquet(pa.table({"a": pa.array(texts, pa.string()), "b": pa.nulls(len(texts))}), path, "text")

    assert pq.read_table(path)["a"].to_pylist() == [text or "" for text in texts]
    assert told(path)["table::len::a"] == str(max([len(text or "") for text in texts] + [1]))


def test_a_file_that_exists_is_replaced_and_nothing_else_stays_behind(tmp_path):
    (tmp_path / "a.parquet").write_text("old")

    write_parquet(pa.table({"a": [1]}), tmp_path / "a.parquet", "new")

    assert pq.read_table(tmp_path / "a.parquet").to_pylist() == [{"a": 1}]
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        (pa.table({"two words": [1]}), "Parquet: 'two words' cannot be an XML id"),
        (pa.table({"when": pa.array([1], pa.timestamp("s"))}), "type timestamp.* has no counterpart"),
        (pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), "a name of its own"),
    ],
)
def test_a_table_that_the_other_forms_refuse_is_refused_and_leaves_no_file(tmp_path, table, complaint):
    with pytest.raises(ValueError, match=complaint):
        write_parquet(table, tmp_path / "a.parquet", "refused")

    assert not list(tmp_path.iterdir())
