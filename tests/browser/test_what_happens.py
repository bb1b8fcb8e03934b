"""What happens to people at the page: cut networks, restarts, neighbors, other keyboards, wrong addresses, failed rounds."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import cohen_kappa_score

from label_command import Person, Started, asks, label_command
from small_survey import SmallSurvey
from spectrove.campaign import Campaign, TrainingSource, create, run
from spectrove.config import settings_from
from spectrove.web.serve import listening

pytestmark = pytest.mark.browser

CLASSES = ("single-peak", "double-peak", "not-interesting")
VIEWS = ("overview", "history", "progress", "candidates", "disagreements", "criteria", "queue")
SETTINGS: dict[str, Any] = {
    "seed": 7,
    "network": {"name": "compact"},
    "fit": {"max_epochs": 2, "threads": 1},
    "long_fit": {"max_epochs": 2, "threads": 1},
    "query": {"batch_size": 30},
    "audit": {"size": 10},
    "review": {"second_votes": 0.5, "repeats": 0.0, "gold": 0.0},
}
WATCH = "addEventListener('securitypolicyviolation', (one) => console.error(`CSP ${one.violatedDirective} ${one.blockedURI}`))"
INLINE = "document.head.append(Object.assign(document.createElement('script'), {textContent: 'document.title = 1'}))"
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg"/>'
SKY = "**/hips-image-services/**"


@pytest.fixture(scope="module")
def asked(small_survey: SmallSurvey, read_pool: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a campaign with questions open, half of which everybody is to answer; to be copied."""
    path = tmp_path_factory.mktemp("asked") / "campaign"
    training = TrainingSource(small_survey.labeled, small_survey.files.labels)
    with create(path, read_pool, [training], settings_from(SETTINGS)) as campaign:
        run(campaign)
    return path


@pytest.fixture
def copied(asked: Path, tmp_path: Path) -> Path:
    """Return a campaign of the test's own."""
    return Path(shutil.copytree(asked, tmp_path / "campaign"))


@contextmanager
def served(directory: Path, *options: str) -> Iterator[Started]:
    """Serve the page of a campaign that trains nothing."""
    with label_command(directory, "--annotator", "Ann", "--no-loop", *options) as command:
        yield command


@pytest.fixture(scope="module")
def command(asked: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """Return a running page that tests share."""
    with served(Path(shutil.copytree(asked, tmp_path_factory.mktemp("shared") / "campaign"))) as started:
        yield started


@pytest.fixture
def sits(command: Started, sit_down: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that opens the shared page and waits for its first spectrum."""

    def sit(where: str = "") -> Any:
        desk = sit_down(f"{command.address}{where}")
        desk.painted()
        return desk

    return sit


def last(command: Started) -> dict[str, Any]:
    """Return the answer that was recorded last."""
    with Person(command.address, "a watcher") as watcher:
        answer: dict[str, Any] = watcher.get("/api/v1/answers", all=True, limit=1)["items"][0]
        return answer


def call_oneself(desk: Any, name: str) -> None:
    """Give another name at the page's top."""
    desk.page.click("#who button")
    desk.page.fill("#annotator", name)
    with desk.page.expect_navigation():
        desk.press("Enter")
    desk.painted()


def test_every_view_keeps_to_the_content_security_policy(command, sit_down):
    desk = sit_down(f"{command.address}#/criteria")
    desk.page.add_init_script(WATCH)
    desk.page.route(SKY, lambda route: route.fulfill(content_type="image/svg+xml", body=PICTURE))
    desk.page.reload()
    for view in VIEWS:
        desk.page.goto(f"{command.address}#/{view}")
        desk.page.wait_for_selector(f'body[data-view="{view}"] #view > *')
        desk.page.wait_for_load_state("networkidle")
    desk.painted()
    desk.press("s", "m", "v", "g", "g", "h", "l", "e", "x", "d", "B", "o", "i")
    desk.page.get_by_text("north up").wait_for()
    desk.press("?")
    desk.page.wait_for_selector("dialog[open]")
    desk.press("Escape")
    desk.page.click("#who button")
    desk.press("Escape")
    assert desk.complaints == []
    desk.page.evaluate(INLINE)
    desk.page.wait_for_timeout(50)
    assert any("script-src" in one for one in desk.complaints), "the policy was on"
    assert desk.page.title() != "1"


def test_without_a_network_the_sky_is_a_note(sits):
    desk = sits()
    desk.page.route(SKY, lambda route: route.abort())
    desk.press("i")
    desk.page.get_by_text("does not answer, or there is no network").wait_for()


def test_slider_presets_and_ctrl_z_are_kept_with_the_answer(sits, command):
    desk = sits()
    desk.page.locator("#rv").focus()
    desk.press("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowRight")
    step = int(desk.page.get_attribute("#rv", "step"))
    assert desk.page.input_value("#rv") == str(2 * step)
    desk.press("h")
    first = desk.answer("1")  # digits answer though the slider has the focus
    desk.outbox(0)
    answer = last(command)
    shown = answer["shown"]["rv"]
    assert (answer["spectrum_id"], answer["shown"]["preset"]) == (first, "hb")
    assert (shown if isinstance(shown, (int, float)) else shown["kms"]) == 2 * step
    desk.press("H", "Control+z")
    desk.page.wait_for_selector(f'body[data-painted="{first}"]')
    desk.outbox(0)
    assert last(command)["undoes"] == answer["answer_id"]
    assert desk.answer("3") == first
    desk.outbox(0)
    assert (last(command)["label"], last(command)["shown"]["preset"]) == ("not-interesting", "ha")
    assert desk.complaints == []


def test_keys_are_changed_in_the_help_and_stay_changed(sits, command):
    desk = sits()
    desk.press("?")
    chooser = desk.page.locator('dialog [data-of="class-2"]')
    chooser.click()
    desk.press("q")
    assert chooser.inner_text() == "q"
    assert desk.page.evaluate("document.activeElement.dataset.of") == "class-2", "the keyboard goes on from there"
    desk.press("Escape")
    desk.page.wait_for_selector('button[data-label="double-peak"] kbd:text-is("q")')
    desk.painted()
    desk.page.reload()
    shown = desk.painted()
    desk.press("2")
    assert desk.painted() == shown, "the old key does nothing"
    desk.answer("q")
    desk.outbox(0)
    assert (last(command)["spectrum_id"], last(command)["label"]) == (shown, "double-peak")


def test_the_row_of_digits_answers_on_every_keyboard(sits, command):
    desk = sits()
    shown = desk.painted()
    press = "(told) => document.body.dispatchEvent(new KeyboardEvent('keydown', {bubbles: true, cancelable: true, ...told}))"
    desk.page.evaluate(press, {"code": "Digit8", "key": "[", "ctrlKey": True, "altKey": True, "modifierAltGraph": True})
    assert int(desk.page.input_value("#rv")) < 0, "AltGr writes brackets on a German keyboard"
    desk.page.evaluate(press, {"code": "Digit4", "key": "4", "shiftKey": True})
    desk.page.evaluate(press, {"code": "Digit2", "key": "ě"})
    desk.page.wait_for_selector(f'body:not([data-painted="{shown}"])')
    desk.outbox(0)
    answer = last(command)
    assert (answer["spectrum_id"], answer["label"], answer["quality"]) == (shown, "double-peak", 4), "as on a Czech one"


def test_what_cannot_be_asked_or_said_is_told_at_once(sits, command):
    desk = sits()
    desk.page.goto(f"{command.address}#/queue/no%3Asuch%2F..%2F%3Cb%3E")
    desk.page.get_by_text("cannot be shown").wait_for()
    desk.press("1")
    desk.complaints.clear()  # the browser's own word on the 404
    desk.press("ArrowRight")
    desk.painted()
    with Person(command.address, "a watcher") as watcher, Person(command.address) as ann:
        asked = {one["spectrum_id"] for one in ann.get("/api/v1/overview", limit=200)["items"]}
        number = watcher.get("/api/v1/answers", limit=1)["items"][0]["sequence"]
        around = ann.get(f"/api/v1/context/{min(asked)}")["fibers"]
        other = next(one["spectrum_id"] for one in around if one["spectrum_id"] not in asked)
        desk.page.goto(f"{command.address}#/queue/{other}?purpose=nonsense")
        desk.page.wait_for_selector(f'body[data-painted="{other}"]')
        desk.page.get_by_text("never asked about").first.wait_for()
        desk.press("1")
        desk.page.wait_for_timeout(100)
        assert desk.painted() == other
        assert watcher.get("/api/v1/answers", limit=1)["items"][0]["sequence"] == number
        desk.page.goto(f"{command.address}#/queue")
        desk.painted()
        desk.press("c")
        desk.page.keyboard.insert_text(f"cool\u00ad star\u200b <b>{'x' * 10_000}")
        desk.press("Enter")
        desk.answer("1")
        desk.outbox(0)
        comment = ann.get("/api/v1/answers", limit=1)["items"][0]["comment"]
    assert comment.startswith("cool star <b>xxx")
    assert len(comment) in range(3_900, 4_001)
    assert desk.page.locator("#outbox").inner_text() == ""
    desk.page.click("#who button")
    desk.page.fill("#annotator", "a\u202eb")
    desk.press("Enter")
    desk.page.get_by_text("control characters are not accepted").wait_for()
    desk.press("Escape")
    assert [one for one in desk.complaints if "422" not in one] == []


def test_two_people_vote_blindly_and_settle_what_they_see_differently(copied, sit_down):
    with served(copied) as command, Person(command.address, "Bob <b>") as watcher:
        ann, bob = sit_down(command.address), sit_down(command.address)
        call_oneself(bob, "Bob <b>")
        bob.page.wait_for_load_state("networkidle")  # all questions are here, those that Ann answers among them
        said = {ann.answer(str(1 + number % 3)): CLASSES[number % 3] for number in range(12)}
        ann.outbox(0)
        seconded = said.keys() & set(watcher.queue())
        assert 0 < len(seconded) < len(said)

        history = bob.page.context.new_page()
        history.goto(f"{command.address}#/history")
        history.get_by_label("only mine").uncheck()
        history.wait_for_selector("tbody tr:nth-child(12)")
        told = history.locator("tbody").inner_text()
        assert told.count("hidden until you have labeled it") == 12
        assert not any(name in told for name in CLASSES)
        history.close()

        his = _second_votes(bob, said, seconded)
        both = sorted(his.keys() & said.keys())
        differ = {id_ for id_ in both if his[id_] != said[id_]}
        assert 0 < len(differ) < len(both)

        bob.page.goto(f"{command.address}#/progress")
        told = bob.page.get_by_role("region", name="Agreement of blind votes").locator("tbody").inner_text()
        kappa = cohen_kappa_score([said[id_] for id_ in both], [his[id_] for id_ in both])
        assert told.split("\t")[:2] == ["Ann and Bob <b>", str(len(both))]
        assert f"{kappa:.2f} (" in told

        ann.page.goto(f"{command.address}#/disagreements")
        settled = set()
        for left in range(len(differ), 0, -1):
            ann.page.get_by_text(f"1 of {left}", exact=True).wait_for()
            settled.add(ann.painted())
            assert sorted(vote.rsplit(" ", 1)[0] for vote in ann.page.locator(".votes li").all_inner_texts()) == [
                "Ann",
                "Bob <b>",
            ]
            ann.press("3")
        ann.page.get_by_text("Nobody disagrees with you").wait_for()
        ann.outbox(0)
        assert settled == differ
        assert ann.complaints + bob.complaints == []
    with Campaign(copied) as campaign:
        labels = campaign.store.labels()
    assert all(labels[id_] == "not-interesting" for id_ in differ)
    assert all(labels[id_] == said[id_] for id_ in said.keys() - differ)


def _second_votes(desk: Any, said: dict[str, str], seconded: set[str]) -> dict[str, str]:
    """Answer until all that is to be seconded is, every third time otherwise; return what was answered."""
    his: dict[str, str] = {}
    while not seconded <= his.keys():
        place = CLASSES.index(said.get(desk.painted(), CLASSES[0]))
        key = (place + (len(his) % 3 == 0)) % 3
        his[desk.answer(str(1 + key))] = CLASSES[key]
    desk.outbox(0)
    again = his.keys() & said.keys() - seconded
    assert again <= {*list(his)[:2]}, (
        "of what Ann has answered meanwhile, only second votes are shown, once the page has heard of it"
    )
    return his


def test_what_two_tabs_say_without_a_network_survives_a_reload(sits, command):
    desk = sits()
    call_oneself(desk, "Eve")
    neighbor = type(desk)(desk.page.context.new_page())
    neighbor.page.goto(command.address)
    neighbor.painted()
    for one in (desk, neighbor):
        one.page.wait_for_load_state("networkidle")
    desk.page.context.set_offline(True)
    said = [(desk.answer("1"), "single-peak") for _ in range(3)] + [(neighbor.answer("2"), "double-peak") for _ in range(2)]
    desk.outbox(3)
    neighbor.outbox(2)
    desk.page.get_by_text("3 answers not sent yet, kept here. The server does not answer.").wait_for()
    neighbor.page.close()
    with suppress(Exception):  # the browser's own page: there is no network
        desk.page.reload()
    desk.page.context.set_offline(False)
    desk.page.goto(command.address)
    desk.painted()
    desk.outbox(0)
    with Person(command.address, "Eve") as eve:
        answers = eve.get("/api/v1/answers", annotator="Eve")["items"]
    assert [(one["spectrum_id"], one["label"]) for one in reversed(answers)] == said, (
        "each once, in the order in which it was said"
    )


FOREIGN = """() => new Promise((resolve) => {
  const request = indexedDB.open("spectrove-outbox");
  request.onsuccess = () => {
    const answer = { answer_id: "a", label: null };
    const one = { id: "a", order: 1, campaign: "another", annotator: "Ann", refused: null, answer };
    const transaction = request.result.transaction("outbox", "readwrite");
    transaction.objectStore("outbox").put(one);
    transaction.oncomplete = () => resolve(null);
  };
})"""


def test_answers_to_one_campaign_never_go_to_another_at_its_address(sits):
    desk = sits()
    desk.page.evaluate(FOREIGN)
    desk.page.reload()
    desk.painted()
    desk.page.get_by_text("1 answer to another campaign not sent").wait_for()
    desk.answer("1")
    desk.outbox(0)
    assert desk.page.get_by_text("1 answer to another campaign not sent").is_visible()
    assert desk.complaints == []


def test_a_restart_and_a_neighbor_of_another_name_change_nothing(copied, sit_down, answers_of):
    with listening("127.0.0.1", 0) as door:
        port = str(door.getsockname()[1])
    with served(copied, "--port", port) as command:
        ann = sit_down(command.address)
        ann.painted()
        bob = type(ann)(ann.page.context.new_page())
        bob.page.goto(command.address)
        bob.painted()
        call_oneself(bob, "Bob")
        said = {("Ann", ann.answer("1")), ("Bob", bob.answer("2")), ("Ann", ann.answer("1"))}
        ann.outbox(0)
        bob.outbox(0)
        command.stop()
        said |= {("Ann", ann.answer("1")), ("Bob", bob.answer("2"))}
        ann.page.get_by_text("1 answer not sent yet").wait_for()
    with served(copied, "--port", port) as command:
        said |= {("Ann", ann.answer("1")), ("Bob", bob.answer("2"))}
        ann.outbox(0)
        bob.outbox(0)
        bob.page.reload()
        said.add(("Bob", bob.answer("2")))
        bob.outbox(0)
        assert bob.page.locator("#who").inner_text() == "Bob"
        assert ann.page.locator("#outbox").inner_text() == ""
        command.stop()
    answers = answers_of(copied)
    assert {(answer.annotator, answer.spectrum_id) for answer in answers} == said
    assert len(answers) == len(said)


FAILED = {
    "kind": "failed",
    "what": "",
    "done": 0,
    "total": None,
    "error": "labeled.pool: is <b>gone</b>. Put it back.",
    "said": ["iteration 0: closed"],
    "iteration": 0,
    "phase": "CLOSED",
}


def test_what_stops_the_machine_is_told_everywhere(sits, command):
    desk = sits()
    desk.page.route("**/api/v1/work", lambda route: route.fulfill(json=FAILED))
    desk.page.route("**/api/v1/queue?*", lambda route: route.fulfill(json={**EMPTY, "is_meanwhile": True}))
    desk.page.reload()
    desk.page.get_by_role("heading", name="The round is complete, and the machine stopped").wait_for()
    assert desk.page.locator("#work a").inner_text() == "The machine stopped: labeled.pool: is <b>gone</b>. Put it back."
    desk.page.click("#work a")
    desk.page.get_by_role("button", name="Try again").click()
    desk.page.get_by_text("this page runs no work in the background").wait_for()


EMPTY: dict[str, Any] = {"iteration": 0, "phase": "CLOSED", "items": [], "n_left": 0, "n_done": 40, "n_open": 0}


@pytest.mark.slow
def test_a_failed_round_and_a_closed_one_are_told_and_the_next_comes(small_survey, read_pool, sit_down, tmp_path):
    labeled = Path(shutil.copytree(small_survey.labeled, tmp_path / "labeled"))
    settings = settings_from({**SETTINGS, "query": {"batch_size": 3}, "audit": {"size": 2}, "review": {"second_votes": 0.0}})
    with create(tmp_path / "campaign", read_pool, [TrainingSource(labeled, small_survey.files.labels)], settings) as campaign:
        run(campaign)
    with label_command(tmp_path / "campaign", "--annotator", "Ann") as command, Person(command.address) as watcher:
        desk = sit_down(command.address)
        labeled.rename(tmp_path / "moved")
        for _ in watcher.queue():
            desk.answer("3")
        desk.page.get_by_text("The machine stopped").first.wait_for()
        desk.page.goto(f"{command.address}#/progress")
        again = desk.page.get_by_role("button", name="Try again")
        again.wait_for()
        assert "labeled" in desk.page.get_by_role("alert").inner_text()
        (tmp_path / "moved").rename(labeled)
        again.click()
        watcher.wait_for(asks(1))
        desk.page.goto(f"{command.address}#/queue")
        desk.page.reload()
        first = watcher.queue()
        shown = desk.painted()
        assert shown in first

        with Person(command.address, "Bob") as bob:
            bob.send("POST", "/api/v1/rounds/close", {"iteration": 1})
        watcher.wait_for(asks(2))
        second = watcher.queue()
        desk.page.wait_for_timeout(4_500)  # the page looks every four seconds while nothing is done
        assert desk.painted() == shown, "what is on the screen stays"
        desk.answer("3")
        assert desk.painted() in second
        assert desk.complaints == []
