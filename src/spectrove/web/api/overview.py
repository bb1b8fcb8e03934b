"""All that was asked about, as small pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from spectrove.campaign.votes import DECISION, VOTE, disagreements
from spectrove.contracts import Answer, SpectrumId
from spectrove.web.api.asking import Annotator, Offset, Page, Search, problems
from spectrove.web.plain import finite
from spectrove.web.state import PageState, address
from spectrove.web.thumbnails import thumbnails

router = APIRouter(tags=["overview"])

State = Literal["all", "open", "answered", "unsure", "flagged", "disagreed"]


@dataclass(frozen=True)
class _Item:
    spectrum_id: SpectrumId
    iteration: int | None
    answer: Answer | None
    is_disagreed: bool

    def state(self) -> str:
        if self.iteration is None:
            return "not asked"
        if self.answer is None:
            return "open"
        return "unsure" if self.answer.label is None else "answered"

    def is_in(self, state: str) -> bool:
        if state == "flagged":
            return self.answer is not None and bool(self.answer.flags)
        if state == "disagreed":
            return self.is_disagreed
        return state in {"all", self.state()} or (state == "answered" and self.answer is not None)


@router.get("/overview", responses=problems())
def read_overview(  # noqa: PLR0913, PLR0917 - an address's parameters
    page: Page,
    annotator: Annotator,
    state: State = "all",
    label: Annotated[str | None, Query(max_length=200)] = None,
    iteration: Annotated[int | None, Query(ge=0, le=10**9)] = None,
    search: Search = "",
    offset: Offset = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 60,
) -> JSONResponse:
    """
    Return what was asked about, with the annotator's own answers and without any prediction.

    Parameters
    ----------
    page : PageState
        What is shared.
    annotator : str
        Who asks.
    state : str
        Only what is open, answered, unsure, flagged or disagreed about.
    label : str, optional
        Only what the annotator has given this class.
    iteration : int, optional
        Only what this round asked about.
    search : str
        Any spectrum of the pool, by id, designation, obsid or file; every other filter is left out then.
    offset, limit : int
        Which of them.

    Returns
    -------
    JSONResponse
        ``n`` of all, ``items`` of these, and the ``iterations`` that asked.
    """
    asked = _asked(page)
    items = _items(page, annotator, asked)
    if search:
        items = _searched(page, search, {item.spectrum_id: item for item in items})
    else:
        items = [
            item
            for item in items
            if item.is_in(state)
            and (label is None or (item.answer is not None and item.answer.label == label))
            and (iteration is None or item.iteration == iteration)
        ]
    told = {
        "n": len(items),
        "items": _described(page, items[offset : offset + limit]),
        "iterations": sorted({*asked.values()}),
    }
    return JSONResponse(finite(told))


def _asked(page: PageState) -> dict[SpectrumId, int]:
    # By id and not by position in an arm, or the place would tell why somebody is asked.
    asked: dict[SpectrumId, int] = {}
    for question in page.campaign.store.questions():
        asked.setdefault(question.spectrum_id, question.iteration)
    return dict(sorted(asked.items(), key=lambda item: (-item[1], item[0])))


def _items(page: PageState, annotator: str, asked: dict[SpectrumId, int]) -> list[_Item]:
    said = {answer.spectrum_id: answer for answer in page.standing(annotator) if answer.purpose in {VOTE, DECISION}}
    differ = {
        one.spectrum_id
        for one in disagreements(page.campaign.store.votes())
        if annotator in {vote.annotator for vote in one.votes}  # others' votes stay blind until the own one is given
    }
    return [_Item(id_, number, said.get(id_), id_ in differ) for id_, number in asked.items()]


def _searched(page: PageState, search: str, items: dict[SpectrumId, _Item]) -> list[_Item]:
    wanted = search.strip()
    found = [item for id_, item in items.items() if wanted == id_]
    if not found and wanted:
        found = [items.get(id_) or _Item(id_, None, None, is_disagreed=False) for id_ in page.resolve(wanted)]
    return found


def _described(page: PageState, items: list[_Item]) -> list[dict[str, Any]]:
    there = [(item, row) for item, row in zip(items, page.rows_of([i.spectrum_id for i in items]), strict=True) if row >= 0]
    rows = [row for _, row in there]
    pictures = thumbnails(page.features_of(rows))
    return [
        {
            "spectrum_id": item.spectrum_id,
            "url": address(item.spectrum_id),
            "designation": facts["designation"],
            "snr": facts["snr"],
            "state": item.state(),
            "label": None if item.answer is None else item.answer.label,
            "flags": [] if item.answer is None else list(item.answer.flags),
            "iteration": item.iteration,
            "thumbnail": picture,
        }
        for (item, _), facts, picture in zip(there, page.facts_of(rows), pictures, strict=True)
    ]
