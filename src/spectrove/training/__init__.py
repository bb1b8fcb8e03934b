"""Labeled spectra in, a trained network out, and the checkpoint that says what it was made from."""

from spectrove.training.balance import smote
from spectrove.training.checkpoint import Checkpoint, make_provenance, training_set_hash
from spectrove.training.fit import FitResult, fit
from spectrove.training.settings import LONG, FitConfig, settled
from spectrove.training.weights import continue_from, weights_of

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
