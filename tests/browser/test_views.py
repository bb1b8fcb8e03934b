"""Every view, light and dark: by keyboard, for screen readers, and whatever somebody calls themselves."""

from __future__ import annotations

import pytest

from label_command import Person, asks, label_command

pytestmark = pytest.mark.browser

VIEWS = ("queue", "overview", "history", "progress", "candidates", "disagreements", "criteria")
SCRIPT = "<img src=x onerror=document.title='taken'>"


@pytest.fixture(scope="module")
def command(campaign_of):
    """Return the running page of a campaign with questions open and two people who disagree."""
    with label_command(campaign_of(12, 6), "--annotator", SCRIPT) as started:
        with Person(started.address, SCRIPT) as one, Person(started.address, "Bob") as other:
            one.wait_for(asks(0))
            first, second = one.queue()[:2]
            one.label(first, "single-peak", comment=SCRIPT, flags=[SCRIPT[:40]])
            other.label(first, "double-peak", comment="two peaks")
            one.label(second, None)
        yield started


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_every_view_is_accessible_and_takes_no_text_for_code(command, sit_down, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    desk = sit_down(command.address, color_scheme=scheme, bypass_csp=True)  # axe puts a script into the page
    for view in VIEWS:
        desk.page.goto(f"{command.address}#/{view}")
        desk.page.wait_for_selector(f'body[data-view="{view}"] #view > *')
        if view == "queue":
            desk.painted()
        desk.page.wait_for_load_state("networkidle")
        found = axe.run(desk.page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == [], view
        assert desk.page.evaluate("document.title") != "taken"
    assert desk.complaints == []


def test_the_plot_is_told_in_words(command, sit_down):
    desk = sit_down(command.address)
    desk.painted()
    # It is measured once the person rests on the spectrum, which is a moment after it is painted.
    ids = desk.page.locator("[aria-describedby]").evaluate_all(
        "found => found.map((one) => one.getAttribute('aria-describedby'))"
    )
    told = desk.page.locator(", ".join(f"#{id_}" for id_ in ids)).filter(has_text="signal-to-noise")
    told.wait_for(state="attached")
    assert "continuum" in told.text_content()


def test_what_people_wrote_stands_there_as_text(command, sit_down):
    desk = sit_down(f"{command.address}#/history")
    desk.page.get_by_text(SCRIPT, exact=False).first.wait_for()
    assert desk.page.locator("main img").count() == 0


def test_everything_can_be_reached_by_the_keyboard(command, sit_down):
    desk = sit_down(f"{command.address}#/overview")
    desk.page.wait_for_selector("main canvas")
    reached = set()
    for _ in range(40):
        desk.press("Tab")
        reached.add(
            desk.page.evaluate("document.activeElement.tagName + ' ' + (document.activeElement.getAttribute('href') ?? '')")
        )
    assert {f"A #/{view}" for view in VIEWS} <= reached
    assert any(one.startswith("A #/queue/") for one in reached), "the first spectrum"
    assert desk.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


def test_the_help_lists_the_keys(command, sit_down):
    desk = sit_down(command.address)
    desk.painted()
    desk.press("?")
    told = desk.page.locator("dialog[open]").inner_text()
    for words in ("undo", "unsure", "reveal the prediction", "radial velocity"):
        assert words in told
    desk.press("Escape")
    assert desk.page.locator("dialog[open]").count() == 0


def test_a_disagreement_is_settled_in_the_page(command, sit_down, answers_of):
    desk = sit_down(f"{command.address}#/disagreements")
    desk.page.get_by_text("two peaks").wait_for()
    desk.page.wait_for_selector("body[data-painted]")
    desk.press("2")
    desk.page.get_by_text("Nobody disagrees", exact=False).first.wait_for()
    desk.outbox(0)
    with Person(command.address, "Bob") as bob:
        history = bob.get("/api/v1/answers")["items"]
    assert (history[0]["purpose"], history[0]["label"], history[0]["annotator"]) == ("decision", "double-peak", SCRIPT)
