"""What an ingest puts into a pool, what it refuses and why, and what it does when it is run again."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from io import BytesIO

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from spectrove.errors import PlugInError, PoolBusyError, PoolError
from spectrove.execution import InlineExecutor, ProcessExecutor
from spectrove.pool import IngestConfig, Pool, ingest, pool_info
from spectrove.pool.walk import UNREADABLE
from spectrove.preprocess import recipe
from spectrove.surveys import read
from text_spectra import WAVE, columns, write_columns, write_table


def reasons(pool):
    """Return the kind of refusal of each file by its name."""
    table = Pool.open(pool).refused()
    return {
        file.rpartition("/")[2]: kind for file, kind in zip(table["file"].to_pylist(), table["kind"].to_pylist(), strict=True)
    }


def test_the_pool_holds_what_the_recipe_makes_of_each_file(folder, tmp_path, fill, halpha):
    report = fill(folder, tmp_path / "pool")
    assert (report.n_files, report.n_spectra, report.n_refused, report.version) == (12, 14, 0, 1)
    pool = Pool.open(tmp_path / "pool")
    for spectrum_id, file in zip(*(pool.metadata([name])[name].to_pylist() for name in ("spectrum_id", "file")), strict=True):
        spectrum = next(found for found in read(file) if found.spectrum_id == spectrum_id)
        features = pool.features(pool.rows_of([spectrum_id]))[0]
        np.testing.assert_allclose(features, halpha.apply(spectrum), rtol=0, atol=0.5 / 32767 + 1e-7)


def test_the_same_command_again_does_nothing(folder, tmp_path, fill):
    fill(folder, tmp_path / "pool")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "pool" / "versions").rglob("*")}
    report = fill(folder, tmp_path / "pool")
    assert (report.version, report.n_files, report.n_known, report.n_tried) == (None, 12, 12, 0)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "pool" / "versions").rglob("*")} == before


def test_new_files_become_a_new_version_below_the_old_rows(folder, tmp_path, fill):
    fill(folder, tmp_path / "pool")
    old = Pool.open(tmp_path / "pool")
    write_columns(folder / "night-0" / "earlier.dat", seed=30)
    report = fill(folder, tmp_path / "pool")
    new = Pool.open(tmp_path / "pool")
    assert (report.version, report.n_known, report.n_tried, report.n_spectra) == (2, 12, 1, 1)
    assert list(new.spectrum_ids) == [*old.spectrum_ids, "ascii:earlier"]
    np.testing.assert_array_equal(new.features(slice(0, old.n_spectra)), old.features(slice(None)))
    assert new.metadata(["version"])["version"].to_pylist() == [1] * 14 + [2]
    assert new.content_hash != old.content_hash


@pytest.mark.parametrize("rows_per_chunk", [1, 5, 1024])
def test_the_content_hash_is_that_of_ids_and_features_alone(folder, tmp_path, fill, halpha, rows_per_chunk):
    fill(folder, tmp_path / "one")
    moved = shutil.copytree(folder, tmp_path / "elsewhere" / "spectra")
    config = IngestConfig(rows_per_chunk=rows_per_chunk)
    ingest([moved], tmp_path / "two", halpha, config, ProcessExecutor(2) if rows_per_chunk == 5 else InlineExecutor())
    assert Pool.open(tmp_path / "one").content_hash == Pool.open(tmp_path / "two").content_hash
    write_columns(moved / "night-1" / "star-0.dat", seed=31)
    fill(moved, tmp_path / "three")
    assert Pool.open(tmp_path / "three").content_hash != Pool.open(tmp_path / "one").content_hash


@settings(max_examples=8)
@given(split=st.lists(st.integers(0, 3), min_size=12, max_size=12))
def test_any_division_into_several_ingests_gives_the_same_spectra(tmp_path_factory, fill, contents, split):
    root = tmp_path_factory.mktemp("split")
    files = [write_columns(root / f"star-{number}.dat", seed=number) for number in range(11)]
    files.append(write_table(root / "table.csv", {"a": 20, "b": 21}))
    fill(root, root / ".whole")
    for group in range(4):
        if several := [file for file, its in zip(files, split, strict=True) if its == group]:
            fill(several, root / ".pieces")
    assert contents(root / ".pieces") == contents(root / ".whole")


def test_files_that_cannot_be_used_are_kept_with_their_true_reason(folder, tmp_path, fill, shared_data):
    whole = min((shared_data / "lamost" / "dr9-table").rglob("*.fits.gz")).read_bytes()
    with fits.open(BytesIO(gzip.decompress(whole))) as hdus:
        hdus["COADD"].data["FLUX"][0, 2000:3000] = np.nan
        hdus.writeto(folder / "nan.fits", output_verify="ignore")
    (folder / "truncated.fits").write_bytes(gzip.decompress(whole)[:20_000])
    (folder / "cut.fits.gz").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.fits").write_bytes(b"")
    (folder / "notes.txt").write_text("nothing to see here\n")
    (folder / "elsewhere.dat").write_text(columns(1, wave=np.linspace(4000, 4250, WAVE.size)))
    (folder / "flat.dat").write_text("".join(f"{x} 1.0\n" for x in WAVE))
    (folder / "nan.dat").write_text("".join(f"{x} nan\n" for x in WAVE))
    os.mkfifo(folder / "pipe")
    report = fill(folder, tmp_path / "pool")
    damaged, window = "damaged file", "no usable window"
    assert reasons(tmp_path / "pool") == {
        "truncated.fits": damaged,
        "cut.fits.gz": damaged,
        "empty.fits": damaged,
        "notes.txt": "no reader takes the file",
        "elsewhere.dat": window,
        "flat.dat": window,
        "nan.dat": window,
        "nan.fits": window,
        "pipe": "no regular file",
    }
    assert report.refused_by_reason == {damaged: 3, window: 4, "no reader takes the file": 1, "no regular file": 1}
    assert report.n_spectra == 14
    for refused in Pool.open(tmp_path / "pool").refused().to_pylist():
        assert refused["file"] in refused["reason"] or refused["spectrum_id"] in refused["reason"]


def test_refused_files_are_known_again_until_they_change(folder, tmp_path, fill):
    (folder / "late.dat").write_text("not yet\n")
    fill(folder, tmp_path / "pool")
    assert fill(folder, tmp_path / "pool").version is None
    write_columns(folder / "late.dat", seed=40)
    report = fill(folder, tmp_path / "pool")
    assert (report.version, report.n_tried, report.n_spectra) == (2, 1, 1)
    assert reasons(tmp_path / "pool") == {}


def test_a_file_refused_by_one_reader_is_tried_again_by_another(tmp_path, fill):
    write_columns(tmp_path / "spectra" / "star.dat", seed=1)
    write_table(tmp_path / "spectra" / "table.csv", {"a": 2})
    first = fill(tmp_path / "spectra", tmp_path / "pool", format="csv")
    assert (first.n_spectra, first.n_refused) == (1, 1)
    assert fill(tmp_path / "spectra", tmp_path / "pool", format="csv").version is None
    second = fill(tmp_path / "spectra", tmp_path / "pool")
    assert (second.n_known, second.n_tried, second.n_spectra) == (1, 1, 1)
    assert Pool.open(tmp_path / "pool").metadata(["format"])["format"].to_pylist() == ["csv", "ascii"]


def test_the_same_spectrum_in_a_second_file_is_refused_by_naming_the_first(folder, tmp_path, fill):
    write_columns(folder / "night-3" / "star-0.dat.gz", seed=0)
    write_columns(folder / "night-3" / "star-1.dat", seed=50)
    report = fill(folder, tmp_path / "pool")
    assert report.refused_by_reason == {"spectrum already in the pool": 1, "id of another spectrum": 1}
    for refused in Pool.open(tmp_path / "pool").refused().to_pylist():
        star = refused["spectrum_id"].removeprefix("ascii:")
        assert f"{folder}/night-1/{star}.dat" in refused["reason"]
    other = write_columns(tmp_path / "copy" / "star-2.dat", seed=2)
    later = fill(other, tmp_path / "pool")
    assert (later.n_spectra, later.refused_by_reason) == (0, {"spectrum already in the pool": 1})


def test_a_file_that_changed_keeps_the_features_it_had_and_adds_what_is_new(folder, tmp_path, fill, contents):
    fill(folder, tmp_path / "pool")
    before = contents(tmp_path / "pool")
    write_table(folder / "table.csv", {"a": 20, "b": 60, "d": 61})
    os.utime(folder / "night-1" / "star-0.dat")
    report = fill(folder, tmp_path / "pool")
    after = contents(tmp_path / "pool")
    assert (report.n_tried, report.n_spectra, report.refused_by_reason) == (2, 1, {"file changed after it was used": 1})
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {"csv:d"}
    assert fill(folder, tmp_path / "pool").version is None


def test_a_table_gives_what_can_be_used_of_it(tmp_path, fill):
    write_table(tmp_path / "table.csv", {"good": 1, "dark": None, "fine": 2})
    report = fill(tmp_path / "table.csv", tmp_path / "pool")
    assert (report.n_spectra, report.n_refused) == (2, 1)
    assert Pool.open(tmp_path / "pool").refused()["spectrum_id"].to_pylist() == ["csv:dark"]


def test_a_file_that_may_not_be_read_is_tried_again_once_it_may(folder, tmp_path, fill):
    (folder / "night-1" / "star-0.dat").chmod(0)
    if os.access(folder / "night-1" / "star-0.dat", os.R_OK):
        pytest.skip("this user may read any file")
    fill(folder, tmp_path / "pool")
    assert reasons(tmp_path / "pool") == {"star-0.dat": UNREADABLE}
    assert fill(folder, tmp_path / "pool").version is None
    (folder / "night-1" / "star-0.dat").chmod(0o600)
    assert fill(folder, tmp_path / "pool").n_spectra == 1
    assert reasons(tmp_path / "pool") == {}


def test_a_file_that_goes_or_changes_while_others_are_read_is_refused_and_found_again(folder, tmp_path, fill, halpha):
    class Meddling(InlineExecutor):
        def run(self, function, tasks):
            (folder / "table.csv").unlink()
            write_columns(folder / "night-1" / "star-0.dat", seed=70)
            return super().run(function, tasks)

    ingest([folder], tmp_path / "pool", halpha, IngestConfig(), Meddling())
    assert reasons(tmp_path / "pool") == {"table.csv": UNREADABLE, "star-0.dat": "changed while ingested"}
    report = fill(folder, tmp_path / "pool")
    assert (report.n_tried, report.n_spectra) == (1, 1)


def test_an_error_that_nobody_foresaw_is_the_files_reason(folder, tmp_path, fill, monkeypatch):
    def broken(self, spectrum):
        if spectrum.header.key == "star-3":
            return {}["gain"]
        return apply(self, spectrum)

    apply = recipe("halpha-2020").apply.__func__
    monkeypatch.setattr("spectrove.preprocess.Recipe.apply", broken)
    report = fill(folder, tmp_path / "pool")
    assert (report.n_spectra, report.refused_by_reason) == (13, {"unforeseen error (KeyError)": 1})
    assert "KeyError: 'gain'" in Pool.open(tmp_path / "pool").refused()["reason"][0].as_py()


def test_the_manifest_tells_what_the_version_was_made_of(folder, tmp_path, fill, halpha):
    fill(folder, tmp_path / "pool")
    (manifest,) = Pool.open(tmp_path / "pool").manifests
    assert (manifest["recipe"], manifest["recipe_hash"]) == ("halpha-2020", halpha.hash)
    assert (manifest["n_files"], manifest["n_spectra"], manifest["n_refused"]) == (12, 14, 0)
    assert manifest["sources"] == [str(folder)]
    assert {"spectrove", "numpy", "zarr", "python"} <= manifest["software"].keys()
    assert len(manifest["content_hash"]) == 32


def test_progress_counts_to_the_end(folder, tmp_path, halpha):
    seen = []
    ingest([folder], tmp_path / "pool", halpha, IngestConfig(), InlineExecutor(), lambda *told: seen.append(told))
    assert ("files found", 12, None) in seen
    assert ("files read", 12, 12) in seen
    assert seen[-1] == ("spectra sealed", 14, 14)


def test_a_pool_of_another_recipe_is_refused(folder, tmp_path, fill):
    fill(folder, tmp_path / "pool")
    other = recipe("halpha-2020-ondrejov")
    with pytest.raises(PoolError, match=r"holds features of the recipe 'halpha-2020'.*not of 'halpha-2020-ondrejov'"):
        ingest([folder], tmp_path / "pool", other, IngestConfig(), InlineExecutor())


def test_a_folder_with_other_things_in_it_is_not_made_a_pool(folder, tmp_path, fill):
    with pytest.raises(PoolError, match="this is no pool"):
        fill(folder, folder)
    assert sorted(entry.name for entry in folder.iterdir()) == ["night-1", "night-2", "table.csv"]


def test_an_unknown_format_is_told_before_anything_is_made(folder, tmp_path, fill):
    with pytest.raises(PlugInError, match=r"'lamost-tabel'.*did you mean 'lamost-table'"):
        fill(folder, tmp_path / "pool", format="lamost-tabel")
    assert not (tmp_path / "pool").exists()


def test_a_folder_without_files_leaves_no_pool(tmp_path, fill):
    (tmp_path / "empty").mkdir()
    with pytest.raises(PoolError, match="a directory without spectra"):
        fill(tmp_path / "empty", tmp_path / "pool")
    assert not (tmp_path / "pool").exists()


def test_a_folder_without_usable_spectra_is_one_sentence_and_its_reasons_are_kept(tmp_path, fill):
    (tmp_path / "spectra").mkdir()
    (tmp_path / "spectra" / "notes.txt").write_text("nothing\n")
    for _ in range(2):
        with pytest.raises(PoolError, match=r"no spectrum that can be used \(1 × no reader takes the file\)"):
            fill(tmp_path / "spectra", tmp_path / "pool")
    with pytest.raises(PoolError, match="holds no spectra, 1 files were refused"):
        Pool.open(tmp_path / "pool")
    assert pool_info(tmp_path / "pool")["refused_by_reason"] == {"no reader takes the file": 1}
    write_columns(tmp_path / "spectra" / "star.dat", seed=1)
    assert fill(tmp_path / "spectra", tmp_path / "pool").n_spectra == 1
    assert Pool.open(tmp_path / "pool").n_spectra == 1


def test_two_ingests_at_a_time_are_one_too_many(folder, tmp_path, fill, halpha):
    told = []

    def second(what, done, total):
        if what == "files read" and not told:
            with pytest.raises(PoolBusyError, match="another process is writing") as caught:
                fill(folder, tmp_path / "pool")
            told.append(caught.value)

    report = ingest([folder], tmp_path / "pool", halpha, IngestConfig(), InlineExecutor(), second)
    assert told
    assert report.n_spectra == 14


def test_the_report_and_the_info_are_json(folder, tmp_path, fill):
    report = json.loads(json.dumps(fill(folder, tmp_path / "pool").to_dict()))
    info = json.loads(json.dumps(pool_info(tmp_path / "pool")))
    assert report["n_spectra"] == info["n_spectra"] == 14
    assert info["by_format"] == {"ascii": 11, "csv": 3}
    assert info["wave"] == [6519.0, 6732.0]
    assert info["unfinished"] is None
    assert info["bytes"] == sum(path.stat().st_size for path in (tmp_path / "pool").rglob("*") if path.is_file())
