"""Spectra to be shown in the report: found, falsely found, missed, and those that nobody could have found."""

from __future__ import annotations

import numpy as np

from spectrove.campaign import Campaign
from spectrove.contracts import BoolArray
from spectrove.experiment.measure import asked_in
from spectrove.experiment.non_active import target_probability
from spectrove.experiment.phases import Facts
from spectrove.experiment.truth import PoolTruth

N_SHOWN = 6
"""Examples of each kind."""

PURPOSE = 2_000_000
"""Keeps the draw's generator apart from those of the campaign and of the runs."""


def choose_examples(campaign: Campaign, truth: PoolTruth, seed: int) -> Facts:
    """
    Return spectra chosen at random from what was found, falsely found, missed, and invisible.

    Parameters
    ----------
    campaign : Campaign
        A finished campaign.
    truth : PoolTruth
        The truth about its pool.
    seed : int
        Decides the choice.

    Returns
    -------
    dict
        ``wave``, Å in vacuum; ``groups``: title, number of such spectra, and the chosen ones with id, actual and predicted class,
        kind, S/N, probability of being a target, and flux, scaled to [-1, 1].
    """
    scores, last = campaign.scores()
    codes = [scores.classes.index(name) for name in campaign.settings.classes.targets]
    predicted = scores.predicted()
    asked = asked_in(campaign)
    candidates = asked.candidates(np.isin(predicted, codes), codes, last.number)
    probability = target_probability(scores, codes)
    generator = np.random.default_rng([seed, PURPOSE])

    def group(title: str, members: BoolArray) -> Facts:
        rows = np.flatnonzero(members)
        chosen = np.sort(generator.choice(rows, min(N_SHOWN, rows.size), replace=False)) if rows.size else rows
        flux = campaign.pool.features(chosen)
        return {
            "title": title,
            "n": int(rows.size),
            "spectra": [
                {
                    "spectrum_id": scores.spectrum_ids[row],
                    "actual": truth.classes[truth.labels[row]],
                    "predicted": scores.classes[predicted[row]],
                    "subtype": truth.subtypes[truth.subtype_of[row]] if truth.subtype_of[row] >= 0 else "unknown",
                    "snr": float(truth.snr[row]) if np.isfinite(truth.snr[row]) else None,
                    "probability": float(probability[row]),
                    "flux": [round(float(value), 4) for value in values],
                }
                for row, values in zip(chosen.tolist(), flux, strict=True)
            ],
        }

    return {
        "wave": [round(float(value), 3) for value in campaign.pool.grid],
        "groups": [
            group("targets found", candidates & truth.is_target),
            group("false candidates", candidates & ~truth.is_target),
            group("targets missed", ~candidates & truth.is_target),
            group("emit, but nobody can see it in this spectrum", truth.emits & ~truth.is_target),
        ],
    }
