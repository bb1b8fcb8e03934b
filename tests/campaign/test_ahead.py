"""The next iteration is prepared while people answer: what it knows, when it is taken, and that nothing else comes to differ."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import filelock
import numpy as np
import pytest
from click.testing import CliRunner

from spectrove.campaign import Campaign, looks, prepare, run, status, step, why_not_prepare
from spectrove.campaign.ahead import RECORD, is_prepared
from spectrove.campaign.campaign import MAKING_LOCK
from spectrove.campaign.examples import present_knowledge, teaching_labels
from spectrove.campaign.passes import finished_scores
from spectrove.campaign.questions import labeled_rows
from spectrove.cli.frame import cli
from spectrove.contracts import Answer, Oracle, Question, SpectrumId
from spectrove.errors import CampaignError
from spectrove.evaluate import estimate_precision
from spectrove.scoring import load_scores
from spectrove.training import Checkpoint, training_set_hash

NewCampaign = Callable[..., Campaign]
OracleOf = Callable[[Campaign], Oracle]

AHEAD = {"batch_size": 6, "prepare_after": 4}
"""Four of six answers start the preparation."""

SHORT = {"max_iterations": 2}
"""One iteration that can be prepared."""


def asked(campaign: Campaign) -> list[tuple[int, str, str]]:
    return [(question.iteration, question.arm, question.spectrum_id) for question in campaign.store.questions()]


def answer(campaign: Campaign, questions: list[Question], oracle: Oracle) -> None:
    ids = list(dict.fromkeys(question.spectrum_id for question in questions))
    labels, n_before = oracle.ask(ids), len(campaign.store.answers())
    campaign.store.record_answers([Answer(f"{n_before + n}", id_, labels[n], "ann", "") for n, id_ in enumerate(ids)])


def to_questions(campaign: Campaign) -> list[Question]:
    """Take steps until questions are open, and return the queries."""
    while not campaign.open_questions():
        step(campaign)
    return campaign.open_questions("query")


def steps_until_asked(campaign: Campaign) -> str:
    """Close what is answered, and return all that is said until the next questions are open."""
    said = [step(campaign)]
    while not campaign.open_questions() and not campaign.is_finished():
        said.append(step(campaign))
    return "\n".join(said)


def prepared_in_iteration_0(campaign: Campaign, oracle: Oracle) -> list[Question]:
    """Answer four queries, prepare, answer the rest of iteration 0; return the queries that came too late."""
    queries = to_questions(campaign)
    answer(campaign, queries[:4], oracle)
    assert prepare(campaign).startswith(
        "iteration 1: prepared with 4 of 6 queries of iteration 0 answered; trained on 94 spectra"
    )
    answer(campaign, campaign.open_questions(), oracle)
    return queries[4:]


@contextmanager
def nothing_may_be_made() -> Iterator[None]:
    def refuse(*_: object, **__: object) -> None:
        pytest.fail("a network was trained or the pool scored")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("spectrove.campaign.passes.train", refuse)
        patch.setattr("spectrove.scoring.score", refuse)
        yield


# -- when there is something to prepare -----------------------------------------------------------------------------------------


def test_a_campaign_that_is_not_told_to_prepares_nothing(new_campaign: NewCampaign) -> None:
    campaign = new_campaign()
    to_questions(campaign)
    assert prepare(campaign) == "nothing to prepare: this campaign waits for all answers (query.prepare_after is not set)"
    assert not (campaign.directory / "iterations" / "001").exists()


def test_there_is_something_to_prepare_from_the_answer_that_the_settings_name_until_it_is_done(
    new_campaign: NewCampaign, oracle_of: OracleOf
) -> None:
    campaign = new_campaign(query=AHEAD)
    oracle = oracle_of(campaign)
    assert why_not_prepare(campaign) == "iteration 0 is in phase TRAIN"
    queries = to_questions(campaign)
    answer(campaign, queries[:3], oracle)
    assert why_not_prepare(campaign) == "3 of 6 queries of iteration 0 are answered, 4 are to be"
    answer(campaign, queries[3:4], oracle)
    assert why_not_prepare(campaign) is None
    assert f"; meanwhile: spectrove campaign prepare {campaign.directory}" in status(campaign)["next"]
    prepare(campaign)
    assert prepare(campaign) == "nothing to prepare: iteration 1 is prepared already"
    assert status(campaign)["prepared"]
    assert "meanwhile" not in status(campaign)["next"]


def test_a_batch_smaller_than_the_setting_is_waited_for_as_a_whole(new_campaign: NewCampaign, oracle_of: OracleOf) -> None:
    campaign = new_campaign(query={"batch_size": 6, "prepare_after": 50})
    queries = to_questions(campaign)
    answer(campaign, queries[:5], oracle_of(campaign))
    assert why_not_prepare(campaign) == "5 of 6 queries of iteration 0 are answered, 6 are to be"
    answer(campaign, queries[5:], oracle_of(campaign))
    assert why_not_prepare(campaign) is None


@pytest.mark.parametrize("limits", [{"max_iterations": 1}, {"max_answers": 15}])
def test_the_long_training_is_never_prepared(new_campaign: NewCampaign, oracle_of: OracleOf, limits: dict[str, int]) -> None:
    campaign = new_campaign(query=AHEAD, stopping=limits)
    answer(campaign, to_questions(campaign), oracle_of(campaign))
    assert why_not_prepare(campaign) == "iteration 0 is followed by the long training, which waits for all answers"
    run(campaign, oracle_of(campaign))
    assert why_not_prepare(campaign) == "the campaign is finished"


def test_what_was_prepared_is_left_when_the_rule_stops_the_search(new_campaign: NewCampaign, oracle_of: OracleOf) -> None:
    campaign = new_campaign(query=AHEAD, stopping={"options": {"threshold": 0.001, "times": 1}})
    prepared_in_iteration_0(campaign, oracle_of(campaign))
    step(campaign)
    step(campaign)
    assert campaign.iteration().kind == "final", "the audit holds a target, and one is enough for this rule"
    assert "took" not in step(campaign)
    assert (campaign.iteration().trained or {})["n_answers_missed"] == 0
    assert not is_prepared(campaign, 1)


# -- what is taken --------------------------------------------------------------------------------------------------------------


def test_after_the_last_answer_the_next_questions_are_chosen_without_a_training_or_a_pass(
    new_campaign: NewCampaign, oracle_of: OracleOf
) -> None:
    campaign = new_campaign(query=AHEAD)
    prepared_in_iteration_0(campaign, oracle_of(campaign))
    with nothing_may_be_made():
        said = steps_until_asked(campaign)
    assert "iteration 1: took the network that was prepared, trained on 94 spectra" in said
    assert "spectra scored before" in said
    assert {question.iteration for question in campaign.open_questions()} == {1}


def test_the_questions_are_the_most_uncertain_for_the_prepared_network_of_those_unlabeled_by_now(
    new_campaign: NewCampaign, oracle_of: OracleOf
) -> None:
    campaign = new_campaign(query=AHEAD)
    prepared_in_iteration_0(campaign, oracle_of(campaign))
    steps_until_asked(campaign)
    scores = load_scores(campaign.directory / "iterations" / "001" / "scores", campaign.pool)
    entropies = -(scores.probabilities * np.log(np.maximum(scores.probabilities, 1e-38))).sum(axis=1)
    entropies[labeled_rows(campaign)] = -1
    expected = scores.spectrum_ids[np.argsort(-entropies)[:6]]
    assert [question.spectrum_id for question in campaign.open_questions("query")] == expected.tolist()
    first = {question.spectrum_id for question in campaign.store.questions(0)}
    assert not first & {question.spectrum_id for question in campaign.store.questions(1)}


def test_an_answer_that_came_after_the_preparation_is_in_the_next_training_and_not_in_this(
    new_campaign: NewCampaign, oracle_of: OracleOf
) -> None:
    campaign = new_campaign(query=AHEAD)
    oracle = oracle_of(campaign)
    late = {question.spectrum_id for question in prepared_in_iteration_0(campaign, oracle)}
    steps_until_asked(campaign)
    answer(campaign, campaign.open_questions(), oracle)
    steps_until_asked(campaign)
    trainings = [Checkpoint.load(campaign.directory / str(row.checkpoint)).provenance for row in campaign.store.iterations()]
    everything = campaign.training_labels() | {id_: label for id_, label in campaign.store.labels().items() if label}
    of_two = {question.spectrum_id for question in campaign.store.questions(2)}
    of_one = {question.spectrum_id for question in campaign.store.questions(1)}
    audited = {question.spectrum_id for question in campaign.store.questions(0, "audit")}
    queried = {question.spectrum_id for question in campaign.store.questions(0, "query")}
    known_to_one = everything.keys() - of_two - of_one - late - (audited - queried)
    known_to_two = everything.keys() - of_two
    for training, known in ((trainings[1], known_to_one), (trainings[2], known_to_two)):
        ids = sorted(known)
        labels = np.array([campaign.settings.classes.names.index(everything[id_]) for id_ in ids])
        assert training["training_set"] == training_set_hash(np.array(ids, dtype=object), labels)


def test_how_many_answers_the_network_knew_is_written_down(new_campaign: NewCampaign, oracle_of: OracleOf) -> None:
    campaign = new_campaign(query=AHEAD)
    oracle = oracle_of(campaign)
    prepared_in_iteration_0(campaign, oracle)
    n_teaching = len(teaching_labels(campaign, present_knowledge(campaign)))
    steps_until_asked(campaign)
    first, second = (row["trained"] for row in status(campaign)["iterations"])
    assert (first["prepared"], first["n_answers"], first["n_answers_missed"]) == (False, 0, 0)
    assert second["prepared"]
    assert second["n_answers"] == 4
    n_audited = len({question.spectrum_id for question in campaign.store.questions(0)}) - 6
    assert n_teaching == 6
    assert second["n_answers_missed"] == 2 + n_audited
    assert Checkpoint.load(campaign.directory / "iterations/001/checkpoint").provenance["answers"] == {
        "n_answers": 4,
        "audits_before": 0,
    }


def test_an_audit_speaks_of_the_predictions_of_the_network_that_it_was_drawn_from(
    new_campaign: NewCampaign, oracle_of: OracleOf
) -> None:
    campaign = new_campaign(query=AHEAD, audit={"size": 5, "design": "predicted"})
    oracle = oracle_of(campaign)
    prepared_in_iteration_0(campaign, oracle)
    steps_until_asked(campaign)
    scores = load_scores(campaign.directory / str(campaign.iteration().scores), campaign.pool)
    predicted = np.array(scores.classes, dtype=object)[scores.predicted()]
    targets = campaign.settings.classes.targets
    left = np.isin(predicted.astype(str), targets) & ~labeled_rows(campaign)
    audit = campaign.store.questions(1, "audit")
    rows = campaign.pool.rows_of([question.spectrum_id for question in audit])
    assert [question.predicted for question in audit] == predicted[rows].tolist()
    assert left[rows].all()
    assert (campaign.iteration().population or {})["n_predicted_targets"] == left.sum()
    assert {question.inclusion_probability for question in audit} == {len(audit) / left.sum()}

    answer(campaign, campaign.open_questions("query"), oracle)
    step(campaign)
    prepare(campaign)  # iteration 2 has a network of its own by now, and the audit of iteration 1 is not answered yet
    answer(campaign, campaign.open_questions(), oracle)
    step(campaign)
    said = oracle.ask([question.spectrum_id for question in audit])
    expected = estimate_precision([question.predicted for question in audit], said, int(left.sum()), targets)
    assert looks(campaign)[1].precision == expected


def test_no_network_learns_from_an_audit_whose_estimate_is_not_frozen(new_campaign: NewCampaign, oracle_of: OracleOf) -> None:
    campaign = new_campaign(query=AHEAD)
    queries = to_questions(campaign)
    answer(campaign, campaign.open_questions(), oracle_of(campaign))
    step(campaign)
    prepare(campaign)
    examples = Checkpoint.load(campaign.directory / "iterations" / "001" / "checkpoint").provenance["n_spectra"]
    assert examples == len(campaign.training_labels()) + len(queries)


# -- what comes to differ, and what does not ------------------------------------------------------------------------------------


def test_prepared_when_all_queries_are_answered_a_campaign_asks_what_it_would_have_asked(
    new_campaign: NewCampaign, oracle_of: OracleOf
) -> None:
    """The audits do not train here, so nothing that the prepared network does not know is there to be known."""
    audit = {"size": 5, "trains": False}
    waiting, prepared = (
        new_campaign("waiting", audit=audit),
        new_campaign("prepared", audit=audit, query=AHEAD | {"prepare_after": 6}),
    )
    said: list[str] = []
    run(waiting, oracle_of(waiting))
    run(prepared, oracle_of(prepared), report=said.append)
    assert sum("took the network that was prepared" in sentence for sentence in said) == 2
    assert asked(waiting) == asked(prepared)


def test_the_same_answers_in_the_same_order_lead_to_the_same_questions(new_campaign: NewCampaign, oracle_of: OracleOf) -> None:
    one, two = (new_campaign(name, query=AHEAD, stopping=SHORT) for name in ("one", "two"))
    waiting = new_campaign("waiting", stopping=SHORT)
    for campaign in (one, two, waiting):
        run(campaign, oracle_of(campaign))
    assert asked(one) == asked(two)
    assert asked(one) != asked(waiting), "the lag should be felt in so small a campaign"
    missed = [row.trained["n_answers_missed"] for row in one.store.iterations() if row.trained]
    assert missed[0] == missed[-1] == 0
    assert min(missed[1:-1]) >= 2


class Killed(KeyboardInterrupt):
    """Stands for the end of a process."""


def test_a_run_that_is_killed_while_it_prepares_ends_as_if_it_were_not(new_campaign: NewCampaign, oracle_of: OracleOf) -> None:
    undisturbed, killed = (new_campaign(name, query=AHEAD, stopping=SHORT) for name in ("undisturbed", "killed"))
    run(undisturbed, oracle_of(undisturbed))
    moments: list[int] = []

    def kill(what: str, done: int, total: int | None) -> None:
        moments.append(done)
        if len(moments) in {1, 4, 5, 6, 9, 12}:
            raise Killed

    n_killed = 0
    while not killed.is_finished():
        try:
            run(killed, oracle_of(killed), progress=kill)
        except Killed:
            n_killed += 1
    assert n_killed == 6
    assert asked(killed) == asked(undisturbed)


def damage_weights(folder: Path) -> None:
    path = next((folder / "checkpoint").glob("*.safetensors"))
    path.write_bytes(path.read_bytes()[:-1] + b"\0")


def damage_record(folder: Path) -> None:
    path = folder / RECORD
    path.write_text(path.read_text().replace('"iteration": 1', '"iteration": 2'))


def lose_record(folder: Path) -> None:
    (folder / RECORD).unlink()


@pytest.mark.parametrize("damage", [damage_weights, damage_record, lose_record])
def test_what_was_prepared_is_made_again_where_it_is_not_whole(
    new_campaign: NewCampaign, oracle_of: OracleOf, damage: Callable[[Path], None]
) -> None:
    waiting, campaign = new_campaign("waiting"), new_campaign(query=AHEAD)
    answer(waiting, to_questions(waiting), oracle_of(waiting))
    answer(waiting, waiting.open_questions(), oracle_of(waiting))
    steps_until_asked(waiting)
    prepared_in_iteration_0(campaign, oracle_of(campaign))
    damage(campaign.directory / "iterations" / "001")
    assert not is_prepared(campaign, 1)
    said = steps_until_asked(campaign)
    assert "took" not in said
    assert ("what was prepared could not be taken" in said) == (damage is not lose_record)
    assert set(asked(campaign)) == set(asked(waiting))


def test_scores_that_are_not_whole_are_made_again_with_the_prepared_network(
    new_campaign: NewCampaign, oracle_of: OracleOf
) -> None:
    whole, campaign = new_campaign("whole", query=AHEAD), new_campaign(query=AHEAD)
    for one in (whole, campaign):
        prepared_in_iteration_0(one, oracle_of(one))
    path = campaign.directory / "iterations" / "001" / "scores" / "probabilities.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    said = [steps_until_asked(one) for one in (whole, campaign)]
    assert ["scored before" in sentences for sentences in said] == [True, False]
    assert asked(whole) == asked(campaign)


@pytest.mark.parametrize("changes", [{"seed": 8}, {"fit": {"max_epochs": 1}}])
def test_what_was_prepared_for_another_campaign_is_not_taken(
    new_campaign: NewCampaign, oracle_of: OracleOf, changes: dict[str, object]
) -> None:
    other, campaign = new_campaign("other", query=AHEAD, **changes), new_campaign(query=AHEAD)
    prepared_in_iteration_0(other, oracle_of(other))
    answer(campaign, to_questions(campaign), oracle_of(campaign))
    answer(campaign, campaign.open_questions(), oracle_of(campaign))
    shutil.copytree(other.directory / "iterations" / "001", campaign.directory / "iterations" / "001")
    assert "prepared from something else" in steps_until_asked(campaign)


def test_what_was_prepared_from_other_answers_is_not_taken(new_campaign: NewCampaign, oracle_of: OracleOf) -> None:
    other, campaign = new_campaign("other", query=AHEAD), new_campaign(query=AHEAD)
    prepared_in_iteration_0(other, oracle_of(other))
    to_questions(campaign)
    wrong: dict[SpectrumId, str | None] = dict.fromkeys((q.spectrum_id for q in campaign.open_questions()), "double-peak")
    campaign.store.record_answers([Answer(f"wrong-{id_}", id_, label, "bob", "") for id_, label in wrong.items()])
    shutil.copytree(other.directory / "iterations" / "001", campaign.directory / "iterations" / "001")
    assert "prepared from something else (training_set)" in steps_until_asked(campaign)


def test_scores_serve_for_their_network_until_more_spectra_have_left_the_pool_than_they_were_made_for(
    new_campaign: NewCampaign, oracle_of: OracleOf
) -> None:
    campaign = new_campaign()
    queries = to_questions(campaign)
    network = str(campaign.iteration().checkpoint_hash)
    assert finished_scores(campaign, 0, network) is not None
    assert finished_scores(campaign, 0, "another network") is None
    answer(campaign, queries[:1], oracle_of(campaign))
    assert finished_scores(campaign, 0, network) is None


def test_a_label_that_is_taken_back_leaves_its_spectrum_out_of_the_pool(new_campaign: NewCampaign, oracle_of: OracleOf) -> None:
    """Whatever has trained a network is never again what one is judged by."""
    campaign = new_campaign()
    answer(campaign, to_questions(campaign), oracle_of(campaign))
    answer(campaign, campaign.open_questions(), oracle_of(campaign))
    steps_until_asked(campaign)
    before = labeled_rows(campaign)
    audited = campaign.store.questions(0, "audit")[0].spectrum_id
    campaign.store.record_answer(Answer("second thoughts", audited, None, "ann", ""))
    assert audited not in teaching_labels(campaign, present_knowledge(campaign))
    assert (labeled_rows(campaign) == before).all()
    assert before[campaign.pool.rows_of([audited])].all()


# -- beside each other ----------------------------------------------------------------------------------------------------------


def test_answers_are_recorded_and_questions_closed_while_another_process_prepares(
    new_campaign: NewCampaign, oracle_of: OracleOf
) -> None:
    campaign = new_campaign(query=AHEAD)
    oracle = oracle_of(campaign)
    answer(campaign, to_questions(campaign)[:4], oracle)
    said: list[str] = []

    def people(what: str, done: int, total: int | None) -> None:
        if not said:
            with Campaign(campaign.directory) as theirs:
                answer(theirs, theirs.open_questions(), oracle)
                said.extend([step(theirs), step(theirs)])

    prepare(campaign, progress=people)
    assert "6 of 6 queries answered" in said[0]
    assert campaign.iteration().phase == "TRAIN"
    with nothing_may_be_made():
        assert "came too late" in step(campaign)


def test_the_loop_waits_for_a_process_that_prepares_and_says_so(new_campaign: NewCampaign) -> None:
    campaign = new_campaign()
    said: list[str] = []
    with Campaign(campaign.directory) as other:
        held = other.making(lambda *_: None)
        held.__enter__()

        def heard(what: str, done: int, total: int | None) -> None:
            if not said:
                held.__exit__(None, None, None)
            else:  # from here on the loop has the lock itself
                with pytest.raises(filelock.Timeout):
                    filelock.FileLock(campaign.directory / MAKING_LOCK).acquire(timeout=0)
            said.append(what)

        step(campaign, progress=heard)
    assert said[0] == "waiting for a process that prepares this campaign's next iteration"
    assert len(said) > 1
    assert campaign.iteration().phase == "SCORE"


class Confused:
    """Says something that is no class from the fourth question on."""

    name = "confused"
    n_asked = 0

    def ask(self, spectrum_ids: Sequence[SpectrumId]) -> list[str | None]:
        """Return labels, some of them impossible."""
        begin, self.n_asked = self.n_asked, self.n_asked + len(spectrum_ids)
        return ["single-peak" if number < 3 else "no class at all" for number in range(begin, self.n_asked)]


def test_the_answers_of_an_oracle_are_recorded_all_or_none(new_campaign: NewCampaign) -> None:
    campaign = new_campaign()
    with pytest.raises(CampaignError, match="unknown class 'no class at all'"):
        run(campaign, Confused())
    assert campaign.store.answers() == []


# -- by commands ----------------------------------------------------------------------------------------------------------------


def test_the_command_says_what_it_made_or_that_there_is_nothing_to_make(new_campaign: NewCampaign, oracle_of: OracleOf) -> None:
    def typed(*words: str) -> str:
        return CliRunner(env={"COLUMNS": "170"}).invoke(cli, ["campaign", *words], catch_exceptions=False).output

    campaign = new_campaign(query=AHEAD)
    folder = str(campaign.directory)
    answer(campaign, to_questions(campaign)[:3], oracle_of(campaign))
    assert typed("prepare", folder).startswith(
        "nothing to prepare: 3 of 6 queries of iteration 0 are answered, 4 are to be\nnext: "
    )
    answer(campaign, campaign.open_questions("query")[:1], oracle_of(campaign))
    assert "iteration 1: prepared with 4 of 6 queries of iteration 0 answered" in typed("prepare", folder)
    assert "iteration 1 is prepared: its questions are there at once when these are answered" in typed("status", folder)
    answer(campaign, campaign.open_questions(), oracle_of(campaign))
    assert "iteration 1: took the network that was prepared, trained on 94 spectra" in typed("run", folder)
    assert "came too late)" in typed("status", folder)
