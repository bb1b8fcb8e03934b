"""
A catalog as CDS archives it: a table of fixed width in ASCII, and the ``ReadMe`` that describes it byte by byte.

The values are rounded as `spectrove.catalog.columns` says; columns that it does not know have all their digits. Where there is no
value, the bytes are blank. A number that is infinite is left out, and text is ASCII (see `spectrove.catalog.ascii_text`).

References
----------
.. [1] Ochsenbein 2000, Standards for documentation of astronomical catalogues, version 2.0, CDS.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from spectrove.catalog.ascii_text import ascii_text
from spectrove.catalog.columns import CatalogFacts, meaning_of
from spectrove.storage import atomic_path, make_directory, write_bytes

WIDE = 80
"""Characters of a line of a ReadMe at most."""

WIDEST = 16
"""Bytes of a number; a column that holds longer ones is written with exponents."""

NO_UNIT = "---"

FIXED = re.compile(r"%\.(\d+)f")
"""A format that can become too wide."""

ALL_DIGITS = {pa.float32(): "%.8e", pa.float64(): "%.16e"}
"""Formats that lose nothing."""


@dataclass(frozen=True)
class _Written:
    """A column as text: one text for each row, blank where there is no value."""

    name: str
    code: str
    texts: tuple[str, ...]
    unit: str
    told: str
    right: bool
    limits: str = ""

    @property
    def width(self) -> int:
        return max((len(text) for text in self.texts), default=1) or 1

    @property
    def format(self) -> str:
        return self.code.replace("*", str(self.width))

    @property
    def explanation(self) -> str:
        marked = "?" if "" in self.texts else ""
        return f"{self.limits}{marked} {self.told}".strip()


def write_readme(table: pa.Table, directory: Path, about: CatalogFacts) -> dict[str, Path]:
    """
    Write a table as CDS archives it.

    Parameters
    ----------
    table : pyarrow.Table
        Columns of text, integers, floats or booleans.
    directory : Path
        Where to; it is made if it does not exist, and earlier files in it are replaced.
    about : CatalogFacts
        What the ReadMe says of the catalog; its name is that of the table's file.

    Returns
    -------
    dict of str to Path
        ``readme`` and ``data``. Read with ``Table.read(data, readme=readme, format="ascii.cds")`` of astropy.

    Raises
    ------
    ValueError
        If a column's name holds a blank or stands twice, or its type has no counterpart.
    StorageError
        If the disk is full or cannot be written.
    """
    names = table.column_names
    if bad := next((name for name in names if not re.fullmatch(r"[!-~]+", name) or names.count(name) > 1), None):
        msg = f"ReadMe: each column needs an ASCII name of its own without blanks, got {bad!r}"
        raise ValueError(msg)
    columns = [_written(name, table[name]) for name in names]
    stem = re.sub(r"[^a-z0-9_.-]+", "-", ascii_text(about.name).lower()).strip("-.") or "catalog"
    paths = {"readme": directory / "ReadMe", "data": directory / f"{stem}.dat"}
    make_directory(directory)
    with atomic_path(paths["data"]) as temporary, temporary.open("w", encoding="ascii", newline="") as file:
        file.writelines(_rows(columns, table.num_rows))
    lines = _readme(columns, table.num_rows, paths["data"].name, about)
    write_bytes(paths["readme"], "".join(f"{line}\n" for line in lines).encode("ascii"))
    return paths


def _rows(columns: Sequence[_Written], n_rows: int) -> Iterator[str]:
    sides = [(column.texts, column.width, column.right) for column in columns]
    for row in range(n_rows):
        cells = (texts[row].rjust(width) if right else texts[row].ljust(width) for texts, width, right in sides)
        yield " ".join(cells) + "\n"


def _written(name: str, column: pa.ChunkedArray) -> _Written:
    meaning = meaning_of(name)
    unit = (meaning and meaning.unit) or NO_UNIT
    told = ascii_text(meaning.description) if meaning else "(no description)"
    kind, values = column.type, column.to_pylist()
    if pa.types.is_boolean(kind):
        texts = tuple("" if value is None else str(int(value)) for value in values)
        return _Written(name, "I*", texts, unit, told, right=True, limits="[0/1]")
    if pa.types.is_integer(kind):
        return _Written(name, "I*", tuple("" if value is None else str(value) for value in values), unit, told, right=True)
    if kind in ALL_DIGITS:
        code, texts = _numbers(column, meaning.format if meaning else None)
        return _Written(name, code, texts, unit, told, right=True)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind):
        texts = tuple(" ".join(ascii_text(value or "").split()) for value in values)
        return _Written(name, "A*", texts, unit, told, right=False)
    msg = f"ReadMe: column {name!r} has the type {kind}, which has no counterpart; cast it to text or numbers"
    raise ValueError(msg)


def _numbers(column: pa.ChunkedArray, form: str | None) -> tuple[str, tuple[str, ...]]:
    values: list[Any] = [value if value is not None and np.isfinite(value) else None for value in column.to_pylist()]
    form = form or ALL_DIGITS[column.type]
    texts = _formatted(values, form)
    if (fixed := FIXED.fullmatch(form)) and max(map(len, texts), default=0) > WIDEST:
        form = f"%.{max(int(fixed[1]), 6)}e"
        texts = _formatted(values, form)
    if not any(texts):
        form = "%.0f"  # no number needs decimals, and a format of one byte has no room for them
    return f"{'F' if form.endswith('f') else 'E'}*.{form[2:-1]}", texts


def _formatted(values: Sequence[Any], form: str) -> tuple[str, ...]:
    return tuple("" if value is None else form % value for value in values)


def _readme(columns: Sequence[_Written], n_rows: int, file: str, about: CatalogFacts) -> list[str]:
    length = sum(column.width for column in columns) + max(len(columns) - 1, 0)
    thick, thin = "=" * WIDE, "-" * WIDE
    year = about.made_at[:4]
    head = f"{ascii_text(about.name)[:40]:<20}{ascii_text(about.title)}"
    authors = ", ".join(ascii_text(author) for author in about.authors)
    return [
        textwrap.shorten(head, WIDE, placeholder="...") if len(head) > WIDE else head.rstrip(),
        thick,
        *_wrapped(about.title, ""),
        *_wrapped(f"{authors} ({year})" if authors else "", "    "),
        thick,
        "",
        *_part("Abstract", [about.abstract]),
        *_part("Description", [*_description(about), *about.notes]),
        "File Summary:",
        thin,
        f" {'FileName':<{max(len(file), 8)}} {'Lrecl':>6} {'Records':>8}   Explanations",
        thin,
        f"{'ReadMe':<{max(len(file), 9)}} {WIDE:>6} {'.':>8}   This file",
        f"{file:<{max(len(file), 9)}} {length:>6} {n_rows:>8}   The catalog",
        thin,
        "",
        f"Byte-by-byte Description of file: {file}",
        thin,
        "   Bytes   Format Units   Label     Explanations",
        thin,
        *_bytes(columns),
        thin,
        "",
        *_part("References", about.references),
        thick,
        f"(End) {ascii_text(about.software)} {about.made_at[:10]}".rstrip(),
    ]


def _description(about: CatalogFacts) -> list[str]:
    searched = f"{about.n_spectra} spectra of {about.survey} {about.release}".rstrip() if about.survey else ""
    facts = {
        "Searched": searched,
        "Searched for": ", ".join(about.targets),
        "Classes": ", ".join(about.classes),
        "Pool": about.pool,
        "Made at": about.made_at,
        "Software": about.software,
    }
    return [f"{name}: {value}." for name, value in facts.items() if value]


def _part(title: str, paragraphs: Sequence[str]) -> list[str]:
    told = [line for paragraph in paragraphs for line in _wrapped(paragraph, "    ")]
    return [f"{title}:", *told, ""] if told else []


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(ascii_text(text), WIDE, initial_indent=indent, subsequent_indent=indent)


def _bytes(columns: Sequence[_Written]) -> Iterator[str]:
    longest = max((len(column.name) for column in columns), default=1)
    first = 1
    for column in columns:
        last = first + column.width - 1
        place = f"{first:>5}-{last:>5}" if last > first else f"{last:>11}"
        begin = f"{place} {column.format:<6} {column.unit:<7} {column.name:<{longest}} "
        indent = len(begin) if len(begin) <= 55 else 30
        first = last + 2
        # a digit at the beginning of a line would look like a column, so it stays with the word before it
        tied = re.sub(r" (?=\d)", "\xa0", column.explanation)
        lines = textwrap.wrap(tied, WIDE, initial_indent=begin, subsequent_indent=" " * indent, break_on_hyphens=False)
        yield from (line.replace("\xa0", " ").rstrip() for line in lines or [begin.rstrip()])
