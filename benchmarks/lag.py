"""
What it costs that a prepared network does not know the last answers: the same searches, waiting for all of them and not.

    python benchmarks/lag.py WORK benchmarks/results/lag.json

Three synthetic surveys, each searched with every setting of ``query.prepare_after``. What is in WORK already is not made again.
The tables of docs/decisions/0004-the-next-batch-is-prepared.md are made from the result by ``lag_page.py``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch

from spectrove.campaign import Campaign, TrainingSource, create, run
from spectrove.campaign.store import DATABASE
from spectrove.config import settings_from
from spectrove.experiment.active import measure_search
from spectrove.experiment.truth import truth_of
from spectrove.simulate import SurveyConfig, SurveyOracle, SurveyTruth, is_finished, simulate_survey, survey_files

SURVEY = SurveyConfig(n_pool=20_000, n_labeled=2_000, target_fraction=0.01, n_fits=0)
SEEDS = (1, 2, 3)
PREPARE_AFTER = (None, 80, 50)
"""Of 100 queries: wait for all answers, prepare when 80 are answered, prepare when half of them are."""

SETTINGS: dict[str, Any] = {
    "network": {"name": "compact"},
    "audit": {"design": "predicted"},  # as it was when this was measured
    "stopping": {"options": {"threshold": 0.8, "times": 3}, "max_iterations": 12},
    "fit": {"batch_size": 256, "max_epochs": 12, "threads": 1},
    "long_fit": {"batch_size": 256, "max_epochs": 60, "patience": 20, "threads": 1},
}


def searched(work: Path, seed: int, prepare_after: int | None) -> dict[str, Any]:
    """Return what one search found in one survey, against the truth."""
    result = work / f"seed{seed}-{prepare_after}.json"
    if result.exists():
        before: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        return before
    survey, folder = work / f"survey{seed}", work / f"campaign{seed}-{prepare_after}"
    if not is_finished(survey):
        simulate_survey(survey, SURVEY, seed)
    files = survey_files(survey)
    if (folder / DATABASE).exists():
        campaign = Campaign(folder)
    else:
        settings = settings_from({**SETTINGS, "seed": seed, "query": {"prepare_after": prepare_after}})
        campaign = create(folder, files.pool, [TrainingSource(files.labeled, files.labels)], settings)
    with campaign:
        known = SurveyTruth.open(files.truth)
        run(campaign, SurveyOracle(known), report=lambda sentence: print(f"{folder.name}: {sentence}", flush=True))
        classes = campaign.settings.classes
        truth = truth_of(campaign.pool, known, classes.names, classes.targets)
        found = measure_search(campaign, truth, lambda *_: None)
        missed = [(row.trained or {})["n_answers_missed"] for row in campaign.store.iterations()]
    facts = {"seed": seed, "prepare_after": prepare_after, "n_answers_missed": missed, **found}
    result.write_text(json.dumps(facts), encoding="utf-8")
    return facts


def main(work: Path, output: Path) -> None:
    """Make every search that is not made yet, and write what they found."""
    torch.set_num_threads(1)
    work.mkdir(parents=True, exist_ok=True)
    searches = [short(searched(work, seed, after)) for after in PREPARE_AFTER for seed in SEEDS]
    survey = {name: getattr(SURVEY, name) for name in ("n_pool", "n_labeled", "target_fraction")}
    facts = {"survey": survey, "settings": SETTINGS, "searches": searches}
    output.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def short(facts: dict[str, Any]) -> dict[str, Any]:
    """Return what the table is made from."""
    active = [row for row in facts["iterations"] if row["kind"] == "active"]
    return {
        "seed": facts["seed"],
        "prepare_after": facts["prepare_after"],
        "n_answers_missed": facts["n_answers_missed"],
        "n_iterations": len(active),
        "stopped": facts["final"]["stopped"]["reason"],
        "n_answers": facts["labels"]["n_spectra"],
        "candidates": facts["final"]["candidates"],
        "recall": facts["final"]["recall"],
        "iterations": [{name: row[name] for name in ("number", "precision", "candidate_precision", "recall")} for row in active],
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
