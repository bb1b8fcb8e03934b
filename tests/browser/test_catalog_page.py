"""The catalog's pages in a real browser, from the disk, with as many rows as the paper's catalog."""

from __future__ import annotations

import time

import pytest

from catalog_tables import FACTS, SCRIPT, items, table
from spectrove.catalog.pages import Download, IndexParts, write_pages
from spectrove.catalog.previews import write_previews

pytestmark = pytest.mark.browser

N_ROWS = 4400
SELECTED = "tbody tr[data-row]"
OPTIONS = {"preload": False}
"""axe would fetch the style sheet once more, which a page from the disk may not."""


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    """Return the folder of a catalog of new objects, and its table."""
    directory = tmp_path_factory.mktemp("catalog")
    drawn = write_previews(directory, items(12))
    paths = [drawn[number % len(drawn)] for number in range(N_ROWS)]
    status = ["rejected" if number == 7 else "new" for number in range(N_ROWS)]
    comment = [SCRIPT if number % 1000 == 7 else None for number in range(N_ROWS)]
    found = table(N_ROWS, paths=paths, status=status, comment=comment, simbad_id=[SCRIPT] * N_ROWS)
    (directory / "catalog.csv").write_text("spectrum_id\n")
    write_pages(directory, found, FACTS, IndexParts(downloads=(Download("catalog.csv", "CSV"),)))
    return directory, found


@pytest.fixture
def open_table(catalog, sit_down):
    """Return a function that opens a page of the catalog and waits until it can be used."""

    def opened(name="new.html", **options):
        desk = sit_down(f"file://{catalog[0]}/{name}", **options)
        desk.page.wait_for_selector("body[data-ready]")
        return desk

    return opened


def expected(catalog):
    """Return the rows of the page of new objects."""
    return [row for row in catalog[1].to_pylist() if row["status"] == "new"]


def first_rows(desk, n=5):
    return [desk.page.locator(f"{SELECTED} th button").nth(place).inner_text() for place in range(n)]


def sort_by(desk, key):
    desk.page.locator(f'th[data-key="{key}"] button').click()


def fill(desk, words):
    desk.page.fill("#words", words)
    desk.press("Enter")
    return desk.page.inner_text("#count")


def shown(n):
    return f"{n:,} of {N_ROWS - 1:,} rows"


def test_all_rows_can_be_scrolled_to_and_few_are_elements(catalog, open_table):
    desk = open_table()
    assert desk.page.inner_text("#count") == shown(N_ROWS - 1)
    assert desk.page.get_attribute("#table", "aria-rowcount") == str(N_ROWS)
    assert desk.page.locator(SELECTED).count() < 60
    desk.page.evaluate("document.querySelector('#rows').scrollTop = 1e9")
    last = desk.page.get_by_role("button", name=expected(catalog)[-1]["designation"])
    last.wait_for()
    assert desk.page.locator(SELECTED).last.get_attribute("aria-rowindex") == str(N_ROWS)
    # No row is higher than the script takes it to be: rows would be missing at the end.
    assert set(desk.page.evaluate(f"[...document.querySelectorAll('{SELECTED}')].map((row) => row.offsetHeight)")) == {74}
    assert desk.complaints == []


def test_a_column_is_sorted_both_ways_and_rows_without_a_value_stand_behind(catalog, open_table):
    desk = open_table()
    rows = [row for row in expected(catalog) if row["ew_ha"] is not None]
    lowest = min(rows, key=lambda row: row["ew_ha"])["designation"]
    highest = max(rows, key=lambda row: row["ew_ha"])["designation"]
    head = desk.page.locator('th[data-key="ew_ha"]')
    sort_by(desk, "ew_ha")
    assert head.get_attribute("aria-sort") == "ascending"
    assert first_rows(desk)[0] == lowest
    assert "sorted by EW Hα [Å], ascending" in desk.page.inner_text("#count")
    sort_by(desk, "ew_ha")
    assert head.get_attribute("aria-sort") == "descending"
    assert first_rows(desk)[0] == highest
    desk.page.evaluate("document.querySelector('#rows').scrollTop = 1e9")
    desk.page.wait_for_selector(f'tr[aria-rowindex="{N_ROWS}"]')
    column = 1 + desk.page.evaluate("[...document.querySelectorAll('thead th')].findIndex((one) => one.dataset.key === 'ew_ha')")
    assert desk.page.locator(f"{SELECTED} > :nth-child({column})").last.inner_text() == ""
    sort_by(desk, "designation")
    assert head.get_attribute("aria-sort") is None
    assert first_rows(desk) == sorted(row["designation"] for row in expected(catalog))[:5]


def test_columns_are_sorted_by_keys(open_table):
    desk = open_table()
    desk.page.focus('th[data-key="rv"] button')
    desk.press("Enter")
    assert desk.page.get_attribute('th[data-key="rv"]', "aria-sort") == "ascending"
    desk.press("Enter")
    assert desk.page.get_attribute('th[data-key="rv"]', "aria-sort") == "descending"


def test_words_conditions_and_choices_filter_together(catalog, open_table):
    desk = open_table()
    rows = expected(catalog)
    assert fill(desk, "j00001") == shown(sum("J00001" in row["designation"] for row in rows))
    strong = [row for row in rows if row["ew_ha"] is not None and row["ew_ha"] < -10]
    assert fill(desk, "ew_ha<-10") == shown(len(strong))
    bright = [row for row in strong if row["snr"] is not None and row["snr"] >= 5]
    assert fill(desk, "ew_ha<-10 snr>=5") == shown(len(bright))
    desk.page.get_by_label("Class", exact=True).select_option("=double-peak")
    double = [row["designation"] for row in bright if row["label"] == "double-peak"]
    assert desk.page.inner_text("#count") == shown(len(double))
    assert first_rows(desk) == double[:5]
    desk.page.get_by_role("button", name="Clear").click()
    desk.page.locator("#count", has_text=shown(N_ROWS - 1)).wait_for()
    assert fill(desk, "no such words") == shown(0)


def test_typing_filters_without_a_key_that_says_so(open_table):
    desk = open_table()
    desk.press("/")
    desk.page.keyboard.type("J000012")
    desk.page.locator("#count", has_text=shown(1)).wait_for()


def test_a_row_is_opened_and_its_neighbors_after_it_by_keys(catalog, open_table):
    desk = open_table()
    sort_by(desk, "rv")
    order = first_rows(desk, 3)
    desk.page.locator(f"{SELECTED} th button").first.focus()
    desk.press("ArrowDown", "ArrowDown", "Enter")
    desk.page.wait_for_selector("dialog[data-shown]")
    assert desk.page.inner_text("#details-title").startswith(order[2])
    row = next(row for row in expected(catalog) if row["designation"] == order[2])
    told = desk.page.inner_text("#details-body")
    for words in ("Hα", "Ca II 8542", "equivalent width [Å]", f"{row['ra']:.7f}", row["obsid"]):
        assert words in told
    desk.press("ArrowLeft")
    desk.page.locator("#details-title", has_text=order[1]).wait_for()
    desk.press("Escape")
    assert desk.page.evaluate("document.activeElement.textContent") == order[1]
    assert desk.complaints == []


def test_a_far_row_can_be_opened_by_its_address_and_leads_to_the_other_spectra_of_its_object(open_table):
    desk = open_table("new.html#lamost:00006")
    desk.page.wait_for_selector('dialog[data-shown="lamost:00006"]')
    assert desk.page.locator("dialog img").count() == 2
    assert desk.page.evaluate("[...document.querySelectorAll('dialog img')].every((one) => one.getAttribute('src'))")
    desk.page.get_by_role("link", name="lamost:00007").click()
    desk.page.wait_for_selector('dialog[data-shown="lamost:00007"]')
    assert desk.page.url.endswith("rejected.html#lamost%3A00007")


def test_pictures_are_drawn_and_loaded_as_they_come_into_view(open_table):
    desk = open_table()
    desk.page.wait_for_selector("tbody img")
    widths = [0]
    begun = time.monotonic()
    while 0 in widths and time.monotonic() - begun < 30:
        desk.page.wait_for_timeout(50)
        widths = desk.page.evaluate("[...document.querySelectorAll('tbody img')].map((one) => one.naturalWidth)")
    assert 0 < len(widths) < 60
    assert set(widths) == {360}


def test_the_arrow_keys_go_beyond_what_is_in_view(open_table):
    desk = open_table()
    desk.page.locator(f"{SELECTED} th button").first.focus()
    desk.press(*["ArrowDown"] * 40)
    assert desk.page.evaluate("document.activeElement.closest('tr').getAttribute('aria-rowindex')") == "42"


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_every_page_is_accessible_and_takes_no_text_for_code(catalog, sit_down, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    desk = sit_down(f"file://{catalog[0]}/index.html", color_scheme=scheme, bypass_csp=True)  # axe puts a script into the page
    for name in ("index.html", "new.html", "rejected.html", "known-simbad.html", "new.html#lamost:01007"):
        desk.page.goto(f"file://{catalog[0]}/{name}")
        if "new" in name or "rejected" in name:
            desk.page.wait_for_selector("body[data-ready]")
        if "#" in name:
            desk.page.reload()
            desk.page.wait_for_selector("dialog[data-shown]")
            assert SCRIPT in desk.page.inner_text("dialog")
        found = axe.run(desk.page, options=OPTIONS).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == [], name
        assert desk.page.evaluate("document.title") != "taken"
        assert desk.page.locator("img[src=x]").count() == 0
    assert desk.complaints == []


def test_a_script_that_got_into_a_page_would_not_run(catalog, open_table):
    desk = open_table()
    desk.page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'document.title = 1'}))")
    assert desk.page.title() != "1"
    assert any("Content Security Policy" in complaint for complaint in desk.complaints)


def test_details_that_are_missing_are_told(sit_down, tmp_path):
    found = table(3, status=["new"] * 3, seed=3)
    write_pages(tmp_path, found, FACTS)
    (tmp_path / "static/rows/new-0.js").unlink()
    desk = sit_down(f"file://{tmp_path}/new.html")
    desk.page.wait_for_selector("body[data-ready]")
    desk.page.locator(f"{SELECTED} th button").first.click()
    desk.page.get_by_text("static/rows/new-0.js is missing. Keep the folder static beside the pages.").wait_for()


def test_without_scripts_the_table_is_read(catalog, sit_down):
    desk = sit_down(f"file://{catalog[0]}/rejected.html", java_script_enabled=False)
    assert desk.page.get_by_role("rowheader", name="J000007").is_visible()
    assert desk.page.locator("#filters").is_hidden()
