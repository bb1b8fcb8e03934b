"""What the campaign searches for, and by what it is told: classes, lines, criteria."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from fastapi import APIRouter
from fastapi.responses import JSONResponse

from spectrove import lines
from spectrove.contracts import FloatArray
from spectrove.errors import SpectroveError
from spectrove.measure.config import WINDOWS, MeasureConfig
from spectrove.pool import Pool
from spectrove.storage import canonical_json, content_hash, located
from spectrove.web.api.asking import Page, problems
from spectrove.web.plain import finite
from spectrove.web.state import PageState

router = APIRouter(tags=["campaign"])

TEMPLATE = 200
"""Labeled examples of each class of which a template is the median; more say no more, and take longer to read."""

EXAMPLES = 6
"""Examples of each class that stand beside its criterion."""

UNSURE = (
    "Unsure is an answer: press it where the spectrum cannot tell, whether it is too noisy, cut off or between two classes. "
    "A guess would teach the network, and be counted in its precision, as if it were known."
)
"""What an abstention means."""

QUALITY = (
    "0: no useful signal; nothing can be said.",
    "1: some signal, but too poor to tell a class.",
    "2: the class is possible; another is about as likely.",
    "3: the class is probable; a doubt is left.",
    "4: the class is certain; two features or more speak for it, or one beyond doubt.",
)
"""How sure an answer is, after the visual inspections of DESI (Lan et al. 2023, ApJ 943, 68, sect. 3), told of classes."""


@router.get("/campaign", responses=problems())
def read_campaign(page: Page) -> JSONResponse:
    """
    Return what is searched for: classes with their keys, and the lines that the plots mark.

    Parameters
    ----------
    page : PageState
        What is shared.

    Returns
    -------
    JSONResponse
        See ``docs/reference/api.md``.
    """
    campaign = page.campaign
    last = campaign.iteration()
    made = campaign.store.campaign()
    told = {
        "name": campaign.directory.resolve().name,
        # One address serves several campaigns, one after the other, and what one left in the browser is not the next one's.
        "id": content_hash(canonical_json([made.created_at, made.pool_hash, made.settings])),
        "n_spectra": campaign.pool.n_spectra,
        "classes": [{**one, "key": str(number)} for number, one in enumerate(classes_of(page), start=1)],
        "iteration": last.number,
        "phase": last.phase,
        "finished": campaign.is_finished(),
        "lines": [{**asdict(preset), **_measured(preset.wave[0])} for preset in lines.PRESETS],
        "line_list": [{"label": line.label, "wave": line.wave, "medium": "vacuum"} for line in lines.LINES],
        "sky_lines": [{"label": line.label, "wave": line.wave} for line in lines.SKY_LINES],
        "tellurics": [{"from": band.start, "to": band.stop, "label": band.label} for band in lines.TELLURICS],
        "shared": {"rest_wave": lines.H_ALPHA.wave},
    }
    return JSONResponse(finite(told))


def _measured(wave: float) -> dict[str, Any]:
    # Where a line is measured is told, so that the page and the catalog measure in the same window.
    config = MeasureConfig()
    half_window, bands = WINDOWS.get(wave, (config.half_window, config.bands))
    return {"half_window": half_window, "bands": bands, "velocity_floor": config.velocity_floor}


def classes_of(page: PageState) -> list[dict[str, Any]]:
    """
    Return the classes and what a spectrum must show to be of each.

    Parameters
    ----------
    page : PageState
        What is shared.

    Returns
    -------
    list of dict
        ``name``, ``is_target``, ``criterion``.
    """
    classes = page.campaign.settings.classes
    return [{"name": name, "is_target": name in classes.targets, "criterion": classes.criterion(name)} for name in classes.names]


@router.get("/criteria", responses=problems())
def read_criteria(page: Page) -> JSONResponse:
    """
    Return what a spectrum must show to be of each class, with examples from the labeled sets.

    Parameters
    ----------
    page : PageState
        What is shared.

    Returns
    -------
    JSONResponse
        ``classes`` with ``criterion`` and ``examples``, ``grid`` (Å), ``unsure`` and ``quality``.
    """
    examples = page.kept("examples", 0, float("inf"), lambda: _examples(page))
    told = {
        "classes": [{**one, "examples": examples.get(one["name"], [])} for one in classes_of(page)],
        "grid": page.campaign.pool.grid.tolist(),
        "unsure": UNSURE,
        "quality": QUALITY,
    }
    return JSONResponse(finite(told))


@router.get("/templates", responses=problems())
def read_templates(page: Page) -> JSONResponse:
    """
    Return what labeled spectra of each class look like to the network: the median of the examples that the campaign began with.

    Parameters
    ----------
    page : PageState
        What is shared.

    Returns
    -------
    JSONResponse
        ``grid`` (Å) and ``classes`` with ``name``, ``n`` examples and their ``median``, on the scale of the features.
    """
    examples = page.kept("templates", 0, float("inf"), lambda: _examples(page, TEMPLATE))
    medians = [
        {"name": name, "n": len(some), "median": np.nanmedian([one["features"] for one in some], axis=0).tolist()}
        for name in page.campaign.settings.classes.names
        if (some := examples.get(name))
    ]
    return JSONResponse(finite({"grid": page.campaign.pool.grid.tolist(), "classes": medians}))


def _examples(page: PageState, n: int = EXAMPLES) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for source, labels in page.campaign.store.training_sets():
        chosen = _chosen(labels, found, n)
        try:
            pool = Pool.open(located(source.pool_path), source.pool_hash)
            features = _features(pool, [id_ for id_, _ in chosen])
        except SpectroveError:  # a labeled set that is gone costs the page its pictures, and nothing else
            continue
        for (id_, label), row in zip(chosen, features, strict=True):
            found.setdefault(label, []).append({"spectrum_id": id_, "features": row.tolist()})
    return found


def _chosen(labels: dict[Any, str], found: dict[str, list[dict[str, Any]]], n: int) -> list[tuple[str, str]]:
    chosen = []
    n_chosen = {label: len(examples) for label, examples in found.items()}
    for id_, label in labels.items():
        if n_chosen.get(label, 0) < n:
            n_chosen[label] = n_chosen.get(label, 0) + 1
            chosen.append((str(id_), label))
    return chosen


def _features(pool: Pool, ids: list[str]) -> FloatArray:
    rows = pool.rows_of(ids)
    features = np.full((len(ids), pool.n_wave), np.nan, dtype=np.float32)
    features[rows >= 0] = pool.features(rows[rows >= 0])
    return features
