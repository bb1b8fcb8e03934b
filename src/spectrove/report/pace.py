"""How long a label takes, from the times between the answers of one person."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from spectrove.campaign.plan import LONGEST_PAUSE, pace_of, times_between
from spectrove.report.record import Record
from spectrove.report.wording import Facts

N_BINS = 30
"""Bins of the histogram, from 0 to the longest time."""


def pace_facts(record: Record) -> Facts | None:
    """
    Return how long labels took.

    Parameters
    ----------
    record : Record
        The campaign.

    Returns
    -------
    dict or None
        Mean, median, quartiles and histogram, seconds; None where answers came together or are too few.
    """
    pace = pace_of(record.answers)
    if pace is None:
        return None
    times = times_between(record.answers)
    n, edges = np.histogram(times, bins=np.linspace(0, max(times), N_BINS + 1))
    return {**asdict(pace), "longest": LONGEST_PAUSE, "histogram": {"n": n.tolist(), "edges": edges.tolist()}}
