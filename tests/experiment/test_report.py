"""The report needs nothing but itself, says every number with its interval, and survives a search that found nothing."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from spectrove.experiment import published
from spectrove.experiment.glance import at_a_glance, false_candidates
from spectrove.experiment.measure import share
from spectrove.experiment.report import build_sections, render_page, write_report
from spectrove.experiment.wording import estimated, told
from spectrove.report.wording import in_words, percent

KEYS = ["glance", "without-asking", "search", "confusion", "recall", "finders", "examples", "time", "settings"]


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "img", "link", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture
def facts(finished):
    return json.loads((finished.directory / "report.json").read_text())


def test_the_page_holds_all_it_shows_and_runs_nothing(finished):
    text = (finished.directory / "report.html").read_text()
    page = Page(text)
    assert page.open == []
    assert not {"script", "link", "iframe"} & {tag for tag, _ in page.tags}
    for tag, attributes in page.tags:
        if tag == "img":
            assert attributes["src"].startswith("data:image/svg+xml;base64,")
            assert len(attributes["alt"]) > 20
    assert "url(" not in text
    targets = {attributes["href"] for tag, attributes in page.tags if tag == "a"}
    assert targets == {f"#{attributes['id']}" for tag, attributes in page.tags if tag == "section"}


def test_every_part_is_there_with_its_figure_or_its_table(facts):
    sections = build_sections(facts)
    assert [section.key for section in sections] == KEYS
    assert all(section.figure is not None or section.table is not None for section in sections)


def test_texts_are_escaped(facts):
    kind = facts["active"]["final"]["recall"]["by_subtype"][0]
    kind["subtype"] = "<script>alert('be')</script>"
    page = render_page(facts, build_sections(facts))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_main_table_gives_every_share_with_limits_and_sample(facts):
    table = at_a_glance(facts)
    rows = {row[0]: row for row in table.rows}
    for name in ("targets in the pool", "recall of visible targets", "recall of objects", "recall of all that emit"):
        assert re.fullmatch(r"[\d.]+\s% \([\d.]+ to [\d.]+\s%\), [\d,]+ of [\d,]+", rows[name][2]), rows[name]
    assert rows["precision, targets against the rest"][1] == told(share(4103, 4161))
    assert all(len(row) == len(table.header) and row[3] for row in table.rows)


@pytest.mark.parametrize(
    ("stopped", "why"),
    [
        ({"stop": True, "reason": "these are all 2 iterations that max_iterations allows"}, "these are all 2 iterations"),
        (None, "it never stopped"),
    ],
)
def test_a_search_that_did_not_end_by_the_rule_is_not_said_to_have_stopped_by_it(facts, stopped, why):
    facts["active"]["final"]["stopped"] = stopped
    last = max(row["number"] for row in facts["active"]["iterations"] if row["kind"] != "final")
    (row,) = (row for row in at_a_glance(facts).rows if row[0] == "last iteration with questions")
    assert row[1:3] == ("17", str(last))
    assert why in row[3]


def test_the_numbers_are_those_of_the_truth(finished, facts):
    truth = finished.truth
    assert facts["survey"]["n_targets"] == truth.is_target.sum()
    assert facts["active"]["final"]["recall"]["visible"]["of"] == truth.is_target.sum()
    counts = facts["active"]["final"]["network"]["confusion"]
    assert sum(map(sum, counts)) == truth.n_spectra - facts["active"]["labels"]["n_queried"]
    assert facts["paper"]["non_active"][0]["single-peak"] == [4.1, 343_988]
    assert facts["active"]["labels"]["n_queried"] == 12


@pytest.mark.slow
def test_the_same_facts_give_the_same_files(finished, facts, tmp_path):
    files = write_report(tmp_path, facts)
    for path in (files.html, files.pdf, files.json):
        assert path.read_bytes() == (finished.directory / path.name).read_bytes()
    assert files.pdf.read_bytes().startswith(b"%PDF-")


def test_a_search_that_found_nothing_and_had_no_runs_is_told_as_well(facts):
    nothing = share(0, 0)
    facts["non_active"] = []
    final = facts["active"]["final"]
    final["network"]["precision"] = nothing
    final["network"]["by_class"] = dict.fromkeys(final["network"]["by_class"], nothing)
    final["network"]["confusion"] = [[0, 0, 0], [0, 0, 0], [1, 2, 3]]
    for row in facts["active"]["iterations"]:
        row["precision"] = nothing
        row["estimate"] = None
    for row in facts["finders"]["rows"]:
        row.update(precision=nothing, f1=0.0, auc=None)
    facts["finders"]["curves"] = {name: {"recall": [], "precision": []} for name in facts["finders"]["curves"]}
    facts["examples"]["groups"] = [{**group, "n": 0, "spectra": []} for group in facts["examples"]["groups"]]
    text = render_page(facts, build_sections(facts))
    assert "no spectrum left in the pool is predicted to be a target" in text
    assert "nan" not in re.sub(r"base64,[^\"]*", "", text).lower()


def test_numbers_are_said_with_as_many_digits_as_they_need():
    assert [percent(value) for value in (None, 0, 0.00013, 0.0994, 0.5, 1)] == [
        "–", "0.0\N{NO-BREAK SPACE}%", "0.013\N{NO-BREAK SPACE}%", "9.9\N{NO-BREAK SPACE}%", "50.0\N{NO-BREAK SPACE}%",
        "100.0\N{NO-BREAK SPACE}%",
    ]  # fmt: skip
    assert [in_words(seconds) for seconds in (3.14159, 42, 130, 7200)] == ["3.1 s", "42 s", "2.2 min", "2.0 h"]
    exact = {"estimate": 0.25, "lower": 0.25, "upper": 0.25, "n_correct": 1, "n_answered": 4}
    assert estimated(exact) == "25.0\N{NO-BREAK SPACE}% (exact), 1 of 4"


def test_the_paper_s_numbers_agree_with_one_another():
    assert sum(published.N_LABELED.values()) == 12_936
    assert published.precision() == (4103, 4161)
    assert [published.class_precision(name)[1] for name in published.CONFUSION] == [3574, 587]
    assert published.precision()[1] + sum(published.N_FOUND_BY_ORACLE.values()) == published.N_CANDIDATES
    assert published.class_precision("double-peak")[0] / published.class_precision("double-peak")[1] == pytest.approx(
        0.934, abs=5e-4
    )
    assert [round(100 * value, 1) for value in false_candidates()] == [13.9, 16.8, 12.2]
