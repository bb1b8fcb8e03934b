"""Small campaigns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import torch

from small_survey import SmallSurvey
from spectrove.campaign import Campaign, create
from spectrove.config import settings_from
from spectrove.simulate import SurveyOracle, SurveyTruth

QUICK: dict[str, Any] = {
    "seed": 7,
    "fit": {"max_epochs": 2},
    "long_fit": {"max_epochs": 3},
    "query": {"batch_size": 6},
    "audit": {"size": 5},
    "stopping": {"max_iterations": 3},
}
"""Settings of a campaign that takes seconds."""


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def new_campaign(small_survey: SmallSurvey, tmp_path: Path) -> Iterator[Callable[..., Campaign]]:
    """Return a function that makes a quick campaign over the small survey."""
    with ExitStack() as opened:

        def make(name: str = "campaign", **changes: Any) -> Campaign:
            settings = settings_from({**QUICK, **changes})
            return opened.enter_context(create(tmp_path / name, small_survey.pool, [small_survey.training()], settings))

        yield make


@pytest.fixture
def oracle_of(small_survey: SmallSurvey) -> Callable[[Campaign], SurveyOracle]:
    """Return a function that gives the truth table as the oracle of a campaign."""

    def oracle(_: Campaign) -> SurveyOracle:
        return SurveyOracle(SurveyTruth.open(small_survey.files.truth))

    return oracle
