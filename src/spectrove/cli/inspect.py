"""``spectrove inspect``: which reader takes a file, what it says, how it looks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from spectrove.spectrum import Spectrum
    from spectrove.surveys import Inspection


@click.command("inspect", short_help="Which reader takes a file, and what it says.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "format_", metavar="NAME", help="Read the file as this format instead of asking every reader.")
@click.option("--plot", "plot_path", type=click.Path(path_type=Path), metavar="OUT.PNG", help="Draw the spectrum.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def inspect_file(file: Path, format_: str | None, plot_path: Path | None, as_json: bool) -> None:
    """Say which reader takes FILE, why the others decline it, and what its header says."""
    from spectrove.surveys import draw, inspect

    inspection = inspect(file, format_)
    if as_json:
        click.echo(json.dumps(_plain(inspection), indent=2, ensure_ascii=False))
    else:
        _print(inspection)
    if inspection.reader is None or inspection.error is not None:
        raise SystemExit(1)
    if plot_path is not None:
        draw(inspection, plot_path)
        click.echo(f"plot: {plot_path}", err=as_json)


def _facts(spectrum: Spectrum) -> dict[str, Any]:
    from dataclasses import asdict

    import numpy as np

    facts = {name: value for name, value in asdict(spectrum.header).items() if value is not None}
    trusted = None if spectrum.ivar is None else int(np.sum(spectrum.ivar == 0))
    return {
        "spectrum_id": spectrum.spectrum_id,
        **facts,
        "n_pixels": spectrum.wave.size,
        "wave_min": round(float(spectrum.wave[0]), 4),
        "wave_max": round(float(spectrum.wave[-1]), 4),
        "medium": spectrum.medium,
        "n_not_finite": int(np.sum(~np.isfinite(spectrum.flux))),
        "n_ivar_zero": trusted,
        "n_masked": None if spectrum.mask is None else int(spectrum.mask.sum()),
    }


def _plain(inspection: Inspection) -> dict[str, Any]:
    return {
        "file": str(inspection.path),
        "reader": inspection.reader,
        "declined": dict(inspection.declined),
        "error": inspection.error,
        "spectra": [_facts(spectrum) for spectrum in inspection.spectra],
    }


def _print(inspection: Inspection) -> None:
    click.echo(f"file      {inspection.path}")
    asked = inspection.reader is not None or inspection.declined
    click.echo(f"reader    {inspection.reader or ('none takes this file' if asked else 'none was asked')}")
    for name, reason in inspection.declined.items():
        click.echo(f"declined  {name}: {reason}")
    if inspection.error is not None and not (inspection.reader is None and inspection.declined):
        click.echo(f"error: {inspection.error}", err=True)
    shown = inspection.spectra[:3]
    for spectrum in shown:
        click.echo("")
        for name, value in _facts(spectrum).items():
            click.echo(f"{name:<15} {value}")
    if len(inspection.spectra) > len(shown):
        click.echo(f"\nand {len(inspection.spectra) - len(shown)} more spectra (--json prints all)")
