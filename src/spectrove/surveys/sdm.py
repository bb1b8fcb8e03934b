"""
Spectra of the Virtual Observatory: VOTables of the Spectral Data Model, as SSAP services hand them on.

What a column or a PARAM means is told by its utype [1]_, whatever it is called and wherever it stands. The prefix differs from
service to service and is not looked at; nor is a leading ``Spectrum.``, which version 1 of the model has and others have not. A
table may hold a pixel a row, or one row of arrays.

An id is made from the publisher's identifier of the dataset (PublisherDID, else CreatorDID): ``ivo://org.gavo.dc/~?feros/f0431``
becomes ``org.gavo.dc:~?feros/f0431``, from which the identifier is got back. Two publishers are known by name, so that
a spectrum keeps its id whichever way it comes: spectrove's own services, whose identifiers hold the id, and the CCD700 archive of
Ondřejov.

The UCD ``em.wl`` means wavelengths in vacuum by the model, but services give it to wavelengths in air as well, and a spectrum
in a wrong medium looks like one of another velocity. So air is believed where the UCD is ``em.wl;obs.atmos``, either where the
column's name or description says so in words, and the medium is undeclared where nothing does.

References
----------
.. [1] McDowell et al. 2012, IVOA Spectral Data Model 1.1, IVOA Recommendation, sections 3 to 5.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

import numpy as np

from spectrove.contracts import BoolArray, FloatArray
from spectrove.errors import NoReaderError
from spectrove.spectrum import HeaderFacts, Spectrum
from spectrove.surveys.arrays import inverse_variance, spectrum_from
from spectrove.surveys.facts import mjd_of, number, text
from spectrove.surveys.file import SurveyFile, faults_as_damage
from spectrove.surveys.ondrejov import IDENTIFIER, JD_OF_MJD
from spectrove.surveys.text import WITH_UNIT, medium_of_wave
from spectrove.surveys.votable import Field, Table, VOTableError, columns, take_apart

WAVE: Final = "data.spectralaxis.value"
FLUX: Final = "data.fluxaxis.value"
ERROR: Final = "data.fluxaxis.accuracy.staterror"
ERRORS: Final = ("data.fluxaxis.accuracy.staterrlow", "data.fluxaxis.accuracy.staterrhigh")
QUALITY: Final = "data.fluxaxis.quality"
"""Utypes of the columns, without prefix and in small letters; of the quality 0 is good, all else is not ([1]_, section 5.2)."""

UNITS: Final = {
    "angstroms": "Angstrom",
    "a": "Angstrom",
    "ang": "Angstrom",
    "å": "Angstrom",
    "10**(-10)m": "0.1 nm",
    "microns": "um",
}
"""Names of units, in small letters, that services write and no standard has."""

FRAMES: Final = {"BARYCENTER": "barycentric", "HELIOCENTER": "heliocentric", "TOPOCENTER": "topocentric"}
"""Where the wavelengths are at rest, by ``CoordSys.SpectralFrame.RefPos``."""

SKY_FRAMES: Final = ("", "ICRS", "FK5", "UNKNOWN")
"""Frames whose positions are taken as they are; FK5 of J2000 and ICRS agree to 0.1″."""

STC: Final = re.compile(r"^\s*Position\s+(?:ICRS|FK5)\b", re.IGNORECASE)
"""How some services begin a position."""

OWN: Final = re.compile(r"ivo://[^/?]+/spectrove\?([^:]+):(.+)", re.IGNORECASE)
"""An identifier of spectrove's own services; the spectrum's id is in it, with some characters as %XX."""

LONGEST_KEY: Final = 400
"""Characters of an identifier that becomes a key."""

FLUX_DENSITY: Final = "erg / (s cm2 Angstrom)"
"""Unit of flux densities that were given per frequency."""


@dataclass(frozen=True)
class _Axes:
    """A table that holds a spectrum: the places of its columns, and what its PARAMs say."""

    table: Table
    places: Mapping[str, int]
    facts: Mapping[str, Field]

    def field(self, role: str) -> Field:
        return self.table.fields[self.places[role]]

    def told(self, *roles: str) -> str | None:
        """Return the first of several PARAMs that says something."""
        return next((said for role in roles if role in self.facts and (said := text(self.facts[role].value))), None)


class SdmVotable:
    """
    Reads VOTables of the Spectral Data Model, by utype.

    Attributes
    ----------
    name : str
        Name of the reader's entry point.
    title : str
        The layout in a few words.
    """

    name = "sdm"
    title = "VOTable of the Virtual Observatory's Spectral Data Model"

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
        found = self._understood(file, file.text)
        return found if isinstance(found, str) else None

    def _understood(self, file: SurveyFile, content: str) -> list[_Axes] | str:
        if self.name not in file.cache:
            file.cache[self.name] = _understand(content)
        found: list[_Axes] | str = file.cache[self.name]
        return found

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
            One a table; numbered from 1 where several have one identifier. One without any is named after the file.

        Raises
        ------
        NoReaderError
            If the reader declines the file.
        DamagedFileError
            If no spectrum can have these numbers.
        """
        found = self._understood(file, file.text or "")
        if isinstance(found, str):
            msg = f"{file.path}: {found}"
            raise NoReaderError(msg)
        names = [_name(axes, file.stem) for axes in found]
        for place, (axes, (survey, key)) in enumerate(zip(found, names, strict=True)):
            part = f"-{names[: place + 1].count((survey, key))}" if names.count((survey, key)) > 1 else ""
            with faults_as_damage(file.path, "its table is no spectrum"), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what astropy thinks of units
                spectrum = _spectrum(axes, _facts(axes, survey, key + part))
            yield spectrum


def _understand(content: str) -> list[_Axes] | str:
    """Return the tables that hold spectra, or why there are none."""
    try:
        document = take_apart(content)
    except VOTableError as error:
        return str(error)
    shared = _by_role(document.params)
    found, reasons = [], []
    for table in document.tables:
        axes = _Axes(table, _places(table), {**shared, **_by_role(table.params)})
        reason = _refused(axes)
        if reason is None:
            found.append(axes)
        else:
            reasons.append(reason)
    return found or (reasons[0] if reasons else "the VOTable has no table")


def _role(utype: str) -> str:
    """Return a utype without its prefix and in small letters."""
    return utype.rpartition(":")[2].lower().removeprefix("spectrum.")


def _by_role(params: tuple[Field, ...]) -> dict[str, Field]:
    return {_role(param.utype): param for param in reversed(params) if param.utype}


def _places(table: Table) -> dict[str, int]:
    return {_role(field.utype): place for place, field in reversed(list(enumerate(table.fields))) if field.utype}


def _refused(axes: _Axes) -> str | None:
    """Return why a table holds no spectrum that is taken."""
    for role, words in ((WAVE, "spectral axis"), (FLUX, "flux")):
        if role not in axes.places:
            return f"no column of its table has the utype of a {words} ({role})"
    wave, flux = axes.field(WAVE), axes.field(FLUX)
    if flux.ucd.lower().startswith("phot.mag") or "mag" in flux.unit.lower():
        return f"its fluxes are magnitudes (unit {flux.unit!r}, UCD {flux.ucd!r}), expected flux densities"
    kind = _kind(wave, _unit_of_wave(axes))
    return kind if kind not in KINDS else None


KINDS: Final = ("length", "frequency", "energy")
"""Physical types of spectral axes that wavelengths follow from."""


def _unit_of_wave(axes: _Axes) -> str:
    return axes.field(WAVE).unit or (axes.told("char.spectralaxis.unit") or "")


def _kind(wave: Field, unit: str) -> str:
    """Return what a spectral axis is, or why wavelengths do not follow from it."""
    parsed = _unit(unit)
    if parsed is None:
        return f"its spectral axis {wave.name!r} has the unit {unit!r}, expected one of length, frequency or energy"
    kind = str(parsed.physical_type)
    found = next((one for one in KINDS if one in kind.split("/")), None)
    return found or f"its spectral axis {wave.name!r} is in {unit}, no wavelength, frequency or energy"


def _unit(written: str) -> Any:
    """Return the unit that is meant by what is written; None if that is not known."""
    from astropy import units

    name = UNITS.get(written.strip().lower(), written.strip())
    if not name or len(name) > 100:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for form in ("vounit", "cds", "generic"):
            try:
                return units.Unit(name, format=form)
            except (ValueError, TypeError):  # no such unit in this form
                continue
    return None


# -- Numbers ---------------------------------------------------------------------------------------------------------------------


def _spectrum(axes: _Axes, facts: HeaderFacts) -> Spectrum:
    roles = [role for role in (WAVE, FLUX, ERROR, *ERRORS, QUALITY) if role in axes.places]
    values = dict(zip(roles, columns(axes.table, [axes.places[role] for role in roles]), strict=True))
    kind, unit = _kind(axes.field(WAVE), _unit_of_wave(axes)), _unit(_unit_of_wave(axes))
    wave = _wavelengths(values[WAVE], unit, kind)
    flux, per_flux = _flux_densities(axes, wave, values[FLUX])
    error = _error(axes, values)
    ivar = None if error is None else inverse_variance(error * per_flux, -2)
    mask: BoolArray | None = values[QUALITY] != 0 if QUALITY in values else None
    if mask is not None:
        mask &= np.isfinite(values[QUALITY])
    medium = _medium(axes, kind)
    return spectrum_from((wave, flux, ivar, mask), facts, medium, _frame(axes))


def _wavelengths(values: FloatArray, unit: Any, kind: str) -> FloatArray:
    from astropy import units

    wave: FloatArray
    if kind == "length":
        wave = values * unit.to("Angstrom")
    else:
        wave = (values * unit).to_value("Angstrom", equivalencies=units.spectral())
    low, high = WITH_UNIT
    if wave.size and not (np.nanmin(wave) >= low and np.nanmax(wave) <= high):
        msg = f"its wavelengths run from {np.nanmin(wave):g} to {np.nanmax(wave):g} Å, expected {low:g} to {high:g}"
        raise ValueError(msg)
    return wave


def _flux_densities(axes: _Axes, wave: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray | float]:
    """Return flux densities per wavelength, and how much one unit of the file is in them; relative units stay as they are."""
    from astropy import units

    unit = _unit(axes.field(FLUX).unit)
    if unit is None or not unit.is_equivalent("Jy") or wave.shape != values.shape:
        return values, 1.0
    factor: FloatArray = (np.ones(wave.shape) * unit).to_value(
        FLUX_DENSITY, equivalencies=units.spectral_density(wave * units.Angstrom)
    )
    return values * factor, factor


def _error(axes: _Axes, values: Mapping[str, FloatArray]) -> FloatArray | None:
    """Return standard deviations in the unit of the flux; of two that differ above and below, the larger one."""
    if ERROR in values:
        role, error = ERROR, values[ERROR]
    elif all(one in values for one in ERRORS):
        role, error = ERRORS[0], np.maximum(values[ERRORS[0]], values[ERRORS[1]])
    else:
        return None
    own, other = axes.field(role).unit, axes.field(FLUX).unit
    if own in {"", other}:
        return error
    given, wanted = _unit(own), _unit(other)
    if given is None or wanted is None or not given.is_equivalent(wanted):
        return None  # a part of the flux, or something else that is no error of it
    return error * float(given.to(wanted))


def _medium(axes: _Axes, kind: str) -> str:
    if kind != "length":
        return "vacuum"  # frequencies and energies are the same in every medium
    wave = axes.field(WAVE)
    ucds = [wave.ucd.lower(), (axes.told("char.spectralaxis.ucd") or "").lower()]
    if any("obs.atmos" in ucd for ucd in ucds):
        return "air"
    told = medium_of_wave(wave.name, (f"wavelength {wave.description}",))
    if told == "undeclared" and _ccd700(_identifier(axes)):
        return "air"
    return told


def _frame(axes: _Axes) -> str:
    return FRAMES.get((axes.told("coordsys.spectralframe.refpos") or "").upper(), "undeclared")


# -- Facts -----------------------------------------------------------------------------------------------------------------------


def _identifier(axes: _Axes) -> str | None:
    told = axes.told("curation.publisherdid", "dataid.datasetid", "dataid.creatordid")
    return None if told is None else " ".join(told.split())[:LONGEST_KEY]


def _ccd700(identifier: str | None) -> str | None:
    found = IDENTIFIER.fullmatch(identifier or "")
    return found[1] if found else None


def name_of(identifier: str) -> tuple[str, str]:
    """
    Return survey and key of the spectrum that an identifier means.

    Parameters
    ----------
    identifier : str
        A publisher dataset identifier.

    Returns
    -------
    tuple of (str, str)
        The two halves of its id; the survey is ``sdm`` where the identifier is no ``ivo://`` one.
    """
    own = OWN.fullmatch(identifier)
    if own:
        return unquote(own[1]), unquote(own[2])
    ccd700 = _ccd700(identifier)
    if ccd700:
        return "ondrejov", ccd700
    authority, slash, rest = identifier.removeprefix("ivo://").partition("/")
    if identifier.startswith("ivo://") and slash and rest.strip() and authority and ":" not in authority:
        return authority.lower(), rest
    return SDM.name, identifier


def _name(axes: _Axes, stem: str) -> tuple[str, str]:
    identifier = _identifier(axes)
    return name_of(identifier) if identifier else (SDM.name, stem)


def _facts(axes: _Axes, survey: str, key: str) -> HeaderFacts:
    ra, dec = _position(axes)
    designation = axes.told("target.name")
    return HeaderFacts(
        survey=survey,
        key=key,
        ra=ra,
        dec=dec,
        mjd=_mjd(axes),
        designation=None if designation == f"{survey}:{key}" else designation,  # our own services name the nameless so
        snr=number(axes.told("derived.snr")),
        release=axes.told("curation.version", "dataid.version"),
    )


def _position(axes: _Axes) -> tuple[float | None, float | None]:
    """Return where was looked, else where the target is, degrees; nothing where the frame is another one than ICRS."""
    if (axes.told("coordsys.spaceframe.name") or "").upper() not in SKY_FRAMES:
        return None, None
    where = "char.spatialaxis.coverage.location.value"
    pairs = [axes.told(where), axes.told("target.pos")]
    parts = [STC.sub("", pair).replace(",", " ").split() for pair in pairs if pair]
    parts.append([axes.told(f"{where}.c1") or "", axes.told(f"{where}.c2") or ""])
    for pair in parts:
        ra, dec = (number(part) for part in pair) if len(pair) == 2 else (None, None)
        if ra is not None and dec is not None and 0 <= ra <= 360 and -90 <= dec <= 90:
            return ra, dec
    return None, None


def _mjd(axes: _Axes) -> float | None:
    told = axes.told("char.timeaxis.coverage.location.value")
    value = number(told)
    if value is None:
        return mjd_of(told)
    unit = axes.facts["char.timeaxis.coverage.location.value"].unit
    if unit not in {"", "d", "day"}:
        return None
    return value - JD_OF_MJD if value > JD_OF_MJD else value


SDM = SdmVotable()
