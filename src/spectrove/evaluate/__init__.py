"""How good the predictions are, how well that is known, and when to stop asking."""

from spectrove.evaluate.performance import (
    ConfusionMatrix,
    Performance,
    PrecisionEstimate,
    confusion_matrix,
    estimate_class_precision,
    estimate_precision,
    precision_interval,
    precision_recall,
)
from spectrove.evaluate.stopping import Paper2020Rule, StopDecision, StoppingRule

__all__ = [
    "ConfusionMatrix",
    "Paper2020Rule",
    "Performance",
    "PrecisionEstimate",
    "StopDecision",
    "StoppingRule",
    "confusion_matrix",
    "estimate_class_precision",
    "estimate_precision",
    "precision_interval",
    "precision_recall",
]
