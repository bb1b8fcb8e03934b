"""The table of the finders: the best threshold, its precision and recall, and the run over batches."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from line_spectra import WAVE, observe, profile
from spectrove.baselines import FINDERS, best_f1, run_finders
from spectrove.evaluate import clopper_pearson

values_and_truth = st.lists(
    st.tuples(st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 2.0, 3.0]), st.booleans()), min_size=0, max_size=30
)


def f1_at(threshold, values, truth):
    chosen = (values >= threshold) & np.isfinite(values)
    return 2 * (chosen & truth).sum() / max(chosen.sum() + truth.sum(), 1)


@given(rows=values_and_truth)
def test_no_threshold_has_a_larger_f1_and_no_higher_one_the_same(rows):
    values, truth = np.array([value for value, _ in rows]), np.array([target for _, target in rows], dtype=bool)
    best = best_f1(values, truth)
    tried = {threshold: f1_at(threshold, values, truth) for threshold in {*values[np.isfinite(values)], np.inf}}
    assert best.f1 == pytest.approx(max(tried.values()))
    assert best.threshold == max(threshold for threshold, f1 in tried.items() if f1 == pytest.approx(best.f1))
    chosen = (values >= best.threshold) & np.isfinite(values)
    assert (best.n_predicted, best.n_true_positive, best.n_targets) == (chosen.sum(), (chosen & truth).sum(), truth.sum())


@given(rows=values_and_truth)
def test_the_auc_is_the_share_of_pairs_in_order(rows):
    values, truth = np.array([value for value, _ in rows]), np.array([target for _, target in rows], dtype=bool)
    pairs = [(a > b) + 0.5 * (a == b) for a in values[truth] for b in values[~truth]]
    assert best_f1(values, truth).auc == (pytest.approx(np.mean(pairs)) if pairs else None)


def test_precision_and_recall_have_the_limits_of_clopper_and_pearson():
    best = best_f1(np.array([5.0, 4, 3, 2, 1, 0]), np.array([True, True, False, True, False, False]), level=0.9)
    assert (best.precision, best.recall) == (3 / 4, 1.0)
    assert best.precision_limits == clopper_pearson(3, 4, 0.9)
    assert best.recall_limits == clopper_pearson(3, 3, 0.9)


def test_without_a_target_there_is_nothing_to_find():
    best = best_f1(np.arange(3.0), np.zeros(3, dtype=bool))
    assert (best.threshold, best.n_predicted, best.precision, best.recall, best.f1, best.auc) == (
        np.inf,
        0,
        None,
        None,
        0.0,
        None,
    )
    assert best.precision_limits == (0.0, 1.0)


@pytest.mark.parametrize(
    ("statistic", "is_target", "said"),
    [
        (np.zeros(3), np.zeros(2, dtype=bool), "share one shape"),
        (np.array([1.0, np.nan]), np.zeros(2, dtype=bool), "NaN in 1 rows"),
    ],
    ids=["shapes", "NaN"],
)
def test_what_cannot_be_ranked_is_refused(statistic, is_target, said):
    with pytest.raises(ValueError, match=said):
        best_f1(statistic, is_target)


@pytest.fixture
def spectra(generator):
    emission, ivar = observe(profile((0.6, 0.0, 7.0)), 10, 40, generator)
    absorption, _ = observe(profile((-0.4, 0.0, 12.0)), 90, 40, generator)
    flux = np.vstack([emission, absorption, np.zeros(WAVE.size)])
    return flux, np.vstack([ivar] * 11)[: len(flux)], np.arange(len(flux)) < 10


def test_batches_give_what_all_spectra_at_once_give(spectra):
    flux, ivar, is_target = spectra
    batches = ((WAVE, flux[rows], ivar[rows], is_target[rows]) for rows in (slice(0, 7), slice(7, 7), slice(7, None)))
    report = run_finders(batches)
    np.testing.assert_array_equal(report.is_target, is_target)
    for name, finder in FINDERS.items():
        np.testing.assert_allclose(report.statistics[name], finder(WAVE, flux, ivar), rtol=1e-4, atol=1e-4)
        assert report.best[name].f1 == best_f1(report.statistics[name], is_target).f1
        assert report.best[name].f1 > 0.95
        assert report.seconds[name] >= 0


def test_the_table_has_a_row_for_each_finder_and_can_be_written_as_json(spectra):
    flux, _, is_target = spectra
    rows = json.loads(json.dumps(run_finders([(WAVE, flux, None, is_target)]).rows()))
    assert [row["finder"] for row in rows] == list(FINDERS)
    assert all(row["n_spectra"] == 101 and row["n_unjudged"] == 1 and row["n_targets"] == 10 for row in rows)
    assert all(row["reference"] and row["title"] and row["unit"] for row in rows)


def test_some_finders_can_be_chosen(spectra):
    flux, _, is_target = spectra
    chosen = {"derivatives": FINDERS["derivatives"]}
    assert list(run_finders([(WAVE, flux, None, is_target)], chosen).best) == ["derivatives"]


def test_no_batches_make_an_empty_report():
    report = run_finders([])
    assert report.is_target.shape == (0,)
    rows = json.loads(json.dumps(report.rows(), allow_nan=False))
    assert [(row["n_predicted"], row["threshold"]) for row in rows] == [(0, None)] * len(FINDERS)


def test_every_spectrum_needs_its_truth(spectra):
    flux, _, is_target = spectra
    with pytest.raises(ValueError, match="101 spectra and 100 truths"):
        run_finders([(WAVE, flux, None, is_target[1:])])
