"""A campaign's page with its services, on a port of this machine; and its spectra as their truth tells them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from searched import make_searched_campaign
from small_survey import SmallSurvey
from spectrove.campaign import Campaign
from spectrove.vo.service.holdings import Holdings
from spectrove.web import PageConfig, create_app
from spectrove.web.serve import LONGEST_REQUEST, listening


class Served:
    """The services of a campaign: their address, what they publish, and a client."""

    def __init__(self, base: str, holdings: Holdings) -> None:
        self.base = base
        self.holdings = holdings
        self.client = httpx.Client(base_url=base, timeout=60)

    def get(self, path: str, **given: Any) -> httpx.Response:
        """Return the answer to a query."""
        return self.client.get(path, params=given)


@pytest.fixture(scope="package")
def served(small_survey: SmallSurvey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Return the services of a campaign whose first questions are open."""
    folder: Path = make_searched_campaign(tmp_path_factory.mktemp("served") / "campaign", small_survey)
    with Campaign(folder) as campaign, listening("127.0.0.1", 0) as door:
        port = door.getsockname()[1]
        app = create_app(campaign, PageConfig("ada", port=port, runs_loop=False))
        settings = uvicorn.Config(
            app, lifespan="off", log_level="warning", http="h11", h11_max_incomplete_event_size=LONGEST_REQUEST
        )
        server = uvicorn.Server(settings)
        thread = threading.Thread(target=server.run, args=([door],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        found = Served(f"http://127.0.0.1:{port}/vo/", app.state.vo.holdings)
        yield found
        found.client.close()
        server.should_exit = True
        thread.join(30)
