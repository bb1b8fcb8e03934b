"""The body of a spectrum, parsed as a browser parses it."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove.web.binary import LARGEST, NO_PIXELS, Pixels, encode

GRID = np.linspace(6519, 6732, 140)
FEATURES = np.linspace(-1, 1, 140, dtype=np.float32)


def parse(body):
    """Return head and arrays, by the layout alone."""
    assert body[:4] == b"SPV1"
    (length,) = struct.unpack_from("<I", body, 4)
    head = json.loads(body[8 : 8 + length])
    place, arrays = 8 + length, {}
    assert place % 4 == 0, "a Float32Array must begin at a multiple of 4"
    n, m = head["n_pixels"], head["n_features"]
    wanted = [("wave", n), ("flux", n), *([("ivar", n)] if head["has_ivar"] else []), ("grid", m), ("features", m)]
    for name, size in wanted:
        arrays[name] = np.frombuffer(body, "<f4", size, place)
        place += 4 * size
    if head["has_mask"]:
        arrays["mask"] = np.frombuffer(body, np.uint8, n, place)
        place += n
    assert place == len(body)
    return head, arrays


@pytest.mark.parametrize("ivar", [np.array([1.0, 0.0, 3.0]), None], ids=["ivar", "no ivar"])
@pytest.mark.parametrize("mask", [np.array([True, False, True]), None], ids=["mask", "no mask"])
def test_a_body_holds_what_was_put_in(ivar, mask):
    wave, flux = np.array([6500.0, 6564.6, 6600.0]), np.array([1.5, np.nan, -2.0])

    head, arrays = parse(encode({"spectrum_id": "lamost:Ω-1"}, Pixels(wave, flux, ivar, mask), GRID, FEATURES))

    assert head["spectrum_id"] == "lamost:Ω-1"
    assert np.array_equal(arrays["wave"], wave.astype(np.float32))
    assert np.array_equal(arrays["flux"], flux.astype(np.float32), equal_nan=True)
    assert np.array_equal(arrays["features"], FEATURES)
    assert ("ivar" in arrays, "mask" in arrays) == (ivar is not None, mask is not None)
    if ivar is not None:
        assert arrays["ivar"].tolist() == [1.0, 0.0, 3.0]
    if mask is not None:
        assert arrays["mask"].tolist() == [1, 0, 1]


def test_a_body_without_pixels_still_holds_the_features():
    head, arrays = parse(encode({"problem": "gone"}, NO_PIXELS, GRID, FEATURES))

    assert (head["n_pixels"], head["n_features"], head["problem"]) == (0, 140, "gone")
    assert arrays["wave"].size == 0
    assert np.array_equal(arrays["features"], FEATURES)


def test_numbers_beyond_single_precision_do_no_harm():
    pixels = Pixels(np.array([1.0, 2.0, 3.0]), np.array([1e300, np.inf, 1e-17]), np.array([np.inf, np.nan, 1e200]))

    _, arrays = parse(encode({}, pixels, GRID, FEATURES))

    assert np.isnan(arrays["flux"][:2]).all()
    assert arrays["flux"][2] == np.float32(1e-17)
    assert arrays["ivar"].tolist() == [LARGEST, 0.0, LARGEST]


@given(st.text())
def test_whatever_the_names_the_arrays_stay_in_place(name):
    _, arrays = parse(encode({"name": name}, NO_PIXELS, GRID, FEATURES))

    assert np.array_equal(arrays["grid"], GRID.astype(np.float32))
