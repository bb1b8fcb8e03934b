"""What is around a spectrum: other exposures, the plate's fibers, the sky, what the network saw, and other programs."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from spectrove.catalog.links import links_of
from spectrove.errors import CampaignError
from spectrove.vo.samp import send
from spectrove.web.api.asking import Annotator, Page, SpectrumPath, ids_at, problems, row_of
from spectrove.web.insight import lookalikes, occlusion
from spectrove.web.plain import finite
from spectrove.web.problems import Problem
from spectrove.web.security import IMAGES
from spectrove.web.state import PageState, address

router = APIRouter(tags=["around"])

RADIUS = 5.0
"""Arc seconds within which spectra are taken to be of the same object."""

FIBERS = 6
"""Neighboring fibers that are shown."""

FIELD = 2 / 60
"""Side of the sky image, degrees."""


@router.get("/context/{spectrum_id:path}", responses=problems(404))
def read_context(spectrum_id: SpectrumPath, page: Page) -> JSONResponse:
    """
    Return a spectrum's surroundings: exposures of the same object, fibers nearby, and links to what others know.

    Parameters
    ----------
    spectrum_id : str
        Its id.
    page : PageState
        What is shared.

    Returns
    -------
    JSONResponse
        ``exposures``, ``fibers``, ``links`` and ``sky_image``.
    """
    row = row_of(page, spectrum_id)
    facts = page.facts_of([row])[0]
    exposures = [int(one) for one in page.surroundings.exposures(row, RADIUS) if int(one) != row]
    fibers = [int(one) for one in page.surroundings.fibers(row, FIBERS) if int(one) != row]
    told = {
        "exposures": [_neighbor(facts, one, ("mjd", "snr")) for one in page.facts_of(exposures)],
        "fibers": [_neighbor(facts, one, ("fiberid",)) for one in page.facts_of(fibers)],
        "links": links_of(spectrum_id, facts["ra"], facts["dec"], facts["obsid"]),
        "sky_image": _sky_image(facts),
    }
    return JSONResponse(finite(told))


def _neighbor(facts: dict[str, Any], other: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {
        "spectrum_id": other["spectrum_id"],
        **{name: other[name] for name in names},
        "separation_arcsec": _separation(facts, other),
        "url": address(other["spectrum_id"]),
    }


def _separation(one: dict[str, Any], other: dict[str, Any]) -> float | None:
    if None in {one["ra"], one["dec"], other["ra"], other["dec"]}:
        return None
    # Haversine: near zero the arc cosine would lose all digits.
    ra, dec, ra_2, dec_2 = (math.radians(value) for value in (one["ra"], one["dec"], other["ra"], other["dec"]))
    chord = math.sin((dec_2 - dec) / 2) ** 2 + math.cos(dec) * math.cos(dec_2) * math.sin((ra_2 - ra) / 2) ** 2
    return 3600 * math.degrees(2 * math.asin(min(1.0, math.sqrt(chord))))


def _sky_image(facts: dict[str, Any]) -> dict[str, str] | None:
    if facts["ra"] is None or facts["dec"] is None:
        return None
    asked = {
        "hips": "CDS/P/DSS2/color",
        "ra": f"{facts['ra']:.6f}",
        "dec": f"{facts['dec']:.6f}",
        "width": 300,
        "height": 300,
        "fov": f"{FIELD:.5f}",
        "projection": "TAN",
        "format": "jpg",
    }
    return {
        "url": f"{IMAGES}/hips-image-services/hips2fits?{urlencode(asked)}",
        "host": IMAGES.removeprefix("https://"),
        "note": "DSS2 color, 2′ wide, north up, by hips2fits of CDS; without a network there is no picture. "
        "The cross-hair is where the fiber was put: the pool knows no proper motion that would lead to the picture's epoch.",
    }


@router.get("/insight/{spectrum_id:path}", responses=problems(404, 409))
def read_insight(spectrum_id: SpectrumPath, page: Page, annotator: Annotator) -> JSONResponse:
    """
    Return where the network looked and what looks alike; only after the annotator has answered.

    Parameters
    ----------
    spectrum_id : str
        Its id.
    page : PageState
        What is shared.
    annotator : str
        Who asks.

    Returns
    -------
    JSONResponse
        ``occlusion``, ``predicted`` and ``lookalikes``.

    Raises
    ------
    Problem
        If the pool holds no such spectrum, or the annotator has not answered it.
    """
    row = row_of(page, spectrum_id)
    if not any(answer.spectrum_id == spectrum_id for answer in page.standing(annotator)):
        raise Problem(409, f"{spectrum_id}: answer it first; what the network thinks is not to sway the answer")
    try:
        told = {
            "occlusion": [float(value) for value in occlusion(page.campaign, row)],
            "predicted": _predicted(page, row),
            "lookalikes": [{"spectrum_id": id_, "url": address(id_)} for id_ in ids_at(page, lookalikes(page.campaign, row))],
        }
    except CampaignError as error:  # no network has seen it yet
        raise Problem(409, str(error)) from error
    return JSONResponse(finite(told))


def _predicted(page: PageState, row: int) -> str:
    scores, _ = page.campaign.scores()
    return scores.classes[int(scores.probabilities[row].argmax())]


@router.post("/samp/{spectrum_id:path}", responses=problems(404))
def send_by_samp(spectrum_id: SpectrumPath, page: Page, annotator: Annotator) -> JSONResponse:
    """
    Send a spectrum's file to the other programs on this machine by SAMP.

    Parameters
    ----------
    spectrum_id : str
        Its id.
    page : PageState
        What is shared.
    annotator : str
        Who wants it sent.

    Returns
    -------
    JSONResponse
        ``sent`` and ``detail``.
    """
    del annotator
    row = row_of(page, spectrum_id)
    sent, detail = send(page.file_of(row), spectrum_id, page.facts_of([row])[0])
    return JSONResponse({"sent": sent, "detail": detail})
