"""The page about realism holds the figures that were measured, and no others."""

from __future__ import annotations

import json

import pytest

from pages import REPOSITORY

PAGE = REPOSITORY / "docs" / "reference" / "realism.md"
FIGURES = REPOSITORY / "benchmarks" / "results" / "realism.json"


def test_the_tables_are_those_of_the_measured_figures(script):
    page, found = PAGE.read_text(encoding="utf-8"), json.loads(FIGURES.read_text(encoding="utf-8"))
    assert script("page_tables").filled(page, script("realism_page").TABLES, found) == page


def test_a_table_without_a_place_on_its_page_is_an_error(script):
    tables = {"speed": lambda found: found["said"]}
    page = "<!-- tables: speed -->\nold\n<!-- end -->\nrest\n"
    assert script("page_tables").filled(page, tables, {"said": "new"}) == page.replace("old", "new")
    with pytest.raises(ValueError, match="0 places '<!-- tables: speed -->'"):
        script("page_tables").filled("rest\n", tables, {"said": "new"})


def test_the_pictures_are_there():
    page = PAGE.read_text(encoding="utf-8")
    pictures = [line.split("](../images/")[1].rstrip(")") for line in page.splitlines() if line.startswith("![")]
    assert len(pictures) == 4
    assert all((REPOSITORY / "docs" / "images" / picture).is_file() for picture in pictures)


def test_the_solution_of_the_quiz_is_right():
    quiz = json.loads(FIGURES.read_text(encoding="utf-8"))["quiz"]
    simulated = ", ".join(str(number) for number, side in enumerate(quiz, 1) if side == "simulated")
    assert f"Simulated are {simulated}." in " ".join(PAGE.read_text(encoding="utf-8").split())
