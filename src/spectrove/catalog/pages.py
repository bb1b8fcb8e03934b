"""
The catalog as pages that need nothing but a browser: an index, and a table each of what was known, is new, and was rejected.

The pages work from a disk, without a server: their script is a plain one, their pictures are loaded as they come into view, and
the details of a row when it is opened. Of thousands of rows only those in view are elements of the page; a browser that runs no
scripts shows all of them. It is told to load nothing from elsewhere, and to run no script but theirs.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
import pyarrow as pa
import pyarrow.compute as pc

from spectrove.catalog.cells import Details, PageColumn, details_of, shown_columns, written
from spectrove.catalog.columns import CatalogFacts
from spectrove.catalog.links import NAMES, links_of
from spectrove.catalog.verification import Confusion
from spectrove.errors import SpectroveError
from spectrove.storage import make_directory, storage_errors, write_bytes

STATIC = ("catalog.css", "catalog.js")
"""What the pages load, beside what is theirs alone."""

CHUNK = 200
"""Rows whose details lie in one file, which is loaded when one of them is opened."""

FEW = 25
"""Different values of a column up to which the page offers a choice of them."""

CHOICES = ("label", "verdict", "profile_ha", "spectral_class", "simbad_otype", "simbad_group", "known_as", "catalog_name")
"""Columns that a choice is offered for, where they have few values."""


@dataclass(frozen=True)
class PageKind:
    """
    One of the tables.

    Attributes
    ----------
    status : str
        Value of the column ``status`` in its rows.
    file : str
        Name of the page.
    title : str
        Its heading.
    lead : str
        What its rows are.
    """

    status: str
    file: str
    title: str
    lead: str


KINDS = (
    PageKind(
        "known-catalog", "known-catalog.html", "Known to an earlier catalog",
        "Spectra of objects that an earlier catalog lists at their position.",
    ),
    PageKind(
        "known-simbad", "known-simbad.html", "Known to SIMBAD",
        "Spectra of objects that no earlier catalog lists, with an object of SIMBAD at their position.",
    ),
    PageKind(
        "new", "new.html", "New",
        "Spectra of objects that nothing they were compared with knows; the index says what that was.",
    ),
    PageKind(
        "not-compared", "not-compared.html", "Not compared",
        "Candidates that nothing says whether they are known: without a position, or nothing was there to compare them with.",
    ),
    PageKind(
        "rejected", "rejected.html", "Rejected",
        "Candidates that whoever looked at them rejected. They are kept, as strange objects have been found among them.",
    ),
)  # fmt: skip
"""The tables, as in the paper [1]_ and in its order.

References
----------
.. [1] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sec. 4.1.
"""


@dataclass(frozen=True)
class Download:
    """
    A file beside the pages.

    Attributes
    ----------
    path : str
        Within the catalog's folder, with ``/``.
    what : str
        What it is, and for whom.
    """

    path: str
    what: str


@dataclass(frozen=True)
class Curve:
    """
    The picture of matches against the radius.

    Attributes
    ----------
    path : str
        Within the catalog's folder, with ``/``.
    caption : str
        What is to be seen, also for those who cannot see it.
    """

    path: str
    caption: str


@dataclass(frozen=True)
class IndexParts:
    """
    What the index shows beside counts.

    Attributes
    ----------
    confusion : Confusion or None
        Table 1: what the verified candidates turned out to be.
    curves : tuple of Curve
        Pictures of matches against the radius.
    downloads : tuple of Download
        The files of the catalog.
    """

    confusion: Confusion | None = None
    curves: tuple[Curve, ...] = ()
    downloads: tuple[Download, ...] = ()


def write_pages(directory: Path, table: pa.Table, about: CatalogFacts, parts: IndexParts | None = None) -> list[Path]:
    """
    Write the catalog's pages.

    Parameters
    ----------
    directory : Path
        The catalog's folder, in which the pictures that ``preview_line`` and ``preview_whole`` name lie.
    table : pyarrow.Table
        The catalog; ``spectrum_id`` and ``status`` at least, whatever else of the columns of `MEANINGS`, and any others.
    about : CatalogFacts
        What the catalog says of itself.
    parts : IndexParts, optional
        What the index shows beside counts.

    Returns
    -------
    list of Path
        The pages, the index first.

    Raises
    ------
    SpectroveError
        If a row has a status that no page is for.
    StorageError
        If the disk is full or cannot be written.
    """
    statuses = table["status"].to_pylist()
    unknown = sorted({str(status) for status in statuses} - {kind.status for kind in KINDS})
    if unknown:
        msg = f"pages: status {unknown[0]!r}, expected one of {tuple(kind.status for kind in KINDS)}. Give each row one of them."
        raise SpectroveError(msg)
    with storage_errors(directory):
        make_directory(directory / "static" / "rows")
    for name in STATIC:
        write_bytes(directory / "static" / name, files("spectrove.catalog").joinpath("static", name).read_bytes())
    counts = Counter(statuses)
    shared = {"about": about, "kinds": KINDS, "counts": counts, "n": len(table)}
    exposures = _exposures(table)
    written_pages = [_write_index(directory, table, parts or IndexParts(), shared)]
    for kind in KINDS:
        rows = table.filter(pc.equal(table["status"], kind.status))
        written_pages.append(_write_table(directory, rows, kind, exposures, shared))
    return written_pages


@cache
def _templates() -> jinja2.Environment:
    loader = jinja2.PackageLoader("spectrove.catalog")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["thousands"] = lambda value: f"{value:,}"
    environment.filters["address"] = lambda path: quote(path, safe="/")
    environment.filters["percent"] = lambda share: "" if share != share else f"{100 * share:.1f} %"  # noqa: PLR0124 - NaN alone differs from itself
    return environment


def _write_index(directory: Path, table: pa.Table, parts: IndexParts, shared: Mapping[str, Any]) -> Path:
    objects = {}
    for kind in KINDS:
        rows = table.filter(pc.equal(table["status"], kind.status))
        objects[kind.status] = _n_objects(rows)
    page = _templates().get_template("index.html.jinja")
    path = directory / "index.html"
    text = page.render(
        **shared, objects=objects, n_objects=_n_objects(table), confusion=_confusion(parts.confusion), parts=parts,
        sizes={one.path: _size(directory / one.path) for one in parts.downloads}, here="index.html",
    )  # fmt: skip
    write_bytes(path, text.encode("utf-8"))
    return path


def _n_objects(table: pa.Table) -> int | None:
    """Return the number of objects, each spectrum without a position being one; None if the table does not group them."""
    if "group_id" not in table.column_names:
        return None
    groups = [group for group in table["group_id"].to_pylist() if group is not None and group >= 0]
    return len(set(groups)) + len(table) - len(groups)


def _size(path: Path) -> str:
    size = float(path.stat().st_size) if path.exists() else 0.0
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _confusion(confusion: Confusion | None) -> list[dict[str, Any]] | None:
    if confusion is None:
        return None
    return [
        {
            "predicted": predicted,
            "n": int(confusion.counts[row].sum()),
            "n_candidates": int(confusion.n_candidates[row]),
            "cells": [
                {
                    "n": int(confusion.counts[row, column]),
                    "share": float(confusion.share[row, column]),
                    "lower": float(confusion.lower[row, column]),
                    "upper": float(confusion.upper[row, column]),
                    "is_right": predicted == actual,
                }
                for column, actual in enumerate(confusion.actual)
            ],
        }
        for row, predicted in enumerate(confusion.predicted)
    ]


def _exposures(table: pa.Table) -> dict[int, list[tuple[str, str]]]:
    """Return page and id of the spectra of each object that has several."""
    if "group_id" not in table.column_names:
        return {}
    pages = {kind.status: kind.file for kind in KINDS}
    found: dict[int, list[tuple[str, str]]] = {}
    columns = (table[name].to_pylist() for name in ("group_id", "status", "spectrum_id"))
    for group, status, spectrum_id in zip(*columns, strict=True):
        if group is not None and group >= 0:
            found.setdefault(group, []).append((pages[status], spectrum_id))
    return {group: members for group, members in found.items() if len(members) > 1}


def _write_table(
    directory: Path,
    table: pa.Table,
    kind: PageKind,
    exposures: Mapping[int, list[tuple[str, str]]],
    shared: Mapping[str, Any],
) -> Path:
    rows = table.to_pylist()
    columns = shown_columns(rows, table.column_names)
    details = details_of(table)
    _write_details(directory, kind, rows, details, exposures)
    cells = [
        ([column.text(row) for row in rows], [column.detail(row) if column.detail else "" for row in rows]) for column in columns
    ]
    content = {
        "page": kind.status, "chunk": CHUNK, "sections": details.sections, "lines": details.lines,
        "ids": [str(row["spectrum_id"]) for row in rows], "titles": [_title(row) for row in rows],
        "pictures": [row.get("preview_line") for row in rows], "links": _links(rows),
        "columns": [_content(column, *told, rows) for column, told in zip(columns, cells, strict=True)],
    }  # fmt: skip
    text = _templates().get_template("table.html.jinja").render(
        **shared, kind=kind, here=kind.file, columns=columns, cells=cells, titles=content["titles"], content=_inline(content),
        choices=_choices(columns, cells),
    )  # fmt: skip
    path = directory / kind.file
    write_bytes(path, text.encode("utf-8"))
    return path


def _content(column: PageColumn, texts: list[str], small: list[str], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a column: its texts, and the numbers behind them, which have more digits than are shown."""
    values = [_digits(row.get(column.key)) for row in rows] if column.is_number else None
    return {"key": column.key, "title": column.title, "told": column.told, "values": values, "texts": texts, "small": small}


def _digits(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value:.9g}")


def _title(row: Mapping[str, Any]) -> str:
    return written("designation", row.get("designation")) or written("spectrum_id", row["spectrum_id"])


def _links(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the addresses of all rows by what they lead to, what they begin and end with once."""
    links = [links_of(str(row["spectrum_id"]), row.get("ra"), row.get("dec"), row.get("obsid")) for row in rows]
    found = []
    for key, name in NAMES.items():
        addresses = [one.get(key) for one in links]
        known = [address for address in addresses if address is not None]
        if not known:
            continue
        start = _shared_start(known)
        end = _shared_start([address[len(start) :][::-1] for address in known])[::-1]
        middles = [None if one is None else one[len(start) : len(one) - len(end)] for one in addresses]
        found.append({"name": name, "start": start, "end": end, "middles": middles})
    return found


def _shared_start(texts: Sequence[str]) -> str:
    first, last = min(texts), max(texts)
    n = next((place for place, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    return first[:n]


def _choices(columns: Sequence[PageColumn], cells: Sequence[tuple[list[str], list[str]]]) -> list[dict[str, Any]]:
    """Return the columns with few values, and how often each stands there."""
    found = []
    for place, (column, (texts, _)) in enumerate(zip(columns, cells, strict=True)):
        if column.key in CHOICES:
            values = Counter(texts)
            if 1 < len(values) <= FEW:
                found.append({"place": place, "title": column.title, "values": sorted(values.items())})
    return found


def _write_details(
    directory: Path,
    kind: PageKind,
    rows: Sequence[Mapping[str, Any]],
    details: Details,
    exposures: Mapping[int, list[tuple[str, str]]],
) -> None:
    """Write the details of rows as scripts: a page from a disk may load nothing else."""
    for number, start in enumerate(range(0, len(rows), CHUNK)):
        told = [
            {
                "texts": details.texts(row),
                "line": row.get("preview_line"),
                "whole": row.get("preview_whole"),
                "exposures": [
                    [page, other] for page, other in exposures.get(row.get("group_id", -1), []) if other != row["spectrum_id"]
                ],
            }
            for row in rows[start : start + CHUNK]
        ]
        script = f"spectroveRows({number}, {_inline(told)});\n"
        write_bytes(directory / "static" / "rows" / f"{kind.status}-{number}.js", script.encode("ascii"))


def _inline(value: Any) -> str:
    """Return JSON that nothing in a page or a script can take for anything else."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
