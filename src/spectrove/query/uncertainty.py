"""How uncertain the network is of each spectrum: the value of asking."""

from __future__ import annotations

from math import inf, log
from typing import Protocol

import numpy as np
from scipy.special import entr

from spectrove.contracts import FloatArray

ROW_SUM_TOLERANCE = 1e-4
"""How far a row of probabilities may miss 1: single precision and a thousand classes stay well below it."""


REACH_MARGIN = 4 * ROW_SUM_TOLERANCE
"""What a bound of an entropy is widened by, as a row whose sum misses 1 by the tolerance can lie above the others' bound."""


class Strategy(Protocol):
    """
    Gives each spectrum the value of asking about it; an entry point of ``spectrove.strategies`` names one.

    A spectrum's utility depends on its own probabilities alone, never on the other rows: pools are taken in blocks.

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
    require_probabilities(values)
    # A probability one rounding error above 1 has an entropy below 0.
    utilities: FloatArray = np.maximum(entr(values).sum(axis=1), 0.0)
    return utilities


def require_probabilities(probabilities: FloatArray, first_row: int = 0) -> None:
    """
    Refuse what is no table of probabilities.

    Parameters
    ----------
    probabilities : array of shape (n_spectra, n_classes)
        Predicted class probabilities, dimensionless.
    first_row : int
        Number of the first row, for the message.

    Raises
    ------
    ValueError
        If ``probabilities`` is not two-dimensional, or a row holds a negative number or does not sum to 1.
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
            f"got {values[row].tolist()!r} in row {first_row + row} and {int(wrong.sum())} such rows"
        )
        raise ValueError(msg)


def reach_of_entropy(utility: float, n_classes: int) -> float:
    r"""
    Return how large the largest probability of a row can be if its entropy reaches a value.

    A row whose largest probability is :math:`p` has at most the entropy :math:`-p \ln p - (1 - p) \ln\frac{1 - p}{c - 1}`, that
    of sharing the rest evenly among the other :math:`c - 1` classes (Fano's inequality [1]_, eq. 2.140), which falls from
    :math:`p = 1/c` on.

    Parameters
    ----------
    utility : float
        Entropy in nats.
    n_classes : int
        Number of classes.

    Returns
    -------
    float
        A probability a little above the largest possible one, so that rounding leaves out no row; infinite if any will do.

    References
    ----------
    .. [1] Cover & Thomas 2006, Elements of Information Theory, 2nd ed., section 2.10.
    """
    if utility <= 0 or n_classes < 2:
        return inf
    low, high = 1 / n_classes, 1.0
    while high - low > REACH_MARGIN / 4:
        middle = (low + high) / 2
        bound = entr(middle) + entr(1 - middle) + (1 - middle) * log(n_classes - 1)
        low, high = (middle, high) if bound >= utility - REACH_MARGIN else (low, middle)
    return high + REACH_MARGIN
