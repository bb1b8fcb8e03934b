"""``spectrove catalog``: from candidates to a catalog that can be published."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TypedDict, Unpack

import click

from spectrove.cli.executors import on_workers
from spectrove.cli.progress import showing_progress

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells count it: 128 and the signal's number."""


class _Given(TypedDict):
    output: Path | None
    known: tuple[Path, ...]
    bright: Path | None
    radius: float
    simbad: bool
    simbad_copy: Path | None
    simbad_radius: float
    refresh: bool
    title: str
    author: tuple[str, ...]
    seed: int
    workers: int
    scheduler: str | None


@click.group(short_help="Make a catalog of what was found.")
def catalog() -> None:
    """Make a catalog of a campaign's candidates: verified, measured, cross-matched, with pictures, for every tool."""


@catalog.command(short_help="Write the catalog.")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), metavar="OUT", help="Where to; DIRECTORY/catalog unless given.")
@click.option(
    "--known",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="TABLE",
    help="An earlier catalog (CSV, VOTable, FITS, Parquet): what lies in it is not new; repeatable.",
)
@click.option(
    "--bright",
    type=click.Path(path_type=Path),
    metavar="TABLE",
    help="Stars with magnitudes: bright ones beside a fiber are told.",
)
@click.option(
    "--radius",
    default=5.0,
    show_default=True,
    type=click.FloatRange(0, 3600, min_open=True),
    help="Of earlier catalogs, arc seconds.",
)
@click.option("--simbad", is_flag=True, help="Ask SIMBAD at CDS what is known; sends the positions there.")
@click.option(
    "--simbad-copy",
    type=click.Path(path_type=Path),
    metavar="TABLE",
    help="A copy of SIMBAD, used in place of CDS or when it is silent.",
)
@click.option(
    "--simbad-radius",
    default=20.0,
    show_default=True,
    type=click.FloatRange(0, 180, min_open=True),
    help="Of SIMBAD, arc seconds.",
)
@click.option("--refresh", is_flag=True, help="Ask SIMBAD again, though its answer to these positions is kept.")
@click.option("--title", default="", help="One line; made of the campaign's name unless given.")
@click.option("--author", multiple=True, metavar="NAME", help="Such as 'Škoda P.'; repeatable.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Of the noise that errors are found by.")
@on_workers(what="Processes that measure and draw.")
def build(directory: Path, **given: Unpack[_Given]) -> None:
    """
    Make the catalog of the campaign in DIRECTORY: tables, pages, pictures.

    An earlier catalog in OUT is replaced when the new one is whole.
    """
    from spectrove.campaign import Campaign
    from spectrove.catalog.assemble import CatalogSettings
    from spectrove.catalog.known import KnownSettings
    from spectrove.execution import make_executor
    from spectrove.vo.about import About
    from spectrove.vo.publish import publish

    output = given["output"] or directory / "catalog"
    known = KnownSettings(
        catalogs=given["known"],
        radius=given["radius"],
        bright=given["bright"],
        asks_simbad=given["simbad"],
        simbad_copy=given["simbad_copy"],
        simbad_radius=given["simbad_radius"],
        refresh=given["refresh"],
        cache=directory / "simbad",
    )
    workers = make_executor(given["workers"], given["scheduler"])
    settings, about = CatalogSettings(known, seed=given["seed"]), About(given["title"], given["author"])
    try:
        with Campaign(directory) as opened, workers as executor, showing_progress() as progress:
            made, files = publish(opened, output, settings, about, executor, progress)
    except KeyboardInterrupt:
        click.echo(f"interrupted; {output} is as it was, and the same command begins anew", err=True)
        raise SystemExit(INTERRUPTED) from None
    counts = Counter(made.table["status"].to_pylist())
    told = ", ".join(f"{counts[name]} {text}" for name, text in STATUSES.items() if counts[name])
    was_asked = made.known.sources["simbad"]["source"] != "not asked"
    click.echo(f"{output}: {made.table.num_rows} candidates, {told}")
    if not was_asked:
        click.echo("SIMBAD was not asked, so that 'new' is what no given catalog has; ask it with --simbad")
    n_open = made.table["verdict"].to_pylist().count("none")
    if n_open:
        click.echo(f"{n_open} of them have no verdict yet; verify them with `spectrove label {directory}`")
    for problem in made.problems:
        click.echo(f"warning: {problem}", err=True)
    click.echo(f"open         {files[0]}")


STATUSES = {
    "known-catalog": "in an earlier catalog",
    "known-simbad": "in SIMBAD",
    "new": "new",
    "not-compared": "not compared with anything",
    "rejected": "rejected",
}
"""What is said of the rows of each status."""
