"""The campaign's database: one door, answers only ever added, migrations that make what the code expects."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import alembic.autogenerate
import alembic.migration
import numpy as np
import pytest
import sqlalchemy as sa

from spectrove.campaign.schema import Base, CampaignRow
from spectrove.campaign.store import DATABASE, CampaignStore
from spectrove.contracts import Answer, Question, SpectrumId
from spectrove.errors import AnswerConflictError, CampaignError

CLASSES = ["single-peak", "double-peak", "not-interesting"]


def new_store(path: Path, asked: list[str]) -> CampaignStore:
    store = CampaignStore(path / DATABASE, create=True)
    settings = {"classes": {"names": CLASSES, "targets": CLASSES[:2]}}
    store.begin(CampaignRow(id=1, created_at="2026", software="0", settings=settings, pool_path="/pool", pool_hash="0"), [])
    questions = [
        Question(0, SpectrumId(id_), "query", position, 0.5, np.nan, "single-peak", (0.4, 0.3, 0.3))
        for position, id_ in enumerate(asked)
    ]
    store.advance(0, "ASK", questions=questions)
    return store


def answer(number: int, spectrum_id: str, label: str | None, annotator: str = "ann") -> Answer:
    return Answer(f"answer-{number}", SpectrumId(spectrum_id), label, annotator, "2026-11-22T00:00:00+00:00")


def test_the_migrations_make_exactly_the_tables_of_the_schema(tmp_path: Path) -> None:
    CampaignStore(tmp_path / DATABASE, create=True).close()
    with sa.create_engine(f"sqlite:///{tmp_path / DATABASE}").connect() as connection:
        context = alembic.migration.MigrationContext.configure(connection)
        assert alembic.autogenerate.compare_metadata(context, Base.metadata) == []
        assert set(sa.inspect(connection).get_table_names()) == {*Base.metadata.tables, "alembic_version"}
    connection.engine.dispose()


@pytest.mark.parametrize("statement", ["UPDATE answer SET label = 'double-peak'", "DELETE FROM answer"])
def test_not_even_sql_changes_or_deletes_an_answer(tmp_path: Path, statement: str) -> None:
    store = new_store(tmp_path, ["lamost:1"])
    store.record_answer(answer(1, "lamost:1", "single-peak"))
    store.close()
    connection = sqlite3.connect(tmp_path / DATABASE)
    with pytest.raises(sqlite3.IntegrityError, match="only ever added"):
        connection.execute(statement)
    connection.close()


def test_of_what_many_threads_and_two_processes_record_nothing_is_lost_and_nothing_is_there_twice(tmp_path: Path) -> None:
    ids = [f"lamost:{number}" for number in range(20)]
    store = new_store(tmp_path, ids)
    other = CampaignStore(tmp_path / DATABASE)  # as another process has it
    assert store.labels() == other.labels() == {}

    def person(name: str) -> list[bool]:
        use = other if name == "p0" else store
        answers = [Answer(f"{name}-{id_}", SpectrumId(id_), "single-peak", name, "") for id_ in ids[:5]]
        return [use.record_answer(one) for one in answers for _ in range(2)]  # each is sent again

    with ThreadPoolExecutor(40) as executor:
        told = list(executor.map(person, [f"p{number}" for number in range(40)]))
    assert told == [[True, False] * 5] * 40
    assert len({one.answer_id for one in store.answers()}) == len(store.answers()) == store.n_answers() == 200
    assert store.labels() == other.labels() == {SpectrumId(id_): "single-peak" for id_ in ids[:5]}
    assert store.votes() == other.votes()
    assert store.votes(7) == store.votes()[:7]
    store.close()
    other.close()


def test_a_change_of_mind_is_one_more_answer_and_the_last_one_counts(tmp_path: Path) -> None:
    store = new_store(tmp_path, ["lamost:1"])
    for number, label in enumerate(["single-peak", None, "double-peak"]):
        assert store.record_answer(answer(number, "lamost:1", label))
    assert [given.label for given in store.answers()] == ["single-peak", None, "double-peak"]
    assert store.labels() == {"lamost:1": "double-peak"}
    store.close()


def test_an_answer_that_is_sent_twice_is_recorded_once(tmp_path: Path) -> None:
    store = new_store(tmp_path, ["lamost:1"])
    assert store.record_answer(answer(1, "lamost:1", "single-peak"))
    assert not store.record_answer(answer(1, "lamost:1", "single-peak"))
    assert len(store.answers()) == 1
    with pytest.raises(CampaignError, match="'answer-1' is recorded already, with other contents"):
        store.record_answer(answer(1, "lamost:1", "double-peak"))
    store.close()


def test_the_door_refuses_unknown_classes_and_spectra_that_nobody_asked_about(tmp_path: Path) -> None:
    store = new_store(tmp_path, ["lamost:1"])
    with pytest.raises(CampaignError, match=r"lamost:1: unknown class 'emission', expected one of single-peak"):
        store.record_answer(answer(1, "lamost:1", "emission"))
    with pytest.raises(CampaignError, match=r"lamost:2: it was never asked about"):
        store.record_answer(answer(1, "lamost:2", "single-peak"))
    store.close()


def test_several_answers_go_in_together_or_not_at_all(tmp_path: Path) -> None:
    store = new_store(tmp_path, ["lamost:1", "lamost:2"])
    with pytest.raises(CampaignError, match="unknown class"):
        store.record_answers([answer(1, "lamost:1", "single-peak"), answer(2, "lamost:2", "nonsense")])
    assert store.answers() == []
    store.close()


def test_questions_come_back_as_they_were_asked(tmp_path: Path) -> None:
    store = new_store(tmp_path, ["lamost:2", "lamost:1"])
    asked = store.questions(0, "query")
    assert [question.spectrum_id for question in asked] == ["lamost:2", "lamost:1"]
    assert asked[0].probabilities == (0.4, 0.3, 0.3)
    assert np.isnan(asked[0].inclusion_probability)
    store.close()


def test_the_stratum_of_a_question_and_how_probable_it_was_come_back(tmp_path: Path) -> None:
    store = new_store(tmp_path, [])
    asked = [
        Question(0, SpectrumId("lamost:1"), "audit", 0, np.nan, 0.25, "single-peak", (0.4, 0.3, 0.3), "others 2"),
        Question(0, SpectrumId("lamost:2"), "query", 0, 0.5, 1.0, "single-peak", (0.4, 0.3, 0.3), "asked, predicted"),
    ]
    store.advance(0, "ASK", questions=asked)
    found = store.questions(0)
    assert [(question.stratum, question.inclusion_probability) for question in found] == [
        ("others 2", 0.25),
        ("asked, predicted", 1.0),
    ]
    assert found[1] == asked[1]
    store.close()


def test_a_folder_without_a_campaign_is_named_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match=r"there is no campaign here .*Make one with `spectrove campaign new`"):
        CampaignStore(tmp_path / DATABASE)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_text("these are not the rows you are looking for\n" * 100)
    with pytest.raises(CampaignError, match="no campaign's database"):
        CampaignStore(tmp_path / DATABASE)
    assert (tmp_path / DATABASE).read_text().startswith("these are not")


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    CampaignStore(tmp_path / DATABASE, create=True).close()
    connection = sqlite3.connect(tmp_path / DATABASE)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(CampaignError, match=r"no campaign's database of this version"):
        CampaignStore(tmp_path / DATABASE)


@pytest.mark.parametrize(
    "more", [{"comment": "another"}, {"quality": 1}, {"flags": ("artefact",)}], ids=["comment", "quality", "flags"]
)
def test_the_same_id_with_another_remark_is_refused_and_never_dropped_in_silence(tmp_path, more):
    store = new_store(tmp_path, ["s:1"])
    first = Answer("one", SpectrumId("s:1"), "single-peak", "ann", "2026-11-23T00:00:00+00:00", "a remark", 4, ("nebular",))
    assert store.record_answer(first)
    assert not store.record_answer(first)
    with pytest.raises(AnswerConflictError, match="recorded already, with other contents"):
        store.record_answer(replace(first, **more))
    assert store.answers() == [first]
