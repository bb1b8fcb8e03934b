"""The page docs/how-to/labeling-with-others.md does what it says, with two people at the pages that its commands start."""

from __future__ import annotations

import json
import shlex
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from label_command import Person, asks, label_command
from pages import REPOSITORY, blocks, typed
from small_survey import SmallSurvey
from spectrove.campaign import create
from spectrove.config import settings_from

PAGE = REPOSITORY / "docs" / "how-to" / "labeling-with-others.md"
QUICK = {
    "seed": 7,
    "network": {"name": "compact"},
    "fit": {"max_epochs": 2, "threads": 1},
    "query": {"batch_size": 6},
    "audit": {"size": 5},
}


def settings_on_the_page() -> dict[str, object]:
    """Return what the page's settings say, all together."""
    said: dict[str, object] = {}
    for block in blocks(PAGE):
        if block.language == "toml":
            said |= tomllib.loads(block.text)
    return said


@pytest.fixture
def search(small_survey: SmallSurvey, tmp_path: Path) -> Path:
    settings = settings_from({**QUICK, **settings_on_the_page(), "review": {"second_votes": 1.0}})
    create(tmp_path / "search", small_survey.pool, [small_survey.training()], settings).store.close()
    return tmp_path / "search"


def commands() -> list[list[str]]:
    """Return what the page's reader types, but for what cannot be run here."""
    here = [block for block in blocks(PAGE) if block.language == "console" and block.not_run is None]
    run = [command for block in here for command in typed(block.text)]
    return [shlex.split(command.replace('"$(openssl rand -hex 16)"', "a-token")) for command in run]


def on_a_free_port(command: list[str]) -> list[str]:
    """Return a command that names a port, with one that nobody listens to."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        return [str(door.getsockname()[1]) if word == "8765" else word for word in command]


def test_the_settings_are_settings() -> None:
    assert settings_from(settings_on_the_page()).review.gold == 0.05


@pytest.mark.slow  # tests/browser has two people at the page itself
def test_two_people_label_disagree_settle_and_read_how_far_they_agree(search: Path) -> None:
    first, *others = commands()
    assert first[:3] == ["spectrove", "label", "search"]
    with label_command(*first[2:], folder=search.parent) as page, Person(page.address) as ann, Person(page.address, "Ben") as ben:
        assert ann.name == "Ann Jump"
        ann.wait_for(asks(0))
        asked, seen = ann.queue(), ben.queue()
        assert sorted(asked) == sorted(seen) != seen, "to each an order of their own"
        same, other = asked[:2]
        for spectrum_id in (same, other):
            ann.label(spectrum_id, "single-peak")
        assert ben.get("/api/v1/disagreements")["items"] == []
        assert {same, other} <= set(ben.queue()), "second votes"
        assert not {same, other} & set(ann.queue())
        ben.label(same, "single-peak")
        ben.label(other, "double-peak")
        assert [item["spectrum_id"] for item in ben.get("/api/v1/disagreements")["items"]] == [other]
        check_program(search.parent, other)
        ben.label(other, "double-peak", purpose="decision")
        assert ann.get("/api/v1/disagreements")["items"] == []
        ann.send("POST", "/api/v1/rounds/close", {"iteration": 0})
        ann.wait_for(asks(1))
        page.stop()
    for command in others:
        check_start(on_a_free_port(command), search.parent)


def check_program(folder: Path, disputed: str) -> None:
    """Run the page's program, and look at what it printed and wrote."""
    program = next(block.text for block in blocks(PAGE) if block.language == "python")
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True)
    assert "Ann Jump and Ben: 0.50 of 2 alike" in done.stdout
    assert f"{disputed} {{'Ann Jump': 'single-peak', 'Ben': 'double-peak'}}" in done.stdout
    assert json.loads((folder / "agreement.json").read_text())["pairs"][0]["n"] == 2


def check_start(command: list[str], folder: Path) -> None:
    """Start a page as it is typed, come in as its reader, and stop it."""
    arguments = [argument for argument in command[2:] if argument != "--no-browser"]
    with label_command(*arguments, folder=folder) as page:
        address = page.address
        needs_token = "--token" in command or "0.0.0.0" in command
        assert ("?token=" in address) == needs_token
        if "0.0.0.0" in command:
            address = f"http://127.0.0.1:{address.rsplit(':', 1)[1]}"
        with Person(address, "Ann Jump") as ann:
            assert ann.get("/api/v1/campaign")["iteration"] == 1
        assert "stopped; every answer is recorded" in page.stop()
