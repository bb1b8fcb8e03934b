"""Several people: where they disagree, how the work goes, how they agree."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from spectrove.campaign import status
from spectrove.campaign.plan import pace_of, plan, plan_sentences
from spectrove.campaign.telling import tell_audit
from spectrove.campaign.votes import agreement_facts, disagreements
from spectrove.errors import CampaignError
from spectrove.web.api.asking import Annotator, Page, problems
from spectrove.web.api.queue import described
from spectrove.web.plain import finite
from spectrove.web.state import PageState

router = APIRouter(tags=["people"])

PROGRESS_KEPT = 1.0
"""Seconds for which the progress is told again as it was; chosen."""

PLAN_KEPT = 60.0
"""Seconds for which the plan is told again as it was: it takes longer, and changes with the audits alone but for the pace."""


@router.get("/disagreements", responses=problems())
def read_disagreements(page: Page, annotator: Annotator, *, all: bool = False) -> JSONResponse:  # noqa: A002 - the address's word
    """
    Return the spectra of which people say different things.

    Parameters
    ----------
    page : PageState
        What is shared.
    annotator : str
        Who asks.
    all : bool
        Also those of which the annotator has said nothing: for whoever settles, as it spoils a blind vote.

    Returns
    -------
    JSONResponse
        ``items``, each with its votes.
    """
    found = [
        one for one in disagreements(page.campaign.store.answers()) if all or annotator in {vote.annotator for vote in one.votes}
    ]
    facts = {item["spectrum_id"]: item for item in described(page, [one.spectrum_id for one in found])}
    items = [
        {
            **facts[one.spectrum_id],
            "votes": [{"annotator": vote.annotator, "label": vote.label, "comment": vote.comment} for vote in one.votes],
        }
        for one in found
        if one.spectrum_id in facts
    ]
    return JSONResponse(finite({"items": items}))


@router.get("/progress", responses=problems())
def read_progress(page: Page, annotator: Annotator) -> JSONResponse:
    """
    Return how the campaign goes: rounds, estimates, the stopping rule, the pace, the people and their agreement.

    Parameters
    ----------
    page : PageState
        What is shared.
    annotator : str
        Whose pace is told.

    Returns
    -------
    JSONResponse
        See ``docs/reference/api.md``.
    """
    shared = page.kept("progress", None, PROGRESS_KEPT, lambda: _shared(page))
    pace = pace_of([vote for vote in page.campaign.store.votes() if vote.annotator == annotator])
    n_open = page.n_open()
    told = None
    if pace is not None:
        told = {"seconds_median": pace.median, "n": pace.n_times, "hours_left": pace.hours(n_open)}
    return JSONResponse(finite({**shared, "pace": told, "n_open": n_open, "work": page.work_state()}))


def _shared(page: PageState) -> dict[str, Any]:
    campaign = page.campaign
    facts, answers = status(campaign), campaign.store.votes()
    closed = [row for row in facts["iterations"] if row["precision"] is not None]
    people = Counter(answer.annotator for answer in answers)
    return {
        "iteration": facts["iteration"],
        "phase": facts["phase"],
        "finished": facts["finished"],
        "iterations": facts["iterations"],
        "stopping": facts["stopping"],
        "n_answers": facts["n_answers"],
        "sentences": tell_audit(closed[-1]) if closed else [],
        "annotators": [{"name": name, "n": n} for name, n in people.most_common()],
        "agreement": agreement_facts(answers, campaign.settings.classes.names, campaign.training_labels()),
        "plan": _planned(page, len(closed)),
    }


def _planned(page: PageState, n_closed: int) -> list[str] | None:
    def make() -> list[str] | None:
        try:
            return plan_sentences(plan(page.campaign))
        except CampaignError:  # no audit has told anything yet
            return None

    told: list[str] | None = page.kept("plan", n_closed, PLAN_KEPT, make)
    return told
