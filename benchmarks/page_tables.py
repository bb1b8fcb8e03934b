"""The tables of a page of the documentation, filled in from a JSON of measured figures: between two comments for each table."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Facts = dict[str, Any]
Tables = Mapping[str, Callable[[Facts], str]]

BEGIN, END = "<!-- tables: {} -->", "<!-- end -->"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def filled(page: str, tables: Tables, found: Facts) -> str:
    """Return the page with its tables replaced; each of them must be there once."""
    for name, made in tables.items():
        begin = BEGIN.format(name)
        text = f"{begin}\n{made(found)}\n{END}"
        page, n = re.subn(re.escape(begin) + r"\n.*?" + re.escape(END), lambda _, text=text: text, page, flags=re.DOTALL)
        if n != 1:
            msg = f"the page has {n} places {begin!r} … {END!r}, expected one"
            raise ValueError(msg)
    return page


def fill(figures: Path, page: Path, tables: Tables) -> None:
    """Fill a page's tables from a file of figures."""
    found = json.loads(figures.read_text(encoding="utf-8"))
    page.write_text(filled(page.read_text(encoding="utf-8"), tables, found), encoding="utf-8")
