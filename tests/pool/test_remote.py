"""Pools in an object store are what they are on a disk, and half of one is none."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from noise_source import RECIPE, Source, StoppedError
from object_store import object_store
from spectrove.errors import PoolBusyError, PoolError, StorageError
from spectrove.execution import InlineExecutor, ProcessExecutor
from spectrove.pool import Pool, PoolReport, pool_info, write_pool
from spectrove.pool.layout import MANIFEST
from spectrove.storage import atomic_path, is_remote, located, open_arrow, remove, write_bytes

SOURCE = Source()


@pytest.fixture(scope="module")
def bucket():
    """Return the URL of a bucket."""
    with object_store() as url:
        yield url


@pytest.fixture
def url(bucket, request):
    """Return the URL of a pool of this test's own."""
    return f"{bucket}/{request.node.name}/pool"


def write(place: str | Path, source: Source = SOURCE, **settings) -> PoolReport:
    return write_pool(place, RECIPE, source, InlineExecutor(), **{"rows_per_chunk": 4, **settings})


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> Pool:
    """Return the pool on the disk."""
    path = tmp_path_factory.mktemp("local") / "pool"
    write(path)
    return Pool.open(path)


def objects(url: str) -> list[str]:
    """Return the names of all objects of a pool."""
    place = located(url)
    return sorted(str(name).removeprefix(f"{place.path}/") for name in place.fs.find(place.path))


def test_a_pool_in_a_store_equals_the_one_on_the_disk(url, local):
    report = write(url)
    pool = Pool.open(url)

    assert (report.content_hash, pool.content_hash) == (local.content_hash, local.content_hash)
    pool.verify()
    np.testing.assert_array_equal(pool.features(slice(None)), local.features(slice(None)))
    np.testing.assert_array_equal(pool.stored(slice(3, 17)), local.stored(slice(3, 17)))
    rows = np.array([19, 0, 7, 7, 12])
    np.testing.assert_array_equal(pool.features(rows), local.features(rows))
    assert list(pool.spectrum_ids) == list(local.spectrum_ids)
    assert pool.spectrum_ids[5] == local.spectrum_ids[5]
    assert pool.rows_of(["lamost:3-1", "nobody"]).tolist() == local.rows_of(["lamost:3-1", "nobody"]).tolist()
    assert pool.metadata().equals(local.metadata())
    assert pool.metadata(["ra"], rows).equals(local.metadata(["ra"], rows))
    assert pool.refused().equals(local.refused())
    assert pool.resolve(["2-4", "none"]) == local.resolve(["2-4", "none"])
    told, known = pool_info(url), pool_info(local.path)
    assert (told["pool"], told["n_refused"], told["unfinished"]) == (url, known["n_refused"], None)
    assert told["bytes"] > 5000
    assert objects(url) == sorted(
        path.relative_to(local.path).as_posix() for path in local.path.rglob("*") if path.is_file() and path.name != "ingest.lock"
    )


def test_workers_find_the_store_by_their_environment(url, local):
    report = write_pool(url, RECIPE, SOURCE, ProcessExecutor(1), rows_per_chunk=4)

    assert report.content_hash == local.content_hash


def test_what_was_written_is_not_written_again(url):
    first = write(url)

    assert write(url, replace(SOURCE, stop_at=0)) == replace(first, written=False)


@pytest.mark.parametrize("stop_at", [0, 2])
def test_a_write_that_was_stopped_goes_on_where_it_was(url, local, stop_at):
    with pytest.raises(StoppedError):
        write(url, replace(SOURCE, stop_at=stop_at))
    with pytest.raises(PoolError, match="no sealed version"):
        Pool.open(url)
    assert pool_info(url)["unfinished"]["n_tasks_done"] == stop_at

    report = write(url)

    assert (report.content_hash, report.resumed) == (local.content_hash, True)
    assert not [name for name in objects(url) if "unfinished" in name or "lock" in name]


def test_without_its_manifest_a_version_is_not_sealed(url, local):
    def killed(what, done, total):
        if what == "spectra sealed" and done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(url, progress=killed)
    there = objects(url)
    assert "versions/0001/features.zarr/c/3/0" in there
    assert f"versions/0001/{MANIFEST}" not in there
    with pytest.raises(PoolError, match="no sealed version"):
        Pool.open(url)

    assert write(url).content_hash == local.content_hash
    Pool.open(url).verify()


def test_the_work_of_a_plan_that_was_never_put_is_begun_again(url, local):
    with pytest.raises(StoppedError):
        write(url, replace(SOURCE, stop_at=2))
    unfinished = located(url) / "versions" / "0001.unfinished"
    remove(unfinished / "plan.json")
    write_bytes(unfinished / "parts" / "00000.arrow", b"of another plan")

    assert write(url).resumed is False
    assert Pool.open(url).content_hash == local.content_hash


def test_one_writes_at_a_time_and_whoever_was_killed_is_named(url):
    lock = located(url) / "ingest.lock"
    write_bytes(lock, b"process 7 on somewhere")
    with pytest.raises(PoolBusyError, match=rf"writing to this pool \(process 7 on somewhere\).*killed, delete {lock} before"):
        write(url)

    remove(lock)
    assert write(url).written
    assert not lock.exists()


def test_other_things_in_a_store_are_left_alone(url):
    write_bytes(located(url) / "notes.txt", b"mine")
    with pytest.raises(PoolError, match="this is no pool"):
        write(url)
    with pytest.raises(PoolError, match="this is no pool"):
        Pool.open(url)
    with pytest.raises(PoolError, match="there is no pool"):
        Pool.open(f"{url}/deeper")
    assert objects(url) == ["notes.txt"]


@pytest.mark.parametrize("name", ["c/1/0", "zarr.json"])
def test_features_that_are_missing_are_told(url, name):
    write(url)
    remove(located(url) / "versions" / "0001" / "features.zarr" / name)
    with pytest.raises(PoolError, match=r"features.*missing"):
        Pool.open(url).features(slice(None))


def test_a_bucket_that_is_not_there_is_one_sentence(bucket):
    with pytest.raises(StorageError, match=r"s3://nobody-has-it/pool: cannot be written .*bucket.* Choose a place that there is"):
        write("s3://nobody-has-it/pool")


def test_a_store_that_lets_nobody_in_is_one_sentence(url, monkeypatch):
    write(url)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    type(located(url).fs).clear_instance_cache()
    try:
        with pytest.raises(StorageError, match=r"pool: cannot be read \(Unable to locate credentials\)\. Look whether"):
            Pool.open(url)
    finally:
        type(located(url).fs).clear_instance_cache()


def test_a_server_that_does_not_answer_is_one_sentence():
    with pytest.raises(StorageError, match=r"http://127\.0\.0\.1:9/pool: cannot be read \(.*connect.* Look whether the address"):
        Pool.open("http://127.0.0.1:9/pool")


# --- what lies where


def test_a_url_is_located_in_its_store_and_all_else_on_the_disk(tmp_path, bucket):
    assert located("data/pool") == Path("data/pool")
    assert located(tmp_path) is tmp_path
    assert located((tmp_path / "a b").as_uri()) == tmp_path / "a b"
    assert not is_remote(located("C:/data"))
    remote = located(f"{bucket}/pool")
    assert is_remote(remote)
    assert located(remote) is remote
    assert str(remote / "a") == f"{bucket}/pool/a"


def test_without_the_extra_the_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "upath", None)
    with pytest.raises(StorageError, match=r"s3://archive/pool: addresses of the kind s3:// .*pip install 'spectrove\[s3\]'"):
        Pool.open("s3://archive/pool")


def test_an_unknown_kind_of_store_is_one_sentence():
    with pytest.raises(StorageError, match=r"nowhere://pool: addresses of the kind nowhere:// cannot be read here"):
        located("nowhere://pool")


def test_a_folder_is_put_file_by_file_the_last_by_name_at_the_end(url, monkeypatch):
    place = located(url)
    put = []
    monkeypatch.setattr(place.fs, "put_file", lambda source, target: put.append(target.removeprefix(f"{place.path}/")))
    with atomic_path(place) as temporary:
        (temporary / "inner").mkdir(parents=True)
        for name in ("plan.json", "files.arrow", "inner/x"):
            (temporary / name).write_text(name)

    assert put == ["files.arrow", "inner/x", "plan.json"]


def test_what_fails_halfway_is_not_put(url):
    with pytest.raises(FileExistsError), atomic_path(located(url) / "file") as temporary:
        temporary.write_text("half") and temporary.mkdir()
    assert not located(url).exists()
    with pytest.raises(FileNotFoundError), open_arrow(located(url) / "file"):
        pass
