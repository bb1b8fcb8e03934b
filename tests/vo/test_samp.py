"""Spectra sent to other programs, by way of astropy's hub on this machine."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest

from spectrove.vo import samp
from spectrove.vo.samp import MTYPE, NO_HUB, NO_TAKER, SILENT, send

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    peer = pytest.importorskip("astropy.samp", reason="this astropy has no SAMP any more")

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


@pytest.fixture
def hub(lock_file, monkeypatch):
    """Return astropy's hub on this machine alone."""
    logging.getLogger("astropy").setLevel(logging.ERROR)
    monkeypatch.setattr(peer.conf, "use_internet", False)
    server = peer.SAMPHubServer(web_profile=False, mode="multiple", addr="127.0.0.1", lockfile=str(lock_file))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def taker(lock_file):
    """Return a program that takes spectra, at a hub; it prints what it is told."""
    command = [sys.executable, str(Path(__file__).parents[1] / "samp_taker.py"), str(lock_file), MTYPE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as program:
        assert program.stdout.readline() == "ready\n"
        yield program
        program.kill()


def test_a_program_that_takes_spectra_is_told_of_the_file(spectrum, taker):
    assert send(str(spectrum), "lamost:1", FACTS) == (True, "Sent to 1 program.")
    mtype, params = json.loads(taker.stdout.readline())
    assert mtype == MTYPE
    assert params["url"] == spectrum.as_uri()
    assert params["name"] == params["spectrum-id"] == "lamost:1"
    assert params["meta"]["Target.Name"] == "LAMOST J0640"
    assert params["meta"]["Target.Pos"] == "100.25 -5.5"
    assert params["meta"]["Access.Format"] == "application/fits"
    assert all(isinstance(value, str) for value in params["meta"].values())


@pytest.mark.filterwarnings("ignore:No client was able")
def test_nobody_stays_registered(spectrum, hub):
    before = len(hub._private_keys)

    assert send(str(spectrum), "lamost:1", {}) == (False, NO_TAKER)
    assert len(hub._private_keys) == before


def test_without_a_hub_one_sentence_says_so(spectrum):
    assert send(str(spectrum), "lamost:1", FACTS) == (False, NO_HUB)


def test_a_hub_that_died_and_left_its_lock_file_is_no_hub(spectrum, lock_file):
    with socket.socket() as gone:
        gone.bind(("127.0.0.1", 0))
        port = gone.getsockname()[1]
    lock_file.write_text(f"samp.secret=x\nsamp.hub.xmlrpc.url=http://127.0.0.1:{port}/\n")

    assert send(str(spectrum), "lamost:1", FACTS) == (False, NO_HUB)


def test_a_hub_that_says_nothing_is_given_up(spectrum, lock_file):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        lock_file.write_text(f"samp.secret=x\nsamp.hub.xmlrpc.url=http://127.0.0.1:{silent.getsockname()[1]}/\n")
        begun = time.monotonic()

        assert send(str(spectrum), "lamost:1", FACTS, patience=0.2) == (False, SILENT)
        assert time.monotonic() - begun < 5


@pytest.mark.parametrize("content", ["", "nonsense", "samp.secret=x\nsamp.hub.xmlrpc.url=nowhere\n", "\0=\0"])
def test_a_broken_lock_file_is_told_of(content, spectrum, lock_file):
    lock_file.write_text(content)

    sent, detail = send(str(spectrum), "lamost:1", FACTS)

    assert not sent
    assert detail.startswith("The SAMP hub on this machine does not take the spectrum")


def test_an_address_that_is_no_file_is_not_fetched(spectrum, monkeypatch):
    monkeypatch.setenv("SAMP_HUB", "std-lockurl:http://192.0.2.1/lock")

    sent, detail = send(str(spectrum), "lamost:1", FACTS)

    assert (sent, "expected std-lockurl:file" in detail) == (False, True)


@pytest.mark.parametrize("file", [None, "/no/such/file.fits"])
def test_without_a_file_there_is_nothing_to_send(file, monkeypatch):
    monkeypatch.setattr(samp, "_hub", lambda: pytest.fail("the hub was asked"))

    sent, detail = send(file, "lamost:1", FACTS)

    assert (sent, "nothing to send" in detail) == (False, True)
