"""What an iteration of a campaign said of its precision and its recall, and what is true of them: for `honest_campaigns.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spectrove.campaign import Campaign
from spectrove.campaign.audits import audit_result
from spectrove.campaign.schema import IterationRow
from spectrove.experiment.measure import Asked, asked_in
from spectrove.experiment.truth import PoolTruth
from spectrove.query import target_probability

Facts = dict[str, Any]


def measure_rounds(campaign: Campaign, truth: PoolTruth) -> list[Facts]:
    """
    Return for each round what its audit said, and what was true when it was drawn.

    Parameters
    ----------
    campaign : Campaign
        A finished campaign.
    truth : PoolTruth
        The truth of its pool.

    Returns
    -------
    list of dict
        ``precision`` and ``recall``, each by class with the targets together under ``""``: ``truth``, ``estimate`` and limits.

    Raises
    ------
    ValueError
        If the pool of a round is not what the campaign says that it was.
    """
    asked = asked_in(campaign)
    return [measure_round(campaign, row, asked, truth) for row in campaign.store.iterations() if row.kind == "active"]


def measure_round(campaign: Campaign, row: IterationRow, asked: Asked, truth: PoolTruth) -> Facts:
    """Return what one round's audit said, and the truth."""
    scores, _ = campaign.scores(row.number)
    targets = campaign.settings.classes.targets
    predicted, gone = scores.predicted(), asked.gone(truth.n_spectra, row.number)
    codes = [scores.classes.index(name) for name in targets]
    is_predicted = np.isin(predicted, codes)
    population = row.population or {}
    estimate = audit_result(campaign, row).to_dict()  # what was printed: the answers are the same
    counted = (int((~gone).sum()), int((is_predicted & ~gone).sum()))
    if counted != (population["n_unlabeled"], population["n_predicted_targets"]):
        msg = f"iteration {row.number}: {counted} spectra left and predicted, but the campaign says {population}"
        raise ValueError(msg)
    precision, recall = {}, {}
    for name in ("", *targets):
        code = None if not name else scores.classes.index(name)
        is_event = truth.is_target if code is None else truth.labels == code
        is_taken = is_predicted if code is None else predicted == code
        said = estimate if not name else estimate["by_class"][name]
        precision[name] = {"truth": _ratio(is_event & is_taken & ~gone, is_taken & ~gone), **_limits(said)}
        if estimate.get("recall"):
            n_found = int((is_event & gone).sum())
            hits, missed = int((is_event & is_taken & ~gone).sum()), int((is_event & ~is_taken & ~gone).sum())
            n_all = n_found + hits + missed
            true = {"truth": (n_found + hits) / n_all if n_all else None, "missed": missed, "n_found": n_found}
            recall[name] = {**true, **_limits(estimate["recall"][name]), **_one_sided(estimate["recall"][name])}
    return {
        "round": row.number,
        "n_answers": int(np.count_nonzero(asked.first < row.number)),
        "n_left": counted[0],
        "n_predicted": counted[1],
        "precision": precision,
        "recall": recall,
        "shares": shares_of_strata(campaign, row, is_predicted, gone, truth),
    }


def shares_of_strata(
    campaign: Campaign, row: IterationRow, is_predicted: np.ndarray, gone: np.ndarray, truth: PoolTruth
) -> list[Facts]:
    """Return the true share of targets in each stratum below the predicted ones: the monotone limits need it not to rise."""
    strata = [stratum for stratum in (row.population or {}).get("strata", ()) if stratum["name"].startswith("others")]
    if not strata:
        return []
    scores, _ = campaign.scores(row.number)
    score = target_probability(scores.probabilities, [scores.classes.index(name) for name in campaign.settings.classes.targets])
    rows = campaign.pool.rows_of([question.spectrum_id for question in campaign.store.questions(row.number, "query")])
    among = ~is_predicted & ~gone
    among[rows] = False
    ranked = np.flatnonzero(among)[np.argsort(-score[among], kind="stable")]
    ends = np.cumsum([stratum["n_spectra"] for stratum in strata])
    if ends[-1] != ranked.size:
        msg = f"iteration {row.number}: {ranked.size} spectra below the predicted ones, but its strata hold {ends[-1]}"
        raise ValueError(msg)
    parts: Sequence[np.ndarray] = np.split(truth.is_target[ranked], ends[:-1])
    return [{"n_spectra": int(part.size), "n_targets": int(part.sum())} for part in parts]


def _ratio(some: np.ndarray, of: np.ndarray) -> float | None:
    n = int(of.sum())
    return int(some.sum()) / n if n else None


def _limits(said: Facts) -> Facts:
    return {name: said[name] for name in ("estimate", "lower", "upper")}


def _one_sided(said: Facts) -> Facts:
    return {name: said[name] for name in ("monotone_lower", "missed_upper", "missed_monotone_upper")}
