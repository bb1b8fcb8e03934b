"""Pools of spectra that are in no files: a reader finds what the source makes, whoever makes it and however often it stops."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zarr

from noise_source import RECIPE, WAVE, Source, StoppedError
from spectrove.errors import PoolError
from spectrove.execution import InlineExecutor, make_executor
from spectrove.pool import IngestConfig, Pool, PoolReport, RowBatch, ingest, pool_info, row_batch, write_pool
from spectrove.pool.layout import FEATURES, FILES, unfinished_directory, version_directory
from spectrove.preprocess import recipe
from text_spectra import write_columns, write_table

HALF_STEP = 0.5 / 32767 + 1e-7
"""Of the integers that features are stored as, and of single precision."""


def write(path: Path, source: Source, workers: int = 1, **settings) -> PoolReport:
    return write_pool(path, RECIPE, source, make_executor(workers), **{"rows_per_chunk": 4, **settings})


def expected(source: Source) -> dict[str, np.ndarray]:
    return {
        f"lamost:{key}": RECIPE.apply_many(WAVE, row[None])[0][0]
        for number in range(source.n_batches)
        for key, row in zip(*source.spectra(number), strict=True)
        if row.any()
    }


@pytest.fixture
def pool(tmp_path) -> Pool:
    write(tmp_path / "direct.pool", Source())
    return Pool.open(tmp_path / "direct.pool")


def test_it_holds_the_source_s_spectra_in_their_order_under_their_ids(pool):
    wanted = expected(Source())

    assert list(pool.spectrum_ids) == list(wanted)
    np.testing.assert_allclose(pool.features(slice(None)), np.stack(list(wanted.values())), rtol=0, atol=HALF_STEP)
    pool.verify()
    facts = pool.metadata(["key", "ra", "plate", "dec", "medium", "file"])
    assert facts["ra"].to_pylist() == [10.5] * pool.n_spectra
    assert facts["plate"].to_pylist() == [int(key[0]) for key in facts["key"].to_pylist()]
    assert (facts["dec"].null_count, facts["file"].null_count) == (pool.n_spectra, pool.n_spectra)
    assert set(facts["medium"].to_pylist()) == {"vacuum"}


def test_features_lie_in_whole_chunks_whatever_the_batches_are(pool):
    assert pool.row_ranges() == [(0, 4), (4, 8), (8, 12), (12, 16), (16, 20)]
    array = zarr.open_array(version_directory(pool.path, 1) / FEATURES, mode="r")
    assert (array.chunks, array.dtype, array.fill_value) == ((4, 140), np.int16, -32768)
    np.testing.assert_array_equal(array[:], pool.stored(slice(None)))


def test_behind_the_last_row_a_chunk_holds_no_features(tmp_path):
    write(tmp_path / "pool", Source(), rows_per_chunk=6)
    features = version_directory(tmp_path / "pool", 1) / FEATURES

    last = np.fromfile(features / "c" / "3" / "0", dtype=np.int16).reshape(6, 140)
    np.testing.assert_array_equal(last[:2], zarr.open_array(features, mode="r")[18:])
    assert (last[2:] == -32768).all()


def test_spectra_that_the_recipe_refuses_are_kept_with_the_reason_of_an_ingest(pool):
    refused = pool.refused().to_pylist()

    assert [row["spectrum_id"] for row in refused] == ["lamost:0-2", "lamost:2-2", "lamost:2-9", "lamost:3-2"]
    assert {row["kind"] for row in refused} == {"no usable window"}
    reason = "window 6519 to 6732 Å: the flux is zero everywhere, so min-max has nothing to divide by"
    assert [row["reason"] for row in refused] == [f"{row['spectrum_id']}: {reason}" for row in refused]
    assert pool_info(pool.path)["refused_by_reason"] == {"no usable window": 4}


def test_the_report_counts_what_is_there(tmp_path):
    seen = []
    report = write(tmp_path / "pool", Source(), progress=lambda *told: seen.append(told))

    assert (report.n_spectra, report.n_refused, report.written, report.resumed) == (20, 4, True, False)
    assert report.content_hash == Pool.open(report.pool).content_hash
    assert [told for told in seen if told[0] == "spectra made"] == [("spectra made", n, 24) for n in (0, 7, 7, 19, 24)]
    assert seen[-1] == ("spectra sealed", 20, 20)


def test_the_same_spectra_from_files_give_the_same_content(tmp_path):
    """Both are named by ids and features alone, and by nothing that says how they came."""
    folder = tmp_path / "files"
    write_table(folder / "a.csv", {"b": 1, "c": 2})
    write_columns(folder / "d.dat", seed=3)
    ingest([folder], tmp_path / "read.pool", RECIPE, IngestConfig(), InlineExecutor())
    read = Pool.open(tmp_path / "read.pool")

    class Again(Source):
        identity = property(lambda self: {"kind": "again"})

        def batch(self, number: int) -> RowBatch:
            rows = slice(number, read.n_spectra if number == 1 else 1)
            return RowBatch(read.metadata(["spectrum_id", "survey", "key"])[rows.start : rows.stop], read.features(rows))

    write(tmp_path / "made.pool", Again(sizes=(1, read.n_spectra - 1)))

    assert Pool.open(tmp_path / "made.pool").content_hash == read.content_hash


def test_neither_workers_nor_chunks_change_the_content(tmp_path):
    hashes = {
        write(tmp_path / f"{workers}-{rows}", Source(), workers, rows_per_chunk=rows).content_hash
        for workers, rows in ((1, 4), (2, 5), (1, 1000))
    }

    assert len(hashes) == 1


@pytest.mark.parametrize("stop_at", [0, 2, 3])
def test_a_write_that_was_stopped_goes_on_where_it_was(stop_at, tmp_path):
    whole = write(tmp_path / "whole", Source())
    with pytest.raises(StoppedError):
        write(tmp_path / "stopped", Source(stop_at=stop_at))
    with pytest.raises(PoolError, match="no sealed version"):
        Pool.open(tmp_path / "stopped")
    made = []

    class Watched(Source):
        def batch(self, number: int) -> RowBatch:
            made.append(number)
            return super().batch(number)

    report = write(tmp_path / "stopped", Watched())

    assert (report.content_hash, report.written, report.resumed) == (whole.content_hash, True, True)
    assert made == list(range(stop_at, 4))
    assert not unfinished_directory(tmp_path / "stopped").exists()


def test_what_is_written_is_not_made_again(tmp_path):
    first = write(tmp_path / "pool", Source())

    assert write(tmp_path / "pool", Source(stop_at=0)) == replace(first, written=False)


def test_a_pool_of_another_source_is_left_alone(tmp_path, folder):
    write(tmp_path / "sealed", Source())
    with pytest.raises(StoppedError):
        write(tmp_path / "unfinished", Source(stop_at=1))
    ingest([folder], tmp_path / "ingested", RECIPE, IngestConfig(), InlineExecutor())

    for name in ("sealed", "unfinished", "ingested"):
        with pytest.raises(PoolError, match=r"already that of .*Choose a new name"):
            write(tmp_path / name, Source(seed=2))
    with pytest.raises(PoolError, match="recipe"):
        write_pool(tmp_path / "sealed", recipe("halpha-2020-ondrejov"), Source(), InlineExecutor())
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("mine")
    with pytest.raises(PoolError, match="no pool"):
        write(tmp_path / "other", Source())


def test_files_may_be_ingested_into_it_when_it_is_finished_and_not_before(tmp_path, folder):
    with pytest.raises(StoppedError):
        write(tmp_path / "pool", Source(stop_at=1))
    with pytest.raises(PoolError, match="spectra of noise are not all written yet"):
        ingest([folder], tmp_path / "pool", RECIPE, IngestConfig(), InlineExecutor())

    write(tmp_path / "pool", Source())
    ingest([folder], tmp_path / "pool", RECIPE, IngestConfig(), InlineExecutor())
    ingest([folder], tmp_path / "pool", RECIPE, IngestConfig(), InlineExecutor())

    pool = Pool.open(tmp_path / "pool")
    pool.verify()
    assert len(pool.manifests) == 2
    assert pool.n_spectra == 20 + 14
    assert pool.refused().num_rows == 4
    assert pool.resolve(["star-3.dat", "2-4", "lamost:3-1"]) == ["ascii:star-3", "lamost:2-4", "lamost:3-1"]


def test_an_id_given_twice_is_named_with_its_batches(tmp_path):
    with pytest.raises(PoolError, match=r"noise gives the id 'lamost:0-1' in batch 0 and again in batch 3 \(1 such ids\)"):
        write(tmp_path / "pool", Source(repeat=3))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        ("column", "noise, batch 0: unknown column 'colour'; there are file, format, spectrum_id, survey"),
        ("id", "noise, batch 0: the column 'spectrum_id' is absent or has nulls"),
        ("shape", r"noise, batch 0: features of shape \(6, 139\) with 0 not between -1 and 1, expected \(6, 140\)"),
        ("nan", r"noise, batch 0: features of shape \(6, 140\) with 840 not between -1 and 1"),
        ("large", r"noise, batch 0: features of shape \(6, 140\) with 1 not between -1 and 1, expected \(6, 140\) and none"),
    ],
)
def test_an_impossible_batch_is_refused_at_the_door(spoil, message, tmp_path):
    with pytest.raises(PoolError, match=message):
        write(tmp_path / "pool", Source(spoil=spoil))


def test_a_source_without_spectra_is_refused(tmp_path):
    with pytest.raises(PoolError, match="no batches"):
        write(tmp_path / "none", Source(sizes=()))
    with pytest.raises(PoolError, match="noise gives no spectrum that can be used, 2 were refused"):
        write(tmp_path / "constant", Source(sizes=(1, 1), constant=(0,)))
    with pytest.raises(ValueError, match="rows_per_chunk must be at least 1, got 0"):
        write(tmp_path / "chunks", Source(), rows_per_chunk=0)


def test_a_batch_tells_which_of_its_spectra_have_features():
    keys, flux = Source().spectra(2)
    metadata = pa.table({"survey": ["lamost"] * 12, "key": keys, "file": [f"{key}.fits" for key in keys]})

    batch, fine = row_batch(RECIPE, metadata, WAVE, flux)

    assert np.flatnonzero(~fine).tolist() == [2, 9]
    assert batch.metadata["key"].to_pylist() == [key for key, is_fine in zip(keys, fine, strict=True) if is_fine]
    assert batch.refused["file"].to_pylist() == ["2-2.fits", "2-9.fits"]
    with pytest.raises(ValueError, match="metadata have 11 rows, and there are 12 spectra"):
        row_batch(RECIPE, metadata[1:], WAVE, flux)


def test_no_files_are_told_to_be_tried(pool):
    assert pq.read_table(version_directory(pool.path, 1) / FILES).num_rows == 0
    info = pool_info(pool.path)
    assert (info["versions"][0]["sources"], info["versions"][0]["n_files"], info["n_refused"]) == (["noise"], 0, 4)
