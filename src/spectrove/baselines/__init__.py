"""The classical finders of emission lines that the network is compared with, one a file."""

from spectrove.baselines.comparison import BestF1, FinderReport, best_f1, run_finders
from spectrove.baselines.finder import Finder
from spectrove.baselines.finders import FINDERS
from spectrove.baselines.profile_types import classify_profiles
from spectrove.baselines.templates import PROFILE_TYPES
from spectrove.baselines.window import LineWindow, line_window

__all__ = [
    "FINDERS",
    "PROFILE_TYPES",
    "BestF1",
    "Finder",
    "FinderReport",
    "LineWindow",
    "best_f1",
    "classify_profiles",
    "line_window",
    "run_finders",
]
