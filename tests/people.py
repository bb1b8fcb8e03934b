"""Somebody who answers a campaign's questions as people do: one spectrum after the other, some of which they cannot tell."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from spectrove.campaign import Campaign, step
from spectrove.campaign.questions import shown_order
from spectrove.contracts import Answer, Oracle, SpectrumId

SECONDS = 4.0
"""From an answer to the next."""

UNTOLD = 9
"""Every so many-th spectrum cannot be told."""


@dataclass
class Person:
    """Answers by the truth, and may call the classes otherwise."""

    oracle: Oracle
    words: dict[str, str]
    name: str = "Vera <R>"
    n_answered: int = 0

    def answer(self, campaign: Campaign, ids: list[SpectrumId]) -> None:
        """Answer some spectra in this order."""
        answers = []
        for id_, label in zip(ids, self.oracle.ask(ids), strict=True):
            self.n_answered += 1
            said = None if self.n_answered % UNTOLD == 0 or label is None else self.words.get(label, label)
            when = datetime(2026, 11, 22, tzinfo=UTC) + timedelta(seconds=SECONDS * self.n_answered)
            answers.append(Answer(uuid.uuid4().hex, id_, said, self.name, when.isoformat(timespec="milliseconds")))
        campaign.store.record_answers(answers)


def open_in_order(campaign: Campaign) -> list[SpectrumId]:
    """Return the open spectra in the order in which they are shown."""
    return shown_order(campaign, campaign.iteration().number, [one.spectrum_id for one in campaign.open_questions()])


def finish(campaign: Campaign, person: Person) -> None:
    """Take a campaign to its end."""
    while not campaign.is_finished():
        if campaign.open_questions():
            person.answer(campaign, open_in_order(campaign))
        step(campaign)
