"""The page about line measurements holds the figures that were measured, and its example runs."""

from __future__ import annotations

import dataclasses
import json

from pages import REPOSITORY, run_page
from spectrove.measure import PROFILES, MeasureConfig

PAGE = REPOSITORY / "docs" / "reference" / "measurements.md"
FIGURES = REPOSITORY / "benchmarks" / "results" / "measure-truth.json"


def test_the_tables_are_those_of_the_measured_figures(script):
    page, found = PAGE.read_text(encoding="utf-8"), json.loads(FIGURES.read_text(encoding="utf-8"))
    assert script("page_tables").filled(page, script("measure_page").TABLES, found) == page


def test_the_floors_of_the_page_and_of_the_figures_are_those_of_the_package():
    found, config = json.loads(FIGURES.read_text(encoding="utf-8")), dataclasses.asdict(MeasureConfig())
    text = PAGE.read_text(encoding="utf-8")
    for name, value in found["floors"].items():
        assert config[name] == value
        assert f"| `{name}` | {value:g} |" in text


def test_the_reported_seeds_are_none_of_the_calibration():
    found = json.loads(FIGURES.read_text(encoding="utf-8"))
    assert not set(found["seeds"]) & set(found["calibrated_on"])


def test_every_class_of_profiles_is_explained():
    text = PAGE.read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in PROFILES)


def test_the_example_runs(tmp_path):
    assert "double" in run_page(PAGE, tmp_path)
