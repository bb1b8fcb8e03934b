"""Small pictures of spectra."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spectrove.web.thumbnails import MISSING, TOP, thumbnails

FEATURES = arrays(np.float32, st.tuples(st.integers(0, 4), st.integers(1, 20)), elements=st.floats(width=32))


def test_a_picture_spans_the_whole_height():
    assert thumbnails(np.array([[-1.0, 0.0, 1.0], [5.0, 5.5, 6.0]], dtype=np.float32)) == [[0, 128, 255], [0, 128, 255]]


@pytest.mark.parametrize(
    ("row", "picture"),
    [([np.nan, 1, 2], [-1, 0, 255]), ([3, 3, 3], [0, 0, 0]), ([np.nan] * 3, [-1] * 3), ([np.inf, 0, 1], [-1, 0, 255])],
    ids=["gap", "constant", "nothing", "infinite"],
)
def test_what_is_missing_is_marked(row, picture):
    assert thumbnails(np.array([row], dtype=np.float32)) == [picture]


@given(FEATURES)
def test_every_point_is_in_range_and_json_can_hold_it(features):
    pictures = thumbnails(features)

    assert json.loads(json.dumps(pictures)) == pictures
    assert all(point == MISSING or 0 <= point <= TOP for picture in pictures for point in picture)
    assert [[point == MISSING for point in picture] for picture in pictures] == (~np.isfinite(features)).tolist()
