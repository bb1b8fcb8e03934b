"""What to ask about next: pure functions of scores."""

from spectrove.query.batch import sample_at_random, select_top
from spectrove.query.streaming import best_rows, predicted_classes, rows_above, top_utilities
from spectrove.query.uncertainty import Strategy, entropy

__all__ = [
    "Strategy",
    "best_rows",
    "entropy",
    "predicted_classes",
    "rows_above",
    "sample_at_random",
    "select_top",
    "top_utilities",
]
