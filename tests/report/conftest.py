"""Small campaigns that somebody has answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from people import Person, finish
from small_survey import SmallSurvey
from spectrove.campaign import Campaign, create, step
from spectrove.config import settings_from
from spectrove.simulate import SurveyOracle, SurveyTruth

QUICK: dict[str, Any] = {
    "seed": 7,
    "fit": {"max_epochs": 2, "threads": 1},
    "long_fit": {"max_epochs": 3, "threads": 1},
    "scoring": {"threads": 1},
    "query": {"batch_size": 8},
    "audit": {"size": 10},
    "stopping": {"max_iterations": 2},
}
"""Settings of a campaign that takes seconds."""

PAPER: dict[str, Any] = {
    "audit": {"size": 10, "design": "predicted"},
    "stopping": {"rule": "paper-2020", "options": {"threshold": 0.8, "times": 1}, "max_iterations": 2},
}
"""Where only predicted targets are drawn."""

JOINED: dict[str, Any] = {
    "stopping": {
        "rule": "paper-2020 and precision-at-least or recall-at-least",
        "options": {"precision-at-least": {"goal": 0.99}, "recall-at-least": {"goal": 0.9}, "paper-2020": {"times": 9}},
        "max_iterations": 2,
    }
}
"""Three rules, none of which stops so soon."""


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def person_of(small_survey: SmallSurvey) -> Callable[..., Person]:
    """Return a function that gives somebody who answers, and who may call the classes otherwise."""

    def person(**words: str) -> Person:
        return Person(SurveyOracle(SurveyTruth.open(small_survey.files.truth)), words)

    return person


@pytest.fixture(scope="session")
def campaign_of(small_survey: SmallSurvey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Campaign]]:
    """Return a function that makes a quick campaign over the small survey."""
    opened: list[Campaign] = []

    def make(name: str, **changes: Any) -> Campaign:
        folder = tmp_path_factory.mktemp("campaign") / name
        opened.append(create(folder, small_survey.pool, [small_survey.training()], settings_from({**QUICK, **changes})))
        return opened[-1]

    yield make
    for campaign in opened:
        campaign.store.close()


@pytest.fixture(scope="session")
def finished(campaign_of, person_of) -> Campaign:
    """Return a finished campaign whose audits were drawn by strata."""
    campaign = campaign_of("by-strata", **JOINED)
    finish(campaign, person_of())
    return campaign


@pytest.fixture(scope="session")
def of_paper(campaign_of, person_of) -> Campaign:
    """Return a finished campaign as in the paper."""
    campaign = campaign_of("as-in-the-paper", **PAPER)
    finish(campaign, person_of())
    return campaign


@pytest.fixture
def begun(campaign_of) -> Campaign:
    """Return a campaign whose first questions are open."""
    campaign = campaign_of("begun")
    step(campaign)
    step(campaign)
    return campaign
