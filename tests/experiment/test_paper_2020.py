"""The whole experiment: done once, gone on with after a kill, and the same whether it was killed or not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from spectrove.cli.frame import cli
from spectrove.errors import PoolError
from spectrove.experiment import Surroundings, load_experiment, run_paper_2020
from spectrove.experiment.truth import truth_of
from spectrove.pool import Pool

FREE = ("times", "steps")
"""What differs from run to run."""


def numbers(directory: Path) -> dict:
    """Return the numbers of a report without its times."""

    def stripped(value):
        if isinstance(value, dict):
            return {key: stripped(inner) for key, inner in value.items() if key not in {*FREE, "seconds", "seconds_shared"}}
        return [stripped(inner) for inner in value] if isinstance(value, list) else value

    return stripped(json.loads((directory / "report.json").read_text()))


def go_on(finished, directory: Path, report=lambda _: None) -> None:
    run_paper_2020(directory, finished.settings, Surroundings(report=report))


def test_a_finished_experiment_is_not_done_again(finished):
    before = {path: path.stat().st_mtime_ns for path in (finished.directory / "phases").iterdir()}
    wanted = numbers(finished.directory)
    said: list[str] = []
    go_on(finished, finished.directory, said.append)
    assert said == []
    assert {path: path.stat().st_mtime_ns for path in (finished.directory / "phases").iterdir()} == before
    assert numbers(finished.directory) == wanted


@pytest.mark.slow
def test_an_experiment_that_was_killed_again_and_again_comes_to_the_same_result(finished, tmp_path, monkeypatch):
    monkeypatch.setattr("spectrove.experiment.paper_2020.simulate_survey", lambda *_: None)
    directory = tmp_path / "experiment"
    directory.mkdir()
    (directory / "experiment.json").write_bytes((finished.directory / "experiment.json").read_bytes())
    (directory / "survey").symlink_to(finished.directory / "survey")
    n_killed = 0
    while not (directory / "report.json").exists():

        def kill(sentence: str) -> None:
            raise KeyboardInterrupt(sentence)

        try:
            go_on(finished, directory, kill)
        except KeyboardInterrupt:
            n_killed += 1
    assert n_killed > 10, "after each part, and after each step of the campaign"
    assert numbers(directory) == numbers(finished.directory)
    steps = json.loads((directory / "campaign-times.json").read_text())
    assert [step["phase"] for step in steps] == ["TRAIN", "SCORE", "ASK", "AUDIT"] * 2 + ["TRAIN", "SCORE"]


def test_a_truth_of_other_spectra_is_refused(finished, small_survey):
    with pytest.raises(PoolError, match=r"are not the .* spectra of"):
        truth_of(Pool.open(small_survey.pool), finished.truth_table, finished.truth.classes, ("single-peak",))


def test_labels_that_are_no_classes_are_refused(finished):
    with pytest.raises(PoolError, match="labels are none of"):
        truth_of(finished.pool, finished.truth_table, ("single-peak", "boring"), ("single-peak",))


def test_the_truth_is_that_of_the_table(finished):
    table = finished.truth_table.table().to_pylist()
    truth = finished.truth
    assert [truth.classes[code] for code in truth.labels] == [row["label"] for row in table]
    assert truth.emits.tolist() == [row["kind"] == "target" for row in table]
    assert truth.objects.tolist() == [row["object"] for row in table]
    assert [truth.subtypes[code] if code >= 0 else None for code in truth.subtype_of] == [row["subtype"] for row in table]


def test_the_command_prints_a_summary_and_says_what_is_wrong(finished, tmp_path):
    done = CliRunner().invoke(cli, ["experiment", "summary", str(finished.directory), "--output", str(tmp_path / "all.json")])
    assert done.exit_code == 0, done.output
    assert "recall of visible targets" in done.output
    assert json.loads((tmp_path / "all.json").read_text())["seeds"] == [7]
    refused = CliRunner().invoke(cli, ["experiment", "summary", str(tmp_path / "absent")])
    assert "no finished experiment can be read" in str(refused.exception)


def test_the_command_refuses_the_folder_of_another_experiment(finished):
    asked = ["experiment", "paper-2020", "--size", "500", "--output", str(finished.directory)]
    refused = CliRunner().invoke(cli, asked)
    assert "with other settings" in str(refused.exception)


SHORT = """
[survey]
target_fraction = 0.03
[campaign.fit]
min_delta = 1e-3
patience = 4
max_epochs = 15
[campaign.long_fit]
min_delta = 1e-3
patience = 8
max_epochs = 40
[campaign.stopping]
max_iterations = 8
"""


@pytest.mark.slow
def test_asking_raises_the_precision_on_three_thousand_spectra(tmp_path):
    (tmp_path / "short.toml").write_text(SHORT)
    output = tmp_path / "experiment"
    asked = ["experiment", "paper-2020", "--size", "3000", "--labeled", "600", "--network", "compact", "--runs", "2"]
    done = CliRunner().invoke(cli, [*asked, "--settings", str(tmp_path / "short.toml"), "--output", str(output)])
    assert done.exit_code == 0, done.output
    report = json.loads((output / "report.json").read_text())
    without = max(run["precision"]["value"] or 0 for run in report["non_active"])
    asking = report["active"]["final"]["candidates"]["precision"]["value"]
    assert asking > 0.8 > without
    assert load_experiment(tmp_path / "short.toml").campaign.stopping.max_iterations == 8
