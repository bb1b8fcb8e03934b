"""A synthetic survey small enough for tests, as files and as pools."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from spectrove.campaign import TrainingSource
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
    """Return 240 noisy spectra and 90 labeled ones of another telescope, all of them also as files."""
    config = SurveyConfig(n_pool=240, n_labeled=90, target_fraction=0.12, unknown_fraction=0.03, n_fits=240)
    files = simulate_survey(folder / "survey", config, 20200918)
    return SmallSurvey(files, files.pool, files.labeled)
