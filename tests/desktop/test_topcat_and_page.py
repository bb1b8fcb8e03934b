"""The candidates' page in a browser and TOPCAT beside it: the table, rows both ways, and selections to be verified."""

from __future__ import annotations

import time
import urllib.request
from io import BytesIO

import pytest
from astropy.io.votable import parse_single_table

from browsers import Desk

pytestmark = [pytest.mark.desktop, pytest.mark.browser]

STATUS = '.samp [role="status"]'


def wait_for_status(desk, text):
    desk.page.locator(STATUS).filter(has_text=text).wait_for()


def wait_for_candidate(desk, spectrum_id):
    desk.page.wait_for_selector(f'body[data-painted="{spectrum_id}"]')


@pytest.fixture(scope="module")
def sit(chromium, served):
    """Return a function that opens the candidates, and connects the page with the hub."""
    contexts = []

    def open_page():
        contexts.append(chromium.new_context(viewport={"width": 1400, "height": 900}))
        contexts[-1].set_default_timeout(20_000)
        desk = Desk(contexts[-1].new_page())
        desk.page.goto(f"{served}/#/candidates")
        desk.painted()
        desk.page.click('[data-samp="connect"]')
        return desk

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def at_the_page(running_topcat, sit):
    """Return the page beside TOPCAT, the table that it sent as TOPCAT has it, and the window of its rows."""
    desk = sit()
    wait_for_status(desk, "has the table")
    table = running_topcat.table("candidates of campaign")
    actions = running_topcat.show("Activation Actions")
    running_topcat.activate_by(actions, ["Send Sky Coordinates", "Send row index"])
    return desk, table, running_topcat.show("Table Browser", (650, 330))


@pytest.fixture
def beside(at_the_page, topcat):
    """Return the same; nothing is on its way any more."""
    time.sleep(0.5)
    topcat.listener.forget()
    yield at_the_page
    assert at_the_page[0].complaints == []


def test_topcat_has_the_candidates_that_the_page_lists(beside, served):
    _, table, _ = beside
    with urllib.request.urlopen(f"{served}/vo/candidates.vot") as answer:
        ours = parse_single_table(BytesIO(answer.read())).to_table()
    assert len(table) > 8
    assert list(table["spectrum_id"]) == list(ours["spectrum_id"])
    assert list(table["ra"]) == list(ours["ra"])


def test_the_candidate_on_the_page_is_the_row_in_topcat(beside, topcat):
    desk, table, _ = beside
    desk.answer("ArrowRight")
    row = list(table["spectrum_id"]).index(desk.painted())
    # The place is TOPCAT's own word for the row that it has activated.
    told = topcat.listener.hear("coord.pointAt.sky")
    assert (float(told["ra"]), float(told["dec"])) == pytest.approx((table["ra"][row], table["dec"][row]), abs=1e-9)


@pytest.mark.parametrize("row", [2, 5])
def test_a_row_that_is_clicked_at_in_topcat_is_on_the_page(beside, topcat, row):
    desk, table, browser = beside
    ids = list(table["spectrum_id"])
    shown = ids.index(desk.painted())
    row += int(row == shown)
    topcat.scroll_up(browser)
    topcat.click_row(browser, row)
    wait_for_candidate(desk, ids[row])
    wait_for_status(desk, f"topcat points at {ids[row]}")


def test_a_selection_in_topcat_is_what_is_verified(beside, topcat):
    desk, table, browser = beside
    ids = list(table["spectrum_id"])
    topcat.scroll_up(browser)
    topcat.click_row(browser, 1)
    wait_for_candidate(desk, ids[1])
    topcat.click_row(browser, 4, more=True)
    topcat.click_row(browser, 6, more=True)
    topcat.transmit_selection(browser)
    wait_for_status(desk, "3 selected in topcat")
    desk.page.click('[data-samp="selected"]')
    desk.page.locator(".listed .count").filter(has_text="1 of 3").wait_for()
    shown = {desk.answer("ArrowRight"), desk.answer("ArrowRight"), desk.painted()}
    assert shown == {ids[1], ids[4], ids[6]}


def test_a_page_that_is_opened_again_finds_its_table_in_topcat(beside, topcat, sit):
    again = sit()
    wait_for_status(again, "topcat has the table")
    assert again.complaints == []
    again.page.close()


def test_a_place_that_another_program_points_at_is_on_the_page(beside, topcat):
    desk, table, _ = beside
    places = list(table["ra"])
    other = next(row for row, id_ in enumerate(table["spectrum_id"]) if id_ != desk.painted() and places.count(places[row]) == 1)
    topcat.listener.say("coord.pointAt.sky", ra=str(table["ra"][other]), dec=str(table["dec"][other]))
    wait_for_candidate(desk, table["spectrum_id"][other])
