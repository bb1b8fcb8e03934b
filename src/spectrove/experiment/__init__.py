"""Experiments on surveys whose truth is known: the paper's own, from the simulation to the report."""

from spectrove.experiment.paper_2020 import Surroundings, run_paper_2020
from spectrove.experiment.report import ReportFiles
from spectrove.experiment.settings import ExperimentSettings, load_experiment
from spectrove.experiment.summary import summarize

__all__ = ["ExperimentSettings", "ReportFiles", "Surroundings", "load_experiment", "run_paper_2020", "summarize"]
