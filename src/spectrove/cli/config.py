"""``spectrove config``: the settings of a campaign as a file to change."""

from __future__ import annotations

import click


@click.command(short_help="Print a campaign's settings as TOML.")
@click.option("--preset", default="standard", show_default=True, metavar="NAME", help="standard, archive or paper-2020.")
def config(preset: str) -> None:
    """Print all settings of a campaign as a commented TOML file."""
    from spectrove.config import template

    click.echo(template(preset), nl=False)
