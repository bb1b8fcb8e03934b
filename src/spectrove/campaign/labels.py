"""Labels and answers from CSV and Parquet files, joined to spectra by name and never by order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spectrove.campaign.label_files import IdLabels, LabelLines, LabelRow, read_lines
from spectrove.campaign.settings import ClassesConfig
from spectrove.contracts import IntArray, SpectrumId
from spectrove.errors import LabelsError

ABSTAIN = ("?", "unsure", "abstain")
"""What an expert writes who cannot tell."""

NAMES_AT_ONCE = 2**20
"""Names that are resolved at once: of millions, only so many are objects of Python at a time."""

Resolver = Callable[[Sequence[str]], Sequence[SpectrumId | None]]
"""Finds the spectra that names mean, None where there is none."""


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


def read_labels(path: Path, classes: ClassesConfig, resolve: Resolver, *, may_be_empty: bool = False) -> Labels:
    """
    Return the labels of a pool's spectra from a file that may name many others.

    Parameters
    ----------
    path : Path
        A CSV or Parquet file as for `read_rows`.
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
    lines = read_lines(path, may_be_empty=may_be_empty)
    kept, codes = _understood(lines, classes, classes.ignore)
    names = lines.names.take(pa.array(kept))
    ids = _resolved(names, resolve)
    found = pc.is_valid(ids).to_numpy(zero_copy_only=False)
    if not found.any() and lines.numbers.size:
        example = (names if len(names) else lines.names)[0].as_py()
        msg = (
            f"{path}: none of its {kept.size} labels names a spectrum of the pool (the first is {example!r}). "
            "Name spectra by id, file name or the survey's own key."
        )
        raise LabelsError(msg)
    return Labels(
        _one_label_each(lines, kept[found], ids.drop_null(), codes[found], classes),
        tuple(names.filter(pa.array(~found)).to_pylist()),
        lines.numbers.size - kept.size,
    )


def read_answers(path: Path, classes: ClassesConfig, resolve: Resolver) -> list[tuple[LabelRow, SpectrumId, str | None]]:
    """
    Return an expert's answers; every line with a label has to be good.

    Parameters
    ----------
    path : Path
        A CSV or Parquet file as for `read_rows`; lines with an empty label are not answered yet and are passed over.
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
    lines = read_lines(path, may_be_empty=False)
    kept, codes = _understood(lines, classes, ())
    names = (*classes.names, None)
    rows = [lines.row(place) for place in kept]
    ids = resolve([row.name for row in rows])
    unknown = [place for place, id_ in zip(kept, ids, strict=True) if id_ is None]
    if unknown:
        msg = (
            f"{lines.where(unknown[0])}: {lines.row(unknown[0]).name!r} was not asked about"
            f"{_and_others(len(unknown))}. Nothing was recorded; correct or remove the line and run the command again."
        )
        raise LabelsError(msg)
    return [(row, id_, names[code]) for row, id_, code in zip(rows, ids, codes, strict=True) if id_ is not None]


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


def _understood(lines: LabelLines, classes: ClassesConfig, ignore: Sequence[str]) -> tuple[IntArray, IntArray]:
    # Places of the lines with a label that counts, and the number of each one's class; that after the last class abstains.
    encoded = lines.labels.dictionary_encode()
    words, word_of_line = encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
    counts = np.array([word != "" and word not in ignore for word in words], dtype=bool)
    known = np.array([word in {*classes.names, *classes.aliases, *ABSTAIN} for word in words], dtype=bool)
    kept = np.flatnonzero(counts[word_of_line])
    wrong = kept[~known[word_of_line[kept]]]
    if wrong.size:
        msg = (
            f"{lines.where(wrong[0])}: unknown class {words[word_of_line[wrong[0]]]!r}{_and_others(wrong.size)}, expected one of "
            f"{', '.join(classes.names)}. Correct it, or name it under classes.aliases or classes.ignore in the settings."
        )
        raise LabelsError(msg)
    names = [*classes.names, None]
    numbers = [names.index(to_class(word, classes)) if is_known else -1 for word, is_known in zip(words, known, strict=True)]
    return kept, np.array(numbers, dtype=np.int8)[word_of_line[kept]]


def _resolved(names: pa.Array, resolve: Resolver) -> pa.Array:
    starts = range(0, len(names), NAMES_AT_ONCE)
    pieces = [pa.array(resolve(names[start : start + NAMES_AT_ONCE].to_pylist()), type=pa.string()) for start in starts]
    return pa.chunked_array(pieces, type=pa.string()).combine_chunks()


def _one_label_each(lines: LabelLines, places: IntArray, ids: pa.Array, codes: IntArray, classes: ClassesConfig) -> IdLabels:
    _, first, number = np.unique(ids.dictionary_encode().indices.to_numpy(), return_index=True, return_inverse=True)
    labels = (*classes.names, None)
    differing = np.flatnonzero(codes != codes[first][number])
    if differing.size:
        at = int(differing[0])
        name, before = lines.names[int(places[at])].as_py(), labels[codes[first[number[at]]]]
        msg = f"{lines.where(places[at])}: {name!r} is labeled {labels[codes[at]]!r}, and {before!r} before. Keep one of them."
        raise LabelsError(msg)
    return IdLabels(ids.take(pa.array(first)), codes[first], labels)


def _and_others(n: int) -> str:
    return f" (and {n - 1} more like it)" if n > 1 else ""
