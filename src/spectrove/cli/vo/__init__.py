"""``spectrove vo``: results and spectra in the Virtual Observatory."""

from __future__ import annotations

import click

from spectrove.cli.vo.aladin import aladin
from spectrove.cli.vo.check import check
from spectrove.cli.vo.export_dachs import export_dachs
from spectrove.cli.vo.serve import serve


@click.group(short_help="Serve, check and publish in the Virtual Observatory.")
def vo() -> None:
    """Serve spectra and candidates to TOPCAT, Aladin, SPLAT and the like, check them, and hand them to a data center."""


for command in (serve, check, export_dachs, aladin):
    vo.add_command(command)
