"""From candidates to a catalog: verified, measured, matched, written in every form, and read again by other tools."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from astropy.io import ascii as tables
from astropy.io.votable import parse_single_table
from astropy.table import Table
from click.testing import CliRunner, Result

from small_survey import SmallSurvey
from spectrove.campaign import Campaign, create, run
from spectrove.catalog import candidates_of
from spectrove.cli.frame import cli, main
from spectrove.config import PRESETS, merge, settings_from
from spectrove.contracts import Answer
from spectrove.simulate import SurveyOracle, SurveyTruth

SETTINGS = {
    "seed": 7,
    "fit": {"max_epochs": 4},
    "long_fit": {"max_epochs": 4},
    "query": {"batch_size": 30},
    "audit": {"size": 10},
    "stopping": {"max_iterations": 1},
}
FORMS = ("catalog.vot", "catalog.fits", "catalog.csv", "catalog.parquet", "catalog.dat", "ReadMe", "references.bib")


def type_command(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)


def fail(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    assert left.value.code == 1
    (sentence,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    return sentence.removeprefix("error: ")


@pytest.fixture(scope="module")
def searched(small_survey: SmallSurvey, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a finished campaign whose first candidate was kept and whose second was rejected, with a reason."""
    directory = tmp_path_factory.mktemp("searched") / "campaign"
    settings = settings_from(merge(PRESETS["standard"], SETTINGS))
    with create(directory, small_survey.pool, [small_survey.training()], settings) as campaign:
        run(campaign, SurveyOracle(SurveyTruth.open(small_survey.files.truth)))
        table, _ = candidates_of(campaign)
        kept, rejected = table["spectrum_id"].to_pylist()[:2]
        when = "2020-09-18T00:00:00Z"
        campaign.store.record_answers(
            [
                Answer("kept", kept, table["label"][0].as_py(), "Ann", when, purpose="verify"),
                Answer("rejected", rejected, "not-interesting", "Ann", when, "broken", flags=("noise",), purpose="verify"),
            ]
        )
    return directory


@pytest.fixture(scope="module")
def earlier(searched: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an earlier catalog that holds the third candidate, 3″ off, with its magnitude, and a bright star beside it."""
    with Campaign(searched) as campaign:
        row = candidates_of(campaign)[0].slice(2, 1).to_pylist()[0]
    path = tmp_path_factory.mktemp("earlier") / "hou2016.csv"
    dec = row["dec"] + 3 / 3600
    path.write_text(
        f"name,ra,dec,type,mag\nHou 17,{row['ra']!r},{dec!r},Be*,12\nbright,{row['ra']!r},{row['dec'] + 20 / 3600!r},*,5\n"
    )
    return path


@pytest.fixture(scope="module")
def built(searched: Path, earlier: Path) -> tuple[Path, str]:
    said = type_command("catalog", "build", searched, "--known", earlier, "--bright", earlier, "--author", "Škoda P.")
    assert said.exit_code == 0
    return searched / "catalog", said.output


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_command_says_what_is_known_and_what_to_open(built: tuple[Path, str], searched: Path) -> None:
    directory, said = built
    rows = rows_of(directory / "catalog.csv")
    counts = {status: sum(row["status"] == status for row in rows) for status in ("known-catalog", "new", "rejected")}
    known = [row for row in rows if row["status"] == "known-catalog"]
    assert {row["group_id"] for row in known} == {rows[2]["group_id"]}, "all exposures of the object in it"
    assert counts["rejected"] == 1
    assert f"{len(rows)} candidates, {len(known)} in an earlier catalog, {counts['new']} new, 1 rejected" in said
    assert "SIMBAD was not asked" in said
    assert f"{len(rows) - 2} of them have no verdict yet; verify them with `spectrove label {searched}`" in said
    assert said.rstrip().endswith(str(directory / "index.html"))


def test_every_form_holds_the_same_rows(built: tuple[Path, str]) -> None:
    directory, _ = built
    rows = rows_of(directory / "catalog.csv")
    ids = [row["spectrum_id"] for row in rows]
    assert list(parse_single_table(directory / "catalog.vot").to_table()["spectrum_id"]) == ids
    assert list(Table.read(directory / "catalog.fits")["spectrum_id"]) == ids
    assert pq.read_table(directory / "catalog.parquet")["spectrum_id"].to_pylist() == ids
    text = tables.read(directory / "catalog.dat", readme=str(directory / "ReadMe"), format="cds")
    assert list(text["spectrum_id"]) == ids
    np.testing.assert_allclose(text["ra"], [float(row["ra"]) for row in rows], atol=1e-6)
    assert {path for path in FORMS if not (directory / path).is_file()} == set()


def test_a_rejected_candidate_is_kept_with_its_reason_and_a_known_one_with_its_source(built: tuple[Path, str]) -> None:
    kept, rejected, known = rows_of(built[0] / "catalog.csv")[:3]
    assert (kept["verdict"], kept["verified_by"]) == ("keep", "Ann")
    assert (rejected["status"], rejected["verdict"], rejected["reasons"]) == ("rejected", "reject", "noise")
    assert (rejected["label"], rejected["comment"]) == ("not-interesting", "broken")
    assert (known["status"], known["catalog_name"], known["catalog_match"], known["known_as"]) == (
        "known-catalog",
        "hou2016",
        "Hou 17",
        "Be*",
    )
    assert float(known["catalog_sep"]) == pytest.approx(3, abs=1e-3)
    assert (known["bright_neighbor"], float(known["bright_mag"])) == ("bright", 5)


def test_measured_lines_carry_uncertainties_and_pictures_are_there(built: tuple[Path, str]) -> None:
    directory, _ = built
    rows = rows_of(directory / "catalog.csv")
    measured = [row for row in rows if row["ew_ha"]]
    assert len(measured) > 0.9 * len(rows)
    assert all(float(row["ew_ha_err"]) > 0 for row in measured)
    assert {row["rv_frame"] for row in rows} == {"heliocentric"}
    for row in rows:
        for column in ("preview_line", "preview_whole"):
            assert (directory / row[column]).read_text(encoding="utf-8").startswith("<svg")


def test_pages_hold_each_candidate_once(built: tuple[Path, str]) -> None:
    directory, _ = built
    rows = rows_of(directory / "catalog.csv")
    pages = {
        name: (directory / f"{name}.html").read_text(encoding="utf-8")
        for name in ("known-catalog", "known-simbad", "new", "not-compared", "rejected")
    }
    for row in rows:
        assert [name for name, page in pages.items() if row["designation"] in page] == [row["status"]]
    index = (directory / "index.html").read_text(encoding="utf-8")
    for name in (*FORMS, "footprint.fits", "figures/profiles.pdf", "figures/examples.pdf"):
        assert f'href="{name}"' in index
        assert (directory / name).stat().st_size > 0


def test_provenance_names_what_was_matched(built: tuple[Path, str], searched: Path) -> None:
    facts = json.loads((built[0] / "provenance.json").read_text(encoding="utf-8"))
    (table,) = facts["matched"]["catalogs"]
    assert (table["name"], table["n"], table["radius_arcsec"]) == ("hou2016", 2, 5.0)
    assert (table["columns"]["ra"], table["columns"]["type"]) == ("ra", "type")
    assert table["sha256"] == hashlib.sha256(Path(table["path"]).read_bytes()).hexdigest()
    assert facts["made_from"]["campaign"] == str(searched)
    assert facts["catalog"]["authors"] == ["Škoda P."]
    assert any("SIMBAD was not compared with" in note for note in facts["catalog"]["notes"])


@pytest.mark.skipif(shutil.which("stilts") is None, reason="stilts is not installed")
def test_votlint_is_silent(built: tuple[Path, str]) -> None:
    said = subprocess.run(["stilts", "votlint", str(built[0] / "catalog.vot")], capture_output=True, text=True, check=False)
    assert (said.stdout + said.stderr).strip() == ""


@pytest.mark.skipif(shutil.which("fitsverify") is None, reason="fitsverify is not installed")
def test_fitsverify_finds_nothing(built: tuple[Path, str]) -> None:
    said = subprocess.run(["fitsverify", "-q", str(built[0] / "catalog.fits")], capture_output=True, text=True, check=False)
    assert "verification OK" in said.stdout


@pytest.mark.slow
def test_the_same_catalog_is_made_by_two_processes_and_replaces_the_first(
    built: tuple[Path, str], earlier: Path, searched: Path
) -> None:
    directory, _ = built
    before = {name: (directory / name).read_bytes() for name in ("catalog.csv", "catalog.dat", "new.html")}
    said = type_command("catalog", "build", searched, "--known", earlier, "--bright", earlier, "--workers", "2")
    assert said.exit_code == 0
    assert {name: (directory / name).read_bytes() for name in ("catalog.csv", "catalog.dat")} == {
        name: before[name] for name in ("catalog.csv", "catalog.dat")
    }
    assert not list(searched.glob(".*.building"))


def test_what_stands_in_the_way_is_one_sentence_and_nothing_is_lost(
    built: tuple[Path, str], searched: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (built[0] / "catalog.csv").read_bytes()
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "thesis.tex").touch()
    assert "holds files that are no catalog" in fail(capsys, "catalog", "build", searched, "--output", tmp_path / "notes")
    assert "missing.csv" in fail(capsys, "catalog", "build", searched, "--known", tmp_path / "missing.csv")
    (tmp_path / "broken.csv").write_text("a,b\n1,2\n")
    assert "broken.csv" in fail(capsys, "catalog", "build", searched, "--known", tmp_path / "broken.csv")
    assert (built[0] / "catalog.csv").read_bytes() == before
    assert not list(searched.glob(".*.building"))


def test_files_that_are_gone_are_told_and_the_points_are_drawn(searched: Path, small_survey: SmallSurvey, tmp_path: Path) -> None:
    files = small_survey.files.fits_pool
    away = files.with_name("away")
    files.rename(away)
    try:
        said = CliRunner().invoke(
            cli, ["catalog", "build", str(searched), "--output", str(tmp_path / "gone")], catch_exceptions=False
        )
    finally:
        away.rename(files)
    assert said.exit_code == 0
    rows = rows_of(tmp_path / "gone" / "catalog.csv")
    assert f"{len(rows)} of {len(rows)} spectra could not be read again and are not measured" in said.stderr
    assert all("was moved or deleted" in row["measured_with"] and not row["ew_ha"] for row in rows)
    assert all((tmp_path / "gone" / row["preview_line"]).is_file() for row in rows)


def test_an_interrupt_leaves_the_catalog_that_was_there(
    built: tuple[Path, str], searched: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    before = (built[0] / "catalog.csv").read_bytes()
    monkeypatch.setattr("spectrove.vo.publish.write_pages", interrupted)
    with pytest.raises(SystemExit) as left:
        main(["catalog", "build", str(searched)])
    assert left.value.code == 130
    assert f"interrupted; {built[0]} is as it was" in capsys.readouterr().err
    assert (built[0] / "catalog.csv").read_bytes() == before
    assert not list(searched.glob(".*.building"))


def test_what_nothing_was_compared_with_is_not_called_new(searched: Path, tmp_path: Path) -> None:
    said = type_command("catalog", "build", searched, "--output", tmp_path / "alone")
    rows = rows_of(tmp_path / "alone" / "catalog.csv")
    assert {row["status"] for row in rows} == {"not-compared", "rejected"}
    assert f"{len(rows) - 1} not compared with anything" in said.output
    assert "compared with no earlier catalog and not with SIMBAD" in (tmp_path / "alone" / "ReadMe").read_text().replace(
        "\n    ", " "
    )
    assert rows[2]["designation"] in (tmp_path / "alone" / "not-compared.html").read_text()
