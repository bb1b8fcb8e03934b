"""What happens in a worker of a cluster. Workers of Dask load it, and it knows nothing of Dask."""

from __future__ import annotations

import pickle
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NoReturn

from spectrove.errors import ExecutorError
from spectrove.execution.memory import keep_freed_memory

SAME = ("spectrove", "astropy", "numpy", "openvino", "pyarrow", "scipy", "torch")
"""Packages of which every worker must have the version of the caller: others could compute other bits."""

_alone = threading.Lock()
"""Held while a task runs: a worker of several threads still runs one at a time, as tasks share what they have opened."""


@cache
def environment() -> Mapping[str, str]:
    """
    Return the versions that decide which bits come out.

    Returns
    -------
    mapping of str to str
        Of Python and of the packages among `SAME` that are installed.
    """
    found = {"python": f"{sys.version_info.major}.{sys.version_info.minor}"}
    for name in SAME:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def refuse_others(who: str, found: Mapping[str, str], expected: Mapping[str, str]) -> None:
    """
    Refuse versions that are not the same as here.

    Parameters
    ----------
    who : str
        Whose they are.
    found, expected : mapping of str to str
        Their versions, and those of the caller.

    Raises
    ------
    ExecutorError
        If a version differs; it names the first.
    """
    for name in {**expected, **found}:
        theirs, ours = found.get(name, "not installed"), expected.get(name, "not installed")
        if theirs != ours:
            msg = f"{who}: {name} is {theirs}, expected {ours} as where the command runs. Install the same software everywhere."
            raise ExecutorError(msg)


def carry_out(sent: bytes, expected: Mapping[str, str]) -> Any:
    """
    Run a task, alone in this process.

    Parameters
    ----------
    sent : bytes
        Function and task, pickled.
    expected : mapping of str to str
        The caller's `environment`.

    Returns
    -------
    object
        What the function returned.

    Raises
    ------
    ExecutorError
        If the software here is not that of the caller.
    """
    keep_freed_memory()
    refuse_others(f"a worker on {socket.gethostname()}", environment(), expected)
    with _alone:
        try:
            function, task = pickle.loads(sent)  # noqa: S301 - from the caller, who may run anything here anyway
        except ImportError as error:
            _lacks(error)
        return function(task)


def _lacks(error: ImportError) -> NoReturn:
    msg = f"a worker on {socket.gethostname()}: cannot import what it is to run ({error}). Install the same software everywhere."
    raise ExecutorError(msg) from error


def dask_setup(worker: object) -> None:
    """
    Make a worker of this machine's terminal ignore Ctrl-C, which is meant for the command alone.

    Parameters
    ----------
    worker : distributed.Worker
        The worker that loads this module as a preload of Dask.
    """
    del worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
