"""``spectrove simulate inject`` and ``completeness``: lines put into real spectra, and how many of them a search finds."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from spectrove.cli.executors import on_workers
from spectrove.cli.progress import showing_progress

if TYPE_CHECKING:
    from spectrove.simulate.completeness import CompletenessMap

PLAIN = "plain"
"""The profile made of ``--fwhm`` and ``--separation`` alone."""

PEAK = 2.0
"""Å; width of a plain peak unless ``--fwhm`` tells."""


@click.command(short_help="Put lines into real spectra.")
@click.argument("paths", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--output", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Where to write spectra and truth.")
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    default=(PLAIN,),
    show_default=True,
    metavar="NAME|FILE",
    help="plain, a kind of target (be, cv-double, …), or the file of a real spectrum with the line; repeatable.",
)
@click.option("--ew", "ews", type=float, multiple=True, default=(0.5, 1, 2, 4, 8, 16), show_default=True, help="Å; repeatable.")
@click.option(
    "--fwhm", "fwhms", type=float, multiple=True, help="Å; of a plain peak, or of the whole of other lines; repeatable."
)
@click.option("--separation", "separations", type=float, multiple=True, help="Å, of a plain line's peaks; repeatable.")
@click.option("--rv", type=(float, float), default=(-100.0, 100.0), show_default=True, metavar="LOW HIGH", help="km/s.")
@click.option("--copies", default=1, show_default=True, type=click.IntRange(min=1), help="Injections into each spectrum.")
@click.option("--resolving-power", default=1500.0, show_default=True, help="Of the spectra under PATHS, as measured in LAMOST's.")
@click.option("--profile-resolving-power", default=1800.0, show_default=True, help="Of the files that --profile names.")
@click.option("--seed", default=2020, show_default=True, type=click.IntRange(min=0), help="The same seed makes the same files.")
@on_workers()
def inject(  # noqa: PLR0913, PLR0917 - one argument an option
    paths: tuple[Path, ...],
    output: Path,
    profiles: tuple[str, ...],
    ews: tuple[float, ...],
    fwhms: tuple[float, ...],
    separations: tuple[float, ...],
    rv: tuple[float, float],
    copies: int,
    resolving_power: float,
    profile_resolving_power: float,
    seed: int,
    workers: int,
    scheduler: str | None,
) -> None:
    """
    Put emission lines into the spectra of every file under PATHS, with the noise of their light.

    Every combination of profile, width and strength is used equally often. DIR/spectra holds the spectra as text, for `spectrove
    pool ingest`; DIR/truth.csv says what is in them and what an expert could see.
    """
    from spectrove.execution import make_executor
    from spectrove.pool.walk import check_paths, walk
    from spectrove.simulate.inject import Design
    from spectrove.simulate.inject_files import InjectionPlan, inject_files

    _check_options(ews, fwhms, separations, rv, (resolving_power, profile_resolving_power))
    if separations and PLAIN not in profiles:
        msg = "--separation is for --profile plain; other profiles have their own"
        raise click.UsageError(msg)
    plain = tuple(itertools.product(fwhms or (PEAK,), separations or (0.0,))) if PLAIN in profiles else ()
    named = tuple(_named(name) for name in profiles if name != PLAIN)
    if plain and named and fwhms:
        msg = "--fwhm is of a peak for --profile plain and of the whole line for others: run them apart"
        raise click.UsageError(msg)
    design = Design(ews, () if plain else fwhms, rv, copies, resolving_power)
    check_paths(paths)
    files = [str(Path(found.file).absolute()) for found in walk(paths)]
    plan = InjectionPlan(design, plain, named, profile_resolving_power, seed)
    with make_executor(workers, scheduler) as executor, showing_progress() as progress:
        report = inject_files(output, files, plan, executor, progress)
    for reason in report.passed_over:
        click.echo(f"passed over: {reason}", err=True)
    click.echo(f"spectra   {report.directory / 'spectra'}, {sum(report.by_label.values())}")
    for label, count in report.by_label.items():
        click.echo(f"  {count:>6}  {label}")
    click.echo(f"truth     {report.directory / 'truth.csv'}")
    if report.refused:
        click.echo(f"refused   {len(report.refused)}, the first: {report.refused[0][1]}")


@click.command(short_help="Say how many injected lines were found.")
@click.argument("directory", type=click.Path(path_type=Path))
@click.argument("candidates", type=click.Path(path_type=Path))
@click.option("--visible", is_flag=True, help="Count only lines that an expert could see.")
@click.option("--plot", "plot_path", type=click.Path(path_type=Path), metavar="OUT.PNG", help="Draw the map.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def completeness(directory: Path, candidates: Path, visible: bool, plot_path: Path | None, as_json: bool) -> None:
    """
    Say which share of the lines in DIRECTORY the CANDIDATES name, by S/N and strength.

    CANDIDATES is a CSV file with a column spectrum_id.
    """
    import numpy as np

    from spectrove.simulate.completeness import completeness_map, draw_completeness, edges_between
    from spectrove.simulate.injections import found_among, read_injections

    ids, snr, ew, labels = read_injections(directory)
    found = found_among(candidates, ids)
    some = np.array([not visible or label != "not-interesting" for label in labels], dtype=bool)
    if not some.any():
        msg = f"{directory}: no line was put in{' that an expert could see' if visible else ''}"
        raise click.ClickException(msg)
    edges = (edges_between(snr[some], 6), edges_between(ew[some], 8))
    shares = completeness_map(snr[some], ew[some], found[some], edges)
    drawn = None if plot_path is None else draw_completeness(shares, plot_path)
    click.echo(json.dumps(_facts(shares), indent=2) if as_json else _table(shares))
    if drawn is not None:
        click.echo(f"plot: {drawn}", err=as_json)


def _check_options(
    ews: tuple[float, ...],
    fwhms: tuple[float, ...],
    separations: tuple[float, ...],
    rv: tuple[float, float],
    powers: tuple[float, float],
) -> None:
    """Refuse what no spectrum can have, or what does not fit on the grid of shapes."""
    from spectrove.simulate.inject import EXPECTED, LEAST_POWER, MOST_EW, REACH

    room = REACH - max(fwhms, default=PEAK)
    fine = [
        *(("--ew", f"{ew:g}", 0 < ew <= MOST_EW, EXPECTED["ews"]) for ew in ews),
        *(("--fwhm", f"{fwhm:g}", 0 < fwhm <= REACH, EXPECTED["fwhms"]) for fwhm in fwhms),
        *(
            ("--separation", f"{apart:g}", 0 <= apart <= room, f"0 to {room:g} Å: {REACH:g} Å, less the width of a peak")
            for apart in separations
        ),
        ("--rv", f"{rv[0]:g} {rv[1]:g}", -3000 <= rv[0] <= rv[1] <= 3000, EXPECTED["rv"]),
        *(
            (option, f"{power:g}", LEAST_POWER <= power < float("inf"), EXPECTED["resolving_power"])
            for option, power in zip(("--resolving-power", "--profile-resolving-power"), powers, strict=True)
        ),
    ]
    for option, value, passed, expected in fine:
        if not passed:
            msg = f"{option} {value}: impossible, expected {expected}"
            raise click.UsageError(msg)


def _named(name: str) -> str:
    """Return a kind of target, or the absolute path of a file."""
    from spectrove.simulate.targets import TARGET_KINDS

    if name in TARGET_KINDS:
        return name
    if not Path(name).exists():
        known = ", ".join((PLAIN, *TARGET_KINDS))
        msg = f"--profile {name!r} is neither a file nor one of {known}"
        raise click.UsageError(msg)
    return str(Path(name).absolute())


def _facts(shares: CompletenessMap) -> dict[str, object]:
    return {
        "snr_edges": shares.snr_edges.tolist(),
        "ew_edges": shares.ew_edges.tolist(),
        "n_injected": shares.n_injected.tolist(),
        "n_found": shares.n_found.tolist(),
        "lower": shares.lower.tolist(),
        "upper": shares.upper.tolist(),
        "level": shares.level,
    }


def _table(shares: CompletenessMap) -> str:
    columns = [f"{low:.3g}–{high:.3g} Å" for low, high in itertools.pairwise(shares.ew_edges)]
    lines = [f"{'S/N':>12}" + "".join(f"{column:>16}" for column in columns)]
    for row, (low, high) in enumerate(itertools.pairwise(shares.snr_edges)):
        cells = [
            f"{100 * found / n:.0f} % of {n}" if n else "–"
            for found, n in zip(shares.n_found[row].tolist(), shares.n_injected[row].tolist(), strict=True)
        ]
        lines.append(f"{f'{low:.3g}–{high:.3g}':>12}" + "".join(f"{cell:>16}" for cell in cells))
    whole = int(shares.n_injected.sum())
    lines.append(f"in all: {int(shares.n_found.sum())} of {whole} found")
    return "\n".join(lines)
