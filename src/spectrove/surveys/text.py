"""What a text file says of its columns: how they are parted, which is which, and the unit and medium of wavelengths."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import Final

COMMENT: Final = "#"
"""First character of a line of comment."""

TO_ANGSTROM = {
    "å": 1.0,
    "angstrom": 1.0,
    "angstroms": 1.0,
    "ang": 1.0,
    "nm": 10.0,
    "nanometer": 10.0,
    "nanometers": 10.0,
    "nanometre": 10.0,
    "nanometres": 10.0,
    "um": 1e4,
    "µm": 1e4,
    "μm": 1e4,
    "micron": 1e4,
    "microns": 1e4,
    "micrometer": 1e4,
    "micrometers": 1e4,
}
"""Å in one of each unit, by the unit's name in small letters."""

BRACKETED = {**TO_ANGSTROM, "a": 1.0, "aa": 1.0, "m": 1e10}
"""The same, with names that mean a unit only in brackets."""

WITHOUT_UNIT = (2500.0, 30000.0)
"""Å; wavelengths without a named unit are taken as Å only if all are in this range: nm and µm of the optical are not."""

WITH_UNIT = (10.0, 3e7)
"""Å; wavelengths with a named unit must be in this range, from soft X rays to millimeters."""

_WAVE = r"(?:wave\w*|lambda\w*|λ)"
_WORDS = {
    "ivar": {"ivar", "invvar"},
    "error": {"err", "error", "errors", "sigma", "sig", "unc", "uncertainty", "std", "stddev", "e", "noise"},
    "variance": {"var", "variance"},
    "wave": {"wave", "waves", "wavelength", "wavelengths", "lambda", "lam", "loglam", "loglambda", "wl", "wvl", "spectral", "λ"},
    "flux": {"flux", "fluxes", "flam", "fnu", "flambda", "intensity", "counts", "f"},
}
_PREFIXES = {"log", "air", "vac", "vacuum", "obs", "observed", "norm", "normalized", "normalised", "rel", "relative"}


@dataclass(frozen=True)
class Lines:
    """
    A text file taken apart.

    Attributes
    ----------
    comments : tuple of str
        Lines of comment without their mark.
    rows : tuple of (int, str)
        The other lines that are not blank, each with its number from 1.
    delimiter : str
        What parts the cells: a comma, semicolon, tab, or a blank for any white space.
    """

    comments: tuple[str, ...]
    rows: tuple[tuple[int, str], ...]
    delimiter: str

    def cells(self, line: str) -> list[str]:
        """
        Return the cells of a line, with the quotes of CSV taken away.

        Parameters
        ----------
        line : str
            One line.

        Returns
        -------
        list of str
            Cells without surrounding blanks.
        """
        if self.delimiter == " ":
            line = line.replace("\t", " ").strip()
        if '"' not in line:
            return [cell.strip() for cell in (line.split() if self.delimiter == " " else line.split(self.delimiter))]
        return [cell.strip() for cell in next(csv.reader([line], delimiter=self.delimiter, skipinitialspace=True), [])]


def take_apart(text: str) -> Lines:
    """
    Return the lines of a text by what they are.

    Parameters
    ----------
    text : str
        Content of a file.

    Returns
    -------
    Lines
        Comments, rows and delimiter; the delimiter is the one that the first row has most of.
    """
    comments: list[str] = []
    rows: list[tuple[int, str]] = []
    for line_number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped.startswith(COMMENT):
            comments.append(stripped.lstrip(COMMENT).strip())
        elif stripped:
            rows.append((line_number, line))
    first = rows[0][1].strip() if rows else ""
    delimiter = max(",;\t", key=first.count)
    return Lines(tuple(comments), tuple(rows), delimiter if first.count(delimiter) else " ")


def number_in(cell: str) -> float | None:
    """
    Return the number that a cell holds.

    Parameters
    ----------
    cell : str
        Text of one cell.

    Returns
    -------
    float or None
        The number, which may be NaN; None if the cell holds no number.
    """
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def role_of(name: str) -> str | None:
    """
    Return what a column's name says that it holds.

    Parameters
    ----------
    name : str
        The column's name, such as ``wavelength_vac``, ``flux`` or ``e_flux``.

    Returns
    -------
    str or None
        ``wave``, ``flux``, ``error``, ``variance`` or ``ivar``; None if the name says none of them.
    """
    words = re.findall(r"[a-zλ]+", re.sub(r"[\[(].*?[\])]", " ", name.lower()))
    if "inverse" in words or words[:1] == ["inv"]:
        return "ivar" if _WORDS["variance"] & set(words) else None
    for role in ("ivar", "error", "variance"):
        if _WORDS[role] & set(words):
            return None if _WORDS["wave"] & set(words) else role
    first = next((word for word in words if word not in _PREFIXES), "")
    return next((role for role in ("wave", "flux") if first in _WORDS[role]), None)


def unit_in(phrase: str) -> float | None:
    """
    Return the unit of wavelength that a column's name or a part of a comment names.

    Parameters
    ----------
    phrase : str
        Such as ``wavelength [nm]`` or ``wave_um``.

    Returns
    -------
    float or None
        Å in one unit; None if no unit is named.
    """
    for bracketed in re.findall(r"[\[(]\s*([^\])]*?)\s*[\])]", phrase.lower()):
        if bracketed in BRACKETED:
            return BRACKETED[bracketed]
    words = re.findall(r"[a-zåµμ]+", phrase.lower())
    return next((TO_ANGSTROM[word] for word in words if word in TO_ANGSTROM), None)


def unit_of_wave(name: str, comments: tuple[str, ...]) -> float | None:
    """
    Return the unit of wavelength that a file names.

    Parameters
    ----------
    name : str
        Name of the column of wavelengths; empty if it has none.
    comments : tuple of str
        The file's comments; only what follows a word for wavelength, up to the next comma or the word flux, is looked at.

    Returns
    -------
    float or None
        Å in one unit; None if no unit is named, or comments name several.
    """
    named = unit_in(name)
    if named is not None:
        return named
    parts = (re.search(_WAVE + r"(.*)", comment, re.IGNORECASE) for comment in comments)
    found = {unit_in(re.split(r"[,;]|\bflux", part[1], maxsplit=1, flags=re.IGNORECASE)[0]) for part in parts if part} - {None}
    return found.pop() if len(found) == 1 else None


def medium_of_wave(name: str, comments: tuple[str, ...]) -> str:
    """
    Return the medium of the wavelengths that a file declares.

    Parameters
    ----------
    name : str
        Name of the column of wavelengths; empty if it has none.
    comments : tuple of str
        The file's comments; only those with a word for wavelength or medium are looked at.

    Returns
    -------
    str
        ``air``, ``vacuum``, or ``undeclared`` if neither or both are named.
    """
    telling = [comment for comment in comments if re.search(_WAVE + r"|medium", comment, re.IGNORECASE)]
    for phrases in ([name], telling):
        words = {word for phrase in phrases for word in re.findall(r"[a-z]+", re.sub(r"air[ -]mass", "", phrase.lower()))}
        air, vacuum = "air" in words, bool(words & {"vac", "vacuum"})
        if air != vacuum:
            return "air" if air else "vacuum"
        if air:
            return "undeclared"
    return "undeclared"
