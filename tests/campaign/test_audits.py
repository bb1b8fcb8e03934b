"""The audit by strata inside the loop: what is drawn, how probable it was, what the estimates use, when they are frozen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from small_survey import SmallSurvey
from spectrove.campaign import Campaign, audit_result, create, looks, run, status, step, write_questions
from spectrove.campaign.examples import Examples, Knowledge, training_examples
from spectrove.campaign.questions import Population, choose_questions, labeled_ids, labeled_rows, population_of
from spectrove.campaign.schema import IterationRow
from spectrove.config import settings_from
from spectrove.contracts import Answer, BoolArray, Oracle, Question, Scores, SpectrumId
from spectrove.evaluate import Paper2020Rule, estimate_precision, horvitz_thompson_total
from spectrove.oracles import NoisyOracle
from spectrove.query import target_probability
from spectrove.scoring import load_scores
from spectrove.simulate import SurveyOracle, SurveyTruth
from spectrove.training import Checkpoint, training_set_hash

NewCampaign = Callable[..., Campaign]
OracleOf = Callable[[Campaign], Oracle]

AUDIT = {"size": 24}
"""Large enough for several strata of the small survey's 240 spectra."""


def to_questions(campaign: Campaign) -> IterationRow:
    """Take steps until questions are asked, and return their iteration."""
    while campaign.iteration().phase != "ASK":
        step(campaign)
    return campaign.iteration()


def answer(campaign: Campaign, oracle: Oracle) -> None:
    ids = list({question.spectrum_id: None for question in campaign.open_questions()})
    labels, n = oracle.ask(ids), len(campaign.store.answers())
    campaign.store.record_answers([Answer(f"{n + i}", id_, labels[i], "ann", "") for i, id_ in enumerate(ids)])


def careless(oracle: Oracle) -> Oracle:
    """Return an oracle that abstains from a third of the spectra and errs on some."""
    classes = ("single-peak", "double-peak", "not-interesting")
    return NoisyOracle(oracle, classes, 0.1, 0.3, np.random.default_rng(4))


@pytest.fixture(autouse=True)
def _small_strata(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut the small survey's pool into several strata, as a large one is."""
    monkeypatch.setattr("spectrove.query.audit.FIRST_STRATUM", 10)
    monkeypatch.setattr("spectrove.query.audit.RATIO", 2)


@pytest.fixture(scope="module")
def made(small_survey: SmallSurvey, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a campaign of three rounds, a third of whose questions were abstained from."""
    once = {"max_epochs": 2, "threads": 1}
    chosen = settings_from(
        {"seed": 7, "fit": once, "long_fit": once, "query": {"batch_size": 6}, "audit": AUDIT, "stopping": {"max_iterations": 3}}
    )
    folder = tmp_path_factory.mktemp("audits") / "campaign"
    with pytest.MonkeyPatch.context() as patch, create(folder, small_survey.pool, [small_survey.training()], chosen) as campaign:
        patch.setattr("spectrove.query.audit.FIRST_STRATUM", 10)
        patch.setattr("spectrove.query.audit.RATIO", 2)
        run(campaign, careless(SurveyOracle(SurveyTruth.open(small_survey.files.truth))))
    return folder


@pytest.fixture
def finished(made: Path) -> Iterator[Campaign]:
    """Return that campaign, opened; nothing may be written to it."""
    with Campaign(made) as campaign:
        yield campaign


def rounds(campaign: Campaign) -> list[tuple[IterationRow, list[Question]]]:
    return [(row, campaign.store.questions(row.number)) for row in campaign.store.iterations() if row.kind == "active"]


# -- the draw -------------------------------------------------------------------------------------------------------------------


def test_the_strata_are_all_of_the_unlabeled_pool_and_each_question_says_how_probable_it_was(finished: Campaign) -> None:
    for row, questions in rounds(finished):
        population: dict[str, Any] = row.population or {}
        strata = {stratum["name"]: stratum for stratum in population["strata"]}
        assert sum(stratum["n_spectra"] for stratum in strata.values()) == population["n_unlabeled"]
        predicted = [stratum["n_spectra"] for stratum in strata.values() if stratum["is_predicted"]]
        assert sum(predicted) == population["n_predicted_targets"]
        for name, stratum in strata.items():
            asked = [question for question in questions if question.stratum == name]
            assert {question.arm for question in asked} <= ({"query"} if stratum["is_census"] else {"audit"})
            assert {question.inclusion_probability for question in asked} <= {len(asked) / stratum["n_spectra"]}
            targets = finished.settings.classes.targets
            assert {question.predicted in targets for question in asked} <= {stratum["is_predicted"]}
        assert {"predicted", "others 1"} <= strata.keys()
    assert any(question.stratum == "others 2" for _, questions in rounds(finished) for question in questions)


def test_queries_are_a_census_and_no_spectrum_is_asked_twice(finished: Campaign) -> None:
    for _, questions in rounds(finished):
        queries = [question for question in questions if question.arm == "query"]
        assert len(queries) == 6
        assert {question.inclusion_probability for question in queries} == {1.0}
        assert len({question.spectrum_id for question in questions}) == len(questions) == 30


def test_a_share_of_the_audit_is_of_predicted_targets(new_campaign: NewCampaign) -> None:
    for share, n_predicted in ((0.5, 12), (0.25, 6), (0.99, 24)):
        campaign = new_campaign(f"share-{share}", audit=AUDIT | {"predicted_share": share})
        to_questions(campaign)
        audit = campaign.store.questions(0, "audit")
        assert len(audit) == 24
        assert sum(question.stratum == "predicted" for question in audit) == n_predicted


def test_strata_lie_one_below_the_other_in_score(finished: Campaign) -> None:
    for row, questions in rounds(finished):
        scores = load_scores(finished.directory / str(row.scores), finished.pool)
        score = target_probability(scores.probabilities, [0, 1])
        others = [stratum for stratum in (row.population or {})["strata"] if stratum["name"].startswith("others ")]
        edges = [edge for stratum in others for edge in (stratum["highest"], stratum["lowest"])]
        assert edges == sorted(edges, reverse=True)
        where = {stratum["name"]: stratum for stratum in others}
        for question in questions:
            if question.stratum in where:
                value = score[finished.pool.rows_of([question.spectrum_id])[0]]
                assert where[question.stratum]["lowest"] <= value <= where[question.stratum]["highest"]


def test_the_questions_are_one_shuffled_list_that_does_not_say_why_each_is_asked(new_campaign: NewCampaign) -> None:
    campaign = new_campaign(audit=AUDIT)
    to_questions(campaign)
    path = write_questions(campaign)
    assert path is not None
    header, *lines = path.read_text().splitlines()
    assert header == "spectrum_id,designation,ra,dec,file,label,comment"
    arm = {question.spectrum_id: question.arm for question in campaign.store.questions(0)}
    arms = [arm[SpectrumId(line.split(",")[0])] for line in lines]
    assert len(arms) == len(arm)
    assert arms not in (sorted(arms), sorted(arms, reverse=True)), "the queries and the audit should be mixed"
    assert not any(stratum["name"] in "\n".join(lines) for stratum in (campaign.iteration().population or {})["strata"])


@pytest.fixture(scope="module")
def asked_once() -> dict[str, Any]:
    """Return what all examples of the next test share."""
    return {}


@tried(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), ties=st.booleans(), design=st.sampled_from(["strata", "predicted"]))
def test_permuting_the_pool_permutes_nothing_in_the_questions(
    new_campaign: NewCampaign,
    asked_once: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
    ties: bool,  # noqa: FBT001 - drawn
    design: str,
) -> None:
    campaign = asked_once.get("campaign")
    if campaign is None:
        asked_once["campaign"] = campaign = new_campaign(audit=AUDIT)
    generator = np.random.default_rng(seed)
    probabilities = generator.dirichlet([0.4, 0.3, 2], 400).astype(np.float32)
    probabilities[generator.random(400) < ties * 0.8] = [0.25, 0.25, 0.5]
    ids = np.array([f"lamost:{number}" for number in range(400)], dtype=object)
    labeled = generator.random(400) < 0.1
    monkeypatch.setattr(campaign, "settings", replace(campaign.settings, audit=replace(campaign.settings.audit, design=design)))

    def asked(order: np.ndarray) -> tuple[list[Question], Any]:
        scores = Scores(ids[order], probabilities[order], campaign.settings.classes.names, "", "")
        monkeypatch.setattr("spectrove.scoring.probabilities_of", lambda _, pool, rows, config: scores.probabilities[rows])
        population = Population(scores, scores.predicted(), labeled[order], campaign.settings.classes.targets)
        return choose_questions(campaign, 3, population, Path())

    as_it_is, shuffled = asked(np.arange(400)), asked(generator.permutation(400))
    assert [plain(question) for question in shuffled[0]] == [plain(question) for question in as_it_is[0]]
    assert shuffled[1] == as_it_is[1]


def plain(question: Question) -> dict[str, Any]:
    """Return a question so that NaN equals NaN."""
    return {name: str(value) for name, value in asdict(question).items()}


# -- what the estimates use -----------------------------------------------------------------------------------------------------

VARIANTS: dict[str, dict[str, Any]] = {
    "strata": {"audit": AUDIT},
    "strata, prepared": {"audit": AUDIT, "query": {"batch_size": 6, "prepare_after": 3}},
    "strata, audits never train": {"audit": AUDIT | {"trains": False}},
    "strata, warm start": {"audit": AUDIT, "fit": {"max_epochs": 2, "warm_start": True}},
    "predicted": {"audit": AUDIT | {"design": "predicted"}},
}


@pytest.mark.parametrize("changes", VARIANTS.values(), ids=VARIANTS)
def test_no_estimate_uses_a_label_that_trained_the_network_which_it_judges(
    new_campaign: NewCampaign, oracle_of: OracleOf, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    trained: dict[str, set[SpectrumId]] = {}

    def note(*arguments: Any) -> Examples:
        examples = training_examples(*arguments)
        trained[training_set_hash(examples.spectrum_ids, examples.labels)] = set(examples.spectrum_ids)
        return examples

    monkeypatch.setattr("spectrove.campaign.examples.training_examples", note)
    campaign = new_campaign(**changes)
    oracle = careless(oracle_of(campaign))
    while not campaign.is_finished():
        run(campaign, None)
        take_something_back(campaign)
        answer(campaign, oracle)
    learned: set[SpectrumId] = set()
    for row, questions in rounds(campaign):
        learned |= trained[Checkpoint.load(campaign.directory / str(row.checkpoint)).provenance["training_set"]]
        assert not learned & {question.spectrum_id for question in questions}
    assert len(learned) > len(campaign.training_labels()) + 6


def take_something_back(campaign: Campaign) -> None:
    """Abstain from a spectrum of each earlier iteration's audit that somebody has labeled."""
    said = campaign.store.labels()
    for number in range(campaign.iteration().number):
        labeled = [q.spectrum_id for q in campaign.store.questions(number, "audit") if said.get(q.spectrum_id) is not None]
        for id_ in labeled[:1]:
            campaign.store.record_answer(Answer(f"back-{number}-{id_}", id_, None, "second thoughts", ""))


def test_the_estimates_are_those_of_horvitz_and_thompson_by_the_probabilities_stored_with_the_questions(
    new_campaign: NewCampaign, oracle_of: OracleOf
) -> None:
    campaign = new_campaign(audit={"size": 40})
    oracle = oracle_of(campaign)
    run(campaign, oracle)
    targets = campaign.settings.classes.targets
    for row, questions in rounds(campaign):
        labels = oracle.ask([question.spectrum_id for question in questions])
        chances = np.array([question.inclusion_probability for question in questions])
        wanted: dict[str, tuple[str, ...]] = {"": targets, **{name: (name,) for name in targets}}
        for name, classes in wanted.items():
            is_target = np.array([label in classes for label in labels])
            is_hit = is_target & np.array([question.predicted in classes for question in questions])
            stored = (row.estimate or {})["recall"][name]
            assert stored["hits"] == pytest.approx(horvitz_thompson_total(is_hit.astype(float), chances))
            assert stored["missed"] == pytest.approx(horvitz_thompson_total((is_target & ~is_hit).astype(float), chances))
            found = stored["n_found"]
            if found + stored["hits"] + stored["missed"]:
                whole = found + stored["hits"] + stored["missed"]
                assert stored["estimate"] == stored["confirmed"] == pytest.approx((found + stored["hits"]) / whole)
                assert stored["worst_lower"] == stored["lower"] <= stored["estimate"] <= stored["upper"]
        n_predicted = (row.population or {})["n_predicted_targets"]
        assert (row.estimate or {})["estimate"] == pytest.approx((row.estimate or {})["recall"][""]["hits"] / n_predicted)


def test_of_a_pool_that_is_looked_at_as_a_whole_everything_is_known(new_campaign: NewCampaign, oracle_of: OracleOf) -> None:
    campaign = new_campaign(audit={"size": 400}, stopping={"max_iterations": 1})
    oracle = NoisyOracle(oracle_of(campaign), campaign.settings.classes.names, 0.2, 0.0, np.random.default_rng(4))
    run(campaign, oracle)
    row, questions = rounds(campaign)[0]
    assert len(questions) == campaign.pool.n_spectra
    truth = oracle.ask([question.spectrum_id for question in questions])
    found = [q.predicted for q, label in zip(questions, truth, strict=True) if label in campaign.settings.classes.targets]
    recall = sum(name in campaign.settings.classes.targets for name in found) / len(found)
    estimate = (row.estimate or {})["recall"][""]
    assert 0 < recall < 1
    assert {round(estimate[name], 9) for name in ("estimate", "lower", "upper", "worst_lower", "monotone_lower")} == {
        round(recall, 9)
    }
    precision = (row.estimate or {})["lower"], (row.estimate or {})["estimate"], (row.estimate or {})["upper"]
    assert precision[0] == pytest.approx(precision[1]) == pytest.approx(precision[2])


def test_what_was_found_before_and_what_nobody_could_tell_is_counted(finished: Campaign) -> None:
    said = finished.store.labels()
    targets = finished.settings.classes.targets
    for row, _ in rounds(finished):
        before = {
            question.spectrum_id: question.arm for question in finished.store.questions() if question.iteration < row.number
        }
        population: dict[str, Any] = row.population or {}
        assert population["found"] == {name: sum(said[id_] == name for id_ in before) for name in targets}
        assert population["n_found"] == sum(population["found"].values())
        assert population["n_untold"] == sum(said[id_] is None and arm == "query" for id_, arm in before.items())
        recall = (row.estimate or {})["recall"]
        assert (recall[""]["n_found"], recall[""]["n_untold"]) == (population["n_found"], population["n_untold"])
        assert {name: recall[name]["n_found"] for name in targets} == population["found"]
    assert (rounds(finished)[-1][0].population or {})["n_untold"] > 0


def test_by_a_draw_of_predicted_targets_alone_the_estimate_is_that_of_a_simple_random_sample(
    new_campaign: NewCampaign, oracle_of: OracleOf
) -> None:
    campaign = new_campaign(audit={"size": 5, "design": "predicted"})
    oracle = oracle_of(campaign)
    run(campaign, oracle)
    targets = campaign.settings.classes.targets
    for row, _ in rounds(campaign):
        audit = campaign.store.questions(row.number, "audit")
        labels = oracle.ask([question.spectrum_id for question in audit])
        n = (row.population or {})["n_predicted_targets"]
        expected = estimate_precision([question.predicted for question in audit], labels, n, targets)
        assert looks(campaign)[row.number].precision == expected
        assert (row.estimate or {})["recall"] == {}
        assert (row.population or {})["strata"] == []
        assert {question.stratum for question in campaign.store.questions(row.number)} == {""}
        assert all(np.isnan(question.inclusion_probability) for question in campaign.store.questions(row.number, "query"))


def test_the_number_of_predictions_that_changed_is_that_of_the_unlabeled(finished: Campaign) -> None:
    targets = finished.settings.classes.targets
    before: BoolArray | None = None
    for row in finished.store.iterations():
        scores = load_scores(finished.directory / str(row.scores), finished.pool)
        is_target = np.isin(np.array(scores.classes)[scores.predicted()], targets)
        expected = None
        if before is not None:
            gone = set(finished.training_labels())
            for question in finished.store.questions():
                label = finished.store.labels()[question.spectrum_id]
                if question.iteration < row.number and (label is not None or question.arm == "query"):
                    gone.add(question.spectrum_id)
            free = ~np.isin(np.asarray(finished.pool.spectrum_ids).astype(str), sorted(gone))
            expected = int(np.count_nonzero((before != is_target) & free))
        assert (row.population or {})["n_changed"] == expected
        before = is_target


# -- when they are frozen -------------------------------------------------------------------------------------------------------


def test_an_estimate_is_frozen_before_its_labels_train_and_later_answers_do_not_change_it(
    new_campaign: NewCampaign, oracle_of: OracleOf
) -> None:
    campaign = new_campaign(audit=AUDIT)
    row = to_questions(campaign)
    answer(campaign, oracle_of(campaign))
    step(campaign)
    audited = {question.spectrum_id for question in campaign.store.questions(0, "audit")}
    assert not audited & set(training_examples(campaign, Knowledge(1000, 0)).spectrum_ids)
    assert row.estimate is None
    step(campaign)
    frozen = campaign.store.iterations()[0].estimate
    assert audited <= set(training_examples(campaign, Knowledge(1000, 1)).spectrum_ids)

    for number, question in enumerate(campaign.store.questions(0)):
        flipped = "not-interesting" if question.predicted != "not-interesting" else "single-peak"
        campaign.store.record_answer(Answer(f"later-{number}", question.spectrum_id, flipped, "bob", ""))
    assert audit_result(campaign, campaign.store.iterations()[0]).to_dict() != frozen
    to_questions(campaign)
    assert campaign.store.iterations()[0].estimate == frozen
    assert status(campaign)["iterations"][0]["recall"][""] == (frozen or {})["recall"][""]


def test_a_frozen_look_is_the_one_that_the_rule_saw(finished: Campaign) -> None:
    history = looks(finished)
    assert [look.iteration for look in history] == [0, 1, 2]
    for (row, _), look in zip(rounds(finished), history, strict=True):
        assert json.loads(json.dumps(look.to_dict())) == (row.estimate or {})["look"]
        seen = Paper2020Rule().decide(history[: row.number + 1])
        assert (row.decision or {})["reason"].endswith(seen.reason)
        assert look.n_unlabeled == (row.population or {})["n_unlabeled"]
        assert sum(count.n_spectra for count in (*look.hits, *look.misses)) == look.n_unlabeled
        asked = {question.spectrum_id for question in finished.store.questions() if question.iteration <= row.number}
        assert look.n_answers == len(asked)


def test_population_and_what_was_found_are_of_one_moment(new_campaign: NewCampaign, oracle_of: OracleOf) -> None:
    campaign = new_campaign(audit=AUDIT)
    row = to_questions(campaign)
    answer(campaign, oracle_of(campaign))
    scores = load_scores(campaign.directory / str(row.scores), campaign.pool)
    then = population_of(campaign, scores, Knowledge(0, 0))
    assert not then.labeled.any()
    assert (population_of(campaign, scores).labeled == labeled_rows(campaign)).all()
    assert labeled_ids(campaign, Knowledge(0, 0)) == campaign.training_labels().keys()
