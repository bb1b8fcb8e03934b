"""A campaign made by an earlier version goes on as it began."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import alembic.command
import alembic.config
import sqlalchemy as sa

from spectrove.campaign import Campaign, looks, run, status, step
from spectrove.campaign.settings import ReviewConfig
from spectrove.campaign.store import DATABASE
from spectrove.contracts import Oracle

BY_HAND = (
    """UPDATE campaign SET settings = json_remove(
    settings, '$.audit.design', '$.audit.predicted_share', '$.review', '$.classes.criteria')""",
    """UPDATE iteration SET estimate = json_remove(
    estimate, '$.look', '$.recall', '$.n_asked', '$.n_asked_answered', '$.n_asked_correct')
    WHERE json_type(estimate) = 'object'""",
    """UPDATE iteration SET population = json_remove(
    population, '$.strata', '$.n_found', '$.found', '$.n_untold', '$.n_changed')
    WHERE json_type(population) = 'object'""",
)
"""What the first version did not write."""


def as_of_revision_0001(directory: Path) -> None:
    """Bring a campaign's database back to the form that the first version left."""
    config = alembic.config.Config()
    config.set_main_option("script_location", "spectrove.campaign:migrations")
    engine = sa.create_engine(f"sqlite:///{directory / DATABASE}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        alembic.command.downgrade(config, "0001")
    engine.dispose()
    with sqlite3.connect(directory / DATABASE) as connection:
        for statement in BY_HAND:
            connection.execute(statement)
    connection.close()


def to_the_middle_of_the_second_round(campaign: Campaign, oracle: Oracle) -> None:
    """Close one iteration, and let the next ask."""
    steps = 0
    while campaign.iteration().number == 0 or campaign.iteration().phase != "ASK":
        if campaign.open_questions():
            path = campaign.directory / "answers.csv"
            ids = sorted({question.spectrum_id for question in campaign.open_questions()})
            labels = oracle.ask(ids)
            path.write_text("spectrum_id,label\n" + "".join(f"{i},{label}\n" for i, label in zip(ids, labels, strict=True)))
            campaign.import_answers(path, "ann")
        step(campaign)
        steps += 1
    assert steps == 6


def test_a_campaign_of_the_first_version_goes_on_by_draws_of_predicted_targets_alone(
    new_campaign: Callable[..., Campaign], oracle_of: Callable[[Campaign], Oracle]
) -> None:
    untouched, old = (new_campaign(name, audit={"size": 5, "design": "predicted"}) for name in ("untouched", "old"))
    oracle = oracle_of(old)
    for campaign in (untouched, old):
        to_the_middle_of_the_second_round(campaign, oracle)
    answers = old.store.answers()
    old.store.close()
    as_of_revision_0001(old.directory)
    with sqlite3.connect(old.directory / DATABASE) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(question)")]
        assert "stratum" not in columns
        assert "design" not in connection.execute("SELECT settings FROM campaign").fetchone()[0]
    connection.close()

    with Campaign(old.directory) as migrated:
        assert migrated.settings.audit.design == "predicted"
        assert migrated.settings.review == ReviewConfig(0.0, 0.0, 0.0)
        assert migrated.store.answers() == answers
        assert looks(migrated)[0].precision == looks(untouched)[0].precision
        run(migrated, oracle)
        run(untouched, oracle)
        assert [plain(question) for question in migrated.store.questions()] == [plain(q) for q in untouched.store.questions()]
        assert [look.precision for look in looks(migrated)] == [look.precision for look in looks(untouched)]
        facts, expected = status(migrated)["iterations"], status(untouched)["iterations"]
        assert [row["decision"] for row in facts] == [row["decision"] for row in expected]
        assert facts[0]["recall"] == facts[1]["recall"] == {}


def plain(question: object) -> str:
    """Return a question so that NaN equals NaN."""
    return repr(question)


def test_a_campaign_of_this_version_keeps_its_design_when_it_is_opened_again(new_campaign: Callable[..., Campaign]) -> None:
    campaign = new_campaign()
    with Campaign(campaign.directory) as again:
        assert again.settings.audit.design == campaign.settings.audit.design == "strata"
