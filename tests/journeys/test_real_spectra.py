"""The tutorial on real spectra (real-spectra.md), run as it stands, and what it claims."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from pages import REPOSITORY, run_page

PAGE = REPOSITORY / "docs" / "tutorials" / "real-spectra.md"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def folder(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder in which the page was followed to its end."""
    folder = tmp_path_factory.mktemp("real-spectra")
    (folder / "printed.txt").write_text(run_page(PAGE, folder, shared_data))
    return folder


def test_with_at_most_200_answers_at_least_four_of_the_six_emission_stars_are_candidates(folder: Path, shared_data: Path) -> None:
    labels = rows_of(shared_data / "lamost" / "labels.csv")
    wanted = {Path(row["file"]).name for row in labels if row["label"] != "not-interesting"}
    assert len(wanted) == 6
    provenance = json.loads((folder / "search" / "export" / "provenance.json").read_text())
    assert provenance["n_answers"] <= 200
    found = {Path(row["file"]).name for row in rows_of(folder / "search" / "export" / "candidates.csv")}
    assert len(wanted & found) >= 4


def test_the_page_names_those_that_were_missed_with_a_picture_of_each(folder: Path) -> None:
    printed = (folder / "printed.txt").read_text()
    missed = [line.split(":")[0] for line in printed.splitlines() if line.endswith(": missed")]
    text = PAGE.read_text(encoding="utf-8")
    for name in missed:
        section = text.split("## What was missed")[1]
        assert name.removesuffix(".gz").removesuffix(".fits") in section, f"{name} is missed, and the page does not say so"
    assert len(missed) <= 2
    assert text.count("](../images/missed-") >= 1


def test_every_file_of_lamost_is_in_the_pool_or_refused_for_a_true_reason(folder: Path) -> None:
    printed = (folder / "printed.txt").read_text()
    assert "1626 added" in printed
    assert "3   no usable window" in printed
    assert "1   no reader takes the file" in printed
