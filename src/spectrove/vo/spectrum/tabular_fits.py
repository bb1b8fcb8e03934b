"""
A spectrum as a FITS table, which specutils opens as ``tabular-fits``, and so do Specviz, TOPCAT and astropy.

Fluxes have the unit ``adu``: they are relative, and specutils takes a column for fluxes by its unit alone.
"""

from __future__ import annotations

import io
from typing import Any

from astropy.table import Table

from spectrove.catalog.ascii_text import ascii_text
from spectrove.vo.spectrum.reading import Published
from spectrove.vo.spectrum.sdm import errors_of

MEDIUM = {"vacuum": "VACUUM", "undeclared": "UNKNOWN"}


def tabular_fits(published: Published) -> bytes:
    """
    Return a spectrum as a FITS file of one binary table.

    Parameters
    ----------
    published : Published
        The spectrum.

    Returns
    -------
    bytes
        Columns ``wavelength`` (Å), ``flux``, ``uncertainty`` where the survey gives errors and ``quality`` where it flags pixels.
    """
    spectrum = published.spectrum
    table = Table({"wavelength": spectrum.wave, "flux": spectrum.flux})
    table["wavelength"].unit, table["flux"].unit = "Angstrom", "adu"
    if spectrum.ivar is not None:
        table["uncertainty"] = errors_of(spectrum.ivar)
        table["uncertainty"].unit = "adu"
    if spectrum.mask is not None:
        table["quality"] = spectrum.mask.astype("i2")
    table.meta.update(_cards(published))
    written = io.BytesIO()
    table.write(written, format="fits")
    return written.getvalue()


def _cards(published: Published) -> dict[str, Any]:
    record, spectrum = published.record, published.spectrum
    told: dict[str, Any] = {
        "LONGSTRN": "OGIP 1.0",
        "SPECID": record.spectrum_id,
        "OBJECT": record.designation,
        "RA": record.ra,
        "DEC": record.dec,
        "MJD": record.mjd,
        "SNR": record.snr,
        "ORIGIN": record.survey,
        "RELEASE": record.release,
        "WAVEMED": MEDIUM[spectrum.medium],
        "SPECSYS": {"barycentric": "BARYCENT", "heliocentric": "HELIOCEN", "topocentric": "TOPOCENT"}.get(spectrum.frame),
    }
    cards = {name: ascii_text(value) if isinstance(value, str) else value for name, value in told.items() if value is not None}
    if published.problem:
        cards["comments"] = [ascii_text(published.problem)[:70]]
    return cards
