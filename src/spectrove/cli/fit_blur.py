"""``spectrove fit-blur``: the blur that makes one instrument's spectra look like another's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spectrove.cli.progress import showing_progress

if TYPE_CHECKING:
    from spectrove.preprocess import BlurFit

NOMINAL = (13_000.0, 1_800.0)
"""Resolving powers of Ondřejov's CCD700 and of LAMOST (Škoda, Podsztavek & Tvrdík 2020, sec. 3.1)."""


@click.command("fit-blur", short_help="The blur between two instruments.")
@click.argument("pairs", type=click.Path(path_type=Path))
@click.option(
    "--files",
    "folders",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="DIR",
    help="Look for the files below this folder too; repeatable.",
)
@click.option(
    "--resolving-powers",
    "powers",
    type=(float, float),
    default=NOMINAL,
    show_default=True,
    metavar="HIGH LOW",
    help="Nominal resolving powers, to compare with.",
)
@click.option("--seed", default=2020, show_default=True, type=click.IntRange(min=0), help="Seed of the bootstrap.")
@click.option("--plot", "plot_path", type=click.Path(path_type=Path), metavar="OUT.PNG", help="Draw misfit against width.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON, with the curve.")
def fit_blur(
    pairs: Path, folders: tuple[Path, ...], powers: tuple[float, float], seed: int, plot_path: Path | None, as_json: bool
) -> None:
    """
    Find the Gaussian blur that best maps sharper spectra onto others of the same stars.

    PAIRS is a CSV file of two columns: the file of the sharper spectrum, and that of the other. Names are looked for beside
    it, and below its folder and those of --files.
    """
    import numpy as np

    from spectrove import preprocess, surveys
    from spectrove.preprocess.draw import draw_blur_fit

    paths = preprocess.read_pairs(pairs, folders)
    spectra = [(next(iter(surveys.read(high))), next(iter(surveys.read(low)))) for high, low in paths]
    with showing_progress() as progress:
        config = preprocess.BlurFitConfig()
        fit = preprocess.fit_blur(spectra, config, np.random.default_rng(seed), progress)
    facts = _facts(fit, powers)
    click.echo(json.dumps(facts, indent=2, ensure_ascii=False) if as_json else _sentences(facts))
    if plot_path is not None:
        click.echo(f"plot: {draw_blur_fit(fit, plot_path)}", err=as_json)


def _facts(fit: BlurFit, powers: tuple[float, float]) -> dict[str, Any]:
    from spectrove.preprocess.draw import PAPER_SIGMA

    return {
        "sigma_pixels": fit.sigma,
        "interval_pixels": list(fit.interval),
        "level": fit.config.level,
        "pixel_angstrom": fit.pixel,
        "sigma_km_s": fit.velocity(fit.sigma),
        "resolving_power_after": fit.resolving_power(fit.sigma, powers[0]),
        "expected_sigma_pixels": fit.expected_sigma(*powers),
        "resolving_powers": list(powers),
        "paper_sigma_pixels": PAPER_SIGMA,
        "pairs": [{"high": pair.high, "low": pair.low, "sigma_pixels": pair.sigma} for pair in fit.pairs],
        "refused": [{"high": pair.high, "low": pair.low, "reason": pair.reason} for pair in fit.refused],
        "curve": {"sigma_pixels": fit.sigmas.tolist(), "misfit": fit.misfit.tolist()},
    }


def _sentences(facts: dict[str, Any]) -> str:
    lower, upper = facts["interval_pixels"]
    high, low = facts["resolving_powers"]
    lines = [
        (
            f"best blur       {facts['sigma_pixels']:.2f} pixels ({100 * facts['level']:.0f} %: {lower:.2f} to {upper:.2f}), "
            f"from {len(facts['pairs'])} pairs"
        ),
        (
            f"                {facts['sigma_pixels'] * facts['pixel_angstrom']:.2f} Å, {facts['sigma_km_s']:.0f} km/s; "
            f"R = {high:g} becomes {facts['resolving_power_after']:.0f}"
        ),
        f"R = {high:g} to {low:g} would be {facts['expected_sigma_pixels']:.2f} pixels",
        f"the paper's     {facts['paper_sigma_pixels']:g} pixels, by eye",
    ]
    lines += [f"pair            {pair['sigma_pixels']:5.2f} pixels  {pair['high']}  {pair['low']}" for pair in facts["pairs"]]
    lines += [f"refused         {pair['high']}  {pair['low']}: {pair['reason']}" for pair in facts["refused"]]
    return "\n".join(lines)
