"""Spectra of a real DaCHS become a pool by `spectrove pool ingest ssap:`, as they are in the files that it publishes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from spectrove.cli import main
from spectrove.pool import Pool
from spectrove.surveys import read
from spectrove.vo.fetch import Question, fetch, search

pytestmark = pytest.mark.desktop


def test_all_that_dachs_offers_is_ingested_once(dachs, tmp_path, capsys):
    command = ["pool", "ingest", f"ssap:{dachs}", "--pool", str(tmp_path / "pool"), "--recipe", "halpha-2020", "--json"]
    for n_fetched, n_present in ((51, 0), (0, 51)):
        with pytest.raises(SystemExit) as done:
            main(command)
        told = json.loads(capsys.readouterr().out)
        assert done.value.code == 0, told
        (report,) = told["fetched"]
        assert (report["n_fetched"], report["n_present"], report["refused"]) == (n_fetched, n_present, [])
    assert told["n_spectra_in_pool"] + told["n_refused"] == 51


def test_an_answer_that_overflows_is_told(dachs):
    found = search(Question(dachs, maxrec=5))
    assert (len(found.spectra), found.overflow) == (5, True)


def test_spectra_are_those_of_the_survey(dachs, small_survey, tmp_path):
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


def test_a_cone_finds_what_is_in_it(dachs, small_survey, tmp_path):
    (one, *_) = search(Question(dachs, maxrec=1)).spectra
    ra, dec = (float(part) for part in (one.facts.get("location") or one.facts["position"]).split())
    found = search(Question(dachs, (ra, dec), 4 / 3600))
    assert one.did in {other.did for other in found.spectra}
    assert search(Question(dachs, (ra, -dec), 4 / 3600)).spectra == ()
