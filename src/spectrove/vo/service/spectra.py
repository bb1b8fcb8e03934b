"""Spectra, pictures of them, and the survey's own files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, PlainTextResponse, Response

from spectrove.storage import is_remote, located
from spectrove.vo.service.documents import MEDIA_TYPE
from spectrove.vo.service.params import shown
from spectrove.vo.service.records import Record
from spectrove.vo.service.service import Service
from spectrove.vo.spectrum.sdm import sdm_votable
from spectrove.vo.spectrum.tabular_fits import tabular_fits

FITS = "application/fits"
SUFFIXES = {"votable": ".vot", "fits": ".fits"}


def routes(service: Service) -> APIRouter:
    """
    Return the addresses of spectra.

    Parameters
    ----------
    service : Service
        What is published.

    Returns
    -------
    APIRouter
        Of ``/spectrum/votable/…``, ``/spectrum/fits/…``, ``/spectrum/native/…`` and ``/preview/…``.
    """
    router = APIRouter()
    for path, make in (
        ("spectrum/votable", _votable),
        ("spectrum/fits", _fits),
        ("spectrum/native", _native),
        ("preview", _preview),
    ):
        _add(router, path, service, make)
    return router


Maker = Callable[[Service, Record, Request], Response]


def _add(router: APIRouter, path: str, service: Service, make: Maker) -> None:
    @router.api_route(f"/{path}/{{spectrum_id:path}}", methods=["GET", "HEAD"])
    def answer(request: Request, spectrum_id: str) -> Response:
        record = service.holdings.record(spectrum_id)
        if record is None:
            return PlainTextResponse(f"There is no spectrum {shown(spectrum_id)} here.", 404)
        return make(service, record, request)


def _votable(service: Service, record: Record, request: Request) -> Response:
    content = sdm_votable(service.spectra.read(record), service.addresses(request))
    return Response(content, media_type=MEDIA_TYPE, headers=named(record.spectrum_id, "votable"))


def _fits(service: Service, record: Record, request: Request) -> Response:
    del request
    return Response(tabular_fits(service.spectra.read(record)), media_type=FITS, headers=named(record.spectrum_id, "fits"))


def _native(service: Service, record: Record, request: Request) -> Response:
    del service, request
    path = file_of(record)
    if path is None:
        return PlainTextResponse(f"The survey's file of {record.spectrum_id} is not on this machine.", 404)
    return FileResponse(path, media_type=type_of(path), filename=path.name)


def _preview(service: Service, record: Record, request: Request) -> Response:
    from spectrove.vo.spectrum.preview import preview_png  # matplotlib, which a page that shows none does without

    del request
    return Response(preview_png(service.spectra.read(record)), media_type="image/png")


def named(spectrum_id: str, form: str) -> dict[str, str]:
    """
    Return the header by which a browser names what it saves.

    Parameters
    ----------
    spectrum_id : str
        The spectrum.
    form : str
        ``votable`` or ``fits``.

    Returns
    -------
    dict of str to str
        For the answer.
    """
    stem = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_.+") else "_" for sign in spectrum_id)
    return {"Content-Disposition": f'inline; filename="{stem}{SUFFIXES[form]}"'}


def file_of(record: Record) -> Path | None:
    """
    Return the survey's file of a spectrum.

    Parameters
    ----------
    record : Record
        The spectrum.

    Returns
    -------
    Path or None
        None if it was not made from a file on this machine, or the file is gone or cannot be read.
    """
    if record.file is None:
        return None
    path = located(record.file)
    try:
        found = not is_remote(path) and path.is_file() and os.access(path, os.R_OK)
    except OSError:  # a folder that is closed to us, a disk that went away
        return None
    return path if found else None


def type_of(path: Path) -> str:
    """
    Return the type of a survey's file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    str
        By its name.
    """
    name = path.name.lower()
    if name.endswith(".gz"):
        return "application/gzip"
    return FITS if name.endswith((".fits", ".fit", ".fts")) else "text/plain"
