"""
Whole campaigns on synthetic surveys: whether the truth is inside the printed intervals, and whether audits that train pay.

    python benchmarks/honest_campaigns.py WORK benchmarks/results/honest-campaigns.json [--surveys N] [--seeds N] [--quick]

Each survey is searched by two protocols with as many answers: the paper's, whose audits are of predicted targets and never train,
and ours, whose audits are of the whole pool and train once their estimate is frozen. Some are searched a third time with larger
audits. What is in WORK already is not made again, and the result is written after each survey. The page
docs/reference/honest-campaigns.md is filled by ``honest_page.py``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from compact_measures import Ranked
from honest_truth import measure_rounds

from spectrove.campaign import Campaign, TrainingSource, create, run
from spectrove.campaign.store import DATABASE
from spectrove.config import merge, settings_from
from spectrove.experiment.measure import asked_in, share_of
from spectrove.experiment.truth import PoolTruth, truth_of
from spectrove.pool import Pool
from spectrove.scoring import ScoreConfig, probabilities_of
from spectrove.simulate import SurveyConfig, SurveyFiles, SurveyOracle, SurveyTruth, is_finished, simulate_survey, survey_files

Facts = dict[str, Any]

PROTOCOLS: dict[str, Facts] = {
    "paper": {"audit": {"size": 30, "design": "predicted", "trains": False}},
    "ours": {"audit": {"size": 30, "design": "strata", "trains": True}},
    "thorough": {"audit": {"size": 300, "design": "strata", "trains": True}},
}
"""The first is carried out first: the second gets as many answers as that one took, and no more."""

PAIR, THOROUGH = ("paper", "ours"), 3
"""The protocols that are compared; and of how many surveys the audits are made larger, in one search of each."""

UNSEEN = 1000
"""Added to a survey's seed gives that of another one, of which nothing is asked: the final networks are compared on it."""


@dataclass(frozen=True)
class Plan:
    """What is searched, and how."""

    survey: SurveyConfig
    settings: Facts


FULL = Plan(
    SurveyConfig(n_pool=40_000, n_labeled=2_000, target_fraction=0.01),
    {
        "network": {"name": "compact"},
        "query": {"batch_size": 100},
        "stopping": {"rule": "budget", "options": {"iterations": 8}},
        "fit": {"batch_size": 256, "max_epochs": 12, "threads": 1},
        "long_fit": {"batch_size": 256, "max_epochs": 60, "patience": 20, "threads": 1},
        "scoring": {"threads": 1},
    },
)
QUICK = Plan(
    SurveyConfig(n_pool=1_000, n_labeled=300, target_fraction=0.1),
    merge(
        FULL.settings,
        {
            "query": {"batch_size": 20},
            "stopping": {"rule": "budget", "options": {"iterations": 2}},
            "fit": {"max_epochs": 2},
            "long_fit": {"max_epochs": 2},
        },
    ),
)


def survey_of(work: Path, plan: Plan, seed: int) -> SurveyFiles:
    """Return a survey, made unless it is there."""
    directory = work / f"survey{seed}"
    if not is_finished(directory):
        simulate_survey(directory, plan.survey, seed)
    return survey_files(directory)


def truth_about(files: SurveyFiles, names: Sequence[str], targets: Sequence[str]) -> tuple[Pool, PoolTruth]:
    """Return a survey's pool and its truth."""
    pool = Pool.open(files.pool)
    return pool, truth_of(pool, SurveyTruth.open(files.truth), names, targets)


def searched(work: Path, plan: Plan, protocol: str, survey: int, seed: int) -> Facts:
    """Return what one search said of itself, and what is true of it."""
    folder = work / f"{protocol}-{survey}-{seed}"
    result = folder.with_suffix(".json")
    if result.exists():
        before: Facts = json.loads(result.read_text(encoding="utf-8"))
        return before
    begun = time.process_time()
    files = survey_of(work, plan, survey)
    with _open(folder, plan, protocol, files, seed) as campaign:
        oracle = SurveyOracle(SurveyTruth.open(files.truth))
        run(campaign, oracle, report=lambda sentence: print(f"{folder.name}: {sentence}", flush=True))
        classes = campaign.settings.classes
        _, truth = truth_about(files, classes.names, classes.targets)
        rounds = measure_rounds(campaign, truth)
        final = measure_final(work, plan, campaign, survey, truth)
    facts = {"protocol": protocol, "survey": survey, "seed": seed, "rounds": rounds, "final": final}
    facts["cpu_seconds"] = time.process_time() - begun
    result.write_text(json.dumps(facts), encoding="utf-8")
    return facts


def _open(folder: Path, plan: Plan, protocol: str, files: SurveyFiles, seed: int) -> Campaign:
    if (folder / DATABASE).exists():
        return Campaign(folder)
    settings: Facts = merge(plan.settings, {**PROTOCOLS[protocol], "seed": seed})
    if protocol == "ours":
        twin = json.loads((folder.with_name(folder.name.replace(protocol, "paper")).with_suffix(".json")).read_text())
        settings = merge(settings, {"stopping": {"max_answers": twin["final"]["n_answers"]}})
    return create(folder, files.pool, [TrainingSource(files.labeled, files.labels)], settings_from(settings))


def measure_final(work: Path, plan: Plan, campaign: Campaign, survey: int, truth: PoolTruth) -> Facts:
    """Return what the last network is worth on a survey of which nothing was asked, and what the list holds in the end."""
    scores, row = campaign.scores()
    asked = asked_in(campaign)
    codes = [scores.classes.index(name) for name in campaign.settings.classes.targets]
    candidates = asked.candidates(np.isin(scores.predicted(), codes), codes, row.number)
    unseen, unseen_truth = truth_about(survey_of(work, plan, survey + UNSEEN), truth.classes, campaign.settings.classes.targets)
    checkpoint = campaign.directory / str(row.checkpoint)
    probabilities = probabilities_of(checkpoint, unseen, np.arange(unseen.n_spectra), ScoreConfig(threads=1))
    left = ~asked.gone(truth.n_spectra, row.number)
    np.savez(campaign.directory.with_suffix(".npz"), probabilities=np.asarray(scores.probabilities), asked=np.sort(asked.rows))
    return {
        "n_answers": int(asked.rows.size),
        "n_examples": (row.trained or {})["n_examples"],
        "unseen": worth(probabilities, unseen_truth.labels, np.ones(unseen.n_spectra, dtype=bool)),
        "left": worth(np.asarray(scores.probabilities), truth.labels, left),
        "list": {"recall": share_of(candidates, truth.is_target), "precision": share_of(truth.is_target, candidates)},
    }


def worth(probabilities: np.ndarray, labels: np.ndarray, among: np.ndarray) -> Facts:
    """Return average precision, F1 and the like among some spectra."""
    ranked = Ranked(probabilities[among], labels[among].astype(np.int64))
    counts = {"n": int(among.sum()), "n_targets": int(np.count_nonzero(labels[among] != labels.max()))}
    return {**counts, **ranked.measure(np.ones(counts["n"]))}


def worth_on_common(work: Path, plan: Plan, pair: Sequence[Facts]) -> None:
    """Write down what each search's last network is worth on the spectra that neither has asked about."""
    survey, seed = pair[0]["survey"], pair[0]["seed"]
    _, truth = truth_about(survey_of(work, plan, survey), *_names())
    kept = {}
    for search in pair:
        with np.load(work / f"{search['protocol']}-{survey}-{seed}.npz") as file:
            kept[search["protocol"]] = (file["probabilities"], file["asked"])
    among = np.ones(truth.n_spectra, dtype=bool)
    for _, asked in kept.values():
        among[asked] = False
    for search in pair:
        search["final"]["common"] = worth(kept[search["protocol"]][0], truth.labels, among)


def _names() -> tuple[tuple[str, ...], tuple[str, ...]]:
    classes = settings_from({}).classes
    return classes.names, classes.targets


def main(work: Path, output: Path, plan: Plan, surveys: Sequence[int], seeds: Sequence[int]) -> None:
    """Make every search that is not made yet, and write what they found."""
    torch.set_num_threads(1)
    work.mkdir(parents=True, exist_ok=True)
    searches: list[Facts] = []
    for seed in seeds:
        for survey in surveys:
            pair = [searched(work, plan, protocol, survey, seed) for protocol in PAIR]
            worth_on_common(work, plan, pair)
            searches += pair
            if seed == seeds[0] and survey in surveys[:THOROUGH]:
                searches.append(searched(work, plan, "thorough", survey, seed))
            facts = {"survey": asdict(plan.survey), "settings": plan.settings, "protocols": PROTOCOLS, "searches": searches}
            output.write_text(json.dumps(rounded(facts), indent=1) + "\n", encoding="utf-8")


def rounded(content: Any) -> Any:
    """Return plain data with seven digits of each number, which is enough for the page."""
    if isinstance(content, dict):
        return {name: rounded(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [rounded(value) for value in content]
    return float(f"{content:.7g}") if isinstance(content, float) else content


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path, help="a folder, where surveys and searches are kept")
    parser.add_argument("output", type=Path, help="a JSON file")
    parser.add_argument("--surveys", type=int, default=6, help="how many surveys")
    parser.add_argument("--seeds", type=int, default=2, help="how many searches of each survey by each protocol")
    parser.add_argument("--quick", action="store_true", help="tiny surveys and two rounds, to see that it runs")
    return parser


if __name__ == "__main__":
    given = _parser().parse_args()
    chosen = QUICK if given.quick else FULL
    numbers = [range(1, n + 1) for n in (given.surveys, given.seeds)]
    main(given.work, given.output, chosen, *numbers)
