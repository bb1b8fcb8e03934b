"""The candidates, to be verified one by one, and what the verdicts come to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

import pyarrow as pa
from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse

from spectrove.campaign.plan import pace_of
from spectrove.campaign.queue import secrets_of
from spectrove.campaign.votes import VERIFY
from spectrove.catalog import candidates_of
from spectrove.catalog.verification import REASONS, Confusion, Verdict, count_verdicts, partial_confusion, verdicts_of
from spectrove.contracts import SpectrumId
from spectrove.errors import CampaignError
from spectrove.web.api.asking import Annotator, Offset, Page, Search, problems
from spectrove.web.api.samp import Selected
from spectrove.web.plain import finite
from spectrove.web.problems import Problem
from spectrove.web.state import PageState, address
from spectrove.web.thumbnails import thumbnails

router = APIRouter(tags=["candidates"])

KEPT = 30.0
"""Seconds for which the list is given again as it was while answers come in: it is long, and its order is not to jump; chosen."""

SHOWN = ("spectrum_id", "designation", "ra", "dec", "label", "entropy", "source")

VerdictName = Literal["", "keep", "other-class", "reject", "none"]
Reason = Literal["", "noise", "artefact", "nebular", "cool-star bands", "galaxy", "other"]


@dataclass(frozen=True)
class Filters:
    """
    Which candidates are wanted.

    Attributes
    ----------
    state : str
        ``open`` (without a verdict), ``verified`` or ``all``.
    search : str
        Only those whose id or designation holds this.
    label : str
        Only those that are listed as this class.
    verdict : str
        Only those with this verdict.
    reason : str
        Only those with this reason.
    source : str
        Only those that the network found, or that people answered about.
    """

    state: Literal["all", "open", "verified"] = "all"
    search: Search = ""
    label: Annotated[str, Query(max_length=200)] = ""
    verdict: VerdictName = ""
    reason: Reason = ""
    source: Literal["", "network", "oracle"] = ""

    def take(self, row: Mapping[str, Any], verdict: Verdict | None) -> bool:
        """
        Tell whether a candidate is wanted.

        Parameters
        ----------
        row : mapping
            The candidate.
        verdict : Verdict or None
            What was said of it.

        Returns
        -------
        bool
            True if it is.
        """
        wanted = self.search.strip().lower()
        return (
            (self.state == "all" or (self.state == "verified") == (verdict is not None))
            and (not wanted or wanted in f"{row['spectrum_id']} {row['designation'] or ''}".lower())
            and self.label in {"", row["label"]}
            and self.source in {"", row["source"]}
            and (not self.verdict or (verdict is not None and verdict.verdict == self.verdict))
            and (not self.reason or (verdict is not None and self.reason in verdict.reasons))
        )


@dataclass(frozen=True)
class Part:
    """
    Which part of the list is wanted.

    Attributes
    ----------
    order : str
        ``sure``: by class, the most probable first; ``unsure``: the network's doubts first; ``shuffled``: so that those verified
        so far are a random part of all.
    offset, limit : int
        Which of them.
    around : str
        The id of a candidate: instead of ``offset``, the part that it is in.
    """

    order: Literal["shuffled", "sure", "unsure"] = "sure"
    offset: Offset = 0
    limit: Annotated[int, Query(ge=1, le=200)] = 60
    around: Search = ""


@router.get("/candidates", responses=problems(404, 409))
def read_candidates(
    page: Page, annotator: Annotator, filters: Annotated[Filters, Depends()], part: Annotated[Part, Depends()], selected: Selected
) -> JSONResponse:
    """
    Return the candidates with the verdicts on them, but for spectra that somebody is still asked about.

    Parameters
    ----------
    page : PageState
        What is shared.
    annotator : str
        Whose verdict stands before those of others.
    filters : Filters
        Which candidates.
    part : Part
        Which part of their list.
    selected : frozenset of str or None
        Only these, which another program selected.

    Returns
    -------
    JSONResponse
        ``n`` of all, ``items`` of these, ``offset`` of the first, and ``place`` of ``around`` among them, None if it is not.
    """
    verdicts = _verdicts(page, annotator)
    rows = [row for row in _ordered(_listed(page), part.order) if selected is None or row["spectrum_id"] in selected]
    found = [row for row in rows if filters.take(row, verdicts.get(row["spectrum_id"]))]
    at = next((at for at, row in enumerate(found) if part.around and row["spectrum_id"] == part.around), None)
    offset = part.offset if at is None else at - at % part.limit
    items = _described(page, found[offset : offset + part.limit], verdicts)
    place = next((at for at, item in enumerate(items) if item["spectrum_id"] == part.around), None)
    return JSONResponse(finite({"n": len(found), "offset": offset, "place": place, "items": items}))


@router.get("/verification", responses=problems(404))
def read_verification(page: Page, annotator: Annotator) -> JSONResponse:
    """
    Return how far the verification is, and what the network's candidates turned out to be.

    Parameters
    ----------
    page : PageState
        What is shared.
    annotator : str
        Whose verdicts stand before those of others, and whose pace is told.

    Returns
    -------
    JSONResponse
        ``n``, ``n_verified``, ``by_verdict``, ``by_reason``, ``pace`` (None before there are some verdicts), ``reasons`` that can
        be given, ``classes`` (the columns of the matrix, the last one for what is rejected without a class), ``level`` and
        ``rows`` of predicted targets, each with ``n`` candidates of the network, ``n_verified``, ``n_unsure`` and ``cells``
        (``n``, ``share``, ``lower``, ``upper``).
    """
    rows, verdicts = _listed(page), _verdicts(page, annotator)
    classes = page.campaign.settings.classes
    told = count_verdicts([row["spectrum_id"] for row in rows], verdicts)
    table = pa.Table.from_pylist(
        [{name: row[name] for name in ("spectrum_id", "label", "source")} for row in rows],
        schema=pa.schema([(name, pa.string()) for name in ("spectrum_id", "label", "source")]),
    )
    matrix = partial_confusion(table, verdicts, classes.names, classes.targets)
    pace = pace_of([vote for vote in page.campaign.store.votes() if vote.purpose == VERIFY and vote.annotator == annotator])
    told["pace"] = None
    if pace is not None:
        told["pace"] = {
            "seconds_median": pace.median,
            "n": pace.n_times,
            "hours_left": pace.hours(told["n"] - told["n_verified"]),
        }
    told |= {"reasons": REASONS, "level": matrix.level, "classes": matrix.actual, "rows": _rows(matrix)}
    return JSONResponse(finite(told))


def _rows(matrix: Confusion) -> list[dict[str, Any]]:
    return [
        {
            "predicted": name,
            "n": int(matrix.n_candidates[row]),
            "n_verified": int(matrix.counts[row].sum()),
            "n_unsure": int(matrix.n_unsure[row]),
            "cells": [
                {
                    "n": int(matrix.counts[row, column]),
                    "share": float(matrix.share[row, column]),
                    "lower": float(matrix.lower[row, column]),
                    "upper": float(matrix.upper[row, column]),
                }
                for column in range(len(matrix.actual))
            ],
        }
        for row, name in enumerate(matrix.predicted)
    ]


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
    # What is still asked about is left out: its class in this list is the network's, which nobody is to see before they answer.
    asked = secrets_of(page.campaign)
    return [row for row in found if row["spectrum_id"] not in asked]


def _ordered(rows: list[dict[str, Any]], order: str) -> list[dict[str, Any]]:
    if order == "unsure":  # what has no score, as only people found it, comes last
        return sorted(rows, key=lambda row: -1.0 if row["entropy"] is None else row["entropy"], reverse=True)
    if order == "shuffled":  # by the ids alone, so that the order stays the same when candidates come and go
        return sorted(rows, key=lambda row: hashlib.sha256(row["spectrum_id"].encode()).digest())
    return rows


def _verdicts(page: PageState, annotator: str) -> dict[SpectrumId, Verdict]:
    store = page.campaign.store

    def make() -> dict[SpectrumId, Verdict]:
        listed = {row["spectrum_id"]: row["label"] for row in _listed(page)}
        return verdicts_of(store.answers(), listed, page.campaign.settings.classes.targets, annotator)

    found: dict[SpectrumId, Verdict] = page.kept(f"verdicts {annotator}", store.n_answers(), KEPT, make)
    return found


def _described(page: PageState, rows: list[dict[str, Any]], verdicts: Mapping[SpectrumId, Verdict]) -> list[dict[str, Any]]:
    at = page.rows_of([row["spectrum_id"] for row in rows])
    there = [(row, place) for row, place in zip(rows, at, strict=True) if place >= 0]
    pictures = thumbnails(page.features_of([place for _, place in there]))
    return [
        {**row, "verdict": _told(verdicts.get(row["spectrum_id"])), "thumbnail": picture, "url": address(row["spectrum_id"])}
        for (row, _), picture in zip(there, pictures, strict=True)
    ]


def _told(verdict: Verdict | None) -> dict[str, Any] | None:
    return None if verdict is None else asdict(verdict)
