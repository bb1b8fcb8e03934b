"""``spectrove simulate``: a survey whose truth is known."""

from __future__ import annotations

from pathlib import Path

import click

from spectrove.cli.progress import showing_progress


@click.group()
def simulate() -> None:
    """Make synthetic surveys with a truth table."""


@simulate.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--size", default=3000, show_default=True, type=click.IntRange(min=1), help="Spectra in the pool.")
@click.option("--labeled", default=600, show_default=True, type=click.IntRange(min=1), help="Spectra in the labeled set.")
@click.option("--seed", default=2020, show_default=True, type=click.IntRange(min=0), help="The same seed makes the same files.")
def survey(directory: Path, size: int, labeled: int, seed: int) -> None:
    """
    Write a survey into DIRECTORY: a noisy pool, a clean labeled set of another telescope, and the truth.

    The pool is of R = 1,800 in vacuum, in LAMOST's layouts; the labeled set is of R = 13,000 in air, in Ondřejov's.
    """
    import numpy as np

    from spectrove.simulate import SurveyConfig, simulate_survey

    with showing_progress() as progress:
        files = simulate_survey(directory, SurveyConfig(n_pool=size, n_labeled=labeled), np.random.default_rng(seed), progress)
    click.echo(f"pool         {files.pool}")
    click.echo(f"labeled set  {files.labeled}")
    click.echo(f"labels       {files.labels}")
    click.echo(f"truth        {files.truth}")
