"""
LAMOST low-resolution spectra in the three layouts of its releases.

DR1
    One image of 5 rows: flux, inverse variance, continuum-normalized flux, and mask, or mask. There is no row of
    wavelengths; they come from COEFF0 and COEFF1 alone [1]_.
DR2 to DR8
    The same image, but its third row is the wavelength [2]_ [3]_.
DR9 and later
    An empty primary HDU and a table COADD of one row, whose columns are vectors [4]_.

The two images are told apart by EXTEN0, which names the rows in order: ``Flux Inverse Subcontinuum Andmask Ormask`` or
``Flux, Inverse, Wavelength, Andmask, Ormask`` (with commas in pipeline v2.9, without in v2.7.5). Neither DATA_V, which DR1
and DR2 to DR3 do not write, nor VERSPIPE, which has many values, is needed. The third row must then bear out what EXTEN0
says of it: either it is the header's grid to half a pixel, or it is not.

MJD is two days late in pipelines v2.6.4 and v2.7.5 (LMJD is one day ahead of the night's UTC date, and there MJD = LMJD + 1);
so the epoch is taken from DATE-OBS, the median UTC of the observation, and from MJD only where that cannot be parsed.

References
----------
.. [1] Luo et al. 2015, RAA, 15, 1095 (DR1); https://www.lamost.org/public/dr/algorithms/ff?locale=en.
.. [2] LAMOST DR2, http://dr2.lamost.org/doc/data-production-description.
.. [3] LAMOST DR5, http://dr5.lamost.org/v3/doc/data-production-description.
.. [4] LAMOST DR10, https://www.lamost.org/dr10/v2.0/doc/lr-data-production-description.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from functools import lru_cache
from typing import Any

import numpy as np

from spectrove.contracts import FloatArray
from spectrove.spectrum import HeaderFacts, Spectrum
from spectrove.surveys.arrays import flags, floats, spectrum_from
from spectrove.surveys.facts import HeaderValues, Values, columns_of, listed, text
from spectrove.surveys.reader import FitsReader

TELESCOP = "LAMOST"
"""Value of TELESCOP in every release."""

FLUX, IVAR, THIRD, ANDMASK, ORMASK = range(5)
"""Rows of the image of DR1 to DR8, in the order of EXTEN0."""

TABLE_COLUMNS = ("FLUX", "IVAR", "WAVELENGTH", "ANDMASK")
"""Columns of COADD that are used, DR9 and later."""

KEYS = ("LMJD", "PLANID", "SPID", "FIBERID")
"""Keywords that name a spectrum, as in ``spec-56284-GAC122S02V2_sp14-183``."""


SPECTROGRAPH_KEYS = ("LMJD", "MJD", "DATE-OBS", "PLANID", "SPID", "DATA_V", "VERSPIPE")
"""Keywords that are equal in all spectra of one spectrograph and observation, of those that are used."""


class _Lamost(FitsReader):
    """What the three layouts share: the telescope and the header's facts."""

    def _refusal(self, hdus: Any) -> str | None:
        header = hdus[0].header
        if text(header.get("TELESCOP")) != TELESCOP:
            return f"TELESCOP is {header.get('TELESCOP')!r}, not {TELESCOP!r}"
        reason = self._refused_layout(hdus)
        if reason is not None:
            return reason
        lacking = unnamed(HeaderValues(header))
        return f"the header names no spectrum: {', '.join(lacking)} is missing or no whole number" if lacking else None

    @abstractmethod
    def _refused_layout(self, hdus: Any) -> str | None:
        """Return why these HDUs of LAMOST do not have this layout."""


class LamostImage(_Lamost):
    """
    Reads the image of 5 rows: DR1, or DR2 to DR8.

    Parameters
    ----------
    name : str
        Name of the reader's entry point.
    title : str
        The layout in a few words.
    third : str
        EXTEN0's word for the third row, in small letters.
    """

    def __init__(self, name: str, title: str, third: str) -> None:
        self.name, self.title, self.third = name, title, third

    def _refused_layout(self, hdus: Any) -> str | None:
        header = hdus[0].header
        if header.get("NAXIS") != 2 or header.get("NAXIS2") != 5:
            return f"the primary HDU is no image of 5 rows (NAXIS is {header.get('NAXIS')!r}, NAXIS2 {header.get('NAXIS2')!r})"
        values = HeaderValues(header)
        coeffs = coefficients(values)
        if coeffs is None:
            return f"COEFF0 and COEFF1 are {header.get('COEFF0')!r} and {header.get('COEFF1')!r}, no log10 of Å"
        third = third_row(values)
        if third != self.third:
            return f"EXTEN0 names the rows {header.get('EXTEN0')!r}; the third of five should be {self.third!r}"
        is_wavelength = is_header_grid(floats(hdus[0].data[THIRD]), *coeffs)
        if is_wavelength is not (self.third == "wavelength"):
            found = "is the header's wavelengths" if is_wavelength else "is not the header's wavelengths to half a pixel"
            return f"EXTEN0 says that the third row is {third!r}, but the row {found}"
        return None

    def _spectrum(self, hdus: Any) -> Spectrum:
        header, data = hdus[0].header, hdus[0].data
        flux = floats(data[FLUX])
        if self.third == "wavelength":
            wave = floats(data[THIRD])
        else:
            wave = header_grid(flux.size, float(header["COEFF0"]), float(header["COEFF1"]))
        return spectrum_from((wave, flux, floats(data[IVAR]), flags(data[ANDMASK])), _header_facts(header), *_axis(header))


class LamostTable(_Lamost):
    """Reads the table of DR9 and later."""

    name = "lamost-table"
    title = "LAMOST low resolution, DR9 and later (table COADD)"

    def _refused_layout(self, hdus: Any) -> str | None:
        names = [hdu.name for hdu in hdus]
        if "COADD" not in names:
            return f"no HDU is named COADD (there are {listed(names)})"
        header = hdus[names.index("COADD")].header
        columns = columns_of(header)
        missing = [name for name in TABLE_COLUMNS if name not in columns]
        if missing:
            return f"HDU COADD has no column {', '.join(missing)} (there are {listed(list(columns))})"
        if header["NAXIS2"] != 1:
            return f"table COADD has {header['NAXIS2']} rows, expected one row of vectors"
        return None

    def _spectrum(self, hdus: Any) -> Spectrum:
        header, row = hdus[0].header, hdus["COADD"].data[0]
        flux, ivar, wave, mask = (row[name] for name in TABLE_COLUMNS)
        return spectrum_from((floats(wave), floats(flux), floats(ivar), flags(mask)), _header_facts(header), *_axis(header))


def header_grid(n_pixels: int, coeff0: float, coeff1: float) -> FloatArray:
    """
    Return the wavelengths that a header gives.

    Parameters
    ----------
    n_pixels : int
        Number of pixels.
    coeff0, coeff1 : float
        COEFF0, log10 of the first pixel's wavelength in Å, and COEFF1, the step in log10 (header comments).

    Returns
    -------
    array of shape (n_pixels,)
        Wavelengths, Å, in the medium that the header names.
    """
    grid: FloatArray = 10.0 ** (coeff0 + coeff1 * np.arange(n_pixels))
    return grid


def is_header_grid(row: FloatArray, coeff0: float, coeff1: float) -> bool:
    """
    Return whether a row is the header's grid to half a pixel, the most that COEFF0's four decimals can be off.

    Parameters
    ----------
    row : array of shape (n_pixels,)
        The row of an image.
    coeff0, coeff1 : float
        As of `header_grid`.

    Returns
    -------
    bool
        True if every value is.
    """
    off = np.abs(row / header_grid(row.size, coeff0, coeff1) - 1)
    return bool(np.all(off < 0.5 * coeff1 * np.log(10)))


def coefficients(values: Values) -> tuple[float, float] | None:
    """
    Return COEFF0 and COEFF1 of a header.

    Parameters
    ----------
    values : Values
        The header.

    Returns
    -------
    tuple of two floats, or None
        None if one is missing or they are no log10 of Å in the optical.
    """
    coeff0, coeff1 = values.number("COEFF0"), values.number("COEFF1")
    if coeff0 is None or coeff1 is None or not 3 < coeff0 < 5 or not 0 < coeff1 < 0.01:
        return None
    return coeff0, coeff1


def third_row(values: Values) -> str | None:
    """
    Return EXTEN0's word for the third of the five rows of an image.

    Parameters
    ----------
    values : Values
        The header.

    Returns
    -------
    str or None
        The word in small letters; None if there are not five.
    """
    return _third_word(values.text("EXTEN0") or "")


@lru_cache(maxsize=64)
def _third_word(names: str) -> str | None:
    rows = re.split(r"[,\s]+", names)
    return rows[THIRD].lower() if len(rows) == 5 else None


def unnamed(values: Values) -> list[str]:
    """
    Return which of the keywords that name a spectrum are missing or no whole number.

    Parameters
    ----------
    values : Values
        The header.

    Returns
    -------
    list of str
        Keywords, the missing ones first; empty if the spectrum has a name.
    """
    missing = [key for key in KEYS if values.text(key) is None]
    return missing + [key for key in ("LMJD", "SPID", "FIBERID") if key not in missing and values.whole(key) is None]


def facts_of(values: Values) -> dict[str, Any]:
    """
    Return what a header says of its spectrum.

    Parameters
    ----------
    values : Values
        A header of which `unnamed` finds nothing.

    Returns
    -------
    dict
        The attributes of `HeaderFacts` that it gives.
    """
    return with_fiber(spectrograph_facts(values), values)


def spectrograph_facts(values: Values) -> dict[str, Any]:
    """
    Return what a header says that it shares with the 250 spectra of one spectrograph and observation.

    Parameters
    ----------
    values : Values
        A header of which `unnamed` finds nothing.

    Returns
    -------
    dict
        Attributes of `HeaderFacts`, those that follow from `SPECTROGRAPH_KEYS`; the key lacks the fiber.
    """
    spid, planid, epoch = values.whole("SPID"), values.text("PLANID"), values.epoch("DATE-OBS")
    return {
        "survey": "lamost",
        "key": f"{values.whole('LMJD')}-{planid}_sp{spid:02d}",
        "mjd": values.number("MJD") if epoch is None else epoch,
        "planid": planid,
        "spid": spid,
        "release": values.text("DATA_V") or values.text("VERSPIPE"),
    }


def with_fiber(shared: dict[str, Any], values: Values) -> dict[str, Any]:
    """
    Return what a header says of its spectrum.

    Parameters
    ----------
    shared : dict
        What `spectrograph_facts` gave of this header, or of one that is equal in that.
    values : Values
        The header.

    Returns
    -------
    dict
        The attributes of `HeaderFacts` that it gives.
    """
    fiberid, snr = values.whole("FIBERID"), values.number("SNRR")
    return {
        **shared,
        "key": f"{shared['key']}-{fiberid:03d}",
        "ra": values.number("RA"),
        "dec": values.number("DEC"),
        "fiberid": fiberid,
        "obsid": values.text("OBSID"),
        "designation": values.text("DESIG"),
        "snr": values.number("SN_R") if snr is None else snr,
        "spectral_class": values.text("CLASS"),
        "subclass": values.text("SUBCLASS"),
    }


def _axis(header: Any) -> tuple[str, str]:
    """Return the medium, vacuum as in all releases unless VACUUM is F, and the frame that HELIO tells."""
    frames = {True: "heliocentric", False: "topocentric"}
    return "air" if header.get("VACUUM") is False else "vacuum", frames.get(header.get("HELIO"), "undeclared")


def _header_facts(header: Any) -> HeaderFacts:
    return HeaderFacts(**facts_of(HeaderValues(header)))


DR1 = LamostImage("lamost-dr1", "LAMOST low resolution, DR1 (image without wavelengths)", "subcontinuum")
IMAGE = LamostImage("lamost-image", "LAMOST low resolution, DR2 to DR8 (image with wavelengths)", "wavelength")
TABLE = LamostTable()
