"""``spectrove vo aladin``: Aladin Lite beside the spectrum, for who wants it."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Install Aladin Lite for the labeling page.")
@click.option("--install", "installs", is_flag=True, help="Fetch it from npm's registry; you accept its license, the GPL 3.")
@click.option(
    "--file", type=click.Path(path_type=Path), metavar="PATH", help="With --install: the archive, or aladin.js, from here."
)
@click.option("--remove", "removes", is_flag=True, help="Take it away.")
def aladin(*, installs: bool, file: Path | None, removes: bool) -> None:
    """
    Show whether Aladin Lite is installed, install it, or remove it.

    Aladin Lite (CDS, Strasbourg) is under the GNU General Public License, version 3, and no part of this package: --install
    fetches it from its makers into your data folder, and so accepts that license. Without it, the page has a chart of its own.
    """
    from spectrove.web import aladin as lite

    if installs and removes:
        message = "--install and --remove: only one of them"
        raise click.UsageError(message)
    if file is not None and not installs:
        message = "--file: give --install with it"
        raise click.UsageError(message)
    if removes:
        click.echo("Aladin Lite is removed" if lite.remove() else "Aladin Lite was not installed")
        return
    if installs:
        click.echo(f"Aladin Lite {lite.VERSION} of the CDS, Strasbourg; license: {lite.LICENSE}")
        click.echo(f"installed: {lite.install(file)}")
        return
    if lite.installed() is None:
        click.echo(f"Aladin Lite is not installed. `spectrove vo aladin --install` fetches it ({lite.LICENSE}).")
    else:
        click.echo(f"Aladin Lite {lite.VERSION} is installed: {lite.place()}")
