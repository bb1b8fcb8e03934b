"""Values of a catalog's table as short texts for people, and the columns of its pages."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from spectrove.catalog.columns import GROUPS, LINE_NAMES, LINE_QUANTITIES, meaning_of

Row = Mapping[str, Any]
"""Values of a row by the names of its columns; None where there is none."""

MOST_DIGITS = 6
"""Decimals that are shown at most."""

UNITS = {"0.1nm": "Å", "deg": "°", "arcsec": "″"}
"""Units as people read them, where VOUnit writes them otherwise."""


def number(value: float | None, digits: int | None = None) -> str:
    """
    Return a number as text.

    Parameters
    ----------
    value : float or None
        The number.
    digits : int, optional
        Decimals; four digits in all unless given, and all of a whole number.

    Returns
    -------
    str
        With a minus sign, not a hyphen; empty for None and what is not finite.
    """
    if value is None or not math.isfinite(value):
        return ""
    if digits is not None:
        text = f"{value:.{digits}f}"
    elif float(value).is_integer() and abs(value) < 1e15:
        text = str(int(value))
    else:
        text = f"{value:.4g}"
    return text.replace("-", "−")


def measured(value: float | None, error: float | None) -> str:
    """
    Return a measured value with its error as text, no more digits than the error leaves sense in.

    Parameters
    ----------
    value, error : float or None
        The value and its standard error.

    Returns
    -------
    str
        As ``−12.3 ± 1.1``; without the error where there is none; empty without a value.
    """
    if value is None or not math.isfinite(value):
        return ""
    if error is None or not math.isfinite(error) or error <= 0:
        return number(value)
    digits = min(MOST_DIGITS, max(0, 1 - math.floor(math.log10(error))))
    return f"{number(value, digits)} ± {number(error, digits)}"


def written(name: str, value: Any) -> str:
    """
    Return a value of a column as text.

    Parameters
    ----------
    name : str
        The column.
    value : object
        Text, number, flag or None.

    Returns
    -------
    str
        Numbers as the column's meaning says; characters that cannot be seen, which could turn or hide a text, as U+FFFD.
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        meaning = meaning_of(name)
        form = meaning.format if meaning is not None else None
        if form is not None and math.isfinite(value):
            return (form % value).replace("-", "−")
        return number(value)
    if value is None:
        return ""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in str(value))


def unit_of(name: str) -> str:
    """
    Return the unit of a column as people read it.

    Parameters
    ----------
    name : str
        The column.

    Returns
    -------
    str
        Empty without one.
    """
    meaning = meaning_of(name)
    unit = meaning.unit if meaning is not None else None
    return UNITS.get(unit or "", unit or "")


@dataclass(frozen=True)
class PageColumn:
    """
    A column of a page.

    Attributes
    ----------
    key : str
        Its name, which conditions in the filter use; that of the table's column whose numbers it shows.
    title : str
        Its heading.
    text : callable
        Takes a row, returns the cell's text.
    is_number : bool
        Whether it is ordered as numbers.
    detail : callable or None
        Takes a row, returns a second, smaller line of the cell.
    told : str
        What it holds, where the heading is short.
    """

    key: str
    title: str
    text: Callable[[Row], str]
    is_number: bool = False
    detail: Callable[[Row], str] | None = None
    told: str = ""


def shown_columns(rows: Sequence[Row], present: Sequence[str]) -> list[PageColumn]:
    """
    Return the columns of a page, as far as any of its rows has something to show in them.

    Parameters
    ----------
    rows : sequence of dict
        The page's rows.
    present : sequence of str
        Columns of the table.

    Returns
    -------
    list of PageColumn
        In order.
    """
    names = set(present)
    return [
        column
        for column in [*_about(), *_lines(), *_known(), *_flags()]
        if column.key in names and any(column.text(row) for row in rows)
    ]


def _plain(name: str) -> Callable[[Row], str]:
    return lambda row: written(name, row.get(name))


def _with_error(name: str) -> Callable[[Row], str]:
    return lambda row: measured(row.get(name), row.get(f"{name}_err"))


def _rounded(name: str, digits: int) -> Callable[[Row], str]:
    return lambda row: number(row.get(name), digits)


def _about() -> list[PageColumn]:
    return [
        PageColumn("ra", "RA [°]", _rounded("ra", 5), is_number=True),
        PageColumn("dec", "Dec [°]", _rounded("dec", 5), is_number=True),
        PageColumn("mjd", "MJD", _rounded("mjd", 0), is_number=True),
        PageColumn("snr", "S/N", _rounded("snr", 1), is_number=True),
        PageColumn("spectral_class", "Survey's class", _spectral),
        PageColumn("label", "Class", _plain("label"), detail=_found_by),
        PageColumn("verdict", "Verdict", _plain("verdict")),
        PageColumn("reasons", "Reasons", lambda row: written("reasons", row.get("reasons")).replace(";", "; ")),
        PageColumn("comment", "Comment", _plain("comment")),
    ]


def _spectral(row: Row) -> str:
    told = [written(name, row.get(name)) for name in ("spectral_class", "subclass")]
    return " ".join(dict.fromkeys(part for part in told if part))


def _found_by(row: Row) -> str:
    predicted, label = row.get("pred_class"), row.get("label")
    return f"predicted {written('pred_class', predicted)}" if predicted and predicted != label else ""


def _lines() -> list[PageColumn]:
    line = LINE_NAMES["ha"]
    return [
        PageColumn("profile_ha", f"{line} profile", _plain("profile_ha")),
        PageColumn(
            "ew_ha", f"EW {line} [Å]", _with_error("ew_ha"), is_number=True, told="equivalent width, negative in emission"
        ),
        PageColumn("fwhm_ha", "FWHM [Å]", _with_error("fwhm_ha"), is_number=True, told="full width at half maximum, as observed"),
        PageColumn("sep_ha", "Δv peaks [km/s]", _with_error("sep_ha"), is_number=True, told="separation of the two peaks"),
        PageColumn("vr_ha", "V/R", _with_error("vr_ha"), is_number=True, told="violet over red peak, each above the continuum"),
        PageColumn("rv", "RV [km/s]", _with_error("rv"), is_number=True, told="radial velocity, mean over lines"),
        PageColumn("n_exposures", "Spectra", _plain("n_exposures"), is_number=True, detail=_variable, told="of the same object"),
    ]


def _variable(row: Row) -> str:
    return "variable" if row.get("variable") else ""


def _known() -> list[PageColumn]:
    return [
        PageColumn("catalog_match", "Earlier catalog", _plain("catalog_match"), detail=_plain("catalog_name")),
        PageColumn("known_as", "Known as", _plain("known_as")),
        PageColumn("catalog_sep", "Distance [″]", _rounded("catalog_sep", 2), is_number=True, detail=_chance("catalog_chance")),
        PageColumn("simbad_id", "SIMBAD object", _plain("simbad_id")),
        PageColumn("simbad_otype", "SIMBAD type", _plain("simbad_otype"), detail=_plain("simbad_group")),
        PageColumn(
            "simbad_sep", "SIMBAD distance [″]", _rounded("simbad_sep", 2), is_number=True, detail=_chance("simbad_chance")
        ),
    ]


def _chance(name: str) -> Callable[[Row], str]:
    def told(row: Row) -> str:
        chance = row.get(name)
        return "" if chance is None or not math.isfinite(chance) else f"by chance: {chance:.1g}"

    return told


def _flags() -> list[PageColumn]:
    return [
        PageColumn("bright_neighbor", "Bright neighbor", _plain("bright_neighbor"), detail=_bright),
        PageColumn("shared_light", "Shared light", _plain("shared_light")),
        PageColumn("measured_with", "Remark", _plain("measured_with")),
    ]


def _bright(row: Row) -> str:
    magnitude, separation = number(row.get("bright_mag"), 1), number(row.get("bright_sep"), 1)
    return ", ".join(part for part in (f"{magnitude} mag" * bool(magnitude), f"{separation}″" * bool(separation)) if part)


@dataclass(frozen=True)
class Details:
    """
    All that a page tells of a row when it is opened.

    Attributes
    ----------
    sections : list of dict
        ``title`` and ``items``, each ``[what, place]``: what it is, and where in a row's texts it stands.
    lines : dict
        ``quantities``, and ``rows``, each ``[line, [places]]``.
    columns : list of (str, str or None)
        For each place the column, and that of its error.
    """

    sections: list[dict[str, Any]]
    lines: dict[str, Any]
    columns: list[tuple[str, str | None]]

    def texts(self, row: Row) -> list[str]:
        """
        Return the texts of a row.

        Parameters
        ----------
        row : dict
            The row.

        Returns
        -------
        list of str
            One for each place.
        """
        return [
            written(name, row.get(name)) if error is None else measured(row.get(name), row.get(error))
            for name, error in self.columns
        ]


def details_of(table: pa.Table) -> Details:
    """
    Return how the details of a table's rows are laid out.

    Parameters
    ----------
    table : pyarrow.Table
        The rows of a page.

    Returns
    -------
    Details
        Columns without any value are left out.
    """
    filled = [name for name in table.column_names if table[name].null_count < len(table)]
    hidden = {"preview_line", "preview_whole"}
    columns: list[tuple[str, str | None]] = []

    def place(name: str) -> int:
        error = f"{name}_err"
        columns.append((name, error if error in filled else None))
        return len(columns) - 1

    lines = {key: [f"{quantity}_{key}" for quantity in LINE_QUANTITIES] for key in LINE_NAMES}
    of_lines = {column for names in lines.values() for column in names}
    measured_lines = {key: names for key, names in lines.items() if any(name in filled for name in names)}
    sections: dict[str, list[list[Any]]] = {}
    for name in filled:
        if name in hidden | of_lines or (name.endswith("_err") and name.removesuffix("_err") in filled):
            continue
        meaning = meaning_of(name)
        title = GROUPS[meaning.group] if meaning is not None else "More"
        sections.setdefault(title, []).append([_what(name), place(name)])
    return Details(
        [{"title": title, "items": items} for title, items in sections.items()],
        {
            "quantities": [_quantity(name) for name in LINE_QUANTITIES],
            "rows": [
                [LINE_NAMES[key], [place(name) if name in filled else -1 for name in names]]
                for key, names in measured_lines.items()
            ],
        },
        columns,
    )


def _what(name: str) -> str:
    if name.startswith("prob_"):
        return f"Predicted probability of {name.removeprefix('prob_')}"
    meaning = meaning_of(name)
    unit = unit_of(name)
    return (name if meaning is None else meaning.description) + (f" [{unit}]" if unit else "")


QUANTITIES = {
    "ew": "equivalent width", "fwhm": "FWHM", "peak": "peak / continuum", "sep": "separation of peaks", "vr": "V/R",
    "profile": "profile", "rv": "radial velocity",
}  # fmt: skip
"""What is measured of a line, as short as a heading."""


def _quantity(name: str) -> str:
    unit = unit_of(f"{name}_ha")
    return QUANTITIES.get(name, name) + (f" [{unit}]" if unit else "")
