"""The catalog: candidates with their verdicts, measured, grouped, cross-matched, one row a spectrum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from spectrove.campaign import Campaign
from spectrove.campaign.votes import votes_by_spectrum
from spectrove.catalog.build import probability_column
from spectrove.catalog.columns import catalog_schema
from spectrove.catalog.contamination import find_shared_light
from spectrove.catalog.export import candidates_of
from spectrove.catalog.exposures import count_exposures, group_positions, groups_of
from spectrove.catalog.known import Known, KnownSettings, find_known
from spectrove.catalog.measuring import Measured, MeasureTask, Subject, line_columns, measure_spectra, velocities_of
from spectrove.catalog.previews import PreviewItem
from spectrove.catalog.surroundings import Surroundings
from spectrove.catalog.variability import compare_group
from spectrove.catalog.verification import KEEP, OTHER_CLASS, REJECT, Confusion, Verdict, partial_confusion, verdicts_of
from spectrove.contracts import Answer, BoolArray, FloatArray, IntArray, Progress, SpectrumId, no_progress
from spectrove.errors import CatalogError
from spectrove.execution import Executor, InlineExecutor
from spectrove.measure import Combined, combine_velocities
from spectrove.pool import Pool

AT_ONCE = 32
"""Candidates of a task: a second's work or two."""

Columns = dict[str, Any]


@dataclass(frozen=True)
class CatalogSettings:
    """
    How a catalog is made.

    Attributes
    ----------
    known : KnownSettings
        What the candidates are matched with.
    group_radius : float
        Arc seconds within which spectra are of one object (Škoda et al. 2020, App. B.2).
    seed : int
        Of the noise that errors are found by, and of the shifts that chance is estimated by.
    """

    known: KnownSettings
    group_radius: float = 5.0
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Catalog:
    """
    What a catalog is written from.

    Attributes
    ----------
    table : pyarrow.Table
        One row a spectrum, columns as of `spectrove.catalog.columns.catalog_schema`.
    confusion : Confusion
        What the verified candidates turned out to be.
    known : Known
        Matches, and the curves by which their radius is judged.
    items : list of PreviewItem
        The neighborhood of Hα of each, for figures.
    provenance : dict
        What it was made from, as plain data.
    problems : tuple of str
        What could not be done, a sentence each.
    """

    table: pa.Table
    confusion: Confusion
    known: Known
    items: list[PreviewItem]
    provenance: dict[str, Any]
    problems: tuple[str, ...]


def make_catalog(
    campaign: Campaign,
    directory: Path,
    settings: CatalogSettings,
    executor: Executor | None = None,
    progress: Progress = no_progress,
) -> Catalog:
    """
    Return a campaign's catalog; pictures of its spectra are written on the way.

    Parameters
    ----------
    campaign : Campaign
        The campaign; something is scored.
    directory : Path
        The catalog's folder.
    settings : CatalogSettings
        How it is made.
    executor : Executor, optional
        Where spectra are read, measured and drawn.
    progress : Progress, optional
        Called with the candidates that are measured.

    Returns
    -------
    Catalog
        Rows in the order of the list of candidates.

    Raises
    ------
    CampaignError
        If nothing is scored yet.
    CatalogError
        If there is no candidate, or a table to match with cannot be used.
    StorageError
        If the disk is full or cannot be written.
    """
    candidates, provenance = candidates_of(campaign)
    if candidates.num_rows == 0:
        msg = f"{campaign.directory}: there is no candidate to make a catalog of. Label, or let the network search further."
        raise CatalogError(msg)
    ids = candidates["spectrum_id"].to_pylist()
    answers = campaign.store.answers()
    targets = campaign.settings.classes.targets
    verdicts = verdicts_of(answers, dict(zip(ids, candidates["label"].to_pylist(), strict=True)), targets)
    ra, dec, mjd = (_numbers(candidates[name]) for name in ("ra", "dec", "mjd"))
    groups = group_positions(ra, dec, settings.group_radius)
    # First of all what may be wrong: a table that cannot be read is told before an hour of measuring.
    known = find_known(ids, (ra, dec, mjd), settings.known, np.random.default_rng(settings.seed))
    subjects = _subjects(campaign, candidates, groups)
    found = list(_measured(campaign, directory, subjects, settings.seed, (executor or InlineExecutor(), progress)))
    columns: Columns = {
        **{name: candidates[name] for name in candidates.column_names},
        "group_id": [int(number) if number >= 0 else None for number in groups],
        "n_exposures": count_exposures(groups),
        "pred_class": _predicted(candidates, campaign.settings.classes.names),
        **_said(ids, candidates["label"].to_pylist(), verdicts, votes_by_spectrum(answers)),
        **line_columns(found),
        **_velocities(found, [verdicts.get(id_) for id_ in ids]),
        **_variability(groups, mjd, found),
        **known.columns,
        **_shared_light(campaign.pool, ids),
        "preview_line": [one.preview_line for one in found],
        "preview_whole": [one.preview_whole for one in found],
        "checkpoint": [provenance["made_from"]["checkpoint"]] * len(ids),
        "measured_with": [one.problem for one in found],
    }
    columns["status"] = _status(columns, np.isfinite(ra) & np.isfinite(dec) & known.is_compared)
    table = _typed(columns, catalog_schema(campaign.settings.classes.names))
    confusion = partial_confusion(candidates, verdicts, campaign.settings.classes.names, targets)
    return Catalog(table, confusion, known, [one.item for one in found], provenance, (*known.problems, *_problems(found)))


def _numbers(column: pa.ChunkedArray) -> FloatArray:
    values: FloatArray = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return values


def _subjects(campaign: Campaign, candidates: pa.Table, groups: IntArray) -> list[Subject]:
    ids = candidates["spectrum_id"].to_pylist()
    rows = campaign.pool.rows_of(ids)
    there = rows[rows >= 0]
    formats = dict(zip(there.tolist(), campaign.pool.metadata(["format"], there)["format"].to_pylist(), strict=True))
    shown = candidates.select(["designation", "label", "file", "mjd"]).to_pylist()
    return [
        Subject(id_, one["file"], formats.get(int(row)), one["designation"] or id_, one["label"], int(group), one["mjd"])
        for id_, one, row, group in zip(ids, shown, rows, groups, strict=True)
    ]


def _measured(
    campaign: Campaign, directory: Path, subjects: Sequence[Subject], seed: int, work: tuple[Executor, Progress]
) -> Iterator[Measured]:
    executor, progress = work
    pool = campaign.pool

    def tasks() -> Iterator[MeasureTask]:
        for begin in range(0, len(subjects), AT_ONCE):
            some = tuple(subjects[begin : begin + AT_ONCE])
            features = pool.features(pool.rows_of([one.spectrum_id for one in some]))
            yield MeasureTask(directory.absolute(), some, pool.grid, features, seed)

    done = 0
    for results in executor.run(measure_spectra, tasks()):
        yield from results
        done += len(results)
        progress("measure", done, len(subjects))


def _predicted(candidates: pa.Table, classes: Sequence[str]) -> list[str | None]:
    names = [probability_column(name) for name in classes]
    probabilities = np.stack([_numbers(candidates[name]) for name in names], axis=1)
    is_scored = np.all(np.isfinite(probabilities), axis=1)
    largest = np.where(is_scored[:, None], probabilities, 0).argmax(axis=1)
    return [classes[column] if scored else None for column, scored in zip(largest.tolist(), is_scored.tolist(), strict=True)]


def _said(
    ids: Sequence[SpectrumId],
    listed: Sequence[str],
    verdicts: Mapping[SpectrumId, Verdict],
    votes: Mapping[SpectrumId, list[Answer]],
) -> Columns:
    """Return what people said of each candidate; a verdict outranks the label that it is listed by."""
    given = [verdicts.get(id_) for id_ in ids]
    labels = [[vote.label for vote in votes.get(id_, ()) if vote.label is not None] for id_ in ids]
    comments = [
        "; ".join(
            dict.fromkeys(text for text in (*(vote.comment for vote in votes.get(id_, ())), one.comment if one else "") if text)
        )
        for id_, one in zip(ids, given, strict=True)
    ]
    settles = {KEEP, OTHER_CLASS, REJECT}
    return {
        "label": [one.label if one and one.verdict in settles else label for one, label in zip(given, listed, strict=True)],
        "verdict": [one.verdict if one else "none" for one in given],
        "reasons": [";".join(one.reasons) if one else "" for one in given],
        "comment": comments,
        "n_votes": [len(some) for some in labels],
        "agreement": [max(Counter(some).values()) / len(some) if some else None for some in labels],
        "verified_by": [one.annotator if one else "" for one in given],
        "verified_at": [one.at if one else "" for one in given],
    }


def _velocities(found: Sequence[Measured], verdicts: Sequence[Verdict | None]) -> Columns:
    """Return the velocity of each spectrum: of the lines mirrored by hand, where somebody did, else of those measured."""
    rows = [
        _by_hand(verdict.velocity["lines"]) if verdict and verdict.velocity.get("lines") else _combined(velocities_of(one.lines))
        for one, verdict in zip(found, verdicts, strict=True)
    ]
    return {
        "rv": [row.mean for row in rows],
        "rv_err": [row.error for row in rows],
        "rv_n": [row.n for row in rows],
        "rv_scatter": [row.scatter for row in rows],
        "rv_frame": [one.frame for one in found],
    }


def _combined(pairs: Sequence[tuple[float, float]]) -> Combined:
    values = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return combine_velocities(values[:, 0], values[:, 1])


def _by_hand(lines: Sequence[Mapping[str, Any]]) -> Combined:
    """Return the mean of velocities that somebody set; unweighted, its error from the scatter, where a line has no error."""
    if all(line.get("error") for line in lines):
        return _combined([(line["rv"], line["error"]) for line in lines])
    rv = np.array([line["rv"] for line in lines], dtype=np.float64)
    scatter = float(rv.std(ddof=1)) if rv.size > 1 else np.nan
    return Combined(float(rv.mean()), scatter, scatter / np.sqrt(rv.size), int(rv.size), np.nan)


def _variability(groups: IntArray, mjd: FloatArray, found: Sequence[Measured]) -> Columns:
    variable: list[bool | None] = [None] * len(found)
    p_values: list[float | None] = [None] * len(found)
    for group in groups_of(groups, mjd, at_least=2):
        profiles = [found[row].profile for row in group.rows]
        compared = compare_group([profile for profile in profiles if profile is not None])
        if compared.n_pairs:
            for row in group.rows:
                variable[row], p_values[row] = compared.variable, compared.p_value
    return {"variable": variable, "var_p": p_values}


def _shared_light(pool: Pool, ids: Sequence[str]) -> Columns:
    """Return which candidates may hold light that is not theirs; nothing where the pool's points do not hold the lines."""
    try:
        found = find_shared_light(pool.rows_of(ids), pool, Surroundings(pool))
    except ValueError:  # a recipe for other lines than Hα
        return {"shared_light": [None] * len(ids), "shared_with": [None] * len(ids)}
    return {
        "shared_light": [one.flag for one in found],
        "shared_with": [";".join(neighbor.spectrum_id for neighbor in one.neighbors) for one in found],
    }


def _status(columns: Columns, is_compared: BoolArray) -> list[str]:
    return [
        "rejected"
        if verdict == REJECT
        else "known-catalog"
        if catalog
        else "known-simbad"
        if simbad
        else "new"
        if compared
        else "not-compared"
        for verdict, catalog, simbad, compared in zip(
            columns["verdict"], columns["catalog_name"], columns["simbad_id"], is_compared.tolist(), strict=True
        )
    ]


def _typed(columns: Columns, schema: pa.Schema) -> pa.Table:
    """Return the columns in the schema's order and types, NaN as null."""
    arrays = []
    for field in schema:
        values = columns[field.name]
        if not isinstance(values, pa.ChunkedArray):
            values = pa.array(list(values), from_pandas=True)
        arrays.append(values.cast(field.type))
    return pa.table(arrays, schema=schema)


def _problems(found: Sequence[Measured]) -> tuple[str, ...]:
    unread = [one.problem for one in found if one.problem and not one.lines]
    if not unread:
        return ()
    return (f"{len(unread)} of {len(found)} spectra could not be read again and are not measured, such as {unread[0]}",)
