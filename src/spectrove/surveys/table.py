"""
Spectra in text: two or three columns with a pixel a row, or CSV with a spectrum a row and wavelengths in the header.

Neither form names its survey, so both readers are strict: a list of names, a catalog, or numbers that may be nanometers are
declined. The CSV form is that of the Ondřejov data set of the paper: 12 columns of metadata, then 140 fluxes between 6519
and 6732 Å, each column named by its wavelength [1]_.

References
----------
.. [1] Podsztavek & Škoda 2019, Ondřejov data set, https://doi.org/10.5281/zenodo.2640970.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from spectrove.contracts import FloatArray
from spectrove.errors import DamagedFileError, NoReaderError
from spectrove.spectrum import HeaderFacts, Spectrum
from spectrove.surveys.arrays import floats, inverse_variance, spectrum_from
from spectrove.surveys.facts import mjd_of, number, text, whole
from spectrove.surveys.file import SurveyFile, faults_as_damage
from spectrove.surveys.text import (
    WITH_UNIT,
    WITHOUT_UNIT,
    Lines,
    medium_of_wave,
    number_in,
    role_of,
    take_apart,
    unit_of_wave,
)

FEWEST_PIXELS = 10
"""Fewer numbers than this are a table of something else."""

ID_COLUMNS = ("spectrum_id", "id", "file", "filename", "path", "name")
"""Names of the column that names a spectrum; the first that is present counts."""

UNCERTAINTIES = {"error": -2, "variance": -1, "ivar": 1}
"""Power that turns a column of this role into inverse variance."""


@dataclass(frozen=True)
class _Layout:
    """What the lines of a file turned out to be."""

    lines: Lines
    names: list[str]
    wave: FloatArray
    medium: str
    columns: dict[str, FloatArray]


def _layout(file: SurveyFile, name: str, understand: Callable[[Lines], _Layout | str]) -> _Layout | str:
    """Return the layout of a text file, or why it has none that the reader takes; found once."""
    if name not in file.cache:
        file.cache[name] = understand(take_apart(file.text or ""))
    layout: _Layout | str = file.cache[name]
    return layout


def _accepted(file: SurveyFile, name: str, understand: Callable[[Lines], _Layout | str]) -> _Layout:
    layout = _layout(file, name, understand)
    if isinstance(layout, str):
        msg = f"{file.path}: {layout}"
        raise NoReaderError(msg)
    return layout


def _shortened(line: str) -> str:
    return repr(line.strip() if len(line.strip()) <= 40 else line.strip()[:40] + "…")


def _refused_wave(values: FloatArray, unit: float | None, what: str) -> str | None:
    """Return why numbers cannot be wavelengths."""
    steps = np.diff(values)
    if not np.all(np.isfinite(values)) or not (np.all(steps > 0) or np.all(steps < 0)):
        return f"{what} neither rise nor fall throughout"
    low, high = WITHOUT_UNIT if unit is None else WITH_UNIT
    shortest, longest = float(np.min(values)), float(np.max(values))
    if shortest * (unit or 1) >= low and longest * (unit or 1) <= high:
        return None
    if unit is None:
        return f"{what} run from {shortest:g} to {longest:g} and name no unit; only {low:g} to {high:g} are taken as Å"
    return f"{what} run from {shortest * unit:g} to {longest * unit:g} Å, expected {low:g} to {high:g}"


class AsciiColumns:
    """
    Reads two columns, wavelength and flux, parted by white space, commas, semicolons or tabs, or more columns with names.

    Names come from a first line that is no row of numbers, or from the last line of comment, if there are as many as columns.
    A third column counts if its name says error, variance or inverse variance. Comments begin with ``#``. A name or comment
    may give the unit (Å, nm, µm) and the medium (air, vacuum).

    Attributes
    ----------
    name : str
        Name of the reader's entry point.
    title : str
        The layout in a few words.
    """

    name = "ascii"
    title = "text in columns: wavelength, flux and, if named, error"

    def decline(self, file: SurveyFile) -> str | None:
        """
        Return why the file is not this reader's.

        Parameters
        ----------
        file : SurveyFile
            Any file.

        Returns
        -------
        str or None
            The reason; None if the reader takes the file.
        """
        if file.text is None:
            return f"it is {file.kind}, not text"
        if file.text.startswith("# %ECSV"):
            return "it is an ECSV table, which is left to the specutils reader"
        layout = _layout(file, self.name, _layout_of_columns)
        return layout if isinstance(layout, str) else None

    def read(self, file: SurveyFile) -> Iterator[Spectrum]:
        """
        Return the file's spectrum.

        Parameters
        ----------
        file : SurveyFile
            A file that has not been declined.

        Returns
        -------
        iterator of Spectrum
            The one spectrum, named after the file.

        Raises
        ------
        NoReaderError
            If the reader declines the file.
        DamagedFileError
            If no spectrum can have these numbers.
        """
        layout = _accepted(file, self.name, _layout_of_columns)
        given = [role for role in UNCERTAINTIES if role in layout.columns]
        ivar = inverse_variance(layout.columns[given[0]], UNCERTAINTIES[given[0]]) if given else None
        with faults_as_damage(file.path, "its columns are no spectrum"):
            header = HeaderFacts(survey=self.name, key=file.stem)
            spectrum = spectrum_from((layout.wave, layout.columns["flux"], ivar, None), header, layout.medium)
        return iter((spectrum,))


def _layout_of_columns(lines: Lines) -> _Layout | str:
    """Return the columns of a text file, or why it has none that are a spectrum."""
    if not lines.rows:
        return "the text has no lines but comments"
    first_number, first = lines.rows[0]
    headed = any(number_in(cell) is None for cell in lines.cells(first))
    if headed:
        if not any(role_of(name) == "wave" for name in lines.cells(first)):
            return f"line {first_number} is no row of numbers and names no column of wavelengths ({_shortened(first)})"
        lines = Lines((*lines.comments, first.strip()), lines.rows[1:], lines.delimiter)
    table = _numbers(lines)
    if isinstance(table, str):
        return table
    places = _places(lines, table.shape[1], headed=headed)
    if isinstance(places, str):
        return places
    wave_name, columns = places
    return _with_wave(lines, wave_name, {role: floats(table[:, place]) for role, place in columns.items()})


def _numbers(lines: Lines) -> FloatArray | str:
    """Return the rows as an array of shape (n_pixels, n_columns), or why they are no such array."""
    table: list[list[float | None]] = []
    count = len(lines.cells(lines.rows[0][1])) if lines.rows else 0
    for line_number, line in lines.rows:
        cells = [number_in(cell) for cell in lines.cells(line)]
        if len(cells) != count or None in cells:
            return f"line {line_number} is no row of {count} numbers ({_shortened(line)})"
        table.append(cells)
    if len(table) < FEWEST_PIXELS or count < 2:
        return f"there are {len(table)} rows of {count} numbers, expected at least {FEWEST_PIXELS} rows of 2"
    return np.array(table, dtype=np.float64)


def _places(lines: Lines, count: int, *, headed: bool) -> tuple[str, dict[str, int]] | str:
    """
    Return the name of the column of wavelengths and the place of each role, or why they are not known.

    The last comment counts as names if there are as many as columns and they tell wavelength from flux; ``headed`` says that it
    was a line of its own, in which the second of two columns may have any name.
    """
    names = lines.cells(lines.comments[-1]) if lines.comments else []
    roles = [role_of(name) for name in names]
    if len(names) == count and "wave" in roles:
        places = {role: roles.index(role) for role in roles if role is not None}
        if headed and roles == ["wave", None]:
            places["flux"] = 1
        if "flux" in places:
            return names[places["wave"]], places
        if headed:
            return f"no column is named as flux (there are {', '.join(names)})"
    if count > 3:
        return f"there are {count} columns without names, expected 2 or 3. Name them in the first line"
    return "", {"wave": 0, "flux": 1}


def _with_wave(lines: Lines, name: str, columns: dict[str, FloatArray]) -> _Layout | str:
    unit = unit_of_wave(name, lines.comments)
    wave = columns.pop("wave")
    if "log" in name.lower():
        with np.errstate(over="ignore"):
            wave = 10.0**wave
    refusal = _refused_wave(wave, unit, "the wavelengths")
    return refusal or _Layout(lines, [], wave * (unit or 1), medium_of_wave(name, lines.comments), columns)


class CsvRows:
    """
    Reads tables with a spectrum a row, whose header names metadata and, in Å, the wavelengths of the fluxes.

    Cells are parted by commas, semicolons, tabs or white space. Of the metadata, those columns are used whose names are facts
    of a spectrum: an id, ra and dec (degrees), mjd or date-obs, plate, planid, spid, fiberid, obsid, designation or object,
    snr, class, subclass, release. Positions in hours are left out, as the Ondřejov data set gives them for the equinox of
    date. Labels are no fact of the file's survey and are not read.

    Attributes
    ----------
    name : str
        Name of the reader's entry point.
    title : str
        The layout in a few words.
    """

    name = "csv"
    title = "CSV with a spectrum a row and wavelengths in the header"

    def decline(self, file: SurveyFile) -> str | None:
        """
        Return why the file is not this reader's.

        Parameters
        ----------
        file : SurveyFile
            Any file.

        Returns
        -------
        str or None
            The reason; None if the reader takes the file.
        """
        if file.text is None:
            return f"it is {file.kind}, not text"
        layout = _layout(file, self.name, _layout_of_rows)
        return layout if isinstance(layout, str) else None

    def read(self, file: SurveyFile) -> Iterator[Spectrum]:
        """
        Yield the file's spectra.

        Parameters
        ----------
        file : SurveyFile
            A file that has not been declined.

        Yields
        ------
        Spectrum
            One a row; named by the row's id, else by the file and the number of the row from 1.

        Raises
        ------
        NoReaderError
            If the reader declines the file.
        DamagedFileError
            If a row has too few or too many cells, a flux that is no number, or the id of an earlier row.
        """
        layout = _accepted(file, self.name, _layout_of_rows)
        fluxes = [place for place, name in enumerate(layout.names) if number_in(name) is not None]
        seen: dict[str, int] = {}
        for row_number, (line_number, line) in enumerate(layout.lines.rows[1:], start=1):
            cells = layout.lines.cells(line)
            if len(cells) != len(layout.names):
                msg = f"{file.path}: line {line_number} has {len(cells)} cells, expected {len(layout.names)} as in the header"
                raise DamagedFileError(msg)
            facts = {name.lower(): cell for name, cell in zip(layout.names, cells, strict=True) if number_in(name) is None}
            key = next((text(facts[name]) for name in ID_COLUMNS if name in facts), None) or f"{file.stem}-{row_number}"
            if key in seen:
                msg = f"{file.path}: lines {seen[key]} and {line_number} have one id ({key!r}), expected a different id in each"
                raise DamagedFileError(msg)
            seen[key] = line_number
            flux = _fluxes([cells[place] for place in fluxes], f"{file.path}: line {line_number}")
            with faults_as_damage(file.path, f"line {line_number} is no spectrum"):
                spectrum = spectrum_from((layout.wave, flux, None, None), _facts(key, facts), layout.medium)
            yield spectrum


def _layout_of_rows(lines: Lines) -> _Layout | str:
    """Return the header of a CSV of spectra, or why the text is none."""
    if not lines.rows:
        return "the text has no lines but comments"
    names = lines.cells(lines.rows[0][1])
    values = floats([value for value in map(number_in, names) if value is not None])
    if values.size < FEWEST_PIXELS:
        line_number, line = lines.rows[0]
        found = f"line {line_number} names {values.size} columns by a number ({_shortened(line)})"
        return f"{found}, expected at least {FEWEST_PIXELS} wavelengths"
    unit = unit_of_wave("", lines.comments)
    refusal = _refused_wave(values, unit, "the column names that are numbers")
    if refusal is not None:
        return refusal
    if len(lines.rows) < 2:
        return "there is a header of wavelengths but no row of fluxes"
    return _Layout(lines, names, values * (unit or 1), medium_of_wave("", lines.comments), {})


def _fluxes(cells: list[str], where: str) -> FloatArray:
    values = [number_in(cell) if cell else np.nan for cell in cells]
    if None in values:
        msg = f"{where}: {cells[values.index(None)]!r} is no flux, expected a number, or nothing where there is none"
        raise DamagedFileError(msg)
    return floats(values)


def _facts(key: str, facts: dict[str, str]) -> HeaderFacts:
    mjd = number(facts.get("mjd"))
    return HeaderFacts(
        survey="csv",
        key=key,
        ra=number(facts.get("ra")),
        dec=number(facts.get("dec")),
        mjd=mjd_of(facts.get("date-obs")) if mjd is None else mjd,
        plate=whole(facts.get("plate")),
        planid=text(facts.get("planid")),
        spid=whole(facts.get("spid")),
        fiberid=whole(facts.get("fiberid")),
        obsid=text(facts.get("obsid")),
        designation=text(facts.get("designation")) or text(facts.get("object")),
        snr=number(facts.get("snr")),
        spectral_class=text(facts.get("class")),
        subclass=text(facts.get("subclass")),
        release=text(facts.get("release")),
    )


ASCII = AsciiColumns()
CSV = CsvRows()
