"""What is published passes its own check, and what is wrong is named with its place."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from small_survey import SmallSurvey
from spectrove.cli.frame import cli
from spectrove.vo.check.tables import by_stilts, check_table
from spectrove.vo.service.documents import Document, Field


def states_of(content: bytes) -> dict[str, str]:
    return {one.check: one.state for one in check_table("a table", content)}


def with_field(**wrong: str) -> bytes:
    return Document((Field("value", "double", description="A number", **wrong),), [(1.5,)]).to_bytes()


def test_a_table_as_it_should_be_is_well() -> None:
    found = check_table("a table", with_field(ucd="phys.angSize", unit="arcsec"))
    assert {one.state for one in found} <= {"ok", "skipped"}
    assert [one.detail for one in found if one.state == "ok"] == [""] * sum(one.state == "ok" for one in found)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"ucd": "meta.foo.bar"}, "meta.foo.bar"), ({"unit": "kmpers"}, "kmpers")],
)
def test_a_wrong_meaning_is_told_with_its_column(wrong: dict[str, str], said: str) -> None:
    found = [one for one in check_table("a table", with_field(**wrong)) if one.state == "wrong"]
    assert found
    assert all(said in one.detail for one in found)


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", with_field()[:200], b"\x00\xff"])
def test_what_is_no_votable_is_wrong_and_no_failure(content: bytes) -> None:
    assert states_of(content)["astropy"] == "wrong"


def test_without_stilts_a_check_is_skipped_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    found = by_stilts("a table", with_field())
    assert (found.state, found.detail) == ("skipped", "stilts is not installed")


@pytest.mark.skipif(shutil.which("stilts") is None, reason="stilts is not installed")
def test_votlint_finds_what_others_pass() -> None:
    found = by_stilts("a table", with_field().replace(b"<TR>", b"<TR><TD>7</TD>"))
    assert found.state == "wrong"


def test_a_pool_passes_its_own_check(small_survey: SmallSurvey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = shutil.copytree(small_survey.pool, tmp_path / "pool.pool")
    monkeypatch.setattr("spectrove.vo.check.services.SAMPLES", 1)
    done = CliRunner().invoke(cli, ["vo", "check", str(pool), "--json"])
    found = json.loads(done.stdout)
    assert [one for one in found if one["state"] == "wrong"] == []
    assert done.exit_code == 0
    assert {"SSAP", "SSAP, FORMAT=METADATA", "cone search of pool"} <= {one["where"] for one in found}
    assert {"astropy", "UCDs", "units", "pyvo", "XML", "is refused"} <= {one["check"] for one in found}


def test_of_a_folder_every_votable_is_checked_and_the_wrong_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "good.vot").write_bytes(with_field())
    (tmp_path / "bad.vot").write_bytes(with_field(ucd="meta.foo.bar"))
    done = CliRunner().invoke(cli, ["vo", "check", str(tmp_path)])
    assert done.exit_code == 1
    assert "WRONG" in done.output
    assert "bad.vot" in done.output
    assert "good.vot" not in done.output


def test_where_there_is_nothing_to_check_one_sentence_says_so(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["vo", "check", str(tmp_path)])
    assert "holds no VOTable" in str(done.exception)
    done = CliRunner().invoke(cli, ["vo", "check", str(tmp_path / "absent")])
    assert "there is no such folder" in str(done.exception)
