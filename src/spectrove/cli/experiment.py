"""``spectrove experiment``: what the search is worth, measured on surveys whose truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spectrove.cli.executors import on_workers
from spectrove.cli.progress import showing_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@click.group(short_help="Measure the search on a survey whose truth is known.")
def experiment() -> None:
    """Measure what the search is worth, on simulated surveys whose truth is known."""


@experiment.command("paper-2020", short_help="The paper's experiment, from the simulation to the report.")
@click.option("--size", default=200_000, show_default=True, type=click.IntRange(min=100), help="Spectra in the pool.")
@click.option("--labeled", default=12_936, show_default=True, type=click.IntRange(min=30), help="Spectra in the labeled set.")
@click.option("--seed", default=2020, show_default=True, type=click.IntRange(min=0), help="Of the survey and everything else.")
@click.option("--network", default=None, metavar="NAME", help="paper-2020 or compact; as in the settings unless given.")
@click.option("--runs", default=None, type=click.IntRange(min=0), help="Networks trained without asking; 3 unless given.")
@click.option(
    "--settings", "settings_path", type=click.Path(path_type=Path), metavar="FILE.toml",
    help="What differs from the paper's: [survey], [campaign.fit], [campaign.long_fit], [campaign.stopping] and so on.",
)  # fmt: skip
@on_workers(default=2, what="Processes that simulate and examine.")
@click.option("--output", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Folder of the experiment.")
def paper_2020(output: Path, settings_path: Path | None, workers: int, scheduler: str | None, **options: Any) -> None:
    """
    Simulate a survey, search it as Škoda, Podsztavek & Tvrdík (2020) did, and measure the result against the truth.

    Networks without questions (their Table A.1), the active search (Fig. 5, Table 1), what was missed, and the classical
    finders, in one report as HTML, PDF and JSON. Run again, it goes on where it was.
    """
    from spectrove.execution import make_executor
    from spectrove.experiment import Surroundings, load_experiment, run_paper_2020

    settings = load_experiment(settings_path, _changes(options))
    with make_executor(workers, scheduler) as executor, showing_progress() as progress:
        files = run_paper_2020(output, settings, Surroundings(executor, progress, click.echo))
    for name, path in (("report", files.html), ("as PDF", files.pdf), ("numbers", files.json)):
        click.echo(f"{name:<12} {path}")


def _changes(options: Mapping[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {"seed": options["seed"], "survey": {"n_pool": options["size"], "n_labeled": options["labeled"]}}
    if options["network"] is not None:
        changes["campaign"] = {"network": {"name": options["network"]}}
    if options["runs"] is not None:
        changes["n_runs"] = options["runs"]
    return changes


@experiment.command(short_help="Several seeds in one table.")
@click.argument("directories", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE.json", help="Write the numbers there, too.")
def summary(directories: tuple[Path, ...], output: Path | None) -> None:
    """Print the results of the finished experiments in DIRECTORIES, which differ in their seed alone, in one table."""
    from rich.console import Console
    from rich.table import Table

    from spectrove.catalog import write_provenance
    from spectrove.experiment import summarize
    from spectrove.experiment.wording import told
    from spectrove.report.wording import percent

    found = summarize(directories)
    table = Table(title=f"{len(found['seeds'])} seeds ({', '.join(map(str, found['seeds']))}), network {found['network']}")
    table.add_column("quantity", no_wrap=True)
    for column in ("mean", "its limits of 95 % over seeds", "range", "all together (limits of 95 %)"):
        table.add_column(column)
    for name, fact in found["shares"].items():
        spread = f"{percent(fact['least'])} to {percent(fact['largest'])}"
        table.add_row(name, percent(fact["mean"]), _limits(fact, percent), spread, told(fact["pooled"]))
    for name, fact in found["counts"].items():
        spread = f"{fact['least']:,} to {fact['largest']:,}"
        table.add_row(name, f"{fact['mean']:,.1f}", _limits(fact, "{:,.0f}".format), spread, "")
    for name, fact in found["finders"].items():
        spread = f"{fact['least']:.3f} to {fact['largest']:.3f}"
        table.add_row(f"best F1, {name}", f"{fact['mean']:.3f}", _limits(fact, "{:.2f}".format), spread, "")
    Console().print(table)
    for seed, end in zip(found["seeds"], found["ends"], strict=True):
        click.echo(f"seed {seed} ended: {end}")
    if output is not None:
        write_provenance(found, output)
        click.echo(f"numbers      {output}")


def _limits(fact: Mapping[str, Any], written: Callable[[float], str]) -> str:
    limits = fact["limits"]
    return "" if limits is None else f"{written(limits[0])} to {written(limits[1])}"
