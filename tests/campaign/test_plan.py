"""How many more labels a wish needs, by the campaign's own audit and pace."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from spectrove.campaign import Campaign, step
from spectrove.campaign.audits import looks
from spectrove.campaign.plan import FEWEST_TIMES, LONGEST_PAUSE, Pace, pace_of, plan, plan_sentences, times_between
from spectrove.cli.frame import cli, main
from spectrove.contracts import Answer, Oracle, SpectrumId
from spectrove.errors import CampaignError
from spectrove.evaluate.planning import interval_expected, labels_for_recall

NewCampaign = Callable[..., Campaign]
OracleOf = Callable[[Campaign], Oracle]

BEGIN = datetime(2026, 1, 5, 9, tzinfo=UTC)


def answers_after(seconds: Iterable[float], annotator: str = "somebody", begin: datetime = BEGIN) -> list[Answer]:
    """Return an answer at the beginning, and one after each of these times."""
    moments = [begin]
    for gap in seconds:
        moments.append(moments[-1] + timedelta(seconds=gap))
    return [
        Answer(f"{annotator}-{number}", SpectrumId(f"test:{number}"), "single-peak", annotator, moment.isoformat())
        for number, moment in enumerate(moments)
    ]


def answered_round(campaign: Campaign, oracle: Oracle, seconds: float) -> Campaign:
    """Take the first round of a campaign, with so many seconds from one answer to the next."""
    step(campaign)
    step(campaign)
    ids = list(dict.fromkeys(question.spectrum_id for question in campaign.open_questions()))
    times = [answer.answered_at for answer in answers_after([seconds] * (len(ids) - 1))]
    labels = oracle.ask(ids)
    campaign.store.record_answers(
        [Answer(f"a{n}", id_, labels[n], "somebody", times[n]) for n, id_ in enumerate(ids)],
    )
    step(campaign)
    step(campaign)
    return campaign


def fail(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    assert left.value.code == 1
    (error,) = capsys.readouterr().err.splitlines()
    return error.removeprefix("error: ")


# -- pace -----------------------------------------------------------------------------------------------------------------------


def test_the_pace_is_that_of_answers_that_follow_each_other() -> None:
    times = [8.0, 9, 10, 11, 12, 13, 14, 15, 16, 42]
    assert pace_of(answers_after(times)) == Pace(15.0, 12.5, 10.25, 14.75, 10)


def test_pauses_are_left_out() -> None:
    times = [10.0] * 6 + [LONGEST_PAUSE + 1] + [20.0] * 6 + [3600.0]
    assert pace_of(answers_after(times)) == Pace(15.0, 15.0, 10.0, 20.0, 12)


def test_people_have_paces_of_their_own_and_share_none() -> None:
    one = answers_after([10.0] * 6, "one")
    two = answers_after([20.0] * 6, "two", BEGIN + timedelta(seconds=3))  # meanwhile
    assert pace_of([*two, *one]) == Pace(15.0, 15.0, 10.0, 20.0, 12)
    assert times_between([*two, *one]) == [20.0] * 6 + [10.0] * 6


def test_what_comes_all_at_once_has_no_pace() -> None:
    assert pace_of(answers_after([0.001] * 200)) is None
    # Files of answers, a minute apart: the minutes are no looks at a spectrum either.
    assert pace_of(answers_after(([0.001] * 5 + [60.0]) * 20)) is None


def test_a_file_among_typed_answers_changes_no_pace() -> None:
    times = [10.0] * 8 + [50.0] + [0.001] * 40 + [30.0] + [12.0] * 8
    assert pace_of(answers_after(times)) == Pace(11.0, 11.0, 10.0, 12.0, 16)


def test_few_answers_have_no_pace() -> None:
    assert pace_of([]) is None
    assert pace_of(answers_after([5.0] * (FEWEST_TIMES - 1))) is None
    assert pace_of(answers_after([5.0] * FEWEST_TIMES)) == Pace(5.0, 5.0, 5.0, 5.0, FEWEST_TIMES)


# -- the plan -------------------------------------------------------------------------------------------------------------------


def test_a_plan_tells_labels_and_hours_for_a_wish(new_campaign: NewCampaign, oracle_of: OracleOf) -> None:
    campaign = new_campaign(audit={"size": 12})
    answered_round(campaign, oracle_of(campaign), 12.0)
    facts = plan(campaign, 0.05, undiscovered=30)
    assert json.loads(json.dumps(facts)) == facts
    assert facts["labels"] == {"query": 6, "audit": 12}
    assert facts["round"] == {"query": 6, "audit": 12}
    assert facts["pace"]["mean"] == 12
    look = looks(campaign)[-1]

    precision = facts["precision"]
    assert (precision["lower"], precision["upper"]) == (look.precision.lower, look.precision.upper)
    n_rest = look.precision.n_predicted - look.precision.n_asked
    lower, upper = interval_expected(precision["reckoned_share"], precision["n_labels"], 0.95, n_rest)
    assert n_rest * (upper - lower) <= look.precision.n_predicted * 0.1
    assert precision["n_more"] == precision["n_labels"] - look.precision.n_answered > 0

    expected = labels_for_recall(look.hits, look.misses, look.n_found, 0.05)
    assert facts["recall"]["n_more"] == sum(one.n_more for part in expected for one in part)
    assert facts["recall"]["for_limits"]["n_more"] >= facts["recall"]["n_more"]
    for wish in (precision, facts["recall"], facts["recall"]["for_limits"], facts["undiscovered"]):
        assert wish["hours"] == pytest.approx(wish["n_more"] * 12 / 3600)

    begun, of_precision, of_recall, of_limits, of_undiscovered = plan_sentences(facts)
    assert begun.startswith("so far 6 labels of queries and 12 of audits; your pace is 12 s a label (mean of 17 times; median ")
    assert of_precision.startswith("precision to ± 0.05 needs about ")
    assert " at your pace (12 s a label); " in of_precision
    assert of_recall.startswith("recall to ± 0.05, by the standard error, needs about ")
    assert f"; now it is {facts['recall']['estimate']:.2f} (" in of_recall
    assert of_limits.startswith("limits of the recall that hold for any counts are ")
    assert "; ± 0.05 needs about " in of_limits
    assert of_undiscovered.startswith("at most 30 undiscovered targets need about ")


def test_a_wider_wish_needs_less_and_may_be_fulfilled(new_campaign: NewCampaign, oracle_of: OracleOf) -> None:
    campaign = new_campaign(audit={"size": 12})
    answered_round(campaign, oracle_of(campaign), 12.0)
    sharp, wide = plan(campaign, 0.05), plan(campaign, 0.45)
    for name in ("precision", "recall"):
        assert wide[name]["n_more"] < sharp[name]["n_more"]
    assert wide["precision"]["n_more"] == 0
    assert plan_sentences(wide)[1].startswith("precision is known to about ± 0.45 already; now it is ")
    assert wide["undiscovered"] is None


def test_a_campaign_without_an_audit_has_no_plan(new_campaign: NewCampaign) -> None:
    campaign = new_campaign()
    with pytest.raises(CampaignError, match=r"no audit is closed yet.*go on with `spectrove campaign step`"):
        plan(campaign)


def test_an_audit_of_predicted_targets_alone_knows_nothing_of_the_recall(
    new_campaign: NewCampaign, oracle_of: OracleOf, capsys: pytest.CaptureFixture[str]
) -> None:
    campaign = new_campaign(audit={"size": 5, "design": "predicted"})
    answered_round(campaign, oracle_of(campaign), 0.001)
    facts = plan(campaign)
    assert facts["precision"]["n_more"] > 0
    assert facts["precision"]["hours"] is facts["recall"] is facts["pace"] is None
    sentences = plan_sentences(facts)
    assert "so no pace is known" in sentences[0]
    assert "more labels; " in sentences[1]
    assert sentences[2].startswith("recall: the audits are drawn from predicted targets alone")
    error = fail(capsys, "campaign", "plan", campaign.directory, "--undiscovered", "5")
    assert "tells nothing of undiscovered ones. Make a campaign with audit.design = 'strata'." in error


def test_where_every_spectrum_is_predicted_to_be_a_target_nothing_is_missed(
    new_campaign: NewCampaign, oracle_of: OracleOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = new_campaign()
    answered_round(campaign, oracle_of(campaign), 12.0)
    look = replace(looks(campaign)[-1], misses=())
    monkeypatch.setattr("spectrove.campaign.plan.looks", lambda _: [look])
    facts = plan(campaign, 0.05, 1)
    assert facts["recall"]["reckoned"] == 1
    assert facts["undiscovered"]["n_more"] == 0
    assert plan_sentences(facts)[-1].startswith("at most 1 undiscovered targets: an audit of as many labels tells it")


def planned(precision: dict | None = None, undiscovered: dict | None = None) -> Sequence[str]:
    facts = {"labels": {"query": 1, "audit": 1}, "pace": None, "half_width": 0.05, "recall": None}
    return plan_sentences(facts | {"precision": precision, "undiscovered": undiscovered})


def test_what_no_audit_can_tell_is_said() -> None:
    assert "precision: no spectrum is predicted to be a target" in planned()
    told = planned(undiscovered={"number": 5, "estimate": 12.4, "n_more": None})[-1]
    assert told == (
        "at most 5 undiscovered targets: no audit of this network can tell, as about 12 are estimated to be left; a better "
        "network may"
    )


@pytest.mark.parametrize(
    ("n_more", "told"),
    [
        (1, "1 more label: 12 seconds"),
        (20, "20 more labels: 4 minutes"),
        (121, "130 more labels: 0.4 hours"),
        (123_456, "130,000 more labels: 412 hours"),
    ],
)
def test_numbers_are_told_as_well_as_they_are_known(n_more: int, told: str) -> None:
    known = {"number": 5, "n_more": n_more, "hours": n_more * 12 / 3600, "strata": [{"name": "others 1", "n_more": n_more}]}
    pace = {"mean": 12.0, "median": 9.5, "lower_quartile": 7.25, "upper_quartile": 14.0, "n_times": 1200}
    facts = {"labels": {"query": 1000, "audit": 1}, "half_width": 0.05, "recall": None, "precision": None}
    sentences = plan_sentences(facts | {"pace": pace, "undiscovered": known})
    assert f"need about {told} at your pace (12 s a label)" in sentences[-1]
    assert "mean of 1,200 times; median 9.5 s, quartiles 7.2 s and 14 s" in sentences[0]


# -- the command ----------------------------------------------------------------------------------------------------------------


def test_the_command_prints_sentences_or_json(
    new_campaign: NewCampaign, oracle_of: OracleOf, capsys: pytest.CaptureFixture[str]
) -> None:
    campaign = new_campaign()
    assert "no audit is closed yet" in fail(capsys, "campaign", "plan", campaign.directory)
    answered_round(campaign, oracle_of(campaign), 12.0)
    type_command = CliRunner().invoke
    arguments = ["campaign", "plan", str(campaign.directory), "--half-width", "0.1", "--undiscovered", "40"]
    said = type_command(cli, arguments)
    first, *sentences = said.output.splitlines()
    assert first == f"{campaign.directory}: planned from the audit of iteration 0"
    facts = plan(campaign, 0.1, 40)
    assert [sentence.strip() for sentence in sentences] == plan_sentences(facts)
    said = type_command(cli, [*arguments, "--json"])
    assert json.loads(said.output) == facts
    assert type_command(cli, ["campaign", "plan", str(campaign.directory), "--half-width", "0.5"]).exit_code == 2


def test_what_is_no_campaign_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "there is no campaign here" in fail(capsys, "campaign", "plan", tmp_path)
