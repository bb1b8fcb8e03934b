"""Any history of answers, changes of mind, disagreements and crashes, against a model that is a plain list."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from spectrove.campaign.schema import CampaignRow
from spectrove.campaign.store import DATABASE, CampaignStore
from spectrove.contracts import Answer, Question, SpectrumId
from spectrove.errors import CampaignError

SPECTRA = [SpectrumId(f"lamost:{number}") for number in range(4)]
CLASSES = ["single-peak", "double-peak", "not-interesting"]
LABELS = st.sampled_from([*CLASSES, None])


class AnsweringMachine(RuleBasedStateMachine):
    """People answer, change their minds, abstain and disagree; the process dies and comes back."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.store = CampaignStore(self.folder / DATABASE, create=True)
        row = CampaignRow(id=1, created_at="", software="", settings={"classes": {"names": CLASSES}}, pool_path="", pool_hash="")
        self.store.begin(row, [])
        asked = [Question(0, id_, "query", n, 1.0, np.nan, CLASSES[0], (1.0, 0.0, 0.0)) for n, id_ in enumerate(SPECTRA)]
        self.store.advance(0, "ASK", questions=asked)
        self.given: list[Answer] = []

    @rule(spectrum=st.sampled_from(SPECTRA), label=LABELS, annotator=st.sampled_from(["ann", "bob ☉"]))
    def answer(self, spectrum: SpectrumId, label: str | None, annotator: str) -> None:
        answer = Answer(f"answer-{len(self.given)}", spectrum, label, annotator, "2026-11-22T00:00:00+00:00", "a comment")
        assert self.store.record_answer(answer)
        self.given.append(answer)

    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        if self.given:
            assert not self.store.record_answer(data.draw(st.sampled_from(self.given)))

    @rule(labels=st.lists(LABELS, min_size=1, max_size=3))
    def import_a_file_whose_last_line_is_wrong(self, labels: list[str | None]) -> None:
        good = [Answer(f"lost-{n}", SPECTRA[n], label, "ann", "", "") for n, label in enumerate(labels)]
        bad = Answer("lost", SPECTRA[0], "no class at all", "ann", "", "")
        with pytest.raises(CampaignError, match="unknown class"):
            self.store.record_answers([*good, bad])

    @rule()
    def crash_and_reopen(self) -> None:
        self.store.close()
        self.store = CampaignStore(self.folder / DATABASE)

    @rule(spectrum=st.sampled_from(SPECTRA), label=LABELS, purpose=st.sampled_from(["decision", "repeat", "verify"]))
    def answer_for_another_purpose(self, spectrum: SpectrumId, label: str | None, purpose: str) -> None:
        answer = Answer(f"answer-{len(self.given)}", spectrum, label, "ann", "2026-11-22T00:00:00+00:00", purpose=purpose)
        assert self.store.record_answer(answer)
        self.given.append(answer)

    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        if self.given:
            one = data.draw(st.sampled_from(self.given))
            back = Answer(f"answer-{len(self.given)}", one.spectrum_id, None, one.annotator, "", undoes=one.answer_id)
            assert self.store.record_answer(back)
            self.given.append(back)

    def label_of(self, spectrum: SpectrumId) -> str | None:
        """Return a spectrum's label as the rule says in words; "absent" if nobody has said anything that stands."""
        taken_back = {one.undoes for one in self.given}
        stand = [one for one in self.given if one.spectrum_id == spectrum and not one.undoes and one.answer_id not in taken_back]
        decisions = [one.label for one in stand if one.purpose == "decision"]
        if decisions:
            return decisions[-1]
        votes = {one.annotator: one.label for one in stand if one.purpose == "vote"}
        if not votes:
            return "absent"
        named = [label for label in votes.values() if label is not None]
        most = max((named.count(label) for label in named), default=0)
        first = {label for label in named if named.count(label) == most}
        return first.pop() if len(first) == 1 else None

    @invariant()
    def every_answer_is_there_in_order_and_everybody_has_one_vote(self) -> None:
        assert self.store.answers() == self.given
        expected = {spectrum: self.label_of(spectrum) for spectrum in SPECTRA}
        assert self.store.labels() == {spectrum: label for spectrum, label in expected.items() if label != "absent"}

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)


AnsweringMachine.TestCase.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
TestAnswering = AnsweringMachine.TestCase
