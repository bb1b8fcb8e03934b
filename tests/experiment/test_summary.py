"""Several seeds in one table."""

from __future__ import annotations

import json

import pytest

from spectrove.errors import ConfigError
from spectrove.experiment import summarize


@pytest.fixture
def seeds(finished, tmp_path):
    """Return the folders of two experiments; the second is the first with another seed and half of its recall."""
    report = json.loads((finished.directory / "report.json").read_text())
    for seed, name in ((7, "first"), (8, "second")):
        report["settings"]["seed"] = report["settings"]["campaign"]["seed"] = seed
        report["active"]["final"]["recall"]["visible"] |= {
            "n": 10 if seed == 7 else 5,
            "of": 20,
            "value": 0.5 if seed == 7 else 0.25,
        }
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.json").write_text(json.dumps(report))
    return [tmp_path / "first", tmp_path / "second"]


def test_shares_have_mean_range_and_pooled_limits(seeds):
    found = summarize(seeds)
    recall = found["shares"]["recall of visible targets"]
    assert found["seeds"] == [7, 8]
    assert (recall["mean"], recall["least"], recall["largest"]) == (0.375, 0.25, 0.5)
    assert (recall["pooled"]["n"], recall["pooled"]["of"]) == (15, 40)
    assert recall["pooled"]["lower"] < 0.375 < recall["pooled"]["upper"]
    assert found["counts"]["labels to teach"] == {
        "values": [12, 12], "mean": 12, "least": 12, "largest": 12, "limits": [12, 12],
    }  # fmt: skip
    assert "search" in found["finders"]


def test_limits_of_the_mean_are_students_and_stay_shares(seeds):
    recall = summarize(seeds)["shares"]["recall of visible targets"]
    assert recall["limits"] == [0.0, 1.0]  # 0.375 +- 12.7 x 0.125, two seeds say next to nothing
    assert summarize(seeds[:1])["shares"]["recall of visible targets"]["limits"] is None


def test_runs_over_one_pool_are_not_counted_as_independent(seeds):
    change(seeds[0], lambda report: report.update(non_active=report["non_active"][:1] * 3))
    found = summarize(seeds)["shares"]["precision without asking"]
    alone = summarize(seeds[:1])["shares"]["precision without asking"]
    assert alone["pooled"]["of"] == json.loads((seeds[0] / "report.json").read_text())["non_active"][0]["precision"]["of"]
    assert found["pooled"]["of"] > alone["pooled"]["of"]


def test_it_says_why_each_search_ended(seeds):
    change(seeds[1], lambda report: report["active"]["final"].update(stopped={"stop": True, "reason": "all 40 iterations"}))
    assert summarize(seeds)["ends"][1] == "all 40 iterations"


def change(directory, edit):
    path = directory / "report.json"
    report = json.loads(path.read_text())
    edit(report)
    path.write_text(json.dumps(report))


def test_experiments_that_cannot_be_compared_are_refused(seeds):
    with pytest.raises(ConfigError, match="share a seed"):
        summarize([seeds[0], seeds[0]])
    change(seeds[1], lambda report: report["settings"]["survey"].update(n_pool=241))
    with pytest.raises(ConfigError, match=r"differ from .* in more than the seed"):
        summarize(seeds)
    change(seeds[1], lambda report: report.update(format="something"))
    with pytest.raises(ConfigError, match="no report of an experiment"):
        summarize(seeds)
    (seeds[1] / "report.json").unlink()
    with pytest.raises(ConfigError, match="no finished experiment can be read"):
        summarize(seeds)
