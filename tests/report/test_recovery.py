"""The third recall: what is found of injected lines, by a pool or by files, with limits that know that copies are alike."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from spectrove.errors import LabelsError
from spectrove.evaluate import clopper_pearson
from spectrove.execution import InlineExecutor
from spectrove.query import predicted_classes
from spectrove.report import Injections, sentences, write_report
from spectrove.report.recovery import clustered_limits, read_injected, recovery_facts
from spectrove.report.wording import estimated
from spectrove.scoring import load_scores
from spectrove.simulate import SurveyTruth
from spectrove.simulate.inject import Design
from spectrove.simulate.inject_files import InjectionPlan, inject_files


@pytest.fixture
def truth(small_survey, tmp_path):
    """Return a table of injections that calls the spectra of the small survey injected ones."""
    known = SurveyTruth.open(small_survey.files.truth).table(["spectrum_id", "label"]).to_pylist()
    path = tmp_path / "truth.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["spectrum_id", "label", "snr", "ew", "host"])
        for number, row in enumerate(known):
            writer.writerow([row["spectrum_id"], row["label"], 10 + number, 1 + number % 3, f"host {number // 2}"])
        writer.writerow(["ascii:nowhere", "single-peak", 20, 2, "host 0"])
    return path


def test_what_the_last_network_takes_for_a_target_is_found(finished, small_survey, truth):
    found = recovery_facts(finished, Injections(small_survey.pool, truth))
    table = read_injected(truth)
    last = finished.iteration()
    scores = load_scores(finished.directory / last.scores, finished.pool)
    columns = [scores.classes.index(name) for name in finished.settings.classes.targets]
    taken = set(scores.spectrum_ids[np.flatnonzero(np.isin(predicted_classes(scores.probabilities), columns))].tolist())
    visible = [id_ for id_, label in zip(table.spectrum_ids, table.labels, strict=True) if label != "not-interesting"]
    assert found["visible"]["n"] == len(visible)
    assert found["visible"]["n_found"] == sum(id_ in taken for id_ in visible) > 0
    assert found["all"]["n_found"] == len(taken & set(table.spectrum_ids))
    assert found["iteration"] == last.number
    assert found["n_absent"] >= 1
    assert np.sum(found["map"]["n_injected"]) == len(visible)
    assert np.sum(found["map"]["n_found"]) == found["visible"]["n_found"]


def test_the_report_tells_it_beside_the_other_two(finished, small_survey, truth, tmp_path):
    files, facts = write_report(finished, tmp_path / "report", Injections(small_survey.pool, truth))
    said = dict(sentences(facts))["Recall, by injection and recovery"]
    visible = facts["injection"]["visible"]
    assert estimated(visible["estimate"], visible) in said
    page = files.html.read_text(encoding="utf-8")
    assert page.count("data:image/svg+xml;base64,") == 6
    assert "Not measured" not in page
    assert "count as not found" in page


def test_a_folder_of_injected_spectra_is_read_by_the_campaign_s_recipe(finished, small_survey, tmp_path):
    files = sorted(str(path) for path in (small_survey.files.truth.parent / "fits" / "pool").rglob("*") if path.is_file())[:12]
    design = Design(ews=(8.0,), fwhms=(), rv=(0.0, 0.0), copies=1, resolving_power=1500.0)
    inject_files(tmp_path / "injected", files, InjectionPlan(design, ((2.0, 0.0),), (), 1800.0, 7), InlineExecutor())
    found = recovery_facts(finished, Injections(tmp_path / "injected"))
    table = read_injected(tmp_path / "injected" / "truth.csv")
    assert found["all"]["n"] == len(table.spectrum_ids) >= 6
    assert found["n_absent"] == 0
    assert found["all"]["n_hosts"] == len(set(table.hosts))
    assert not list(tmp_path.glob("*.pool"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("spectrum_id,label,snr\na:b,single-peak,3\n", "lacks the column 'ew'"),
        ("spectrum_id,label,snr,ew\n", "names no spectrum"),
        ("spectrum_id,label,snr,ew\na:b,single-peak,many,1\n", "snr and ew must be numbers"),
        ("spectrum_id,label,snr,ew\na:b,single-peak,3,1\n", "holds none of its spectra"),
    ],
)
def test_a_table_that_cannot_be_used_is_one_sentence(finished, small_survey, tmp_path, text, said):
    path = tmp_path / "truth.csv"
    path.write_text(text)
    with pytest.raises(LabelsError, match=said):
        recovery_facts(finished, Injections(small_survey.pool, path))


def test_a_table_that_is_not_there_is_one_sentence(finished, small_survey):
    with pytest.raises(LabelsError, match="Name it with --truth"):
        recovery_facts(finished, Injections(small_survey.pool))


def test_spectra_of_different_hosts_are_independent_trials():
    is_found = np.arange(40) < 30
    names = [f"{number}" for number in range(40)]
    lower, upper = clustered_limits(is_found, names, 0.95)
    # The variance of a share of n trials is taken with n - 1, so that they are worth one trial less.
    assert clopper_pearson(30, 40)[0] - 0.01 < lower < clopper_pearson(30, 40)[0]
    assert clopper_pearson(30, 40)[1] < upper < clopper_pearson(30, 40)[1] + 0.01


def test_copies_that_are_all_alike_are_worth_one_each():
    is_found = np.repeat(np.arange(40) < 30, 10)
    names = np.repeat([f"{number}" for number in range(40)], 10).tolist()
    apart = clustered_limits(np.arange(40) < 30, [f"{number}" for number in range(40)], 0.95)
    assert clustered_limits(is_found, names, 0.95) == pytest.approx(apart)


def test_where_all_are_found_hosts_are_counted():
    names = ["a", "a", "b", "b", "c", "c"]
    assert clustered_limits(np.ones(6, dtype=bool), names, 0.95) == pytest.approx(clopper_pearson(3, 3))
    assert clustered_limits(np.zeros(6, dtype=bool), names, 0.95) == pytest.approx(clopper_pearson(0, 3))
    assert clustered_limits(np.zeros(0, dtype=bool), [], 0.95) == (0.0, 1.0)


def test_the_limits_hold_the_truth_although_copies_are_alike(generator):
    n_hosts, n_copies, n_runs, truth = 60, 5, 400, 0.7
    held = 0
    names = np.repeat(np.arange(n_hosts).astype(str), n_copies).tolist()
    for _ in range(n_runs):
        chances = generator.beta(truth * 2, (1 - truth) * 2, n_hosts)
        is_found = generator.random((n_hosts, n_copies)) < chances[:, None]
        lower, upper = clustered_limits(is_found.ravel(), names, 0.95)
        held += lower <= truth <= upper
    assert held / n_runs >= 0.93
    assert held / n_runs < 1
