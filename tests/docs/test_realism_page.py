"""The page about realism holds the figures that were measured, and no others."""

from __future__ import annotations

import importlib.util
import json

import pytest

from pages import REPOSITORY

PAGE = REPOSITORY / "docs" / "reference" / "realism.md"
FIGURES = REPOSITORY / "benchmarks" / "results" / "realism.json"


@pytest.fixture(scope="module")
def realism_page():
    spec = importlib.util.spec_from_file_location("realism_page", REPOSITORY / "benchmarks" / "realism_page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_are_those_of_the_measured_figures(realism_page):
    page = PAGE.read_text(encoding="utf-8")
    assert all(realism_page.BEGIN.format(name) in page for name in realism_page.TABLES)
    assert realism_page.filled(page, json.loads(FIGURES.read_text(encoding="utf-8"))) == page


def test_the_pictures_are_there():
    page = PAGE.read_text(encoding="utf-8")
    pictures = [line.split("](../images/")[1].rstrip(")") for line in page.splitlines() if line.startswith("![")]
    assert len(pictures) == 4
    assert all((REPOSITORY / "docs" / "images" / picture).is_file() for picture in pictures)


def test_the_solution_of_the_quiz_is_right():
    quiz = json.loads(FIGURES.read_text(encoding="utf-8"))["quiz"]
    simulated = ", ".join(str(number) for number, side in enumerate(quiz, 1) if side == "simulated")
    assert f"Simulated are {simulated}." in " ".join(PAGE.read_text(encoding="utf-8").split())
