"""Several people on one page: orders of their own, blind second votes, disagreements, agreement."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sklearn.metrics import cohen_kappa_score

from spectrove.campaign import Campaign

Browser = Callable[..., TestClient]


def queue(client: TestClient) -> list[str]:
    """Return the ids of a person's queue."""
    return [item["spectrum_id"] for item in client.get("/api/v1/queue").json()["items"]]


def say(client: TestClient, spectrum_id: str, label: str | None, **more: str) -> None:
    """Answer."""
    body = {"spectrum_id": spectrum_id, "label": label, **more}
    client.put(f"/api/v1/answers/{uuid.uuid4()}", json=body).raise_for_status()


def test_each_has_an_order_of_their_own_that_stays(browser: Browser) -> None:
    ada, bob = browser(), browser("bob")
    assert queue(ada) == queue(ada)
    assert set(queue(ada)) == set(queue(bob))
    assert queue(ada) != queue(bob)


def test_two_at_once_lose_nothing_and_record_nothing_twice(browser: Browser, campaign: Campaign) -> None:
    people = {"ada": browser(), "bob": browser("bob")}
    failed: list[Exception] = []

    def work(name: str) -> None:
        try:
            for id_ in queue(people[name]):
                say(people[name], id_, "single-peak")
        except Exception as error:  # noqa: BLE001 - told by the test's own thread
            failed.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    answers = campaign.store.answers()
    assert len({answer.answer_id for answer in answers}) == len(answers)
    assert len({(answer.annotator, answer.spectrum_id) for answer in answers}) == len(answers)
    assert {answer.annotator for answer in answers} == set(people)
    assert campaign.open_questions() == []


def test_a_second_vote_is_blind_and_in_the_queue_unmarked(browser: Browser) -> None:
    ada, bob = browser(), browser("bob")
    for id_ in queue(ada):
        say(ada, id_, "single-peak")
    told = bob.get("/api/v1/queue").json()
    assert told["items"], "the settings ask for second votes on half of the questions"
    for item in told["items"]:
        assert set(item) == {"spectrum_id", "url", "facts"}
    overview = bob.get("/api/v1/overview").json()["items"]
    assert {(item["state"], item["label"]) for item in overview} == {("open", None)}
    assert bob.get("/api/v1/disagreements").json()["items"] == []


def test_the_history_tells_what_others_said_of_a_spectrum_after_the_own_vote(browser: Browser) -> None:
    ada, bob = browser(), browser("bob")
    first, second, *_ = queue(ada)
    for id_ in (first, second):
        say(ada, id_, "single-peak", comment="hers")
    say(ada, first, "double-peak", purpose="verify")
    say(bob, second, "double-peak")

    def told(**asked: bool) -> list[tuple[object, ...]]:
        items = bob.get("/api/v1/answers", params=asked).json()["items"]
        return [
            (item["spectrum_id"] == first, item["annotator"], item["label"], item["comment"], item["hidden"]) for item in items
        ]

    verdict = (True, "ada", "double-peak", "", False)
    own, voted_too = (False, "bob", "double-peak", "", False), (False, "ada", "single-peak", "hers", False)
    assert told() == [own, verdict, voted_too, (True, "ada", None, "", True)]
    assert told(all=True) == [own, verdict, voted_too, (True, "ada", "single-peak", "hers", False)]


def test_whoever_differs_finds_it_among_the_disagreements_and_a_decision_settles_it(browser: Browser, campaign: Campaign) -> None:
    ada, bob, eve = browser(), browser("bob"), browser("eve")
    first, second, *_ = queue(ada)
    for id_, label in ((first, "double-peak"), (second, "single-peak")):
        say(ada, id_, "single-peak")
        say(bob, id_, label)
    for client in (ada, bob):
        (item,) = client.get("/api/v1/disagreements").json()["items"]
        assert item["spectrum_id"] == first
        assert {(vote["annotator"], vote["label"]) for vote in item["votes"]} == {("ada", "single-peak"), ("bob", "double-peak")}
    assert eve.get("/api/v1/disagreements").json()["items"] == []
    assert len(eve.get("/api/v1/disagreements", params={"all": True}).json()["items"]) == 1
    assert campaign.store.labels()[first] is None
    assert [item["spectrum_id"] for item in ada.get("/api/v1/overview?state=disagreed").json()["items"]] == [first]
    say(eve, first, "double-peak", purpose="decision")
    assert campaign.store.labels()[first] == "double-peak"
    assert ada.get("/api/v1/disagreements").json()["items"] == []


def test_the_agreement_is_that_of_scikit_learn(browser: Browser) -> None:
    ada, bob = browser(), browser("bob")
    classes = ["single-peak", "double-peak", "not-interesting"]
    ids = sorted(queue(ada))
    hers = [classes[number % 3] for number in range(len(ids))]
    his = [classes[(number + (number % 4 == 0)) % 3] for number in range(len(ids))]
    for id_, one, other in zip(ids, hers, his, strict=True):
        say(ada, id_, one)
        say(bob, id_, other)
    (pair,) = ada.get("/api/v1/progress").json()["agreement"]["pairs"]
    assert {pair["first"], pair["second"]} == {"ada", "bob"}
    assert pair["n"] == len(ids)
    assert pair["kappa"] == pytest.approx(cohen_kappa_score(hers, his), abs=1e-12)
    assert pair["lower"] < pair["kappa"] < pair["upper"]
