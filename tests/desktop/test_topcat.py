"""
TOPCAT itself, as somebody uses its windows, and with our page beside it: tables, rows both ways, and selections to be verified.

All in one module, as there is one port for hubs that pages can reach: what runs at a time is divided by modules.
"""

from __future__ import annotations

import time

import numpy as np
import pytest

from browsers import Desk
from votables import fetched

pytestmark = [pytest.mark.desktop, pytest.mark.browser]

LISTEN = """
    window.said = [];
    window.taken = 0;
    new MutationObserver(() => {
        const text = document.querySelector('.samp [role="status"]')?.textContent;
        if (text && text !== said.at(-1)) said.push(text);
    }).observe(document, { childList: true, subtree: true, characterData: true });
"""
"""Notes whatever stands in the bar of other programs, and which of it a test has seen."""
PATIENCE = 30.0
"""Seconds that the page has to say something."""
ROWS = [("lamost:a", 10.0, 20.0), ("lamost:b", 11.5, -21.0), ("lamost:c", 359.25, 22.0), ("b:d", 13.0, 89.5), ("b:e", 0.5, 0.0)]


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """Return where a table is that was written by hand."""
    cells = "".join(f"<TR>{''.join(f'<TD>{cell}</TD>' for cell in row)}</TR>" for row in ROWS)
    path = tmp_path_factory.mktemp("table") / "table.vot"
    path.write_text(
        '<?xml version="1.0"?>\n<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results">'
        '<TABLE name="candidates"><FIELD name="spectrum_id" datatype="char" arraysize="*" ucd="meta.id;meta.main"/>'
        '<FIELD name="ra" datatype="double" unit="deg" ucd="pos.eq.ra;meta.main"/>'
        '<FIELD name="dec" datatype="double" unit="deg" ucd="pos.eq.dec;meta.main"/>'
        f"<DATA><TABLEDATA>{cells}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"
    )
    return path.as_uri()


@pytest.fixture(scope="module")
def loaded(running_topcat, url):
    """Return TOPCAT with the table, and the window of its rows; a row that is clicked at goes to all programs."""
    table = running_topcat.load(url, "by-hand", "by hand")
    assert [tuple(row) for row in table] == ROWS
    actions = running_topcat.show("Activation Actions")
    running_topcat.activate_by(actions, ["Send Sky Coordinates", "Send row index"])
    return running_topcat, running_topcat.show("Table Browser", (650, 330))


@pytest.mark.parametrize("row", [0, 3])
def test_a_row_that_is_clicked_at_goes_to_all_programs(loaded, topcat, row):
    topcat.click_row(loaded[1], row)
    told = topcat.listener.hear("table.highlight.row")
    place = topcat.listener.hear("coord.pointAt.sky")
    assert (told["table-id"], told["row"]) == ("by-hand", str(row))
    assert (float(place["ra"]), float(place["dec"])) == pytest.approx(ROWS[row][1:])


def test_a_row_that_another_program_tells_of_is_activated_and_not_sent_back(loaded, topcat, url):
    told = topcat.listener.call(topcat.client, "table.highlight.row", table_id="by-hand", url=url, row="2")
    assert told["samp.status"] == "samp.ok"
    place = topcat.listener.hear("coord.pointAt.sky")
    assert (float(place["ra"]), float(place["dec"])) == pytest.approx(ROWS[2][1:])
    assert topcat.listener.is_silent("table.highlight.row"), "two programs would tell each other without end"


def test_selected_rows_are_transmitted(loaded, topcat):
    topcat.click_row(loaded[1], 1)
    topcat.click_row(loaded[1], 4, more=True)
    topcat.transmit_selection(loaded[1])
    told = topcat.listener.hear("table.select.rowList")
    assert (told["table-id"], told["row-list"]) == ("by-hand", ["1", "4"])


def test_the_picture_shows_what_is_on_the_screen(loaded, topcat):
    before = np.frombuffer(topcat.screen.picture(), np.uint8)
    assert before[:8].tobytes() == b"\x89PNG\r\n\x1a\n"
    topcat.click_row(loaded[1], 0)
    topcat.listener.hear("coord.pointAt.sky")
    assert topcat.screen.picture() != before.tobytes()


def test_it_loads_what_ssap_answers_and_a_spectrum(topcat, vo, everything):
    table = topcat.load(f"{vo}/ssap?REQUEST=queryData&MAXREC=10000", "ssap", "SSAP")
    assert list(table["pubdid"]) == list(everything["pubdid"])
    spectrum = topcat.load(everything[0].acref, "spectrum", "a spectrum")
    assert len(spectrum) == len(fetched(everything[0].acref)) > 400


def test_it_says_that_there_is_more(topcat, vo):
    table = topcat.load(f"{vo}/ssap?REQUEST=queryData&MAXREC=4", "overflow", "the first four")
    assert len(table) == 4


def wait_for_status(desk, text):
    """Wait until the page has said something: it may stand there for a moment only, as the next word is soon said."""
    begun = time.monotonic()
    while (place := desk.page.evaluate("text => said.findIndex((one, place) => place >= taken && one.includes(text))", text)) < 0:
        said = desk.page.evaluate("said.slice(taken)")
        assert time.monotonic() - begun < PATIENCE, f"{text!r} is not in what the page said: {said}"
        desk.page.wait_for_timeout(50)
    desk.page.evaluate("place => { taken = place + 1; }", place)


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
        desk.page.add_init_script(LISTEN)
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
    ours = fetched(f"{served}/vo/candidates.vot")
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
