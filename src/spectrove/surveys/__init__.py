"""Files in, spectra out; nobody else opens survey files."""

from spectrove.surveys.again import read_again
from spectrove.surveys.content import Wanted
from spectrove.surveys.drawing import draw
from spectrove.surveys.fast import fast_formats, parse_fast, read_fast
from spectrove.surveys.file import FAULTS, SurveyFile
from spectrove.surveys.plain import Grid, PlainSpectrum
from spectrove.surveys.reader import Inspection, Reader, inspect, read, reader_of, readers

__all__ = [
    "FAULTS",
    "Grid",
    "Inspection",
    "PlainSpectrum",
    "Reader",
    "SurveyFile",
    "Wanted",
    "draw",
    "fast_formats",
    "inspect",
    "parse_fast",
    "read",
    "read_again",
    "read_fast",
    "reader_of",
    "readers",
]
