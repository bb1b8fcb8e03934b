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


@pytest.mark.slow
def test_the_page_does_what_it_says_and_finds_at_least_four_of_the_six_emission_stars(shared_data: Path, tmp_path: Path) -> None:
    printed = run_page(PAGE, tmp_path, shared_data)
    text = PAGE.read_text(encoding="utf-8")

    for line in ("spectra    1626 added, 1626 in the pool", "       3   no usable window", "       1   no reader takes the file"):
        assert line in printed
        assert line in text

    labels = rows_of(shared_data / "lamost" / "labels.csv")
    wanted = {Path(row["file"]).name for row in labels if row["label"] != "not-interesting"}
    assert len(wanted) == 6
    export = tmp_path / "search" / "export"
    assert json.loads((export / "provenance.json").read_text())["n_answers"] <= 200
    found = {Path(row["file"]).name for row in rows_of(export / "candidates.csv")}
    assert len(wanted & found) >= 4

    of_missed = text.split("## What was missed")[1]
    for name in wanted - found:
        stem = name.removesuffix(".gz").removesuffix(".fits")
        assert f"**{stem}**" in of_missed, f"{name} is missed, and the page does not say why"
        assert f"](../images/missed-{stem}.png)" in of_missed
