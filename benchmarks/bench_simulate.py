"""
How fast a synthetic survey is made, how much memory that takes, and how both grow with its size.

The peer is the same model spectrum by spectrum, as one writes it first. The largest survey is measured with ``--full`` only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import harness
import material
import numpy as np
from harness import Contestant, Facts, Options

N_LABELED = 100
N_PEER = 400
N_PLATES = 3
WORKERS = 2


class SpectrumBySpectrum:
    """The peer: each spectrum of a plate by itself, from the plate's objects to the recipe."""

    def __init__(self, source: Any) -> None:
        from spectrove.simulate.instrument import draw_conditions
        from spectrove.simulate.objects import observed_objects
        from spectrove.simulate.plates import fibers, nebular_lines, plate_of

        self.source = source
        plate = plate_of(1, source.config.plates, material.SEED)
        places = fibers(plate, material.SEED)
        self.objects = observed_objects(plate, places, source.config, material.SEED)
        self.conditions = draw_conditions(plate, places, np.random.default_rng(material.SEED))
        self.lines = nebular_lines(plate, places)

    def make(self, n_spectra: int) -> None:
        """Make features of the plate's first spectra."""
        from spectrove.simulate import fits
        from spectrove.simulate import source as whole
        from spectrove.simulate.instrument import observe
        from spectrove.simulate.plates import NebularLines
        from spectrove.spectrum import HeaderFacts, Spectrum

        wave = fits.lamost_wave(whole.FIRST_PIXEL * fits.LOG_STEP, whole.N_WHOLE)[whole.WINDOW]
        generator = np.random.default_rng(material.SEED)
        for row in range(n_spectra):
            one = np.array([row])
            nebula = NebularLines(*(getattr(self.lines, name)[one] for name in ("ew", "nii", "sii", "rv")))
            light = whole.arriving_light(wave, self.objects.rows(one), nebula)
            noise = generator.standard_normal((1, wave.size + 4))
            seen = observe(wave, light.relative, light.level, self.conditions.rows(one), noise)
            if seen.flux.any():
                header = HeaderFacts("lamost", str(row))
                self.source.recipe.apply(Spectrum(wave, seen.flux[0], None, None, header, "vacuum"))


def rates(options: Options) -> Facts:
    """Let both ways take turns in one process."""
    from spectrove.simulate import PoolSource, SurveyConfig

    source = PoolSource(SurveyConfig(n_pool=options.pick(20_000, 300)), material.SEED)
    peer, n_peer = SpectrumBySpectrum(source), options.pick(N_PEER, 10)
    numbers = range(1, 1 + min(N_PLATES, source.n_batches - 1))
    n_ours = sum(source.batch(number).metadata.num_rows for number in numbers)
    contestants = [
        Contestant("spectrum by spectrum", lambda: peer.make(n_peer), n_peer),
        Contestant("plate by plate", lambda: [source.batch(number) for number in numbers], n_ours),
    ]
    return harness.contest("spectra from the model", "spectra", contestants, options.turns)


def survey(data: Path, size: int, workers: int) -> Facts:
    """Write a survey, pool, truth and a small labeled set, in this process and its workers."""
    from spectrove.execution import make_executor
    from spectrove.simulate import SurveyConfig, simulate_survey

    directory = material.emptied(data / "simulated")

    def make() -> None:
        with make_executor(workers) as executor:
            simulate_survey(directory, SurveyConfig(n_pool=size, n_labeled=N_LABELED), material.SEED, executor)

    seconds = harness.timed(make)
    n_bytes = sum(file.stat().st_size for file in directory.rglob("*") if file.is_file())
    material.emptied(directory)
    return {"n_rows": size, "workers": workers, "seconds": [seconds], "bytes": n_bytes}


PARTS = {"survey": survey}


def run(options: Options) -> Facts:
    """Measure all."""
    contest, surveys = rates(options), []
    for size in options.sizes:
        if options.full or size <= 1_000_000:
            workers = options.pick(WORKERS, 1)
            surveys.append(harness.in_own_process(__file__, "survey", options.data, size=size, workers=workers))
            harness.say(f"  {size:>10,} spectra {surveys[-1]['seconds'][0]:>8.1f} s, {surveys[-1]['memory']}")
    return {"contests": [contest], "surveys": surveys}


if __name__ == "__main__":
    harness.main("simulate", __doc__, run, PARTS)
