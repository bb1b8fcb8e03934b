"""Labeled spectra in, a trained network out, and the checkpoint that says what it was made from."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from spectrove.training.balance import smote
from spectrove.training.settings import LONG, FitConfig, settled

if TYPE_CHECKING:
    from spectrove.training.checkpoint import Checkpoint, make_provenance, training_set_hash
    from spectrove.training.loop import FitResult, fit
    from spectrove.training.weights import continue_from, weights_of

LATER = {
    "Checkpoint": "checkpoint",
    "make_provenance": "checkpoint",
    "training_set_hash": "checkpoint",
    "FitResult": "loop",
    "fit": "loop",
    "continue_from": "weights",
    "weights_of": "weights",
}
"""What needs PyTorch, and where it is: imported when it is first asked for, as most commands do without these two seconds."""


def __getattr__(name: str) -> Any:
    if name not in LATER:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{LATER[name]}"), name)


__all__ = [
    "LONG",
    "Checkpoint",
    "FitConfig",
    "FitResult",
    "continue_from",
    "fit",
    "make_provenance",
    "settled",
    "smote",
    "training_set_hash",
    "weights_of",
]
