"""``spectrove label``: a person's way through the page's own door, with the real command, its loop and its end by Ctrl-C."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx
import pytest

from label_command import Person, asks, label_command
from small_survey import SmallSurvey
from spectrove.campaign import Campaign, create
from spectrove.cli.frame import main
from spectrove.config import settings_from
from spectrove.simulate import SurveyTruth

QUICK = {
    "seed": 7,
    "network": {"name": "compact"},
    "fit": {"max_epochs": 2, "threads": 1},
    "long_fit": {"max_epochs": 2, "threads": 1},
    "query": {"batch_size": 6},
    "audit": {"size": 5},
    "stopping": {"max_iterations": 2},
}


@pytest.fixture
def directory(small_survey: SmallSurvey, tmp_path: Path) -> Path:
    create(tmp_path / "campaign", small_survey.pool, [small_survey.training()], settings_from(QUICK)).store.close()
    return tmp_path / "campaign"


def true_labels(survey: SmallSurvey) -> dict[str, str]:
    rows = SurveyTruth.open(survey.files.truth).table(["spectrum_id", "label"]).to_pylist()
    return {row["spectrum_id"]: row["label"] for row in rows}


def fail(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """Run a command that must end with status 1, and return its one sentence."""
    with pytest.raises(SystemExit) as left:
        main(["label", *map(str, arguments), "--no-browser"])
    assert left.value.code == 1
    errors = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("warning:")]
    assert len(errors) == 1
    return errors[0].removeprefix("error: ")


@pytest.mark.slow  # tests/browser goes the same way
def test_a_person_labels_a_round_stops_in_the_next_and_goes_on(directory: Path, small_survey: SmallSurvey) -> None:
    truth, given = true_labels(small_survey), {}
    with label_command(directory, "--annotator", "Ann Jump") as page, Person(page.address) as ann:
        assert ann.name == "Ann Jump"
        ann.wait_for(asks(0))
        while queue := ann.queue():
            assert not set(queue) & set(given), "nothing is asked twice"
            for spectrum_id in queue:
                ann.label(spectrum_id, truth[spectrum_id])
                given[spectrum_id] = truth[spectrum_id]
        state = ann.wait_for(asks(1))
        assert any(sentence.startswith("iteration 1: trained on ") for sentence in state["said"])
        after = [item for item in ann.queue() if item not in given][:2]
        for spectrum_id in after:
            ann.label(spectrum_id, None)
            given[spectrum_id] = None
        said = page.stop()
    assert page.process.returncode == 0
    assert "Ctrl-C stops it" in said
    assert "stopped; every answer is recorded" in said
    assert "Traceback" not in said
    with Campaign(directory) as campaign, campaign.lock():
        votes = [answer for answer in campaign.store.answers() if answer.purpose == "vote"]
        assert {answer.spectrum_id: answer.label for answer in votes} == given
        assert len(votes) == len(given)
        n_open = len(campaign.open_questions())
    with label_command(directory, "--annotator", "Ann Jump") as again, Person(again.address) as ann:
        assert f"iteration 1, phase ASK; {n_open} questions open" in again.said[0]
        assert len(set(ann.queue()) - set(given)) == n_open


def test_another_address_than_loopback_asks_for_the_token_that_was_printed(directory: Path) -> None:
    with label_command(directory, "--host", "0.0.0.0", "--no-loop") as page:
        assert "?token=" in page.address
        port = httpx.URL(page.address).port
        here = page.address.replace(httpx.URL(page.address).host, "127.0.0.1")
        with Person(here, "Ann <b>Jump</b>") as ann:
            assert ann.get("/api/v1/campaign")["phase"] == "TRAIN"
            assert ann.name == "Ann <b>Jump</b>"
        assert httpx.get(f"http://127.0.0.1:{port}/api/v1/campaign").status_code == 401
        assert "use an encrypted way to this machine" in page.stop()


def test_where_no_campaign_is_one_sentence_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "there is no campaign here" in fail(capsys, tmp_path)


def test_a_port_in_use_is_told_and_without_one_a_free_one_is_taken(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = fail(capsys, directory, "--port", str(port))
        assert f"127.0.0.1:{port}" in told
        assert "Name another" in told


def test_of_a_finished_campaign_the_page_shows_the_candidates(
    directory: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Campaign, "is_finished", lambda _: True)
    monkeypatch.setattr("spectrove.web.serve", lambda *_, **__: None)
    main_without_error(directory)
    told = capsys.readouterr().out
    assert "this campaign is finished. Its candidates can be verified on the page" in told
    assert f"spectrove campaign export {directory}" in told


def main_without_error(directory: Path) -> None:
    with pytest.raises(SystemExit) as left:
        main(["label", str(directory)])
    assert left.value.code == 0
