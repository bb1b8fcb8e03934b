"""The options ``--workers`` and ``--scheduler`` of every command whose work is shared out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def on_workers(default: int = 1, what: str = "Processes; they change no result.") -> Callable[[Command], Command]:
    """
    Give a command the arguments ``workers`` and ``scheduler``.

    Parameters
    ----------
    default : int
        Number of processes unless told.
    what : str
        What the processes do.

    Returns
    -------
    callable
        A decorator.
    """
    workers = click.option("--workers", default=default, show_default=True, type=click.IntRange(min=1), help=what)
    scheduler = click.option(
        "--scheduler",
        metavar="WHERE",
        envvar="SPECTROVE_SCHEDULER",
        show_envvar=True,
        help="Share the work out by Dask: local, slurm (--workers are its jobs), tcp://HOST:PORT, or a scheduler's file.",
    )

    def decorate(command: Command) -> Command:
        return workers(scheduler(command))

    return decorate
