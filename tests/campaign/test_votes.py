"""What answers come to: one person's last word, the plurality of several, a decision above all; and nothing for what measures."""

from __future__ import annotations

import itertools

import hypothesis.strategies as st
import pytest
from hypothesis import given

from spectrove.campaign.votes import agreement_facts, disagreements, settle, standing
from spectrove.contracts import Answer, SpectrumId

LABELS = ("single", "double", "none", None)
PEOPLE = ("ann", "bob", "cem")
SPECTRA = tuple(SpectrumId(f"s:{number}") for number in range(3))
numbers = itertools.count()


def said(label: str | None, annotator: str = "ann", spectrum: SpectrumId = SPECTRA[0], **more: str) -> Answer:
    return Answer(f"a{next(numbers)}", spectrum, label, annotator, "2026-11-23T00:00:00.000+00:00", **more)


votes = st.lists(st.builds(said, st.sampled_from(LABELS), st.sampled_from(PEOPLE), st.sampled_from(SPECTRA)), max_size=20)


@given(st.lists(st.builds(said, st.sampled_from(LABELS), st.just("ann"), st.sampled_from(SPECTRA)), max_size=20))
def test_of_one_person_the_last_answer_counts(answers):
    assert settle(answers) == {answer.spectrum_id: answer.label for answer in answers}


@given(votes, st.sampled_from(["repeat", "gold", "verify"]), st.sampled_from(LABELS))
def test_what_measures_people_and_verifies_candidates_changes_no_label(answers, purpose, label):
    more = [said(label, who, id_, purpose=purpose) for who in PEOPLE for id_ in SPECTRA]
    assert settle([*answers, *more]) == settle([*more, *answers]) == settle(answers)


@given(votes)
def test_taking_back_the_last_answer_leaves_what_was_before_for_nobody_but_its_author(answers):
    if not answers:
        return
    last = answers[-1]
    back = said(None, last.annotator, last.spectrum_id, undoes=last.answer_id)
    before = [one for one in standing(answers[:-1]) if one.spectrum_id == last.spectrum_id]
    after = [one for one in standing([*answers, back]) if one.spectrum_id == last.spectrum_id]
    assert {(one.annotator, one.label) for one in after} == {(one.annotator, one.label) for one in before}


@given(votes)
def test_who_answered_first_does_not_matter_among_people(answers):
    by_person = sorted(answers, key=lambda answer: answer.annotator)  # each person's own order stays
    assert settle(by_person) == settle(answers)


@pytest.mark.parametrize(
    ("labels", "label"),
    [
        (["single", "single", "double"], "single"),
        (["single", "double"], None),
        (["single", None], "single"),
        ([None, None], None),
        (["single", "double", None], None),
    ],
    ids=["plurality", "tie", "abstention does not count", "all abstain", "tie beside an abstention"],
)
def test_several_people_have_one_vote_each(labels, label):
    answers = [said(one, who) for one, who in zip(labels, PEOPLE, strict=False)]
    assert settle(answers) == {SPECTRA[0]: label}
    assert len(disagreements(answers)) == (len({one for one in labels if one is not None}) > 1)


def test_a_decision_outranks_the_votes_until_it_is_taken_back():
    answers = [said("single", "ann"), said("double", "bob")]
    decision = said("double", "cem", purpose="decision")
    assert settle([*answers, decision]) == {SPECTRA[0]: "double"}
    assert disagreements([*answers, decision]) == []
    back = said(None, "cem", undoes=decision.answer_id)
    assert settle([*answers, decision, back]) == {SPECTRA[0]: None}
    assert len(disagreements([*answers, decision, back])) == 1


def test_after_everything_is_taken_back_the_question_is_open_again():
    answer = said("single")
    assert settle([answer, said(None, undoes=answer.answer_id)]) == {}


def test_agreement_is_told_of_pairs_of_repeats_and_of_known_labels():
    answers = [said(label, "ann", id_) for label, id_ in zip(("single", "double", "none"), SPECTRA, strict=True)]
    answers += [said(label, "bob", id_) for label, id_ in zip(("single", "double", "double"), SPECTRA, strict=True)]
    answers += [said("single", "ann", SPECTRA[0], purpose="repeat"), said("single", "ann", SPECTRA[1], purpose="repeat")]
    answers += [said("none", "bob", SpectrumId("s:gold"), purpose="gold")]
    facts = agreement_facts(answers, ("single", "double", "none"), {SpectrumId("s:gold"): "none"})
    assert [(one["first"], one["second"], one["n"], one["observed"]) for one in facts["pairs"]] == [("ann", "bob", 3, 2 / 3)]
    assert facts["repeats"] == [{"annotator": "ann", "n": 2, "n_same": 1}]
    assert facts["gold"] == [{"annotator": "bob", "n": 1, "n_right": 1}]
    assert [one["n_votes"] for one in facts["people"]] == [3, 3]
    assert facts["people"][0]["matrix"] == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]  # the third spectrum is not settled
