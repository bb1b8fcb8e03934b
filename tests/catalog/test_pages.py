"""The catalog's pages, as they are written; how they behave is seen in tests/browser."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_tables import CLASSES, FACTS, SCRIPT, STATUSES, table
from spectrove.catalog.cells import measured, number, written
from spectrove.catalog.columns import MEANINGS
from spectrove.catalog.links import links_of
from spectrove.catalog.pages import CHUNK, KINDS, Curve, Download, IndexParts, write_pages
from spectrove.catalog.previews import STAMP
from spectrove.catalog.verification import Confusion
from spectrove.errors import SpectroveError

PAGES = ["index.html", *(kind.file for kind in KINDS)]


class Elements(HTMLParser):
    """The elements of a page and its text."""

    def __init__(self, page):
        super().__init__()
        self.found, self.said = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.said.append(data)

    def attributes(self, tag):
        return [attributes for name, attributes in self.found if name == tag]

    @property
    def text(self):
        return " ".join(" ".join(self.said).split())


def elements(path):
    return Elements(path.read_text(encoding="utf-8"))


def content(path):
    """Return what the script of a table's page reads."""
    found = re.search(r'<script type="application/json" id="content">(.*?)</script>', path.read_text(encoding="utf-8"))
    return json.loads(found[1])


def rows(directory, status):
    """Return the details of a page's rows, from all their files, in order."""
    told = []
    for number_ in range(len(list((directory / "static/rows").glob(f"{status}-*.js")))):
        script = (directory / f"static/rows/{status}-{number_}.js").read_text(encoding="ascii")
        told += json.loads(re.fullmatch(rf"spectroveRows\({number_}, (.*)\);\n", script)[1])
    return told


def confusion():
    shares = np.array([[0.975, 0.015, 0.01, 0.0], [np.nan] * 4])
    counts = np.array([[3484, 53, 37, 0], [0, 0, 0, 0]])
    return Confusion(CLASSES[:2], (*CLASSES, "no class"), counts, shares, shares, shares, counts.sum(axis=1), np.array([0, 0]))


def test_every_row_stands_on_the_page_of_its_status(tmp_path):
    found = table(40)
    assert [path.name for path in write_pages(tmp_path, found, FACTS)] == PAGES
    for kind in KINDS:
        expected = found.filter(pa.compute.equal(found["status"], kind.status))["spectrum_id"].to_pylist()
        assert content(tmp_path / kind.file)["ids"] == expected
        assert len(rows(tmp_path, kind.status)) == len(expected)


def test_a_status_without_a_page_is_refused(tmp_path):
    with pytest.raises(SpectroveError, match="pages: status 'unknown', expected one of"):
        write_pages(tmp_path, table(1, status=["unknown"]), FACTS)


def test_an_empty_catalog_has_pages(tmp_path):
    write_pages(tmp_path, table(0), FACTS)
    assert "There are none." in elements(tmp_path / "new.html").text


def test_the_index_counts_spectra_and_objects(tmp_path):
    write_pages(tmp_path, table(12, status=["new"] * 12), FACTS)
    # Five pairs and two by themselves.
    assert "All 12 7" in elements(tmp_path / "index.html").text
    assert "4,136,482 spectra of LAMOST DR2 were searched for single-peak, double-peak." in elements(tmp_path / "index.html").text


def test_the_index_shows_table_1_with_its_limits_and_files_with_their_sizes(tmp_path):
    (tmp_path / "catalog.vot").write_bytes(bytes(1_234_567))
    parts = IndexParts(confusion(), (Curve("match curve.svg", "Matches."),), (Download("catalog.vot", "VOTable"),))
    write_pages(tmp_path, table(4), FACTS, parts)
    page = elements(tmp_path / "index.html")
    assert "97.5 % (3,484) 97.5 % to 97.5 %" in page.text
    assert "3,574 of 3,574" in page.text
    assert "double-peak – – – – 0 of 0" in page.text
    assert "catalog.vot VOTable 1.2 MB" in page.text
    assert page.attributes("img") == [{"src": "match%20curve.svg", "alt": "Matches."}]


def test_nothing_is_loaded_from_elsewhere(tmp_path):
    write_pages(tmp_path, table(8), FACTS)
    for name in PAGES:
        page = elements(tmp_path / name)
        loaded = [one["src"] for tag in ("script", "img") for one in page.attributes(tag) if "src" in one]
        assert set(loaded) <= {"static/catalog.js"}
        assert [one["href"] for one in page.attributes("link")] == ["static/catalog.css"]
        (policy,) = (one["content"] for one in page.attributes("meta") if one.get("http-equiv") == "Content-Security-Policy")
        assert policy.startswith("default-src 'none'; script-src 'self' file:;")
    for name in ("catalog.js", "catalog.css"):
        assert not re.search(r"https?:|//[a-z0-9-]+\.", (tmp_path / "static" / name).read_text(encoding="utf-8"))


def test_no_text_of_a_script_becomes_markup(tmp_path):
    script = (write_pages(tmp_path, table(1), FACTS)[0].parent / "static/catalog.js").read_text(encoding="utf-8")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|document\.write|DOMParser|eval\(", script
    )


def test_no_text_of_a_catalog_becomes_markup(tmp_path):
    names = ("spectrum_id", "designation", "label", "comment", "simbad_id", "obsid", "shared_with", "preview_line", "file")
    found = table(4, status=["rejected"] * 4, **{name: [f"{SCRIPT}{number}" for number in range(4)] for name in names})
    write_pages(tmp_path, found, replace(FACTS, title=SCRIPT, name=SCRIPT))
    for name in PAGES:
        page = elements(tmp_path / name)
        assert {tag for tag, _ in page.found} & {"iframe", "object", "style"} == set()
        assert all(set(one) <= {"src", "type", "id"} for one in page.attributes("script"))
        assert len(page.attributes("script")) == (0 if name == "index.html" else 2)
        assert page.attributes("img") == []
        assert not any(attribute.startswith("on") for _, attributes in page.found for attribute in attributes)
    assert content(tmp_path / "rejected.html")["titles"][0] == f"{SCRIPT}0"
    assert "<" not in (tmp_path / "static/rows/rejected-0.js").read_text(encoding="ascii")


def test_the_details_hold_every_value_of_a_row(tmp_path):
    found = table(CHUNK + 3, status=["new"] * (CHUNK + 3))
    write_pages(tmp_path, found, FACTS)
    layout, told = content(tmp_path / "new.html"), rows(tmp_path, "new")
    assert len(told) == CHUNK + 3
    row = found.to_pylist()[-1]
    texts = told[-1]["texts"]
    by_line = {name: dict(zip(layout["lines"]["quantities"], places, strict=True)) for name, places in layout["lines"]["rows"]}
    assert texts[by_line["Hβ"]["equivalent width [Å]"]] == measured(row["ew_hb"], row["ew_hb_err"])
    assert texts[by_line["Hα"]["profile"]] == row["profile_ha"]
    items = {what: texts[place] for section in layout["sections"] for what, place in section["items"]}
    assert items[f"{MEANINGS['ra'].description} [°]"] == f"{row['ra']:.7f}"
    places = [place for _, places in layout["lines"]["rows"] for place in places]
    places += [place for section in layout["sections"] for _, place in section["items"]]
    assert sorted(places) == list(range(len(texts)))


def test_the_spectra_of_an_object_lead_to_each_other_across_the_pages(tmp_path):
    write_pages(tmp_path, table(8), FACTS)
    assert rows(tmp_path, STATUSES[0])[0]["exposures"] == [["known-simbad.html", "lamost:00001"]]
    assert rows(tmp_path, STATUSES[1])[0]["exposures"] == [["known-catalog.html", "lamost:00000"]]


def test_addresses_are_put_together_again_from_their_parts(tmp_path):
    found = table(9, status=["new"] * 9, ra=[*np.linspace(0, 359, 8), None])
    write_pages(tmp_path, found, FACTS)
    links = content(tmp_path / "new.html")["links"]
    for place, row in enumerate(found.to_pylist()):
        expected = links_of(row["spectrum_id"], row["ra"], row["dec"], row["obsid"])
        made = [one["start"] + one["middles"][place] + one["end"] for one in links if one["middles"][place] is not None]
        assert sorted(made) == sorted(expected.values())


def test_a_catalog_with_few_columns_has_pages(tmp_path):
    few = pa.table({"spectrum_id": ["lamost:a"], "status": ["new"], "mine": [1.5]})
    write_pages(tmp_path, few, FACTS)
    assert content(tmp_path / "new.html")["sections"][-1] == {"title": "More", "items": [["mine", 2]]}


def test_without_scripts_the_rows_are_there(tmp_path):
    write_pages(tmp_path, table(4, status=["new"] * 4), FACTS)
    page = (tmp_path / "new.html").read_text(encoding="utf-8")
    inside = Elements(page[page.index("<noscript>") : page.index("</noscript>")])
    assert "J000003" in inside.text
    assert len(inside.attributes("tr")) == 5


def test_the_same_catalog_gives_the_same_pages(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        write_pages(tmp_path / name, table(8), FACTS)
    for path in (tmp_path / "one").rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "other" / path.relative_to(tmp_path / "one")).read_bytes()


def test_pictures_in_rows_are_stamps(tmp_path):
    write_pages(tmp_path, table(1), FACTS)
    width = re.search(r"const STAMP = (\d+);", (tmp_path / "static/catalog.js").read_text(encoding="utf-8"))
    assert int(width[1]) < STAMP


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (-12.3456, 1.1, "−12.3 ± 1.1"),
        (0.98765, 0.0123, "0.988 ± 0.012"),
        (215.4, 34.0, "215 ± 34"),
        (215.4, None, "215.4"),
        (215.4, float("nan"), "215.4"),
        (215.4, 0.0, "215.4"),
        (None, 1.0, ""),
        (float("nan"), 1.0, ""),
    ],
)
def test_a_value_is_told_as_well_as_it_is_known(value, error, text):
    assert measured(value, error) == text


@given(st.floats(-1e6, 1e6), st.floats(1e-4, 1e5))
def test_what_is_told_differs_from_the_value_by_less_than_a_twentieth_of_its_error_or_half_a_unit(value, error):
    told = float(measured(value, error).split(" ± ")[0].replace("−", "-"))
    assert abs(told - value) <= max(0.051 * error, 0.51 if error > 10 else 0) * (1 + 1e-9) + 1e-9


def test_values_are_told_as_the_columns_meanings_say():
    assert written("ra", 84.0492) == "84.0492000"
    assert written("entropy", -0.5) == "−0.500000"
    assert written("variable", value=True) == "yes"
    assert written("comment", "a\u202eb\x00") == "a\ufffdb\ufffd"
    assert (number(3.0), number(None), number(float("inf")), number(1234.5678)) == ("3", "", "", "1235")
