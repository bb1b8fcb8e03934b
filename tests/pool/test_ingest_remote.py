"""Files in an object store: walked, read and refused as on a disk."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from layouts import lamost_image, packed
from object_store import object_store
from spectrove.errors import PoolError
from spectrove.execution import InlineExecutor
from spectrove.pool import IngestConfig, Pool, ingest, reading
from spectrove.pool.walk import walk
from spectrove.preprocess import recipe
from spectrove.storage import located
from text_spectra import write_columns


@pytest.fixture(scope="module")
def bucket():
    """Return the URL of an empty bucket of a store on this machine."""
    with object_store() as url:
        yield url


@pytest.fixture(scope="module")
def both(bucket, tmp_path_factory):
    """Return a folder of spectra, and the URL of the same in the store."""
    folder = tmp_path_factory.mktemp("spectra")
    for number in range(7):
        grid = 10 ** (3.8135 + 0.0004 * np.arange(60))
        content = lamost_image("image", third=grid, FIBERID=number, COEFF1=0.0004)
        (folder / f"spec-{number}.fits").write_bytes(packed(content) if number % 2 else content)
    (folder / "cut.fits").write_bytes(lamost_image("dr1")[:5000])
    (folder / "short.fits").write_bytes(lamost_image("dr1"))
    (folder / "empty.fits").write_bytes(b"")
    write_columns(folder / "night" / "star.dat", seed=1)
    write_columns(folder / ".hidden" / "star.dat", seed=2)
    remote = located(f"{bucket}/folder")
    remote.fs.put(str(folder), remote.path, recursive=True)
    return folder, f"{bucket}/folder"


def filled(source, pool):
    """Ingest a folder."""
    return ingest([source], pool, recipe("halpha-2020"), IngestConfig(), InlineExecutor())


def test_however_few_are_held_at_a_time_the_pool_is_the_same(both, tmp_path, monkeypatch):
    _, url = both
    filled(located(url), tmp_path / "at-once")
    monkeypatch.setattr(reading, "BYTES_AT_A_TIME", 1)
    filled(located(url), tmp_path / "one-by-one")
    assert Pool.open(tmp_path / "one-by-one").content_hash == Pool.open(tmp_path / "at-once").content_hash


def test_the_walk_finds_the_same_names_in_the_same_order(both):
    folder, url = both
    here = [(found.file.removeprefix(str(folder)), found.size) for found in walk([folder])]
    there = list(walk([located(url)]))
    assert [(found.file.removeprefix(url), found.size) for found in there] == here
    assert all(found.mtime_ns > 10**18 for found in there)
    assert list(walk([located(f"{url}/night"), located(url), located(f"{url}/spec-1.fits")])) == there
    (hidden,) = walk([located(f"{url}/.hidden")])
    assert hidden.file == f"{url}/.hidden/star.dat"


def test_files_in_a_store_give_the_same_pool_as_on_the_disk(both, tmp_path):
    folder, url = both
    here, there = filled(folder, tmp_path / "here"), filled(url, tmp_path / "there")
    assert there.content_hashes == here.content_hashes
    assert (there.n_spectra, there.refused_by_reason) == (8, here.refused_by_reason)
    tables = [Pool.open(tmp_path / name).refused().drop_columns(["file"]).to_pylist() for name in ("here", "there")]
    assert [row["reason"].replace(str(folder), url) for row in tables[0]] == [row["reason"] for row in tables[1]]
    assert Pool.open(tmp_path / "there").metadata(["file"])["file"][0].as_py().startswith(url)
    again = filled(url, tmp_path / "there")
    assert (again.version, again.n_known) == (None, there.n_files)


def test_an_object_that_changes_while_others_are_read_is_refused(both, bucket, tmp_path):
    copy = located(f"{bucket}/copy")
    copy.fs.put(str(both[0]), copy.path, recursive=True)

    class Meddling(InlineExecutor):
        def run(self, function, tasks):
            (copy / "spec-1.fits").write_bytes(b"something else")
            (copy / "spec-2.fits").unlink()
            return super().run(function, tasks)

    ingest([f"{bucket}/copy"], tmp_path / "pool", recipe("halpha-2020"), IngestConfig(), Meddling())
    refused = Pool.open(tmp_path / "pool").refused()
    kinds = dict(zip(refused["file"].to_pylist(), refused["kind"].to_pylist(), strict=True))
    assert kinds[f"{bucket}/copy/spec-1.fits"] == "changed while ingested"
    assert kinds[f"{bucket}/copy/spec-2.fits"] == "cannot be opened"


def test_pools_in_a_store_are_not_walked(both, bucket, tmp_path):
    filled(both[0], tmp_path / "spectra" / "pool")
    shutil.copy(both[0] / "spec-0.fits", tmp_path / "spectra")
    remote = located(f"{bucket}/with-pool")
    remote.fs.put(str(tmp_path / "spectra"), remote.path, recursive=True)
    assert [found.file for found in walk([remote])] == [f"{bucket}/with-pool/spec-0.fits"]


def test_a_url_without_anything_is_one_sentence(bucket, tmp_path):
    with pytest.raises(PoolError, match=rf"^{bucket}/nowhere: there is no such file or directory"):
        filled(f"{bucket}/nowhere", tmp_path / "pool")
