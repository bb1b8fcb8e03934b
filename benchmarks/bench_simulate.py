"""
How fast a synthetic survey is made, how much memory that takes, and how both grow with its size.

The peer is the same model spectrum by spectrum, as one writes it first. Read the ratio; the rates are of this machine. What a
real search needs is measured by `--sizes 1000000 4136482`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

N_LABELED = 100
N_PEER = 400
SEED = 1


def survey(size: int, workers: int) -> dict[str, Any]:
    """Return what it takes to write a survey, pool, truth and a small labeled set, in this process and its workers."""
    from spectrove.execution import make_executor
    from spectrove.simulate import SurveyConfig, simulate_survey

    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        start = time.perf_counter()
        config = SurveyConfig(n_pool=size, n_labeled=N_LABELED)
        files = simulate_survey(Path(folder) / "survey", config, SEED, make_executor(workers))
        seconds = time.perf_counter() - start
        n_bytes = sum(file.stat().st_size for file in files.directory.rglob("*") if file.is_file())
    mine, theirs = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    at_once = workers if workers > 1 else 0
    return {
        "n_spectra": size,
        "workers": workers,
        "seconds": seconds,
        "rows_per_second": size / seconds,
        "cpu_seconds": mine.ru_utime + mine.ru_stime + theirs.ru_utime + theirs.ru_stime,
        "peak_mb": (mine.ru_maxrss + at_once * theirs.ru_maxrss) / 1024,  # as if all peaked at the same time
        "bytes": n_bytes,
    }


def rates() -> dict[str, float]:
    """Return spectra a second of one process: plate by plate, and spectrum by spectrum."""
    import numpy as np

    from spectrove.simulate import PoolSource, SurveyConfig, fits
    from spectrove.simulate import source as whole
    from spectrove.simulate.instrument import draw_conditions, observe
    from spectrove.simulate.objects import observed_objects
    from spectrove.simulate.plates import NebularLines, fibers, nebular_lines, plate_of
    from spectrove.spectrum import HeaderFacts, Spectrum

    source = PoolSource(SurveyConfig(n_pool=20_000), SEED)
    source.batch(0)
    start = time.perf_counter()
    ours = sum(source.batch(number).metadata.num_rows for number in range(1, 4)) / (time.perf_counter() - start)
    plate = plate_of(1, source.config.plates, SEED)
    places = fibers(plate, SEED)
    objects = observed_objects(plate, places, source.config, SEED)
    conditions = draw_conditions(plate, places, np.random.default_rng(SEED))
    lines = nebular_lines(plate, places)
    wave = fits.lamost_wave(whole.FIRST_PIXEL * fits.LOG_STEP, whole.N_WHOLE)[whole.WINDOW]
    generator = np.random.default_rng(SEED)
    start = time.perf_counter()
    for row in range(N_PEER):
        one = np.array([row])
        nebula = NebularLines(*(values[one] for values in (lines.ew, lines.nii, lines.sii, lines.rv)))
        light = whole.arriving_light(wave, objects.rows(one), nebula)
        seen = observe(wave, light.relative, light.level, conditions.rows(one), generator.standard_normal((1, wave.size + 4)))
        if seen.flux.any():
            source.recipe.apply(Spectrum(wave, seen.flux[0], None, None, HeaderFacts("lamost", str(row)), "vacuum"))
    return {"plate by plate": ours, "spectrum by spectrum": N_PEER / (time.perf_counter() - start)}


def measured(*arguments: str) -> Any:
    """Return what this program measures in a process of its own."""
    done = subprocess.run([sys.executable, __file__, *arguments], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def main() -> None:
    """Print the tables, and write all numbers as JSON where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[25_000, 50_000, 100_000, 200_000])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--measure", choices=["survey", "rates"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(rates() if given.measure == "rates" else survey(given.sizes[0], given.workers)))
        return
    by_way = measured("--measure", "rates")
    print("one process")
    for name, rate in by_way.items():
        print(f"  {name:<22}{rate:>10,.0f} spectra/s{rate / by_way['spectrum by spectrum']:>8.1f} ×")
    surveys = []
    print(f"whole surveys, {given.workers} processes, the start included")
    print(f"  {'spectra':>10}{'s':>8}{'spectra/s':>12}{'peak MB':>9}{'B each':>8}")
    for size in given.sizes:
        one = measured("--measure", "survey", "--sizes", str(size), "--workers", str(given.workers))
        surveys.append(one)
        cells = f"{one['seconds']:>8.1f}{one['rows_per_second']:>12,.0f}{one['peak_mb']:>9,.0f}{one['bytes'] / size:>8,.0f}"
        print(f"  {size:>10,}{cells}", flush=True)
    if len(surveys) > 1:
        first, last = surveys[0], surveys[-1]
        slope = (last["seconds"] - first["seconds"]) / (last["n_spectra"] - first["n_spectra"])
        print(f"  each further spectrum takes {1e6 * slope:.0f} µs: {1e6 * slope:.0f} s a million")
    if given.json:
        given.json.write_text(json.dumps({"one_process": by_way, "surveys": surveys}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
