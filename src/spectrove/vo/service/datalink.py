"""
Links: all that there is of a spectrum, by its identifier.

References
----------
.. [1] Bonnarel et al. 2023, IVOA DataLink 1.1, IVOA Recommendation.
"""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from spectrove.catalog.links import survey_link
from spectrove.vo.service.addresses import Addresses
from spectrove.vo.service.asking import parameters_of
from spectrove.vo.service.documents import Document, Field, Value
from spectrove.vo.service.errors import STATUS, QueryError, error_document
from spectrove.vo.service.params import Parameters, shown
from spectrove.vo.service.records import Record
from spectrove.vo.service.service import Service
from spectrove.vo.service.spectra import file_of, type_of
from spectrove.vo.service.ssap import FORMS, cutout_descriptor

MEDIA_TYPE = "application/x-votable+xml;content=datalink"
STANDARD = "ivo://ivoa.net/std/DataLink#links-1.1"

FIELDS = (
    Field("ID", "unicodeChar", "meta.id;meta.main", description="Identifier, as it was asked for", id="ID"),
    Field("access_url", "char", "meta.ref.url", description="Address of what the link leads to"),
    Field("service_def", "char", "meta.ref", description="Service that makes it, described below"),
    Field("error_message", "unicodeChar", "meta.code.error", description="Why there is no link"),
    Field("description", "unicodeChar", "meta.note", description="What the link leads to"),
    Field("semantics", "char", "meta.code", description="What it is to the spectrum"),
    Field("content_type", "char", "meta.code.mime", description="Its type"),
    Field("content_length", "long", "phys.size;meta.file", "byte", description="Its size, where it is known"),
    Field("content_qualifier", "char", "meta.code", description="What kind of thing it is"),
)
"""The columns, in the standard's order ([1]_, sect. 3.2)."""


def routes(service: Service) -> APIRouter:
    """
    Return the address of links.

    Parameters
    ----------
    service : Service
        What is published.

    Returns
    -------
    APIRouter
        Of ``/datalink``.
    """
    router = APIRouter()

    @router.api_route("/datalink", methods=["GET", "HEAD", "POST"])
    async def links(request: Request) -> Response:
        try:
            given = await parameters_of(request)
            content = await run_in_threadpool(answer, service, given, service.addresses(request))
        except QueryError as error:
            return Response(error_document(f"UsageFault: {error.detail}"), 400, media_type=MEDIA_TYPE)
        return Response(content, media_type=MEDIA_TYPE)

    return router


def answer(service: Service, given: Parameters, addresses: Addresses) -> bytes:
    """
    Return the links of spectra.

    Parameters
    ----------
    service : Service
        What is published.
    given : Parameters
        The query's: ``ID``, which may be repeated, and ``RESPONSEFORMAT``.
    addresses : Addresses
        Where everything is.

    Returns
    -------
    bytes
        A VOTable; what is unknown has a row that says so. Without an ID it has no rows ([1]_, sect. 2.1.1).

    Raises
    ------
    QueryError
        If another form than a VOTable is asked for.
    """
    dids = given.all("ID")
    form = (given.one("RESPONSEFORMAT") or "votable").lower().partition(";")[0].replace(" ", "+")
    if form not in {"votable", "text/xml", "application/x-votable+xml"}:
        msg = f"RESPONSEFORMAT: {shown(form)}, expected {MEDIA_TYPE}"
        raise QueryError(msg)
    return Document(
        fields=FIELDS,
        rows=[row for did in dids for row in _rows(service, did, addresses)],
        infos=(("standardID", STANDARD, ""), (STATUS, "OK", "")),
        resources=(cutout_descriptor(addresses),),
        description="Links of spectra",
    ).to_bytes()


def _rows(service: Service, did: str, addresses: Addresses) -> Iterator[list[Value]]:
    spectrum_id = addresses.id_of(did)
    record = None if spectrum_id is None else service.holdings.record(spectrum_id)
    if record is None:
        yield [did, None, None, f"NotFoundFault: there is no spectrum {shown(did)} here", None, "#this", None, None, None]
        return
    own = did  # as it was asked for, so that who asks for several knows which is which
    for form, name in (("votable", "VOTable of the Spectral Data Model"), ("fits", "FITS table")):
        yield _link(own, addresses.spectrum(record.spectrum_id, form), f"The spectrum: {name}", "#this", FORMS[form], "#spectrum")
    yield _link(own, addresses.preview(record.spectrum_id), "A picture of it", "#preview", "image/png", "#image")
    told = "A part of it, by wavelength"
    yield [own, None, "cutout", None, told, "#cutout", FORMS["votable"], None, "#spectrum"]
    yield from _origins(record, own, addresses)


def _origins(record: Record, did: str, addresses: Addresses) -> Iterator[list[Value]]:
    path = file_of(record)
    if path is not None:
        url, size = addresses.spectrum(record.spectrum_id, "native"), path.stat().st_size
        yield [*_link(did, url, "The survey's own file", "#progenitor", type_of(path), "#spectrum")[:7], size, "#spectrum"]
    page = survey_link(record.spectrum_id, None)
    if page is not None:
        yield _link(did, page, "The survey's own page of it", "#documentation", "text/html", None)


def _link(did: str, url: str, description: str, semantics: str, mime: str, qualifier: str | None) -> list[Value]:
    return [did, url, None, None, description, semantics, mime, None, qualifier]
