"""What a pool gives to those who read it."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectrove.errors import PoolError
from spectrove.execution import InlineExecutor
from spectrove.pool import IngestConfig, Pool, ingest, pool_info
from spectrove.pool.names import resolve_names
from text_spectra import write_columns, write_table

N_SPECTRA = 23


@pytest.fixture(scope="module")
def path(tmp_path_factory, fill):
    """Return a pool of three versions with 5, 1 and 17 spectra, three to a chunk."""
    root = tmp_path_factory.mktemp("store")
    for name, seeds in {"one": range(5), "two": range(5, 6), "three": range(6, N_SPECTRA)}.items():
        write_table(root / f"{name}.csv", {f"star-{seed}": seed for seed in seeds})
        fill(root / f"{name}.csv", root / "pool", rows_per_chunk=3)
    return root / "pool"


@pytest.fixture(scope="module")
def pool(path):
    """Return the pool, opened."""
    return Pool.open(path)


@pytest.fixture(scope="module")
def everything(pool):
    """Return all features."""
    return pool.features(slice(None))


def test_a_pool_tells_its_size_its_grid_and_its_ids(pool, everything):
    assert (pool.n_spectra, pool.n_wave) == everything.shape == (N_SPECTRA, 140)
    assert everything.dtype == np.float32
    assert (pool.grid[0], pool.grid[-1], pool.grid.size) == (6519, 6732, 140)
    assert list(pool.spectrum_ids) == [f"csv:star-{number}" for number in range(N_SPECTRA)]


@given(begin=st.integers(-30, 30) | st.none(), end=st.integers(-30, 30) | st.none(), step=st.sampled_from([None, 1, 2, -1, -3]))
def test_a_slice_of_features_is_that_of_the_whole(pool, everything, begin, end, step):
    rows = slice(begin, end, step)
    np.testing.assert_array_equal(pool.features(rows), everything[rows])


@given(rows=st.lists(st.integers(0, N_SPECTRA - 1), max_size=40))
def test_rows_come_in_the_order_asked_for_and_as_often(pool, everything, rows):
    np.testing.assert_array_equal(pool.features(np.array(rows, dtype=np.int64)), everything[rows])


@pytest.mark.parametrize("rows", [[-1], [0, N_SPECTRA]])
def test_a_row_that_does_not_exist_is_an_index_error(pool, rows):
    with pytest.raises(IndexError, match="rows must be 0 to 22"):
        pool.features(np.array(rows))


def test_row_ranges_cover_every_row_once_in_whole_chunks_of_one_version(pool):
    ranges = pool.row_ranges()
    assert [row for begin, end in ranges for row in range(begin, end)] == list(range(N_SPECTRA))
    assert ranges[:4] == [(0, 3), (3, 5), (5, 6), (6, 9)]
    assert max(end - begin for begin, end in ranges) == 3


@given(wanted=st.lists(st.integers(0, 30), max_size=20))
def test_rows_of_ids_lead_back_to_the_ids(pool, wanted):
    ids = [f"csv:star-{number}" for number in wanted]
    rows = pool.rows_of(ids)
    assert rows.tolist() == [number if number < N_SPECTRA else -1 for number in wanted]


def test_metadata_are_typed_and_may_be_asked_for_by_column(pool):
    table = pool.metadata()
    assert table.num_rows == N_SPECTRA
    assert table.schema.field("snr").type == pa.float64()
    assert table.schema.field("fiberid").type == pa.int32()
    assert table.schema.field("obsid").type == pa.string()
    assert pool.metadata(["key", "version"]).column_names == ["key", "version"]
    with pytest.raises(PoolError, match="no column 'spectrumid'; did you mean 'spectrum_id'"):
        pool.metadata(["spectrumid"])


def test_a_pool_can_be_opened_as_it_was_before_versions_were_added(path, pool, everything):
    first = Pool(path, pool.recipe, pool.manifests[:1])
    again = Pool.open(path, first.content_hash)
    assert list(again.spectrum_ids) == list(pool.spectrum_ids[:5])
    np.testing.assert_array_equal(again.features(slice(None)), everything[:5])
    assert Pool.open(path, pool.content_hash).n_spectra == N_SPECTRA
    with pytest.raises(PoolError, match="the pool never had the content 1234"):
        Pool.open(path, "1234")


def test_opening_reads_neither_metadata_nor_features(path, tmp_path):
    shutil.copytree(path, tmp_path / "pool")
    for version in (tmp_path / "pool" / "versions").iterdir():
        shutil.rmtree(version / "features.zarr")
        (version / "metadata.parquet").unlink()
    assert Pool.open(tmp_path / "pool").n_spectra == N_SPECTRA


# --- names


def test_names_of_all_kinds_are_resolved(tmp_path, fill):
    write_columns(tmp_path / "a" / "spec-1.dat.gz", seed=1)
    write_columns(tmp_path / "a" / "same.dat", seed=2)
    write_table(tmp_path / "b" / "same.csv", {"ud090015": 3, "ub240016": 4})
    fill([tmp_path / "a", tmp_path / "b"], tmp_path / "pool")
    expected = {
        "ascii:spec-1": "ascii:spec-1",
        " spec-1 ": "ascii:spec-1",
        "spec-1.dat.gz": "ascii:spec-1",
        "spec-1.dat": "ascii:spec-1",
        "/archive/2012/spec-1.fits.gz": "ascii:spec-1",
        "ivo://asu.cas.cz/stel/ccd700/ub240016": "csv:ub240016",
        "ud090015": "csv:ud090015",
        "same.dat": None,
        "a/same.dat": "ascii:same",
        "b/same.csv": None,
        "spec-2": None,
        "": None,
    }
    assert dict(zip(expected, Pool.open(tmp_path / "pool").resolve(list(expected)), strict=True)) == expected


def test_the_name_of_a_second_file_of_the_same_spectrum_means_that_spectrum(tmp_path, fill):
    write_table(tmp_path / "one.csv", {"a": 1})
    write_table(tmp_path / "two.csv", {"a": 1})
    write_table(tmp_path / "zwei.csv", {"a": 2})
    fill([tmp_path / "one.csv", tmp_path / "two.csv", tmp_path / "zwei.csv"], tmp_path / "pool")
    assert Pool.open(tmp_path / "pool").resolve(["one", "two.csv", "zwei.csv"]) == ["csv:a", "csv:a", None]


WORDS = st.sampled_from(["1", "2", "a", "b.fits", "b", "c.fits.gz"])
SPECTRA = st.lists(st.tuples(WORDS, WORDS | st.none(), WORDS, WORDS), min_size=1, max_size=6, unique_by=lambda row: row[0])


@given(rows=SPECTRA, names=st.lists(WORDS, max_size=6), data=st.data())
def test_a_name_means_one_spectrum_or_none_whatever_the_order_of_the_rows(rows, names, data):
    def resolved(order):
        columns = {
            "spectrum_id": [f"s:{key}" for key, *_ in order],
            "key": [key for key, *_ in order],
            "obsid": [obsid for _, obsid, *_ in order],
            "file": [f"/data/{folder}/{name}" for *_, folder, name in order],
        }
        twins = pa.table({"spectrum_id": pa.array([], pa.string()), "file": pa.array([], pa.string())})
        table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
        half = len(order) // 2
        return resolve_names([table[:half], table[half:]], twins, [*names, *columns["spectrum_id"]])

    first = resolved(rows)
    assert first[: len(names)] == resolved(data.draw(st.permutations(rows)))[: len(names)]
    assert first[len(names) :] == [f"s:{key}" for key, *_ in rows]
    for name, meant in zip(names, first, strict=False):
        facts = {f"s:{key}": {key, obsid, file, file.partition(".")[0]} for key, obsid, _, file in rows}
        candidates = {spectrum for spectrum, known in facts.items() if known & {name, name.partition(".")[0]}}
        assert meant == (candidates.pop() if len(candidates) == 1 else None)


# --- pools that cannot be read


def test_a_place_that_is_no_pool_is_one_sentence(tmp_path):
    with pytest.raises(PoolError, match=r"there is no pool\. Make one with"):
        Pool.open(tmp_path / "pool")
    with pytest.raises(PoolError, match="this is no pool"):
        Pool.open(tmp_path)
    with pytest.raises(PoolError, match="this is no pool"):
        pool_info(tmp_path)


def damaged(path, tmp_path, damage):
    shutil.copytree(path, tmp_path / "pool")
    damage(tmp_path / "pool")
    return tmp_path / "pool"


def write_other_recipe(pool):
    content = json.loads((pool / "pool.json").read_bytes())
    content["recipe"]["steps"][0]["n_wave"] = 141
    (pool / "pool.json").write_text(json.dumps(content))


def write_later_format(pool):
    content = json.loads((pool / "pool.json").read_bytes())
    (pool / "pool.json").write_text(json.dumps({**content, "format_version": 99}))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda pool: (pool / "versions" / "0002" / "manifest.json").unlink(), "0002/manifest.json: the pool is broken.*missing"),
        (lambda pool: (pool / "versions" / "0002" / "manifest.json").write_text("{"), "no JSON"),
        (lambda pool: shutil.rmtree(pool / "versions" / "0001"), r"versions are \[2, 3\], expected 1 to 2"),
        (lambda pool: shutil.rmtree(pool / "versions"), "no sealed version yet"),
        (write_other_recipe, "files name different recipes"),
        (write_later_format, "format version 99, this software reads up to 2"),
    ],
)
def test_a_broken_pool_is_told_when_it_is_opened(path, tmp_path, damage, sentence):
    with pytest.raises(PoolError, match=sentence):
        Pool.open(damaged(path, tmp_path, damage))


def flip_a_bit(pool):
    chunk = pool / "versions" / "0003" / "features.zarr" / "c" / "0" / "0"
    content = bytearray(chunk.read_bytes())
    content[10] ^= 1
    chunk.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (
            lambda pool: (pool / "versions" / "0003" / "features.zarr" / "c" / "1" / "0").unlink(),
            "features of some rows are missing",
        ),
        (lambda pool: shutil.rmtree(pool / "versions" / "0003" / "features.zarr"), "0003/features.zarr: .*missing"),
        (flip_a_bit, "row 6 does not hold the features sealed"),
    ],
)
def test_broken_features_are_told_when_they_are_read(path, tmp_path, damage, sentence):
    pool = Pool.open(damaged(path, tmp_path, damage))
    with pytest.raises(PoolError, match=sentence):
        pool.verify()


def test_a_pool_tells_what_an_ingest_left_unfinished(path, tmp_path, fill, halpha):
    def interrupt(what, done, total):
        if what == "spectra sealed":
            raise KeyboardInterrupt

    shutil.copytree(path, tmp_path / "pool")
    write_columns(tmp_path / "star.dat", seed=90)
    with pytest.raises(KeyboardInterrupt):
        ingest([tmp_path / "star.dat"], tmp_path / "pool", halpha, IngestConfig(), InlineExecutor(), interrupt)
    unfinished = {"n_files": 1, "n_tasks": 1, "n_tasks_done": 1, "sources": [str(tmp_path / "star.dat")]}
    assert pool_info(tmp_path / "pool")["unfinished"] == unfinished
    assert Pool.open(tmp_path / "pool").n_spectra == N_SPECTRA
    assert fill(tmp_path / "star.dat", tmp_path / "pool").resumed
    assert pool_info(tmp_path / "pool")["unfinished"] is None
