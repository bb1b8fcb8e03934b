"""The loop: the same seed asks the same questions, the labeled leave by a mask, the estimate is frozen, the budget is kept."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from spectrove.campaign import Campaign, audit_result, looks, run, status, step
from spectrove.campaign.examples import present_knowledge, training_examples
from spectrove.campaign.questions import labeled_rows
from spectrove.campaign.store import DATABASE
from spectrove.contracts import Oracle, Question
from spectrove.errors import CampaignBusyError, ConfigError, PhaseError, PlugInError, TrainingError
from spectrove.scoring import load_scores
from spectrove.training import Checkpoint

NewCampaign = Callable[..., Campaign]
OracleOf = Callable[[Campaign], Oracle]


def asked(campaign: Campaign) -> list[tuple[int, str, str]]:
    return [(question.iteration, question.arm, question.spectrum_id) for question in campaign.store.questions()]


def to_first_questions(campaign: Campaign) -> list[Question]:
    step(campaign)
    step(campaign)
    return campaign.open_questions()


def test_a_campaign_goes_through_its_phases_and_ends_with_the_long_training(
    new_campaign: NewCampaign, oracle_of: OracleOf
) -> None:
    campaign = new_campaign()
    said: list[str] = []
    run(campaign, oracle_of(campaign), report=said.append)
    rows = campaign.store.iterations()
    assert [(row.kind, row.phase) for row in rows] == [("active", "CLOSED")] * 3 + [("final", "CLOSED")]
    assert campaign.is_finished()
    assert len(said) == 4 * 3 + 2
    assert rows[-2].decision is not None
    assert rows[-2].decision["stop"]
    with pytest.raises(PhaseError, match=r"this campaign is finished\. Take its candidates with `spectrove campaign export`"):
        step(campaign)


def test_the_same_seed_asks_the_same_questions_and_another_seed_others(new_campaign: NewCampaign, oracle_of: OracleOf) -> None:
    campaigns = [new_campaign("one"), new_campaign("two"), new_campaign("three", seed=8)]
    for campaign in campaigns:
        run(campaign, oracle_of(campaign))
    one, two, three = (asked(campaign) for campaign in campaigns)
    assert one == two
    assert one != three


def test_the_queries_are_the_most_uncertain_spectra_and_the_paper_s_audit_is_of_predicted_targets(
    new_campaign: NewCampaign,
) -> None:
    campaign = new_campaign(audit={"size": 5, "design": "predicted"})
    questions = to_first_questions(campaign)
    row = campaign.iteration()
    scores = load_scores(campaign.directory / str(row.scores), campaign.pool)
    entropies = -(scores.probabilities * np.log(np.maximum(scores.probabilities, 1e-38))).sum(axis=1)
    queries = [question for question in questions if question.arm == "query"]
    expected = scores.spectrum_ids[np.argsort(-entropies)[:6]]
    assert {question.spectrum_id for question in queries} == set(expected)
    audit = [question for question in questions if question.arm == "audit"]
    n_predicted = sum((row.population or {})["n_predicted"][name] for name in campaign.settings.classes.targets)
    assert len(audit) == min(5, n_predicted)
    for question in audit:
        assert question.predicted in campaign.settings.classes.targets
        assert question.inclusion_probability == pytest.approx(len(audit) / n_predicted)


def test_labeled_spectra_leave_the_pool_by_a_mask_and_are_never_asked_again(
    new_campaign: NewCampaign, oracle_of: OracleOf
) -> None:
    campaign = new_campaign(audit={"size": 5, "trains": False})
    before = campaign.pool.content_hash
    run(campaign, oracle_of(campaign))
    queries = [question.spectrum_id for question in campaign.store.questions(arm="query")]
    assert len(queries) == len(set(queries)) == 18
    gone = set(campaign.pool.spectrum_ids[labeled_rows(campaign)])
    assert gone == set(queries)
    assert campaign.pool.content_hash == before


def test_audits_train_only_where_the_settings_say_so(new_campaign: NewCampaign, oracle_of: OracleOf) -> None:
    for trains in (False, True):
        campaign = new_campaign(f"trains-{trains}", audit={"size": 5, "trains": trains})
        run(campaign, oracle_of(campaign))
        arms = {arm: {question.spectrum_id for question in campaign.store.questions(arm=arm)} for arm in ("query", "audit")}
        assert arms["audit"] - arms["query"], "the audit should hold spectra of its own"
        learned = set(training_examples(campaign, present_knowledge(campaign)).spectrum_ids) - set(campaign.training_labels())
        assert learned == (arms["query"] | arms["audit"] if trains else arms["query"])


def test_the_estimate_is_frozen_before_its_labels_can_change(new_campaign: NewCampaign, oracle_of: OracleOf) -> None:
    campaign = new_campaign()
    oracle = oracle_of(campaign)
    run_until_closed(campaign, oracle)
    frozen = looks(campaign)[0]
    audit = campaign.store.questions(0)
    flipped = "not-interesting" if frozen.precision.n_correct else "single-peak"
    path = campaign.directory / "second-thoughts.csv"
    path.write_text("spectrum_id,label\n" + "".join(f"{question.spectrum_id},{flipped}\n" for question in audit))
    campaign.import_answers(path, "somebody else")
    assert looks(campaign)[0] == frozen
    assert audit_result(campaign, campaign.store.iterations()[0]).look != frozen, "what the labels would say by now"


def run_until_closed(campaign: Campaign, oracle: Oracle) -> None:
    path = campaign.directory / "answers.csv"
    ids = [question.spectrum_id for question in to_first_questions(campaign)]
    labels = oracle.ask(ids)
    path.write_text(
        "spectrum_id,label\n" + "".join(f"{i},{label or '?'}\n" for i, label in dict(zip(ids, labels, strict=True)).items())
    )
    campaign.import_answers(path, oracle.name)
    step(campaign)
    step(campaign)


def test_the_answers_of_a_person_by_file_and_of_an_oracle_lead_to_the_same_campaign(
    new_campaign: NewCampaign, oracle_of: OracleOf
) -> None:
    by_oracle, by_file = new_campaign("oracle"), new_campaign("file")
    run(by_oracle, oracle_of(by_oracle))
    while not by_file.is_finished():
        ids = sorted({question.spectrum_id for question in by_file.open_questions()}, reverse=True)
        if ids:
            labels = oracle_of(by_file).ask(ids)
            path = by_file.directory / "answers.csv"
            path.write_text("id,label\n" + "".join(f"{i},{label}\n" for i, label in zip(ids, labels, strict=True)))
            by_file.import_answers(path, "a person")
        step(by_file)
    assert asked(by_file) == asked(by_oracle)


def test_open_questions_hold_the_loop_until_they_are_answered_or_skipped(new_campaign: NewCampaign) -> None:
    campaign = new_campaign()
    to_first_questions(campaign)
    with pytest.raises(PhaseError, match=r"iteration 0 is in phase ASK with 6 queries open.*--skip-open"):
        step(campaign)
    step(campaign, skip_open=True)
    step(campaign, skip_open=True)
    estimate = looks(campaign)[0].precision
    assert estimate.estimate is None
    assert (estimate.worst_lower, estimate.worst_upper) == (0.0, 1.0)
    assert campaign.iteration().number == 1


def test_the_budget_of_answers_is_never_exceeded(new_campaign: NewCampaign, oracle_of: OracleOf) -> None:
    campaign = new_campaign(stopping={"max_answers": 17})
    run(campaign, oracle_of(campaign))
    assert len(campaign.store.labels()) <= 17
    facts = status(campaign)
    assert facts["finished"]
    assert "max_answers" in facts["iterations"][-2]["decision"]["reason"]


def test_a_second_process_is_told_that_the_campaign_is_busy(new_campaign: NewCampaign) -> None:
    campaign = new_campaign()
    with campaign.lock(), pytest.raises(CampaignBusyError, match="another process is running this campaign"):
        step(Campaign(campaign.directory))


def test_threads_and_device_are_frozen_with_the_campaign(new_campaign: NewCampaign, oracle_of: OracleOf) -> None:
    one, two = new_campaign("one"), new_campaign("two")
    assert one.settings.fit.threads == one.settings.long_fit.threads == 1
    assert one.settings.fit.device == one.settings.long_fit.device == ("cuda" if torch.cuda.is_available() else "cpu")
    run(one, oracle_of(one))
    torch.set_num_threads(2)
    run(two, oracle_of(two))
    assert torch.get_num_threads() == 2
    assert asked(one) == asked(two)


def test_two_people_who_agree_are_both_recorded(new_campaign: NewCampaign) -> None:
    campaign = new_campaign()
    path = campaign.directory / "answers.csv"
    path.write_text(f"spectrum_id,label\n{to_first_questions(campaign)[0].spectrum_id},single-peak\n")
    assert campaign.import_answers(path, "ann") == (1, 0)
    assert campaign.import_answers(path, "bob") == (1, 0)
    assert campaign.import_answers(path, "ann") == (0, 1)
    assert [answer.annotator for answer in campaign.store.answers()] == ["ann", "bob"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"stopping": {"options": {"treshold": 0.5}}}, r"unknown option 'treshold'; did you mean 'threshold'\?"),
        ({"stopping": {"options": {"times": "often"}}}, r"stopping rule paper-2020: "),
        ({"stopping": {"rule": "never"}}, r"no plug-in is named 'never'"),
        ({"query": {"strategy": "entrop"}}, r"no plug-in is named 'entrop'; did you mean 'entropy'\?"),
        ({"network": {"name": "foo"}}, r"no plug-in is named 'foo'"),
    ],
)
def test_settings_that_name_what_cannot_be_had_are_refused_before_anybody_works_for_them(
    new_campaign: NewCampaign, tmp_path: Path, changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises((ConfigError, PlugInError), match=sentence):
        new_campaign(**changes)
    assert not (tmp_path / "campaign").exists()


def test_a_database_that_another_process_keeps_is_said_to_be_busy(
    new_campaign: NewCampaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spectrove.campaign.store.BUSY_SECONDS", 0.1)
    campaign = new_campaign()
    connection = sqlite3.connect(campaign.directory / DATABASE)
    connection.execute("BEGIN EXCLUSIVE")
    with pytest.raises(CampaignBusyError, match=r"another process has held the database for 0\.1 s"):
        Campaign(campaign.directory)
    connection.close()


def test_a_warm_start_goes_on_from_the_weights_of_the_iteration_before_and_a_cold_one_does_not(
    new_campaign: NewCampaign, oracle_of: OracleOf
) -> None:
    for warm in (True, False):
        fit = {"max_epochs": 2, "warm_start": warm}
        campaign = new_campaign(f"warm-{warm}", fit=fit, long_fit=fit, stopping={"max_iterations": 2})
        run(campaign, oracle_of(campaign))
        folders = [campaign.directory / str(row.checkpoint) for row in campaign.store.iterations()]
        weights = [json.loads((folder / "checkpoint.json").read_text())["weights"] for folder in folders]
        started_from = [Checkpoint.load(folder).provenance["result"]["started_from"] for folder in folders]
        assert [start == before for start, before in zip(started_from[1:], weights, strict=False)] == [warm, warm]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
@pytest.mark.parametrize(
    ("section", "error", "told"),
    [
        ("fit", TrainingError, "sees no GPU"),
        ("long_fit", TrainingError, "sees no GPU"),
        ("scoring", ConfigError, "no CUDA device"),
    ],
)
def test_a_device_that_is_not_there_is_refused_before_anything_is_made(new_campaign: NewCampaign, section, error, told) -> None:
    with pytest.raises(error, match=told):
        new_campaign("absent", **{section: {"device": "cuda"}})
