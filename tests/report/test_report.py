"""The report says what its JSON holds and the campaign froze, needs nothing but itself, and works at every moment."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from html.parser import HTMLParser

import numpy as np
import pytest
from click.testing import CliRunner

from people import SECONDS, finish, open_in_order
from spectrove.campaign import step
from spectrove.campaign.questions import shown_order
from spectrove.cli import main
from spectrove.cli.frame import cli
from spectrove.contracts import Answer
from spectrove.errors import StorageError
from spectrove.evaluate import Paper2020Rule, betting_limits
from spectrove.report import render_report, sentences, write_report
from spectrove.report.wording import at_most, estimated, interval, percent

PARTS = [
    "glance", "iterations", "stopping", "yield", "undiscovered", "calibration", "confusion", "examples", "abstentions", "time",
    "injection", "settings",
]  # fmt: skip


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def told(page: str) -> str:
    """Return the page's text without its pictures, in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", re.sub(r"base64,[^\"]*", "", page))).split(" "))


@pytest.fixture(scope="module")
def written(finished, tmp_path_factory):
    return write_report(finished, tmp_path_factory.mktemp("written"))


@pytest.fixture(scope="module")
def facts(written):
    return written[1]


@pytest.fixture(scope="module")
def page(written):
    return written[0].html.read_text(encoding="utf-8")


def test_the_page_holds_all_it_shows_and_runs_nothing(page):
    parsed = Page(page)
    assert parsed.open == []
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in parsed.tags}
    pictures = [attributes for tag, attributes in parsed.tags if tag == "img"]
    assert len(pictures) == 5
    for attributes in pictures:
        assert attributes["src"].startswith("data:image/svg+xml;base64,")
        assert len(attributes["alt"]) > 40
    assert "http" not in re.sub(r"base64,[^\"]*", "", page)
    assert "url(" not in page
    targets = [attributes["href"] for tag, attributes in parsed.tags if tag == "a"]
    assert targets == [f"#{key}" for key in PARTS]
    assert [attributes["id"] for tag, attributes in parsed.tags if tag == "section"] == PARTS


def test_the_page_says_the_numbers_of_the_json(written, page):
    facts = json.loads(written[0].json.read_text(encoding="utf-8"))
    assert facts == written[1]
    said = told(page)
    last = facts["iterations"][facts["audited"]]
    precision, recall, undiscovered = last["precision"], last["recall"], last["undiscovered"]
    for number in (
        estimated(precision["estimate"], precision),
        percent(precision["lower_over_all_looks"]),
        estimated(recall["estimate"], recall),
        f"at least {percent(recall['monotone_lower'])}",
        f"at most {at_most(undiscovered['upper'])} targets",
        interval({"lower": precision["worst_lower"], "upper": precision["worst_upper"]}),
        percent(facts["calibration"]["before"]["error"]),
        facts["made_from"]["pool"]["content_hash"],
        facts["made_from"]["checkpoint"]["content_hash"],
    ):
        assert number in said, number
    for look in facts["stopping"]["looks"]:
        assert all(rule["reason"] in said for rule in look["rules"])
    for row in facts["yields"]:
        for one in row["arms"].values():
            assert f"{one['n_targets']:,} of {one['n_labeled']:,} ({percent(one['share'])})" in said
    for lead, sentence in sentences(facts):
        assert f"{lead}: " in " ".join(said.split())
        assert " ".join(sentence.split()) in " ".join(said.split())


def test_the_numbers_are_those_that_the_campaign_froze(finished, facts):
    for row, told_row in zip(finished.store.iterations(), facts["iterations"], strict=True):
        if row.estimate is None:
            assert told_row["precision"] is None
            continue
        for name in ("estimate", "lower", "upper", "worst_lower", "worst_upper", "n_answered"):
            assert told_row["precision"][name] == row.estimate[name]
            if name != "n_answered":
                assert told_row["recall"][name] == row.estimate["recall"][""][name]
        assert told_row["precision"]["lower_over_all_looks"] <= told_row["precision"]["lower"] or told_row["number"] == 0
        assert facts["by_class"].keys() == row.estimate["by_class"].keys()
    assert facts["audited"] == 1


def test_labels_are_counted_by_what_was_said_last(finished, facts):
    said = finished.store.labels()
    labels = facts["labels"]
    assert labels["n_answered"] == len(said)
    assert labels["n_abstained"] == sum(label is None for label in said.values()) > 0
    assert labels["n_labeled"] + labels["n_abstained"] == labels["n_answered"]
    assert labels["n_targets"] == sum(label in finished.settings.classes.targets for label in said.values())
    assert labels["annotators"] == {"Vera <R>": len(said)}
    by_arm = [one for row in facts["yields"] for one in row["arms"].values()]
    questions = finished.store.questions()  # one that nobody could tell may be asked again
    assert sum(one["n_abstained"] for one in by_arm) == sum(said[one.spectrum_id] is None for one in questions)
    assert sum(one["n_asked"] for one in by_arm) == len(questions)


def test_a_class_of_the_table_is_that_of_the_questions(finished, facts):
    said = finished.store.labels()
    classes = finished.settings.classes.names
    asked = [one for one in finished.store.questions(facts["audited"]) if said.get(one.spectrum_id) is not None]
    drawn = Counter((one.predicted, said[one.spectrum_id]) for one in asked if one.stratum == "predicted")
    confusion = facts["confusion"]
    assert confusion["drawn"]["n"] == [[drawn[predicted, actual] for actual in classes] for predicted in classes]
    strata = finished.store.iterations()[facts["audited"]].population["strata"]
    n_known = sum(stratum["n_spectra"] for stratum in strata if any(one.stratum == stratum["name"] for one in asked))
    assert np.sum(confusion["weighted"]["n"]) == pytest.approx(n_known)
    for counts, shares in zip(confusion["weighted"]["n"], confusion["weighted"]["shares"], strict=True):
        assert (shares is None) == (sum(counts) == 0)
        assert shares is None or sum(shares) == pytest.approx(1)


def test_undiscovered_targets_leave_out_those_that_were_found_since(facts):
    for row in facts["iterations"][:2]:
        found = row["undiscovered"]
        assert found["n_seen"] == sum(one["n_events"] for one in found["strata"])
        assert 0 <= found["monotone_upper"] <= found["upper"] <= found["n_spectra"] - found["n_labels"]
        assert found["upper"] <= found["upper_over_all_looks"]
        assert found["upper"] <= sum(one["upper"] for one in found["strata"]) + 1e-6
        for one in found["strata"]:
            assert one["upper"] <= one["n_spectra"] - one["n_answered"] or one["n_answered"] == 0


def test_the_same_campaign_gives_the_same_files(finished, written, tmp_path):
    again, _ = write_report(finished, tmp_path / "folder" / "report")
    assert again.html.read_bytes() == written[0].html.read_bytes()
    assert again.json.read_bytes() == written[0].json.read_bytes()


def test_a_pace_is_the_time_between_answers(facts, page):
    assert facts["pace"]["median"] == pytest.approx(SECONDS)
    assert sum(facts["pace"]["histogram"]["n"]) == facts["pace"]["n_times"] == facts["labels"]["n_given"] - 1
    assert "4.0 s" in told(page)


def test_examples_are_spectra_of_the_cell_that_they_stand_in(finished, facts):
    said = finished.store.labels()
    predicted = {one.spectrum_id: one.predicted for one in finished.store.questions(facts["examples"]["iteration"])}
    cells = facts["examples"]["cells"]
    assert cells
    for cell in cells:
        assert 1 <= len(cell["spectra"]) <= min(3, cell["n"])
        for spectrum in cell["spectra"]:
            id_ = spectrum["spectrum_id"]
            assert (predicted[id_], said[id_]) == (cell["predicted"], cell["actual"])
            flux = finished.pool.features(finished.pool.rows_of([id_]))[0]
            np.testing.assert_allclose(spectrum["flux"], flux, rtol=0, atol=5.1e-5)


def test_what_ended_the_questions_is_not_said_to_be_the_rule(facts, page):
    last = facts["stopping"]["looks"][-1]
    assert last["stop"]
    assert last["limit"] == "these are all 2 iterations that max_iterations allows"
    assert [rule["rule"] for rule in last["rules"]] == ["paper-2020", "precision-at-least", "recall-at-least"]
    assert not any(rule["stop"] for rule in last["rules"])
    assert "had not stopped them: these are all 2 iterations" in told(page)
    assert facts["stopping"]["goals"] == {"precision": [0.99, 0.8], "recall": [0.9]}


def test_the_last_network_is_said_to_be_unaudited(facts):
    said = dict(sentences(facts))
    final = facts["iterations"][-1]
    assert final["kind"] == "final"
    assert f"takes {final['n_predicted_targets']:,} of them for targets" in said["Last network"]
    assert "nobody audited" in said["Last network"]


# -- as in the paper ------------------------------------------------------------------------------------------------------------


def test_a_campaign_as_in_the_paper_says_that_nothing_is_known_of_recall(of_paper, tmp_path):
    files, facts = write_report(of_paper, tmp_path)
    said = told(files.html.read_text(encoding="utf-8"))
    assert all(row["recall"] is None and row["undiscovered"] is None for row in facts["iterations"])
    assert facts["calibration"] is None
    assert facts["confusion"]["weighted"] is None
    assert "neither the recall nor the number of undiscovered targets can be told" in said
    assert "unknown: only predicted targets are drawn" in said


def test_the_paper_s_rule_says_how_often_it_stops_by_mistake(of_paper, tmp_path):
    files, facts = write_report(of_paper, tmp_path)
    (rule,) = facts["stopping"]["paper_2020"]
    sampled = [row["precision"]["n_answered"] for row in facts["iterations"] if row["precision"] is not None]
    assert rule["n_labels"] == min(sampled) > 0
    assert rule["n_looks"] == len(sampled)
    kept = Paper2020Rule(0.8, 1)
    for one, precision in zip(rule["false_stops"], (0.70, 0.75), strict=True):
        assert one["precision"] == precision
        assert one["probability"] == kept.false_stop_probability(precision, rule["n_labels"], rule["n_looks"])
        assert f"{one['probability']:.2g} if it is {precision:.2f}" in told(files.html.read_text(encoding="utf-8"))


# -- on the way -----------------------------------------------------------------------------------------------------------------


def test_a_campaign_that_has_done_nothing_has_a_report(campaign_of, tmp_path):
    files, facts = write_report(campaign_of("new"), tmp_path)
    said = told(files.html.read_text(encoding="utf-8"))
    assert "Nobody has labeled anything yet" in said
    assert facts["open"] is facts["audited"] is facts["examples"] is facts["made_from"]["checkpoint"] is None


def test_on_the_way_the_report_says_what_is_open(begun, tmp_path):
    files, facts = write_report(begun, tmp_path)
    asked = {one.spectrum_id for one in begun.open_questions()}
    assert facts["open"]["n_asked"] == len(asked) == facts["open"]["n_open"]
    assert facts["open"]["why_not"] == "no predicted target of the audit is answered yet"
    assert f"0 of {len(asked)} spectra that it asks about are answered" in told(files.html.read_text(encoding="utf-8"))


def test_the_precision_so_far_is_told_while_answers_come_in_the_random_order(begun, person_of, tmp_path):
    order = open_in_order(begun)
    drawn = {one.spectrum_id: one for one in begun.store.questions(0, "audit") if one.stratum == "predicted"}
    n = next(number for number, _ in enumerate(order) if len(drawn.keys() & set(order[:number])) == 3)
    person = person_of()
    person.answer(begun, order[:n])
    files, facts = write_report(begun, tmp_path)
    said = begun.store.labels()
    values = [said[id_] in begun.settings.classes.targets for id_ in order[:n] if id_ in drawn and said[id_] is not None]
    strata = {stratum["name"]: stratum["n_spectra"] for stratum in begun.iteration().population["strata"]}
    so_far = facts["open"]["precision"]
    assert so_far["n_population"] == strata["predicted"]
    assert (so_far["n_labeled"], so_far["n_correct"]) == (len(values), sum(values))
    assert [so_far["lower"], so_far["upper"]] == betting_limits(values, 0.95, strata["predicted"])[-1].tolist()
    assert estimated(so_far["estimate"], so_far) in told(files.html.read_text(encoding="utf-8"))


def test_the_precision_so_far_is_told_of_one_person_on_the_page_who_has_an_order_of_their_own(begun, tmp_path):
    asked = [one.spectrum_id for one in begun.open_questions()]
    drawn = {one.spectrum_id for one in begun.store.questions(0, "audit") if one.stratum == "predicted"}
    order = [id_ for id_ in shown_order(begun, 0, asked, "Vera <R>") if id_ in drawn]
    assert order != [id_ for id_ in open_in_order(begun) if id_ in drawn]
    when = "2026-11-22T00:00:00.000+00:00"
    begun.store.record_answers([Answer(id_, id_, "single-peak", "Vera <R>", when, shown_at=when) for id_ in order[:3]])
    _, facts = write_report(begun, tmp_path)
    assert (facts["open"]["why_not"], facts["open"]["precision"]["n_correct"]) == (None, 3)
    begun.store.record_answer(Answer("last", order[-1], "single-peak", "Vera <R>", when, shown_at=when))
    _, facts = write_report(begun, tmp_path / "again")
    assert facts["open"]["precision"] is None


def test_the_precision_so_far_is_left_out_if_spectra_were_passed_over(begun, person_of, tmp_path):
    drawn = {one.spectrum_id for one in begun.store.questions(0, "audit") if one.stratum == "predicted"}
    last = [id_ for id_ in open_in_order(begun) if id_ in drawn][-1]
    person_of().answer(begun, [last])
    _, facts = write_report(begun, tmp_path)
    assert facts["open"]["precision"] is None
    assert facts["open"]["why_not"] == "the answers did not come in the random order in which the spectra are shown"


def test_a_finished_campaign_has_nothing_open(facts):
    assert facts["open"] is None


# -- texts ----------------------------------------------------------------------------------------------------------------------


def test_names_of_classes_and_people_are_escaped(campaign_of, person_of, tmp_path):
    name = "<b>$x_1</b>"
    classes = {
        "names": [name, "double-peak", "not-interesting"],
        "targets": [name, "double-peak"],
        "aliases": {"single-peak": name},
    }
    campaign = campaign_of("odd", classes=classes, stopping={"max_iterations": 1})
    finish(campaign, person_of(**{"single-peak": name}))
    files, _ = write_report(campaign, tmp_path)
    page = files.html.read_text(encoding="utf-8")
    assert "<b>" not in page
    assert html.escape(name) in page
    assert "Vera &lt;R&gt;" in page
    assert Page(page).open == []


def test_numbers_that_are_not_known_are_not_said_to_be_nan(facts):
    changed = json.loads(json.dumps(facts))
    last = changed["iterations"][changed["audited"]]
    last["precision"]["estimate"] = last["recall"]["estimate"] = None
    changed["calibration"]["after"] = None
    changed["confusion"]["drawn"]["shares"] = [None] * 3
    said = told(render_report(changed))
    assert "nan" not in said.lower().replace("annan", "")
    assert "None" not in said
    assert "is unknown, as too few of them have a label" in said


# -- the command ----------------------------------------------------------------------------------------------------------------


def test_the_command_writes_the_report_beside_the_campaign(finished):
    done = CliRunner().invoke(cli, ["campaign", "report", str(finished.directory)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    folder = finished.directory / "report"
    assert f"page         {folder / 'report.html'}" in done.output
    assert {path.name for path in folder.iterdir()} == {"report.html", "report.json"}
    facts = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    for lead, sentence in sentences(facts):
        assert f"{lead}: {sentence}" in done.output


def test_the_command_refuses_in_one_sentence(finished, tmp_path, capsys):
    def said(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(["campaign", "report", *map(str, arguments)])
        assert ended.value.code != 0
        return capsys.readouterr().err

    assert "there is no campaign here" in said(tmp_path)
    assert "--truth says what was injected" in said(finished.directory, "--truth", tmp_path / "truth.csv")
    assert "Name it with --truth." in said(finished.directory, "--injected", tmp_path / "nothing")


def test_a_file_in_the_way_is_refused(finished, tmp_path):
    (tmp_path / "report").write_text("mine")
    with pytest.raises(StorageError, match="this is a file"):
        write_report(finished, tmp_path / "report")
    assert (tmp_path / "report").read_text() == "mine"


def test_a_report_on_the_way_has_the_last_closed_audit(campaign_of, person_of, tmp_path):
    campaign, person = campaign_of("second"), person_of()
    while campaign.iteration().number == 0:
        if campaign.open_questions():
            person.answer(campaign, open_in_order(campaign))
        step(campaign)
    step(campaign)
    step(campaign)
    _, facts = write_report(campaign, tmp_path)
    assert facts["audited"] == 0
    assert facts["open"]["iteration"] == 1
    assert not facts["stopping"]["stopped"]
    assert "waits: " in dict(sentences(facts))["Stop"]


def test_a_campaign_begun_before_there_were_strata_is_told_as_in_the_paper(of_paper, tmp_path):
    _, facts = write_report(of_paper, tmp_path)
    facts["campaign"]["design"] = "strata"  # what the settings of that time are read as
    said = told(render_report(facts))
    assert "unknown: only predicted targets are drawn" in said
    assert "No audit is closed yet" not in said
