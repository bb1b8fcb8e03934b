"""
Cutouts: a part of a spectrum, by wavelength.

References
----------
.. [1] Bonnarel et al. 2017, IVOA Server-side Operations for Data Access 1.0, IVOA Recommendation.
"""

from __future__ import annotations

import math

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from starlette.concurrency import run_in_threadpool

from spectrove.vo.service.addresses import Addresses
from spectrove.vo.service.asking import parameters_of
from spectrove.vo.service.errors import QueryError
from spectrove.vo.service.params import Parameters, number, shown
from spectrove.vo.service.records import Range
from spectrove.vo.service.service import Service
from spectrove.vo.service.spectra import named
from spectrove.vo.service.ssap import ALIASES, FORMS, METER
from spectrove.vo.spectrum.reading import cut_out
from spectrove.vo.spectrum.sdm import sdm_votable
from spectrove.vo.spectrum.tabular_fits import tabular_fits

ENDS = {"-INF": -math.inf, "+INF": math.inf, "INF": math.inf}
"""Open ends of an interval, in capitals (DALI 1.1, sect. 3.3.4)."""

ONCE = ("ID", "BAND", "RESPONSEFORMAT", "FORMAT")
"""Parameters that may have one value; the words of all errors are SODA's own ([1]_, sect. 5.2), not DataLink's."""


def routes(service: Service) -> APIRouter:
    """
    Return the address of cutouts.

    Parameters
    ----------
    service : Service
        What is published.

    Returns
    -------
    APIRouter
        Of ``/soda``.
    """
    router = APIRouter()

    @router.api_route("/soda", methods=["GET", "HEAD", "POST"])
    async def cutout(request: Request) -> Response:
        try:
            given = await parameters_of(request)
            for name in ONCE:
                if len(set(given.all(name))) > 1:
                    return PlainTextResponse(f"MultiValuedParamNotSupported: {name}: expected once", 400)
            return await run_in_threadpool(answer, service, given, service.addresses(request))
        except QueryError as error:
            return PlainTextResponse(f"UsageError: {error.detail}", 400)

    return router


def answer(service: Service, given: Parameters, addresses: Addresses) -> Response:
    """
    Return a part of a spectrum.

    Parameters
    ----------
    service : Service
        What is published.
    given : Parameters
        The query's: ``ID``, ``BAND`` as an interval of meters, ``RESPONSEFORMAT``.
    addresses : Addresses
        Which know whose identifiers are meant.

    Returns
    -------
    Response
        The part, of two pixels at least; without content where the spectrum covers nothing of the band; 404 where there is no
        such spectrum.

    Raises
    ------
    QueryError
        If the query cannot be understood.
    """
    did = given.one("ID")
    if did is None:
        msg = "ID: not given, expected the identifier of a spectrum"
        raise QueryError(msg)
    asked = (given.one("RESPONSEFORMAT") or given.one("FORMAT") or "").lower().partition(";")[0].replace(" ", "+")
    if asked not in ALIASES:
        msg = f"RESPONSEFORMAT: {shown(asked)}, expected {' or '.join(FORMS.values())}"
        raise QueryError(msg)
    asked_band = given.one("BAND")
    band = None if asked_band is None else _interval(asked_band)
    spectrum_id = addresses.id_of(did)
    record = None if spectrum_id is None else service.holdings.record(spectrum_id)
    if record is None:
        return PlainTextResponse(f"UsageError: there is no spectrum {shown(did)} here", 404)
    published = service.spectra.read(record)
    part = published if band is None else cut_out(published, band)
    if part is None:
        return Response(status_code=204)
    form = ALIASES[asked]
    content = tabular_fits(part) if form == "fits" else sdm_votable(part, addresses)
    return Response(content, media_type=FORMS[form], headers=named(record.spectrum_id, form))


def _interval(text: str) -> Range:
    ends = text.split()
    if len(ends) != 2:
        msg = f"BAND: {shown(text)}, expected two wavelengths in meters, such as 6.5e-7 6.6e-7"
        raise QueryError(msg)
    first, last = (ENDS[end.upper()] if end.upper() in ENDS else number("BAND", end) for end in ends)
    if first > last:
        msg = f"BAND: {shown(text)}, expected the shorter wavelength first"
        raise QueryError(msg)
    return first / METER, last / METER
