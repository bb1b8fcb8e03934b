"""A person's way through the commands: read, ask, answer in a file, go on, take the candidates."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from astropy.io.votable import parse_single_table
from click.testing import CliRunner, Result

from small_survey import SmallSurvey
from spectrove.cli.frame import cli, main
from spectrove.pool import Pool
from spectrove.preprocess import RECIPES
from spectrove.simulate import SurveyTruth

CONFIG = """
seed = 7
fit = { max_epochs = 2 }
long_fit = { max_epochs = 2 }
query = { batch_size = 6 }
audit = { size = 5 }
stopping = { max_iterations = 1 }
"""


def type_command(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)


def fail(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """Run a command that must end with status 1, and return its one sentence."""
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    assert left.value.code == 1
    errors = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("warning:")]
    assert len(errors) == 1
    return errors[0].removeprefix("error: ")


@pytest.fixture
def campaign(small_survey: SmallSurvey, tmp_path: Path) -> Path:
    config = tmp_path / "campaign.toml"
    config.write_text(CONFIG)
    directory = tmp_path / "campaign"
    training = f"{small_survey.labeled}:{small_survey.files.labels}"
    made = type_command("campaign", "new", directory, "--pool", small_survey.pool, "--training", training, "--config", config)
    assert made.exit_code == 0
    n_spectra = Pool.open(small_survey.pool).n_spectra
    assert f"a campaign over {n_spectra} spectra, beginning with 90 labels" in made.output
    return directory


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def true_labels(truth: Path) -> dict[str, str]:
    return {row["spectrum_id"]: row["label"] for row in SurveyTruth.open(truth).table(["spectrum_id", "label"]).to_pylist()}


def fill_in(questions: Path, truth: Path) -> None:
    """Answer every question as a person would, in the file."""
    labels = true_labels(truth)
    rows = rows_of(questions)
    with questions.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows({**row, "label": labels[row["spectrum_id"]]} for row in rows)


def test_a_person_answers_in_a_file_and_takes_the_candidates(campaign: Path, small_survey: SmallSurvey) -> None:
    asked = type_command("campaign", "run", campaign)
    questions = campaign / "questions" / "iteration-000.csv"
    assert f"fill in the column 'label' of {questions}" in asked.output
    columns = rows_of(questions)[0].keys()
    assert "label" in columns
    assert not {"arm", "predicted", "utility"} & columns, "neither why nor what the network thinks may sway the answer"
    fill_in(questions, small_survey.files.truth)
    answered = type_command("campaign", "answer", campaign, questions, "--annotator", "Ann Jump")
    n_asked = len(rows_of(questions))
    assert f"{n_asked} answers recorded; 0 questions are open" in answered.output
    again = type_command("campaign", "answer", campaign, questions, "--annotator", "Ann Jump")
    assert f"0 answers recorded, {n_asked} were recorded before" in again.output
    type_command("campaign", "run", campaign)
    facts = json.loads(type_command("campaign", "status", campaign, "--json").output)
    assert facts["finished"]
    assert facts["n_answers"] == n_asked
    exported = type_command("campaign", "export", campaign)
    assert exported.exit_code == 0
    rows = rows_of(campaign / "export" / "candidates.csv")
    assert f"{len(rows)} candidates: " in exported.output
    table = parse_single_table(campaign / "export" / "candidates.vot").to_table()
    assert list(table["spectrum_id"]) == [row["spectrum_id"] for row in rows]
    provenance = json.loads((campaign / "export" / "provenance.json").read_text())
    assert provenance["n_candidates"]["oracle"] == sum(row["source"] == "oracle" for row in rows)
    truth = true_labels(small_survey.files.truth)
    for row in rows:
        if row["source"] == "oracle":
            assert row["label"] == truth[row["spectrum_id"]] != "not-interesting"


def test_wrong_answers_are_refused_whole_and_lose_nothing(
    campaign: Path, small_survey: SmallSurvey, capsys: pytest.CaptureFixture[str]
) -> None:
    type_command("campaign", "run", campaign)
    questions = campaign / "questions" / "iteration-000.csv"
    fill_in(questions, small_survey.files.truth)
    good = questions.read_text()
    questions.write_text(good + "lamost:nobody_asked,,,,,single-peak,\n")
    assert "'lamost:nobody_asked' was not asked about. Nothing was recorded" in fail(
        capsys, "campaign", "answer", campaign, questions
    )
    questions.write_text(good.replace("not-interesting", "boring", 1))
    assert "unknown class 'boring'" in fail(capsys, "campaign", "answer", campaign, questions)
    assert json.loads(type_command("campaign", "status", campaign, "--json").output)["n_answers"] == 0
    assert questions.read_text() == good.replace("not-interesting", "boring", 1), "the file that somebody fills in is theirs"


def test_an_export_that_cannot_be_made_is_one_sentence(campaign: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "nothing is scored yet" in fail(capsys, "campaign", "export", campaign)
    type_command("campaign", "run", campaign)
    (campaign / "export").touch()
    assert "this is a file" in fail(capsys, "campaign", "export", campaign)


def test_the_refused_files_are_listed_with_their_reasons(small_survey: SmallSurvey, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "empty.fits").touch()
    first = next(small_survey.files.fits_labeled.iterdir())
    (tmp_path / "files" / first.name).write_bytes(first.read_bytes())
    pool = tmp_path / "pool"
    said = type_command("pool", "ingest", tmp_path / "files", "--pool", pool, "--recipe", "halpha-2020-ondrejov")
    assert f"`spectrove pool info {pool} --refused` lists all" in said.output
    listed = type_command("pool", "info", pool, "--refused").output
    assert listed.strip() == f"{tmp_path / 'files' / 'empty.fits'}: is empty (0 bytes), expected spectra. Fetch it again."


def test_every_recipe_is_named_in_the_help() -> None:
    words = type_command("pool", "ingest", "--help").output.replace("\n", " ").split()
    assert set(RECIPES) <= {word.strip("(),.") for word in words}


def test_what_cannot_work_is_said_before_anything_is_made(
    small_survey: SmallSurvey, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    training = f"{small_survey.labeled}:{small_survey.files.labels}"
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("spectrum_id,label\nondrejov:none,single-peak\n")
    config = tmp_path / "wrong.toml"
    config.write_text("[query]\nbatchsize = 3\n")
    new = ("campaign", "new", tmp_path / "campaign", "--pool", small_survey.pool)
    for arguments, sentence in (
        ((*new, "--training", f"{small_survey.labeled}:{wrong}"), "none of its 1 labels names a spectrum of the pool"),
        ((*new, "--training", f"{small_survey.labeled}:{tmp_path / 'absent.csv'}"), "this labels file cannot be read"),
        ((*new, "--training", f"{tmp_path / 'absent.pool'}:{small_survey.files.labels}"), str(tmp_path / "absent.pool")),
        ((*new, "--training", training, "--config", config), "unknown key 'query.batchsize'; did you mean 'query.batch_size'?"),
        ((*new, "--training", training, "--preset", "paper-2021"), "unknown preset 'paper-2021'"),
        (("campaign", "step", tmp_path / "campaign"), "there is no campaign here"),
        (("pool", "ingest", tmp_path, "--pool", tmp_path / "p", "--recipe", "halpha-2021"), "did you mean 'halpha-2020'?"),
        (("pool", "info", tmp_path / "absent"), str(tmp_path / "absent")),
    ):
        assert sentence in fail(capsys, *arguments)
        assert not (tmp_path / "campaign").exists()


def test_every_command_has_help_and_a_wrong_call_ends_with_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    def commands(group: object, words: tuple[str, ...]) -> list[tuple[str, ...]]:
        below = getattr(group, "commands", {})
        return [words] + [path for name, command in below.items() for path in commands(command, (*words, name))]

    for words in commands(cli, ()):
        shown = type_command(*words, "--help")
        assert shown.exit_code == 0
        assert "Usage: " in shown.output
        assert len(shown.output.splitlines()) > 3
    with pytest.raises(SystemExit) as left:
        main(["campaign", "new"])
    assert left.value.code == 2
    assert "Usage:" in capsys.readouterr().err
