"""
A spectrum as a VOTable of the Spectral Data Model, which SPLAT, TOPCAT, VOSpec and the like open.

Wavelengths are in ``Angstrom``: the standard of units would have ``0.1nm``, but programs of the field know the name. Fluxes are
relative and have no unit, as the surveys' own have none that could be relied on.

References
----------
.. [1] McDowell et al. 2012, IVOA Spectral Data Model 1.1, IVOA Recommendation.
"""

from __future__ import annotations

import numpy as np

from spectrove.contracts import FloatArray
from spectrove.vo.service.addresses import COLLECTION, Addresses
from spectrove.vo.service.documents import Document, Field, Value
from spectrove.vo.service.errors import STATUS
from spectrove.vo.spectrum.reading import Published

NAMESPACES = {"spec": "http://www.ivoa.net/xml/SpectrumModel/v1.01"}
MODEL = "spec:Spectrum"

FRAMES = {"barycentric": "BARYCENTER", "heliocentric": "HELIOCENTER", "topocentric": "TOPOCENTER"}
"""What the standard calls the frame that wavelengths are in."""


def sdm_votable(published: Published, addresses: Addresses) -> bytes:
    """
    Return a spectrum as a VOTable.

    Parameters
    ----------
    published : Published
        The spectrum.
    addresses : Addresses
        Which make its identifier.

    Returns
    -------
    bytes
        Columns ``wavelength`` (Å), ``flux``, ``flux_error`` where the survey gives errors (NaN where it trusts no flux) and
        ``quality`` where it flags pixels (0 is good).
    """
    spectrum = published.spectrum
    in_vacuum = spectrum.medium == "vacuum"
    medium = "in vacuum" if in_vacuum else "the file does not say whether in vacuum or in air"
    fields = [
        Field("wavelength", "double", "em.wl", "Angstrom", _utype("Data.SpectralAxis.Value"), f"Wavelength, {medium}"),
        Field("flux", "double", "phot.flux.density;em.wl", "", _utype("Data.FluxAxis.Value"), "Flux density, relative"),
    ]
    columns: list[list[Value]] = [spectrum.wave.tolist(), spectrum.flux.tolist()]
    if spectrum.ivar is not None:
        utype = _utype("Data.FluxAxis.Accuracy.StatError")
        fields.append(Field("flux_error", "double", "stat.error;phot.flux.density;em.wl", "", utype, "Its standard deviation"))
        columns.append(errors_of(spectrum.ivar).tolist())
    if spectrum.mask is not None:
        utype = _utype("Data.FluxAxis.Quality")
        fields.append(Field("quality", "int", "meta.code.qual", "", utype, "0 where nothing is wrong, 1 where it is flagged"))
        columns.append(spectrum.mask.astype(int).tolist())
    infos = [(STATUS, "OK", ""), ("source", published.source, "")]
    if published.problem:
        infos.append(("problem", published.problem, "Only the points that the network saw are given."))
    return Document(
        fields=tuple(fields),
        rows=zip(*columns, strict=True),
        params=_params(published, addresses),
        infos=tuple(infos),
        description=f"Spectrum {published.record.spectrum_id}",
        utypes=(MODEL, MODEL),
        namespaces=NAMESPACES,
    ).to_bytes()


def errors_of(ivar: FloatArray) -> FloatArray:
    """
    Return standard deviations of fluxes.

    Parameters
    ----------
    ivar : array of shape (n_pixels,)
        Inverse variances.

    Returns
    -------
    array of float64, shape (n_pixels,)
        NaN where the survey trusts no flux.
    """
    with np.errstate(divide="ignore"):
        errors: FloatArray = np.where(ivar > 0, 1 / np.sqrt(ivar), np.nan)
    return errors


def _utype(path: str) -> str:
    return f"{MODEL}.{path}"


def _params(published: Published, addresses: Addresses) -> tuple[tuple[Field, str], ...]:
    record, spectrum = published.record, published.spectrum
    name = record.designation or record.spectrum_id
    told = [
        _text("title", "meta.title;meta.dataset", "DataID.Title", f"{name}, {record.spectrum_id}"),
        _text("collection", "", "DataID.Collection", COLLECTION),
        _text("creator_did", "meta.id", "DataID.CreatorDID", record.spectrum_id),
        _text("pubdid", "meta.ref.ivoid", "Curation.PublisherDID", addresses.did(record.spectrum_id)),
        _text("release", "meta.version", "Curation.Version", record.release),
        _text("target_name", "meta.id;src", "Target.Name", name),
        _text("target_class", "src.class", "Target.Class", record.target_class),
        _text("refpos", "", "CoordSys.SpectralFrame.RefPos", FRAMES.get(spectrum.frame)),
        _text("calibration", "", "Char.FluxAxis.Calibration", "RELATIVE"),
        _number("mjd", "time.epoch", "d", "Char.TimeAxis.Coverage.Location.Value", record.mjd),
        _number("snr", "stat.snr", "", "Derived.SNR", record.snr),
    ]
    if record.ra is not None and record.dec is not None:
        position = Field("target_pos", "double", "pos.eq;src", "deg", _utype("Target.Pos"), arraysize="2")
        fiber = Field("location", "double", "pos.eq", "deg", _utype("Char.SpatialAxis.Coverage.Location.Value"), arraysize="2")
        told += [(position, f"{record.ra!r} {record.dec!r}"), (fiber, f"{record.ra!r} {record.dec!r}")]
    return tuple(param for param in told if param is not None)


def _text(name: str, ucd: str, path: str, value: str | None) -> tuple[Field, str] | None:
    if value is None:
        return None
    return Field(name, "char" if value.isascii() else "unicodeChar", ucd, utype=_utype(path)), value


def _number(name: str, ucd: str, unit: str, path: str, value: float | None) -> tuple[Field, str] | None:
    return None if value is None else (Field(name, "double", ucd, unit, _utype(path)), repr(float(value)))
