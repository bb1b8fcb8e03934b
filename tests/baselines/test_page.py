"""The page on the classical finders (classical-finders.md), run as it stands."""

from __future__ import annotations

from pages import REPOSITORY, run_page
from spectrove.baselines import FINDERS

PAGE = REPOSITORY / "docs" / "reference" / "classical-finders.md"


def test_the_example_runs_and_names_every_finder(tmp_path):
    printed = run_page(PAGE, tmp_path)
    assert all(f"{name:18} precision" in printed for name in FINDERS)
    assert "I: single peak" in printed


def test_the_page_describes_every_finder():
    text = PAGE.read_text(encoding="utf-8")
    assert all(text.count(f"| `{name}` |") == 2 for name in FINDERS)
