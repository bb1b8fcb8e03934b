"""Lists of pairs: files of the same stars from two instruments, by name."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from spectrove.errors import LabelsError


def read_pairs(path: Path, roots: Sequence[Path] = ()) -> list[tuple[Path, Path]]:
    """
    Return the pairs of files that a list names.

    A name is looked for beside the list first (where it may lead through folders), then, by its last part, in all folders below
    the list's own and the roots. A first row of two plain words that name no files is taken for a header.

    Parameters
    ----------
    path : Path
        Text with two names on each line, separated by a comma: of higher and of lower resolution.
    roots : sequence of Path
        Folders to search, with all that is below them.

    Returns
    -------
    list of (Path, Path)
        Files of higher and of lower resolution.

    Raises
    ------
    LabelsError
        If the list cannot be read or is empty, a line has not two names, a name is not found, or files of that name differ.
    """
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: no list of pairs can be read ({error})"
        raise LabelsError(msg) from error
    numbered = [(line, [cell.strip() for cell in row]) for line, row in enumerate(rows, start=1) if any(map(str.strip, row))]
    for line, row in numbered:
        if len(row) != 2 or not all(row):
            msg = f"{path}: line {line} holds {row!r}, expected two file names separated by a comma"
            raise LabelsError(msg)
    found = _find({Path(cell).name for _, row in numbered for cell in row}, [path.parent, *roots])
    if numbered and all(_is_word(cell) and not _beside(path, cell) and not found[Path(cell).name] for cell in numbered[0][1]):
        del numbered[0]
    if not numbered:
        msg = f"{path}: the list of pairs is empty, expected two file names on each line"
        raise LabelsError(msg)
    resolved = [[_resolve(path, line, cell, found) for cell in row] for line, row in numbered]
    return [(high, low) for high, low in resolved]


def _is_word(cell: str) -> bool:
    return cell.replace(" ", "_").replace("-", "_").isidentifier()


def _beside(path: Path, name: str) -> Path | None:
    candidate = path.parent / name
    return candidate if candidate.is_file() else None


def _find(names: set[str], roots: Iterable[Path]) -> dict[str, list[Path]]:
    """Return the files of each name below the roots, in order of their paths."""
    found: dict[str, set[Path]] = {name: set() for name in names}
    for root in roots:
        for folder, _, files in os.walk(root):
            for name in names.intersection(files):
                found[name].add((Path(folder) / name).resolve())
    return {name: sorted(paths) for name, paths in found.items()}


def _resolve(path: Path, line: int, name: str, found: dict[str, list[Path]]) -> Path:
    if beside := _beside(path, name):
        return beside
    candidates = found[Path(name).name]
    if not candidates:
        msg = f"{path}: line {line}: no file is named {name!r}, beside the list or below the folders to search. Name its folder."
        raise LabelsError(msg)
    if len({hashlib.sha256(candidate.read_bytes()).digest() for candidate in candidates}) > 1:
        places = ", ".join(str(candidate) for candidate in candidates)
        msg = (
            f"{path}: line {line}: {name!r} is the name of {len(candidates)} files that differ ({places}). Leave all but one out."
        )
        raise LabelsError(msg)
    return candidates[0]
