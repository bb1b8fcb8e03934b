"""What a person is told of a campaign: precision and recall with limits and assumptions, and what the stopping rule says."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from spectrove.campaign import Campaign, run, status
from spectrove.campaign.telling import MONOTONE, tell_audit, tell_recall
from spectrove.cli.frame import cli
from spectrove.contracts import Oracle
from spectrove.evaluate import StratumCount, estimate_class_precision, estimate_precision, estimate_recall
from spectrove.oracles import NoisyOracle

NewCampaign = Callable[..., Campaign]
OracleOf = Callable[[Campaign], Oracle]

TARGETS = ("single-peak", "double-peak")


def typed(*words: str) -> str:
    return CliRunner(env={"COLUMNS": "200"}).invoke(cli, ["campaign", *words], catch_exceptions=False).output


@pytest.fixture
def facts() -> dict[str, Any]:
    """Return an iteration of which everything is known, as `status` gives it."""
    predicted = ["single-peak"] * 20 + ["double-peak"] * 10
    labels: list[str | None] = ["single-peak"] * 18 + [None, "not-interesting"] + ["double-peak"] * 10
    hits = (StratumCount("predicted", 300, 30, 29, 28),)
    misses = (StratumCount("others 1", 500, 40, 39, 2), StratumCount("others 2", 9000, 20, 20, 0))
    by_class = estimate_class_precision(predicted, labels, {"single-peak": 200, "double-peak": 100})
    return {
        "precision": {
            **asdict(estimate_precision(predicted, labels, 300, TARGETS)),
            "by_class": {name: asdict(value) for name, value in by_class.items()},
        },
        "recall": {name: asdict(estimate_recall(hits, misses, 100, n_untold=7)) for name in ("", *TARGETS)},
    }


def test_the_recall_is_told_with_both_limits_and_what_each_takes_for_granted(facts: dict[str, Any]) -> None:
    recall = facts["recall"][""]
    free = f"{recall['lower']:.2f} to {recall['upper']:.2f} whatever the scores are worth (95 %)"
    monotone = f"at least {recall['monotone_lower']:.2f} {MONOTONE}"
    assert tell_recall(recall) == f"{recall['estimate']:.2f}: {free}, {monotone}"
    assert 0 < recall["lower"] < recall["estimate"] < recall["upper"] < 1


def test_an_audit_is_told_for_all_targets_and_for_each_class_and_by_its_worst_case(facts: dict[str, Any]) -> None:
    said = tell_audit(facts)
    assert [sentence.split(" ")[0] or sentence.split(":")[0] for sentence in said] == [
        "precision", "recall", "missed:", "  single-peak", "  double-peak", "7",
    ]  # fmt: skip
    assert said[0] == f"precision 0.97 ({facts['precision']['lower']:.2f} to 1.00): {facts['precision']['method']}"
    assert said[2].startswith("missed: about 24 targets, at most ")
    assert said[3].startswith("  single-peak: precision 0.95 (")
    assert "; recall 0." in said[3]
    worst = facts["recall"][""]
    assert said[-1] == (
        "7 spectra that left the pool could be told by nobody, and 1 of those asked about beside the predicted targets have no "
        f"label; at the worst, the recall is {worst['worst_lower']:.2f} to {worst['worst_upper']:.2f}"
    )


def test_what_is_not_known_is_not_told(facts: dict[str, Any]) -> None:
    assert tell_audit({"precision": None, "recall": None}) == []
    of_predicted_alone = tell_audit({**facts, "recall": {}})
    assert len(of_predicted_alone) == 3
    assert not any("recall" in sentence for sentence in of_predicted_alone)
    nothing = dict.fromkeys(TARGETS, 0)
    empty = estimate_recall((), (StratumCount("others 1", 10, 0, 0, 0),))
    assert tell_recall(vars(empty)).startswith("unknown: 0.00 to 1.00 whatever")
    assert estimate_class_precision([], [], nothing)["single-peak"].estimate is None


def test_status_and_step_tell_precision_recall_and_the_stopping_rule(new_campaign: NewCampaign, oracle_of: OracleOf) -> None:
    campaign = new_campaign(
        stopping={"rule": "precision-at-least and budget", "options": {"budget": {"iterations": 1}}, "max_iterations": 2}
    )
    folder = str(campaign.directory)
    assert "stopping rule precision-at-least and budget: go on; there is no audit yet; and 0 of 1 iterations of" in typed(
        "status", folder
    )
    oracle = NoisyOracle(oracle_of(campaign), campaign.settings.classes.names, 0.0, 0.3, np.random.default_rng(1))
    said: list[str] = []
    run(campaign, oracle, report=said.append)
    audits = [sentence for sentence in said if ": precision " in sentence]
    assert len(audits) == 2
    facts = json.loads(typed("status", folder, "--json"))
    assert facts == json.loads(json.dumps(status(campaign)))
    for sentence, row in zip(audits, facts["iterations"], strict=False):
        recall = row["recall"][""]
        assert f"recall {recall['estimate']:.2f} ({recall['lower']:.2f} to {recall['upper']:.2f}); " in sentence
        assert set(row["recall"]) == {"", *TARGETS}
        assert set(row["precision"]["by_class"]) == set(TARGETS)
        assert not {"look", "recall"} & set(row["precision"])
        assert recall["n_untold"] == row["population"]["n_untold"]
    assert facts["stopping"] == {"rule": "precision-at-least and budget", **facts["iterations"][1]["decision"]}

    printed = typed("status", folder)
    assert "what the audit of iteration 1 says:" in printed
    for sentence in tell_audit(facts["iterations"][1]):
        assert sentence in printed
    assert "whatever the scores are worth (95 %), at least" in printed
    assert f"stopping rule precision-at-least and budget: stop; {facts['stopping']['reason']}" in printed


def test_a_campaign_that_draws_predicted_targets_alone_is_told_no_recall(
    new_campaign: NewCampaign, oracle_of: OracleOf, tmp_path: Path
) -> None:
    campaign = new_campaign(audit={"size": 5, "design": "predicted"}, stopping={"max_iterations": 1})
    said: list[str] = []
    run(campaign, oracle_of(campaign), report=said.append)
    assert not any("recall" in sentence for sentence in said)
    printed = typed("status", str(campaign.directory))
    assert "precision " in printed
    assert "whatever the scores are worth" not in printed
    assert status(campaign)["iterations"][0]["recall"] == {}
