"""Links of a spectrum: the spectrum in its forms, a picture, parts of it, and where it came from; and what is not there."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import pytest
import pyvo
from astropy.io.votable import parse, parse_single_table

from spectrove.vo.service.datalink import MEDIA_TYPE
from spectrove.vo.service.records import Record, Selection
from spectrove.vo.service.ssap import METER

COLUMNS = [
    "ID",
    "access_url",
    "service_def",
    "error_message",
    "description",
    "semantics",
    "content_type",
    "content_length",
    "content_qualifier",
]

pytestmark = pytest.mark.filterwarnings("ignore:The unit 'Angstrom' has been deprecated")


@pytest.fixture
def record(served) -> Record:
    (found,) = served.holdings.find(Selection(limit=1)).records
    return found


def did(record: Record) -> str:
    return f"ivo://x-spectrove/spectrove?{record.spectrum_id}"


def rows(content: bytes) -> list[dict[str, str]]:
    array = parse_single_table(io.BytesIO(content), verify="warn").array
    return [{name: str(row[name]) for name in array.dtype.names} for row in array]


def test_every_link_leads_to_what_it_says(served, record: Record) -> None:
    answer = served.get("datalink", ID=did(record))
    assert answer.headers["content-type"] == "application/x-votable+xml;content=datalink"
    found = rows(answer.content)
    assert list(found[0]) == COLUMNS
    assert [link["semantics"] for link in found] == ["#this", "#this", "#preview", "#cutout", "#progenitor"]
    for link in found:
        assert link["ID"] == did(record)
        if link["access_url"]:
            there = served.client.get(link["access_url"])
            assert there.status_code == 200
            assert there.headers["content-type"] == link["content_type"]
            assert link["content_length"] in {str(len(there.content)), "0", "--"}


def test_the_survey_s_own_file_comes_as_it_is(served, record: Record) -> None:
    native = next(link for link in rows(served.get("datalink", ID=did(record)).content) if link["semantics"] == "#progenitor")
    assert served.client.get(native["access_url"]).content == Path(record.file).read_bytes()
    assert int(native["content_length"]) == Path(record.file).stat().st_size


def test_several_are_told_at_once_and_the_unknown_one_says_so(served, record: Record) -> None:
    found = rows(served.client.post("datalink", data={"ID": [did(record), "ivo://elsewhere/x?y", "nobody"]}).content)
    wrong = [link for link in found if link["error_message"]]
    assert [link["ID"] for link in wrong] == ["ivo://elsewhere/x?y", "nobody"]
    assert all(link["error_message"].startswith("NotFoundFault: ") and not link["access_url"] for link in wrong)
    assert {link["ID"] for link in found} == {did(record), "ivo://elsewhere/x?y", "nobody"}


def test_links_are_told_under_the_identifier_that_was_asked_for(served, record: Record) -> None:
    assert {link["ID"] for link in rows(served.get("datalink", ID=record.spectrum_id).content)} == {record.spectrum_id}


def test_without_an_identifier_there_are_no_links(served) -> None:
    answer = served.get("datalink")
    assert (answer.status_code, rows(answer.content)) == (200, [])


def test_a_query_that_cannot_be_answered_is_told_in_a_votable(served, record: Record) -> None:
    for given in ({"RESPONSEFORMAT": "image/jpeg"}, {"ID": [str(number) for number in range(2001)]}):
        answer = served.get("datalink", **{"ID": did(record), **given})
        assert (answer.status_code, answer.headers["content-type"]) == (400, MEDIA_TYPE)
        (info,) = [one for one in parse(io.BytesIO(answer.content)).resources[0].infos if one.name == "QUERY_STATUS"]
        assert info.value == "ERROR"
        assert str(info.content).startswith("UsageFault: ")
    for form in ("votable", "text/xml", MEDIA_TYPE):
        assert served.get("datalink", ID=did(record), RESPONSEFORMAT=form).status_code == 200


@pytest.mark.skipif(shutil.which("stilts") is None, reason="stilts is not installed")
def test_datalinklint_and_votlint_find_nothing_wrong(served, record: Record, tmp_path: Path) -> None:
    (tmp_path / "links.vot").write_bytes(served.client.post("datalink", data={"ID": [did(record), "nobody"]}).content)
    done = subprocess.run(["stilts", "datalinklint", tmp_path / "links.vot"], capture_output=True, text=True, check=True)
    assert "Errors: 0; Warnings: 0;" in done.stdout
    done = subprocess.run(["stilts", "votlint", tmp_path / "links.vot"], capture_output=True, text=True, check=True)
    assert done.stdout + done.stderr == ""


def test_pyvo_goes_from_a_search_to_its_links_and_to_a_part(served, record: Record) -> None:
    (found,) = pyvo.dal.SSAService(f"{served.base}ssap").search(targetname=record.spectrum_id)
    links = found.getdatalink()
    assert {link.semantics: link.content_type for link in links}["#preview"] == "image/png"
    band = (6550.0, 6580.0)
    part = links.get_first_proc().process(band=(band[0] * METER, band[1] * METER)).read()
    wave = parse_single_table(io.BytesIO(part), verify="ignore").array["wavelength"]
    assert len(wave) > 2
    assert band[0] <= wave.min() < wave.max() <= band[1]
