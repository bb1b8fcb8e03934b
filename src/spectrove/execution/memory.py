"""Memory that a process keeps for itself between two arrays, instead of giving it back and asking for it again."""

from __future__ import annotations

import ctypes
import platform
from functools import cache

M_TRIM_THRESHOLD = -1
"""Of ``mallopt``: how much free memory at its end a heap keeps."""

M_MMAP_THRESHOLD = -3
"""Of ``mallopt``: from how many bytes on an array gets memory of its own, which is given back when it is deleted."""

KEPT = 1 << 27
"""Bytes of free memory that a process keeps at most; chosen: a batch's layers are some megabytes, a task's features 37 MB."""

OWN = 1 << 25
"""Bytes of an array from which on it is given back; the largest that the C library takes."""


@cache
def keep_freed_memory() -> bool:
    """
    Let the C library of this process keep what is freed, up to `KEPT`, so that the next array finds it there.

    Otherwise the GNU C library, and Dask's workers by a setting of theirs, give the layers of each batch back to the system,
    which clears each page anew: in float32 `compact` scores half again as fast without that. Called where tasks or trainings
    begin; the first call does it.

    Returns
    -------
    bool
        False where the C library is another one, and nothing was done.

    References
    ----------
    .. [1] The GNU C Library Reference Manual, sect. 3.2.3.7, Malloc Tunable Parameters.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    return bool(library.mallopt(M_TRIM_THRESHOLD, KEPT)) and bool(library.mallopt(M_MMAP_THRESHOLD, OWN))
