"""
How many of the matches of a cross-match are there by chance, and from which radius on they are; and bright stars beside a fiber.

Chance is measured, not modeled: the same positions are looked up again, each moved in a random direction by two to three times
the largest radius, so that it stays in its own part of the sky, crowded or empty, and loses its own counterpart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import poisson

from spectrove.catalog.crossmatch import ARCSEC, match_all, nearest
from spectrove.catalog.local_tables import LocalCatalog, count_positions
from spectrove.catalog.sphere import unit_vectors
from spectrove.contracts import FloatArray, IntArray
from spectrove.errors import CatalogError

RADII = (*range(1, 10), *range(10, 30, 2), *range(30, 100, 5), *range(100, 301, 10))
"""Arc seconds: as far as the paper went (App. B.5: 5″ to 300″), and finer below, where the knee is."""

N_SHIFTS = 20

NEAREST_SHIFT, FARTHEST_SHIFT = 2.0, 3.0
"""Times the largest radius. From 2 on, a moved circle and its own one have nothing in common."""

MOST_CHANCE = 0.5
"""Share of the positions with a match by chance above which the real matches are not told from them any more."""

SURE = 1e-3
"""There is a knee only if chance makes as many matches within it in one of a thousand searches at most."""

INNER, OUTER = 60.0, (300.0, 1200.0, 4800.0)
"""Arc seconds: the annulus in which the density is counted; it begins where no counterpart is, and grows if it holds too few."""

LEAST_COUNTED = 10
"""Objects in an annulus from which its density is good to a third."""

BESIDE = 2.0
"""
Arc seconds: a star that is nearer is the one that the fiber is on.

The radius of LAMOST's fibers is 1.65″ (Cui et al. 2012, RAA 12, 1197); the rest is left to the errors of positions.
"""

FAINTEST = 10.0
"""
Magnitude of the faintest star whose light is thought to get into a fiber many arc seconds off.

Those of Škoda, Podsztavek & Tvrdík 2020 (A&A 643, A122, App. B.5) were of 5 to 7 mag, 6.5″ to 22″ off.
"""


@dataclass(frozen=True, eq=False)
class MatchCurve:
    """
    How many positions have a match, by radius, beside how many would have one by chance.

    Attributes
    ----------
    radii : array of float64, shape (n_radii,)
        Arc seconds, increasing.
    matches : array of int64, shape (n_radii,)
        Positions with an object of the catalog within the radius.
    expected : array of float64, shape (n_radii,)
        Mean of the same over all shifts: what chance makes of as many positions without counterparts.
    low, high : array of float64, shape (n_radii,)
        Smallest and largest of the shifts.
    real : array of float64, shape (n_radii,)
        Matches beyond chance. Of all positions the share f has a counterpart within the radius, and of the others the share q
        has a match by chance, so that matches = n (f + (1 - f) q). NaN where q is above one half: what is real is not told from
        chance there.
    knee : float or None
        The radius at which the matches beyond chance outnumber those by chance by most, arc seconds: a match farther off is more
        probably chance than real. None if matches are no more than chance makes.
    n_positions, n_shifts : int
        Positions that are known, and how often each was moved.
    """

    radii: FloatArray
    matches: IntArray
    expected: FloatArray
    low: FloatArray
    high: FloatArray
    real: FloatArray
    knee: float | None
    n_positions: int
    n_shifts: int


def match_curve(
    ra: FloatArray,
    dec: FloatArray,
    catalog: LocalCatalog,
    generator: np.random.Generator,
    radii: Sequence[float] = RADII,
    n_shifts: int = N_SHIFTS,
) -> MatchCurve:
    """
    Return the number of matches by radius, and the number that chance makes.

    Parameters
    ----------
    ra, dec : array of float, shape (n,)
        Degrees, ICRS; NaN where there is no position.
    catalog : LocalCatalog
        Where to look; as its epoch has it, without proper motions.
    generator : numpy.random.Generator
        Draws the directions and lengths of the shifts.
    radii : sequence of float, optional
        Arc seconds, increasing, the largest at most 30°.
    n_shifts : int, optional
        How often each position is moved.

    Returns
    -------
    MatchCurve
        One value for each radius.

    Raises
    ------
    CatalogError
        If the radii do not increase from above 0 to 108,000″ at most, no position is known, or ``n_shifts`` is not positive.

    References
    ----------
    .. [1] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, App. B.5, where the radius was found by looking at the matches.
    """
    edges = np.asarray(radii, dtype=np.float64)
    if edges.ndim != 1 or edges.size == 0 or edges[0] <= 0 or edges[-1] > 108_000 or np.any(np.diff(edges) <= 0):
        msg = f"curve of matches: the radii are {tuple(radii)!r}, expected some that increase from above 0″ to 108,000″ at most."
        raise CatalogError(msg)
    if n_shifts < 1:
        msg = f"curve of matches: n_shifts is {n_shifts!r}, expected 1 or more."
        raise CatalogError(msg)
    known = np.isfinite(ra) & np.isfinite(dec)
    n = int(np.count_nonzero(known))
    if n == 0:
        msg = f"curve of matches: none of the {len(ra):,} positions is known, expected some."
        raise CatalogError(msg)
    places = np.tile(np.stack([ra[known], dec[known]]), n_shifts)
    moved = shifted(places[0], places[1], NEAREST_SHIFT * edges[-1], FARTHEST_SHIFT * edges[-1], generator)
    # One pass over the catalog for the positions and all their shifts.
    together = [np.concatenate([place, other]) for place, other in zip((ra[known], dec[known]), moved, strict=True)]
    separation = nearest(together[0], together[1], catalog, float(edges[-1])).separation
    counts = np.stack([_cumulated(part, edges) for part in separation.reshape(n_shifts + 1, n)])
    matches, chances = counts[0], counts[1:]
    real = _beyond_chance(matches, chances.mean(axis=0), n)
    return MatchCurve(
        radii=edges,
        matches=matches,
        expected=chances.mean(axis=0),
        low=chances.min(axis=0).astype(np.float64),
        high=chances.max(axis=0).astype(np.float64),
        real=real,
        knee=_knee(edges, matches, chances, real),
        n_positions=n,
        n_shifts=n_shifts,
    )


def _cumulated(separation: FloatArray, radii: FloatArray) -> IntArray:
    counts: IntArray = np.searchsorted(np.sort(separation[np.isfinite(separation)]), radii, side="right").astype(np.int64)
    return counts


def _beyond_chance(matches: IntArray, expected: FloatArray, n: int) -> FloatArray:
    by_chance = np.where(expected / n <= MOST_CHANCE, expected / n, np.nan)
    real: FloatArray = np.clip((matches - expected) / (1 - by_chance), 0.0, matches)
    return real


def _knee(radii: FloatArray, matches: IntArray, chances: IntArray, real: FloatArray) -> float | None:
    gain = np.where(np.isnan(real), -np.inf, 2 * real - matches)  # the real ones less those by chance
    at = int(np.argmax(gain))
    if gain[at] <= 0:
        return None
    # One more in all shifts: that none of them met anything does not say that chance never does.
    expected = (chances[:, at].sum() + 1) / len(chances)
    return float(radii[at]) if poisson.sf(matches[at] - 1, expected) <= SURE else None


def shifted(
    ra: FloatArray, dec: FloatArray, nearest_arcsec: float, farthest_arcsec: float, generator: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """
    Return positions that were moved, each in a direction and by a distance of its own.

    Parameters
    ----------
    ra, dec : array of float, shape (n,)
        Degrees.
    nearest_arcsec, farthest_arcsec : float
        Least and largest distance, arc seconds; in between, each area is as probable.
    generator : numpy.random.Generator
        Draws them.

    Returns
    -------
    ra : array of float64, shape (n,)
        Degrees, from 0 to 360.
    dec : array of float64, shape (n,)
        Degrees.
    """
    angle = generator.uniform(0.0, 2 * np.pi, len(ra))
    distance = np.sqrt(generator.uniform(nearest_arcsec**2, farthest_arcsec**2, len(ra))) * ARCSEC
    alpha, delta = np.radians(ra), np.radians(dec)
    east = np.stack([-np.sin(alpha), np.cos(alpha), np.zeros_like(alpha)], axis=-1)
    north = np.stack([-np.cos(alpha) * np.sin(delta), -np.sin(alpha) * np.sin(delta), np.cos(delta)], axis=-1)
    direction = np.sin(angle)[:, None] * east + np.cos(angle)[:, None] * north
    moved = np.cos(distance)[:, None] * unit_vectors(ra, dec) + np.sin(distance)[:, None] * direction
    around = np.degrees(np.arctan2(moved[:, 1], moved[:, 0])) % 360.0
    return around, np.degrees(np.arctan2(moved[:, 2], np.hypot(moved[:, 0], moved[:, 1])))


def chance_probability(separation: FloatArray, local_density: FloatArray) -> FloatArray:
    r"""
    Return the probability that something unrelated lies as near as a match, or nearer.

    .. math:: p = 1 - \exp(-\pi r^2 \rho)

    Parameters
    ----------
    separation : array of float, shape (n,)
        Arc seconds; NaN where there is no match.
    local_density : array of float, shape (n,)
        Objects of the catalog in a square arc second around each position, as of `local_density`.

    Returns
    -------
    array of float64, shape (n,)
        0 to 1; NaN where there is no match.

    References
    ----------
    .. [1] Downes, Peacock, Savage & Carrie 1986, MNRAS 218, 31.
    """
    separation, density = np.asarray(separation, dtype=np.float64), np.asarray(local_density, dtype=np.float64)
    probability: FloatArray = -np.expm1(-np.pi * separation**2 * density)
    return probability


def local_density(ra: FloatArray, dec: FloatArray, catalog: LocalCatalog) -> FloatArray:
    """
    Return how many objects of a catalog there are in a square arc second around each position.

    They are counted between 60″, where no counterpart is any more, and 300″; where these are fewer than ten, out to 20′ and 80′;
    where these still are too few, the mean of the whole sky is taken.

    Parameters
    ----------
    ra, dec : array of float, shape (n,)
        Degrees, ICRS; NaN where there is no position.
    catalog : LocalCatalog
        Whose objects are counted.

    Returns
    -------
    array of float64, shape (n,)
        Objects in a square arc second; NaN where there is no position.
    """
    known = np.isfinite(ra) & np.isfinite(dec)
    density = np.where(known, count_positions(catalog) / (4 * np.pi / ARCSEC**2), np.nan)
    rows = np.flatnonzero(known)
    for outer in OUTER:
        within = nearest(ra[rows], dec[rows], catalog, outer).n_within - nearest(ra[rows], dec[rows], catalog, INNER).n_within
        area = 2 * np.pi * (np.cos(INNER * ARCSEC) - np.cos(outer * ARCSEC)) / ARCSEC**2
        enough = within >= LEAST_COUNTED
        density[rows[enough]] = within[enough] / area
        rows = rows[~enough]
        if len(rows) == 0:
            break
    return density


@dataclass(frozen=True, eq=False)
class BrightNeighbors:
    """
    Bright stars beside fibers, whose light may be in the spectrum.

    Attributes
    ----------
    index : array of int64, shape (n,)
        Row of the catalog; -1 where there is none.
    magnitude : array of float64, shape (n,)
        Its magnitude; NaN where there is none.
    separation : array of float64, shape (n,)
        Arc seconds; NaN where there is none.
    names : list of str or None, n long
        What the catalog calls it.
    """

    index: IntArray
    magnitude: FloatArray
    separation: FloatArray
    names: list[str | None]


def bright_neighbors(
    ra: FloatArray,
    dec: FloatArray,
    catalog: LocalCatalog,
    radius_arcsec: float = 60.0,
    mjd: FloatArray | float | None = None,
    faintest: float = FAINTEST,
) -> BrightNeighbors:
    """
    Return the star beside each position that should send most light into a fiber there.

    The light that a star scatters falls with the inverse square of the distance from it [1]_, so that of several stars the one
    with the smallest m + 5 log r is told. The star that the fiber is on, within 2″, is no neighbor.

    Parameters
    ----------
    ra, dec : array of float, shape (n,)
        Degrees, ICRS; NaN where there is no position.
    catalog : LocalCatalog
        Stars with magnitudes.
    radius_arcsec : float, optional
        How far to look, arc seconds.
    mjd : array of float, shape (n,), or float, optional
        When each position was observed, days: stars with a proper motion are moved to then.
    faintest : float, optional
        Fainter stars are left out.

    Returns
    -------
    BrightNeighbors
        One for each position.

    Raises
    ------
    CatalogError
        If the catalog has no magnitudes, or the radius is not from 0 to 180 degrees.

    References
    ----------
    .. [1] King 1971, PASP 83, 199.
    """
    magnitudes = catalog.magnitudes()
    bright = np.flatnonzero(magnitudes <= faintest)
    pairs = match_all(ra, dec, catalog.part(bright), radius_arcsec, mjd)
    beside = pairs.separation > BESIDE
    row, index, separation = pairs.row[beside], bright[pairs.index[beside]], pairs.separation[beside]
    order = np.lexsort((magnitudes[index] + 5 * np.log10(separation), row))
    rows, first = np.unique(row[order], return_index=True)
    found, told, distance = np.full(len(ra), -1, dtype=np.int64), np.full(len(ra), np.nan), np.full(len(ra), np.nan)
    found[rows], distance[rows] = index[order][first], separation[order][first]
    told[rows] = magnitudes[found[rows]]
    return BrightNeighbors(found, told, distance, catalog.texts("name", found))
