"""What is around a spectrum: other exposures, the plate's fibers, the sky, and what the network saw."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from spectrove.catalog.links import links_of
from spectrove.errors import CampaignError
from spectrove.web.aladin import installed
from spectrove.web.aladin_page import FRAME
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

CHART = 600.0
"""Radius of the chart of the sky, arc seconds: there are some spectra in it on any plate; chosen."""

MOST_SPOTS = 60
"""Spectra that the chart shows at most, the nearest; chosen."""

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


@router.get("/sky/{spectrum_id:path}", responses=problems(404))
def read_sky(spectrum_id: SpectrumPath, page: Page) -> JSONResponse:
    """
    Return the other spectra of the pool about a spectrum, for a chart; nothing of what anybody takes them for.

    Parameters
    ----------
    spectrum_id : str
        Its id.
    page : PageState
        What is shared.

    Returns
    -------
    JSONResponse
        ``ra``, ``dec``, ``radius`` (arc seconds), ``spots`` of at most `MOST_SPOTS` spectra, each with ``east`` and ``north``
        (arc seconds on the tangent plane), and ``aladin``, the address of the frame, None where it is not installed.
    """
    row = row_of(page, spectrum_id)
    facts = page.facts_of([row])[0]
    has_place = None not in {facts["ra"], facts["dec"]}
    near = page.surroundings.exposures(row, CHART)[:MOST_SPOTS].tolist() if has_place else []
    told = {
        "ra": facts["ra"],
        "dec": facts["dec"],
        "radius": CHART,
        "spots": [_spot(facts, one) for one in page.facts_of(near)],
        "aladin": None if installed() is None else FRAME,
    }
    return JSONResponse(finite(told))


def _spot(facts: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    # Gnomonic projection: Calabretta & Greisen 2002, A&A 395, 1077, sect. 5.1.3.
    ra, dec, dec_0 = math.radians(other["ra"] - facts["ra"]), math.radians(other["dec"]), math.radians(facts["dec"])
    depth = math.sin(dec_0) * math.sin(dec) + math.cos(dec_0) * math.cos(dec) * math.cos(ra)
    east = math.cos(dec) * math.sin(ra) / depth
    north = (math.cos(dec_0) * math.sin(dec) - math.sin(dec_0) * math.cos(dec) * math.cos(ra)) / depth
    return {
        "spectrum_id": other["spectrum_id"],
        "name": other["designation"] or other["spectrum_id"],
        "ra": other["ra"],
        "dec": other["dec"],
        "east": 3600 * math.degrees(east),
        "north": 3600 * math.degrees(north),
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
