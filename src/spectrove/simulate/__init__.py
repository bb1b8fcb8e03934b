"""Synthetic surveys: spectra around Hα, two instruments, files in real layouts, and the truth, all from one seed."""

from spectrove.simulate.settings import SurveyConfig
from spectrove.simulate.spectra import Stars, emission_profile, line_profile, relative_flux
from spectrove.simulate.survey import SurveyFiles, simulate_survey, survey_files

__all__ = [
    "Stars",
    "SurveyConfig",
    "SurveyFiles",
    "emission_profile",
    "line_profile",
    "relative_flux",
    "simulate_survey",
    "survey_files",
]
