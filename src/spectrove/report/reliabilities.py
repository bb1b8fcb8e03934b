"""Whether the predicted probabilities of an audited iteration mean what they say, before and after a correction of the prior."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from spectrove.campaign.schema import IterationRow
from spectrove.contracts import FloatArray
from spectrove.errors import CampaignError, ScoresError
from spectrove.evaluate.calibration import (
    estimated_prior,
    expected_calibration_error,
    prior_corrected,
    reliability,
    training_prior,
)
from spectrove.report.answers import labeled_weights
from spectrove.report.record import Record, strata_of
from spectrove.report.wording import Facts


def calibration_facts(record: Record, row: IterationRow) -> Facts | None:
    """
    Return how often predicted targets are targets, by predicted probability, over the whole population of an audit by strata.

    Parameters
    ----------
    record : Record
        The campaign.
    row : IterationRow
        An iteration whose audit is closed.

    Returns
    -------
    dict or None
        ``before`` and ``after`` the correction: bins and expected calibration error; ``prior_before``, ``prior_after``: shares of
        the classes. ``after`` and both priors are None where the iteration's scores are gone or it knew no
        example of a class. None if no label was drawn by strata.
    """
    labeled = labeled_weights(record, row) if strata_of(row) else []
    if not labeled:
        return None
    classes = record.campaign.settings.classes.names
    columns = [classes.index(name) for name in record.targets]
    probabilities = np.array([question.probabilities for question, _ in labeled])
    is_target = np.array([record.labels[question.spectrum_id] in record.targets for question, _ in labeled], dtype=np.bool_)
    chances = np.array([1 / weight for _, weight in labeled])
    level = record.campaign.settings.audit.level

    def told(values: FloatArray) -> Facts:
        score = np.clip(values[:, columns].sum(axis=1), 0, 1)
        found = reliability(score, is_target, chances, level=level)
        return {"bins": [asdict(one) for one in found.bins], "error": expected_calibration_error(found)}

    facts: Facts = {"iteration": row.number, "n_labels": len(labeled), "level": level, "before": told(probabilities)}
    priors = _priors(record, row)
    if priors is None:
        return facts | {"after": None, "prior_before": None, "prior_after": None}
    after = told(prior_corrected(probabilities, *priors))
    named = [dict(zip(classes, prior.tolist(), strict=True)) for prior in priors]
    return facts | {"after": after, "prior_before": named[0], "prior_after": named[1]}


def _priors(record: Record, row: IterationRow) -> tuple[FloatArray, FloatArray] | None:
    campaign = record.campaign
    try:
        scores, _ = campaign.scores(row.number)
    except (CampaignError, ScoresError):
        return None
    n_by_class = [(row.trained or {})["n_by_class"][name] for name in campaign.settings.classes.names]
    before = training_prior(n_by_class, balanced=campaign.settings.fit.balance == "smote")
    if not before.all():
        return None  # of a class that was never learned, no probability can be corrected
    return before, estimated_prior(scores.probabilities, before)
