"""The tree of errors is the one that its module draws, and every one of them is raised."""

from __future__ import annotations

import ast
import builtins
import inspect
import re

from spectrove import errors
from spectrove.errors import SpectroveError

REAL = [
    value
    for value in vars(errors).values()
    if inspect.isclass(value) and issubclass(value, SpectroveError) and value is not SpectroveError
]


def drawn() -> list[tuple[str, str, str | None]]:
    """Return name, parent and builtin parent of every error in the drawing, from the top."""
    above: dict[int, str] = {}
    tree = []
    for line in errors.__doc__.splitlines():
        if found := re.match(r"(?P<branch>    [│├└─ ]*)(?P<name>\w+Error)\b.*?(\((?P<builtin>\w+)\))?$", line):
            depth = len(found["branch"])
            above[depth] = found["name"]
            if found["name"] != "SpectroveError":
                tree.append((found["name"], above[depth - 4], found["builtin"]))
    return tree


def test_the_drawing_is_the_tree():
    real = []
    for error in REAL:
        parent, *others = error.__bases__
        real.append((error.__name__, parent.__name__, others[0].__name__ if others else None))
    assert drawn() == real


def test_what_callers_expect_is_a_builtin_error():
    assert all(issubclass(error, (ValueError, LookupError, OSError)) for error in REAL)
    assert all(issubclass(getattr(builtins, builtin), Exception) for _, _, builtin in drawn() if builtin)


def test_every_error_is_used(sources):
    named = {
        node.id
        for source in sources
        if source.name != "errors.py"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    assert [error.__name__ for error in REAL if error.__name__ not in named and not error.__subclasses__()] == []
