"""The loop in the background: it goes on by itself, and whatever happens to its process, nothing is lost."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from small_survey import SmallSurvey
from spectrove.campaign import Campaign, create
from spectrove.campaign.ahead import is_prepared
from spectrove.campaign.store import now
from spectrove.config import settings_from
from spectrove.contracts import Answer
from spectrove.errors import CampaignError
from spectrove.web import work as work_module
from spectrove.web.work import Work, WorkState

QUICK = {
    "seed": 7,
    "network": {"name": "compact"},
    "fit": {"max_epochs": 2, "threads": 1},
    "long_fit": {"max_epochs": 2, "threads": 1},
    "query": {"batch_size": 4},
    "audit": {"size": 3},
    "stopping": {"max_iterations": 2},
}

PATIENCE = 240.0
"""Seconds after which a test gives up; a child takes a few to begin, and more where other tests share the cores."""

FULL_AT = 10_000
"""Bytes that a file may have in a process whose disk is said to be full; a checkpoint has more."""


def wait_for(moment: Callable[[], object]) -> None:
    begun = time.monotonic()
    while not moment():
        assert time.monotonic() - begun < PATIENCE, "it did not come"
        time.sleep(0.01)


@pytest.fixture
def directory(small_survey: SmallSurvey, tmp_path: Path) -> Path:
    create(tmp_path / "campaign", small_survey.pool, [small_survey.training()], settings_from(QUICK)).store.close()
    return tmp_path / "campaign"


@pytest.fixture
def begin() -> Iterator[Callable[[Path], Work]]:
    """Return what starts the background work, which ends with the test."""
    begun: list[Work] = []

    def start(directory: Path) -> Work:
        begun.append(Work(directory))
        begun[-1].start()
        return begun[-1]

    yield start
    for work in begun:
        work.stop()


def is_at(work: Work, kind: str, iteration: int, phase: str) -> Callable[[], bool]:
    def moment() -> bool:
        state = work.state()
        assert kind == "failed" or state.kind != "failed", state.error
        return (state.kind, state.iteration, state.phase) == (kind, iteration, phase)

    return moment


def has_process(work: Work) -> bool:
    """Tell whether the child leads a group of its own, which is the first thing that it does."""
    pid = pid_of(work)
    return pid is not None and os.getpgid(pid) == pid


def pid_of(work: Work) -> int | None:
    return None if work._process is None else work._process.pid


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def answer(campaign: Campaign, n: int | None = None) -> list[Answer]:
    asked = sorted(campaign.open_questions(), key=lambda question: question.arm != "query")
    ids = list(dict.fromkeys(question.spectrum_id for question in asked))[:n]
    label = campaign.settings.classes.names[0]
    given = [Answer(uuid.uuid4().hex, id_, label, "Ann", now()) for id_ in ids]
    campaign.store.record_answers(given)
    return given


@pytest.mark.slow  # tests/browser does the same by a page
def test_the_next_questions_appear_by_themselves_until_the_campaign_is_finished(directory: Path, begin) -> None:
    seen: set[str] = set()
    work = begin(directory)

    def watch(moment: Callable[[], bool]) -> Callable[[], bool]:
        return lambda: [seen.add(work.state().what.split(":", 1)[0]), moment()][1]

    wait_for(watch(is_at(work, "idle", 0, "ASK")))
    with Campaign(directory) as campaign:
        first = answer(campaign)
        work.nudge()
        wait_for(watch(is_at(work, "idle", 1, "ASK")))
        assert {question.spectrum_id for question in campaign.open_questions()}.isdisjoint(a.spectrum_id for a in first)
        second = answer(campaign)
        work.nudge()
        wait_for(watch(is_at(work, "finished", 2, "CLOSED")))
        assert campaign.store.answers() == [*first, *second]
    said = work.state().said
    assert said[0].startswith("iteration 0: trained on ")
    assert said[-1].endswith("the campaign is finished")
    assert len(seen) > 2, "the page shows how far the work is"
    work.nudge()
    assert work.state().kind == "finished"


@pytest.mark.slow  # tests/browser sees the sentence
def test_of_a_killed_process_one_sentence_is_told_and_the_work_goes_on_when_told_to(directory: Path, begin) -> None:
    work = begin(directory)
    wait_for(lambda: has_process(work))
    os.kill(pid_of(work), signal.SIGKILL)
    wait_for(lambda: work.state().kind == "failed")
    assert work.state().error == (
        f"{directory}: the process that trains and scores in the background was killed (SIGKILL). Nothing that was recorded is "
        "lost; try again, and it goes on from there."
    )
    work.nudge()
    assert work.state().kind == "failed", "it waits until somebody has read it"
    work.retry()
    wait_for(is_at(work, "idle", 0, "ASK"))


@pytest.mark.slow
def test_a_full_disk_is_told_and_the_work_goes_on_when_there_is_room(directory: Path, begin) -> None:
    work = begin(directory)
    wait_for(lambda: pid_of(work) is not None)
    resource.prlimit(pid_of(work), resource.RLIMIT_FSIZE, (FULL_AT, FULL_AT))
    wait_for(lambda: work.state().kind == "failed")
    assert "the disk is full" in work.state().error
    work.retry()
    wait_for(is_at(work, "idle", 0, "ASK"))


@pytest.mark.slow
def test_a_campaign_that_another_process_runs_is_tried_again_by_itself(directory: Path, begin, monkeypatch) -> None:
    monkeypatch.setattr(work_module, "RETRY_SECONDS", 0.5)
    monkeypatch.setattr(work_module, "LOOK_SECONDS", 0.1)
    with Campaign(directory) as campaign, campaign.lock():
        work = begin(directory)
        wait_for(lambda: work.state().kind == "failed")
        assert "another process is running this campaign" in work.state().error
    wait_for(lambda: work.state().kind == "idle" and work.state().phase == "ASK")
    assert work.state().error == ""


@pytest.mark.slow
def test_a_stop_ends_the_process_at_once_and_loses_nothing(directory: Path, begin) -> None:
    work = begin(directory)
    wait_for(lambda: work.state().what.startswith("train") or work.state().error)
    assert work.state().error == ""
    pid = pid_of(work)
    work.stop()
    assert not is_running(pid)
    with Campaign(directory) as campaign, campaign.lock():
        assert campaign.iteration().phase in {"TRAIN", "SCORE"}


@pytest.mark.slow
def test_the_process_ends_with_a_killed_server(directory: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from spectrove.web.work import Work\n"
        "work = Work(Path(sys.argv[1])); work.start()\n"
        "while not work.state().what.startswith('train'): time.sleep(0.01)\n"
        "print(work._process.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(directory)], stdout=subprocess.PIPE, text=True) as server:
        pid = int(server.stdout.readline())
        server.kill()
    wait_for(lambda: not is_running(pid))
    with Campaign(directory) as campaign, campaign.lock():
        assert campaign.iteration().phase in {"TRAIN", "SCORE"}


@pytest.mark.slow
def test_a_round_is_closed_with_questions_open_once(campaign: Campaign, begin) -> None:
    work = begin(campaign.directory)
    wait_for(is_at(work, "idle", 0, "ASK"))
    given = answer(campaign, 2)
    work.close_round(0)
    wait_for(is_at(work, "idle", 1, "ASK"))
    assert campaign.store.answers() == given
    work.close_round(0)
    time.sleep(1)
    assert is_at(work, "idle", 1, "ASK")(), "the next round stays open when the last is closed twice"


@pytest.mark.slow
def test_the_next_iteration_is_prepared_when_enough_is_answered(small_survey: SmallSurvey, tmp_path: Path, begin) -> None:
    directory = tmp_path / "campaign"
    settings = settings_from({**QUICK, "query": {"batch_size": 4, "prepare_after": 3}})
    with create(directory, small_survey.pool, [small_survey.training()], settings) as campaign:
        work = begin(directory)
        wait_for(is_at(work, "idle", 0, "ASK"))
        answer(campaign, 3)
        work.nudge()
        wait_for(lambda: work.state().said[-1].startswith("iteration 1: prepared with 3 of 4 queries"))
        assert is_prepared(campaign, 1)
        assert campaign.open_questions(), "people go on answering"


def test_where_no_campaign_is_whoever_starts_it_is_told(tmp_path: Path) -> None:
    work = Work(tmp_path)
    with pytest.raises(CampaignError, match="there is no campaign here"):
        work.start()
    work.stop()
    assert work.state() == WorkState()
