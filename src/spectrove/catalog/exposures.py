"""
Exposures of one object: positions on the sky joined friend to friend, and the epochs of each group.

A designation is no name of an object: it encodes a position, which differs between releases and exposures by some tenths of an
arc second [1]_. Positions are joined instead, on the sphere: whoever lies within the radius is a friend, and friends of friends
are one group. A group may therefore be longer than the radius, and stars closer than it cannot be told apart.

References
----------
.. [1] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, appendix B.2: 398 groups by designation, 436 within 5″.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from spectrove.catalog.sphere import unit_vectors
from spectrove.contracts import FloatArray, IntArray
from spectrove.pool import Pool

RADIUS_ARCSEC = 5.0
"""Arc seconds within which two spectra are of one object [1]_; LAMOST's fibers see 3.3″."""

POSITIONS_AT_ONCE = 2**18
"""Positions whose friends are looked for at a time."""

FRIENDS_AT_ONCE = 2**22
"""Pairs of friends in memory at a time, 24 bytes each, however crowded the sky is."""

EPOCH_GAP = 0.5
"""Days without exposure that part two epochs: exposures of one night are one epoch."""


@dataclass(frozen=True)
class Group:
    """
    Exposures of one object.

    Attributes
    ----------
    number : int
        The group's, as in the array it was made from.
    rows : tuple of int
        Rows of its spectra in order of time, those without a time last.
    epochs : tuple of tuple of int
        The same rows parted by epoch; every spectrum without a time is an epoch of its own.
    mjd_first, mjd_last : float
        Times of the first and the last exposure, days; NaN where no time is known.
    """

    number: int
    rows: tuple[int, ...]
    epochs: tuple[tuple[int, ...], ...]
    mjd_first: float
    mjd_last: float

    @property
    def n_exposures(self) -> int:
        """
        Return how many spectra there are.

        Returns
        -------
        int
            At least 1.
        """
        return len(self.rows)

    @property
    def mjd_span(self) -> float:
        """
        Return the time from the first exposure to the last.

        Returns
        -------
        float
            Days; NaN where no time is known.
        """
        return self.mjd_last - self.mjd_first


def group_positions(ra: FloatArray, dec: FloatArray, radius_arcsec: float = RADIUS_ARCSEC) -> IntArray:
    """
    Return which positions on the sphere belong together, friends of friends.

    Memory stays at some 200 bytes a position, however crowded the sky is.

    Parameters
    ----------
    ra, dec : array of shape (n_spectra,)
        Positions, degrees ICRS; any right ascension, also beyond 360°. NaN where there is none.
    radius_arcsec : float
        How far friends may be apart, arc seconds, inclusive.

    Returns
    -------
    array of int64, shape (n_spectra,)
        Number of each row's group, counted from 0 by its first row; -1 where there is no position.

    Raises
    ------
    ValueError
        If the arrays are not one-dimensional and of one length, a declination is none, or the radius is not above 0 and at
        most 180°.
    """
    ra, dec = np.asarray(ra, dtype=np.float64), np.asarray(dec, dtype=np.float64)
    _require_positions(ra, dec, radius_arcsec)
    numbers = np.full(ra.size, -1, dtype=np.int64)
    rows = np.flatnonzero(np.isfinite(ra) & np.isfinite(dec))
    if rows.size:
        labels = _join(unit_vectors(ra[rows], dec[rows]), 2 * np.sin(np.radians(radius_arcsec / 3600) / 2))
        numbers[rows] = _by_first_row(labels)
    return numbers


def group_pool(pool: Pool, radius_arcsec: float = RADIUS_ARCSEC) -> IntArray:
    """
    Return which spectra of a pool are of one object.

    Parameters
    ----------
    pool : Pool
        The spectra.
    radius_arcsec : float
        How far friends may be apart, arc seconds.

    Returns
    -------
    array of int64, shape (n_spectra,)
        As of `group_positions`, in pool order.
    """
    table = pool.metadata(["ra", "dec"])
    return group_positions(table["ra"].to_numpy(), table["dec"].to_numpy(), radius_arcsec)


def count_exposures(numbers: IntArray) -> IntArray:
    """
    Return how many spectra each spectrum's group has.

    Parameters
    ----------
    numbers : array of int, shape (n_spectra,)
        Numbers of groups; below 0 for a spectrum that is in none.

    Returns
    -------
    array of int64, shape (n_spectra,)
        At least 1; a spectrum that is in no group is alone.
    """
    numbers = np.asarray(numbers)
    known = numbers >= 0
    counts = np.ones(numbers.size, dtype=np.int64)
    _, inverse, sizes = np.unique(numbers[known], return_inverse=True, return_counts=True)
    counts[known] = sizes[inverse]
    return counts


def groups_of(numbers: IntArray, mjd: FloatArray, at_least: int = 1) -> list[Group]:
    """
    Return groups with their exposures in order of time.

    Parameters
    ----------
    numbers : array of int, shape (n_spectra,)
        Numbers of groups; rows below 0 are left out.
    mjd : array of shape (n_spectra,)
        Times of the exposures, days; NaN where it is not known.
    at_least : int
        Fewest spectra of a group that is told.

    Returns
    -------
    list of Group
        By rising number.

    Raises
    ------
    ValueError
        If the arrays are not one-dimensional and of one length.
    """
    numbers, mjd = np.asarray(numbers), np.asarray(mjd, dtype=np.float64)
    if numbers.ndim != 1 or numbers.shape != mjd.shape:
        msg = f"exposures: numbers and mjd must share one shape (n_spectra,), got {numbers.shape} and {mjd.shape}"
        raise ValueError(msg)
    order = np.lexsort((np.arange(numbers.size), mjd, numbers))
    order = order[numbers[order] >= 0]
    parts = np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1) if order.size else []
    return [_group(int(numbers[rows[0]]), rows, mjd[rows]) for rows in parts if rows.size >= at_least]


def epochs_of(mjd: FloatArray, gap: float = EPOCH_GAP) -> IntArray:
    """
    Return which epoch each of an object's exposures belongs to.

    Parameters
    ----------
    mjd : array of shape (n_exposures,)
        Times, days, in any order; NaN where it is not known.
    gap : float
        Days without exposure that part two epochs.

    Returns
    -------
    array of int64, shape (n_exposures,)
        Counted from 0 in order of time; every exposure without a time is an epoch of its own, behind the others.
    """
    mjd = np.asarray(mjd, dtype=np.float64)
    order = np.argsort(mjd, kind="stable")  # NaN last
    epochs = np.empty(mjd.size, dtype=np.int64)
    epochs[order] = np.cumsum(np.r_[0, ~(np.diff(mjd[order]) < gap)])[: mjd.size]
    return epochs


def _require_positions(ra: FloatArray, dec: FloatArray, radius_arcsec: float) -> None:
    if ra.ndim != 1 or ra.shape != dec.shape:
        msg = f"exposures: ra and dec must share one shape (n_spectra,), got {ra.shape} and {dec.shape}"
        raise ValueError(msg)
    impossible = np.flatnonzero(np.abs(dec) > 90)
    if impossible.size:
        msg = f"exposures: row {impossible[0]} has the declination {dec[impossible[0]]!r}°, expected -90° to 90°"
        raise ValueError(msg)
    if not 0 < radius_arcsec <= 180 * 3600:
        msg = f"exposures: impossible radius ({radius_arcsec!r}″), expected more than 0″ and at most 180°"
        raise ValueError(msg)


def _join(points: FloatArray, chord: float) -> IntArray:
    """Return a label for each point, equal for friends of friends."""
    tree = cKDTree(points, compact_nodes=False, balanced_tree=False)
    labels = np.arange(points.shape[0], dtype=np.int32)
    for first, second in _friends(points, tree, chord):
        edges = coo_array((np.ones(first.size, dtype=np.int8), (labels[first], labels[second])), shape=(labels.size, labels.size))
        labels = connected_components(edges, directed=False)[1][labels]
    return labels


def _friends(points: FloatArray, tree: cKDTree, chord: float) -> Iterator[tuple[IntArray, IntArray]]:
    # Points that the tree keeps together lie together on the sky, which makes the trees of parts compact and quick to search.
    waiting = list(np.split(tree.indices, range(POSITIONS_AT_ONCE, points.shape[0], POSITIONS_AT_ONCE)))
    while waiting:
        part = waiting.pop()
        few = cKDTree(points[part])
        if part.size > 1 and few.count_neighbors(tree, chord) > FRIENDS_AT_ONCE:
            waiting += np.array_split(part, 2)
            continue
        pairs = few.sparse_distance_matrix(tree, chord, output_type="ndarray")
        first, second = part[pairs["i"]], pairs["j"]
        once = first < second
        if once.any():
            yield first[once], second[once]


def _by_first_row(labels: IntArray) -> IntArray:
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    numbers = np.empty(first.size, dtype=np.int64)
    numbers[np.argsort(first)] = np.arange(first.size)
    return numbers[inverse]


def _group(number: int, rows: IntArray, mjd: FloatArray) -> Group:
    begins = [0, *(np.flatnonzero(np.diff(epochs_of(mjd))) + 1).tolist(), rows.size]
    in_order = rows.tolist()
    known = mjd[np.isfinite(mjd)]
    first, last = (float(known[0]), float(known[-1])) if known.size else (np.nan, np.nan)
    epochs = tuple(tuple(in_order[begin:end]) for begin, end in pairwise(begins))
    return Group(number, tuple(in_order), epochs, first, last)
