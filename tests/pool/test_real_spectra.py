"""The real spectra, read into a pool: every file is used or refused for a true reason."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from spectrove.execution import InlineExecutor, ProcessExecutor
from spectrove.pool import IngestConfig, Pool, ingest
from spectrove.preprocess import recipe

DARK = {
    "spec-55862-B6212_sp06-145.fits": "zero everywhere",
    "spec-58575-HD103621N361936B01_sp03-018.fits": "zero everywhere",
    "spec-59671-HD093959N532949V02_sp06-055.fits.gz": "zero everywhere",
}
"""LAMOST spectra without any light between 6519 and 6732 Å."""


@pytest.fixture(scope="module")
def lamost(shared_data, tmp_path_factory):
    """Return a pool of all LAMOST spectra of low resolution."""
    path = tmp_path_factory.mktemp("lamost") / "pool"
    ingest([shared_data / "lamost"], path, recipe("halpha-2020"), IngestConfig(), InlineExecutor())
    return Pool.open(path)


def labels(shared_data: Path) -> list[dict[str, str]]:
    """Return the rows of the table of labels."""
    with (shared_data / "lamost" / "labels.csv").open() as table:
        return list(csv.DictReader(table))


def test_every_lamost_file_but_the_dark_ones_is_used_and_the_table_of_labels_is_no_spectrum(lamost):
    refused = {row["file"].rpartition("/")[2]: row for row in lamost.refused().to_pylist()}
    assert set(refused) == {*DARK, "labels.csv"}
    assert refused["labels.csv"]["kind"] == "no reader takes the file"
    assert all(words in refused[name]["reason"] for name, words in DARK.items())
    assert Counter(lamost.metadata(["format"])["format"].to_pylist()) == {
        "lamost-dr1": 102,
        "lamost-image": 155,
        "lamost-table": 1089,
    }


def test_every_label_finds_its_spectrum_by_the_files_name(lamost, shared_data):
    rows = [row for row in labels(shared_data) if Path(row["file"]).name not in DARK]
    meant = lamost.resolve([row["file"] for row in rows])
    files = dict(zip(lamost.spectrum_ids, lamost.metadata(["file"])["file"].to_pylist(), strict=True))
    assert len(set(meant)) == len(rows)
    assert all(files[spectrum_id].endswith(row["file"]) for spectrum_id, row in zip(meant, rows, strict=True))


def test_the_metadata_are_those_of_the_table_of_labels(lamost, shared_data):
    rows = [row for row in labels(shared_data) if Path(row["file"]).name not in DARK]
    table = lamost.metadata(["ra", "dec", "spid", "fiberid", "designation", "mjd"])
    table = table.take(lamost.rows_of(lamost.resolve([row["file"] for row in rows])))
    for column, tolerance in {"ra": 1e-4, "dec": 1e-4, "spid": 0, "fiberid": 0}.items():
        told = np.array([float(row[column]) for row in rows])
        np.testing.assert_allclose(table[column].to_numpy().astype(float), told, rtol=0, atol=tolerance)


def test_features_fill_the_range_of_the_recipe(lamost):
    features = lamost.features(slice(None))
    np.testing.assert_array_equal(features.min(axis=1), -1)
    np.testing.assert_array_equal(features.max(axis=1), 1)


def pool_of_other_formats(shared_data, path, executor):
    folders = [shared_data / name for name in ("ondrejov", "sdss", "sdss-cv", "other", "lamost-mrs")]
    report = ingest(folders, path, recipe("halpha-2020"), IngestConfig(), executor)
    assert report.n_files == sum(path.is_file() for folder in folders for path in folder.rglob("*"))
    assert "unforeseen" not in str(report.refused_by_reason)
    return Pool.open(path)


@pytest.fixture(scope="module")
def of_other_formats(shared_data, tmp_path_factory):
    """Return the pool of all real spectra but LAMOST's."""
    return pool_of_other_formats(shared_data, tmp_path_factory.mktemp("other") / "pool", InlineExecutor())


def test_spectra_of_other_formats_become_one_pool(of_other_formats):
    surveys = Counter(of_other_formats.metadata(["survey"])["survey"].to_pylist())
    assert (surveys["ondrejov"], surveys["sdss"], surveys["ascii"]) == (21, 18, 84)


@pytest.mark.slow
def test_two_processes_make_the_same_pool_of_other_formats_as_one(of_other_formats, shared_data, tmp_path):
    by_two = pool_of_other_formats(shared_data, tmp_path / "pool", ProcessExecutor(2))
    assert by_two.content_hash == of_other_formats.content_hash
    assert by_two.refused().drop_columns(["version"]) == of_other_formats.refused().drop_columns(["version"])
