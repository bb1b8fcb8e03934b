"""Spectra sent to other programs, by way of a real hub on this machine."""

from __future__ import annotations

import socket
import time

import pytest

from samp_hub import hub_with_taker
from spectrove.vo import samp
from spectrove.vo.samp import MTYPE, NO_HUB, NO_TAKER, SILENT, send

FACTS = {"designation": "LAMOST J0640", "ra": 100.25, "dec": -5.5, "mjd": 56000.0, "survey": "lamost"}


@pytest.fixture
def spectrum(tmp_path):
    """Return a file to be sent."""
    path = tmp_path / "spéc 1.fits.gz"
    path.write_bytes(b"flux")
    return path


@pytest.fixture(autouse=True)
def lock_file(tmp_path, monkeypatch):
    """Return where the hub's lock file is looked for, so that no hub of a person is ever met."""
    path = tmp_path / "lock.samp"
    monkeypatch.setenv("SAMP_HUB", f"std-lockurl:{path.as_uri()}")
    monkeypatch.setenv("HOME", str(tmp_path))
    return path


def hub(lock_file, *takes):
    """Return a hub, and a program at it which takes these messages."""
    return hub_with_taker(lock_file, 0, "yes", *takes)


def test_a_program_that_takes_spectra_gets_the_file_by_call_and_nobody_stays_registered(spectrum, lock_file):
    with hub(lock_file) as taker:
        assert send(str(spectrum), "lamost:1", FACTS) == (True, "Sent to 1 program.")
        params = taker.hear(MTYPE)
        assert taker.clients() == ["PyVO SAMP Hub"]
    assert params["url"] == spectrum.as_uri()
    assert params["name"] == params["spectrum-id"] == "lamost:1"
    assert params["meta"]["Target.Name"] == "LAMOST J0640"
    assert params["meta"]["Target.Pos"] == "100.25 -5.5"
    assert params["meta"]["Access.Format"] == "application/fits"
    assert all(isinstance(value, str) for value in params["meta"].values())


def test_a_hub_without_a_program_that_takes_spectra_says_so(spectrum, lock_file):
    with hub(lock_file, "coord.pointAt.sky") as taker:
        assert send(str(spectrum), "lamost:1", {}) == (False, NO_TAKER)
        assert taker.clients() == ["PyVO SAMP Hub"]


def test_what_a_program_says_when_it_cannot_load_the_spectrum_is_told(spectrum, lock_file):
    with hub(lock_file, f"{MTYPE}=no such file") as taker:
        assert send(str(spectrum), "lamost:1", {}) == (False, "1 program could not load the spectrum (no such file).")
        assert taker.clients() == ["PyVO SAMP Hub"]


def test_a_program_that_takes_its_time_is_not_waited_for(spectrum, lock_file):
    with hub(lock_file, f"{MTYPE}=") as taker:
        begun = time.monotonic()
        said = send(str(spectrum), "lamost:1", {}, patience=0.8)
        assert said == (True, "Sent to 1 program. 1 program is still busy with it.")
        assert time.monotonic() - begun < 5
        assert taker.hear(MTYPE)["name"] == "lamost:1"


def test_without_a_hub_one_sentence_says_so(spectrum):
    assert send(str(spectrum), "lamost:1", FACTS) == (False, NO_HUB)


def test_a_hub_that_died_and_left_its_lock_file_is_no_hub(spectrum, lock_file):
    with socket.socket() as gone:
        gone.bind(("127.0.0.1", 0))
        port = gone.getsockname()[1]
    lock_file.write_text(f"samp.secret=x\nsamp.hub.xmlrpc.url=http://127.0.0.1:{port}/\n")

    assert send(str(spectrum), "lamost:1", FACTS) == (False, NO_HUB)


def test_a_hub_that_says_nothing_is_given_up_however_often_it_is_tried(spectrum, lock_file):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        lock_file.write_text(f"samp.secret=x\nsamp.hub.xmlrpc.url=http://127.0.0.1:{silent.getsockname()[1]}/\n")
        begun = time.monotonic()

        for _ in range(samp.AT_ONCE + 2):
            assert send(str(spectrum), "lamost:1", FACTS, patience=0.1) == (False, SILENT)
        assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", NO_HUB),
        ("nonsense", "The SAMP hub on this machine does not take the spectrum"),
        ("samp.secret=x\nsamp.hub.xmlrpc.url=nowhere\n", NO_HUB),
        ("\0=\0\n", NO_HUB),
    ],
)
def test_a_broken_lock_file_is_told_of(content, said, spectrum, lock_file):
    lock_file.write_text(content)

    sent, detail = send(str(spectrum), "lamost:1", FACTS)

    assert not sent
    assert detail.startswith(said)


@pytest.mark.parametrize("file", [None, "/no/such/file.fits"])
def test_without_a_file_there_is_nothing_to_send(file, monkeypatch):
    monkeypatch.setattr(samp, "_told", lambda *_: pytest.fail("the hub was asked"))

    sent, detail = send(file, "lamost:1", FACTS)

    assert (sent, "nothing to send" in detail) == (False, True)
