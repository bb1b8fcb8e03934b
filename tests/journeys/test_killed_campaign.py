"""A campaign whose process is killed, whose disk is full, or that two processes want: nothing is lost, one clear sentence."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from small_survey import SmallSurvey
from spectrove.campaign import Campaign
from spectrove.campaign.store import DATABASE

CONFIG = """
seed = 7
fit = { max_epochs = 2 }
long_fit = { max_epochs = 3 }
query = { batch_size = 6 }
audit = { size = 5 }
stopping = { max_iterations = 2 }
"""

ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": "150"}
FULL_AT = 200_000
"""Bytes that a file may have in a process whose disk is said to be full; a checkpoint has more, whatever the network."""


def spectrove(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "spectrove", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=False, **options)


def new(directory: Path, survey: SmallSurvey) -> Path:
    config = directory.parent / "campaign.toml"
    config.write_text(CONFIG)
    training = f"{survey.labeled}:{survey.files.labels}"
    done = spectrove("campaign", "new", directory, "--pool", survey.pool, "--training", training, "--config", config)
    assert done.returncode == 0, done.stderr
    return directory


def run_until(directory: Path, truth: Path, moment: Callable[[], bool]) -> bool:
    """Run the campaign and kill it at a moment; return whether it came before the end."""
    command = [sys.executable, "-m", "spectrove", "campaign", "run", str(directory), "--oracle", str(truth)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
    while process.poll() is None and not moment():
        time.sleep(0.005)
    came = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    return came


def candidates(directory: Path) -> list[str]:
    done = spectrove("campaign", "export", directory)
    assert done.returncode == 0, done.stderr
    return (directory / "export" / "candidates.csv").read_text().splitlines()


@pytest.fixture(scope="module")
def undisturbed(small_survey: SmallSurvey, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    directory = new(tmp_path_factory.mktemp("undisturbed") / "campaign", small_survey)
    done = spectrove("campaign", "run", directory, "--oracle", small_survey.files.truth)
    assert done.returncode == 0, done.stderr
    return candidates(directory)


def moments(directory: Path) -> dict[str, Callable[[], bool]]:
    """Return moments in a campaign's life, in their order, as seen from outside."""
    return {
        "a checkpoint is being written": lambda: any(directory.glob("iterations/000/checkpoint/*")),
        "the scores are being written": lambda: any(directory.glob("iterations/000/*scores*")),
        "answers are being recorded": lambda: in_database(directory, "SELECT count(*) FROM answer") > 0,
        "the second network is trained": lambda: in_database(directory, "SELECT max(number) FROM iteration") == 1,
        "the long training has begun": lambda: in_database(directory, "SELECT max(number) FROM iteration") == 2,
    }


def in_database(directory: Path, query: str) -> int:
    connection = sqlite3.connect(f"file:{directory / DATABASE}?mode=ro", uri=True, timeout=10)
    try:
        return int(connection.execute(query).fetchone()[0])
    finally:
        connection.close()


@pytest.mark.slow
def test_a_campaign_that_is_killed_at_several_moments_loses_no_answer_and_ends_as_if_it_were_not(
    small_survey: SmallSurvey, undisturbed: list[str], tmp_path: Path
) -> None:
    directory = new(tmp_path / "campaign", small_survey)
    kept: list[object] = []
    for name, moment in moments(directory).items():
        assert run_until(directory, small_survey.files.truth, moment), f"it ended before {name}"
        with Campaign(directory) as campaign:
            answers = campaign.store.answers()
        assert answers[: len(kept)] == kept, name
        kept = list(answers)
    done = spectrove("campaign", "run", directory, "--oracle", small_survey.files.truth)
    assert done.returncode == 0, done.stderr
    assert candidates(directory) == undisturbed


@pytest.mark.slow
def test_making_a_campaign_can_be_killed_and_done_again(small_survey: SmallSurvey, tmp_path: Path) -> None:
    directory = tmp_path / "campaign"
    training = f"{small_survey.labeled}:{small_survey.files.labels}"
    command = [
        sys.executable,
        "-m",
        "spectrove",
        "campaign",
        "new",
        directory,
        "--pool",
        small_survey.pool,
        "--training",
        training,
    ]
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
    while process.poll() is None and not list(directory.glob(".*.partial*")):
        time.sleep(0.0005)
    process.kill()
    process.wait()
    (directory / ".campaign.sqlite.1-00000000.partial").touch()  # where the kill came too late to leave one
    (directory / DATABASE).unlink(missing_ok=True)
    new(directory, small_survey)
    with Campaign(directory) as campaign:
        assert campaign.iteration().phase == "TRAIN"


@pytest.mark.slow
def test_a_full_disk_is_said_in_one_sentence_and_the_same_command_goes_on_when_there_is_room(
    small_survey: SmallSurvey, undisturbed: list[str], tmp_path: Path
) -> None:
    directory = new(tmp_path / "campaign", small_survey)

    def with_a_full_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (FULL_AT, FULL_AT))

    arguments = ("campaign", "run", directory, "--oracle", small_survey.files.truth)
    full = spectrove(*arguments, preexec_fn=with_a_full_disk)
    assert full.returncode == 1
    assert full.stderr.count("error:") == 1
    assert "the disk is full" in full.stderr
    assert "Traceback" not in full.stderr
    assert not list(directory.rglob("*.partial"))
    done = spectrove(*arguments)
    assert done.returncode == 0, done.stderr
    assert candidates(directory) == undisturbed


@pytest.mark.slow
def test_a_second_process_on_one_campaign_is_told_so_and_does_no_harm(small_survey: SmallSurvey, tmp_path: Path) -> None:
    directory = new(tmp_path / "campaign", small_survey)
    with Campaign(directory) as campaign, campaign.lock():
        busy = spectrove("campaign", "run", directory, "--oracle", small_survey.files.truth)
        assert campaign.iteration().phase == "TRAIN"
    assert busy.returncode == 1
    assert busy.stderr.strip() == (
        f"error: {directory}: another process is running this campaign. Wait until it ends, or stop it, and try again."
    )
