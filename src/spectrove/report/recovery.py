"""The third recall: how many lines of known strength, put into real spectra, the last network of a campaign finds."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spectrove.campaign import Campaign
from spectrove.contracts import BoolArray, FloatArray
from spectrove.errors import CampaignError, LabelsError
from spectrove.evaluate import clopper_pearson
from spectrove.execution import Executor, InlineExecutor
from spectrove.pool import IngestConfig, Pool, ingest
from spectrove.query import predicted_classes
from spectrove.report.wording import Facts
from spectrove.simulate.completeness import completeness_map, edges_between
from spectrove.simulate.injections import TRUTH

ROWS = 65_536
"""Spectra whose features are held at a time."""

MOST_SNR, MOST_EW = 6, 8
"""Cells of the map at most."""


@dataclass(frozen=True)
class Injections:
    """
    Spectra that lines were put into.

    Attributes
    ----------
    place : Path
        The folder that ``spectrove simulate inject`` wrote, or a pool of its spectra.
    truth : Path or None
        Table of what was put into each; that of the folder unless given.
    """

    place: Path
    truth: Path | None = None


@dataclass(frozen=True, eq=False)
class InjectedTable:
    """
    What was put into spectra.

    Attributes
    ----------
    spectrum_ids : list of str
        The spectra.
    hosts : list of str
        The spectrum that each was made of.
    snr, ew : array of shape (n_injected,)
        Signal-to-noise ratio of a pixel, and equivalent width of the added emission, Å.
    labels : list of str
        What an ideal expert sees.
    """

    spectrum_ids: list[str]
    hosts: list[str]
    snr: FloatArray
    ew: FloatArray
    labels: list[str]


def read_injected(path: Path) -> InjectedTable:
    """
    Return the table of what was put into spectra.

    Parameters
    ----------
    path : Path
        A CSV file with the columns ``spectrum_id``, ``label``, ``snr`` and ``ew``, and perhaps ``host``.

    Returns
    -------
    `InjectedTable`
        Of every line of the file.

    Raises
    ------
    LabelsError
        If the file cannot be read, lacks a column or a number, or names no spectrum.
    """
    try:
        reader = csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines())
        rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        msg = f"{path}: cannot be read ({error}), expected the {TRUTH} of `spectrove simulate inject`. Name it with --truth."
        raise LabelsError(msg) from error
    missing = [name for name in ("spectrum_id", "label", "snr", "ew") if name not in (reader.fieldnames or ())]
    if missing or not rows:
        what = f"lacks the column {missing[0]!r}" if missing else "names no spectrum"
        msg = f"{path}: {what}, expected the {TRUTH} that `spectrove simulate inject` writes"
        raise LabelsError(msg)
    try:
        snr, ew = (np.array([float(row[name]) for row in rows]) for name in ("snr", "ew"))
    except (TypeError, ValueError) as error:
        msg = f"{path}: snr and ew must be numbers in every line ({error})"
        raise LabelsError(msg) from error
    ids = [row["spectrum_id"] for row in rows]
    hosts = [row.get("host") or id_ for row, id_ in zip(rows, ids, strict=True)]
    return InjectedTable(ids, hosts, snr, ew, [row["label"] for row in rows])


def recovery_facts(campaign: Campaign, injections: Injections, executor: Executor | None = None) -> Facts:
    """
    Return which share of the injected lines a campaign's last network finds.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    injections : Injections
        The spectra, of the campaign's recipe; those of a folder are read by it.
    executor : Executor, optional
        Where files are read; in this process unless given.

    Returns
    -------
    dict
        ``visible``: of the lines that an expert could see, ``all``: of all lines, each with its limits; ``map``: by S/N and
        equivalent width, of the visible ones. A spectrum that the pool lacks counts as not found.

    Raises
    ------
    CampaignError
        If the campaign has no network yet.
    LabelsError
        If the table cannot be used.
    PoolError
        If the pool cannot be used.
    CheckpointError
        If the pool was made by another recipe than the campaign's.
    """
    trained = [row for row in campaign.store.iterations() if row.checkpoint is not None]
    if not trained:
        msg = f"{campaign.directory}: nothing is trained yet. Go on with `spectrove campaign step`."
        raise CampaignError(msg)
    table = read_injected(injections.truth or injections.place / TRUTH)
    checkpoint = campaign.directory / str(trained[-1].checkpoint)
    if (injections.place / "spectra").is_dir():
        with tempfile.TemporaryDirectory(prefix="spectrove-") as folder:
            pool_path = Path(folder, "injected.pool")
            ingest([injections.place / "spectra"], pool_path, campaign.pool.recipe, IngestConfig(), executor or InlineExecutor())
            n_read, is_found = _found(campaign, Pool.open(pool_path), checkpoint, table)
    else:
        n_read, is_found = _found(campaign, Pool.open(injections.place), checkpoint, table)
    if not n_read:
        named = injections.truth or injections.place / TRUTH
        msg = f"{named}: {injections.place} holds none of its spectra. Name the spectra and the table of one injection."
        raise LabelsError(msg)
    is_visible = np.isin(table.labels, campaign.settings.classes.targets)
    facts: Facts = {
        "iteration": trained[-1].number,
        "checkpoint": trained[-1].checkpoint_hash,
        "n_absent": len(table.spectrum_ids) - n_read,
        "level": campaign.settings.audit.level,
    }
    for name, some in (("visible", is_visible), ("all", np.ones_like(is_visible))):
        facts[name] = _share(is_found[some], [host for host, kept in zip(table.hosts, some, strict=True) if kept], facts["level"])
    return facts | {"map": _map(table, is_found, is_visible, facts["level"])}


def _found(campaign: Campaign, pool: Pool, checkpoint: Path, table: InjectedTable) -> tuple[int, BoolArray]:
    from spectrove.scoring import probabilities_of

    rows = pool.rows_of(table.spectrum_ids)
    columns = [campaign.settings.classes.names.index(name) for name in campaign.settings.classes.targets]
    is_found = np.zeros(rows.size, dtype=np.bool_)
    there = np.flatnonzero(rows >= 0)
    for begin in range(0, there.size, ROWS):
        some = there[begin : begin + ROWS]
        probabilities = probabilities_of(checkpoint, pool, rows[some], campaign.settings.scoring)
        is_found[some] = np.isin(predicted_classes(probabilities), columns)
    return int(there.size), is_found


def _share(is_found: BoolArray, hosts: Sequence[str], level: float) -> Facts:
    n, n_found = is_found.size, int(np.count_nonzero(is_found))
    lower, upper = clustered_limits(is_found, hosts, level)
    share = n_found / n if n else None
    return {"n": n, "n_found": n_found, "n_hosts": len(set(hosts)), "estimate": share, "lower": lower, "upper": upper}


def clustered_limits(is_found: BoolArray, hosts: Sequence[str], level: float) -> tuple[float, float]:
    r"""
    Return limits of a share where several spectra were made of one host and are alike for that.

    Clopper and Pearson's limits for as many independent trials as the variance between hosts says the sample is worth; where all
    or none are found, which shows no variance, as many as there are hosts.

    Parameters
    ----------
    is_found : array of bool, shape (n_injected,)
        What is counted.
    hosts : sequence of str
        Host of each spectrum.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    tuple of float
        Lower and upper limit; 0 and 1 without spectra.

    References
    ----------
    .. [1] Korn & Graubard 1998, Survey Methodology 24, 193: the effective size :math:`p (1 - p) / \hat V(p)` in Clopper and
       Pearson's limits; :math:`\hat V` of a share of clusters by Cochran 1977, Sampling Techniques, 3rd ed., sect. 3.12.
    """
    n = is_found.size
    if not n:
        return 0.0, 1.0
    names, cluster = np.unique(np.asarray(hosts, dtype=np.str_), return_inverse=True)
    share, n_hosts = float(np.mean(is_found)), names.size
    size = float(n_hosts)
    if 0 < share < 1 and n_hosts > 1:
        sums, sizes = (np.bincount(cluster, weights=values, minlength=n_hosts) for values in (is_found, np.ones(n)))
        variance = n_hosts / (n_hosts - 1) * float(np.sum((sums - share * sizes) ** 2)) / n**2
        size = min(share * (1 - share) / variance, n) if variance > 0 else float(n)
    return clopper_pearson(share * size, size, level)


def _map(table: InjectedTable, is_found: BoolArray, is_visible: BoolArray, level: float) -> Facts | None:
    usable = is_visible & (table.snr > 0) & (table.ew > 0)
    if not usable.any():
        return None
    snr, ew = table.snr[usable], table.ew[usable]
    edges = (edges_between(snr, MOST_SNR), edges_between(ew, MOST_EW))
    cells = completeness_map(snr, ew, is_found[usable], edges, level)
    return {
        "snr_edges": cells.snr_edges.tolist(),
        "ew_edges": cells.ew_edges.tolist(),
        "n_injected": cells.n_injected.tolist(),
        "n_found": cells.n_found.tolist(),
        "lower": cells.lower.tolist(),
        "upper": cells.upper.tolist(),
        "level": cells.level,
    }
