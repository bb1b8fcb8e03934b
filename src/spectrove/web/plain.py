"""Facts as plain data that JSON knows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

FACTS = (
    "designation",
    "ra",
    "dec",
    "mjd",
    "snr",
    "planid",
    "plate",
    "spid",
    "fiberid",
    "obsid",
    "spectral_class",
    "subclass",
    "release",
    "survey",
)
"""Columns of the pool's metadata that the page shows."""


def finite(content: Any) -> Any:
    """
    Return plain data without the numbers that JSON does not know.

    Parameters
    ----------
    content : Any
        Dictionaries, lists, texts and numbers.

    Returns
    -------
    Any
        The same with None for NaN and infinities.
    """
    if isinstance(content, Mapping):
        return {str(name): finite(value) for name, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [finite(value) for value in content]
    if isinstance(content, np.generic):
        return finite(content.item())
    if isinstance(content, float) and not math.isfinite(content):
        return None
    return content
