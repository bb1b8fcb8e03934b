"""Spectra by their address: from the survey's file, from the pool where that is gone, and nothing that was not published."""

from __future__ import annotations

import io
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from astropy.io.votable import parse

from spectrove.pool import Pool
from spectrove.surveys import read_again
from spectrove.vo.service.records import Record, Selection
from spectrove.vo.service.spectra import file_of
from spectrove.vo.spectrum.reading import SpectrumReader

pytestmark = pytest.mark.filterwarnings("ignore:The unit 'Angstrom' has been deprecated")


@pytest.fixture
def record(served) -> Record:
    (found,) = served.holdings.find(Selection(limit=1)).records
    return found


@pytest.mark.parametrize(
    ("form", "media_type", "begins"),
    [
        ("spectrum/votable", "application/x-votable+xml", b"<?xml"),
        ("spectrum/fits", "application/fits", b"SIMPLE"),
        ("spectrum/native", None, None),
        ("preview", "image/png", b"\x89PNG"),
    ],
)
def test_a_spectrum_comes_in_every_form(served, record, form, media_type, begins) -> None:
    path = f"{form}/{quote(record.spectrum_id)}"
    answer = served.client.get(path)
    assert answer.status_code == 200
    if begins is None:
        assert answer.content == Path(record.file).read_bytes()
    else:
        assert answer.headers["content-type"] == media_type
        assert answer.content.startswith(begins)
    head = served.client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == answer.headers["content-length"]


def test_a_votable_holds_the_whole_file_and_not_what_the_network_saw(served, record) -> None:
    content = served.client.get(f"spectrum/votable/{quote(record.spectrum_id)}").content
    whole, _ = read_again(record.spectrum_id, record.file, record.format)
    assert whole is not None
    array = parse(io.BytesIO(content), verify="ignore").get_first_table().array
    assert np.array_equal(array["wavelength"], whole.wave)
    assert len(whole.wave) > served.holdings.pool.n_wave


@pytest.mark.parametrize("form", ["spectrum/votable", "spectrum/fits", "spectrum/native", "preview"])
@pytest.mark.parametrize("name", ["nobody", "%00", "..%2F..%2Fetc%2Fpasswd", "%EF%BF%BD%FF", "a" * 3000])
def test_what_was_not_published_is_not_found(served, form, name) -> None:
    answer = served.client.get(f"{form}/{name}")
    assert answer.status_code == 404
    assert answer.text.startswith("There is no spectrum '")


def test_a_file_that_is_gone_leaves_the_points_that_the_network_saw_and_says_so(served, record) -> None:
    gone = Record(**{**vars(record), "file": "/nowhere/secret folder/spec-1.fits"})
    pool = Pool.open(served.holdings.pool.path)
    found = SpectrumReader(pool).read(gone)
    assert found.source == "pool"
    assert np.array_equal(found.spectrum.flux, pool.features(np.array([record.row]))[0])
    assert found.problem.startswith("spec-1.fits: ")
    assert "secret folder" not in found.problem


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(116, "Stale file handle")])
def test_a_file_that_cannot_be_reached_is_not_offered(record, monkeypatch, error: OSError) -> None:
    def refused(path: Path) -> bool:
        raise error

    assert file_of(record) == Path(record.file)
    monkeypatch.setattr(Path, "is_file", refused)
    assert file_of(record) is None
