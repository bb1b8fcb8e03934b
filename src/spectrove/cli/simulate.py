"""``spectrove simulate``: a survey whose truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from spectrove.cli.executors import on_workers
from spectrove.cli.inject import completeness, inject
from spectrove.cli.progress import showing_progress


@click.group()
def simulate() -> None:
    """Make synthetic surveys with a truth table."""


@simulate.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--size", default=3000, show_default=True, type=click.IntRange(min=1), help="Spectra in the pool.")
@click.option("--labeled", default=600, show_default=True, type=click.IntRange(min=1), help="Spectra in the labeled set.")
@click.option("--seed", default=2020, show_default=True, type=click.IntRange(min=0), help="The same seed makes the same spectra.")
@click.option("--fits", default=0, show_default=True, type=click.IntRange(min=0), help="Spectra also written as FITS files.")
@click.option(
    "--target-fraction",
    default=0.0013,
    show_default=True,
    type=click.FloatRange(0, 0.9),
    help="Share of the pool's objects that emit.",
)
@on_workers()
def survey(directory: Path, seed: int, fits: int, workers: int, scheduler: str | None, **options: Any) -> None:
    """
    Write a survey into DIRECTORY: a noisy pool, a clean labeled set of another telescope, and the truth.

    The pool is in vacuum and as sharp as LAMOST's real spectra (R = 1,500), the labeled set in air and of R = 13,000, like those
    of Ondřejov; files are in their layouts. Run again after it was stopped, it goes on where it was.
    """
    if fits > options["size"]:
        msg = f"--fits {fits} is more than the {options['size']} spectra of the pool. Ask for fewer files, or raise --size."
        raise click.UsageError(msg)
    from spectrove.execution import make_executor
    from spectrove.simulate import SurveyConfig, is_finished, simulate_survey

    sizes = {"n_pool": options["size"], "n_labeled": options["labeled"], "n_fits": fits}
    config = SurveyConfig(**sizes, target_fraction=options["target_fraction"])
    there = is_finished(directory)
    with make_executor(workers, scheduler) as executor, showing_progress() as progress:
        files = simulate_survey(directory, config, seed, executor, progress)
    if there:
        click.echo(f"{directory} is there already, with these settings and this seed.")
    click.echo(f"pool         {files.pool}")
    click.echo(f"labeled set  {files.labeled}")
    click.echo(f"labels       {files.labels}")
    click.echo(f"truth        {files.truth}")
    if fits:
        click.echo(f"FITS files   {files.fits_pool}, {files.fits_labeled}")


for command in (inject, completeness):
    simulate.add_command(command)
