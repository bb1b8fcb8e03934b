"""What a person is shown: every open question once, in an order of their own, and hidden among them what measures them."""

from __future__ import annotations

import uuid

import pytest

from spectrove.campaign import step
from spectrove.campaign.answers import now
from spectrove.campaign.queue import meanwhile_of, purpose_of, queue_of
from spectrove.contracts import Answer
from spectrove.errors import AnswerConflictError, CampaignError

NOTHING = {"second_votes": 0.0, "repeats": 0.0, "gold": 0.0}


@pytest.fixture
def asked(new_campaign):
    """Return a function that makes a campaign whose first questions are open."""

    def make(**review):
        campaign = new_campaign(review={**NOTHING, **review})
        while campaign.iteration().phase != "ASK":
            step(campaign)
        return campaign

    return make


def answer(campaign, items, annotator, label="single-peak"):
    """Let somebody answer what they are shown as the page would."""
    for item in items:
        purpose = purpose_of(campaign, annotator, item.spectrum_id, "vote")
        campaign.store.record_answer(Answer(uuid.uuid4().hex, item.spectrum_id, label, annotator, now(), purpose=purpose))


def close_round(campaign):
    """Go on to the next questions."""
    number = campaign.iteration().number
    while campaign.iteration().number == number or campaign.iteration().phase not in {"ASK", "CLOSED"}:
        step(campaign)


def test_everybody_sees_every_open_question_once_in_an_order_of_their_own(asked):
    campaign = asked()
    ann, bob = (queue_of(campaign, name) for name in ("ann", "bob"))
    questions = {question.spectrum_id for question in campaign.open_questions()}
    assert {item.spectrum_id for item in ann} == {item.spectrum_id for item in bob} == questions
    assert len(ann) == len(bob) == len(questions)
    assert ann != bob
    assert queue_of(campaign, "ann") == ann


def test_what_somebody_has_answered_leaves_the_queue_of_all_and_the_order_of_the_rest_stays(asked):
    campaign = asked()
    before = queue_of(campaign, "bob")
    answer(campaign, queue_of(campaign, "ann")[:3], "ann")
    answered = campaign.store.labels().keys()
    assert queue_of(campaign, "bob") == [item for item in before if item.spectrum_id not in answered]


def test_an_answer_that_is_taken_back_comes_into_the_queue_again(asked):
    campaign = asked()
    first = queue_of(campaign, "ann")[0]
    answer(campaign, [first], "ann")
    (given,) = campaign.store.answers()
    campaign.store.record_answer(Answer("back", first.spectrum_id, None, "ann", now(), undoes=given.answer_id))
    assert first in queue_of(campaign, "ann")


def test_nobody_takes_back_what_another_has_said(asked):
    campaign = asked()
    first = queue_of(campaign, "ann")[0]
    answer(campaign, [first], "ann")
    (given,) = campaign.store.answers()
    with pytest.raises(AnswerConflictError, match="bob gave no answer"):
        campaign.store.record_answer(Answer("back", first.spectrum_id, None, "bob", now(), undoes=given.answer_id))
    assert len(campaign.store.answers()) == 1


def test_second_votes_are_on_what_others_have_answered_and_look_like_questions(asked):
    campaign = asked(second_votes=1.0)
    answered = queue_of(campaign, "ann")[:4]
    answer(campaign, answered, "ann")
    shown = queue_of(campaign, "bob")
    assert {item.spectrum_id for item in answered} < {item.spectrum_id for item in shown}
    assert {item.purpose for item in shown} == {"vote"}
    answer(campaign, shown, "bob", "not-interesting")
    assert queue_of(campaign, "bob") == []
    assert all(campaign.store.labels()[item.spectrum_id] is None for item in answered)  # they disagree


def test_repeats_are_of_earlier_rounds_and_change_no_label(asked):
    campaign = asked(repeats=0.3)
    answer(campaign, queue_of(campaign, "ann"), "ann")
    labels = campaign.store.labels()
    close_round(campaign)
    shown = queue_of(campaign, "ann")
    repeats = [item for item in shown if item.purpose == "repeat"]
    n_asked = len({question.spectrum_id for question in campaign.store.questions(1)})
    assert len(repeats) == round(0.3 * n_asked) > 0
    assert {item.spectrum_id for item in repeats} <= labels.keys()
    answer(campaign, repeats, "ann", "not-interesting")
    assert campaign.store.labels() == labels
    assert [one.purpose for one in campaign.store.answers()[-len(repeats) :]] == ["repeat"] * len(repeats)
    assert queue_of(campaign, "ann") == [item for item in shown if item not in repeats]


def test_a_repeat_that_is_answered_after_its_round_was_closed_is_still_none_of_the_votes(asked):
    campaign = asked(repeats=0.3)
    answer(campaign, queue_of(campaign, "ann"), "ann")
    close_round(campaign)
    shown = queue_of(campaign, "ann")
    repeats = [item for item in shown if item.purpose == "repeat"]
    answer(campaign, [item for item in shown if item not in repeats], "ann")
    labels = campaign.store.labels()
    close_round(campaign)  # the page still shows what it was given before
    answer(campaign, repeats, "ann", "not-interesting")
    assert campaign.store.labels() == labels
    changed = repeats[0].spectrum_id  # who comes back to it later means it
    answer(campaign, repeats[:1], "ann", "double-peak")
    assert campaign.store.labels() == {**labels, changed: "double-peak"}


def test_while_the_machine_works_there_are_second_looks(asked):
    campaign = asked()
    answer(campaign, queue_of(campaign, "ann"), "ann")
    assert queue_of(campaign, "ann") == queue_of(campaign, "bob") == []
    own, others = meanwhile_of(campaign, "ann", 5), meanwhile_of(campaign, "bob", 5)
    assert [item.purpose for item in own] == ["repeat"] * 5
    assert [item.purpose for item in others] == ["vote"] * 5
    answer(campaign, own, "ann", "double-peak")
    assert set(campaign.store.labels().values()) == {"single-peak"}
    assert not {item.spectrum_id for item in meanwhile_of(campaign, "ann", 5)} & {item.spectrum_id for item in own}


def test_a_verdict_on_a_candidate_is_no_label_and_a_gold_answer_needs_to_have_been_asked(asked):
    campaign = asked()
    asked_ids = {question.spectrum_id for question in campaign.store.questions()}
    other = next(id_ for id_ in campaign.pool.spectrum_ids[:] if id_ not in asked_ids)
    campaign.store.record_answer(Answer("verdict", other, "single-peak", "ann", now(), purpose="verify"))
    assert campaign.store.labels() == {}
    with pytest.raises(CampaignError, match="it was never asked about"):
        campaign.store.record_answer(Answer("gold", other, "single-peak", "ann", now(), purpose="gold"))
    with pytest.raises(CampaignError, match="an answer is for one of"):
        campaign.store.record_answer(Answer("x", other, "single-peak", "ann", now(), purpose="fun"))


def test_a_page_cannot_choose_what_measures_people(asked):
    with pytest.raises(ValueError, match="an answer is a vote, a decision or to verify, got 'gold'"):
        purpose_of(asked(), "ann", "s:1", "gold")
