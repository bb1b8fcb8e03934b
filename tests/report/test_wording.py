"""Numbers are said with as many digits as they need, and limits never promise more than they hold."""

from __future__ import annotations

from spectrove.report.tables import value_in_words
from spectrove.report.wording import at_most, counted, estimated, interval, moment, spectra


def test_counts_are_whole_unless_they_are_small_estimates():
    assert [counted(number) for number in (None, 0, 3, 12.34, 99.96, 4133.4)] == ["–", "0", "3", "12.3", "100.0", "4,133"]
    assert [spectra(number) for number in (0, 1, 1200)] == ["0 spectra", "1 spectrum", "1,200 spectra"]


def test_a_limit_of_a_whole_number_is_the_whole_number_below_it():
    assert [at_most(limit) for limit in (0.0, 0.99, 334.7, 3 - 1e-9, 12345.0)] == ["0", "0", "334", "3", "12,345"]


def test_a_share_comes_with_its_limits():
    limits = {"lower": 0.25, "upper": 0.5}
    assert interval(limits) == "25.0 to 50.0\N{NO-BREAK SPACE}%"
    assert estimated(None, limits) == interval(limits)
    assert estimated(0.3, limits) == "30.0\N{NO-BREAK SPACE}% (25.0 to 50.0\N{NO-BREAK SPACE}%)"
    assert interval({"lower": 0.5, "upper": 0.5}) == "exact"


def test_a_moment_is_told_in_utc():
    assert moment("2026-11-22T21:57:34.044+00:00") == "2026-11-22 21:57 UTC"
    assert moment("2026-11-22T23:57:34+02:00") == "2026-11-22 21:57 UTC"


def test_settings_are_told_without_what_is_empty():
    settings = {
        "rule": "a or b",
        "options": {"b": {"goal": 0.9}},
        "aliases": {},
        "names": ["x", "y"],
        "most": None,
        "trains": True,
    }
    assert value_in_words(settings) == "rule = a or b; options (b (goal = 0.9)); names = x, y; most = none; trains = true"
