"""Synthetic surveys: spectra around Hα, two instruments, pools and files in real layouts, and the truth, all from one seed."""

from spectrove.simulate.labeled import LabeledSource
from spectrove.simulate.settings import SurveyConfig
from spectrove.simulate.source import PoolSource
from spectrove.simulate.survey import SurveyFiles, is_finished, read_survey, simulate_survey, survey_files
from spectrove.simulate.truth import SurveyOracle, SurveyTruth

__all__ = [
    "LabeledSource",
    "PoolSource",
    "SurveyConfig",
    "SurveyFiles",
    "SurveyOracle",
    "SurveyTruth",
    "is_finished",
    "read_survey",
    "simulate_survey",
    "survey_files",
]
