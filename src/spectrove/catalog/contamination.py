"""
Duplicates of light: candidates whose line is also in the spectrum of a neighbor, which points at something else.

A nebula puts the same lines into every fiber before it, and a bright object may put its light into the fibers beside its own.
Both make emission-line stars of stars that are none; the paper found two stars 24″ apart, observed by one fiber on two nights,
with almost identical Hα [1]_. Looked at are the 140 features of the pool, so no file is needed. Suspected is

- **nebular** light, where Hα of nearly the same profile stands out in both spectra and [N II] 6585 and [S II] 6718 do, too, or
  where at least three neighbors have the profile;
- **cross-talk**, where the profiles are alike still more closely, without either, in fibers side by side or in the same fiber on
  another night: one object's light in the fibers of two.

What is flagged is to be looked at, not to be dropped: a Be star may stand before a nebula.

Notes
-----
Measured on simulated surveys of LAMOST. Of 7,134 pairs of neighboring fibers that both show nebular Hα 88 % are flagged, of the
4,831 with more than 3 Å of it in both 96 %; of 596 such pairs of one fiber on two nights 91 %. Of stars before a nebula of more
than 10 Å 99.7 % are flagged, of 3 to 10 Å 92 %, of 1 to 3 Å 31 % (most of the rest is below the noise). False alarms: of 1,370
targets without nebula 8, and as many of their 8,220 pairs with neighboring fibers, all of them two single peaks side by side
where one spectrum in 33 was a target; of 52,526 other spectra without nebula none.

Of 1,346 real spectra of LAMOST 4 are flagged, two pairs that are nebular by eye. [N II] and [S II] stand out in all 13 spectra
that are nebular by eye, and in 3 of 1,244 with absorption alone.

References
----------
.. [1] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, appendix B.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from spectrove.catalog.exposures import RADIUS_ARCSEC
from spectrove.catalog.line_light import LineLight, line_light, similarity
from spectrove.catalog.sphere import unit_vectors
from spectrove.catalog.surroundings import UNKNOWN, Surroundings
from spectrove.contracts import BoolArray, FloatArray, IntArray, SpectrumId
from spectrove.pool import Pool

NEBULAR, CROSS_TALK = "nebular", "cross-talk"
"""What shared light is suspected to be: of gas in front of both, or of one object in the fibers of both."""

CANDIDATES_AT_ONCE = 2048
"""Candidates whose neighbors' features are in memory together."""


@dataclass(frozen=True)
class SharedLightConfig:
    """
    When two spectra count as holding the same light.

    Attributes
    ----------
    n_fibers : int
        Neighboring fibers that are looked at.
    same_fiber_arcsec : float
        How far the same fiber may have pointed on another night, arc seconds; a fiber of LAMOST reaches 340″ across [1]_.
    least_similarity : float
        Correlation of the two lines' profiles, corrected for their noise, from which they are nearly identical.
    least_leak : float
        The same for light that leaked, which nothing but the profile speaks for.
    least_halpha : float
        Times its noise that Hα must stand out in both.
    least_forbidden : float
        Times its noise that [N II] and [S II] must stand out in both spectra for a nebula.
    many : int
        Neighbors with nearly the candidate's profile from which the light is diffuse.
    farthest_fiber : int
        Difference of fiber numbers up to which light may leak from fiber to fiber on the detector.
    resolving_power : float
        Of the instrument.

    References
    ----------
    .. [1] Cui et al. 2012, RAA, 12, 1197, sec. 4: a positioner covers a circle of 33 mm, at 20 m focal length.
    """

    n_fibers: int = 6
    same_fiber_arcsec: float = 340.0
    least_similarity: float = 0.9
    least_leak: float = 0.97
    least_halpha: float = 5.0
    least_forbidden: float = 4.0
    many: int = 3
    farthest_fiber: int = 2
    resolving_power: float = 1800.0


DEFAULTS = SharedLightConfig()
"""For LAMOST at low resolution."""


@dataclass(frozen=True)
class Neighbor:
    """
    A spectrum that may hold the same light as a candidate.

    Attributes
    ----------
    spectrum_id : SpectrumId
        Which spectrum.
    kind : str
        ``fiber``: of a neighboring fiber of the same exposure; ``same-fiber``: of the same fiber on another night, of another
        object.
    separation_arcsec : float
        How far apart the two point, arc seconds; NaN where a position is not known.
    similarity : float
        Correlation of the profiles, corrected for noise, at most 1; NaN where one of the two shows no line.
    suspicion : str
        `NEBULAR` or `CROSS_TALK`.
    reason : str
        Why, as a sentence.
    """

    spectrum_id: SpectrumId
    kind: str
    separation_arcsec: float
    similarity: float
    suspicion: str
    reason: str


@dataclass(frozen=True)
class SharedLight:
    """
    What speaks for light in a candidate's spectrum that is not its own.

    Attributes
    ----------
    row : int
        The candidate's row of the pool.
    flag : str
        ``nebular``, ``cross-talk`` or empty; nebular if it is suspected with any neighbor.
    neighbors : tuple of Neighbor
        Those of nearly the same profile, the most similar first; none without a flag.
    """

    row: int
    flag: str
    neighbors: tuple[Neighbor, ...]


def find_shared_light(
    rows: IntArray, pool: Pool, surroundings: Surroundings, config: SharedLightConfig = DEFAULTS
) -> list[SharedLight]:
    """
    Return which candidates may hold light that is not their own, and the spectra that hold it too.

    Compared are the neighboring fibers of the same exposure, and the same fiber of the same spectrograph on other nights while it
    pointed at other objects nearby. Other exposures of the same object are none of them.

    Parameters
    ----------
    rows : array of int, shape (n_candidates,)
        Rows of the pool.
    pool : Pool
        The spectra, their features with [N II] and [S II] 6718 beside Hα.
    surroundings : Surroundings
        The same pool's.
    config : SharedLightConfig
        What counts as the same.

    Returns
    -------
    list of SharedLight
        One a candidate, in their order.

    Raises
    ------
    ValueError
        If the pool's grid does not hold the lines.
    """
    # In the pool's order, so that a chunk of features is not read again for every part.
    each, places = np.unique(np.asarray(rows, dtype=np.int64), return_inverse=True)
    found: list[SharedLight] = []
    for begin in range(0, each.size, CANDIDATES_AT_ONCE):
        found += _some(each[begin : begin + CANDIDATES_AT_ONCE], pool, surroundings, config)
    return [found[place] for place in places.tolist()]


@dataclass(frozen=True, eq=False)
class _Facts:
    """What the survey says of the spectra at hand; arrays of shape (n_spectra,)."""

    rows: IntArray
    ids: list[SpectrumId]
    points: FloatArray
    night: FloatArray
    spectrograph: IntArray
    fiber: IntArray
    snr: FloatArray


@dataclass(frozen=True, eq=False)
class _Pairs:
    """A candidate and its neighbors, as places among the spectra at hand; arrays of shape (n_neighbors,)."""

    candidate: int
    neighbor: IntArray
    same_fiber: BoolArray
    separation: FloatArray


@dataclass(frozen=True, eq=False)
class _Compared:
    """The light of a candidate beside that of its neighbors, the lesser of the two; arrays of shape (n_neighbors,)."""

    alike: FloatArray
    halpha: FloatArray
    forbidden: FloatArray


def _some(rows: IntArray, pool: Pool, surroundings: Surroundings, config: SharedLightConfig) -> list[SharedLight]:
    beside = [surroundings.fibers(row, config.n_fibers) for row in rows.tolist()]
    nearby = [surroundings.exposures(row, config.same_fiber_arcsec) for row in rows.tolist()]
    facts = _facts(pool, np.unique(np.concatenate([rows, *beside, *nearby])))
    pairs = [_pairs(facts, *of_one) for of_one in zip(rows.tolist(), beside, nearby, strict=True)]
    used = np.unique(np.concatenate([np.append(one.neighbor, one.candidate) for one in pairs]))
    light = line_light(pool.features(facts.rows[used]), pool.grid, config.resolving_power)
    return [_judge(one, facts, _compare(one, light, used, pool.grid), config) for one in pairs]


def _facts(pool: Pool, rows: IntArray) -> _Facts:
    table = pool.metadata(["spectrum_id", "ra", "dec", "mjd", "spid", "fiberid", "snr"], rows)
    points = unit_vectors(table["ra"].to_numpy(), table["dec"].to_numpy())
    spectrograph, fiber = (pc.fill_null(table[name], UNKNOWN).to_numpy() for name in ("spid", "fiberid"))
    night, snr = np.floor(table["mjd"].to_numpy()), table["snr"].to_numpy()
    return _Facts(rows, table["spectrum_id"].to_pylist(), points, night, spectrograph, fiber, snr)


def _pairs(facts: _Facts, row: int, beside: IntArray, nearby: IntArray) -> _Pairs:
    """Return the neighbors of a candidate that point at other objects."""
    candidate = int(np.searchsorted(facts.rows, row))
    fibers, others = np.searchsorted(facts.rows, beside), np.searchsorted(facts.rows, nearby)
    known = UNKNOWN not in {int(facts.spectrograph[candidate]), int(facts.fiber[candidate])}
    same = (facts.spectrograph[others] == facts.spectrograph[candidate]) & (facts.fiber[others] == facts.fiber[candidate])
    on_another_night = np.abs(facts.night[others] - facts.night[candidate]) > 0
    others = others[same & on_another_night & known]
    neighbor = np.concatenate([fibers, others])
    chord = np.linalg.norm(facts.points[neighbor] - facts.points[candidate], axis=1)
    separation = np.degrees(2 * np.arcsin(np.clip(chord / 2, 0, 1))) * 3600
    is_other = ~(separation <= RADIUS_ARCSEC)
    same_fiber = np.arange(neighbor.size) >= fibers.size
    return _Pairs(candidate, neighbor[is_other], same_fiber[is_other], separation[is_other])


def _compare(pairs: _Pairs, light: LineLight, used: IntArray, grid: FloatArray) -> _Compared:
    """Return how a candidate compares; ``used`` tells which of the spectra at hand ``light`` is of."""
    mine, theirs = int(np.searchsorted(used, pairs.candidate)), np.searchsorted(used, pairs.neighbor)
    own = np.broadcast_to(light.response[mine], (theirs.size, grid.size))
    halpha, forbidden = (np.minimum(each[mine], each[theirs]) for each in (light.halpha, light.forbidden))
    return _Compared(similarity(own, light.response[theirs], grid), halpha, forbidden)


def _judge(pairs: _Pairs, facts: _Facts, compared: _Compared, config: SharedLightConfig) -> SharedLight:
    alike = (compared.halpha >= config.least_halpha) & (compared.alike >= config.least_similarity)
    n_alike = int(alike.sum())
    forbidden = compared.forbidden >= config.least_forbidden
    nebular = alike & (forbidden | (n_alike >= config.many))
    away = np.abs(facts.fiber[pairs.neighbor] - facts.fiber[pairs.candidate])
    reached = pairs.same_fiber | (away <= config.farthest_fiber)
    leaked = alike & ~nebular & reached & (compared.alike >= config.least_leak)
    chosen = np.flatnonzero(nebular | leaked)
    neighbors = []
    for place in chosen[np.argsort(-compared.alike[chosen], kind="stable")].tolist():
        why = _why(pairs, facts, place)
        if forbidden[place]:
            why += ", [N II] and [S II] in both"
        elif nebular[place]:
            why += f", and so in {n_alike} neighbors"
        neighbors.append(
            Neighbor(
                facts.ids[int(pairs.neighbor[place])],
                "same-fiber" if pairs.same_fiber[place] else "fiber",
                float(pairs.separation[place]),
                float(compared.alike[place]),
                NEBULAR if nebular[place] else CROSS_TALK,
                why,
            )
        )
    flag = NEBULAR if nebular.any() else CROSS_TALK if leaked.any() else ""
    return SharedLight(int(facts.rows[pairs.candidate]), flag, tuple(neighbors))


def _why(pairs: _Pairs, facts: _Facts, place: int) -> str:
    other = int(pairs.neighbor[place])
    here, there = facts.snr[pairs.candidate], facts.snr[other]
    away = abs(int(facts.fiber[other]) - int(facts.fiber[pairs.candidate]))
    where = "in the next fiber" if away == 1 else f"{away} fibers away"
    if pairs.same_fiber[place]:
        where = f"in the same fiber on MJD {facts.night[other]:.0f}, {pairs.separation[place]:.0f}″ away"
    return f"Hα of nearly the same profile {where} (S/N {there:.0f} there, {here:.0f} here)"
