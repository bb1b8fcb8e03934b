"""
The paper's experiment on a survey whose truth is known, from the simulation to the report.

Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, sec. 3 and 4, Appendix A. Each part is done once; after a kill the same call goes
on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from spectrove.campaign import Campaign, TrainingSource
from spectrove.catalog import software_versions
from spectrove.contracts import Progress, no_progress
from spectrove.execution import Executor, InlineExecutor
from spectrove.experiment.active import Search, measure_search
from spectrove.experiment.examples import choose_examples
from spectrove.experiment.finders import compare, run_classical
from spectrove.experiment.non_active import LabeledSet, NonActiveRun, do_run
from spectrove.experiment.phases import Facts, Phases
from spectrove.experiment.report import ReportFiles, write_report
from spectrove.experiment.settings import ExperimentSettings, keep_settings, plain
from spectrove.experiment.truth import PoolTruth, truth_of
from spectrove.pool import Pool
from spectrove.simulate import PoolSource, SurveyFiles, SurveyOracle, SurveyTruth, simulate_survey, survey_files


@dataclass(frozen=True)
class Surroundings:
    """
    How an experiment is run; none of this changes a result.

    Attributes
    ----------
    executor : Executor
        Where many spectra are made or examined. Networks are trained and applied in this process, by its threads.
    progress : Progress
        Called as the work goes on.
    report : callable
        Called with a sentence as each part ends.
    """

    executor: Executor = field(default_factory=InlineExecutor)
    progress: Progress = no_progress
    report: Callable[[str], None] = field(default=lambda _: None)


class Experiment:
    """
    The paper's experiment in a folder.

    Parameters
    ----------
    directory : Path
        Its folder; absent, empty, or of the same experiment.
    settings : ExperimentSettings
        What it is made of.
    around : Surroundings
        How it is run.

    Raises
    ------
    ConfigError
        If the folder holds something else, or an experiment with other settings.
    StorageError
        If the disk is full or cannot be written.
    """

    def __init__(self, directory: Path, settings: ExperimentSettings, around: Surroundings) -> None:
        keep_settings(directory, settings)
        self.directory = directory
        self.settings = settings
        self.around = around
        self.phases = Phases(directory / "phases", around.report)

    @property
    def survey(self) -> SurveyFiles:
        """
        Return where the survey lies.

        Returns
        -------
        SurveyFiles
            Its pools, labels and truth.
        """
        return survey_files(self.directory / "survey")

    @cached_property
    def pool(self) -> Pool:
        """
        Return the pool that is searched.

        Returns
        -------
        Pool
            Of the simulated survey.
        """
        return Pool.open(self.survey.pool)

    @cached_property
    def truth_table(self) -> SurveyTruth:
        """
        Return the truth table.

        Returns
        -------
        SurveyTruth
            Of the simulated survey.
        """
        return SurveyTruth.open(self.survey.truth)

    @cached_property
    def truth(self) -> PoolTruth:
        """
        Return the truth as arrays over the rows of the pool.

        Returns
        -------
        PoolTruth
            One entry a spectrum.
        """
        classes = self.settings.campaign.classes
        return truth_of(self.pool, self.truth_table, classes.names, classes.targets)

    @property
    def search(self) -> Search:
        """
        Return the active search.

        Returns
        -------
        Search
            Its campaign lies in the experiment's folder.
        """
        training = TrainingSource(self.survey.labeled, self.survey.labels)
        return Search(self.directory / "campaign", self.survey.pool, training, self.settings.campaign)

    def simulate(self) -> Facts:
        """
        Simulate the survey.

        Returns
        -------
        dict
            How many spectra there are, and of what.
        """
        config, around = self.settings.survey, self.around
        simulate_survey(self.directory / "survey", config, self.settings.seed, around.executor, around.progress)
        return describe_survey(self.pool, self.truth)

    def run_without_asking(self, number: int) -> Facts:
        """
        Train one network on the labeled set alone, and judge what it predicts.

        Parameters
        ----------
        number : int
            The run, from 1.

        Returns
        -------
        dict
            What came of it, see `NonActiveRun.judge`, and of the training.
        """
        run = NonActiveRun(number, self.directory / "runs" / str(number), self.settings.campaign, self.pool)
        labeled = LabeledSet(self.survey.labeled, self.survey.labels)
        do_run(run, self.phases, labeled, InlineExecutor(), self.around.progress)
        trained = self.phases.once(f"run-{number}-training", dict)
        oracle = SurveyOracle(self.truth_table)
        judged = self.phases.once(f"run-{number}", lambda: run.judge(oracle, self.settings.n_judged, self.truth))
        return {"run": number, "trained": trained, **judged}

    def search_by_asking(self) -> Facts:
        """
        Make the active search and measure it.

        Returns
        -------
        dict
            See `spectrove.experiment.active.measure_search`, with ``steps``, the time of each.
        """
        around, oracle = self.around, SurveyOracle(self.truth_table)
        done = self.phases.once(
            "campaign", lambda: self.search.carry_out(oracle, InlineExecutor(), around.progress, around.report)
        )
        with self.search.open() as campaign:
            measured = self.phases.once("measures", lambda: measure_search(campaign, self.truth, around.progress))
        return {**measured, "steps": done["steps"]}

    def compare_with_finders(self) -> Facts:
        """
        Run the classical finders over the same survey.

        Returns
        -------
        dict
            See `spectrove.experiment.finders.compare`.
        """

        def work() -> Facts:
            source = PoolSource(self.settings.survey, self.settings.seed)
            classical = run_classical(source, self.pool, self.truth, self.around.executor, self.around.progress)
            with self.search.open() as campaign:
                return compare(classical, campaign, self.truth)

        return self.phases.once("finders", work)

    def choose_examples(self) -> Facts:
        """
        Choose spectra to be shown: found, falsely found, missed.

        Returns
        -------
        dict
            See `spectrove.experiment.examples.choose_examples`.
        """

        def work() -> Facts:
            with self.search.open() as campaign:
                return choose_examples(campaign, self.truth, self.settings.seed)

        return self.phases.once("examples", work)

    def run(self) -> ReportFiles:
        """
        Do whatever is not done yet, and write the report.

        Returns
        -------
        ReportFiles
            The report as HTML, PDF and JSON.
        """
        facts: Facts = {"survey": self.phases.once("simulation", self.simulate)}
        facts["non_active"] = [self.run_without_asking(number) for number in range(1, self.settings.n_runs + 1)]
        facts["active"] = self.search_by_asking()
        facts["finders"] = self.compare_with_finders()
        facts["examples"] = self.choose_examples()
        facts["settings"] = plain(self.settings)
        facts["made_from"] = {"pool": self.pool.content_hash, "checkpoint": self._checkpoint(), "software": software_versions()}
        facts["times"] = self.phases.times()
        return write_report(self.directory, facts)

    def _checkpoint(self) -> str | None:
        with Campaign(self.search.directory) as campaign:
            return campaign.iteration().checkpoint_hash


def describe_survey(pool: Pool, truth: PoolTruth) -> Facts:
    """
    Return how many spectra a survey has, and of what.

    Parameters
    ----------
    pool : Pool
        Its pool.
    truth : PoolTruth
        The truth about it.

    Returns
    -------
    dict
        Counts of spectra, objects, classes and emitters, and of spectra that the recipe refused.
    """
    return {
        "n_spectra": pool.n_spectra,
        "n_refused": pool.refused().num_rows,
        "n_objects": int(np.unique(truth.objects).size),
        "n_wave": pool.n_wave,
        "by_class": {name: int(np.count_nonzero(truth.labels == code)) for code, name in enumerate(truth.classes)},
        "n_targets": int(np.count_nonzero(truth.is_target)),
        "n_target_objects": int(np.unique(truth.objects[truth.is_target]).size),
        "n_emitting": int(np.count_nonzero(truth.emits)),
        "n_emitting_visible": int(np.count_nonzero(truth.emits & truth.is_target)),
    }


def run_paper_2020(directory: Path, settings: ExperimentSettings, around: Surroundings) -> ReportFiles:
    """
    Make the paper's experiment, or go on with it, and write its report.

    Parameters
    ----------
    directory : Path
        Its folder; absent, empty, or of the same experiment.
    settings : ExperimentSettings
        What it is made of.
    around : Surroundings
        How it is run.

    Returns
    -------
    ReportFiles
        The report as HTML, PDF and JSON.

    Raises
    ------
    ConfigError
        If the folder holds something else, or an experiment with other settings.
    StorageError
        If the disk is full or cannot be written; the same call goes on afterwards.
    """
    return Experiment(directory, settings, around).run()
