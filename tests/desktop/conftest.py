"""TOPCAT on a screen of its own, a campaign with candidates that is served, a browser at its page, and a data center."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pyvo

from desktop_programs import Topcat, desktop, missing_programs
from label_command import running_command
from published_at_dachs import center, dachs  # noqa: F401 - fixtures
from small_survey import SmallSurvey
from spectrove.campaign import TrainingSource, create, run
from spectrove.config import settings_from
from spectrove.execution import InlineExecutor
from spectrove.pool import IngestConfig, ingest
from spectrove.preprocess import recipe
from spectrove.simulate import SurveyOracle, SurveyTruth

SETTINGS: dict[str, Any] = {
    "seed": 7,
    "fit": {"max_epochs": 3, "threads": 1},
    "long_fit": {"max_epochs": 3, "threads": 1},
    "query": {"batch_size": 12},
    "audit": {"size": 6},
    "stopping": {"max_iterations": 1},
}
"""Settings of a campaign that takes seconds and ends with some candidates."""


@pytest.fixture(scope="session")
def running_topcat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Topcat]:
    """Return TOPCAT at a hub that pages can reach too, or skip the test."""
    if missing := missing_programs():
        pytest.skip(f"programs are missing here; on Debian: apt-get install {' '.join(missing)}")
    with desktop(tmp_path_factory.mktemp("desktop")) as started:
        yield started


@pytest.fixture
def topcat(running_topcat: Topcat) -> Topcat:
    """Return TOPCAT; what it said before is forgotten."""
    running_topcat.listener.forget()
    return running_topcat


@pytest.fixture(scope="session")
def stilts() -> str:
    """Return the command, or skip the test."""
    found = shutil.which("stilts")
    if found is None:
        pytest.skip("stilts is not installed here; on Debian: apt-get install stilts")
    return found


@pytest.fixture(scope="session")
def finished(small_survey: SmallSurvey, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a finished campaign over real FITS files."""
    folder = tmp_path_factory.mktemp("finished")
    ingest([small_survey.files.fits_pool], folder / "pool", recipe("halpha-2020"), IngestConfig(), InlineExecutor())
    training = TrainingSource(small_survey.labeled, small_survey.files.labels)
    with create(folder / "campaign", folder / "pool", [training], settings_from(SETTINGS)) as campaign:
        run(campaign, SurveyOracle(SurveyTruth.open(small_survey.files.truth)))
        assert campaign.is_finished()
    return folder / "campaign"


@pytest.fixture(scope="session")
def served(finished: Path) -> Iterator[str]:
    """Return where the page and the services of the campaign are, no slash at the end."""
    with running_command("vo", "serve", finished, "--annotator", "Ann") as started:
        yield started.address.rstrip("/")


@pytest.fixture(scope="session")
def vo(served: str) -> str:
    """Return where the services are."""
    return f"{served}/vo"


@pytest.fixture(scope="session")
def everything(vo: str) -> Any:
    """Return all spectra that SSAP tells of."""
    return pyvo.dal.SSAService(f"{vo}/ssap").search(MAXREC=10_000)
