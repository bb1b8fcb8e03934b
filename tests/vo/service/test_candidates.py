"""The candidates as a table in versions: a version means the same rows for ever, and the same rows have the same version."""

from __future__ import annotations

import warnings
from io import BytesIO
from types import SimpleNamespace

import pyarrow as pa
import pytest
from astropy.io.votable import parse
from astropy.io.votable.ucd import check_ucd
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from spectrove.errors import CampaignError
from spectrove.vo.service import candidates
from spectrove.vo.service.addresses import Addresses
from spectrove.vo.service.candidates import VERSIONS, CandidateTables, routes

with warnings.catch_warnings():  # Starlette's client asks for another version of its library by a warning
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

ADDRESSES = Addresses("http://127.0.0.1:8765/vo")


def table_of(ids: list[str], label: str = "double-peak") -> pa.Table:
    return pa.table(
        {
            "spectrum_id": pa.array(ids, pa.string()),
            "ra": pa.array([float(at) for at in range(len(ids))], pa.float64()),
            "dec": pa.array([None if at == 1 else -5.5 for at in range(len(ids))], pa.float64()),
            "label": pa.array([label] * len(ids), pa.string()),
            "file": pa.array(["/home/ann/secret.fits"] * len(ids), pa.string()),
        }
    )


class Stage:
    """A campaign whose list and open questions a test changes, and a clock."""

    def __init__(self) -> None:
        self.listed = table_of(["lamost:1", "lamost:2/a b", "lamost:3"])
        self.asked: list[str] = []
        self.scored = [1]
        self.now = 0.0
        self.made = 0
        self.campaign = SimpleNamespace(
            store=SimpleNamespace(iterations=lambda: [SimpleNamespace(number=n, scores="s") for n in self.scored]),
        )

    def candidates_of(self, _campaign: object) -> tuple[pa.Table, dict[str, object]]:
        self.made += 1
        if not self.scored:
            msg = "nothing is scored yet"
            raise CampaignError(msg)
        return self.listed, {}


@pytest.fixture
def stage(monkeypatch):
    made = Stage()
    monkeypatch.setattr(candidates, "candidates_of", made.candidates_of)
    monkeypatch.setattr(candidates, "secrets_of", lambda _campaign: frozenset(made.asked))
    monkeypatch.setattr(candidates, "monotonic", lambda: made.now)
    return made


@pytest.fixture
def tables(stage):
    return CandidateTables(stage.campaign)


@pytest.fixture
def client(tables):
    app = FastAPI()
    app.include_router(routes(SimpleNamespace(candidates=tables, addresses=lambda _request: ADDRESSES)), prefix="/vo")
    with TestClient(app) as opened:
        yield opened


def columns_of(content: bytes):
    return parse(BytesIO(content), verify="exception").get_first_table()


def test_the_table_has_the_rows_their_addresses_and_no_path_of_this_machine(client, tables):
    answer = client.get("/vo/candidates.vot")
    assert answer.headers["content-type"] == "application/x-votable+xml"
    assert b"/home/ann" not in answer.content
    element = columns_of(answer.content)
    rows = element.to_table()
    assert tuple(rows["spectrum_id"]) == tables.now().ids == ("lamost:1", "lamost:2/a b", "lamost:3")
    assert rows["accref"][1] == ADDRESSES.spectrum("lamost:2/a b")
    assert rows["preview"][1] == ADDRESSES.preview("lamost:2/a b")
    assert rows["datalink"][1] == ADDRESSES.datalink_of("lamost:2/a b")
    for field in element.fields:
        assert field.ucd is None or check_ucd(field.ucd, check_controlled_vocabulary=True, has_colon=True), field.name
        assert field.description, field.name


def test_a_version_that_was_sent_stays_what_it_was_while_the_list_goes_on(client, tables, stage):
    before = tables.now()
    address = before.address(ADDRESSES).removeprefix("http://127.0.0.1:8765")
    content = client.get(address).content
    stage.listed = table_of(["lamost:3", "lamost:1"])
    stage.now += 60
    now = tables.now()
    assert now.version != before.version
    assert now.ids == ("lamost:3", "lamost:1")
    assert client.get(address).content == content


def test_the_list_is_made_again_only_when_it_is_old_or_the_network_is_new(tables, stage):
    tables.now()
    stage.now += 10
    tables.now()
    assert stage.made == 1
    stage.scored.append(2)
    tables.now()
    assert stage.made == 2
    stage.now += 60
    tables.now()
    assert stage.made == 3


def test_what_is_asked_about_is_left_out_at_once(tables, stage):
    everything = tables.now()
    stage.asked = ["lamost:1"]
    assert tables.now().ids == ("lamost:2/a b", "lamost:3")
    stage.asked = []
    assert tables.now().version == everything.version
    assert stage.made == 1


def test_after_a_restart_the_same_rows_have_the_same_version(tables, stage):
    before = tables.now().version
    known = CandidateTables(stage.campaign).of(before)
    assert known is not None
    assert known.ids == tables.now().ids


def test_old_versions_are_forgotten_in_the_end_and_that_is_told(client, tables, stage):
    first = tables.now().version
    for number in range(VERSIONS):
        stage.listed = table_of([f"lamost:{number}", "x"])
        stage.now += 60
        tables.now()
    assert tables.of(first) is None
    answer = client.get("/vo/candidates.vot", params={"v": first})
    assert answer.status_code == 404
    assert answer.text == (
        f"The candidates have changed since version {first!r}. Send the table again from the page, or leave out ?v=."
    )


def test_before_anything_is_scored_the_reason_is_told(client, stage):
    stage.scored.clear()
    answer = client.get("/vo/candidates.vot")
    assert (answer.status_code, answer.text) == (404, "nothing is scored yet")


def test_a_pool_alone_has_no_candidates():
    app = FastAPI()
    app.include_router(routes(SimpleNamespace(candidates=None, addresses=lambda _request: ADDRESSES)), prefix="/vo")
    with TestClient(app) as opened:
        assert opened.get("/vo/candidates.vot").status_code == 404


def version_of(table: pa.Table) -> str:
    return candidates._version_of(table, frozenset()).version


@given(st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=6, unique=True), st.data())
def test_versions_are_equal_if_and_only_if_the_rows_are(ids, data):
    table = table_of(ids)
    cut = data.draw(st.integers(0, len(ids)))
    assert version_of(pa.concat_tables([table.slice(0, cut), table.slice(cut)])) == version_of(table)
    other = data.draw(st.permutations(ids))
    assert (version_of(table_of(other)) == version_of(table)) == (other == ids)
    assert version_of(table_of(ids, "single-peak")) != version_of(table)
