"""Who may use the services: by the key in the address, and by it nothing else."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_survey import SmallSurvey
from spectrove.pool import Pool
from spectrove.vo.service.access import key_of, root_of
from spectrove.vo.service.service import Service
from spectrove.web import PageConfig
from spectrove.web.app import create_services

with warnings.catch_warnings():  # Starlette's client asks for another version of its library by a warning
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

CONFIG = PageConfig("ada", "192.0.2.7", 8765, token="a-token")
QUERY = {"REQUEST": "queryData", "MAXREC": "1"}


def client_of(pool: Path, cache: Path, config: PageConfig, base: str = "http://192.0.2.7:8765") -> Any:
    root = root_of(config.token, is_public=config.is_public)
    service = Service(Pool.open(pool), cache, root=root, url=config.url)
    return TestClient(create_services(service, config), base_url=base, follow_redirects=False)


@pytest.fixture
def closed(small_survey: SmallSurvey, tmp_path: Path) -> Iterator[Any]:
    with client_of(small_survey.pool, tmp_path, CONFIG) as client:
        yield client


@given(st.text(), st.text())
def test_a_key_belongs_to_its_token_and_tells_nothing_of_it(token: str, other: str) -> None:
    token, other = (text.encode("utf-8", "replace").decode() for text in (token, other))
    key = key_of(token)
    assert len(key) == 20
    assert set(key) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert (key == key_of(other)) == (token == other)


def test_with_a_token_the_key_opens_and_nothing_else(closed: Any) -> None:
    key = key_of("a-token")
    answer = closed.get(f"/vo/{key}/ssap", params=QUERY)
    assert answer.status_code == 200
    assert f"http://192.0.2.7:8765/vo/{key}/spectrum/votable/" in answer.text
    assert closed.post(f"/vo/{key}/ssap", data=QUERY).status_code == 200
    assert closed.get(f"/vo/{key}").headers["location"] == f"/vo/{key}/"
    for path in (
        "/vo/ssap",
        "/vo/",
        "/vo",
        f"/vo/{key}x/ssap",
        f"/vo/{key_of('another')}/ssap",
        "/vo/a-token/ssap",
        f"/vo/{key}/../ssap",
    ):
        assert closed.get(path, params=QUERY).status_code == 401, path
    assert closed.get(f"/vo/{key}/ssap", params=QUERY, headers={"Host": "evil.example"}).status_code == 400


def test_pages_of_other_sites_read_only_what_is_public(small_survey: SmallSurvey, tmp_path: Path, closed: Any) -> None:
    told = closed.get(f"/vo/{key_of('a-token')}/ssap", params=QUERY, headers={"Origin": "https://elsewhere.example"}).headers
    assert "access-control-allow-origin" not in told
    assert told["cross-origin-resource-policy"] == "same-origin"
    with client_of(small_survey.pool, tmp_path, replace(CONFIG, is_public=True)) as client:
        answer = client.get("/vo/ssap", params=QUERY)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "*"


def test_a_page_tells_all_addresses(closed: Any) -> None:
    key = key_of("a-token")
    page = closed.get(f"/vo/{key}/")
    assert page.status_code == 200
    assert f"http://192.0.2.7:8765/vo/{key}/ssap" in page.text
    assert "240 spectra" in page.text
    assert "cone/candidates" not in page.text
    assert closed.head(f"/vo/{key}/").status_code == 200
    assert closed.get(f"/vo/{key}/cone/candidates", params={"RA": 1, "DEC": 2, "SR": 1}).status_code == 404


def test_behind_a_proxy_its_name_is_known_and_told(small_survey: SmallSurvey, tmp_path: Path) -> None:
    config = replace(CONFIG, host="127.0.0.1", url="https://archive.example", is_public=True)
    with client_of(small_survey.pool, tmp_path, config, "http://archive.example") as client:
        assert "https://archive.example/vo/spectrum/votable/" in client.get("/vo/ssap", params=QUERY).text
        assert client.get("/vo/ssap", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("host", ["[", "a b", "[::1"])
def test_a_host_that_is_none_makes_nothing_fail(small_survey: SmallSurvey, tmp_path: Path, host: str) -> None:
    with client_of(small_survey.pool, tmp_path, replace(CONFIG, host="0.0.0.0")) as client:
        answer = client.get(f"/vo/{key_of('a-token')}/ssap", params=QUERY, headers={"Host": host})
        assert answer.status_code in {200, 400}
