"""
What the measurements of lines are worth on simulated LAMOST spectra, whose truth is known.

    python benchmarks/measure_truth.py [--spectra 6000] [--seeds 101 102] [--calibrate 11 12] [--output FILE.json]

Every target is measured as a catalog would measure it, and compared with the truth: bias, scatter, and the distribution of the
deviations in units of the stated errors (pulls), by signal-to-noise ratio. Each quantity is compared twice: with what the same
code measures without noise, which shows whether the random errors are right, and with what was put in, which shows the systematic
ones. The floors of the errors were calibrated on other seeds than those that are reported. Writes one JSON, from which
`measure_page.py` fills docs/reference/measurements.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import machine

from spectrove.lines import H_ALPHA
from spectrove.measure import LineMeasurement, MeasureConfig, config_of, measure_line
from spectrove.simulate.instrument import DIMMING
from spectrove.simulate.objects import KINDS, observed_objects
from spectrove.simulate.plates import fibers, nebular_lines, plate_of
from spectrove.simulate.settings import SurveyConfig
from spectrove.simulate.source import OUTSIDE_MAGNITUDE, RESOLVING_POWER, PoolSource, arriving_light
from spectrove.simulate.stars import KIND_NAMES
from spectrove.simulate.targets import TARGET_NAMES

SNR_BINS = ((5, 20), (20, 40), (40, 80), (80, 500))
SPEED_OF_LIGHT = 299_792.458
PER_ANGSTROM = SPEED_OF_LIGHT / H_ALPHA.wave
NOISELESS = 1e7
"""Signal-to-noise ratio of what is called noiseless."""

NEARLY_EVEN = 0.1
"""|ln V/R| below which a line is called symmetric."""

FEWEST = 8
"""Fewer targets tell no width of a distribution."""

Facts = dict[str, Any]


@dataclass(frozen=True)
class Target:
    """What was put into one spectrum, and what was measured with and without noise."""

    snr: float
    subtype: str
    ew: float
    separation: float
    v_over_r: float
    rv: float
    is_plain: bool
    is_even: bool
    n_peaks: int
    measured: LineMeasurement
    noiseless: LineMeasurement


FLOORS = ("continuum_floor", "noise_factor", "velocity_floor", "separation_floor")
"""What was calibrated."""

WITHOUT = {"continuum_floor": 0.0, "noise_factor": 1.0, "velocity_floor": 0.0, "separation_floor": 0.0}
"""Nothing of it."""


def config_for(*, has_floors: bool = True) -> MeasureConfig:
    """Return how a catalog of LAMOST spectra is measured."""
    config = config_of(H_ALPHA, resolving_power=RESOLVING_POWER)
    return config if has_floors else replace(config, **WITHOUT)


def targets_of(n_spectra: int, seed: int, config: MeasureConfig) -> Iterator[Target]:
    """Yield every target of a survey whose spectrum the pipeline did not spoil, measured."""
    source = PoolSource(SurveyConfig(n_pool=n_spectra, target_fraction=0.5), seed)
    generator = np.random.default_rng([seed, 7])
    for number in range(source.n_batches):
        yield from _targets_of_plate(source, number, config, generator)


def _targets_of_plate(source: PoolSource, number: int, config: MeasureConfig, generator: np.random.Generator) -> Iterator[Target]:
    spectra = source.spectra(number, whole=True)
    plate = plate_of(number, source.config.plates, source.seed)
    places = fibers(plate, source.seed)
    objects = observed_objects(plate, places, source.config, source.seed)
    lines = nebular_lines(plate, places, _dimming(objects, places))
    light = arriving_light(spectra.wave, objects.shifted(places.zero_point), replace(lines, rv=lines.rv + places.zero_point))
    near = np.abs(spectra.wave - H_ALPHA.wave) <= config.half_window
    steps = np.where(near, np.gradient(spectra.wave), 0.0)
    truth = spectra.truth.select(["nebular_ew", "separation", "v_over_r", "snr", "artefact", "n_peaks"]).to_pylist()
    for place, row in enumerate(objects.targets.tolist()):
        told = truth[row]
        if told["artefact"]:
            continue
        clean = np.asarray(light.relative[row] / light.level[row], np.float64)
        flux, ivar = np.asarray(spectra.flux[row], np.float64), np.asarray(spectra.ivar[row], np.float64)
        ideal = np.full(clean.shape, NOISELESS**2)

        measured, noiseless = (
            measure_line(spectra.wave, values, weights, H_ALPHA, config, generator=generator)
            for values, weights in ((flux, ivar), (clean, ideal))
        )
        lopsided = abs(np.log(told["v_over_r"])) if told["v_over_r"] else 0.0
        is_plain = objects.emission.absorber_depth[place] == 0 and not told["nebular_ew"]
        yield Target(
            told["snr"], TARGET_NAMES[objects.target_kinds[place]], float((steps * (1 - clean)).sum()),
            told["separation"] or np.nan, told["v_over_r"] or np.nan,
            float(objects.stars.rv[row] + objects.emission.offset[place] + places.zero_point[row]),
            bool(is_plain), bool(is_plain and lopsided < NEARLY_EVEN), told["n_peaks"] or 0, measured, noiseless,
        )  # fmt: skip


def _dimming(objects: Any, places: Any) -> np.ndarray:
    by_star = np.array([DIMMING[name] for name in KIND_NAMES])
    brightest = np.array([OUTSIDE_MAGNITUDE.get(name, -np.inf) for name in KINDS])[objects.kinds]
    fainter = np.maximum(brightest - places.magnitude, 0)
    return np.where(np.isfinite(brightest), fainter, by_star[objects.stars.kind])


# -- What is compared ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Comparison:
    """One quantity against one truth, for some of the targets."""

    name: str
    unit: str
    difference: Callable[[Target], float]
    error: Callable[[Target], float]
    counts: Callable[[Target], bool]


def same_shape(target: Target) -> bool:
    """Tell whether noise changed nothing about the peaks."""
    return target.measured.n_peaks == target.noiseless.n_peaks > 0


def against_noiseless(name: str, unit: str, counts: Callable[[Target], bool]) -> Comparison:
    """Return the comparison with what is measured without noise."""
    return Comparison(
        f"{name}, without noise",
        unit,
        lambda one: getattr(one.measured, name) - getattr(one.noiseless, name),
        lambda one: getattr(one.measured, f"{name}_err"),
        counts,
    )


COMPARISONS = (
    against_noiseless("ew", "Å", lambda _: True),
    Comparison("ew, put in", "Å", lambda one: one.measured.ew - one.ew, lambda one: one.measured.ew_err, lambda _: True),
    Comparison(
        "separation, put in",
        "km/s",
        lambda one: one.measured.separation - one.separation * PER_ANGSTROM,
        lambda one: one.measured.separation_err,
        lambda one: one.is_plain,
    ),
    Comparison(
        "rv, put in",
        "km/s",
        lambda one: one.measured.rv - one.rv,
        lambda one: one.measured.rv_err,
        lambda one: one.measured.n_peaks > 0,
    ),
    Comparison(
        "rv of symmetric lines, put in",
        "km/s",
        lambda one: one.measured.rv - one.rv,
        lambda one: one.measured.rv_err,
        lambda one: one.is_even and one.measured.n_peaks > 0,
    ),
    against_noiseless("fwhm", "Å", same_shape),
    against_noiseless("peak", "", same_shape),
    against_noiseless("v_over_r", "", same_shape),
)


def compared(targets: Sequence[Target], comparison: Comparison) -> list[Facts]:
    """Return bias, scatter and pulls by signal-to-noise ratio, and of all."""
    rows = []
    for low, high in (*SNR_BINS, (SNR_BINS[0][0], SNR_BINS[-1][1])):
        chosen = [one for one in targets if low <= one.snr < high and comparison.counts(one)]
        difference = np.array([comparison.difference(one) for one in chosen])
        error = np.array([comparison.error(one) for one in chosen])
        fine = np.isfinite(difference) & np.isfinite(error) & (error > 0)
        difference, error = difference[fine], error[fine]
        row: Facts = {"low": low, "high": high, "n": int(fine.sum())}
        if row["n"] >= FEWEST:
            pulls = difference / error
            row |= {
                "bias": float(np.median(difference)), "scatter": half_range(difference), "error": float(np.median(error)),
                "width": half_range(pulls), "width_limits": limits_of(pulls), "beyond_5": float(np.mean(np.abs(pulls) > 5)),
            }  # fmt: skip
        rows.append(row)
    return rows


def half_range(values: np.ndarray) -> float:
    """Return half the range of the middle 68.27 %: the standard deviation of a normal distribution, whatever the tails do."""
    low, high = np.percentile(values, [15.865, 84.135])
    return float(high - low) / 2


def limits_of(pulls: np.ndarray) -> list[float]:
    """Return 95 % limits of the width by the bootstrap."""
    generator = np.random.default_rng(1)
    widths = [half_range(generator.choice(pulls, pulls.size)) for _ in range(500)]
    return [float(value) for value in np.percentile(widths, [2.5, 97.5])]


DIPS = ("double", "shell", "reversal")
"""Classes of profiles in which an eye sees two peaks: a reversal's stand beside the core of an absorption."""


def classes(targets: Sequence[Target]) -> list[Facts]:
    """Return how often the profile class is that of the same spectrum without noise, and the peaks those an expert would see."""
    rows = []
    for low, high in SNR_BINS:
        chosen = [one for one in targets if low <= one.snr < high]
        doubles = [one.measured for one in chosen if one.n_peaks > 1]
        others = [one.measured for one in chosen if one.n_peaks <= 1]
        rows.append(
            {
                "low": low,
                "high": high,
                "n": len(chosen),
                "same_class": float(np.mean([one.measured.profile == one.noiseless.profile for one in chosen])),
                "doubles": len(doubles),
                "doubles_found": float(np.mean([one.n_peaks == 2 for one in doubles])),
                "dips_found": float(np.mean([one.profile in DIPS for one in doubles])),
                "doubles_made": float(np.mean([one.n_peaks == 2 for one in others])),
            }
        )
    return rows


def kinds(targets: Sequence[Target]) -> list[Facts]:
    """Return how far equivalent width and velocity lie from what was put in, without noise, by kind of target."""
    rows = []
    for name in TARGET_NAMES:
        chosen = [one for one in targets if one.subtype == name]
        if len(chosen) < FEWEST:
            continue
        width = np.array([one.noiseless.ew - one.ew for one in chosen])
        rv = np.array([one.noiseless.rv - one.rv for one in chosen if one.noiseless.n_peaks])
        rv = rv[np.isfinite(rv)]
        width = width[np.isfinite(width)]
        row = {
            "kind": name,
            "n": len(chosen),
            "ew_bias": float(np.median(width)),
            "ew_scatter": half_range(width),
            "n_rv": rv.size,
        }
        if rv.size >= FEWEST:
            row |= {"rv_bias": float(np.median(rv)), "rv_scatter": half_range(rv)}
        rows.append(row)
    return rows


def main() -> None:
    """Measure the targets of some surveys and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--spectra", type=int, default=4000, help="spectra of each survey, half of them targets")
    parser.add_argument("--seeds", type=int, nargs="+", default=[101, 102], help="surveys that are reported")
    parser.add_argument("--calibrate", type=int, nargs="+", default=[13, 14], help="surveys on which the floors were calibrated")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "measure-truth.json")
    given = parser.parse_args()
    config = config_for()
    begun = time.perf_counter()
    reported = [one for seed in given.seeds for one in targets_of(given.spectra, seed, config)]
    seconds = time.perf_counter() - begun
    tuned = {
        name: [one for seed in given.calibrate for one in targets_of(given.spectra, seed, config_for(has_floors=has_floors))]
        for name, has_floors in (("without", False), ("with", True))
    }
    found = {
        "benchmark": "measure-truth", "machine": machine.facts(), "n_spectra": given.spectra, "seeds": given.seeds,
        "calibrated_on": given.calibrate, "floors": {name: getattr(config, name) for name in FLOORS}, "n_targets": len(reported),
        "compared": [{"name": one.name, "unit": one.unit, "rows": compared(reported, one)} for one in COMPARISONS],
        "calibration": {
            key: [{"name": one.name, "unit": one.unit, "rows": compared(targets, one)} for one in COMPARISONS[:4]]
            for key, targets in tuned.items()
        },
        "classes": classes(reported), "kinds": kinds(reported), "minutes": seconds / 60,
    }  # fmt: skip
    given.output.write_text(json.dumps(rounded(found), indent=1) + "\n", encoding="utf-8")
    print(f"{len(reported)} targets in {seconds:.0f} s; {given.output} is written")


def rounded(content: Any) -> Any:
    """Return the figures with five digits; what is not finite becomes null."""
    if isinstance(content, dict):
        return {name: rounded(value) for name, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [rounded(value) for value in content]
    if isinstance(content, float):
        return float(f"{content:.5g}") if np.isfinite(content) else None
    return content


if __name__ == "__main__":
    main()
