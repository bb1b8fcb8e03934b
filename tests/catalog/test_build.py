"""The list of candidates."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove.catalog import LabeledSpectrum, build_candidates, probability_column
from spectrove.contracts import Scores
from spectrove.errors import LabelsError
from spectrove.query import entropy

CLASSES = ("single-peak", "double-peak", "not-interesting")
TARGETS = ("single-peak", "double-peak")

POOL = {
    "lamost:a": (0.8, 0.1, 0.1),
    "lamost:b": (0.1, 0.7, 0.2),
    "lamost:c": (0.1, 0.1, 0.8),
    "lamost:d": (0.5, 0.4, 0.1),
    "lamost:e": (0.0, 0.1, 0.9),
    "lamost:f": (0.6, 0.2, 0.2),
}


def scores(pool=POOL, classes=CLASSES):
    probabilities = np.array(list(pool.values()), dtype=np.float32).reshape(len(pool), len(classes))
    return Scores(np.array(list(pool), dtype=object), probabilities, classes, checkpoint="c0ffee", pool="9001")


def metadata(ids=tuple(POOL)):
    n = len(ids)
    return pa.table(
        {
            "spectrum_id": pa.array(ids, pa.string()),
            "survey": ["lamost"] * n,
            "designation": [f"J{name}" for name in ids],
            "ra": pa.array([10.0 + i for i in range(n)], pa.float64()),
            "dec": pa.array([None] * n, pa.float64()),
            "mjd": pa.array([56000 + i for i in range(n)], pa.float64()),
            "obsid": [str(i) for i in range(n)],
            "snr": pa.array([20.5] * n, pa.float32()),
            "spectral_class": ["STAR"] * n,
            "subclass": ["A0"] * n,
            "file": [f"{name}.fits" for name in ids],
        }
    )


def build(labeled=None, pool=POOL, facts=None):
    return build_candidates(metadata(tuple(pool)) if facts is None else facts, scores(pool), labeled or {}, TARGETS, iteration=17)


def listed(table):
    return list(zip(*(table[name].to_pylist() for name in ("spectrum_id", "label", "source", "iteration")), strict=True))


def test_without_answers_the_candidates_are_the_predicted_targets_ordered_by_label_and_certainty():
    assert listed(build()) == [
        ("lamost:a", "single-peak", "network", 17),
        ("lamost:d", "single-peak", "network", 17),
        ("lamost:f", "single-peak", "network", 17),
        ("lamost:b", "double-peak", "network", 17),
    ]


def test_an_answer_outranks_the_prediction_in_both_directions():
    labeled = {
        "lamost:a": LabeledSpectrum("not-interesting", 2),
        "lamost:e": LabeledSpectrum("double-peak", 5),
        "lamost:d": LabeledSpectrum("double-peak", 0),
        "lamost:c": LabeledSpectrum("not-interesting", 1),
    }

    assert listed(build(labeled)) == [
        ("lamost:f", "single-peak", "network", 17),
        ("lamost:d", "double-peak", "oracle", 0),
        ("lamost:b", "double-peak", "network", 17),
        ("lamost:e", "double-peak", "oracle", 5),
    ]


def test_an_abstention_leaves_the_prediction_as_it_is():
    abstained = {"lamost:a": LabeledSpectrum(None, 3), "lamost:c": LabeledSpectrum(None, 3)}

    assert listed(build(abstained)) == listed(build())


def test_a_candidate_carries_its_probabilities_entropy_and_what_the_survey_says():
    table = build({"lamost:e": LabeledSpectrum("single-peak", 5)})

    assert table.column_names == [
        *("spectrum_id", "designation", "ra", "dec", "label"),
        *("prob_single_peak", "prob_double_peak", "prob_not_interesting", "entropy", "source", "iteration"),
        *("file", "obsid", "mjd", "snr", "spectral_class", "subclass"),
    ]
    row = table.filter(pa.compute.equal(table["spectrum_id"], "lamost:e")).to_pylist()[0]
    assert (row["designation"], row["ra"], row["dec"], row["file"]) == ("Jlamost:e", 14.0, None, "lamost:e.fits")
    assert (row["obsid"], row["mjd"], row["snr"], row["spectral_class"], row["subclass"]) == ("4", 56004.0, 20.5, "STAR", "A0")
    assert row["prob_not_interesting"] == pytest.approx(0.9)
    assert row["entropy"] == pytest.approx(entropy(np.array([[0.0, 0.1, 0.9]]))[0], rel=1e-6)


def test_a_find_of_the_oracle_that_was_not_scored_has_no_probabilities_and_stands_last():
    without_e = {name: row for name, row in POOL.items() if name != "lamost:e"}
    labeled = {"lamost:e": LabeledSpectrum("single-peak", 5)}

    table = build_candidates(metadata(), scores(without_e), labeled, TARGETS, 17)

    row = table.to_pylist()[3]
    assert (row["spectrum_id"], row["source"], row["designation"]) == ("lamost:e", "oracle", "Jlamost:e")
    assert [row[probability_column(name)] for name in CLASSES] == [None, None, None]
    assert row["entropy"] is None


def test_facts_that_the_pool_lacks_are_empty():
    table = build(facts=metadata().select(["spectrum_id", "ra"]).slice(1))

    assert table["ra"].to_pylist() == [None, 13.0, 15.0, 11.0]
    assert table["file"].to_pylist() == [None] * 4
    assert table.schema.field("mjd").type == pa.float64()


def test_no_candidates_make_an_empty_list_with_all_its_columns():
    assert build(pool={}).num_rows == 0
    assert build(pool={}).schema.equals(build().schema)


@st.composite
def campaigns(draw):
    names = [f"lamost:{number}" for number in range(draw(st.integers(1, 12)))]
    weights = [draw(st.tuples(*[st.integers(0, 4)] * 3)) for _ in names]
    pool = {name: np.add(row, 0.01) / (sum(row) + 0.03) for name, row in zip(names, weights, strict=True)}
    answers = draw(st.dictionaries(st.sampled_from(names), st.sampled_from([*CLASSES, None])))
    return pool, {name: LabeledSpectrum(label, 1) for name, label in answers.items()}, draw(st.permutations(names))


@given(campaigns())
def test_a_spectrum_is_a_candidate_exactly_if_its_label_or_else_its_prediction_is_a_target(campaign):
    pool, labeled, _ = campaign

    table = build(labeled, pool)

    said = {name: answer.label for name, answer in labeled.items() if answer.label is not None}
    verdicts = {name: said.get(name, CLASSES[int(np.argmax(np.float32(row)))]) for name, row in pool.items()}
    expected = {(name, label) for name, label in verdicts.items() if label in TARGETS}
    found = list(zip(table["spectrum_id"].to_pylist(), table["label"].to_pylist(), strict=True))
    assert set(found) == expected
    assert len(found) == len(expected)
    assert all((row["source"] == "oracle") == (row["spectrum_id"] in said) for row in table.to_pylist())


@given(campaigns())
def test_the_order_of_the_pool_changes_nothing(campaign):
    pool, labeled, order = campaign

    assert (
        build(labeled, {name: pool[name] for name in order})
        .drop(["ra", "mjd", "obsid"])
        .equals(build(dict(sorted(labeled.items())), pool).drop(["ra", "mjd", "obsid"]))
    )


def test_labels_and_targets_outside_the_classes_are_refused_by_name():
    with pytest.raises(LabelsError, match="lamost:a is labeled 'nebula', expected one of"):
        build({"lamost:a": LabeledSpectrum("nebula", 1)})
    with pytest.raises(LabelsError, match="'triple-peak' is searched for"):
        build_candidates(metadata(), scores(), {}, ("triple-peak",), 17)


def test_classes_whose_columns_would_share_a_name_are_refused():
    with pytest.raises(LabelsError, match="would share the column"):
        build_candidates(metadata(()), scores({}, ("a-b", "a b")), {}, ("a-b",), 1)
