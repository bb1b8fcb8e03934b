"""What all requests share: the campaign, what was read of it, and the locks that threads need."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
import pyarrow.compute as pc

from spectrove.campaign import Campaign
from spectrove.campaign.queue import purposes_of
from spectrove.campaign.votes import DECISION, VOTE, standing
from spectrove.catalog.surroundings import Surroundings
from spectrove.contracts import Answer, FloatArray, IntArray, SpectrumId
from spectrove.web.config import PageConfig
from spectrove.web.fullres import Spectra
from spectrove.web.plain import FACTS, finite
from spectrove.web.recording import Recorder

if TYPE_CHECKING:
    from spectrove.web.work import Work

OPEN_KEPT = 2.0
"""Seconds for which the open questions are believed without a look at what other processes did; chosen."""

EVERYTHING = 2**31
"""More answers than anybody gives."""

MOST_FOUND = 100
"""Spectra of one designation that a search tells at most; chosen."""

IDLE: Mapping[str, Any] = {
    "kind": "idle",
    "what": "",
    "done": 0,
    "total": None,
    "error": "",
    "said": (),
    "iteration": 0,
    "phase": "",
}
"""What is told of the background work where the page runs none."""


class _OpenQuestions:
    # Counted once, and then by what this page records: every answer tells how many are left, and counting reads all answers.

    def __init__(self, campaign: Campaign) -> None:
        self._at, self._of = time.monotonic(), _place(campaign)
        self._n_answers = campaign.store.n_answers()
        self.ids = {question.spectrum_id for question in campaign.open_questions()}
        self._is_sure = True

    def note(self, answer: Answer) -> None:
        self._n_answers += 1
        if answer.undoes:
            self._is_sure = False
        elif answer.purpose in {VOTE, DECISION}:
            self.ids.discard(answer.spectrum_id)

    def holds(self, campaign: Campaign) -> bool:
        if self._is_sure and time.monotonic() - self._at > OPEN_KEPT:
            self._is_sure = self._n_answers == campaign.store.n_answers() and self._of == _place(campaign)
            self._at = time.monotonic()
        return self._is_sure


def _place(campaign: Campaign) -> tuple[int, str]:
    last = campaign.iteration()
    return last.number, last.phase


class PageState:
    """
    What all requests share.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    config : PageConfig
        How the page is served.
    work : Work, optional
        What trains and scores in the background.
    """

    def __init__(self, campaign: Campaign, config: PageConfig, work: Work | None = None) -> None:
        self.campaign = campaign
        self.config = config
        self.work = work
        self.spectra = Spectra(campaign)
        self.surroundings = Surroundings(campaign.pool)
        self._reading = threading.Lock()  # the pool's tables keep what they read last, and are not made for several threads
        self._counting = threading.Lock()
        self._recorder = Recorder(campaign.store)
        self._rows: dict[str, int] = {}
        self._purposes: dict[str, tuple[float, dict[SpectrumId, str]]] = {}
        self._open: _OpenQuestions | None = None
        self._kept: dict[str, tuple[float, Any, Any]] = {}
        self._keeping = threading.Lock()
        self._makers: dict[str, threading.Lock] = {}

    # -- the pool --------------------------------------------------------------------------------------------------------------

    def rows_of(self, ids: Sequence[str]) -> list[int]:
        """
        Return the rows of some spectra in the pool.

        Parameters
        ----------
        ids : sequence of str
            The spectra.

        Returns
        -------
        list of int
            -1 where the pool holds no such spectrum.
        """
        unknown = [id_ for id_ in ids if id_ not in self._rows]
        if unknown:  # an answer is about a spectrum that was listed before, and waits for nobody's search through the pool
            with self._reading:
                found = self.campaign.pool.rows_of(unknown).tolist()
            # What the pool does not hold is not kept, or made-up names would fill the memory.
            self._rows.update((id_, row) for id_, row in zip(unknown, found, strict=True) if row >= 0)
        return [self._rows.get(id_, -1) for id_ in ids]

    def facts_of(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        """
        Return what the surveys say of some spectra.

        Parameters
        ----------
        rows : sequence of int
            Rows of the pool.

        Returns
        -------
        list of dict
            ``spectrum_id`` and `FACTS`; None where a survey is silent.
        """
        if not len(rows):
            return []
        with self._reading:
            table = self.campaign.pool.metadata(["spectrum_id", *FACTS], np.asarray(rows, dtype=np.intp))
        told: list[dict[str, Any]] = finite(table.to_pylist())
        return told

    def file_of(self, row: int) -> str | None:
        """
        Return the survey's file that a spectrum was read from.

        Parameters
        ----------
        row : int
            Its row in the pool.

        Returns
        -------
        str or None
            As the pool keeps it; it may be gone, and a spectrum that was simulated in memory has none.
        """
        with self._reading:
            file: str | None = self.campaign.pool.metadata(["file"], np.asarray([row]))["file"][0].as_py()
        return file or None

    def resolve(self, name: str) -> list[SpectrumId]:
        """
        Return the spectrum that somebody means.

        Parameters
        ----------
        name : str
            An id, designation, obsid or the like.

        Returns
        -------
        list of SpectrumId
            One, none, or all exposures of a designation.
        """
        with self._reading:
            found = [id_ for id_ in self.campaign.pool.resolve([name]) if id_ is not None]
            if found:
                return found
            named = self.campaign.pool.metadata(["designation"])["designation"]
            rows = np.flatnonzero(pc.fill_null(pc.equal(named, name), fill_value=False).to_numpy())[:MOST_FOUND]
            return [self.campaign.pool.spectrum_ids[int(row)] for row in rows]

    def features_of(self, rows: Sequence[int] | IntArray) -> FloatArray:
        """
        Return what the network sees of some spectra.

        Parameters
        ----------
        rows : sequence of int
            Rows of the pool.

        Returns
        -------
        array of shape (n_rows, n_wave)
            Features.
        """
        if not len(rows):
            return np.empty((0, self.campaign.pool.n_wave), dtype=np.float32)
        with self._reading:
            return self.campaign.pool.features(np.asarray(rows, dtype=np.intp))

    # -- answers ---------------------------------------------------------------------------------------------------------------

    def record(self, answer: Answer) -> bool:
        """
        Record an answer, and let the background know.

        Parameters
        ----------
        answer : Answer
            Who says what of which spectrum.

        Returns
        -------
        bool
            False if this very answer was recorded before.
        """
        is_new = self._recorder.record(answer)
        with self._counting:
            if is_new and self._open is not None:
                self._open.note(answer)
        if is_new and self.work is not None:
            self.work.nudge()
        return is_new

    def purpose_of(self, annotator: str, spectrum_id: SpectrumId, asked: str) -> str:
        """
        Return what an answer is for: whoever votes does not know that the spectrum was shown to measure them.

        Parameters
        ----------
        annotator : str
            Who answers.
        spectrum_id : SpectrumId
            What.
        asked : str
            What the page says that it is for.

        Returns
        -------
        str
            As of `spectrove.campaign.queue.purpose_of`.
        """
        if asked != VOTE:
            return asked
        known = self._purposes.get(annotator)
        if known is None or time.monotonic() - known[0] > OPEN_KEPT:
            self._purposes[annotator] = known = (time.monotonic(), purposes_of(self.campaign, annotator))
        return known[1].get(spectrum_id, VOTE)

    def forget_purposes(self, annotator: str) -> None:
        """
        Look again at what somebody is shown to measure them, after they were given a queue.

        Parameters
        ----------
        annotator : str
            The person.
        """
        self._purposes.pop(annotator, None)

    def n_open(self) -> int:
        """
        Return how many questions nobody has answered.

        Returns
        -------
        int
            As of `OPEN_KEPT` seconds ago at most for what other processes did, and of now for what this page recorded.
        """
        with self._counting:
            if self._open is None or not self._open.holds(self.campaign):
                self._open = _OpenQuestions(self.campaign)
            return len(self._open.ids)

    def forget_open(self) -> None:
        """Count the open questions anew at the next call."""
        with self._counting:
            self._open = None

    def standing(self, annotator: str) -> list[Answer]:
        """
        Return what somebody says now: neither taken back nor said anew.

        Parameters
        ----------
        annotator : str
            The person.

        Returns
        -------
        list of Answer
            At most one for each spectrum and purpose.
        """
        newest_first = self.campaign.store.answers_page(annotator, limit=EVERYTHING)
        return standing(answer for _, answer in reversed(newest_first))

    # -- what is kept for a while ----------------------------------------------------------------------------------------------

    def kept(self, name: str, key: Any, seconds: float, make: Callable[[], Any]) -> Any:
        """
        Return something that takes long to make, and is made again when its key has changed or it is too old.

        Parameters
        ----------
        name : str
            What it is.
        key : Any
            What it is made from.
        seconds : float
            How long it may be kept.
        make : callable
            Makes it; others who want the same wait for it.

        Returns
        -------
        Any
            What was made.
        """
        with self._keeping:
            lock = self._makers.setdefault(name, threading.Lock())
        with lock:
            before = self._kept.get(name)
            if before is not None and before[1] == key and time.monotonic() - before[0] <= seconds:
                return before[2]
            made = make()
            self._kept[name] = (time.monotonic(), key, made)
            return made

    def work_state(self) -> dict[str, Any]:
        """
        Return what the background does.

        Returns
        -------
        dict
            Attributes of a `spectrove.web.work.WorkState`.
        """
        return dict(IDLE) if self.work is None else asdict(self.work.state())


def address(spectrum_id: str) -> str:
    """
    Return where the page gets a spectrum.

    Parameters
    ----------
    spectrum_id : str
        Its id.

    Returns
    -------
    str
        Path of an address.
    """
    return f"/api/v1/spectra/{quote(spectrum_id)}"
