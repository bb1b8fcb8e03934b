"""A person's path in a real browser: 130 spectra by keys, with everything that happens to people, and the next round."""

from __future__ import annotations

from collections import Counter

import pytest

from label_command import Person, asks, label_command

pytestmark = pytest.mark.browser

CLASSES = ("single-peak", "double-peak", "not-interesting")


@pytest.mark.slow
def test_a_person_labels_a_round_and_goes_on_in_the_next(campaign_of, sit_down, answers_of):  # noqa: PLR0915 - it is one path
    directory = campaign_of(100, 30)
    said: dict[str, str | None] = {}
    with label_command(directory, "--annotator", "Vera") as command, Person(command.address) as watcher:
        watcher.wait_for(asks(0))
        desk = sit_down(f"{command.address}#/criteria")
        desk.page.get_by_text("two maxima").wait_for()
        desk.page.get_by_role("link", name="Queue").click()

        def label(n: int) -> None:
            for number in range(n):
                key = 1 + (len(said) + number) % 3
                said[desk.answer(str(key))] = CLASSES[key - 1]

        label(5)
        mistake = desk.answer("1")
        desk.press("u")
        desk.page.wait_for_selector(f'body[data-painted="{mistake}"]')
        said[desk.answer("2")] = "double-peak"
        unsure = desk.answer("Space")
        said[unsure] = None
        desk.press("c")
        desk.page.keyboard.type("blue wing <b>1</b> 2 3")
        desk.press("Enter", "f", "Shift+3", "h", "]", "}")
        remarked = desk.answer("1")
        said[remarked] = "single-peak"
        plain = desk.answer("3")
        said[plain] = "not-interesting"
        label(30)

        desk.outbox(0)
        desk.page.reload()
        label(20)

        desk.page.wait_for_load_state("networkidle")  # the whole batch is here
        desk.outbox(0)
        desk.page.context.set_offline(True)
        label(20)
        desk.outbox(20)
        desk.page.context.set_offline(False)
        desk.outbox(0)

        label(130 - len(said))
        desk.page.wait_for_selector("#work progress", timeout=60_000)
        state = watcher.wait_for(asks(1))
        assert any(sentence.startswith("iteration 1: trained on ") for sentence in state["said"])
        asked = set(watcher.queue())
        meanwhile = []
        while desk.painted() not in asked:  # what was shown while the machine worked
            meanwhile.append(desk.answer("1"))
        assert set(meanwhile) <= set(said)
        label(3)
        desk.outbox(0)
        assert "stopped; every answer is recorded" in command.stop()
        assert desk.complaints == []

    answers = answers_of(directory)
    votes = [answer for answer in answers if answer.purpose == "vote" and not answer.undoes]
    counts = Counter(answer.spectrum_id for answer in votes)
    assert counts.pop(mistake) == 2
    assert set(counts.values()) == {1}, "every answer is there once"
    assert {answer.spectrum_id: answer.label for answer in votes} == said, "on the spectrum that was painted"
    assert [answer.spectrum_id for answer in answers if answer.undoes] == [mistake]
    (with_remarks,) = (answer for answer in votes if answer.spectrum_id == remarked)
    assert (with_remarks.comment, with_remarks.flags, with_remarks.quality) == ("blue wing <b>1</b> 2 3", ("second look",), 3)
    assert with_remarks.shown["rv"] == 55
    (after,) = (answer for answer in votes if answer.spectrum_id == plain)
    assert (after.comment, after.flags, after.quality, after.shown["rv"]) == ("", (), None, 0), "nothing leaks to the next"
    assert all(answer.shown_at and answer.shown_at <= answer.answered_at for answer in votes)
