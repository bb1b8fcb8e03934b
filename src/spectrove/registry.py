"""Plug-ins from entry points; a broken one is named and skipped, never a crash."""

from __future__ import annotations

import difflib
import warnings
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from spectrove.errors import PlugInError

GROUPS = ("spectrove.formats", "spectrove.models", "spectrove.strategies", "spectrove.stopping")
"""The four kinds of plug-in; the built-in ones are registered by the same groups."""


@cache
def _points(group: str) -> dict[str, EntryPoint]:
    if group not in GROUPS:
        msg = f"plug-ins: unknown group {group!r}, expected one of {GROUPS}"
        raise PlugInError(msg)
    return {point.name: point for point in entry_points(group=group)}


def names(group: str) -> list[str]:
    """
    Return the names of the plug-ins of a group.

    Parameters
    ----------
    group : str
        One of `GROUPS`.

    Returns
    -------
    list of str
        Names, sorted.

    Raises
    ------
    PlugInError
        If the group is unknown.
    """
    return sorted(_points(group))


def load(group: str, name: str) -> Any:
    """
    Return what a plug-in's entry point names.

    Parameters
    ----------
    group : str
        One of `GROUPS`.
    name : str
        The plug-in's name.

    Returns
    -------
    object
        What the entry point names; each group's contract is in its own room.

    Raises
    ------
    PlugInError
        If the group or the name is unknown, or the plug-in cannot be imported.
    """
    points = _points(group)
    if name not in points:
        near = difflib.get_close_matches(name, points, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(points))}"
        msg = f"{group}: no plug-in is named {name!r}; {hint}"
        raise PlugInError(msg)
    try:
        return points[name].load()
    except (ImportError, AttributeError) as error:
        msg = f"{group}: plug-in {name!r} ({points[name].value}) cannot be loaded: {error}"
        raise PlugInError(msg) from error


def load_all(group: str) -> dict[str, Any]:
    """
    Return all plug-ins of a group that can be loaded, by name.

    Parameters
    ----------
    group : str
        One of `GROUPS`.

    Returns
    -------
    dict
        What each entry point names, in the order of the names.

    Warns
    -----
    UserWarning
        For each plug-in that cannot be loaded, naming it and the reason.
    """
    loaded: dict[str, Any] = {}
    for name in names(group):
        try:
            loaded[name] = load(group, name)
        except PlugInError as error:
            warnings.warn(f"{error}; it is skipped", stacklevel=2)
    return loaded
