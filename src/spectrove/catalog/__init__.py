"""The result: a list of candidates, and what it was made from."""

from spectrove.catalog.build import LabeledSpectrum, build_candidates, probability_column
from spectrove.catalog.export import candidates_of
from spectrove.catalog.files import as_json, software_versions, write_csv, write_provenance

__all__ = [
    "LabeledSpectrum",
    "as_json",
    "build_candidates",
    "candidates_of",
    "probability_column",
    "software_versions",
    "write_csv",
    "write_provenance",
]
