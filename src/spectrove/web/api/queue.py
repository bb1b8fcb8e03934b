"""The queue of whoever asks, and the spectra in it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from spectrove.campaign.queue import meanwhile_of, queue_of
from spectrove.campaign.votes import VERIFY, standing
from spectrove.web.api.asking import Annotator, Page, SpectrumPath, problems, row_of
from spectrove.web.fullres import POOL_TAG
from spectrove.web.problems import Problem
from spectrove.web.state import PageState, address

router = APIRouter(tags=["queue"])


@router.get("/queue", responses=problems())
def read_queue(page: Page, annotator: Annotator, limit: Annotated[int, Query(ge=1, le=1000)] = 200) -> JSONResponse:
    """
    Return what somebody is to look at, in an order of their own, without predictions and without the reasons for asking.

    Parameters
    ----------
    page : PageState
        What is shared.
    annotator : str
        Who asks.
    limit : int
        At most so many.

    Returns
    -------
    JSONResponse
        ``items``, how many are left and done in this iteration, how many nobody has answered, and whether the machine works
        meanwhile.
    """
    campaign = page.campaign
    last = campaign.iteration()
    items = queue_of(campaign, annotator)
    is_meanwhile = not items
    if is_meanwhile:
        items = meanwhile_of(campaign, annotator)
    page.forget_purposes(annotator)
    told = {
        "iteration": last.number,
        "phase": last.phase,
        "items": described(page, [item.spectrum_id for item in items[:limit]]),
        "n_left": len(items),
        "n_done": _n_done(page, last.number, annotator),
        "n_open": page.n_open(),
        "is_meanwhile": is_meanwhile,
    }
    return JSONResponse(told)


def _n_done(page: PageState, iteration: int, annotator: str) -> int:
    store = page.campaign.store
    mine = {question.spectrum_id for question in store.questions(iteration)}
    mine |= {check.spectrum_id for check in store.checks(annotator, iteration)}
    return len(
        mine & {vote.spectrum_id for vote in standing(store.votes()) if vote.annotator == annotator and vote.purpose != VERIFY}
    )


def described(page: PageState, ids: Any) -> list[dict[str, Any]]:
    """
    Return spectra as the page lists them.

    Parameters
    ----------
    page : PageState
        What is shared.
    ids : sequence of SpectrumId
        The spectra; those that the pool does not hold are left out.

    Returns
    -------
    list of dict
        ``spectrum_id``, ``url`` and ``facts``.
    """
    rows = [row for row in page.rows_of(ids) if row >= 0]
    page.spectra.prepare(rows)  # they are asked for next
    return [
        {"spectrum_id": facts["spectrum_id"], "url": address(facts["spectrum_id"]), "facts": _without_id(facts)}
        for facts in page.facts_of(rows)
    ]


def _without_id(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name != "spectrum_id"}


@router.get(
    "/spectra/{spectrum_id:path}",
    response_class=Response,
    responses={
        200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
        304: {"description": "as it was"},
        **problems(404),
    },
)
def read_spectrum(spectrum_id: SpectrumPath, page: Page, request: Request) -> Response:
    """
    Return a spectrum in binary: what its survey file holds, and what the network sees.

    Parameters
    ----------
    spectrum_id : str
        Its id.
    page : PageState
        What is shared.
    request : Request
        May tell what the browser has already.

    Returns
    -------
    Response
        The body, or nothing where the browser has it.

    Raises
    ------
    Problem
        If the pool holds no such spectrum.
    """
    row = row_of(page, spectrum_id)
    try:
        body, tag = page.spectra.body(spectrum_id, row)
    except KeyError as error:
        raise Problem(404, f"{spectrum_id}: the pool holds no such spectrum") from error
    # A survey file that is gone today may be back tomorrow: only what came from one never changes.
    lasts = "no-cache" if tag.startswith(POOL_TAG) else "max-age=86400, immutable"
    headers = {"ETag": tag, "Cache-Control": f"private, {lasts}"}
    if tag in [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/octet-stream", headers=headers)
