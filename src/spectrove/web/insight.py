"""What the network made of a spectrum: spectra that look alike, and the points that its verdict hangs on."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np

from spectrove.campaign import Campaign
from spectrove.contracts import FloatArray, IntArray
from spectrove.errors import CampaignError
from spectrove.pool import Pool

MOST_COMPARED = 1_000_000
"""Spectra that a spectrum is compared with: of larger pools, chunks at equal steps. Half a second of work, and
300 MB read; chosen."""

HALF_WINDOW = 3
"""Points on either side of the one that is hidden: the window is then some 11 Å wide, as a narrow line is; chosen."""

SIDE = 5
"""Points on either side of the window whose medians give the local continuum; chosen."""

_comparing = threading.Lock()  # a second of one core each: two at once would only stall the page


def lookalikes(campaign: Campaign, row: int, n: int = 6) -> IntArray:
    """
    Return the spectra whose features correlate most with those of one spectrum.

    Parameters
    ----------
    campaign : Campaign
        Its pool is looked through, chunk by chunk; of more than `MOST_COMPARED` spectra an even sample of chunks.
    row : int
        A row of the pool.
    n : int
        At most so many.

    Returns
    -------
    array of int64, shape (n_rows,)
        Rows of the pool without ``row`` itself, the most alike first. Spectra without any variation are like none.
    """
    pool = campaign.pool
    with _comparing:
        wanted = _standardized(pool.features(np.array([row])))[0]
        rows, alike = np.empty(0, dtype=np.int64), np.empty(0)
        for begin, end in _compared(pool):
            found = _standardized(pool.features(slice(begin, end))) @ wanted
            found[~np.isfinite(found)] = -np.inf
            if begin <= row < end:
                found[row - begin] = -np.inf
            rows = np.concatenate([rows, np.arange(begin, end)])
            alike = np.concatenate([alike, found])
            best = np.argsort(-alike, kind="stable")[:n]
            rows, alike = rows[best], alike[best]
    like: IntArray = rows[np.isfinite(alike)]
    return like


def _compared(pool: Pool) -> Iterator[tuple[int, int]]:
    step = max(1, -(-pool.n_spectra // MOST_COMPARED))
    yield from pool.row_ranges()[::step]


def _standardized(features: FloatArray) -> FloatArray:
    centered = features.astype(np.float32) - features.mean(axis=1, keepdims=True, dtype=np.float32)
    with np.errstate(divide="ignore", invalid="ignore"):
        standardized: FloatArray = centered / np.linalg.norm(centered, axis=1, keepdims=True)
    return standardized


def occlusion(campaign: Campaign, row: int) -> FloatArray:
    """
    Return how much the network's verdict hangs on each point of a spectrum.

    Around each point in turn, the points of a window are replaced by the local continuum, a straight line between what stands on
    either side; then the network is asked again.

    Parameters
    ----------
    campaign : Campaign
        Its last network that scored the pool is asked.
    row : int
        A row of the pool.

    Returns
    -------
    array of float32, shape (n_wave,)
        By how much the probability of the class that the network names falls, dimensionless; negative where it rises.

    Raises
    ------
    CampaignError
        If no network has scored the pool yet.
    CheckpointError
        If the network is gone or broken.

    References
    ----------
    .. [1] Zeiler & Fergus 2014, ECCV, Visualizing and Understanding Convolutional Networks, sect. 4.2: hiding parts of the input.
    """
    from spectrove.scoring import probabilities_of_features

    scored = next((one for one in reversed(campaign.store.iterations()) if one.scores is not None), None)
    if scored is None:
        msg = f"{campaign.directory}: nothing is scored yet, so no network has looked at this spectrum. Finish a round first."
        raise CampaignError(msg)
    seen = campaign.pool.features(np.array([row]))[0]
    batch = np.vstack([seen, hidden(seen)])
    with _comparing:
        probabilities = probabilities_of_features(campaign.directory / str(scored.checkpoint), batch)
    named = probabilities[:, int(probabilities[0].argmax())]
    drops: FloatArray = named[0] - named[1:]
    return drops


def hidden(features: FloatArray) -> FloatArray:
    """
    Return copies of a spectrum, in each of which the window around one point is replaced by the local continuum.

    Parameters
    ----------
    features : array of shape (n_wave,)
        What the network sees.

    Returns
    -------
    array of shape (n_wave, n_wave)
        In row ``i`` the points around point ``i`` are hidden; at an edge the continuum is the level of the one side there is.
    """
    n = features.size
    places = np.arange(n)
    copies = np.repeat(features[None], n, axis=0)
    for point in range(n):
        first, last = max(0, point - HALF_WINDOW), min(n, point + HALF_WINDOW + 1)
        sides = [slice(max(0, first - SIDE), first), slice(last, min(n, last + SIDE))]
        known = [side for side in sides if side.start < side.stop]
        if known:
            levels = [float(np.median(features[side])) for side in known]
            copies[point, first:last] = np.interp(places[first:last], [float(np.mean(places[side])) for side in known], levels)
    return copies
