"""Writes a campaign's report: one page that needs nothing else, and the same numbers as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from spectrove.campaign import Campaign
from spectrove.catalog import as_json
from spectrove.errors import StorageError
from spectrove.execution import Executor
from spectrove.report.facts import gather
from spectrove.report.page import render
from spectrove.report.recovery import Injections
from spectrove.report.sections import build_sections
from spectrove.report.wording import Facts, moment, spectra
from spectrove.storage import storage_errors, write_bytes

PAGE, NUMBERS = "report.html", "report.json"
"""Names of the files."""


@dataclass(frozen=True)
class ReportFiles:
    """
    Where a report lies.

    Attributes
    ----------
    html, json : Path
        The page, and all of its numbers.
    """

    html: Path
    json: Path


def write_report(
    campaign: Campaign, directory: Path, injections: Injections | None = None, executor: Executor | None = None
) -> tuple[ReportFiles, Facts]:
    """
    Write the report of a campaign, in whatever phase it is.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    directory : Path
        Where to; it is made if it does not exist, and an earlier report in it is replaced.
    injections : Injections, optional
        Spectra that lines were put into; their recovery is a third way to the recall.
    executor : Executor, optional
        Where files of injected spectra are read; in this process unless given.

    Returns
    -------
    tuple of (ReportFiles, dict)
        The files, each of them the old or the whole new one at any moment; and what the JSON holds.

    Raises
    ------
    CampaignError
        If lines were injected and no network is trained yet.
    LabelsError
        If the table of injected lines cannot be used.
    PoolError
        If a pool cannot be used.
    CheckpointError
        If the injected spectra are of another recipe than the campaign's.
    StorageError
        If the disk is full or cannot be written, or ``directory`` is a file.
    """
    if directory.exists() and not directory.is_dir():
        msg = f"{directory}: this is a file, and the report needs a folder. Move it away, or name another with --output."
        raise StorageError(msg)
    text = as_json(gather(campaign, injections, executor))
    facts = json.loads(text)  # the page says what the file holds
    page = render_report(facts)
    with storage_errors(directory):
        directory.mkdir(parents=True, exist_ok=True)
    files = ReportFiles(directory / PAGE, directory / NUMBERS)
    write_bytes(files.json, text.encode())
    write_bytes(files.html, page.encode())
    return files, facts


def render_report(facts: Facts) -> str:
    """
    Return the page of a report.

    Parameters
    ----------
    facts : dict
        As of `spectrove.report.facts.gather`, as JSON holds them.

    Returns
    -------
    str
        HTML; every text in it is escaped.
    """
    campaign = facts["campaign"]
    state = "finished" if campaign["finished"] else f"in iteration {campaign['iteration']}, phase {campaign['phase']}"
    until = f"; the last answer came on {moment(campaign['last_answer_at'])}" if campaign["last_answer_at"] else ""
    lead = (
        f"A search of {spectra(campaign['n_spectra'])} for {', '.join(campaign['targets'])}; {state}. Begun on "
        f"{moment(campaign['created_at'])}{until}."
    )
    return render(f"Report of the campaign {campaign['name']}", lead, build_sections(facts))
