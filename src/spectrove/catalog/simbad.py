"""
What SIMBAD knows around each position: asked of the CDS, taken from an earlier answer, or from a local copy.

One call of X-Match at 180″, the farthest that it looks, gives all objects around all positions; every smaller radius is a cut of
it by distance. Only for a larger radius SIMBAD's TAP service is asked, with the positions uploaded. Where nobody answers, the
result is empty and says why: a catalog is built all the same.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from spectrove.catalog.cds import XMATCH_BYTES, XMATCH_RADIUS, Answer, CdsService, ask_tap, ask_xmatch
from spectrove.catalog.crossmatch import ARCSEC, match_all
from spectrove.catalog.local_tables import read_catalog
from spectrove.catalog.object_types import code_of, fold
from spectrove.catalog.sphere import unit_vectors
from spectrove.catalog.xmatch_cache import Kept, keep, kept_answer, question_of
from spectrove.contracts import FloatArray, IntArray
from spectrove.errors import CatalogError, StorageError

FARTHEST = 1800.0
"""Arc seconds: farther than half a degree nobody looks for a counterpart, and TAP's answer would be cut."""

SLACK = 0.01
"""Arc seconds by which a distance may exceed the radius that was asked for, by rounding."""

OBJECTS = pa.schema(
    [
        ("position", pa.int64()),
        ("main_id", pa.string()),
        ("otype", pa.string()),
        ("group", pa.string()),
        ("ra", pa.float64()),
        ("dec", pa.float64()),
        ("separation_arcsec", pa.float64()),
        ("other_types", pa.string()),
        ("sp_type", pa.string()),
        ("v_mag", pa.float64()),
    ]
)
"""Columns of an answer; ``position`` numbers the places that were asked about."""

XMATCH_COLUMNS = {
    "position": "position",
    "main_id": "main_id",
    "otype": "main_type",
    "ra": "ra",
    "dec": "dec",
    "separation_arcsec": "angDist",
    "other_types": "other_types",
    "sp_type": "sp_type",
    "v_mag": "V",
}
"""What X-Match calls them."""

TAP_COLUMNS = {
    "position": "position_id",
    "main_id": "main_id",
    "otype": "otype",
    "ra": "ra",
    "dec": "dec",
    "other_types": "otypes",
    "sp_type": "sp_type",
    "v_mag": "v_mag",
}
"""What `ADQL` calls them; the distance is taken from the positions."""

ADQL = """
SELECT u.position_id, b.main_id, b.otype, b.ra, b.dec, t.otypes, b.sp_type, f.V AS v_mag
FROM TAP_UPLOAD.positions AS u
JOIN basic AS b ON CONTAINS(POINT('ICRS', b.ra, b.dec), CIRCLE('ICRS', u.ra_in, u.dec_in, {radius:.8f})) = 1
LEFT JOIN alltypes AS t ON t.oidref = b.oid
LEFT JOIN allfluxes AS f ON f.oidref = b.oid
""".strip()
"""SIMBAD's tables and columns: https://simbad.cds.unistra.fr/simbad/tap/tapsearch.html."""

NEEDED = ("position", "main_id", "otype", "ra", "dec")

Source = Literal["xmatch", "tap", "cache", "local", "none"]


@dataclass(frozen=True)
class SimbadSources:
    """
    Who is asked what lies around a position.

    Attributes
    ----------
    cache : Path or None
        Folder of earlier answers. An answer to the same question is taken from there.
    local : Path or None
        A copy of SIMBAD, or of a part: CSV, VOTable, FITS or Parquet with main_id, otype, ra and dec. Read where nobody else
        answers.
    offline : bool
        Do not ask the services.
    refresh : bool
        Ask again, though there is an earlier answer.
    service : CdsService
        Where the services are.
    """

    cache: Path | None = None
    local: Path | None = None
    offline: bool = False
    refresh: bool = False
    service: CdsService = field(default_factory=CdsService)


@dataclass(frozen=True, eq=False)
class SimbadResult:
    """
    All objects of SIMBAD around some spectra.

    Attributes
    ----------
    table : pyarrow.Table
        One row a spectrum and object, in order of spectrum and distance: row (of the spectrum), spectrum_id, main_id, otype
        (short code), group (``emission``, ``other``), ra, dec (degrees), separation_arcsec, other_types, sp_type, v_mag.
    n_spectra : int
        How many spectra were asked about.
    has_position : array of bool, shape (n_spectra,)
        False where there was no position to ask about.
    radius_arcsec : float
        How far was looked.
    asked_at : str
        When SIMBAD was asked, ISO 8601 in UTC, or of when the local copy is; empty if nobody answered.
    source : str
        ``xmatch``, ``tap``, ``cache``, ``local`` or ``none``.
    problem : str
        Why it is not fresh from the service; empty if it is as was asked for.
    """

    table: pa.Table
    n_spectra: int
    has_position: np.ndarray
    radius_arcsec: float
    asked_at: str
    source: Source
    problem: str = ""


@dataclass(frozen=True, eq=False)
class _Places:
    """Positions that are asked about, each once, and which of them each spectrum has (-1 for none)."""

    ra: FloatArray
    dec: FloatArray
    of: IntArray

    def part(self, rows: slice) -> tuple[IntArray, FloatArray, FloatArray]:
        """Return numbers and coordinates of some places."""
        return np.arange(len(self.ra))[rows], self.ra[rows], self.dec[rows]


def simbad_matches(
    ids: Sequence[str],
    ra: FloatArray,
    dec: FloatArray,
    sources: SimbadSources | None = None,
    radius_arcsec: float = XMATCH_RADIUS,
) -> SimbadResult:
    """
    Return all objects of SIMBAD around some spectra.

    An earlier answer is taken first, then the service is asked, then an earlier answer that was to be refreshed is good enough,
    then a local copy. What did not work is told in ``problem``, and is no error.

    Parameters
    ----------
    ids : sequence of str, n long
        Ids of the spectra.
    ra, dec : array of float, shape (n,)
        Degrees, ICRS; NaN where there is no position.
    sources : SimbadSources, optional
        Who is asked; X-Match alone unless given.
    radius_arcsec : float, optional
        How far to look. Up to 180″ X-Match is asked, beyond that TAP.

    Returns
    -------
    SimbadResult
        The objects, and how they were come by.

    Raises
    ------
    CatalogError
        If the arrays differ in length, a position is none on the sky, or the radius is not above 0 and up to 1800″.
    """
    sources = sources or SimbadSources()
    _require_sky(ids, ra, dec, radius_arcsec)
    places = _places(np.asarray(ra, dtype=np.float64), np.asarray(dec, dtype=np.float64))
    answer = _first_answer(places, sources, radius_arcsec)
    table = _by_spectrum(answer.table, ids, places)
    return SimbadResult(
        table, len(ids), places.of >= 0, float(radius_arcsec), answer.asked_at, answer.source, " ".join(answer.problems)
    )


def _require_sky(ids: Sequence[str], ra: FloatArray, dec: FloatArray, radius_arcsec: float) -> None:
    if not len(ids) == len(ra) == len(dec):
        msg = f"SIMBAD: ids, ra and dec must be equally long, got {len(ids)}, {len(ra)} and {len(dec)}."
        raise CatalogError(msg)
    if not 0 < radius_arcsec <= FARTHEST:
        msg = f"SIMBAD: the radius is {radius_arcsec!r}, expected above 0″ and up to {FARTHEST:g}″."
        raise CatalogError(msg)
    for what, values, low, high in (("right ascension", ra, 0.0, 360.0), ("declination", dec, -90.0, 90.0)):
        outside = (np.asarray(values) < low) | (np.asarray(values) > high) | np.isinf(values)
        if np.any(outside):
            at = int(np.flatnonzero(outside)[0])
            msg = f"SIMBAD: {ids[at]} has the {what} {float(values[at])!r}, expected {low:g} to {high:g} degrees."
            raise CatalogError(msg)


def _places(ra: FloatArray, dec: FloatArray) -> _Places:
    """Return each position once: a star of five exposures is asked about once."""
    of = np.full(len(ra), -1, dtype=np.int64)
    known = np.flatnonzero(np.isfinite(ra) & np.isfinite(dec))
    found, of[known] = np.unique(np.stack([ra[known] % 360.0, dec[known]], axis=-1), axis=0, return_inverse=True)
    return _Places(np.ascontiguousarray(found[:, 0]), np.ascontiguousarray(found[:, 1]), of)


# -- Who answers -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Told:
    table: pa.Table
    asked_at: str
    source: Source
    problems: tuple[str, ...] = ()


def _first_answer(places: _Places, sources: SimbadSources, radius_arcsec: float) -> _Told:
    by_tap = radius_arcsec > XMATCH_RADIUS
    url = sources.service.tap_url if by_tap else sources.service.xmatch_url
    question = question_of(url, radius_arcsec, places.ra, places.dec)
    before = kept_answer(sources.cache, question) if sources.cache else None
    if before and (sources.offline or not sources.refresh):
        return _Told(before.table, before.asked_at, "cache")
    if len(places.ra) == 0:
        return _Told(OBJECTS.empty_table(), _now(), "none", ("SIMBAD: none of the spectra has a position, nothing was asked.",))
    problems: tuple[str, ...] = ()
    if not sources.offline:
        try:
            fresh = Kept(_asked(places, sources.service, radius_arcsec), _now())
        except CatalogError as error:
            problems = (str(error),)
        else:
            problems = _kept(sources.cache, question, fresh, url, radius_arcsec)
            return _Told(fresh.table, fresh.asked_at, "tap" if by_tap else "xmatch", problems)
    if before:
        return _Told(before.table, before.asked_at, "cache", (*problems, f"Its answer of {before.asked_at} is used instead."))
    if sources.local:
        return _told_by_copy(places, sources.local, radius_arcsec, problems)
    if not problems:
        problems = ("SIMBAD: it was not asked (offline), and there is no earlier answer. Ask it once, or give a local copy.",)
    return _Told(OBJECTS.empty_table(), "", "none", (*problems, "The catalog is built without SIMBAD."))


def _kept(folder: Path | None, question: str, fresh: Kept, url: str, radius_arcsec: float) -> tuple[str, ...]:
    """Keep an answer; where that fails, the answer is good all the same."""
    try:
        if folder:
            keep(folder, question, fresh, url, radius_arcsec)
    except StorageError as error:
        return (f"SIMBAD's answer could not be kept for the next time: {error}",)
    return ()


def _told_by_copy(places: _Places, path: Path, radius_arcsec: float, problems: tuple[str, ...]) -> _Told:
    try:
        table = _from_copy(places, path, radius_arcsec)
        day = datetime.fromtimestamp(path.stat().st_mtime, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (CatalogError, OSError) as error:
        return _Told(OBJECTS.empty_table(), "", "none", (*problems, str(error), "The catalog is built without SIMBAD."))
    said = (*problems, f"The local copy {path} of {day} is used instead.") if problems else ()
    return _Told(table, day, "local", said)


def _from_copy(places: _Places, path: Path, radius_arcsec: float) -> pa.Table:
    copy = read_catalog(path)
    pairs = match_all(places.ra, places.dec, copy, radius_arcsec)
    magnitudes = copy.magnitudes()[pairs.index] if "magnitude" in copy.columns else np.full(len(pairs), np.nan)
    types = [told or "" for told in copy.texts("type", pairs.index)]
    return _objects(
        {
            "position": pairs.row,
            "main_id": [told or "" for told in copy.texts("name", pairs.index)],
            "otype": types,
            "ra": copy.ra[pairs.index],
            "dec": copy.dec[pairs.index],
            "separation_arcsec": pairs.separation,
            "other_types": [""] * len(pairs),
            "sp_type": [""] * len(pairs),
            "v_mag": magnitudes,
        }
    )


# -- The services ----------------------------------------------------------------------------------------------------------------


def _asked(places: _Places, service: CdsService, radius_arcsec: float) -> pa.Table:
    ask = _by_tap if radius_arcsec > XMATCH_RADIUS else _by_xmatch
    parts: list[pa.Table] = []
    # Far below the 100 MB of an upload at 60 bytes a position; sequential, for the service bans who asks in parallel.
    step = max(1, min(service.most_positions, XMATCH_BYTES // 60))
    for start in range(0, len(places.ra), step):
        parts += _in_halves(places, slice(start, min(start + step, len(places.ra))), service, radius_arcsec, ask)
    return pa.concat_tables(parts)


def _in_halves(
    places: _Places, rows: slice, service: CdsService, radius_arcsec: float, ask: Callable[..., tuple[pa.Table, bool]]
) -> list[pa.Table]:
    table, is_cut = ask(*places.part(rows), service, radius_arcsec)
    if not is_cut:
        return [table]
    if rows.stop - rows.start == 1:
        ra, dec = places.ra[rows.start], places.dec[rows.start]
        msg = f"SIMBAD: around {ra:.5f} {dec:+.5f} there are more objects within {radius_arcsec:g}″ than the service returns."
        raise CatalogError(msg)
    middle = (rows.start + rows.stop) // 2
    halves = (slice(rows.start, middle), slice(middle, rows.stop))
    return [part for half in halves for part in _in_halves(places, half, service, radius_arcsec, ask)]


def _by_xmatch(numbers: IntArray, ra: FloatArray, dec: FloatArray, service: CdsService, radius: float) -> tuple[pa.Table, bool]:
    text = io.StringIO()
    text.write("position,ra_in,dec_in\n")
    text.writelines(f"{n},{a:.8f},{d:.8f}\n" for n, a, d in zip(numbers, ra, dec, strict=True))
    answer = ask_xmatch(service, text.getvalue().encode(), radius, XMATCH_COLUMNS.values())
    columns = _columns(answer, XMATCH_COLUMNS, (*NEEDED, "separation_arcsec"), f"X-Match ({service.xmatch_url})")
    _require_places(columns, numbers, radius, f"X-Match ({service.xmatch_url})")
    return _objects(columns), answer.is_cut


def _by_tap(numbers: IntArray, ra: FloatArray, dec: FloatArray, service: CdsService, radius: float) -> tuple[pa.Table, bool]:
    from astropy.table import Table

    upload = Table({"position_id": numbers, "ra_in": ra, "dec_in": dec})
    answer = ask_tap(service, ADQL.format(radius=radius / 3600), {"positions": upload})
    columns = _columns(answer, TAP_COLUMNS, NEEDED, f"TAP ({service.tap_url})")
    known = np.isin(columns["position"], numbers)
    at = np.where(known, columns["position"] - numbers[0], 0)
    chord = np.linalg.norm(unit_vectors(ra, dec)[at] - unit_vectors(columns["ra"], columns["dec"]), axis=-1)
    columns["separation_arcsec"] = 2 * np.arcsin(np.minimum(chord / 2, 1.0)) / ARCSEC
    _require_places(columns, numbers, radius, f"TAP ({service.tap_url})")
    return _objects(columns), answer.is_cut


def _columns(answer: Answer, names: dict[str, str], needed: Sequence[str], who: str) -> dict[str, Any]:
    """Return the columns of an answer by our names; those that are not needed may lack."""
    table, n = answer.table, len(answer.table)
    missing = [names[name] for name in needed if names[name] not in table.colnames]
    if missing:
        msg = f"SIMBAD by {who}: the answer lacks {', '.join(missing)}, has {', '.join(table.colnames)}. Ask again later."
        raise CatalogError(msg)
    columns: dict[str, Any] = {}
    for name, told in names.items():
        kind = OBJECTS.field(name).type
        if told not in table.colnames:
            columns[name] = [""] * n if kind == pa.string() else np.full(n, np.nan)
        elif kind == pa.string():
            columns[name] = ["" if value is np.ma.masked else str(value).strip() for value in table[told]]
        else:
            columns[name] = _numbers(table[told], name, who)
    return columns


def _numbers(column: Any, name: str, who: str) -> np.ndarray:
    try:
        values = np.asarray(np.ma.filled(np.ma.asarray(column).astype(np.float64), np.nan))
    except (TypeError, ValueError) as error:
        msg = f"SIMBAD by {who}: the column {column.name} of the answer holds no numbers ({error}). Ask again later."
        raise CatalogError(msg) from error
    if name == "v_mag":
        return np.asarray(np.round(values, 3))  # told with 32 bits, 5.09 would read 5.090000152587891
    if name != "position":
        return values
    return np.asarray(np.where(np.isfinite(values), values, -1).astype(np.int64))


def _require_places(columns: dict[str, Any], numbers: IntArray, radius: float, who: str) -> None:
    """Refuse an answer about something else than was asked."""
    position, separation = columns["position"], columns["separation_arcsec"]
    if not np.all(np.isin(position, numbers)) or not np.all((separation >= 0) & (separation <= radius + SLACK)):
        msg = (
            f"SIMBAD by {who}: the answer holds objects that were not asked for, expected some within {radius:g}″ of the "
            "positions. Ask again later."
        )
        raise CatalogError(msg)


# -- Tables ----------------------------------------------------------------------------------------------------------------------


def _objects(columns: dict[str, Any]) -> pa.Table:
    types = list(zip(columns["otype"], columns["other_types"], strict=True))
    groups = {one: fold(*one) for one in set(types)}  # many objects share few types
    codes = {told: code_of(told) for told in set(columns["otype"])}
    full = {**columns, "otype": [codes[told] for told, _ in types], "group": [groups[one] for one in types]}
    return pa.table(
        {one.name: pa.array(full[one.name], one.type, from_pandas=one.type == pa.float64()) for one in OBJECTS}, schema=OBJECTS
    )


def _by_spectrum(objects: pa.Table, ids: Sequence[str], places: _Places) -> pa.Table:
    """Return the objects of each spectrum, those of a place that several spectra share for each of them."""
    position = objects["position"].to_numpy()
    order = np.lexsort((objects["separation_arcsec"].to_numpy(), position))
    count = np.bincount(position, minlength=len(places.ra)) if len(position) else np.zeros(len(places.ra), dtype=np.int64)
    first = np.cumsum(count) - count
    rows = np.flatnonzero(places.of >= 0)
    n_each = count[places.of[rows]]
    row = np.repeat(rows, n_each)
    within = np.arange(len(row)) - np.repeat(np.cumsum(n_each) - n_each, n_each)
    picked = order[first[places.of[row]] + within]
    table = objects.take(pa.array(picked)).drop_columns(["position"])
    named = pa.array([str(ids[at]) for at in row.tolist()], pa.string())
    return table.add_column(0, "row", pa.array(row, pa.int64())).add_column(1, "spectrum_id", named)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def within(result: SimbadResult, radius_arcsec: float) -> SimbadResult:
    """
    Return what a smaller radius would have given, without asking again.

    Parameters
    ----------
    result : SimbadResult
        Of a radius at least as large.
    radius_arcsec : float
        How far to look, arc seconds.

    Returns
    -------
    SimbadResult
        The objects that lie so near.

    Raises
    ------
    CatalogError
        If the radius is larger than that of the result.
    """
    if radius_arcsec > result.radius_arcsec:
        msg = f"SIMBAD: {radius_arcsec:g}″ is farther than was looked, expected at most {result.radius_arcsec:g}″. Ask again."
        raise CatalogError(msg)
    near = pa.array(result.table["separation_arcsec"].to_numpy() <= radius_arcsec)
    return replace(result, table=result.table.filter(near), radius_arcsec=float(radius_arcsec))
