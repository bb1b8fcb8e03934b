"""Aladin Lite is fetched, checked, and served in a frame; what is not exactly it is refused, and leaves nothing."""

from __future__ import annotations

import math

import pytest
from click.testing import CliRunner

from spectrove.cli.frame import cli
from spectrove.errors import ServiceError, StorageError
from spectrove.web import aladin
from spectrove.web.security import POLICY


@pytest.fixture(autouse=True)
def data_home(tmp_path, monkeypatch):
    """Return a data folder of the test's own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def small(monkeypatch, tmp_path):
    """Return a file that counts as Aladin Lite: what is checked is its hash."""
    import hashlib

    file = tmp_path / "aladin.js"
    file.write_text("export default {}")
    monkeypatch.setattr(aladin, "SHA256", hashlib.sha256(file.read_bytes()).hexdigest())
    return file


def files_in(folder):
    return [file for file in folder.rglob("*") if file.is_file()]


def test_what_is_not_that_version_is_refused_and_leaves_nothing(tmp_path, data_home):
    other = tmp_path / "other.tgz"
    other.write_bytes(b"something else")
    with pytest.raises(StorageError, match=r"other\.tgz: this is not aladin-lite 3\.8\.2"):
        aladin.install(other)
    assert files_in(data_home) == []
    with pytest.raises(StorageError, match="cannot be read"):
        aladin.install(tmp_path / "none.tgz")


def test_without_a_network_the_sentence_says_what_to_do(monkeypatch, data_home):
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "http://127.0.0.1:9/")
    with pytest.raises(ServiceError, match=r"127\.0\.0\.1:9/aladin-lite/-/aladin-lite-3\.8\.2\.tgz: does not answer .* --file"):
        aladin.install()
    assert files_in(data_home) == []


def test_where_nothing_can_be_written_there_is_one_sentence(small, data_home):
    data_home.write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="Aladin Lite cannot be written"):
        aladin.install(small)


def test_the_registry_is_the_one_that_npm_asks(tmp_path):
    settings = tmp_path / "npmrc"
    settings.write_text("fund=false\nregistry = https://mirror.example/npm\n")
    assert aladin.registry({"npm_config_userconfig": str(settings)}) == "https://mirror.example/npm/"
    assert aladin.registry({"NPM_CONFIG_REGISTRY": "https://x.example"}) == "https://x.example/"
    assert aladin.registry({"npm_config_userconfig": str(tmp_path / "none")}) == aladin.REGISTRY


def test_the_command_installs_tells_and_removes(small, data_home):
    def said(*arguments):
        done = CliRunner().invoke(cli, ["vo", "aladin", *map(str, arguments)], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    assert "is not installed" in said()
    assert "GNU General Public License, version 3" in said("--install", "--file", small)
    assert files_in(data_home) == [aladin.place()]
    assert f"is installed: {aladin.place()}" in said()
    aladin.place().write_text("changed")
    assert "is not installed" in said()
    assert "is removed" in said("--remove")
    assert "was not installed" in said("--remove")


def test_the_frame_has_a_policy_of_its_own_and_the_page_keeps_its_strict_one(browser, small):
    client = browser("ada")
    assert client.get("/aladin").status_code == 404
    aladin.install(small)
    frame = client.get("/aladin")
    policy = frame.headers["content-security-policy"]
    assert "frame-ancestors 'self'" in policy
    assert "'wasm-unsafe-eval'" in policy
    assert "'self'" not in policy.partition("connect-src")[2].partition(";")[0]
    assert frame.headers["x-frame-options"] == "SAMEORIGIN"
    index = client.get("/").headers["content-security-policy"]
    assert index == POLICY
    assert "unsafe" not in index
    assert "frame-src 'self'" in index


def test_the_chart_tells_where_the_neighbors_are_and_nothing_of_their_classes(browser):
    client = browser("ada")
    asked = client.get("/api/v1/queue", params={"n": 3}).json()
    id_ = asked["items"][0]["spectrum_id"]
    told = client.get(f"/api/v1/sky/{id_}").json()
    assert set(told) == {"ra", "dec", "radius", "spots", "aladin"}
    assert told["aladin"] is None
    for spot in told["spots"]:
        assert set(spot) == {"spectrum_id", "name", "ra", "dec", "east", "north"}
        assert math.hypot(spot["east"], spot["north"]) <= told["radius"] * 1.001
    assert client.get("/api/v1/sky/none").status_code == 404
