"""Answers that wait together go together, and each gets its own verdict."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from spectrove.campaign import Campaign
from spectrove.campaign.store import now
from spectrove.contracts import Answer
from spectrove.errors import CampaignError
from spectrove.web.recording import Recorder


def answers_of(campaign: Campaign, n: int) -> list[Answer]:
    """Return answers to the first questions."""
    ids = [question.spectrum_id for question in campaign.open_questions()]
    return [Answer(f"answer-{number}", ids[number % len(ids)], None, "ada", now()) for number in range(n)]


def test_many_at_once_are_recorded_once_each_in_few_transactions(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes, begun = [], threading.Event()
    record_each = campaign.store.record_each

    def counted(answers: list[Answer]) -> list[bool]:
        sizes.append(len(answers))
        if len(sizes) == 1:  # the first is held until the others wait
            begun.wait(10)
        return record_each(answers)

    monkeypatch.setattr(campaign.store, "record_each", counted)
    recorder, answers = Recorder(campaign.store), answers_of(campaign, 12)
    with ThreadPoolExecutor(13) as pool:
        waiting = [pool.submit(recorder.record, answer) for answer in (*answers, answers[0])]
        while len(recorder._line) + sum(sizes) < 13:
            threading.Event().wait(0.01)
        begun.set()
        results = [one.result(10) for one in waiting]
    assert sum(results) == 12
    assert sum(sizes) == 13
    assert len(sizes) <= 3
    assert sorted(answer.answer_id for answer in campaign.store.answers()) == sorted(answer.answer_id for answer in answers)


def test_one_that_is_wrong_spoils_none_of_the_others(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    good = answers_of(campaign, 4)
    wrong = Answer("wrong", good[0].spectrum_id, "no class", "eve", now())
    record_each, held = campaign.store.record_each, threading.Event()

    def waits(answers: list[Answer]) -> list[bool]:
        held.wait(10)
        return record_each(answers)

    monkeypatch.setattr(campaign.store, "record_each", waits)
    recorder = Recorder(campaign.store)
    with ThreadPoolExecutor(5) as pool:
        waiting = [pool.submit(recorder.record, answer) for answer in (*good[:2], wrong, *good[2:])]
        held.set()
        errors = [one.exception(10) for one in waiting]
    assert [type(error) for error in errors] == [type(None), type(None), CampaignError, type(None), type(None)]
    assert len(campaign.store.answers()) == 4


def test_what_nobody_expected_is_not_taken_for_recorded(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: list[Answer]) -> list[bool]:
        raise RuntimeError

    monkeypatch.setattr(campaign.store, "record_each", fails)
    with pytest.raises((RuntimeError, CampaignError)):
        Recorder(campaign.store).record(answers_of(campaign, 1)[0])
    monkeypatch.undo()
    assert Recorder(campaign.store).record(answers_of(campaign, 1)[0])
