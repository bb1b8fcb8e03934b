"""Labeled spectra in, a trained network out, and the checkpoint that says what it was made from."""

from spectrove.training.balance import smote
from spectrove.training.checkpoint import Checkpoint, make_provenance, training_set_hash, weights_of
from spectrove.training.fit import LONG, FitConfig, FitResult, fit, with_threads

__all__ = [
    "LONG",
    "Checkpoint",
    "FitConfig",
    "FitResult",
    "fit",
    "make_provenance",
    "smote",
    "training_set_hash",
    "weights_of",
    "with_threads",
]
