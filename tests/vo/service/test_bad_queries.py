"""What no service understands: an answer that says so, and never a failure of the server."""

from __future__ import annotations

import io
import re
import socket
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from astropy.io.votable import parse
from hypothesis import given, settings
from hypothesis import strategies as st

LONG = "a" * 2**20

WRONG = [
    "POS=abc",
    "POS=1",
    "POS=1,2,3",
    "POS=,",
    "POS=1,91",
    "POS=nan,0",
    "POS=1,inf",
    "POS=1,2;GALACTIC",
    "POS=1,2&SIZE=-1",
    "SIZE=-0.1",
    "POS=1,2&SIZE=nan",
    "POS=1,2&POS=3,4",
    "MAXREC=-1",
    "MAXREC=1.5",
    "MAXREC=%C2%B2",
    "MAXREC=1e3",
    "TOP=many",
    "BAND=/",
    "BAND=2/1",
    "BAND=nan/1",
    "BAND=V",
    "BAND=1/2/3",
    "TIME=yesterday",
    "TIME=2012-13",
    "TIME=0000",
    "TIME=9998-13",
    "TIME=2013/2012",
    "TIME=2012-01-01T25:00:00",
    "SNR=x",
    "SPECRP=high/",
    "VERSION=2.0",
    "POS=%00",
    "POS=%ED%A0%80",
    "POS=%FF%FE",
    f"POS={LONG}",
    f"PUBDID={LONG}",
    "&".join(["A=1"] * 100_000),
]

CONES_WRONG = ["", "RA=1", "RA=1&DEC=2", "RA=x&DEC=2&SR=1", "RA=1&DEC=91&SR=1", "RA=1&DEC=2&SR=-1", "RA=1&DEC=2&SR=nan"]
CONES_WRONG += ["RA=1&DEC=2&SR=181", "RA=1&DEC=2&SR=1&VERB=9", "RA=1&DEC=2&SR=1&MAXREC=-1", f"RA={LONG}&DEC=2&SR=1"]


def get(served: Any, path: str, query: str) -> httpx.Response:
    """Return the answer to a query that may be longer than httpx asks."""
    try:
        with urllib.request.urlopen(f"{served.base}{path}?{query}", timeout=60) as answer:
            return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return httpx.Response(error.code, headers=dict(error.headers), content=error.read())


def is_error(answer: Any) -> bool:
    """Return whether an answer is a VOTable that tells an error."""
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-votable+xml"
    told = parse(io.BytesIO(answer.content), verify="exception")
    assert len(answer.content) < 2000 or 'value="OK"' in answer.text
    return any(info.name == "QUERY_STATUS" and info.value == "ERROR" for info in told.resources[0].infos)


@pytest.mark.parametrize("query", WRONG, ids=lambda query: query[:20])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_query_that_cannot_be_understood_is_told_so(served: Any, query: str, method: str) -> None:
    query = f"REQUEST=queryData&{query}"
    if method == "GET":
        answer = get(served, "ssap", query)
    else:
        answer = served.client.post("ssap", content=query, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert is_error(answer)


@pytest.mark.parametrize("query", ["", "REQUEST=", "REQUEST=getData", "REQUEST=queryData&REQUEST=other", "POS=1,2", "%00=%00"])
def test_without_the_one_request_that_there_is_an_error_says_which(served: Any, query: str) -> None:
    answer = get(served, "ssap", query)
    assert is_error(answer)
    assert "REQUEST" in answer.text


@pytest.mark.parametrize("query", CONES_WRONG, ids=lambda query: query[:30])
@pytest.mark.parametrize("of", ["pool", "candidates"])
def test_a_wrong_cone_is_told_as_its_standard_says(served: Any, query: str, of: str) -> None:
    answer = get(served, f"cone/{of}", query)
    assert is_error(answer)
    assert re.search(r'name="Error" value="[^"]+', answer.text)


def test_a_body_that_is_no_form_or_too_large_is_told_so(served: Any) -> None:
    assert is_error(served.client.post("ssap", content=b"{}", headers={"Content-Type": "application/json"}))
    assert is_error(served.client.post("ssap", files={"UPLOAD": b"x"}))
    assert is_error(served.client.post("ssap", content=b"a" * (5 * 2**20)))


def test_other_methods_and_other_addresses_are_refused(served: Any) -> None:
    assert served.client.put("ssap").status_code == 405
    assert served.client.delete("cone/pool").status_code == 405
    assert served.get("cone/nothing").status_code == 404
    assert served.get("nothing").status_code == 404
    head = served.client.head("ssap?REQUEST=queryData")
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize("host", [b"[", b"", b"a b", b"\xff"])
def test_a_host_that_is_none_makes_nothing_fail(served: Any, host: bytes) -> None:
    with socket.create_connection(("127.0.0.1", int(served.base.split(":")[2].split("/")[0])), timeout=30) as line:
        line.sendall(b"GET /vo/ssap?REQUEST=queryData HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
        assert line.recv(20).split()[1] == b"400"


NAMES = st.sampled_from(
    [
        "REQUEST",
        "pos",
        "Size",
        "BAND",
        "TIME",
        "FORMAT",
        "MAXREC",
        "TOP",
        "SNR",
        "PUBDID",
        "TARGETNAME",
        "TARGETCLASS",
        "RA",
        "DEC",
        "SR",
        "VERB",
        "SPECRP",
        "COLLECTION",
        "ID",
    ]
)
BYTES = st.one_of(
    st.text(alphabet="0123456789.,;/-+eE:T infa%\x00", max_size=12).map(str.encode),
    st.binary(max_size=12),
    st.sampled_from([b"queryData", b"10,20", b"6e-7/7e-7", b"2012-03", b"1e400", b"-0", b"1_0"]),
)


@pytest.mark.parametrize("path", ["ssap", "cone/pool", "cone/candidates"])
def test_nothing_that_is_sent_makes_the_server_fail(served: Any, path: str) -> None:
    @settings(max_examples=80)
    @given(st.lists(st.tuples(NAMES, BYTES), max_size=5), st.booleans())
    def ask(given_: list[tuple[str, bytes]], posts: bool) -> None:  # noqa: FBT001
        query = "&".join(f"{name}={quote(value)}" for name, value in [("REQUEST", b"queryData"), ("MAXREC", b"3"), *given_])
        if posts:
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = served.client.post(path, content=query, headers=form)
        else:
            answer = get(served, path, query)
        is_error(answer)

    ask()
