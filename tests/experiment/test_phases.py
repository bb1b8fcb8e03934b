"""Parts of an experiment are done once."""

from __future__ import annotations

import pytest

from spectrove.errors import CampaignError
from spectrove.experiment.phases import Phases


def test_a_part_is_done_once_and_its_result_is_kept(tmp_path):
    done, said = [], []
    for _ in range(2):
        phases = Phases(tmp_path / "phases", said.append)
        assert phases.once("first", lambda: done.append(1) or {"n": len(done)}) == {"n": 1}
    assert len(done) == len(said) == 1
    assert said[0].startswith("first: done in ")


def test_a_part_that_was_killed_is_done_again(tmp_path):
    phases = Phases(tmp_path)

    def killed():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        phases.once("first", killed)
    assert phases.times() == []
    assert phases.once("first", lambda: {"n": 2}) == {"n": 2}


def test_times_stand_in_the_order_in_which_the_parts_ended(tmp_path):
    phases = Phases(tmp_path)
    for name in ("simulation", "campaign", "finders"):
        phases.once(name, dict)
    assert [part["phase"] for part in phases.times()] == ["simulation", "campaign", "finders"]
    assert all(part["seconds"] >= 0 and part["peak_memory_mib"] > 0 for part in phases.times())


def test_a_result_that_was_changed_by_hand_is_refused(tmp_path):
    Phases(tmp_path).once("first", lambda: {"precision": 0.5})
    path = tmp_path / "first.json"
    path.write_text(path.read_text().replace("0.5", "0.9"))
    with pytest.raises(CampaignError, match="changed after it was written"):
        Phases(tmp_path).once("first", dict)
