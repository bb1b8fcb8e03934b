"""The scripts that fill the pages' tables from measured figures."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType

import pytest

from pages import REPOSITORY


@pytest.fixture
def script(monkeypatch) -> Callable[[str], ModuleType]:
    """Return what imports a script of ``benchmarks/``, as Python does that runs it: beside its neighbors."""
    monkeypatch.syspath_prepend(str(REPOSITORY / "benchmarks"))
    return importlib.import_module
