"""What to cite."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove.catalog.bibliography import ALWAYS, METHODS, PUBLICATIONS, bibtex, write_bibtex
from spectrove.errors import CatalogError

ENTRY = re.compile(r"^@(\w+)\{([^,{}]+),\n((?:  \w+ += \{.*\},\n)+)\}$", re.MULTILINE)
"""An entry as this is written; BibTeX takes more."""

REQUIRED = {
    "article": {"author", "title", "journal", "volume", "pages", "year"},
    "inproceedings": {"author", "title", "booktitle", "year"},
    "misc": {"author", "title", "year", "howpublished"},
}


def entries(text):
    found = {}
    for kind, key, body in ENTRY.findall(text):
        assert key not in found, f"{key} stands twice"
        found[key] = (kind, dict(re.findall(r"^  (\w+) += \{(.*)\},$", body, re.MULTILINE)))
    assert re.sub(r"\s", "", ENTRY.sub("", text)) == "", "something is no entry"
    return found


def test_every_entry_has_what_bibtex_requires_of_its_kind():
    found = entries(bibtex(METHODS))

    assert set(found) == set(PUBLICATIONS)
    for key, (kind, fields) in found.items():
        assert REQUIRED[kind] <= fields.keys(), key
        assert re.fullmatch(r"(19|20)\d\d", fields["year"]), key


@pytest.mark.parametrize("key", PUBLICATIONS)
def test_a_key_begins_with_the_year_and_its_braces_are_balanced(key):
    fields = dict(PUBLICATIONS[key].fields)

    assert key.startswith(fields["year"])
    for value in fields.values():
        assert value.isascii()
        depths = [value[: place + 1].count("{") - value[: place + 1].count("}") for place in range(len(value))]
        assert min(depths) >= 0
        assert depths[-1] == 0
        assert not re.search(r"(?<!\\)[&%#_]", value.replace(fields.get("url", "\0"), "").replace(fields.get("doi", "\0"), ""))


@pytest.mark.parametrize("key", [key for key in PUBLICATIONS if len(key) == 19])
def test_a_bibcode_agrees_with_volume_and_page(key):
    fields = dict(PUBLICATIONS[key].fields)
    volume, page = key[9:13].strip("."), re.sub(r"[A-Z.]", "", key[13:18])

    assert volume == fields["volume"].split("-")[0]
    assert page == re.sub(r"[A-Z]", "", fields["pages"].split("-")[0])
    assert key[18] == re.sub(r"[^A-Za-z]", "", re.sub(r"\\\w", "", fields["author"]))[0].upper() or "v{S}" in fields["author"]


def test_only_what_was_used_is_cited_beside_what_always_is():
    least = set(entries(bibtex(())))

    assert least == {key for method in ALWAYS for key in METHODS[method]}
    assert "2020A&A...643A.122S" in least
    assert set(entries(bibtex(["simbad"]))) - least == {"2000A&AS..143....9W"}


@given(st.lists(st.sampled_from(sorted(METHODS))))
def test_the_order_of_the_methods_and_naming_one_twice_change_nothing(methods):
    assert bibtex(methods) == bibtex(sorted(set(methods)))


def test_a_file_holds_each_publication_once_and_tells_how_many(tmp_path):
    path = tmp_path / "references.bib"

    n = write_bibtex(path, ["smote", "smote", "lamost"])

    assert n == len(entries(path.read_text("ascii")))


def test_a_method_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(CatalogError, match="no method is called 'astrology', expected some of active-learning"):
        write_bibtex(tmp_path / "a.bib", ["simbad", "astrology"])

    assert not list(tmp_path.iterdir())
