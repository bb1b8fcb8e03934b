"""
SDSS spectra as ``spec-PLATE-MJD-FIBER.fits``: a table COADD of one pixel a row, and a table of one row from specObj or spAll.

Wavelengths are in vacuum, as the header's VACUUM says [1]_.

References
----------
.. [1] SDSS data model, spec,
   https://data.sdss.org/datamodel/files/BOSS_SPECTRO_REDUX/RUN2D/spectra/PLATE4/spec.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spectrove.spectrum import HeaderFacts, Spectrum
from spectrove.surveys.arrays import flags, floats, spectrum_from
from spectrove.surveys.facts import columns_of, listed, number, text, whole
from spectrove.surveys.reader import FitsReader

TELESCOPES = ("SDSS 2.5-M", "apo25m")
"""Values of TELESCOP of the Sloan telescope at Apache Point."""

COLUMNS = ("FLUX", "LOGLAM", "IVAR", "AND_MASK")
"""Columns of COADD that are used; the files write them in small letters."""

OBJECT_TABLES = ("SPECOBJ", "SPALL")
"""Names of the table of one row about the object: specObj of SDSS-I/II, spAll of BOSS."""

KEYS = ("PLATE", "MJD", "FIBERID")
"""Columns that name a spectrum."""

FACTS = {*KEYS, "PLUG_RA", "PLUG_DEC", "SPECOBJID", "SN_MEDIAN", "SN_MEDIAN_ALL", "CLASS", "SUBCLASS", "RUN2D"}
"""Columns of the table of the object that are used, where it has them."""

R_BAND = 2
"""Place of r in SN_MEDIAN's five bands u g r i z."""


class SdssSpec(FitsReader):
    """Reads ``spec-*.fits``, full or lite."""

    name = "sdss-spec"
    title = "SDSS spec (tables COADD and SPECOBJ or SPALL)"

    def _refusal(self, hdus: Any) -> str | None:
        telescope = text(hdus[0].header.get("TELESCOP"))
        if telescope not in TELESCOPES:
            return f"TELESCOP is {hdus[0].header.get('TELESCOP')!r}, not {TELESCOPES[0]!r}"
        names = [hdu.name for hdu in hdus]
        if "COADD" not in names:
            return f"no HDU is named COADD (there are {listed(names)})"
        missing = [name for name in COLUMNS if name not in columns_of(hdus["COADD"].header)]
        if missing:
            return f"HDU COADD has no column {', '.join(missing)}"
        table = next((hdu for hdu in hdus if hdu.name in OBJECT_TABLES), None)
        if table is None:
            return f"no HDU is named {' or '.join(OBJECT_TABLES)} (there are {listed(names)})"
        row = _row(table)
        missing = [key for key in KEYS if whole(row.get(key)) is None]
        return f"HDU {table.name} gives no {', '.join(missing)}, which name the spectrum" if missing else None

    def _spectrum(self, hdus: Any) -> Spectrum:
        columns = columns_of(hdus["COADD"].header)
        flux, loglam, ivar, mask = (hdus["COADD"].data[columns[name]] for name in COLUMNS)
        row = _row(next(hdu for hdu in hdus if hdu.name in OBJECT_TABLES))
        medium = "air" if hdus[0].header.get("VACUUM") is False else "vacuum"
        frame = "undeclared" if hdus[0].header.get("HELIO_RV") is None else "heliocentric"
        arrays = (10.0 ** floats(loglam), floats(flux), floats(ivar), flags(mask))
        return spectrum_from(arrays, HeaderFacts(**facts_of(row)), medium, frame)


def _row(table: Any) -> dict[str, Any]:
    if table.header.get("NAXIS2") != 1 or not columns_of(table.header):
        return {}
    data = table.data
    return {name: data[column][0] for name, column in columns_of(table.header).items() if name in FACTS}


def facts_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return what the table of the object says of its spectrum.

    Parameters
    ----------
    row : mapping
        Values of the columns `FACTS` that the table has, by name.

    Returns
    -------
    dict
        Attributes of `HeaderFacts`.
    """
    plate, mjd, fiberid = (whole(row[key]) for key in KEYS)
    bands = np.atleast_1d(row.get("SN_MEDIAN", np.nan))
    return {
        "survey": "sdss",
        "key": f"{plate:04d}-{mjd}-{fiberid:04d}",
        "ra": number(row.get("PLUG_RA")),
        "dec": number(row.get("PLUG_DEC")),
        "mjd": number(mjd),
        "plate": plate,
        "fiberid": fiberid,
        "obsid": text(row.get("SPECOBJID")),
        "snr": number(bands[R_BAND] if bands.size == 5 else row.get("SN_MEDIAN_ALL", bands[0])),
        "spectral_class": text(row.get("CLASS")),
        "subclass": text(row.get("SUBCLASS")),
        "release": text(row.get("RUN2D")),
    }


SPEC = SdssSpec()
