"""A synthetic survey small enough for tests, read into pools."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spectrove.campaign import TrainingSource
from spectrove.execution import InlineExecutor
from spectrove.pool import IngestConfig, ingest
from spectrove.preprocess import recipe
from spectrove.simulate import SurveyConfig, SurveyFiles, simulate_survey


@dataclass(frozen=True)
class SmallSurvey:
    """The survey's files and its two pools."""

    files: SurveyFiles
    pool: Path
    labeled: Path

    def training(self) -> TrainingSource:
        """Return the labeled set as a campaign takes it."""
        return TrainingSource(self.labeled, self.files.labels)


def make_small_survey(folder: Path) -> SmallSurvey:
    """Return 240 noisy spectra and 90 labeled ones of another telescope, as files and as pools."""
    config = SurveyConfig(n_pool=240, n_labeled=90, target_fraction=0.1)
    files = simulate_survey(folder / "survey", config, np.random.default_rng(20200918))
    for source, name in ((files.pool, "halpha-2020"), (files.labeled, "halpha-2020-ondrejov")):
        ingest([source], folder / f"{source.name}.pool", recipe(name), IngestConfig(), InlineExecutor())
    return SmallSurvey(files, folder / "pool.pool", folder / "labeled.pool")
