"""The truth table, and the oracle that knows it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spectrove.contracts import SpectrumId
from spectrove.errors import LabelsError
from spectrove.simulate import SurveyOracle, SurveyTruth
from spectrove.simulate.truth import SCHEMA

LABELS = ["single-peak", "not-interesting", "double-peak", "not-interesting", "single-peak"]


@pytest.fixture
def truth(tmp_path) -> SurveyTruth:
    ids = [f"lamost:{number}" for number in range(len(LABELS))]
    columns = {"spectrum_id": ids, "label": LABELS, "snr": [10.0, 20.0, 30.0, 40.0, 50.0]}
    arrays = [pa.array(columns.get(field.name, [None] * len(ids)), type=field.type) for field in SCHEMA]
    with pq.ParquetWriter(tmp_path / "truth.parquet", SCHEMA) as writer:
        for part in (slice(0, 2), slice(2, 5)):  # two row groups, whose dictionaries differ
            writer.write_table(pa.table(arrays, schema=SCHEMA).slice(part.start, part.stop - part.start))
    return SurveyTruth.open(tmp_path / "truth.parquet")


def test_labels_are_found_by_id_in_any_order_and_unknown_ids_have_none(truth):
    assert truth.n_spectra == 5
    assert truth.labels_of(["lamost:2", "lamost:0", "nobody:0", "lamost:2"]) == [
        "double-peak",
        "single-peak",
        None,
        "double-peak",
    ]
    np.testing.assert_array_equal(truth.rows_of(["lamost:4", "lamost"]), [4, -1])
    assert truth.labels_of([]) == []


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("single-peak", "double-peak", "not-interesting"), [0, 2, 1, 2, 0]),
        (("double-peak",), [-1, -1, 0, -1, -1]),
    ],
)
def test_codes_are_places_among_the_names(truth, names, expected):
    np.testing.assert_array_equal(truth.codes(names), expected)
    assert truth.codes(names).dtype == np.int8


def test_columns_come_in_the_order_asked_for(truth):
    table = truth.table(["snr", "spectrum_id"])
    assert table.column_names == ["snr", "spectrum_id"]
    assert table["snr"].to_pylist() == [10, 20, 30, 40, 50]
    assert truth.table().column_names == SCHEMA.names


def test_the_oracle_answers_what_the_truth_says_and_abstains_otherwise(truth):
    oracle = SurveyOracle(truth)
    assert oracle.name == "truth table"
    assert oracle.ask([SpectrumId("lamost:1"), SpectrumId("sdss:1")]) == ["not-interesting", None]


def test_what_is_no_truth_table_is_refused_in_one_sentence(tmp_path, truth):
    pq.write_table(pa.table({"spectrum_id": ["a"]}), tmp_path / "other.parquet")
    (tmp_path / "text.parquet").write_text("spectrum_id,label\n")
    for name, word in (("absent.parquet", "cannot be read"), ("text.parquet", "cannot be read"), ("other.parquet", "no column")):
        with pytest.raises(LabelsError, match=rf"{name}: this truth table .*{word}") as refusal:
            SurveyTruth.open(tmp_path / name)
        assert "\n" not in str(refusal.value)
    with pytest.raises(LabelsError, match="no column 'class'"):
        truth.table(["class"])


def test_the_reference_page_explains_every_column():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "synthetic-survey.md").read_text(encoding="utf-8")
    lines = page.partition("## The columns of the truth")[2].splitlines()
    named = " ".join(line.split("|")[1] for line in lines if line.startswith("| `"))
    assert sorted(re.findall(r"`(\w+)`", named)) == sorted(SCHEMA.names)
