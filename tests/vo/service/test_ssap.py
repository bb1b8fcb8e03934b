"""Simple Spectral Access, asked by httpx, pyvo and stilts over the wire."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvo
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io.votable import parse
from astropy.io.votable.ucd import check_ucd

from spectrove.vo.service.records import Record, Selection

UTYPES = {
    "ssa:Access.Reference",
    "ssa:Access.Format",
    "ssa:Curation.PublisherDID",
    "ssa:DataID.Title",
    "ssa:Target.Name",
    "ssa:Target.Pos",
    "ssa:Char.SpatialAxis.Coverage.Location.Value",
    "ssa:Char.SpectralAxis.Coverage.Bounds.Start",
    "ssa:Char.SpectralAxis.Coverage.Bounds.Stop",
    "ssa:Char.TimeAxis.Coverage.Location.Value",
    "ssa:Derived.SNR",
}
"""By these clients find what they want."""


@pytest.fixture(scope="module")
def records(served: Any) -> tuple[Record, ...]:
    return served.holdings.find(Selection()).records


@pytest.fixture(scope="module")
def one(records: tuple[Record, ...]) -> Record:
    return next(record for record in records if record.ra is not None and record.mjd is not None and record.snr is not None)


def ids(served: Any, **given: Any) -> list[str]:
    """Return the spectra that a query finds."""
    table = document(served.get("ssap", REQUEST="queryData", **given).content).get_first_table().to_table()
    return [str(value) for value in table["creator_did"]]


def document(content: bytes) -> Any:
    return parse(io.BytesIO(content), verify="exception")


def status(content: bytes) -> list[str]:
    return re.findall(r'name="QUERY_STATUS" value="(\w+)"', content.decode())


def votlint(content: bytes, folder: Path) -> str:
    if shutil.which("stilts") is None:
        pytest.skip("stilts is not installed (Debian: apt-get install stilts)")
    (folder / "answer.vot").write_bytes(content)
    told = subprocess.run(["stilts", "votlint", folder / "answer.vot"], capture_output=True, text=True, check=False)
    return told.stdout + told.stderr


def test_a_position_finds_what_is_within_half_of_the_size_of_it(served: Any, records: tuple[Record, ...], one: Record) -> None:
    here = SkyCoord(one.ra, one.dec, unit="deg")
    placed = [record for record in records if record.ra is not None]
    distances = SkyCoord([r.ra for r in placed], [r.dec for r in placed], unit="deg").separation(here).deg
    size = float(np.sort(distances)[len(placed) // 3]) * 2 + 1e-6
    expected = {record.spectrum_id for record, distance in zip(placed, distances, strict=True) if distance <= size / 2}
    assert 1 < len(expected) < len(records)
    assert set(ids(served, POS=f"{one.ra!r},{one.dec!r}", SIZE=size)) == expected
    assert set(ids(served, POS=f"{one.ra!r},{one.dec!r};ICRS", SIZE=size)) == expected
    usual = {record.spectrum_id for record, distance in zip(placed, distances, strict=True) if distance <= 0.1}
    assert set(ids(served, POS=f"{one.ra!r},{one.dec!r}")) == usual


def test_what_is_asked_for_beside_a_position(served: Any, records: tuple[Record, ...], one: Record) -> None:
    everything = [record.spectrum_id for record in records]
    assert ids(served, SIZE=0.2) == everything
    assert ids(served, FROBNICATE="yes") == everything
    middle = (one.wave_min + one.wave_max) / 2 * 1e-10
    assert one.spectrum_id in ids(served, BAND=f"{middle!r}")
    assert one.spectrum_id in ids(served, BAND=f"1e-12/2e-12,{middle!r}/")
    assert ids(served, BAND="1e-3/2e-3") == []
    assert ids(served, TARGETNAME=one.spectrum_id.upper()) == [one.spectrum_id]
    assert ids(served, COLLECTION="elsewhere") == []
    assert ids(served, COLLECTION="elsewhere,LAMOST") == everything
    assert ids(served, TIME="1990/9999") == everything
    assert ids(served, FORMAT="application/x-votable+xml") == ids(served, FORMAT="text/xml") == everything
    assert ids(served, FLUXCALIB="absolute") == []
    assert ids(served, WAVECALIB="absolute") == everything
    assert ids(served, SPECRP="1e6/") == []
    bright = {record.spectrum_id for record in records if record.snr is not None and record.snr >= one.snr}
    assert set(ids(served, SNR=f"{one.snr!r}/")) == bright
    did = next(iter(pyvo_rows(served, TARGETNAME=one.spectrum_id)))["pubdid"]
    assert ids(served, PUBDID=did) == [one.spectrum_id]
    assert ids(served, PUBDID="ivo://elsewhere/x?1") == []


def test_times_and_classes(served: Any, records: tuple[Record, ...], one: Record) -> None:
    day = (np.datetime64("1858-11-17") + int(one.mjd)).astype(str)
    expected = {record.spectrum_id for record in records if record.mjd is not None and int(record.mjd) == int(one.mjd)}
    assert set(ids(served, TIME=day)) == expected
    after = {record.spectrum_id for record in records if record.mjd is not None and record.mjd >= int(one.mjd)}
    assert set(ids(served, TIME=f"{day}/")) == after
    said = next(record.target_class for record in records if record.target_class)
    assert set(ids(served, TARGETCLASS=said.upper())) == {r.spectrum_id for r in records if r.target_class == said}


def test_an_answer_is_cut_where_it_is_asked_to_be(served: Any, records: tuple[Record, ...]) -> None:
    cut = served.get("ssap", request="QUERYDATA", maxrec=3).content
    assert len(document(cut).get_first_table().array) == 3
    assert status(cut) == ["OK", "OVERFLOW"]
    assert cut.index(b"</TABLE>") < cut.index(b'"OVERFLOW"')
    assert len(ids(served, TOP=2, MAXREC=5)) == 2
    whole = served.get("ssap", REQUEST="queryData", MAXREC=len(records)).content
    assert status(whole) == ["OK"]
    assert ids(served, MAXREC=0) == []


def test_the_metadata_tell_each_parameter(served: Any) -> None:
    told = document(served.get("ssap", REQUEST="queryData", FORMAT="METADATA").content)
    names = {param.name for param in told.get_first_table().params}
    assert {f"INPUT:{name}" for name in ("POS", "SIZE", "BAND", "TIME", "FORMAT", "MAXREC", "TARGETNAME")} <= names
    assert len(told.get_first_table().array) == 0


@pytest.mark.parametrize(
    ("form", "mime"),
    [
        ("all", "application/x-votable+xml"),
        ("compliant", "application/x-votable+xml"),
        ("votable", "application/x-votable+xml"),
        ("fits", "application/fits"),
        ("native", "application/fits"),
        ("graphic", None),
        ("image/jpeg", None),
    ],
)
def test_spectra_are_told_in_the_form_that_is_asked_for(served: Any, form: str, mime: str | None) -> None:
    rows = pyvo_rows(served, FORMAT=form, MAXREC=1)
    assert [row["mime"] for row in rows] == ([] if mime is None else [mime])


def pyvo_rows(served: Any, **given: Any) -> Any:
    answer = served.get("ssap", REQUEST="queryData", **given)
    return document(answer.content).get_first_table().to_table()


def test_validators_have_nothing_to_say(served: Any, tmp_path: Path) -> None:
    for given in ({}, {"FORMAT": "METADATA"}, {"MAXREC": "1"}, {"POS": "abc"}):
        answer = served.get("ssap", REQUEST="queryData", **given)
        assert answer.headers["content-type"] == "application/x-votable+xml"
        document(answer.content)
        assert votlint(answer.content, tmp_path) == ""
    table = document(served.get("ssap", REQUEST="queryData").content).get_first_table()
    assert {field.utype for field in table.fields} >= UTYPES
    for field in (*table.fields, *table.params):
        if field.ucd:
            assert check_ucd(field.ucd, check_controlled_vocabulary=True, has_colon=True), field.ucd
        if field.unit is not None:
            u.Unit(str(field.unit), format="vounit")


def test_pyvo_finds_positions_addresses_and_links(served: Any, one: Record) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = pyvo.dal.SSAService(f"{served.base}ssap").search(
            pos=SkyCoord(one.ra, one.dec, unit="deg"), diameter=0.001 * u.deg, band=(6.5e-7, 6.6e-7) * u.m, format="votable"
        )
    row = next(row for row in found if row["creator_did"] == one.spectrum_id)
    assert (row.ra, row.dec) == (one.ra, one.dec)
    assert row.acref.startswith(f"{served.base}spectrum/votable/")
    assert served.client.get(row.acref).status_code == 200
    assert {resource.ID for resource in found.iter_adhocservices()} == {"links", "cutout"}


def test_stilts_searches_it(served: Any, one: Record) -> None:
    if shutil.which("stilts") is None:
        pytest.skip("stilts is not installed (Debian: apt-get install stilts)")
    command = ["stilts", "cone", "servicetype=ssa", f"serviceurl={served.base}ssap", f"lon={one.ra}", f"lat={one.dec}"]
    told = subprocess.run([*command, "radius=0.001", "ofmt=csv"], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert one.spectrum_id in told.stdout
