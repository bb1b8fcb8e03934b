"""How far people who label the same spectra agree, beyond what chance alone would bring."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from statistics import NormalDist
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Agreement:
    """
    Agreement of two people.

    Attributes
    ----------
    n : int
        Spectra that both labeled.
    observed : float
        Share of them with the same label.
    kappa : float or None
        Cohen's kappa: 1 where all labels are the same, 0 where there is as much agreement as by chance; None where both used one
        class only, so that chance explains everything.
    lower, upper : float or None
        Large-sample limits of kappa, cut to -1 and 1; they are rough where ``n`` is small.
    level : float
        Confidence level.
    """

    n: int
    observed: float
    kappa: float | None
    lower: float | None
    upper: float | None
    level: float

    def to_dict(self) -> dict[str, Any]:
        """
        Return the agreement as plain data.

        Returns
        -------
        dict
            All attributes.
        """
        return asdict(self)


def cohen_kappa(first: Sequence[str], second: Sequence[str], level: float = 0.95) -> Agreement:
    r"""
    Return Cohen's kappa of two people's labels.

    Parameters
    ----------
    first, second : sequence of str, n long
        Their labels of the same spectra.
    level : float
        Confidence level of the limits, between 0 and 1.

    Returns
    -------
    Agreement
        :math:`\kappa = (p_o - p_e) / (1 - p_e)` [1]_, with the large-sample standard error [2]_.

    Raises
    ------
    ValueError
        If the two are not equally long, or empty.

    References
    ----------
    .. [1] Cohen 1960, Educ. Psychol. Meas. 20, 37.
    .. [2] Fleiss, Cohen & Everitt 1969, Psychol. Bull. 72, 323, for the variance where kappa is not 0.
    """
    if len(first) != len(second) or not first:
        msg = f"kappa needs labels of two people for the same spectra, got {len(first)} and {len(second)}"
        raise ValueError(msg)
    names = sorted({*first, *second})
    table = np.zeros((len(names), len(names)))
    np.add.at(table, ([names.index(one) for one in first], [names.index(one) for one in second]), 1)
    shares = table / len(first)
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    observed, expected = float(np.trace(shares)), float(rows @ columns)
    if expected == 1.0:
        return Agreement(len(first), observed, None, None, None, level)
    kappa = (observed - expected) / (1 - expected)
    off = (columns[:, None] + rows[None, :]) ** 2 * (1 - kappa) ** 2 * shares
    same = np.diag(shares) * (1 - (rows + columns) * (1 - kappa)) ** 2
    spread = float(same.sum() + off.sum() - np.trace(off) - (kappa - expected * (1 - kappa)) ** 2)
    error = sqrt(max(0.0, spread) / len(first)) / (1 - expected)
    reach = NormalDist().inv_cdf((1 + level) / 2) * error
    return Agreement(len(first), observed, kappa, max(-1.0, kappa - reach), min(1.0, kappa + reach), level)


def krippendorff_alpha(votes: Sequence[Sequence[str]]) -> float | None:
    r"""
    Return Krippendorff's alpha of any number of people, each of whom labeled some of the spectra.

    Parameters
    ----------
    votes : sequence of sequence of str
        For each spectrum the labels that it was given.

    Returns
    -------
    float or None
        :math:`1 - D_o / D_e` for nominal classes [1]_; None if no spectrum has two labels, or all labels are the same.

    References
    ----------
    .. [1] Krippendorff 2011, Computing Krippendorff's alpha-reliability, sect. C.
    """
    pairable = [Counter(labels) for labels in votes if len(labels) > 1]
    totals: Counter[str] = sum(pairable, Counter())
    n = totals.total()
    disagreement_expected = n * n - sum(count * count for count in totals.values())
    if not disagreement_expected:
        return None
    observed = 0.0
    for labels in pairable:
        size = labels.total()
        observed += (size * size - sum(count * count for count in labels.values())) / (size - 1)
    return 1 - (n - 1) * observed / disagreement_expected
