"""Spectra that look alike, and where the network looked."""

from __future__ import annotations

import re
import shutil
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from spectrove.errors import CampaignError, CheckpointError
from spectrove.scoring import probabilities_of
from spectrove.web import insight
from spectrove.web.insight import HALF_WINDOW, hidden, lookalikes, occlusion


class Rows:
    """A pool of given features, in chunks of ten rows."""

    def __init__(self, features):
        self.given = np.asarray(features, dtype=np.float32)
        self.n_spectra = len(self.given)
        self.n_most = 0

    def features(self, rows):
        found = self.given[rows]
        self.n_most = max(self.n_most, len(found))
        return found

    def row_ranges(self):
        return [(begin, min(begin + 10, self.n_spectra)) for begin in range(0, self.n_spectra, 10)]


def alike(features, row, n=6):
    return lookalikes(SimpleNamespace(pool=Rows(features)), row, n).tolist()


def test_lookalikes_are_the_spectra_that_correlate_most(generator):
    features = generator.standard_normal((95, 30))
    correlations = np.corrcoef(features)[40]
    wanted = [int(row) for row in np.argsort(-correlations) if row != 40][:6]

    assert alike(features, 40) == wanted


def test_level_and_scale_make_no_difference():
    shape = np.sin(np.arange(30.0))

    assert alike([shape, np.cos(np.arange(30.0)), -shape, 5 + 0.1 * shape], 0) == [3, 1, 2]


def test_a_spectrum_without_variation_is_like_none():
    shape = np.sin(np.arange(30.0))

    assert alike([shape, np.ones(30), shape, np.full(30, np.nan)], 0) == [2]
    assert alike([np.ones(30), shape, shape], 0) == []


def test_no_more_than_a_chunk_is_read_at_a_time_and_of_many_spectra_a_part(generator, monkeypatch):
    pool = Rows(generator.standard_normal((200, 20)))
    monkeypatch.setattr(insight, "MOST_COMPARED", 100)

    found = lookalikes(SimpleNamespace(pool=pool), 7, 200)

    assert pool.n_most == 10
    assert found.size == 99
    assert 7 not in found


def test_the_window_around_each_point_becomes_the_local_continuum():
    wave = np.arange(60.0)
    features = (0.02 * wave).astype(np.float32)
    features[30] = 5.0

    copies = hidden(features)

    assert copies.shape == (60, 60)
    np.testing.assert_allclose(copies[30], 0.02 * wave, atol=1e-5)
    for point in range(60):
        changed = np.flatnonzero(copies[point] != features)
        assert changed.size == 0 or (changed.min() >= point - HALF_WINDOW and changed.max() <= point + HALF_WINDOW)


@pytest.mark.parametrize("n", [1, 3, 2 * HALF_WINDOW + 1, 20])
def test_windows_at_the_edges_and_short_spectra_do_no_harm(n, generator):
    assert np.isfinite(hidden(generator.standard_normal(n).astype(np.float32))).all()


def test_occlusion_is_the_fall_of_the_named_class_of_the_campaigns_network(campaign):
    row = 3
    checkpoint = campaign.directory / campaign.store.iterations()[-1].checkpoint

    drops = occlusion(campaign, row)

    (before,) = probabilities_of(checkpoint, campaign.pool, np.array([row]))
    assert drops.shape == (campaign.pool.n_wave,)
    assert np.isfinite(drops).all()
    assert np.all(drops <= before.max() + 1e-6)
    assert np.all(drops >= before.max() - 1 - 1e-6)
    np.testing.assert_array_equal(drops, occlusion(campaign, row))


def test_the_lookalikes_of_a_campaigns_spectrum_are_others(campaign):
    found = lookalikes(campaign, 5)

    assert len(set(found.tolist())) == 6
    assert 5 not in found


def test_without_a_network_there_is_nothing_to_tell(campaign):
    row = SimpleNamespace(scores=None)
    unscored = SimpleNamespace(directory=campaign.directory, pool=campaign.pool, store=SimpleNamespace(iterations=lambda: [row]))

    with pytest.raises(CampaignError, match=f"{re.escape(str(campaign.directory))}: nothing is scored yet"):
        occlusion(unscored, 0)


def test_a_network_that_is_gone_is_told_of(campaign):
    shutil.rmtree(campaign.directory / campaign.store.iterations()[-1].checkpoint)

    with pytest.raises(CheckpointError):
        occlusion(campaign, 0)


def test_threads_of_the_page_stay_as_they_were(campaign):
    before = torch.get_num_threads()

    occlusion(campaign, 0)

    assert torch.get_num_threads() == before
    assert "torch" not in vars(sys.modules[insight.__name__])
