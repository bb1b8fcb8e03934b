"""The page on the Virtual Observatory, from its campaign to its check: every command that it gives is run as it stands."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from label_command import running_command
from pages import REPOSITORY, blocks, run_page, typed

PAGE = REPOSITORY / "docs" / "how-to" / "vo.md"
PORT = 8765


def after_the_campaign() -> list[tuple[str, str]]:
    """Return languages and texts of the blocks that this test runs, in their order."""
    return [(block.language, block.text) for block in blocks(PAGE) if block.run_by == "tests/docs/test_vo_page.py"]


@pytest.mark.desktop
def test_the_page_does_what_it_says(tmp_path: Path) -> None:
    if shutil.which("stilts") is None:
        pytest.skip("stilts is not installed, which the page calls")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    run_page(PAGE, tmp_path)
    (_, serve), *others, (_, check) = after_the_campaign()
    command = shlex.split(next(iter(typed(serve))).replace(f" {PORT}", f" {port}").replace(" --browser", ""))
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}

    def run(given: list[str]) -> str:
        done = subprocess.run(given, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert command[:3] == ["spectrove", "vo", "serve"]
    with running_command("vo", "serve", tmp_path / "search", *command[4:]):
        for language, text in others:
            there = text.replace(f":{PORT}/", f":{port}/")
            said = (
                [run([sys.executable, "-c", there])]
                if language == "python"
                else [run(["bash", "-c", one]) for one in typed(there)]
            )
            if language == "python":
                assert "#cutout" in said[0]
                assert "double-peak" in said[0]
    assert (tmp_path / "halpha.vot").stat().st_size > 1000
    assert (tmp_path / "near.fits").stat().st_size > 10_000
    assert "spectrum_id" in (tmp_path / "candidates.csv").read_text().splitlines()[0]
    assert "0 are wrong" in run(["bash", "-c", next(iter(typed(check)))])
