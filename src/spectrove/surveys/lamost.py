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
from typing import Any

import numpy as np

from spectrove.contracts import FloatArray
from spectrove.spectrum import HeaderFacts, Spectrum
from spectrove.surveys.arrays import flags, floats, spectrum_from
from spectrove.surveys.facts import columns_of, listed, mjd_of, number, text, whole
from spectrove.surveys.reader import FitsReader

TELESCOP = "LAMOST"
"""Value of TELESCOP in every release."""

FLUX, IVAR, THIRD, ANDMASK, ORMASK = range(5)
"""Rows of the image of DR1 to DR8, in the order of EXTEN0."""

TABLE_COLUMNS = ("FLUX", "IVAR", "WAVELENGTH", "ANDMASK")
"""Columns of COADD that are used, DR9 and later."""

KEYS = ("LMJD", "PLANID", "SPID", "FIBERID")
"""Keywords that name a spectrum, as in ``spec-56284-GAC122S02V2_sp14-183``."""


class _Lamost(FitsReader):
    """What the three layouts share: the telescope and the header's facts."""

    def _refusal(self, hdus: Any) -> str | None:
        header = hdus[0].header
        if text(header.get("TELESCOP")) != TELESCOP:
            return f"TELESCOP is {header.get('TELESCOP')!r}, not {TELESCOP!r}"
        reason = self._refused_layout(hdus)
        if reason is not None:
            return reason
        missing = [key for key in KEYS if text(header.get(key)) is None]
        numeric = [key for key in ("LMJD", "SPID", "FIBERID") if key not in missing and whole(header[key]) is None]
        if missing or numeric:
            return f"the header names no spectrum: {', '.join(missing + numeric)} is missing or no whole number"
        return None

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
        coeff0, coeff1 = number(header.get("COEFF0")), number(header.get("COEFF1"))
        if coeff0 is None or coeff1 is None or not 3 < coeff0 < 5 or not 0 < coeff1 < 0.01:
            return f"COEFF0 and COEFF1 are {header.get('COEFF0')!r} and {header.get('COEFF1')!r}, no log10 of Å"
        rows = re.split(r"[,\s]+", text(header.get("EXTEN0")) or "")
        third = rows[THIRD].lower() if len(rows) == 5 else None
        if third != self.third:
            return f"EXTEN0 names the rows {header.get('EXTEN0')!r}; the third of five should be {self.third!r}"
        is_wavelength = _is_grid(floats(hdus[0].data[THIRD]), coeff0, coeff1)
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
            wave = _grid(flux.size, float(header["COEFF0"]), float(header["COEFF1"]))
        return spectrum_from((wave, flux, floats(data[IVAR]), flags(data[ANDMASK])), _facts(header), _medium(header))


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
        return spectrum_from((floats(wave), floats(flux), floats(ivar), flags(mask)), _facts(header), _medium(header))


def _grid(n_pixels: int, coeff0: float, coeff1: float) -> FloatArray:
    """Return the header's wavelengths, Å: COEFF0 is log10 of the first pixel's, COEFF1 the step in log10 (header comments)."""
    grid: FloatArray = 10.0 ** (coeff0 + coeff1 * np.arange(n_pixels))
    return grid


def _is_grid(row: FloatArray, coeff0: float, coeff1: float) -> bool:
    """Return whether a row is the header's grid to half a pixel, the most that COEFF0's four decimals can be off."""
    off = np.abs(row / _grid(row.size, coeff0, coeff1) - 1)
    return bool(np.all(off < 0.5 * coeff1 * np.log(10)))


def _medium(header: Any) -> str:
    """Return the medium: vacuum, as all releases are, unless VACUUM is F."""
    return "air" if header.get("VACUUM") is False else "vacuum"


def _facts(header: Any) -> HeaderFacts:
    spid, fiberid = whole(header["SPID"]), whole(header["FIBERID"])
    planid = text(header["PLANID"])
    snr = number(header.get("SNRR"))
    epoch = mjd_of(header.get("DATE-OBS"))
    return HeaderFacts(
        survey="lamost",
        key=f"{whole(header['LMJD'])}-{planid}_sp{spid:02d}-{fiberid:03d}",
        ra=number(header.get("RA")),
        dec=number(header.get("DEC")),
        mjd=number(header.get("MJD")) if epoch is None else epoch,
        planid=planid,
        spid=spid,
        fiberid=fiberid,
        obsid=text(header.get("OBSID")),
        designation=text(header.get("DESIG")),
        snr=number(header.get("SN_R")) if snr is None else snr,
        spectral_class=text(header.get("CLASS")),
        subclass=text(header.get("SUBCLASS")),
        release=text(header.get("DATA_V")) or text(header.get("VERSPIPE")),
    )


DR1 = LamostImage("lamost-dr1", "LAMOST low resolution, DR1 (image without wavelengths)", "subcontinuum")
IMAGE = LamostImage("lamost-image", "LAMOST low resolution, DR2 to DR8 (image with wavelengths)", "wavelength")
TABLE = LamostTable()
