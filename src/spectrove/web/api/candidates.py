"""The candidates, to be verified one by one."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from spectrove.campaign.votes import standing
from spectrove.catalog import candidates_of
from spectrove.contracts import Answer
from spectrove.errors import CampaignError
from spectrove.web.api.asking import Annotator, Offset, Page, Search, problems
from spectrove.web.plain import finite
from spectrove.web.problems import Problem
from spectrove.web.state import PageState, address
from spectrove.web.thumbnails import thumbnails

router = APIRouter(tags=["candidates"])

KEPT = 30.0
"""Seconds for which the list is given again as it was while answers come in: it is long, and its order is not to jump; chosen."""

SHOWN = ("spectrum_id", "designation", "ra", "dec", "label", "source")


@router.get("/candidates", responses=problems(404))
def read_candidates(
    page: Page,
    annotator: Annotator,
    state: Literal["all", "open", "verified"] = "all",
    search: Search = "",
    offset: Offset = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 60,
) -> JSONResponse:
    """
    Return the candidates with the verdicts on them.

    Parameters
    ----------
    page : PageState
        What is shared.
    annotator : str
        Whose verdict stands before those of others.
    state : str
        Only those without a verdict, or with one.
    search : str
        Only those whose id or designation holds this.
    offset, limit : int
        Which of them.

    Returns
    -------
    JSONResponse
        ``n`` of all and ``items`` of these.
    """
    verdicts = _verdicts(page, annotator)
    wanted = search.strip().lower()
    found = [
        row
        for row in _listed(page)
        if (state == "all" or (state == "verified") == (row["spectrum_id"] in verdicts))
        and (not wanted or wanted in f"{row['spectrum_id']} {row['designation'] or ''}".lower())
    ]
    return JSONResponse(finite({"n": len(found), "items": _described(page, found[offset : offset + limit], verdicts)}))


def _listed(page: PageState) -> list[dict[str, Any]]:
    scored = [row.number for row in page.campaign.store.iterations() if row.scores is not None]

    def make() -> list[dict[str, Any]]:
        table, _ = candidates_of(page.campaign)
        rows: list[dict[str, Any]] = table.select(SHOWN).to_pylist()
        return rows

    try:
        found: list[dict[str, Any]] = page.kept("candidates", scored, KEPT, make)
    except CampaignError as error:
        raise Problem(404, str(error)) from error
    return found


def _verdicts(page: PageState, annotator: str) -> dict[str, Answer]:
    said = [answer for answer in standing(page.campaign.store.answers()) if answer.purpose == "verify"]
    said.sort(key=lambda answer: answer.annotator == annotator)  # the own one comes last and counts
    return {answer.spectrum_id: answer for answer in said}


def _described(page: PageState, rows: list[dict[str, Any]], verdicts: dict[str, Answer]) -> list[dict[str, Any]]:
    at = page.rows_of([row["spectrum_id"] for row in rows])
    there = [(row, place) for row, place in zip(rows, at, strict=True) if place >= 0]
    pictures = thumbnails(page.features_of([place for _, place in there]))
    return [
        {**row, "verdict": _told(verdicts.get(row["spectrum_id"])), "thumbnail": picture, "url": address(row["spectrum_id"])}
        for (row, _), picture in zip(there, pictures, strict=True)
    ]


def _told(verdict: Answer | None) -> dict[str, Any] | None:
    if verdict is None:
        return None
    return {"label": verdict.label, "comment": verdict.comment, "annotator": verdict.annotator}
