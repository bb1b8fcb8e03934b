"""
The same choices from probabilities on the disk: block by block, with nothing of the pool's size sorted, held or copied.

A strategy gives each row its utility from that row alone, so the pool can be taken in blocks. Entropy is faster still: the
largest probability of a row bounds its entropy, and a row whose bound lies below the k-th largest entropy met so far needs no
logarithm.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from math import inf

import numpy as np

from spectrove.contracts import BoolArray, FloatArray, IdColumn, IntArray
from spectrove.query.batch import choose_top, require_count
from spectrove.query.uncertainty import ROW_SUM_TOLERANCE, Strategy, entropy, reach_of_entropy, require_probabilities

BLOCK_ROWS = 1 << 15
"""Rows looked at together: three classes of them and what is computed of them stay in a core's cache."""

MOST_THREADS = 2
"""Blocks looked at together; more would wait for the memory."""


def top_utilities(
    probabilities: FloatArray,
    strategy: Strategy,
    spectrum_ids: IdColumn,
    k: int,
    generator: np.random.Generator,
    excluded: BoolArray | None = None,
) -> tuple[IntArray, FloatArray]:
    """
    Return the rows of the spectra most worth asking about, and the value of asking, from probabilities that may lie on the disk.

    The rows are those of ``select_top(strategy(probabilities), spectrum_ids, k, generator, excluded)``, ties included, with the
    generator used as often.

    Parameters
    ----------
    probabilities : array of shape (n_spectra, n_classes)
        Predicted class probabilities, in memory or mapped from a file.
    strategy : Strategy
        Gives each row its utility from that row alone.
    spectrum_ids : IdColumn, n_spectra long
        The spectra; only the ids of the best rows, and of those tied with the last of them, are asked for.
    k : int
        Number of spectra wanted.
    generator : numpy.random.Generator
        Decides between equal utilities; used once in each call.
    excluded : array of bool, shape (n_spectra,), or None
        True where a spectrum must not be returned, such as one already labeled.

    Returns
    -------
    rows : array of int, shape (min(k, n_available),)
        Rows, the largest utility first.
    utilities : array of float64, shape (min(k, n_available),)
        Their utilities.

    Raises
    ------
    ValueError
        If the lengths differ, a utility is NaN, ``k`` is negative, or the strategy refuses the probabilities.
    """
    lengths = {len(probabilities), len(spectrum_ids), len(probabilities if excluded is None else excluded)}
    if len(lengths) != 1:
        msg = f"probabilities, spectrum_ids and excluded must have one length, got {sorted(lengths)}"
        raise ValueError(msg)
    require_count("k", k)
    rows, utilities = best_rows(probabilities, strategy, k, excluded)
    if np.isnan(utilities).any():
        msg = f"{spectrum_ids[int(rows[np.argmax(np.isnan(utilities))])]}: the utility is NaN; every utility must be a number"
        raise ValueError(msg)
    return choose_top(rows, utilities, spectrum_ids, k, generator)


def best_rows(
    probabilities: FloatArray, strategy: Strategy, k: int, excluded: BoolArray | None = None
) -> tuple[IntArray, FloatArray]:
    """
    Return the rows that may be among the k of largest utility, all that are tied with the last of them included.

    Parameters
    ----------
    probabilities : array of shape (n_spectra, n_classes)
        Predicted class probabilities, in memory or mapped from a file.
    strategy : Strategy
        Gives each row its utility from that row alone.
    k : int
        Number of spectra wanted.
    excluded : array of bool, shape (n_spectra,), or None
        True where a spectrum is not wanted.

    Returns
    -------
    rows : array of int, shape (n_rows,)
        In ascending order; no row left out has a utility as large as the k-th largest. Rows whose utility is NaN are included.
    utilities : array of float64, shape (n_rows,)
        Their utilities.

    Raises
    ------
    ValueError
        If the strategy refuses the probabilities.
    """
    best = _Best(k, -inf if k else inf)
    for found in _looks(probabilities, strategy, excluded, best):
        best.take(*found)
    return best.result()


def rows_above(
    probabilities: FloatArray, strategy: Strategy, threshold: float, excluded: BoolArray | None = None
) -> tuple[IntArray, FloatArray]:
    """
    Return the rows whose utility reaches a threshold.

    Parameters
    ----------
    probabilities : array of shape (n_spectra, n_classes)
        Predicted class probabilities, in memory or mapped from a file.
    strategy : Strategy
        Gives each row its utility from that row alone.
    threshold : float
        The smallest utility wanted.
    excluded : array of bool, shape (n_spectra,), or None
        True where a spectrum is not wanted.

    Returns
    -------
    rows : array of int, shape (n_rows,)
        In ascending order.
    utilities : array of float64, shape (n_rows,)
        Their utilities; those that are NaN are included.

    Raises
    ------
    ValueError
        If the strategy refuses the probabilities.
    """
    found = [(np.empty(0, dtype=np.intp), np.empty(0)), *_looks(probabilities, strategy, excluded, _Best(0, threshold))]
    rows: IntArray = np.concatenate([rows for rows, _ in found])
    return rows, np.concatenate([utilities for _, utilities in found])


def _looks(
    probabilities: FloatArray, strategy: Strategy, excluded: BoolArray | None, best: _Best
) -> Iterator[tuple[IntArray, FloatArray]]:
    look = partial(_look_by_bound if strategy is entropy else _look, probabilities, strategy, excluded, best)
    with ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1)) as threads:
        begins = range(0, len(probabilities), BLOCK_ROWS)
        # The first block gives the others a threshold to begin with.
        yield from map(look, begins[:1])
        yield from threads.map(look, begins[1:])


class _Best:
    """The best rows met so far. The threshold only rises, so that a thread that reads an old one takes a few rows too many."""

    def __init__(self, k: int, threshold: float = -inf) -> None:
        self.k = k
        self.threshold = threshold
        self._parts: list[tuple[IntArray, FloatArray]] = [(np.empty(0, dtype=np.intp), np.empty(0))]
        self._n_waiting = 0

    def take(self, rows: IntArray, utilities: FloatArray) -> None:
        if not rows.size:
            return
        self._parts.append((rows, utilities))
        self._n_waiting += rows.size
        if self._n_waiting > 2 * self.k or self.threshold == -inf:
            self._tidy()

    def _tidy(self) -> None:
        rows, utilities = (np.concatenate(column) for column in zip(*self._parts, strict=True))
        worth = utilities[~np.isnan(utilities)]
        if self.k and worth.size >= self.k:
            self.threshold = float(np.partition(worth, worth.size - self.k)[worth.size - self.k])
        kept = ~(utilities < self.threshold)
        self._parts = [(rows[kept], utilities[kept])]
        self._n_waiting = 0

    def result(self) -> tuple[IntArray, FloatArray]:
        self._tidy()
        return self._parts[0]


def _look(
    probabilities: FloatArray, strategy: Strategy, excluded: BoolArray | None, best: _Best, begin: int
) -> tuple[IntArray, FloatArray]:
    block = probabilities[begin : begin + BLOCK_ROWS]
    utilities = np.asarray(strategy(block), dtype=np.float64)
    # A NaN is an error even of a spectrum that is excluded, as in `select_top`.
    wanted = utilities >= best.threshold
    if excluded is not None:
        wanted &= ~excluded[begin : begin + len(block)]
    inside = np.flatnonzero(wanted | np.isnan(utilities))
    return inside + begin, utilities[inside]


def _look_by_bound(
    probabilities: FloatArray, strategy: Strategy, excluded: BoolArray | None, best: _Best, begin: int
) -> tuple[IntArray, FloatArray]:
    block = np.asarray(probabilities[begin : begin + BLOCK_ROWS])
    columns = list(block.T)
    largest, smallest = columns[0], columns[0]
    for column in columns[1:]:
        largest, smallest = np.maximum(largest, column), np.minimum(smallest, column)
    totals = block @ np.ones(len(columns), dtype=block.dtype)
    # Half the tolerance leaves room for the rounding of these sums; what fails is looked at exactly. NaN fails.
    if not (smallest.min() >= 0 and np.abs(totals - 1).max() <= ROW_SUM_TOLERANCE / 2):
        require_probabilities(block, begin)
    free = None if excluded is None else ~excluded[begin : begin + len(block)]
    threshold = best.threshold
    if threshold == -inf and best.k:
        # The rows of smallest largest probability are as good a beginning as any, and spare the others their logarithms.
        rows = np.arange(len(block)) if free is None else np.flatnonzero(free)
        if rows.size > best.k:
            threshold = float(strategy(block[rows[np.argpartition(largest[rows], best.k - 1)[: best.k]]]).min())
    wanted = largest <= reach_of_entropy(threshold, len(columns))
    inside = np.flatnonzero(wanted if free is None else wanted & free)
    utilities = strategy(block[inside])
    kept = utilities >= threshold
    return inside[kept] + begin, utilities[kept]


def predicted_classes(probabilities: FloatArray) -> IntArray:
    """
    Return the column of the largest probability of each spectrum, the first of equal ones.

    Parameters
    ----------
    probabilities : array of shape (n_spectra, n_classes)
        Predicted class probabilities, in memory or mapped from a file; finite.

    Returns
    -------
    array of uint8, shape (n_spectra,)
        Indices of columns; uint16 where there are more than 256 classes.

    Raises
    ------
    ValueError
        If ``probabilities`` is not two-dimensional.
    """
    if np.ndim(probabilities) != 2:
        msg = f"probabilities must have the shape (n_spectra, n_classes), got {np.shape(probabilities)}"
        raise ValueError(msg)
    n_classes = probabilities.shape[1]
    predicted: IntArray = np.zeros(len(probabilities), dtype=np.uint8 if n_classes <= 256 else np.uint16)
    for begin in range(0, len(probabilities), BLOCK_ROWS):
        block = probabilities[begin : begin + BLOCK_ROWS]
        inside = predicted[begin : begin + len(block)]
        largest = block[:, 0]
        for number in range(1, n_classes):
            is_larger = block[:, number] > largest
            inside[is_larger] = number
            largest = np.where(is_larger, block[:, number], largest)
    return predicted
