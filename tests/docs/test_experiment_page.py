"""The page about the paper's experiment holds the figures that were measured, and no others."""

from __future__ import annotations

import json
import tomllib

from pages import REPOSITORY

PAGE = REPOSITORY / "docs" / "reference" / "paper-experiment.md"
FIGURES = REPOSITORY / "benchmarks" / "results" / "paper-experiment.json"


def test_the_tables_are_those_of_the_measured_figures(script):
    page, found = PAGE.read_text(encoding="utf-8"), json.loads(FIGURES.read_text(encoding="utf-8"))
    assert script("page_tables").filled(page, script("experiment_page").TABLES, found) == page


def test_the_figures_are_of_the_settings_that_the_page_names():
    said = tomllib.loads((PAGE.parent / "paper-experiment.toml").read_text(encoding="utf-8"))
    for seed in json.loads(FIGURES.read_text(encoding="utf-8"))["seeds"]:
        used = seed["settings"]
        assert (used["survey"]["n_pool"], used["survey"]["n_labeled"]) == (200_000, 12_936)
        assert used["campaign"]["network"]["name"] == "compact"
        for section, values in said["campaign"].items():
            assert {name: used["campaign"][section][name] for name in values} == values
