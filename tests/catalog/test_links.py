"""Addresses of what others know."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from spectrove.catalog.links import NAMES, links_of


def asked(address):
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def test_a_position_is_asked_about_everywhere():
    links = links_of("lamost:a", 84.0492, -5.5, "123")
    assert list(NAMES) == ["simbad", "vizier", "aladin", "survey", "sdss"]
    assert set(links) == set(NAMES)
    assert asked(links["simbad"]) == {"Coord": "84.049200 -5.500000", "Radius": "5", "Radius.unit": "arcsec"}
    assert asked(links["vizier"])["-c"] == "84.049200 -5.500000"
    assert asked(links["aladin"])["target"] == "84.049200 -5.500000"
    assert asked(links["sdss"]) == {"ra": "84.0492", "dec": "-5.5"}
    assert asked(links["survey"]) == {"obsid": "123"}


def test_northern_declinations_carry_their_sign():
    assert asked(links_of("lamost:a", 1.0, 2.0, None)["simbad"])["Coord"] == "1.000000 +2.000000"


def test_without_a_position_the_survey_alone_is_left():
    assert list(links_of("lamost:a", None, 1.0, "123")) == ["survey"]
    assert links_of("ondrejov:a", None, None, "123") == {}


def test_a_spectrum_of_sdss_is_found_by_plate_day_and_fiber():
    assert asked(links_of("sdss:0266-51602-0004", None, None, "299")["survey"]) == {
        "plateid": "266",
        "mjd": "51602",
        "fiberid": "4",
    }
    assert "survey" not in links_of("sdss:something else", None, None, "299")


def test_what_a_header_says_stays_a_value():
    assert asked(links_of("lamost:a", None, None, '1"><script>&x=2')["survey"]) == {"obsid": '1"><script>&x=2'}
