"""
What it takes to make the catalog of as many candidates as the paper's: 4,400 spectra, read, measured, drawn and written.

The peer does the heart of it as a notebook would: each file by astropy, equivalent widths by specutils, two pictures by
matplotlib. The candidates are those of a campaign over a synthetic survey with a file for every spectrum.
"""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Any

import harness
import material
from harness import Contestant, Facts, Options

N_POOL = 6000
"""Spectra of the survey; nine in ten emit, so that some 4,400 become candidates, as in the paper."""

N_PEER = 40
"""Candidates that the peer is given, as it takes long."""

CAMPAIGN = {
    "seed": material.SEED,
    "query": {"batch_size": 100},
    "audit": {"size": 30},
    "stopping": {"rule": "budget", "max_iterations": 2, "options": {"budget": {"answers": 200}}},
    "fit": {"max_epochs": 6},
    "long_fit": {"max_epochs": 12},
}


def survey(options: Options) -> Path:
    """Return the directory of a survey with a file for every spectrum; it is made if it is not there."""
    from spectrove.execution import make_executor
    from spectrove.pool.layout import FORMAT_VERSION
    from spectrove.simulate import SurveyConfig, is_finished, simulate_survey
    from spectrove.simulate.source import VERSION

    n_pool = options.pick(N_POOL, 240)
    directory = options.data / f"catalog-survey-{n_pool}-v{VERSION}.{FORMAT_VERSION}"
    if not is_finished(directory):
        harness.say(f"making a survey of {n_pool:,} spectra in {directory}")
        config = SurveyConfig(n_pool=n_pool, n_labeled=options.pick(1500, 90), target_fraction=0.9, n_fits=n_pool)
        with make_executor(options.pick(2, 1)) as executor:
            simulate_survey(directory, config, material.SEED, executor)
    return directory


def campaign(options: Options) -> Path:
    """Return the directory of a finished campaign over the survey, answered by its truth; it is made if it is not there."""
    from spectrove.campaign import TrainingSource, create, run
    from spectrove.config import PRESETS, merge, settings_from
    from spectrove.simulate import SurveyOracle, SurveyTruth

    searched = survey(options)
    directory = searched.with_name(f"{searched.name}-campaign")
    if not directory.exists():
        harness.say(f"searching it in {directory}")
        building = material.emptied(directory.with_suffix(".partial"))
        settings = settings_from(merge(PRESETS["standard"], CAMPAIGN))
        training = [TrainingSource(searched / "labeled.pool", searched / "labels.csv")]
        with create(building / "campaign", searched / "pool.pool", training, settings) as made:
            run(made, SurveyOracle(SurveyTruth.open(searched / "truth.parquet")))
        building.rename(directory)
    return directory / "campaign"


def sky(data: Path, n: int) -> Path:
    """Return a table of objects all over the sky, some of them with magnitudes as bright as stars have that spoil fibers."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = data / f"sky-{n}.parquet"
    if not path.exists():
        generator = np.random.default_rng(material.SEED)
        ra, dec = generator.uniform(0, 360, n), np.degrees(np.arcsin(generator.uniform(-1, 1, n)))
        names = [f"star {number}" for number in range(n)]
        magnitudes = 20 + np.log10(generator.uniform(1e-6, 1, n)) / 0.6
        pq.write_table(pa.table({"name": names, "ra": ra, "dec": dec, "mag": magnitudes, "type": ["*"] * n}), path)
    return path


def build(data: Path, directory: str, n_sky: int, workers: int) -> Facts:
    """Make the catalog once, with everything that `spectrove catalog build` writes, and say how long each step took."""
    import time

    from spectrove.campaign import Campaign
    from spectrove.catalog.assemble import CatalogSettings
    from spectrove.catalog.known import KnownSettings
    from spectrove.execution import make_executor
    from spectrove.vo.about import About
    from spectrove.vo.publish import publish

    output = data / "catalog"
    shutil.rmtree(output, ignore_errors=True)
    table = sky(data, n_sky)
    moments: list[tuple[str, float]] = []

    def note(what: str, _done: int, _total: int | None) -> None:
        if not moments or moments[-1][0] != what:
            moments.append((what, time.perf_counter()))

    settings = CatalogSettings(KnownSettings(catalogs=(table,), bright=table))
    begun = time.perf_counter()
    with Campaign(Path(directory)) as opened, make_executor(workers) as executor:
        made, files = publish(opened, output, settings, About(), executor, note)
    ended = time.perf_counter()
    steps = [("match", moments[0][1] - begun)] if moments else []
    ends = [moment for _, moment in moments[1:]] + [ended]
    steps += [(what, end - moment) for (what, moment), end in zip(moments, ends, strict=True)]
    return {
        "n": made.table.num_rows,
        "n_files": len(files) + 2 * made.table.num_rows,
        "bytes": sum(path.stat().st_size for path in output.rglob("*") if path.is_file()),
        "seconds": [ended - begun],
        "steps": [{"step": what, "seconds": seconds} for what, seconds in steps],
    }


def subjects(directory: Path, n: int) -> list[tuple[str, str, str]]:
    """Return id, file and format of some candidates."""
    from spectrove.campaign import Campaign
    from spectrove.catalog import candidates_of

    with Campaign(directory) as opened:
        table, _ = candidates_of(opened)
        ids = table["spectrum_id"].to_pylist()[:n]
        rows = opened.pool.rows_of(ids)
        known = opened.pool.metadata(["file", "format"], rows)
        return list(zip(ids, known["file"].to_pylist(), known["format"].to_pylist(), strict=True))


def by_notebook(some: list[tuple[str, str, str]], folder: Path) -> None:
    """Do what a notebook does: equivalent widths by specutils, two pictures by matplotlib, one spectrum after the other."""
    import astropy.units as u
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from specutils import SpectralRegion, Spectrum
    from specutils.analysis import equivalent_width
    from specutils.fitting import fit_continuum

    from spectrove.measure import CATALOG_LINES
    from spectrove.surveys import read_again

    folder.mkdir(exist_ok=True)
    for number, (spectrum_id, file, format_name) in enumerate(some):
        read, _ = read_again(spectrum_id, file, format_name)
        assert read is not None
        for _, line in CATALOG_LINES:
            near = abs(read.wave - line.wave) < 60
            if near.sum() < 20:
                continue
            piece = Spectrum(spectral_axis=read.wave[near] * u.AA, flux=read.flux[near] * u.dimensionless_unscaled)
            beside = [SpectralRegion((line.wave + a) * u.AA, (line.wave + b) * u.AA) for a, b in ((-60, -25), (25, 60))]
            level = fit_continuum(piece, window=beside)(piece.spectral_axis)
            equivalent_width(piece / level, regions=SpectralRegion((line.wave - 25) * u.AA, (line.wave + 25) * u.AA))
        for part, half in (("line", 110.0), ("whole", 1e5)):
            figure = Figure(figsize=(5, 3))
            FigureCanvasAgg(figure)
            shown = abs(read.wave - 6564.6) < half
            figure.add_subplot().plot(read.wave[shown], read.flux[shown], lw=0.8)
            figure.savefig(folder / f"{number}-{part}.png")


def by_ours(some: list[tuple[str, str, str]], folder: Path) -> None:
    """Measure and draw the same spectra."""
    import numpy as np

    from spectrove.catalog.measuring import MeasureTask, Subject, measure_spectra

    folder.mkdir(exist_ok=True)
    chosen = tuple(Subject(id_, file, format_name, id_, "single-peak") for id_, file, format_name in some)
    measure_spectra(MeasureTask(folder, chosen, np.arange(140.0) + 6519, np.zeros((len(chosen), 140)), 0))


def run(options: Options) -> Facts:
    """Measure all."""
    directory = campaign(options)
    some = subjects(directory, options.pick(N_PEER, 4))
    contest = harness.contest(
        "read, measured and drawn, one process",
        "candidates",
        [
            Contestant("astropy, specutils, matplotlib", partial(by_notebook, some, options.data / "by-notebook"), len(some)),
            Contestant("spectrove", partial(by_ours, some, options.data / "by-ours"), len(some)),
        ],
        options.turns,
    )
    whole: list[Any] = []
    for workers in (1, 2):
        arguments = {"directory": str(directory), "n_sky": options.pick(1_000_000, 10_000), "workers": workers}
        found = harness.in_own_process(__file__, "build", options.data, **arguments)
        harness.say(f"  {found['n']:,} candidates, {workers} processes: {found['seconds'][0]:.1f} s, {found['memory']}")
        whole.append({**found, "workers": workers})
    return {"contests": [contest], "catalog": whole}


if __name__ == "__main__":
    harness.main("catalog", __doc__, run, {"build": build})
