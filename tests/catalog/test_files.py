"""The candidate list and its provenance on the disk."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove.catalog import software_versions, write_csv, write_provenance
from spectrove.errors import StorageError
from spectrove.evaluate import estimate_precision

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)


@given(
    names=st.lists(st.one_of(st.none(), TEXTS), max_size=6),
    number=st.one_of(st.none(), st.floats(allow_nan=False)),
    narrow=st.one_of(st.none(), st.floats(width=32, allow_nan=False)),
)
def test_a_csv_file_gives_back_every_value_bit_by_bit(tmp_path_factory, names, number, narrow):
    n = len(names)
    table = pa.table(
        {
            "name": pa.array(names, pa.string()),
            "number": pa.array([number] * n, pa.float64()),
            "narrow": pa.array([narrow] * n, pa.float32()),
            "count": pa.array([-7] * n, pa.int64()),
        }
    )
    path = tmp_path_factory.getbasetemp() / "values.csv"

    write_csv(table, path)

    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == table.column_names
    assert [row[0] for row in rows] == [name or "" for name in names]
    for row in rows:
        assert row[1:3] == [row[1], row[2]]
        assert (float(row[1]) if row[1] else None) == number
        assert (float(np.float32(row[2])) if row[2] else None) == narrow
        assert row[3] == "-7"


def test_single_precision_shows_no_digits_that_were_never_there(tmp_path):
    write_csv(pa.table({"prob": pa.array([0.1, 0.97309], pa.float32())}), tmp_path / "a.csv")

    assert (tmp_path / "a.csv").read_text() == "prob\n0.1\n0.97309\n"


def test_a_file_that_exists_is_replaced_whole_and_nothing_else_stays_behind(tmp_path):
    path = tmp_path / "candidates.csv"
    path.write_text("old\n" * 100)

    write_csv(pa.table({"a": [1]}), path)
    write_provenance({}, tmp_path / "provenance.json")

    assert path.read_text() == "a\n1\n"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["candidates.csv", "provenance.json"]


@pytest.mark.parametrize("write", [lambda path: write_csv(pa.table({"a": [1]}), path), lambda path: write_provenance({}, path)])
def test_a_place_that_cannot_be_written_is_named_in_one_sentence(tmp_path, write):
    (tmp_path / "file").touch()

    with pytest.raises(StorageError, match="file/candidates: cannot be written"):
        write(tmp_path / "file" / "candidates")


def test_provenance_holds_whatever_a_campaign_knows_as_plain_sorted_json(tmp_path):
    estimate = estimate_precision(["x"], ["x"], 9, ("x",))
    facts = {
        "seed": np.int64(2020),
        "estimate": estimate,
        "pool": {"path": Path("pool"), "targets": {"b", "a"}, 3: (1, 2)},
        "loss": [1.5, math.nan, np.float32(0.5), math.inf],
        "curve": np.array([1.0, np.nan]),
        "object": "Škoda",
        "none": None,
        "trains": True,
    }

    write_provenance(facts, tmp_path / "provenance.json")

    text = (tmp_path / "provenance.json").read_text(encoding="utf-8")
    read = json.loads(text)
    assert read.pop("estimate")["estimate"] == 1.0
    assert read == {
        "seed": 2020,
        "pool": {"path": "pool", "targets": ["a", "b"], "3": [1, 2]},
        "loss": [1.5, None, 0.5, None],
        "curve": [1.0, None],
        "object": "Škoda",
        "none": None,
        "trains": True,
    }
    assert list(json.loads(text)) == sorted(facts)
    assert "Škoda" in text


def test_the_same_provenance_makes_the_same_file(tmp_path):
    write_provenance({"a": 1, "b": {"d": 2, "c": 3}}, tmp_path / "one")
    write_provenance({"b": {"c": 3, "d": 2}, "a": 1}, tmp_path / "two")

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_what_has_no_form_in_json_is_refused_and_leaves_no_file(tmp_path):
    with pytest.raises(TypeError, match="not JSON serializable"):
        write_provenance({"a": object()}, tmp_path / "provenance.json")

    assert not list(tmp_path.iterdir())


def test_software_versions_name_python_and_what_changes_numbers():
    versions = software_versions()

    assert versions["numpy"] == np.__version__
    assert {"python", "spectrove", "torch"} <= set(versions)
