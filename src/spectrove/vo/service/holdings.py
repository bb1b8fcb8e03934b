"""What a service publishes: the spectra of a pool, and what a campaign says of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from spectrove.campaign import Campaign
from spectrove.campaign.queue import secrets_of
from spectrove.catalog import candidates_of
from spectrove.contracts import BoolArray, IntArray, Progress, no_progress
from spectrove.errors import CampaignError
from spectrove.pool import Pool
from spectrove.pool.sky import SkyIndex
from spectrove.vo.service.coverage import N_LOOKED_AT, NOMINAL, coverage_of
from spectrove.vo.service.records import Found, Range, Record, Selection

KEPT = 30.0
"""Seconds for which the classes are told as they were while answers come in; chosen."""

AT_ONCE = 2**18
"""Rows that are looked through at once where no circle and no name narrows the search."""


@dataclass(frozen=True, eq=False)
class Classes:
    """
    What people and the last network say of spectra.

    Attributes
    ----------
    names : tuple of str
        The classes.
    labels : dict of str to str
        What people say, by spectrum.
    predicted : array of uint8, shape (n_spectra,), or None
        Number of the network's class of each row of the pool; None before the pool was scored.
    asked : frozenset of str
        Spectra that somebody is still asked about: what the network and others think of them is told to nobody.
    candidates : dict of str to int
        Places of the campaign's candidates in their list.
    special : array of int64, shape (n,)
        Places in the index, increasing, of those that people have labeled or are asked about.
    """

    names: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    predicted: IntArray | None = None
    asked: frozenset[str] = frozenset()
    candidates: dict[str, int] = field(default_factory=dict)
    special: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))


class Holdings:
    """
    What a service publishes. Several threads may ask at once.

    Parameters
    ----------
    pool : Pool
        The spectra.
    index : SkyIndex
        Of the pool.
    campaign : Campaign, optional
        What says of which class they are.
    """

    def __init__(self, pool: Pool, index: SkyIndex, campaign: Campaign | None = None) -> None:
        self.pool = pool
        self.index = index
        self.campaign = campaign
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._classes = Classes()
        self._at = -KEPT
        self._of: Any = None
        self._moment: tuple[int, str, int] | None = None
        self._coverage: dict[str | None, Range] = {}

    @classmethod
    def open(cls, pool: Pool, cache: Path, campaign: Campaign | None = None, progress: Progress = no_progress) -> Holdings:
        """
        Return what a pool holds; its index on the sky is made at the first call.

        Parameters
        ----------
        pool : Pool
            The spectra.
        cache : Path
            Where the index is kept.
        campaign : Campaign, optional
            What says of which class they are.
        progress : callable
            Told how far the making is.

        Returns
        -------
        Holdings
            Open.

        Raises
        ------
        PoolError
            If the pool's metadata cannot be read.
        StorageError
            If the disk is full or the folder cannot be written.
        """
        return cls(pool, SkyIndex.of(pool, cache, progress), campaign)

    @property
    def n_spectra(self) -> int:
        """
        Return how many spectra are published.

        Returns
        -------
        int
            All of the pool.
        """
        return len(self.index)

    # -- classes ---------------------------------------------------------------------------------------------------------------

    def classes(self) -> Classes:
        """
        Return what is said of the spectra now.

        Returns
        -------
        Classes
            As of `KEPT` seconds ago at most, and never of before a round was opened or closed, or of before somebody was shown
            what measures them; without a campaign, nothing.
        """
        if self.campaign is None:
            return self._classes
        with self._lock:
            row = self.campaign.iteration()
            moment = (row.number, row.phase, len(self.campaign.store.checks(iteration=row.number)))
            if moment != self._moment or time.monotonic() - self._at >= KEPT:
                self._renew(self.campaign)
                self._at, self._moment = time.monotonic(), moment
            return self._classes

    def _renew(self, campaign: Campaign) -> None:
        try:
            scores, row = campaign.scores()
        except CampaignError:  # nothing is scored yet
            scored: int | None = None
            predicted = None
        else:
            scored = row.number
            known = self._of is not None and self._of[0] == scored
            predicted = self._classes.predicted if known else _argmax(scores.probabilities)
        asked = frozenset(map(str, secrets_of(campaign)))
        of = (scored, campaign.store.n_answers(), asked)
        if of == self._of:
            return
        labels = {str(id_): label for id_, label in campaign.store.labels().items() if label is not None}
        listed: dict[str, int] = {}
        if scored is not None:
            ids = (id_ for id_ in candidates_of(campaign)[0]["spectrum_id"].to_pylist() if id_ not in asked)
            listed = {id_: place for place, id_ in enumerate(ids)}
        began_with = {str(id_): label for id_, label in campaign.training_labels().items()}
        said = {id_: label for id_, label in {**began_with, **labels}.items() if id_ not in asked}
        special = self._of_ids([*said, *asked])
        self._classes = Classes(campaign.settings.classes.names, said, predicted, asked, listed, special)
        self._of = of

    # -- searching -------------------------------------------------------------------------------------------------------------

    def find(self, selection: Selection) -> Found:
        """
        Return the spectra that meet all that is given.

        Parameters
        ----------
        selection : Selection
            What is wanted.

        Returns
        -------
        Found
            In the order of the sky.
        """
        wanted = selection.limit + 1
        found: list[IntArray] = []
        n_found = 0
        for places in self._narrowed(selection):
            taken = places[self._meets(selection, places)][: wanted - n_found]
            found.append(taken)
            n_found += taken.size
            if n_found >= wanted:
                break
        places = np.concatenate(found)[: selection.limit] if found else np.empty(0, dtype=np.int64)
        return Found(tuple(self.records(places)), n_found > selection.limit)

    def _narrowed(self, selection: Selection) -> Iterable[IntArray]:
        """Yield places among which the wanted ones are, increasing, by what narrows the search most."""
        sets = []
        if selection.spectrum_ids is not None:
            sets.append(self._of_ids(selection.spectrum_ids))
        if selection.names:
            sets.append(np.unique(np.concatenate([self.index.named(name) for name in selection.names])))
        if selection.candidates_only:
            sets.append(self._of_ids(tuple(self.classes().candidates)))
        if selection.cone is not None:
            sets.append(np.sort(self.index.cone(selection.cone.ra, selection.cone.dec, selection.cone.radius)))
        if not sets:
            return (np.arange(begin, min(begin + AT_ONCE, self.n_spectra)) for begin in range(0, self.n_spectra, AT_ONCE))
        places = sets[0]
        for others in sets[1:]:
            places = np.intersect1d(places, others)
        return (places,)

    def _of_ids(self, ids: Sequence[str]) -> IntArray:
        found = self.index.places_of(ids)
        return np.unique(found[found >= 0])

    def _meets(self, selection: Selection, places: IntArray) -> BoolArray:
        meets = np.ones(places.size, dtype=bool)
        for name, ranges in (("mjd", selection.times), ("snr", selection.snrs)):
            if ranges:
                values = self.index.numbers(name)[places]
                meets &= np.any([(values >= first) & (values <= last) for first, last in ranges], axis=0)
        if selection.surveys is not None:
            names, codes = self.index.codes("survey")
            wanted = [number for number, name in enumerate(names) if name in selection.surveys]
            meets &= np.isin(codes[places], wanted)
        if selection.bands:
            meets &= self._covers(selection.bands, places)
        if selection.classes:
            meets &= self._is_of(selection.classes, places)
        return meets

    def _covers(self, bands: Sequence[Range], places: IntArray) -> BoolArray:
        formats, codes = self.index.codes("format")
        fits = np.array([self._overlaps(name, bands) for name in (*formats, None)], dtype=bool)  # the last is code -1
        return np.where(self.index.has_file[places], fits[codes[places]], self._overlaps(None, bands))

    def _overlaps(self, format_: str | None, bands: Sequence[Range]) -> bool:
        first, last = self._covered(format_)
        return any(first <= high and last >= low for low, high in bands)

    def _covered(self, format_: str | None) -> Range:
        with self._looking:  # astropy's reading is bound to one thread
            if format_ not in self._coverage:
                self._coverage[format_] = coverage_of(self.pool, format_, self._examples(format_))
            return self._coverage[format_]

    def _examples(self, format_: str | None) -> list[tuple[str, str]]:
        if format_ is None or format_ in NOMINAL:
            return []
        formats, codes = self.index.codes("format")
        places = np.flatnonzero(self.index.has_file & (codes == formats.index(format_)))
        some = places[np.unique(np.linspace(0, places.size - 1, min(N_LOOKED_AT, places.size)).astype(np.int64))]
        return [
            (str(id_), str(file))
            for id_, file in zip(self.index.texts("spectrum_id", some), self.index.texts("file", some), strict=True)
        ]

    def _is_of(self, classes: Sequence[str], places: IntArray) -> BoolArray:
        said = self.classes()
        wanted = {name.strip().lower() for name in classes}
        numbers = [number for number, name in enumerate(said.names) if name.lower() in wanted]
        if not places.size:
            return np.zeros(0, dtype=bool)
        rows = self.index.numbers("row")[places]
        meets = np.zeros(places.size, dtype=bool) if said.predicted is None else np.isin(said.predicted[rows], numbers)
        # What people say outranks the network, and what they are asked about is not told.
        spots = np.searchsorted(places, said.special)
        is_here = (spots < places.size) & (places[np.minimum(spots, places.size - 1)] == said.special)
        here = said.special[is_here]
        for spot, id_ in zip(spots[is_here], self.index.texts("spectrum_id", here), strict=True):
            meets[spot] = said.labels.get(str(id_), "").lower() in wanted
        return meets

    # -- records ---------------------------------------------------------------------------------------------------------------

    def record(self, spectrum_id: str) -> Record | None:
        """
        Return what is published of a spectrum.

        Parameters
        ----------
        spectrum_id : str
            Its id.

        Returns
        -------
        Record or None
            None if the pool holds no such spectrum.
        """
        places = self._of_ids([spectrum_id])
        return self.records(places)[0] if places.size else None

    def records(self, places: IntArray) -> list[Record]:
        """
        Return what is published of some spectra.

        Parameters
        ----------
        places : array of int, shape (n,)
            Their places in the index.

        Returns
        -------
        list of Record
            In the same order.
        """
        said = self.classes()
        index = self.index
        rows = index.numbers("row")[places]
        numbers = [_plain(index.numbers(name)[places]) for name in ("ra", "dec", "mjd", "snr")]
        texts = [index.texts(name, places) for name in ("spectrum_id", "survey", "designation", "release", "file", "format")]
        predicted = _predicted(said, rows)
        found = []
        for row, guess, (ra, dec, mjd, snr), (id_, survey, designation, release, file, format_) in zip(
            rows.tolist(), predicted, zip(*numbers, strict=True), zip(*texts, strict=True), strict=True
        ):
            first, last = self._covered(format_ if file else None)
            found.append(
                Record(
                    spectrum_id=str(id_),
                    row=row,
                    survey=str(survey),
                    designation=designation,
                    ra=ra,
                    dec=dec,
                    mjd=mjd,
                    snr=snr,
                    release=release,
                    wave_min=first,
                    wave_max=last,
                    file=file,
                    format=format_,
                    label=said.labels.get(str(id_)),
                    predicted_class=None if id_ in said.asked else guess,
                )
            )
        return found

    def candidates(self) -> list[Record]:
        """
        Return the campaign's candidates.

        Returns
        -------
        list of Record
            In the order of their list; empty without a campaign, or before the pool was scored.
        """
        listed = self.classes().candidates
        records = self.records(self._of_ids(tuple(listed)))
        return sorted(records, key=lambda record: listed[record.spectrum_id])


def _predicted(said: Classes, rows: IntArray) -> list[str | None]:
    if said.predicted is None:
        return [None] * rows.size
    return [said.names[number] for number in said.predicted[rows].tolist()]


def _plain(values: Any) -> list[float | None]:
    return [value if value == value else None for value in values.tolist()]  # noqa: PLR0124 - NaN is not itself


def _argmax(probabilities: Any) -> IntArray:
    found = np.empty(len(probabilities), dtype=np.uint8)
    for begin in range(0, len(found), AT_ONCE):
        found[begin : begin + AT_ONCE] = np.asarray(probabilities[begin : begin + AT_ONCE]).argmax(axis=1)
    return found
