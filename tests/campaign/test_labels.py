"""Labels and answers from CSV files: joined by name, every bad line said in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove.campaign.labels import read_answers, read_labels, read_rows
from spectrove.campaign.settings import ClassesConfig
from spectrove.contracts import SpectrumId
from spectrove.errors import LabelsError

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
