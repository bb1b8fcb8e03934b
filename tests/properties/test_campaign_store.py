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

    @invariant()
    def every_answer_is_there_in_order_and_the_last_one_counts(self) -> None:
        assert self.store.answers() == self.given
        assert self.store.labels() == {answer.spectrum_id: answer.label for answer in self.given}

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)


AnsweringMachine.TestCase.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
TestAnswering = AnsweringMachine.TestCase
