"""Verdicts on candidates, and the partial confusion matrix of the paper's Table 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove.catalog.verification import (
    NO_CLASS,
    REASONS,
    Verdict,
    count_verdicts,
    partial_confusion,
    verdict_of,
    verdicts_of,
)
from spectrove.contracts import Answer, SpectrumId
from spectrove.evaluate import clopper_pearson

CLASSES = ("single-peak", "double-peak", "not-interesting")
TARGETS = ("single-peak", "double-peak")


def answer(number: int, spectrum: str, label: str | None, **more: Any) -> Answer:
    facts = {"annotator": "ada", "answered_at": f"2026-01-01T00:00:{number:02d}.000+00:00", "purpose": "verify", **more}
    return Answer(answer_id=str(number), spectrum_id=SpectrumId(spectrum), label=label, **facts)


def table(*rows: tuple[str, str, str]) -> pa.Table:
    return pa.table(dict(zip(("spectrum_id", "label", "source"), map(list, zip(*rows, strict=True)), strict=True)))


@pytest.mark.parametrize(
    ("label", "reasons", "expected"),
    [
        ("single-peak", (), "keep"),
        ("double-peak", (), "other-class"),
        ("not-interesting", (), "reject"),
        ("not-interesting", ("galaxy",), "reject"),
        (None, ("noise",), "reject"),
        (None, (), "none"),
    ],
)
def test_a_candidate_listed_as_a_single_peak_is_kept_moved_or_rejected(label, reasons, expected):
    assert verdict_of(label, reasons, "single-peak", TARGETS) == expected


def test_only_verdicts_that_stand_count():
    given_answers = [
        answer(1, "a", "single-peak", purpose="vote"),
        answer(2, "b", "single-peak"),
        answer(3, "b", None, flags=("noise", "a remark", "artefact"), comment="a saw"),
        answer(4, "c", "double-peak"),
        answer(5, "c", None, undoes="4"),
    ]
    found = verdicts_of(given_answers, {SpectrumId("b"): "single-peak"}, TARGETS)
    assert list(found) == ["b"]
    assert found["b"] == Verdict(None, "reject", ("noise", "artefact"), "a saw", "ada", given_answers[2].answered_at)


def test_ones_own_verdict_comes_before_those_of_others_and_else_the_last():
    said = [answer(1, "a", "single-peak"), answer(2, "a", "double-peak", annotator="bob")]
    listed = {SpectrumId("a"): "single-peak"}
    assert verdicts_of(said, listed, TARGETS)["a"].verdict == "other-class"
    assert verdicts_of(said, listed, TARGETS, "ada")["a"].verdict == "keep"


def test_velocities_measured_in_the_page_come_with_the_verdict():
    measured = {"lines": [{"line": "Hα", "rv": -31.0, "error": 4.0, "part": "wings"}], "mean": -31.0}
    said = [answer(1, "a", "single-peak", shown={"rv": measured}), answer(2, "b", "single-peak", shown={"rv": 0})]
    found = verdicts_of(said, {}, TARGETS)
    assert found["a"].velocity == measured
    assert found["b"].velocity == {}


def test_the_matrix_has_the_networks_candidates_alone():
    candidates = table(
        ("a", "single-peak", "network"),
        ("b", "single-peak", "network"),
        ("c", "single-peak", "network"),
        ("d", "single-peak", "network"),
        ("e", "double-peak", "network"),
        ("f", "double-peak", "oracle"),
        ("g", "single-peak", "network"),
    )
    verdicts = {
        "a": Verdict("single-peak", "keep"),
        "b": Verdict("not-interesting", "reject"),
        "c": Verdict(None, "reject", ("noise",)),
        "d": Verdict(None, "none"),
        "f": Verdict("double-peak", "keep"),
    }
    found = partial_confusion(candidates, verdicts, CLASSES, TARGETS)
    assert found.predicted == TARGETS
    assert found.actual == (*CLASSES, NO_CLASS)
    np.testing.assert_array_equal(found.counts, [[1, 0, 1, 1], [0, 0, 0, 0]])
    np.testing.assert_array_equal(found.n_candidates, [5, 1])
    np.testing.assert_array_equal(found.n_unsure, [1, 0])
    assert found.share[0] == pytest.approx([1 / 3, 0, 1 / 3, 1 / 3])
    assert np.isnan(found.share[1]).all()
    np.testing.assert_array_equal(found.upper[1], 1)


PAPER = {
    "single-peak": {"single-peak": (3484, 97.5), "double-peak": (53, 1.5), "not-interesting": (37, 1.0)},
    "double-peak": {"single-peak": (18, 3.1), "double-peak": (548, 93.4), "not-interesting": (21, 3.6)},
}
"""Table 1 of Škoda, Podsztavek & Tvrdík 2020: counts, and shares of a row in per cent."""


def test_table_1_of_the_paper_comes_back():
    kinds = [(listed, actual) for listed, row in PAPER.items() for actual, (n, _) in row.items() for _ in range(n)]
    ids = [str(number) for number in range(len(kinds))]
    candidates = table(*((id_, listed, "network") for id_, (listed, _) in zip(ids, kinds, strict=True)))
    verdicts = {
        id_: Verdict(actual, verdict_of(actual, (), listed, TARGETS)) for id_, (listed, actual) in zip(ids, kinds, strict=True)
    }
    found = partial_confusion(candidates, verdicts, CLASSES, TARGETS)
    for row, name_of_row in enumerate(found.predicted):
        for name, (n, percent) in PAPER[name_of_row].items():
            column = found.actual.index(name)
            assert found.counts[row, column] == n
            assert 100 * found.share[row, column] == pytest.approx(percent, abs=0.05)
            assert (found.lower[row, column], found.upper[row, column]) == clopper_pearson(n, found.counts[row].sum())
    counted = count_verdicts(ids, verdicts)
    assert counted["n"] == counted["n_verified"] == 4161
    assert counted["by_verdict"] == {"keep": 3484 + 548, "other-class": 53 + 18, "reject": 58, "none": 0}


said = st.builds(
    lambda label, reasons: Verdict(label, verdict_of(label, reasons, "single-peak", TARGETS), tuple(reasons)),
    st.sampled_from([*CLASSES, None]),
    st.lists(st.sampled_from(REASONS), unique=True, max_size=2),
)


@given(st.lists(st.tuples(st.sampled_from(TARGETS), st.sampled_from(["network", "oracle"]), st.none() | said), min_size=1))
def test_each_candidate_is_counted_once_and_limits_hold_the_share(rows):
    ids = [str(number) for number in range(len(rows))]
    candidates = table(*((id_, label, source) for id_, (label, source, _) in zip(ids, rows, strict=True)))
    verdicts = {id_: verdict for id_, (_, _, verdict) in zip(ids, rows, strict=True) if verdict is not None}
    found = partial_confusion(candidates, verdicts, CLASSES, TARGETS)
    n_of_network = sum(source == "network" for _, source, _ in rows)
    n_open = sum(source == "network" and verdict is None for _, source, verdict in rows)
    assert found.counts.sum() + found.n_unsure.sum() + n_open == n_of_network == found.n_candidates.sum()
    known = ~np.isnan(found.share)
    assert (found.lower <= found.upper).all()
    assert (found.lower[known] <= found.share[known]).all()
    assert (found.share[known] <= found.upper[known]).all()
    counted = count_verdicts(ids, verdicts)
    assert sum(counted["by_verdict"].values()) == counted["n_verified"] == len(verdicts)
