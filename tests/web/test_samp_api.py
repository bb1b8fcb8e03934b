"""What the page asks of its server to talk with other programs."""

from __future__ import annotations

import base64
import warnings
from collections.abc import Callable
from io import BytesIO
from urllib.parse import urlsplit

import numpy as np
import pytest
from astropy.io.votable import parse_single_table

from spectrove.campaign import Campaign

with warnings.catch_warnings():  # Starlette's client asks for another version of its library by a warning
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient


@pytest.fixture
def client(browser: Callable[..., TestClient]) -> TestClient:
    """Return a browser of Ann's."""
    return browser("Ann")


@pytest.fixture
def sent(client: TestClient) -> dict:
    """Return what is sent."""
    return client.get("/api/v1/samp/table").raise_for_status().json()


def bits(*rows: int) -> str:
    marked = np.zeros(1 + max(rows), bool)
    marked[list(rows)] = True
    return base64.urlsafe_b64encode(np.packbits(marked).tobytes()).decode().rstrip("=")


def listed(client: TestClient, **query: object) -> dict:
    return client.get("/api/v1/candidates", params={"limit": 200, **query}).raise_for_status().json()


def test_rows_of_the_table_are_the_spectra_that_are_told(client, sent, campaign: Campaign):
    assert sent["table_id"] == f"spectrove-{sent['version']}"
    assert urlsplit(sent["url"]).netloc == "127.0.0.1:8765"
    rows = parse_single_table(BytesIO(client.get(sent["url"]).raise_for_status().content)).to_table()
    assert list(rows["spectrum_id"]) == sent["ids"]
    assert [list(pair) for pair in zip(rows["ra"], rows["dec"], strict=True)] == sent["positions"]
    assert set(sent["ids"]) == {one["spectrum_id"] for one in listed(client)["items"]}
    assert {question.spectrum_id for question in campaign.open_questions()}.isdisjoint(sent["ids"])
    assert client.get("/api/v1/samp/table").json() == sent


def test_the_download_is_the_same_table(client, sent):
    answer = client.get("/api/v1/samp/candidates.vot", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, sent["url"])


def test_only_what_is_selected_is_listed(client, sent):
    last = len(sent["ids"]) - 1
    found = listed(client, table=sent["version"], rows=bits(0, last, last + 40))
    assert {one["spectrum_id"] for one in found["items"]} == {sent["ids"][0], sent["ids"][last]}
    assert listed(client, table=sent["version"])["n"] == 0
    assert listed(client)["n"] == len(sent["ids"])


@pytest.mark.parametrize(
    ("query", "status"), [({"table": "unknown", "rows": "gA"}, 409), ({"rows": "é"}, 422), ({"rows": "*"}, 422)]
)
def test_rows_that_mean_nothing_are_refused(client, sent, query, status):
    answer = client.get("/api/v1/candidates", params={"table": sent["version"], **query})
    assert answer.status_code == status


def test_a_candidate_is_found_in_the_part_that_it_is_in(client):
    everything = [one["spectrum_id"] for one in listed(client, order="shuffled")["items"]]
    wanted = everything[-1]
    found = listed(client, order="shuffled", limit=2, around=wanted)
    assert found["items"][found["place"]]["spectrum_id"] == wanted
    assert found["offset"] == (len(everything) - 1) // 2 * 2
    missing = listed(client, limit=2, around="nobody")
    assert (missing["place"], missing["offset"]) == (None, 0)


def test_programs_without_a_cookie_get_the_table_of_a_page_that_needs_a_token(guarded: Callable[[], TestClient]):
    ann, topcat = guarded(), guarded()
    assert ann.get("/api/v1/samp/table").status_code == 401
    ann.get("/", params={"token": "a-token"})
    told = ann.get("/api/v1/samp/table").raise_for_status().json()
    assert "a-token" not in told["url"]
    assert len(parse_single_table(BytesIO(topcat.get(told["url"]).raise_for_status().content)).array) == len(told["ids"])
    assert topcat.get(f"/vo/candidates.vot?v={told['version']}").status_code != 200


def test_the_message_of_a_spectrum_is_texts_alone(client, sent):
    told = client.get(f"/api/v1/samp/{sent['ids'][0]}").raise_for_status().json()
    assert urlsplit(told["url"]).path.startswith("/vo/spectrum/votable/")
    assert told["spectrum-id"] == sent["ids"][0]
    assert told["meta"]["Access.Format"] == "application/x-votable+xml"
    assert all(isinstance(value, str) for value in told["meta"].values())
    assert client.get("/api/v1/samp/nobody").status_code == 404
