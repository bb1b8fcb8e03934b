"""Labels and answers from CSV and Parquet files: joined by name, every bad line said in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove.campaign.label_files import read_rows
from spectrove.campaign.labels import read_answers, read_labels
from spectrove.campaign.settings import ClassesConfig
from spectrove.contracts import SpectrumId
from spectrove.errors import LabelsError
from spectrove.oracles import TruthTableOracle

CLASSES = ClassesConfig(aliases={"emission": "single-peak", "0": "single-peak"}, ignore=("2",))
KNOWN = {f"spec-{n}": SpectrumId(f"lamost:{n}") for n in range(10)}


def resolve(names: Sequence[str]) -> list[SpectrumId | None]:
    return [KNOWN.get(name) for name in names]


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("header", ["spectrum_id,label", "id,label", "file,label,detail", "label,name", "filename,ha_class"])
def test_the_header_says_which_columns_are_meant(tmp_path: Path, header: str) -> None:
    columns = header.split(",")
    values = {"label": "double-peak", "ha_class": "double-peak", "detail": "x"}
    path = write(tmp_path / "labels.csv", header, ",".join(values.get(column, "spec-1") for column in columns))
    assert read_labels(path, CLASSES, resolve).by_id == {"lamost:1": "double-peak"}


def test_other_words_stand_for_classes_and_some_lines_are_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path / "labels.csv", "id,label", "spec-1,emission", "spec-2,0", "spec-3,2", "spec-4,", "spec-5,?")
    labels = read_labels(path, CLASSES, resolve)
    assert labels.by_id == {"lamost:1": "single-peak", "lamost:2": "single-peak", "lamost:5": None}
    assert labels.n_ignored == 2


def test_names_that_the_pool_does_not_hold_are_told_but_do_no_harm(tmp_path: Path) -> None:
    path = write(tmp_path / "labels.csv", "id,label", "spec-1,double-peak", "elsewhere,double-peak")
    labels = read_labels(path, CLASSES, resolve)
    assert labels.by_id == {"lamost:1": "double-peak"}
    assert labels.unknown == ("elsewhere",)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["id,label", "spec-1,emision"], r"labels.csv, line 2: unknown class 'emision', expected one of single-peak"),
        (["id,label", "a,b", "c,d"], r"line 2: unknown class 'b' \(and 1 more like it\)"),
        (["id,label", "nowhere,double-peak"], r"none of its 1 labels names a spectrum of the pool \(the first is 'nowhere'\)"),
        (["id,label", "spec-1,double-peak", "spec-1,0"], r"line 3: 'spec-1' is labeled 'single-peak', and 'double-peak' before"),
        (["spec-1,double-peak"], r"needs a column that names the spectrum"),
        (["id,label"], r"has a header but no line"),
        ([""], r"needs a column that names the spectrum"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_sentence(tmp_path: Path, lines: list[str], sentence: str) -> None:
    with pytest.raises(LabelsError, match=sentence) as caught:
        read_labels(write(tmp_path / "labels.csv", *lines), CLASSES, resolve)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelsError, match="cannot be read"):
        read_rows(tmp_path / "absent.csv")
    (tmp_path / "binary.csv").write_bytes(b"id,label\n\xff\xfe\x00\n")
    with pytest.raises(LabelsError, match="CSV file in UTF-8"):
        read_rows(tmp_path / "binary.csv")


def test_answers_with_one_unknown_spectrum_are_refused_whole(tmp_path: Path) -> None:
    path = write(tmp_path / "answers.csv", "spectrum_id,label", "spec-1,double-peak", "spec-99,double-peak")
    with pytest.raises(LabelsError, match=r"line 3: 'spec-99' was not asked about\. Nothing was recorded"):
        read_answers(path, CLASSES, resolve)


def test_empty_labels_are_not_answered_yet_and_question_marks_abstain(tmp_path: Path) -> None:
    path = write(tmp_path / "answers.csv", "spectrum_id,label,comment", "spec-1,,", "spec-2,?,too noisy", "spec-3,emission,")
    answers = read_answers(path, CLASSES, resolve)
    assert [(id_, label) for _, id_, label in answers] == [("lamost:2", None), ("lamost:3", "single-peak")]
    assert answers[0][0].comment == "too noisy"


@given(order=st.permutations(range(10)))
def test_the_order_of_the_lines_changes_no_label(order: list[int], tmp_path_factory: pytest.TempPathFactory) -> None:
    truth = {n: CLASSES.names[n % 3] for n in range(10)}
    path = write(tmp_path_factory.mktemp("labels") / "labels.csv", "id,label", *(f"spec-{n},{truth[n]}" for n in order))
    assert read_labels(path, CLASSES, resolve).by_id == {f"lamost:{n}": label for n, label in truth.items()}


def write_parquet(path: Path, **columns: object) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def test_a_parquet_file_says_what_the_csv_file_of_its_rows_says(tmp_path: Path) -> None:
    names = [f"spec-{n}" for n in range(6)] + ["elsewhere", " spec-7 "]
    words = ["emission", "0", "2", "", "?", "double-peak", "single-peak", "not-interesting "]
    csv_file = write(tmp_path / "labels.csv", "id,label", *(",".join(row) for row in zip(names, words, strict=True)))
    parquet = write_parquet(tmp_path / "labels.parquet", ew=[1.0] * 8, id=names, label=[word or None for word in words])

    from_csv, from_parquet = (read_labels(path, CLASSES, resolve) for path in (csv_file, parquet))

    assert dict(from_parquet.by_id) == dict(from_csv.by_id)
    assert (from_parquet.unknown, from_parquet.n_ignored) == (from_csv.unknown, from_csv.n_ignored) == (("elsewhere",), 2)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())], ids=str)
def test_texts_of_any_arrow_type_are_welcome(tmp_path: Path, kind: pa.DataType) -> None:
    labels = pa.array(["double-peak", "0"]).cast(kind)
    path = write_parquet(tmp_path / "labels.parquet", spectrum_id=["spec-1", "spec-2"], label=labels, comment=["a", None])
    assert read_labels(path, CLASSES, resolve).by_id == {"lamost:1": "double-peak", "lamost:2": "single-peak"}
    assert [row.comment for row in read_rows(path)] == ["a", ""]
    assert [row.line for row, _, _ in read_answers(path, CLASSES, resolve)] == [1, 2]


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (
            {"id": ["spec-1", "spec-2"], "label": ["0", "emision"]},
            r"labels.parquet, row 2: unknown class 'emision', expected one",
        ),
        ({"id": ["spec-1"], "flag": ["0"]}, r"needs a column that names the spectrum .* got \['id', 'flag'\]"),
        ({"id": ["nowhere"], "label": ["0"]}, r"none of its 1 labels names a spectrum of the pool \(the first is 'nowhere'\)"),
        (
            {"id": ["spec-1", "spec-1"], "label": ["0", "double-peak"]},
            r"row 2: 'spec-1' is labeled 'double-peak', and 'single-peak'",
        ),
        ({"id": [["spec-1"]], "label": ["0"]}, r"labels.parquet: this labels file cannot be read \(Unsupported cast"),
        ({"id": pa.array([], pa.string()), "label": pa.array([], pa.string())}, "has a header but no line"),
    ],
)
def test_a_parquet_file_that_cannot_be_used_is_refused_in_one_sentence(tmp_path: Path, columns: dict, sentence: str) -> None:
    with pytest.raises(LabelsError, match=sentence) as caught:
        read_labels(write_parquet(tmp_path / "labels.parquet", **columns), CLASSES, resolve)
    assert "\n" not in str(caught.value)


def test_a_parquet_file_that_is_not_there_or_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.parquet").write_text("id,label\nspec-1,0\n")
    for name in ("absent.parquet", "text.parquet"):
        with pytest.raises(LabelsError, match="cannot be read"):
            read_rows(tmp_path / name)


@given(numbers=st.lists(st.integers(0, 9), min_size=1, unique=True))
def test_labels_are_a_mapping_whatever_their_order(numbers: list[int], tmp_path_factory: pytest.TempPathFactory) -> None:
    truth = {f"lamost:{n}": (*CLASSES.names, None)[n % 4] for n in numbers}
    rows = [(f"spec-{n}", truth[f"lamost:{n}"] or "?") for n in numbers]
    path = write_parquet(
        tmp_path_factory.mktemp("labels") / "labels.parquet", id=[row[0] for row in rows], label=[row[1] for row in rows]
    )

    by_id = read_labels(path, CLASSES, resolve).by_id

    assert list(by_id.items()) == list(truth.items())
    assert [by_id[id_] for id_ in truth] == list(truth.values())
    assert (list(by_id), len(by_id)) == (list(truth), len(truth))
    for absent in ("", "lamost:", "lamost:99", "zz"):
        assert absent not in by_id
    asked = ["lamost:99", *truth]
    assert TruthTableOracle(by_id).ask(asked) == TruthTableOracle(truth).ask(asked)
