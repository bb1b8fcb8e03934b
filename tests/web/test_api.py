"""The addresses under /api/v1, asked as the page asks them."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from spectrove.campaign import Campaign, run
from spectrove.lines import LINES
from spectrove.measure import config_of
from spectrove.oracles import TruthTableOracle

Browser = Callable[..., TestClient]


def put(client: TestClient, spectrum_id: str, label: str | None, answer_id: str | None = None, **more: Any) -> Any:
    """Send an answer."""
    body = {"spectrum_id": spectrum_id, "label": label, **more}
    return client.put(f"/api/v1/answers/{answer_id or uuid.uuid4()}", json=body)


def queue(client: TestClient) -> list[str]:
    """Return the ids of the queue."""
    return [item["spectrum_id"] for item in client.get("/api/v1/queue").json()["items"]]


def test_the_campaign_tells_classes_with_keys_and_lines(browser: Browser, campaign: Campaign) -> None:
    told = browser().get("/api/v1/campaign").json()
    assert [one["key"] for one in told["classes"]] == ["1", "2", "3"]
    assert [one["name"] for one in told["classes"]] == list(campaign.settings.classes.names)
    assert told["phase"] == "ASK"
    assert all(one["medium"] == "vacuum" for one in told["line_list"])
    assert {"key", "label", "wave"} <= set(told["lines"][0])
    assert all(band["from"] < band["to"] for band in told["tellurics"])
    assert all(line["wave"] > 0 for line in told["sky_lines"])
    assert told["shared"]["rest_wave"] == pytest.approx(6564.608)


def test_the_queue_holds_every_open_question_and_no_reason(browser: Browser, campaign: Campaign) -> None:
    told = browser().get("/api/v1/queue").json()
    asked = {question.spectrum_id for question in campaign.open_questions()}
    assert {item["spectrum_id"] for item in told["items"]} == asked
    assert told["n_left"] == len(asked)
    assert not told["is_meanwhile"]
    for item in told["items"]:
        assert set(item) == {"spectrum_id", "url", "facts"}
        assert not {"predicted", "probabilities", "arm", "stratum", "purpose", "utility"} & set(item["facts"])


def test_an_answer_is_recorded_once_however_often_it_is_sent(browser: Browser, campaign: Campaign) -> None:
    client = browser()
    first, *rest = queue(client)
    shown = {"smoothing": 2, "rv": -30.5}
    told = {"quality": 3, "flags": ["blend"], "comment": "two\nlines", "shown": shown, "shown_at": "2026-01-31T12:00:00Z"}
    one, two = (put(client, first, "single-peak", "an-id-1", **told) for _ in range(2))
    assert (one.status_code, two.status_code) == (201, 200)
    assert one.json() == {"answer_id": "an-id-1", "recorded": True, "n_open": len(rest)}
    assert two.json()["recorded"] is False
    (answer,) = campaign.store.answers()
    assert (answer.spectrum_id, answer.label, answer.annotator, answer.quality) == (first, "single-peak", "ada", 3)
    assert (answer.flags, answer.comment, dict(answer.shown)) == (("blend",), "two\nlines", shown)
    assert answer.shown_at.startswith("2026-01-31T12:00:00")
    assert first not in queue(client)


def test_an_answer_given_long_before_it_came_keeps_its_time_and_a_fast_clock_is_not_believed(
    browser: Browser, campaign: Campaign
) -> None:
    client = browser()
    first, second, *_ = queue(client)
    put(client, first, None, answered_at="2026-01-31T13:00:00+01:00").raise_for_status()
    put(client, second, None, answered_at="2999-01-31T12:00:00Z").raise_for_status()
    early, late = campaign.store.answers()
    assert early.answered_at == "2026-01-31T12:00:00.000+00:00"
    assert late.answered_at < "2999"


def test_answers_that_cannot_be_are_refused_each_with_its_status(browser: Browser) -> None:
    client = browser()
    first, second, *_ = queue(client)
    not_asked = next(
        id_
        for id_ in client.app.state.page.campaign.pool.spectrum_ids
        if id_ not in queue(client)  # type: ignore[attr-defined]
    )
    put(client, first, "single-peak", "used").raise_for_status()
    for wrong, status in (
        (put(client, "no:such", "single-peak"), 404),
        (put(client, not_asked, "single-peak"), 404),
        (put(client, second, "no class"), 422),
        (put(client, second, "single-peak", "used"), 409),
        (put(client, second, None, undoes="never-sent"), 409),
        (put(client, second, "single-peak", undoes="used"), 422),
        (put(client, second, None, quality=5), 422),
        (put(client, second, None, flags=["x" * 41]), 422),
        (put(client, second, None, comment="x" * 4001), 422),
        (put(client, second, None, shown_at="yesterday"), 422),
        (put(client, second, None, shown_at="2026-01-31T12:00:00"), 422),
        (put(client, second, None, purpose="gold"), 422),
        (put(client, second, None, surprise=1), 422),
        (client.put("/api/v1/answers/..", json={}), 404),
        (client.put("/api/v1/answers/a%20b", json={"spectrum_id": second, "label": None}), 422),
    ):
        assert wrong.status_code == status, wrong.text
        assert wrong.headers["content-type"] == "application/problem+json"
        assert set(wrong.json()) >= {"type", "title", "status", "detail"}


def test_what_cannot_be_seen_costs_no_answer(browser: Browser, campaign: Campaign) -> None:
    client = browser()
    put(
        client, queue(client)[0], "single-peak", comment="cool\u00ad star\u200b\x00,\ttwo\nlines \U0001f9d1\u200d\U0001f52c"
    ).raise_for_status()
    assert campaign.store.answers()[0].comment == "cool star,\ttwo\nlines \U0001f9d1\u200d\U0001f52c"


def test_a_tab_answers_under_the_name_that_it_shows(browser: Browser, campaign: Campaign) -> None:
    client = browser("bob")
    said = {"X-Annotator": "Ji%C5%99%C3%AD%20%3Cb%3E"}
    assert client.get("/api/v1/session", headers=said).json()["annotator"] == "Jiří <b>"
    body = {"spectrum_id": queue(client)[0], "label": None}
    client.put("/api/v1/answers/one", json=body, headers=said).raise_for_status()
    assert campaign.store.answers()[0].annotator == "Jiří <b>"
    assert client.get("/api/v1/session").json() | {"csrf_token": ""} == {"annotator": "bob", "usual": "ada", "csrf_token": ""}
    for wrong in ("", "%20", "a%0Ab", "%FF", "x" * 101):
        assert client.get("/api/v1/queue", headers={"X-Annotator": wrong}).status_code == 422


def test_undoing_opens_the_question_again_and_stands_in_the_history(browser: Browser) -> None:
    client = browser()
    first, *rest = queue(client)
    put(client, first, "single-peak", "one").raise_for_status()
    undone = put(client, first, None, "two", undoes="one")
    assert undone.json()["n_open"] == len(rest) + 1
    assert first in queue(client)
    items = client.get("/api/v1/answers").json()["items"]
    assert [(item["answer_id"], item["undoes"], item["undone"]) for item in items] == [("two", "one", False), ("one", "", True)]


def test_nobody_undoes_the_answer_of_somebody_else(browser: Browser) -> None:
    ada, bob = browser(), browser("bob")
    first = queue(ada)[0]
    put(ada, first, "single-peak", "hers").raise_for_status()
    assert put(bob, first, None, undoes="hers").status_code == 409


def test_the_history_is_read_page_by_page(browser: Browser) -> None:
    client = browser()
    for number, id_ in enumerate(queue(client)[:5]):
        put(client, id_, None, f"answer-{number}").raise_for_status()
    seen, before = [], None
    while True:
        asked = {"limit": 2} | ({} if before is None else {"before": before})
        told = client.get("/api/v1/answers", params=asked).json()
        seen += [item["answer_id"] for item in told["items"]]
        before = told["next_before"]
        if before is None:
            break
    assert seen == [f"answer-{number}" for number in (4, 3, 2, 1, 0)]


def test_a_spectrum_comes_with_a_tag_and_is_not_sent_twice(browser: Browser) -> None:
    client = browser()
    item = client.get("/api/v1/queue").json()["items"][0]
    first = client.get(item["url"])
    assert first.status_code == 200
    assert first.content[:4] == b"SPV1"
    assert first.headers["cache-control"] == "private, max-age=86400, immutable"
    again = client.get(item["url"], headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/api/v1/spectra/no:such").status_code == 404


def test_a_reveal_is_recorded_with_who_and_what(browser: Browser, campaign: Campaign) -> None:
    client = browser()
    first = queue(client)[0]
    told = client.post("/api/v1/reveals", json={"spectrum_id": first}).json()
    assert told["predicted"] == max(told["probabilities"], key=told["probabilities"].get)
    assert sum(told["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert len(campaign.store.reveals("ada", first)) == 1
    assert campaign.store.reveals("bob", first) == []


def test_the_overview_filters_and_finds_any_spectrum(browser: Browser, campaign: Campaign) -> None:
    client = browser()
    ids = queue(client)
    put(client, ids[0], "single-peak", flags=["odd"]).raise_for_status()
    put(client, ids[1], None).raise_for_status()
    counts = {
        state: client.get("/api/v1/overview", params={"state": state}).json()["n"]
        for state in ("all", "open", "answered", "unsure", "flagged", "disagreed")
    }
    n = len(ids)
    assert counts == {"all": n, "open": n - 2, "answered": 2, "unsure": 1, "flagged": 1, "disagreed": 0}
    (item,) = client.get("/api/v1/overview", params={"label": "single-peak"}).json()["items"]
    assert (item["spectrum_id"], item["state"], item["flags"]) == (ids[0], "answered", ["odd"])
    assert len(item["thumbnail"]) == campaign.pool.n_wave
    assert set(item["thumbnail"]) <= set(range(-1, 256))
    assert "predicted" not in item
    other = next(id_ for id_ in campaign.pool.spectrum_ids if id_ not in ids)
    facts = campaign.pool.metadata(["designation"], campaign.pool.rows_of([other])).to_pylist()[0]
    for search in (other, facts["designation"]):
        found = client.get("/api/v1/overview", params={"search": search}).json()["items"]
        assert other in {one["spectrum_id"] for one in found}
        assert {one["state"] for one in found if one["spectrum_id"] == other} == {"not asked"}
    assert client.get("/api/v1/overview", params={"search": "nothing of the kind"}).json()["n"] == 0


def test_progress_candidates_and_criteria_are_told(browser: Browser, campaign: Campaign) -> None:
    client = browser()
    told = client.get("/api/v1/progress").json()
    assert told["n_open"] == len(queue(client))
    assert told["pace"] is None
    assert told["work"]["kind"] == "idle"
    assert told["stopping"]["stop"] is False
    criteria = client.get("/api/v1/criteria").json()
    assert len(criteria["grid"]) == campaign.pool.n_wave
    assert all(one["examples"] for one in criteria["classes"])
    assert len(criteria["quality"]) == 5
    candidates = client.get("/api/v1/candidates").json()
    assert candidates["n"] >= len(candidates["items"])


def test_a_template_is_the_median_of_what_the_campaign_began_with(browser: Browser, campaign: Campaign) -> None:
    told = browser().get("/api/v1/templates").json()
    assert told["grid"] == pytest.approx(campaign.pool.grid.tolist())
    by_class = {one["name"]: one for one in told["classes"]}
    assert set(by_class) == set(campaign.settings.classes.names)
    labels = campaign.training_labels()
    assert {name: one["n"] for name, one in by_class.items()} == Counter(labels.values())
    assert max(by_class["single-peak"]["median"]) > max(by_class["not-interesting"]["median"])


def test_lines_are_measured_in_the_page_where_the_catalog_measures_them(browser: Browser) -> None:
    for preset in browser().get("/api/v1/campaign").json()["lines"]:
        line = next(line for line in LINES if line.wave == preset["wave"][0])
        config = config_of(line)
        assert (preset["half_window"], tuple(preset["bands"])) == (config.half_window, config.bands)
        assert preset["velocity_floor"] == config.velocity_floor


def test_a_verdict_on_a_candidate_stands_beside_it_and_labels_nothing(browser: Browser, campaign: Campaign) -> None:
    client = browser()
    asked = {question.spectrum_id for question in campaign.open_questions()}
    items = client.get("/api/v1/candidates").json()["items"]
    assert not asked & {item["spectrum_id"] for item in items}, "the list would tell what the network thinks of an open question"
    one = items[0]["spectrum_id"]
    put(client, one, "not-interesting", purpose="verify", comment="a cosmic", flags=["artefact"]).raise_for_status()
    assert one not in campaign.store.labels()
    (verified,) = client.get("/api/v1/candidates", params={"state": "verified"}).json()["items"]
    said = {name: verified["verdict"][name] for name in ("label", "verdict", "reasons", "comment", "annotator")}
    assert said == {
        "label": "not-interesting",
        "verdict": "reject",
        "reasons": ["artefact"],
        "comment": "a cosmic",
        "annotator": "ada",
    }


def test_candidates_are_found_by_class_verdict_and_reason_in_the_order_that_is_wanted(browser: Browser) -> None:
    client = browser()

    def ids(**wanted: str) -> list[str]:
        told = client.get("/api/v1/candidates", params={"limit": "200", **wanted}).json()
        return [item["spectrum_id"] for item in told["items"]]

    first, second, third = ids()[:3]
    listed = {item["spectrum_id"]: item["label"] for item in client.get("/api/v1/candidates").json()["items"]}
    put(client, first, listed[first], purpose="verify").raise_for_status()
    put(client, second, None, purpose="verify", flags=["noise", "other"]).raise_for_status()
    put(client, third, None, purpose="verify").raise_for_status()
    assert ids(verdict="keep") == [first]
    assert ids(verdict="reject") == ids(reason="noise") == [second]
    assert ids(verdict="none") == [third]
    assert ids(reason="galaxy") == []
    assert sorted([*ids(source="network"), *ids(source="oracle")]) == sorted(ids())
    assert all(listed[id_] == listed[first] for id_ in ids(label=listed[first]) if id_ in listed)
    assert sorted(ids(order="shuffled")) == sorted(ids(order="unsure")) == sorted(ids())
    assert ids(order="shuffled") == ids(order="shuffled") != ids()
    assert client.get("/api/v1/candidates", params={"verdict": "perhaps"}).status_code == 422


def test_the_verification_is_told_live(browser: Browser) -> None:
    client = browser()
    before = client.get("/api/v1/verification").json()
    assert (before["n_verified"], before["pace"]) == (0, None)
    assert before["classes"][-1] == "no class"
    one = next(item for item in client.get("/api/v1/candidates").json()["items"] if item["source"] == "network")
    put(client, one["spectrum_id"], one["label"], purpose="verify").raise_for_status()
    after = client.get("/api/v1/verification").json()
    assert after["n_verified"] == after["by_verdict"]["keep"] == 1
    (row,) = [row for row in after["rows"] if row["predicted"] == one["label"]]
    cell = row["cells"][after["classes"].index(one["label"])]
    assert (row["n_verified"], cell["n"], cell["share"], cell["upper"]) == (1, 1, 1.0, 1.0)
    assert cell["lower"] == pytest.approx(0.025)


def test_a_round_is_closed_by_its_number_alone(browser: Browser, campaign: Campaign) -> None:
    client = browser()
    assert client.post("/api/v1/rounds/close", json={"iteration": 5}).status_code == 409
    told = client.post("/api/v1/rounds/close", json={"iteration": 0}).json()
    assert len(told["said"]) == 2
    assert campaign.iteration().number == 1
    assert client.post("/api/v1/rounds/close", json={"iteration": 0}).status_code == 409


def test_the_surroundings_of_a_spectrum_are_told(browser: Browser) -> None:
    client = browser()
    told = client.get(f"/api/v1/context/{queue(client)[0]}").json()
    assert set(told) == {"exposures", "fibers", "links", "sky_image"}
    assert told["fibers"]
    assert {"simbad", "vizier", "aladin", "sdss"} <= set(told["links"])
    assert told["sky_image"]["url"].startswith("https://alasky.cds.unistra.fr/")


def test_insight_comes_after_the_answer_alone(browser: Browser, campaign: Campaign) -> None:
    client = browser()
    first = queue(client)[0]
    assert client.get(f"/api/v1/insight/{first}").status_code == 409
    put(client, first, "single-peak").raise_for_status()
    told = client.get(f"/api/v1/insight/{first}").json()
    assert len(told["occlusion"]) == campaign.pool.n_wave
    assert told["lookalikes"]
    assert first not in {one["spectrum_id"] for one in told["lookalikes"]}


def test_without_a_samp_hub_a_sentence_says_so(browser: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("SAMP_HUB", f"std-lockurl:file://{tmp_path}/none")
    monkeypatch.setenv("HOME", str(tmp_path))
    client = browser()
    told = client.post(f"/api/v1/samp/{queue(client)[0]}").json()
    assert told["sent"] is False
    assert "hub" in told["detail"]


def test_the_page_goes_on_behind_the_last_round(browser: Browser, campaign: Campaign) -> None:
    labels = dict.fromkeys(campaign.pool.spectrum_ids, "not-interesting")
    run(campaign, TruthTableOracle(labels, name="truth"))
    client = browser()
    assert client.get("/api/v1/campaign").json()["finished"] is True
    for address in ("queue", "progress", "overview", "candidates", "disagreements", "criteria", "work"):
        assert client.get(f"/api/v1/{address}").status_code == 200, address


def test_openapi_is_told_and_no_page_loads_scripts_from_elsewhere(browser: Browser) -> None:
    client = browser()
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    assert "/api/v1/answers/{answer_id}" in paths
    for address in ("/docs", "/redoc"):
        assert client.get(address).status_code == 404
