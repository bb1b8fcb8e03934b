"""The page about the paper's experiment holds the figures that were measured, and no others."""

from __future__ import annotations

import importlib.util
import json
import sys

import pytest

from pages import REPOSITORY

PAGE = REPOSITORY / "docs" / "reference" / "paper-experiment.md"
FIGURES = REPOSITORY / "benchmarks" / "results" / "paper-experiment.json"


@pytest.fixture(scope="module")
def experiment_page():
    sys.path.insert(0, str(REPOSITORY / "benchmarks"))
    spec = importlib.util.spec_from_file_location("experiment_page", REPOSITORY / "benchmarks" / "experiment_page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path.pop(0)
    return module


def test_the_tables_are_those_of_the_measured_figures(experiment_page):
    page = PAGE.read_text(encoding="utf-8")
    assert all(experiment_page.BEGIN.format(name) in page for name in experiment_page.TABLES)
    assert experiment_page.filled(page, json.loads(FIGURES.read_text(encoding="utf-8"))) == page


def test_the_figures_are_of_the_settings_that_the_page_names(experiment_page):
    import tomllib

    said = tomllib.loads((PAGE.parent / "paper-experiment.toml").read_text(encoding="utf-8"))
    for seed in json.loads(FIGURES.read_text(encoding="utf-8"))["seeds"]:
        used = seed["settings"]
        assert (used["survey"]["n_pool"], used["survey"]["n_labeled"]) == (200_000, 12_936)
        assert used["campaign"]["network"]["name"] == "compact"
        for section, values in said["campaign"].items():
            assert {name: used["campaign"][section][name] for name in values} == values
