"""What our own service offers comes back by `pool ingest ssap:` as it is in the survey's files, under the same ids."""

from __future__ import annotations

import numpy as np
import pytest

from spectrove.pool import Pool
from spectrove.surveys import read
from spectrove.vo.fetch import Question, fetch, search


@pytest.fixture(scope="module")
def originals(small_survey):
    """Return the spectra in the survey's files by their ids."""
    found = (one for path in sorted(small_survey.files.fits_pool.rglob("*.fits*")) for one in read(path))
    return {one.spectrum_id: one for one in found}


@pytest.fixture(scope="module")
def fetched(served, tmp_path_factory):
    """Return the spectra of our service that were fetched by SSAP, and what was told of the fetch."""
    found = search(Question(f"{served.base}ssap", maxrec=60))
    report = fetch(found, tmp_path_factory.mktemp("files"))
    return found, report, [(path, one) for path in sorted(report.folder.iterdir()) for one in read(path)]


def test_all_that_is_offered_is_fetched(fetched):
    found, report, spectra = fetched
    assert found.overflow
    assert report.refused == ()
    assert report.n_fetched == len(found.spectra) == len(spectra) >= 20


def test_spectra_are_those_of_the_files(fetched, originals):
    for _, spectrum in fetched[2]:
        original = originals[spectrum.spectrum_id]
        np.testing.assert_array_equal(spectrum.wave, original.wave)
        np.testing.assert_array_equal(spectrum.flux, original.flux)
        np.testing.assert_allclose(spectrum.ivar, original.ivar, rtol=1e-12)
        np.testing.assert_array_equal(spectrum.mask, original.mask)
        assert (spectrum.medium, spectrum.frame) == (original.medium, original.frame)


def test_facts_are_those_of_the_files(fetched, originals):
    for _, spectrum in fetched[2]:
        original = originals[spectrum.spectrum_id]
        for name in ("ra", "dec", "mjd", "snr", "designation", "release"):
            assert getattr(spectrum.header, name) == getattr(original.header, name), name


def test_the_other_forms_are_read_by_the_readers_that_there_are(served, fetched, tmp_path):
    _, spectrum = fetched[2][0]
    for form in ("fits", "native"):
        answer = served.client.get(f"spectrum/{form}/{spectrum.spectrum_id}")
        path = tmp_path / f"{form}.fits"
        path.write_bytes(answer.content)
        (again,) = read(path)
        np.testing.assert_allclose(again.wave, spectrum.wave, rtol=1e-7)
        np.testing.assert_array_equal(again.flux, spectrum.flux)


def test_a_place_is_asked_for(served, small_survey):
    table = Pool.open(small_survey.pool).metadata()
    ra, dec = table["ra"][0].as_py(), table["dec"][0].as_py()
    found = search(Question(f"{served.base}ssap", (ra, dec), 2 / 3600))
    assert any(table["spectrum_id"][0].as_py() in one.did for one in found.spectra)
