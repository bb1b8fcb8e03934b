"""
Cross-match by position: some thousands of spectra against a catalog of millions, in one pass over the catalog.

The few are put into a tree; the many stream past it in chunks. Nearly all of them are nowhere near, and a map of the sky tells
so, with a flag for each small cell that lies within the radius of one of the few: for some ten operations and 17 bytes a position
(16 of the catalog, one of the map). Ten million cost 0.1 GFLOP and 0.17 GB of traffic from memory, hundredths of a second; what
is paid beyond that are the intermediate arrays of a chunk. Only the flagged few percent are looked up in the tree. Memory is that
of the positions and of one chunk, whatever the radius.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from spectrove.catalog.local_columns import julian_year
from spectrove.catalog.local_tables import LocalCatalog
from spectrove.catalog.sphere import unit_vectors
from spectrove.contracts import FloatArray, IntArray
from spectrove.errors import CatalogError

ROWS_AT_ONCE = 2**19
"""Rows of the catalog in a chunk: some 60 MB of intermediate arrays."""

PAIRS_AT_ONCE = 2**22
"""A chunk that would make more pairs is halved: at 40 bytes a pair, some 170 MB."""

MOST_PAIRS = 50_000_000
"""So many pairs `match_all` returns at most, 1.2 GB."""

LEAST_CELL = 0.1
"""Degrees: the side of the smallest cells of the map of the sky, which then takes 6.5 MB and stays in the processor's cache."""

LARGEST_CELL = 5.0
"""Degrees: from this radius on nearly every cell would be flagged, and the map is not asked."""

WITHOUT_MAP = 200_000
"""Rows of a catalog up to which a tree of them all is made sooner than the map."""

ROUNDING = 1e-9
"""Degrees (4 µas) by which cells and chords reach farther than the radius, so that rounding loses nothing."""

SLOW = 1.0
"""Arc seconds: stars that move less until the spectra's epochs are looked for together; the few faster ones farther out."""

ARCSEC = np.pi / 648_000
"""Radians in an arc second."""


@dataclass(frozen=True, eq=False)
class Matches:
    """
    The nearest catalog object of each spectrum.

    Attributes
    ----------
    index : array of int64, shape (n,)
        Row of the catalog; -1 where nothing lies within the radius.
    separation : array of float64, shape (n,)
        Arc seconds; NaN where there is none.
    n_within : array of int64, shape (n,)
        How many rows of the catalog lie within the radius.
    """

    index: IntArray
    separation: FloatArray
    n_within: IntArray


@dataclass(frozen=True, eq=False)
class Pairs:
    """
    Spectra and catalog objects that lie within a radius of each other.

    Attributes
    ----------
    row : array of int64, shape (n_pairs,)
        Rows of the positions that were asked for.
    index : array of int64, shape (n_pairs,)
        Rows of the catalog.
    separation : array of float64, shape (n_pairs,)
        Arc seconds.
    """

    row: IntArray
    index: IntArray
    separation: FloatArray

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.row)


def nearest(
    ra: FloatArray, dec: FloatArray, catalog: LocalCatalog, radius_arcsec: float, mjd: FloatArray | float | None = None
) -> Matches:
    """
    Return the nearest catalog object of each position, as ``stilts tmatch2 find=best1`` does.

    Parameters
    ----------
    ra, dec : array of float, shape (n,)
        Degrees, ICRS; NaN where there is no position.
    catalog : LocalCatalog
        Where to look.
    radius_arcsec : float
        How far, arc seconds; an object exactly so far off is a match.
    mjd : array of float, shape (n,), or float, optional
        When each position was observed, days; objects with a proper motion are moved to then. Where it is NaN, and everywhere
        unless given, objects stand where the catalog has them.

    Returns
    -------
    Matches
        One row for each position; of two objects equally far off, that of the smaller row.

    Raises
    ------
    CatalogError
        If the radius is not from 0 to 180 degrees, or the arrays have different lengths.
    """
    n = len(ra)
    index, separation = np.full(n, -1, dtype=np.int64), np.full(n, np.inf)
    n_within = np.zeros(n, dtype=np.int64)
    for pairs in _streamed(_few(ra, dec, mjd, radius_arcsec), catalog):
        n_within += np.bincount(pairs.row, minlength=n)
        at = _first_of_each(pairs.row, pairs.separation, pairs.index)
        rows = pairs.row[at]
        # Chunks come in the catalog's order, but fast stars behind slow ones: of equals, the smaller row is the match.
        is_nearer = (pairs.separation[at] < separation[rows]) | (
            (pairs.separation[at] == separation[rows]) & (pairs.index[at] < index[rows])
        )
        rows, at = rows[is_nearer], at[is_nearer]
        index[rows], separation[rows] = pairs.index[at], pairs.separation[at]
    return Matches(index, np.where(index < 0, np.nan, separation), n_within)


def match_all(
    ra: FloatArray, dec: FloatArray, catalog: LocalCatalog, radius_arcsec: float, mjd: FloatArray | float | None = None
) -> Pairs:
    """
    Return every pair of a position and a catalog object within a radius, as ``stilts tmatch2 find=all`` does.

    Parameters
    ----------
    ra, dec : array of float, shape (n,)
        Degrees, ICRS; NaN where there is no position.
    catalog : LocalCatalog
        Where to look.
    radius_arcsec : float
        How far, arc seconds; an object exactly so far off is a match.
    mjd : array of float, shape (n,), or float, optional
        When each position was observed, days; see `nearest`.

    Returns
    -------
    Pairs
        In the order of the positions, for each the nearest first.

    Raises
    ------
    CatalogError
        If the radius is not from 0 to 180 degrees, the arrays have different lengths, or there are more than 50 million pairs.
    """
    found: list[Pairs] = []
    n_pairs = 0
    for pairs in _streamed(_few(ra, dec, mjd, radius_arcsec), catalog):
        found.append(pairs)
        n_pairs += len(pairs)
        if n_pairs > MOST_PAIRS:
            msg = f"{catalog.name}: more than {MOST_PAIRS:,} pairs lie within {radius_arcsec:g}″. Take a smaller radius."
            raise CatalogError(msg)
    row, index = (np.concatenate([np.empty(0, np.int64), *(getattr(one, name) for one in found)]) for name in ("row", "index"))
    separation = np.concatenate([np.empty(0), *(one.separation for one in found)])
    order = np.lexsort((index, separation, row))
    return Pairs(row[order], index[order], separation[order])


def best_pairs(pairs: Pairs) -> Pairs:
    """
    Return pairs in which no row stands twice, as ``stilts tmatch2 find=best`` does where the catalog is the larger table.

    Each object of the catalog goes to its nearest position, and each position keeps the nearest of those that came to it.

    Parameters
    ----------
    pairs : Pairs
        As of `match_all`.

    Returns
    -------
    Pairs
        In the order of the positions.
    """
    of_object = _first_of_each(pairs.index, pairs.separation, pairs.row)
    of_position = _first_of_each(pairs.row[of_object], pairs.separation[of_object], pairs.index[of_object])
    kept = of_object[of_position]
    return Pairs(pairs.row[kept], pairs.index[kept], pairs.separation[kept])


def _first_of_each(key: IntArray, separation: FloatArray, tie: IntArray) -> IntArray:
    """Return, for each key in rising order, where its smallest separation stands."""
    order: IntArray = np.lexsort((tie, separation, key))
    return order[np.unique(key[order], return_index=True)[1]]


# -- The few ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Few:
    """The positions that are asked for: those that are known, as unit vectors in a tree."""

    rows: IntArray
    ra: FloatArray
    dec: FloatArray
    vectors: FloatArray
    years: FloatArray | None
    radius: float
    tree: cKDTree


def _few(ra: FloatArray, dec: FloatArray, mjd: FloatArray | float | None, radius_arcsec: float) -> _Few:
    if not 0 <= radius_arcsec <= 648_000:
        msg = f"cross-match: the radius is {radius_arcsec!r}″, expected 0 to 648,000″."
        raise CatalogError(msg)
    ra, dec = np.asarray(ra, dtype=np.float64), np.asarray(dec, dtype=np.float64)
    days = None if mjd is None else np.asarray(mjd, dtype=np.float64)
    shapes = (ra.shape, dec.shape, ra.shape if days is None or days.ndim == 0 else days.shape)
    if ra.ndim != 1 or len(set(shapes)) != 1:
        msg = f"cross-match: ra, dec and mjd must share one shape (n,), got {shapes}."
        raise CatalogError(msg)
    rows = np.flatnonzero(np.isfinite(ra) & np.isfinite(dec))
    vectors = unit_vectors(ra[rows], dec[rows])
    years = None if days is None else julian_year(np.broadcast_to(days, ra.shape)[rows])
    return _Few(rows, ra[rows], dec[rows], vectors, years, radius_arcsec, cKDTree(vectors))


class _Map:
    """A flag for each cell of the sky: whether it lies within a radius of one of the few."""

    def __init__(self, few: _Few, radius: float) -> None:
        side = max(LEAST_CELL, radius)
        self.n_bands, self.n_cells = math.ceil(180 / side), math.ceil(360 / side)
        reach = radius + ROUNDING
        first, last = (self._band(few.dec + sign * reach) for sign in (-1, 1))
        # On the sphere a circle reaches asin(sin r / cos δ) in right ascension, and all around where it holds a pole.
        with np.errstate(divide="ignore", invalid="ignore"):
            half = np.degrees(np.arcsin(np.sin(np.radians(reach)) / np.cos(np.radians(few.dec))))
        half = np.where(np.abs(few.dec) + reach >= 90, 180.0, half + ROUNDING)
        begin, end = (np.floor((few.ra + sign * half) * (self.n_cells / 360)).astype(np.int64) for sign in (-1, 1))
        end = np.minimum(end, begin + self.n_cells - 1)
        steps = np.zeros((self.n_bands, 2 * self.n_cells + 1), dtype=np.int32)
        end, begin = end - begin + begin % self.n_cells, begin % self.n_cells
        for offset in range(int((last - first).max(initial=-1)) + 1):
            here = first + offset <= last
            np.add.at(steps, (first[here] + offset, begin[here]), 1)
            np.add.at(steps, (first[here] + offset, end[here] + 1), -1)
        flags = np.cumsum(steps, axis=1, dtype=np.int32)[:, : 2 * self.n_cells] > 0
        self.flags = (flags[:, : self.n_cells] | flags[:, self.n_cells :]).ravel()

    def _band(self, dec: FloatArray) -> IntArray:
        bands: IntArray = np.clip(np.floor((dec + 90) * (self.n_bands / 180)), 0, self.n_bands - 1).astype(np.int64)
        return bands

    def near(self, ra: FloatArray, dec: FloatArray) -> IntArray:
        """Return which of many positions lie in flagged cells."""
        bands = ((dec + 90) * (self.n_bands / 180)).astype(np.int32)
        cells = (ra * (self.n_cells / 360)).astype(np.int32)
        # A declination of exactly 90°, and a right ascension of 360°, have no cell of their own.
        np.minimum(bands, self.n_bands - 1, out=bands)
        np.minimum(cells, self.n_cells - 1, out=cells)
        bands *= self.n_cells
        bands += cells
        found: IntArray = np.flatnonzero(self.flags[bands])
        return found


# -- The many --------------------------------------------------------------------------------------------------------------------


def _streamed(few: _Few, catalog: LocalCatalog) -> Iterator[Pairs]:
    """Yield the pairs, chunk by chunk of the catalog."""
    if len(few.rows) == 0:
        return
    moves = few.years is not None and catalog.pmra is not None and catalog.pmdec is not None
    radius = few.radius + (SLOW if moves else 0.0)
    sky = _Map(few, radius / 3600) if radius / 3600 < LARGEST_CELL and len(catalog) > WITHOUT_MAP else None
    for begin in range(0, len(catalog), ROWS_AT_ONCE):
        rows = slice(begin, min(begin + ROWS_AT_ONCE, len(catalog)))
        ra, dec = catalog.ra[rows], catalog.dec[rows]
        known = None if np.isfinite(dec.sum()) else np.flatnonzero(np.isfinite(dec))
        if known is not None:
            ra, dec = ra[known], dec[known]
        at = np.arange(len(ra)) if sky is None else sky.near(ra, dec)
        indices = begin + (at if known is None else known[at])
        if not moves:
            yield from _pairs(few, catalog, indices, few.radius)
            continue
        reach = _reach(few, catalog, rows)
        reach = reach if known is None else reach[known]
        yield from _pairs(few, catalog, indices[reach[at] <= SLOW], radius)
        fast = np.flatnonzero(reach > SLOW)
        if len(fast):
            yield from _pairs(
                few, catalog, begin + (fast if known is None else known[fast]), few.radius + float(reach[fast].max())
            )


def _reach(few: _Few, catalog: LocalCatalog, rows: slice) -> FloatArray:
    """Return how far each object of a chunk has moved at most at the time of a spectrum, arc seconds."""
    epoch = catalog.epochs(rows)
    years = few.years[np.isfinite(few.years)] if few.years is not None else np.empty(0)
    if len(years) == 0 or catalog.pmra is None or catalog.pmdec is None:
        return np.zeros(rows.stop - rows.start)
    longest = np.maximum(years.max() - epoch, epoch - years.min())
    reach: FloatArray = np.hypot(catalog.pmra[rows], catalog.pmdec[rows]) * (np.maximum(longest, 0.0) / 1000)
    return reach


def _pairs(few: _Few, catalog: LocalCatalog, indices: IntArray, reach: float) -> Iterator[Pairs]:
    """Yield the pairs of some objects, none of which is out of reach before it has moved."""
    if len(indices) == 0:
        return
    vectors = unit_vectors(catalog.ra[indices], catalog.dec[indices])
    chord = 2 * math.sin(min(reach * ARCSEC + math.radians(ROUNDING), math.pi) / 2)
    tree = cKDTree(vectors)
    if (
        len(indices) > 1
        and len(few.rows) * len(indices) > PAIRS_AT_ONCE
        and few.tree.count_neighbors(tree, chord) > PAIRS_AT_ONCE
    ):
        half = len(indices) // 2
        yield from _pairs(few, catalog, indices[:half], reach)
        yield from _pairs(few, catalog, indices[half:], reach)
        return
    found = few.tree.sparse_distance_matrix(tree, chord, output_type="ndarray")
    i, j = found["i"], found["j"]
    separation = _separations(few.vectors[i], _moved(few, catalog, i, indices[j], vectors[j]))
    inside = separation <= few.radius
    yield Pairs(few.rows[i[inside]], indices[j[inside]], separation[inside])


def _moved(few: _Few, catalog: LocalCatalog, i: IntArray, index: IntArray, vectors: FloatArray) -> FloatArray:
    """
    Return where objects stood when the spectra were taken that they are paired with.

    They move straight on through space, with neither a parallax nor a radial velocity: u ∝ r₀ + μ t (ESA 1997, The Hipparcos and
    Tycho Catalogues, ESA SP-1200, vol. 1, sect. 1.5.5).
    """
    if few.years is None or catalog.pmra is None or catalog.pmdec is None:
        return vectors
    years = np.nan_to_num(few.years[i] - catalog.epochs(index), nan=0.0)
    alpha, delta = np.radians(catalog.ra[index]), np.radians(catalog.dec[index])
    east = np.stack([-np.sin(alpha), np.cos(alpha), np.zeros_like(alpha)], axis=-1)
    north = np.stack([-np.cos(alpha) * np.sin(delta), -np.sin(alpha) * np.sin(delta), np.cos(delta)], axis=-1)
    motion = catalog.pmra[index, None] * east + catalog.pmdec[index, None] * north
    moved: FloatArray = vectors + motion * (years * ARCSEC / 1000)[:, None]
    moved /= np.linalg.norm(moved, axis=-1, keepdims=True)
    return moved


def _separations(ones: FloatArray, others: FloatArray) -> FloatArray:
    # The arc tangent keeps all digits both near 0 and near 180 degrees, where arc sine and cosine lose half of them.
    sine = np.linalg.norm(np.cross(ones, others), axis=-1)
    cosine = np.einsum("ij,ij->i", ones, others)
    separations: FloatArray = np.arctan2(sine, cosine) / ARCSEC
    return separations
