"""
Spectra of the CCD700 camera of the 2 m Perek telescope at Ondřejov, in the two forms in which they are handed on.

The archive's own form is a table of ``spectral`` (Å) and ``flux``, published as ``ivo://asu.cas.cz/stel/ccd700/…`` [1]_;
the comment of its first column says that wavelengths are in air. The older form is IRAF's image of one row with a linear
dispersion. It does not name the medium; but the same ThAr lamp calibrates both, and in the image the water-vapor lines of
the Earth's atmosphere around Hα stand at their places in air (a test shows it). Both are converted to vacuum here.

No header names the frame of the wavelengths. In the table's form oxygen of the Earth's atmosphere moves with the Earth's velocity
toward the star, so they are reduced to the Sun (a test of `spectrove.measure` shows it).

TMID of the table is a modified Julian date in spite of its comment ``[d]``; JD of the image is the middle of the exposure.
RA and DEC of the image are for EQUINOX and are precessed.

References
----------
.. [1] Ondřejov CCD700 archive, http://voarchive.asu.cas.cz/ccd700/q/web/form.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from spectrove.spectrum import HeaderFacts, Spectrum
from spectrove.surveys.arrays import floats, spectrum_from
from spectrove.surveys.facts import columns_of, listed, number, text, whole
from spectrove.surveys.reader import FitsReader

IDENTIFIER = re.compile(r"ivo://.+/ccd700/([^/]+)")
"""What DS_IDPUB looks like, whoever publishes a copy of the archive; its last part is the spectrum's key."""

COLUMNS = ("spectral", "flux")
"""Columns of the archive's table: air wavelengths in Å, and relative flux."""

ORIGIN = ("ONDREJOV", "COUDE700")
"""Values of OBSERVAT and INSTRUME in the images of IRAF."""

JD_OF_MJD = 2400000.5
"""Julian date of modified Julian date 0."""


class OndrejovCcd700(FitsReader):
    """Reads the archive's tables and IRAF's images."""

    name = "ondrejov"
    title = "Ondřejov CCD700 (table of spectral and flux, or IRAF image)"

    def _refusal(self, hdus: Any) -> str | None:
        if len(hdus) > 1 and hdus[0].header.get("NAXIS") == 0:
            return _refused_table(hdus[1])
        return _refused_image(hdus[0].header)

    def _spectrum(self, hdus: Any) -> Spectrum:
        if len(hdus) > 1 and hdus[0].header.get("NAXIS") == 0:
            header, data = hdus[1].header, hdus[1].data
            medium = "vacuum" if "vac" in header.comments["TTYPE1"].lower() else "air"
            wave, flux = floats(data[COLUMNS[0]]), floats(data[COLUMNS[1]])
            return spectrum_from((wave, flux, None, None), _facts_of_table(header), medium, "heliocentric")
        header = hdus[0].header
        flux = floats(hdus[0].data)
        wave = float(header["CRVAL1"]) + float(_step(header)) * (np.arange(flux.size) + 1 - float(header["CRPIX1"]))
        return spectrum_from((wave, flux, None, None), _facts_of_image(header), "air")


def _refused_table(hdu: Any) -> str | None:
    identifier = text(hdu.header.get("DS_IDPUB"))
    if identifier is None or not IDENTIFIER.fullmatch(identifier):
        return f"DS_IDPUB of HDU 1 is {hdu.header.get('DS_IDPUB')!r}, expected ivo://…/ccd700/…"
    columns = columns_of(hdu.header)
    if list(columns.values()) != list(COLUMNS):
        return f"HDU 1 has the columns {listed(list(columns.values()))}, expected {listed(list(COLUMNS))}"
    unit = hdu.header.get("TUNIT1")
    return None if unit == "Angstrom" else f"the unit of column spectral is {unit!r}, not 'Angstrom'"


def _refused_image(header: Any) -> str | None:
    origin = (text(header.get("OBSERVAT")), text(header.get("INSTRUME")))
    if origin != ORIGIN:
        return f"OBSERVAT and INSTRUME are {origin[0]!r} and {origin[1]!r}, not {ORIGIN[0]!r} and {ORIGIN[1]!r}"
    if header.get("NAXIS") != 1:
        return f"the primary HDU has {header.get('NAXIS')} axes, expected one row of pixels"
    unit = text(header.get("WAT1_001")) or ""
    numbers = [number(header.get("CRVAL1")), number(header.get("CRPIX1")), number(_step(header))]
    if "units=angstroms" not in unit.lower() or whole(header.get("DC-FLAG")) != 0 or None in numbers:
        told = ", ".join(f"{key} is {header.get(key)!r}" for key in ("WAT1_001", "DC-FLAG", "CRVAL1", "CRPIX1"))
        return f"the header gives no linear dispersion in Å ({told})"
    return None if text(header.get("FILENAME")) else "no FILENAME names the spectrum"


def _step(header: Any) -> Any:
    return header.get("CDELT1", header.get("CD1_1"))


def _facts_of_table(header: Any) -> HeaderFacts:
    return HeaderFacts(
        survey="ondrejov",
        key=str(text(header["DS_IDPUB"])).rsplit("/", 1)[-1],
        ra=number(header.get("RA")),
        dec=number(header.get("DEC")),
        mjd=number(header.get("TMID")),
        designation=text(header.get("OBJECT")),
    )


def _facts_of_image(header: Any) -> HeaderFacts:
    julian_date = number(header.get("JD"))
    ra, dec = _position(text(header.get("RA")), text(header.get("DEC")), number(header.get("EQUINOX")))
    return HeaderFacts(
        survey="ondrejov",
        key=PurePosixPath(str(text(header["FILENAME"]))).stem,
        ra=ra,
        dec=dec,
        mjd=None if julian_date is None else julian_date - JD_OF_MJD,
        designation=text(header.get("OBJECT")),
    )


def _position(ra: str | None, dec: str | None, equinox: float | None) -> tuple[float | None, float | None]:
    """Return a position of the equinox of date in ICRS, degrees."""
    if ra is None or dec is None or equinox is None:
        return None, None
    from astropy.coordinates import FK5, SkyCoord

    try:
        place = SkyCoord(ra, dec, unit=("hourangle", "deg"), frame=FK5(equinox=f"J{equinox}")).icrs
    except ValueError:
        return None, None
    return float(place.ra.deg), float(place.dec.deg)


CCD700 = OndrejovCcd700()
