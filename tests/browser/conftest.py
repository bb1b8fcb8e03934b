"""A browser, and a campaign over real FITS files for it to label."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from small_survey import SmallSurvey
from spectrove.campaign import Campaign, TrainingSource, create
from spectrove.config import settings_from
from spectrove.execution import InlineExecutor
from spectrove.pool import IngestConfig, ingest
from spectrove.preprocess import recipe


@pytest.fixture(scope="session")
def read_pool(small_survey: SmallSurvey, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a pool that was read from the survey's FITS files, so that the page can read them again."""
    path = tmp_path_factory.mktemp("read") / "pool"
    ingest([small_survey.files.fits_pool], path, recipe("halpha-2020"), IngestConfig(), InlineExecutor())
    return path


@pytest.fixture(scope="module")
def campaign_of(small_survey: SmallSurvey, read_pool: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a function that makes a campaign which takes seconds, and gives its folder."""

    def make(n_queries: int, n_audits: int, **changes: Any) -> Path:
        settings = {
            "seed": 7,
            "fit": {"max_epochs": 3, "threads": 1},
            "long_fit": {"max_epochs": 3, "threads": 1},
            "query": {"batch_size": n_queries},
            "audit": {"size": n_audits},
            **changes,
        }
        training = TrainingSource(small_survey.labeled, small_survey.files.labels)
        path = tmp_path_factory.mktemp("page") / "campaign"
        create(path, read_pool, [training], settings_from(settings)).store.close()
        return path

    return make


@pytest.fixture
def answers_of() -> Callable[[Path], list[Any]]:
    """Return a function that gives the answers in a campaign's store."""

    def answers(directory: Path) -> list[Any]:
        with Campaign(directory) as campaign:
            return campaign.store.answers()

    return answers
