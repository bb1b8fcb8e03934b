"""The background work, and rounds that are closed by hand."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from spectrove.campaign import step
from spectrove.web.api.asking import Annotator, Page, problems
from spectrove.web.plain import finite
from spectrove.web.problems import Problem
from spectrove.web.schemas import RoundBody
from spectrove.web.state import PageState

router = APIRouter(tags=["rounds"])


@router.get("/work", responses=problems())
def read_work(page: Page) -> JSONResponse:
    """
    Return what the background does.

    Parameters
    ----------
    page : PageState
        What is shared.

    Returns
    -------
    JSONResponse
        Attributes of a `spectrove.web.work.WorkState`.
    """
    return JSONResponse(finite(page.work_state()))


@router.post("/work/retry", responses=problems(409))
def retry_work(page: Page) -> JSONResponse:
    """
    Try again what has failed in the background.

    Parameters
    ----------
    page : PageState
        What is shared.

    Returns
    -------
    JSONResponse
        As of the reading.

    Raises
    ------
    Problem
        If this page runs no work in the background.
    """
    if page.work is None:
        raise Problem(409, "this page runs no work in the background; go on with `spectrove campaign run`")
    page.work.retry()
    return JSONResponse(finite(page.work_state()))


@router.post("/rounds/close", responses=problems(409, 413, 507))
def close_round(body: RoundBody, page: Page, annotator: Annotator) -> JSONResponse:
    """
    Close a round with questions open; what nobody answered counts as an abstention.

    Parameters
    ----------
    body : RoundBody
        Which round.
    page : PageState
        What is shared.
    annotator : str
        Who closes it.

    Returns
    -------
    JSONResponse
        ``said``, a sentence for each step; empty where the background closes it, which says so itself.

    Raises
    ------
    Problem
        If another round is open, or none.
    """
    del annotator  # only whoever has a name closes a round
    row = page.campaign.iteration()
    if row.number != body.iteration or row.phase not in {"ASK", "AUDIT"}:
        raise Problem(409, f"iteration {row.number} is in phase {row.phase}; there is no open round {body.iteration} to close")
    if page.work is not None:
        page.work.close_round(body.iteration)
        return JSONResponse({"said": []})
    said = _closed(page, body.iteration)
    page.forget_open()
    return JSONResponse({"said": said})


def _closed(page: PageState, iteration: int) -> list[str]:
    said = []
    with page.campaign.lock():
        while (row := page.campaign.iteration()).number == iteration and row.phase in {"ASK", "AUDIT"}:
            said.append(step(page.campaign, skip_open=True))
    return said
