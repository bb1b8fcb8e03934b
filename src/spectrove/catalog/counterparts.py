"""
Which object of SIMBAD a spectrum is of: the nearest need not be the right one.

Light comes into a fiber from bright stars tens of arc seconds away, and positions of fibers are off by several. Škoda, Podsztavek
& Tvrdík 2020 (A&A 643, A122, App. B.5) therefore looked out to 300″, saw that beyond some distance the nearest objects were not
of emission nature and grew in number steeply, and accepted counterparts within 20″ that were of emission type. The rule here is
theirs, written down:

1. What lies within 2″ is what the fiber was on: of several objects there, the nearest of emission type, else the nearest.
2. Else the nearest object of emission type within 20″.
3. Else the nearest object of any type within 20″.
4. Else none: the spectrum's object is new.

The nearest of any type and the nearest of emission type are told beside the one that is accepted, with their distances, and so is
the probability that an object of that kind lies so near by chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.stats import poisson

from spectrove.catalog.chance import BESIDE, INNER, RADII, SURE, MatchCurve, chance_probability
from spectrove.catalog.local_tables import LocalCatalog
from spectrove.catalog.object_types import Group
from spectrove.catalog.simbad import SimbadResult
from spectrove.contracts import BoolArray, FloatArray, IntArray
from spectrove.errors import CatalogError

ACCEPTED = 20.0
"""Arc seconds (App. B.5)."""

SATURATED = 0.5
"""
Share of spectra with a match by chance from which on the matches no longer tell how many are real.

Of n spectra the share f has a counterpart, and of the others q a match by chance: f = (m/n - q) / (1 - q), noise over nothing
where q nears 1. From here on the last value stands.
"""

SIGMAS = 1.96
"""Of a normal distribution: 95 % lie within."""


@dataclass(frozen=True)
class Neighbor:
    """
    An object of SIMBAD beside a spectrum.

    Attributes
    ----------
    main_id : str
        SIMBAD's name of it; empty if there is none, as is all else.
    otype : str
        Its type, short code.
    group : str
        ``emission`` or ``other``.
    separation : float
        Arc seconds; NaN if there is none.
    """

    main_id: str = ""
    otype: str = ""
    group: Group = ""
    separation: float = np.nan


@dataclass(frozen=True)
class Counterpart:
    """
    The object that a spectrum is taken to be of, and what else there is.

    Attributes
    ----------
    accepted : Neighbor
        The counterpart.
    chance : float
        Probability that an object of its kind lies as near by chance; NaN if there is none.
    nearest, nearest_emission : Neighbor
        Nearest of any type and nearest of emission type within the radius.
    n_within : int
        Objects within the radius.
    why : str
        How it was chosen, one sentence; where SIMBAD did not answer, that: such a spectrum is not new.
    """

    accepted: Neighbor
    chance: float
    nearest: Neighbor
    nearest_emission: Neighbor
    n_within: int
    why: str


@dataclass(frozen=True, eq=False)
class _Near:
    """The nearest object of some kind of each spectrum (a row of the table, -1 for none), and its distance (inf)."""

    index: IntArray
    separation: FloatArray


def counterparts(result: SimbadResult, accept_radius: float = ACCEPTED) -> list[Counterpart]:
    """
    Return the counterpart of each spectrum.

    Parameters
    ----------
    result : SimbadResult
        What lies around the spectra.
    accept_radius : float, optional
        How far off a counterpart may be, arc seconds.

    Returns
    -------
    list of Counterpart
        One a spectrum, in their order.

    Raises
    ------
    CatalogError
        If the radius is not positive, or farther than was looked, or nothing was looked for beyond 60″ where chance is counted.
    """
    if not 0 < accept_radius <= result.radius_arcsec:
        most = result.radius_arcsec
        msg = f"SIMBAD: counterparts within {accept_radius!r}″ were asked for, expected above 0″ and up to {most:g}″."
        raise CatalogError(msg)
    emits = _emits(result)
    every = _nearest(result, np.ones(len(emits), dtype=bool))
    emission = _nearest(result, emits)
    take_emission = (emission.separation <= accept_radius) & ((emission.separation <= BESIDE) | (every.separation > BESIDE))
    chance = np.where(
        take_emission,
        chance_probability(_finite(emission), densities(result, emission_only=True)),
        chance_probability(_finite(every), densities(result)),
    )
    row = result.table["row"].to_numpy()
    n_within = np.bincount(row[result.table["separation_arcsec"].to_numpy() <= accept_radius], minlength=result.n_spectra)
    found = _neighbors(result, every, accept_radius), _neighbors(result, emission, accept_radius)
    made = []
    for at, (nearest, bright) in enumerate(zip(*found, strict=True)):
        accepted = bright if take_emission[at] else nearest
        told = float(chance[at]) if accepted.main_id else np.nan
        why = _why(accepted, nearest, bright, accept_radius)
        if result.source == "none" or not result.has_position[at]:
            why = "The spectrum has no position." if not result.has_position[at] else "SIMBAD did not answer."
        made.append(Counterpart(accepted, told, nearest, bright, int(n_within[at]), why))
    return made


def _why(accepted: Neighbor, nearest: Neighbor, emission: Neighbor, radius: float) -> str:
    if not accepted.main_id:
        return f"SIMBAD has no object within {radius:g}″."
    if accepted.separation <= BESIDE:
        beside = (
            f"; {_named(emission)} is of emission type and may be what shines"
            if emission.main_id and accepted.group != "emission"
            else ""
        )
        return f"The fiber was on it, within {BESIDE:g}″{beside}."
    if accepted.group == "emission":
        nearer = f", though {_named(nearest)} is nearer" if nearest.main_id != accepted.main_id else ""
        return f"The nearest object of emission type within {radius:g}″{nearer}."
    return f"The nearest object within {radius:g}″; none there is of emission type."


def _named(one: Neighbor) -> str:
    return f"{one.main_id} ({one.otype}, {one.separation:.1f}″)" if one.otype else f"{one.main_id} ({one.separation:.1f}″)"


def _emits(result: SimbadResult) -> BoolArray:
    return np.array([group == "emission" for group in result.table["group"].to_pylist()], dtype=np.bool_)


def _nearest(result: SimbadResult, taken: BoolArray) -> _Near:
    rows = np.flatnonzero(taken)
    spectra, first = np.unique(result.table["row"].to_numpy()[rows], return_index=True)  # in order of distance
    index, separation = np.full(result.n_spectra, -1, dtype=np.int64), np.full(result.n_spectra, np.inf)
    index[spectra] = rows[first]
    separation[spectra] = result.table["separation_arcsec"].to_numpy()[rows[first]]
    return _Near(index, separation)


def _finite(near: _Near) -> FloatArray:
    return np.where(np.isfinite(near.separation), near.separation, np.nan)


def _neighbors(result: SimbadResult, near: _Near, radius: float) -> list[Neighbor]:
    at = np.where(near.separation <= radius, near.index, -1)
    taken = result.table.select(["main_id", "otype", "group"]).take(pa.array(at, mask=at < 0)).to_pylist()
    return [
        Neighbor(one["main_id"], one["otype"] or "", one["group"] or "", float(separation))
        if one["main_id"] is not None
        else Neighbor()
        for one, separation in zip(taken, near.separation, strict=True)
    ]


def densities(result: SimbadResult, *, emission_only: bool = False) -> FloatArray:
    """
    Return how many objects of SIMBAD there are in a square arc second around each spectrum.

    They are counted from 60″, where no counterpart is any more, to the radius that was looked to. SIMBAD has four objects there
    on average and often none, so that each count is weighed equally with the mean of all spectra: a gamma prior of one annulus.

    Parameters
    ----------
    result : SimbadResult
        Of a radius above 60″.
    emission_only : bool, optional
        Count those of emission type alone.

    Returns
    -------
    array of float64, shape (n_spectra,)
        Objects in a square arc second; NaN where there is no position.

    Raises
    ------
    CatalogError
        If the result reaches no farther than 60″.
    """
    if result.radius_arcsec <= INNER:
        msg = (
            f"SIMBAD: looked out to {result.radius_arcsec:g}″, expected beyond {INNER:g}″ where chance is counted. Look farther."
        )
        raise CatalogError(msg)
    outside = result.table["separation_arcsec"].to_numpy() > INNER
    if emission_only:
        outside &= _emits(result)
    counts = np.bincount(result.table["row"].to_numpy()[outside], minlength=result.n_spectra)
    known = result.has_position
    mean = (counts.sum() + 1) / known.sum() if known.any() else np.nan  # one more: that none was met is no proof of none
    density: FloatArray = np.where(known, (counts + mean) / 2, np.nan) / (np.pi * (result.radius_arcsec**2 - INNER**2))
    return density


def simbad_curve(result: SimbadResult, *, emission_only: bool = False) -> MatchCurve:
    """
    Return how many spectra have an object within each radius, beside how many would by chance.

    Positions cannot be shifted here as for a whole catalog: only what lies around the true ones is known. Chance follows from the
    density around each spectrum (`densities`), whose objects are taken to lie at random.

    Parameters
    ----------
    result : SimbadResult
        Of a radius above 60″.
    emission_only : bool, optional
        Count objects of emission type alone.

    Returns
    -------
    MatchCurve
        For the radii up to that of the result; ``low`` and ``high`` hold 95 % of what chance makes, ``n_shifts`` is 0.

    Raises
    ------
    CatalogError
        If the result reaches no farther than 60″, SIMBAD did not answer, or no spectrum has a position.

    References
    ----------
    .. [1] Škoda, Podsztavek & Tvrdík 2020, A&A 643, A122, App. B.5.
    """
    density = densities(result, emission_only=emission_only)[result.has_position]
    n = len(density)
    if n == 0 or result.source == "none":
        msg = f"SIMBAD: no curve of matches can be made, for {'it did not answer' if n else 'no spectrum has a position'}."
        raise CatalogError(msg)
    radii = np.array([radius for radius in RADII if radius <= result.radius_arcsec], dtype=np.float64)
    taken = _emits(result) if emission_only else np.ones(result.table.num_rows, dtype=bool)
    separation = np.sort(_nearest(result, taken).separation)
    matches = np.searchsorted(separation, radii, side="right").astype(np.int64)
    chances = chance_probability(radii[:, None], density[None, :])
    expected = chances.sum(axis=1)
    spread = np.sqrt((chances * (1 - chances)).sum(axis=1))
    real = _beyond_chance(matches, expected, n)
    low, high = np.clip(expected - SIGMAS * spread, 0, n), np.clip(expected + SIGMAS * spread, 0, n)
    at = int(np.argmax(np.where(expected < SATURATED * n, 2 * real - matches, -np.inf)))
    is_knee = expected[at] < SATURATED * n and matches[at] > 0 and poisson.sf(matches[at] - 1, expected[at]) <= SURE
    return MatchCurve(radii, matches, expected, low, high, real, float(radii[at]) if is_knee else None, n, 0)


def _beyond_chance(matches: IntArray, expected: FloatArray, n: int) -> FloatArray:
    determined = expected < SATURATED * n
    real = np.clip((matches - expected) / np.where(determined, 1 - expected / n, 1.0), 0.0, matches)
    last = real[determined][-1] if determined.any() else 0.0
    return np.where(determined, real, np.minimum(last, matches))


def objects_of(result: SimbadResult) -> LocalCatalog:
    """
    Return each object around the spectra once, as a catalog.

    It holds SIMBAD around the spectra alone: good to look for neighbors within the radius of the result, not to count chance.

    Parameters
    ----------
    result : SimbadResult
        What lies around the spectra.

    Returns
    -------
    LocalCatalog
        Names (``main_id``), types (``otype``), magnitudes in V (``v_mag``).
    """
    _, first = np.unique(np.array(result.table["main_id"].to_pylist(), dtype=object).astype(str), return_index=True)
    table = result.table.take(pa.array(first, pa.int64()))
    columns = {"ra": "ra", "dec": "dec", "name": "main_id", "type": "otype", "magnitude": "v_mag"}
    kept = table.select(["main_id", "otype", "group", "v_mag"])
    return LocalCatalog("SIMBAD", table["ra"].to_numpy(), table["dec"].to_numpy(), table=kept, columns=columns)
