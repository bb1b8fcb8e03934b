"""Answers of many people on their way into the database: those that come at the same moment go together."""

from __future__ import annotations

import threading

from spectrove.campaign import CampaignStore
from spectrove.contracts import Answer
from spectrove.errors import CampaignError, SpectroveError


class _Waiting:
    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.is_new: bool | None = None
        self.error: SpectroveError | None = None

    def is_done(self) -> bool:
        return self.is_new is not None or self.error is not None


class Recorder:
    """
    Records answers by the one door, several in one transaction where several wait.

    A transaction waits for the disk, whatever it holds; fifty people at once would wait for fifty of them.

    Parameters
    ----------
    store : CampaignStore
        The campaign's database.
    """

    def __init__(self, store: CampaignStore) -> None:
        self._store = store
        self._line: list[_Waiting] = []
        self._joining = threading.Lock()
        self._writing = threading.Lock()

    def record(self, answer: Answer) -> bool:
        """
        Record an answer, and come back when it is on the disk.

        Parameters
        ----------
        answer : Answer
            Who says what of which spectrum.

        Returns
        -------
        bool
            False if this very answer was recorded before.

        Raises
        ------
        SpectroveError
            Why it could not be recorded; the answers of others are recorded all the same.
        """
        mine = _Waiting(answer)
        with self._joining:
            self._line.append(mine)
        with self._writing:  # whoever comes in writes for all who have come to wait by then
            if not mine.is_done():
                with self._joining:
                    together, self._line = self._line, []
                self._write(together)
        if mine.error is not None:
            raise mine.error
        return bool(mine.is_new)

    def _write(self, together: list[_Waiting]) -> None:
        try:
            if not self._write_at_once(together):
                for one in together:
                    self._write_at_once([one])
        finally:
            for one in together:
                if not one.is_done():  # something unexpected came between; nobody is to take it for recorded
                    one.error = CampaignError(f"answer {one.answer.answer_id!r} could not be recorded. Send it again.")

    def _write_at_once(self, together: list[_Waiting]) -> bool:
        try:
            are_new = self._store.record_each([one.answer for one in together])
        except SpectroveError as error:
            if len(together) == 1:
                together[0].error = error
            return len(together) == 1  # of several, one is wrong and none was recorded
        for one, is_new in zip(together, are_new, strict=True):
            one.is_new = is_new
        return True
