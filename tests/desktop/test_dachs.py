"""What we export for data centers, at a real one: imported by its commands, asked by its clients, and fetched into a pool."""

from __future__ import annotations

import io
import json
import warnings
from urllib.parse import quote

import numpy as np
import pytest
from astropy.io.votable import parse_single_table
from astropy.table import Table

from pages import REPOSITORY, blocks, run_page, typed
from published_at_dachs import ODD_IDS, TITLE
from spectrove.campaign import Campaign
from spectrove.catalog import candidates_of
from spectrove.cli import main
from spectrove.pool import Pool
from spectrove.surveys import read, read_again
from spectrove.vo.dachs.names import place_of, plain
from spectrove.vo.fetch import Question, fetch, search

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pyvo

pytestmark = [
    pytest.mark.desktop,
    pytest.mark.filterwarnings("ignore:::astropy"),
    pytest.mark.filterwarnings("ignore:::pyvo"),
]


@pytest.fixture(scope="module")
def told(center):
    """Return the campaign's candidates that may be told, by their ids."""
    with Campaign(center.campaign) as campaign:
        asked = {question.spectrum_id for question in campaign.open_questions()}
        rows = candidates_of(campaign)[0].to_pylist()
    assert asked
    return {row["spectrum_id"]: row for row in rows if row["spectrum_id"] not in asked}


@pytest.fixture(scope="module")
def found(center):
    """Return what a search without conditions finds."""
    return pyvo.dal.SSAService(center.ssap()).search(maxrec=1000)


def spectrum_at(center, url):
    return parse_single_table(io.BytesIO(center.dachs.get(url.removeprefix(center.dachs.url)))).to_table()


def same(table, spectrum):
    np.testing.assert_array_equal(table["spectral"], spectrum.wave)
    np.testing.assert_array_equal(table["flux"], np.asarray(spectrum.flux, dtype=float))
    trusted = spectrum.ivar > 0
    error = np.ma.filled(table["error"], np.nan)
    np.testing.assert_allclose(error[trusted], spectrum.ivar[trusted] ** -0.5, rtol=1e-6)
    assert np.isnan(error[~trusted]).all()
    assert str(table["spectral"].unit) in {"Angstrom", "0.1 nm"}


@pytest.mark.parametrize(("name", "n_spectra"), [("emission", 51), ("whole", 240), ("odd", len(ODD_IDS))])
def test_all_is_imported(center, name, n_spectra):
    assert f"Rows affected: {n_spectra}" in center.said[name]
    assert "rror" not in center.said[name]


def test_every_candidate_that_may_be_told_is_found_by_ssap(found, told):
    assert {row["spectrum_id"] for row in found} == set(told)
    for row in found:
        candidate = told[row["spectrum_id"]]
        assert row["ssa_targname"] == candidate["designation"]
        assert row["ssa_targclass"] == candidate["label"]
        assert row.title.startswith(candidate["designation"])
        np.testing.assert_allclose([row["location_ra"], row["location_dec"]], [candidate["ra"], candidate["dec"]], rtol=1e-6)
        assert row["ssa_dateObs"] == candidate["mjd"]


def test_a_cone_finds_what_is_in_it(center, told):
    one = next(iter(told.values()))
    near = pyvo.dal.SSAService(center.ssap()).search(pos=(one["ra"], one["dec"]), diameter=2 / 3600)
    expected = {id_ for id_, row in told.items() if np.hypot(row["ra"] - one["ra"], row["dec"] - one["dec"]) < 1e-4}
    assert {row["spectrum_id"] for row in near} == expected
    assert len(pyvo.dal.SSAService(center.ssap()).search(pos=(one["ra"], -one["dec"]), diameter=0.1)) == 0


def test_a_spectrum_comes_in_full_resolution(center, found, told):
    row = found[0]
    with Campaign(center.campaign) as campaign:
        facts = campaign.pool.metadata(["file", "format"], campaign.pool.rows_of([row["spectrum_id"]])).to_pylist()[0]
    spectrum, problem = read_again(row["spectrum_id"], **facts)
    assert not problem
    same(spectrum_at(center, row.getdataurl()), spectrum)
    assert row["ssa_length"] == spectrum.wave.size


def test_its_links_are_the_spectrum_a_picture_and_cutouts(center, found):
    links = found[0].getdatalink()
    assert {link.semantics for link in links} >= {"#this", "#preview", "#proc"}
    (this,) = (link for link in links if link.semantics == "#this")
    assert len(spectrum_at(center, this.access_url)) == found[0]["ssa_length"]
    (preview,) = (link for link in links if link.semantics == "#preview")
    assert center.dachs.get(preview.access_url.removeprefix(center.dachs.url)).startswith(b"\x89PNG")


@pytest.mark.parametrize("form", ["application/x-votable+xml", "application/fits", "text/csv"])
def test_a_part_is_cut_out(center, found, form):
    did = quote(found[0]["ssa_pubDID"], safe="")
    cut = center.dachs.get(f"emission/q/sdl/dlget?ID={did}&BAND=6.55e-7+6.58e-7&FORMAT={quote(form, safe='')}")
    if form == "text/csv":
        waves = list(Table.read(cut.decode(), format="ascii.csv", comment="#")["spectral"])
    elif form == "application/fits":
        waves = list(Table.read(io.BytesIO(cut), format="fits", hdu=1)["spectral"])
    else:
        waves = list(parse_single_table(io.BytesIO(cut)).to_table()["spectral"])
    assert 6550 <= min(waves) < 6552
    assert 6578 < max(waves) <= 6580


def test_obscore_knows_the_spectra_of_all_resources(center, told):
    tap = pyvo.dal.TAPService(f"{center.dachs.url}/tap")
    rows = tap.search("SELECT * FROM ivoa.obscore", maxrec=1000).to_table()
    assert len(rows) == len(told) + 240 + len(ODD_IDS)
    assert set(rows["dataproduct_type"]) == {"spectrum"}
    assert set(rows["calib_level"]) == {2}
    one = rows[[str(did).endswith(place_of(next(iter(told)))) for did in rows["obs_publisher_did"]]]
    assert len(one) == 2, "as a candidate, and as one of the pool"
    candidate = next(iter(told.values()))
    np.testing.assert_allclose(np.asarray(one["s_ra"]), candidate["ra"])
    np.testing.assert_allclose(np.asarray(one["t_min"]), candidate["mjd"])
    assert (np.asarray(one["em_min"]) < 6.5628e-7).all()
    assert (np.asarray(one["em_max"]) > 6.5628e-7).all()


def test_the_table_of_candidates_is_in_tap_and_in_a_cone_search(center, told):
    tap = pyvo.dal.TAPService(f"{center.dachs.url}/tap")
    rows = tap.search("SELECT * FROM emission.candidates").to_table()
    assert set(rows["spectrum_id"]) == set(told)
    for row in rows:
        candidate = told[row["spectrum_id"]]
        assert (row["ra"], row["dec"], row["label"]) == (candidate["ra"], candidate["dec"], candidate["label"])
        expected = np.nan if candidate["entropy"] is None else candidate["entropy"]
        np.testing.assert_allclose(row["entropy"], expected, rtol=1e-6)
    one = next(iter(told.values()))
    near = pyvo.dal.SCSService(f"{center.dachs.url}/emission/q/cone/scs.xml?").search(pos=(one["ra"], one["dec"]), radius=1e-3)
    assert one["spectrum_id"] in set(near.to_table()["spectrum_id"])


def test_a_pool_is_served_from_the_files_where_they_are(center, small_survey):
    row = pyvo.dal.SSAService(center.ssap("whole")).search(maxrec=1)[0]
    pool = Pool.open(small_survey.pool)
    facts = pool.metadata(["file", "format"], pool.rows_of([row["spectrum_id"]])).to_pylist()[0]
    same(spectrum_at(center, row.getdataurl()), read_again(row["spectrum_id"], **facts)[0])
    assert "archive" not in center.dachs.get("whole/q/ssa/ssap.xml?REQUEST=queryData&MAXREC=5&VERB=3").decode(), (
        "where files are is inner"
    )


def test_odd_names_come_back_as_they_are(center):
    rows = pyvo.dal.SSAService(center.ssap("odd")).search(maxrec=1000)
    ids = Pool.open(center.odd).spectrum_ids[:].tolist()
    assert {row["spectrum_id"] for row in rows} == {plain(id_) for id_ in ids}
    for row in rows:
        assert len(spectrum_at(center, row.getdataurl())) == 500
        assert "#this" in {link.semantics for link in row.getdatalink()}


def test_the_title_is_as_it_was_given(center):
    page = center.dachs.get("emission/q/ssa/capabilities").decode()
    assert "ssap" in page
    text = center.dachs.get("emission/q/web/info").decode()
    assert plain(TITLE).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in text.replace("&quot;", '"').replace(
        "&#34;", '"'
    )


def test_what_is_not_there_is_said_to_be_missing(center):
    answer = center.dachs.get("emission/q/sdl/dlmeta?ID=" + quote("ivo://x-spectrove-test/~?emission/data/lamost/none"))
    assert b"NotFoundFault" in answer


@pytest.mark.slow
def test_the_page_about_dachs_does_what_it_says(center, tmp_path):
    export, operate, look = (block for block in blocks(REPOSITORY / "docs" / "how-to" / "dachs.md") if block.is_run_with_its_page)
    (tmp_path / "exporting").mkdir()
    page = tmp_path / "page.md"
    page.write_text(f"```console\n{export.text}```\n", encoding="utf-8")
    run_page(page, tmp_path / "exporting")
    center.dachs.put(tmp_path / "exporting" / "search" / "dachs" / "be_stars")
    commands = "\n".join(typed(operate.text)).replace("/var/gavo/inputs", str(center.dachs.inputs))
    assert "be_stars/q" in commands
    center.dachs.run("bash", "-euc", commands)
    page.write_text(f"```python\n{look.text.replace('http://data-center:8080', center.dachs.url)}```\n", encoding="utf-8")
    said = run_page(page, tmp_path)
    assert {"#this", "#preview", "#proc"} <= set(said.split())
    assert said.count("LAMOST J") >= 5


@pytest.mark.parametrize("name", ["emission", "whole", "odd"])
def test_its_own_regression_tests_pass(center, name):
    said = center.dachs.run("dachs", "test", "--serverURL", center.dachs.url, f"{name}/q")
    assert "0 of 3 bad" in said


def test_all_that_it_offers_is_ingested_once(dachs, tmp_path, capsys):
    command = ["pool", "ingest", f"ssap:{dachs}", "--pool", str(tmp_path / "pool"), "--recipe", "halpha-2020", "--json"]
    for n_fetched, n_present in ((51, 0), (0, 51)):
        with pytest.raises(SystemExit) as done:
            main(command)
        told = json.loads(capsys.readouterr().out)
        assert done.value.code == 0, told
        (report,) = told["fetched"]
        assert (report["n_fetched"], report["n_present"], report["refused"]) == (n_fetched, n_present, [])
    assert told["n_spectra_in_pool"] + told["n_refused"] == 51


def test_a_fetched_answer_that_overflows_is_told(dachs):
    found = search(Question(dachs, maxrec=5))
    assert (len(found.spectra), found.overflow) == (5, True)


def test_fetched_spectra_are_those_of_the_survey(dachs, small_survey, tmp_path):
    originals = {one.header.designation: one for path in small_survey.files.fits_pool.rglob("*.fits*") for one in read(path)}
    ids = set(Pool.open(small_survey.pool).spectrum_ids[:])
    report = fetch(search(Question(dachs, maxrec=12)), tmp_path / "files")
    assert report.n_fetched == 12
    for path in report.folder.iterdir():
        (spectrum,) = read(path)
        original = originals[spectrum.header.designation]
        np.testing.assert_allclose(spectrum.wave, original.wave, rtol=1e-9)
        np.testing.assert_allclose(spectrum.flux, original.flux, rtol=1e-6)
        trusted = original.ivar > 0
        np.testing.assert_allclose(spectrum.ivar[trusted], original.ivar[trusted], rtol=1e-5)
        assert (spectrum.ivar[~trusted] == 0).all()
        assert original.spectrum_id in ids
        assert (spectrum.header.ra, spectrum.header.dec) == pytest.approx((original.header.ra, original.header.dec), rel=1e-6)


def test_a_cone_is_fetched(dachs, small_survey, tmp_path):
    (one, *_) = search(Question(dachs, maxrec=1)).spectra
    ra, dec = (float(part) for part in (one.facts.get("location") or one.facts["position"]).split())
    found = search(Question(dachs, (ra, dec), 4 / 3600))
    assert one.did in {other.did for other in found.spectra}
    assert search(Question(dachs, (ra, -dec), 4 / 3600)).spectra == ()
