"""``spectrove pool``: from survey files to a sealed pool."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spectrove.cli.executors import on_workers
from spectrove.cli.places import Place
from spectrove.cli.progress import showing_progress
from spectrove.cli.ssap import Asked, Source, fetch_all, on_services

if TYPE_CHECKING:
    from spectrove.pool import IngestReport


RECIPES_HELP = (
    "How spectra are preprocessed: halpha-2020 (LAMOST and other R = 1,800), halpha-2020-ondrejov (CCD700, R = 13,000: "
    "blurred by 7 pixels), or halpha-2020-ondrejov-extended (the same for spectra that end at 6660 Å)."
)


@click.group(short_help="Make and look at pools of spectra.")
def pool() -> None:
    """Make and look at pools: spectra brought to one wavelength grid, with their metadata."""


@pool.command()
@click.argument("paths", type=Source(), nargs=-1, required=True)
@click.option("--pool", "pool_path", type=Place(), required=True, metavar="DIR|URL", help="The pool to make or to add to.")
@click.option("--recipe", "recipe_name", required=True, metavar="NAME", help=RECIPES_HELP)
@click.option("--format", "format_", metavar="NAME", help="Read every file as this format instead of asking every reader.")
@on_services
@on_workers(what="Processes that read files.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def ingest(  # noqa: PLR0913, PLR0917 - one argument an option
    paths: tuple[Path | str, ...],
    asked: Asked,
    pool_path: Path,
    recipe_name: str,
    format_: str | None,
    workers: int,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """
    Read every file under PATHS into a pool.

    A file that cannot be used is kept with its reason and never stops the run. A run that was interrupted goes on where it was;
    run again, the command reads only what is new and adds it as a new version.

    One of PATHS may be ssap:URL, a service of spectra in the Virtual Observatory. What it offers at --pos is fetched into a
    folder first, which is then read as any other; run again, the command fetches only what is missing.
    """
    from spectrove.execution import make_executor
    from spectrove.pool import IngestConfig, ingest
    from spectrove.preprocess import recipe

    chosen = recipe(recipe_name)
    with showing_progress() as progress:
        places, fetched = fetch_all(paths, asked, pool_path, progress)
    with make_executor(workers, scheduler) as executor, showing_progress() as progress:
        report = ingest(places, pool_path, chosen, IngestConfig(format=format_), executor, progress)
    if as_json:
        content = {**report.to_dict(), **({"fetched": [one.to_dict() for one in fetched]} if fetched else {})}
        click.echo(json.dumps(content, indent=2, ensure_ascii=False))
    else:
        _print(report)


@pool.command()
@click.argument("directory", type=Place())
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.option("--refused", is_flag=True, help="List each refused file with its reason instead.")
def info(directory: Path, as_json: bool, refused: bool) -> None:
    """Say what the pool in DIRECTORY holds, how it was made, and what was refused."""
    from spectrove.pool import Pool, pool_info

    if refused:
        rows = Pool.open(directory).refused().select(["file", "spectrum_id", "kind", "reason"]).to_pylist()
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False) if as_json else "\n".join(row["reason"] for row in rows))
        return

    facts = pool_info(directory)
    if as_json:
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    _print_facts(facts)


def _print_facts(facts: dict[str, Any]) -> None:
    recipe, (start, stop) = facts["recipe"], facts["wave"]
    steps = ", ".join(step["step"] for step in recipe["steps"])
    click.echo(f"pool       {facts['pool']}, {facts['bytes'] / 1e6:.1f} MB, content {facts['content_hash']}")
    click.echo(f"recipe     {recipe['name']} ({recipe['hash']}): {steps}; {facts['n_wave']} points, {start:g} to {stop:g} Å")
    click.echo(f"spectra    {facts['n_spectra']}")
    for reader, count in facts["by_format"].items():
        click.echo(f"  {count:>7}  {reader}")
    click.echo(f"refused    {facts['n_refused']}")
    for reason, count in facts["refused_by_reason"].items():
        click.echo(f"  {count:>7}  {reason}")
    if undeclared := facts["by_medium"].get("undeclared"):
        taken = "air" if any(step["step"] == "air-to-vacuum" for step in recipe["steps"]) else "vacuum"
        click.echo(f"medium     {undeclared} spectra do not say whether air or vacuum; this recipe takes them as {taken}")
    if facts["snr_quantiles"]:
        quantiles = ", ".join(f"{value:.0f} ({100 * float(share):.0f} %)" for share, value in facts["snr_quantiles"].items())
        click.echo(f"S/N        {quantiles}")
    for version in facts["versions"]:
        files = f" of {version['n_files']} files" if version["n_files"] else ""
        made = f"{version['n_spectra']} spectra{files}, {version['sealed_at']}"
        click.echo(f"version {version['version']:<3}{made}, {', '.join(version['sources'])}")
    if facts["unfinished"]:
        left = facts["unfinished"]
        done = f"{left['n_tasks_done']} of {left['n_tasks']} parts"
        next_step = "the next `spectrove pool ingest`" if left["n_files"] else f"the command that writes {left['sources'][0]}"
        click.echo(f"unfinished {done} are made; {next_step} goes on there")


def _print(report: IngestReport) -> None:
    if report.resumed:
        click.echo("an interrupted ingest was finished first")
    click.echo(f"files      {report.n_files} found, {report.n_known} known and unchanged, {report.n_tried} read")
    click.echo(f"spectra    {report.n_spectra} added, {report.n_spectra_in_pool} in the pool")
    click.echo(
        f"refused    {report.n_refused} now"
        + (f"; `spectrove pool info {report.pool} --refused` lists all" if report.n_refused else "")
    )
    for reason, count in report.refused_by_reason.items():
        click.echo(f"  {count:>6}   {reason}")
    versions = ", ".join(str(version) for version in report.versions)
    click.echo(f"pool       {report.pool}" + (f", version {versions} sealed" if versions else ", nothing new"))
