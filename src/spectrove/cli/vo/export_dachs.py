"""``spectrove vo export-dachs``: for the operators of a data center."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict, Unpack

import click

from spectrove.cli.progress import showing_progress


class _Given(TypedDict):
    output: Path | None
    what: str | None
    spectra: str | None
    previews: bool
    schema: str | None
    title: str
    author: tuple[str, ...]
    reference: str
    facility: str


@click.command("export-dachs", short_help="Write a resource for a data center's DaCHS.")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="OUT",
    help="Where to; DIRECTORY/dachs/NAME of a campaign and ./NAME of a pool unless given.",
)
@click.option(
    "--what",
    type=click.Choice(["candidates", "pool"]),
    help="A campaign's candidates, as it is unless given; or all spectra that it searches, and the table of candidates beside.",
)
@click.option(
    "--spectra",
    type=click.Choice(["copy", "refer"]),
    help="Copy the spectra, as of candidates unless given; or read the survey's files where they are, as of a pool.",
)
@click.option("--previews/--no-previews", default=True, show_default=True, help="Draw a picture of each spectrum that is copied.")
@click.option(
    "--schema", metavar="NAME", help="Name of the resource and of its tables' schema; made of DIRECTORY's unless given."
)
@click.option("--title", default="", help="One line.")
@click.option("--author", multiple=True, metavar="NAME", help="Such as 'Škoda, P.'; repeatable.")
@click.option("--reference", default="", metavar="BIBCODE", help="The paper.")
@click.option("--facility", default="", metavar="TELESCOPE", help="Where the spectra are from, such as 'LAMOST'.")
def export_dachs(directory: Path, **given: Unpack[_Given]) -> None:
    """
    Write what DIRECTORY holds, a campaign or a pool, as a folder that goes into the inputs of a DaCHS server.

    Its README tells the operator the steps. The folder is replaced if it was written by this command before.
    """
    from contextlib import ExitStack

    from spectrove.campaign import Campaign
    from spectrove.pool import Pool
    from spectrove.pool.layout import is_pool
    from spectrove.vo.dachs import DachsAbout, DachsContent
    from spectrove.vo.dachs import export_dachs as export
    from spectrove.vo.dachs.names import require_schema, schema_of

    name = given["schema"] or schema_of(directory.absolute().name)
    try:
        require_schema(name)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    about = DachsAbout(name, given["title"], given["author"], given["reference"], given["facility"])
    with ExitStack() as opened:
        source = Pool.open(directory) if is_pool(directory) else opened.enter_context(Campaign(directory))
        if isinstance(source, Pool) and given["what"] == "candidates":
            msg = f"{directory}: a pool has no candidates. Name a campaign, or leave out --what."
            raise click.UsageError(msg)
        output = given["output"] or _place_of(directory, source, name)
        progress = opened.enter_context(showing_progress())
        copies = None if given["spectra"] is None else given["spectra"] == "copy"
        done = export(source, output, about, DachsContent(given["what"] == "pool", copies, given["previews"]), progress)
    click.echo(f"{done.directory}: {done.n_spectra:,} spectra, {done.n_candidates:,} candidates")
    if done.n_left_out:
        click.echo(f"{done.n_left_out} candidates are left out, as people are still asked about them")
    if done.n_without_file:
        click.echo(f"{done.n_without_file} spectra are left out, as they were not made from files; copy them by --spectra copy")
    for problem in done.problems[:SHOWN]:
        click.echo(f"warning: {problem}", err=True)
    if done.problems:
        click.echo(f"warning: {len(done.problems)} spectra are copied as the pool has them, not from their files", err=True)
    click.echo(f"read         {done.directory / 'README.md'}")


SHOWN = 5
"""Warnings of one kind that are written out."""


def _place_of(directory: Path, source: object, name: str) -> Path:
    from spectrove.campaign import Campaign

    return directory / "dachs" / name if isinstance(source, Campaign) else Path(name)
