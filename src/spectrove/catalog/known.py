"""Which candidates are known: in earlier catalogs, in SIMBAD, and which have a bright star beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from spectrove.catalog.chance import MatchCurve, bright_neighbors, chance_probability, local_density, match_curve
from spectrove.catalog.counterparts import counterparts, objects_of, simbad_curve
from spectrove.catalog.crossmatch import nearest
from spectrove.catalog.local_tables import LocalCatalog, read_catalog
from spectrove.catalog.simbad import SimbadResult, SimbadSources, simbad_matches
from spectrove.contracts import FloatArray

Columns = dict[str, Any]
Places = tuple[FloatArray, FloatArray, FloatArray]
"""Right ascension and declination, degrees, and the epoch, MJD, of each candidate; NaN where not known."""

BRIGHT_RADIUS = 60.0
"""Arc seconds within which a bright star is told of; the paper's cases were 6.5″ to 26″ off (App. B.5)."""


@dataclass(frozen=True)
class KnownSettings:
    """
    What candidates are matched with.

    Attributes
    ----------
    catalogs : tuple of Path
        Earlier catalogs; a candidate is of the first that has an object near it.
    radius : float
        Arc seconds within which they are matched; Škoda et al. 2020, App. B.4, found shifts of up to 5″.
    bright : Path or None
        A table of stars with magnitudes; the objects of SIMBAD near candidates unless given, where SIMBAD answers.
    asks_simbad : bool
        Whether positions are sent to CDS.
    simbad_copy : Path or None
        A copy of SIMBAD on this machine.
    simbad_radius : float
        Arc seconds within which an object of SIMBAD can be accepted; 20″ in App. B.5.
    refresh : bool
        Whether SIMBAD is asked again though its answer is kept.
    cache : Path or None
        Where its answers are kept.
    """

    catalogs: tuple[Path, ...] = ()
    radius: float = 5.0
    bright: Path | None = None
    asks_simbad: bool = False
    simbad_copy: Path | None = None
    simbad_radius: float = 20.0
    refresh: bool = False
    cache: Path | None = None


@dataclass(frozen=True, eq=False)
class Known:
    """
    What is known of the candidates.

    Attributes
    ----------
    columns : dict of str to sequence
        The catalog's columns from ``known_as`` to ``bright_sep``, one value a candidate.
    curves : dict of str to MatchCurve
        By name of the catalog that was matched.
    sources : dict of str to object
        What was asked, when, and within which radius, for the provenance.
    problems : tuple of str
        What could not be asked, a sentence each.
    """

    columns: Columns
    curves: Mapping[str, MatchCurve] = field(default_factory=dict)
    sources: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    @property
    def is_compared(self) -> bool:
        """
        Return whether candidates were compared with anything that could know them.

        Returns
        -------
        bool
            False where no earlier catalog was given and SIMBAD said nothing: then nobody knows what is new.
        """
        return bool(self.sources.get("catalogs")) or self.sources.get("simbad", {}).get("source") not in {
            None,
            "not asked",
            "none",
        }


def match_catalogs(places: Places, catalogs: Sequence[LocalCatalog], radius: float) -> tuple[Columns, list[str | None]]:
    """
    Return in which earlier catalog each candidate is.

    Parameters
    ----------
    places : tuple of arrays
        Of the candidates.
    catalogs : sequence of LocalCatalog
        A candidate is of the first that has an object within the radius.
    radius : float
        Arc seconds.

    Returns
    -------
    columns : dict of str to list
        ``catalog_name``, ``catalog_match``, ``catalog_sep`` and ``catalog_chance``; None without a match.
    types : list of str or None
        Class of the object there.
    """
    n = len(places[0])
    columns: dict[str, list[Any]] = {
        name: [None] * n for name in ("catalog_name", "catalog_match", "catalog_sep", "catalog_chance")
    }
    types: list[str | None] = [None] * n
    for catalog in catalogs:
        open_rows = np.array([row for row in range(n) if columns["catalog_name"][row] is None], dtype=np.int64)
        ra, dec, mjd = (place[open_rows] for place in places)
        matches = nearest(ra, dec, catalog, radius, mjd)
        hit = matches.index >= 0
        chances = chance_probability(matches.separation[hit], local_density(ra[hit], dec[hit], catalog))
        names, kinds = (catalog.texts(role, matches.index[hit]) for role in ("name", "type"))
        for row, name, kind, separation, chance in zip(
            open_rows[hit].tolist(), names, kinds, matches.separation[hit].tolist(), chances.tolist(), strict=True
        ):
            columns["catalog_name"][row], columns["catalog_match"][row] = catalog.name, name
            columns["catalog_sep"][row], columns["catalog_chance"][row] = separation, chance
            types[row] = kind
    return dict(columns), types


def bright_columns(places: Places, stars: LocalCatalog | None) -> Columns:
    """
    Return the bright star beside each candidate.

    Parameters
    ----------
    places : tuple of arrays
        Of the candidates.
    stars : LocalCatalog or None
        Stars with magnitudes; None if no table was given.

    Returns
    -------
    dict of str to list
        ``bright_neighbor``, ``bright_mag`` and ``bright_sep``; None without one.

    Raises
    ------
    CatalogError
        If the table has no magnitudes.
    """
    n = len(places[0])
    if stars is None:
        return {name: [None] * n for name in ("bright_neighbor", "bright_mag", "bright_sep")}
    found = bright_neighbors(places[0], places[1], stars, BRIGHT_RADIUS, places[2])
    names = [
        None if row < 0 else name or f"row {row} of {stars.name}"
        for row, name in zip(found.index.tolist(), found.names, strict=True)
    ]
    return {"bright_neighbor": names, "bright_mag": found.magnitude, "bright_sep": found.separation}


SIMBAD_COLUMNS = ("simbad_id", "simbad_otype", "simbad_sep", "simbad_chance", "simbad_group")


@dataclass(frozen=True, eq=False)
class SimbadAnswer:
    """
    What SIMBAD knows of the candidates.

    Attributes
    ----------
    columns : dict of str to sequence
        `SIMBAD_COLUMNS`, one value a candidate.
    result : SimbadResult or None
        All objects near candidates; None if nobody was asked, or nobody answered.
    facts : dict
        Who was asked, when, and within which radius, for the provenance.
    problems : tuple of str
        Why there is no answer; empty if there is one, or none was wanted.
    """

    columns: Columns
    result: SimbadResult | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def ask_simbad(ids: Sequence[str], places: Places, settings: KnownSettings) -> SimbadAnswer:
    """
    Return what SIMBAD knows, as far as it was to be asked.

    Parameters
    ----------
    ids : sequence of str
        Of the candidates.
    places : tuple of arrays
        Where they are.
    settings : KnownSettings
        Whether CDS or a copy is asked, and the radius.

    Returns
    -------
    SimbadAnswer
        Without values, and with a problem, where nobody answered or the copy cannot be used.
    """
    nothing: Columns = {name: [None] * len(ids) for name in SIMBAD_COLUMNS}
    if not settings.asks_simbad and settings.simbad_copy is None:
        return SimbadAnswer(nothing, facts={"source": "not asked"})
    sources = SimbadSources(
        cache=settings.cache, local=settings.simbad_copy, offline=not settings.asks_simbad, refresh=settings.refresh
    )
    result = simbad_matches(ids, places[0], places[1], sources)
    facts = {"source": result.source, "asked_at": result.asked_at, "accepted_within_arcsec": settings.simbad_radius}
    problems = (result.problem,) if result.problem else ()
    if result.source == "none":
        return SimbadAnswer(nothing, facts=facts, problems=problems)
    accepted = counterparts(result, settings.simbad_radius)
    columns: Columns = {
        "simbad_id": [one.accepted.main_id or None for one in accepted],
        "simbad_otype": [one.accepted.otype or None for one in accepted],
        "simbad_sep": [one.accepted.separation for one in accepted],
        "simbad_chance": [one.chance for one in accepted],
        "simbad_group": [one.accepted.group or None for one in accepted],
    }
    return SimbadAnswer(columns, result, facts, problems)


def _names(paths: Sequence[Path]) -> list[str]:
    """Return a name for each table, no two alike and none that of SIMBAD, which has a curve of its own."""
    names: list[str] = []
    for path in paths:
        stem = path.name.split(".")[0]
        stem = f"{stem} (table)" if stem.upper() == "SIMBAD" else stem
        number = sum(name.split(" #")[0] == stem for name in names)
        names.append(f"{stem} #{number + 1}" if number else stem)
    return names


def _file(path: Path, catalog: LocalCatalog) -> dict[str, Any]:
    """Return what was read, for the provenance."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": catalog.name, "path": str(path), "sha256": digest, "n": len(catalog), "columns": dict(catalog.columns)}


def find_known(ids: Sequence[str], places: Places, settings: KnownSettings, generator: np.random.Generator) -> Known:
    """
    Return what earlier catalogs and SIMBAD know of the candidates.

    Parameters
    ----------
    ids : sequence of str
        Their ids.
    places : tuple of arrays
        Where they are.
    settings : KnownSettings
        What to match them with.
    generator : numpy.random.Generator
        Draws the shifts by which chance is estimated.

    Returns
    -------
    Known
        One value a candidate; SIMBAD's are empty, and a problem says so, where it did not answer.

    Raises
    ------
    CatalogError
        If a table that was given cannot be used.
    """
    catalogs = [read_catalog(path, name=name) for path, name in zip(settings.catalogs, _names(settings.catalogs), strict=True)]
    stars = None if settings.bright is None else read_catalog(settings.bright)
    columns, types = match_catalogs(places, catalogs, settings.radius)
    simbad = ask_simbad(ids, places, settings)
    has_positions = bool(np.any(np.isfinite(places[0]) & np.isfinite(places[1])))
    drawn = catalogs if has_positions else []
    curves = {catalog.name: match_curve(places[0], places[1], catalog, generator) for catalog in drawn}
    if simbad.result is not None:
        curves["SIMBAD"] = simbad_curve(simbad.result)
        stars = stars or objects_of(simbad.result)
    otypes = simbad.columns["simbad_otype"]
    known_as = [kind or otype for kind, otype in zip(types, otypes, strict=True)]
    sources = {
        "catalogs": [
            {**_file(path, one), "radius_arcsec": settings.radius} for path, one in zip(settings.catalogs, catalogs, strict=True)
        ],
        "bright": None if stars is None or settings.bright is None else _file(settings.bright, stars),
        "simbad": simbad.facts,
    }
    problems = (*(sentence for one in catalogs for sentence in one.assumed), *simbad.problems)
    return Known({"known_as": known_as, **columns, **simbad.columns, **bright_columns(places, stars)}, curves, sources, problems)
