"""
How much the simulated survey resembles LAMOST, in numbers, and whether a classifier can tell the two apart.

    python benchmarks/realism.py FOLDER [--size 60000] [--seed 1] [--output FILE.json] [--images docs/images]

FOLDER holds LAMOST's files and a table labels.csv of them (file, detail, planid, spid, …). Writes one JSON and the figures of
docs/reference/realism.md, and prints the figures that the page quotes.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent))

from realism_figures import draw_all
from realism_samples import Side, real_side, simulated_side

from spectrove.contracts import BoolArray, FloatArray
from spectrove.evaluate import clopper_pearson
from spectrove.models import build
from spectrove.preprocess import recipe
from spectrove.scoring import predict
from spectrove.simulate.distinguish import Contest, area, area_interval, areas_by_wave, learners, matched, out_of_fold
from spectrove.simulate.realism import FEWEST, QUANTILES, artefacts, compare, compare_all, noise_correlation
from spectrove.simulate.settings import SurveyConfig
from spectrove.training import FitConfig, fit

SNR_BINS = ((0, 30), (30, 80), (80, 200), (200, 2000))
RECIPE = recipe("halpha-2020")


def network(features: FloatArray, is_real: BoolArray, generator: np.random.Generator) -> Callable[[FloatArray], FloatArray]:
    """Train the small network that the package ships for large surveys."""
    model = build("compact", features.shape[1], 2, generator)
    config = FitConfig(batch_size=64, max_epochs=40, balance="none")
    fit(model, features.astype(np.float32), is_real.astype(np.int64), config, generator)
    return lambda asked: np.asarray(predict(model.eval(), [torch.from_numpy(asked.astype(np.float32))], 1))[:, 1]


def rates(real: Side, simulated: Side) -> list[dict]:
    """Return how often each artefact occurs, by layout of the files, with 95 % limits."""
    found = []
    flags = [artefacts(side.sample) for side in (real, simulated)]
    for name in flags[0]:
        for layout in ("all", *np.unique(real.layout).tolist()):
            row: dict = {"artefact": name, "layout": layout}
            for key, side, flagged in zip(("real", "simulated"), (real, simulated), flags, strict=True):
                chosen = (side.layout == layout) | (layout == "all")
                n, k = int(chosen.sum()), int(flagged[name][chosen].sum())
                row[key] = {"n": n, "with": k, "limits": list(clopper_pearson(k, n)) if n else None}
            found.append(row)
    return found


def signal_to_noise(real: Side, simulated: Side) -> list[dict]:
    """Return how the header's S/N is distributed on both sides, by layout."""
    found = []
    for layout in ("all", *np.unique(real.layout).tolist()):
        chosen = [side.sample.snr[(side.layout == layout) | (layout == "all")] for side in (real, simulated)]
        if (compared := compare("snr", layout, *chosen)) is not None:
            found.append(asdict(compared))
    return found


def correlations(real: Side, simulated: Side) -> list[dict]:
    """Return the correlation of the noise between pixels in A stars, by S/N."""
    found = []
    for low, high in SNR_BINS:
        row: dict = {"kind": "A", "snr": [low, high]}
        for key, side in (("real", real), ("simulated", simulated)):
            chosen = (side.sample.kind == "A") & (side.sample.snr >= low) & (side.sample.snr < high)
            row[key] = {"n": int(chosen.sum()), "correlation": noise_correlation(side.sample.rows(chosen)).round(3).tolist()}
        found.append(row)
    return found


def contest_of(real: Side, simulated: Side) -> tuple[Contest, np.ndarray, np.ndarray]:
    """Return both sides mixed, their types and their S/N."""
    features = np.concatenate([RECIPE.apply_many(side.sample.wave, side.sample.flux)[0] for side in (real, simulated)])
    groups = np.concatenate([np.char.add("real ", real.sample.group), np.char.add("simulated ", simulated.sample.group)])
    is_real = np.arange(features.shape[0]) < real.sample.n_spectra
    contest = Contest(features, is_real, np.unique(groups, return_inverse=True)[1])
    kinds, snrs = (np.concatenate([getattr(side.sample, name) for side in (real, simulated)]) for name in ("kind", "snr"))
    return contest, kinds, snrs


def told_apart(contest: Contest, kinds: np.ndarray, snrs: np.ndarray, seed: int) -> dict:
    """Return every learner's area, overall, by type and by S/N, and what the best one looks at."""
    found: dict = {}
    names, counts = np.unique(kinds, return_counts=True)
    kinds_there = names[counts >= 2 * FEWEST]
    for name, learner in {**learners(), "network": network}.items():
        generator = np.random.default_rng([seed, len(found)])
        started = time.perf_counter()
        scores, importance = out_of_fold(contest, learner, generator, n_shuffles=2 if name == "gradient-boosting" else 0)

        def within(chosen: np.ndarray, scores: np.ndarray = scores, generator: np.random.Generator = generator) -> dict:
            parts = contest.is_real[chosen], scores[chosen]
            limits = area_interval(*parts, contest.group[chosen], generator)
            return {"n_pairs": int(parts[0].sum()), "area": round(area(*parts), 4), "limits": [round(x, 4) for x in limits]}

        found[name] = within(np.ones(kinds.size, dtype=bool)) | {
            "by_kind": {str(kind): within(kinds == kind) for kind in kinds_there},
            "by_snr": {f"{low}-{high}": within((snrs >= low) & (snrs < high)) for low, high in SNR_BINS},
            "importance": importance.round(4).tolist(),
        }
        print(
            f"  {name:<20} AUC {found[name]['area']:.3f} {found[name]['limits']}  {time.perf_counter() - started:.0f} s",
            flush=True,
        )
    return found


def floor(real: Side, seed: int) -> dict:
    """Return the area for real spectra against real ones, halved by group: what no difference looks like."""
    generator = np.random.default_rng([seed, 99])
    names = generator.permutation(np.unique(real.sample.group))
    half = np.isin(real.sample.group, names[: names.size // 2])
    sides = real.rows(half), real.rows(~half)
    rows = matched(*((side.sample.kind, side.sample.snr) for side in sides), generator)
    contest, _, _ = contest_of(*(side.rows(chosen) for side, chosen in zip(sides, rows, strict=True)))
    scores, _ = out_of_fold(contest, learners()["gradient-boosting"], generator)
    limits = area_interval(contest.is_real, scores, contest.group, generator)
    return {"n_pairs": int(contest.is_real.sum()), "area": round(area(contest.is_real, scores), 4), "limits": limits}


def judgeable(side: Side) -> BoolArray:
    """Return which absorption spectra have a type, an S/N and features."""
    fine = RECIPE.apply_many(side.sample.wave, side.sample.flux)[1]
    return side.absorbs & fine & (side.sample.kind != "") & (side.sample.snr > 0)


def main() -> None:
    """Measure, write and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=60000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/realism.json"))
    parser.add_argument("--images", type=Path, default=None)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    real = real_side(asked.folder)
    simulated = simulated_side(SurveyConfig(n_pool=asked.size, n_labeled=1), asked.seed)
    found: dict = {
        "seed": asked.seed,
        "n_real": real.sample.n_spectra,
        "n_simulated": simulated.sample.n_spectra,
        "quantiles": QUANTILES,
        "snr": signal_to_noise(real, simulated),
        "artefacts": rates(real, simulated),
    }
    theirs, ours = (side.rows(judgeable(side)) for side in (real, simulated))
    found["noise_correlation"] = correlations(theirs, ours)
    generator = np.random.default_rng([asked.seed, 7])
    rows = matched(*((side.sample.kind, side.sample.snr) for side in (theirs, ours)), generator)
    found |= {"n_absorption_real": theirs.sample.n_spectra, "n_absorption_simulated": ours.sample.n_spectra}
    theirs, ours = theirs.rows(rows[0]), ours.rows(rows[1])
    print(f"{rows[0].size} pairs of absorption spectra, of {found['n_absorption_real']} real ones")
    found["quantities"] = [asdict(compared) for compared in compare_all(theirs.sample, ours.sample)]
    contest, kinds, snrs = contest_of(theirs, ours)
    found["areas_by_wave"] = {"wave": RECIPE.grid.round(2).tolist(), "all": areas_by_wave(contest).round(3).tolist()}
    found["real_against_real"] = floor(theirs, asked.seed)
    found["classifiers"] = told_apart(contest, kinds, snrs, asked.seed)
    if asked.images is not None:
        draw_all(asked.images, real, simulated, (theirs, ours), found)
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    asked.output.write_text(json.dumps(found, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    print(f"wrote {asked.output}")
    show(found)


def show(found: dict) -> None:
    """Print the tables of the page."""
    print("\nquantity, type: quantiles real | simulated, distance (5 % limit)")
    for row in found["quantities"]:
        values = [" ".join(f"{value:8.3g}" for value in row[side]) for side in ("real", "simulated")]
        print(f"{row['quantity']:<15}{row['kind']:<4}{values[0]} |{values[1]}  {row['distance']:.2f} ({row['expected']:.2f})")
    for row in found["snr"]:
        print(
            "snr",
            row["kind"],
            [f"{x:.0f}" for x in row["real"]],
            [f"{x:.0f}" for x in row["simulated"]],
            round(row["distance"], 2),
        )
    for row in found["artefacts"]:
        shares = {key: f"{row[key]['with']}/{row[key]['n']}" for key in ("real", "simulated")}
        print(f"{row['artefact']:<15}{row['layout']:<14}{shares}")
    for row in found["noise_correlation"]:
        print(row["snr"], "real", row["real"], "simulated", row["simulated"])
    print("real against real", found["real_against_real"])
    for name, row in found["classifiers"].items():
        by = {key: {part: value["area"] for part, value in row[key].items()} for key in ("by_kind", "by_snr")}
        print(f"{name}: {row['area']} {row['limits']} {by}")


if __name__ == "__main__":
    main()
