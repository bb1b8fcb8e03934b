"""Checkpoint × pool → scores: screened in a narrow type, and exact wherever a decision depends on it."""

from spectrove.scoring.calibrate import require_device
from spectrove.scoring.config import Focus, ScoreConfig
from spectrove.scoring.exact import predict, probabilities_of, probabilities_of_features
from spectrove.scoring.score import score
from spectrove.scoring.store import load_scores, save_scores

__all__ = [
    "Focus",
    "ScoreConfig",
    "load_scores",
    "predict",
    "probabilities_of",
    "probabilities_of_features",
    "require_device",
    "save_scores",
    "score",
]
