"""Every built-in plug-in that pyproject.toml registers is there, loads and is documented."""

from __future__ import annotations

import inspect
import re
import tomllib

import pytest

from spectrove import registry


@pytest.fixture(scope="module")
def registered(repository) -> dict[str, dict[str, str]]:
    with (repository / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)["project"]["entry-points"]


def test_pyproject_registers_in_the_four_groups_only(registered):
    assert set(registered) == set(registry.GROUPS)


@pytest.mark.parametrize("group", registry.GROUPS)
def test_the_installed_package_has_them_all(registered, group):
    assert set(registered[group]) <= set(registry.names(group)), "pyproject.toml is newer than the environment; run make test"


@pytest.mark.parametrize("group", registry.GROUPS)
def test_each_loads_and_says_what_it_is(registered, group):
    silent = [name for name in registered[group] if not inspect.getdoc(registry.load(group, name))]
    assert silent == []


@pytest.mark.parametrize("group", registry.GROUPS)
def test_the_reference_lists_each_and_no_other(repository, registered, group):
    page = (repository / "docs" / "reference" / "plug-ins.md").read_text(encoding="utf-8")
    section = page.partition(f"`{group}`\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `([\w-]+)` \|", section, flags=re.MULTILINE) == list(registered[group])
