"""Values of headers."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io.fits.card import UNDEFINED
from astropy.time import Time
from hypothesis import given
from hypothesis import strategies as st

from spectrove.surveys.facts import PLACEHOLDERS, listed, mjd_of, number, text, whole


@pytest.mark.parametrize("value", [None, UNDEFINED, *PLACEHOLDERS, "  NULL ", "Non", b"", np.str_("-9999.0")])
def test_what_stands_for_nothing_is_nothing(value):
    assert text(value) is None
    assert number(value) is None
    assert whole(value) is None
    assert mjd_of(value) is None


@pytest.mark.parametrize("value", [-9999, -9999.0, -999.0, float("nan"), float("inf"), np.float32(-9999), True, "twelve"])
def test_what_is_no_number_is_none(value):
    assert number(value) is None


def test_numbers_may_be_written_as_text():
    assert number(" 3.5 ") == 3.5
    assert whole("027") == 27
    assert whole(np.int16(5)) == 5
    assert whole("2.5") is None


@given(st.integers(-9998, 10**12) | st.integers(-(10**12), -10000))
def test_whole_numbers_are_themselves(value):
    assert value == -999 or whole(value) == value


def test_words_lose_their_blanks_and_unknown_is_a_word():
    assert text(" LAMOST J1 ") == "LAMOST J1"
    assert text(b"STAR  ") == "STAR"
    assert text("Unknown") == "Unknown"


@given(st.floats(15_000, 90_000))
def test_dates_are_the_modified_julian_dates_of_astropy(mjd):
    stamp = Time(mjd, format="mjd", scale="tai", precision=6).isot

    assert mjd_of(stamp) == pytest.approx(mjd, abs=1e-9)


@pytest.mark.parametrize(
    ("value", "mjd"),
    [("1858-11-17", 0.0), ("2021-11-04T20:19:0.000", 59522.846528), ("2013-05-23", 56435.0), ("2012-01-01T12:00:00Z", 55927.5)],
)
def test_dates_are_read_as_surveys_write_them(value, mjd):
    assert mjd_of(value) == pytest.approx(mjd, abs=1e-6)


@pytest.mark.parametrize("value", ["2013-13-01", "2013-02-30", "yesterday", "20130218", "2013-02-18T25", 56342])
def test_what_is_no_date_has_none(value):
    assert mjd_of(value) is None


def test_lists_are_cut_short_and_say_so():
    assert listed([]) == "none"
    assert listed(["a", ""]) == "a, unnamed"
    assert listed(list("abcdefg")) == "a, b, c, d, e and 2 more"
