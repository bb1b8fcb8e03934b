"""An ingest of plain files is that of the readers: the same ids, features, facts, refusals and warnings, only sooner."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from layouts import FLUX, LAYOUTS, lamost_image, lamost_table, packed
from spectrove.execution import InlineExecutor
from spectrove.pool import IngestConfig, Pool, ingest
from spectrove.preprocess import recipe
from spectrove.preprocess.steps import MinMax


@pytest.fixture
def by_readers_alone(monkeypatch):
    """Return a function that ingests as if no layout were read without astropy."""

    def run(folder, pool, **config):
        with monkeypatch.context() as patch:
            patch.setattr("spectrove.pool.reading.fast_formats", lambda _: frozenset())
            return ingest([folder], pool, recipe("halpha-2020"), IngestConfig(**config), InlineExecutor())

    return run


def assert_same_pools(one, other):
    """Fail unless two pools of the same files hold the same, but for the time."""
    first, second = Pool.open(one), Pool.open(other)
    assert first.content_hash == second.content_hash
    columns = [name for name in first.metadata().column_names if name != "digest"]
    assert first.metadata(columns).equals(second.metadata(columns))
    assert first.refused().equals(second.refused())
    assert [manifest["warnings"] for manifest in first.manifests] == [manifest["warnings"] for manifest in second.manifests]


@pytest.fixture
def mixed(tmp_path):
    """Return a folder with plain files, files that are nearly plain, and others."""
    folder = tmp_path / "spectra"
    folder.mkdir()
    wide = {"COEFF1": 0.0004}  # 60 pixels across the window
    grid = 10 ** (3.8135 + 0.0004 * np.arange(60))
    for number in range(40):
        content = (
            lamost_image("image", third=grid, FIBERID=number, **wide)
            if number % 2
            else lamost_image("dr1", FIBERID=number, **wide)
        )
        (folder / f"spec-{number:02d}.fits").write_bytes(packed(content) if number % 3 else content)
    (folder / "dark.fits").write_bytes(lamost_image("dr1", FIBERID=50, **wide).replace(FLUX.astype(">f4").tobytes(), bytes(240)))
    (folder / "short.fits").write_bytes(lamost_table(FIBERID=51))
    (folder / "twice.fits").write_bytes((folder / "spec-01.fits").read_bytes())
    (folder / "cut.fits").write_bytes((folder / "spec-06.fits").read_bytes()[:-1000])
    (folder / "large.fits").write_bytes(lamost_image("dr1", FIBERID=52, SPID=2**40, **wide))
    for name, make in LAYOUTS.items():
        (folder / name).write_bytes(make())
    return folder


def test_every_real_file_of_lamost_and_sdss_gives_what_the_readers_give(shared_data, tmp_path, fill, by_readers_alone):
    folders = tmp_path / "surveys"
    folders.mkdir()
    for survey in ("lamost", "sdss"):
        (folders / survey).symlink_to(shared_data / survey)
    report = fill(folders, tmp_path / "fast")
    assert report.n_spectra == 1364
    by_readers_alone(folders, tmp_path / "slow")
    assert_same_pools(tmp_path / "fast", tmp_path / "slow")


def test_files_of_all_kinds_give_what_the_readers_give(mixed, tmp_path, fill, by_readers_alone):
    report = fill(mixed, tmp_path / "fast")
    slow = by_readers_alone(mixed, tmp_path / "slow")
    assert (report.n_spectra, report.refused_by_reason) == (slow.n_spectra, slow.refused_by_reason)
    kinds = {"no usable window", "damaged file", "spectrum already in the pool", "unforeseen error (ArrowInvalid)"}
    assert set(report.refused_by_reason) == kinds
    assert_same_pools(tmp_path / "fast", tmp_path / "slow")


def test_plain_files_are_read_without_asking_the_readers(mixed, tmp_path, fill, monkeypatch):
    asked = []

    def note(self, path, content=None):
        asked.append(path.name)
        raise AssertionError

    monkeypatch.setattr("spectrove.surveys.SurveyFile.__init__", note)
    report = fill([path for path in mixed.iterdir() if path.name.startswith(("spec-", "dark"))], tmp_path / "pool")
    assert (report.n_spectra, report.refused_by_reason) == (40, {"no usable window": 1})
    assert asked == []


def test_a_recipe_that_warns_warns_as_often(mixed, tmp_path, fill, by_readers_alone, monkeypatch):
    made = MinMax._applied

    def warned(self, piece):
        warnings.warn("not sure", RuntimeWarning, stacklevel=1)
        return made(self, piece)

    monkeypatch.setattr(MinMax, "_applied", warned)
    fill(mixed, tmp_path / "fast")
    by_readers_alone(mixed, tmp_path / "slow")
    assert Pool.open(tmp_path / "fast").manifests[0]["warnings"]["RuntimeWarning"] > 40
    assert_same_pools(tmp_path / "fast", tmp_path / "slow")


def test_a_recipe_that_fails_gives_each_file_its_reason(mixed, tmp_path, fill, by_readers_alone, monkeypatch):
    def broken(self, piece):
        return {}["gain"]

    monkeypatch.setattr(MinMax, "_applied", broken)
    for run, pool in ((fill, "fast"), (by_readers_alone, "slow")):
        with pytest.raises(Exception, match=r"no spectrum that can be used.*unforeseen error \(KeyError\)"):
            run(mixed, tmp_path / pool)


def test_a_plain_file_that_changes_while_others_are_read_is_refused(mixed, tmp_path):
    class Meddling(InlineExecutor):
        def run(self, function, tasks):
            (mixed / "spec-03.fits").write_bytes(lamost_table(FIBERID=3))
            return super().run(function, tasks)

    ingest([mixed], tmp_path / "pool", recipe("halpha-2020"), IngestConfig(), Meddling())
    refused = Pool.open(tmp_path / "pool").refused()
    assert (
        "changed while ingested"
        in dict(zip(refused["file"].to_pylist(), refused["kind"].to_pylist(), strict=True))[str(mixed / "spec-03.fits")]
    )
