"""Progress on the screen: bars with rate and time left on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

from spectrove.contracts import Progress, no_progress

SECONDS_BETWEEN_LINES = 5.0
"""How often a line is written where there is no terminal."""


@contextmanager
def showing_progress(*, quiet: bool = False) -> Iterator[Progress]:
    """
    Give a callback that shows on stderr how far the work is.

    Parameters
    ----------
    quiet : bool
        Show nothing.

    Yields
    ------
    Progress
        To be handed to the function that works.
    """
    if quiet:
        yield no_progress
    elif sys.stderr.isatty():
        with _bars() as show:
            yield show
    else:
        yield _lines()


@contextmanager
def _bars() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    tasks: dict[str, TaskID] = {}
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:

        def show(what: str, done: int, total: int | None) -> None:
            name = what.split(":", 1)[0]
            if name not in tasks or done < bars.tasks[bars.task_ids.index(tasks[name])].completed:
                if name in tasks:
                    bars.remove_task(tasks[name])
                tasks[name] = bars.add_task(what, total=total, rate="")
            speed = bars.tasks[bars.task_ids.index(tasks[name])].speed
            rate = f"{speed:.3g}/s" if speed else ""
            bars.update(tasks[name], description=what, completed=done, total=total, rate=rate)
            if total is not None and done >= total:
                bars.remove_task(tasks.pop(name))

        yield show


def _lines() -> Progress:
    last: dict[str, float] = {}

    def show(what: str, done: int, total: int | None) -> None:
        name = what.split(":", 1)[0]
        now = time.monotonic()
        if now - last.setdefault(name, now) >= SECONDS_BETWEEN_LINES:
            last[name] = now
            click.echo(f"{what}: {done}" if total is None else f"{what}: {done} of {total}", err=True)

    return show
