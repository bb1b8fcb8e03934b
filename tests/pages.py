"""
The code blocks of the documentation, and how a page is run.

A page is run from top to bottom, as its reader would: in one folder, in one shell. Of a ``console`` block, the lines that begin
with ``$ `` are typed, with their continuations (``> ``); what stands between is output, shown to the reader and not compared.
A ``python`` block is a program of its own. On the line above a block, a comment can say otherwise::

    <!-- not run: it needs a telescope -->
    <!-- run by: tests/journeys/test_real_spectra.py -->

On the first line of a page, ``run by`` speaks of the whole page: a test of its own runs it and looks at what came out. And
``<!-- slow -->`` anywhere on a page makes it one of the slow tests.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
LANGUAGES = ("console", "python")
FENCE = re.compile(r"(?P<indent> *)(?P<ticks>`{3,})(?P<language>\S*)")
EXEMPTION = re.compile(r"<!-- (?P<kind>not run|run by): (?P<text>.+) -->")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    text: str
    not_run: str | None
    run_by: str | None

    @property
    def where(self) -> str:
        """Name the page and the line, as an editor understands it."""
        return f"{self.page.relative_to(REPOSITORY) if self.page.is_relative_to(REPOSITORY) else self.page}:{self.line}"

    @property
    def is_run_with_its_page(self) -> bool:
        """Tell whether nothing exempts the block from being run."""
        return self.language in LANGUAGES and self.not_run is None and self.run_by is None


def all_pages() -> list[Path]:
    """Return every page of the documentation."""
    return [*sorted(REPOSITORY.glob("*.md")), *sorted((REPOSITORY / "docs").rglob("*.md"))]


def pages_to_run() -> list[Path]:
    """Return the pages that a reader follows with hands on the keyboard, as far as they hold blocks to run."""
    followed = [REPOSITORY / "README.md", *(page for page in all_pages() if {"tutorials", "how-to"} & set(page.parts))]
    return [page for page in followed if run_by(page) is None and any(block.is_run_with_its_page for block in blocks(page))]


def run_by(page: Path) -> str | None:
    """Return the test that runs a whole page, if it has one of its own."""
    first = EXEMPTION.match(page.read_text(encoding="utf-8").split("\n", 1)[0])
    return first["text"] if first and first["kind"] == "run by" else None


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    lines = page.read_text(encoding="utf-8").splitlines()
    found = []
    number = 0
    while number < len(lines):
        opening = FENCE.match(lines[number])
        if opening:
            closing = next(
                (n for n in range(number + 1, len(lines)) if lines[n].strip() == opening["ticks"]),
                len(lines),
            )
            above = EXEMPTION.match(lines[number - 1].strip()) if number else None
            exempt = {above["kind"]: above["text"]} if above else {}
            text = textwrap.dedent("\n".join(lines[number + 1 : closing])) + "\n"
            found.append(Block(page, number + 1, opening["language"], text, exempt.get("not run"), exempt.get("run by")))
            number = closing
        number += 1
    return found


def typed(console: str) -> Iterator[str]:
    """Yield what is typed in a console block."""
    command: list[str] = []
    for line in console.splitlines():
        if command and (command[-1].endswith("\\") or line.startswith("> ") or line == ">"):
            command.append(line[2:] if line.startswith(">") else line)
        else:
            if command:
                yield "\n".join(command)
            command = [line.removeprefix("$ ")] if line.startswith("$ ") else []
    if command:
        yield "\n".join(command)


def script(page: Path) -> str:
    """Return the shell script that does what the page says, announcing each block."""
    parts = ["set -euo pipefail"]
    for block in blocks(page):
        if not block.is_run_with_its_page:
            continue
        parts.append(f"echo {shlex.quote(f'== {block.where}')}")
        if block.language == "console":
            for command in typed(block.text):
                parts += [f"echo {shlex.quote(f'$ {command}')}", command]
        else:
            parts.append(f"python -c {shlex.quote(block.text)}")
    return "\n".join(parts) + "\n"


def run_page(page: Path, folder: Path, shared_data: Path | None = None) -> str:
    """
    Run a page in an empty folder and return what it printed; fail with the end of that.

    The page finds the environment's commands, and, if it is given, the folder of real spectra as ``shared/data``.
    """
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "MPLBACKEND": "Agg",
        "COLUMNS": "120",
    }
    if shared_data is not None:
        environment["SPECTROVE_SHARED_DATA"] = str(shared_data)
        (folder / "shared").mkdir()
        (folder / "shared" / "data").symlink_to(shared_data, target_is_directory=True)
    done = subprocess.run(
        ["bash", "-c", script(page)],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        msg = f"{page.name} does not do what it says (exit {done.returncode}); its last words:\n{done.stdout[-4000:]}"
        raise AssertionError(msg)
    return done.stdout
