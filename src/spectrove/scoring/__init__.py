"""Checkpoint × pool → scores: screened in a narrow type, and exact wherever a decision depends on it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from spectrove.scoring.config import Focus, ScoreConfig
from spectrove.scoring.store import load_scores, save_scores

if TYPE_CHECKING:
    from spectrove.scoring.calibrate import require_device
    from spectrove.scoring.exact import predict, probabilities_of, probabilities_of_features
    from spectrove.scoring.whole import score

LATER = {
    "require_device": "calibrate",
    "predict": "exact",
    "probabilities_of": "exact",
    "probabilities_of_features": "exact",
    "score": "whole",
}
"""What needs PyTorch, and where it is: imported when it is first asked for, as most commands do without these two seconds."""


def __getattr__(name: str) -> Any:
    if name not in LATER:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{LATER[name]}"), name)


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
