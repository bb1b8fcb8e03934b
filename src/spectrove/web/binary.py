"""
One spectrum as the page gets it: all arrays in one body, which a browser takes without parsing numbers.

Everything is little-endian::

    4 bytes    SPV1
    uint32     length of the head, a multiple of 4
    JSON       the head, UTF-8, filled up with spaces
    float32    wave, flux, and ivar where head.has_ivar: n_pixels each
    float32    grid, features: n_features each
    uint8      mask where head.has_mask: n_pixels
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spectrove.contracts import BoolArray, FloatArray

MAGIC = b"SPV1"
"""How every body begins; the number is raised when the layout changes."""

LARGEST = float(np.finfo(np.float32).max)
"""Inverse variances beyond single precision become this: fluxes in erg/s/cm²/Å have such."""


@dataclass(frozen=True, eq=False)
class Pixels:
    """
    A spectrum at its full resolution.

    Attributes
    ----------
    wave : array of shape (n_pixels,)
        Wavelengths, Å.
    flux : array of shape (n_pixels,)
        Flux density; NaN where there is no measurement.
    ivar : array of shape (n_pixels,), or None
        Inverse variance; 0 where the survey does not trust the pixel.
    mask : array of bool, shape (n_pixels,), or None
        True where the survey flags the pixel.
    """

    wave: FloatArray
    flux: FloatArray
    ivar: FloatArray | None = None
    mask: BoolArray | None = None


NO_PIXELS = Pixels(np.empty(0), np.empty(0))
"""Of a spectrum whose file is not to be had."""


def encode(head: Mapping[str, Any], pixels: Pixels, grid: FloatArray, features: FloatArray) -> bytes:
    """
    Return the body of a spectrum.

    Parameters
    ----------
    head : mapping
        What JSON can hold; the numbers of pixels and features, and which arrays there are, are put in here.
    pixels : Pixels
        The spectrum; `NO_PIXELS` if there is none.
    grid : array of shape (n_features,)
        Wavelengths of the features, Å.
    features : array of shape (n_features,)
        What the network sees.

    Returns
    -------
    bytes
        The layout is told above. What is infinite or beyond single precision comes as NaN; inverse variances at most as
        `LARGEST`, and as 0 where they are not known.
    """
    told = {
        **head,
        "n_pixels": int(pixels.wave.size),
        "n_features": int(grid.size),
        "has_ivar": pixels.ivar is not None,
        "has_mask": pixels.mask is not None,
    }
    text = json.dumps(told, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8", "replace")
    text += b" " * (-len(text) % 4)
    parts = [MAGIC, struct.pack("<I", len(text)), text, _single(pixels.wave), _single(pixels.flux)]
    if pixels.ivar is not None:
        parts.append(_single(np.clip(np.nan_to_num(pixels.ivar, nan=0.0, posinf=LARGEST), 0.0, LARGEST)))
    parts += [_single(grid), _single(features)]
    if pixels.mask is not None:
        parts.append(pixels.mask.astype(np.uint8).tobytes())
    return b"".join(parts)


def _single(values: FloatArray) -> bytes:
    with np.errstate(over="ignore"):
        single = values.astype("<f4")
    single[~np.isfinite(single)] = np.nan
    return single.tobytes()
