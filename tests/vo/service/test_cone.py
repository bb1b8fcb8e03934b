"""Simple Cone Search over the pool and over the candidates."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import pyvo
from astropy.coordinates import SkyCoord
from astropy.io.votable import parse

from spectrove.vo.service.records import Cone, Record, Selection


@pytest.fixture(scope="module")
def one(served: Any) -> Record:
    return next(record for record in served.holdings.find(Selection()).records if record.ra is not None)


def table_of(content: bytes) -> Any:
    # The standard wants UCDs of the first kind, of which astropy knows nothing; votlint looks at the rest below.
    return parse(io.BytesIO(content), verify="ignore").get_first_table()


def ids(content: bytes) -> set[str]:
    return {str(value) for value in table_of(content).to_table()["spectrum_id"]}


@pytest.mark.parametrize("of", ["pool", "candidates"])
def test_a_circle_holds_what_the_index_finds_there(served: Any, one: Record, of: str) -> None:
    wanted = Selection(cone=Cone(one.ra, one.dec, 30.0), candidates_only=of == "candidates")
    expected = {record.spectrum_id for record in served.holdings.find(wanted).records}
    assert expected
    content = served.get(f"cone/{of}", RA=one.ra, DEC=one.dec, SR=30).content
    assert ids(content) == expected
    assert ids(served.client.post(f"cone/{of}", data={"ra": one.ra, "dec": one.dec, "sr": 30}).content) == expected
    assert b'"OVERFLOW"' in served.get(f"cone/{of}", RA=one.ra, DEC=one.dec, SR=180, MAXREC=1).content


def test_open_questions_are_nobodys_candidates_and_tell_no_class(served: Any) -> None:
    asked = served.holdings.classes().asked
    assert asked
    content = served.get("cone/candidates", RA=0, DEC=0, SR=180).content
    assert not asked & ids(content)
    rows = table_of(served.get("cone/pool", RA=0, DEC=0, SR=180).content).to_table()
    said = {str(row["spectrum_id"]): str(row["predicted_class"]) for row in rows}
    assert {said[id_] for id_ in asked & said.keys()} <= {"", "--", "None"}


def test_a_radius_of_zero_tells_the_columns_and_verbosity_how_many(served: Any, one: Record) -> None:
    none = table_of(served.get("cone/pool", RA=one.ra, DEC=one.dec, SR=0).content)
    assert len(none.array) == 0
    ucds = [field.ucd for field in none.fields]
    assert [ucds.count(ucd) for ucd in ("ID_MAIN", "POS_EQ_RA_MAIN", "POS_EQ_DEC_MAIN")] == [1, 1, 1]
    few, usual, all_ = (
        len(table_of(served.get("cone/pool", RA=one.ra, DEC=one.dec, SR=1, VERB=verbosity).content).fields)
        for verbosity in (1, 2, 3)
    )
    assert few < usual <= all_


def test_pyvo_and_stilts_search_it(served: Any, one: Record, tmp_path: Path) -> None:
    found = pyvo.dal.SCSService(f"{served.base}cone/pool").search(SkyCoord(one.ra, one.dec, unit="deg"), 0.001)
    row = next(row for row in found if row.id == one.spectrum_id)
    assert (row.pos.ra.deg, row.pos.dec.deg) == (one.ra, one.dec)
    if shutil.which("stilts") is None:
        pytest.skip("stilts is not installed (Debian: apt-get install stilts)")
    command = [
        "stilts",
        "cone",
        f"serviceurl={served.base}cone/pool",
        f"lon={one.ra}",
        f"lat={one.dec}",
        "radius=0.001",
        "ofmt=csv",
    ]
    assert one.spectrum_id in subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for name, given in {"some": {"SR": 5}, "none": {"SR": 0}, "wrong": {"SR": -1}}.items():
        file = tmp_path / f"{name}.vot"
        file.write_bytes(served.get("cone/pool", RA=one.ra, DEC=one.dec, **given).content)
        told = subprocess.run(["stilts", "votlint", "ucd=false", file], capture_output=True, text=True, check=False)
        assert told.stdout + told.stderr == "", name
