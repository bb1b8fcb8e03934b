"""What a campaign found, as a table, and all that it was made from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from spectrove.campaign import Campaign, status
from spectrove.campaign.store import now
from spectrove.catalog.build import LabeledSpectrum, build_candidates
from spectrove.catalog.files import software_versions
from spectrove.contracts import Scores, SpectrumId


def candidates_of(campaign: Campaign, iteration: int | None = None) -> tuple[pa.Table, dict[str, Any]]:
    """
    Return a campaign's candidates and their provenance.

    Before the campaign is finished the candidates are those of the last iteration that scored the pool; the provenance says so.
    Spectra that the campaign began with are no discoveries and are left out.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    iteration : int, optional
        As the candidates stood when this iteration had scored the pool; the newest unless given.

    Returns
    -------
    tuple of (pyarrow.Table, dict)
        The candidates as of `build_candidates`, and what they were made from, as plain data.

    Raises
    ------
    CampaignError
        If nothing is scored yet, or not by this iteration.
    """
    scores, row = campaign.scores(iteration)
    scores = _without(scores, campaign)
    labeled = _labeled(campaign, None if iteration is None else row.number)
    targets = campaign.settings.classes.targets
    table = build_candidates(campaign.pool.metadata(), scores, labeled, targets, row.number)
    sources = table["source"].to_pylist()
    facts = status(campaign)
    began = campaign.store.campaign()
    provenance = {
        "made_at": now(),
        "made_from": {
            "campaign": str(campaign.directory),
            "finished": campaign.is_finished(),
            "iteration": row.number,
            "checkpoint": row.checkpoint_hash,
            "pool": {"path": began.pool_path, "content_hash": began.pool_hash, "recipe": campaign.pool.recipe.to_dict()},
            "training_sets": [
                {
                    "pool": source.pool_path,
                    "content_hash": source.pool_hash,
                    "labels": source.labels_path,
                    "labels_hash": source.labels_hash,
                    "n_labels": len(labels),
                    "n_unknown": source.n_unknown,
                }
                for source, labels in campaign.store.training_sets()
            ],
        },
        "settings": began.settings,
        "n_candidates": {"network": sources.count("network"), "oracle": sources.count("oracle")},
        "n_answers": facts["n_answers"],
        "iterations": facts["iterations"],
        "software": software_versions(),
    }
    return table, provenance


def _without(scores: Scores, campaign: Campaign) -> Scores:
    known = campaign.training_labels()
    kept = np.array([id_ not in known for id_ in scores.spectrum_ids.tolist()], dtype=np.bool_)
    return replace(scores, spectrum_ids=scores.spectrum_ids[kept], probabilities=scores.probabilities[kept])


def _labeled(campaign: Campaign, before: int | None) -> dict[SpectrumId, LabeledSpectrum]:
    labels = campaign.store.labels()
    asked = {question.spectrum_id: question.iteration for question in reversed(campaign.store.questions())}
    return {id_: LabeledSpectrum(label, asked[id_]) for id_, label in labels.items() if before is None or asked[id_] < before}
