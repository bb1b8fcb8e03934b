"""What every module keeps to and ruff does not see, or a noqa would hide."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

LONGEST_FUNCTION = 60
LONGEST_MODULE = 500
BROAD = {"Exception", "BaseException"}
CATCH_ALL = {"cli/frame.py", "pool/reading.py"}
"""The outermost frame of the command line, and ingest's frame around each file."""


def is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def length_without_docstring(function) -> int:
    first = function.body[0]
    documented = ast.get_docstring(function) is not None
    return function.end_lineno - function.lineno + 1 - (first.end_lineno - first.lineno + 1 if documented else 0)


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what stands in a function, without the functions inside it."""
    for child in ast.iter_child_nodes(node):
        if not is_function(child):
            yield child
            yield from own_nodes(child)


def test_no_function_is_longer_than_sixty_lines(sources):
    long = [
        f"{source.name}:{node.lineno} {node.name} ({length_without_docstring(node)} lines)"
        for source in sources
        if "migrations" not in source.path.parts  # a migration is a record, written once
        for node in ast.walk(source.tree)
        if is_function(node) and length_without_docstring(node) > LONGEST_FUNCTION
    ]
    assert long == []


def test_no_module_is_longer_than_five_hundred_lines(sources):
    lengths = {source.name: len(source.text.splitlines()) for source in sources}
    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_nothing_is_asserted_or_printed(sources):
    found = [
        f"{source.name}:{node.lineno}"
        for source in sources
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Assert)
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print" and source.room != "cli")
    ]
    assert found == []


def test_nothing_is_left_to_do(sources):
    found = [
        f"{source.name}:{number}"
        for source in sources
        for number, line in enumerate(source.text.splitlines(), 1)
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line)
    ]
    assert found == []


def test_errors_of_every_kind_are_caught_only_by_ingest_and_by_the_command_line(sources):
    """A handler that ends with a bare ``raise`` tidies up and catches nothing."""
    broad = set()
    for source in sources:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ExceptHandler):
                caught = {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)} if node.type else BROAD
                raised_again = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
                if caught & BROAD and not raised_again:
                    broad.add(source.name)
    assert broad <= CATCH_ALL


def raised_names(function) -> set[str]:
    """Return the names of the classes that a function raises itself; what it raises again has none."""
    raised = [node.exc for node in own_nodes(function) if isinstance(node, ast.Raise)]
    called = [error.func if isinstance(error, ast.Call) else error for error in raised]
    return {error.id for error in called if isinstance(error, ast.Name) and error.id[0].isupper()}


def documented_errors(docstring: str | None) -> set[str]:
    section = re.search(r"^Raises\n-+\n(.*?)(?=^\S[^\n]*\n-+$|\Z)", docstring or "", flags=re.MULTILINE | re.DOTALL)
    return set(re.findall(r"^([\w.]+)", section[1], flags=re.MULTILINE)) if section else set()


def public_raisers(tree: ast.Module) -> Iterator[tuple[str, ast.AST, ast.AST]]:
    """Yield each public function, and each constructor, with the object whose docstring speaks for it."""
    for node in tree.body:
        if is_function(node) and not node.name.startswith("_"):
            yield node.name, node, node
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for method in filter(is_function, node.body):
                if method.name in {"__init__", "__post_init__"}:
                    yield node.name, method, node
                elif not method.name.startswith("_"):
                    yield f"{node.name}.{method.name}", method, method


def test_every_error_raised_on_purpose_is_documented(sources):
    missing = [
        f"{source.name}: {name} does not document {error}"
        for source in sources
        if source.room != "cli"
        for name, function, speaker in public_raisers(source.tree)
        for error in sorted(raised_names(function) - documented_errors(ast.get_docstring(speaker)))
    ]
    assert missing == []
