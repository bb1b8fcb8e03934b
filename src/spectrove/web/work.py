"""
What trains, scores and asks while people look at spectra: the campaign's loop, in a process of its own.

The process is a child that begins when there is something to do and ends when there is nothing: when no question is open, it
takes the loop's steps until questions are open again; when enough is answered, it prepares the next iteration. It speaks
through a pipe, and whatever happens to it, answers go on being recorded: it may be killed at any moment, as any process that
runs a campaign may.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TextIO

from spectrove.campaign import Campaign, prepare, run, step, why_not_prepare
from spectrove.errors import CampaignBusyError, SpectroveError
from spectrove.execution import Executor, make_executor

NICENESS = 10
"""How much the process lets others go first: the page is to stay quick while a network is trained on the same cores."""

LOOK_SECONDS = 5.0
"""How often to look whether another process, say ``spectrove campaign answer``, has left something to do; chosen."""

LOOKS_APART = 10
"""After a look, so many times what it took pass before the next: at most a tenth of a core is spent on looking."""

RETRY_SECONDS = 10.0
"""After so long, a campaign that another process was running is tried again."""

PROGRESS_SECONDS = 0.1
"""How often the process says how far it is; more often nobody sees."""

STOP_SECONDS = 3.0
"""How long the process may take to end when it is told to; then it is killed."""

SENTENCES_KEPT = 20
"""How many sentences about what was done are kept."""


@dataclass(frozen=True)
class WorkState:
    """
    What the background does.

    Attributes
    ----------
    kind : str
        ``idle`` (waiting for answers), ``running``, ``failed`` or ``finished`` (the campaign is).
    what : str
        What is being done.
    done : int
        How much of it is done.
    total : int or None
        How much there is of it; None if that is not known.
    error : str
        Why it failed, in one sentence.
    said : tuple of str
        What was done so far, a sentence for each step, the latest last.
    iteration : int
        The iteration that the campaign is in.
    phase : str
        Its phase.
    """

    kind: str = "idle"
    what: str = ""
    done: int = 0
    total: int | None = None
    error: str = ""
    said: tuple[str, ...] = ()
    iteration: int = 0
    phase: str = ""


class Work:
    """
    Runs a campaign's loop in the background.

    Parameters
    ----------
    directory : Path
        The campaign's folder.
    workers : int
        Processes that score the pool.
    """

    def __init__(self, directory: Path, workers: int = 1) -> None:
        self.directory = directory
        self._workers = workers
        self._state = WorkState()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._process: BaseProcess | None = None
        self._closing: int | None = None
        self._seen: tuple[int, int, str] | None = None
        self._again_at = 0.0

    def start(self) -> None:
        """
        Begin to look for something to do, and to do it.

        Raises
        ------
        CampaignError
            If there is no campaign in the folder.
        """
        campaign = Campaign(self.directory)  # by the caller, so that whoever starts it is told what is wrong
        resource_tracker.ensure_running()  # it would let SIGINT through again in the thread that starts it
        self._thread = threading.Thread(target=self._watch, args=(campaign,), name="work", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End whatever is running; what was finished is kept, and the rest is done again at the next start."""
        with self._lock:
            self._stopping.set()
            process = self._process
        self._wake.set()
        if process is not None:
            _end(process)
        if self._thread is not None:
            self._thread.join()

    def nudge(self) -> None:
        """Let the background know of an answer; cheap, and called after each."""
        self._wake.set()

    def retry(self) -> None:
        """Try again what has failed."""
        with self._lock:
            if self._state.kind == "failed":
                self._state = replace(self._state, kind="idle", error="")
                self._again_at = 0.0
        self._wake.set()

    def close_round(self, iteration: int) -> None:
        """
        Close a round although questions are open; what nobody answered counts as an abstention.

        It is done in the background, after what is running there, and only if the campaign is still in this round.

        Parameters
        ----------
        iteration : int
            The round.
        """
        with self._lock:
            self._closing = iteration
        self._wake.set()

    def state(self) -> WorkState:
        """
        Return what the background does.

        Returns
        -------
        WorkState
            As of now.
        """
        with self._lock:
            return self._state

    # -- the thread that looks and listens -------------------------------------------------------------------------------------

    def _watch(self, campaign: Campaign) -> None:
        # Ctrl-C is the server's business: a child begins with the mask of the thread that starts it.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        with campaign:
            while not self._stopping.is_set():
                self._wake.clear()
                begun = time.monotonic()
                try:
                    if self._is_due(campaign):
                        self._do(campaign)
                        continue
                except (SpectroveError, OSError) as error:  # the database is busy; no room for another process
                    self._fail(str(error), RETRY_SECONDS)
                took = time.monotonic() - begun
                if self._wake.wait(LOOK_SECONDS):
                    self._stopping.wait(LOOKS_APART * took)

    def _is_due(self, campaign: Campaign) -> bool:
        if time.monotonic() < self._again_at:
            return False
        row = campaign.iteration()
        is_open = row.phase in {"ASK", "AUDIT"}
        with self._lock:
            if self._closing is not None and (self._closing != row.number or not is_open):
                self._closing = None  # it is closed already
            closing = self._closing
        seen = (campaign.store.n_answers(), row.number, row.phase)
        if seen == self._seen and closing is None:
            return False
        is_finished = campaign.is_finished()
        kind = "finished" if is_finished else "idle"
        self._set(kind=kind, what="", done=0, total=None, error="", iteration=row.number, phase=row.phase)
        has_work = closing is not None or not campaign.open_questions() or why_not_prepare(campaign) is None
        is_due = not is_finished and has_work
        self._seen = None if is_due else seen
        return is_due

    def _do(self, campaign: Campaign) -> None:
        context = multiprocessing.get_context("spawn")
        receiver, sender = context.Pipe(duplex=False)
        with receiver:
            with self._lock, sender:  # once its copy here is closed, the pipe ends with the process
                if self._stopping.is_set():
                    return
                arguments = (self.directory, self._workers, self._closing, sender)
                process = context.Process(target=_work, args=arguments, name="spectrove work")
                process.start()
                self._process = process
                self._state = replace(self._state, kind="running", what="starting", error="")
            has_told = self._listen(receiver, campaign)
        process.join()
        with self._lock:
            self._process = None
        if not has_told and not self._stopping.is_set():
            self._fail(_told_end(self.directory, process.exitcode or 0), math.inf)

    def _listen(self, receiver: Connection, campaign: Campaign) -> bool:
        # Whether the process told how it ended; it does not where it is killed.
        while True:
            try:
                kind, *content = receiver.recv()
            except (EOFError, OSError):
                return False
            if kind == "progress":
                what, done, total = content
                self._set(what=what, done=done, total=total)
            elif kind == "said":
                with suppress(SpectroveError):  # the process meets the same error, and tells it
                    row = campaign.iteration()
                    self._set(iteration=row.number, phase=row.phase)
                self._set(said=(*self.state().said, *content)[-SENTENCES_KEPT:], what="", done=0, total=None)
            else:
                if kind == "failed":
                    sentence, is_busy = content
                    self._fail(sentence, RETRY_SECONDS if is_busy else math.inf)
                return True

    def _set(self, **changes: Any) -> None:
        with self._lock:
            self._state = replace(self._state, **changes)

    def _fail(self, sentence: str, seconds: float) -> None:
        with self._lock:
            self._state = replace(self._state, kind="failed", what="", done=0, total=None, error=sentence)
            self._again_at = time.monotonic() + seconds
            self._seen = None


def _told_end(directory: Path, status: int) -> str:
    how = f"killed ({signal.Signals(-status).name})" if status < 0 else f"ended (status {status}; the terminal shows more)"
    return (
        f"{directory}: the process that trains and scores in the background was {how}. Nothing that was recorded is lost; try "
        "again, and it goes on from there."
    )


def _end(process: BaseProcess) -> None:
    # The process leads a group of its own, its workers among it, from its first moments on.
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(int(process.pid or 0), number)
        except ProcessLookupError:
            process.kill()
        process.join(STOP_SECONDS)
        if process.exitcode is not None:
            return


# -- in the child ---------------------------------------------------------------------------------------------------------------


def _work(directory: Path, workers: int, closing: int | None, sender: Connection) -> None:
    os.setsid()
    os.nice(NICENESS)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    report = _Report(sender)
    warnings.showwarning = report.warn
    try:
        with Campaign(directory) as campaign, make_executor(workers) as executor:
            if closing is not None:
                _close(campaign, closing, report.say)
            _do_what_is_due(campaign, executor, report)
    except SpectroveError as error:
        sender.send(("failed", str(error), isinstance(error, CampaignBusyError)))
    else:
        sender.send(("ended",))


class _Report:
    """Tells the parent how the work goes."""

    def __init__(self, sender: Connection) -> None:
        self._sender = sender
        self._last = (0.0, "")

    def say(self, sentence: str) -> None:
        self._sender.send(("said", sentence))

    def warn(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        del category, filename, lineno, file, line
        self.say(f"warning: {message}")

    def progress(self, what: str, done: int, total: int | None) -> None:
        now, name = time.monotonic(), what.split(":", 1)[0]
        if name != self._last[1] or now - self._last[0] >= PROGRESS_SECONDS:
            self._last = (now, name)
            self._sender.send(("progress", what, done, total))


def _close(campaign: Campaign, number: int, say: Callable[[str], None]) -> None:
    with campaign.lock():
        while (row := campaign.iteration()).number == number and row.phase in {"ASK", "AUDIT"}:
            say(step(campaign, skip_open=True))


def _do_what_is_due(campaign: Campaign, executor: Executor, report: _Report) -> None:
    while not campaign.is_finished():
        if not campaign.open_questions():
            run(campaign, None, executor, report.progress, report.say)
        elif why_not_prepare(campaign) is None:
            report.say(prepare(campaign, executor, report.progress))
        else:
            return


def _end_with_parent() -> None:
    # Where the server is killed, nobody is there to end this process and its workers.
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.killpg(0, signal.SIGKILL)
