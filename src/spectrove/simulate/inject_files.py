"""Lines put into the spectra of files, in tasks: a worker reads some files, and writes what comes of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from spectrove import surveys
from spectrove.contracts import Progress, no_progress
from spectrove.errors import SurveyFileError
from spectrove.execution import Executor
from spectrove.simulate.emission import make_emission
from spectrove.simulate.inject import (
    Design,
    Injected,
    LineShape,
    observed_shape,
    simulated_shape,
)
from spectrove.simulate.inject_many import inject_copies, lines_of
from spectrove.simulate.injections import InjectionReport, check_free, count_labels, write_spectrum, write_truth
from spectrove.simulate.stars import draw_stars
from spectrove.simulate.targets import TARGET_KINDS, draw_emission, draw_targets
from spectrove.storage import PARTIAL, atomic_path, remove, storage_errors

DRAWN = 40
"""Lines drawn of a kind of target."""

FILES_A_TASK = 32
"""Files that one task reads: some seconds of work."""


@dataclass(frozen=True)
class InjectionPlan:
    """
    What is put into the spectra of files; from it and the files all follows.

    Attributes
    ----------
    design : Design
        Strengths, widths, velocities and number of copies.
    plain : tuple of tuple of float
        Widths of a peak and distances of two, Å, of lines of simple shape.
    named : tuple of str
        Kinds of targets of which lines are drawn, and paths of real spectra with a line.
    named_power : float
        λ/Δλ of these real spectra.
    seed : int
        From which all chance follows; not negative.
    """

    design: Design
    plain: tuple[tuple[float, float], ...] = ()
    named: tuple[str, ...] = ()
    named_power: float = 1800.0
    seed: int = 2020

    def shapes(self) -> list[LineShape]:
        """
        Return the shapes of the lines.

        Returns
        -------
        list of LineShape
            Plain ones first, then the named in their order.

        Raises
        ------
        SpectrumError
            If a real spectrum has no line that stands out.
        SurveyFileError
            If its file cannot be read.
        """
        generator = np.random.default_rng(self.seed)
        made = [
            simulated_shape(
                f"plain {fwhm:g} Å, {apart:g} Å apart", make_emission(1, ew=1.0, fwhm=fwhm, separation=apart, inner=2.0)
            )
            for fwhm, apart in self.plain
        ]
        for name in self.named:
            made += _drawn(name, generator) if name in TARGET_KINDS else _observed(Path(name), self.named_power)
        return made


def _drawn(kind: str, generator: np.random.Generator) -> list[LineShape]:
    kinds, hosts = draw_targets(DRAWN, generator, {kind: 1.0})
    emission = draw_emission(kinds, draw_stars(hosts, generator), generator)
    return [simulated_shape(kind, emission.rows(slice(row, row + 1))) for row in range(DRAWN)]


def _observed(path: Path, resolving_power: float) -> list[LineShape]:
    return [observed_shape(spectrum, resolving_power) for spectrum in surveys.read(path)]


@dataclass(frozen=True)
class _Some:
    """Some of the files, with their numbers among all, and where what comes of them is written."""

    plan: InjectionPlan
    directory: Path
    first: int
    files: tuple[str, ...]


@dataclass(frozen=True)
class _Made:
    rows: list[dict[str, str]]
    refused: list[tuple[str, str]]
    passed_over: list[str]


def inject_files(
    directory: Path, files: Sequence[str], plan: InjectionPlan, executor: Executor, progress: Progress = no_progress
) -> InjectionReport:
    """
    Put lines into the spectra of files; write them, and the table of what was put into them.

    Parameters
    ----------
    directory : Path
        New or empty; it appears whole when all is written, and one that is interrupted leaves nothing.
    files : sequence of str
        Absolute paths.
    plan : InjectionPlan
        What to put into them. Every combination is used equally often over the first spectra of all files, and over the others
        of each file.
    executor : Executor
        Where the tasks run; it changes nothing in what is written.
    progress : Progress
        Called after each task with the number of files.

    Returns
    -------
    InjectionReport
        Counts, what was refused, and which files could not be read.

    Raises
    ------
    SpectrumError
        If a real spectrum has no line that stands out.
    StorageError
        If the directory holds an injection or something else, or cannot be written.
    SurveyFileError
        If the file of a real line cannot be read.
    """
    check_free(directory)
    plan.shapes()  # what is wrong with them is said here, once
    all_made = _Made([], [], [])
    with atomic_path(directory.absolute()) as aside:
        (aside / "spectra").mkdir(parents=True)
        tasks = (
            _Some(plan, aside / "spectra", first, tuple(files[first : first + FILES_A_TASK]))
            for first in range(0, len(files), FILES_A_TASK)
        )
        for number, made in enumerate(executor.run(_inject_some, tasks), 1):
            all_made.rows.extend(made.rows)
            all_made.refused.extend(made.refused)
            all_made.passed_over.extend(made.passed_over)
            progress("files injected into", min(number * FILES_A_TASK, len(files)), len(files))
        for leftover in (aside / "spectra").glob(f".*{PARTIAL}"):
            remove(leftover)  # of a worker that died
        write_truth(aside, all_made.rows)
    labels = count_labels(all_made.rows)
    return InjectionReport(directory, labels, tuple(all_made.refused), tuple(all_made.passed_over))


def _inject_some(task: _Some) -> _Made:
    made = _Made([], [], [])
    for number, file in enumerate(task.files, task.first):
        try:
            for n, result in enumerate(_results(task.plan, number, file)):
                if isinstance(result, Injected):
                    with storage_errors(task.directory):
                        made.rows.append(write_spectrum(task.directory, f"{number:06d}-{n}", result))
                else:
                    made.refused.append(result)
        except SurveyFileError as error:
            made.passed_over.append(str(error))
    return made


def _results(plan: InjectionPlan, number: int, file: str) -> Iterator[Injected | tuple[str, str]]:
    lines = _lines(plan)
    cells = _cells(plan, number, len(lines))
    for n, spectrum in enumerate(surveys.read(Path(file))):
        generator = np.random.default_rng([plan.seed, 1, number, n])
        yield from inject_copies(spectrum, lines, cells, plan.design, generator)


def _cells(plan: InjectionPlan, number: int, n_cells: int) -> Iterator[int]:
    """Yield which lines are put into a file: its share of those that all files deal out, and then some of its own."""
    copies = plan.design.copies
    for place in range(number * copies, (number + 1) * copies):
        deal, card = divmod(place, n_cells)
        yield int(np.random.default_rng([plan.seed, 2, deal]).permutation(n_cells)[card])
    generator = np.random.default_rng([plan.seed, 3, number])
    while True:
        yield from generator.permutation(n_cells).tolist()


@lru_cache(maxsize=1)
def _lines(plan: InjectionPlan) -> list[tuple[LineShape, float]]:
    return lines_of(plan.shapes(), plan.design)
