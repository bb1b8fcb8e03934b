"""
Simple Spectral Access: spectra by position, wavelength, time, name and class.

References
----------
.. [1] Tody et al. 2012, Simple Spectral Access Protocol 1.1, IVOA Recommendation.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from spectrove.vo.service.addresses import COLLECTION, Addresses
from spectrove.vo.service.documents import Document, Field, Value, descriptor
from spectrove.vo.service.errors import STATUS, QueryError
from spectrove.vo.service.holdings import Holdings
from spectrove.vo.service.params import ZERO, Parameters, moment, number, shown
from spectrove.vo.service.records import Range, Record, Selection
from spectrove.vo.service.service import Service
from spectrove.vo.service.ssap_columns import FIELDS, INPUTS, MOST, SYSTEMS, USUAL, USUAL_SIZE

NAMESPACES = {"ssa": "http://www.ivoa.net/xml/DalSsap/v1.1"}

METER = 1e-10
"""Meters of an ångström."""

FIBERS = {"lamost": 3.3 / 3600, "sdss": 3.0 / 3600}
"""Diameter of a fiber in degrees: Cui et al. 2012, RAA 12, 1197, sect. 2; York et al. 2000, AJ 120, 1579 (BOSS has 2″)."""

RESOLVING_POWERS = {"lamost": 1800.0, "sdss": 1800.0, "ondrejov": 13000.0}
"""Resolving power λ/Δλ: Luo et al. 2015, RAA 15, 1095; York et al. 2000; Škoda et al. 2020, A&A 643, A122, sect. 3.1."""

FORMS = {"votable": "application/x-votable+xml", "fits": "application/fits"}
"""The forms that a spectrum comes in, and their types."""

ALIASES = {
    "": "votable",
    "all": "votable",
    "compliant": "votable",
    "votable": "votable",
    "xml": "votable",
    "text/xml": "votable",
    "application/x-votable+xml": "votable",
    "fits": "fits",
    "application/fits": "fits",
    "image/fits": "fits",
    "native": "fits",
}
"""What a client may ask for, in lower case. Of ``all`` one form is told, as a row is a spectrum; its links lead to the others."""


def answer(service: Service, given: Parameters, addresses: Addresses) -> bytes:
    """
    Return the answer to a query.

    Parameters
    ----------
    service : Service
        What is published.
    given : Parameters
        The query's.
    addresses : Addresses
        Where spectra and links are.

    Returns
    -------
    bytes
        A VOTable.

    Raises
    ------
    QueryError
        If the query cannot be understood.
    """
    asked = given.one("REQUEST")
    if asked is None or asked.lower() != "querydata":
        msg = f"REQUEST: {'not given' if asked is None else shown(asked)}, expected queryData"
        raise QueryError(msg)
    version = given.one("VERSION")
    if version is not None and not version.startswith("1."):
        msg = f"VERSION: {shown(version)}, expected 1.1"
        raise QueryError(msg)
    # In an address, + means a space; a type that was put there as it is has a space in it.
    forms = [name.lower().partition(";")[0].replace(" ", "+") for name in given.several("FORMAT")]
    if "metadata" in forms:
        return document(service, [], addresses, metadata=True)
    selection = selection_of(given, addresses, service.holdings)
    form = next((ALIASES[name] for name in forms or [""] if name in ALIASES), None)
    if form is None or selection is None:  # nothing is had in this form, or of this kind
        return document(service, [], addresses)
    found = service.holdings.find(selection)
    return document(service, found.records, addresses, form=form, overflow=found.overflow)


def selection_of(given: Parameters, addresses: Addresses, holdings: Holdings) -> Selection | None:
    """
    Return which spectra a query wants.

    Parameters
    ----------
    given : Parameters
        The query's.
    addresses : Addresses
        Which tell whose identifiers are known.
    holdings : Holdings
        What is published.

    Returns
    -------
    Selection or None
        None if nothing that is published is of the kind.

    Raises
    ------
    QueryError
        If the query cannot be understood.
    """
    limits = [limit for limit in (given.count("MAXREC"), given.count("TOP")) if limit is not None]
    dids = given.several("PUBDID") + given.several("CREATORDID")
    ids = tuple(id_ for did in dids if (id_ := addresses.id_of(did)) is not None)
    powers = given.ranges("SPECRP")
    collections = {name.lower() for name in given.several("COLLECTION")}
    surveys = tuple(
        name
        for name in holdings.index.codes("survey")[0]
        if (not collections or collections & {COLLECTION, name.lower()})
        and (not powers or any(low <= RESOLVING_POWERS.get(name, 0) <= high for low, high in powers))
    )
    selection = Selection(
        cone=given.cone(USUAL_SIZE),
        bands=tuple((low / METER, high / METER) for low, high in given.ranges("BAND", _wave)),
        times=given.ranges("TIME", moment),
        snrs=given.ranges("SNR"),
        names=given.several("TARGETNAME"),
        classes=given.several("TARGETCLASS"),
        spectrum_ids=ids if dids else None,
        surveys=surveys if collections or powers else None,
        limit=min([*limits, MOST]) if limits else USUAL,
    )
    is_had = _among(given, "FLUXCALIB", {"relative", "any"}) and _among(given, "WAVECALIB", {"absolute", "any"})
    return selection if is_had and (surveys or not (collections or powers)) else None


def _wave(name: str, text: str) -> Range:
    if text[:1].isalpha() and text.lower() not in {"inf", "nan"}:
        msg = f"{name}: {shown(text)} names a band, and bands are not known here by names. Give meters, such as 6.5e-7/6.6e-7."
        raise QueryError(msg)
    meters = number(name, text)
    return meters, meters


def _among(given: Parameters, name: str, had: set[str]) -> bool:
    wanted = {value.lower() for value in given.several(name)}
    return not wanted or bool(wanted & had)


def document(
    service: Service,
    records: Sequence[Record],
    addresses: Addresses,
    *,
    form: str = "votable",
    overflow: bool = False,
    metadata: bool = False,
) -> bytes:
    """
    Return spectra as an answer lists them.

    Parameters
    ----------
    service : Service
        Who publishes.
    records : sequence of Record
        The spectra.
    addresses : Addresses
        Where they are.
    form : str
        One of `FORMS`.
    overflow : bool
        Whether there are more.
    metadata : bool
        Whether the parameters that are taken are described.

    Returns
    -------
    bytes
        A VOTable.
    """
    told = f"The answer was cut: there are more spectra than MAXREC allows, or than {MOST:,}, which is the most of one answer."
    return Document(
        fields=FIELDS,
        rows=[_row(record, addresses, form) for record in records],
        params=(*_constants(service), *(INPUTS if metadata else ())),
        infos=(("SERVICE_PROTOCOL", "1.1", "SSAP"), (STATUS, "OK", ""), ("publisher", service.facts.publisher, "")),
        infos_after=((STATUS, "OVERFLOW", told),) if overflow else (),
        resources=descriptors(addresses),
        description=service.facts.title,
        namespaces=NAMESPACES,
        systems=SYSTEMS,
    ).to_bytes()


def _row(record: Record, addresses: Addresses, form: str) -> list[Value]:
    first, last = record.wave_min * METER, record.wave_max * METER
    middle, name = (first + last) / 2, record.designation or record.spectrum_id
    power = RESOLVING_POWERS.get(record.survey)
    position = (_or_nan(record.ra), _or_nan(record.dec))
    date = None if record.mjd is None else (ZERO + timedelta(days=record.mjd)).strftime("%Y-%m-%dT%H:%M:%S")
    return [
        addresses.spectrum(record.spectrum_id, form),
        FORMS[form],
        None,
        f"{name}, {record.spectrum_id}",
        record.spectrum_id,
        addresses.did(record.spectrum_id),
        date,
        name,
        record.target_class,
        None,
        position,
        position,
        record.ra,
        record.dec,
        FIBERS.get(record.survey),
        record.mjd,
        None,
        middle,
        last - first,
        first,
        last,
        None if power is None else middle / power,
        record.snr,
        None,
        addresses.datalink_of(record.spectrum_id),
        addresses.preview(record.spectrum_id),
        record.predicted_class,
        record.label,
    ]


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value


def _constants(service: Service) -> tuple[tuple[Field, str], ...]:
    told = {
        "datamodel": ("", "ssa:Dataset.DataModel", "Spectrum-1.0"),
        "datasettype": ("", "ssa:Dataset.Type", "Spectrum"),
        "frame": ("", "ssa:CoordSys.SpaceFrame.Name", "ICRS"),
        "collection": ("", "ssa:DataID.Collection", COLLECTION),
        "instrument": ("meta.id;instr", "ssa:DataID.Instrument", ", ".join(service.holdings.index.codes("survey")[0])),
        "datasource": ("", "ssa:DataID.DataSource", "survey"),
        "creationtype": ("", "ssa:DataID.CreationType", "archival"),
        "publisher": ("meta.curation", "ssa:Curation.Publisher", service.facts.publisher),
        "reference": ("meta.bib.bibcode", "ssa:Curation.Reference", service.facts.reference),
        "spectralucd": ("", "ssa:Char.SpectralAxis.Ucd", "em.wl"),
        "spectralunit": ("", "ssa:Char.SpectralAxis.Unit", "Angstrom"),
        "spectralcalib": ("", "ssa:Char.SpectralAxis.Calibration", "ABSOLUTE"),
        "fluxucd": ("", "ssa:Char.FluxAxis.Ucd", "phot.flux.density;em.wl"),
        "fluxunit": ("", "ssa:Char.FluxAxis.Unit", ""),
        "fluxcalib": ("", "ssa:Char.FluxAxis.Calibration", "RELATIVE"),
    }
    return tuple((Field(name, ucd=ucd, utype=utype), value) for name, (ucd, utype, value) in told.items())


def descriptors(addresses: Addresses) -> tuple[str, ...]:
    """
    Return the descriptions of the services that take a spectrum's identifier.

    Parameters
    ----------
    addresses : Addresses
        Where they are.

    Returns
    -------
    tuple of str
        RESOURCE elements for DataLink and for SODA.
    """
    links = descriptor(
        "links",
        {"standardID": "ivo://ivoa.net/std/DataLink#links-1.1", "accessURL": addresses.datalink},
        [(Field("ID", ucd="meta.id;meta.main", ref="pubdid"), "")],
        "Links of a spectrum",
    )
    return links, cutout_descriptor(addresses, "pubdid")


def cutout_descriptor(addresses: Addresses, ref: str = "") -> str:
    """
    Return the description of the service that cuts parts out of spectra.

    Parameters
    ----------
    addresses : Addresses
        Where it is.
    ref : str
        XML id of the column with identifiers; that of the links unless given.

    Returns
    -------
    str
        A RESOURCE element.
    """
    band = Field("BAND", "double", "em.wl;stat.interval", "m", description="Wavelengths", arraysize="2", xtype="interval")
    options = "".join(f'<OPTION value="{mime}"/>' for mime in FORMS.values())
    form = Field("RESPONSEFORMAT", ucd="meta.code.mime", description="Type of the answer", values=options)
    return descriptor(
        "cutout",
        {"standardID": "ivo://ivoa.net/std/SODA#sync-1.0", "accessURL": addresses.soda},
        [(Field("ID", ucd="meta.id;meta.main", ref=ref or "ID"), ""), (band, ""), (form, "")],
        "A part of a spectrum",
    )
