"""The report: one page that holds its figures, the same as PDF, and all numbers as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spectrove.catalog import write_provenance
from spectrove.experiment import published, tables
from spectrove.experiment.figures import (
    draw_examples,
    draw_finders,
    draw_iterations,
    draw_non_active,
    draw_recall,
    draw_table,
    draw_times,
    set_heading,
)
from spectrove.experiment.glance import at_a_glance
from spectrove.experiment.phases import Facts
from spectrove.experiment.wording import told
from spectrove.report.drawing import STYLE, as_svg
from spectrove.report.page import Table, environment_of
from spectrove.report.wording import in_words, percent
from spectrove.storage import atomic_path, write_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMAT = "spectrove-experiment"
FORMAT_VERSION = 1
"""Raised when a report's JSON can no longer be read as before."""

PAGE, PRINT, NUMBERS = "report.html", "report.pdf", "report.json"


@dataclass(frozen=True)
class ReportFiles:
    """
    Where a report lies.

    Attributes
    ----------
    html, pdf, json : Path
        The page, the same to be printed, and all numbers.
    """

    html: Path
    pdf: Path
    json: Path


@dataclass(frozen=True)
class Section:
    """
    A part of the report.

    Attributes
    ----------
    key : str
        Its name within the page.
    title : str
        Heading.
    text : str
        What is to be seen, in words.
    figure : Figure or None
        Its figure.
    caption : str
        What the figure shows.
    table : Table or None
        Its table.
    """

    key: str
    title: str
    text: str
    figure: Figure | None = None
    caption: str = ""
    table: Table | None = None


def write_report(directory: Path, facts: Facts) -> ReportFiles:
    """
    Write the report of an experiment.

    Parameters
    ----------
    directory : Path
        Where to.
    facts : dict
        All of the experiment.

    Returns
    -------
    ReportFiles
        The files, each replaced whole if it was there before.

    Raises
    ------
    StorageError
        If the disk is full or cannot be written.
    """
    facts = json.loads(json.dumps(facts, sort_keys=True))  # as they will be read from the file: the same facts, the same report
    files = ReportFiles(directory / PAGE, directory / PRINT, directory / NUMBERS)
    sections = build_sections(facts)
    write_bytes(files.html, render_page(facts, sections).encode())
    _write_pdf(files.pdf, facts, sections)
    write_provenance({"format": FORMAT, "format_version": FORMAT_VERSION, "paper": paper_numbers(), **facts}, files.json)
    return files


def paper_numbers() -> Facts:
    """
    Return the paper's numbers as plain data.

    Returns
    -------
    dict
        Those of `spectrove.experiment.published`.
    """
    return {
        "reference": published.REFERENCE,
        "n_pool": published.N_POOL,
        "n_labeled": published.N_LABELED,
        "non_active": published.NON_ACTIVE,
        "last_iteration": published.LAST_ITERATION,
        "confusion": published.CONFUSION,
        "n_found_by_oracle": published.N_FOUND_BY_ORACLE,
        "n_candidates": published.N_CANDIDATES,
    }


def build_sections(facts: Facts) -> list[Section]:
    """
    Return the report's parts, in order.

    Parameters
    ----------
    facts : dict
        All of the experiment.

    Returns
    -------
    list of Section
        With figures and tables.
    """
    active, targets = facts["active"], facts["settings"]["campaign"]["classes"]["targets"]
    threshold = facts["settings"]["campaign"]["stopping"]["options"].get("threshold", published.THRESHOLD)
    sections = [Section("glance", "At a glance", summary(facts), table=at_a_glance(facts))]
    if facts["non_active"]:
        sections.append(
            Section(
                "without-asking", "Without asking", NON_ACTIVE_TEXT, draw_non_active(facts["non_active"], targets),
                "Precision of networks trained on the labeled set alone. Circles: estimated, with limits of 95 %; squares: true; "
                "triangles: the paper's estimates, on its own pool.",
                tables.non_active_table(facts),
            )
        )  # fmt: skip
    sections += [
        Section(
            "search", "The active search", SEARCH_TEXT, draw_iterations(active["iterations"], threshold),
            "Above: precision in each iteration, estimated (circles, limits of 95 %) and true (line; the band holds the "
            "limits that a survey of this size allows). Below: true recall, which the paper could not know. Diamond: after the "
            "long training.",
            tables.iterations_table(facts),
        ),
        Section("confusion", "What the last network confuses", CONFUSION_TEXT, table=tables.confusion_table(facts)),
        Section(
            "recall", "What is found, and what is missed", RECALL_TEXT, draw_recall(active["final"]["recall"]),
            "Recall of the candidates by kind of target, by S/N, and by visibility, with limits of 95 %.",
            tables.recall_table(facts),
        ),
        Section(
            "finders", "Classical finders", FINDERS_TEXT, draw_finders(facts["finders"]),
            "Precision against recall as the threshold of each statistic falls. The star is the search as it was used, with "
            "limits.",
            tables.finders_table(facts),
        ),
    ]  # fmt: skip
    if any(group["spectra"] for group in facts["examples"]["groups"]):
        sections.append(
            Section(
                "examples", "Spectra", EXAMPLES_TEXT, draw_examples(facts["examples"]),
                "Spectra as the network sees them, 140 points from 6519 to 6732 Å, each scaled to its own range; dotted: Hα at "
                "rest; p: probability of being a target, by the last network.",
            )
        )  # fmt: skip
    parts = tables.time_parts(facts)
    return [
        *sections,
        Section("time", "Time", TIME_TEXT, draw_times(parts), f"Wall time by part; {in_words(sum(s for _, s in parts))} in all."),
        Section("settings", "Settings", SETTINGS_TEXT, table=tables.settings_table(facts)),
    ]


NON_ACTIVE_TEXT = (
    "A network that has seen only the labeled set of the other telescope knows nothing of noise and artefacts. How many false "
    "candidates it raises says how hard the pool is; the paper's numbers stand beside ours."
)
SEARCH_TEXT = (
    "In each iteration the spectra of largest entropy are labeled by the oracle and join the training set, and a random sample "
    "of the predicted targets is labeled to estimate the precision; these labels are forgotten, as in the paper. The oracle is "
    "the truth table: it never errs, which people do."
)
CONFUSION_TEXT = (
    "A spectrum's actual class is what one can see in it: an object that emits, but not so that it can be seen in this spectrum, "
    "is uninteresting."
)
RECALL_TEXT = (
    "The recall is that of the list of candidates, with the targets that the oracle met. It depends on the mixture of kinds that "
    "the simulation assumes; the recall of each kind does less so."
)
FINDERS_TEXT = "Each finder gives every spectrum a number, and a threshold makes a list; all look at the same spectra."
EXAMPLES_TEXT = "Drawn at random from each group, not chosen; a candidate's kind is that of the simulation."
TIME_TEXT = "On the machine that ran it. The time of steps that were interrupted and done again is not counted."
SETTINGS_TEXT = "Everything that the numbers follow from."


def summary(facts: Facts) -> str:
    """
    Return the result in a few sentences.

    Parameters
    ----------
    facts : dict
        All of the experiment.

    Returns
    -------
    str
        Of numbers alone.
    """
    survey, active = facts["survey"], facts["active"]
    precision, recall = active["final"]["network"]["precision"], active["final"]["recall"]["visible"]
    network = facts["settings"]["campaign"]["network"]["name"]
    n_spectra, n_targets, n_labeled = survey["n_spectra"], survey["n_targets"], active["iterations"][0]["n_examples"]
    begun = f"which began with {n_labeled:,} labeled spectra of another telescope"
    sentences = [f"The network {network}, {begun}, searched {n_spectra:,} simulated spectra with {n_targets:,} visible targets."]
    if facts["non_active"]:
        shares = [run["precision"]["value"] or 0.0 for run in facts["non_active"]]
        begin, end = percent(min(shares)), percent(max(shares))
        sentences.append(f"Without asking, {begin} to {end} of the predicted targets were targets ({len(shares)} runs).")
    known = "no spectrum left in the pool is predicted to be a target"
    if precision["of"]:
        known = f"the precision of the predicted targets left in the pool is {told(precision)}"
    sentences.append(
        f"With {active['labels']['n_spectra']:,} labels, {known}; the candidates hold {told(recall)} of the visible targets."
    )
    return " ".join(sentences)


def render_page(facts: Facts, sections: list[Section]) -> str:
    """
    Return the report as one page that needs nothing else.

    Parameters
    ----------
    facts : dict
        All of the experiment.
    sections : list of Section
        Its parts.

    Returns
    -------
    str
        HTML; every text in it is escaped.
    """
    images = {section.key: as_svg(section.figure) for section in sections if section.figure is not None}
    page = environment_of("spectrove.experiment").get_template("report.html.jinja")
    return page.render(title=title(facts), reference=published.REFERENCE, sections=sections, images=images)


def title(facts: Facts) -> str:
    """
    Return the report's title.

    Parameters
    ----------
    facts : dict
        All of the experiment.

    Returns
    -------
    str
        With the size and the seed.
    """
    return f"The 2020 experiment on {facts['survey']['n_spectra']:,} simulated spectra, seed {facts['settings']['seed']}"


def _write_pdf(path: Path, facts: Facts, sections: list[Section]) -> None:
    import matplotlib as mpl
    from matplotlib.backends.backend_pdf import PdfPages

    about = {"Title": title(facts), "CreationDate": None, "ModDate": None}
    with mpl.rc_context(STYLE), atomic_path(path) as temporary, PdfPages(temporary, metadata=about) as pages:
        for section in sections:
            if section.figure is not None:
                set_heading(section.figure, section.title, section.caption)
                pages.savefig(section.figure)
            if section.table is not None:
                table = section.table
                pages.savefig(draw_table(table.title, table.note, table.header, table.rows, table.widths))
