"""The scripts beside the pictures make what the pages show."""

from __future__ import annotations

import importlib.util
import re

import pytest

from pages import REPOSITORY

PAGE = REPOSITORY / "docs" / "how-to" / "injection.md"


@pytest.fixture(scope="module")
def completeness():
    spec = importlib.util.spec_from_file_location("completeness", REPOSITORY / "docs" / "images" / "completeness.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_map_is_made_by_the_program_of_its_page(completeness):
    program = completeness.finder()
    assert program in PAGE.read_text(encoding="utf-8")
    compile(program, str(PAGE), "exec")
    assert 'open("candidates.csv", "w")' in program


def test_the_map_is_made_of_what_its_page_says(completeness):
    said = PAGE.read_text(encoding="utf-8").partition("This map is of")[2].partition("## ")[0]
    options = re.findall(r"--(?:size|fits|ew|copies) [\d.]+", said)
    assert len(options) == 9
    for option in options:
        assert f" {option} " in f"{completeness.SURVEY} {completeness.INJECT} ", option
