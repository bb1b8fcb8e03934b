"""What is told of each spectrum, as rows of a CSV that DaCHS reads."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from spectrove.campaign import Campaign
from spectrove.campaign.queue import secrets_of
from spectrove.catalog.ascii_text import ascii_text
from spectrove.contracts import IntArray
from spectrove.errors import CampaignError
from spectrove.pool import Pool
from spectrove.storage import atomic_path
from spectrove.vo.dachs.names import place_of, plain
from spectrove.vo.service.coverage import coverage_of
from spectrove.vo.service.records import Record

AT_ONCE = 20_000
"""Rows of a pool that are in memory at a time."""

COLUMNS = ("spectrum_id", "survey", "designation", "ra", "dec", "mjd", "snr", "release", "file", "format")
"""Of the pool's metadata."""


@dataclass
class SpectrumRow:
    """
    A row of ``spectra.csv``.

    Attributes
    ----------
    accref : str
        Where it is in the resource, as of `spectrove.vo.dachs.names.place_of`.
    spectrum_id : str
        Its id.
    title : str
        What people read first.
    target : str
        The survey's designation of the object, or the id; as the title in ASCII, as DaCHS hands both out so.
    ra, dec : float or None
        Position, degrees, ICRS.
    mjd : float or None
        Modified Julian date of the observation, days.
    snr : float or None
        Signal-to-noise ratio a pixel.
    wave_min, wave_max : float
        What it covers, Å in vacuum.
    length : int or None
        Number of pixels; None if nobody has looked.
    bytes : int
        About what the document is long that is handed out.
    collection : str
        The survey, and its release.
    label : str or None
        What people say it is.
    predicted_class : str or None
        What the network says it is.
    file : str
        Its file: within the resource if it was copied, else below the archive's folder.
    reader : str or None
        What reads the survey's file.
    preview : str or None
        A picture of it, within the resource.
    """

    accref: str
    spectrum_id: str
    title: str
    target: str
    ra: float | None
    dec: float | None
    mjd: float | None
    snr: float | None
    wave_min: float
    wave_max: float
    length: int | None
    bytes: int
    collection: str
    label: str | None
    predicted_class: str | None
    file: str
    reader: str | None
    preview: str | None = None


@dataclass(frozen=True)
class Opinions:
    """
    What people and the last network say of a campaign's spectra; nothing where there is no campaign.

    Attributes
    ----------
    names : tuple of str
        The classes.
    labels : dict of str to str
        By the id, what people say.
    probabilities : array of float, shape (n_spectra, n_classes), or None
        By the row, what the network says; None before there is one.
    asked : frozenset of str
        Spectra that are still asked about: nobody is to see the network's opinion before they answer.
    """

    names: tuple[str, ...] = ()
    labels: dict[str, str] | None = None
    probabilities: Any = None
    asked: frozenset[str] = frozenset()

    @classmethod
    def of(cls, campaign: Campaign | None) -> Opinions:
        """
        Return what is said now.

        Parameters
        ----------
        campaign : Campaign or None
            The campaign.

        Returns
        -------
        Opinions
            Labels that the campaign began with included.
        """
        if campaign is None:
            return cls()
        try:
            probabilities = campaign.scores()[0].probabilities
        except CampaignError:  # nothing is scored yet
            probabilities = None
        given = {str(id_): label for id_, label in campaign.store.labels().items() if label is not None}
        asked = frozenset(map(str, secrets_of(campaign)))
        said = {**{str(id_): label for id_, label in campaign.training_labels().items()}, **given}
        labels = {id_: label for id_, label in said.items() if id_ not in asked}
        return cls(campaign.settings.classes.names, labels, probabilities, asked)

    def predicted(self, spectrum_ids: Sequence[str], rows: IntArray) -> list[str | None]:
        """
        Return what the network says of some spectra.

        Parameters
        ----------
        spectrum_ids : sequence of str
            Their ids.
        rows : array of int, shape (n,)
            Their rows.

        Returns
        -------
        list of str or None
            None where nothing is known, or nothing may be told.
        """
        if self.probabilities is None:
            return [None] * len(rows)
        best = np.asarray(self.probabilities[rows]).argmax(axis=1).tolist()
        return [None if id_ in self.asked else self.names[place] for id_, place in zip(spectrum_ids, best, strict=True)]


def records_of(pool: Pool, rows: IntArray, opinions: Opinions) -> Iterator[Record]:
    """
    Yield what a pool and a campaign know of some spectra.

    Parameters
    ----------
    pool : Pool
        The pool.
    rows : array of int, shape (n,)
        Their rows.
    opinions : Opinions
        What is said of them.

    Yields
    ------
    Record
        In the same order.
    """
    for begin in range(0, len(rows), AT_ONCE):
        some = rows[begin : begin + AT_ONCE]
        facts = pool.metadata(COLUMNS, some).to_pylist()
        guesses = opinions.predicted([fact["spectrum_id"] for fact in facts], some)
        for row, fact, guess in zip(some.tolist(), facts, guesses, strict=True):
            first, last = coverage_of(pool, fact["format"] if fact["file"] else None)
            label = (opinions.labels or {}).get(fact["spectrum_id"])
            yield Record(**fact, row=row, wave_min=first, wave_max=last, label=label, predicted_class=guess)


def row_of(record: Record) -> SpectrumRow:
    """
    Return what is told of a spectrum that nobody has opened.

    Parameters
    ----------
    record : Record
        What is known of it.

    Returns
    -------
    SpectrumRow
        ``file`` is where the survey's file is now; empty if there is none.
    """
    id_ = record.spectrum_id
    has_position = record.ra is not None and record.dec is not None
    return SpectrumRow(
        accref=place_of(id_),
        spectrum_id=id_,
        title=ascii_text(f"{record.designation or id_}, {record.survey} spectrum {id_.partition(':')[2]}"),
        target=ascii_text(record.designation or id_),
        ra=record.ra if has_position else None,
        dec=record.dec if has_position else None,
        mjd=record.mjd,
        snr=record.snr,
        wave_min=record.wave_min,
        wave_max=record.wave_max,
        length=None,
        bytes=TYPICAL,
        collection=_collection(record),
        label=record.label,
        predicted_class=record.predicted_class,
        file=record.file or "",
        reader=record.format,
    )


def _collection(record: Record) -> str:
    release = record.release or ""
    return release if release.lower().startswith(record.survey.lower()) else f"{record.survey} {release}".strip()


TYPICAL = 100_000
"""Bytes of a spectrum as a binary VOTable: about 3,700 pixels of three numbers, and the head."""


def write_rows(rows: Iterable[SpectrumRow], path: Path) -> int:
    """
    Write rows as CSV.

    Parameters
    ----------
    rows : iterable of SpectrumRow
        What is told of the spectra.
    path : Path
        Where; whole or not at all.

    Returns
    -------
    int
        How many they were.

    Raises
    ------
    StorageError
        If the disk is full or cannot be written.
    """
    names = [field.name for field in fields(SpectrumRow)]
    return _write(names, ([getattr(row, name) for name in names] for row in rows), path)


def write_table(table: pa.Table, path: Path) -> int:
    """
    Write a table as a CSV that DaCHS reads, with a column ``accref`` beside those that it has.

    Parameters
    ----------
    table : pyarrow.Table
        With a column ``spectrum_id``.
    path : Path
        Where; whole or not at all.

    Returns
    -------
    int
        Number of rows.

    Raises
    ------
    StorageError
        If the disk is full or cannot be written.
    """
    places = pa.array([place_of(id_) for id_ in table["spectrum_id"].to_pylist()], pa.string())
    told = table.append_column("accref", places)
    rows = (list(row.values()) for batch in told.to_batches(AT_ONCE) for row in batch.to_pylist())
    return _write(told.column_names, rows, path)


def _write(names: Sequence[str], rows: Iterable[Sequence[Any]], path: Path) -> int:
    n_rows = 0
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        for row in rows:
            writer.writerow([_cell(value) for value in row])
            n_rows += 1
    return n_rows


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    return plain(value) if isinstance(value, str) else repr(value)
