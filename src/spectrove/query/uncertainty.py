"""How uncertain the network is of each spectrum: the value of asking."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from scipy.special import entr

from spectrove.contracts import FloatArray

ROW_SUM_TOLERANCE = 1e-4
"""How far a row of probabilities may miss 1: single precision and a thousand classes stay well below it."""


class Strategy(Protocol):
    """
    Gives each spectrum the value of asking about it; an entry point of ``spectrove.strategies`` names one.

    `spectrove.testing.check_strategy` is its contract.
    """

    def __call__(self, probabilities: FloatArray, /) -> FloatArray:
        """Return utilities of shape (n_spectra,), larger = ask first, from probabilities of shape (n_spectra, n_classes)."""


def entropy(probabilities: FloatArray) -> FloatArray:
    r"""
    Return the Shannon entropy of each spectrum's predicted classes.

    :math:`H = -\sum_i p_i \ln p_i` [1]_, with :math:`0 \ln 0 = 0`.

    Parameters
    ----------
    probabilities : array of shape (n_spectra, n_classes)
        Predicted class probabilities, dimensionless; each row sums to 1.

    Returns
    -------
    array of float64, shape (n_spectra,)
        Utilities in nats, from 0 to ln ``n_classes``, larger where an answer teaches more.

    Raises
    ------
    ValueError
        If ``probabilities`` is not two-dimensional, or a row holds a negative number or does not sum to 1.

    References
    ----------
    .. [1] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, eq. 1.
    """
    values = np.asarray(probabilities, dtype=np.float64)
    if values.ndim != 2:
        msg = f"probabilities must have the shape (n_spectra, n_classes), got {values.shape}"
        raise ValueError(msg)
    totals = values.sum(axis=1)
    wrong = ~(np.abs(totals - 1) <= ROW_SUM_TOLERANCE) | (values < 0).any(axis=1)
    if wrong.any():
        row = int(np.argmax(wrong))
        msg = (
            f"each row of probabilities must be non-negative and sum to 1, "
            f"got {values[row].tolist()!r} in row {row} and {int(wrong.sum())} such rows"
        )
        raise ValueError(msg)
    # A probability one rounding error above 1 has an entropy below 0.
    utilities: FloatArray = np.maximum(entr(values).sum(axis=1), 0.0)
    return utilities
