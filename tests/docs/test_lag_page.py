"""The page about preparing ahead holds the figures that were measured, and no others."""

from __future__ import annotations

import json

from pages import REPOSITORY

PAGE = REPOSITORY / "docs" / "decisions" / "0004-the-next-batch-is-prepared.md"
FIGURES = REPOSITORY / "benchmarks" / "results" / "lag.json"


def test_the_tables_are_those_of_the_measured_figures(script):
    page, found = PAGE.read_text(encoding="utf-8"), json.loads(FIGURES.read_text(encoding="utf-8"))
    assert script("page_tables").filled(page, script("lag_page").TABLES, found) == page


def test_limits_of_a_mean_difference_are_those_of_student(script):
    assert script("lag_page").difference([3.0, 5.0, 4.0], [1.0, 1.0, 1.0], 2) == "+3.00 (+0.52 to +5.48)"
