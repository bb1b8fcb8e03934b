"""SIMBAD around the spectra: whole answers, broken ones, those of earlier days, and a local copy."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import numpy as np
import pyarrow.parquet as pq
import pytest

from fake_cds import RECORDED, XMATCH_FIELDS, SkyObject, fake_cds, table_of
from spectrove.catalog.cds import CdsService, read_answer
from spectrove.catalog.simbad import SimbadSources, simbad_matches, within
from spectrove.errors import CatalogError

# Fibers of the paper's App. B.5: Pleione, HD 65 666, R Mon (three exposures), ψ⁹ Aur; a star without a position; empty sky.
IDS = ("lamost:pleione", "lamost:hd65666", "lamost:rmon1", "lamost:rmon2", "lamost:psi9", "lamost:nowhere", "lamost:empty")
RA = np.array([57.30333, 120.13542, 99.79371, 99.79371, 104.13633, np.nan, 200.0])
DEC = np.array([24.13558, 18.84136, 8.74317, 8.74317, 46.27081, np.nan, 85.0])


class Waits(list):
    """A sleep that takes no time and remembers how long it should have been."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def cds():
    with fake_cds() as running:
        yield running


@pytest.fixture
def waits():
    return Waits()


@pytest.fixture
def service(cds, waits):
    return CdsService(cds.xmatch_url, cds.tap_url, timeout=5.0, sleep=waits)


def asked(service, radius=180.0, **sources):
    return simbad_matches(IDS, RA, DEC, SimbadSources(service=service, **sources), radius)


def names(result, spectrum_id):
    rows = result.table.to_pylist()
    return [row["main_id"] for row in rows if row["spectrum_id"] == spectrum_id]


# -- A whole answer --------------------------------------------------------------------------------------------------------------


def test_xmatch_is_asked_once_for_all_and_as_it_wants_to_be(cds, service):
    result = asked(service)
    assert (result.source, result.problem, result.radius_arcsec) == ("xmatch", "", 180.0)
    (form,) = cds.requests
    positions = list(csv.DictReader(io.StringIO(form.pop("cat1"))))
    assert form == {
        "path": "/xmatch/api/v1/sync", "request": "xmatch", "distMaxArcsec": "180", "RESPONSEFORMAT": "votable", "cat2": "simbad",
        "colRA1": "ra_in", "colDec1": "dec_in", "selection": "all",
    }  # fmt: skip
    assert len(positions) == 5, "each position once, those that are not known never"
    assert datetime.now(UTC) - datetime.fromisoformat(result.asked_at) < timedelta(minutes=1)


def test_each_spectrum_has_its_objects_in_order_of_distance(service):
    result = asked(service)
    assert names(result, "lamost:rmon1") == names(result, "lamost:rmon2") == ["2MASS J06390907+0844380", "V* R Mon"]
    assert names(result, "lamost:pleione") == ["* 28 Tau"]
    assert names(result, "lamost:nowhere") == names(result, "lamost:empty") == []
    assert result.has_position.tolist() == [True] * 5 + [False, True]
    row, distance = result.table["row"].to_numpy(), result.table["separation_arcsec"].to_numpy()
    assert np.array_equal(np.lexsort((distance, row)), np.arange(len(row)))


def test_what_simbad_says_of_an_object_comes_along(service):
    pleione = asked(service).table.to_pylist()[0]
    assert pleione.pop("separation_arcsec") == pytest.approx(22, abs=0.5)
    assert pleione == {
        "row": 0, "spectrum_id": "lamost:pleione", "main_id": "* 28 Tau", "otype": "Be*", "group": "emission", "ra": 57.29673,
        "dec": 24.13671, "other_types": "*|**|Be*|Em*|IR|PM*|UV|V*", "sp_type": "B8Vne", "v_mag": 5.09,
    }  # fmt: skip


def test_beyond_180_arc_seconds_tap_is_asked_and_says_the_same(cds, service):
    near, far = asked(service), asked(service, radius=300.0)
    assert (far.source, cds.requests[1]["path"]) == ("tap", "/simbad/sim-tap/sync")
    assert "300" not in cds.requests[1]["QUERY"], "in degrees"
    again = within(far, 180.0)
    assert np.allclose(again.table["separation_arcsec"], near.table["separation_arcsec"], atol=1e-4)
    same = ["row", "main_id", "otype", "group", "other_types", "sp_type", "v_mag"]
    assert again.table.select(same).equals(near.table.select(same))


def test_smaller_radii_are_cut_and_not_asked(cds, service):
    result = asked(service)
    near = within(result, 20.0)
    assert set(near.table["main_id"].to_pylist()) == {"HD  65666", "* psi09 Aur"}
    assert len(cds.requests) == 1
    with pytest.raises(CatalogError, match="200″ is farther than was looked"):
        within(result, 200.0)


def test_many_positions_are_asked_one_call_after_another(cds, service):
    whole = asked(service)
    parts = asked(replace(service, most_positions=2))
    assert len(cds.requests) == 1 + 3
    assert parts.table.equals(whole.table)


def test_a_cut_answer_is_asked_again_in_halves(cds, service):
    whole = asked(service)
    cds.most_rows = 2
    assert asked(service).table.equals(whole.table)
    assert len(cds.requests) > 2


def test_a_place_with_more_objects_than_an_answer_holds_is_told(cds, service):
    cds.most_rows = 1
    result = asked(service)
    assert result.source == "none"
    assert "around 99.79371 +8.74317 there are more objects within 180″ than the service returns" in result.problem


def test_an_upload_that_is_sent_elsewhere_arrives_there(cds, service):
    cds.script[:] = ["moved"]
    assert asked(service).table.num_rows == 7
    assert cds.requests[1]["path"] == "/xmatch/api/v1/moved/sync"
    assert cds.requests[1]["cat1"] == cds.requests[0]["cat1"]
    cds.script[:] = ["moved"]
    assert asked(service, radius=300.0).table.num_rows == 7


def test_spectra_without_positions_ask_nothing(cds, service):
    nothing = simbad_matches(["a"], np.array([np.nan]), np.array([np.nan]), SimbadSources(service=service))
    assert (nothing.source, nothing.table.num_rows, cds.requests) == ("none", 0, [])
    assert simbad_matches([], np.array([]), np.array([]), SimbadSources(service=service)).table.num_rows == 0


# -- A bad day -------------------------------------------------------------------------------------------------------------------

PASSING = {
    "busy": "HTTP 503 Service Unavailable: Message: Too many jobs",
    "down": "HTTP 502 Bad Gateway",
    "half": "half a VOTable",
    "breaks off": "the connection broke off before the answer was whole",
    "page": "a web page (Welcome to the airport's network) in place of a VOTable",
    "nothing": "nothing at all",
    "error": "HTTP 400 Bad Request: Message: something went wrong during the processing",
    "ends in error": "lost the database",
    "mangled": "a VOTable that cannot be read",
}


@pytest.mark.parametrize("radius", [180.0, 300.0], ids=["xmatch", "tap"])
@pytest.mark.parametrize("what", PASSING)
def test_what_passes_is_asked_again_until_the_answer_is_whole(cds, service, waits, what, radius):
    cds.script[:] = [what, what]
    result = asked(service, radius)
    assert (result.source, result.problem, result.table.num_rows) == ("xmatch" if radius == 180.0 else "tap", "", 7)
    assert waits == ([7.0, 7.0] if what == "busy" else [2.0, 4.0])


@pytest.mark.parametrize("radius", [180.0, 300.0], ids=["xmatch", "tap"])
@pytest.mark.parametrize(("what", "why"), PASSING.items(), ids=list(PASSING))
def test_what_does_not_pass_is_one_clear_sentence_and_nothing_is_kept(cds, service, what, why, radius, tmp_path):
    cds.script[:] = [what] * 4
    result = asked(service, radius, cache=tmp_path / "cache")
    assert (result.source, result.asked_at, result.table.num_rows) == ("none", "", 0)
    assert re.fullmatch(
        r"SIMBAD by (X-Match|TAP) \(http:\S+\): no usable answer in 4 tries \(.*\), expected a whole VOTable\. "
        r"Ask again later\. The catalog is built without SIMBAD\.",
        result.problem,
    )
    assert why in result.problem
    assert not (tmp_path / "cache").exists(), "half a table is never kept"
    assert len(cds.requests) == 4


@pytest.mark.parametrize("radius", [180.0, 300.0], ids=["xmatch", "tap"])
@pytest.mark.parametrize("what", ["late", "drips"])
def test_a_service_that_is_too_slow_is_not_waited_for(cds, service, waits, what, radius):
    cds.script[:] = [what, what]
    result = asked(replace(service, timeout=0.15, tries=2), radius)
    assert "within 0.15 s" in result.problem
    assert waits == [2.0]
    assert not cds.dripped_to_the_end


@pytest.mark.parametrize("radius", [180.0, 300.0], ids=["xmatch", "tap"])
def test_a_service_that_is_not_there_is_told(waits, radius):
    with fake_cds() as gone:
        closed = CdsService(gone.xmatch_url, gone.tap_url, sleep=waits)
    result = asked(closed, radius)
    assert "(no connection)" in result.problem
    assert waits == [2.0, 4.0, 8.0]


def test_a_refusal_for_good_is_not_asked_again(cds, service, waits):
    cds.script[:] = ["forbidden"]
    assert "no usable answer (HTTP 403 Forbidden)" in asked(service).problem
    assert waits == []


def test_retry_after_may_be_a_date(cds, service, waits):
    cds.retry_after = format_datetime(datetime.now(UTC) + timedelta(seconds=50), usegmt=True)
    cds.script[:] = ["busy"]
    assert asked(service).source == "xmatch"
    assert waits == [pytest.approx(49, abs=2)]


@pytest.mark.parametrize("nonsense", ["soon", "", "-5", "Mon, 99 Nov 2026"])
def test_retry_after_that_says_nothing_is_passed_over(cds, service, waits, nonsense):
    cds.retry_after = nonsense
    cds.script[:] = ["busy"]
    assert asked(service).source == "xmatch"
    assert waits == [2.0]


def test_a_service_that_asks_for_an_hour_is_given_up(cds, service, waits):
    cds.retry_after = "3600"
    cds.script[:] = ["busy"]
    assert "to be asked again in 3,600 s" in asked(service).problem
    assert waits == []


@pytest.mark.parametrize(
    ("what", "why"), [("other columns", "the answer lacks main_id"), ("other places", "objects that were not asked for")]
)
def test_an_answer_to_something_else_is_refused(cds, service, what, why, tmp_path):
    cds.script[:] = [what]
    result = asked(service, cache=tmp_path)
    assert (result.source, list(tmp_path.iterdir())) == ("none", [])
    assert why in result.problem


def test_one_bad_part_of_many_leaves_nothing_behind(cds, service, tmp_path):
    cds.script[:] = ["whole", "whole", *["half"] * 4]
    result = asked(replace(service, most_positions=2), cache=tmp_path)
    assert (result.source, result.table.num_rows, list(tmp_path.iterdir())) == ("none", 0, [])


def test_columns_that_are_not_wanted_are_passed_over():
    content = table_of(XMATCH_FIELDS, [{"angDist": 1.5, "position": 3, "main_id": "HD 1", "V": 5.5}, {"position": 4}])
    table = read_answer(content, ["V", "main_id", "position", "no such column"]).table
    assert table.colnames == ["position", "main_id", "V"]
    assert (table["position"].tolist(), table["main_id"][0], table["V"][0]) == ([3, 4], "HD 1", 5.5)
    assert read_answer(content.replace(b' name="z"', b" name='z'"), ["V"]).table.colnames == list(XMATCH_FIELDS), (
        "all, to be sure"
    )


def test_an_answer_is_whole_only_to_its_last_tag():
    content = table_of(XMATCH_FIELDS, [{"angDist": 1.0, "position": 3, "main_id": "a & b"}])
    assert read_answer(content).table["main_id"][0] == "a & b"
    for end in range(0, len(content) - 2, 37):
        with pytest.raises(CatalogError, match=r"VOTable|nothing at all"):
            read_answer(content[:end])


# -- Earlier answers -------------------------------------------------------------------------------------------------------------


def test_an_answer_is_kept_with_its_date_and_not_asked_again(cds, service, tmp_path):
    fresh = asked(service, cache=tmp_path / "cache")
    again = asked(service, cache=tmp_path / "cache")
    assert (again.source, again.asked_at, again.problem) == ("cache", fresh.asked_at, "")
    assert again.table.equals(fresh.table)
    assert len(cds.requests) == 1


def test_a_kept_answer_is_good_offline(cds, service, tmp_path):
    fresh = asked(service, cache=tmp_path)
    assert asked(service, cache=tmp_path, offline=True).table.equals(fresh.table)
    assert asked(service, cache=tmp_path, offline=True, refresh=True).source == "cache"
    assert len(cds.requests) == 1


def test_refresh_asks_again_and_puts_the_new_answer_in_place_of_the_old(cds, service, tmp_path):
    asked(service, cache=tmp_path)
    cds.objects = RECORDED[:1]
    assert asked(service, cache=tmp_path, refresh=True).source == "xmatch"
    assert asked(service, cache=tmp_path).table.num_rows == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_an_old_answer_is_better_than_none(cds, service, tmp_path):
    old = asked(service, cache=tmp_path)
    cds.script[:] = ["half"] * 4
    result = asked(service, cache=tmp_path, refresh=True)
    assert (result.source, result.asked_at) == ("cache", old.asked_at)
    assert result.problem.endswith(f"Ask again later. Its answer of {old.asked_at} is used instead.")
    assert result.table.equals(old.table)


@pytest.mark.parametrize("other", ["positions", "radius", "service"])
def test_another_question_has_an_answer_of_its_own(cds, service, tmp_path, other):
    asked(service, cache=tmp_path)
    if other == "positions":
        simbad_matches(IDS, RA + 1e-6, DEC, SimbadSources(service=service, cache=tmp_path))
    elif other == "radius":
        asked(service, 170.0, cache=tmp_path)
    else:
        asked(replace(service, xmatch_url=f"{cds.url}/mirror/sync"), cache=tmp_path)
    assert len(cds.requests) == len(list(tmp_path.iterdir())) == 2


def test_the_names_and_the_order_of_the_spectra_are_not_part_of_the_question(cds, service, tmp_path):
    first = asked(service, cache=tmp_path)
    turned = simbad_matches(IDS[::-1], RA[::-1], DEC[::-1], SimbadSources(service=service, cache=tmp_path))
    assert turned.source == "cache"
    assert {name: names(turned, name) for name in IDS} == {name: names(first, name) for name in IDS}


@pytest.mark.parametrize("damage", ["cut", "flipped", "other", "empty"])
def test_a_damaged_file_counts_as_absent(cds, service, tmp_path, damage):
    asked(service, cache=tmp_path)
    (file,) = tmp_path.iterdir()
    content = file.read_bytes()
    if damage == "other":
        pq.write_table(pq.read_table(file).replace_schema_metadata(None), file)
    else:
        at = content.index(b"B8Vne")
        flipped = content[:at] + b"B8Vxx" + content[at + 5 :]
        file.write_bytes({"cut": content[: len(content) // 2], "flipped": flipped, "empty": b""}[damage])
    assert asked(service, cache=tmp_path).source == "xmatch"
    assert len(cds.requests) == 2
    assert asked(service, cache=tmp_path).source == "cache"


def test_an_answer_that_cannot_be_kept_is_used_all_the_same(service, tmp_path):
    (tmp_path / "cache").write_text("a file, no folder")
    result = asked(service, cache=tmp_path / "cache")
    assert (result.source, result.table.num_rows) == ("xmatch", 7)
    assert result.problem.startswith("SIMBAD's answer could not be kept for the next time: ")


# -- Without a network -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path):
    file = tmp_path / "simbad.csv"
    rows = [f"{one.main_id},{one.otype},{one.ra},{one.dec},{'' if one.v is None else one.v}" for one in RECORDED]
    file.write_text("\n".join(["main_id,otype,ra,dec,V", *rows]) + "\n")
    return file


def test_offline_a_local_copy_answers(cds, service, copy):
    online, offline = asked(service), asked(service, local=copy, offline=True)
    assert (offline.source, offline.problem, len(cds.requests)) == ("local", "", 1)
    same = ["row", "spectrum_id", "main_id", "otype", "ra", "dec", "v_mag"]
    assert offline.table.select(same).equals(online.table.select(same))
    assert np.allclose(offline.table["separation_arcsec"], online.table["separation_arcsec"], atol=1e-4)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", offline.asked_at)


def test_a_local_copy_answers_where_the_service_does_not(cds, service, copy):
    cds.script[:] = ["page"] * 4
    result = asked(service, local=copy)
    assert result.source == "local"
    assert "a web page" in result.problem
    assert f"The local copy {copy} of " in result.problem


def test_a_copy_that_cannot_be_read_is_told(service, tmp_path):
    result = asked(service, local=tmp_path / "absent.csv", offline=True)
    assert (result.source, result.table.num_rows) == ("none", 0)
    assert "absent.csv" in result.problem
    assert result.problem.endswith("The catalog is built without SIMBAD.")


def test_offline_with_nothing_at_hand_says_so(cds, service):
    result = asked(service, offline=True)
    assert (result.source, cds.requests) == ("none", [])
    assert "it was not asked (offline), and there is no earlier answer" in result.problem


# -- What is asked ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ra", "dec", "radius", "why"),
    [
        ([361.0], [0.0], 180.0, "right ascension"),
        ([0.0], [-91.0], 180.0, "declination"),
        ([np.inf], [0.0], 180.0, "right ascension"),
        ([0.0, 1.0], [0.0], 180.0, "equally long"),
        ([0.0], [0.0], 0.0, "radius"),
        ([0.0], [0.0], 1801.0, "radius"),
        ([0.0], [0.0], np.nan, "radius"),
    ],
)
def test_what_is_nowhere_on_the_sky_is_an_error(service, ra, dec, radius, why):
    with pytest.raises(CatalogError, match=why):
        simbad_matches(["a"], np.array(ra), np.array(dec), SimbadSources(service=service), radius)


def test_positions_at_the_pole_and_across_zero_hours_are_asked_as_they_are(cds, service):
    cds.objects = (SkyObject("polaris of ours", "Be*", 180.0, 89.9999), SkyObject("at zero", "*", 359.9999, 0.0))
    result = simbad_matches(["p", "z"], np.array([0.0, 360.0]), np.array([89.9999, 0.0]), SimbadSources(service=service))
    assert names(result, "p") == ["polaris of ours"]
    assert names(result, "z") == ["at zero"]
    assert result.table["separation_arcsec"].to_numpy() == pytest.approx([0.72, 0.36], abs=0.01)


def test_an_object_that_names_itself_in_xml_stays_what_it_is(cds, service):
    cds.objects = (SkyObject("[AB] 1 & <2>", "*", 200.0, 85.0),)
    assert names(asked(service), "lamost:empty") == ["[AB] 1 & <2>"]
