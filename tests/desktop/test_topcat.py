"""TOPCAT itself: tables that it is sent, rows that go both ways, and selections, as somebody makes them in its windows."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.desktop

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
