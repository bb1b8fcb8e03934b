"""A campaign that has scored its pool and asks its first questions; takes seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from small_survey import SmallSurvey
from spectrove.campaign import create, run
from spectrove.config import settings_from

SETTINGS: dict[str, Any] = {
    "seed": 7,
    "fit": {"max_epochs": 2},
    "long_fit": {"max_epochs": 3},
    "query": {"batch_size": 8},
    "audit": {"size": 6},
    "stopping": {"max_iterations": 3},
}


def make_searched_campaign(folder: Path, survey: SmallSurvey, **changes: Any) -> Path:
    """Return the folder of a campaign over the small survey whose first questions are open."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with create(folder, survey.pool, [survey.training()], settings_from({**SETTINGS, **changes})) as campaign:
            run(campaign)
    finally:
        torch.set_num_threads(before)
    return folder
