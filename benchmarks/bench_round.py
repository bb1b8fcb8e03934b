"""
What one round of the loop takes: choosing the questions, the labeled leaving the pool, and all of it from answer to question.

Peers of the choice: the reference design, which computes and sorts all entropies and writes the pool anew without the labeled;
and scikit-activeml's entropy query. The rounds are those of a campaign with the compact network, which the truth answers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import harness
import machine
import material
import numpy as np
import peers
from bench_scoring import N_QUERY, opened
from harness import Contestant, Facts, Options

N_GONE = 1700
"""Spectra that have been asked about before, as at the end of the paper's search."""

SCORED_AT_ONCE = 65_536
GIGABYTES_A_ROW = 140 * 8 * 2.9e-9
"""Memory that the reference design takes for a copy of its pool in float64: what is read, what is kept, and what is written."""

ROUND = {
    "network": {"name": "compact"},
    "query": {"batch_size": N_QUERY, "prepare_after": N_QUERY // 2},
    "audit": {"size": 30},
}
"""A campaign with the questions of the paper's and the network for ordinary computers; the rest is the preset for archives."""

PEERS = ("numpy", "hdf5-float64", "hdf5-float32", "scikit-activeml")


def probabilities_file(data: Path, n_rows: int) -> Path:
    """Return a file of probabilities as scoring writes it: most rows are certain, and some are not."""
    path = data / f"probabilities-{n_rows}.npy"
    if not path.exists():
        file = np.lib.format.open_memmap(path, mode="w+", dtype="<f4", shape=(n_rows, 3))
        generator = np.random.default_rng(material.SEED)
        for begin in range(0, n_rows, SCORED_AT_ONCE):
            logits = generator.normal(0, 4, file[begin : begin + SCORED_AT_ONCE].shape) + np.array([0.0, 0.0, 8.0])
            powers = np.exp(logits - logits.max(axis=1, keepdims=True))
            file[begin : begin + SCORED_AT_ONCE] = powers / powers.sum(axis=1, keepdims=True)
        file.flush()
    return path


def labeled_rows(n_rows: int) -> np.ndarray:
    """Return the rows that were asked about before, in order."""
    n_gone = min(N_GONE, n_rows // 4)
    return np.sort(np.random.default_rng(material.SEED).choice(n_rows, n_gone, replace=False))


class Choice:
    """The job of all: of a scored pool, the questions with the largest entropy that are not labeled yet."""

    def __init__(self, data: Path, n_rows: int, ids: Any) -> None:
        self.data = data
        self.probabilities = np.load(probabilities_file(data, n_rows), mmap_mode="r")
        self.gone = labeled_rows(n_rows)
        self.ids = ids

    def by_ours(self) -> np.ndarray:
        """Return the rows chosen in one pass, the labeled masked."""
        from spectrove.query import entropy, top_utilities

        mask = np.zeros(len(self.probabilities), dtype=np.bool_)
        mask[self.gone] = True
        generator = np.random.default_rng(0)
        return top_utilities(self.probabilities, entropy, self.ids, N_QUERY, generator, mask)[0]

    def by_numpy(self) -> np.ndarray:
        """Return the rows chosen of what is left in the pool, as the reference design does."""
        left = np.setdiff1d(np.arange(len(self.probabilities)), self.gone, assume_unique=True)
        return left[peers.choose_by_numpy(self.probabilities[left], N_QUERY)]

    def by_hdf5(self, dtype: str) -> np.ndarray:
        """Return the same after the pool has been written anew without the spectra that were labeled in this round."""
        folder = self.data / "hdf5"
        (folder / "copy.h5").unlink(missing_ok=True)
        peers.copy_without(folder / f"{dtype}.h5", folder / "copy.h5", self.gone[:N_QUERY])
        (folder / "copy.h5").unlink()
        return self.by_numpy()

    def by_skactiveml(self) -> np.ndarray:
        """Return the rows that scikit-activeml's entropy query chooses."""
        return peers.choose_by_skactiveml(np.asarray(self.probabilities), self.gone, N_QUERY)


def in_hdf5(data: Path, pool: Any, dtype: str) -> None:
    """Write the reference design's pool, if it is not there."""
    path = data / "hdf5" / f"{dtype}.h5"
    path.parent.mkdir(exist_ok=True)
    batches: Iterator[np.ndarray] = (
        pool.features(slice(begin, begin + SCORED_AT_ONCE)) for begin in range(0, pool.n_spectra, SCORED_AT_ONCE)
    )
    peers.write_hdf5(path, batches, pool.n_spectra, dtype)


def choosing(options: Options) -> tuple[Facts, list[Facts]]:
    """Let the ways to choose take turns on the largest pool, and say what each takes of the memory."""
    n_rows = options.sizes[-1]
    pool = opened(options, n_rows)
    choice = Choice(options.data, pool.n_spectra, pool.spectrum_ids)
    runs = {"numpy": choice.by_numpy, "scikit-activeml": choice.by_skactiveml}
    for dtype, bytes_a_value in (("float64", 8), ("float32", 4)):
        if machine.has_room_for(pool.n_spectra * GIGABYTES_A_ROW * bytes_a_value / 8):
            in_hdf5(options.data, pool, dtype)
            runs[f"hdf5-{dtype}"] = partial(choice.by_hdf5, dtype)
    titles = {
        "numpy": "NumPy: entropy of all, argsort",
        "hdf5-float64": "the same, and the pool in HDF5 anew, float64",
        "hdf5-float32": "the same, and the pool in HDF5 anew, float32",
        "scikit-activeml": "scikit-activeml, UncertaintySampling",
    }
    contestants = [Contestant(titles[name], runs[name], n_rows, warms_up=name == "numpy") for name in PEERS if name in runs]
    bytes_read = {"memory": float(choice.probabilities.nbytes // n_rows)}
    contestants.append(Contestant("spectrove", choice.by_ours, n_rows, work=bytes_read))
    contest = harness.contest(f"the choice of {N_QUERY} of {n_rows:,}", "rows", contestants, options.turns)
    memory = []
    for name in [*(name for name in PEERS if name in runs), "spectrove"]:
        arguments = {"name": name, "pool": str(pool.path)}
        memory.append(harness.in_own_process(__file__, "memory", options.data, **arguments))
        harness.say(f"  {name}: {memory[-1]['memory']}")
    return contest, memory


def memory_of_choice(data: Path, name: str, pool: str) -> Facts:
    """Choose once, to see the memory that it takes."""
    from spectrove.pool import Pool

    searched = Pool.open(Path(pool))
    choice = Choice(data, searched.n_spectra, searched.spectrum_ids)
    runs = {"numpy": choice.by_numpy, "scikit-activeml": choice.by_skactiveml, "spectrove": choice.by_ours}
    run = partial(choice.by_hdf5, name.removeprefix("hdf5-")) if name.startswith("hdf5") else runs[name]
    return {"name": name, "seconds": [harness.timed(run)]}


def choice_growth(data: Path, pool: str, turns: int) -> Facts:
    """Choose several times, of a pool of some size."""
    from spectrove.pool import Pool

    searched = Pool.open(Path(pool))
    choice = Choice(data, searched.n_spectra, searched.spectrum_ids)
    harness.timed(choice.by_ours)
    return {"n_rows": searched.n_spectra, "seconds": harness.repeated(choice.by_ours, most=turns)}


class Rounds:
    """A campaign whose steps are timed."""

    def __init__(self, campaign: Any, oracle: Any) -> None:
        self.campaign = campaign
        self.oracle = oracle
        self.steps: list[Facts] = []

    def answer(self, arm: str | None = None, most: int | None = None) -> None:
        """Answer open questions."""
        from spectrove.contracts import Answer

        ids = sorted({question.spectrum_id for question in self.campaign.open_questions(arm)})[:most]
        said = zip(ids, self.oracle.ask(ids), strict=True)
        when = "2020-09-18T00:00:00Z"
        self.campaign.store.record_answers([Answer(f"said of {id_}", id_, label, self.oracle.name, when) for id_, label in said])

    def until_asked(self, number: int) -> float:
        """Take steps until the questions of an iteration are asked; return the seconds."""
        from spectrove.campaign.loop import step

        before = len(self.steps)
        while self.campaign.iteration().number < number or self.campaign.iteration().phase != "ASK":
            row = self.campaign.iteration()
            self.time(row.number, row.phase, lambda: step(self.campaign))
        return sum(one["seconds"] for one in self.steps[before:])

    def time(self, number: int, phase: str, run: Callable[[], str]) -> None:
        """Do something, and take down how long it took and what it says."""
        begun = time.perf_counter()
        told = run()
        self.steps.append({"iteration": number, "phase": phase, "told": told, "seconds": time.perf_counter() - begun})
        harness.say(f"    {self.steps[-1]['seconds']:>8.2f} s  {told}")


def whole_rounds(data: Path, survey: str, *, quick: bool) -> Facts:
    """Run a campaign to its third questions: the second are waited for, the third prepared while the second are answered."""
    from spectrove.campaign import TrainingSource, create
    from spectrove.campaign.ahead import prepare
    from spectrove.config import PRESETS, merge, settings_from
    from spectrove.simulate import SurveyOracle, SurveyTruth, survey_files

    files = survey_files(Path(survey))
    short = {"fit": {"max_epochs": 1}} if quick else {}
    settings = settings_from(merge(PRESETS["archive"], {**ROUND, **short, "seed": material.SEED}))
    oracle = SurveyOracle(SurveyTruth.open(files.truth))
    directory = material.emptied(data / "campaign")
    with create(directory, files.pool, [TrainingSource(files.labeled, files.labels)], settings) as campaign:
        rounds = Rounds(campaign, oracle)
        rounds.until_asked(0)
        rounds.answer()
        waited_for = rounds.until_asked(1)
        rounds.answer("query", N_QUERY // 2)
        rounds.time(2, "prepared", lambda: prepare(campaign))
        rounds.answer()
        prepared = rounds.until_asked(2)
        n_rows = campaign.pool.n_spectra
    return {"n_rows": n_rows, "steps": rounds.steps, "seconds": [waited_for], "prepared_seconds": prepared}


PARTS = {"memory": memory_of_choice, "choice": choice_growth, "rounds": whole_rounds}


def run(options: Options) -> Facts:
    """Measure all."""
    surveys = {size: str(material.survey(options, size)) for size in options.sizes}
    contest, memory = choosing(options)
    growth, rounds = [], []
    for directory in surveys.values():
        pool = f"{directory}/pool.pool"
        growth.append(harness.in_own_process(__file__, "choice", options.data, pool=pool, turns=options.turns))
        harness.say(f"  choice of {growth[-1]['n_rows']:>10,}: {min(growth[-1]['seconds']):.4f} s")
    for size in options.sizes[1:]:
        harness.say(f"  a round with {size:,} spectra")
        found = harness.in_own_process(__file__, "rounds", options.data, survey=surveys[size], quick=options.quick)
        waits = f"{found['seconds'][0]:.1f} s, prepared {found['prepared_seconds']:.1f} s"
        harness.say(f"  a round with {found['n_rows']:>10,}: {waits}, {found['memory']}")
        rounds.append(found)
    return {"contests": [contest], "memory": memory, "choice": growth, "rounds": rounds}


if __name__ == "__main__":
    harness.main("round", __doc__, run, PARTS)
