"""What to ask about next: pure functions of scores."""

from spectrove.query.audit import AuditDraw, allocate, draw_audit, target_probability
from spectrove.query.batch import sample_at_random, select_top
from spectrove.query.streaming import best_rows, predicted_classes, rows_above, top_utilities
from spectrove.query.uncertainty import Strategy, entropy

__all__ = [
    "AuditDraw",
    "Strategy",
    "allocate",
    "best_rows",
    "draw_audit",
    "entropy",
    "predicted_classes",
    "rows_above",
    "sample_at_random",
    "select_top",
    "target_probability",
    "top_utilities",
]
