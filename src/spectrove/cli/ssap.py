"""Services of the Virtual Observatory among the places that a pool is filled from: ``ssap:URL``."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spectrove.cli.places import Place

if TYPE_CHECKING:
    from spectrove.contracts import Progress
    from spectrove.vo.fetch import FetchReport, Question

SCHEME = "ssap:"
"""Before the address of a service."""

MOST_TOLD = 20
"""Refused spectra that are named on the screen; the record has all."""


class Source(Place):
    """A path of this machine, a URL of an object store, or ``ssap:`` and the address of a service."""

    name = "source"

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """
        Return where a text points to.

        Parameters
        ----------
        value : str or Path
            As it was typed.
        param : click.Parameter or None
            Not looked at.
        ctx : click.Context or None
            Not looked at.

        Returns
        -------
        Path or str
            A path; of a service, its address.
        """
        if isinstance(value, str) and value.lower().startswith(SCHEME):
            address = value[len(SCHEME) :]
            if not address.lower().startswith(("http://", "https://")):
                self.fail(f"{value!r}: expected {SCHEME} and an address that begins with http:// or https://", param, ctx)
            return address
        return super().convert(value, param, ctx)


class Numbers(click.ParamType[tuple[float, float]]):
    """Two numbers with a sign between them."""

    def __init__(self, sign: str, what: str, *, is_open: bool = False) -> None:
        self.name = what
        self.sign, self.is_open = sign, is_open

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, float]:
        """
        Return the numbers.

        Parameters
        ----------
        value : str or tuple
            As it was typed.
        param : click.Parameter or None
            For the message.
        ctx : click.Context or None
            For the message.

        Returns
        -------
        tuple of (float, float)
            An absent one, where one may be absent, as infinite.
        """
        if isinstance(value, tuple):
            return value
        parts = [part.strip() for part in str(value).split(self.sign)]
        if self.is_open and len(parts) == 2 and any(parts):
            parts = [part or end for part, end in zip(parts, ("-inf", "inf"), strict=True)]
        try:
            first, second = (float(part) for part in parts)
        except ValueError:
            self.fail(f"{value!r}: expected {self.name}", param, ctx)
        if math.isnan(first) or math.isnan(second):
            self.fail(f"{value!r}: expected {self.name}", param, ctx)
        return first, second


@dataclass(frozen=True)
class Asked:
    """
    What services are asked.

    Attributes
    ----------
    pos : (float, float) or None
        Degrees, ICRS.
    size : float or None
        Diameter, degrees.
    band : (float, float) or None
        Å.
    time : str or None
        ISO 8601.
    maxrec : int or None
        At most so many.
    files : Path or None
        Where spectra are kept.
    """

    pos: tuple[float, float] | None
    size: float | None
    band: tuple[float, float] | None
    time: str | None
    maxrec: int | None
    files: Path | None

    def question(self, url: str) -> Question:
        """
        Return what one service is asked.

        Parameters
        ----------
        url : str
            Its address.

        Returns
        -------
        Question
            The question.
        """
        from spectrove.vo.fetch import Question

        return Question(url, self.pos, self.size, self.band, self.time, self.maxrec)


OPTIONS = (
    click.option(
        "--pos", type=Numbers(",", "RA,DEC in degrees"), metavar="RA,DEC", help="Of a service: the place, degrees (ICRS)."
    ),
    click.option("--size", type=click.FloatRange(0, 360), metavar="DEG", help="Of a service: the diameter around it, degrees."),
    click.option(
        "--band",
        type=Numbers("/", "LO/HI in Å, of which one may be absent", is_open=True),
        metavar="LO/HI",
        help="Of a service: spectra that cover a part of these wavelengths, Å.",
    ),
    click.option("--time", "time_", metavar="FROM/TO", help="Of a service: when they were observed, such as 2012-01-01/2013."),
    click.option("--maxrec", type=click.IntRange(1), metavar="N", help="Of a service: at most so many rows of its answer."),
    click.option("--files", type=Place(), metavar="DIR", help="Where fetched spectra are kept; beside the pool unless given."),
)


def on_services(command: Callable[..., None]) -> Callable[..., None]:
    """
    Give a command the options of what services are asked; it gets them as one argument, ``asked``.

    Parameters
    ----------
    command : callable
        The command's function.

    Returns
    -------
    callable
        The function with the options.
    """

    @functools.wraps(command)
    def with_asked(**arguments: Any) -> None:
        names = ("pos", "size", "band", "time_", "maxrec", "files")
        asked = Asked(*(arguments.pop(name) for name in names))
        if not any(isinstance(one, str) for one in arguments["paths"]):
            named = ", ".join(f"--{name.strip('_')}" for name, value in zip(names, vars(asked).values(), strict=True) if value)
            if named:
                msg = f"{named} say what a service is asked, but no ssap:URL is among PATHS"
                raise click.UsageError(msg)
        elif asked.size is not None and asked.pos is None:
            msg = "--size is the diameter around --pos, which is not given"
            raise click.UsageError(msg)
        command(asked=asked, **arguments)

    for option in reversed(OPTIONS):
        with_asked = option(with_asked)
    return with_asked


def fetch_all(paths: Sequence[Path | str], asked: Asked, pool: Path, progress: Progress) -> tuple[list[Path], list[FetchReport]]:
    """
    Fetch the spectra of each service among some places.

    Parameters
    ----------
    paths : sequence of Path or str
        Paths, and addresses of services.
    asked : Asked
        What services are asked.
    pool : Path
        The pool that will be filled; spectra are kept beside it unless ``asked`` says where.
    progress : Progress
        Called as spectra come.

    Returns
    -------
    tuple of (list of Path, list of FetchReport)
        The paths, the folders of fetched spectra among them, and what was fetched.

    Raises
    ------
    ServiceError
        If a service gives no usable answer, or there is no spectrum to be had.
    StorageError
        If the disk is full or cannot be written.
    """
    services = [one for one in paths if isinstance(one, str)]
    folders = [one for one in paths if not isinstance(one, str)]
    reports: list[FetchReport] = []
    if services:
        from spectrove.vo.fetch import fetch, search

        for url in services:
            found = search(asked.question(url))
            folder = _folder(asked, pool)
            for line in found.told():
                click.echo(line, err=True)
            click.echo(f"files      are kept in {folder}", err=True)
            report = fetch(found, folder, progress=progress)
            for line in report.told(MOST_TOLD):
                click.echo(line, err=True)
            report.require_some()
            reports.append(report)
    return [*folders, *dict.fromkeys(report.folder for report in reports)], reports


def _folder(asked: Asked, pool: Path) -> Path:
    from spectrove.storage import is_remote

    if asked.files is not None:
        return asked.files
    if is_remote(pool):
        msg = "the pool is in an object store; say with --files where on this machine the fetched spectra are kept"
        raise click.UsageError(msg)
    return pool.absolute().with_name(f"{pool.absolute().name}-files")
