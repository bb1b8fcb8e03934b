"""Labels and answers from CSV files, joined to spectra by name and never by order."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spectrove.campaign.settings import ClassesConfig
from spectrove.contracts import SpectrumId
from spectrove.errors import LabelsError

NAME_COLUMNS = ("spectrum_id", "id", "file", "filename", "path", "name")
"""Columns that may name the spectrum; the first that a file has is taken."""

LABEL_COLUMNS = ("label", "ha_class", "class")
"""Columns that may hold the label; the first that a file has is taken."""

ABSTAIN = ("?", "unsure", "abstain")
"""What an expert writes who cannot tell."""

Resolver = Callable[[Sequence[str]], Sequence[SpectrumId | None]]
"""Finds the spectra that names mean, None where there is none."""


@dataclass(frozen=True)
class LabelRow:
    """
    A line of a labels file.

    Attributes
    ----------
    line : int
        Number of the line, from 1.
    name : str
        What the file calls the spectrum.
    label : str
        What it says of it, as it stands there.
    comment : str
        Its column ``comment``, if there is one.
    """

    line: int
    name: str
    label: str
    comment: str = ""


@dataclass(frozen=True)
class Labels:
    """
    The labels that a file holds for the spectra of a pool.

    Attributes
    ----------
    by_id : mapping of SpectrumId to str or None
        The class of each spectrum; None where the file abstains.
    unknown : tuple of str
        Names that are no spectrum of the pool.
    n_ignored : int
        Lines passed over because the settings say so, or without a label.
    """

    by_id: Mapping[SpectrumId, str | None]
    unknown: tuple[str, ...]
    n_ignored: int


def read_rows(path: Path, *, may_be_empty: bool = False) -> list[LabelRow]:
    """
    Return the lines of a labels file.

    Parameters
    ----------
    path : Path
        A CSV file, UTF-8, with a header that names the spectrum (one of `NAME_COLUMNS`) and the label (one of
        `LABEL_COLUMNS`).
    may_be_empty : bool
        Take a file that has a header only.

    Returns
    -------
    list of LabelRow
        In the file's order.

    Raises
    ------
    LabelsError
        If the file cannot be read, or has no such columns or no lines.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            header = [name.strip() for name in reader.fieldnames or ()]
            reader.fieldnames = header
            name_column = next((name for name in NAME_COLUMNS if name in header), None)
            label_column = next((name for name in LABEL_COLUMNS if name in header), None)
            if name_column is None or label_column is None:
                msg = (
                    f"{path}: a labels file needs a column that names the spectrum ({', '.join(NAME_COLUMNS)}) and one with the "
                    f"label ({', '.join(LABEL_COLUMNS)}), got {header}. Name its columns in the first line."
                )
                raise LabelsError(msg)
            rows = [
                LabelRow(
                    reader.line_num,
                    (row[name_column] or "").strip(),
                    (row[label_column] or "").strip(),
                    (row.get("comment") or "").strip(),
                )
                for row in reader
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        msg = f"{path}: this labels file cannot be read ({reason}). Give a CSV file in UTF-8."
        raise LabelsError(msg) from error
    if not rows and not may_be_empty:
        msg = f"{path}: this labels file has a header but no line. Give one line a spectrum."
        raise LabelsError(msg)
    return rows


def read_labels(path: Path, classes: ClassesConfig, resolve: Resolver, *, may_be_empty: bool = False) -> Labels:
    """
    Return the labels of a pool's spectra from a file that may name many others.

    Parameters
    ----------
    path : Path
        A CSV file as for `read_rows`.
    classes : ClassesConfig
        The classes, other words for them, and labels to pass over.
    resolve : callable
        Finds the spectra that names mean; that of the pool.
    may_be_empty : bool
        Take a file without lines too, such as a list of no candidates.

    Returns
    -------
    Labels
        One label a spectrum.

    Raises
    ------
    LabelsError
        If the file cannot be read, a label is no class, two lines contradict each other, or no line names a spectrum of the
        pool.
    """
    rows = read_rows(path, may_be_empty=may_be_empty)
    kept = [row for row in rows if row.label and row.label not in classes.ignore]
    _refuse_unknown_classes(path, kept, classes)
    ids = resolve([row.name for row in kept])
    found: dict[SpectrumId, str | None] = {}
    for row, id_ in zip(kept, ids, strict=True):
        if id_ is None:
            continue
        label = to_class(row.label, classes)
        if found.setdefault(id_, label) != label:
            msg = f"{path}, line {row.line}: {row.name!r} is labeled {label!r}, and {found[id_]!r} before. Keep one of them."
            raise LabelsError(msg)
    if not found and rows:
        example = kept[0].name if kept else rows[0].name
        msg = (
            f"{path}: none of its {len(kept)} labels names a spectrum of the pool (the first is {example!r}). "
            "Name spectra by id, file name or the survey's own key."
        )
        raise LabelsError(msg)
    unknown = tuple(row.name for row, id_ in zip(kept, ids, strict=True) if id_ is None)
    return Labels(found, unknown, len(rows) - len(kept))


def read_answers(path: Path, classes: ClassesConfig, resolve: Resolver) -> list[tuple[LabelRow, SpectrumId, str | None]]:
    """
    Return an expert's answers; every line with a label has to be good.

    Parameters
    ----------
    path : Path
        A CSV file as for `read_rows`; lines with an empty label are not answered yet and are passed over.
    classes : ClassesConfig
        The classes and other words for them.
    resolve : callable
        Finds the spectra that names mean, among those that were asked about.

    Returns
    -------
    list of (LabelRow, SpectrumId, str or None)
        The line, the spectrum, and its class or None to abstain.

    Raises
    ------
    LabelsError
        If the file cannot be read, a label is no class, or a name is no spectrum that was asked about.
    """
    rows = [row for row in read_rows(path) if row.label]
    _refuse_unknown_classes(path, rows, classes)
    ids = resolve([row.name for row in rows])
    unknown = [row for row, id_ in zip(rows, ids, strict=True) if id_ is None]
    if unknown:
        msg = (
            f"{path}, line {unknown[0].line}: {unknown[0].name!r} was not asked about"
            f"{_and_others(len(unknown))}. Nothing was recorded; correct or remove the line and run the command again."
        )
        raise LabelsError(msg)
    return [(row, id_, to_class(row.label, classes)) for row, id_ in zip(rows, ids, strict=True) if id_ is not None]


def to_class(label: str, classes: ClassesConfig) -> str | None:
    """
    Return the class that a label means.

    Parameters
    ----------
    label : str
        A class, another word for one, or a word to abstain.
    classes : ClassesConfig
        The classes and other words for them.

    Returns
    -------
    str or None
        The class, or None to abstain.

    Raises
    ------
    LabelsError
        If it is none of these.
    """
    if label in ABSTAIN:
        return None
    name = classes.aliases.get(label, label)
    if name not in classes.names:
        msg = f"unknown class {label!r}, expected one of {', '.join(classes.names)}"
        raise LabelsError(msg)
    return name


def _refuse_unknown_classes(path: Path, rows: Iterable[LabelRow], classes: ClassesConfig) -> None:
    known = {*classes.names, *classes.aliases, *ABSTAIN}
    wrong = [row for row in rows if row.label not in known]
    if wrong:
        msg = (
            f"{path}, line {wrong[0].line}: unknown class {wrong[0].label!r}{_and_others(len(wrong))}, expected one of "
            f"{', '.join(classes.names)}. Correct it, or name it under classes.aliases or classes.ignore in the settings."
        )
        raise LabelsError(msg)


def _and_others(n: int) -> str:
    return f" (and {n - 1} more like it)" if n > 1 else ""
