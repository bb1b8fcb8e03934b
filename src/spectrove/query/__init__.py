"""What to ask about next: pure functions of scores."""

from spectrove.query.batch import sample_at_random, select_top
from spectrove.query.uncertainty import Strategy, entropy

__all__ = ["Strategy", "entropy", "sample_at_random", "select_top"]
