"""TOPCAT's part is played by a program at a real hub: what the candidates' page tells it, and what it makes of its messages."""

from __future__ import annotations

import re
import shutil
import socket
import urllib.request
from io import BytesIO
from pathlib import Path

import pytest
from astropy.io.votable import parse_single_table

from browsers import ARGUMENTS, CHROMIUM, Desk
from label_command import label_command
from samp_hub import hub_with_taker
from small_survey import SmallSurvey
from spectrove.campaign import Campaign, run
from spectrove.simulate import SurveyOracle, SurveyTruth

pytestmark = pytest.mark.browser

STATUS = '.samp [role="status"]'


@pytest.fixture(scope="module")
def address(campaign_of, small_survey: SmallSurvey, tmp_path_factory: pytest.TempPathFactory):
    """Return where the page of a finished campaign is, which nobody changes."""
    directory = campaign_of(12, 6, stopping={"max_iterations": 1})
    with Campaign(directory) as campaign:
        run(campaign, SurveyOracle(SurveyTruth.open(small_survey.files.truth)))
    searched = Path(shutil.copytree(directory, tmp_path_factory.mktemp("samp") / "campaign"))
    with label_command(searched, "--annotator", "Ann") as command:
        yield command.address


@pytest.fixture(scope="module")
def web_port() -> int:
    """Return a port that nobody has."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@pytest.fixture(scope="module")
def chromium(chromium, web_port):
    """Return a browser that finds the hub at that port: the real one is fixed, and tests beside each other would meet there."""
    rule = f"--host-resolver-rules=MAP localhost:21012 127.0.0.1:{web_port}"
    browser = chromium.browser_type.launch(executable_path=str(CHROMIUM), args=[*ARGUMENTS, rule])
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def hub(tmp_path_factory, web_port):
    """Return a program at a hub which lets pages in."""
    with hub_with_taker(tmp_path_factory.mktemp("hub") / "lock.samp", web_port) as program:
        yield program


@pytest.fixture(scope="module")
def sit(chromium, address):
    """Return a function that opens the candidates."""
    contexts = []

    def open_page():
        contexts.append(chromium.new_context(viewport={"width": 1400, "height": 900}))
        contexts[-1].set_default_timeout(30_000)
        desk = Desk(contexts[-1].new_page())
        desk.page.goto(f"{address}#/candidates")
        desk.painted()
        return desk

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def at_the_hub(sit, hub):
    """Return the page at the hub, the table that it sent, and that table as it is fetched."""
    desk = sit()
    desk.page.click('[data-samp="connect"]')
    told = hub.hear("table.load.votable")
    wait_for_status(desk, "taker has the table")
    with urllib.request.urlopen(told["url"]) as answer:
        rows = parse_single_table(BytesIO(answer.read())).to_table()
    row = list(rows["spectrum_id"]).index(desk.painted())
    assert hub.hear("table.highlight.row")["row"] == str(row), "told again, as the program needed a moment"
    assert desk.page.locator(STATUS).inner_text() == f"taker has the table: {len(rows)} candidates."
    return desk, told, rows


@pytest.fixture
def connected(at_the_hub, hub):
    """Return the same with the spectra of the rows; nothing is on its way any more."""
    desk, told, rows = at_the_hub
    hub.heard(0.3)
    yield desk, told, list(rows["spectrum_id"]), rows
    assert desk.complaints == []


def wait_for_status(desk, text: str | re.Pattern[str]) -> None:
    desk.page.locator(STATUS).filter(has_text=text).wait_for()


def wait_for_candidate(desk, spectrum_id: str) -> None:
    desk.page.wait_for_selector(f'body[data-painted="{spectrum_id}"]')


def listed(desk) -> int:
    return desk.page.locator(".grid.small li").count()


def test_the_candidate_on_the_page_is_the_row_over_there(connected, hub):
    desk, table, ids, rows = connected
    desk.answer("ArrowRight")
    shown = ids.index(desk.painted())
    place = hub.hear("coord.pointAt.sky")
    told = hub.hear("table.highlight.row")
    assert told == {"table-id": table["table-id"], "url": table["url"], "row": str(shown)}
    assert [float(place["ra"]), float(place["dec"])] == [rows["ra"][shown], rows["dec"][shown]]


def test_a_row_over_there_is_shown_and_not_told_back_even_if_the_list_does_not_hold_it(connected, hub):
    desk, table, ids, _ = connected
    other = next(id_ for id_ in ids if id_ != desk.painted())
    hub.say("table.highlight.row", table_id=table["table-id"], url="file:/elsewhere", row=str(ids.index(other)))
    wait_for_candidate(desk, other)
    wait_for_status(desk, f"taker points at {other}")
    assert [one for one in hub.heard(0.6) if one != "answer"] == []
    desk.page.get_by_label("Find candidates").fill(other)
    desk.page.get_by_role("button", name="Find", exact=True).click()
    desk.page.locator(".listed .count").filter(has_text="1 of 1").wait_for()
    last = ids[-1] if ids[-1] != other else ids[-2]
    hub.say("table.highlight.row", table_id=table["table-id"], row=str(ids.index(last)))
    wait_for_candidate(desk, last)
    assert listed(desk) > 1


def test_a_row_of_another_table_is_nobody_here(connected, hub):
    desk, _, ids, _ = connected
    before = desk.painted()
    for table_id, row in (("somebody's", str((ids.index(before) + 1) % len(ids))), ("somebody's", "-1")):
        hub.say("table.highlight.row", table_id=table_id, row=row)
        assert hub.hear("answer") == "samp.ok"
    hub.heard(0.5)
    assert desk.painted() == before


def test_a_place_on_the_sky_leads_to_the_candidate_there(connected, hub):
    desk, _, ids, rows = connected
    # One exposure of its object, and not just shown: the page would take that for an echo.
    alone = [at for at in range(2, len(ids) - 2) if sum(abs(rows["dec"] - rows["dec"][at]) < 0.01) == 1]
    at = next(at for at in alone if ids[at] != desk.painted())
    hub.say("coord.pointAt.sky", ra=str(rows["ra"][at] + 1e-4), dec=str(rows["dec"][at]))
    wait_for_candidate(desk, ids[at])
    hub.say("coord.pointAt.sky", ra=str((rows["ra"][at] + 180) % 360), dec="89.9")
    hub.heard(0.5)
    assert desk.painted() == ids[at]


def test_an_echo_of_the_candidate_before_does_not_lead_back(connected, hub):
    desk, *_ = connected
    first = desk.answer("ArrowLeft")
    place = hub.hear("coord.pointAt.sky")
    second = desk.answer("ArrowRight")
    hub.say("coord.pointAt.sky", **place)
    assert hub.hear("answer") == "samp.ok"
    hub.heard(0.5)
    assert desk.painted() == first != second


def test_rows_selected_over_there_are_what_is_verified_until_they_are_let_go(connected, hub):
    desk, table, ids, _ = connected
    n = listed(desk)
    for _ in range(2):  # as TOPCAT says it
        hub.say("table.select.rowList", table_id=table["table-id"], row_list=["1", "0"])
    wait_for_status(desk, "2 selected in taker")
    desk.page.click('[data-samp="selected"]')
    desk.page.locator(".listed .count").filter(has_text="1 of 2").wait_for()
    shown = {desk.answer("ArrowRight")}
    shown.add(desk.painted())
    assert shown == {ids[0], ids[1]}
    desk.page.click('[data-samp="clear"]')
    desk.page.locator(".listed .count").filter(has_text=f"of {n}").wait_for()


def test_a_spectrum_is_sent_by_call_with_its_format(connected, hub):
    desk, *_ = connected
    shown = desk.painted()
    desk.press("t")
    told = hub.hear("spectrum.load.ssa-generic")
    assert told["meta"]["Access.Format"] == "application/x-votable+xml"
    assert re.search(r"/vo/(.*/)?spectrum/votable/", told["url"])
    assert told["spectrum-id"] == shown
    wait_for_status(desk, f"taker has the spectrum {shown}")


def test_the_page_leaves_the_hub_when_it_is_told_to_and_when_it_is_closed(connected, sit, hub):
    desk, *_ = connected
    assert "spectrove" in hub.clients()
    desk.page.click('[data-samp="connect"]')
    desk.page.get_by_role("button", name="Connect to TOPCAT").wait_for()
    assert "spectrove" not in hub.clients()
    again = sit()
    again.page.click('[data-samp="connect"]')
    hub.hear("table.load.votable")
    again.page.close()
    assert "spectrove" not in hub.clients()


def test_the_end_of_the_hub_is_told_and_before_that_a_table_sent_again_is_another_one(at_the_hub, hub):
    desk, *_ = at_the_hub
    desk.page.click('[data-samp="connect"]')
    told = hub.hear("table.load.votable")
    desk.page.click('[data-samp="table"]')
    again = hub.hear("table.load.votable")
    assert again["url"] == told["url"]
    assert again["table-id"].startswith(f"{told['table-id']}-"), "TOPCAT takes no id twice, not even of a table deleted there"
    hub.say("end")
    wait_for_status(desk, "The hub has ended")
    assert desk.page.get_by_role("button", name="Connect to TOPCAT").is_enabled()


def test_whoever_is_not_let_in_is_told(sit, tmp_path, web_port):
    with hub_with_taker(tmp_path / "lock.samp", web_port, "no"):
        desk = sit()
        desk.page.click('[data-samp="connect"]')
        wait_for_status(desk, "does not let this page in")


def test_without_a_hub_a_sentence_says_what_to_start_and_the_table_is_a_file(sit):
    desk = sit()
    desk.page.click('[data-samp="connect"]')
    wait_for_status(desk, "No SAMP hub answers. Start TOPCAT, Aladin or SPLAT on this computer")
    with desk.page.expect_download() as waiting:
        desk.page.get_by_role("link", name="Download the table").click()
    table = parse_single_table(waiting.value.path()).to_table()
    assert desk.painted() in set(table["spectrum_id"])
