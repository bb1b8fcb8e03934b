"""The folder for a data center: all that is told of the spectra, and the spectra themselves."""

from __future__ import annotations

import csv
import importlib.util
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from click.testing import CliRunner

from published_at_dachs import ODD_IDS, odd_pool
from searched import make_searched_campaign
from spectrove.campaign import Campaign
from spectrove.catalog import candidates_of
from spectrove.cli.vo import vo
from spectrove.errors import CampaignError, StorageError
from spectrove.pool import Pool
from spectrove.surveys import read_again
from spectrove.vo.dachs import DachsAbout, DachsContent, export_dachs
from spectrove.vo.dachs.names import plain

ODD = 'Be & "shell" <Hα> ]]> \\rdId \x00 --> {{ x }} %s'
QUICK = DachsContent(previews=False)


@pytest.fixture(scope="session")
def searched(small_survey, tmp_path_factory):
    """Return a campaign whose first questions are open."""
    return make_searched_campaign(tmp_path_factory.mktemp("searched") / "campaign", small_survey)


@pytest.fixture
def campaign(searched):
    with Campaign(searched) as opened:
        yield opened


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def reading(directory):
    """Return the module that DaCHS loads."""
    spec = importlib.util.spec_from_file_location("exported_spectra", directory / "res" / "spectra.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def same(pixels, spectrum):
    np.testing.assert_array_equal([pixel["spectral"] for pixel in pixels], spectrum.wave)
    np.testing.assert_array_equal([pixel["flux"] for pixel in pixels], spectrum.flux)
    expected = [value**-0.5 if value > 0 else None for value in spectrum.ivar.tolist()]
    assert [pixel["error"] is None for pixel in pixels] == [value is None for value in expected]
    told = [(pixel["error"], value) for pixel, value in zip(pixels, expected, strict=True) if value is not None]
    np.testing.assert_allclose(*zip(*told, strict=True), rtol=1e-6)


@pytest.fixture
def exported(campaign, tmp_path):
    """Return the candidates as a resource, under a name that XML, macros and templates could misread."""
    return export_dachs(campaign, tmp_path / "emission", DachsAbout("emission", ODD, (ODD, "Škoda, P."), ODD, ODD), QUICK)


def test_the_candidates_are_told_but_for_those_that_are_asked_about(campaign, exported):
    listed = candidates_of(campaign)[0].to_pylist()
    asked = {question.spectrum_id for question in campaign.open_questions()}
    told = [row for row in listed if row["spectrum_id"] not in asked]
    assert 0 < len(told) == exported.n_candidates == exported.n_spectra == len(listed) - exported.n_left_out < len(listed)
    spectra, candidates = rows_of(exported.directory / "spectra.csv"), rows_of(exported.directory / "candidates.csv")
    for row, spectrum, candidate in zip(told, spectra, candidates, strict=True):
        for name in ("ra", "dec", "mjd", "snr"):
            assert float(spectrum[name]) == float(candidate[name]) == row[name]
        assert spectrum["spectrum_id"] == candidate["spectrum_id"] == row["spectrum_id"]
        assert spectrum["accref"] == candidate["accref"]
        assert (spectrum["label"] or spectrum["predicted_class"]) == candidate["label"] == row["label"]
        assert float(candidate["entropy"]) == row["entropy"]


def test_no_path_of_this_machine_is_told_where_spectra_are_copied(campaign, exported, small_survey):
    for path in exported.directory.rglob("*"):
        if path.is_file():
            assert str(small_survey.files.directory).encode() not in path.read_bytes(), path


def test_the_descriptor_says_what_it_was_told(exported):
    root = ET.parse(exported.directory / "q.rd").getroot()
    metas = {}
    for meta in root.findall("meta"):
        metas.setdefault(meta.get("name"), []).append(meta.text)
    expected = 'Be & "shell" <Hα> ]]> /rdId --> {{ x }} %s'
    assert metas["title"] == metas["source"] == metas["facility"] == [expected]
    assert metas["creator"] == [f"{expected}; Škoda, P."]
    assert root.get("schema") == root.get("resdir") == "emission"


def test_every_cell_that_the_descriptor_takes_is_there(exported):
    text = (exported.directory / "q.rd").read_text(encoding="utf-8")
    root = ET.fromstring(text)
    (table,) = (one for one in root.findall("table") if one.get("id") == "candidates")
    columns = {column.get("name") for column in table.findall("column")} - {"datalink"}
    assert columns == set(rows_of(exported.directory / "candidates.csv")[0]) - {"accref"}
    (data,) = (one for one in root.findall("data") if one.get("id") == "import")
    used = {word for part in data.itertext() for word in re.findall(r"@([a-z_]+)", part)}
    assert used - {"ssa_location"} == set(rows_of(exported.directory / "spectra.csv")[0])


def test_copies_are_what_the_files_hold(campaign, exported):
    rows = rows_of(exported.directory / "spectra.csv")
    module = reading(exported.directory)
    for row in rows[::10]:
        facts = campaign.pool.metadata(["file", "format"], campaign.pool.rows_of([row["spectrum_id"]])).to_pylist()[0]
        spectrum, _ = read_again(row["spectrum_id"], **facts)
        same(list(module.copied(exported.directory / row["file"])), spectrum)
        assert (int(row["length"]), float(row["wave_min"]), float(row["wave_max"])) == (
            spectrum.wave.size,
            spectrum.wave[0],
            spectrum.wave[-1],
        )


def test_a_pool_is_referred_to_below_one_folder(small_survey, tmp_path):
    pool = Pool.open(small_survey.pool)
    done = export_dachs(pool, tmp_path / "whole", DachsAbout("whole"))
    rows, module = rows_of(done.directory / "spectra.csv"), reading(done.directory)
    assert [row["spectrum_id"] for row in rows] == pool.spectrum_ids[:].tolist()
    assert not (done.directory / "candidates.csv").exists()
    assert not (done.directory / "data").exists()
    assert Path(module.ARCHIVE) == small_survey.files.fits_pool
    for row in rows[::60]:
        assert not Path(row["file"]).is_absolute()
        spectrum, _ = read_again(row["spectrum_id"], str(small_survey.files.fits_pool / row["file"]), row["reader"])
        same(list(module.referred(row["file"], row["reader"], row["spectrum_id"])), spectrum)
    with pytest.raises(OSError, match="moved or deleted"):
        list(module.referred("none.fits", rows[0]["reader"], rows[0]["spectrum_id"]))


def test_a_campaigns_pool_says_nothing_of_open_questions(campaign, tmp_path):
    done = export_dachs(campaign, tmp_path / "whole", DachsAbout("whole"), DachsContent(whole_pool=True))
    asked = {question.spectrum_id for question in campaign.open_questions()}
    rows = {row["spectrum_id"]: row for row in rows_of(done.directory / "spectra.csv")}
    assert len(rows) == campaign.pool.n_spectra
    assert {id_ for id_, row in rows.items() if not row["label"] and not row["predicted_class"]} == asked
    assert asked.isdisjoint(row["spectrum_id"] for row in rows_of(done.directory / "candidates.csv"))


def test_a_spectrum_whose_file_is_gone_is_copied_as_the_pool_has_it(tmp_path):
    pool = Pool.open(odd_pool(tmp_path))
    (tmp_path / "odd.csv").unlink()
    done = export_dachs(pool, tmp_path / "odd", DachsAbout("odd"), DachsContent(copies=True, previews=False))
    assert done.problems == ["odd.csv: the file was moved or deleted since the pool was made."] * len(ODD_IDS)
    row = rows_of(done.directory / "spectra.csv")[3]
    pixels = list(reading(done.directory).copied(done.directory / row["file"]))
    np.testing.assert_array_equal([pixel["spectral"] for pixel in pixels], pool.grid)
    np.testing.assert_array_equal([pixel["flux"] for pixel in pixels], pool.features(np.array([3]))[0])
    assert {pixel["error"] for pixel in pixels} == {None}


def test_spectra_with_odd_names_are_copied_with_pictures(tmp_path):
    done = export_dachs(Pool.open(odd_pool(tmp_path)), tmp_path / "odd", DachsAbout("odd"), DachsContent(copies=True))
    rows = rows_of(done.directory / "spectra.csv")
    assert [row["spectrum_id"] for row in rows] == [f"csv:{plain(key)}" for key in ODD_IDS]
    for row in rows:
        assert (row["ra"], row["dec"], row["mjd"], row["label"]) == ("", "", "", "")
        assert len(list(reading(done.directory).copied(done.directory / row["file"]))) == 500
        assert (done.directory / row["preview"]).read_bytes().startswith(b"\x89PNG")


def test_an_earlier_export_is_replaced_and_nothing_else(campaign, exported, tmp_path):
    (exported.directory / "data" / "old.fits").write_text("old")
    again = export_dachs(campaign, exported.directory, DachsAbout("emission"), QUICK)
    assert not (again.directory / "data" / "old.fits").exists()
    other = tmp_path / "mine"
    other.mkdir()
    (other / "thesis.tex").write_text("years of work")
    with pytest.raises(StorageError, match="no resource of DaCHS"):
        export_dachs(campaign, other, DachsAbout("emission"), QUICK)
    assert (other / "thesis.tex").read_text() == "years of work"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["emission", "mine"]


def test_the_command_says_what_it_did(searched, tmp_path):
    words = ["export-dachs", str(searched), "--schema", "emission", "--output", str(tmp_path / "emission"), "--no-previews"]
    done = CliRunner().invoke(vo, words)
    assert done.exit_code == 0, done.output
    assert "51 spectra, 51 candidates" in done.output
    assert "9 candidates are left out" in done.output
    readme = (tmp_path / "emission" / "README.md").read_text(encoding="utf-8")
    assert "dachs imp emission/q" in readme


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--schema", "No-Name"], "cannot be the name of a schema"), (["--what", "candidates"], "a pool has no candidates")],
)
def test_a_wrong_call_is_refused(small_survey, tmp_path, words, said):
    done = CliRunner().invoke(vo, ["export-dachs", str(small_survey.pool), "--output", str(tmp_path / "out"), *words])
    assert done.exit_code == 2
    assert said in done.output
    assert not (tmp_path / "out").exists()


def test_before_anything_is_scored_there_are_no_candidates(campaign, tmp_path, monkeypatch):
    def refuse(*_):
        msg = "nothing is scored yet"
        raise CampaignError(msg)

    monkeypatch.setattr(campaign, "scores", refuse)
    with pytest.raises(CampaignError, match="nothing is scored yet"):
        export_dachs(campaign, tmp_path / "out", DachsAbout("out"))
    assert list(tmp_path.iterdir()) == []
