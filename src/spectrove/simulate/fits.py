"""
FITS files in the layouts of real surveys, as bytes: LAMOST's three low-resolution layouts and Ondřejov's CCD700.

Nothing here comes from the readers, so that a mistake cannot hide by being made twice. Headers carry the keywords that the real
files have and that mean something for a simulated spectrum; nothing depends on the time of writing. astropy writes one file of
each layout and length; the others are copies of it with cards and data overwritten, some ten times faster than writing each anew.

References
----------
.. [1] LAMOST DR1, http://dr1.lamost.org/doc/data-production-description (five rows; the third is the flux divided by
   the continuum).
.. [2] LAMOST DR5, http://dr5.lamost.org/v3/doc/data-production-description (five rows; the third is the wavelength).
.. [3] LAMOST DR10, https://www.lamost.org/dr10/v2.0/doc/lr-data-production-description (table COADD).
.. [4] Škoda, P. et al. 2020, Ondřejov dataset, doi:10.5281/zenodo.2640970 (CCD700 spectra, air wavelengths).
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from spectrove.contracts import BoolArray, FloatArray

LOG_STEP = 1e-4
"""Step of LAMOST's grid, log10 of Å."""

NO_MEASUREMENT = -9999.0
"""What the pipeline writes for a signal-to-noise ratio that it could not measure."""

WRITTEN_AT = "2020-09-18T00:00:00"
"""The DATE card of every file, so that one seed gives the same bytes."""

Cards = Mapping[str, tuple[Any, str]]
"""Values and comments by keyword."""

SITE: Cards = {
    "AUTHOR": ("spectrove simulate", "Who compiled the information"),
    "ORIGIN": ("SYNTHETIC", "No telescope has seen this"),
    "DATE": (WRITTEN_AT, "Fixed, so that files are reproducible"),
    "TELESCOP": ("LAMOST", "Telescope whose files this is laid out like"),
    "FILENAME": ("", ""),
    "LMJD": (0, "Local Modified Julian Day"),
    "MJD": (0, "Modified Julian Day"),
    "PLANID": ("", "Plan ID in use"),
    "RA": (0.0, "[deg] Right ascension of object"),
    "DEC": (0.0, "[deg] Declination of object"),
    "DESIG": ("", "Designation of LAMOST target"),
    "FIBERID": (0, "Fiber ID of Object"),
    "OBJTYPE": ("Star", "Object type from input catalog"),
    "RADECSYS": ("FK5", "Equatorial coordinate system"),
    "EQUINOX": (2000.0, "Equinox in years"),
    "SPID": (0, "Spectrograph ID"),
    "HELIO": (True, "Heliocentric correction"),
    "VACUUM": (True, "Wavelengths are in vacuum"),
    "NWORDER": (2, "Number of linear-log10 coefficients"),
    "WFITTYPE": ("LOG-LINEAR", "Linear-log10 dispersion"),
    "COEFF0": (0.0, "Central wavelength (log10) of first pixel"),
    "COEFF1": (LOG_STEP, "Log10 dispersion per pixel"),
    "CRVAL1": (0.0, "Central wavelength (log10) of first pixel"),
    "CD1_1": (LOG_STEP, "Log10 dispersion per pixel"),
    "CRPIX1": (1, "Starting pixel (1-indexed)"),
    "CTYPE1": ("LINEAR", ""),
    "DC-FLAG": (1, "Log-linear flag"),
    "CLASS": ("", "Class of object"),
    "SUBCLASS": ("", "Subclass of object"),
}
"""Cards of LAMOST's primary headers that are the same in every layout; the empty ones are filled in for each spectrum."""

CCD700: Cards = {
    "TITLE": ("", ""),
    "DS_IDPUB": ("", ""),
    "DATE": (WRITTEN_AT, ""),
    "SPECBAND": ("Optical", ""),
    "OBJECT": ("", ""),
    "SRCCLASS": ("star", ""),
    "RA": (0.0, ""),
    "DEC": (0.0, ""),
    "APERTURE": (0.000167, "[deg]"),
    "TMID": (0.0, "[d]"),
    "TELAPSE": (900.0, "[s]"),
    "SPEC_VAL": (0.0, "[m]"),
    "SPEC_BW": (0.0, "[m]"),
    "TDMIN1": (0.0, "[m]"),
    "TDMAX1": (0.0, "[m]"),
    "RADECSYS": ("ICRS", ""),
    "SPECSDIM": ("Angstrom", ""),
    "VOSEGT": ("Spectrum", ""),
    "CRETYPE": ("simulated", ""),
    "FLUX_CAL": ("UNCALIBRATED", ""),
    "SPEC_CAL": ("ABSOLUTE", ""),
}
"""Cards of the CCD700 table's header."""

RELEASES = {
    "lamost-dr1": (None, "v2.6.4", 1),
    "lamost-image": ("LAMOST DR5", "v2.9.7", -1),
    "lamost-table": ("LAMOST DR10", "v2.9.8", -1),
}
"""Data release (DR1 names none), pipeline, and days from LMJD to MJD in the files of each layout."""

COADD = ("FLUX", "IVAR", "WAVELENGTH", "ANDMASK", "ORMASK", "NORMALIZATION")
"""Columns of the table of DR9 and later, in order, each one vector of 32-bit floats."""


@dataclass(frozen=True)
class Exposure:
    """
    What the header of a pool spectrum says.

    Attributes
    ----------
    planid : str
        Observing plan.
    lmjd : int
        Local modified Julian date, days; part of the file's name.
    spid, fiberid : int
        Spectrograph and fiber.
    obsid : int
        Number of the observation; DR1 files do not carry it.
    ra, dec : float
        Position, degrees.
    snr : float or None
        Signal-to-noise ratio a pixel in r; None where the pipeline failed to measure it.
    pipeline : tuple of str
        Class and subclass.
    """

    planid: str
    lmjd: int
    spid: int
    fiberid: int
    obsid: int
    ra: float
    dec: float
    snr: float | None
    pipeline: tuple[str, str]

    @property
    def key(self) -> str:
        """
        Return the survey's key of the spectrum.

        Returns
        -------
        str
            As in the file's name, without ``spec-``.
        """
        return f"{self.lmjd}-{self.planid}_sp{self.spid:02d}-{self.fiberid:03d}"

    @property
    def designation(self) -> str:
        """
        Return the target's designation.

        Returns
        -------
        str
            ``LAMOST J`` with the position in hours, minutes, seconds and degrees, arcminutes, arcseconds, cut off.
        """
        return designation(self.ra, self.dec)


@dataclass(frozen=True, eq=False)
class Pixels:
    """
    One pool spectrum on LAMOST's grid.

    Attributes
    ----------
    coeff0 : float
        log10 of the first vacuum wavelength, Å; the step is `LOG_STEP`.
    flux : array of shape (n_wave,)
        Relative flux.
    ivar : array of shape (n_wave,)
        Inverse variance, 1/flux²; 0 where the pipeline trusts nothing.
    normalized : array of shape (n_wave,)
        Flux divided by the continuum.
    flagged : array of bool, shape (n_wave,)
        Pixels with the "or" mask set.
    """

    coeff0: float
    flux: FloatArray
    ivar: FloatArray
    normalized: FloatArray
    flagged: BoolArray

    @property
    def wave(self) -> FloatArray:
        """
        Return the wavelengths of the pixels.

        Returns
        -------
        array of shape (n_wave,)
            Vacuum Å.
        """
        return lamost_wave(self.coeff0, self.flux.size)


def designation(ra: float, dec: float) -> str:
    """
    Return the designation of a place on the sky.

    Parameters
    ----------
    ra, dec : float
        Position, degrees.

    Returns
    -------
    str
        ``LAMOST J`` with the position in hours, minutes, seconds and degrees, arcminutes, arcseconds, cut off.
    """
    hundredths = int(ra / 15 * 360_000)
    tenths = int(abs(dec) * 36_000)
    right_ascension = f"{hundredths // 360_000:02d}{hundredths // 6000 % 60:02d}{hundredths % 6000 / 100:05.2f}"
    declination = f"{tenths // 36_000:02d}{tenths // 600 % 60:02d}{tenths % 600 / 10:04.1f}"
    return f"LAMOST J{right_ascension}{'-' if dec < 0 else '+'}{declination}"


def delivered_wave(layout: str, coeff0: float, n_wave: int) -> FloatArray:
    """
    Return the wavelengths that a file of a layout gives whoever reads it.

    Parameters
    ----------
    layout : str
        ``lamost-dr1``, whose files have no wavelengths but the header's; or a later one, where they are 32-bit floats.
    coeff0 : float
        log10 of the first wavelength, Å.
    n_wave : int
        Number of pixels.

    Returns
    -------
    array of float64, shape (n_wave,)
        Vacuum Å.
    """
    wave = lamost_wave(coeff0, n_wave)
    return wave if layout == "lamost-dr1" else wave.astype(np.float32).astype(np.float64)


def lamost_wave(coeff0: float, n_wave: int) -> FloatArray:
    """
    Return wavelengths that are even in their logarithm.

    Parameters
    ----------
    coeff0 : float
        log10 of the first wavelength, Å.
    n_wave : int
        Number of pixels.

    Returns
    -------
    array of shape (n_wave,)
        Vacuum Å.
    """
    wave: FloatArray = 10 ** (coeff0 + LOG_STEP * np.arange(n_wave))
    return wave


def lamost_dr1(exposure: Exposure, pixels: Pixels) -> bytes:
    """
    Return a file in the layout of DR1: an image whose third row is the flux divided by the continuum.

    Parameters
    ----------
    exposure : Exposure
        The header's facts.
    pixels : Pixels
        The spectrum.

    Returns
    -------
    bytes
        The file.
    """
    cards = _facts(exposure, pixels, "lamost-dr1") | {"SN_R": _measured(exposure.snr)}
    none = np.zeros_like(pixels.flux)
    return _fill(_dr1_form(pixels.flux.size), cards, [pixels.flux, pixels.ivar, pixels.normalized, none, pixels.flagged])


def lamost_image(exposure: Exposure, pixels: Pixels) -> bytes:
    """
    Return a file in the layout of DR2 to DR8: an image whose third row is the wavelength.

    Parameters
    ----------
    exposure : Exposure
        The header's facts.
    pixels : Pixels
        The spectrum.

    Returns
    -------
    bytes
        The file.
    """
    facts = _facts(exposure, pixels, "lamost-image")
    cards = facts | {"OBSID": exposure.obsid, "SNRR": _measured(exposure.snr)}
    none = np.zeros_like(pixels.flux)
    return _fill(_image_form(pixels.flux.size), cards, [pixels.flux, pixels.ivar, pixels.wave, none, pixels.flagged])


def lamost_table(exposure: Exposure, pixels: Pixels) -> bytes:
    """
    Return a gzipped file in the layout of DR9 and later: an empty primary HDU and a table of one row of vectors.

    Parameters
    ----------
    exposure : Exposure
        The header's facts.
    pixels : Pixels
        The spectrum.

    Returns
    -------
    bytes
        The file, compressed.
    """
    facts = _facts(exposure, pixels, "lamost-table")
    cards = facts | {"OBSID": exposure.obsid, "SNRR": _measured(exposure.snr)}
    none = np.zeros_like(pixels.flux)
    vectors = [pixels.flux, pixels.ivar, pixels.wave, none, pixels.flagged, pixels.normalized]
    return gzip.compress(_fill(_table_form(pixels.flux.size), cards, vectors), compresslevel=6, mtime=0)


def ccd700_table(
    key: str, target: str, ra_dec_mjd: tuple[float, float, float], wave_in_air: FloatArray, flux: FloatArray
) -> bytes:
    """
    Return a file in the layout of Ondřejov's CCD700 archive: a table of air wavelengths and relative fluxes.

    Parameters
    ----------
    key : str
        Last part of the dataset's identifier.
    target : str
        The star's name.
    ra_dec_mjd : tuple of float
        Position, degrees, and middle of the exposure, days.
    wave_in_air : array of shape (n_wave,)
        Air wavelengths, Å.
    flux : array of shape (n_wave,)
        Relative flux.

    Returns
    -------
    bytes
        The file.
    """
    ra, dec, mjd = ra_dec_mjd
    first, last = float(wave_in_air[0]) * 1e-10, float(wave_in_air[-1]) * 1e-10
    limits = {"SPEC_VAL": (first + last) / 2, "SPEC_BW": last - first, "TDMIN1": first, "TDMAX1": last}
    cards = {
        "TITLE": f"ccd700/synthetic/{key}.fit",
        "DS_IDPUB": f"ivo://spectrove.synthetic/ccd700/{key}",
        "OBJECT": target,
        "RA": ra,
        "DEC": dec,
        "TMID": mjd,
    }
    cards |= {keyword: round(value, 15) for keyword, value in limits.items()}
    return _fill(_ccd700_form(flux.size), cards, [np.stack([wave_in_air, flux], axis=1)])


@dataclass(frozen=True, eq=False)
class _Form:
    """A file of one layout and length as astropy writes it, and where its cards and its data stand."""

    content: bytes
    cards: Mapping[str, tuple[int, str]]
    data: int
    width: str


def _form(hdus: list[fits.PrimaryHDU | fits.BinTableHDU], told_in: int, width: str) -> _Form:
    buffer = BytesIO()
    fits.HDUList(hdus).writeto(buffer)
    with fits.open(BytesIO(buffer.getvalue())) as written:
        start = written[told_in].fileinfo()["hdrLoc"]
        cards = {card.keyword: (start + 80 * n, card.comment) for n, card in enumerate(written[told_in].header.cards)}
        return _Form(buffer.getvalue(), cards, written[-1].fileinfo()["datLoc"], width)


def _fill(form: _Form, cards: Mapping[str, Any], vectors: Sequence[NDArray[Any]]) -> bytes:
    content = bytearray(form.content)
    for keyword, value in cards.items():
        place, comment = form.cards[keyword]
        content[place : place + 80] = _card(keyword, value, comment)
    data = np.stack(vectors).astype(form.width).tobytes()
    content[form.data : form.data + len(data)] = data
    return bytes(content)


def _card(keyword: str, value: str | float, comment: str) -> bytes:
    """Write a card in the fixed format (FITS standard 4.0, sect. 4.2); astropy's `Card` would take a third of the time."""
    quoted = value.replace("'", "''") if isinstance(value, str) else ""
    text = f"'{quoted:8}'".ljust(20) if isinstance(value, str) else f"{value!s:>20}".upper()
    return f"{keyword:8}= {text}{f' / {comment}' if comment else ''}".ljust(80)[:80].encode("ascii")


def _header(first: Cards, last: Cards) -> fits.Header:
    return fits.Header([(keyword, *card) for keyword, card in {**first, **SITE, **last}.items()])


@lru_cache(maxsize=4)
def _dr1_form(n_wave: int) -> _Form:
    first = {"EXTEN0": ("Flux Inverse Subcontinuum Andmask Ormask", "")}
    header = _header(first, {"VERSPIPE": (RELEASES["lamost-dr1"][1], "Version of Pipeline"), "SN_R": (0.0, "SNR of r filter")})
    return _form([fits.PrimaryHDU(np.zeros((5, n_wave), ">f4"), header)], 0, ">f4")


@lru_cache(maxsize=4)
def _image_form(n_wave: int) -> _Form:
    first = {
        "OBSID": (0, "Unique number ID of this spectrum"),
        "DATA_V": (RELEASES["lamost-image"][0], "Data release whose layout this is"),
        "EXTEN0": ("Flux, Inverse, Wavelength, Andmask, Ormask", ""),
        "EXTNAME": ("Flux", "The extension name"),
    }
    header = _header(first, {"VERSPIPE": (RELEASES["lamost-image"][1], "Version of Pipeline"), "SNRR": (0.0, "SNR of r filter")})
    return _form([fits.PrimaryHDU(np.zeros((5, n_wave), ">f4"), header)], 0, ">f4")


@lru_cache(maxsize=4)
def _table_form(n_wave: int) -> _Form:
    first = {
        "OBSID": (0, "Unique number ID of this spectrum"),
        "DATA_V": (RELEASES["lamost-table"][0], "Data release whose layout this is"),
    }
    header = _header(first, {"VERSPIPE": (RELEASES["lamost-table"][1], "Version of Pipeline"), "SNRR": (0.0, "SNR of r filter")})
    row = np.zeros(1, dtype=[(name, ">f4", (n_wave,)) for name in COADD])
    return _form([fits.PrimaryHDU(header=header), fits.BinTableHDU(row, name="COADD")], 0, ">f4")


@lru_cache(maxsize=4)
def _ccd700_form(n_wave: int) -> _Form:
    hdu = fits.BinTableHDU(np.zeros(n_wave, dtype=[("spectral", ">f8"), ("flux", ">f8")]))
    hdu.header.set("TTYPE1", "spectral", "Air wavelength")
    hdu.header.set("TTYPE2", "flux", "Relative flux")
    hdu.header.set("TUNIT1", "Angstrom", after="TFORM1")
    hdu.header.update(CCD700)
    return _form([fits.PrimaryHDU(), hdu], 1, ">f8")


def _facts(exposure: Exposure, pixels: Pixels, layout: str) -> dict[str, Any]:
    """Return what every layout tells; DR1 counts MJD one day above LMJD, later releases one day below, as in the real files."""
    mjd = exposure.lmjd + RELEASES[layout][2]
    spectral_class, subclass = exposure.pipeline
    return {
        "FILENAME": f"spec-{exposure.key}.fits", "LMJD": exposure.lmjd, "MJD": mjd, "PLANID": exposure.planid,
        "RA": round(exposure.ra, 6), "DEC": round(exposure.dec, 6), "DESIG": exposure.designation,
        "SPID": exposure.spid, "FIBERID": exposure.fiberid,
        "COEFF0": pixels.coeff0, "CRVAL1": pixels.coeff0, "CLASS": spectral_class, "SUBCLASS": subclass,
    }  # fmt: skip


def _measured(snr: float | None) -> float:
    return NO_MEASUREMENT if snr is None else round(snr, 2)
