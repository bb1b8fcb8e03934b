"""Contents of files in object stores, many requests at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spectrove.storage import URL, is_remote, located

LARGEST_FETCHED = 1 << 21
"""Bytes; a larger file is fetched alone by its reader, lest a task hold hundreds of them."""


def fetched(several: Sequence[dict[str, Any]]) -> dict[int, bytes]:
    """
    Return the contents of those files of a batch that lie in object stores.

    Parameters
    ----------
    several : sequence of dict
        Rows of the work list.

    Returns
    -------
    dict of int to bytes
        Contents by place in the batch, but for files that are large or cannot be fetched: to their readers they will tell why.
    """
    contents: dict[int, bytes] = {}
    stores: dict[str, dict[str, list[int]]] = {}
    for place, found in enumerate(several):
        scheme = URL.match(found["file"])
        if scheme and found["kind"] is None and 0 < found["size"] <= LARGEST_FETCHED:
            stores.setdefault(scheme[1], {}).setdefault(found["file"], []).append(place)
    for files in stores.values():
        url = next(iter(files))
        first: Any = located(url)
        if not is_remote(first):
            continue
        begin = len(url) - len(first.path)  # of the name by which the store itself knows a file
        names = {file[begin:]: places for file, places in files.items()}
        for name, content in first.fs.cat(list(names), on_error="return").items():
            if isinstance(content, bytes):
                contents.update(dict.fromkeys(names[name], content))
    return contents
