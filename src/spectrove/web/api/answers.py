"""Answers: given, listed, and predictions that somebody wanted to see before one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse

from spectrove.campaign.answers import now
from spectrove.campaign.votes import VERIFY, standing
from spectrove.contracts import Answer, SpectrumId
from spectrove.errors import AnswerConflictError, CampaignError, StorageError
from spectrove.web.api.asking import Annotator, Page, problems, row_of
from spectrove.web.plain import finite
from spectrove.web.problems import Problem
from spectrove.web.schemas import AnswerBody, RevealBody
from spectrove.web.state import PageState

router = APIRouter(tags=["answers"])

UNTOLD: Mapping[str, Any] = {"label": None, "comment": "", "quality": None, "flags": (), "shown": {}}
"""What is told of an answer that is hidden."""


@router.put(
    "/answers/{answer_id}",
    responses={201: {"description": "recorded"}, 200: {"description": "recorded before"}, **problems(404, 409, 413, 507)},
)
def write_answer(
    answer_id: Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")],
    body: AnswerBody,
    page: Page,
    annotator: Annotator,
) -> JSONResponse:
    """
    Record an answer, once however often it is sent; nothing is ever overwritten, and undoing is an answer too.

    Parameters
    ----------
    answer_id : str
        Made by the client, such as a UUID.
    body : AnswerBody
        What is said.
    page : PageState
        What is shared.
    annotator : str
        Who says it.

    Returns
    -------
    JSONResponse
        ``answer_id``, ``recorded`` (False if it was before) and ``n_open``, the questions that nobody has answered.

    Raises
    ------
    Problem
        If the spectrum is unknown or was not asked about, the class is none of this campaign's, or the id was used otherwise.
    """
    classes = page.campaign.settings.classes.names
    if body.label is not None and body.label not in classes:
        raise Problem(422, f"unknown class {body.label!r}, expected one of {', '.join(classes)} or null")
    if body.undoes and body.label is not None:
        raise Problem(422, "an answer that takes another back has no label of its own; send null")
    row_of(page, body.spectrum_id)
    is_new = _recorded(page, _answer(page, answer_id, body, annotator))
    told = {"answer_id": answer_id, "recorded": is_new, "n_open": page.n_open()}
    return JSONResponse(told, status_code=201 if is_new else 200)


def _answer(page: PageState, answer_id: str, body: AnswerBody, annotator: str) -> Answer:
    id_, received = SpectrumId(body.spectrum_id), now()
    return Answer(
        answer_id=answer_id,
        spectrum_id=id_,
        label=body.label,
        annotator=annotator,
        # Answers may come long after they were given, when a network is back; a clock that is ahead is not believed.
        answered_at=min(body.answered_at or received, received),
        comment=body.comment,
        quality=body.quality,
        flags=tuple(body.flags),
        shown=body.shown,
        shown_at=body.shown_at,
        purpose=page.purpose_of(annotator, id_, body.purpose),
        undoes=body.undoes or "",
    )


def _recorded(page: PageState, answer: Answer) -> bool:
    try:
        return page.record(answer)
    except AnswerConflictError as error:
        raise Problem(409, str(error)) from error
    except StorageError:
        raise
    except CampaignError as error:  # the classes were compared before: what is left is what is taken back, or what was asked
        raise Problem(409 if answer.undoes else 404, str(error)) from error


@router.get("/answers", responses=problems())
def read_answers(
    page: Page,
    reader: Annotator,
    annotator: Annotated[str | None, Query(max_length=100)] = None,
    before: Annotated[int | None, Query(ge=0, le=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    *,
    all: bool = False,  # noqa: A002 - the address's word
) -> JSONResponse:
    """
    Return answers, the newest first.

    Parameters
    ----------
    page : PageState
        What is shared.
    reader : str
        Who asks.
    annotator : str, optional
        Only this person's.
    before : int, optional
        Only those with a smaller sequence number.
    limit : int
        At most so many.
    all : bool
        Also what others said of spectra that the reader has not labeled: it spoils a blind vote.

    Returns
    -------
    JSONResponse
        ``items`` and ``next_before``, None at the end; of an item that is ``hidden`` nothing is told but who answered when.
    """
    found = page.campaign.store.answers_page(annotator, before, limit)
    votes = page.campaign.store.votes()
    undone = {vote.undoes for vote in votes if vote.undoes}
    labeled = {vote.spectrum_id for vote in standing(votes) if vote.annotator == reader and vote.purpose != VERIFY}
    items = []
    for sequence, answer in found:
        # A verdict on a candidate stands in the list of candidates, too.
        hidden = not all and not (answer.annotator == reader or answer.spectrum_id in labeled or answer.purpose == VERIFY)
        told = replace(answer, **UNTOLD) if hidden else answer
        items.append({"sequence": sequence, **finite(asdict(told)), "undone": answer.answer_id in undone, "hidden": hidden})
    return JSONResponse({"items": items, "next_before": found[-1][0] if len(found) == limit else None})


@router.post("/reveals", responses=problems(404, 413, 507))
def reveal(body: RevealBody, page: Page, annotator: Annotator) -> JSONResponse:
    """
    Tell what the network predicts of a spectrum, and record that somebody wanted to know.

    Parameters
    ----------
    body : RevealBody
        Which spectrum.
    page : PageState
        What is shared.
    annotator : str
        Who wants to know.

    Returns
    -------
    JSONResponse
        ``predicted`` and ``probabilities`` by class.

    Raises
    ------
    Problem
        If the pool holds no such spectrum, or nothing is scored yet.
    """
    row, id_ = row_of(page, body.spectrum_id), SpectrumId(body.spectrum_id)
    predicted, probabilities = _prediction(page, row)
    page.campaign.store.record_reveal(annotator, id_)
    return JSONResponse({"predicted": predicted, "probabilities": finite(probabilities)})


def _prediction(page: PageState, row: int) -> tuple[str, dict[str, float]]:
    try:
        scores, _ = page.campaign.scores()
    except CampaignError as error:
        raise Problem(404, str(error)) from error
    shares = [float(value) for value in scores.probabilities[row]]
    return scores.classes[max(range(len(shares)), key=shares.__getitem__)], dict(zip(scores.classes, shares, strict=True))
