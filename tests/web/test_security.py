"""Attempts on the page, each of which has to fail."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from spectrove.campaign import Campaign

Browser = Callable[..., TestClient]


def first_of(client: TestClient) -> str:
    """Return the id of the queue's first spectrum."""
    id_: str = client.get("/api/v1/queue").json()["items"][0]["spectrum_id"]
    return id_


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/%2e%2e/app.py",
        "/static/..%2f..%2f..%2fetc%2fpasswd",
        "/static//etc/passwd",
        "/static/%00",
        "/api/v1/spectra/../../../etc/passwd",
        "/api/v1/spectra/..%2f..%2f..%2fetc%2fpasswd",
        "/api/v1/spectra/file:%2f%2f%2fetc%2fpasswd",
        "/api/v1/spectra/%2fetc%2fpasswd",
        "/api/v1/spectra/a%00b",
        "/api/v1/context/..%2f..%2fetc%2fpasswd",
        "/api/v1/insight/..%2f..%2fetc%2fpasswd",
    ],
)
def test_no_path_of_a_request_reaches_the_disk(browser: Browser, path: str) -> None:
    answer = browser().get(path)
    assert answer.status_code == 404
    assert b"root:" not in answer.content
    assert b"import" not in answer.content


def test_the_survey_file_is_the_pools_and_never_the_requests(browser: Browser, campaign: Campaign) -> None:
    file = campaign.pool.metadata(["file"])["file"][0].as_py()
    client = browser()
    assert client.get(f"/api/v1/spectra/{file}").status_code == 404
    assert client.post(f"/api/v1/samp/{file}").status_code == 404


@pytest.mark.parametrize("token", [None, "", "wrong"])
def test_a_write_without_the_sessions_token_is_refused(browser: Browser, campaign: Campaign, token: str | None) -> None:
    client = browser()
    id_ = first_of(client)
    if token is None:
        del client.headers["X-CSRF-Token"]
    else:
        client.headers["X-CSRF-Token"] = token
    assert client.put(f"/api/v1/answers/{uuid.uuid4()}", json={"spectrum_id": id_, "label": None}).status_code == 403
    assert client.put("/api/v1/session", json={"annotator": "eve"}).status_code == 403
    assert client.post("/api/v1/rounds/close", json={"iteration": 0}).status_code == 403
    assert campaign.store.answers() == []


def test_the_token_of_another_session_is_worth_nothing(browser: Browser) -> None:
    ada, eve = browser(), browser()
    eve.headers["X-CSRF-Token"] = ada.headers["X-CSRF-Token"]
    assert eve.put("/api/v1/session", json={"annotator": "eve"}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "http://[bad"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_write_from_another_site_is_refused(browser: Browser, headers: dict[str, str]) -> None:
    assert browser().put("/api/v1/session", json={"annotator": "eve"}, headers=headers).status_code == 403


def test_a_write_of_the_page_itself_is_taken(browser: Browser) -> None:
    headers = {"Origin": "http://127.0.0.1:8765", "Sec-Fetch-Site": "same-origin"}
    assert browser().put("/api/v1/session", json={"annotator": "ada"}, headers=headers).status_code == 200


def test_a_foreign_name_for_this_machine_is_refused(browser: Browser) -> None:
    client = browser()
    assert client.get("/api/v1/queue", headers={"Host": "evil.example:8765"}).status_code == 400
    for name in ("localhost:8765", "[::1]:8765", "127.0.0.1:8765"):
        assert client.get("/api/v1/queue", headers={"Host": name}).status_code == 200


SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def test_a_stored_script_comes_back_as_data_and_may_not_run(browser: Browser) -> None:
    client = browser(SCRIPT)
    id_ = first_of(client)
    body = {"spectrum_id": id_, "label": None, "comment": SCRIPT, "flags": [SCRIPT[:40]], "shown": {SCRIPT: SCRIPT}}
    client.put("/api/v1/answers/evil", json=body).raise_for_status()
    for address in ("/api/v1/answers", "/api/v1/session", "/api/v1/progress", "/api/v1/overview"):
        answer = client.get(address)
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert client.get("/api/v1/answers").json()["items"][0]["comment"] == SCRIPT
    page = client.get("/")
    assert SCRIPT not in page.text
    policy = page.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("address", ["/", "/api/v1/queue", "/api/v1/nothing", "/static/nothing", "/api/v1/openapi.json"])
def test_every_answer_carries_the_headers(browser: Browser, address: str) -> None:
    headers = browser().get(address).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; ")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"


def test_the_pages_own_files_hold_no_inline_script_or_style(browser: Browser) -> None:
    client = browser()
    text = client.get("/").text
    assert "<style" not in text
    assert " style=" not in text
    assert " on" not in text.replace(" on ", " ") or " onclick" not in text
    assert all("src=" in part for part in text.split("<script")[1:])
    prefix = text.split('content="/static/')[1].split('"')[0]
    file = client.get(f"/static/{prefix}/js/main.js")
    assert file.status_code == 200
    assert file.headers["content-type"].startswith("text/javascript")
    assert "immutable" in file.headers["cache-control"]


def test_a_large_body_is_refused_whether_its_size_is_told_or_not(browser: Browser) -> None:
    client = browser()
    large = json.dumps({"annotator": "x" * 70_000}).encode()
    assert client.put("/api/v1/session", content=large).status_code == 413
    parts = (large[begin : begin + 1000] for begin in range(0, len(large), 1000))
    assert client.put("/api/v1/session", content=parts).status_code == 413


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\nb", "a\x00b", "a\x1b[31mb", "a\u202eb", "\ud800"])
def test_a_name_that_nobody_has_is_refused(browser: Browser, name: str) -> None:
    answer = browser().put("/api/v1/session", content=json.dumps({"annotator": name}))
    assert answer.status_code in {400, 422}


@pytest.mark.parametrize("name", ["Podsztavek", "Škoda, P.", "李 四", "O'Brien <b>", '"quoted"', "علی\u200cرضا"])
def test_a_name_is_free_text(browser: Browser, campaign: Campaign, name: str) -> None:
    client = browser(name)
    body = {"spectrum_id": first_of(client), "label": None}
    client.put("/api/v1/answers/one", json=body).raise_for_status()
    assert campaign.store.answers()[0].annotator == name


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[" * 60_000,
        b'{"annotator": 1e999}',
        b'{"annotator": ' + b"9" * 5000 + b"}",
        b"\xff\xfe",
        b'{"annotator": "\\ud800"}',
    ],
)
def test_no_body_makes_the_server_fail(browser: Browser, content: bytes) -> None:
    answer = browser().put("/api/v1/session", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("shown", ['{"a": NaN}', '{"a": "\\ud800"}', "[]", '"text"'])
def test_what_was_shown_must_be_plain(browser: Browser, shown: str) -> None:
    client = browser()
    content = f'{{"spectrum_id": {json.dumps(first_of(client))}, "label": null, "shown": {shown}}}'
    answer = client.put("/api/v1/answers/one", content=content)
    assert answer.status_code in {400, 422}


# -- the token ------------------------------------------------------------------------------------------------------------------


def test_without_the_token_nothing_is_told(guarded: Browser) -> None:
    client = guarded()
    for address in ("/api/v1/session", "/api/v1/queue", "/api/v1/openapi.json", "/api/v1/answers"):
        assert client.get(address).status_code == 401
    assert client.get("/").headers["location"] == "/login"
    assert client.get("/?token=wrong").headers["location"] == "/login"
    assert client.get("/api/v1/queue?token=a-token").status_code == 401
    assert client.post("/login", data={"token": "wrong"}).status_code == 403
    assert client.get("/api/v1/queue").status_code == 401


@pytest.mark.parametrize("way", ["address", "form"])
def test_the_token_lets_in_and_the_cookie_is_kept_from_scripts_and_other_sites(guarded: Browser, way: str) -> None:
    client = guarded()
    answer = client.get("/?token=a-token") if way == "address" else client.post("/login", data={"token": "a-token"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "a-token" not in cookie
    assert client.get("/").status_code == 200
    assert client.get("/api/v1/session").json()["annotator"] == ""


def test_where_many_may_come_everybody_says_first_who_they_are(guarded: Browser) -> None:
    client = guarded()
    client.get("/?token=a-token")
    assert client.get("/api/v1/queue").status_code == 403
    token = client.get("/api/v1/session").json()["csrf_token"]
    client.put("/api/v1/session", json={"annotator": "bob"}, headers={"X-CSRF-Token": token}).raise_for_status()
    assert client.get("/api/v1/queue").status_code == 200


def test_a_cookie_of_ones_own_making_is_worth_nothing(guarded: Browser) -> None:
    client = guarded()
    client.get("/?token=a-token")
    name, value = next(iter(client.cookies.items()))
    client.cookies.clear()
    client.cookies.set(name, "x" + value[1:])
    assert client.get("/api/v1/queue").status_code == 401
