"""Parameters of queries: what is read, and that each mistake is told by the parameter's name."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove.vo.service.errors import QueryError
from spectrove.vo.service.params import LONGEST, MOMENT, MOST_PARAMETERS, ZERO, Parameters, moment
from spectrove.vo.service.records import Cone

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def of(**values: str) -> Parameters:
    return Parameters(values.items())


def test_names_come_in_any_case_and_empty_values_are_none() -> None:
    given_ = Parameters.parsed("pos=1,2&Size=&FORMAT=fits", "maxREC=3")
    assert given_.one("POS") == "1,2"
    assert given_.one("SIZE") is None
    assert given_.count("MAXREC") == 3
    assert given_.several("FORMAT") == ("fits",)
    assert Parameters.parsed("A=1&A=1").one("A") == "1"
    with pytest.raises(QueryError, match="A: given 2 times"):
        Parameters.parsed("A=1&a=2").one("A")


@given(FINITE)
def test_a_number_is_read_bit_by_bit(value: float) -> None:
    assert of(X=repr(value)).number("X") == value


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1_0", "\u0661", "0x1", "1e999", "one", "--1", "1,2"])
def test_what_is_no_finite_number_is_told(text: str) -> None:
    with pytest.raises(QueryError, match="expected a number"):
        of(X=text).number("X")


@given(FINITE, FINITE)
def test_ranges_have_two_ends_of_which_one_may_be_open(one: float, other: float) -> None:
    low, high = sorted((one, other))
    given_ = of(X=f"{low!r}/{high!r},{low!r}/,/{high!r},{low!r}")
    assert given_.ranges("X") == ((low, high), (low, math.inf), (-math.inf, high), (low, low))


@pytest.mark.parametrize("text", ["/", "2/1", "1/2/3", "a/b", "1/inf", ";ICRS"])
def test_a_range_that_is_none_is_told(text: str) -> None:
    with pytest.raises(QueryError, match="X: "):
        of(X=text).ranges("X")


@given(st.datetimes(datetime(1600, 1, 1), datetime(2400, 1, 1)))  # noqa: DTZ001 - what a query gives has no zone
def test_a_moment_is_its_modified_julian_date(when: datetime) -> None:
    first, last = moment("TIME", when.isoformat())
    assert first == last
    assert ZERO + timedelta(days=first) - when.replace(tzinfo=UTC) < timedelta(milliseconds=1)
    year = moment("TIME", f"{when.year:04}")
    month = moment("TIME", f"{when.year:04}-{when.month:02}")
    day = moment("TIME", when.date().isoformat())
    assert year[0] <= month[0] <= day[0] <= first + MOMENT
    assert first <= day[1] + 2 * MOMENT
    assert day[1] <= month[1] + MOMENT
    assert month[1] <= year[1] + MOMENT


def test_a_known_time_has_its_known_date() -> None:
    assert moment("TIME", "2000-01-01T12:00:00") == (51544.5, 51544.5)
    assert moment("TIME", "2000-01-01T14:00:00+02:00")[0] == 51544.5
    assert moment("TIME", "2000-01") == (51544.0, pytest.approx(51575.0))


def test_a_position_and_a_diameter_make_a_circle() -> None:
    assert of(POS="10,-5.5", SIZE="1").cone(0.2) == Cone(10.0, -5.5, 0.5)
    assert of(POS="-10 , 5;icrs").cone(0.2) == Cone(350.0, 5.0, 0.1)
    assert of(SIZE="1").cone(0.2) is None
    with pytest.raises(QueryError, match="frame 'GALACTIC'"):
        of(POS="10,5;GALACTIC").cone(0.2)
    with pytest.raises(QueryError, match="SIZE: '-1'"):
        of(POS="10,5", SIZE="-1").cone(0.2)


def test_what_is_too_much_is_told_and_shown_in_part() -> None:
    with pytest.raises(QueryError, match="20,001 characters") as told:
        of(A="x" * (LONGEST + 1))
    assert len(told.value.detail) < 200
    with pytest.raises(QueryError, match="more than"):
        Parameters.parsed("&".join(["A=1"] * (MOST_PARAMETERS + 1)))
    assert (
        len(Parameters.parsed(urlencode([("ID", str(number)) for number in range(MOST_PARAMETERS)])).all("ID")) == MOST_PARAMETERS
    )
    with pytest.raises(QueryError, match="POS") as told:
        of(POS="y" * LONGEST).cone(0.2)
    assert len(told.value.detail) < 200
