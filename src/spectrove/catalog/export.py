"""What a campaign found, as a table, and all that it was made from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import pyarrow as pa

from spectrove.campaign import Campaign, status
from spectrove.campaign.answers import now
from spectrove.catalog.build import METADATA_AFTER, METADATA_BEFORE, LabeledSpectrum, build_candidates
from spectrove.catalog.files import software_versions
from spectrove.contracts import SpectrumId
from spectrove.pool import Pool


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
    labeled = _labeled(campaign, None if iteration is None else row.number)
    targets = campaign.settings.classes.targets
    began_with = campaign.training_labels().keys()
    table = build_candidates(partial(_facts, campaign.pool), scores, labeled, targets, row.number, began_with)
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


def _facts(pool: Pool, spectrum_ids: Sequence[str]) -> pa.Table:
    rows = pool.rows_of(spectrum_ids)
    return pool.metadata(["spectrum_id", *METADATA_BEFORE, *METADATA_AFTER], rows[rows >= 0])


def _labeled(campaign: Campaign, before: int | None) -> dict[SpectrumId, LabeledSpectrum]:
    labels = campaign.store.labels()
    asked = {question.spectrum_id: question.iteration for question in reversed(campaign.store.questions())}
    return {id_: LabeledSpectrum(label, asked[id_]) for id_, label in labels.items() if before is None or asked[id_] < before}
