"""Catalogs of other astronomers as local files: positions, motions, epochs as arrays; names, magnitudes, types as they stand."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from spectrove.catalog.local_columns import ROLES, degrees_of, epochs_of, guess_columns, motion_of, numbers_of
from spectrove.catalog.local_formats import TableFile, open_table
from spectrove.contracts import FloatArray, IntArray
from spectrove.errors import CatalogError

J2000 = 2000.0

SYSTEMS = ("icrs", "eq_fk5", "fk5", "j2000", "")
"""Coordinate systems of which one degree is ours: FK5 at J2000 lies within 0.1″ of the ICRS."""

SHOWN = 12
"""Columns that an error names."""


@dataclass(frozen=True, eq=False)
class LocalCatalog:
    """
    Positions of a catalog, and what stands beside them.

    Attributes
    ----------
    name : str
        What the catalog is called where its matches are told.
    ra, dec : array of float64, shape (n_rows,)
        Degrees, ICRS, at ``epoch``; both NaN where there is no position.
    pmra, pmdec : array of float64, shape (n_rows,), or None
        Proper motion, mas/yr, that in right ascension with the factor cos δ; 0 where it is not known, None if no row has one.
    epoch : array of float64, shape (n_rows,), or float
        Of the positions, Julian years.
    table : pyarrow.Table
        Columns of the file that were kept, as they stand, row by row beside the positions.
    columns : mapping of str to str
        Column of the file by role: ra, dec, pmra, pmdec, epoch, name, magnitude, type.
    assumed : tuple of str
        What the file does not say and was taken for granted, one sentence each.

    Raises
    ------
    CatalogError
        If the arrays differ in length, or a coordinate is outside its range.
    """

    name: str
    ra: FloatArray
    dec: FloatArray
    pmra: FloatArray | None = None
    pmdec: FloatArray | None = None
    epoch: FloatArray | float = J2000
    table: pa.Table = field(default_factory=lambda: pa.table({}))
    columns: Mapping[str, str] = field(default_factory=dict)
    assumed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no catalog can be."""
        beside = [values for values in (self.pmra, self.pmdec, self.epoch) if isinstance(values, np.ndarray)]
        lengths = [len(self.ra), len(self.dec), *map(len, beside), *([self.table.num_rows] if self.table.num_columns else [])]
        if len(set(lengths)) > 1:
            msg = f"{self.name}: ra, dec and what stands beside them must be equally long, got {tuple(lengths)}."
            raise CatalogError(msg)
        for what, values, low, high in (("right ascensions", self.ra, 0.0, 360.0), ("declinations", self.dec, -90.0, 90.0)):
            least, most = float(np.fmin.reduce(values, initial=low)), float(np.fmax.reduce(values, initial=high))
            if least < low or most > high:
                msg = f"{self.name}: the {what} reach from {least:g} to {most:g}, expected {low:g} to {high:g} degrees."
                raise CatalogError(msg)

    def __len__(self) -> int:
        """Return the number of rows, those without a position included."""
        return len(self.ra)

    def texts(self, role: str, rows: IntArray) -> list[str | None]:
        """
        Return names or types of some rows.

        Parameters
        ----------
        role : str
            ``name`` or ``type``, or a column that was kept.
        rows : array of int, shape (n,)
            Rows of the catalog; -1 for none.

        Returns
        -------
        list of str or None
            None for row -1, for a row without a value, and everywhere if the catalog has no such column.
        """
        column = self.columns.get(role, role)
        if column not in self.table.column_names:
            return [None] * len(rows)
        values = self.table[column].take(pa.array(rows, mask=np.asarray(rows) < 0)).to_pylist()
        return [None if value is None or str(value).strip() == "" else str(value).strip() for value in values]

    def epochs(self, rows: IntArray | slice) -> FloatArray | float:
        """
        Return the epochs of some rows.

        Parameters
        ----------
        rows : array of int, shape (n,), or slice
            Rows of the catalog.

        Returns
        -------
        array of float64, shape (n,), or float
            Julian years; one number where all rows share it.
        """
        return self.epoch[rows] if isinstance(self.epoch, np.ndarray) else float(self.epoch)

    def part(self, rows: IntArray) -> LocalCatalog:
        """
        Return some rows as a catalog of their own.

        Parameters
        ----------
        rows : array of int, shape (n,)
            Rows of the catalog, in the order in which they will stand.

        Returns
        -------
        LocalCatalog
            With the same columns.
        """
        return replace(
            self,
            ra=self.ra[rows],
            dec=self.dec[rows],
            pmra=None if self.pmra is None else self.pmra[rows],
            pmdec=None if self.pmdec is None else self.pmdec[rows],
            epoch=self.epochs(rows),
            table=self.table.take(pa.array(rows)) if self.table.num_columns else self.table,
        )

    def magnitudes(self) -> FloatArray:
        """
        Return the magnitude of every row.

        Returns
        -------
        array of float64, shape (n_rows,)
            Magnitudes; NaN where there is none.

        Raises
        ------
        CatalogError
            If no column holds magnitudes, or what it holds is no number.
        """
        column = self.columns.get("magnitude")
        if column is None:
            msg = f"{self.name}: no column of magnitudes was recognized, expected one. Name it: columns={{'magnitude': …}}."
            raise CatalogError(msg)
        try:
            return numbers_of(self.table[column])
        except ValueError as error:
            msg = (
                f"{self.name}: column {column!r} was taken for magnitudes, but {error}. Name another: columns={{'magnitude': …}}."
            )
            raise CatalogError(msg) from error


def read_catalog(
    path: Path,
    columns: Mapping[str, str] | None = None,
    *,
    epoch: float | None = None,
    keep: Sequence[str] = (),
    name: str | None = None,
) -> LocalCatalog:
    """
    Return a catalog from a file.

    Parameters
    ----------
    path : Path
        CSV, VOTable, FITS or Parquet; seen in its first bytes.
    columns : mapping of str to str, optional
        Column by role (ra, dec, pmra, pmdec, epoch, name, magnitude, type) where the guess by UCD and name is not to be trusted.
    epoch : float, optional
        Julian year of all positions, where no column and no coordinate system of the file gives one.
    keep : sequence of str, optional
        Further columns to keep; name, magnitude and type are kept anyway.
    name : str, optional
        What to call it; the file's name without suffixes unless given.

    Returns
    -------
    LocalCatalog
        Row by row as in the file.

    Raises
    ------
    CatalogError
        If the file cannot be read, has no rows or no positions, or its positions are of another system than ICRS or FK5 J2000.
    """
    path = Path(path)
    file = open_table(path)
    roles = _roles(file, dict(columns or {}), keep)
    _require_system(file, roles)
    positions = [roles[role] for role in ("ra", "dec", "pmra", "pmdec", "epoch") if role in roles]
    kept = list(dict.fromkeys([*(roles[role] for role in ("name", "magnitude", "type") if role in roles), *keep]))
    table = file.read(list(dict.fromkeys([*positions, *kept])))
    if table.num_rows == 0:
        msg = f"{path}: the table has no rows, expected some."
        raise CatalogError(msg)
    ra, dec = _sky(file, table, roles)
    motions = _motions(file, table, roles)
    epochs, assumed = _epochs(file, table, roles, epoch, has_motions=motions[0] is not None)
    title = name or path.name.split(".")[0]
    return LocalCatalog(title, ra, dec, *motions, epochs, table.select(kept), roles, assumed)


def _roles(file: TableFile, given: dict[str, str], keep: Sequence[str]) -> dict[str, str]:
    for role in given:
        if role not in ROLES:
            msg = f"{file.path}: {role!r} is nothing that a column can be, expected one of {', '.join(ROLES)}."
            raise CatalogError(msg)
    for column in (*given.values(), *keep):
        if column not in file.names:
            near = difflib.get_close_matches(column, file.names, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            msg = f"{file.path}: there is no column {column!r} among {_listed(file.names)}.{hint}"
            raise CatalogError(msg)
    roles = guess_columns(file.names, file.ucds, given)
    missing = [role for role in ("ra", "dec") if role not in roles]
    if missing:
        msg = (
            f"{file.path}: no positions were recognized among the columns {_listed(file.names)}, expected right ascension and "
            "declination (J2000). Rename them to ra and dec, degrees; in Python, name them: columns={'ra': …, 'dec': …}."
        )
        raise CatalogError(msg)
    return roles


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(map(repr, names[:SHOWN])) + more


def _require_system(file: TableFile, roles: Mapping[str, str]) -> None:
    for role in ("ra", "dec"):
        system = file.systems.get(roles[role], "")
        if system.lower() not in SYSTEMS:
            msg = (
                f"{file.path}: column {roles[role]!r} is in the system {system!r}, expected ICRS or FK5 J2000. Convert it first."
            )
            raise CatalogError(msg)


def _sky(file: TableFile, table: pa.Table, roles: Mapping[str, str]) -> tuple[FloatArray, FloatArray]:
    found = []
    for role in ("ra", "dec"):
        column = roles[role]
        try:
            found.append(degrees_of(table[column], file.units.get(column), role))
        except ValueError as error:
            msg = f"{file.path}: column {column!r} was taken for {role}, but {error}. Name another: columns={{{role!r}: …}}."
            raise CatalogError(msg) from error
    ra, dec = found
    known = np.isfinite(ra) & np.isfinite(dec)
    if not known.any():
        msg = f"{file.path}: none of the {len(ra):,} rows has a position in the columns {roles['ra']!r} and {roles['dec']!r}."
        raise CatalogError(msg)
    if np.abs(dec[known]).max() > 90.0:
        worst = float(dec[known][np.abs(dec[known]).argmax()])
        msg = (
            f"{file.path}: column {roles['dec']!r} was taken for declination in degrees, but holds {worst:g}, expected -90 to 90."
        )
        raise CatalogError(msg)
    return np.where(known, ra, np.nan), np.where(known, dec, np.nan)


def _motions(file: TableFile, table: pa.Table, roles: Mapping[str, str]) -> tuple[FloatArray | None, FloatArray | None]:
    if not {"pmra", "pmdec"} <= roles.keys():
        return None, None
    found = []
    for role in ("pmra", "pmdec"):
        column = roles[role]
        try:
            found.append(motion_of(table[column], file.units.get(column)))
        except ValueError as error:
            msg = f"{file.path}: column {column!r} was taken for {role}, but {error}. Name another: columns={{{role!r}: …}}."
            raise CatalogError(msg) from error
    return found[0], found[1]


def _epochs(
    file: TableFile, table: pa.Table, roles: Mapping[str, str], given: float | None, *, has_motions: bool
) -> tuple[FloatArray | float, tuple[str, ...]]:
    if given is not None:
        return float(given), ()
    told = re.fullmatch(r"J?\s*(\d{4}(?:\.\d*)?)", file.epochs.get(roles["ra"], "").strip())
    fallback = float(told[1]) if told else J2000
    assumed: tuple[str, ...] = ()
    if has_motions and not told:
        assumed = (f"{file.path}: has proper motions and no epoch; J2000.0 is assumed. Another is given by epoch=….",)
    if "epoch" not in roles or not has_motions:
        return fallback, assumed
    try:
        years = epochs_of(table[roles["epoch"]])
    except ValueError as error:
        msg = f"{file.path}: column {roles['epoch']!r} was taken for epochs, but {error}. Name another: columns={{'epoch': …}}."
        raise CatalogError(msg) from error
    known = np.isfinite(years)
    if known.all() or told:
        assumed = ()
    elif known.any():
        n = int(np.count_nonzero(~known))
        assumed = (f"{file.path}: {n:,} rows have no epoch; J2000.0 is assumed for them.",)
    return np.where(known, years, fallback), assumed


def count_positions(catalog: LocalCatalog) -> int:
    """
    Return how many rows have a position.

    Parameters
    ----------
    catalog : LocalCatalog
        The catalog.

    Returns
    -------
    int
        Rows.
    """
    return int(np.count_nonzero(np.isfinite(catalog.dec)))
