"""Somebody verifies candidates by keyboard: verdicts with reasons, Table 1 beside them, velocities by mirroring, the rejected."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from label_command import Person, label_command
from small_survey import SmallSurvey
from spectrove.campaign import Campaign, run
from spectrove.catalog.verification import verdicts_of
from spectrove.simulate import SurveyOracle, SurveyTruth

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def finished(campaign_of, small_survey: SmallSurvey) -> Path:
    """Return the folder of a campaign that is finished, with candidates; to be copied."""
    directory = campaign_of(12, 6, stopping={"max_iterations": 1})
    with Campaign(directory) as campaign:
        run(campaign, SurveyOracle(SurveyTruth.open(small_survey.files.truth)))
        assert campaign.is_finished()
    return directory


@pytest.fixture
def searched(finished: Path, tmp_path: Path) -> Path:
    """Return the folder of a campaign of the test's own whose candidates nobody has verified."""
    return Path(shutil.copytree(finished, tmp_path / "campaign"))


@pytest.fixture
def command(searched):
    """Return the running page."""
    with label_command(searched, "--annotator", "Ann") as started:
        yield started


@pytest.fixture
def at_candidates(command, sit_down):
    """Return a function that opens the candidates."""

    def sit(**options):
        desk = sit_down(f"{command.address}#/candidates", **options)
        desk.painted()
        return desk

    return sit


def told(desk, selector: str) -> str:
    return desk.page.locator(selector).inner_text()


def listed_as(desk) -> str:
    return told(desk, 'button[data-verdict="keep"] .name').removeprefix("keep: ")


def wait_for_text(desk, selector: str, text: str | re.Pattern[str]) -> None:
    desk.page.locator(selector).filter(has_text=text).first.wait_for()


def test_verdicts_by_keys_reach_the_store_and_table_1(at_candidates, searched):
    desk = at_candidates()
    assert desk.page.locator(".q-stack canvas.above").count() == 2, "line window and whole spectrum are both there"
    said = {}
    said[desk.answer("Enter")] = "keep"
    desk.painted()
    desk.press("r")
    said[desk.answer("1")] = "reject"
    desk.painted()
    other = "2" if listed_as(desk) == "single-peak" else "1"
    said[desk.answer(other)] = "other-class"
    desk.painted()
    said[desk.answer("Space")] = "none"
    wait_for_text(desk, ".verified", "1 kept, 1 other class, 1 rejected, 1 cannot tell")
    desk.outbox(0)
    with Campaign(searched) as campaign:
        answers = campaign.store.answers()
        shown = {answer.spectrum_id: dict(answer.shown) for answer in answers if answer.purpose == "verify"}
        listed = {id_: facts["label"] for id_, facts in shown.items()}
        found = verdicts_of(answers, listed, campaign.settings.classes.targets)
    assert {id_: found[id_].verdict for id_ in said} == said
    rejected = next(id_ for id_, verdict in said.items() if verdict == "reject")
    assert (found[rejected].label, found[rejected].reasons) == ("not-interesting", ("noise",))
    assert all(facts["order"] == "shuffled" for facts in shown.values())
    assert desk.complaints == []


def test_a_verdict_is_taken_back_and_the_candidate_is_open_again(at_candidates, command):
    desk = at_candidates()
    first = desk.answer("Enter")
    desk.painted()
    desk.press("u")
    desk.page.wait_for_selector(f'body[data-painted="{first}"]')
    assert told(desk, ".q-side .yours") == ""
    desk.outbox(0)
    with Person(command.address, "Ann") as ann:
        open_ones = ann.get("/api/v1/candidates", state="open", limit=200)["items"]
    assert first in {one["spectrum_id"] for one in open_ones}


def test_nothing_of_one_candidate_stays_for_the_next_and_a_held_key_gives_one_verdict(at_candidates, command):
    desk = at_candidates()
    first = desk.painted()
    desk.press("F", "2", "c")
    desk.page.keyboard.type("odd")
    desk.press("Enter", "]", "m", "y")
    wait_for_text(desk, ".velocities .rv-now", "set to +5 km/s")
    desk.page.keyboard.down("1")
    desk.page.wait_for_selector(f'body[data-painted]:not([data-painted="{first}"])')
    for _ in range(5):
        desk.page.keyboard.down("1")  # repeats, as the key is held
    desk.page.keyboard.up("1")
    assert desk.page.locator('.flags [aria-pressed="true"]').count() == 0
    assert desk.page.locator("#comment").input_value() == ""
    wait_for_text(desk, ".velocities .rv-now", "set to 0 km/s")
    assert told(desk, ".rv-lines") == ""
    desk.outbox(0)
    with Person(command.address, "Ann") as ann:
        given = [one for one in ann.get("/api/v1/answers")["items"] if one["comment"] == "odd"]
    assert [(one["spectrum_id"], one["flags"]) for one in given] == [(first, ["artefact"])]


def test_velocities_by_mirroring_go_with_the_verdict(at_candidates, command):
    desk = at_candidates()
    first = desk.painted()
    desk.press("m")
    wait_for_text(desk, ".velocities .rv-now", "suggests")
    assert "Heliocentric" in told(desk, ".velocities")
    desk.press("a", "y", "w", "Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowLeft")
    wait_for_text(desk, ".velocities .rv-now", "wings")
    wait_for_text(desk, ".rv-mean", "of 1 line")
    desk.answer("Enter")
    desk.outbox(0)
    with Person(command.address, "Ann") as ann:
        (answer,) = [one for one in ann.get("/api/v1/answers", limit=3)["items"] if one["spectrum_id"] == first][:1]
        (verdict,) = [
            one["verdict"]
            for one in ann.get("/api/v1/candidates", state="verified", limit=200)["items"]
            if one["spectrum_id"] == first
        ]
    measured = answer["shown"]["rv"]
    (line,) = measured["lines"]
    assert (line["line"], line["part"], line["how"]) == ("Hα", "whole", "suggested")
    assert line["error"] > 0
    assert (measured["mean"], measured["n"], measured["frame"]) == (line["rv"], 1, "heliocentric")
    assert abs(measured["kms"] - line["rv"]) <= 2
    assert verdict["velocity"] == measured


def test_the_rejected_stand_in_a_table_of_their_own(at_candidates):
    desk = at_candidates()
    desk.press("F", "3", "r")
    desk.page.wait_for_selector("body[data-painted]")
    desk.outbox(0)
    desk.page.locator('button[data-list="rejected"]').click()
    table = desk.page.locator(".rejected table")
    table.wait_for()
    assert "nebular" in table.inner_text()
    desk.page.locator('select[data-filter="reason"]').select_option("nebular")
    wait_for_text(desk, ".listed .count", "1 of 1")
    desk.page.locator('select[data-filter="reason"]').select_option("galaxy")
    desk.page.get_by_text("There are none.").wait_for()


def test_binning_and_a_template_change_the_picture_and_are_recorded(at_candidates, command):
    desk = at_candidates()
    first = desk.painted()
    line = desk.page.locator(".q-line")
    before = line.screenshot()
    desk.press("B")
    wait_for_text(desk, ".q-tools", "2 px")
    assert (binned := line.screenshot()) != before
    desk.press("o")
    chosen = desk.page.locator(".q-tools select").input_value()
    assert chosen == "single-peak"
    desk.page.wait_for_load_state("networkidle")
    assert line.screenshot() != binned
    desk.answer("Enter")
    desk.outbox(0)
    with Person(command.address, "Ann") as ann:
        shown = next(one["shown"] for one in ann.get("/api/v1/answers")["items"] if one["spectrum_id"] == first)
    assert (shown["bin"], shown["template"]) == (2, "single-peak")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_verification_is_accessible(at_candidates, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    desk = at_candidates(color_scheme=scheme, bypass_csp=True)
    desk.answer("Enter")
    desk.painted()
    desk.press("m")
    desk.page.locator('button[data-list="rejected"]').click()
    desk.page.wait_for_load_state("networkidle")
    found = axe.run(desk.page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []
    assert desk.complaints == []
