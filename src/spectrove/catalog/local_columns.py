"""
Which columns of somebody else's table hold position, motion, epoch, name, magnitude and type, and how they are turned to degrees.

A column is known by its UCD where the file gives one, else by its name as VizieR, Gaia, SIMBAD, SDSS and LAMOST write it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spectrove.contracts import FloatArray

ROLES = ("ra", "dec", "pmra", "pmdec", "epoch", "name", "magnitude", "type")
"""What a column can be to a cross-match."""

POSITIONS = ("ra", "dec")

SKY_NAMES = (
    ("ra_icrs", "de_icrs"),
    ("ra_icrs", "dec_icrs"),
    ("raicrs", "deicrs"),
    ("_raj2000", "_dej2000"),
    ("raj2000", "dej2000"),
    ("raj2000", "decj2000"),
    ("ra_j2000", "dec_j2000"),
    ("_ra", "_de"),
    ("ra", "dec"),
    ("ra", "de"),
    ("ra_deg", "dec_deg"),
    ("radeg", "decdeg"),
    ("radeg", "dedeg"),
    ("ra_d", "dec_d"),
    ("alpha_j2000", "delta_j2000"),
    ("alpha", "delta"),
    ("s_ra", "s_dec"),
    ("right_ascension", "declination"),
    ("ramean", "decmean"),
    ("plug_ra", "plug_dec"),
)
"""Names of right ascension and declination that go together, those of the ICRS first; of no other equinox than J2000."""

MOTION_NAMES = (("pmra", "pmdec"), ("pmra", "pmde"), ("pm_ra", "pm_dec"), ("pmra_icrs", "pmdec_icrs"), ("mura", "mudec"))

NAMES: Mapping[str, tuple[str, ...]] = {
    "epoch": ("ref_epoch", "epoch", "refepoch", "pos_epoch"),
    "name": (
        "main_id",
        "designation",
        "name",
        "id",
        "identifier",
        "object",
        "star",
        "source_id",
        "source",
        "tycho2",
        "hip",
        "hd",
        "obsid",
        "spectrum_id",
    ),
    "magnitude": ("vmag", "v", "flux_v", "phot_g_mean_mag", "gmag", "rmag", "mag_r", "bmag", "b", "flux_b", "mag", "magnitude"),
    "type": ("otype", "main_type", "object_type", "objtype", "objtype_hou", "type", "class", "spectral_class", "label"),
}
"""Names of columns, the most telling first; compared without regard to case."""

UCDS: Mapping[str, tuple[str, ...]] = {
    "ra": ("pos.eq.ra;meta.main", "pos_eq_ra_main", "pos.eq.ra"),
    "dec": ("pos.eq.dec;meta.main", "pos_eq_dec_main", "pos.eq.dec"),
    "pmra": ("pos.pm;pos.eq.ra", "pos_eq_pmra"),
    "pmdec": ("pos.pm;pos.eq.dec", "pos_eq_pmdec"),
    "epoch": ("meta.ref;time.epoch", "time.epoch;pos", "time_epoch"),
    "name": ("meta.id;meta.main", "id_main"),
    "magnitude": ("phot.mag;em.opt.v", "phot.mag;em.opt", "phot.mag;em.opt.r", "phot.mag;em.opt.b"),
    "type": ("src.class",),
}
"""UCD1+ as of IVOA, and the UCD1 that older services write."""

UNITS_OF_ANGLE = {
    "deg": 1.0,
    "rad": 180 / np.pi,
    "hourangle": 15.0,
    "h": 15.0,
    "arcmin": 1 / 60,
    "arcsec": 1 / 3600,
    "mas": 1 / 3.6e6,
}
"""Degrees in a unit."""

UNITS_OF_MOTION = {"mas": 1.0, "arcsec": 1000.0, "arcmin": 6e4, "deg": 3.6e6, "rad": 3.6e6 * 180 / np.pi, "uas": 1e-3}
"""Milliarcseconds in a unit."""

SEXAGESIMAL = r"^\s*(?P<sign>[+\-−]?)\s*(?P<a>\d{1,3})[:\shd°]+(?P<b>\d{1,2})[:\sm'′]*(?P<c>\d{0,2}(?:\.\d*)?)[s\"″]?\s*$"
"""``12:34:56.7``, ``12 34 56.7``, ``12h34m56.7s``, ``-12d34m56s``, and without seconds."""

JD_OF_MJD = 2_400_000.5
MJD_OF_J2000, DAYS_A_YEAR = 51_544.5, 365.25
"""The Julian epoch J2000.0 and the Julian year."""

FIRST_MJD, FIRST_JD = 3000.0, 1_000_000.0
"""An epoch above these is no year but a modified Julian date, or a Julian one."""


def guess_columns(names: Sequence[str], ucds: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """
    Return the column of each role that a table has.

    Parameters
    ----------
    names : sequence of str
        Columns of the table.
    ucds : mapping of str to str
        UCD by column, where the file gives one.
    given : mapping of str to str
        Column by role where somebody has said so; these are not looked for.

    Returns
    -------
    dict of str to str
        Column by role, for those roles of `ROLES` that were found. Right ascension and declination, and the two components of the
        proper motion, are guessed as pairs or not at all.
    """
    found = dict(given)
    for pair, known in ((("ra", "dec"), SKY_NAMES), (("pmra", "pmdec"), MOTION_NAMES)):
        if not any(role in found for role in pair):
            found |= _pair(names, ucds, pair, known)
    for role, known_names in NAMES.items():
        free = [name for name in names if name not in found.values()]
        if role not in found and (column := _by_ucd(free, ucds, role) or _by_name(free, known_names)):
            found[role] = column
    return found


def _pair(
    names: Sequence[str], ucds: Mapping[str, str], pair: tuple[str, str], known: Sequence[tuple[str, str]]
) -> dict[str, str]:
    # By UCD both at once: the first declination need not belong to the first right ascension.
    for one, other in zip(UCDS[pair[0]], UCDS[pair[1]], strict=True):
        columns = [_of_ucd(names, ucds, ucd) for ucd in (one, other)]
        if columns[0] and columns[1]:
            return {pair[0]: columns[0], pair[1]: columns[1]}
    by_name = {name.lower(): name for name in reversed(names)}
    for one, other in known:
        if one in by_name and other in by_name:
            return {pair[0]: by_name[one], pair[1]: by_name[other]}
    return {}


def _by_ucd(names: Sequence[str], ucds: Mapping[str, str], role: str) -> str | None:
    return next((column for ucd in UCDS[role] if (column := _of_ucd(names, ucds, ucd))), None)


def _of_ucd(names: Sequence[str], ucds: Mapping[str, str], wanted: str) -> str | None:
    return next((name for name in names if ucds.get(name, "").lower().replace(" ", "") == wanted), None)


def _by_name(names: Sequence[str], known: Sequence[str]) -> str | None:
    by_name = {name.lower(): name for name in reversed(names)}
    return next((by_name[name] for name in known if name in by_name), None)


def degrees_of(column: pa.ChunkedArray, unit: str | None, role: str) -> FloatArray:
    """
    Return a coordinate in degrees.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Numbers, or texts of numbers or of sexagesimal coordinates.
    unit : str or None
        Unit of the numbers; degrees where none is given.
    role : str
        ``ra``, whose sexagesimal texts are hours, or ``dec``.

    Returns
    -------
    array of float64, shape (n_rows,)
        Degrees, right ascensions from 0 to 360; NaN where there is no value.

    Raises
    ------
    ValueError
        If the unit is none of an angle, or a text is no coordinate.
    """
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        texts = _without_blanks(column)
        is_sexagesimal = pc.fill_null(pc.match_substring_regex(texts, r"\d[:\shd°]+\d"), fill_value=False)
        if pc.any(is_sexagesimal).as_py():
            values = _of_sexagesimal(texts, "hours" if role == "ra" else "degrees")
            return values % 360.0 if role == "ra" else values
    factor = _factor(unit, UNITS_OF_ANGLE, 1.0)
    values = numbers_of(column) * factor
    return values % 360.0 if role == "ra" else values


def motion_of(column: pa.ChunkedArray, unit: str | None) -> FloatArray:
    """
    Return a component of proper motion in milliarcseconds a year.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        The values; that in right ascension holds the factor cos δ, as Gaia's and Hipparcos' do.
    unit : str or None
        Unit of the numbers; mas/yr where none is given.

    Returns
    -------
    array of float64, shape (n_rows,)
        mas/yr; 0 where the motion is not known.

    Raises
    ------
    ValueError
        If the unit is none of a proper motion, or a text is no number.
    """
    factor = _factor(unit, UNITS_OF_MOTION, 1.0)
    values = numbers_of(column) * factor
    return np.where(np.isfinite(values), values, 0.0)


def epochs_of(column: pa.ChunkedArray) -> FloatArray:
    """
    Return epochs as Julian years.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Julian years, modified Julian dates or Julian dates, told apart by their size.

    Returns
    -------
    array of float64, shape (n_rows,)
        Julian years; NaN where there is none.

    Raises
    ------
    ValueError
        If a text is no number.
    """
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = pc.replace_substring_regex(column, r"^\s*J", "")
    values = numbers_of(column)
    days = np.where(values > FIRST_JD, values - JD_OF_MJD, values)
    return np.where(values > FIRST_MJD, julian_year(days), values)


def julian_year(mjd: Any) -> Any:
    """
    Return the Julian year of a modified Julian date.

    Parameters
    ----------
    mjd : float or array of float
        Days.

    Returns
    -------
    float or array of float
        Years, 2000.0 at noon of 1 January 2000.

    References
    ----------
    .. [1] Lieske 1979, A&A 73, 282.
    """
    return 2000.0 + (mjd - MJD_OF_J2000) / DAYS_A_YEAR


def numbers_of(column: pa.ChunkedArray) -> FloatArray:
    """
    Return a column's numbers.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Numbers or texts of numbers.

    Returns
    -------
    array of float64, shape (n_rows,)
        NaN where there is none.

    Raises
    ------
    ValueError
        If a text is no number.
    """
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = _without_blanks(column)
    try:
        numbers = pc.cast(column, pa.float64())
    except pa.ArrowInvalid as error:
        said = re.search(r"string: '(.*?)'", str(error))
        msg = f"{said[1]!r} is no number" if said else f"{column.type} is no type of number"
        raise ValueError(msg) from error
    except pa.ArrowNotImplementedError as error:
        msg = f"{column.type} is no type of number"
        raise ValueError(msg) from error
    values: FloatArray = pc.fill_null(numbers, np.nan).to_numpy()
    return values


def _without_blanks(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    trimmed = pc.utf8_trim_whitespace(texts)
    is_blank = pc.match_substring_regex(trimmed, r"^(-+|null|nan|n/a|none)?$", ignore_case=True)
    return pc.if_else(is_blank, pa.scalar(None, trimmed.type), trimmed)


def _of_sexagesimal(texts: pa.ChunkedArray, meaning: str) -> FloatArray:
    parts = pc.extract_regex(texts, SEXAGESIMAL)
    is_wrong = pc.and_(pc.is_valid(texts), pc.is_null(parts))
    if pc.any(is_wrong).as_py():
        first = texts.filter(is_wrong)[0].as_py()
        msg = f"{first!r} is no coordinate in {meaning}, minutes and seconds"
        raise ValueError(msg)
    first_part, minutes, seconds = (_part(parts, name) for name in ("a", "b", "c"))
    if (np.nanmax(minutes, initial=0.0) >= 60) or (np.nanmax(seconds, initial=0.0) > 60):
        msg = "a coordinate has 60 minutes or more than 60 seconds"
        raise ValueError(msg)
    # The sign stands alone, as -00 12 34 has none of its own.
    sign = pc.struct_field(parts, "sign")
    is_negative = pc.fill_null(pc.match_substring_regex(sign, "[-−]"), fill_value=False).to_numpy()
    values = (first_part + minutes / 60 + seconds / 3600) * (15.0 if meaning == "hours" else 1.0)
    return np.where(is_negative, -values, values)


def _part(parts: pa.ChunkedArray, name: str) -> FloatArray:
    texts = pc.struct_field(parts, name)
    return numbers_of(pc.if_else(pc.equal(texts, ""), pa.scalar("0", texts.type), texts))


def _factor(unit: str | None, known: Mapping[str, float], default: float) -> float:
    if not unit or not unit.strip():
        return default
    told = unit.strip().lower()
    # The time of a proper motion's unit is a year in every catalog that has one: mas/yr, mas.yr-1, mas yr**-1, arcsec/year.
    name = re.split(r"[./*\s]|yr|year|a-1", told)[0].rstrip("s") if known is UNITS_OF_MOTION else told.rstrip("s")
    name = {"degree": "deg", "milliarcsec": "mas", "marcsec": "mas", "radian": "rad", "hour": "h", "ma": "mas", "ua": "uas"}.get(
        name, name
    )
    if name not in known:
        msg = f"the unit {unit!r} is none of {', '.join(known)}"
        raise ValueError(msg)
    return known[name]
