"""Files in, spectra out; nobody else opens survey files."""

from spectrove.surveys.drawing import draw
from spectrove.surveys.file import SurveyFile
from spectrove.surveys.reader import Inspection, Reader, inspect, read, reader_of, readers

__all__ = ["Inspection", "Reader", "SurveyFile", "draw", "inspect", "read", "reader_of", "readers"]
