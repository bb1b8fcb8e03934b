"""
The paper's own numbers, to stand beside ours.

Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, from the sections and tables named with each.
"""

from __future__ import annotations

from collections.abc import Mapping

REFERENCE = "Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122"

N_POOL = 4_136_482
"""Spectra in the LAMOST pool (sec. 4)."""

N_LABELED: Mapping[str, int] = {"single-peak": 5301, "double-peak": 1533, "not-interesting": 6102}
"""Spectra in the Ondřejov dataset by class (sec. 3.3)."""

NON_ACTIVE = (
    {"single-peak": (4.1, 343_988), "double-peak": (2.0, 248_336)},
    {"single-peak": (3.0, 301_396), "double-peak": (2.0, 409_908)},
    {"single-peak": (4.0, 167_545), "double-peak": (0.0, 342_230)},
)
"""Table A.1: estimated precision in per cent from 100 spectra of each class, and spectra predicted, in each run."""

N_JUDGED = 100
"""Spectra of each class behind each estimate of Table A.1 (Appendix A)."""

LAST_ITERATION = 17
"""The iteration in which the estimated precision passed the threshold for the third time (sec. 3.4)."""

THRESHOLD, TIMES = 0.8, 3
"""The stopping rule (sec. 3.4)."""

BATCH, AUDIT = 100, 30
"""Spectra labeled to teach, and to measure, in each iteration (sec. 3.4)."""

CONFUSION: Mapping[str, Mapping[str, int]] = {
    "single-peak": {"single-peak": 3484, "double-peak": 53, "not-interesting": 37},
    "double-peak": {"single-peak": 18, "double-peak": 548, "not-interesting": 21},
}
"""Table 1: spectra by predicted class, then by actual class; the row of the uninteresting ones could not be known."""

N_FOUND_BY_ORACLE: Mapping[str, int] = {"single-peak": 157, "double-peak": 61}
"""Candidates that the oracle labeled during the active learning (sec. 4)."""

N_CANDIDATES = 4379
"""All candidates, the oracle's included (sec. 4)."""


def precision() -> tuple[int, int]:
    """
    Return the precision of the paper's predicted targets.

    Returns
    -------
    tuple of int
        Spectra that show a single or a double peak, and spectra predicted to do so, after the long training (Table 1).
    """
    right = sum(row[name] for row in CONFUSION.values() for name in CONFUSION)
    return right, sum(sum(row.values()) for row in CONFUSION.values())


def class_precision(name: str) -> tuple[int, int]:
    """
    Return the precision of one class of the paper.

    Parameters
    ----------
    name : str
        ``single-peak`` or ``double-peak``.

    Returns
    -------
    tuple of int
        Spectra that are of this class, and spectra predicted to be (Table 1).
    """
    row = CONFUSION[name]
    return row[name], sum(row.values())
