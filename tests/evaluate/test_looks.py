"""What stopping rules look at."""

from __future__ import annotations

import json
from dataclasses import replace

from spectrove.evaluate import Look, StratumCount, add_asked, estimate_precision
from spectrove.evaluate.looks import looks_at_strata

PRECISION = add_asked(estimate_precision(["target"] * 3, ["target", None, "other"], 90, ("target",)), 4, 3, 2)
HITS, MISSES = (StratumCount("predicted", 90, 3, 2, 1),), (StratumCount("others 1", 800, 20, 19, 0),)
LOOK = Look(3, PRECISION, HITS, MISSES, n_found=7, n_answers=50, n_unlabeled=894, n_changed=5)


def test_a_look_travels_through_json():
    assert Look.from_dict(json.loads(json.dumps(LOOK.to_dict(), allow_nan=False))) == LOOK


def test_a_look_at_predicted_targets_alone_says_nothing_of_strata():
    alone, of_predicted = replace(LOOK, hits=(), misses=()), replace(LOOK, misses=())

    assert looks_at_strata([alone, LOOK, of_predicted, alone]) == [LOOK, of_predicted]
