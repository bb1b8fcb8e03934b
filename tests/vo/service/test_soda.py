"""Parts of spectra by wavelength, in meters, as SODA says."""

from __future__ import annotations

import io

import numpy as np
import pytest
from astropy.io.votable import parse_single_table
from astropy.table import Table

from spectrove.surveys import read_again
from spectrove.vo.service.records import Record, Selection
from spectrove.vo.service.ssap import METER

pytestmark = pytest.mark.filterwarnings("ignore:The unit 'Angstrom' has been deprecated")


@pytest.fixture
def record(served) -> Record:
    (found,) = served.holdings.find(Selection(limit=1)).records
    return found


def wavelengths(content: bytes) -> list[float]:
    return np.asarray(parse_single_table(io.BytesIO(content), verify="ignore").array["wavelength"]).tolist()


@pytest.mark.parametrize(
    ("bands", "low", "high"),
    [
        (["6.55e-7 6.58e-7"], 6550, 6580),
        (["-Inf 6.55e-7"], 0, 6550),
        (["6.7e-7 +Inf"], 6700, 1e9),
        (["-Inf +Inf"], 0, 1e9),
        ([], 0, 1e9),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_part_is_what_the_file_holds_between_two_wavelengths(served, record, bands, low, high, method) -> None:
    given = {"ID": record.spectrum_id, **({"BAND": bands} if bands else {})}
    how = {"params": given} if method == "GET" else {"data": given}
    answer = served.client.request(method, "soda", **how)
    assert answer.headers["content-type"] == "application/x-votable+xml"
    whole, _ = read_again(record.spectrum_id, record.file, record.format)
    assert whole is not None
    # An ångström is not a whole number of meters: what lies at the very edge may be in or out.
    expected = [at for at in whole.wave.tolist() if low <= at <= high]
    assert wavelengths(answer.content) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", ["RESPONSEFORMAT", "responseformat", "FORMAT"])
def test_a_part_comes_as_fits_where_it_is_asked_for(served, record, name) -> None:
    answer = served.get("soda", ID=record.spectrum_id, BAND="6.55e-7 6.58e-7", **{name: "application/fits"})
    assert answer.headers["content-type"] == "application/fits"
    table = Table.read(io.BytesIO(answer.content), format="fits")
    assert 6550 <= table["wavelength"].min() < table["wavelength"].max() <= 6580


def test_a_single_wavelength_is_the_two_pixels_about_it(served, record) -> None:
    whole = np.array(wavelengths(served.get("soda", ID=record.spectrum_id).content))
    for wanted in (6564.6, float(whole[100])):
        band = f"{wanted * METER!r} {wanted * METER!r}"
        part = wavelengths(served.get("soda", ID=record.spectrum_id, BAND=band).content)
        assert part == sorted(whole[np.argsort(np.abs(whole - wanted))[:2]])
        fits = served.get("soda", ID=record.spectrum_id, BAND=band, FORMAT="fits").content
        assert list(Table.read(io.BytesIO(fits), format="fits")["wavelength"]) == pytest.approx(part)


def test_where_the_spectrum_has_nothing_there_is_no_content(served, record) -> None:
    answer = served.get("soda", ID=record.spectrum_id, BAND="1e-6 2e-6")
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ({}, 400, "UsageError: ID: not given"),
        ({"ID": "nobody"}, 404, "UsageError: there is no spectrum 'nobody' here"),
        ({"BAND": "6.5e-7"}, 400, "expected two wavelengths in meters"),
        ({"BAND": "6.6e-7 6.5e-7"}, 400, "expected the shorter wavelength first"),
        ({"BAND": "a b"}, 400, "UsageError: BAND: 'a', expected a number"),
        ({"BAND": "nan 1"}, 400, "UsageError: BAND: 'nan', expected a number"),
        ({"ID": ["a", "b"]}, 400, "MultiValuedParamNotSupported: ID: "),
        ({"BAND": ["6.5e-7 6.51e-7", "6.6e-7 6.61e-7"]}, 400, "MultiValuedParamNotSupported: BAND: "),
        ({"RESPONSEFORMAT": "image/jpeg"}, 400, "RESPONSEFORMAT: 'image/jpeg', expected"),
    ],
)
def test_a_query_that_cannot_be_answered_is_told_in_one_sentence(served, record, given, status, said) -> None:
    usual = {} if not given else {"ID": record.spectrum_id}
    answer = served.get("soda", **{**usual, **given})
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/plain")
    assert said in answer.text
    assert "\n" not in answer.text
