"""Tasks that processes of their own run: they find this file by sys.path, which a test's own file need not be on."""

from __future__ import annotations

import os
import resource

import numpy as np


def process_of(_task: int) -> int:
    """Return which process runs a task."""
    return os.getpid()


def end(_task: int) -> None:
    """End the process that runs a task."""
    os._exit(1)


def pages_cleared(n_times: int) -> int:
    """Return how many pages the system had to clear for arrays of 8 MB that are made and let go one after another."""
    np.full(1 << 23, 1, dtype=np.uint8)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(n_times):
        np.full(1 << 23, 1, dtype=np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
