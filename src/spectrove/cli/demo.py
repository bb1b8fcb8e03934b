"""``spectrove demo``: the whole job on an embedded synthetic survey, by the functions that the other commands call."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spectrove.cli.progress import showing_progress

if TYPE_CHECKING:
    from spectrove.campaign import Campaign
    from spectrove.evaluate import Performance
    from spectrove.simulate import SurveyTruth

SETTINGS: dict[str, Any] = {
    "network": {"name": "compact"},
    "query": {"batch_size": 50},
    "audit": {"size": 30},
    "stopping": {"options": {"threshold": 0.8, "times": 2}, "max_iterations": 8},
    "fit": {"min_delta": 1e-3, "patience": 5, "max_epochs": 30, "threads": 1, "device": "cpu"},
    "long_fit": {"min_delta": 1e-4, "patience": 20, "max_epochs": 100, "threads": 1, "device": "cpu"},
}
"""
A smaller network, smaller batches and shorter trainings than the paper's, so that the demonstration takes minutes; one thread of
the processor, so that every machine asks the same questions.
"""

TARGET_FRACTION = 0.04
"""Share of emission-line objects: thirty times that of a real survey, so that a small one holds enough of them to measure by."""


@click.command(short_help="The whole job on a synthetic survey.")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--size", default=3000, show_default=True, type=click.IntRange(min=300), help="Spectra in the pool.")
@click.option(
    "--seed",
    default=2020,
    show_default=True,
    type=click.IntRange(min=0),
    help="The same seed asks the same questions.",
)
@click.option("--workers", default=2, show_default=True, type=click.IntRange(min=1), help="Processes that read files.")
def demo(directory: Path, size: int, seed: int, workers: int) -> None:
    """
    Simulate a survey into DIRECTORY, search it for emission-line stars, and compare the result with the truth.

    Run again, it goes on where it was, or shows its result.
    """
    begun = time.monotonic()
    click.echo("1/4  simulate a survey: FITS files of two telescopes, and the truth about every spectrum")
    _simulate(directory / "survey", size, seed, workers)
    click.echo("2/4  read the files into two pools, one wavelength grid for both")
    _ingest(directory, workers)
    click.echo("3/4  search: train, score, ask, estimate, until it is good enough; the truth table answers in an expert's place")
    opened = _campaign(directory, seed)
    with opened:
        _run(opened, _truth(directory))
        click.echo("4/4  write the candidates and the report")
        _conclude(opened, directory, time.monotonic() - begun)


def _simulate(survey: Path, size: int, seed: int, workers: int) -> None:
    from spectrove.execution import make_executor
    from spectrove.simulate import SurveyConfig, is_finished, simulate_survey

    if is_finished(survey):
        return
    with showing_progress() as progress:
        config = SurveyConfig(n_pool=size, n_labeled=max(100, size // 5), target_fraction=TARGET_FRACTION, n_fits=size)
        simulate_survey(survey, config, seed, make_executor(workers), progress)


def _ingest(directory: Path, workers: int) -> None:
    from spectrove.execution import make_executor
    from spectrove.pool import IngestConfig, ingest
    from spectrove.preprocess import recipe

    for name, recipe_name in (("pool", "halpha-2020"), ("labeled", "halpha-2020-ondrejov")):
        with showing_progress() as progress:
            source = [directory / "survey" / "fits" / name]
            report = ingest(
                source, directory / f"{name}.pool", recipe(recipe_name), IngestConfig(), make_executor(workers), progress
            )
        refused = f", {report.n_refused} refused" if report.n_tried else " (read before)"
        click.echo(f"     {name}: {report.n_spectra_in_pool} spectra{refused}")


def _campaign(directory: Path, seed: int) -> Campaign:
    from spectrove.campaign import Campaign, TrainingSource, create
    from spectrove.config import settings_from

    path = directory / "campaign"
    if (path / "campaign.sqlite").exists():
        return Campaign(path)
    training = TrainingSource(directory / "labeled.pool", directory / "survey" / "labels.csv")
    return create(path, directory / "pool.pool", [training], settings_from({**SETTINGS, "seed": seed}))


def _truth(directory: Path) -> SurveyTruth:
    from spectrove.simulate import SurveyTruth, survey_files

    return SurveyTruth.open(survey_files(directory / "survey").truth)


def _run(opened: Campaign, truth: SurveyTruth) -> None:
    from spectrove.campaign import run
    from spectrove.simulate import SurveyOracle

    with showing_progress() as progress:
        run(opened, SurveyOracle(truth), None, progress, report=lambda sentence: click.echo(f"     {sentence}"))


def _conclude(opened: Campaign, directory: Path, seconds: float) -> None:
    from rich.console import Console
    from rich.table import Table

    from spectrove.campaign import status
    from spectrove.report import write_report
    from spectrove.vo import export_candidates

    paths = {"report": write_report(opened, directory / "campaign" / "report")[0].html}
    paths |= export_candidates(opened, directory / "campaign" / "export")
    facts = status(opened)
    truth = _truth(directory)
    table = Table(title="What the demonstration estimated (intervals of 95 %), and the truth")
    for column in ("iteration", "labels", "precision", "true", "recall", "true"):
        table.add_column(column, justify="right")
    for row in facts["iterations"]:
        performance = _performance(opened, row["number"], truth)
        known = row["precision"] or {}
        recall = (row["recall"] or {}).get("", {})
        table.add_row(
            f"{row['number']}{', long' if row['kind'] == 'final' else ''}",
            str(row["trained"]["n_examples"]),
            _share(known.get("estimate"), (known.get("lower", 0), known.get("upper", 1))),
            "" if performance.precision is None else f"{performance.precision:.2f}",
            _share(recall.get("estimate"), (recall.get("lower", 0), recall.get("upper", 1))),
            "" if performance.recall is None else f"{performance.recall:.2f}",
        )
    Console().print(table)
    click.echo(
        f"{performance.n_predicted} candidates, {performance.n_true_positive} of them truly targets; the pool of "
        f"{opened.pool.n_spectra} holds {performance.n_targets}. {facts['n_answers']} answers were asked for. "
        f"This run took {seconds:.0f} s."
    )
    click.echo("Open these:")
    for name, path in paths.items():
        click.echo(f"  {name:<12} {path}")
    click.echo(f"  {'truth':<12} {truth.path}")
    click.echo(f"Look at spectra and candidates in the browser: spectrove label {directory / 'campaign'}")


def _share(value: float | None, limits: tuple[float, float]) -> str:
    return "" if value is None else f"{value:.2f} ({limits[0]:.2f}–{limits[1]:.2f})"


def _performance(opened: Campaign, iteration: int, truth: SurveyTruth) -> Performance:
    from spectrove.catalog import candidates_of
    from spectrove.evaluate import precision_recall

    classes = opened.settings.classes
    table = candidates_of(opened, iteration)[0]
    found = dict(zip(table["spectrum_id"].to_pylist(), table["label"].to_pylist(), strict=True))
    other = next(name for name in classes.names if name not in classes.targets)
    known = truth.table(["spectrum_id", "label"])
    predicted = [found.get(spectrum_id, other) for spectrum_id in known["spectrum_id"].to_pylist()]
    return precision_recall(known["label"].to_pylist(), predicted, classes.targets)
