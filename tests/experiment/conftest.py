"""A whole experiment, small and quick, made once for all tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from spectrove.campaign import Campaign
from spectrove.experiment import ReportFiles, Surroundings, load_experiment, run_paper_2020
from spectrove.experiment.paper_2020 import Experiment

QUICK: dict[str, Any] = {
    "seed": 7,
    "survey": {"n_pool": 240, "n_labeled": 90, "target_fraction": 0.12, "unknown_fraction": 0.03},
    "n_runs": 2,
    "n_judged": 8,
    "campaign": {
        "fit": {"max_epochs": 2, "threads": 1},
        "long_fit": {"max_epochs": 3, "threads": 1},
        "scoring": {"threads": 1},
        "query": {"batch_size": 6},
        "audit": {"size": 5},
        "stopping": {"max_iterations": 2},
    },
}
"""Settings of an experiment that takes seconds."""


def make_experiment(directory: Path, report: Callable[[str], None] = lambda _: None, **changes: Any) -> ReportFiles:
    """Make a quick experiment, or go on with it."""
    return run_paper_2020(directory, load_experiment(None, {**QUICK, **changes}), Surroundings(report=report))


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    """Return an experiment that is done, opened."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    directory = tmp_path_factory.mktemp("experiment") / "seed-7"
    make_experiment(directory)
    torch.set_num_threads(before)
    return Experiment(directory, load_experiment(None, QUICK), Surroundings())


@pytest.fixture
def campaign(finished: Experiment):
    """Return its campaign."""
    with Campaign(finished.directory / "campaign") as opened:
        yield opened
