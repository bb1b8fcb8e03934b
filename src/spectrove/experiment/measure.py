"""
What a search is worth, measured against the truth: arrays over the rows of the pool in, plain numbers out.

Every share comes with its counts and with Clopper-Pearson limits, which take each spectrum for an independent trial and the
survey for one draw from all surveys like it. Exposures of one object resemble each other; so the limits are somewhat too narrow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spectrove.campaign import Campaign
from spectrove.contracts import BoolArray, FloatArray, IntArray
from spectrove.evaluate import clopper_pearson
from spectrove.experiment.phases import Facts
from spectrove.experiment.truth import PoolTruth

LEVEL = 0.95
"""Confidence level of every interval."""

SNR_EDGES = (1.0, 5.0, 10.0, 20.0, 30.0, 50.0, 100.0, 1000.0)
VISIBILITY_EDGES = (3.0, 4.0, 6.0, 10.0, 20.0, 50.0, 100.0, 10_000.0)
"""Limits of the bins in which recall is given; the second in units of the noise of a pixel."""

N_POINTS = 300
"""Points of a curve that are kept."""

NEVER = np.iinfo(np.int32).max
NOT_ANSWERED, ABSTAINED = -2, -1
"""Instead of an iteration, and instead of a label."""


def share(n: int, of: int) -> Facts:
    """
    Return a share with its limits.

    Parameters
    ----------
    n : int
        Successes.
    of : int
        Trials.

    Returns
    -------
    dict
        ``n``, ``of``, ``value`` (None without trials), ``lower``, ``upper`` and ``level``; Clopper-Pearson limits.
    """
    lower, upper = clopper_pearson(int(n), int(of), LEVEL)
    return {"n": int(n), "of": int(of), "value": n / of if of else None, "lower": lower, "upper": upper, "level": LEVEL}


def share_of(true: BoolArray, among: BoolArray) -> Facts:
    """
    Return which share of some spectra is something else, too.

    Parameters
    ----------
    true, among : array of bool, shape (n_spectra,)
        What is counted, and among which.

    Returns
    -------
    dict
        As of `share`.
    """
    return share(int(np.count_nonzero(true & among)), int(np.count_nonzero(among)))


@dataclass(frozen=True, eq=False)
class Asked:
    """
    The spectra that a campaign has asked about, as rows of its pool.

    Attributes
    ----------
    rows : array of int64, shape (n_asked,)
        Each once.
    first, queried, audited : array of int32, shape (n_asked,)
        The first iteration that asked at all, to teach, and to measure; `NEVER` if none did.
    labels : array of int8, shape (n_asked,)
        The last answer as an index of the classes, `ABSTAINED` or `NOT_ANSWERED`.
    audit_trains : bool
        Whether the answers to audits train.
    began : array of int64
        Rows of spectra of the pool that the campaign began with.
    """

    rows: IntArray
    first: IntArray
    queried: IntArray
    audited: IntArray
    labels: IntArray
    audit_trains: bool
    began: IntArray

    def gone(self, n_spectra: int, iteration: int) -> BoolArray:
        """
        Return which spectra had left the pool when an iteration scored it, as `spectrove.campaign.loop.labeled_rows` did then.

        Parameters
        ----------
        n_spectra : int
            Rows of the pool.
        iteration : int
            The iteration.

        Returns
        -------
        array of bool, shape (n_spectra,)
            True where it had.
        """
        mask = np.zeros(n_spectra, dtype=np.bool_)
        left = (self.queried < iteration) & (self.labels != NOT_ANSWERED)
        if self.audit_trains:
            left |= (self.audited < iteration) & (self.labels >= 0)
        mask[self.rows[left]] = True
        mask[self.began] = True
        return mask

    def candidates(self, predicted: BoolArray, targets: Sequence[int], iteration: int) -> BoolArray:
        """
        Return the candidates as `spectrove.catalog.build_candidates` lists them: answers outrank the network.

        Parameters
        ----------
        predicted : array of bool, shape (n_spectra,)
            True where the network sees a target.
        targets : sequence of int
            Indices of the target classes.
        iteration : int
            The iteration whose network it is.

        Returns
        -------
        array of bool, shape (n_spectra,)
            True where the spectrum is a candidate.
        """
        mask = predicted.copy()
        mask[self.began] = False
        said = (self.first < iteration) & (self.labels >= 0)
        mask[self.rows[said]] = np.isin(self.labels[said], targets)
        return mask


def asked_in(campaign: Campaign) -> Asked:
    """
    Return what a campaign has asked about.

    Parameters
    ----------
    campaign : Campaign
        The campaign.

    Returns
    -------
    Asked
        One entry for each spectrum.
    """
    questions, said = campaign.store.questions(), campaign.store.labels()
    ids = list(dict.fromkeys(question.spectrum_id for question in questions))
    place = {id_: number for number, id_ in enumerate(ids)}
    when = {arm: np.full(len(ids), NEVER, dtype=np.int32) for arm in ("query", "audit")}
    for question in questions:
        at = place[question.spectrum_id]
        when[question.arm][at] = min(when[question.arm][at], question.iteration)
    names = campaign.settings.classes.names
    codes = {None: ABSTAINED} | {name: code for code, name in enumerate(names)}
    labels = [codes[said[id_]] if id_ in said else NOT_ANSWERED for id_ in ids]
    began = campaign.pool.rows_of(list(campaign.training_labels()))
    return Asked(
        rows=campaign.pool.rows_of(ids),
        first=np.minimum(when["query"], when["audit"]),
        queried=when["query"],
        audited=when["audit"],
        labels=np.array(labels, dtype=np.int8),
        audit_trains=campaign.settings.audit.trains,
        began=began[began >= 0],
    )


def measure_prediction(predicted: IntArray, truth: PoolTruth, targets: Sequence[int], free: BoolArray | None = None) -> Facts:
    """
    Return how good a network's predictions are, whatever anybody answered.

    Parameters
    ----------
    predicted : array of int, shape (n_spectra,)
        Predicted class of each spectrum.
    truth : PoolTruth
        The truth.
    targets : sequence of int
        Indices of the target classes.
    free : array of bool, shape (n_spectra,), optional
        The spectra that count; all unless given.

    Returns
    -------
    dict
        ``precision`` and ``recall`` of the targets against the rest, ``by_class`` the precision of each target class, where only
        this very class is correct, and ``confusion``, counts by predicted and then by actual class.
    """
    among = np.ones(truth.n_spectra, dtype=np.bool_) if free is None else free
    found = np.isin(predicted, targets) & among
    n = len(truth.classes)
    counts = np.bincount(predicted[among].astype(np.int64) * n + truth.labels[among], minlength=n * n).reshape(n, n)
    return {
        "precision": share_of(truth.is_target, found),
        "recall": share_of(found, truth.is_target & among),
        "by_class": {truth.classes[code]: share(int(counts[code, code]), int(counts[code].sum())) for code in targets},
        "confusion": counts.tolist(),
    }


def recall_by_bins(found: BoolArray, among: BoolArray, values: FloatArray, edges: Sequence[float]) -> list[Facts]:
    """
    Return the recall within bins of a quantity.

    Parameters
    ----------
    found, among : array of bool, shape (n_spectra,)
        The candidates, and the spectra that ought to be.
    values : array of float, shape (n_spectra,)
        The quantity.
    edges : sequence of float
        Limits of the bins, rising; a bin holds its lower limit.

    Returns
    -------
    list of dict
        As of `share`, with ``from`` and ``to``; bins without spectra are left out.
    """
    bins = np.digitize(values, edges)
    return [
        {"from": edges[number - 1], "to": edges[number], **share_of(found, here)}
        for number in range(1, len(edges))
        if (here := among & (bins == number)).any()
    ]


def recall_by_subtype(found: BoolArray, truth: PoolTruth) -> list[Facts]:
    """
    Return the recall of each kind of target.

    Parameters
    ----------
    found : array of bool, shape (n_spectra,)
        The candidates.
    truth : PoolTruth
        The truth.

    Returns
    -------
    list of dict
        ``subtype``; ``visible``, the share found of those in which one can see it, and ``all``, the share found of all that emit;
        the most frequent kind first.
    """
    codes = np.unique(truth.subtype_of[truth.is_target | truth.emits])
    rows = []
    for code in codes[codes >= 0].tolist():
        of_kind = truth.subtype_of == code
        rows.append(
            {
                "subtype": truth.subtypes[code],
                "visible": share_of(found, of_kind & truth.is_target),
                "all": share_of(found, of_kind & truth.emits),
            }
        )
    return sorted(rows, key=lambda row: (-row["all"]["of"], row["subtype"]))


def measure_recall(found: BoolArray, truth: PoolTruth) -> Facts:
    """
    Return what the candidates hold of what is there to be found.

    Parameters
    ----------
    found : array of bool, shape (n_spectra,)
        The candidates.
    truth : PoolTruth
        The truth.

    Returns
    -------
    dict
        Recall against all visible targets, against all that emit, by the class and the kind, and within bins of S/N and
        of visibility; ``objects`` counts objects instead of spectra: found in at least one exposure.
    """
    seen, hit = np.unique(truth.objects[truth.is_target]), np.unique(truth.objects[truth.is_target & found])
    return {
        "visible": share_of(found, truth.is_target),
        "emits": share_of(found, truth.emits),
        "objects": share(int(hit.size), int(seen.size)),
        "by_class": {
            name: share_of(found, truth.labels == code)
            for code, name in enumerate(truth.classes)
            if truth.is_target[truth.labels == code].any()
        },
        "by_subtype": recall_by_subtype(found, truth),
        "by_snr": recall_by_bins(found, truth.is_target, truth.snr, SNR_EDGES),
        "by_visibility": recall_by_bins(found, truth.is_target, truth.visibility, VISIBILITY_EDGES),
    }


def trade_off(statistic: FloatArray, is_target: BoolArray) -> Facts:
    """
    Return precision and recall for every threshold of a statistic, thinned out for drawing.

    Parameters
    ----------
    statistic : array of float, shape (n_spectra,)
        Larger for spectra that are rather targets; never NaN, and -inf where it says nothing.
    is_target : array of bool, shape (n_spectra,)
        The truth.

    Returns
    -------
    dict
        ``recall`` and ``precision``, lists of at most `N_POINTS` numbers from the highest threshold to the lowest.
    """
    order = np.argsort(-statistic, kind="stable")
    order = order[np.isfinite(statistic[order])]
    hits = np.cumsum(is_target[order])
    distinct = np.flatnonzero(np.diff(statistic[order], append=-np.inf))  # equal values pass a threshold together
    n_targets = int(np.count_nonzero(is_target))
    if not distinct.size or not n_targets:
        return {"recall": [], "precision": []}
    recall, precision = hits[distinct] / n_targets, hits[distinct] / (distinct + 1)
    kept = np.unique(np.searchsorted(recall, np.linspace(0, recall[-1], N_POINTS)))
    return {"recall": [round(value, 5) for value in recall[kept]], "precision": [round(value, 5) for value in precision[kept]]}
