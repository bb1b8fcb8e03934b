"""Every block of the documentation is run or says why not; every room, word and link is true."""

from __future__ import annotations

import re

import pytest

from pages import REPOSITORY, all_pages, blocks, pages_to_run, run_by

ALL_BLOCKS = [block for page in all_pages() for block in blocks(page)]


def test_every_block_names_its_language():
    known = {"console", "python", "text", "toml", "csv", "json"}
    assert [block.where for block in ALL_BLOCKS if block.language not in known] == []


def test_every_block_of_code_is_run_or_says_why_not():
    followed = set(pages_to_run())
    assert [
        block.where
        for block in ALL_BLOCKS
        if block.is_run_with_its_page and run_by(block.page) is None and block.page not in followed
    ] == []


def test_a_block_that_another_test_runs_is_known_to_that_test():
    unknown = []
    for block in ALL_BLOCKS:
        if block.run_by is not None:
            test = REPOSITORY / block.run_by
            if not (test.is_file() and block.page.name in test.read_text(encoding="utf-8")):
                unknown.append(block.where)
    assert unknown == []


def test_a_page_that_another_test_runs_is_known_to_that_test():
    for page in all_pages():
        test = run_by(page)
        assert test is None or page.name in (REPOSITORY / test).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", all_pages(), ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_the_links_within_the_repository_lead_somewhere(page):
    targets = re.findall(r"\]\((?!https?://|mailto:|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_room_of_the_package_is_described_to_contributors(sources):
    described = re.findall(r"^\| `(\w+)` \|", (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(described) == sorted({source.room for source in sources} - {"__init__", "__main__"})


def test_every_identifier_of_the_glossary_is_one_of_ours(sources):
    glossary = (REPOSITORY / "docs" / "reference" / "glossary.md").read_text(encoding="utf-8")
    identifiers = {
        name
        for cell in re.findall(r"^\| [^|]+ \| ([^|]+) \|", glossary, flags=re.MULTILINE)
        for name in re.findall(r"`(\w+)`", cell)
    }
    text = "\n".join(source.text for source in sources)
    assert [name for name in sorted(identifiers) if not re.search(rf"\b{name}\b", text)] == []
    assert identifiers
