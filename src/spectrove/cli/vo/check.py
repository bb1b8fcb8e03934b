"""``spectrove vo check``: whether what is published is what the standards say."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from spectrove.cli.places import Place
from spectrove.cli.progress import showing_progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spectrove.contracts import Progress
    from spectrove.vo.check import Finding

SIGNS = {"ok": "ok     ", "wrong": "WRONG  ", "skipped": "skipped"}


@click.command(short_help="Validate all that is published.")
@click.argument("directory", type=Place())
@click.option("--json", "as_json", is_flag=True, help="Print all findings as JSON.")
@click.option("--verbose", is_flag=True, help="Print what is well, too.")
def check(directory: Path, as_json: bool, verbose: bool) -> None:
    """
    Check what DIRECTORY publishes: a campaign, a pool, or a folder of VOTables such as a catalog.

    Of a campaign or a pool, its services are started on a free port of this machine for a moment, and asked as clients ask: each
    VOTable by astropy, for its UCDs and units, and by votlint and datalinklint where STILTS is installed; searches, links and
    cutouts by pyvo. All VOTables in the folder are checked as well. Says what is wrong where; the exit status is 1 then.
    """
    with showing_progress() as progress:
        findings = list(_findings(directory, progress))
    if as_json:
        click.echo(json.dumps([asdict(one) for one in findings], indent=2, ensure_ascii=False))
    else:
        _print(findings, verbose=verbose)
    if any(one.state == "wrong" for one in findings):
        sys.exit(1)


def _findings(directory: Path, progress: Progress) -> Iterator[Finding]:
    from spectrove.campaign.store import DATABASE
    from spectrove.errors import StorageError
    from spectrove.pool.layout import is_pool
    from spectrove.vo.check import check_files, check_services
    from spectrove.web.serve import running_services

    if not directory.exists():
        msg = f"{directory}: there is no such folder. Name a campaign, a pool, or a folder of VOTables."
        raise StorageError(msg)
    if is_pool(directory) or (directory / DATABASE).exists():
        with running_services(directory, progress) as (service, addresses):
            yield from check_services(addresses, service.holdings, progress)
    if not is_pool(directory):
        files = list(check_files(directory))
        if not files and not (directory / DATABASE).exists():
            msg = f"{directory}: is no campaign and no pool, and holds no VOTable (*.vot). Name one of those."
            raise StorageError(msg)
        yield from files


def _print(findings: list[Finding], *, verbose: bool) -> None:
    for one in findings:
        if verbose or one.state == "wrong":
            click.echo(f"{SIGNS[one.state]} {one.check:<22} {one.where}" + (f": {one.detail}" if one.detail else ""))
    counts = Counter(one.state for one in findings)
    things = len({one.where for one in findings})
    click.echo(
        f"{counts['ok']} checks of {things} things are well, {counts['wrong']} are wrong, {counts['skipped']} were skipped"
    )
    for reason in sorted({one.detail for one in findings if one.state == "skipped"}):
        click.echo(f"skipped: {reason}")
