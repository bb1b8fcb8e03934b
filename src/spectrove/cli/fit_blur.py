"""``spectrove fit-blur``: the blur that makes one instrument's spectra look like another's."""

import click


@click.command("fit-blur")
def fit_blur() -> None:
    """Find the Gaussian blur."""
