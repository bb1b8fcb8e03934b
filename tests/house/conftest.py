"""What the tests of the house rules look at: the repository and its parsed source."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from pages import REPOSITORY


@dataclass(frozen=True)
class Source:
    """One module of the package."""

    path: Path

    @property
    def name(self) -> str:
        """Where it stands in the package, such as ``pool/ingest.py``."""
        return self.path.relative_to(REPOSITORY / "src" / "spectrove").as_posix()

    @property
    def room(self) -> str:
        """The package or module of spectrove that it belongs to."""
        return self.name.split("/")[0].removesuffix(".py")

    @cached_property
    def text(self) -> str:
        """The module as written."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """The module as parsed."""
        return ast.parse(self.text, self.path)


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the repository's root."""
    return REPOSITORY


@pytest.fixture(scope="session")
def sources() -> list[Source]:
    """Return every module of the package."""
    return [Source(path) for path in sorted((REPOSITORY / "src" / "spectrove").rglob("*.py"))]
