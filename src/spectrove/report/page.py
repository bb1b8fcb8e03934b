"""How a report is laid out: sections of sentences, pictures and tables, and the page that holds them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jinja2

from spectrove.report.drawing import as_svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Table:
    """
    A table as texts.

    Attributes
    ----------
    title : str
        What it shows.
    note : str
        Sample, interval and assumptions, in words.
    header : tuple of str
        Names of the columns.
    rows : tuple of tuple of str
        The cells.
    widths : tuple of int
        Characters in a line of each column, where the table is printed on paper by itself.
    """

    title: str
    note: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...] = ()


@dataclass(frozen=True)
class Picture:
    """
    A figure and what it shows.

    Attributes
    ----------
    figure : Figure
        The figure.
    caption : str
        What is to be seen, also for those who cannot see it.
    """

    figure: Figure
    caption: str


@dataclass(frozen=True)
class Section:
    """
    A part of a report.

    Attributes
    ----------
    key : str
        Its name within the page.
    title : str
        Heading.
    text : tuple of str
        Paragraphs.
    points : tuple of (str, str)
        What a sentence speaks of, and the sentence, which stands by itself.
    pictures : tuple of Picture
        Its figures.
    tables : tuple of Table
        Its tables.
    """

    key: str
    title: str
    text: tuple[str, ...] = ()
    points: tuple[tuple[str, str], ...] = ()
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()


def environment_of(package: str) -> jinja2.Environment:
    """
    Return what makes pages of a package's templates and of the parts that all reports share.

    Parameters
    ----------
    package : str
        Name of the package whose folder ``templates`` is looked into first.

    Returns
    -------
    jinja2.Environment
        Every text that a template is given is escaped.
    """
    loaders = [jinja2.PackageLoader(name) for name in dict.fromkeys((package, "spectrove.report"))]
    return jinja2.Environment(
        loader=jinja2.ChoiceLoader(loaders), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )


def render(title: str, lead: str, sections: Sequence[Section]) -> str:
    """
    Return a report as one page that needs nothing else.

    Parameters
    ----------
    title : str
        Its title.
    lead : str
        A sentence below it.
    sections : sequence of Section
        Its parts, in order.

    Returns
    -------
    str
        HTML, the pictures within it.
    """
    images = {
        section.key: [{"address": as_svg(one.figure), "caption": one.caption} for one in section.pictures] for section in sections
    }
    page = environment_of("spectrove.report").get_template("campaign.html.jinja")
    return page.render(title=title, lead=lead, sections=sections, images=images)
