"""A small campaign with questions open, and the page over it."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from small_survey import SmallSurvey
from spectrove.campaign import Campaign, create, run
from spectrove.config import settings_from
from spectrove.web import PageConfig, create_app

with warnings.catch_warnings():  # Starlette's client asks for another version of its library by a warning
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

SETTINGS: dict[str, Any] = {
    "seed": 7,
    "fit": {"max_epochs": 2},
    "long_fit": {"max_epochs": 3},
    "query": {"batch_size": 8},
    "audit": {"size": 6},
    "stopping": {"max_iterations": 3},
    "review": {"second_votes": 0.5, "repeats": 0.0, "gold": 0.0},
}
"""Settings of a campaign that takes seconds."""

CONFIG = PageConfig(annotator="ada", port=8765)


@pytest.fixture(scope="session")
def asked(small_survey: SmallSurvey, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a campaign whose first questions are open; to be copied."""
    folder = tmp_path_factory.mktemp("asked") / "campaign"
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with create(folder, small_survey.pool, [small_survey.training()], settings_from(SETTINGS)) as campaign:
        run(campaign)
    torch.set_num_threads(before)
    return folder


@pytest.fixture
def campaign(asked: Path, tmp_path: Path) -> Iterator[Campaign]:
    """Return a campaign of the test's own whose first questions are open."""
    shutil.copytree(asked, tmp_path / "campaign")
    with Campaign(tmp_path / "campaign") as opened:
        yield opened


@pytest.fixture
def browser(campaign: Campaign) -> Iterator[Callable[..., TestClient]]:
    """Return a function that opens one more browser on the same page; its header for writes is set, unless a name is empty."""
    app = create_app(campaign, CONFIG)
    with ExitStack() as opened:

        def open_browser(name: str | None = None) -> TestClient:
            client = opened.enter_context(TestClient(app, base_url="http://127.0.0.1:8765"))
            client.headers["X-CSRF-Token"] = client.get("/api/v1/session").json()["csrf_token"]
            if name is not None:
                client.put("/api/v1/session", json={"annotator": name}).raise_for_status()
            return client

        yield open_browser


@pytest.fixture
def guarded(campaign: Campaign) -> Iterator[Callable[[], TestClient]]:
    """Return a function that opens one more browser on a page that needs the token ``a-token``."""
    app = create_app(campaign, replace(CONFIG, host="192.0.2.7", token="a-token"))
    with ExitStack() as opened:
        yield lambda: opened.enter_context(TestClient(app, base_url="http://192.0.2.7:8765", follow_redirects=False))
